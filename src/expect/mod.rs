//! Tickets to expected state: each slot's and credential's tickets, folded in the order of their effective time (SEMANTICS, "From
//! tickets to expected state"). Pure: what is true is compared elsewhere, by the rules.

mod event;
mod slot;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::expectation::{
    Approval, Basis, Cause, Content, Deadline, Death, Expectations, Expected, Removed, Rotation,
};
use crate::model::id::SubjectType;
use crate::model::inventory::Inventory;
use crate::model::settings::Settings;
use crate::model::ticket::{Intent, State, Ticket};

use event::{Event, What};

/// Clock skew allowed between a ticket's times and a store's (SEMANTICS, Slots).
pub const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Folds all tickets.
#[must_use]
pub fn expect(tickets: &[Ticket], inventory: &Inventory, settings: &Settings, now: Timestamp) -> Expectations {
    let mut out = Expectations::default();
    let mut by_subject: BTreeMap<Id, Vec<Event>> = BTreeMap::new();
    let known = slot::Known::new(inventory);
    for (index, ticket) in tickets.iter().enumerate() {
        for (subject, event) in event::of(index, ticket, &known, settings, now) {
            by_subject.entry(subject).or_default().push(event);
        }
    }
    propagate(&mut by_subject, &known, tickets, settings, &mut out.notes);
    for (subject, mut events) in by_subject {
        // Same time: the ticket opened later speaks last; ids make the rest stable.
        events.sort_by(|a, b| {
            let key = |e: &Event| (e.at, tickets[e.basis.ticket].opened_at, &tickets[e.basis.ticket].id);
            key(a).cmp(&key(b))
        });
        let mut expected = Expected::default();
        for event in &events {
            fold(&mut expected, &subject, event, &tickets[event.basis.ticket], &known, settings, now);
        }
        expected.tickets.sort_unstable();
        expected.tickets.dedup();
        out.of.insert(subject, expected);
    }
    out.notes.sort();
    out.notes.dedup();
    out
}

/// A ticket that names a slot means what the slot held: where that is known, its events hold for the credential too.
fn propagate(
    by_subject: &mut BTreeMap<Id, Vec<Event>>,
    known: &slot::Known<'_>,
    tickets: &[Ticket],
    settings: &Settings,
    notes: &mut Vec<String>,
) {
    let mut more: Vec<(Id, Event)> = Vec::new();
    for (subject, events) in by_subject.iter_mut() {
        if subject.subject_type() != SubjectType::Slot {
            continue;
        }
        for event in events {
            let ticket = &tickets[event.basis.ticket];
            match event.what {
                What::Revoked => {
                    let content = known.content(subject, ticket.opened_at);
                    event.content = Some(content);
                    let held = match content {
                        Content::Same => known.held_now(subject, settings, event.at),
                        Content::Refilled => {
                            let before = known.held_before(subject, ticket.opened_at);
                            if before.is_none() {
                                notes.push(format!(
                                    "{}: {subject} holds another value since the ticket; that the one before is dead is not proved",
                                    ticket.id
                                ));
                            }
                            before
                        }
                        Content::Unknown => None,
                    };
                    more.extend(held.map(|id| (id, Event { through: Some(subject.clone()), ..event.clone() })));
                }
                What::RevokeAsked if known.content(subject, ticket.opened_at) != Content::Refilled => {
                    let held = known.held_now(subject, settings, event.at);
                    more.extend(held.map(|id| (id, Event { through: Some(subject.clone()), ..event.clone() })));
                }
                What::Rotated => {
                    let named = replaced_by_name(ticket, known);
                    let replaced = if named.is_empty() { known.replaced(subject, ticket) } else { named };
                    for id in &replaced {
                        more.push((
                            id.clone(),
                            Event { what: What::Replaced, through: Some(subject.clone()), ..event.clone() },
                        ));
                    }
                    event.replaced = replaced;
                }
                What::Provisioned | What::Modified | What::Elevated => {
                    let held = known.held_now(subject, settings, event.at);
                    more.extend(held.map(|id| (id, Event { through: Some(subject.clone()), ..event.clone() })));
                }
                _ => {}
            }
        }
    }
    for (id, event) in more {
        let events = by_subject.entry(id).or_default();
        // A ticket that names both the slot and the credential speaks of the credential itself.
        if !events.iter().any(|known| known.basis.ticket == event.basis.ticket && known.what == event.what) {
            events.push(event);
        }
    }
}

/// The credentials that a rotation's ticket names as such: made before it was opened, so that a new key's id in it is not taken
/// for the old one.
fn replaced_by_name(ticket: &Ticket, known: &slot::Known<'_>) -> Vec<Id> {
    ticket
        .links
        .iter()
        .filter(|link| link.can_block(ticket.intent) && link.credential.subject_type() == SubjectType::Credential)
        .filter(|link| known.existed_before(&link.credential, ticket.opened_at))
        .map(|link| link.credential.clone())
        .collect()
}

