//! What a slot held when: a name denotes a slot, and only its history tells which credential a ticket meant (SEMANTICS, Slots).

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::model::Id;
use crate::model::expectation::Content;
use crate::model::id::SubjectType;
use crate::model::inventory::{Credential, Fingerprint, Inventory, RotationKind, Slot, Version};
use crate::model::settings::Settings;
use crate::model::ticket::Ticket;
use crate::model::time::{SKEW, earlier, later};

/// The inventory, indexed for the fold.
pub(super) struct Known<'i> {
    slots: HashMap<&'i Id, &'i Slot>,
    credentials: HashMap<&'i Id, &'i Credential>,
    /// Joins that only the configuration states.
    stated: HashSet<(&'i Id, &'i Id)>,
    /// The credential behind a fingerprint; none where two are claimed.
    behind: HashMap<&'i Fingerprint, Option<&'i Id>>,
    /// Credentials by their owner, and slots by those who can read them, in lower case.
    owned: HashMap<String, Vec<&'i Id>>,
    readable: HashMap<String, BTreeSet<&'i Id>>,
    settings: &'i Settings,
}

impl<'i> Known<'i> {
    pub(super) fn new(inventory: &'i Inventory, settings: &'i Settings) -> Self {
        let stated: HashSet<(&Id, &Id)> = settings.links.iter().map(|(slot, held)| (slot, held)).collect();
        let mut behind: HashMap<&Fingerprint, Option<&Id>> = HashMap::new();
        let mut owned: HashMap<String, Vec<&Id>> = HashMap::new();
        let mut readable: HashMap<String, BTreeSet<&Id>> = HashMap::new();
        for slot in &inventory.slots {
            let current = slot.holds.as_ref().filter(|held| !stated.contains(&(&slot.id, held)));
            let pairs = std::iter::once((&slot.fingerprint, current))
                .chain(slot.versions.iter().map(|version| (&version.fingerprint, version.holds.as_ref())));
            for (fingerprint, held) in pairs {
                let (Some(fingerprint), Some(held)) = (fingerprint, held) else { continue };
                let entry = behind.entry(fingerprint).or_insert(Some(held));
                if *entry != Some(held) {
                    *entry = None;
                }
            }
            let holders = slot.grants.iter().filter_map(|grant| grant.holder.as_ref());
            for reader in slot.owner.iter().chain(&slot.readers).chain(holders) {
                readable.entry(reader.to_ascii_lowercase()).or_default().insert(&slot.id);
            }
        }
        for credential in &inventory.credentials {
            if let Some(owner) = &credential.owner {
                owned.entry(owner.to_ascii_lowercase()).or_default().push(&credential.id);
            }
        }
        Self {
            slots: inventory.slots.iter().map(|slot| (&slot.id, slot)).collect(),
            credentials: inventory.credentials.iter().map(|credential| (&credential.id, credential)).collect(),
            stated,
            behind,
            owned,
            readable,
            settings,
        }
    }

    /// Whether the slot still holds the value of that time. Equal fingerprints, and a history that names the credential, outrank
    /// change times: a change time proves that a value was written, not that it differs.
    pub(super) fn content(&self, slot: &Id, then: Option<Timestamp>) -> Content {
        let (Some(slot), Some(then)) = (self.slots.get(slot), then) else { return Content::Unknown };
        let before = version_at(slot, later(then, SKEW));
        if let (Some(before), Some(now)) = (before.and_then(|v| v.fingerprint.as_ref()), current_fingerprint(slot)) {
            return Self::told(slot, then, before == now);
        }
        let current = self.current(slot).filter(|held| !self.stated.contains(&(&slot.id, held)));
        if let (Some(before), Some(now)) = (before.and_then(|v| v.holds.as_ref()), current) {
            return Self::told(slot, then, before == now);
        }
        match changed_at(slot) {
            Some(at) if at > later(then, SKEW) => Content::Refilled,
            Some(_) => Content::Same,
            // A credential made after the ticket cannot be the one that the slot held then.
            None => match slot.holds.as_ref().and_then(|id| self.credentials.get(id)).and_then(|c| c.created_at) {
                Some(made) if made > later(then, SKEW) => Content::Refilled,
                _ => Content::Unknown,
            },
        }
    }

    /// What two values tell: another one is a refill, unless the store says that its last write was earlier (a history with holes).
    fn told(slot: &Slot, then: Timestamp, same: bool) -> Content {
        let earlier = slot.updated_at.is_some_and(|at| at <= later(then, SKEW));
        if same || earlier { Content::Same } else { Content::Refilled }
    }

    /// When the slot was last written.
    pub(super) fn changed(&self, slot: &Id) -> Option<Timestamp> {
        changed_at(self.slots.get(slot)?)
    }

    /// The credential that the slot holds. A join that only the configuration states is a claim about the value of the time
    /// before: it does not survive a refill.
    pub(super) fn held_now(&self, slot: &Id, since: Timestamp) -> Option<Id> {
        let slot = self.slots.get(slot)?;
        let held = self.current(slot)?;
        let only_stated = self.stated.contains(&(&slot.id, held));
        let refilled = changed_at(slot).is_some_and(|at| at > later(since, SKEW));
        (!(only_stated && refilled)).then(|| held.clone())
    }

    /// The credential that the slot held at that time, by its version history.
    pub(super) fn held_before(&self, slot: &Id, then: Option<Timestamp>) -> Option<Id> {
        self.held_in(version_at(self.slots.get(slot)?, later(then?, SKEW))?)
    }

