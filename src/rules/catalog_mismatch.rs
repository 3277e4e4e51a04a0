//! `catalog-mismatch`: the entitlement catalogue says otherwise than the live state. What the rule means to people stands in `catalog_mismatch.md`.

use crate::model::catalog::Entry;
use crate::model::inventory::{Credential, Grant, Level};
use crate::model::report::{Evidence, Severity};
use crate::model::ticket::Access;

use super::grants::{
    access_of, environment_of, gives, in_force, same_environment, same_tenant, stands, tenant_of, within,
};
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
        let itself = case.recorded_itself(credential);
        let found = rows.iter().copied().find_map(|row| {
            let by_owner = !itself.contains(&row);
            let of = Row { row, by_owner, alone: !by_owner && !shared(case, row, credential) };
            disagrees(case, &of, credential, &rows).map(|why| (row, why))
        });
        // One row that disagrees is enough: the others of the same credential are told with it.
        let Some((row, (actual, facts))) = found.or_else(|| unrecorded(case, credential, &itself, &rows)) else {
            continue;
        };
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
    }
}

/// A row, and how it speaks of a credential.
struct Row<'a> {
    row: &'a Entry,
    /// By the owner's name only: then it speaks of everything that is theirs.
    by_owner: bool,
    /// It speaks of this credential and of no other that may live: not of an identity that has two keys.
    alone: bool,
}

type Why = (String, Vec<Evidence>);

/// Whether the row's identity has another credential that is not dead.
fn shared(case: &Case<'_>, row: &Entry, credential: &Credential) -> bool {
    row.identity != credential.id.as_str()
        && case
            .named(&row.identity)
            .iter()
            .any(|other| other.id != credential.id && !matches!(case.truth(&other.id), Truth::Dead(_)))
}

/// How a row disagrees with the truth; none where it agrees or nothing can be compared.
fn disagrees(case: &Case<'_>, of: &Row<'_>, credential: &Credential, rows: &[&Entry]) -> Option<Why> {
    let row = of.row;
    let facts = cite::liveness(credential);
    let actual = match case.truth(&credential.id) {
        // A row of a person, or of an identity with another key, is true without this credential.
        Truth::Dead(actual) => {
            return (of.alone && stands(row, case.now) && row.level != Some(Level::None)).then_some((actual, facts));
        }
        Truth::Unknown(_) => return None,
        Truth::Live(actual) => actual,
    };
    let standing: Vec<Access> = rows.iter().filter(|row| stands(row, case.now)).map(|row| access_of(row)).collect();
    let mut meant = credential.grants.iter().filter(|grant| in_force(grant, case.now) && meets(row, grant, credential));
    if let Some(until) = row.until.filter(|until| *until <= case.now) {
        // What it recorded shall be gone: the access, or, where no grants are known, the credential itself.
        let lingering = meant.find(|grant| {
            (row.level.is_none() || grant.level >= row.level)
                && !standing.iter().any(|other| gives(other, grant, credential, None))
        });
        if let Some(grant) = lingering {
            return Some((format!("{} after {until}", cite::describe(grant)), vec![cite::grant(credential, grant)]));
        }
        let whole = credential.grants.is_empty() && standing.is_empty() && !of.by_owner && place_of(row, credential);
        return whole.then(|| (format!("{actual} after {until}"), facts));
    }
    let recorded = row.level?;
    if recorded == Level::None && credential.grants.is_empty() && of.alone && standing.len() == 1 {
        let everywhere = row.environment.is_none() && row.tenant.is_none() && row.resource.is_none();
        return everywhere.then_some((actual, facts));
    }
    let highest = meant.filter(|grant| grant.level.is_some()).max_by_key(|grant| grant.level)?;
    // Several rows of one place add up.
    let given = recorded >= highest.level? || standing.iter().any(|other| gives(other, highest, credential, None));
    // Less than recorded is a disagreement only where no other credential has the rest.
    let less = highest.level? < recorded && of.alone;
    (!given || less).then(|| (cite::describe(highest), vec![cite::grant(credential, highest)]))
}

/// A grant of which no row speaks, of a credential whose rows do speak of other grants.
fn unrecorded<'a>(
    case: &Case<'_>,
    credential: &Credential,
    itself: &[&'a Entry],
    rows: &[&'a Entry],
) -> Option<(&'a Entry, Why)> {
    if !case.is_live(&credential.id) {
        return None;
    }
    let spoken_of = |grant: &&Grant| itself.iter().find(|row| stands(row, case.now) && meets(row, grant, credential));
    let (known, others): (Vec<&Grant>, Vec<&Grant>) =
        credential.grants.iter().filter(|grant| in_force(grant, case.now)).partition(|g| spoken_of(g).is_some());
    let row = known.iter().find_map(spoken_of)?;
    let other = others
        .into_iter()
        .find(|grant| !rows.iter().any(|row| stands(row, case.now) && meets(row, grant, credential)))?;
    Some((row, (format!("also {}", cite::describe(other)), vec![cite::grant(credential, other)])))
}

/// Whether a row speaks of a grant: what either leaves open meets everything.
fn meets(row: &Entry, grant: &Grant, credential: &Credential) -> bool {
    let both =
        |a: Option<&String>, b: Option<&String>, same: fn(&str, &str) -> bool| a.zip(b).is_none_or(|(a, b)| same(a, b));
    let resource = |a: &str, b: &str| within(a, b) || within(b, a);
    both(row.environment.as_ref(), environment_of(grant, credential), same_environment)
        && both(row.tenant.as_ref(), tenant_of(grant, credential), same_tenant)
        && both(row.resource.as_ref(), grant.resource.as_ref(), resource)
}

/// Whether a row of the catalogue speaks of the place that a credential is for.
fn place_of(row: &Entry, credential: &Credential) -> bool {
    let environment = row.environment.as_ref().zip(credential.environment.as_ref());
    let tenant = row.tenant.as_ref().zip(credential.tenant.as_ref());
    environment.is_none_or(|(a, b)| same_environment(a, b)) && tenant.is_none_or(|(a, b)| same_tenant(a, b))
}
