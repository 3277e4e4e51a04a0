//! `revoked-but-live`: expected dead by a revocation, and the issuer or a probe says live. What the rule means to people stands in `revoked_but_live.md`.

use crate::model::expectation::Cause;
use crate::model::report::Severity;

use super::{Case, Draft, Proof, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "revoked-but-live",
    title: "a ticket revoked it, and it still authenticates",
    severity: Severity::Critical,
    doc: include_str!("revoked_but_live.md"),
    standards: &[
        "OWASP NHI1:2025",
        "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)",
        "NIST SP 800-53 r5 AC-2",
        "PCI DSS 4.0.1 8.2.5",
        "SOC 2 CC6.3",
    ],
    implies: &[
        "used-after-revocation",
        "leaver-owns-credential",
        "revoked-still-held",
        "overdue-revocation",
        "unticketed-credential",
        "catalog-mismatch",
        "unverified-closure",
        "old-value-live",
        "excess-grant",
    ],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let Some(death) =
            expected.dead.as_ref().filter(|death| death.cause == Cause::Revoked && death.since <= case.now)
        else {
            continue;
        };
        let Some(ticket) = case.cite(&death.basis) else { continue };
        let promised = format!("revoked since {} ({})", death.since, case.ticket_id(&death.basis));
        let facts = case.credential(id).map(cite::liveness).unwrap_or_default();
        match case.truth_since(id, death.since) {
            Truth::Live(actual) => {
                let held = case.holders(id).iter().map(|slot| cite::slot(slot));
                let draft = Draft::new(sink.rule, case.subject(id), ticket, remedy(id.as_str()))
                    .because(facts)
                    .because(held)
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
                evidence: std::iter::once(ticket).chain(facts).collect(),
            }),
            Truth::Unknown(reason) => {
                if !case.still_held(id, death.since).is_empty() || case.reach.has(id) {
                    sink.need(id, "liveness", reason);
                }
            }
        }
    }
}

fn remedy(id: &str) -> String {
    format!(
        "Revoke {id} at its issuer (deleting the stored copy is not enough), put a new credential where the deploy needs one, \
         and run the gate again."
    )
}
