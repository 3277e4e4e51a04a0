//! Issues of GitHub and GitLab, read live from servers that hold them: what was done there is what is read, once wholly and then by what
//! has changed; and what cannot be read is said.
#![cfg(all(feature = "github", feature = "gitlab"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod gate;
mod github;
mod gitlab;
mod refusals;

use std::collections::BTreeMap;

use driftgate::model::ticket::Record;
use driftgate::sources::{About, Account, TicketSource, Wanted};

/// What a reading gave.
struct Read {
    records: BTreeMap<String, Record>,
    account: Account,
}

impl Read {
    /// One of the records.
    fn of(&self, id: &str) -> &Record {
        self.records.get(id).unwrap_or_else(|| panic!("{id} was not read: {:?}", self.account))
    }

    /// The reasons of all gaps.
    fn gaps(&self) -> Vec<&str> {
        self.account.gaps.iter().map(|gap| gap.reason.as_str()).collect()
    }
}

async fn read(source: &impl TicketSource, want: &Wanted) -> Read {
    let mut records = BTreeMap::new();
    let mut sink = |record: Record| {
        let id = record.id.clone();
        assert!(records.insert(id.clone(), record).is_none(), "{id} was handed over twice");
    };
    let account = source.tickets(want, &mut sink).await;
    Read { records, account }
}

fn about(kind: &str) -> About {
    About { name: kind.to_owned(), kind: kind.to_owned(), required: true, authority: None }
}

fn wanted() -> Wanted {
    Wanted { repository: Some("acme/shop".to_owned()), ..Wanted::default() }
}

/// A record's history: field, before, after, who.
fn history(record: &Record) -> Vec<(&str, &str, &str, &str)> {
    record.history.iter().map(|c| (c.field.as_str(), word(&c.from), word(&c.to), c.author.label())).collect()
}

fn word(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}
