//! From a reference to the slots that it may read: precedence of environments, repositories and organizations, GitLab's groups and
//! environment scopes, paths in outer stores. Which references a deploy reaches is decided in `reach`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::id::part;
use crate::model::inventory::{Extent, Inventory, Slot};
use crate::model::pipeline::Environment;
use crate::model::reference::{Confidence, Family, Kind, Provider, Reference};
use crate::model::settings::{Home, VaultPlace};
use crate::model::vault_path::{self, Store};

/// All known slots, ordered for look-up by place.
pub struct Resolver<'i> {
    /// GitHub and GitLab slots by kind and place (with its environment), in lower case: neither server tells names by their case.
    places: BTreeMap<(&'i str, String), Vec<&'i Slot>>,
    outer: Vec<&'i Slot>,
    complete: Vec<(&'i str, &'i str)>,
    /// What was read of Vault's stores to the end.
    kv: Vec<&'i Extent>,
    repository: Option<&'i str>,
    home: &'i Home,
}

/// What a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The slot.
    pub slot: Id,
    /// How sure.
    pub confidence: Confidence,
    /// Whether a source knows it; a slot that only the pipeline names has no content and no times.
    pub known: bool,
    /// The store's whole list was read, and it is not there.
    pub absent: bool,
}

impl<'i> Resolver<'i> {
    /// Indexes the slots. `repository` is the checkout's own name, `owner/name`; of several servers of one provider, `home` tells the
    /// checkout's own: what another one holds is out of its reach.
    #[must_use]
    pub fn new(inventory: &'i Inventory, repository: Option<&'i str>, home: &'i Home) -> Self {
        let mut places: BTreeMap<(&str, String), Vec<&Slot>> = BTreeMap::new();
        let mut outer = Vec::new();
        let own = |id: &Id| id.authority() == home.of(id.provider());
        // An organization's secret is not there for a repository that is not among the selected ones.
        let hidden = |slot: &Slot| {
            let (Some(selected), Some(repository)) = (&slot.visible_to, repository) else { return false };
            !selected.iter().any(|one| one.eq_ignore_ascii_case(repository))
        };
        for slot in &inventory.slots {
            match (slot.id.provider(), slot.id.kind()) {
                ("github" | "gitlab", _) if !own(&slot.id) || hidden(slot) => {}
                ("github", kind) | ("gitlab", kind @ "variable") => {
                    let place = slot.id.rest().split(':').next().unwrap_or_default();
                    places.entry((kind, place.to_lowercase())).or_default().push(slot);
                }
                ("env", _) => {}
                _ => outer.push(slot),
            }
        }
        let theirs = |extent: &Extent| {
            let provider = if extent.kind == "variable" { "gitlab" } else { "github" };
            home.of(provider).is_none_or(|home| home == extent.source)
        };
        let complete = inventory.coverage.iter().filter(|extent| extent.complete && theirs(extent));
        let complete = complete.map(|e| (e.kind.as_str(), e.place.as_str())).collect();
        let kv = inventory.coverage.iter().filter(|extent| extent.complete && extent.kind == "kv").collect();
        Self { places, outer, complete, kv, repository, home }
    }

    /// The slots that a reference may read, from a job with that environment.
    #[must_use]
    pub fn targets(&self, reference: &Reference, environment: &Environment) -> Vec<Target> {
        match reference.kind {
            Kind::Secret | Kind::AllSecrets | Kind::Dynamic => match reference.provider {
                Provider::Github => self.github(reference, environment),
                Provider::Gitlab => self.gitlab(reference, environment),
            },
            Kind::Vault | Kind::AwsSecret | Kind::GcpSecret | Kind::AzureSecret => self.outer(reference),
            Kind::JobToken | Kind::Oidc | Kind::Literal => Vec::new(),
        }
    }

