//! `excess-grant`: live access exceeds what the tickets approved. What the rule means to people stands in `excess_grant.md`.

use crate::model::expectation::Expected;
use crate::model::inventory::{Credential, Grant};
use crate::model::report::Severity;

use super::grants::{allows, catalog_gives, excess_words, in_force, in_place};
use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "excess-grant",
    title: "it can do more than its ticket approved",
    severity: Severity::High,
    doc: include_str!("excess_grant.md"),
    standards: &[
        "OWASP NHI5:2025",
        "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)",
        "NIST SP 800-53 r5 AC-2",
        "ISO 27001:2022 A.5.18",
    ],
    implies: &["catalog-mismatch"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let stated = expected.approved.iter().filter(|approval| excess_words(&approval.access).is_some());
        let Some(latest) = stated.max_by_key(|approval| approval.from) else { continue };
        let (Some(credential), Some(ticket)) = (case.credential(id), case.cite(&latest.basis)) else { continue };
        let allowed = || {
            let running = expected.elevated.iter().filter(|approval| {
                // An elevation that ended is `elevation-outlived`'s.
                approval.from <= case.now
            });
            expected.approved.iter().chain(running)
        };
        let extra: Vec<&Grant> = credential
            .grants
            .iter()
            .filter(|grant| in_force(grant, case.now))
            .filter(|grant| !allowed().any(|approval| allows(&approval.access, grant, credential)))
            .filter(|grant| !stood_before(case, expected, credential, grant))
            .collect();
        let Some(first) = extra.first() else {
            if credential.grants.is_empty() && !case.tells_grants(id) && case.is_live(id) {
                sink.need(id, "grants", "nothing tells what it may do");
            }
            continue;
        };
        let actual = match case.truth_since(id, latest.from) {
            Truth::Live(actual) => actual,
            Truth::Dead(_) => continue,
            Truth::Unknown(reason) => {
                sink.need(id, "liveness", reason);
                continue;
            }
        };
        let approved = excess_words(&latest.access).unwrap_or_default();
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            ticket,
            format!("Reduce {id} to what was approved ({approved}), or have the rest approved by a ticket."),
        )
        .because(extra.iter().map(|grant| cite::grant(credential, grant)))
        .because(cite::liveness(credential))
        .because(cite::distrusted(case, expected))
        .expected(format!("{approved} ({})", case.ticket_id(&latest.basis)))
        .actual(format!("{}; {actual}", cite::describe(first)))
        .since(latest.from)
        .tickets([case.ticket_id(&latest.basis)]);
        sink.fire(draft);
    }
}

/// A standing row of the catalogue gives it, elsewhere than the tickets speak: they add to what there was, and say nothing of it.
fn stood_before(case: &Case<'_>, expected: &Expected, credential: &Credential, grant: &Grant) -> bool {
    expected.approved.iter().all(|approval| {
        !in_place(&approval.access, grant, credential)
            && catalog_gives(case, credential, grant, &approval.access, case.ticket_id(&approval.basis))
    })
}
