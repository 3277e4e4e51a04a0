//! Takes a list's items through their conversion in blocks: one is read while the one before is gone through, on all cores, and the
//! records come out in the order of the file. No more than two blocks are held. What does not fit a block, and whatever stands around the
//! list, is read by `split` as it comes.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::io::Read;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rayon::prelude::*;

use super::ahead::Ahead;
use super::piece::{Found, Head, Piece, Worker, converted, lines};
use super::shape::Plan;
use super::skim::Skimmer;
use super::split::{Event, Items, Place};
use super::{Convert, Flaw, Gaps};
use crate::model::sieve::Sieve;
use crate::model::ticket::Record;
use crate::sources::Account;

/// How much of a file is read at once.
const BLOCK: usize = 4 << 20;
/// The longest beginning of an item that is carried over into the next block.
const CARRY: usize = 1 << 20;
/// How long a piece is, roughly.
const PIECE: usize = 1 << 18;
/// After a block that was of little use, so many items are read one by one at most.
const MOST_APART: u32 = 1 << 16;

/// Two blocks, kept for the next file: to fill them with nothing costs more than to read a small one.
struct Buffers {
    both: [Vec<u8>; 2],
}

static KEPT: Mutex<Option<[Vec<u8>; 2]>> = Mutex::new(None);

impl Buffers {
    fn take() -> Self {
        let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self { both: kept.unwrap_or_else(|| [vec![0; CARRY + BLOCK], vec![0; CARRY + BLOCK]]) }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::mem::take(&mut self.both));
    }
}

/// What leaves out items that bear on nothing.
pub(crate) struct Sift<'s> {
    pub(crate) sieve: &'s dyn Sieve,
    pub(crate) plan: Plan,
    /// The configured keys of an item's `fields`.
    pub(crate) fields: Vec<&'s str>,
}

/// Who goes through pieces; each thread has one for as long as it needs one.
struct Workers<'w> {
    sift: Option<&'w Sift<'w>>,
    numbers: RandomState,
    idle: Mutex<Vec<Worker<'w>>>,
}

impl<'w> Workers<'w> {
    fn with<T>(&self, work: impl FnOnce(&mut Worker<'w>) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = idle.unwrap_or_else(|| Worker {
            skimmer: self.sift.map(|sift| Skimmer::new(sift.plan, &sift.fields, sift.sieve.reader())),
            numbers: self.numbers.clone(),
        });
        let out = work(&mut worker);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        out
    }

    /// Goes through a block, piece by piece.
    fn pieces(&self, block: &[u8], start: usize, convert: &Convert<'_>) -> Vec<(Range<usize>, Piece)> {
        cut(block, start)
            .into_par_iter()
            .map(|range| (range.clone(), self.with(|worker| worker.piece(block, range, convert))))
            .collect()
    }
}

