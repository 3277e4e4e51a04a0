//! Whether a change weakens its own gate: two versions of a repository's pipelines compared, the trusted one and the checkout's.
//! The configuration is compared in `config::change`. Pure: both versions are at hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::pipeline::{Environment, GateRun, Job, Pipeline, Pipelines};
use crate::model::report::{Place, Severity};
use crate::model::scope::Weakened;
use crate::policy::scope;

/// Settings of the gate that change nothing of what it finds or does.
const HARMLESS: [&str; 9] =
    ["color", "format", "no-progress", "output", "quiet", "sarif-file", "token", "verbose", "version"];

/// Variables that steer what the gate reads, where it reads it, or what is run in its name, by their beginnings.
const STEERING: [&str; 18] = [
    "AWS_",
    "CI_",
    "DRIFTGATE_",
    "DYLD_",
    "GITHUB_",
    "GITLAB_",
    "GIT_ALTERNATE_OBJECT",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_EXEC",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIR",
    "GIT_REPLACE_REF",
    "LD_",
    "SSL_CERT_",
    "VAULT_",
    "XDG_",
];

/// The same, whole and without case.
const STEERING_NAMES: [&str; 10] = [
    "ALL_PROXY",
    "BASH_ENV",
    "ENV",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PATH",
    "SHELLOPTS",
    "GIT_WORK_TREE",
];

/// Variables by which the CI itself tells whose change this is and what is protected. No pipeline may set them.
const TELLING: [&str; 22] = [
    "CI_COMMIT_AUTHOR",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_SHA",
    "CI_DEFAULT_BRANCH",
    "CI_JOB_NAME",
    "CI_MERGE_REQUEST_PROJECT_PATH",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CI_PROJECT_PATH",
    "GITHUB_ACTIONS",
    "GITHUB_ACTOR",
    "GITHUB_BASE_REF",
    "GITHUB_EVENT_NAME",
    "GITHUB_EVENT_PATH",
    "GITHUB_JOB",
    "GITHUB_REF",
    "GITHUB_REPOSITORY",
    "GITHUB_SHA",
    "GITHUB_TRIGGERING_ACTOR",
    "GITLAB_CI",
    "GITLAB_USER_EMAIL",
    "GITLAB_USER_LOGIN",
];

/// What two versions of the pipelines are compared for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// What got weaker.
    pub weakened: Vec<Weakened>,
    /// A variable that decides where credentials are sent, or what runs, is set by the change.
    pub steered: bool,
}

/// Compares. `reads`: the variables that the trusted configuration reads.
#[must_use]
pub fn compare(base: &Pipelines, head: &Pipelines, reads: &BTreeSet<String>) -> Compared {
    let mut found = Found::default();
    let (before, after) = (scope::protected(base), scope::protected(head));
    let now = jobs(head);
    for (id, (pipeline, job)) in jobs(base) {
        let same = now.get(&id).copied();
        if before.contains(&id) && deploys(job) && same.is_some_and(|(_, job)| deploys(job)) && !after.contains(&id) {
            let (_, job) = same.unwrap_or((pipeline, job));
            found.add(job, format!("{} deploys without the gate, for which it waited", job.name));
        }
        let Some(run) = &job.gate_run else { continue };
        match same.or_else(|| moved(job, base, head)) {
            Some((next, to)) => gate(&mut found, (pipeline, job, run), (next, to), reads),
            None => found.add(job, "the job that ran the gate is gone, and no other runs it".to_owned()),
        }
    }
    found.done()
}

#[derive(Default)]
struct Found {
    by: BTreeMap<(String, String), Weakened>,
    steered: bool,
}

impl Found {
    fn add(&mut self, job: &Job, fact: String) {
        let place = Place { file: job.file.clone(), line: job.line, column: job.column, job: Some(job.name.clone()) };
        let entry = self.by.entry((job.file.clone(), job.name.clone()));
        let entry = entry.or_insert_with(|| Weakened { place, facts: Vec::new() });
        if !entry.facts.contains(&fact) {
            entry.facts.push(fact);
        }
    }

    fn done(self) -> Compared {
        Compared { weakened: self.by.into_values().collect(), steered: self.steered }
    }
}

/// The checkout's own jobs, by id.
fn jobs(all: &Pipelines) -> BTreeMap<String, (&Pipeline, &Job)> {
    let own = all.pipelines.iter().filter(|pipeline| pipeline.root.is_empty());
    own.flat_map(|pipeline| pipeline.jobs.iter().map(move |job| (job.id(), (pipeline, job)))).collect()
}

/// Where a gate whose job is gone runs now: in a job that ran none before, of the same name if there is one.
fn moved<'p>(gone: &Job, base: &Pipelines, head: &'p Pipelines) -> Option<(&'p Pipeline, &'p Job)> {
    let before = jobs(base);
    let gated = |id: &String| before.get(id).is_some_and(|(_, job)| job.gate_run.is_some());
    let new = jobs(head).into_iter().filter(|(id, (_, job))| job.gate_run.is_some() && !gated(id));
    let new: Vec<_> = new.map(|(_, at)| at).collect();
    new.iter().find(|(_, job)| job.name == gone.name).or(new.first()).copied()
}

