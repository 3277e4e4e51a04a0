//! What is asked of which account and region: everything in parts, or only the names in scope. How a service answers is in its own
//! file.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::inventory::LivenessState;
use crate::probe::{account, observed};
use crate::sources::{Batch, Wanted, observe};

use super::keys::Keys;
use super::names::{self, Name, Store};
use super::roles::Roles;
use super::session::{Account, Session};
use super::{AwsSource, Sink, keys, roles, side_by_side};

/// How many parts are read at once.
const AT_ONCE: usize = 6;

/// A store of one account in one region.
pub(super) struct Shelf<'s> {
    pub(super) source: &'s AwsSource,
    pub(super) session: &'s Session,
    /// The account, where it is known.
    pub(super) number: Option<String>,
    pub(super) region: String,
    pub(super) store: Store,
}

impl Shelf<'_> {
    /// How it is called in coverage: `123456789012/us-east-1`.
    pub(super) fn place(&self) -> String {
        match &self.number {
            Some(number) => format!("{number}/{}", self.region),
            None => self.region.clone(),
        }
    }

    /// How it is called in gaps: `secrets of 123456789012/us-east-1`.
    pub(super) fn scope(&self) -> String {
        format!("{} of {}", self.store.plural(), self.place())
    }

    /// Whether a listed ARN is one of this shelf: what a server says of another account or region is not taken.
    pub(super) fn has(&self, text: &str) -> bool {
        let service = match self.store {
            Store::Secrets => "secretsmanager",
            Store::Parameters => "ssm",
        };
        names::arn(text).is_some_and(|arn| {
            arn.service == service
                && arn.region == self.region
                && self.number.as_deref().is_none_or(|number| number == arn.account)
        })
    }

    /// The id of a slot: as it was asked for, where that names it wholly; else under the source's authority.
    pub(super) fn id(&self, arn: &str, want: &Wanted) -> Id {
        let own = Id::build("aws", self.source.authority(), self.store.kind(), &[arn]);
        let asked = Id::build("aws", None, self.store.kind(), &[arn]);
        if !want.everything && !want.slots.contains(&own) && want.slots.contains(&asked) { asked } else { own }
    }

    async fn read(&self, names: Option<&[Name]>, want: &Wanted, sink: &Sink<'_>) -> bool {
        match self.store {
            Store::Secrets => self.secrets(names, want, sink).await,
            Store::Parameters => self.parameters(names, want, sink).await,
        }
    }
}

