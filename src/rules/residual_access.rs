//! `residual-access`: an identity keeps a privilege where its removal reaches. What the rule means to people stands in `residual_access.md`.

use crate::model::Id;
use crate::model::expectation::Removed;
use crate::model::inventory::{Credential, Grant};
use crate::model::report::Severity;
use crate::model::ticket::Ticket;

use super::grants::same_environment;
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
    let mut seen: Vec<(Id, usize)> = Vec::new();
    for (_, expected) in case.credentials_expected().chain(case.slots_expected()) {
        for removed in &expected.removed {
            let Some(ticket) = case.ticket(&removed.basis) else { continue };
            for credential in &case.inventory.credentials {
                let known = (credential.id.clone(), removed.basis.ticket);
                if seen.contains(&known) || !same_identity(case, ticket, credential) {
                    continue;
                }
                // A later ticket may have given it back.
                let regranted = case.expected.get(&credential.id).is_some_and(|expected| {
                    expected.approved.iter().any(|a| a.from > removed.since && a.basis.ticket != removed.basis.ticket)
                });
                let kept = credential.grants.iter().find(|grant| keeps(credential, grant, removed));
                let (Some(grant), false) = (kept, regranted) else { continue };
                let actual = match case.truth(&credential.id) {
                    Truth::Live(actual) => actual,
                    Truth::Dead(_) => continue,
                    Truth::Unknown(reason) => {
                        sink.need(&credential.id, "liveness", reason);
                        continue;
                    }
                };
                seen.push(known);
                sink.fire(draft(case, sink.rule, ticket, removed, credential, grant, &actual));
            }
        }
    }
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

/// The same owner or principal name, an alias, or the very credential that the ticket names; never a similar name.
fn same_identity(case: &Case<'_>, ticket: &Ticket, credential: &Credential) -> bool {
    let mut names: Vec<&str> = ticket.subject.iter().chain(&ticket.subject_names).map(String::as_str).collect();
    for link in ticket.links.iter().filter(|link| link.can_block(ticket.intent)) {
        if link.credential == credential.id {
            return true;
        }
        let linked = case.credential(&link.credential).or_else(|| {
            // A slot stands for what it holds.
            case.slot(&link.credential).and_then(|slot| slot.holds.as_ref()).and_then(|id| case.credential(id))
        });
        if let Some(linked) = linked {
            if linked.id == credential.id {
                return true;
            }
            names.extend(linked.owner.iter().chain(&linked.aliases).map(String::as_str));
        }
    }
    let own: Vec<&String> = credential.owner.iter().chain(&credential.aliases).collect();
    own.iter().any(|own| names.iter().any(|name| case.settings.same_party(own, name)))
}

/// Whether a grant is what the ticket took away, where its removal reaches.
fn keeps(credential: &Credential, grant: &Grant, removed: &Removed) -> bool {
    let removal = &removed.removal;
    let level = removal.level.is_none() || grant.level >= removal.level;
    let environment = match (&removal.environment, grant.environment.as_ref().or(credential.environment.as_ref())) {
        (None, _) => true,
        (Some(wanted), Some(has)) => same_environment(wanted, has),
        (Some(_), None) => false,
    };
    let tenant = match (&removal.tenant, grant.tenant.as_ref().or(credential.tenant.as_ref())) {
        (None, _) => true,
        (Some(wanted), Some(has)) => has.eq_ignore_ascii_case(wanted) || has.rsplit(':').next() == Some(wanted),
        (Some(_), None) => false,
    };
    level && environment && tenant && grant.level != Some(crate::model::inventory::Level::None)
}