fn fold(
    into: &mut Expected,
    subject: &Id,
    event: &Event,
    ticket: &Ticket,
    known: &slot::Known<'_>,
    settings: &Settings,
    now: Timestamp,
) {
    into.tickets.push(event.basis.ticket);
    for distrusted in &ticket.distrusted {
        into.distrusted.push(format!("{} ({}): {}", distrusted.what, ticket.id, distrusted.quote));
    }
    let death = |cause, since| Death { since, cause, basis: event.basis, through: event.through.clone() };
    match event.what {
        What::Provisioned | What::Modified if event.may_loosen => {
            let approval = approval(ticket, event, None);
            if event.what == What::Provisioned {
                // A re-provisioning is an approval again.
                into.dead = None;
                into.content = None;
                into.revoke_by = None;
                into.owner_gone = None;
                into.approved.push(approval);
            } else {
                modify(into, ticket, event, approval);
            }
        }
        What::Provisioned => {
            // Its stated limits tighten; lifting an expectation, or widening what another ticket approved, would loosen.
            if into.dead.is_some() || into.revoke_by.is_some() || into.owner_gone.is_some() || !into.approved.is_empty()
            {
                into.distrusted.push(format!("{} provisions it again, and may not loosen", ticket.id));
            } else if ticket.approved {
                into.approved.push(approval(ticket, event, None));
            }
        }
        What::Modified => {
            // Taking away tightens, whoever writes it.
            removals(into, ticket, event);
        }
        What::Elevated => {
            let until = ticket.window.as_ref().and_then(|window| window.end);
            if event.may_loosen || until.is_some_and(|until| until < now) {
                into.elevated.push(approval(ticket, event, until));
            }
        }
        What::Revoked => {
            into.dead = Some(death(Cause::Revoked, event.at));
            into.content = event.content;
            into.revoke_by = None;
            into.approved.clear();
            into.elevated.clear();
        }
        What::RevokeAsked => {
            let content = if subject.subject_type() == SubjectType::Slot {
                known.content(subject, ticket.opened_at)
            } else {
                Content::Same
            };
            if content != Content::Refilled {
                into.revoke_by =
                    Some(Deadline { at: event.deadline.unwrap_or(event.at), asked_at: event.at, basis: event.basis });
            }
        }
        What::Rotated => {
            if subject.subject_type() == SubjectType::Slot {
                let closed_at = ticket.closed_at.unwrap_or(event.at);
                let opened = ticket.opened_at.unwrap_or(event.at);
                into.rotated = Some(Rotation {
                    threshold: opened.min(event.at) - SKEW,
                    closed_at,
                    dead_from: closed_at + settings.grace_rotate,
                    basis: event.basis,
                    replaced: event.replaced.clone(),
                });
                into.rotate_by = None;
                into.dead = None;
                into.content = None;
                into.revoke_by = None;
            } else if known.existed_before(subject, ticket.opened_at) {
                replaced(into, death(Cause::Replaced, ticket.closed_at.unwrap_or(event.at) + settings.grace_rotate));
            }
        }
        What::Replaced => {
            replaced(into, death(Cause::Replaced, ticket.closed_at.unwrap_or(event.at) + settings.grace_rotate));
        }
        What::RotateAsked => {
            let done = subject.subject_type() == SubjectType::Slot
                && known.content(subject, ticket.opened_at) == Content::Refilled;
            if !done {
                into.rotate_by =
                    Some(Deadline { at: event.deadline.unwrap_or(event.at), asked_at: event.at, basis: event.basis });
            }
        }
        What::OwnerGone => into.owner_gone = event.departure(ticket),
        What::ReaderGone => into.readers_gone.extend(event.departure(ticket)),
        What::Named => {}
    }
}

/// A rotation never softens a revocation that came before it.
fn replaced(into: &mut Expected, death: Death) {
    if into.dead.as_ref().is_none_or(|known| known.cause == Cause::Replaced) {
        into.dead = Some(death);
    }
}

fn approval(ticket: &Ticket, event: &Event, until: Option<Timestamp>) -> Approval {
    Approval { access: ticket.access.clone(), from: event.at, until, basis: event.basis }
}

/// A change replaces the grants that it names, and leaves the others.
fn modify(into: &mut Expected, ticket: &Ticket, event: &Event, new: Approval) {
    removals(into, ticket, event);
    let access = &new.access;
    let states_access = access.level.is_some() || !access.environments.is_empty() || !access.resources.is_empty();
    if states_access && (ticket.removed.is_empty() || access.level.is_some()) {
        into.approved.retain(|old| !overlaps(&old.access, &new.access));
        into.approved.push(new);
    }
}

fn removals(into: &mut Expected, ticket: &Ticket, event: &Event) {
    for removal in &ticket.removed {
        into.removed.push(Removed { removal: removal.clone(), since: event.at, basis: event.basis });
    }
}

/// Whether two statements of access speak of the same grants: what one leaves open meets everything.
fn overlaps(a: &crate::model::ticket::Access, b: &crate::model::ticket::Access) -> bool {
    let meet = |a: &[String], b: &[String]| {
        a.is_empty() || b.is_empty() || a.iter().any(|x| b.iter().any(|y| x.eq_ignore_ascii_case(y)))
    };
    meet(&a.environments, &b.environments) && meet(&a.resources, &b.resources) && meet(&a.tenants, &b.tenants)
}

/// Tickets that count: not withdrawn, and asking for something.
pub(crate) fn counts(ticket: &Ticket) -> bool {
    ticket.state != State::Withdrawn && ticket.intent != Intent::None
}

/// The ticket behind a basis, for callers that hold the list.
#[must_use]
pub fn ticket_of<'t>(tickets: &'t [Ticket], basis: &Basis) -> Option<&'t Ticket> {
    tickets.get(basis.ticket)
}

#[cfg(test)]
mod tests;
