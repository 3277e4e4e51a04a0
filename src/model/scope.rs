//! What a deploy can reach: jobs, and through them references, slots and credentials. Computed by `policy::scope` and
//! `policy::reach`, read by the rules and the verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::reference::Confidence;
use crate::model::report::Place;

/// Which part of the repository's pipelines is judged (`--scope`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeKind {
    /// The steps after the gate, and the jobs that its failure stops.
    Downstream,
    /// The jobs that name this environment.
    Environment(String),
    /// Every job.
    Repository,
}

/// Where the gate runs, as the CI's variables tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunPlace {
    /// The CI system; none outside CI.
    pub provider: Option<crate::model::reference::Provider>,
    /// The workflow file (GitHub, from `GITHUB_WORKFLOW_REF`): the caller's, where the job is in a called workflow.
    pub file: Option<String>,
    /// The job's key.
    pub job: Option<String>,
    /// GitHub's `GITHUB_ACTION`: the step's id, or `__run`, `__owner_action` with a number.
    pub action: Option<String>,
    /// Whether the run only warns: it judges what it would stop, so that its report is the one of a run that enforces.
    pub warns: bool,
}

/// A job in scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScopedJob {
    /// `file#job`.
    pub id: String,
    /// The job's key.
    pub name: String,
    /// Only the steps from this one on, for the job that the gate runs in.
    pub from_step: Option<u32>,
}

/// A job that names an environment and does not wait for the gate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ungated {
    /// Where.
    pub place: Place,
    /// The environment's name or expression.
    pub environment: String,
    /// Why the gate does not stop it.
    pub because: String,
}

/// Something by which the change under the gate weakens it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weakened {
    /// Where: the gate's job, or the configuration.
    pub place: Place,
    /// What got weaker, in words; texts of the change in it are untrusted.
    pub facts: Vec<String>,
}

/// The jobs that are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Which part.
    pub kind: ScopeKind,
    /// Why this part, where it was not simply asked for or found.
    pub reason: Option<String>,
    /// The jobs, by id.
    pub jobs: BTreeMap<String, ScopedJob>,
    /// Jobs beyond the gate's reach, in pipelines that have a gate.
    pub ungated: Vec<Ungated>,
    /// What the change under the gate weakens of it.
    pub weakened: Vec<Weakened>,
    /// The pipelines that the jobs belong to, by file.
    pub files: BTreeSet<String>,
    /// The job that the gate runs in, where it was found: (`file#job`, its own file, key, step).
    pub gate: Option<GateSite>,
    /// Remarks for coverage.
    pub notes: Vec<String>,
}

/// Where the gate was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateSite {
    /// `file#job`.
    pub id: String,
    /// The pipeline's file.
    pub file: String,
    /// The job's key.
    pub job: String,
    /// The step, where it is known.
    pub step: Option<u32>,
}

/// One way by which a job in scope gets at something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Where the reference stands.
    pub place: Place,
    /// How sure.
    pub confidence: Confidence,
    /// The slot that the reference reads.
    pub slot: Option<Id>,
}

/// What the jobs in scope reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Slots, with the uses.
    pub slots: BTreeMap<Id, Vec<Use>>,
    /// Credentials, through the slots that hold them or directly.
    pub credentials: BTreeMap<Id, Vec<Use>>,
    /// Jobs in scope as subjects (`reference:<file>#<job>`).
    pub references: BTreeSet<Id>,
}

impl Reach {
    /// The uses of a subject; empty where it is not reachable.
    #[must_use]
    pub fn uses(&self, subject: &Id) -> &[Use] {
        self.slots.get(subject).or_else(|| self.credentials.get(subject)).map_or(&[], Vec::as_slice)
    }

    /// Whether a job in scope can get at the subject.
    #[must_use]
    pub fn has(&self, subject: &Id) -> bool {
        self.slots.contains_key(subject) || self.credentials.contains_key(subject) || self.references.contains(subject)
    }
}
