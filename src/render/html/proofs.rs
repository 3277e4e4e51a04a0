//! The promises that were kept: each with its evidence, and how long it took from the ticket to the truth, as a distribution. A span
//! whose end is only known from the first look that showed it is an upper bound, and is told as one.

use jiff::{SignedDuration, Timestamp};

use super::page::{Facts, Link};
use super::words;
use crate::model::report::{Evidence, Finding, Report, Timing, Verified};
use crate::model::ticket::{Intent, State};

/// Rules that say of a closed ticket's promise that it is not true.
const NOT_YET: &[&str] =
    &["revoked-but-live", "old-value-live", "rotation-not-applied", "leaver-owns-credential", "stale-copy"];

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The ranges of the distribution: the words, and the first second that no longer belongs to it.
const RANGES: &[(&str, i64)] = &[
    ("before it closed", 0),
    ("up to 1 h", HOUR),
    ("1 to 4 h", 4 * HOUR),
    ("4 to 24 h", DAY),
    ("1 to 3 d", 3 * DAY),
    ("3 to 7 d", 7 * DAY),
    ("7 to 30 d", 30 * DAY),
    ("over 30 d", i64::MAX),
];

/// The section.
pub(super) struct Proofs<'a> {
    pub(super) kept: Vec<Kept<'a>>,
    pub(super) rows: Vec<Row>,
    /// Whether any promise has a time.
    pub(super) timed: bool,
    pub(super) closing: Option<Quantiles>,
    pub(super) opening: Option<Quantiles>,
    /// How many of those with a time are bounds.
    pub(super) bounds: usize,
    /// How many have a time.
    pub(super) all: usize,
    /// Promises of closed tickets that are not true yet.
    pub(super) open: usize,
    /// For how long the oldest of these has been waiting.
    pub(super) oldest: Option<String>,
}

/// Median and nine tenths, by nearest rank.
pub(super) struct Quantiles {
    pub(super) median: String,
    pub(super) most: String,
}

/// A kept promise.
pub(super) struct Kept<'a> {
    pub(super) proof: &'a Verified,
    pub(super) name: &'a str,
    pub(super) tickets: Vec<Link>,
    pub(super) opened: Option<(Timestamp, String)>,
    pub(super) closed: Option<(Timestamp, String)>,
    /// When it was true.
    pub(super) by: Option<(Timestamp, String)>,
    /// When it was still untrue.
    pub(super) not_before: Option<(Timestamp, String)>,
    pub(super) exact: bool,
    pub(super) known_by: &'a str,
    pub(super) took: Option<String>,
    pub(super) facts: Vec<(&'a Evidence, Option<String>)>,
}

impl Kept<'_> {
    /// Its id, in the pieces between which it may break into lines.
    pub(super) fn pieces(&self) -> Vec<&str> {
        words::pieces(self.proof.subject.id.as_str())
    }
}

/// A range of the distribution.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) exact: usize,
    pub(super) bound: usize,
    pub(super) open: usize,
    /// Where the three parts of its bar begin and how long they are, in hundredths of the longest bar.
    pub(super) bars: [(usize, usize); 3],
}

impl<'a> Proofs<'a> {
    pub(super) fn new(report: &'a Report, facts: &Facts<'a>) -> Self {
        let timings: Vec<&Timing> = report.verified.iter().filter_map(|proof| proof.timing.as_ref()).collect();
        let closing: Vec<(i64, bool)> =
            timings.iter().filter_map(|known| Some((since(known.closed_at?, known.not_after), known.exact))).collect();
        let opening: Vec<i64> =
            timings.iter().filter_map(|known| Some(since(known.opened_at?, known.not_after))).collect();
        let open: Vec<i64> = report.findings.iter().filter_map(|finding| waiting(finding, facts)).collect();
        let any_bound = closing.iter().any(|(_, exact)| !exact);
        Self {
            kept: report.verified.iter().map(|proof| kept(proof, facts)).collect(),
            rows: rows(&closing, &open),
            timed: !closing.is_empty() || !open.is_empty(),
            closing: quantiles(closing.iter().map(|(length, _)| *length).collect(), any_bound),
            opening: quantiles(opening, any_bound),
            bounds: closing.iter().filter(|(_, exact)| !exact).count(),
            all: closing.len(),
            open: open.len(),
            oldest: open.iter().max().map(|length| words::span(SignedDuration::from_secs(*length))),
        }
    }
}

fn since(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second())
}

/// For how long a closed ticket's promise has been untrue.
fn waiting(finding: &Finding, facts: &Facts<'_>) -> Option<i64> {
    if !NOT_YET.contains(&finding.rule.as_str()) {
        return None;
    }
    let ticket = finding.tickets.iter().find_map(|id| facts.ticket(id, &finding.evidence))?;
    let promised = matches!(ticket.intent, Intent::Revoke | Intent::Rotate | Intent::Offboard);
    let closed = ticket.closed_at.filter(|_| promised && ticket.state == State::Done)?;
    Some(since(closed, facts.now).max(0))
}

