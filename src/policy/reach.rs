//! Reach: the slots and credentials that the jobs in scope get at, and the variables of the gate's own environment that are bound to
//! one of them. Which jobs are in scope is `scope`'s; which slot a name means is `resolve`'s.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::inventory::{Inventory, Slot};
use crate::model::pipeline::{Environment, Job, Pipelines};
use crate::model::reference::{Channel, Confidence, Kind, Provider, Reference};
use crate::model::report::Place;
use crate::model::scope::{Reach, Scope, Use};
use crate::policy::resolve::{Resolver, Target};

/// The jobs of all pipelines, by `file#job`, with the graph's knowledge of them.
pub struct Jobs<'p> {
    by_id: BTreeMap<String, &'p Job>,
}

impl<'p> Jobs<'p> {
    /// Indexes the jobs.
    #[must_use]
    pub fn new(pipelines: &'p Pipelines) -> Self {
        Self { by_id: pipelines.pipelines.iter().flat_map(|p| &p.jobs).map(|job| (job.id(), job)).collect() }
    }

    fn environment(&self, id: &str) -> Environment {
        self.by_id.get(id).map_or(Environment::None, |job| job.environment.clone())
    }
}

/// The references that the jobs in scope use, each with the environments of the jobs that use it.
#[must_use]
pub fn in_scope<'p>(
    pipelines: &'p Pipelines,
    scope: &Scope,
    jobs: &Jobs<'_>,
) -> Vec<(&'p Reference, Vec<Environment>)> {
    let mut out = Vec::new();
    for reference in &pipelines.references {
        let ids = using_jobs(reference, scope, jobs);
        if ids.is_empty() {
            continue;
        }
        let mut environments: Vec<Environment> = Vec::new();
        for id in ids {
            let environment = jobs.environment(&id);
            if !environments.contains(&environment) {
                environments.push(environment);
            }
        }
        out.push((reference, environments));
    }
    out
}

/// Whether no reference leads to a slot that a source knows, or knows not to be there.
#[must_use]
pub fn blind(used: &[(&Reference, Vec<Environment>)], resolver: &Resolver<'_>) -> bool {
    let told = |reference: &Reference, environment: &Environment| {
        resolver.targets(reference, environment).iter().any(|target| target.known || target.absent)
    };
    !used.iter().any(|(reference, environments)| environments.iter().any(|environment| told(reference, environment)))
}

/// The jobs in scope that use a reference. Its own job decides where it has one; the calling jobs of a called workflow do where
/// only they are in scope.
fn using_jobs(reference: &Reference, scope: &Scope, jobs: &Jobs<'_>) -> Vec<String> {
    let own = reference.job.as_ref().map(|job| format!("{}#{job}", reference.file));
    let candidates: Vec<&String> = own.iter().chain(&reference.reachable_from).collect();
    let mut out = BTreeSet::new();
    for id in candidates {
        let Some(scoped) = scope.jobs.get(id.as_str()) else { continue };
        let Some(from) = scoped.from_step else {
            out.insert(id.clone());
            continue;
        };
        let is_own = own.as_ref() == Some(id);
        let later = match reference.step {
            // A step of this very job.
            Some(step) if is_own => step >= from,
            // A composite action: the steps that run it tell.
            _ if !is_own && reference.job.is_none() && is_action(&reference.file) => {
                jobs.by_id.get(id).is_none_or(|job| {
                    let steps = job.steps.iter().enumerate();
                    let mut using = steps.filter(|(_, step)| step.actions.contains(&reference.file)).peekable();
                    using.peek().is_none()
                        || using.any(|(index, _)| u32::try_from(index).is_ok_and(|index| index >= from))
                })
            }
            _ => true,
        };
        if later {
            out.insert(id.clone());
        }
    }
    out.into_iter().collect()
}

fn is_action(file: &str) -> bool {
    matches!(file.rsplit('/').next(), Some("action.yml" | "action.yaml"))
}

/// Slots that the pipelines name and no source knows, so that tickets can be linked to them: what they hold is unknown.
#[must_use]
pub fn unknown_slots(references: &[(&Reference, Vec<Environment>)], resolver: &Resolver<'_>) -> Vec<Slot> {
    let mut out: BTreeMap<Id, Slot> = BTreeMap::new();
    for (reference, environments) in references {
        for target in targets(resolver, reference, environments) {
            if !target.known {
                let slot = Slot { name: reference.name.clone(), ..Slot::bare(target.slot.clone()) };
                out.insert(target.slot, slot);
            }
        }
    }
    out.into_values().collect()
}

/// Slots that are referred to, and that their store's whole list does not have, from whichever job in scope the reference is read. What
/// is only passed on to a called workflow may be meant to be empty there: the job's environment can have it.
#[must_use]
pub fn absent_slots(references: &[(&Reference, Vec<Environment>)], resolver: &Resolver<'_>) -> BTreeSet<Id> {
    let mut out = BTreeSet::new();
    for (reference, environments) in references.iter().filter(|(reference, _)| reference.channel != Channel::Secrets) {
        let targets = targets(resolver, reference, environments);
        if targets.iter().all(|target| target.absent && !target.known) {
            out.extend(targets.into_iter().map(|target| target.slot));
        }
    }
    out
}

fn targets(resolver: &Resolver<'_>, reference: &Reference, environments: &[Environment]) -> Vec<Target> {
    let mut out: Vec<Target> = Vec::new();
    for environment in environments {
        for target in resolver.targets(reference, environment) {
            if !out.contains(&target) {
                out.push(target);
            }
        }
    }
    out
}

