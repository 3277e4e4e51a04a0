//! `stale-copy`: one slot was rotated, and another holds the credential that was replaced. What the rule means to people stands in `stale_copy.md`.

use crate::model::inventory::Slot;
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
        let current = rotated.fingerprint.as_ref();
        // The values that the slot held before, by fingerprint.
        let old: Vec<_> = rotated
            .versions
            .iter()
            .filter(|version| version.at.is_some_and(|at| at < rotation.threshold))
            .filter_map(|version| version.fingerprint.as_ref())
            .filter(|fingerprint| Some(*fingerprint) != current)
            .collect();
        let copies: Vec<&Slot> = case
            .inventory
            .slots
            .iter()
            .filter(|slot| slot.id != *id && slot.id.provider() != "env")
            .filter(|slot| {
                let by_id = slot.holds.as_ref().is_some_and(|held| rotation.replaced.contains(held));
                let by_value = slot.fingerprint.as_ref().is_some_and(|fingerprint| old.contains(&fingerprint));
                // Where only an id tells, a later write of the copy is a refill.
                by_value || by_id
            })
            .collect();
        for copy in copies {
            let draft = Draft::new(
                sink.rule,
                case.subject(&copy.id),
                ticket.clone(),
                format!("Write the new value into {} as well, or remove it.", copy.id),
            )
            .because([cite::slot(rotated), cite::slot(copy)])
            .because(cite::distrusted(case, &expected.tickets))
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
