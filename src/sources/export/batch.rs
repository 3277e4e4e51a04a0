//! Takes a list's items through their conversion in batches: one is read while the one before is converted, on all cores, and the
//! records come out in the order of the file. No more than two batches are held.

use std::collections::HashSet;
use std::io::BufRead;
use std::ops::Range;

use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::Value;

use super::skim::{self, Plan};
use super::split::{Event, Items};
use super::{Convert, Flaw, Gaps, value};
use crate::model::sieve::{Reader, Sieve};
use crate::model::ticket::Record;
use crate::sources::Account;

/// How many bytes and items a batch has, roughly.
const BYTES: usize = 4 << 20;
const ITEMS: usize = 8192;

/// What leaves out items that bear on nothing.
pub(crate) struct Sift<'s> {
    pub(crate) sieve: &'s dyn Sieve,
    pub(crate) plan: Plan,
    /// The configured keys of an item's `fields`.
    pub(crate) fields: Vec<&'s str>,
}

/// Items as bytes, one behind the other.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    items: Vec<Item>,
    /// How the list ended, where it did.
    end: Option<Result<(), String>>,
}

struct Item {
    /// None where it is too long to be held.
    bytes: Option<Range<usize>>,
    line: u64,
    offset: u64,
}

enum Outcome {
    Record(Box<Record>, Vec<Flaw>),
    Sifted(skim::Skimmed),
    Bad(String),
}

impl Batch {
    fn fill<R: BufRead>(&mut self, items: &mut Items<'_, R>) {
        self.bytes.clear();
        self.items.clear();
        self.end = None;
        while self.bytes.len() < BYTES && self.items.len() < ITEMS {
            match items.next_event() {
                Ok(Some(Event::Item { bytes, line, offset })) => {
                    let start = self.bytes.len();
                    self.bytes.extend_from_slice(bytes);
                    self.items.push(Item { bytes: Some(start..self.bytes.len()), line, offset });
                }
                Ok(Some(Event::TooLong { line, offset })) => self.items.push(Item { bytes: None, line, offset }),
                Ok(None) => {
                    self.end = Some(Ok(()));
                    return;
                }
                Err(error) => {
                    self.end = Some(Err(error));
                    return;
                }
            }
        }
    }

    fn bytes(&self, item: &Item) -> Option<&[u8]> {
        item.bytes.clone().and_then(|range| self.bytes.get(range))
    }

    fn outcomes(&self, convert: &Convert<'_>, sift: Option<&Sift<'_>>) -> Vec<Outcome> {
        let reader = || sift.map(|sift| (sift.sieve.reader(), String::new()));
        let one = |reader: &mut Option<(Box<dyn Reader + '_>, String)>, item: &Item| {
            let Some(bytes) = self.bytes(item) else {
                return Outcome::Bad("is larger than 32 MiB, and was left out".to_owned());
            };
            if let (Some(sift), Some((reader, scratch))) = (sift, reader)
                && let Some(skimmed) = skim::skim(bytes, sift.plan, &sift.fields, reader.as_mut(), scratch)
            {
                return Outcome::Sifted(skimmed);
            }
            converted(bytes, convert)
        };
        self.items
            .par_chunks(64)
            .map_init(reader, |reader, items| items.iter().map(|item| one(reader, item)).collect::<Vec<_>>())
            .flatten_iter()
            .collect()
    }
}

fn converted(bytes: &[u8], convert: &Convert<'_>) -> Outcome {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return Outcome::Bad(format!("is not valid JSON: {}", value::syntax(&error))),
    };
    let mut flaws = Vec::new();
    match convert(&value, &mut flaws) {
        Ok(record) => Outcome::Record(Box::new(record), flaws),
        Err(flaw) => Outcome::Bad(flaw),
    }
}

/// Reads all items.
pub(super) fn read<R: BufRead + Send>(
    mut items: Items<'_, R>,
    account: &mut Account,
    gaps: &mut Gaps,
    sink: &mut (dyn FnMut(Record) + Send),
    convert: &Convert<'_>,
    sift: Option<&Sift<'_>>,
) {
    let mut taken = Taken { account, gaps, sink, seen: 0, kept: HashSet::new() };
    let (mut batch, mut next) = (Batch::default(), Batch::default());
    batch.fill(&mut items);
    let end = loop {
        let outcomes = if batch.end.is_some() {
            batch.outcomes(convert, sift)
        } else {
            rayon::join(|| batch.outcomes(convert, sift), || next.fill(&mut items)).0
        };
        for (item, outcome) in batch.items.iter().zip(outcomes) {
            taken.outcome(&batch, item, outcome, convert, sift.is_some());
        }
        if let Some(end) = batch.end.take() {
            break end;
        }
        std::mem::swap(&mut batch, &mut next);
    };
    let (seen, gaps) = (taken.seen, taken.gaps);
    if let Err(error) = end {
        gaps.whole(&error);
        return;
    }
    if let Some(more) = items.announced_more(seen) {
        gaps.whole(&more);
    }
    if seen == 0 {
        gaps.whole(if items.found_list() { "holds no tickets at all" } else { "holds no list of tickets" });
    }
}

/// What became of the items so far.
struct Taken<'t> {
    account: &'t mut Account,
    gaps: &'t mut Gaps,
    sink: &'t mut (dyn FnMut(Record) + Send),
    seen: u64,
    /// The ends of the ids that were handed over: a later state of the same ticket replaces an earlier one, whatever it says.
    kept: HashSet<String>,
}

impl Taken<'_> {
    fn outcome(&mut self, batch: &Batch, item: &Item, outcome: Outcome, convert: &Convert<'_>, sifts: bool) {
        self.seen += 1;
        let seen = self.seen;
        let place = || format!("item {seen} (line {}, byte {})", item.line, item.offset);
        match outcome {
            Outcome::Bad(flaw) => self.gaps.item(&place(), &flaw),
            Outcome::Record(record, flaws) => self.record(*record, &flaws, sifts),
            Outcome::Sifted(skimmed) if self.kept.contains(&skimmed.number) => {
                match batch.bytes(item).map(|bytes| converted(bytes, convert)) {
                    Some(Outcome::Record(record, flaws)) => self.record(*record, &flaws, sifts),
                    Some(Outcome::Bad(flaw)) => self.gaps.item(&place(), &flaw),
                    Some(Outcome::Sifted(_)) | None => {}
                }
            }
            Outcome::Sifted(skimmed) => {
                self.account.sifted += 1;
                self.counted(skimmed.newest);
            }
        }
    }

    fn record(&mut self, record: Record, flaws: &[Flaw], sifts: bool) {
        for flaw in flaws {
            self.gaps.item(&record.id, flaw);
        }
        self.counted(record.updated_at.max(record.closed_at).max(record.opened_at));
        if sifts {
            let number = record.id.rsplit_once('#').map_or(record.id.as_str(), |(_, number)| number);
            self.kept.insert(number.to_owned());
        }
        (self.sink)(record);
    }

    fn counted(&mut self, newest: Option<Timestamp>) {
        self.account.exported_at = self.account.exported_at.max(newest);
        self.account.items += 1;
    }
}