    fn current(&self, slot: &'i Slot) -> Option<&'i Id> {
        let newest =
            || slot.versions.iter().max_by_key(|version| version.at).and_then(|version| version.holds.as_ref());
        slot.holds.as_ref().or_else(newest)
    }

    fn held_in(&self, version: &Version) -> Option<Id> {
        let by_value = || version.fingerprint.as_ref().and_then(|value| self.behind.get(value).copied().flatten());
        version.holds.as_ref().or_else(by_value).cloned()
    }

    /// Whether a credential that a rotation's ticket names is the one that it replaces: not one made after the ticket was opened,
    /// and not the new value, which people name beside the old one.
    pub(super) fn is_replaced(&self, credential: &Id, ticket: &Ticket) -> bool {
        let Some(opened) = ticket.opened_at else { return true };
        let made = |id: &Id| self.credentials.get(id).and_then(|c| c.created_at);
        let own = made(credential);
        if own.is_some_and(|made| made > later(opened, SKEW)) {
            return false;
        }
        // The new key is often made just before the ticket is written; one that is much older is no new key.
        if own.is_some_and(|made| later(made, self.settings.grace_rotate) < opened) {
            return true;
        }
        let mut named = ticket.links.iter().filter(|link| link.can_block(ticket.intent)).map(|link| &link.credential);
        let beside_an_older = own.is_some()
            && named
                .clone()
                .any(|id| id.subject_type() == SubjectType::Credential && id != credential && made(id) < own);
        let filled_in = named.any(|id| {
            self.slots.get(id).is_some_and(|slot| {
                self.current(slot) == Some(credential)
                    && changed_at(slot).is_some_and(|at| at >= earlier(opened, SKEW))
                    && self.before(slot, earlier(opened, SKEW)).as_ref() != Some(credential)
            })
        });
        !(beside_an_older || filled_in)
    }

    /// The credentials that a rotation of the slot replaced: by version history, by fingerprint, or as the older of the identity's
    /// two keys. A store's own previous stage in an alternating rotation is meant to be alive.
    pub(super) fn replaced(&self, slot: &Id, threshold: Timestamp) -> Vec<Id> {
        let Some(slot) = self.slots.get(slot) else { return Vec::new() };
        if slot.rotation == Some(RotationKind::Alternating) {
            return Vec::new();
        }
        let current = self.current(slot);
        if let Some(before) = self.before(slot, threshold) {
            return if Some(&before) == current { Vec::new() } else { vec![before] };
        }
        self.older_key(current, threshold).into_iter().collect()
    }

    /// Whether the slot's store keeps the value of before alive on purpose.
    pub(super) fn alternates(&self, slot: &Id) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.rotation == Some(RotationKind::Alternating))
    }

    /// What the slot held before a rotation began.
    fn before(&self, slot: &Slot, threshold: Timestamp) -> Option<Id> {
        let before = slot.versions.iter().filter(|version| version.at.is_some_and(|at| at < threshold));
        self.held_in(before.max_by_key(|version| version.at)?)
    }

    /// The other of an AWS user's two keys, where it is the older one and the slot's own was made for the rotation.
    fn older_key(&self, current: Option<&Id>, threshold: Timestamp) -> Option<Id> {
        let current = self.credentials.get(current?)?;
        let made = current.created_at.filter(|made| *made >= threshold)?;
        if current.id.kind() != "access-key" {
            return None;
        }
        let owned = self.owned.get(&current.owner.as_ref()?.to_ascii_lowercase())?;
        let mut others = owned.iter().filter_map(|id| self.credentials.get(id)).filter(|other| {
            other.id != current.id && other.id.kind() == "access-key" && other.tenant == current.tenant
        });
        let other = others.next()?;
        (others.next().is_none() && other.created_at.is_some_and(|at| at < made)).then(|| other.id.clone())
    }

    /// The credentials that a party owns.
    pub(super) fn owned_by(&self, names: &[String]) -> Vec<Id> {
        let found: BTreeSet<&Id> =
            names.iter().filter_map(|name| self.owned.get(&name.to_ascii_lowercase())).flatten().copied().collect();
        found.into_iter().cloned().collect()
    }

    /// The slots that a party can read: it owns them, stands among the readers, or holds a grant on them.
    pub(super) fn readable_by(&self, names: &[String]) -> Vec<Id> {
        let found: BTreeSet<&Id> =
            names.iter().filter_map(|name| self.readable.get(&name.to_ascii_lowercase())).flatten().copied().collect();
        found.into_iter().cloned().collect()
    }
}

/// When the slot's value was last written, by its own record or its newest version.
fn changed_at(slot: &Slot) -> Option<Timestamp> {
    slot.updated_at.or_else(|| slot.versions.iter().filter_map(|version| version.at).max())
}

/// The version in force at that time; versions without a time tell nothing.
fn version_at(slot: &Slot, then: Timestamp) -> Option<&Version> {
    slot.versions.iter().filter(|version| version.at.is_some_and(|at| at <= then)).max_by_key(|version| version.at)
}

fn current_fingerprint(slot: &Slot) -> Option<&Fingerprint> {
    let newest = slot.versions.iter().max_by_key(|version| version.at).and_then(|version| version.fingerprint.as_ref());
    slot.fingerprint.as_ref().or(newest)
}
