//! The text of a first `.driftgate.yaml`: what was found is switched on, the rest stands there switched off, each with what it needs.
//! Which sources there are, and their settings, is the sources' own business: what is written is read by them before it is kept.

use std::collections::BTreeMap;

use super::ask::Answers;
use super::look::{self, Look};
use super::trackers;
use crate::cli::waivers::{comment, scalar};
use crate::config::Environment;
use crate::model::reference::{Kind, Provider};

/// Reads a configuration as every command will; an error is a sentence.
pub(super) type Check<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// How many names a list shows.
const MOST_NAMES: usize = 20;

/// A configuration, and what is told about it.
pub(super) struct Draft {
    /// The file's text.
    pub(super) text: String,
    /// Whether tickets are read from somewhere.
    pub(super) has_tickets: bool,
    /// Variables that its sources read.
    pub(super) variables: Vec<String>,
    /// The store of the CI's own secrets, and its variable, where that is switched off.
    pub(super) store_missing: Option<(&'static str, &'static str)>,
    /// What was found and is used.
    pub(super) used: Vec<String>,
}

/// An entry under `sources:`. Its lines are settings without indentation, `kind` first; one that starts with `#` is switched off.
pub(super) struct Entry {
    pub(super) comment: Vec<String>,
    pub(super) lines: Vec<String>,
    /// Whether it is switched on.
    pub(super) on: bool,
    /// The variables that it reads.
    pub(super) variables: Vec<String>,
}

impl Entry {
    pub(super) fn off(comment: &[&str], lines: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self { comment: owned(comment), lines: owned(lines), on: false, variables: Vec::new() }
    }

    /// As YAML. What is switched off has a `#` for each switch that it needs.
    pub(super) fn yaml(&self) -> String {
        let mut out = String::new();
        for line in &self.comment {
            out.push_str(&format!("  # {line}\n"));
        }
        for (at, line) in self.lines.iter().enumerate() {
            let off = if self.on { "" } else { "#" };
            let lead = if at == 0 { "- " } else { "  " };
            out.push_str(&format!("  {off}{lead}{line}\n"));
        }
        out
    }

    /// Switched off, with the reason, where its own source refuses it.
    fn checked(mut self, check: Check<'_>) -> Self {
        if self.on
            && let Err(why) = check(&format!("version: 1\nsources:\n{}", self.yaml()))
        {
            self.on = false;
            self.comment.push(format!("Switched off: {}", comment(&why)));
        }
        self
    }
}

const HEAD: &str = "\
# What driftgate reads, and what blocks. To switch something on, take one `#` away from before `- kind: …` and each line below it, or from
# before a setting at the end; what has a second `#` is for those who need it. `driftgate schema` has every setting, and a slip is
# told with file, line and column. In a pipeline this file counts as the protected branch has it. No credential stands in it, only the
# names of variables.
version: 1
";

const POLICY: &str = "
# What blocks. These are the defaults.
#policy:
#  fail_on: high                 # the lowest severity that blocks: critical, high, medium, low
#  on_gap: block                 # a fact that was needed and could not be read: block (exit code 3), or warn
#  limits: {revoke: 24h, rotate: 7d, offboard: 24h, postpone: 30d}   # how long tickets may stay open
#  grace: {rotate: 24h}          # how long a replaced credential may still live
#  max_age: {snapshot: 24h, export: 7d}   # how old saved data may be
#  max_waiver: 90d

# Whose tickets may loosen what was promised; any ticket can tighten it. Default: every project, assignees and approvers.
#trust:
#  projects: [SEC, IAM]
#  approvers: [alice@example.com]

# The time zone of dates in tickets that name none. Default: UTC.
#time_zone: Europe/Berlin

# Findings that are accepted for a time: `driftgate waive` writes them.
#waivers: []
";

