//! What is found: the CI, the jobs that deploy, what they use, saved tickets and inventories. Read by driftgate's own readers; the
//! environment is asked for names, and for addresses that are no secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Environment as Variables;
use crate::config::ci::{self, Ci};
use crate::config::git::Repository;
use crate::model::pipeline::{Environment, Job, Pipeline, Pipelines};
use crate::model::reference::{Kind, Provider, Reference};
use crate::model::scope::{RunPlace, ScopeKind};
use crate::pipeline::{self, Options};
use crate::policy;

/// What is found in a checkout and its environment.
pub(super) struct Look {
    /// The pipelines, as every other command reads them.
    pub(super) pipelines: Pipelines,
    /// The CI systems that the gate is written for.
    pub(super) systems: Vec<Provider>,
    /// `owner/name`, by the CI or the remote.
    pub(super) repository: Option<String>,
    /// The branch that deploys are from.
    pub(super) default_branch: Option<String>,
    /// Whether git knows this folder.
    pub(super) is_git: bool,
    /// Saved files by the kind of source that reads them.
    pub(super) saved: BTreeMap<&'static str, String>,
    /// Variables that the configuration names.
    pub(super) named: Vec<String>,
}

/// Names under which saved data mostly lies, with the kind of source that reads it.
const SAVED: [(&str, &str); 7] = [
    ("inventory.json", "file"),
    ("jira.json", "jira"),
    ("servicenow.json", "servicenow"),
    ("github-issues.json", "github-issues"),
    ("gitlab-issues.json", "gitlab-issues"),
    ("entitlements.csv", "catalog"),
    ("people.csv", "people"),
];

/// Folders in which it lies.
const FOLDERS: [&str; 4] = ["", ".driftgate/", "driftgate/", "records/"];

impl Look {
    /// Looks at a checkout.
    pub(super) fn at(root: &Path, env: &Variables) -> Self {
        let pipelines = pipeline::read(&[PathBuf::from(root)], &Options::default());
        let repository = Repository::of(root).ok();
        let run = Ci::read(env);
        let remote = repository.as_ref().and_then(Repository::origin).as_deref().and_then(ci::remote);
        let host = remote.as_ref().and_then(|(_, provider)| *provider);
        let default_branch = run
            .as_ref()
            .and_then(|run| run.default_branch.clone())
            .or_else(|| repository.as_ref().and_then(Repository::default_branch));
        let name = run.as_ref().and_then(|run| run.repository.clone()).or_else(|| remote.map(|(name, _)| name));
        let systems = systems(run.as_ref().map(|run| run.system), host, &pipelines);
        let saved = SAVED.iter().filter_map(|(file, kind)| Some((*kind, find(root, file)?))).collect();
        Self {
            pipelines,
            systems,
            repository: name,
            default_branch,
            is_git: repository.is_some(),
            saved,
            named: Vec::new(),
        }
    }

    /// The checkout's own pipelines of a system.
    pub(super) fn own(&self, system: Provider) -> impl Iterator<Item = &Pipeline> {
        self.pipelines.pipelines.iter().filter(move |one| one.root.is_empty() && one.provider == system)
    }

    /// The jobs of a system that name an environment to deploy to.
    pub(super) fn deploying(&self, system: Provider) -> Vec<&Job> {
        self.own(system).flat_map(|one| &one.jobs).filter(|job| deploys(job)).collect()
    }

    /// Those among them that no gate stops, by file.
    pub(super) fn ungated(&self, system: Provider) -> BTreeMap<&str, Vec<&Job>> {
        let scope = policy::scope::scope(&self.pipelines, Some(ScopeKind::Repository), &RunPlace::default());
        let escapes: BTreeSet<(&str, Option<&str>)> =
            scope.ungated.iter().map(|one| (one.place.file.as_str(), one.place.job.as_deref())).collect();
        let gated = self.with_gate();
        let mut out: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
        for pipeline in self.own(system) {
            for job in pipeline.jobs.iter().filter(|job| deploys(job) && job.gate_step.is_none()) {
                // Of a pipeline without a gate the scope says nothing: all of its jobs run without one.
                let open = !gated.contains(pipeline.file.as_str())
                    || escapes.contains(&(job.file.as_str(), Some(job.name.as_str())));
                if open {
                    out.entry(job.file.as_str()).or_default().push(job);
                }
            }
        }
        out
    }

