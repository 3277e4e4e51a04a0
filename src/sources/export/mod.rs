//! What the readers of saved ticket responses share: opening a file in any usual encoding, cutting a JSON list into items, times,
//! journals of gaps. What a field means to a tracker stands in that tracker's own file.

mod batch;
pub(crate) mod decode;
pub(crate) mod form;
pub(crate) mod markup;
pub(crate) mod skim;
pub(crate) mod split;
pub(crate) mod value;

use std::io::BufReader;

use jiff::Timestamp;
use serde_json::Value;

use crate::config::Files;
use crate::model::inventory::Gap;
use crate::model::ticket::Record;
use crate::sources::{About, Account};

pub(crate) use batch::Sift;
use split::Items;

/// How many gaps of one file are told one by one; a file of the wrong kind would else repeat the same sentence for each ticket.
const MAX_GAPS: usize = 50;

/// A wrong or missing part of one ticket: which, and what is wrong with it.
pub(crate) type Flaw = String;

/// Turns one item into a record, and says what is wrong with parts of it.
pub(crate) type Convert<'a> = dyn Fn(&Value, &mut Vec<Flaw>) -> Result<Record, Flaw> + Sync + 'a;

/// Reads a saved response: its items become records one by one. `lists` are the keys under which a response keeps its list.
pub(crate) fn read(
    about: &About,
    files: &Files,
    path: &str,
    lists: &[&str],
    sink: &mut (dyn FnMut(Record) + Send),
    convert: &Convert<'_>,
) -> Account {
    sifted(about, files, path, lists, sink, convert, None)
}

/// Like [`read`], without the records that a sieve says bear on nothing: those are only counted.
pub(crate) fn sifted(
    about: &About,
    files: &Files,
    path: &str,
    lists: &[&str],
    sink: &mut (dyn FnMut(Record) + Send),
    convert: &Convert<'_>,
    sift: Option<&Sift<'_>>,
) -> Account {
    let mut gaps = Gaps::new(about, path);
    let mut account = Account::default();
    match files.open(path) {
        Ok(reader) => {
            let reader = BufReader::with_capacity(1 << 18, decode::Utf8::new(reader));
            batch::read(Items::new(reader, lists), &mut account, &mut gaps, sink, convert, sift);
        }
        Err(error) => gaps.whole(&format!("cannot be opened: {error}")),
    }
    account.gaps = gaps.finish();
    account
}

/// Gaps of one export.
pub(crate) struct Gaps {
    source: String,
    path: String,
    list: Vec<Gap>,
    more: usize,
}

impl Gaps {
    pub(crate) fn new(about: &About, path: &str) -> Self {
        Self { source: about.name.clone(), path: path.to_owned(), list: Vec::new(), more: 0 }
    }

    /// The file as a whole, or all of it from some place on.
    pub(crate) fn whole(&mut self, reason: &str) {
        self.push("*".to_owned(), format!("{}: {reason}", self.path));
    }

    /// One ticket, or one part of it.
    pub(crate) fn item(&mut self, which: &str, reason: &str) {
        if self.list.len() >= MAX_GAPS {
            self.more += 1;
            return;
        }
        self.push(which.to_owned(), format!("{}: {which} {reason}", self.path));
    }

    fn push(&mut self, scope: String, reason: String) {
        self.list.push(Gap { source: self.source.clone(), lacks: "tickets".to_owned(), scope, reason });
    }

    pub(crate) fn finish(mut self) -> Vec<Gap> {
        if self.more > 0 {
            let more = self.more;
            self.push("*".to_owned(), format!("{}: {more} more tickets could not be read whole", self.path));
        }
        self.list
    }
}

/// A time as trackers write it: RFC 3339, Jira's `2026-05-04T10:12:00.000+0200`, ServiceNow's `2026-08-18 07:30:00` (UTC), or a
/// bare day, which starts at midnight UTC.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z"] {
        if let Ok(time) = Timestamp::strptime(format, text) {
            return Some(time);
        }
    }
    if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
        return jiff::tz::TimeZone::UTC.to_timestamp(local).ok();
    }
    day(text)
}

/// A bare day's start in UTC.
pub(crate) fn day(text: &str) -> Option<Timestamp> {
    let date = text.parse::<jiff::civil::Date>().ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

/// The last second of a due day; a due time stays as it is.
pub(crate) fn due(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() == 10
        && let Some(start) = day(text)
    {
        return Some(start + jiff::SignedDuration::from_secs(24 * 3600 - 1));
    }
    time(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_each_tracker() {
        let at = |text: &str| time(text).map(|t| t.to_string());
        assert_eq!(at("2026-05-04T10:12:00.000+0200").as_deref(), Some("2026-05-04T08:12:00Z"));
        assert_eq!(at("2026-08-18 07:30:00").as_deref(), Some("2026-08-18T07:30:00Z"));
        assert_eq!(at("2026-05-25T08:00:00.000Z").as_deref(), Some("2026-05-25T08:00:00Z"));
        assert_eq!(at("2026-05-25").as_deref(), Some("2026-05-25T00:00:00Z"));
        assert_eq!(at("next week"), None);
        assert_eq!(due("2026-07-31").map(|t| t.to_string()).as_deref(), Some("2026-07-31T23:59:59Z"));
    }
}

#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;
    use crate::sources::{TicketSource, Wanted};

    pub(crate) fn about(kind: &str) -> About {
        About { name: kind.to_owned(), kind: kind.to_owned(), required: true, authority: None }
    }

    /// Reads an export, saved as `export`, through a source.
    pub(crate) fn collect(
        export: &[u8],
        source: impl FnOnce(Files) -> Box<dyn TicketSource>,
    ) -> (Vec<Record>, Account) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("export"), export).unwrap();
        let source = source(Files::Tree(folder.path().to_owned()));
        let mut records = Vec::new();
        let want = Wanted::default();
        let mut sink = |record| records.push(record);
        let account = futures::executor::block_on(source.tickets(&want, &mut sink));
        (records, account)
    }
}