/// Writes the configuration for what was found.
pub(super) fn draft(look: &Look, env: &Environment, answers: &Answers, check: Check<'_>) -> Draft {
    let mut draft = Draft {
        text: HEAD.to_owned(),
        has_tickets: false,
        variables: Vec::new(),
        store_missing: None,
        used: Vec::new(),
    };
    draft.text.push_str(&repository(look, answers, check));
    draft.text.push_str("\nsources:\n");
    let (tickets, mut others) = (trackers::entries(look, env, answers), stores(look, env, &mut draft));
    let add = |draft: &mut Draft, entry: Entry, is_tracker: bool| {
        let entry = entry.checked(check);
        if entry.on {
            draft.has_tickets |= is_tracker;
            draft.variables.extend(entry.variables.iter().cloned());
            draft.used.extend(entry.lines.first().and_then(|kind| kind.strip_prefix("kind: ")).map(str::to_owned));
        }
        draft.text.push_str(&entry.yaml());
        draft.text.push('\n');
    };
    draft.text.push_str("  # What is true: stores and issuers.\n");
    for entry in others.drain(..) {
        add(&mut draft, entry, false);
    }
    draft.text.push_str(
        "  # What was promised: tickets. One of these has to be switched on, or the verdict is inconclusive.\n",
    );
    for entry in tickets {
        add(&mut draft, entry, true);
    }
    draft.text.push_str("  # What is recorded as granted.\n");
    add(&mut draft, catalog(look), false);
    draft.text.pop();
    draft.text.push_str(&people(look, check));
    draft.text.push_str(POLICY);
    draft.variables.sort();
    draft.variables.dedup();
    draft
}

fn repository(look: &Look, answers: &Answers, check: Check<'_>) -> String {
    if let Some(name) = &answers.repository {
        let line = format!("repository: {}\n", scalar(name));
        if check(&format!("version: 1\nsources: []\n{line}")).is_ok() {
            return line;
        }
    }
    let name = look.repository.as_deref().filter(|name| super::place::is_plain(name)).unwrap_or("owner/name");
    format!("#repository: {name}   # default: as the CI says, else the remote `origin`\n")
}

fn people(look: &Look, check: Check<'_>) -> String {
    let head = "\n# Under which names people are known: a table with the columns person and aliases.\n";
    let line = match look.saved.get("people") {
        Some(path) => {
            let line = format!("people: {}\n", scalar(path));
            match check(&format!("version: 1\nsources: []\n{line}")) {
                Ok(()) => line,
                Err(why) => format!("# Switched off: {}\n#{line}", comment(&why)),
            }
        }
        None => "#people: people.csv\n".to_owned(),
    };
    format!("{head}{line}")
}

fn catalog(look: &Look) -> Entry {
    let saved = look.saved.get("catalog");
    Entry {
        comment: vec!["A table: identity, resource, level, and more (environment, owner, ticket, until).".to_owned()],
        lines: vec![
            "kind: catalog".to_owned(),
            format!("path: {}", saved.map_or_else(|| "entitlements.csv".to_owned(), |path| scalar(path))),
        ],
        on: saved.is_some(),
        variables: Vec::new(),
    }
}

/// A list of names, cut where it would be no help any more.
fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut text = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(", and {more} more"));
    }
    comment(&text)
}

/// The gate's own environment, the CI's store, Vault, AWS, and an inventory from a file.
fn stores(look: &Look, env: &Environment, draft: &mut Draft) -> Vec<Entry> {
    let secrets = look.secrets(None);
    let mut own = Entry {
        comment: vec![
            "The gate's own environment: a value that is handed to it is asked of its issuer, whether it still works. Never printed."
                .to_owned(),
            "What the deploy's jobs refer to is looked at anyway; `variables` names more.".to_owned(),
        ],
        lines: vec!["kind: env".to_owned()],
        on: true,
        variables: Vec::new(),
    };
    // One that is named and not handed over is told as missing, again and again: only those that are here are named.
    let here: Vec<&str> = secrets.iter().map(String::as_str).filter(|name| env.get(name).is_some()).collect();
    let used: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let (off, names) = match (here.is_empty(), used.is_empty()) {
        (false, _) => ("", here),
        (true, false) => ("#", used),
        (true, true) => ("#", vec!["DEPLOY_KEY"]),
    };
    let names: Vec<&str> = names.into_iter().take(MOST_NAMES).collect();
    own.lines.push(format!("{off}variables: [{}]", names.join(", ")));
    let mut out = vec![own];
    let both = [Provider::Github, Provider::Gitlab];
    let systems = if look.systems.is_empty() { &both[..] } else { &look.systems[..] };
    if systems.contains(&Provider::Github) {
        out.push(store(
            env,
            ("github", &["DRIFTGATE_GITHUB_TOKEN", "GH_TOKEN"]),
            &[
                "GitHub: which secrets there are, and since when. A fine-grained token that may *read* the repository's Secrets,",
                "Environments and Actions; the workflow's own GITHUB_TOKEN cannot have these rights.",
            ],
            &["#url: https://ghe.example.com/api/v3   # default: GITHUB_API_URL, else https://api.github.com"],
            draft,
        ));
    }
    if systems.contains(&Provider::Gitlab) {
        out.push(store(
            env,
            ("gitlab", &["GITLAB_TOKEN"]),
            &[
                "GitLab: which variables and tokens there are, and since when. A token with the scope read_api, of a Maintainer of the",
                "project; CI_JOB_TOKEN lists nothing of this.",
            ],
            &["#url: https://gitlab.example.com   # default: CI_SERVER_URL, else https://gitlab.com"],
            draft,
        ));
    }
    out.push(vault(look, env));
    out.push(aws(look, env));
    let saved = look.saved.get("file");
    out.push(Entry {
        comment: vec!["An inventory from a file, as `driftgate inventory --format json` prints it.".to_owned()],
        lines: vec![
            "kind: file".to_owned(),
            format!("path: {}", saved.map_or_else(|| "inventory.json".to_owned(), |path| scalar(path))),
        ],
        on: saved.is_some(),
        variables: Vec::new(),
    });
    out
}

