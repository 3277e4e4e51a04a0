//! Equal fingerprints are equal values: what one slot is known to hold, every slot with the same value holds. No value is seen here.

use std::collections::{BTreeSet, HashMap};

use crate::model::Id;
use crate::model::inventory::{Fingerprint, Inventory};

/// Fills `holds` of slots and versions whose value is known elsewhere. Where equal values are said to be different credentials, nothing
/// is filled: one of the two records is wrong, and nothing tells which.
pub(super) fn join(inventory: &mut Inventory) {
    let mut held: HashMap<Fingerprint, BTreeSet<Id>> = HashMap::new();
    for slot in &inventory.slots {
        let now = slot.fingerprint.as_ref().zip(slot.holds.as_ref());
        let then = slot.versions.iter().filter_map(|version| version.fingerprint.as_ref().zip(version.holds.as_ref()));
        for (value, credential) in now.into_iter().chain(then) {
            held.entry(value.clone()).or_default().insert(credential.clone());
        }
    }
    let of = |value: &Option<Fingerprint>| {
        let known = held.get(value.as_ref()?)?;
        if known.len() == 1 { known.first().cloned() } else { None }
    };
    for slot in &mut inventory.slots {
        slot.holds = slot.holds.take().or_else(|| of(&slot.fingerprint));
        for version in &mut slot.versions {
            version.holds = version.holds.take().or_else(|| of(&version.fingerprint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::Slot;
    use crate::secret::{FingerprintKey, Secret};

    fn slot(name: &str, value: &str, holds: Option<&str>) -> Slot {
        let key = FingerprintKey::new(&Secret::new("k".into()));
        let fingerprint = Secret::new(value.to_owned()).fingerprint(&key);
        Slot { fingerprint: Some(fingerprint), holds: holds.map(Id::new), ..Slot::bare(Id::env(name)) }
    }

    #[test]
    fn the_same_value_is_the_same_credential() {
        let slots = vec![
            slot("A", "1", Some("aws:access-key:X")),
            slot("B", "1", None),
            slot("C", "2", None),
            slot("D", "3", Some("aws:access-key:X")),
            slot("E", "3", Some("aws:access-key:Y")),
            slot("F", "3", None),
        ];
        let mut inventory = Inventory { slots, ..Inventory::default() };
        join(&mut inventory);
        let holds: Vec<Option<&str>> = inventory.slots.iter().map(|s| s.holds.as_ref().map(Id::as_str)).collect();
        let (x, y) = (Some("aws:access-key:X"), Some("aws:access-key:Y"));
        assert_eq!(holds, [x, x, None, x, y, None]);
    }
}
