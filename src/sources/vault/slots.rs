//! Slots that a gate asks for: one request a path (and one more for its values, where fingerprints are wanted), each once a run.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use crate::model::Id;
use crate::model::inventory::{Extent, Slot};
use crate::model::vault_path::slot_id;
use crate::probe::vault::Failure;
use crate::sources::{Batch, Wanted};

use super::asked::{Asked, Tells, Wish};
use super::kv::{self, Found};
use super::login::{Session, Spot};
use super::mounts::Mounts;
use super::values::Told;
use super::{AT_ONCE, VaultSource};

/// What was read of one path.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    /// It was read: what is there, and what its values tell.
    Read(Found, BTreeMap<String, Told>),
    /// It could not be read, and why.
    Lost(String),
}

impl VaultSource {
    /// Reads the slots that are wanted and not told yet.
    pub(super) async fn slots(&self, session: &Session, want: &Wanted, into: &mut Batch) {
        let wishes = self.wishes(want);
        let mut asked = Asked::new();
        let mut paths: Vec<Vec<(usize, String)>> = Vec::new();
        let mut unknown: BTreeSet<usize> = BTreeSet::new();
        for wish in &wishes {
            let mut own = Vec::new();
            let spots = self.spots(session, wish);
            let several = spots.len() > 1 || self.about.authority.is_some();
            for (at, spot) in spots {
                let mounts = match spot.mounts(&self.settings.mounts).await {
                    Ok(mounts) => mounts,
                    Err(failure) => {
                        if unknown.insert(at) {
                            into.inventory.gaps.push(self.gap(
                                "slots",
                                &self.whole(spot),
                                format!("its mounts: {}", failure.reason()),
                            ));
                        }
                        continue;
                    }
                };
                match self.path_in(wish, spot, mounts) {
                    Ok(reading) => {
                        own.push((at, reading.path.clone()));
                        self.add(&mut asked, session, at, wish, reading);
                    }
                    // Another server or namespace may have it.
                    Err(reason) if several => {
                        let scope = wish.scope(self.about.authority.as_deref());
                        into.account.notes.push(format!("{scope}: {reason}{}", in_namespace(spot)));
                    }
                    Err(reason) => {
                        let scope = wish.scope(self.about.authority.as_deref());
                        into.inventory.gaps.push(self.gap("slots", &scope, reason));
                    }
                }
            }
            paths.push(own);
        }
        self.read(session, want, asked, into).await;
        self.note_nothing(&wishes, &paths, into);
        self.answer(wishes);
    }

    async fn read(&self, session: &Session, want: &Wanted, asked: Asked, into: &mut Batch) {
        // What was read already is told at once.
        type Due = Vec<((usize, String), Tells)>;
        let (known, due): (Due, Due) = asked.into_iter().partition(|(path, _)| self.seen(path).is_some());
        for (path, tells) in known {
            if let Some(seen) = self.seen(&path) {
                self.tell(session, &path, &tells, &seen, into);
            }
        }
        let reads = due.into_iter().map(|(path, tells)| async move {
            let seen = self.at(&session.spots[path.0], &path.1, want).await;
            (path, tells, seen)
        });
        let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
        while let Some((path, tells, seen)) = reads.next().await {
            self.tell(session, &path, &tells, &seen, into);
            self.saw(path, seen);
        }
    }

    /// What is at a path of one namespace.
    async fn at(&self, spot: &Spot, path: &str, want: &Wanted) -> Seen {
        let mounts: &Result<Mounts, Failure> = spot.mounts(&self.settings.mounts).await;
        let Some((mount, inner)) = mounts.as_ref().ok().and_then(|mounts| mounts.of(path)) else {
            return Seen::Lost("its mount is not known".to_owned());
        };
        let found = match kv::one(spot, &mount, inner, want.now).await {
            Ok(found) => found,
            Err(failure) => return Seen::Lost(format!("its metadata: {}", failure.reason())),
        };
        let values = match &found {
            Found::Slot(_) => self.reader.read(spot, &mount, inner).await,
            Found::Nothing => Ok(BTreeMap::new()),
        };
        match values {
            Ok(values) => Seen::Read(found, values),
            Err(failure) => {
                self.lose_value(spot.place(path), failure.reason());
                Seen::Read(found, BTreeMap::new())
            }
        }
    }

