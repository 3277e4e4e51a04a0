//! What the live stores and trackers are asked for: no more than what the jobs in scope refer to.

use std::collections::BTreeSet;

use crate::model::Id;
use crate::model::pipeline::Environment;
use crate::model::reference::{Family, Kind, Reference};
use crate::model::scope::Reach;
use crate::model::settings::Settings;
use crate::sources::{Focus, Outer, Wanted};

use super::{Collected, near};

/// Adds what the references in scope read.
pub(super) fn stores(references: &[(&Reference, Vec<Environment>)], want: &mut Wanted) {
    for (reference, environments) in references {
        for environment in environments {
            match environment {
                Environment::None => {}
                Environment::Named(name) => {
                    want.environments.insert(name.clone());
                }
                Environment::Expression(_) => want.any_environment = true,
            }
        }
        want.secrets |= matches!(reference.kind, Kind::Secret | Kind::AllSecrets | Kind::Dynamic);
        want.dependabot |= reference.family == Family::Dependabot;
        let provider = match reference.kind {
            Kind::Vault => "vault",
            Kind::AwsSecret => "aws",
            Kind::GcpSecret => "gcp",
            Kind::AzureSecret => "azure",
            _ => continue,
        };
        let store = reference.store.clone();
        want.outer.extend(reference.name.clone().map(|name| Outer { provider: provider.to_owned(), name, store }));
    }
}

/// The names by which a ticket can speak of what the jobs in scope reach: of the slots and credentials, of every other slot that holds or
/// held one of those credentials (a rotation there bears on this one), and of their owners and readers.
pub(super) fn focus(reached: &Reach, collected: &Collected, settings: &Settings) -> Focus {
    let inventory = &collected.inventory;
    let slots: BTreeSet<&Id> = reached.slots.keys().collect();
    let mut held: BTreeSet<&Id> = reached.credentials.keys().collect();
    let in_reach = inventory.slots.iter().filter(|slot| slots.contains(&slot.id));
    held.extend(in_reach.flat_map(near::holds));
    let mut names = BTreeSet::new();
    let mut people = BTreeSet::new();
    let mut learn = |id: &Id, own: &mut dyn Iterator<Item = &String>| {
        names.insert(id.to_string());
        names.extend(own.cloned());
    };
    for slot in &inventory.slots {
        if slots.contains(&slot.id) || near::holds(slot).any(|id| held.contains(id)) {
            learn(&slot.id, &mut slot.name.iter().chain(&slot.aliases));
            people.extend(slot.owner.iter().chain(&slot.readers).cloned());
        }
    }
    for credential in inventory.credentials.iter().filter(|credential| held.contains(&credential.id)) {
        learn(&credential.id, &mut credential.name.iter().chain(&credential.aliases));
        people.extend(credential.owner.iter().cloned());
        people.extend(credential.grants.iter().filter_map(|grant| grant.holder.clone()));
    }
    for id in slots.into_iter().chain(held) {
        learn(id, &mut std::iter::empty());
    }
    let known = |row: &&crate::model::catalog::Entry| names.iter().any(|name| name.eq_ignore_ascii_case(&row.identity));
    let owners: Vec<String> = collected.catalog.iter().filter(known).filter_map(|row| row.owner.clone()).collect();
    people.extend(owners);
    names.extend(people.iter().flat_map(|person| settings.names_of(person)));
    names.retain(|name| !name.trim().is_empty());
    let tickets = settings.waivers.iter().filter_map(|waiver| waiver.ticket.clone()).collect();
    Focus { names, tickets }
}
