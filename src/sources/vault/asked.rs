//! Which paths a gate asks for: those that references in scope name, in all the ways that they are written, and those of wanted slots.
//! Each path is asked once a run, whoever wants it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::vault_path::{self, Reading, Store};
use crate::sources::{Outer, Wanted, speaks_of};

use super::VaultSource;
use super::kv::is_plain;
use super::login::{Session, Spot};
use super::mounts::Mounts;

/// A path of one namespace, and the slots that are told of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tells {
    /// Slots as this source writes them: the key, or none for the whole secret.
    pub(super) keys: BTreeSet<Option<String>>,
    /// Ids as others wrote them.
    pub(super) ids: BTreeSet<Id>,
}

/// Paths by namespace (its place in the session).
pub(super) type Asked = BTreeMap<(usize, String), Tells>;

/// What a reference or id leads to, before the mounts are known.
pub(super) struct Wish {
    readings: Vec<Reading>,
    /// The only namespace that is meant.
    namespace: Option<String>,
    /// The wanted slot, or the reference.
    id: Option<Id>,
    outer: Option<Outer>,
}

impl VaultSource {
    /// Whether a reference can mean this server.
    pub(super) fn meant(&self, outer: &Outer) -> bool {
        outer.provider == "vault"
            && match vault_path::store(outer.store.as_deref()) {
                Store::Any | Store::Word(_) => true,
                Store::Other => false,
                Store::Server(address) => {
                    self.place.as_ref().is_ok_and(|place| vault_path::same_server(&place.address, address))
                }
            }
    }

    /// What is wished for: references in scope, and wanted slots that are not told yet.
    pub(super) fn wishes(&self, want: &Wanted) -> Vec<Wish> {
        let mut out = Vec::new();
        let (ours, others): (Vec<&Outer>, Vec<&Outer>) =
            want.outer.iter().filter(|outer| outer.provider == "vault").partition(|outer| self.meant(outer));
        let known = super::settings::namespaces(&self.settings, &self.env);
        let answered = self.answered();
        for outer in &ours {
            if !vault_path::is_constant(&outer.name) || answered.contains(*outer) {
                continue;
            }
            let namespace = match vault_path::store(outer.store.as_deref()) {
                Store::Word(word) => known.iter().map(|n| n.trim_matches('/')).find(|n| *n == word).map(str::to_owned),
                _ => None,
            };
            let readings = vault_path::readings(&outer.name, outer.store.as_deref());
            out.push(Wish { readings, namespace, id: None, outer: Some((*outer).clone()) });
        }
        let told = self.told();
        for id in want.slots.iter().filter(|id| id.kind() == "kv" && speaks_of(&self.about, "vault", id)) {
            // What only references to other servers name is theirs, and what references to this one name is asked for already.
            let named = |outer: &&&Outer| vault_path::id_of(id.authority(), &outer.name).as_ref() == Some(id);
            let theirs = others.iter().any(|outer| named(&outer)) && !ours.iter().any(|outer| named(&outer));
            if theirs || told.contains(id) {
                continue;
            }
            let rest = percent_encoding::percent_decode_str(id.rest()).decode_utf8_lossy().into_owned();
            let (path, key) = rest.split_once('#').map_or((rest.as_str(), None), |(path, key)| (path, Some(key)));
            let reading = Reading { path: path.to_owned(), key: key.map(str::to_owned) };
            out.push(Wish { readings: vec![reading], namespace: None, id: Some(id.clone()), outer: None });
        }
        out
    }

    /// The namespaces that a wish can lie in.
    pub(super) fn spots<'s>(&self, session: &'s Session, wish: &Wish) -> Vec<(usize, &'s Spot)> {
        let all = || session.spots.iter().enumerate();
        let first = wish.readings.first().map_or("", |reading| reading.path.as_str());
        let named = |spot: &Spot| spot.namespace.as_deref().is_some_and(|n| vault_path::within(first, n).is_some());
        // The longest namespace that stands before the path.
        let inside =
            all().filter(|(_, spot)| named(spot)).max_by_key(|(_, spot)| spot.namespace.as_ref().map(String::len));
        match (&wish.namespace, inside) {
            (Some(namespace), _) => all().filter(|(_, spot)| spot.namespace.as_ref() == Some(namespace)).collect(),
            (None, Some(spot)) => vec![spot],
            (None, None) => all().collect(),
        }
    }

    /// The path that a wish means in one namespace: the first reading that lies in a mount. An error says why there is none.
    pub(super) fn path_in(&self, wish: &Wish, spot: &Spot, mounts: &Mounts) -> Result<Reading, &'static str> {
        let inner = |reading: &Reading| {
            let namespace = spot.namespace.as_deref();
            let path = namespace.and_then(|n| vault_path::within(&reading.path, n)).unwrap_or(&reading.path);
            Reading { path: path.to_owned(), key: reading.key.clone() }
        };
        let plain: Vec<Reading> =
            wish.readings.iter().map(inner).filter(|r| is_plain(&r.path) && r.path.contains('/')).collect();
        if plain.is_empty() {
            return Err("this is no path of a secret");
        }
        let found = plain.into_iter().find_map(|reading| {
            let (mount, rest) = mounts.of(&reading.path)?;
            Some(Reading { path: format!("{}/{rest}", mount.path), key: reading.key })
        });
        found.ok_or("no mount of that path is shown to the auditor")
    }

    /// Adds what a wish tells of one path.
    pub(super) fn add(&self, asked: &mut Asked, session: &Session, at: usize, wish: &Wish, reading: Reading) {
        let namespace = session.spots[at].namespace.as_deref();
        let own =
            vault_path::slot_id(self.about.authority.as_deref(), namespace, &reading.path, reading.key.as_deref());
        let tells = asked.entry((at, reading.path)).or_default();
        match &wish.id {
            // An id without the namespace is this source's where it has one place only; of several the ids tell which.
            Some(id) if *id != own && id.authority() == self.about.authority.as_deref() && session.spots.len() == 1 => {
                if !tells.keys.contains(&reading.key) {
                    tells.ids.insert(id.clone());
                }
            }
            _ => _ = tells.keys.insert(reading.key),
        }
    }
}

impl Wish {
    /// What it came from, so that it is answered once.
    pub(super) fn origin(self) -> (Option<Id>, Option<Outer>) {
        (self.id, self.outer)
    }

    /// How it is called in gaps and notes.
    pub(super) fn scope(&self, authority: Option<&str>) -> String {
        match (&self.id, self.readings.first()) {
            (Some(id), _) => id.to_string(),
            (None, Some(reading)) => {
                let path = vault_path::without_data(&reading.path);
                vault_path::slot_id(authority, None, &path, reading.key.as_deref()).to_string()
            }
            (None, None) => "*".to_owned(),
        }
    }
}
