//! The job graph of one pipeline: jobs, what they wait for, what they call. Built by `pipeline`, read by `policy::scope`.
//! References stand apart (`model::reference`) and point here by `file#job`.

use std::collections::BTreeMap;

use crate::model::reference::{FileGap, Provider, Reference};

/// Everything that was read below one folder.
#[derive(Debug, Clone, Default)]
pub struct Pipelines {
    /// All references, ordered by file, line, column.
    pub references: Vec<Reference>,
    /// One entry for each workflow file, and for each GitLab root file (with its includes merged).
    pub pipelines: Vec<Pipeline>,
    /// What could not be read.
    pub gaps: Vec<FileGap>,
    /// What is knowingly not read (remote includes, remote called workflows): notes in coverage, never gaps.
    pub notes: Vec<FileGap>,
    /// CI definition files that were looked at, parsed or not.
    pub files: usize,
}

/// One workflow file, or one GitLab pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The CI system.
    pub provider: Provider,
    /// The workflow file; for GitLab the root file. Relative to the folder that was read.
    pub file: String,
    /// The folder of the repository that this pipeline belongs to, relative to the folder that was read; empty for the folder itself.
    pub root: String,
    /// The name that other workflows know it by: GitHub's `name:`, else the file's path.
    pub name: String,
    /// The workflows, by name, whose end starts it (`on: workflow_run`).
    pub follows: Vec<String>,
    /// Whether other workflows can call it (`on: workflow_call`).
    pub callable: bool,
    /// Whether something other than a call starts it.
    pub triggered: bool,
    /// The events that start it, by name (GitHub; empty for GitLab).
    pub events: Vec<String>,
    /// Its jobs, in file order.
    pub jobs: Vec<Job>,
}

/// The environment that a job deploys to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Environment {
    /// The job names none.
    #[default]
    None,
    /// A literal name.
    Named(String),
    /// An expression or a variable: it may be any environment.
    Expression(String),
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its key in the file.
    pub name: String,
    /// The file that defines it (for GitLab it may be an included one).
    pub file: String,
    /// 1-based line of the job's key.
    pub line: u32,
    /// 1-based column of the job's key, in characters.
    pub column: u32,
    /// The environment it deploys to.
    pub environment: Environment,
    /// GitLab: `environment:action` is one that deploys nothing (`stop`, `prepare`, `verify`, `access`).
    pub environment_passive: bool,
    /// What it waits for. For GitLab, stage order is already turned into edges.
    pub needs: Vec<Edge>,
    /// The workflow it calls (`jobs.<id>.uses` of a local file; a GitLab child pipeline), as a pipeline's `file`.
    pub calls: Option<String>,
    /// The call's `uses` text, where it calls something remote.
    pub calls_remote: Option<String>,
    /// The steps, in order (GitLab: empty).
    pub steps: Vec<Step>,
    /// Where the gate runs in this job: the index of the step (GitHub), or 0 (GitLab: a script line runs driftgate).
    pub gate_step: Option<u32>,
    /// Whether the gate's failure fails the job: false with `continue-on-error` on the step or the job, or `allow_failure`.
    pub gate_stops: bool,
    /// Whether the gate's failure ends the job's own steps: false with `continue-on-error` on the step, or `|| true`. What a job is
    /// allowed to do after a failure (`allow_failure`, a manual start) is said to others, not to its own next step.
    pub gate_guards: bool,
    /// How the gate is run there, as the definition says; none where it runs in no step of this job.
    pub gate_run: Option<GateRun>,
}

/// How a job runs the gate: everything in its definition that decides what the gate reads and what its answer does. Two versions
/// of a pipeline are compared by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateRun {
    /// What is run: an action without its version, or `driftgate check`.
    pub what: String,
    /// Its settings by the flag's name without dashes: inputs of the action, flags of the command. `path` is the checkout's.
    pub settings: BTreeMap<String, String>,
    /// The variables that the definition sets for it, the innermost value of each.
    pub variables: BTreeMap<String, String>,
    /// The conditions under which it runs (`if:`, `rules:`), as written.
    pub conditions: Vec<String>,
    /// What earlier commands of the job write into the environment of later ones.
    pub prepared: Vec<String>,
}

/// A step, as far as the scope needs it.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Its `id`.
    pub id: Option<String>,
    /// The action it uses.
    pub uses: Option<String>,
    /// Local composite actions that it runs, as `file` of their references, through all levels.
    pub actions: Vec<String>,
    /// Whether it runs although an earlier step failed (`if: always()`, `failure()`, `!cancelled()`).
    pub runs_after_failure: bool,
}

/// Something that a job waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The job waited for, by key, in the same pipeline.
    pub on: String,
    /// Whether that job's failure keeps this one from running.
    pub stops: bool,
    /// Why it does not (`if: always()`, `allow_failure`, …); empty where it stops.
    pub because: String,
}

impl Job {
    /// `file#job`, the way references and findings name a job.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}#{}", self.file, self.name)
    }
}
