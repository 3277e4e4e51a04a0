//! What is not listed where the whole list was read is deleted; where the list was partial, its absence says nothing (SEMANTICS,
//! Actual state). What a source listed is the source's to say.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::inventory::{Credential, Extent, Inventory, Liveness, LivenessState, Status};

/// A live source: its kind, and the authority of its ids.
pub(super) type Issuer = (String, Option<String>);

/// Marks credentials that are spoken of, and that a complete list of their kind and place does not have.
/// `live` are the live sources by name: their kinds, and the authorities of their ids.
pub(super) fn mark(inventory: &mut Inventory, spoken_of: &BTreeSet<Id>, live: &BTreeMap<String, Issuer>) {
    if !inventory.coverage.iter().any(|extent| extent.complete) {
        return;
    }
    let mut known: BTreeMap<&Id, &Credential> = BTreeMap::new();
    for credential in &inventory.credentials {
        known.entry(&credential.id).or_insert(credential);
    }
    let mut gone = Vec::new();
    for id in spoken_of {
        let known = known.get(id).copied();
        // Listed is what some source told more of than its id.
        let listed = known.is_some_and(|c| {
            c.liveness.is_some() || c.status != Status::Unknown || c.created_at.is_some() || !c.grants.is_empty()
        });
        let lists = inventory.coverage.iter().filter(|extent| extent.complete && covers(extent, id, live));
        // The newest list counts: what an older one had, a snapshot's, may be gone by now.
        let Some(extent) = lists.max_by_key(|extent| extent.at) else { continue };
        let before = known.and_then(|credential| credential.liveness.as_ref());
        let gone_since = before.is_some_and(|seen| {
            seen.state == LivenessState::Live && seen.at < extent.at && extent.at.is_some() && seen.at.is_some()
        });
        if listed && !gone_since {
            continue;
        }
        // Seen in the same way as before, so that it outdates that.
        let method = before.filter(|_| gone_since).map(|seen| seen.method.clone());
        gone.push((
            id.clone(),
            Liveness {
                state: LivenessState::NotFound,
                method: method.unwrap_or_else(|| format!("{} list of {}", extent.kind, extent.place)),
                at: extent.at,
                reason: Some("the whole list does not have it".to_owned()),
            },
        ));
    }
    for (id, seen) in gone {
        match inventory.credentials.iter_mut().find(|credential| credential.id == id) {
            Some(credential) => credential.observe(seen),
            None => {
                let mut credential = Credential::bare(id);
                credential.observe(seen);
                inventory.credentials.push(credential);
            }
        }
    }
}

/// Whether a list is of the credential's kind and place. An AWS key's place is its account, which its id does not show: only its
/// own source can say that it is gone.
fn covers(extent: &Extent, id: &Id, live: &BTreeMap<String, Issuer>) -> bool {
    if id.kind() == "access-key" || extent.kind != id.kind() {
        return false;
    }
    // Another provider's list of the same kind, and another server's of the same provider, say nothing.
    let of_source = match live.get(&extent.source) {
        Some((kind, authority)) => kind == id.provider() && authority.as_deref() == id.authority(),
        None => {
            let named = matches!(extent.source.as_str(), "github" | "gitlab" | "vault" | "aws");
            !named || extent.source == id.provider()
        }
    };
    if !of_source {
        return false;
    }
    let rest = percent_encoding::percent_decode_str(id.rest()).decode_utf8_lossy().into_owned();
    let authority = id.authority().is_none_or(|authority| authority == extent.source);
    authority && rest.rsplit_once(':').is_some_and(|(place, _)| place.eq_ignore_ascii_case(&extent.place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(complete: bool) -> Inventory {
        let extent = Extent {
            source: "github".into(),
            kind: "deploy-key".into(),
            place: "acme/shop".into(),
            complete,
            asked_as: None,
            at: None,
        };
        Inventory { coverage: vec![extent], ..Inventory::default() }
    }

    #[test]
    fn only_a_whole_list_proves_a_deletion() {
        let id = Id::new("github:deploy-key:acme/shop:8413");
        let other = Id::new("github:deploy-key:acme/site:8413");
        let spoken_of = BTreeSet::from([id.clone(), other.clone()]);
        let live = BTreeMap::from([("github".to_owned(), ("github".to_owned(), None))]);
        let mut whole = read(true);
        // The same kind and place at another provider.
        let gitlab = Id::new("gitlab:deploy-key:acme/shop:8413");
        mark(&mut whole, &BTreeSet::from([gitlab]), &live);
        assert!(whole.credentials.is_empty());
        mark(&mut whole, &spoken_of, &live);
        assert_eq!(
            whole.credential(&id).and_then(|c| c.liveness.as_ref()).map(|l| l.state),
            Some(LivenessState::NotFound)
        );
        assert!(whole.credential(&other).is_none(), "another place's list says nothing");
        // Seen by an older list, and gone from the newest.
        let at = |text: &str| text.parse::<jiff::Timestamp>().ok();
        let mut since = read(true);
        since.coverage[0].at = at("2026-06-01T12:00:00Z");
        let mut seen = Credential::bare(id.clone());
        let seen_at = |time: &str| Liveness {
            state: LivenessState::Live,
            method: "github deploy keys".into(),
            at: at(time),
            reason: None,
        };
        seen.observe(seen_at("2026-06-01T11:50:00Z"));
        since.credentials.push(seen);
        mark(&mut since, &spoken_of, &live);
        let state =
            |inventory: &Inventory| inventory.credential(&id).and_then(|c| c.liveness.as_ref()).map(|l| l.state);
        assert_eq!(state(&since), Some(LivenessState::NotFound));
        let mut now = read(true);
        now.coverage[0].at = at("2026-06-01T12:00:00Z");
        let mut seen = Credential::bare(id.clone());
        seen.observe(seen_at("2026-06-01T12:00:00Z"));
        now.credentials.push(seen);
        mark(&mut now, &spoken_of, &live);
        assert_eq!(state(&now), Some(LivenessState::Live));
        let mut partial = read(false);
        mark(&mut partial, &spoken_of, &live);
        assert!(partial.credentials.is_empty());
    }
}
