//! `revoked-still-held`: expected dead, nothing tells whether it is, and the slot still holds the value from before. What the rule means to people stands in `revoked_still_held.md`.

use crate::model::expectation::Content;
use crate::model::report::Severity;

use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "revoked-still-held",
    title: "revoked, liveness unknown, and a slot still holds it",
    severity: Severity::High,
    doc: include_str!("revoked_still_held.md"),
    standards: &["OWASP NHI1:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)"],
    implies: &["unverified-closure", "leaver-owns-credential", "overdue-revocation"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let Some(death) = expected.dead.as_ref().filter(|death| death.since <= case.now) else { continue };
        let Truth::Unknown(actual) = case.truth_since(id, death.since) else { continue };
        let held = case.still_held(id, death.since);
        let (Some(slot), Some(ticket)) = (held.first(), case.cite(&death.basis)) else { continue };
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            ticket,
            format!("Prove that {id} is dead (its issuer's record, or a probe), or take it out of {}.", slot.id),
        )
        .because(held.iter().map(|slot| cite::slot(slot)))
        .because(case.credential(id).map(cite::liveness).unwrap_or_default())
        .because(cite::distrusted(case, expected))
        .expected(format!("dead since {} ({})", death.since, case.ticket_id(&death.basis)))
        .actual(format!("liveness {}; {} still holds it", actual.trim_start_matches("liveness "), slot.id))
        .since(death.since)
        .tickets([case.ticket_id(&death.basis)]);
        sink.fire(draft);
    }
    for (id, expected) in case.slots_expected() {
        let Some(death) = expected.dead.as_ref().filter(|death| death.since <= case.now) else { continue };
        let Some(slot) = case.slot(id).filter(|slot| expected.content == Some(Content::Same) && slot.holds.is_none())
        else {
            continue;
        };
        let Some(ticket) = case.cite(&death.basis) else { continue };
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            ticket,
            format!(
                "Empty or refill {id}, and revoke what it held at its issuer: nothing tells whether that still works."
            ),
        )
        .because([cite::slot(slot)])
        .because(cite::distrusted(case, expected))
        .expected(format!("its value dead since {} ({})", death.since, case.ticket_id(&death.basis)))
        .actual("still holds the value from before the ticket; whether that works is unknown")
        .since(death.since)
        .tickets([case.ticket_id(&death.basis)]);
        sink.fire(draft);
    }
}
