//! Scope: which jobs the gate's failure stops, and which jobs with an environment it does not (SEMANTICS, Scope). Computed from
//! the job graph alone; what those jobs reach is `reach`'s.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::pipeline::{Environment, Job, Pipeline, Pipelines};
use crate::model::reference::Provider;
use crate::model::report::Place;
use crate::model::scope::{GateSite, RunPlace, Scope, ScopeKind, ScopedJob, Ungated};

/// What the user asked for with `--scope`; none is the default: downstream where the gate is found, else the repository.
pub type Asked = Option<ScopeKind>;

/// Finds the jobs that are judged.
#[must_use]
pub fn scope(pipelines: &Pipelines, asked: Asked, run: &RunPlace) -> Scope {
    let own = Own::new(pipelines);
    let mut out = Scope {
        kind: ScopeKind::Repository,
        reason: None,
        jobs: BTreeMap::new(),
        ungated: own.ungated(),
        weakened: Vec::new(),
        files: BTreeSet::new(),
        gate: None,
        notes: own.notes(),
    };
    match asked {
        Some(ScopeKind::Repository) => own.whole(&mut out),
        Some(ScopeKind::Environment(name)) => own.environment(&mut out, &name),
        Some(ScopeKind::Downstream) | None => match own.locate(run) {
            Ok(site) => own.downstream(&mut out, site, run.warns),
            Err(why) => {
                own.whole(&mut out);
                out.reason = Some(why);
            }
        },
    }
    out
}

/// The jobs that the failure of some gate stops, as `file#job`.
#[must_use]
pub fn protected(pipelines: &Pipelines) -> BTreeSet<String> {
    let own = Own::new(pipelines);
    let mut protected = Protected::new();
    for gate in own.gates() {
        own.protect(gate, false, &mut protected);
    }
    protected.into_keys().collect()
}

/// The checkout's own pipelines; those of checkouts below it belong to other repositories.
struct Own<'p> {
    pipelines: Vec<&'p Pipeline>,
    by_file: BTreeMap<&'p str, &'p Pipeline>,
    nested: usize,
}

/// A job with the pipeline that it stands in.
#[derive(Clone, Copy)]
struct At<'p> {
    pipeline: &'p Pipeline,
    job: &'p Job,
}

/// Protected jobs, each with the step from which on it is.
type Protected = BTreeMap<String, ScopedJob>;

impl<'p> Own<'p> {
    fn new(all: &'p Pipelines) -> Self {
        let pipelines: Vec<&Pipeline> = all.pipelines.iter().filter(|p| p.root.is_empty()).collect();
        let by_file = pipelines.iter().map(|p| (p.file.as_str(), *p)).collect();
        Self { nested: all.pipelines.len() - pipelines.len(), pipelines, by_file }
    }

    fn jobs(&self) -> impl Iterator<Item = At<'p>> + '_ {
        self.pipelines.iter().flat_map(|pipeline| pipeline.jobs.iter().map(|job| At { pipeline, job }))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.nested > 0 {
            notes.push(format!(
                "{} pipelines of checkouts below this one are not this repository's: not judged",
                self.nested
            ));
        }
        let gated: BTreeSet<&str> = self.gates().map(|at| at.pipeline.file.as_str()).collect();
        let callable: BTreeSet<&str> = self.jobs().filter_map(|at| at.job.calls.as_deref()).collect();
        for pipeline in &self.pipelines {
            if gated.contains(pipeline.file.as_str()) || callable.contains(pipeline.file.as_str()) {
                continue;
            }
            let deploys = pipeline.jobs.iter().filter(|job| deploys(job)).count();
            if deploys > 0 {
                notes.push(format!(
                    "{}: {deploys} jobs name an environment, and the pipeline has no gate",
                    pipeline.file
                ));
            }
        }
        notes
    }

    fn whole(&self, out: &mut Scope) {
        out.kind = ScopeKind::Repository;
        for at in self.jobs() {
            add(&mut out.jobs, at.job, None);
            out.files.insert(at.pipeline.file.clone());
        }
    }

    fn environment(&self, out: &mut Scope, name: &str) {
        out.kind = ScopeKind::Environment(name.to_owned());
        for at in self.jobs() {
            let names_it = match &at.job.environment {
                Environment::Named(other) => other.eq_ignore_ascii_case(name),
                Environment::Expression(_) => true,
                Environment::None => false,
            };
            if names_it {
                add(&mut out.jobs, at.job, None);
                out.files.insert(at.pipeline.file.clone());
            }
        }
    }

