//! What the readers of saved ticket responses share: opening a file in any usual encoding, cutting a JSON list into items, times,
//! journals of gaps. What a field means to a tracker stands in that tracker's own file.

mod ahead;
mod batch;
pub(crate) mod decode;
pub(crate) mod form;
mod keys;
mod lanes;
pub(crate) mod markup;
mod piece;
pub(crate) mod shape;
pub(crate) mod skim;
pub(crate) mod split;
pub(crate) mod value;

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
            let reader = ahead::Ahead::new(decode::Utf8::new(reader));
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

    /// Whether further ones are only counted.
    pub(crate) fn full(&self) -> bool {
        self.list.len() >= MAX_GAPS
    }

    /// One ticket, or one part of it.
    pub(crate) fn item(&mut self, which: &str, reason: &str) {
        if self.full() {
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
    if let Some(time) = usual(text) {
        return Some(time);
    }
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

/// `2026-05-04T10:12:00.000+0200` and RFC 3339, without the generality of a parser: each ticket has some. None where it is anything else.
fn usual(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let digits = |at: usize, count: usize| {
        bytes
            .get(at..at + count)?
            .iter()
            .try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let sign = |at: usize, sign: u8| (bytes.get(at) == Some(&sign)).then_some(());
    let (year, month, day) = (digits(0, 4)?, digits(5, 2)?, digits(8, 2)?);
    let (hour, minute, second) = (digits(11, 2)?, digits(14, 2)?, digits(17, 2)?);
    [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')].into_iter().try_for_each(|(at, is)| sign(at, is))?;
    // The days that every month has, and no leap second.
    let common = (1..=12).contains(&month) && (1..=28).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !common || year < 1900 {
        return None;
    }
    let (nanos, zone) = match digits(20, 3) {
        Some(thousandths) if sign(19, b'.').is_some() => (thousandths * 1_000_000, 23),
        _ => (0, 19),
    };
    let offset = match bytes.get(zone..)? {
        b"Z" => 0,
        [plus @ (b'+' | b'-'), .., _, _] if matches!(bytes.len() - zone, 5 | 6) => {
            let behind = if bytes.len() - zone == 6 { sign(zone + 3, b':').map(|()| zone + 4)? } else { zone + 3 };
            let (hours, minutes) = (digits(zone + 1, 2)?, digits(behind, 2)?);
            if hours > 15 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *plus == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    // Days since 1970, the year counted from March: a leap day then is its last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Timestamp::new(seconds, i32::try_from(nanos).ok()?).ok()
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
    fn usual_times_are_what_the_parser_reads() {
        for (year, month) in [(1900, 2), (1969, 12), (1970, 1), (2000, 2), (2000, 3), (2026, 6), (2100, 12)] {
            for rest in ["01T00:00:00Z", "28T23:59:59.999+02:00", "15T12:30:01-11:45", "03T04:05:06.007-00:30"] {
                let text = format!("{year}-{month:02}-{rest}");
                let parsed = text.parse::<Timestamp>().unwrap();
                assert_eq!(usual(&text), Some(parsed), "{text}");
                assert_eq!(time(&text.replace("02:00", "0200").replace("11:45", "1145")), Some(parsed), "{text}");
            }
        }
        let strange = [
            "2026-05-29T10:12:00Z",
            "2026-05-04 10:12:00Z",
            "2026-13-04T10:12:00Z",
            "2026-05-04T10:12:00",
            "2026-05-04T10:12:00.5Z",
        ];
        assert!(strange.iter().all(|text| usual(text).is_none()));
    }

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
