//! `residual-access`: an identity keeps a privilege where its removal reaches. What the rule means to people stands in `residual_access.md`.

use std::collections::{BTreeMap, HashSet};

use crate::model::Id;
use crate::model::expectation::Removed;
use crate::model::inventory::{Credential, Grant};
use crate::model::report::Severity;
use crate::model::ticket::Ticket;

use super::grants::{environment_of, gives, in_force, same_environment, same_tenant, tenant_of};
use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "residual-access",
    title: "a privilege that was removed is still there",
    severity: Severity::High,
    doc: include_str!("residual_access.md"),
    standards: &[
        "OWASP NHI1:2025",
        "OWASP NHI8:2025",
        "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)",
        "NIST SP 800-53 r5 AC-2",
    ],
    implies: &["excess-grant", "catalog-mismatch"],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    let mut seen: HashSet<(&Id, usize)> = HashSet::new();
    let mut done: HashSet<(usize, Option<usize>)> = HashSet::new();
    for (_, expected) in case.credentials_expected().chain(case.slots_expected()) {
        for removed in &expected.removed {
            let Some(ticket) = case.ticket(&removed.basis) else { continue };
            // A ticket that names ten credentials takes the same away ten times.
            let which = ticket.removed.iter().position(|removal| *removal == removed.removal);
            if !done.insert((removed.basis.ticket, which)) {
                continue;
            }
            for credential in identity(case, ticket) {
                let known = (&credential.id, removed.basis.ticket);
                let Some(grant) = kept(case, credential, removed).filter(|_| !seen.contains(&known)) else { continue };
                let actual = match case.truth_since(&credential.id, removed.since) {
                    Truth::Live(actual) => actual,
                    Truth::Dead(_) => continue,
                    Truth::Unknown(reason) => {
                        sink.need(&credential.id, "liveness", reason);
                        continue;
                    }
                };
                seen.insert(known);
                sink.fire(draft(case, sink.rule, ticket, removed, credential, grant, &actual));
            }
        }
    }
}

/// The grant that should be gone and is not, unless a later ticket gave it back.
fn kept<'a>(case: &Case<'a>, credential: &'a Credential, removed: &Removed) -> Option<&'a Grant> {
    let given_back = |grant: &Grant| {
        case.expected.get(&credential.id).is_some_and(|expected| {
            let later = expected.approved.iter().chain(&expected.elevated).filter(|other| {
                other.basis.ticket != removed.basis.ticket
                    && other.from > removed.since
                    && other.from <= case.now
                    && other.until.is_none_or(|until| until > case.now)
            });
            later.into_iter().any(|other| gives(&other.access, grant, credential, None))
        })
    };
    credential
        .grants
        .iter()
        .find(|grant| in_force(grant, case.now) && keeps(credential, grant, removed) && !given_back(grant))
}

fn draft(
    case: &Case<'_>,
    rule: &'static Rule,
    ticket: &Ticket,
    removed: &Removed,
    credential: &Credential,
    grant: &Grant,
    actual: &str,
) -> Draft {
    let what = removed.removal.level.as_ref().map_or_else(|| "access".to_owned(), cite::word);
    let place =
        [&removed.removal.environment, &removed.removal.tenant].into_iter().flatten().cloned().collect::<Vec<_>>();
    let place = if place.is_empty() { "everywhere".to_owned() } else { format!("in {}", place.join(", ")) };
    let mut fact = cite::ticket(ticket, Some(&removed.basis));
    if !removed.removal.quote.is_empty() {
        fact.quote.clone_from(&removed.removal.quote);
    }
    Draft::new(
        rule,
        case.subject(&credential.id),
        fact,
        format!("Take {} away from {}: {} removed it.", cite::describe(grant), credential.id, ticket.id),
    )
    .because([cite::grant(credential, grant)])
    .because(cite::liveness(credential))
    .expected(format!("no {what} {place} since {} ({})", removed.since, ticket.id))
    .actual(format!("{}; {actual}", cite::describe(grant)))
    .since(removed.since)
    .tickets([ticket.id.as_str()])
}

/// The credentials of the identity that the ticket means: those that it names, and those of the same owner or principal name or
/// alias; never of a similar name. Whom the ticket itself names decides; else the owner of what it names is the identity.
fn identity<'a>(case: &Case<'a>, ticket: &Ticket) -> Vec<&'a Credential> {
    let subjects: Vec<&str> = ticket.subject.iter().chain(&ticket.subject_names).map(String::as_str).collect();
    let mut names: Vec<&str> = subjects.clone();
    let mut found: BTreeMap<&Id, &Credential> = BTreeMap::new();
    for link in ticket.links.iter().filter(|link| link.can_block(ticket.intent)) {
        let linked = case.credential(&link.credential).or_else(|| {
            // A slot stands for what it holds.
            case.slot(&link.credential).and_then(|slot| slot.holds.as_ref()).and_then(|id| case.credential(id))
        });
        let Some(linked) = linked else { continue };
        found.insert(&linked.id, linked);
        names.extend(linked.aliases.iter().map(String::as_str));
        // A team that owns fifty credentials is not the one service that the ticket is about.
        let is_subject =
            |owner: &&String| subjects.is_empty() || subjects.iter().any(|name| case.settings.same_party(owner, name));
        names.extend(linked.owner.as_ref().filter(is_subject).map(String::as_str));
    }
    for credential in names.iter().flat_map(|name| case.of_party(name)) {
        found.insert(&credential.id, credential);
    }
    found.into_values().collect()
}

/// Whether a grant is what the ticket took away, where its removal reaches.
fn keeps(credential: &Credential, grant: &Grant, removed: &Removed) -> bool {
    let removal = &removed.removal;
    let level = removal.level.is_none() || grant.level >= removal.level;
    let reaches = |wanted: &Option<String>, has: Option<&String>, same: fn(&str, &str) -> bool| match (wanted, has) {
        (None, _) => true,
        (Some(wanted), Some(has)) => same(wanted, has),
        (Some(_), None) => false,
    };
    level
        && reaches(&removal.environment, environment_of(grant, credential), same_environment)
        && reaches(&removal.tenant, tenant_of(grant, credential), same_tenant)
}
