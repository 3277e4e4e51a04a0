//! What the tickets promise, folded in the order of time: the expected state of each slot and credential. Made by `expect`,
//! compared with the truth by the rules.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::ticket::{Access, Removal};

/// The ticket, and the link in it, that an expectation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Basis {
    /// Index into the list of tickets.
    pub ticket: usize,
    /// Index into its links; none where the ticket speaks of the owner.
    pub link: Option<usize>,
}

/// Why something is expected to be dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A ticket revoked it.
    Revoked,
    /// A rotation replaced it; `since` already holds the overlap grace.
    Replaced,
}

/// Something that shall be dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub cause: Cause,
    /// The ticket.
    pub basis: Basis,
    /// The slot by whose name the ticket meant the credential.
    pub through: Option<Id>,
}

/// Whether the value in a slot is the one that a ticket meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It is the value of then.
    Same,
    /// The slot was refilled since.
    Refilled,
    /// Nothing tells.
    Unknown,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Until when the thing may stay as it is.
    pub at: Timestamp,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// The ticket.
    pub basis: Basis,
    /// Whether the value that the ticket meant is still there; for a credential it always is.
    pub content: Content,
}

/// A rotation that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The slot's value must be later than this.
    pub threshold: Timestamp,
    /// When the ticket was closed.
    pub closed_at: Timestamp,
    /// From when on the replaced credential must be dead: closing time and overlap grace.
    pub dead_from: Timestamp,
    /// The ticket.
    pub basis: Basis,
    /// The credentials that it replaced, as far as known.
    pub replaced: Vec<Id>,
}

/// Access that a ticket approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What was stated.
    pub access: Access,
    /// From when.
    pub from: Timestamp,
    /// Until when, for an elevation.
    pub until: Option<Timestamp>,
    /// The ticket.
    pub basis: Basis,
}

/// A privilege that a ticket took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// What and where.
    pub removal: Removal,
    /// Since when.
    pub since: Timestamp,
    /// The ticket.
    pub basis: Basis,
}

/// An owner or reader who has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Who.
    pub who: String,
    /// Since when.
    pub since: Timestamp,
    /// The ticket.
    pub basis: Basis,
}

/// The expected state of one slot or credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Shall be dead (credentials), or shall no longer hold the value of then (slots).
    pub dead: Option<Death>,
    /// For a slot with `dead`: whether it still holds that value.
    pub content: Option<Content>,
    /// An open revocation.
    pub revoke_by: Option<Deadline>,
    /// A rotation that is done (slots).
    pub rotated: Option<Rotation>,
    /// An open rotation.
    pub rotate_by: Option<Deadline>,
    /// Access approved for good.
    pub approved: Vec<Approval>,
    /// Access approved for a time.
    pub elevated: Vec<Approval>,
    /// Privileges taken away.
    pub removed: Vec<Removed>,
    /// Its owner has gone (credentials).
    pub owner_gone: Option<Departure>,
    /// People who could read it and have gone (slots).
    pub readers_gone: Vec<Departure>,
    /// Indexes of all tickets that speak of it, whatever they ask.
    pub tickets: Vec<usize>,
    /// What would have loosened it and was not trusted: the ticket's index, and the words.
    pub distrusted: Vec<(usize, String)>,
    /// What was edited in its tickets after they were approved or done: the ticket's index, and who, when, before and after.
    pub edited: Vec<(usize, String)>,
}

/// The expected state of everything that tickets speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// By credential or slot.
    pub of: BTreeMap<Id, Expected>,
    /// Remarks for coverage: the unproved death of a value that its slot no longer holds, and the like.
    pub notes: Vec<String>,
}

impl Expectations {
    /// What is expected of one.
    #[must_use]
    pub fn get(&self, id: &Id) -> Option<&Expected> {
        self.of.get(id)
    }
}