    fn downstream(&self, out: &mut Scope, at: At<'p>, warns: bool) {
        out.kind = ScopeKind::Downstream;
        let mut protected = Protected::new();
        self.protect(at, warns, &mut protected);
        if warns {
            // That this very gate lets them pass is what was asked for, and no finding.
            let id = |one: &Ungated| format!("{}#{}", one.place.file, one.place.job.as_deref().unwrap_or_default());
            out.ungated.retain(|one| !protected.contains_key(&id(one)));
        }
        for at in self.jobs() {
            if protected.contains_key(&at.job.id()) {
                out.files.insert(at.pipeline.file.clone());
            }
        }
        out.jobs = protected;
        out.files.insert(at.pipeline.file.clone());
        // The gate's own job counts only for what comes after the gate in it.
        let nothing_after = match at.pipeline.provider {
            Provider::Github => at.job.gate_step.is_some_and(|step| step as usize + 1 >= at.job.steps.len()),
            Provider::Gitlab => at.job.environment == Environment::None,
        };
        if nothing_after {
            out.jobs.remove(&at.job.id());
        }
        out.gate = Some(GateSite {
            id: at.job.id(),
            file: at.pipeline.file.clone(),
            job: at.job.name.clone(),
            step: at.job.gate_step.filter(|_| at.pipeline.provider == Provider::Github),
        });
    }

