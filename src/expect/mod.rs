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
use crate::model::time::{SKEW, earlier, later};

use event::{Event, What};

/// Folds all tickets.
#[must_use]
pub fn expect(tickets: &[Ticket], inventory: &Inventory, settings: &Settings, now: Timestamp) -> Expectations {
    let mut out = Expectations::default();
    let mut by_subject: BTreeMap<Id, Vec<Event>> = BTreeMap::new();
    let known = slot::Known::new(inventory, settings);
    let standing = standing(tickets);
    let tickets = standing.as_deref().unwrap_or(tickets);
    for (index, ticket) in tickets.iter().enumerate() {
        for (subject, event) in event::of(index, ticket, &known, settings, now) {
            by_subject.entry(subject).or_default().push(event);
        }
    }
    propagate(&mut by_subject, &known, tickets, &mut out.notes);
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
    remarks(tickets, &mut out.notes);
    out.notes.sort();
    out.notes.dedup();
    out
}

/// The tickets as they bind: one that was reopened by somebody who may not is still done. It was promised, and who takes the promise
/// back loosens; the policy's limit for open tickets would else start to allow again what shall be dead.
fn standing(tickets: &[Ticket]) -> Option<Vec<Ticket>> {
    tickets.iter().any(|ticket| ticket.stood_done.is_some()).then(|| {
        let done = |ticket: &Ticket| match ticket.stood_done {
            Some(at) => Ticket { state: State::Done, closed_at: Some(at), ..ticket.clone() },
            None => ticket.clone(),
        };
        tickets.iter().map(done).collect()
    })
}

/// What is to be told of tickets that promise nothing any more.
fn remarks(tickets: &[Ticket], notes: &mut Vec<String>) {
    for ticket in tickets.iter().filter(|ticket| ticket.intent != Intent::None) {
        notes.extend(ticket.remarks.iter().cloned());
        for other in &ticket.duplicate_of {
            let found = tickets.iter().find(|known| known.id.eq_ignore_ascii_case(other));
            let shares = |known: &Ticket| {
                known.links.iter().any(|link| ticket.links.iter().any(|own| own.credential == link.credential))
            };
            // Tickets that bear on nothing need not be among those that were understood: the same is said of them and of missing ones.
            let stands = found.is_some_and(|known| counts(known) && (ticket.links.is_empty() || shares(known)));
            if !stands {
                notes.push(format!(
                    "{} was closed as a duplicate of {other}, which is not among the tickets that promise anything of what it names",
                    ticket.id
                ));
            }
        }
    }
}