fn store(
    env: &Environment,
    (kind, names): (&'static str, &[&'static str]),
    comment: &[&str],
    more: &[&str],
    draft: &mut Draft,
) -> Entry {
    let set = names.iter().find(|name| env.get(name).is_some());
    let name = *set.or(names.first()).unwrap_or(&"");
    let mut entry = Entry::off(comment, &[&format!("kind: {kind}"), &format!("token_env: {name}")]);
    entry.lines.extend(more.iter().map(|&line| line.to_owned()));
    entry.variables = vec![name.to_owned()];
    entry.on = set.is_some();
    if !entry.on {
        draft.store_missing = Some((kind, name));
    }
    entry
}

fn vault(look: &Look, env: &Environment) -> Entry {
    // Other managers' paths are of the same kind; only a server's address makes it Vault's.
    let mut servers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let of_vault = look.pipelines.references.iter().filter(|one| one.kind == Kind::Vault);
    for reference in of_vault {
        if let (Some(server), Some(name)) = (reference.store.as_deref().and_then(address), reference.name.as_deref()) {
            servers.entry(server).or_default().push(name);
        }
    }
    let server = env.get("VAULT_ADDR").and_then(address).or_else(|| servers.keys().next().cloned());
    let mut entry = Entry::off(
        &[
            "Vault or OpenBao. A policy that may read and list `secret/metadata/*`, and update `auth/token/lookup-accessor`.",
        ],
        &[
            "kind: vault",
            &format!("address: {}", server.as_deref().map_or_else(|| "https://vault.example.com:8200".into(), scalar)),
            "token_env: VAULT_TOKEN",
            "#namespaces: [team-a]",
        ],
    );
    if !servers.is_empty() {
        entry.comment.push(format!("Used: {}", list(servers.values().flatten().copied())));
    }
    entry.on = server.is_some();
    entry.variables = vec!["VAULT_TOKEN".to_owned()];
    entry
}

fn aws(look: &Look, env: &Environment) -> Entry {
    let used: Vec<&str> = look.names(Kind::AwsSecret).into_iter().collect();
    let roles: Vec<&str> = look.names(Kind::Oidc).into_iter().filter(|name| name.starts_with("arn:aws")).collect();
    let chain = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let has_login = chain.iter().any(|name| env.get(name).is_some());
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| env.get(name));
    let region = region.filter(|region| super::place::is_plain(region)).unwrap_or("us-east-1");
    let mut entry = Entry::off(
        &[
            "AWS, by its own chain of credentials (a role of the job, a profile, variables): an auditor's, never those under examination.",
            "Least rights: secretsmanager:ListSecrets, ssm:DescribeParameters, iam:GetAccessKeyLastUsed, iam:ListAccessKeys, iam:GetRole.",
        ],
        &["kind: aws", &format!("regions: [{region}]"), "#profile: auditor"],
    );
    if !used.is_empty() || !roles.is_empty() {
        entry.comment.push(format!("Used: {}", list(used.iter().chain(&roles).copied())));
    }
    entry.on = has_login || !used.is_empty() || !roles.is_empty();
    entry
}

/// The address of a server, as it may stand in a file: no login in it, nothing of a variable.
pub(super) fn address(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && !text.contains(['$', '{', ' ']);
    fits.then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// The jobs that deploy, each with its environment, for people.
pub(super) fn deploys(look: &Look, system: Provider) -> String {
    let jobs = look.deploying(system);
    let texts: Vec<String> = jobs.iter().map(|job| format!("{} ({})", job.name, look::environment(job))).collect();
    list(texts.iter().map(String::as_str))
}