    /// Tells what was seen at a path, as each slot that is wanted of it.
    fn tell(&self, session: &Session, path: &(usize, String), tells: &Tells, seen: &Seen, into: &mut Batch) {
        let spot = &session.spots[path.0];
        let own = |key: Option<&str>| slot_id(self.about.authority.as_deref(), spot.namespace.as_deref(), &path.1, key);
        let ids = tells.keys.iter().map(|key| (own(key.as_deref()), key.clone()));
        let others = tells.ids.iter().map(|id| (id.clone(), key_of(id)));
        let wanted: BTreeMap<Id, Option<String>> = ids.chain(others).collect();
        match seen {
            Seen::Lost(reason) => {
                for id in wanted.into_keys() {
                    into.inventory.gaps.push(self.gap("slots", id.as_str(), reason.as_str()));
                    into.inventory.slots.push(named(Slot::bare(id), spot, &path.1, None));
                }
            }
            Seen::Read(Found::Nothing, _) => into.inventory.coverage.push(self.extent("kv", spot.place(&path.1), true)),
            Seen::Read(Found::Slot(slot), values) => {
                let before = into.inventory.slots.len();
                self.slots_of(spot, &path.1, slot, values, &wanted, into);
                into.account.items += (into.inventory.slots.len() - before) as u64;
            }
        }
        self.tell_lost_values(into);
    }

    /// The slots of one secret: those wanted; with values the whole and each of its keys, for a value's copies are anybody's.
    pub(super) fn slots_of(
        &self,
        spot: &Spot,
        path: &str,
        slot: &Slot,
        values: &BTreeMap<String, Told>,
        wanted: &BTreeMap<Id, Option<String>>,
        into: &mut Batch,
    ) {
        let own = |key: Option<&str>| slot_id(self.about.authority.as_deref(), spot.namespace.as_deref(), path, key);
        let mut all = wanted.clone();
        if !values.is_empty() {
            all.insert(own(None), None);
            all.extend(values.keys().map(|key| (own(Some(key)), Some(key.clone()))));
        }
        let held: BTreeSet<&Id> = values.values().filter_map(|told| told.holds.as_ref()).collect();
        for (id, key) in all {
            // One key of a secret changes with the secret: KV keeps no time for a key.
            let mut slot = Slot { id: id.clone(), ..slot.clone() };
            match key.as_deref().map(|key| (key, values.get(key))) {
                Some((_, Some(told))) => {
                    slot.fingerprint = Some(told.fingerprint.clone());
                    slot.holds = told.holds.clone().or(slot.holds);
                }
                Some((key, None)) if !values.is_empty() => {
                    into.account.notes.push(format!("{id}: the secret has no key {}", crate::model::id::part(key)));
                    into.inventory.coverage.push(self.extent("kv", format!("{}#{key}", spot.place(path)), true));
                    continue;
                }
                Some((_, None)) => {}
                None if held.len() == 1 => slot.holds = held.first().map(|id| (*id).clone()).or(slot.holds),
                None => {}
            }
            if let Some(version) = slot.versions.first_mut() {
                version.fingerprint.clone_from(&slot.fingerprint);
            }
            let key = key.as_deref().filter(|_| !values.is_empty());
            into.inventory.slots.push(named(slot, spot, path, key));
            self.mark_told(id);
        }
    }

    /// Notes what is nowhere.
    fn note_nothing(&self, wishes: &[Wish], paths: &[Vec<(usize, String)>], into: &mut Batch) {
        let mut notes = BTreeSet::new();
        for (wish, paths) in wishes.iter().zip(paths) {
            let nothing = |path: &(usize, String)| matches!(self.seen(path), Some(Seen::Read(Found::Nothing, _)));
            if !paths.is_empty() && paths.iter().all(nothing) {
                let scope = wish.scope(self.about.authority.as_deref());
                notes.insert(format!("{scope}: there is no such secret"));
            }
        }
        into.account.notes.extend(notes);
    }

    /// How gaps call all of one namespace.
    pub(super) fn whole(&self, spot: &Spot) -> String {
        spot.namespace.clone().unwrap_or_else(|| "*".to_owned())
    }

    pub(super) fn extent(&self, kind: &str, place: String, complete: bool) -> Extent {
        Extent {
            source: self.about.name.clone(),
            kind: kind.to_owned(),
            place,
            complete,
            asked_as: self.asked_as(),
            at: None,
        }
    }
}

fn in_namespace(spot: &Spot) -> String {
    spot.namespace.as_ref().map_or_else(String::new, |namespace| format!(" (namespace {namespace})"))
}

fn key_of(id: &Id) -> Option<String> {
    let (_, key) = id.rest().split_once('#')?;
    Some(percent_encoding::percent_decode_str(key).decode_utf8_lossy().into_owned())
}

/// The slot with the names that tickets call it by.
fn named(mut slot: Slot, spot: &Spot, path: &str, key: Option<&str>) -> Slot {
    let with_key = |path: &str| key.map_or_else(|| path.to_owned(), |key| format!("{path}#{key}"));
    slot.name = Some(with_key(path));
    if spot.namespace.is_some() {
        slot.aliases.push(with_key(&spot.place(path)));
    }
    slot
}
