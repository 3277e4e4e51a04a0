//! `leaver-owns-credential`: an offboarded owner, and the credential is live. What the rule means to people stands in `leaver_owns_credential.md`.

use crate::model::report::Severity;

use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "leaver-owns-credential",
    title: "somebody who left still owns a live credential",
    severity: Severity::High,
    doc: include_str!("leaver_owns_credential.md"),
    standards: &[
        "OWASP NHI1:2025",
        "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)",
        "NIST SP 800-53 r5 PS-4",
        "PCI DSS 4.0.1 8.2.5",
    ],
    implies: &["unticketed-credential", "catalog-mismatch", "overdue-revocation"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let Some(gone) = expected.owner_gone.as_ref().filter(|gone| gone.since <= case.now) else { continue };
        let (Some(credential), Some(ticket)) = (case.credential(id), case.cite(&gone.basis)) else { continue };
        // A new owner took it over.
        let inherited = credential.owner.as_ref().is_some_and(|owner| {
            let leaver = case.ticket(&gone.basis).map(|t| t.subject_names.as_slice()).unwrap_or_default();
            !case.settings.same_party(owner, &gone.who)
                && !leaver.iter().any(|name| case.settings.same_party(owner, name))
        });
        if inherited {
            continue;
        }
        match case.truth_since(id, gone.since) {
            Truth::Live(actual) => {
                let remedy = format!("Revoke {id}, or hand it over to an owner who is there and rotate it.");
                let draft = Draft::new(sink.rule, case.subject(id), ticket, remedy)
                    .because(cite::liveness(credential))
                    .because(cite::distrusted(case, expected))
                    .expected(format!(
                        "dead or with a new owner since {}: {} left ({})",
                        gone.since,
                        gone.who,
                        case.ticket_id(&gone.basis)
                    ))
                    .actual(format!("owned by {}; {actual}", credential.owner.as_deref().unwrap_or(&gone.who)))
                    .since(gone.since)
                    .tickets([case.ticket_id(&gone.basis)]);
                sink.fire(draft);
            }
            Truth::Dead(_) => {}
            Truth::Unknown(reason) => sink.need(id, "liveness", reason),
        }
    }
}
