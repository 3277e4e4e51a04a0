//! `elevation-outlived`: the window has passed, and the holder still has the grant with no other reason for it. What the rule means to people stands in `elevation_outlived.md`.

use crate::model::expectation::{Approval, Expected};
use crate::model::inventory::{Credential, Grant, Level};
use crate::model::report::Severity;

use super::grants::{catalog_gives, covers, in_place};
use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "elevation-outlived",
    title: "a temporary grant outlived its window",
    severity: Severity::Critical,
    doc: include_str!("elevation_outlived.md"),
    standards: &["OWASP NHI5:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "NIST SP 800-53 r5 AC-2"],
    implies: &["excess-grant", "catalog-mismatch", "unticketed-credential"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        for elevation in &expected.elevated {
            let Some(until) = elevation.until.filter(|until| *until <= case.now) else { continue };
            let Some(ticket) = case.cite(&elevation.basis) else { continue };
            let Some(credential) = case.credential(id) else {
                sink.need(id, "grants", "no source knows it");
                continue;
            };
            match case.truth(id) {
                Truth::Dead(_) => continue,
                Truth::Unknown(reason) if credential.grants.is_empty() => {
                    sink.need(id, "liveness", reason);
                    continue;
                }
                Truth::Live(_) | Truth::Unknown(_) => {}
            }
            let Some(fact) = outlived(case, credential, expected, elevation) else { continue };
            let until_text = format!("{} until {until} ({})", stated(elevation), case.ticket_id(&elevation.basis));
            let remedy = match fact {
                Outlived::Grant(grant) => {
                    format!("Take {} away from {id}: its window ended {until}.", cite::describe(grant))
                }
                Outlived::Whole => format!("Revoke {id}: it was made for a window that ended {until}."),
            };
            let (evidence, actual) = match fact {
                Outlived::Grant(grant) => {
                    (vec![cite::grant(credential, grant)], format!("still has {}", cite::describe(grant)))
                }
                Outlived::Whole => (cite::liveness(credential), "still there".to_owned()),
            };
            let draft = Draft::new(sink.rule, case.subject(id), ticket, remedy)
                .because(evidence)
                .because(cite::liveness(credential))
                .because(cite::distrusted(case, &expected.tickets))
                .expected(until_text)
                .actual(actual)
                .since(until)
                .tickets([case.ticket_id(&elevation.basis)]);
            sink.fire(draft);
        }
    }
}

enum Outlived<'g> {
    Grant(&'g Grant),
    /// The credential was made for the window.
    Whole,
}

fn outlived<'g>(
    case: &Case<'_>,
    credential: &'g Credential,
    expected: &Expected,
    elevation: &Approval,
) -> Option<Outlived<'g>> {
    // The same access for another reason: another ticket, an elevation that still runs, a standing row of the catalogue.
    let otherwise = |grant: &Grant| {
        expected.approved.iter().any(|other| covers(&other.access, grant))
            || expected.elevated.iter().any(|other| {
                other.until.is_none_or(|until| until > case.now)
                    && other.from <= case.now
                    && covers(&other.access, grant)
            })
            || catalog_gives(case, credential, grant, case.ticket_id(&elevation.basis))
    };
    let level = elevation.access.level?;
    let lingering = credential.grants.iter().find(|grant| {
        grant.level >= Some(level.max(Level::Read))
            && grant.until.is_none_or(|until| until > case.now)
            && in_place(&elevation.access, grant, &credential.grants)
            && !otherwise(grant)
    });
    if let Some(grant) = lingering {
        return Some(Outlived::Grant(grant));
    }
    let made_for_it = credential.created_at.is_some_and(|at| at >= elevation.from) && credential.grants.is_empty();
    (made_for_it && expected.approved.is_empty()).then_some(Outlived::Whole)
}

fn stated(elevation: &Approval) -> String {
    let level = elevation.access.level.as_ref().map_or_else(|| "access".to_owned(), cite::word);
    if elevation.access.environments.is_empty() {
        level
    } else {
        format!("{level} on {}", elevation.access.environments.join(", "))
    }
}
