//! What one ticket does to one subject, and when. The fold over them stands in the parent module.

use jiff::{SignedDuration, Timestamp};

use crate::model::Id;
use crate::model::expectation::{Basis, Content, Departure};
use crate::model::id::SubjectType;
use crate::model::settings::Settings;
use crate::model::ticket::{Intent, Link, State, Strength, Ticket};
use crate::model::time::later;

use super::counts;
use super::slot::Known;

/// A ticket's effect on a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Provisioned,
    Modified,
    Elevated,
    Revoked,
    RevokeAsked,
    Rotated,
    RotateAsked,
    /// A credential that a rotation of its slot replaced.
    Replaced,
    OwnerGone,
    ReaderGone,
    /// Spoken of, with no effect (an open or unapproved grant): it is not unticketed.
    Named,
}

/// An effect at a time.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) what: What,
    pub(super) basis: Basis,
    pub(super) deadline: Option<Timestamp>,
    pub(super) may_loosen: bool,
    /// Whether it may lift a death that another ticket promised: not where it only names the slot of a value from before it.
    pub(super) lifts: bool,
    pub(super) through: Option<Id>,
    pub(super) content: Option<Content>,
    pub(super) replaced: Vec<Id>,
    pub(super) who: Option<String>,
}

impl Event {
    pub(super) fn departure(&self, ticket: &Ticket) -> Option<Departure> {
        let who = self.who.clone().or_else(|| ticket.subject.clone())?;
        Some(Departure { who, since: self.at, basis: self.basis })
    }
}

