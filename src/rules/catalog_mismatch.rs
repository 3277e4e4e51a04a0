//! `catalog-mismatch`: the entitlement catalogue says otherwise than the live state. What the rule means to people stands in `catalog_mismatch.md`.

use crate::model::catalog::Entry;
use crate::model::inventory::{Credential, Level};
use crate::model::report::Severity;

use super::grants::{place_of, same_environment, same_resource};
use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "catalog-mismatch",
    title: "the catalogue and the live state disagree",
    severity: Severity::Medium,
    doc: include_str!("catalog_mismatch.md"),
    standards: &["NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "ISO 27001:2022 A.5.18", "NIST SP 800-53 r5 AC-2"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for credential in &case.inventory.credentials {
        let rows = case.recorded(credential);
        for row in rows.iter().copied() {
            let by_owner = !speaks_of_itself(case, row, credential);
            let Some((actual, facts)) = disagrees(case, row, credential, by_owner, &rows) else { continue };
            let mut recorded = cite::entry(row).quote;
            recorded.push_str(&format!(" ({})", row.locator));
            let draft = Draft::new(
                sink.rule,
                case.subject(&credential.id),
                cite::entry(row),
                format!("Correct the catalogue's row at {}, or the access itself.", row.locator),
            )
            .because(facts)
            .recorded(recorded)
            .actual(actual)
            .tickets(row.ticket.as_deref());
            sink.fire(draft);
            // One row that disagrees is enough: the others of the same credential are told with it.
            break;
        }
    }
}

fn speaks_of_itself(case: &Case<'_>, row: &Entry, credential: &Credential) -> bool {
    row.identity == credential.id.as_str()
        || credential.name.iter().chain(&credential.aliases).any(|name| case.settings.same_party(name, &row.identity))
}

/// How a row disagrees with the truth; none where it agrees or nothing can be compared.
fn disagrees(
    case: &Case<'_>,
    row: &Entry,
    credential: &Credential,
    by_owner: bool,
    rows: &[&Entry],
) -> Option<(String, Vec<crate::model::report::Evidence>)> {
    let facts = cite::liveness(credential);
    match case.truth(&credential.id) {
        Truth::Dead(actual) => {
            // A person's row speaks of all that is theirs: that one of it is dead is no disagreement.
            let ended = row.until.is_some_and(|until| until <= case.now);
            return (!by_owner && !ended && row.level != Some(Level::None)).then_some((actual, facts));
        }
        Truth::Unknown(_) => return None,
        Truth::Live(actual) => {
            if let Some(until) = row.until.filter(|until| *until <= case.now) {
                let renewed = rows
                    .iter()
                    .any(|other| other.until.is_none_or(|later| later > case.now) && same_row_place(row, other));
                return (!renewed && place_of(row, credential)).then(|| (format!("{actual} after {until}"), facts));
            }
        }
    }
    let recorded = row.level?;
    // The grants that the row speaks of; a row that names no place speaks of all.
    let meant = credential.grants.iter().filter(|grant| {
        let environment = grant.environment.as_ref().or(credential.environment.as_ref());
        row.environment.as_ref().zip(environment).is_none_or(|(a, b)| same_environment(a, b))
            && row.tenant.as_ref().zip(grant.tenant.as_ref()).is_none_or(|(a, b)| a.eq_ignore_ascii_case(b))
            && row.resource.as_ref().zip(grant.resource.as_ref()).is_none_or(|(a, b)| same_resource(a, b))
    });
    let highest = meant.filter(|grant| grant.level.is_some()).max_by_key(|grant| grant.level)?;
    let level = highest.level?;
    // Several rows of one place add up: the highest of them is what is recorded.
    let best = rows
        .iter()
        .filter(|other| same_row_place(row, other))
        .filter_map(|other| other.level)
        .max()
        .unwrap_or(recorded);
    (level != best).then(|| (cite::describe(highest), vec![cite::grant(credential, highest)]))
}

fn same_row_place(a: &Entry, b: &Entry) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => true,
        _ => false,
    };
    same(&a.environment, &b.environment) && same(&a.tenant, &b.tenant) && same(&a.resource, &b.resource)
}
