//! `old-value-live`: expected dead as the replaced value of a rotation past its overlap, and live. What the rule means to people stands in `old_value_live.md`.

use crate::model::expectation::Cause;
use crate::model::report::Severity;

use super::{Case, Draft, Proof, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "old-value-live",
    title: "the credential that a rotation replaced is still live",
    severity: Severity::Critical,
    doc: include_str!("old_value_live.md"),
    standards: &[
        "OWASP NHI7:2025",
        "OWASP NHI1:2025",
        "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)",
        "PCI DSS 4.0.1 8.6.3",
    ],
    implies: &[
        "revoked-still-held",
        "unticketed-credential",
        "catalog-mismatch",
        "unverified-closure",
        "overdue-revocation",
    ],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let Some(death) =
            expected.dead.as_ref().filter(|death| death.cause == Cause::Replaced && death.since <= case.now)
        else {
            continue;
        };
        let Some(ticket) = case.cite(&death.basis) else { continue };
        let promised =
            format!("replaced, and dead since {} ({}, overlap included)", death.since, case.ticket_id(&death.basis));
        let facts = case.credential(id).map(cite::liveness).unwrap_or_default();
        let rotated = death.through.as_ref().and_then(|slot| case.slot(slot)).map(cite::slot);
        match case.truth_since(id, death.since) {
            Truth::Live(actual) => {
                let remedy = format!(
                    "Revoke the replaced credential {id} at its issuer: its slot was rotated, the old value was not ended."
                );
                let draft = Draft::new(sink.rule, case.subject(id), ticket, remedy)
                    .because(rotated)
                    .because(facts)
                    .because(cite::distrusted(case, expected))
                    .expected(promised)
                    .actual(actual)
                    .since(death.since)
                    .tickets([case.ticket_id(&death.basis)]);
                sink.fire(draft);
            }
            Truth::Dead(actual) => sink.prove(Proof {
                subject: case.subject(id),
                expected: promised,
                actual,
                tickets: vec![case.ticket_id(&death.basis).to_owned()],
                evidence: std::iter::once(ticket).chain(rotated).chain(facts).collect(),
            }),
            Truth::Unknown(reason) => sink.need(id, "liveness", reason),
        }
    }
}
