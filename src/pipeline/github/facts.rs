//! What is kept of a file once its tree is dropped: references with the reach that their place gives them, jobs, calls. Linked
//! across files in `link`.

use std::collections::BTreeMap;

use crate::model::pipeline::{GateRun, Job};
use crate::model::reference::Reference;
use crate::pipeline::expression::Text;

/// Which jobs a reference belongs to, seen from its own file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The job with this index.
    Job(usize),
    /// Every job of the file.
    AllJobs,
    /// Every job that sets no permissions of its own.
    Inheriting,
    /// Every job that uses this action.
    Users,
    /// None: GitHub evaluates nothing there.
    Nothing,
}

/// A reference, before other files are known.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// All that its own file tells.
    pub(super) reference: Reference,
    /// Its reach.
    pub(super) reach: Reach,
    /// Names of a dynamic reference, inputs still open.
    pub(super) candidates: Vec<Text>,
    /// Only counts where a job in reach has no known use for its identity token.
    pub(super) unless_known: bool,
}

/// What a job passes under `secrets:`.
#[derive(Debug, Clone, Default)]
pub(super) enum Passed {
    /// Nothing.
    #[default]
    Nothing,
    /// All.
    Inherit,
    /// The callee's name (upper case), with the caller's names in its value (upper case) and the dynamic ones' candidates.
    Named(BTreeMap<String, (Vec<String>, Vec<Text>)>),
}

/// A call of a local workflow, or the use of a local action.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// The file that is called; for an action its folder, both as names in references.
    pub(super) target: String,
    /// Inputs (lower case), with their values as far as literals tell.
    pub(super) with: BTreeMap<String, Vec<Text>>,
    /// Secrets passed.
    pub(super) secrets: Passed,
    /// The step that uses the action.
    pub(super) step: usize,
    /// Whether its inputs would let the gate's own action only warn.
    pub(super) warns: bool,
}

/// A job and what the linking needs besides.
#[derive(Debug, Clone)]
pub(super) struct JobFacts {
    /// The job, its edges and local actions not linked yet.
    pub(super) job: Job,
    /// Its `if:`.
    pub(super) condition: Option<String>,
    /// `needs:` as written.
    pub(super) needs: Vec<String>,
    /// Whether it can fail without failing its dependents.
    pub(super) tolerated: bool,
    /// Whether it sets `permissions:`.
    pub(super) own_permissions: bool,
    /// Whether a known action of its own steps uses the identity token.
    pub(super) oidc_known: bool,
    /// The local workflow that it calls.
    pub(super) call: Option<Call>,
    /// The local actions that its steps use.
    pub(super) uses: Vec<Call>,
    /// For each step whether its failure is tolerated (`continue-on-error`).
    pub(super) tolerated_steps: Vec<bool>,
    /// Steps that run the gate, with whether the step fails when the gate does.
    pub(super) gates: Vec<(usize, bool)>,
    /// How those steps, and local actions, are run.
    pub(super) runs: Vec<(usize, GateRun)>,
}

/// What a file is, besides its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// Not parsed, or holds nothing of interest.
    #[default]
    Unread,
    /// A workflow.
    Workflow,
    /// An action.
    Action,
    /// `dependabot.yml`.
    Dependabot,
}

/// All that is kept of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Its name in references.
    pub(super) file: String,
    /// Its repository's root, as a name.
    pub(super) root: String,
    /// What it turned out to be.
    pub(super) shape: Shape,
    /// References, in no order.
    pub(super) references: Vec<Raw>,
    /// A workflow's jobs.
    pub(super) jobs: Vec<JobFacts>,
    /// An action's own steps that use local actions.
    pub(super) uses: Vec<Call>,
    /// Whether an action's own steps use the identity token in a known way.
    pub(super) oidc_known: bool,
    /// Whether an action runs the gate, with whether it fails when the gate does.
    pub(super) gate: Option<bool>,
    /// Whether the action is the gate's own, whose inputs are known.
    pub(super) own_gate: bool,
    /// Its `name:`.
    pub(super) name: Option<String>,
    /// The workflows whose end starts it.
    pub(super) follows: Vec<String>,
    /// Whether it can be called.
    pub(super) callable: bool,
    /// Whether something else starts it.
    pub(super) triggered: bool,
    /// The events that start it.
    pub(super) events: Vec<String>,
    /// Inputs (lower case) with the values that defaults and choices give.
    pub(super) inputs: BTreeMap<String, Vec<Text>>,
    /// What could not be read.
    pub(super) gaps: Vec<String>,
    /// What is knowingly not read.
    pub(super) notes: Vec<String>,
}