    /// The gate's own job, by the CI's variables. Not found for sure is an error that says why.
    fn locate(&self, run: &RunPlace) -> Result<At<'p>, String> {
        let Some(provider) = run.provider else {
            return Err("no CI variables tell where the gate runs".to_owned());
        };
        let Some(job) = run.job.as_deref() else {
            return Err("the CI's variables do not name the gate's job".to_owned());
        };
        let mut candidates: Vec<&Pipeline> =
            self.pipelines.iter().copied().filter(|p| p.provider == provider).collect();
        if let Some(file) = run.file.as_deref() {
            let Some(caller) = candidates.iter().copied().find(|p| p.file == file) else {
                return Err(format!("the running workflow {file} is not in this checkout"));
            };
            // The job may stand in a workflow that this one calls.
            let called = self.called_from(caller);
            candidates.retain(|p| called.contains(p.file.as_str()));
        }
        let fits = |at: &At<'_>| job_key(&at.job.name, provider) == job_key(job, provider);
        let found: Vec<At<'_>> = candidates
            .iter()
            .flat_map(|pipeline| pipeline.jobs.iter().map(|job| At { pipeline, job }))
            .filter(fits)
            .collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(format!("the gate's job {job} is in no pipeline of this checkout")),
            several => {
                let gates: Vec<&At<'_>> = several.iter().filter(|at| at.job.gate_step.is_some()).collect();
                match gates.as_slice() {
                    [one] => Ok(**one),
                    _ => Err(format!(
                        "{} jobs are named {job}, and nothing tells which of them runs the gate",
                        several.len()
                    )),
                }
            }
        }
    }

    /// The pipeline and all that it calls, through all levels.
    fn called_from(&self, pipeline: &'p Pipeline) -> BTreeSet<&'p str> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![pipeline];
        while let Some(pipeline) = todo.pop() {
            if seen.insert(pipeline.file.as_str()) {
                todo.extend(pipeline.jobs.iter().filter_map(|job| self.by_file.get(job.calls.as_deref()?).copied()));
            }
        }
        seen
    }

    /// Jobs that run the gate, by the definition.
    fn gates(&self) -> impl Iterator<Item = At<'p>> + '_ {
        self.jobs().filter(|at| at.job.gate_step.is_some())
    }

    /// Everything that the failure of the gate in that job stops; or would stop, if it did not only warn.
    fn protect(&self, gate: At<'p>, would: bool, protected: &mut Protected) {
        if gate.job.gate_guards || would {
            add(protected, gate.job, Some(gate.job.gate_step.map_or(0, |step| step + 1)));
        }
        if !gate.job.gate_stops && !would {
            return;
        }
        let fails = |job: &Job| job.gate_stops || would && job.id() == gate.job.id();
        // Jobs that fail or are skipped when the gate fails.
        let mut stopped: BTreeSet<String> = BTreeSet::from([gate.job.id()]);
        let mut todo = vec![gate];
        while let Some(at) = todo.pop() {
            for job in &at.pipeline.jobs {
                let stops = job.needs.iter().any(|edge| edge.stops && edge.on == at.job.name);
                if stops && stopped.insert(job.id()) {
                    add(protected, job, None);
                    self.protect_called(job, protected, &mut BTreeSet::new());
                    todo.push(At { pipeline: at.pipeline, job });
                }
            }
            // A called workflow's failure is its caller's, on GitHub; a GitLab child pipeline's is not, without a strategy.
            if at.pipeline.provider == Provider::Github && fails(at.job) {
                for caller in self.jobs().filter(|c| c.job.calls.as_deref() == Some(at.pipeline.file.as_str())) {
                    if stopped.insert(caller.job.id()) {
                        todo.push(caller);
                    }
                }
            }
        }
    }

    /// A stopped job never calls its workflow.
    fn protect_called(&self, job: &Job, protected: &mut Protected, seen: &mut BTreeSet<String>) {
        let Some(called) = job.calls.as_deref().and_then(|file| self.by_file.get(file)) else { return };
        if !seen.insert(called.file.clone()) {
            return;
        }
        for job in &called.jobs {
            add(protected, job, None);
            self.protect_called(job, protected, seen);
        }
    }

    /// Jobs that name an environment and that no gate stops, in pipelines that have a gate.
    fn ungated(&self) -> Vec<Ungated> {
        let mut protected = Protected::new();
        let mut gated: BTreeSet<&str> = BTreeSet::new();
        for gate in self.gates() {
            self.protect(gate, false, &mut protected);
            gated.extend(self.called_from(gate.pipeline));
            // The callers of a workflow that holds the gate belong to the same run.
            for caller in self.jobs().filter(|c| c.job.calls.as_deref() == Some(gate.pipeline.file.as_str())) {
                gated.extend(self.called_from(caller.pipeline));
            }
        }
        // What `workflow_run` starts is beyond an edge that stops nothing: it starts when the other has ended, however it did.
        let mut after: BTreeSet<&str> = BTreeSet::new();
        loop {
            let names = self.pipelines.iter().filter(|p| gated.contains(p.file.as_str())).map(|p| p.name.as_str());
            let names: BTreeSet<&str> = names.collect();
            let next = self.pipelines.iter().filter(|p| p.follows.iter().any(|name| names.contains(name.as_str())));
            let new: Vec<&Pipeline> = next.copied().filter(|p| !gated.contains(p.file.as_str())).collect();
            if new.is_empty() {
                break;
            }
            for pipeline in new {
                after.insert(pipeline.file.as_str());
                gated.extend(self.called_from(pipeline));
            }
        }
        let mut out = Vec::new();
        for at in self.jobs() {
            let escapes = !protected.contains_key(&at.job.id()) && deploys(at.job);
            if escapes && gated.contains(at.pipeline.file.as_str()) {
                out.push(Ungated {
                    place: Place {
                        file: at.job.file.clone(),
                        line: at.job.line,
                        column: at.job.column,
                        job: Some(at.job.name.clone()),
                    },
                    environment: match &at.job.environment {
                        Environment::Named(name) | Environment::Expression(name) => name.clone(),
                        Environment::None => String::new(),
                    },
                    because: if after.contains(at.pipeline.file.as_str()) {
                        "workflow_run starts it when the gated workflow has ended, however that did".to_owned()
                    } else {
                        self.because(at)
                    },
                });
            }
        }
        out.sort();
        out
    }

    /// The reason why the gate does not stop a job, as people would say it.
    fn because(&self, at: At<'p>) -> String {
        if at.job.gate_step.is_some() && !at.job.gate_stops {
            return "its gate may fail without failing the job".to_owned();
        }
        if let Some(edge) = at.job.needs.iter().find(|edge| !edge.stops) {
            return format!("it runs although {} fails: {}", edge.on, edge.because);
        }
        if at.job.needs.is_empty() {
            return "it waits for no job".to_owned();
        }
        let needs: Vec<&str> = at.job.needs.iter().map(|edge| edge.on.as_str()).collect();
        format!("it waits for {}, which do not wait for the gate", needs.join(", "))
    }
}

/// Whether a job deploys: it names an environment, and for more than stopping or checking it.
fn deploys(job: &Job) -> bool {
    job.environment != Environment::None && !job.environment_passive
}

fn add(jobs: &mut Protected, job: &Job, from_step: Option<u32>) {
    let id = job.id();
    let scoped = ScopedJob { id: id.clone(), name: job.name.clone(), from_step };
    jobs.entry(id)
        .and_modify(|known| {
            // Protected as a whole by another gate, or from an earlier step on.
            known.from_step = known.from_step.zip(from_step).map(|(a, b)| a.min(b));
        })
        .or_insert(scoped);
}

/// GitLab appends the matrix or the index of parallel jobs: `deploy: [eu]`, `test 1/3`.
fn job_key(name: &str, provider: Provider) -> &str {
    if provider == Provider::Github {
        return name;
    }
    let name = name.split(": [").next().unwrap_or(name);
    match name.rsplit_once(' ') {
        Some((head, tail)) if tail.split_once('/').is_some_and(|(a, b)| is_number(a) && is_number(b)) => head,
        _ => name,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
