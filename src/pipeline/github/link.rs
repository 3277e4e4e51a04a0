//! Across files: which jobs can use a reference, what callers call it, which names a computed one can have, and the job graph.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::{Call, Facts, JobFacts, Passed, Raw, Reach, Shape};
use crate::model::pipeline::{Edge, Pipeline, Pipelines};
use crate::model::reference::{FileGap, Kind, Provider, Reference};
use crate::pipeline::condition::{Ended, runs_anyway};
use crate::pipeline::expression::{Piece, Text};

/// More values of one input, or names of one reference, are not listed.
const MAX_NAMES: usize = 256;

/// A job: index of its file, and of it in there.
type At = (usize, usize);

/// Files and who uses them.
struct Index<'f> {
    facts: &'f [Facts],
    by_file: HashMap<&'f str, usize>,
    /// For each workflow the jobs that call it.
    callers: Vec<Vec<At>>,
    /// For each action the uses of it: the file, its job if it is a workflow, the use.
    users: Vec<Vec<(usize, Option<usize>, &'f Call)>>,
}

/// The file of a local action in a folder.
pub(super) fn action_files(folder: &str) -> [String; 2] {
    let slash = if folder.is_empty() { "" } else { "/" };
    [format!("{folder}{slash}action.yml"), format!("{folder}{slash}action.yaml")]
}

impl<'f> Index<'f> {
    fn new(facts: &'f [Facts]) -> Self {
        let by_file: HashMap<&str, usize> =
            facts.iter().enumerate().map(|(at, facts)| (facts.file.as_str(), at)).collect();
        let mut index =
            Self { facts, by_file, callers: vec![Vec::new(); facts.len()], users: vec![Vec::new(); facts.len()] };
        for (file, facts) in facts.iter().enumerate() {
            for call in &facts.uses {
                if let Some(action) = index.action(call) {
                    index.users[action].push((file, None, call));
                }
            }
            for (number, job) in facts.jobs.iter().enumerate() {
                if let Some(called) = job.call.as_ref().and_then(|call| index.by_file.get(call.target.as_str())) {
                    index.callers[*called].push((file, number));
                }
                for call in &job.uses {
                    if let Some(action) = index.action(call) {
                        index.users[action].push((file, Some(number), call));
                    }
                }
            }
        }
        index
    }

    fn action(&self, call: &Call) -> Option<usize> {
        action_files(&call.target).iter().find_map(|file| self.by_file.get(file.as_str()).copied())
    }

