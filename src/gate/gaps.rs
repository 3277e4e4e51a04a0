//! Which gaps decide: those of facts that a rule needed for a subject in scope (SEMANTICS, Gaps). The others become notes in
//! coverage.

use std::collections::BTreeSet;

use crate::model::Id;
use crate::model::inventory::Gap;
use crate::model::pipeline::{Environment, Pipelines};
use crate::model::reference::{Kind, Reference};
use crate::model::report::Finding;
use crate::model::scope::{Reach, Scope, ScopeKind};
use crate::model::settings::Settings;
use crate::policy::decide;
use crate::rules::Need;
use crate::sources::Outer;
use crate::sources::Sources;

use super::collect::{Collected, Gives, SourceGap};
use super::freshness;

/// What the split looks at.
pub(super) struct Inputs<'a> {
    pub(super) needs: &'a [Need],
    pub(super) findings: &'a [Finding],
    pub(super) collected: &'a Collected,
    pub(super) pipelines: &'a Pipelines,
    pub(super) scope: &'a Scope,
    pub(super) reach: &'a Reach,
    pub(super) settings: &'a Settings,
    /// What the jobs in scope read from outer stores.
    pub(super) outer: &'a BTreeSet<Outer>,
    /// What the jobs in scope refer to.
    pub(super) used: &'a [(&'a Reference, Vec<Environment>)],
    /// None of these leads to a slot that a source knows, or knows not to be there.
    pub(super) blind: bool,
    pub(super) sources: &'a Sources,
    /// What of the change could not be compared.
    pub(super) change: &'a [Gap],
}

/// Gaps that decide, and notes by source.
pub(super) struct Split {
    pub(super) deciding: Vec<Gap>,
    pub(super) notes: Vec<(String, String)>,
    pub(super) empty_scope: bool,
}

pub(super) fn split(inputs: &Inputs<'_>) -> Split {
    let mut deciding: BTreeSet<Gap> = BTreeSet::new();
    let mut notes: BTreeSet<(String, String)> = BTreeSet::new();
    let reached = |id: &Id| inputs.reach.slots.contains_key(id) || inputs.reach.credentials.contains_key(id);
    let anything = !inputs.reach.slots.is_empty() || !inputs.reach.credentials.is_empty();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    for need in inputs.needs.iter().filter(|need| reached(&need.subject)) {
        // A waiver of what was found for want of this very fact answers for it.
        let waived = inputs.findings.iter().any(|finding| {
            finding.waived.is_some()
                && finding.subject.id == need.subject
                && matches!(finding.rule.as_str(), "revoked-still-held" | "unverified-closure")
        });
        if waived {
            continue;
        }
        if optional(inputs, &need.subject) {
            notes.insert((need.subject.provider().to_owned(), format!("{}: {}", need.subject, need.reason)));
            continue;
        }
        needed.insert(need.subject.provider());
        deciding.insert(decide::gap(&need.subject, need.lacks, &need.reason));
    }
    for source in &inputs.collected.gaps {
        let gap = &source.gap;
        let about_one = gap.scope.contains(':') && !gap.scope.starts_with("arn:");
        let concerns = match source.gives {
            // Every subject in scope may have a ticket among those that did not come, or a record in the part that did not.
            Gives::Tickets => anything,
            // A gap that came with an inventory is another source's: it decides as it did there.
            Gives::Recorded if travelled(source) => match (gap.lacks == "slots", about_one) {
                (_, true) => reached(&Id::new(gap.scope.clone())) && (gap.lacks == "slots" || !needed.is_empty()),
                (true, false) => reads_from(inputs, &gap.source),
                (false, false) => !needed.is_empty(),
            },
            Gives::Recorded if about_one => reached(&Id::new(gap.scope.clone())),
            Gives::Recorded => anything,
            // A store that did not show its slots may hold what the deploy reads, under a place that goes before the known one: the very
            // thing that a ticket revoked.
            Gives::Issuers if gap.lacks == "slots" && about_one => reached(&Id::new(gap.scope.clone())),
            Gives::Issuers if gap.lacks == "slots" => reads_from(inputs, &source.kind),
            // An issuer's silence decides where a rule missed what it would have said.
            Gives::Issuers if about_one => {
                reached(&Id::new(gap.scope.clone())) && needed.contains(Id::new(gap.scope.clone()).provider())
            }
            Gives::Issuers => needed.contains(source.kind.as_str()),
        };
        if concerns && source.required {
            deciding.insert(gap.clone());
        } else {
            notes.insert((gap.source.clone(), format!("not read: {} of {}: {}", gap.lacks, gap.scope, gap.reason)));
        }
    }
    for export in &inputs.collected.exports {
        let Some(gap) = freshness::stale(export, inputs.settings, inputs.collected.now()) else {
            if export.at.is_none() && export.gives == Gives::Recorded {
                notes.insert((
                    export.about.name.clone(),
                    "it does not say when it was exported; its age is not judged".to_owned(),
                ));
            }
            continue;
        };
        if anything && export.about.required {
            deciding.insert(gap);
        } else {
            notes.insert((gap.source.clone(), gap.reason.clone()));
        }
    }
    pipeline_gaps(inputs, &mut deciding, &mut notes);
    deciding.extend(inputs.change.iter().cloned());
    if !inputs.settings.has_tickets {
        deciding.insert(Gap {
            source: "configuration".to_owned(),
            lacks: "tickets".to_owned(),
            scope: "*".to_owned(),
            reason: "no ticket source is configured: nothing was compared".to_owned(),
        });
    }
    deciding.extend(unresolved(inputs));
    let empty_scope = inputs.scope.jobs.is_empty();
    if empty_scope {
        deciding.insert(Gap {
            source: "pipeline".to_owned(),
            lacks: "jobs".to_owned(),
            scope: match &inputs.scope.kind {
                ScopeKind::Environment(name) => format!("environment {name}"),
                _ => "*".to_owned(),
            },
            reason: "no job is in scope: an empty scope proves nothing".to_owned(),
        });
    }
    Split { deciding: deciding.into_iter().collect(), notes: notes.into_iter().collect(), empty_scope }
}