    fn github(&self, reference: &Reference, environment: &Environment) -> Vec<Target> {
        let kind = match reference.family {
            Family::Actions => "actions-secret",
            Family::Dependabot => "dependabot-secret",
        };
        let Some(repository) = self.repository else { return Vec::new() };
        let repository = part(repository);
        let owner = repository.split('/').next().unwrap_or_default().to_owned();
        let (environments, certain) = self.environments(kind, &repository, environment);
        // Environment before repository before organization.
        let mut tiers: Vec<Vec<String>> = vec![environments, vec![repository.clone()], vec![owner]];
        tiers.retain(|tier| !tier.is_empty());
        let Some(name) = reference.name.as_deref().filter(|_| reference.kind == Kind::Secret) else {
            return self.everything(kind, &tiers);
        };
        if reference.resolves_to.is_empty() {
            return self.by_precedence(kind, &tiers, name, certain, &|place| self.secret(kind, place, name));
        }
        // In a called workflow the job's own environment goes before what the caller passed.
        let own = self.by_tiers(kind, &tiers[..tiers.len().saturating_sub(2)], name);
        if !own.is_empty() && certain {
            return own;
        }
        let mut out = own;
        for caller in &reference.resolves_to {
            let tiers = &tiers[tiers.len().saturating_sub(2)..];
            out.extend(self.by_precedence(kind, tiers, caller, true, &|place| self.secret(kind, place, caller)));
        }
        out
    }

    /// A GitHub secret at a place that is encoded already.
    fn secret(&self, kind: &str, place: &str, name: &str) -> Id {
        Id::build("github", self.home.of("github"), kind, &[place, &part(&name.to_uppercase())])
    }

    /// The environments' places that a job may see, and whether that is sure.
    fn environments(&self, kind: &str, repository: &str, environment: &Environment) -> (Vec<String>, bool) {
        match environment {
            Environment::None => (Vec::new(), true),
            Environment::Named(name) => (vec![format!("{repository}@{}", part(name))], true),
            Environment::Expression(_) => {
                let prefix = format!("{repository}@").to_lowercase();
                let known = self.places.keys().filter(|(k, place)| *k == kind && place.starts_with(&prefix));
                (known.map(|(_, place)| place.clone()).collect(), false)
            }
        }
    }

