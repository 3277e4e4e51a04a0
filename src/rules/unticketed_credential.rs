//! `unticketed-credential`: live, reachable, and nobody asked for it. What the rule means to people stands in `unticketed_credential.md`.

use crate::model::report::Severity;

use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "unticketed-credential",
    title: "live and reachable, with neither a ticket nor a catalogue entry",
    severity: Severity::Medium,
    doc: include_str!("unticketed_credential.md"),
    standards: &["NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "NIST SP 800-53 r5 AC-2"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    if !case.settings.has_tickets && !case.settings.has_catalog {
        return;
    }
    for id in case.reach.credentials.keys() {
        let through =
            case.holders(id).iter().any(|slot| case.expected.get(&slot.id).is_some_and(|e| !e.tickets.is_empty()));
        let spoken_of = through || case.expected.get(id).is_some_and(|expected| !expected.tickets.is_empty());
        let Some(credential) = case.credential(id) else { continue };
        if spoken_of || !case.recorded(credential).is_empty() {
            continue;
        }
        match case.truth(id) {
            Truth::Live(actual) => {
                let mut facts = cite::liveness(credential).into_iter();
                let Some(first) = facts.next() else { continue };
                let remedy = format!("Have {id} approved by a ticket and recorded in the catalogue, or revoke it.");
                let draft = Draft::new(sink.rule, case.subject(id), first, remedy)
                    .because(facts)
                    .because(case.holders(id).iter().map(|slot| cite::slot(slot)))
                    .expected("a ticket or a catalogue entry")
                    .actual(actual);
                sink.fire(draft);
            }
            Truth::Dead(_) => {}
            Truth::Unknown(reason) => sink.need(id, "liveness", reason),
        }
    }
}