/// What the references in scope get at. `examined` are the gate's own variables that the user named: naming one asks for its
/// examination, so it counts as reached.
#[must_use]
pub fn reach(
    scope: &Scope,
    references: &[(&Reference, Vec<Environment>)],
    resolver: &Resolver<'_>,
    inventory: &Inventory,
    examined: &BTreeSet<Id>,
) -> Reach {
    let mut out = Reach::default();
    for id in scope.jobs.keys() {
        let (file, job) = id.rsplit_once('#').unwrap_or((id, ""));
        out.references.insert(Id::reference(file, Some(job)));
    }
    // Wherever a gate is found in the pipeline's definition, the jobs that escape it are in scope.
    out.references.extend(scope.weakened.iter().map(|weak| Id::reference(&weak.place.file, weak.place.job.as_deref())));
    out.references.extend(scope.ungated.iter().map(|job| Id::reference(&job.place.file, job.place.job.as_deref())));
    for (reference, environments) in references {
        out.references.insert(Id::reference(&reference.file, reference.job.as_deref()));
        let place = place(reference, scope);
        for target in targets(resolver, reference, environments) {
            let confidence = target.confidence.max(reference.confidence);
            let used = Use { place: place.clone(), confidence, slot: Some(target.slot.clone()) };
            push(out.slots.entry(target.slot), used);
        }
        if let Some(credential) = direct(reference) {
            push(out.credentials.entry(credential), Use { place, confidence: reference.confidence, slot: None });
        }
    }
    for slot in examined {
        out.slots.entry(slot.clone()).or_default();
    }
    for slot in &inventory.slots {
        let (Some(held), Some(uses)) = (&slot.holds, out.slots.get(&slot.id)) else { continue };
        let uses = uses.clone();
        let entry = out.credentials.entry(held.clone()).or_default();
        for used in uses {
            if !entry.contains(&used) {
                entry.push(used);
            }
        }
    }
    out
}

/// Adds the credentials that reachable slots held until a rotation that is being judged.
pub fn add_replaced(reach: &mut Reach, replaced: &[(Id, Id)]) {
    for (slot, credential) in replaced {
        if let Some(uses) = reach.slots.get(slot).cloned() {
            reach.credentials.entry(credential.clone()).or_default().extend(uses);
        }
    }
}

fn push(entry: std::collections::btree_map::Entry<'_, Id, Vec<Use>>, used: Use) {
    let uses = entry.or_default();
    if !uses.contains(&used) {
        uses.push(used);
    }
}

fn place(reference: &Reference, scope: &Scope) -> Place {
    let mut job = reference.job.clone();
    // A template is no job: where one job in scope is made of it, that one is named.
    if let Some(own) = &reference.job
        && !scope.jobs.contains_key(&format!("{}#{own}", reference.file))
    {
        let prefix = format!("{}#", reference.file);
        let mut made = reference.reachable_from.iter().filter(|id| scope.jobs.contains_key(*id));
        if let (Some(one), None) = (made.next(), made.next()) {
            job = one.strip_prefix(&prefix).map(str::to_owned).or(job);
        }
    }
    Place { file: reference.file.clone(), line: reference.line, column: reference.column, job }
}

/// A credential that a reference names without a slot between: a role, or a key written into the file.
fn direct(reference: &Reference) -> Option<Id> {
    let name = reference.name.as_deref()?;
    match reference.kind {
        Kind::Oidc if name.starts_with("arn:") => Some(Id::new(format!("aws:role:{name}"))),
        Kind::Literal if name.len() == 20 && (name.starts_with("AKIA") || name.starts_with("ASIA")) => {
            Some(Id::aws_access_key(None, name))
        }
        _ => None,
    }
}

/// The gate's own variables whose values are worth a look, each with the slot that it is bound to: the workflow's own mapping in
/// the gate's job says so, or, on GitLab, the resolution of a plain variable for that very job.
#[must_use]
pub fn bindings(
    pipelines: &Pipelines,
    scope: &Scope,
    in_scope: &[(&Reference, Vec<Environment>)],
    resolver: &Resolver<'_>,
    jobs: &Jobs<'_>,
) -> Vec<(String, Option<Id>)> {
    let mut out: BTreeMap<String, Option<Id>> = BTreeMap::new();
    // Names that the jobs in scope refer to, or feed: looked at, though not bound.
    for (reference, _) in in_scope {
        if reference.kind == Kind::Secret {
            for name in reference.name.iter().chain(&reference.binds) {
                out.entry(name.clone()).or_default();
            }
        }
    }
    let Some(gate) = &scope.gate else { return out.into_iter().collect() };
    let environment = jobs.environment(&gate.id);
    for reference in &pipelines.references {
        if reference.kind != Kind::Secret {
            continue;
        }
        let own_job = reference.job.as_deref() == Some(gate.job.as_str()) && gate.id.starts_with(&reference.file);
        let variable = match reference.provider {
            Provider::Github => {
                let own_step = reference.step.is_none() || reference.step == gate.step;
                let workflow_level = reference.job.is_none() && reference.reachable_from.contains(&gate.id);
                let mapped = reference.channel == Channel::Env && (own_job && own_step || workflow_level);
                reference.binds.clone().filter(|_| mapped)
            }
            Provider::Gitlab => reference.name.clone(),
        };
        let Some(variable) = variable else { continue };
        let targets = resolver.targets(reference, &environment);
        if let [Target { slot, confidence: Confidence::Exact, known, .. }] = targets.as_slice() {
            // On GitLab only a listed variable is surely the one that this job was given.
            if *known || reference.provider == Provider::Github {
                out.insert(variable, Some(slot.clone()));
            }
        }
    }
    out.into_iter().collect()
}
