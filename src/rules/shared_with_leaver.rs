//! `shared-with-leaver`: a leaver could read it, and its value is from before. What the rule means to people stands in `shared_with_leaver.md`.

use crate::model::report::Severity;
use crate::model::time::{SKEW, earlier};

use super::case::{changed_at, differs_since};
use super::{Case, Draft, Rule, Sink, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "shared-with-leaver",
    title: "somebody who left could read the slot, and it was not rotated since",
    severity: Severity::Medium,
    doc: include_str!("shared_with_leaver.md"),
    standards: &["OWASP NHI1:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "NIST SP 800-53 r5 PS-4"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.slots_expected() {
        let Some(gone) =
            expected.readers_gone.iter().filter(|gone| gone.since <= case.now).max_by_key(|gone| gone.since)
        else {
            continue;
        };
        let (Some(slot), Some(ticket)) = (case.slot(id), case.cite(&gone.basis)) else { continue };
        let stated = slot.holds.as_ref().is_some_and(|held| case.is_stated(slot, held));
        let differs = differs_since(slot, gone.since, stated);
        if differs == Some(true) {
            continue;
        }
        let Some(changed) = changed_at(slot) else {
            sink.need(id, "change-time", "its store does not tell when the value was written");
            continue;
        };
        if changed > earlier(gone.since, SKEW) && differs.is_none() {
            continue;
        }
        let draft =
            Draft::new(sink.rule, case.subject(id), ticket, format!("Rotate {id}: {} could read its value.", gone.who))
                .because([cite::slot(slot)])
                .because(cite::distrusted(case, expected))
                .expected(format!(
                    "a value made after {}: {} left ({})",
                    gone.since,
                    gone.who,
                    case.ticket_id(&gone.basis)
                ))
                .actual(format!("last written {changed}"))
                .since(gone.since)
                .tickets([case.ticket_id(&gone.basis)]);
        sink.fire(draft);
    }
}