/// The events of one ticket, by subject.
pub(super) fn of(
    index: usize,
    ticket: &Ticket,
    known: &Known<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Vec<(Id, Event)> {
    if !counts(ticket) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (number, link) in ticket.links.iter().enumerate() {
        if !link.can_block(ticket.intent) {
            continue;
        }
        let basis = Basis { ticket: index, link: Some(number) };
        if let Some(event) = linked(ticket, link, basis, settings, now) {
            out.push((link.credential.clone(), event));
        }
    }
    if ticket.intent == Intent::Offboard {
        out.extend(departures(index, ticket, known, settings, now));
    }
    out
}

/// What the ticket does to something that it names.
fn linked(ticket: &Ticket, link: &Link, basis: Basis, settings: &Settings, now: Timestamp) -> Option<Event> {
    let at = effective(ticket, settings)?;
    let done = ticket.state == State::Done;
    let may_loosen = ticket.may_loosen && ticket.approved && link.trusted;
    let event = |what, deadline| Event {
        at,
        what,
        basis,
        deadline,
        may_loosen,
        lifts: may_loosen,
        through: None,
        content: None,
        replaced: Vec::new(),
        who: None,
    };
    let named = event(What::Named, None);
    // What is not yet in effect is not yet expected.
    if done && at > now {
        return Some(named);
    }
    let opened = ticket.opened_at.unwrap_or(at);
    let due = |limit: SignedDuration| {
        let latest = later(later(opened, limit), settings.limits.postpone);
        let by_limit = later(if ticket.effective_at.is_some() { at.max(opened) } else { opened }, limit);
        Some(ticket.due_at.unwrap_or(by_limit).min(latest))
    };
    Some(match ticket.intent {
        Intent::Provision | Intent::Modify | Intent::Elevate if !done || !ticket.approved => {
            // An unapproved removal still tightens.
            if done && ticket.intent == Intent::Modify && !ticket.removed.is_empty() {
                Event { may_loosen: false, lifts: false, ..event(What::Modified, None) }
            } else {
                named
            }
        }
        Intent::Provision => event(What::Provisioned, None),
        Intent::Modify => event(What::Modified, None),
        Intent::Elevate => event(What::Elevated, None),
        Intent::Revoke if done => event(What::Revoked, None),
        Intent::Revoke => event(What::RevokeAsked, due(settings.limits.revoke)),
        Intent::Rotate if done => event(What::Rotated, None),
        Intent::Rotate => event(What::RotateAsked, due(settings.limits.rotate)),
        Intent::Offboard => return offboarded(ticket, link, event(What::OwnerGone, None), settings, now),
        Intent::None => return None,
    })
}

/// An offboarding of somebody who owns it, or that names it itself.
fn offboarded(ticket: &Ticket, link: &Link, event: Event, settings: &Settings, now: Timestamp) -> Option<Event> {
    let open = ticket.state == State::Open;
    let limit = later(event.at, settings.limits.offboard);
    if open && limit > now {
        return Some(Event { what: What::Named, ..event });
    }
    // Named by itself, or owned by a workload that goes: it shall be dead, whoever owns it later.
    let by_itself = link.strength > Strength::Owner;
    if by_itself || !is_person(ticket, settings) {
        let deadline = open.then_some(limit);
        let what = if open { What::RevokeAsked } else { What::Revoked };
        return Some(Event { what, deadline, ..event });
    }
    if link.credential.subject_type() == SubjectType::Slot {
        return Some(Event { what: What::ReaderGone, ..event });
    }
    Some(event)
}

/// Everything that the inventory says the leaver owns or can read, beside what the ticket's own links say. What a workload owned
/// shall be dead with it.
fn departures(
    index: usize,
    ticket: &Ticket,
    known: &Known<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Vec<(Id, Event)> {
    let Some(at) = effective(ticket, settings) else { return Vec::new() };
    let limit = later(at, settings.limits.offboard);
    let in_effect = match ticket.state {
        State::Done => at <= now,
        State::Open => limit <= now,
        State::Withdrawn => false,
    };
    let names = leaver_names(ticket, settings);
    if !in_effect || names.is_empty() {
        return Vec::new();
    }
    let open = ticket.state == State::Open;
    let event = |what| Event {
        at,
        what,
        basis: Basis { ticket: index, link: None },
        deadline: open.then_some(limit),
        may_loosen: false,
        lifts: false,
        through: None,
        content: None,
        replaced: Vec::new(),
        who: ticket.subject.clone().or_else(|| names.first().cloned()),
    };
    let linked = |id: &Id| ticket.links.iter().any(|link| link.credential == *id);
    let person = is_person(ticket, settings);
    let fate = match (person, open) {
        (true, _) => What::OwnerGone,
        (false, false) => What::Revoked,
        (false, true) => What::RevokeAsked,
    };
    let mut out: Vec<(Id, Event)> =
        known.owned_by(&names).into_iter().filter(|id| !linked(id)).map(|id| (id, event(fate))).collect();
    if person {
        // Also where the ticket names the slot: that speaks of the value of then, and they could read a later one.
        let by_owner =
            |id: &Id| ticket.links.iter().any(|link| link.credential == *id && link.strength == Strength::Owner);
        out.extend(
            known.readable_by(&names).into_iter().filter(|id| !by_owner(id)).map(|id| (id, event(What::ReaderGone))),
        );
    }
    out
}

/// The names under which the leaver may own something: stated ones with an address or known to the directory; a first name alone
/// is nobody.
fn leaver_names(ticket: &Ticket, settings: &Settings) -> Vec<String> {
    let mut names = ticket.subject_names.clone();
    if names.is_empty() {
        names.extend(ticket.subject.clone());
    }
    let mut all: Vec<String> = names.iter().flat_map(|name| settings.names_of(name)).collect();
    all.sort();
    all.dedup();
    all
}

/// A person has an address or stands in the directory; a workload has neither.
fn is_person(ticket: &Ticket, settings: &Settings) -> bool {
    let names = ticket.subject_names.iter().chain(&ticket.subject);
    names.into_iter().any(|name| {
        name.contains('@')
            || settings.people.iter().any(|person| person.iter().any(|known| known.eq_ignore_ascii_case(name)))
    })
}

/// The effective time, moved by at most `limits.postpone` from when the ticket was closed (done) or opened (open).
pub(super) fn effective(ticket: &Ticket, settings: &Settings) -> Option<Timestamp> {
    let base = match ticket.state {
        State::Done => ticket.closed_at.or(ticket.opened_at),
        State::Open | State::Withdrawn => ticket.opened_at,
    };
    match (ticket.effective_at, base) {
        (Some(stated), Some(base)) => Some(stated.min(later(base, settings.limits.postpone))),
        (stated, base) => stated.or(base),
    }
}