    fn job(&self, (file, job): At) -> &'f JobFacts {
        &self.facts[file].jobs[job]
    }

    /// The jobs that call a workflow, through all levels.
    fn calling(&self, file: usize) -> BTreeSet<At> {
        let (mut found, mut seen, mut todo) = (BTreeSet::new(), HashSet::from([file]), vec![file]);
        while let Some(file) = todo.pop() {
            for &(caller, job) in &self.callers[file] {
                found.insert((caller, job));
                if seen.insert(caller) {
                    todo.push(caller);
                }
            }
        }
        found
    }

    /// The jobs that use an action, through all levels of actions; their workflows' callers not included.
    fn using(&self, action: usize) -> BTreeSet<At> {
        let (mut found, mut seen, mut todo) = (BTreeSet::new(), HashSet::from([action]), vec![action]);
        while let Some(action) = todo.pop() {
            for &(file, job, _) in &self.users[action] {
                match job {
                    Some(job) => {
                        found.insert((file, job));
                    }
                    None if seen.insert(file) => todo.push(file),
                    None => {}
                }
            }
        }
        found
    }

    /// All actions behind some uses, through all levels.
    fn actions_behind<'c>(&self, calls: impl Iterator<Item = &'c Call>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut todo: Vec<usize> = calls.filter_map(|call| self.action(call)).collect();
        while let Some(action) = todo.pop() {
            if found.insert(action) {
                todo.extend(self.facts[action].uses.iter().filter_map(|call| self.action(call)));
            }
        }
        found
    }

    /// Circles, which GitHub rejects: jobs of a file that wait for each other, workflows that call each other.
    fn circles(&self, file: usize) -> Vec<String> {
        let facts = &self.facts[file];
        let line = |job: &JobFacts| job.job.line;
        let called = |job: &JobFacts| self.by_file.get(job.call.as_ref()?.target.as_str()).copied();
        let mut found = Vec::new();
        // What cannot be put in order stands in a circle or behind one.
        let numbers: HashMap<&str, usize> =
            facts.jobs.iter().enumerate().map(|(number, job)| (job.job.name.as_str(), number)).collect();
        let needs = |job: &JobFacts| -> BTreeSet<usize> {
            job.needs.iter().filter_map(|on| numbers.get(on.as_str()).copied()).collect()
        };
        let mut waiting: Vec<usize> = facts.jobs.iter().map(|job| needs(job).len()).collect();
        let mut behind = vec![Vec::new(); facts.jobs.len()];
        for (number, job) in facts.jobs.iter().enumerate() {
            needs(job).into_iter().for_each(|on| behind[on].push(number));
        }
        let mut ready: Vec<usize> = (0..waiting.len()).filter(|&number| waiting[number] == 0).collect();
        while let Some(done) = ready.pop() {
            for &next in &behind[done] {
                waiting[next] -= 1;
                if waiting[next] == 0 {
                    ready.push(next);
                }
            }
        }
        let left = waiting.iter().position(|&left| left > 0).map(|number| &facts.jobs[number]);
        if let Some(job) = left {
            let name = &job.job.name;
            found.push(format!("line {}: `needs` of {name} leads in a circle: GitHub rejects the file", line(job)));
        }
        if facts.jobs.iter().any(|job| called(job).is_some()) {
            let above: HashSet<usize> = self.calling(file).into_iter().map(|at| at.0).chain([file]).collect();
            for job in facts.jobs.iter().filter(|job| called(job).is_some_and(|called| above.contains(&called))) {
                let name = &job.job.name;
                found.push(format!("line {}: the workflow that {name} calls leads back to this file", line(job)));
            }
        }
        found
    }

    /// Whether a known action, of the job itself or behind what it uses and calls, takes the identity token.
    fn identity_known(&self, at: At) -> bool {
        let (mut seen, mut todo) = (HashSet::new(), vec![at]);
        while let Some(at) = todo.pop() {
            let job = self.job(at);
            if job.oidc_known
                || self.actions_behind(job.uses.iter()).iter().any(|&action| self.facts[action].oidc_known)
            {
                return true;
            }
            if let Some(&called) = job.call.as_ref().and_then(|call| self.by_file.get(call.target.as_str()))
                && seen.insert(called)
            {
                todo.extend((0..self.facts[called].jobs.len()).map(|job| (called, job)));
            }
        }
        false
    }

    /// The values that literals and callers give an input.
    fn input(&self, file: usize, name: &str, seen: &mut HashSet<(usize, String)>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if !seen.insert((file, name.to_owned())) {
            return found;
        }
        let own = self.facts[file].inputs.get(name).into_iter().flatten();
        own.for_each(|text| found.extend(self.expand(file, text, seen)));
        let calls = self.callers[file].iter().filter_map(|&at| Some((at.0, self.job(at).call.as_ref()?)));
        let uses = self.users[file].iter().map(|&(user, _, call)| (user, call));
        for (user, call) in calls.chain(uses) {
            for text in call.with.get(name).into_iter().flatten() {
                found.extend(self.expand(user, text, seen));
                if found.len() > MAX_NAMES {
                    return found;
                }
            }
        }
        seen.remove(&(file, name.to_owned()));
        found
    }

    /// A text with its inputs filled in, every way.
    fn expand(&self, file: usize, text: &Text, seen: &mut HashSet<(usize, String)>) -> Vec<String> {
        let mut done = vec![String::new()];
        for piece in text {
            let next: Vec<String> = match piece {
                Piece::Literal(text) => vec![text.clone()],
                Piece::Input(name) => self.input(file, name, seen).into_iter().collect(),
            };
            let all = done.iter().flat_map(|start| next.iter().map(move |end| format!("{start}{end}")));
            done = all.take(MAX_NAMES).collect();
        }
        done
    }

    fn names(&self, file: usize, texts: &[Text]) -> BTreeSet<String> {
        let all = texts.iter().flat_map(|text| self.expand(file, text, &mut HashSet::new()));
        all.filter(|name| !name.is_empty()).map(|name| name.to_uppercase()).take(MAX_NAMES).collect()
    }

    /// The names that a called workflow's secret has where its callers stand.
    fn callers_names(&self, file: usize, name: &str, seen: &mut HashSet<(usize, String)>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if !seen.insert((file, name.to_owned())) {
            return found;
        }
        for &(caller, job) in &self.callers[file] {
            let Some(call) = &self.job((caller, job)).call else { continue };
            let names: BTreeSet<String> = match &call.secrets {
                Passed::Nothing => BTreeSet::new(),
                Passed::Inherit => BTreeSet::from([name.to_owned()]),
                Passed::Named(map) => map.get(name).map_or_else(BTreeSet::new, |(names, texts)| {
                    names.iter().cloned().chain(self.names(caller, texts)).collect()
                }),
            };
            for name in names {
                let above = &self.facts[caller];
                if above.triggered || self.callers[caller].is_empty() {
                    found.insert(name.clone());
                }
                found.extend(self.callers_names(caller, &name, seen));
            }
        }
        found
    }

    /// The jobs in a reference's reach, without their callers.
    fn reach(&self, file: usize, raw: &Raw) -> BTreeSet<At> {
        let jobs = &self.facts[file].jobs;
        let all = || (0..jobs.len()).map(|job| (file, job));
        match raw.reach {
            Reach::Job(job) => BTreeSet::from([(file, job)]),
            Reach::AllJobs => all().collect(),
            Reach::Inheriting => all().filter(|&at| !self.job(at).own_permissions).collect(),
            Reach::Users => self.using(file),
            Reach::Nothing => BTreeSet::new(),
        }
    }

    fn reference(&self, file: usize, raw: &Raw) -> Option<Reference> {
        let mut jobs = self.reach(file, raw);
        if raw.unless_known {
            jobs.retain(|&at| !self.identity_known(at));
            if jobs.is_empty() {
                return None;
            }
        }
        let files: BTreeSet<usize> = jobs.iter().map(|at| at.0).collect();
        for file in files {
            jobs.extend(self.calling(file));
        }
        let mut reference = raw.reference.clone();
        reference.reachable_from = jobs.into_iter().map(|at| self.job(at).job.id()).collect();
        reference.reachable_from.sort();
        reference.candidates = self.names(file, &raw.candidates).into_iter().collect();
        if reference.kind == Kind::Secret
            && !self.callers[file].is_empty()
            && let Some(name) = &reference.name
        {
            let mut names = self.callers_names(file, name, &mut HashSet::new());
            // Started without a caller, the name is the slot's own.
            if self.facts[file].triggered && !names.is_empty() {
                names.insert(name.clone());
            }
            reference.resolves_to = names.into_iter().collect();
        }
        Some(reference)
    }

    /// Whether an action runs the gate, and if so whether it fails with it.
    fn gate_of(&self, call: &Call) -> Option<bool> {
        let warns = call.warns && self.action(call).is_some_and(|action| self.facts[action].own_gate);
        let behind = self.actions_behind(std::iter::once(call));
        let gate = behind.into_iter().filter_map(|action| self.facts[action].gate).reduce(|a, b| a || b);
        gate.map(|stops| stops && !warns)
    }

    fn pipeline(&self, file: usize) -> Pipeline {
        let facts = &self.facts[file];
        let by_name: BTreeMap<&str, &JobFacts> = facts.jobs.iter().map(|job| (job.job.name.as_str(), job)).collect();
        let jobs = facts.jobs.iter().map(|job| {
            let mut done = job.job.clone();
            for name in &job.needs {
                done.needs.push(edge(name, job, by_name.get(name.as_str()).copied()));
            }
            let mut gates = job.gates.clone();
            for call in &job.uses {
                let actions = self.actions_behind(std::iter::once(call));
                if let Some(step) = done.steps.get_mut(call.step) {
                    step.actions = actions.into_iter().map(|action| self.facts[action].file.clone()).collect();
                }
                gates.extend(self.gate_of(call).map(|stops| (call.step, stops)));
            }
            gates.sort_unstable();
            let guards = |&(step, stops): &(usize, bool)| stops && job.tolerated_steps.get(step) == Some(&false);
            let stops = |gate: &(usize, bool)| !job.tolerated && guards(gate);
            let gate = gates.iter().find(|gate| guards(gate)).or(gates.first());
            done.gate_step = gate.map(|&(step, _)| step as u32);
            done.gate_stops = gate.map_or(!job.tolerated, stops);
            let runs = |step: usize| job.runs.iter().find(|(at, _)| *at == step).map(|(_, run)| run.clone());
            done.gate_run = gate.and_then(|&(step, _)| runs(step)).map(|mut run| {
                run.conditions.extend(job.condition.iter().map(|text| format!("job's if: {text}")));
                run
            });
            done.gate_guards = gate.is_none_or(guards);
            // A call of what is not here stays what it says.
            if let Some(target) = done.calls.take_if(|target| !self.by_file.contains_key(target.as_str())) {
                done.calls_remote = Some(target);
            }
            done
        });
        Pipeline {
            provider: Provider::Github,
            file: facts.file.clone(),
            root: facts.root.clone(),
            name: facts.name.clone().unwrap_or_else(|| facts.file.clone()),
            follows: facts.follows.clone(),
            callable: facts.callable,
            triggered: facts.triggered,
            events: facts.events.clone(),
            jobs: jobs.collect(),
        }
    }
}