fn deploys(job: &Job) -> bool {
    job.environment != Environment::None && !job.environment_passive
}

fn gate(found: &mut Found, was: (&Pipeline, &Job, &GateRun), now: (&Pipeline, &Job), reads: &BTreeSet<String>) {
    let (before, old, run) = was;
    let (after, job) = now;
    let Some(new) = &job.gate_run else {
        found.add(job, "the gate does not run in this job any more".to_owned());
        return;
    };
    if old.gate_stops && !job.gate_stops {
        found.add(job, "the gate's failure does not fail this job any more".to_owned());
    }
    for event in before.events.iter().filter(|event| !after.events.contains(event)) {
        found.add(job, format!("its workflow does not run on {event} any more"));
    }
    if run.what != new.what {
        found.add(job, format!("what runs as the gate: {} became {}", shown(&run.what), shown(&new.what)));
    }
    settings(found, job, run, new);
    let known = |name: &str| steers(name) || reads.contains(name);
    for (name, value) in new.variables.iter().filter(|(name, _)| known(name)) {
        match run.variables.get(name) {
            Some(old) if old == value => continue,
            Some(_) => found.add(job, format!("the gate's variable {name} has another value")),
            None => found.add(job, format!("the gate's variable {name} is set")),
        }
        found.steered = true;
    }
    for name in run.variables.keys().filter(|name| known(name) && !new.variables.contains_key(*name)) {
        found.add(job, format!("the gate's variable {name} is not set any more"));
        found.steered = true;
    }
    for line in new.prepared.iter().filter(|line| !run.prepared.contains(line)) {
        found.add(job, format!("what runs before the gate in its job: {}", shown(line)));
        found.steered = true;
    }
    if run.conditions != new.conditions {
        let was = run.conditions.iter().filter(|one| !new.conditions.contains(one)).map(|one| shown(one));
        let is = new.conditions.iter().filter(|one| !run.conditions.contains(one)).map(|one| shown(one));
        let (was, is): (Vec<_>, Vec<_>) = (was.collect(), is.collect());
        // A condition that is gone only makes the gate run more often.
        if !is.is_empty() {
            let was = if was.is_empty() { "none".to_owned() } else { was.join(", ") };
            found.add(job, format!("when the gate runs: {was} became {}", is.join(", ")));
        }
    }
}

fn settings(found: &mut Found, job: &Job, was: &GateRun, now: &GateRun) {
    let names: BTreeSet<&String> = was.settings.keys().chain(now.settings.keys()).collect();
    for name in names.into_iter().filter(|name| !HARMLESS.contains(&name.as_str())) {
        let (old, new) = (was.settings.get(name).map(String::as_str), now.settings.get(name).map(String::as_str));
        let looser = match (name.as_str(), old, new) {
            (_, old, new) if old == new => false,
            ("fail-on", old, new) => rank(new) > rank(old),
            ("mode", _, new) => !matches!(new, None | Some("enforce")),
            // Without these the gate asks for more.
            ("offline" | "no-probe" | "snapshot" | "override", Some(_), None) => false,
            _ => true,
        };
        if looser {
            let text = |value: Option<&str>| value.map_or_else(|| "unset".to_owned(), shown);
            found.add(job, format!("the gate's {name}: {} became {}", text(old), text(new)));
        }
    }
}

/// The order of thresholds; what cannot be read is the loosest.
fn rank(value: Option<&str>) -> Severity {
    match value {
        Some("low") => Severity::Low,
        Some("medium") => Severity::Medium,
        None | Some("high" | "") => Severity::High,
        Some(_) => Severity::Critical,
    }
}

fn steers(name: &str) -> bool {
    STEERING.iter().any(|prefix| name.starts_with(prefix))
        || STEERING_NAMES.iter().any(|whole| name.eq_ignore_ascii_case(whole))
}

fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(80).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    format!("`{}`", out.replace(['\n', '\r'], " "))
}

/// A variable of the CI that the pipeline gives a value of its own in a job that runs the gate: then nothing tells what is trusted.
#[must_use]
pub fn told_by_the_change(head: &Pipelines) -> Option<(Place, &'static str)> {
    jobs(head).into_values().find_map(|(_, job)| {
        let run = job.gate_run.as_ref()?;
        let name = TELLING.into_iter().find(|name| run.variables.contains_key(*name))?;
        let place = Place { file: job.file.clone(), line: job.line, column: job.column, job: Some(job.name.clone()) };
        Some((place, name))
    })
}

/// Keeps what both comparisons found: against the trusted version, and against the version that the change began with. What only the
/// first shows is what the trusted branch has tightened since.
#[must_use]
pub fn both(first: Compared, second: &Compared) -> Compared {
    let mut weakened = Vec::new();
    for mut one in first.weakened {
        let same =
            second.weakened.iter().find(|other| other.place.file == one.place.file && other.place.job == one.place.job);
        if let Some(other) = same {
            one.facts.retain(|fact| other.facts.contains(fact));
            if !one.facts.is_empty() {
                weakened.push(one);
            }
        }
    }
    Compared { weakened, steered: first.steered && second.steered }
}
