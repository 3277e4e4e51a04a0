//! A credential reference: the place in a CI definition where a job names a credential. How references are found lives
//! in `pipeline`; what they resolve to lives in `policy::scope`.

use serde::{Deserialize, Serialize};

/// The CI system whose definition was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// GitHub Actions (and `dependabot.yml`).
    Github,
    /// GitLab CI/CD.
    Gitlab,
}

/// What is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A named secret, or a GitLab variable that the file does not define.
    Secret,
    /// Every secret at once: `secrets: inherit`, `toJSON(secrets)`, `secrets.*`.
    AllSecrets,
    /// `secrets[expression]` whose name is not a constant.
    Dynamic,
    /// The job's own token: `github.token`, `secrets.GITHUB_TOKEN`, `CI_JOB_TOKEN`, `CI_REGISTRY_PASSWORD`.
    JobToken,
    /// A cloud role or audience that the job's identity token is exchanged for.
    Oidc,
    /// A path in Vault or OpenBao.
    Vault,
    /// A secret in AWS Secrets Manager or the SSM Parameter Store.
    AwsSecret,
    /// A secret in Google Secret Manager.
    GcpSecret,
    /// A secret in Azure Key Vault.
    AzureSecret,
    /// A credential that is written into the file itself.
    Literal,
}

/// Through which door the reference enters the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// An environment variable of the workflow, job or step (GitLab: `variables`, `secrets`, `id_tokens`).
    Env,
    /// An input of an action or called workflow.
    With,
    /// A shell script.
    Run,
    /// A condition.
    If,
    /// Passed to a called workflow under `secrets:`.
    Secrets,
    /// Credentials of a container registry.
    Credentials,
    /// A container image's name.
    Image,
    /// Anywhere else.
    Other,
}

/// How sure the reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The file names it.
    Exact,
    /// Over-approximated: a dynamic name, `inherit`, a variable that may be anything.
    Possible,
}

/// One occurrence of a credential reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The CI system.
    pub provider: Provider,
    /// Path relative to the folder that was read, `/` between parts.
    pub file: String,
    /// 1-based line of the reference's first character.
    pub line: u32,
    /// 1-based column of that character, in Unicode characters.
    pub column: u32,
    /// What is referred to.
    pub kind: Kind,
    /// The name; GitHub's in upper case; `None` for `all-secrets` and `dynamic`.
    pub name: Option<String>,
    /// The job's key; `None` at workflow level and in composite actions.
    pub job: Option<String>,
    /// 0-based index of the step, `None` outside a step.
    pub step: Option<u32>,
    /// The job's environment, where its name is literal.
    pub environment: Option<String>,
    /// The job's environment, where its name is an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_expression: Option<String>,
    /// The door.
    pub channel: Channel,
    /// How sure.
    pub confidence: Confidence,
    /// Names that literal matrix values or callers' inputs give a dynamic reference, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// All jobs, as `file#job`, whose run can use it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reachable_from: Vec<String>,
    /// In a called workflow: the callers' names for it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolves_to: Vec<String>,
    /// Outer store, where the reference reaches one: address, engine, mount, account or vault name as written. Never serialised:
    /// the contract names no such field; the scope uses it to find the slot.
    #[serde(skip)]
    pub store: Option<String>,
    /// The environment variable of the job that receives exactly this value (`env: NAME: ${{ secrets.X }}` as a whole), which is
    /// what binds a value in the gate's own environment to a slot. Never serialised.
    #[serde(skip)]
    pub binds: Option<String>,
    /// The slot family: Actions, Dependabot. Never serialised.
    #[serde(skip)]
    pub family: Family,
}

/// Which of GitHub's secret stores a reference reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Family {
    /// Actions secrets, or anything outside GitHub.
    #[default]
    Actions,
    /// Dependabot secrets.
    Dependabot,
}

/// A file, or a part of one, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileGap {
    /// Path relative to the folder that was read.
    pub file: String,
    /// Why, in words, with the line where there is one.
    pub reason: String,
}

/// What `driftgate refs --format json` prints (CONTRACT: `driftgate/references/v1`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct References {
    /// Always `driftgate/references/v1`.
    pub schema: String,
    /// Ordered by file, line, column.
    pub references: Vec<Reference>,
    /// Files that could not be read.
    #[serde(default)]
    pub gaps: Vec<FileGap>,
}

/// The schema id of [`References`].
pub const REFERENCES_SCHEMA: &str = "driftgate/references/v1";