    /// The known slots of a place.
    fn at(&self, kind: &'i str, place: &str) -> impl Iterator<Item = &&'i Slot> {
        self.places.get(&(kind, place.to_lowercase())).into_iter().flatten()
    }

    /// Every known slot of those places.
    fn everything(&self, kind: &str, tiers: &[Vec<String>]) -> Vec<Target> {
        let places = tiers.iter().flatten();
        let slots = places.flat_map(|place| self.at(kind, place));
        slots
            .map(|slot| Target { slot: slot.id.clone(), confidence: Confidence::Possible, known: true, absent: false })
            .collect()
    }

    fn by_tiers(&self, kind: &str, tiers: &[Vec<String>], name: &str) -> Vec<Target> {
        let mut out = Vec::new();
        for place in tiers.iter().flatten() {
            out.extend(self.at(kind, place).filter(|slot| named(slot, name)).map(|slot| Target {
                slot: slot.id.clone(),
                confidence: Confidence::Exact,
                known: true,
                absent: false,
            }));
        }
        out
    }

    /// The first tier that has the name wins; where the environment is not certain, every tier that has it is possible. Where none
    /// has it, the repository's own slot is meant, known or not.
    fn by_precedence(
        &self,
        kind: &str,
        tiers: &[Vec<String>],
        name: &str,
        certain: bool,
        id: &dyn Fn(&str) -> Id,
    ) -> Vec<Target> {
        let mut out = Vec::new();
        for (rank, tier) in tiers.iter().enumerate() {
            let mut found = self.by_tiers(kind, std::slice::from_ref(tier), name);
            let sure = (certain || rank > 0) && out.is_empty();
            // A tier before this one that was not wholly read may hold the name unseen.
            let unseen = tiers[..rank].iter().flatten().any(|place| !self.is_complete(kind, place));
            for target in &mut found {
                if !sure || unseen && rank > 0 && tiers.len() > 2 {
                    target.confidence = Confidence::Possible;
                }
            }
            let hit = !found.is_empty();
            out.append(&mut found);
            if hit && (certain || rank > 0) {
                return out;
            }
        }
        if out.is_empty() {
            let place = tiers.iter().rev().nth(1).or(tiers.first()).and_then(|tier| tier.first());
            let absent = tiers.iter().flatten().all(|place| self.is_complete(kind, place));
            out.extend(place.map(|place| Target {
                slot: id(place),
                confidence: Confidence::Exact,
                known: false,
                absent,
            }));
        }
        out
    }

    fn is_complete(&self, kind: &str, place: &str) -> bool {
        self.complete.iter().any(|(k, p)| *k == kind && part_place(p).eq_ignore_ascii_case(place))
    }

    fn gitlab(&self, reference: &Reference, environment: &Environment) -> Vec<Target> {
        let Some(project) = self.repository else { return Vec::new() };
        let project = part(project);
        let mut places = vec![project.clone()];
        let mut rest = project.as_str();
        while let Some((group, _)) = rest.rsplit_once('/') {
            places.push(group.to_owned());
            rest = group;
        }
        // The instance's variables, which every project inherits, come last.
        places.push("instance".to_owned());
        let Some(name) = reference.name.as_deref().filter(|_| reference.kind == Kind::Secret) else {
            let tiers: Vec<Vec<String>> = places.into_iter().map(|place| vec![place]).collect();
            return self.everything("variable", &tiers);
        };
        // The project before its groups, nearest first; within one, the most specific matching scope.
        let mut possible: Vec<Target> = Vec::new();
        for place in &places {
            let mut matching: Vec<(&Slot, Option<bool>)> = self
                .at("variable", place)
                .filter(|slot| named(slot, name))
                .map(|slot| (*slot, scope_matches(scope_of(slot), environment)))
                .filter(|(_, matches)| *matches != Some(false))
                .collect();
            if matching.is_empty() {
                continue;
            }
            if matching.iter().all(|(_, matches)| matches.is_some()) {
                matching.sort_by_key(|(slot, _)| std::cmp::Reverse(specificity(scope_of(slot))));
                matching.truncate(1);
            }
            let sure = matching.iter().any(|(_, matches)| matches.is_some());
            let exact = matching.len() == 1 && sure && possible.is_empty();
            let confidence = if exact { Confidence::Exact } else { Confidence::Possible };
            let target = |slot: &Slot| Target { slot: slot.id.clone(), confidence, known: true, absent: false };
            possible.extend(matching.into_iter().map(|(slot, _)| target(slot)));
            // Where the environment is not written out, none of these need be seen: then the next place's is.
            if sure {
                return possible;
            }
        }
        if !possible.is_empty() {
            return possible;
        }
        let absent = places.iter().all(|place| self.is_complete("variable", place));
        vec![Target {
            slot: Id::gitlab_variable(self.home.of("gitlab"), &decode(&project), name, None),
            confidence: Confidence::Exact,
            known: false,
            absent,
        }]
    }

    /// A path in Vault, AWS, Google or Azure: the slot that has it, and with it the whole secret that a key belongs to.
    fn outer(&self, reference: &Reference) -> Vec<Target> {
        let Some(name) = reference.name.as_deref() else { return Vec::new() };
        let provider = match reference.kind {
            Kind::Vault => "vault",
            Kind::AwsSecret => "aws",
            Kind::GcpSecret => "gcp",
            _ => "azure",
        };
        let slots = self.outer.iter().filter(|slot| slot.id.provider() == provider);
        let hits = slots.filter(|slot| match provider {
            "vault" => self.in_vault(slot, name, reference.store.as_deref()),
            "aws" => same_aws_secret(&slot.id, slot.name.as_deref(), name),
            _ => slot.name.as_deref() == Some(name) || slot.id.rest() == name,
        });
        let hits: Vec<&&Slot> = hits.collect();
        // Where several stores of a kind have it, the reference does not tell which is meant.
        let authorities: BTreeSet<_> = hits.iter().map(|slot| slot.id.authority()).collect();
        let confidence = if authorities.len() > 1 { Confidence::Possible } else { reference.confidence };
        let target = |slot: &Slot| Target { slot: slot.id.clone(), confidence, known: true, absent: false };
        let mut out: Vec<Target> = hits.into_iter().map(|slot| target(slot)).collect();
        if out.is_empty() {
            let slot = self.unknown_outer(reference, name);
            let absent = slot.is_some() && reference.kind == Kind::Vault && self.not_in_vault(reference, name);
            out.extend(slot.map(|slot| Target { slot, confidence, known: false, absent }));
        }
        out
    }

    /// The configured Vaults that a reference may mean.
    fn vaults<'v>(&'v self, store: Option<&'v str>) -> impl Iterator<Item = &'v VaultPlace> {
        let store = vault_path::store(store);
        self.home.vaults.iter().filter(move |vault| match store {
            Store::Server(address) => vault_path::same_server(&vault.address, address),
            Store::Other => false,
            Store::Any | Store::Word(_) => true,
        })
    }

    /// Whether a slot is the secret that a reference reads.
    fn in_vault(&self, slot: &Slot, name: &str, store: Option<&str>) -> bool {
        let own = |vault: &&VaultPlace| vault.authority.as_deref() == slot.id.authority();
        let place = self.home.vaults.iter().find(own);
        if vault_path::store(store) == Store::Other || place.is_some() && !self.vaults(store).any(|v| own(&v)) {
            return false;
        }
        vault_path::same(slot.id.rest(), name, store, place.map(|vault| vault.namespaces.as_slice()))
    }

    /// Whether every Vault that a reference may mean was asked, and has nothing there.
    fn not_in_vault(&self, reference: &Reference, name: &str) -> bool {
        let store = reference.store.as_deref();
        let Some(reading) = vault_path::readings(name, store).into_iter().next() else { return false };
        let path = vault_path::without_data(&reading.path);
        let told = |place: &str, source: &str| {
            let covers = |extent: &&Extent| {
                extent.source == source
                    && (extent.place == place
                        || place.strip_prefix(extent.place.as_str()).is_some_and(|rest| rest.starts_with('/')))
            };
            self.kv.iter().any(covers)
        };
        let mut vaults = self.vaults(store).peekable();
        vaults.peek().is_some()
            && vaults.all(|vault| {
                let inside = vault.namespaces.iter().find(|namespace| vault_path::within(&path, namespace).is_some());
                match (inside, vault.namespaces.is_empty()) {
                    (Some(_), _) | (None, true) => told(&path, &vault.source),
                    (None, false) => vault
                        .namespaces
                        .iter()
                        .all(|namespace| told(&format!("{}/{path}", namespace.trim_matches('/')), &vault.source)),
                }
            })
    }

    /// The id of a slot in an outer store that no source knows, where the reference names it wholly.
    fn unknown_outer(&self, reference: &Reference, name: &str) -> Option<Id> {
        if reference.kind != Kind::Vault {
            return unknown_outer(reference, name);
        }
        // Of several Vaults the only one that it can mean.
        let mut fitting = self.vaults(reference.store.as_deref());
        let only = fitting.next().filter(|_| fitting.next().is_none());
        vault_path::id_of(only.and_then(|vault| vault.authority.as_deref()), name)
    }
}

/// The same for a store whose names are whole.
fn unknown_outer(reference: &Reference, name: &str) -> Option<Id> {
    let name = name.trim();
    match reference.kind {
        Kind::AwsSecret if name.starts_with("arn:") && name.contains(":secretsmanager:") => {
            Some(Id::new(format!("aws:secret:{name}")))
        }
        Kind::AwsSecret if name.starts_with("arn:") && name.contains(":ssm:") => {
            Some(Id::new(format!("aws:parameter:{name}")))
        }
        _ => None,
    }
}

fn named(slot: &Slot, name: &str) -> bool {
    let last = slot.id.rest().split(':').nth(1).unwrap_or_default();
    let last = if slot.id.kind() == "variable" { last.split('@').next().unwrap_or_default() } else { last };
    let github = slot.id.provider() == "github";
    if github { last.eq_ignore_ascii_case(&part(name)) } else { last == part(name) }
}

/// A place as sources write it in their coverage, encoded as in ids.
fn part_place(place: &str) -> String {
    match place.split_once('@') {
        Some((repository, environment)) => format!("{}@{}", part(repository), part(environment)),
        None => part(place),
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The environment scope of a GitLab variable; `*` where its id names none.
fn scope_of(slot: &Slot) -> String {
    let name = slot.id.rest().split(':').nth(1).unwrap_or_default();
    name.split_once('@').map_or_else(|| "*".to_owned(), |(_, scope)| decode(scope))
}

/// Whether a job with that environment sees a variable with that scope; none where the job's environment is an expression.
fn scope_matches(scope: String, environment: &Environment) -> Option<bool> {
    if scope == "*" {
        return Some(true);
    }
    match environment {
        Environment::None => Some(false),
        Environment::Named(name) => Some(wildcard(&scope, name)),
        Environment::Expression(_) => None,
    }
}

/// GitLab's environment scopes: `*` stands for any run of characters, and is the only wildcard.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

fn specificity(scope: String) -> (bool, usize) {
    (!scope.contains('*'), scope.len())
}

/// A secret's name, ARN, or ARN without the six characters that AWS adds; a parameter's name.
fn same_aws_secret(id: &Id, slot_name: Option<&str>, name: &str) -> bool {
    let arn = id.rest();
    let name = name.trim();
    let tail =
        arn.split_once(":secret:").map(|(_, tail)| tail).or_else(|| arn.split_once(":parameter").map(|(_, tail)| tail));
    let bare = tail
        .and_then(|tail| tail.rsplit_once('-'))
        .map(|(bare, suffix)| if suffix.len() == 6 { bare } else { tail.unwrap_or_default() });
    // The fetching action takes `app/*` for all that begins so.
    let begins = |prefix: &str| slot_name.is_some_and(|own| own.starts_with(prefix));
    arn == name
        || name
            .strip_suffix('*')
            .is_some_and(|prefix| !prefix.is_empty() && !prefix.starts_with("arn:") && begins(prefix))
        || slot_name == Some(name)
        || tail == Some(name)
        || bare == Some(name)
        || name.starts_with("arn:")
            && arn.strip_prefix(name).is_some_and(|rest| rest.len() == 7 && rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organizations_secret_is_seen_by_the_selected_repositories() {
        let slot = |name: &str, visible_to: Option<Vec<String>>| Slot {
            visible_to,
            ..Slot::bare(Id::github_secret(None, "actions-secret", "acme", None, name))
        };
        let slots = vec![slot("ALL", None), slot("OURS", Some(vec!["Acme/Shop".into()])), slot("THEIRS", Some(vec![]))];
        let inventory = Inventory { slots, ..Inventory::default() };
        let home = Home::default();
        let resolver = Resolver::new(&inventory, Some("acme/shop"), &home);
        let tiers = [vec!["acme/shop".to_owned()], vec!["acme".to_owned()]];
        let seen = resolver.everything("actions-secret", &tiers);
        let names: Vec<&str> = seen.iter().map(|target| target.slot.as_str()).collect();
        assert_eq!(names, ["github:actions-secret:acme:ALL", "github:actions-secret:acme:OURS"]);
    }

    #[test]
    fn gitlab_scopes() {
        assert!(wildcard("production", "production"));
        assert!(!wildcard("production", "production-eu"));
        assert!(wildcard("review/*", "review/feature-1"));
        assert!(wildcard("*/eu", "production/eu"));
        assert!(wildcard("a*b*c", "a1b2c"));
        assert!(!wildcard("a*b*c", "a1c2b"));
        assert!(!wildcard("review/*", "production"));
    }

    #[test]
    fn aws_names() {
        let id = Id::new("aws:secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/shop/db-AbC1dE");
        for name in [
            "prod/shop/db",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/shop/db",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/shop/db-AbC1dE",
        ] {
            assert!(same_aws_secret(&id, None, name), "{name}");
        }
        assert!(!same_aws_secret(&id, None, "prod/shop"));
        assert!(same_aws_secret(&id, Some("prod/shop/db"), "prod/*"));
        assert!(!same_aws_secret(&id, Some("prod/shop/db"), "prod/x*"));
        let parameter = Id::new("aws:parameter:arn:aws:ssm:eu-west-1:123456789012:parameter/app/db");
        assert!(same_aws_secret(&parameter, None, "/app/db"));
    }
}