/// References that nothing could resolve: where the repository's own name is not known, no name of a secret leads to a slot; where no
/// store was asked and no inventory tells of any, nobody knows what the slots hold. That is no pass.
fn unresolved(inputs: &Inputs<'_>) -> Vec<Gap> {
    let gap = |lacks: &str, reason: &str| Gap {
        source: "configuration".to_owned(),
        lacks: lacks.to_owned(),
        scope: "*".to_owned(),
        reason: reason.to_owned(),
    };
    let of_ci = |kind: Kind| matches!(kind, Kind::Secret | Kind::AllSecrets | Kind::Dynamic);
    let of_store =
        |kind: Kind| of_ci(kind) || matches!(kind, Kind::Vault | Kind::AwsSecret | Kind::GcpSecret | Kind::AzureSecret);
    let any = |is: &dyn Fn(Kind) -> bool| inputs.used.iter().any(|(reference, _)| is(reference.kind));
    let mut out = Vec::new();
    if inputs.settings.repository.is_none() && any(&of_ci) {
        out.push(gap(
            "repository",
            "the repository's name is not known, so the secrets that its jobs name lead nowhere: set `repository: owner/name`",
        ));
    }
    let repository = inputs.settings.repository.as_deref();
    if let Some(repository) =
        repository.filter(|_| inputs.blind && inputs.reach.credentials.is_empty() && any(&of_store))
    {
        out.push(gap(
            "slots",
            &format!(
                "no store and no inventory that was read knows any of the slots that the jobs read, nor that they are not there: what \
                 they hold is not known (the repository is {repository})"
            ),
        ));
    }
    out
}

/// Whether the jobs in scope read slots of a store. An inventory tells only the name of the source that left a gap, which is its kind
/// unless the user gave it another one: then it may be any.
fn reads_from(inputs: &Inputs<'_>, kind: &str) -> bool {
    let known = matches!(kind, "github" | "gitlab" | "vault" | "aws");
    let same = |provider: &str| provider == kind || !known && provider != "env";
    inputs.reach.slots.keys().any(|slot| same(slot.provider()))
        || inputs.outer.iter().any(|outer| same(&outer.provider))
}

/// Whether an inventory tells of a gap that another source left when the inventory was made.
fn travelled(gap: &SourceGap) -> bool {
    gap.kind == "file" && gap.gap.lacks != "inventory"
}

/// Whether every source that could tell of a subject is one that the user declared optional.
fn optional(inputs: &Inputs<'_>, subject: &Id) -> bool {
    let provider = subject.provider();
    let own = inputs.sources.issuers.iter().map(|source| source.about()).filter(|about| about.kind == provider);
    let mut own = own.peekable();
    let told = inputs.collected.gaps.iter().any(|gap| gap.kind == provider);
    told && own.peek().is_some() && own.all(|about| !about.required)
}

/// A CI file that could not be read decides where it may belong to the scope.
fn pipeline_gaps(inputs: &Inputs<'_>, deciding: &mut BTreeSet<Gap>, notes: &mut BTreeSet<(String, String)>) {
    let jobs = inputs.pipelines.pipelines.iter().flat_map(|p| &p.jobs);
    let in_scope = jobs.filter(|job| inputs.scope.jobs.contains_key(&job.id()));
    let mut used: BTreeSet<&str> = inputs.scope.files.iter().map(String::as_str).collect();
    for job in in_scope {
        used.extend(job.calls.as_deref());
        used.extend(job.steps.iter().flat_map(|step| &step.actions).map(String::as_str));
    }
    let whole = !matches!(inputs.scope.kind, ScopeKind::Downstream);
    for gap in &inputs.pipelines.gaps {
        if whole || used.contains(gap.file.as_str()) {
            deciding.insert(Gap {
                source: "pipeline".to_owned(),
                lacks: "references".to_owned(),
                scope: gap.file.clone(),
                reason: gap.reason.clone(),
            });
        } else {
            notes.insert(("pipeline".to_owned(), format!("not read: {}: {}", gap.file, gap.reason)));
        }
    }
}
