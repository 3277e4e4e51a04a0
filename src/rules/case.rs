//! The case: everything a rule may look at, indexed once. It holds facts and plain look-ups, no judgement of a rule.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::expectation::{Basis, Expectations, Expected};
use crate::model::id::SubjectType;
use crate::model::inventory::{Credential, Inventory, LivenessState, Slot, Status};
use crate::model::reference::Reference;
use crate::model::report::{Evidence, Subject};
use crate::model::scope::{Reach, Scope};
use crate::model::settings::Settings;
use crate::model::ticket::Ticket;

use super::cite;

/// The facts of a case.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// As of when to judge.
    pub now: Timestamp,
    /// Limits, grace, trust.
    pub settings: &'a Settings,
    /// Slots and credentials.
    pub inventory: &'a Inventory,
    /// Tickets as understood.
    pub tickets: &'a [Ticket],
    /// The catalogue.
    pub catalog: &'a [Entry],
    /// All references of the checkout's own pipelines.
    pub references: &'a [Reference],
    /// What the tickets promise.
    pub expected: &'a Expectations,
    /// Jobs that are judged.
    pub scope: &'a Scope,
    /// What they reach.
    pub reach: &'a Reach,
    /// Slots that are referred to, and that their store's whole list does not have.
    pub absent: &'a BTreeSet<Id>,
}

/// The facts, indexed.
pub struct Case<'a> {
    facts: Facts<'a>,
    credentials: HashMap<&'a Id, &'a Credential>,
    slots: HashMap<&'a Id, &'a Slot>,
    holders: HashMap<&'a Id, Vec<&'a Slot>>,
}

impl<'a> std::ops::Deref for Case<'a> {
    type Target = Facts<'a>;

    fn deref(&self) -> &Self::Target {
        &self.facts
    }
}

/// Whether a credential authenticates, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It does: in words.
    Live(String),
    /// It does not: in words.
    Dead(String),
    /// Nothing proves either: in words.
    Unknown(String),
}

impl<'a> Case<'a> {
    /// Indexes the facts.
    #[must_use]
    pub fn new(facts: Facts<'a>) -> Self {
        let mut holders: HashMap<&Id, Vec<&Slot>> = HashMap::new();
        for slot in &facts.inventory.slots {
            if let Some(held) = &slot.holds {
                holders.entry(held).or_default().push(slot);
            }
        }
        Self {
            credentials: facts.inventory.credentials.iter().map(|c| (&c.id, c)).collect(),
            slots: facts.inventory.slots.iter().map(|s| (&s.id, s)).collect(),
            holders,
            facts,
        }
    }