/// A ticket that names a slot means what the slot held: where that is known, its events hold for the credential too.
fn propagate(
    by_subject: &mut BTreeMap<Id, Vec<Event>>,
    known: &slot::Known<'_>,
    tickets: &[Ticket],
    notes: &mut Vec<String>,
) {
    let mut more: Vec<(Id, Event)> = Vec::new();
    for (subject, events) in by_subject.iter_mut() {
        if subject.subject_type() != SubjectType::Slot {
            continue;
        }
        let rotations: Vec<Timestamp> =
            events.iter().filter(|event| event.what == What::Rotated).map(|event| event.at).collect();
        for event in events {
            let ticket = &tickets[event.basis.ticket];
            let mut holds_for = |held: Option<Id>, event: &Event| {
                let event = |id| (id, Event { through: Some(subject.clone()), content: None, ..event.clone() });
                more.extend(held.map(event));
            };
            match event.what {
                What::Revoked | What::RevokeAsked => {
                    let content = known.content(subject, ticket.opened_at);
                    event.content = Some(content);
                    let held = match content {
                        Content::Same => known.held_now(subject, event.at),
                        Content::Refilled => known.held_before(subject, ticket.opened_at),
                        Content::Unknown => None,
                    };
                    if held.is_none() && content == Content::Refilled && event.what == What::Revoked {
                        notes.push(format!(
                            "{}: {subject} holds another value since the ticket; that the one before is dead is not proved",
                            ticket.id
                        ));
                    }
                    holds_for(held, event);
                }
                What::RotateAsked => event.content = Some(known.content(subject, ticket.opened_at)),
                What::Rotated => {
                    let named = replaced_by_name(ticket, known);
                    let replaced =
                        if named.is_empty() { known.replaced(subject, threshold(ticket, event)) } else { named };
                    if replaced.is_empty() && !known.alternates(subject) {
                        notes.push(format!(
                            "{}: what {subject} held before the rotation is not known; that it is dead is not proved",
                            ticket.id
                        ));
                    }
                    for id in &replaced {
                        holds_for(Some(id.clone()), &Event { what: What::Replaced, ..event.clone() });
                    }
                    event.replaced = replaced;
                }
                What::Provisioned | What::Modified | What::Elevated => {
                    let filled = known.changed(subject);
                    // A value written later, and by no rotation, is another one: the ticket says nothing of it.
                    let end = later(ticket.closed_at.unwrap_or(event.at).max(event.at), SKEW);
                    if filled.is_some_and(|at| at > end) && !rotations.iter().any(|at| *at >= event.at) {
                        continue;
                    }
                    let for_it = filled.zip(ticket.opened_at).is_some_and(|(at, open)| at >= earlier(open, SKEW));
                    let held = known.held_now(subject, event.at);
                    holds_for(held, &Event { lifts: event.lifts && for_it, ..event.clone() });
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

/// The credentials that a rotation's ticket names as those to be replaced.
fn replaced_by_name(ticket: &Ticket, known: &slot::Known<'_>) -> Vec<Id> {
    let named = ticket.links.iter().filter(|link| link.can_block(ticket.intent)).map(|link| &link.credential);
    named.filter(|id| id.subject_type() == SubjectType::Credential && known.is_replaced(id, ticket)).cloned().collect()
}

/// A rotated slot's value must be later than this.
fn threshold(ticket: &Ticket, event: &Event) -> Timestamp {
    earlier(ticket.opened_at.unwrap_or(event.at).min(event.at), SKEW)
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
    let number = event.basis.ticket;
    into.tickets.push(number);
    for distrusted in &ticket.distrusted {
        into.distrusted.push((number, format!("{}: {}", distrusted.what, distrusted.quote)));
    }
    into.edited.extend(ticket.edited.iter().map(|said| (number, said.clone())));
    let death = |cause, since| Death { since, cause, basis: event.basis, through: event.through.clone() };
    let overlap_end = later(ticket.closed_at.unwrap_or(event.at), settings.grace_rotate);
    let deadline = || Deadline {
        at: event.deadline.unwrap_or(event.at),
        asked_at: event.at,
        basis: event.basis,
        content: event.content.unwrap_or(Content::Same),
    };
    let still_there = event.content != Some(Content::Refilled);
    match event.what {
        What::Provisioned if event.may_loosen => {
            // A re-provisioning is an approval again.
            if lifts(into, event) {
                into.dead = None;
                into.content = None;
                into.revoke_by = None;
                into.owner_gone = None;
            } else if into.dead.is_some() {
                into.distrusted
                    .push((number, "it names a slot, and the value in it is older than the ticket".to_owned()));
            }
            into.approved.push(approval(ticket, event, None));
        }
        What::Modified if event.may_loosen => modify(into, ticket, event, approval(ticket, event, None)),
        What::Provisioned => {
            // Its stated limits tighten; lifting an expectation, or widening what another ticket approved, would loosen.
            if into.dead.is_some() || into.revoke_by.is_some() || into.owner_gone.is_some() || !into.approved.is_empty()
            {
                into.distrusted.push((number, "it provisions access again, and may not loosen".to_owned()));
            } else {
                into.approved.push(approval(ticket, event, None));
            }
        }
        // Taking away tightens, whoever writes it.
        What::Modified => removals(into, ticket, event),
        What::Elevated => elevate(into, ticket, event, now),
        What::Revoked => revoke(into, death(Cause::Revoked, event.at), event.content),
        What::RevokeAsked => {
            if still_there {
                into.revoke_by = Some(deadline());
            }
        }
        What::Rotated if subject.subject_type() == SubjectType::Slot => {
            // What an earlier rotation replaced is not taken back by a later one.
            let earlier = into.rotated.take().map(|rotation| rotation.replaced).unwrap_or_default();
            let mut replaced = event.replaced.clone();
            replaced.extend(earlier.into_iter().filter(|id| !event.replaced.contains(id)));
            into.rotated = Some(Rotation {
                threshold: threshold(ticket, event),
                closed_at: ticket.closed_at.unwrap_or(event.at),
                dead_from: overlap_end,
                basis: event.basis,
                replaced,
            });
            into.rotate_by = None;
            into.dead = None;
            into.content = None;
            into.revoke_by = None;
        }
        What::Rotated => {
            if known.is_replaced(subject, ticket) {
                replaced(into, death(Cause::Replaced, overlap_end));
            }
        }
        What::Replaced => replaced(into, death(Cause::Replaced, overlap_end)),
        What::RotateAsked => {
            if still_there {
                into.rotate_by = Some(deadline());
            }
        }
        What::OwnerGone => into.owner_gone = event.departure(ticket),
        What::ReaderGone => into.readers_gone.extend(event.departure(ticket)),
        What::Named => {}
    }
}

/// Whether a trusted ticket may lift what is expected: one that only names a slot speaks for the value that was written for it, or
/// for what was revoked by the name of that very slot.
fn lifts(expected: &Expected, event: &Event) -> bool {
    let same_slot = expected.dead.as_ref().is_some_and(|dead| dead.through.is_some() && dead.through == event.through);
    event.lifts || event.may_loosen && same_slot
}

/// Revoked twice is revoked since the first time. A slot's later ticket may mean another value: it replaces an expectation that the
/// slot has already met by being refilled.
fn revoke(into: &mut Expected, new: Death, content: Option<Content>) {
    let met = into.content == Some(Content::Refilled);
    let known = into.dead.as_ref().is_some_and(|dead| dead.cause == Cause::Revoked && dead.since <= new.since);
    if !known || met {
        into.dead = Some(new);
        into.content = content;
    }
    into.revoke_by = None;
    into.approved.clear();
    into.elevated.clear();
}

/// The extra grant until the window's end; afterwards what was expected before. A window on something that was revoked suspends the
/// revocation, and only for its time.
fn elevate(into: &mut Expected, ticket: &Ticket, event: &Event, now: Timestamp) {
    let window = ticket.window.as_ref();
    let until = window.and_then(|window| window.end);
    if !event.may_loosen && until.is_none_or(|until| until >= now) {
        into.distrusted.push((event.basis.ticket, "it elevates, and may not loosen".to_owned()));
        return;
    }
    // A ticket is often closed after its window: the access began with the window, or with the ticket.
    let start = window.and_then(|window| window.start).or(ticket.opened_at).unwrap_or(event.at).min(event.at);
    into.elevated.push(Approval { from: start, ..approval(ticket, event, until) });
    if let Some(until) = until.filter(|_| lifts(into, event))
        && let Some(dead) = into.dead.as_mut()
    {
        if until > now {
            into.dead = None;
        } else {
            dead.since = dead.since.max(until);
        }
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
