//! `rotation-not-applied`: the slot is expected to hold a value made after the ticket, and does not. What the rule means to people stands in `rotation_not_applied.md`.

use crate::model::Id;
use crate::model::expectation::Rotation;
use crate::model::inventory::Slot;
use crate::model::report::Severity;

use super::case::{changed_at, differs_since};
use super::{Case, Draft, Proof, Rule, Sink, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "rotation-not-applied",
    title: "a rotation is done, and the slot still holds the old value",
    severity: Severity::High,
    doc: include_str!("rotation_not_applied.md"),
    standards: &["OWASP NHI7:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "PCI DSS 4.0.1 8.6.3"],
    implies: &["overdue-revocation", "dead-reference"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.slots_expected() {
        let Some(rotation) = &expected.rotated else { continue };
        let Some(ticket) = case.cite(&rotation.basis) else { continue };
        let Some(slot) = case.slot(id) else {
            sink.need(id, "change-time", "no source knows the slot");
            continue;
        };
        let promised = format!("a value made after {} ({})", rotation.threshold, case.ticket_id(&rotation.basis));
        match applied(case, slot, rotation) {
            None => sink.need(id, "change-time", "its store does not tell when the value was written"),
            Some(Applied::Yes(actual)) => sink.prove(Proof {
                subject: case.subject(id),
                expected: promised,
                actual,
                tickets: vec![case.ticket_id(&rotation.basis).to_owned()],
                evidence: vec![ticket, cite::slot(slot)],
            }),
            Some(Applied::No(actual)) => {
                let draft = Draft::new(
                    sink.rule,
                    case.subject(id),
                    ticket,
                    format!("Write the new value into {id}, or reopen {}.", case.ticket_id(&rotation.basis)),
                )
                .because([cite::slot(slot)])
                .about(&slot.holds)
                .because(cite::distrusted(case, expected))
                .expected(promised)
                .actual(actual)
                .since(rotation.closed_at)
                .tickets([case.ticket_id(&rotation.basis)]);
                sink.fire(draft);
            }
        }
    }
}

enum Applied {
    Yes(String),
    No(String),
}

fn applied(case: &Case<'_>, slot: &Slot, rotation: &Rotation) -> Option<Applied> {
    // What is known of the content outranks the time of the last write: the same value may have been written again.
    let stated = slot.holds.as_ref().is_some_and(|held| case.is_stated(slot, held));
    let differs = differs_since(slot, rotation.threshold, stated);
    if differs == Some(false) {
        return Some(Applied::No("holds the same value as before, by fingerprint or version history".to_owned()));
    }
    if differs == Some(true) {
        return Some(Applied::Yes("holds another value than before, by fingerprint or version history".to_owned()));
    }
    let old = |id: &&Id| rotation.replaced.contains(id);
    if let Some(old) = slot.holds.as_ref().filter(old)
        && case.still_held(old, rotation.threshold).iter().any(|other| other.id == slot.id)
    {
        return Some(Applied::No(format!("still holds {old}, which it was to replace")));
    }
    if let Some(at) = changed_at(slot) {
        let text = format!("last written {at}");
        return Some(if at < rotation.threshold { Applied::No(text) } else { Applied::Yes(text) });
    }
    // A credential made after the ticket cannot be the old one.
    let made = slot.holds.as_ref().and_then(|id| case.credential(id)).and_then(|credential| credential.created_at)?;
    (made >= rotation.threshold).then(|| Applied::Yes(format!("holds a credential made {made}")))
}