    /// The credential with that id.
    #[must_use]
    pub fn credential(&self, id: &Id) -> Option<&'a Credential> {
        self.credentials.get(id).copied()
    }

    /// The slot with that id.
    #[must_use]
    pub fn slot(&self, id: &Id) -> Option<&'a Slot> {
        self.slots.get(id).copied()
    }

    /// The slots that hold a credential.
    #[must_use]
    pub fn holders(&self, credential: &Id) -> &[&'a Slot] {
        self.holders.get(credential).map_or(&[], Vec::as_slice)
    }

    /// The slots that still hold a credential's value from before that time. A join that only the configuration states does not
    /// survive a later change of the slot.
    #[must_use]
    pub fn still_held(&self, credential: &Id, since: Timestamp) -> Vec<&'a Slot> {
        let stated =
            |slot: &Slot| self.settings.links.iter().any(|(place, thing)| *place == slot.id && thing == credential);
        let kept = |slot: &&&Slot| !(stated(slot) && changed_at(slot).is_some_and(|at| at > since + SKEW));
        self.holders(credential).iter().filter(kept).copied().collect()
    }

    /// The expectations of credentials, in order.
    pub fn credentials_expected(&self) -> impl Iterator<Item = (&'a Id, &'a Expected)> + use<'a> {
        of_type(self.facts.expected, SubjectType::Credential)
    }

    /// The expectations of slots, in order.
    pub fn slots_expected(&self) -> impl Iterator<Item = (&'a Id, &'a Expected)> + use<'a> {
        of_type(self.facts.expected, SubjectType::Slot)
    }

    /// Whether a credential authenticates. The issuer's record and probes decide; a plain status counts where nobody looked
    /// closer; an expiry that has passed is death unless something later says live.
    #[must_use]
    pub fn truth(&self, id: &Id) -> Truth {
        let Some(credential) = self.credential(id) else {
            return Truth::Unknown("no source knows it".to_owned());
        };
        let seen = credential.liveness.as_ref();
        let text = seen.map_or_else(String::new, |seen| cite::observation(seen, seen.at));
        let expired = credential.expires_at.filter(|at| *at <= self.now);
        match seen.map(|seen| (seen.state, seen.at)) {
            Some((LivenessState::Live, at)) => match expired {
                Some(end) if at.is_none_or(|at| at < end) => Truth::Dead(format!("expired {end}")),
                _ => Truth::Live(text),
            },
            Some((LivenessState::Dead | LivenessState::NotFound, _)) => Truth::Dead(text),
            _ if expired.is_some() => Truth::Dead(format!("expired {}", expired.unwrap_or(self.now))),
            other => {
                let checked = matches!(other, Some((LivenessState::Unknown, _)));
                match credential.status {
                    Status::Active if !checked => Truth::Live("live (recorded status: active)".to_owned()),
                    Status::Inactive | Status::Revoked | Status::Expired | Status::Deleted => {
                        Truth::Dead(format!("dead (recorded status: {})", cite::word(&credential.status)))
                    }
                    _ if text.is_empty() => Truth::Unknown("unknown (nobody looked)".to_owned()),
                    _ => Truth::Unknown(text),
                }
            }
        }
    }

    /// Whether it is live.
    #[must_use]
    pub fn is_live(&self, id: &Id) -> bool {
        matches!(self.truth(id), Truth::Live(_))
    }

    /// The ticket of a basis.
    #[must_use]
    pub fn ticket(&self, basis: &Basis) -> Option<&'a Ticket> {
        self.facts.tickets.get(basis.ticket)
    }

    /// The ticket of a basis, as evidence.
    #[must_use]
    pub fn cite(&self, basis: &Basis) -> Option<Evidence> {
        self.ticket(basis).map(|ticket| cite::ticket(ticket, Some(basis)))
    }

    /// The id of a basis' ticket.
    #[must_use]
    pub fn ticket_id(&self, basis: &Basis) -> &'a str {
        self.ticket(basis).map_or("", |ticket| ticket.id.as_str())
    }

    /// A subject, with its name.
    #[must_use]
    pub fn subject(&self, id: &Id) -> Subject {
        let name = self
            .credential(id)
            .and_then(|credential| credential.name.clone())
            .or_else(|| self.slot(id).and_then(|slot| slot.name.clone()))
            .or_else(|| self.holders(id).first().and_then(|slot| slot.name.clone()));
        Subject { kind: id.subject_type(), id: id.clone(), name }
    }

    /// The rows of the catalogue that speak of a credential: by its id, name, alias, or its owner.
    #[must_use]
    pub fn recorded(&self, credential: &Credential) -> Vec<&'a Entry> {
        let names = credential.name.iter().chain(&credential.aliases).chain(&credential.owner);
        let names: Vec<&String> = names.collect();
        let speaks = |entry: &&Entry| {
            entry.identity == credential.id.as_str()
                || names.iter().any(|name| self.settings.same_party(name, &entry.identity))
        };
        self.facts.catalog.iter().filter(speaks).collect()
    }
}

/// Clock skew between a ticket's times and a store's.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// When a slot's value was last written.
pub(super) fn changed_at(slot: &Slot) -> Option<Timestamp> {
    slot.updated_at.or_else(|| slot.versions.iter().filter_map(|version| version.at).max())
}

fn of_type(all: &Expectations, kind: SubjectType) -> impl Iterator<Item = (&Id, &Expected)> {
    all.of.iter().filter(move |(id, _)| id.subject_type() == kind)
}
