//! `stale-copy`: one slot was rotated, and another holds the credential that was replaced. What the rule means to people stands in `stale_copy.md`.

use crate::model::Id;
use crate::model::expectation::Rotation;
use crate::model::inventory::{RotationKind, Slot};
use crate::model::report::Severity;

use super::{Case, Draft, Rule, Sink, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "stale-copy",
    title: "another slot still holds the credential that was rotated",
    severity: Severity::High,
    doc: include_str!("stale_copy.md"),
    standards: &["OWASP NHI9:2025", "OWASP NHI7:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)"],
    implies: &["revoked-still-held", "dead-reference"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.slots_expected() {
        let Some(rotation) = expected.rotated.as_ref().filter(|rotation| rotation.dead_from <= case.now) else {
            continue;
        };
        let (Some(rotated), Some(ticket)) = (case.slot(id), case.cite(&rotation.basis)) else { continue };
        for copy in copies(case, rotated, rotation) {
            let draft = Draft::new(
                sink.rule,
                case.subject(&copy.id),
                ticket.clone(),
                format!("Write the new value into {} as well, or remove it.", copy.id),
            )
            .because([cite::slot(rotated), cite::slot(copy)])
            .about(&copy.holds)
            .because(cite::distrusted(case, expected))
            .expected(format!(
                "the value that {id} held before {} ({}) is gone everywhere",
                rotation.threshold,
                case.ticket_id(&rotation.basis)
            ))
            .actual(format!("{} still holds it", copy.id))
            .since(rotation.dead_from)
            .tickets([case.ticket_id(&rotation.basis)]);
            sink.fire(draft);
        }
    }
}

/// The other slots that hold what the rotation replaced.
fn copies<'a>(case: &Case<'a>, rotated: &Slot, rotation: &Rotation) -> Vec<&'a Slot> {
    let current = rotated.fingerprint.as_ref();
    // Approved again, or meant to be alive: not replaced any more.
    let dead = |id: &&Id| {
        case.expected.get(id).and_then(|e| e.dead.as_ref()).is_some_and(|dead| dead.since <= case.now)
            && rotated.holds.as_ref() != Some(*id)
    };
    // A join that only the configuration states does not survive a later write of the copy.
    let mut found: Vec<&Slot> =
        rotation.replaced.iter().filter(dead).flat_map(|id| case.still_held(id, rotation.threshold)).collect();
    found.retain(|copy| copy.fingerprint.is_none() || copy.fingerprint.as_ref() != current);
    // The values that the slot held before, by fingerprint; an alternating store keeps them alive on purpose.
    if rotated.rotation != Some(RotationKind::Alternating) {
        let before = rotated.versions.iter().filter(|version| version.at.is_some_and(|at| at < rotation.threshold));
        let old = before.filter_map(|version| version.fingerprint.as_ref()).filter(|value| Some(*value) != current);
        found.extend(old.flat_map(|value| case.with_value(value).iter().copied()));
    }
    found.retain(|copy| copy.id != rotated.id && copy.id.provider() != "env");
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    found
}