/// What one entry of `needs:` says.
fn edge(on: &str, job: &JobFacts, waited: Option<&JobFacts>) -> Edge {
    let because = if waited.is_some_and(|waited| waited.tolerated) {
        Some(format!("continue-on-error: {on} can fail and counts as done"))
    } else {
        let condition = job.condition.as_deref();
        // A job that waits for others itself may be skipped, which some conditions let pass though they stop on failure.
        let skipped = waited.is_some_and(|waited| !waited.needs.is_empty());
        runs_anyway(condition, Some(on), Ended::Failure)
            .or_else(|| if skipped { runs_anyway(condition, Some(on), Ended::Skipped) } else { None })
    };
    Edge { on: on.to_owned(), stops: because.is_none(), because: because.unwrap_or_default() }
}

/// Puts the files together.
pub(super) fn link(facts: &[Facts], graph: bool) -> Pipelines {
    let index = Index::new(facts);
    let mut all = Pipelines::default();
    for (file, own) in facts.iter().enumerate() {
        all.references.extend(own.references.iter().filter_map(|raw| index.reference(file, raw)));
        if graph && own.shape == Shape::Workflow {
            all.pipelines.push(index.pipeline(file));
        }
        let say = |reason: &String| FileGap { file: own.file.clone(), reason: reason.clone() };
        all.gaps.extend(own.gaps.iter().map(say));
        if graph {
            all.gaps.extend(index.circles(file).iter().map(say));
        }
        all.notes.extend(own.notes.iter().map(say));
    }
    all
}
