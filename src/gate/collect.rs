//! Collecting: the only step that reads systems. It keeps what came, who gave it, and what did not come.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;

use crate::link::Index;
use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::{Credential, Gap, Inventory, LivenessState, Slot};
use crate::model::report::{Coverage, SourceStatus};
use crate::model::settings::Settings;
use crate::model::ticket::{Record, Ticket};
use crate::sources::snapshot::Section;
use crate::sources::{About, Account, Batch, Holdings, Source, Sources, TicketSource, Wanted};

use super::dated;
use super::reading::Reading;

/// Everything that was read.
pub struct Collected {
    /// Slots and credentials of all sources.
    pub inventory: Inventory,
    /// Rows of the catalogue.
    pub catalog: Vec<Entry>,
    /// An entry a source, in the order of the configuration.
    pub coverage: Vec<Coverage>,
    /// What could not be read: the source's name, whether it is required, what it gives, and the gap.
    pub gaps: Vec<SourceGap>,
    /// How many tickets were read, those that ask for nothing included.
    pub ticket_count: u64,
    /// The times that exports carry.
    pub exports: Vec<Export>,
    /// Keep tickets that ask for nothing (`driftgate tickets`).
    pub keep_all: bool,
    /// The ticket whose deciding words are wanted, too.
    pub explain: Option<String>,
    /// Read every ticket wholly, also where nothing in it can bear on the verdict.
    pub read_all: bool,
    now: Timestamp,
    /// Credentials of which a last use may be our own probe.
    probed: BTreeSet<Id>,
}

/// What a source gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// Tickets.
    Tickets,
    /// Slots, credentials, catalogue rows from files.
    Recorded,
    /// The issuer's own records.
    Issuers,
}

/// A gap with the source that it belongs to.
#[derive(Debug, Clone)]
pub struct SourceGap {
    /// Whether the source is required.
    pub required: bool,
    /// What it gives.
    pub gives: Gives,
    /// The source's kind.
    pub kind: String,
    /// The gap.
    pub gap: Gap,
}

/// An export's own time.
#[derive(Debug, Clone)]
pub struct Export {
    /// The source.
    pub about: About,
    /// What it gives.
    pub gives: Gives,
    /// When it was written; none where it does not say.
    pub at: Option<Timestamp>,
    /// A snapshot, which grows old sooner.
    pub snapshot: bool,
}

impl Collected {
    /// All that was read, with its gaps, in the order of ids.
    #[must_use]
    pub fn into_inventory(self) -> Inventory {
        let mut inventory = self.inventory;
        inventory.gaps.extend(self.gaps.into_iter().map(|gap| gap.gap));
        inventory.gaps.sort();
        inventory.gaps.dedup();
        inventory.coverage.sort();
        // What was read from an older file is not younger for being written once more.
        let recorded =
            self.exports.iter().filter(|export| export.gives == Gives::Recorded).filter_map(|export| export.at);
        inventory.exported_at = inventory.exported_at.into_iter().chain(recorded).min();
        inventory.slots.sort_by(|a, b| a.id.cmp(&b.id));
        inventory.credentials.sort_by(|a, b| a.id.cmp(&b.id));
        inventory
    }