/// A part of everything.
enum Part<'s> {
    Shelf(Shelf<'s>),
    Identities(&'s Session, String),
}

impl AwsSource {
    /// All accounts, all regions, all stores; users, keys and roles.
    pub(super) async fn read_everything(&self, want: &Wanted, sink: &Sink<'_>) {
        let opened = self.accounts.iter().map(|account| self.open(account, &["slots", "liveness"], sink)).collect();
        let opened = side_by_side(AT_ONCE, opened).await;
        let mut parts = Vec::new();
        for (session, number) in opened.into_iter().flatten() {
            if self.is_suspect(session, want) {
                self.refuse(session, sink);
                continue;
            }
            for region in self.regions() {
                for store in [Store::Secrets, Store::Parameters] {
                    let (number, region) = (Some(number.clone()), region.clone());
                    parts.push(Part::Shelf(Shelf { source: self, session, number, region, store }));
                }
            }
            parts.push(Part::Identities(session, number));
        }
        side_by_side(AT_ONCE, parts.into_iter().map(|part| self.read_part(part, want, sink)).collect()).await;
    }

    async fn open<'s>(
        &'s self,
        account: &'s Account,
        lacking: &[&str],
        sink: &Sink<'_>,
    ) -> Option<(&'s Session, String)> {
        let identity = async {
            let session = account.session(self).await?;
            Ok::<_, String>((session, session.identity(self).await?))
        };
        match identity.await {
            Ok((session, identity)) => {
                sink.account(identity);
                Some((session, identity.account.clone()))
            }
            Err(reason) => {
                for lacks in lacking {
                    sink.gap(lacks, account.name(), reason.clone());
                }
                None
            }
        }
    }

    /// Reads a part, or takes it from the journal of an interrupted scan.
    async fn read_part(&self, part: Part<'_>, want: &Wanted, sink: &Sink<'_>) {
        let name = match &part {
            Part::Shelf(shelf) => format!("{}/{}", shelf.place(), shelf.store.plural()),
            Part::Identities(_, number) => format!("{number}/iam"),
        };
        let journal = want.journal.as_ref().filter(|_| want.wide);
        if let Some(kept) = journal.and_then(|journal| journal.recall(&self.about.name, &name)) {
            if let Part::Identities(_, number) = &part {
                let whole = kept.coverage.iter().any(|extent| extent.kind == keys::WHOLE && extent.complete);
                self.state().listed.insert(number.clone(), whole);
            }
            let items = u64::try_from(kept.slots.len() + kept.credentials.len()).unwrap_or(u64::MAX);
            let mut batch = Batch { inventory: kept, ..Batch::default() };
            batch.account.items = items;
            sink.take(batch);
            return;
        }
        // A part that is kept must be known by itself; else what was read before a deadline must not be lost with the rest.
        let apart = want.wide.then(|| Sink::new(self));
        let own = apart.as_ref().unwrap_or(sink);
        match &part {
            Part::Shelf(shelf) => {
                let complete = shelf.read(None, want, own).await;
                let asked_as = shelf.session.identity(self).await.ok().and_then(|identity| identity.asked_as.clone());
                let extent = self.extent(shelf.store.kind(), &shelf.place(), complete, asked_as);
                own.with(|batch| batch.inventory.coverage.push(extent));
            }
            Part::Identities(session, number) => Keys::new(self, session, number).read_all(own).await,
        }
        if let Some(apart) = apart {
            let batch = apart.done();
            if let Some(journal) = journal.filter(|_| batch.inventory.gaps.is_empty()) {
                journal.keep(&self.about.name, &name, &batch.inventory);
            }
            sink.take(batch);
        }
        let items = sink.with(|batch| batch.account.items);
        want.watch.tell(&self.about.name, items, self.http.requests(), None);
    }

    /// Only these names: one list a region and store, where they may be.
    pub(super) async fn read_names(&self, want: &Wanted, names: &BTreeSet<Name>, sink: &Sink<'_>) {
        self.state().asked.extend(names.iter().cloned());
        let mut hints = Vec::new();
        for account in &self.accounts {
            hints.push(account.hint(self).await);
        }
        let mut shelves: BTreeMap<(usize, String, Store), Vec<Name>> = BTreeMap::new();
        let mut unasked: BTreeSet<&Name> = BTreeSet::new();
        for name in names {
            let mut asked = false;
            for (index, hint) in hints.iter().enumerate() {
                // An ARN names its account: another one is not asked.
                if name.account.is_some() && hint.is_some() && name.account != *hint {
                    continue;
                }
                asked = true;
                let regions = name.region.clone().map_or_else(|| self.regions(), |region| vec![region]);
                for region in regions {
                    shelves.entry((index, region, name.store)).or_default().push(name.clone());
                }
            }
            if !asked {
                let other = name.account.as_deref().unwrap_or_default();
                let scope = format!("{} {}", name.store.kind(), name.name);
                sink.gap("slots", &scope, format!("it is of account {other}, which is not looked at"));
                unasked.insert(name);
            }
        }
        let reads = shelves.into_iter().map(|((index, region, store), names)| async move {
            let account = &self.accounts[index];
            match account.session(self).await {
                Ok(session) if self.is_suspect(session, want) => self.refuse(session, sink),
                Ok(session) => {
                    let shelf = Shelf { source: self, session, number: session.number(), region, store };
                    shelf.read(Some(&names), want, sink).await;
                }
                Err(reason) => sink.gap("slots", account.name(), reason),
            }
        });
        let gaps = || sink.with(|batch| batch.inventory.gaps.len());
        let before = gaps();
        side_by_side(AT_ONCE, reads.collect()).await;
        // What was not found because it could not be read is a gap already.
        let failed = gaps() > before;
        let found: Vec<Id> = sink.with(|batch| batch.inventory.slots.iter().map(|slot| slot.id.clone()).collect());
        let names_of: BTreeMap<Id, String> = sink.with(|batch| {
            batch.inventory.slots.iter().filter_map(|slot| Some((slot.id.clone(), slot.name.clone()?))).collect()
        });
        let is = |name: &Name, id: &Id| {
            let called = names_of.get(id).map(String::as_str).unwrap_or_default();
            name.means(name.store, called, id.rest()) && id.kind() == name.store.kind()
        };
        let missing = |name: &&Name| !failed && !unasked.contains(name) && !found.iter().any(|id| is(name, id));
        for name in names.iter().filter(missing) {
            // It may be in a region that is not looked at.
            let scope = format!("{} {}", name.store.kind(), name.name);
            sink.gap("slots", &scope, format!("there is none in {}", self.regions().join(", ")));
        }
    }

    /// Keys and roles that are wanted, and not told yet.
    pub(super) async fn read_credentials(
        &self,
        want: &Wanted,
        keys: &BTreeMap<String, Id>,
        roles: &BTreeMap<String, Id>,
        sink: &Sink<'_>,
    ) {
        // What was told before the tickets were read is read once more where a rule compares its grants.
        let compared = |id: &Id| !want.everything && want.grants.contains(id);
        let told = |id: &Id| self.state().credentials.contains(id) && !compared(id);
        let keys: BTreeMap<&str, &Id> =
            keys.iter().filter(|(_, id)| !told(id)).map(|(key, id)| (key.as_str(), id)).collect();
        let roles: BTreeMap<&str, &Id> =
            roles.iter().filter(|(_, id)| !told(id)).map(|(arn, id)| (arn.as_str(), id)).collect();
        if keys.is_empty() && roles.is_empty() {
            return;
        }
        let own_account = |arn: &str| names::arn(arn).map(|arn| arn.account.to_owned());
        let accounts: BTreeSet<Option<String>> =
            keys.keys().map(|key| account::of_key(key)).chain(roles.keys().map(|arn| own_account(arn))).collect();
        let mut looked_at = BTreeSet::new();
        for (index, account) in self.accounts.iter().enumerate() {
            let hint = account.hint(self).await;
            // Whose account is not known may be anybody's. The first is asked in any case: its word on whose endpoint this is counts
            // for values at hand.
            let concerned = index == 0 || hint.is_none() || accounts.contains(&hint) || accounts.contains(&None);
            if !concerned {
                looked_at.extend(hint);
                continue;
            }
            if let Ok(session) = account.session(self).await
                && self.is_suspect(session, want)
            {
                self.refuse(session, sink);
                continue;
            }
            let Some((session, number)) = self.open(account, &["liveness"], sink).await else { continue };
            looked_at.insert(number.clone());
            let own = keys.iter().filter(|(key, _)| account::of_key(key).is_none_or(|account| account == number));
            let own: BTreeMap<&str, &Id> = own.map(|(key, id)| (*key, *id)).collect();
            Keys::new(self, session, &number).read(&own, want, sink).await;
            let own = roles.iter().filter(|(arn, _)| own_account(arn).as_ref() == Some(&number));
            let own: BTreeMap<&str, &Id> = own.map(|(arn, id)| (*arn, *id)).collect();
            Roles::new(self, session, &number).read(&own, want, sink).await;
        }
        self.others(&keys, &roles, &looked_at, sink);
    }

    /// What belongs to accounts that are not looked at: their word does not count here.
    fn others(
        &self,
        keys: &BTreeMap<&str, &Id>,
        roles: &BTreeMap<&str, &Id>,
        looked_at: &BTreeSet<String>,
        sink: &Sink<'_>,
    ) {
        if looked_at.is_empty() {
            return;
        }
        let known: Vec<&str> = looked_at.iter().map(String::as_str).collect();
        let why = |what: &str| format!("the {what} belongs to another account than {}", known.join(", "));
        let other = |number: Option<String>| number.is_some_and(|number| !looked_at.contains(&number));
        sink.with(|batch| {
            for (_, id) in keys.iter().filter(|(key, _)| other(account::of_key(key))) {
                observe(batch, id, observed(LivenessState::Unknown, keys::METHOD, Some(&why("key"))));
            }
            let of = |arn: &str| names::arn(arn).map(|arn| arn.account.to_owned());
            for (_, id) in roles.iter().filter(|(arn, _)| other(of(arn))) {
                observe(batch, id, observed(LivenessState::Unknown, roles::METHOD, Some(&why("role"))));
            }
        });
    }

    /// Whether the auditor's own key is one of those under examination. A list of everything has it, and examines nothing.
    fn is_suspect(&self, session: &Session, want: &Wanted) -> bool {
        !want.everything && self.wanted(&want.credentials, "access-key").contains_key(&session.key_id)
    }

    fn refuse(&self, session: &Session, sink: &Sink<'_>) {
        let own = Id::aws_access_key(self.authority(), &session.key_id);
        let reason = format!(
            "the auditor's own key {own} is one of those under examination: name another with `profile` or `access_key_id_env`"
        );
        sink.gap("liveness", "*", reason);
    }
}