fn quantiles(mut lengths: Vec<i64>, bound: bool) -> Option<Quantiles> {
    lengths.sort_unstable();
    // Nearest rank: the smallest value that is not exceeded by that share of all.
    let rank = |percent: usize| lengths.get((lengths.len() * percent).div_ceil(100).checked_sub(1)?);
    let told = |length: &i64| length_of(*length, !bound);
    Some(Quantiles { median: rank(50).map(told)?, most: rank(90).map(told)? })
}

/// `3 h 5 min`, `at most 3 h 5 min`, `before it closed`.
fn length_of(seconds: i64, exact: bool) -> String {
    if seconds <= 0 {
        return "true when it closed".to_owned();
    }
    let span = words::span(SignedDuration::from_secs(seconds));
    if exact { span } else { format!("at most {span}") }
}

fn rows(closing: &[(i64, bool)], open: &[i64]) -> Vec<Row> {
    let range = |length: i64| {
        let end = |(_, end): &(&str, i64)| if *end == 0 { length <= 0 } else { length < *end };
        RANGES.iter().position(end).unwrap_or(RANGES.len() - 1)
    };
    let mut counts = vec![[0_usize; 3]; RANGES.len()];
    for (length, exact) in closing {
        counts[range(*length)][usize::from(!exact)] += 1;
    }
    for length in open {
        counts[range(*length)][2] += 1;
    }
    let longest = counts.iter().map(|parts| parts.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let part = |count: usize| count * 100 / longest;
    let row = |((label, _), [exact, bound, open]): (&(&'static str, i64), &[usize; 3])| {
        let (a, b, c) = (part(*exact), part(*exact + *bound), part(*exact + *bound + *open));
        Row { label, exact: *exact, bound: *bound, open: *open, bars: [(0, a), (a, b - a), (b, c - b)] }
    };
    RANGES.iter().zip(&counts).map(row).collect()
}

fn kept<'a>(proof: &'a Verified, facts: &Facts<'a>) -> Kept<'a> {
    let timing = proof.timing.as_ref();
    let told = |at: Option<Timestamp>| at.map(|at| (at, words::moment(at)));
    let took = timing.and_then(|known| Some(length_of(since(known.closed_at?, known.not_after), known.exact)));
    Kept {
        proof,
        name: proof.subject.name.as_deref().unwrap_or(proof.subject.id.as_str()),
        tickets: proof.tickets.iter().map(|id| facts.link(id, &proof.evidence)).collect(),
        opened: told(timing.and_then(|known| known.opened_at)),
        closed: told(timing.and_then(|known| known.closed_at)),
        by: told(timing.map(|known| known.not_after)),
        not_before: told(timing.filter(|known| !known.exact).and_then(|known| known.not_before)),
        exact: timing.is_some_and(|known| known.exact),
        known_by: timing.map_or("", |known| known.known_by.as_str()),
        took,
        facts: proof.evidence.iter().map(|fact| (fact, fact.observed_at.map(words::moment))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let of = |lengths: &[i64]| quantiles(lengths.to_vec(), false).map(|found| (found.median, found.most));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[60]), Some(("1 min".into(), "1 min".into())));
        let ten: Vec<i64> = (1..=10).map(|hours| hours * HOUR).collect();
        assert_eq!(of(&ten), Some(("5 h".into(), "9 h".into())));
        assert_eq!(quantiles(vec![60], true).map(|found| found.median), Some("at most 1 min".into()));
        assert_eq!(of(&[-5, 0]), Some(("true when it closed".into(), "true when it closed".into())));
    }

    #[test]
    fn every_length_has_its_range() {
        let counted = |length: i64| {
            let rows = rows(&[(length, true)], &[]);
            rows.iter().filter(|row| row.exact == 1).map(|row| row.label).collect::<Vec<_>>()
        };
        for (length, label) in [
            (i64::MIN, "before it closed"),
            (0, "before it closed"),
            (1, "up to 1 h"),
            (HOUR, "1 to 4 h"),
            (DAY - 1, "4 to 24 h"),
            (30 * DAY, "over 30 d"),
            (i64::MAX, "over 30 d"),
        ] {
            assert_eq!(counted(length), [label], "{length}");
        }
        let rows = rows(&[(1, true), (2, false), (DAY, false)], &[5]);
        assert_eq!(rows[1].bars, [(0, 33), (33, 33), (66, 34)]);
        assert_eq!((rows[1].exact, rows[1].bound, rows[1].open, rows[4].bars[1]), (1, 1, 1, (0, 33)));
    }
}
