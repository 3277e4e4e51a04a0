//! The whole of a KV mount: folders listed and metadata read with bounded concurrency. A lost permission below one path is a gap for
//! that path, and the rest is read.

use std::collections::{BTreeMap, VecDeque};

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::model::Id;
use crate::model::inventory::{Inventory, Slot};
use crate::model::vault_path::slot_id;
use crate::probe::vault::Failure;
use crate::sources::{Batch, Wanted};

use super::kv::{self, Found, is_plain};
use super::login::Spot;
use super::mounts::Kv;
use super::values::Told;
use super::{AT_ONCE, VaultSource};

/// How deep folders may lie in each other; what lies deeper is a gap.
const MOST_DEPTH: usize = 64;

/// How many secrets and folders a mount may have; a server that names more has no end.
const MOST_ENTRIES: u64 = 2_000_000;

/// What is still to be read, below the mount.
enum Step {
    Folder(String),
    Secret(String),
}

/// What came of it.
enum Came {
    Names(String, Result<Vec<String>, Failure>),
    Secret(String, Result<Found, Failure>, Result<BTreeMap<String, Told>, Failure>),
}

impl VaultSource {
    /// All mounts of one namespace, each a part that an interrupted scan need not read again.
    pub(super) async fn walk(&self, spot: &Spot, want: &Wanted, into: &mut Batch) {
        let mounts = match spot.mounts(&self.settings.mounts).await {
            Ok(mounts) => mounts,
            Err(failure) => {
                let reason = format!("its mounts: {}", failure.reason());
                into.inventory.gaps.push(self.gap("slots", &self.whole(spot), reason));
                return;
            }
        };
        for mount in &self.settings.mounts {
            let mount = mount.trim_matches('/');
            if !mounts.kv.iter().any(|known| known.path == mount) {
                into.inventory.gaps.push(self.gap(
                    "slots",
                    &spot.place(mount),
                    "no KV mount of that path is shown to the auditor",
                ));
            }
        }
        for mount in &mounts.kv {
            let part = format!("kv {}", spot.place(&mount.path));
            if self.recall(want, &part, into) {
                continue;
            }
            let from = Mark::of(into);
            let complete = self.mount(spot, mount, want, into).await;
            into.inventory.coverage.push(self.extent("kv", spot.place(&mount.path), complete));
            self.keep(want, &part, &from, into);
        }
    }

    async fn mount(&self, spot: &Spot, mount: &Kv, want: &Wanted, into: &mut Batch) -> bool {
        let mut due = VecDeque::from([Step::Folder(String::new())]);
        let mut running = FuturesUnordered::new();
        let (mut entries, mut complete) = (0u64, true);
        loop {
            while running.len() < AT_ONCE {
                let Some(step) = due.pop_front() else { break };
                running.push(self.step(spot, mount, step, want));
            }
            let Some(came) = running.next().await else { return complete };
            match came {
                Came::Names(folder, Ok(names)) => {
                    let mut odd = false;
                    for name in names {
                        entries += 1;
                        let path = format!("{folder}{name}");
                        let own = name.strip_suffix('/').unwrap_or(&name);
                        let sane = !own.contains('/') && is_plain(own) && is_plain(path.trim_end_matches('/'));
                        let sane = sane && path.split('/').count() <= MOST_DEPTH;
                        if !sane && odd && entries <= MOST_ENTRIES {
                            // One word a folder is enough.
                            continue;
                        }
                        odd |= !sane;
                        if !sane || entries > MOST_ENTRIES {
                            let endless = entries > MOST_ENTRIES;
                            let reason = if endless { "the mount has no end" } else { "it names what is no path" };
                            into.inventory.gaps.push(self.gap("slots", &self.below(spot, mount, &folder), reason));
                            complete = false;
                            if entries > MOST_ENTRIES {
                                due.clear();
                                break;
                            }
                            continue;
                        }
                        match (path.ends_with('/'), mount.second) {
                            (true, _) => due.push_back(Step::Folder(path)),
                            // Secrets before further folders: the queue stays short.
                            (false, true) => due.push_front(Step::Secret(path)),
                            (false, false) if self.reader.key.is_some() => due.push_front(Step::Secret(path)),
                            (false, false) => {
                                let found = Slot::bare(Id::new(""));
                                self.found(spot, mount, &path, &found, &BTreeMap::new(), into);
                            }
                        }
                    }
                }
                Came::Names(folder, Err(failure)) => {
                    complete = false;
                    into.inventory.gaps.push(self.gap("slots", &self.below(spot, mount, &folder), failure.reason()));
                }
                Came::Secret(path, found, values) => {
                    let place = self.below(spot, mount, &path);
                    let values = values.unwrap_or_else(|failure| {
                        into.inventory.gaps.push(self.gap("fingerprint", &place, failure.reason()));
                        BTreeMap::new()
                    });
                    match found {
                        Ok(Found::Slot(slot)) => self.found(spot, mount, &path, &slot, &values, into),
                        // It was deleted since it was listed.
                        Ok(Found::Nothing) => {}
                        Err(failure) => {
                            let id = self.id_below(spot, mount, &path);
                            into.inventory.gaps.push(self.gap("change-time", id.as_str(), failure.reason()));
                            self.found(spot, mount, &path, &Slot::bare(Id::new("")), &BTreeMap::new(), into);
                        }
                    }
                }
            }
            let requests = self.requests();
            want.watch.tell(&self.about.name, into.inventory.slots.len() as u64, requests, None);
        }
    }