/// A block's pieces; where they begin is guessed.
fn cut(block: &[u8], start: usize) -> Vec<Range<usize>> {
    let separates = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
    let first = block[start..].iter().position(|byte| !separates(byte)).map_or(start, |at| start + at);
    let mut cuts = vec![start];
    if let Some(head) = Head::of(&block[first..]) {
        let mut from = start + PIECE;
        while let Some(at) = head.next(block, from) {
            cuts.push(at);
            from = at + PIECE;
        }
    }
    let ends = cuts.iter().skip(1).copied().chain([block.len()]);
    cuts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// Reads all items.
pub(super) fn read<R: Read + Send>(
    mut items: Items<'_, Ahead<R>>,
    account: &mut Account,
    gaps: &mut Gaps,
    sink: &mut (dyn FnMut(Record) + Send),
    convert: &Convert<'_>,
    sift: Option<&Sift<'_>>,
) {
    let numbers = RandomState::new();
    let kept = Numbers { hashes: HashSet::default(), by: numbers.clone() };
    let mut taken = Taken { account, gaps, sink, convert, seen: 0, kept: sift.map(|_| kept) };
    let workers = Workers { sift, numbers, idle: Mutex::default() };
    let mut buffers = Buffers::take();
    let (mut wait, mut apart) = (0, 1);
    let end = loop {
        if items.in_list() {
            if wait > 0 {
                wait -= 1;
            } else if blocks(&mut items, &mut taken, &workers, &mut buffers.both) < BLOCK / 2 {
                (wait, apart) = (apart, MOST_APART.min(apart * 2));
            } else {
                apart = 1;
            }
        }
        match items.next_event() {
            Ok(Some(Event::Item { bytes, line, offset })) => {
                let piece = workers.with(|worker| worker.piece(bytes, 0..bytes.len(), convert));
                let place = |_: usize| (line, offset);
                match piece.found.into_iter().next() {
                    Some(found) => taken.found(found, bytes, &place),
                    None => taken.item(converted(bytes, convert), || (line, offset)),
                }
            }
            Ok(Some(Event::TooLong { line, offset })) => {
                taken.item(Err("is larger than 32 MiB, and was left out".to_owned()), || (line, offset));
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
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

/// Goes through the list block by block, as far as its items are usual and end in their block; says how many bytes that were.
fn blocks<R: Read + Send>(
    items: &mut Items<'_, Ahead<R>>,
    taken: &mut Taken<'_>,
    workers: &Workers<'_>,
    [block, next]: &mut [Vec<u8>; 2],
) -> usize {
    let convert = taken.convert;
    let (have, mut more) = items.reader().fill(&mut block[CARRY..]);
    let (mut start, mut end) = (CARRY, CARRY + have);
    let mut all = 0;
    loop {
        let (line, offset) = items.place();
        let reader = items.reader();
        let (pieces, (have, goes_on)) = rayon::join(
            || workers.pieces(&block[..end], start, convert),
            || if more { reader.fill(&mut next[CARRY..]) } else { (0, false) },
        );
        let (mut at, mut passed) = (start, 0);
        for (range, piece) in pieces {
            // Where a guess was wrong, the piece is gone through again, from where it begins.
            let piece = match range.start == at {
                true => piece,
                false => workers.with(|worker| worker.piece(&block[..end], at..range.end.max(at), convert)),
            };
            let place = |item: usize| {
                let lines = lines(&block[at..item]);
                (line + passed + lines, offset + (item - start) as u64)
            };
            piece.found.into_iter().for_each(|found| taken.found(found, block, &place));
            (at, passed) = (piece.end, passed + piece.lines);
        }
        items.advance((at - start) as u64, passed);
        all += at - start;
        let rest = end - at;
        if at == start || rest > CARRY || have == 0 {
            items.reader().give_back(&next[CARRY..CARRY + have]);
            items.reader().give_back(&block[at..end]);
            return all;
        }
        next[CARRY - rest..CARRY].copy_from_slice(&block[at..end]);
        (start, end, more) = (CARRY - rest, CARRY + have, goes_on);
        std::mem::swap(block, next);
    }
}

/// What became of the items so far.
struct Taken<'t> {
    account: &'t mut Account,
    gaps: &'t mut Gaps,
    sink: &'t mut (dyn FnMut(Record) + Send),
    convert: &'t Convert<'t>,
    seen: u64,
    /// Those that were handed over, where others are left out: a later state of the same ticket replaces an earlier one, whatever it says.
    kept: Option<Numbers>,
}

impl Taken<'_> {
    /// Takes what was found in a block; `place` tells the line and byte of a place in it.
    fn found(&mut self, found: Found, block: &[u8], place: &dyn Fn(usize) -> Place) {
        match found {
            Found::Sifted { number, newest, item } => {
                if self.kept.as_ref().is_some_and(|kept| kept.hashes.contains(&number)) {
                    let start = item.start as usize;
                    let bytes = block.get(start..item.end as usize).unwrap_or_default();
                    return self.item(converted(bytes, self.convert), || place(start));
                }
                self.seen += 1;
                self.account.sifted += 1;
                self.counted(newest);
            }
            Found::Record(record) => self.item(Ok(record), || (0, 0)),
            Found::Bad { flaw, start } => self.item(Err(flaw), || place(start)),
        }
    }

    fn item(&mut self, item: Result<Box<(Record, Vec<Flaw>)>, String>, place: impl FnOnce() -> Place) {
        self.seen += 1;
        match item {
            Ok(record) => self.record(*record),
            // To tell its place costs as much as all that stands before it in its block.
            Err(flaw) if self.gaps.full() => self.gaps.item("", &flaw),
            Err(flaw) => {
                let (line, offset) = place();
                self.gaps.item(&format!("item {} (line {line}, byte {offset})", self.seen), &flaw);
            }
        }
    }

    fn record(&mut self, (record, flaws): (Record, Vec<Flaw>)) {
        for flaw in &flaws {
            self.gaps.item(&record.id, flaw);
        }
        self.counted(record.updated_at.max(record.closed_at).max(record.opened_at));
        if let Some(kept) = &mut self.kept {
            let number = record.id.rsplit_once('#').map_or(record.id.as_str(), |(_, number)| number);
            kept.hashes.insert(kept.by.hash_one(number));
        }
        (self.sink)(record);
    }

    fn counted(&mut self, newest: Option<Timestamp>) {
        self.account.exported_at = self.account.exported_at.max(newest);
        self.account.items += 1;
    }
}

/// The ends of ids, by hashes that nobody outside can foresee.
struct Numbers {
    hashes: HashSet<u64, BuildHasherDefault<AsItIs>>,
    by: RandomState,
}

/// Hashes what is a hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