    /// The pipelines that a gate runs in, and those that they call.
    fn with_gate(&self) -> BTreeSet<&str> {
        let all = &self.pipelines.pipelines;
        let has = |one: &&Pipeline| one.jobs.iter().any(|job| job.gate_step.is_some());
        let mut found: BTreeSet<&str> = all.iter().filter(has).map(|one| one.file.as_str()).collect();
        loop {
            let callers = all.iter().filter(|one| found.contains(one.file.as_str()));
            let called = callers.flat_map(|one| &one.jobs).filter_map(|job| job.calls.as_deref());
            let new: Vec<&str> = called.filter(|file| !found.contains(file)).collect();
            if new.is_empty() {
                return found;
            }
            found.extend(new);
        }
    }

    /// What a job refers to, wherever the reference stands.
    pub(super) fn references_of<'a>(&'a self, job: &Job) -> impl Iterator<Item = &'a Reference> + use<'a> {
        let (id, file, name) = (job.id(), job.file.clone(), job.name.clone());
        self.pipelines.references.iter().filter(move |one| {
            (one.file == file && one.job.as_deref() == Some(name.as_str())) || one.reachable_from.contains(&id)
        })
    }

    /// The secrets and variables that are used, by all jobs or by one; only such as can be a variable's name.
    pub(super) fn secrets(&self, job: Option<&Job>) -> BTreeSet<String> {
        let of: Vec<&Reference> = match job {
            Some(job) => self.references_of(job).collect(),
            None => self.pipelines.references.iter().collect(),
        };
        let names = of.into_iter().filter(|one| one.kind == Kind::Secret).filter_map(|one| one.name.clone());
        names.filter(|name| is_variable(name)).collect()
    }

    /// What the gate's step may be given: what the configuration names, then what the job uses.
    pub(super) fn variables_for(&self, job: Option<&Job>) -> Vec<String> {
        let mut out = self.named.clone();
        out.extend(self.secrets(job).into_iter().filter(|name| !self.named.contains(name)));
        out
    }

    /// References of a kind, by name; without those whose name is none.
    pub(super) fn names(&self, kind: Kind) -> BTreeSet<&str> {
        let of_kind = self.pipelines.references.iter().filter(|one| one.kind == kind);
        of_kind.filter_map(|one| one.name.as_deref()).collect()
    }

    /// Jobs that use credentials and name no environment: nothing tells whether they deploy.
    pub(super) fn unclear(&self) -> Vec<&Job> {
        let own = self.systems.iter().flat_map(|system| self.own(*system)).flat_map(|one| &one.jobs);
        let uses = |job: &&Job| {
            let mut references = self.references_of(job);
            references.any(|one| !matches!(one.kind, Kind::JobToken | Kind::Literal))
        };
        own.filter(|job| job.environment == Environment::None && job.gate_step.is_none()).filter(uses).collect()
    }
}

/// Whether a job deploys: it names an environment, and for more than stopping or checking it.
pub(super) fn deploys(job: &Job) -> bool {
    job.environment != Environment::None && !job.environment_passive
}

/// A job's environment, as people call it.
pub(super) fn environment(job: &Job) -> &str {
    match &job.environment {
        Environment::None => "",
        Environment::Named(name) | Environment::Expression(name) => name,
    }
}

/// Whether this can be the name of a variable.
pub(super) fn is_variable(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() < 200 && name.chars().all(letter) && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty()
}

/// Where the CI runs says most, then which definitions there are, then where the repository comes from.
fn systems(run: Option<Provider>, host: Option<Provider>, pipelines: &Pipelines) -> Vec<Provider> {
    if let Some(system) = run {
        return vec![system];
    }
    let own = pipelines.pipelines.iter().filter(|one| one.root.is_empty());
    let mut there: Vec<Provider> = own.map(|one| one.provider).collect();
    there.sort();
    there.dedup();
    match host {
        Some(host) if there.is_empty() || there.contains(&host) => vec![host],
        _ => there,
    }
}

/// A saved file, by its path below the checkout; none where it lies behind a link.
fn find(root: &Path, name: &str) -> Option<String> {
    let candidates = FOLDERS.iter().map(|folder| format!("{folder}{name}"));
    candidates.into_iter().find(|file| {
        super::place::link(root, file).is_none() && fs::metadata(root.join(file)).is_ok_and(|about| about.is_file())
    })
}
