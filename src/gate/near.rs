//! What of an organization-wide snapshot concerns one checkout: what a live gate would have read. A secret's name that is unique in a
//! repository is not unique in an organization, and the verdict must not depend on which of the two was read.

use std::collections::BTreeSet;

use crate::model::Id;
use crate::model::inventory::{Inventory, Slot};

/// Drops what belongs to other repositories and projects. Outer stores belong to all.
/// What a slot holds is kept, whosever it is; `held` is what slots of other parts hold.
pub(super) fn keep(inventory: &mut Inventory, repository: &str, held: &BTreeSet<Id>) {
    inventory.slots.retain(|slot| of_id(&slot.id, repository));
    let own: BTreeSet<Id> = inventory.slots.iter().flat_map(holds).cloned().collect();
    let spoken_of = |id: &Id| own.contains(id) || held.contains(id);
    inventory.credentials.retain(|credential| of_id(&credential.id, repository) || spoken_of(&credential.id));
    inventory.gaps.retain(|gap| match gap.scope.split_once(':') {
        Some(_) => of_id(&Id::new(gap.scope.clone()), repository),
        None => !gap.scope.contains('/') || of_place(&gap.scope, repository),
    });
}

/// What a slot is said to hold, now and before.
pub(super) fn holds(slot: &Slot) -> impl Iterator<Item = &Id> {
    slot.holds.iter().chain(slot.versions.iter().filter_map(|version| version.holds.as_ref()))
}

fn of_id(id: &Id, repository: &str) -> bool {
    if !matches!(id.provider(), "github" | "gitlab") {
        return true;
    }
    let place = id.rest().split(':').next().unwrap_or_default();
    let place = percent_encoding::percent_decode_str(place).decode_utf8_lossy();
    // An owner's, a group's, a person's; of several groups only those above the project are read by its jobs.
    !place.contains('/') || of_place(&place, repository)
}

/// `acme/shop`, `acme/shop@production`, or a group above `acme/shop`.
fn of_place(place: &str, repository: &str) -> bool {
    let (place, repository) = (place.to_lowercase(), repository.to_lowercase());
    let place = place.split('@').next().unwrap_or_default();
    place == repository || repository.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::{Credential, Gap};

    #[test]
    fn other_repositories_are_left_out() {
        let ids = [
            ("github:actions-secret:acme/shop:A", true),
            ("github:actions-secret:Acme/Shop@prod%3Aeu:A", true),
            ("github:actions-secret:acme:A", true),
            ("github:actions-secret:acme/shop2:A", false),
            ("gitlab:variable:acme:A", true),
            ("gitlab:variable:acme/shop:A@production/*", true),
            ("gitlab:variable:acme/other:A", false),
            ("vault:kv:secret/app/db", true),
            ("aws:secret:arn:aws:secretsmanager:eu-central-1:1:secret:a/b", true),
        ];
        let slots = ids.iter().map(|(id, _)| Slot::bare(Id::new(*id))).collect();
        let credentials =
            ["github:deploy-key:acme/shop:1", "github:deploy-key:acme/x:2", "gitlab:personal-token:bob:3"];
        let credentials = credentials.iter().map(|id| Credential::bare(Id::new(*id))).collect();
        let gap = |scope: &str| Gap {
            source: "github".into(),
            lacks: "slots".into(),
            scope: scope.into(),
            reason: "no".into(),
        };
        let gaps = vec![gap("acme/x"), gap("acme/shop"), gap("*"), gap("github:actions-secret:acme/x:A")];
        let mut inventory = Inventory { slots, credentials, gaps, ..Inventory::default() };
        let held = BTreeSet::from([Id::new("github:deploy-key:acme/x:3")]);
        inventory.credentials.push(Credential::bare(Id::new("github:deploy-key:acme/x:3")));
        keep(&mut inventory, "acme/shop", &held);
        let kept: Vec<&str> = inventory.slots.iter().map(|slot| slot.id.as_str()).collect();
        let wanted: Vec<&str> = ids.iter().filter(|(_, near)| *near).map(|(id, _)| *id).collect();
        assert_eq!(kept, wanted);
        assert_eq!(inventory.credentials.len(), 3);
        let scopes: Vec<&str> = inventory.gaps.iter().map(|gap| gap.scope.as_str()).collect();
        assert_eq!(scopes, ["acme/shop", "*"]);
    }
}