    /// As of when to judge.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Nothing yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            inventory: Inventory { exported_at: Some(now), ..Inventory::default() },
            catalog: Vec::new(),
            coverage: Vec::new(),
            gaps: Vec::new(),
            ticket_count: 0,
            exports: Vec::new(),
            keep_all: false,
            explain: None,
            read_all: false,
            now,
            probed: BTreeSet::new(),
        }
    }

    /// Files: inventories and catalogues.
    pub(super) async fn recorded(&mut self, sources: &Sources, want: &Wanted) {
        for source in &sources.recorded {
            let is_inventory = source.about().kind == "file";
            let (mut batch, taken) = run(source.as_ref(), want).await;
            if is_inventory {
                self.exports.push(Export {
                    about: source.about().clone(),
                    gives: Gives::Recorded,
                    at: batch.inventory.exported_at.or(batch.account.exported_at),
                    snapshot: false,
                });
            }
            let exported = batch.inventory.exported_at.take();
            date(&mut batch, exported);
            dated::agree(&self.inventory, &mut batch.inventory);
            self.take(source.about(), Gives::Recorded, batch, taken);
        }
    }

    /// What a snapshot shows; gives the names of the sources that it shows.
    pub(super) fn snapshot(
        &mut self,
        sources: &Sources,
        shown: Result<(Vec<Section>, Vec<Gap>), Gap>,
        settings: &Settings,
        fingerprints: bool,
    ) -> BTreeSet<String> {
        let about = About { name: "snapshot".to_owned(), kind: "snapshot".to_owned(), required: true, authority: None };
        let (sections, gaps) = shown.unwrap_or_else(|gap| (Vec::new(), vec![gap]));
        let items = sections.iter().map(|s| s.inventory.slots.len() + s.inventory.credentials.len()).sum::<usize>();
        let notes = sections.iter().map(|section| format!("{}: as of {}", section.source, section.at)).collect();
        let account = Account { items: u64::try_from(items).unwrap_or(u64::MAX), notes, ..Account::default() };
        self.account(&about, Gives::Recorded, account, gaps, 0);
        let mut names = BTreeSet::new();
        let slots = sections.iter().flat_map(|section| &section.inventory.slots);
        let outer = slots.filter(|slot| !matches!(slot.id.provider(), "github" | "gitlab"));
        let held: BTreeSet<Id> =
            outer.flat_map(super::near::holds).chain(settings.links.iter().map(|(_, held)| held)).cloned().collect();
        for section in sections {
            let Some(source) = sources.issuers.iter().find(|source| source.about().name == section.source) else {
                continue;
            };
            let about = source.about();
            self.exports.push(Export {
                about: about.clone(),
                gives: Gives::Recorded,
                at: Some(section.at),
                snapshot: true,
            });
            let account = Account { asked_as: section.asked_as, ..Account::default() };
            let mut batch = Batch { inventory: section.inventory, account, ..Batch::default() };
            if let Some(repository) = settings.repository.as_deref()
                && matches!(section.kind.as_str(), "github" | "gitlab")
            {
                super::near::keep(&mut batch.inventory, repository, &held);
            }
            date(&mut batch, Some(section.at));
            self.take(about, Gives::Issuers, batch, 0);
            // A scan of AWS reads no values: where they are wanted, those in scope are read now.
            if !(fingerprints && section.kind == "aws") {
                names.insert(section.source);
            }
        }
        names
    }

    /// All that one source shows: its stores, then the liveness of everything in them.
    pub(super) async fn whole(&mut self, source: &dyn Source, want: &Wanted) {
        let started = Instant::now();
        let mut batch = Batch::default();
        source.stores(want, &mut batch).await;
        self.stamp(&mut batch);
        self.take(
            source.about(),
            Gives::Issuers,
            batch,
            u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        );
        let credentials: BTreeSet<Id> = self.inventory.credentials.iter().map(|c| c.id.clone()).collect();
        let want = Wanted {
            slots: self.inventory.slots.iter().map(|slot| slot.id.clone()).collect(),
            grants: credentials.clone(),
            credentials,
            ..want.clone()
        };
        let (mut batch, taken) = run(source, &want).await;
        self.stamp(&mut batch);
        self.take(source.about(), Gives::Issuers, batch, taken);
    }

    /// The gate's own environment. Gives the slots that the user asked to have examined.
    pub(super) async fn at_hand(&mut self, sources: &Sources, want: &Wanted) -> BTreeSet<Id> {
        let Some(env) = &sources.env else { return BTreeSet::new() };
        let (mut batch, taken) = run(env.as_ref(), want).await;
        self.stamp(&mut batch);
        self.take_seen(env.about(), batch, taken);
        // A value whose id only its issuer knows is asked for it now: tickets may name that id.
        self.probe(env.as_ref(), &BTreeSet::new(), want).await;
        env.examined()
    }

    /// Tickets, a few at a time: their texts are not kept.
    pub(super) async fn tickets(&mut self, sources: &Sources, want: &Wanted, settings: &Settings) -> Vec<Ticket> {
        let looked_up = want.focus.iter().flat_map(|focus| focus.tickets.iter().cloned());
        let index = super::index(self, settings).explaining(self.explain.clone()).asked_for(looked_up);
        let sieve = (!self.keep_all && !self.read_all).then(|| index.sieve());
        let want = &Wanted { sieve, ..want.clone() };
        // A waiver's ticket, or one that is to break the glass, is looked up, whatever it asks for.
        let asked = want.focus.iter().flat_map(|focus| focus.tickets.iter().map(String::as_str));
        let named = settings.waivers.iter().filter_map(|waiver| waiver.ticket.as_deref()).chain(asked).collect();
        let mut reading = Reading::new(&index, want.now, self.keep_all, named);
        let mut sifted = false;
        for source in &sources.tickets {
            let started = Instant::now();
            reading.start();
            let mut account = source.tickets(want, &mut |record| reading.take(record)).await;
            reading.understand();
            let taken = started.elapsed().as_millis();
            let left_out = account.sifted;
            let count = reading.count + left_out;
            self.ticket_count += count;
            if account.requests == 0 {
                self.exports.push(Export {
                    about: source.about().clone(),
                    gives: Gives::Tickets,
                    at: account.exported_at.or(reading.newest),
                    snapshot: false,
                });
            }
            account.items = account.items.max(count);
            let mut gaps = std::mem::take(&mut account.gaps);
            gaps.append(&mut reading.gaps);
            self.account(source.about(), Gives::Tickets, account, gaps, u64::try_from(taken).unwrap_or(u64::MAX));
            sifted |= left_out > 0;
        }
        // What a duplicate stands for may be a ticket that bears on nothing by itself: whether it promises anything is told.
        let missing = if sifted { reading.missing() } else { BTreeSet::new() };
        if !missing.is_empty() {
            let only = Index::only(missing.iter().map(String::as_str));
            let want = &Wanted { sieve: Some(only), ..want.clone() };
            for source in sources.tickets.iter().filter(|source| !source.live()) {
                let mut some = |record: Record| {
                    if missing.contains(&record.id.to_lowercase()) {
                        reading.take(record);
                    }
                };
                source.tickets(want, &mut some).await;
            }
            reading.understand();
        }
        let tickets = reading.tickets();
        // Very many names: nobody has to wait until they are gone.
        let sieve = want.sieve.clone();
        rayon::spawn(move || drop((index, sieve)));
        tickets
    }

    /// A tracker's tickets, read so that it keeps them; none is looked at.
    pub(super) async fn refresh(&mut self, source: &dyn TicketSource, want: &Wanted) {
        let started = Instant::now();
        let mut account = source.tickets(want, &mut |_| {}).await;
        let gaps = std::mem::take(&mut account.gaps);
        let taken = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.account(source.about(), Gives::Tickets, account, gaps, taken);
    }

    /// Live stores, side by side: slots and credentials that tickets may speak of.
    pub(super) async fn stores(&mut self, sources: &Sources, want: &Wanted) {
        let live: Vec<_> = sources.issuers.iter().filter(|s| !want.recorded.contains(&s.about().name)).collect();
        let runs = live.iter().map(|source| async {
            let started = Instant::now();
            let mut batch = Batch::default();
            source.stores(want, &mut batch).await;
            (batch, u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
        });
        let batches = futures::future::join_all(runs).await;
        for (source, (mut batch, taken)) in live.iter().zip(batches) {
            self.stamp(&mut batch);
            self.take(source.about(), Gives::Issuers, batch, taken);
        }
    }

    /// Live stores and issuers, side by side: each has its own deadline. `early` is before the tickets are read.
    pub(super) async fn issuers(&mut self, sources: &Sources, want: &Wanted, early: bool) {
        let runs = sources.issuers.iter().map(|source| run(source.as_ref(), want));
        let batches = futures::future::join_all(runs).await;
        for (source, (mut batch, taken)) in sources.issuers.iter().zip(batches) {
            // Before the tickets are known, it may yet be wanted.
            if early && batch.account.status == Some(SourceStatus::Skipped) {
                continue;
            }
            self.stamp(&mut batch);
            self.take(source.about(), Gives::Issuers, batch, taken);
        }
        if let Some(env) = &sources.env {
            self.drop_own_uses(&env.about().name);
        }
    }

    /// Probes of what is at hand, after the issuers' records (a probe is itself a use).
    pub(super) async fn probes(&mut self, sources: &Sources, want: &Wanted) {
        if let Some(env) = &sources.env {
            self.probe(env.as_ref(), &want.credentials, want).await;
        }
    }

    async fn probe(&mut self, env: &dyn Holdings, wanted: &BTreeSet<Id>, want: &Wanted) {
        let started = Instant::now();
        let mut batch = Batch::default();
        env.probe(wanted, want, &self.inventory, &mut batch).await;
        self.stamp(&mut batch);
        let used = batch.inventory.credentials.iter().filter(|probed| {
            let seen = probed.liveness.as_ref().is_some_and(|seen| seen.state != LivenessState::NotChecked);
            seen && matches!(probed.id.provider(), "github" | "gitlab")
        });
        self.probed.extend(used.map(|probed| probed.id.clone()));
        let taken = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.take_seen(env.about(), batch, taken);
        self.drop_own_uses(&env.about().name);
    }

    /// A probe is a use, and neither this run nor the next may hold it against a credential: where GitHub's and GitLab's records of a last
    /// use may be of our own doing, they prove none. (AWS names the service of a last use, Vault keeps none.)
    fn drop_own_uses(&mut self, source: &str) {
        let mut notes = Vec::new();
        for known in self.inventory.credentials.iter_mut().filter(|known| self.probed.contains(&known.id)) {
            if known.last_used_at.take().is_some() {
                notes.push(format!("{}: its last use may be a probe's; not counted as a use", known.id));
            }
        }
        if let Some(entry) = self.coverage.iter_mut().find(|entry| entry.source == source) {
            entry.notes.extend(notes);
        }
    }

    /// Takes what the values at hand tell. A value that was seen outranks every record of what its slot holds.
    fn take_seen(&mut self, about: &About, batch: Batch, taken: u64) {
        let seen: Vec<(Id, Id)> =
            batch.inventory.slots.iter().filter_map(|slot| Some((slot.id.clone(), slot.holds.clone()?))).collect();
        self.take(about, Gives::Issuers, batch, taken);
        for (slot, held) in seen {
            if let Some(known) = self.inventory.slots.iter_mut().find(|known| known.id == slot) {
                known.holds = Some(held);
            }
        }
    }

    /// Adds what slots are said to hold and no source has told of yet: tickets may name it.
    pub(super) fn add_held(&mut self) {
        let known: BTreeSet<&Id> = self.inventory.credentials.iter().map(|credential| &credential.id).collect();
        let now = self.inventory.slots.iter().filter_map(|slot| slot.holds.as_ref());
        let then = self.inventory.slots.iter().flat_map(|slot| &slot.versions).filter_map(|v| v.holds.as_ref());
        let new: BTreeSet<Id> = now.chain(then).filter(|id| !known.contains(id)).cloned().collect();
        self.inventory.credentials.extend(new.into_iter().map(Credential::bare));
    }

    /// Adds slots that only the pipelines name.
    pub(super) fn add_slots(&mut self, slots: Vec<Slot>) {
        self.inventory.absorb(Inventory { slots, ..Inventory::default() });
    }

    /// Tickets in the order of their ids, then sources.
    #[must_use]
    pub(super) fn sorted(&self, mut tickets: Vec<Ticket>) -> Vec<Ticket> {
        tickets.sort_by(|a, b| (&a.id, &a.source).cmp(&(&b.id, &b.source)));
        tickets
    }

    /// Observations carry the time of the judgement: two runs over the same facts print the same.
    fn stamp(&self, batch: &mut Batch) {
        for credential in &mut batch.inventory.credentials {
            for seen in credential.liveness.iter_mut().chain(&mut credential.observations) {
                seen.at = Some(self.now);
            }
        }
        for extent in &mut batch.inventory.coverage {
            extent.at = Some(self.now);
        }
    }

    fn take(&mut self, about: &About, gives: Gives, batch: Batch, taken: u64) {
        let Batch { mut inventory, catalog, account } = batch;
        let gaps = std::mem::take(&mut inventory.gaps);
        self.catalog.extend(catalog);
        self.inventory.absorb(inventory);
        self.account(about, gives, account, gaps, taken);
    }

    fn account(&mut self, about: &About, gives: Gives, account: Account, gaps: Vec<Gap>, taken: u64) {
        let derived = match (gaps.is_empty() && account.gaps.is_empty(), account.items) {
            (true, _) => SourceStatus::Read,
            (false, 0) => SourceStatus::Failed,
            (false, _) => SourceStatus::Partial,
        };
        let status = account.status.unwrap_or(derived);
        for gap in gaps.into_iter().chain(account.gaps) {
            let known = self.gaps.iter().any(|known| known.gap == gap);
            if !known {
                self.gaps.push(SourceGap { required: about.required, gives, kind: about.kind.clone(), gap });
            }
        }
        if let Some(entry) = self.coverage.iter_mut().find(|entry| entry.source == about.name) {
            // What was left out the second time was read the first time.
            entry.status = match (entry.status, status) {
                (SourceStatus::Skipped, other) | (other, SourceStatus::Skipped) => other,
                (a, b) => a.max(b),
            };
            entry.items += account.items;
            entry.requests += account.requests;
            entry.duration_ms += taken;
            entry.asked_as = entry.asked_as.take().or(account.asked_as);
            entry.notes.extend(account.notes);
            return;
        }
        self.coverage.push(Coverage {
            source: about.name.clone(),
            required: about.required,
            status,
            items: account.items,
            requests: account.requests,
            duration_ms: taken,
            asked_as: account.asked_as,
            notes: account.notes,
        });
    }
}

/// Observations that an export does not date were made when it was written, at the latest.
fn date(batch: &mut Batch, exported: Option<Timestamp>) {
    for credential in &mut batch.inventory.credentials {
        if let Some(exported) = exported.filter(|_| credential.liveness.is_none()) {
            batch.inventory.recorded_at.insert(credential.id.clone(), exported);
        }
        for seen in credential.liveness.iter_mut().chain(&mut credential.observations) {
            seen.at = seen.at.or(exported);
        }
    }
}

async fn run<S: Source + ?Sized>(source: &S, want: &Wanted) -> (Batch, u64) {
    let started = Instant::now();
    let mut batch = Batch::default();
    source.collect(want, &mut batch).await;
    (batch, u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
}
