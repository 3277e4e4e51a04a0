//! What a slot held when: a name denotes a slot, and only its history tells which credential a ticket meant (SEMANTICS, Slots).

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::expectation::Content;
use crate::model::inventory::{Credential, Fingerprint, Inventory, RotationKind, Slot, Version};
use crate::model::settings::Settings;
use crate::model::ticket::Ticket;

use super::SKEW;

/// The inventory, indexed for the fold.
pub(super) struct Known<'i> {
    inventory: &'i Inventory,
    slots: HashMap<&'i Id, &'i Slot>,
    credentials: HashMap<&'i Id, &'i Credential>,
}

impl<'i> Known<'i> {
    pub(super) fn new(inventory: &'i Inventory) -> Self {
        Self {
            inventory,
            slots: inventory.slots.iter().map(|slot| (&slot.id, slot)).collect(),
            credentials: inventory.credentials.iter().map(|credential| (&credential.id, credential)).collect(),
        }
    }

    /// Whether the slot still holds the value of that time. Fingerprints outrank change times: a change time proves that a value
    /// was written, not that it differs.
    pub(super) fn content(&self, slot: &Id, then: Option<Timestamp>) -> Content {
        let (Some(slot), Some(then)) = (self.slots.get(slot), then) else { return Content::Unknown };
        if let (Some(before), Some(now)) =
            (version_at(slot, then).and_then(|v| v.fingerprint.as_ref()), current_fingerprint(slot))
        {
            return if before == now { Content::Same } else { Content::Refilled };
        }
        match changed_at(slot) {
            Some(at) if at > then + SKEW => Content::Refilled,
            Some(_) => Content::Same,
            // A credential made after the ticket cannot be the one that the slot held then.
            None => match slot.holds.as_ref().and_then(|id| self.credentials.get(id)).and_then(|c| c.created_at) {
                Some(made) if made > then + SKEW => Content::Refilled,
                _ => Content::Unknown,
            },
        }
    }

    /// The credential that the slot holds. A join that only the configuration states is a claim about the value of the time
    /// before: it does not survive a refill.
    pub(super) fn held_now(&self, slot: &Id, settings: &Settings, since: Timestamp) -> Option<Id> {
        let slot = self.slots.get(slot)?;
        let held = slot.holds.clone()?;
        let only_stated = settings.links.iter().any(|(place, thing)| *place == slot.id && *thing == held);
        let refilled = changed_at(slot).is_some_and(|at| at > since + SKEW);
        (!(only_stated && refilled)).then_some(held)
    }

    /// The credential that the slot held at that time, by its version history.
    pub(super) fn held_before(&self, slot: &Id, then: Option<Timestamp>) -> Option<Id> {
        version_at(self.slots.get(slot)?, then?)?.holds.clone()
    }

    /// Whether the credential existed when the ticket was opened; unknown counts as yes, since a ticket names what there is.
    pub(super) fn existed_before(&self, credential: &Id, opened: Option<Timestamp>) -> bool {
        let made = self.credentials.get(credential).and_then(|c| c.created_at);
        !matches!((made, opened), (Some(made), Some(opened)) if made > opened + SKEW)
    }

    /// The credentials that a rotation of the slot replaced: by version history, by fingerprint, or as the older of the identity's
    /// two keys. A store's own previous stage in an alternating rotation is meant to be alive.
    pub(super) fn replaced(&self, slot: &Id, ticket: &Ticket) -> Vec<Id> {
        let (Some(slot), Some(opened)) = (self.slots.get(slot), ticket.opened_at) else { return Vec::new() };
        if slot.rotation == Some(RotationKind::Alternating) {
            return Vec::new();
        }
        let current = slot.holds.as_ref();
        if let Some(before) = version_at(slot, opened).and_then(|version| version.holds.clone()) {
            return if Some(&before) == current { Vec::new() } else { vec![before] };
        }
        self.older_key(current, opened).into_iter().collect()
    }

    /// The other of an AWS user's two keys, where it is the older one and the slot's own was made for the rotation.
    fn older_key(&self, current: Option<&Id>, opened: Timestamp) -> Option<Id> {
        let current = self.credentials.get(current?)?;
        let made = current.created_at?;
        if current.id.kind() != "access-key" || made + SKEW < opened {
            return None;
        }
        let owner = current.owner.as_ref()?;
        let mut others = self.inventory.credentials.iter().filter(|other| {
            other.id != current.id
                && other.id.kind() == "access-key"
                && other.tenant == current.tenant
                && other.owner.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(owner))
        });
        let other = others.next()?;
        (others.next().is_none() && other.created_at.is_some_and(|at| at < made)).then(|| other.id.clone())
    }

    /// The credentials that a party owns.
    pub(super) fn owned_by(&self, names: &[String]) -> Vec<Id> {
        let owned = |owner: &Option<String>| owner.as_ref().is_some_and(|owner| is_one_of(owner, names));
        self.inventory.credentials.iter().filter(|c| owned(&c.owner)).map(|c| c.id.clone()).collect()
    }

    /// The slots that a party can read: it owns them, stands among the readers, or holds a grant on them.
    pub(super) fn readable_by(&self, names: &[String]) -> Vec<Id> {
        let reads = |slot: &&Slot| {
            slot.owner.as_ref().is_some_and(|owner| is_one_of(owner, names))
                || slot.readers.iter().any(|reader| is_one_of(reader, names))
                || slot.grants.iter().any(|grant| grant.holder.as_ref().is_some_and(|holder| is_one_of(holder, names)))
        };
        self.inventory.slots.iter().filter(reads).map(|slot| slot.id.clone()).collect()
    }
}

fn is_one_of(name: &str, names: &[String]) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// When the slot's value was last written, by its own record or its newest version.
pub(super) fn changed_at(slot: &Slot) -> Option<Timestamp> {
    slot.updated_at.or_else(|| slot.versions.iter().filter_map(|version| version.at).max())
}

/// The version in force at that time; versions without a time tell nothing.
fn version_at(slot: &Slot, then: Timestamp) -> Option<&Version> {
    slot.versions
        .iter()
        .filter(|version| version.at.is_some_and(|at| at <= then + SKEW))
        .max_by_key(|version| version.at)
}

fn current_fingerprint(slot: &Slot) -> Option<&Fingerprint> {
    let newest = slot.versions.iter().max_by_key(|version| version.at).and_then(|version| version.fingerprint.as_ref());
    slot.fingerprint.as_ref().or(newest)
}
