//! `overdue-revocation`: open past its due date or the limit, and the credential is live. What the rule means to people stands in `overdue_revocation.md`.

use crate::model::expectation::Content;
use crate::model::report::Severity;

use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "overdue-revocation",
    title: "a revocation or rotation is open past its limit",
    severity: Severity::High,
    doc: include_str!("overdue_revocation.md"),
    standards: &["OWASP NHI1:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "SOC 2 CC6.3", "NIST SP 800-53 r5 AC-2"],
    implies: &["unticketed-credential"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected().chain(case.slots_expected()) {
        for (deadline, what) in [(&expected.revoke_by, "revocation"), (&expected.rotate_by, "rotation")] {
            let Some(deadline) = deadline.as_ref().filter(|deadline| deadline.at < case.now) else { continue };
            let Some(ticket) = case.cite(&deadline.basis) else { continue };
            // A slot stands for what it holds; a credential that its own ticket names speaks for itself.
            let holds = case.slot(id).and_then(|slot| slot.holds.as_ref());
            let subject = holds.unwrap_or(id);
            if deadline.content == Content::Unknown {
                if !matches!(case.truth(subject), Truth::Dead(_)) {
                    sink.need(id, "change-time", "nothing tells whether the slot still holds the value of then");
                }
                continue;
            }
            if holds.is_some() && what == "revocation" {
                continue;
            }
            match case.truth(subject) {
                Truth::Live(actual) => {
                    let draft = Draft::new(
                        sink.rule,
                        case.subject(subject),
                        ticket,
                        format!(
                            "Finish {} now, or have its due date moved by somebody who may.",
                            case.ticket_id(&deadline.basis)
                        ),
                    )
                    .because(case.slot(id).map(cite::slot))
                    .because(case.credential(subject).map(cite::liveness).unwrap_or_default())
                    .because(cite::distrusted(case, expected))
                    .expected(format!("{what} by {} ({}, open)", deadline.at, case.ticket_id(&deadline.basis)))
                    .actual(actual)
                    .since(deadline.at)
                    .tickets([case.ticket_id(&deadline.basis)]);
                    sink.fire(draft);
                }
                Truth::Dead(_) => {}
                Truth::Unknown(reason) => sink.need(subject, "liveness", reason),
            }
        }
    }
}