    async fn step(&self, spot: &Spot, mount: &Kv, step: Step, want: &Wanted) -> Came {
        match step {
            Step::Folder(folder) => {
                let behind = if mount.second { "/metadata/" } else { "/" };
                let names = spot.server.list(&[&format!("{}{behind}{folder}", mount.path)]).await;
                Came::Names(folder, names)
            }
            Step::Secret(path) => {
                let found = if mount.second {
                    kv::one(spot, mount, &path, want.now).await
                } else {
                    // It was listed just now, and version 1 tells no more.
                    Ok(Found::Slot(Box::new(Slot::bare(Id::new("")))))
                };
                let values = match &found {
                    Ok(Found::Slot(_)) => self.reader.read(spot, mount, &path).await,
                    _ => Ok(BTreeMap::new()),
                };
                Came::Secret(path, found, values)
            }
        }
    }

    fn found(
        &self,
        spot: &Spot,
        mount: &Kv,
        path: &str,
        slot: &Slot,
        values: &BTreeMap<String, Told>,
        into: &mut Batch,
    ) {
        let whole = BTreeMap::from([(self.id_below(spot, mount, path), None)]);
        self.slots_of(spot, &format!("{}/{path}", mount.path), slot, values, &whole, into);
    }

    fn id_below(&self, spot: &Spot, mount: &Kv, path: &str) -> Id {
        let path = format!("{}/{path}", mount.path);
        slot_id(self.about.authority.as_deref(), spot.namespace.as_deref(), &path, None)
    }

    fn below(&self, spot: &Spot, mount: &Kv, path: &str) -> String {
        let path = format!("{}/{path}", mount.path);
        spot.place(path.trim_end_matches('/'))
    }

    /// Takes a part that an earlier, interrupted scan has read.
    pub(super) fn recall(&self, want: &Wanted, part: &str, into: &mut Batch) -> bool {
        let Some(known) = want.journal.as_ref().and_then(|journal| journal.recall(&self.about.name, part)) else {
            return false;
        };
        for id in known.slots.iter().map(|slot| &slot.id).chain(known.credentials.iter().map(|c| &c.id)) {
            self.mark_told(id.clone());
        }
        into.account.notes.push(format!("{part}: as an interrupted scan has read it"));
        into.inventory.slots.extend(known.slots);
        into.inventory.credentials.extend(known.credentials);
        into.inventory.coverage.extend(known.coverage);
        true
    }

    /// Keeps what was read since the mark, where nothing of it was lost.
    pub(super) fn keep(&self, want: &Wanted, part: &str, from: &Mark, into: &Batch) {
        let Some(journal) = &want.journal else { return };
        if into.inventory.gaps.len() > from.gaps {
            return;
        }
        let read = Inventory {
            slots: into.inventory.slots[from.slots..].to_vec(),
            credentials: into.inventory.credentials[from.credentials..].to_vec(),
            coverage: into.inventory.coverage[from.coverage..].to_vec(),
            ..Inventory::default()
        };
        journal.keep(&self.about.name, part, &read);
    }
}

/// How far a batch was filled when a part began.
pub(super) struct Mark {
    slots: usize,
    credentials: usize,
    coverage: usize,
    gaps: usize,
}

impl Mark {
    pub(super) fn of(batch: &Batch) -> Self {
        let inventory = &batch.inventory;
        Self {
            slots: inventory.slots.len(),
            credentials: inventory.credentials.len(),
            coverage: inventory.coverage.len(),
            gaps: inventory.gaps.len(),
        }
    }
}
