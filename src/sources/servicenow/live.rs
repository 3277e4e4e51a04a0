//! The tickets of an instance: against a deadline, with an account of what was and was not read. What is asked for is in `changes`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::model::report::SourceStatus;
use crate::model::ticket::{Field, Record};
use crate::sources::export::Gaps;
use crate::sources::tracker::shelf::Shelf;
use crate::sources::{About, Account, Wanted};

use super::changes;
use super::client::Client;
use super::parts::{AUDIT, WITHOUT};
use super::record::{HISTORY, Reader};
use super::session::{Session, lost};
use super::settings::Place;

/// An instance; where a variable or file is missing, why it cannot be asked.
pub(super) struct Live {
    pub(super) place: Result<Place, String>,
    pub(super) max_wait: Duration,
}

impl Live {
    pub(super) async fn tickets(
        &self,
        about: &About,
        fields: &BTreeMap<Field, String>,
        want: &Wanted,
        sink: &mut (dyn FnMut(Record) + Send),
    ) -> Account {
        let mut account = Account::default();
        let unread = |url: &str, reason: &str| {
            let mut gaps = Gaps::new(about, url);
            gaps.whole(reason);
            gaps.finish()
        };
        let place = match &self.place {
            Ok(place) => place,
            Err(reason) => {
                account.gaps = unread(&about.kind, reason);
                return account;
            }
        };
        if let Some(why) = want.silent() {
            account.status = Some(SourceStatus::Skipped);
            account.gaps = unread(&place.url, why);
            return account;
        }
        let client = match Client::new(place, self.max_wait) {
            Ok(client) => client,
            Err(reason) => {
                account.gaps = unread(&place.url, &reason);
                return account;
            }
        };
        let meter = client.meter();
        let session = Session::new(client, place, fields, Gaps::new(about, &place.url));
        let reader = Reader { source: &about.name, fields, site: Some(&place.url) };
        let mut seen = Seen::default();
        let mut hand = |item: &Value| {
            let mut flaws = Vec::new();
            match reader.record(item, &mut flaws) {
                Ok(record) => {
                    flaws.iter().for_each(|flaw| session.flaw(&record.id, flaw));
                    seen.look_at(item, &session.watched);
                    want.watch.tell(&about.name, seen.tickets, meter.requests(), meter.left());
                    sink(record);
                }
                Err(flaw) => session.flaw("a row", &flaw),
            }
        };
        let shelf = shelf(place, &session.fields);
        let limit = Duration::from_secs(place.timeout).saturating_add(self.max_wait);
        let late = {
            let work = changes::read(&session, shelf.as_ref(), &mut hand);
            if want.everything {
                work.await;
                false
            } else {
                tokio::time::timeout(limit, work).await.is_err()
            }
        };
        let notes = seen.notes(&session.watched);
        let mut state = session.into_state();
        if late {
            state.gaps.whole(&format!(
                "not read within {} s: set `timeout`, narrow `query`, or keep tickets between runs (`cache`)",
                limit.as_secs()
            ));
        }
        account.items = seen.tickets;
        account.requests = meter.requests();
        account.asked_as = state.as_of.map(|_| place.asked_as.clone());
        account.notes = state.notes.into_iter().chain(notes).collect();
        account.gaps = state.gaps.finish();
        if seen.tickets == 0 && account.gaps.is_empty() {
            account.gaps = unread(
                &place.url,
                "shows no tickets at all: see what `query` and `tables` leave, and what the user may read",
            );
        }
        account
    }
}

/// What tickets were read without. It is told of kept ones, too, so that a run says the same whether they were asked for or kept.
#[derive(Default)]
struct Seen {
    tickets: u64,
    without: BTreeSet<String>,
    changes: bool,
    fields: BTreeSet<String>,
}

impl Seen {
    fn look_at(&mut self, item: &Value, watched: &[String]) {
        self.tickets += 1;
        let without = item[WITHOUT].as_array().into_iter().flatten().filter_map(Value::as_str);
        self.without.extend(without.map(str::to_owned));
        self.changes |= item[HISTORY].as_array().is_some_and(|changes| !changes.is_empty());
        self.fields.extend(watched.iter().filter(|field| item.get(field.as_str()).is_some()).cloned());
    }

    fn notes(&self, watched: &[String]) -> Vec<String> {
        let mut notes: Vec<String> =
            self.without.iter().map(|table| format!("{table}: not shown to this user: {}", lost(table))).collect();
        if self.tickets == 0 {
            return notes;
        }
        if !self.changes && !self.without.contains(AUDIT) {
            notes.push(format!("{AUDIT}: shows no changes: {}", lost(AUDIT)));
        }
        let missing = watched.iter().filter(|field| !self.fields.contains(*field));
        notes.extend(missing.map(|field| format!("no ticket has the field {field}, which `fields` names")));
        notes
    }
}

/// Where this login's view of these tables is kept.
fn shelf(place: &Place, fields: &str) -> Option<Shelf> {
    let what = serde_json::json!(["servicenow", place.url, place.asked_as, place.tables, fields]).to_string();
    Some(Shelf::new(place.folder.as_deref()?, place.auth.key(), what))
}
