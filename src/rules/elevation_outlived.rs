//! `elevation-outlived`: the window has passed, and the holder still has the grant with no other reason for it. What the rule means to people stands in `elevation_outlived.md`.

use jiff::Timestamp;

use crate::model::catalog::Entry;
use crate::model::expectation::{Approval, Expected};
use crate::model::inventory::{Credential, Grant, Level};
use crate::model::report::Severity;
use crate::model::time::{SKEW, earlier};

use super::grants::{catalog_gives, gives, in_force, in_place, stands};
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
            if about_a_slot(case, elevation) {
                continue;
            }
            let seen = case.truth_since(id, until);
            if let Truth::Dead(_) = seen {
                continue;
            }
            let Some(fact) = outlived(case, credential, expected, elevation, until) else {
                match seen {
                    Truth::Unknown(reason) if credential.grants.is_empty() => sink.need(id, "liveness", reason),
                    _ if credential.grants.is_empty() && !case.tells_grants(id) => {
                        sink.need(id, "grants", "nothing tells what it may do");
                    }
                    _ => {}
                }
                continue;
            };
            // What was there before the window's end proves nothing about after.
            if let (Truth::Unknown(reason), true) = (&seen, case.is_live(id) || matches!(fact, Outlived::Whole)) {
                sink.need(id, "grants", reason.clone());
                continue;
            }
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
                .because(cite::distrusted(case, expected))
                .expected(format!("{} until {until} ({})", stated(elevation), case.ticket_id(&elevation.basis)))
                .actual(actual)
                .since(until)
                .tickets([case.ticket_id(&elevation.basis)]);
            sink.fire(draft);
        }
    }
    slots(case, sink);
}

/// A window on a store's slot: who may read or write it.
fn slots(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.slots_expected() {
        let Some(slot) = case.slot(id) else { continue };
        for elevation in &expected.elevated {
            let Some(until) = elevation.until.filter(|until| *until <= case.now) else { continue };
            let (Some(ticket), Some(fact)) = (case.ticket(&elevation.basis), case.cite(&elevation.basis)) else {
                continue;
            };
            let names = ticket.subject_names.iter().chain(&ticket.subject).chain(&elevation.access.holder);
            let names: Vec<&String> = names.collect();
            let lingering = slot.grants.iter().find(|grant| {
                let theirs = |holder: &String| names.iter().any(|name| case.settings.same_party(holder, name));
                let otherwise = expected.approved.iter().chain(&expected.elevated).any(|other| {
                    other.until.is_none_or(|until| until > case.now)
                        && other.from <= case.now
                        && other.access.level.is_some()
                        && grant.level <= other.access.level
                        && case
                            .ticket(&other.basis)
                            .is_some_and(|other| other.subject.iter().chain(&other.access.holder).any(theirs))
                });
                in_force(grant, case.now)
                    && grant.holder.as_ref().is_some_and(theirs)
                    && grant.level >= elevation.access.level
                    && elevation.access.level.is_some()
                    && !otherwise
            });
            let Some(grant) = lingering else { continue };
            let holder = grant.holder.as_deref().unwrap_or_default();
            let draft = Draft::new(
                sink.rule,
                case.subject(id),
                fact,
                format!("Take {} away from {holder} on {id}: the window ended {until}.", cite::describe(grant)),
            )
            .because([cite::slot_grant(slot, grant)])
            .because(cite::distrusted(case, expected))
            .expected(format!("{} until {until} ({})", stated(elevation), ticket.id))
            .actual(format!("{holder} still has {}", cite::describe(grant)))
            .since(until)
            .tickets([ticket.id.as_str()]);
            sink.fire(draft);
        }
    }
}

/// Whether the window was on a slot whose own grants are known: then it says nothing of what the credential in it may do.
fn about_a_slot(case: &Case<'_>, elevation: &Approval) -> bool {
    let ticket = case.ticket(&elevation.basis);
    let link = ticket.zip(elevation.basis.link).and_then(|(ticket, link)| ticket.links.get(link));
    link.and_then(|link| case.slot(&link.credential)).is_some_and(|slot| !slot.grants.is_empty())
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
    until: Timestamp,
) -> Option<Outlived<'g>> {
    let running = || {
        let runs = |other: &&Approval| other.until.is_none_or(|until| until > case.now) && other.from <= case.now;
        expected.approved.iter().chain(expected.elevated.iter().filter(runs))
    };
    let named = &elevation.access;
    // The same access for another reason: another ticket, an elevation that still runs, a standing row of the catalogue.
    let otherwise = |grant: &Grant| {
        running().any(|other| gives(&other.access, grant, credential, Some(named)))
            || catalog_gives(case, credential, grant, named, case.ticket_id(&elevation.basis))
    };
    if let Some(level) = named.level {
        let lingering = credential.grants.iter().find(|grant| {
            grant.level >= Some(level.max(Level::Read))
                && in_force(grant, case.now)
                && in_place(named, grant, credential)
                && !otherwise(grant)
        });
        if let Some(grant) = lingering {
            return Some(Outlived::Grant(grant));
        }
    }
    let made_for_it = credential.grants.is_empty()
        && credential.created_at.is_some_and(|at| at >= earlier(elevation.from, SKEW) && at <= until);
    let recorded = || {
        let standing =
            |row: &&Entry| row.ticket.as_deref() != Some(case.ticket_id(&elevation.basis)) && stands(row, case.now);
        case.recorded_itself(credential).iter().any(standing)
    };
    (made_for_it && running().next().is_none() && !recorded()).then_some(Outlived::Whole)
}

fn stated(elevation: &Approval) -> String {
    let level = elevation.access.level.as_ref().map_or_else(|| "access".to_owned(), cite::word);
    if elevation.access.environments.is_empty() {
        level
    } else {
        format!("{level} on {}", elevation.access.environments.join(", "))
    }
}
