//! A piece of an export's list: item by item, where each ends and what it comes to. Pieces of one block are gone through side by side, so
//! where one begins is guessed; whether it was right shows where the piece before it ends, see `batch`.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::skim::Skimmer;
use super::split::extent;
use super::{Convert, Flaw, value};
use crate::model::ticket::Record;

/// What an item came to.
pub(super) enum Found {
    /// A record, with what is wrong in it.
    Record(Box<(Record, Vec<Flaw>)>),
    /// It bears on nothing: its number's hash, the last of its times, and where it stands.
    Sifted { number: u64, newest: Option<Timestamp>, item: Range<u32> },
    /// It cannot be read, and stands there.
    Bad { flaw: String, start: usize },
}

/// Items one behind the other.
pub(super) struct Piece {
    pub(super) found: Vec<Found>,
    /// Where the first one that is not whole begins, or what is none, or the piece's end.
    pub(super) end: usize,
    /// How many lines end before that.
    pub(super) lines: u64,
}

/// What a piece is gone through with.
pub(super) struct Worker<'w> {
    pub(super) skimmer: Option<Skimmer<'w>>,
    pub(super) numbers: RandomState,
}

impl Worker<'_> {
    /// Goes through the items that begin in this range of the block.
    pub(super) fn piece(&mut self, block: &[u8], range: Range<usize>, convert: &Convert<'_>) -> Piece {
        let start = range.start;
        let (found, end) = self.items(block, range, convert);
        Piece { found, end, lines: lines(block.get(start..end).unwrap_or_default()) }
    }

    fn items(&mut self, block: &[u8], range: Range<usize>, convert: &Convert<'_>) -> (Vec<Found>, usize) {
        let bytes = block.get(..range.end).unwrap_or_default();
        let (mut at, mut found) = (range.start, Vec::new());
        let (mut text, mut from) = ("", at);
        loop {
            while matches!(bytes.get(at), Some(b',' | b' ' | b'\n' | b'\r' | b'\t')) {
                at += 1;
            }
            if matches!(bytes.get(at), None | Some(b']')) {
                return (found, at);
            }
            let mut whole = None;
            if let Some(skimmer) = &mut self.skimmer {
                if at - from >= text.len() {
                    (text, from) = (valid(bytes, at), at);
                }
                let look = skimmer.look(text, at - from);
                whole = look.end.map(|end| end + from - at);
                if let (Some(length), Some(skimmed)) = (whole, look.skimmed)
                    && let (Ok(start), Ok(end)) = (u32::try_from(at), u32::try_from(at + length))
                {
                    let number = self.numbers.hash_one(&*skimmed.number);
                    found.push(Found::Sifted { number, newest: skimmed.newest, item: start..end });
                    at += length;
                    continue;
                }
            }
            let Some(length) = whole.or_else(|| extent(&bytes[at..])).filter(|length| *length > 0) else {
                return (found, at);
            };
            found.push(match converted(&bytes[at..at + length], convert) {
                Ok(record) => Found::Record(record),
                Err(flaw) => Found::Bad { flaw, start: at },
            });
            at += length;
        }
    }
}

/// How many lines end here.
pub(super) fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The text from a place on, as far as it is one.
fn valid(bytes: &[u8], from: usize) -> &str {
    let bytes = bytes.get(from..).unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// An item's record, or why there is none.
pub(super) fn converted(item: &[u8], convert: &Convert<'_>) -> Result<Box<(Record, Vec<Flaw>)>, String> {
    let value: Value =
        serde_json::from_slice(item).map_err(|error| format!("is not valid JSON: {}", value::syntax(&error)))?;
    let mut flaws = Vec::new();
    convert(&value, &mut flaws).map(|record| Box::new((record, flaws)))
}

/// How items begin: the first key, and the one behind its value where that is short.
pub(super) struct Head<'h> {
    first: &'h [u8],
    second: Option<&'h [u8]>,
}

/// What stands at an item's head is no longer.
const LONGEST: usize = 256;
/// So many places are looked at: what begins like an item everywhere is no list of items.
const TRIES: usize = 64;

impl<'h> Head<'h> {
    /// How this item begins.
    pub(super) fn of(item: &'h [u8]) -> Option<Self> {
        let item = &item[..item.len().min(LONGEST)];
        let colon = memchr::memchr(b':', item).filter(|_| item.starts_with(b"{"))?;
        Some(Self { first: &item[..=colon], second: second(item, colon + 1) })
    }

    /// Where the next item may begin, from a place on: behind a comma, and as items begin.
    pub(super) fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let finder = memchr::memmem::Finder::new(self.first);
        let begins = |at: &usize| {
            let before = bytes[..*at].iter().rev().find(|byte| !byte.is_ascii_whitespace());
            let end = bytes.len().min(*at + LONGEST);
            before == Some(&b',') && second(&bytes[*at..end], self.first.len()) == self.second
        };
        finder.find_iter(bytes.get(from..)?).map(|at| from + at).take(TRIES).find(begins)
    }
}

/// The key behind the value that begins here, as it is written.
fn second(item: &[u8], from: usize) -> Option<&[u8]> {
    let behind = item.get(from..)?;
    let start = behind.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let comma = start + extent(&behind[start..])?;
    let key = behind.get(comma..)?;
    let length = memchr::memchr(b':', key)?;
    Some(&key[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_known_by_their_heads() {
        let list =
            br#"{"id":"1","self":{"id":"2"},"sub":[{"id":"3","self":4},{"id":"x","name":5}]}, {"id":"6" ,"self":7}"#;
        let head = Head::of(list).unwrap();
        let at = |text: &str| list.windows(text.len()).position(|window| window == text.as_bytes());
        assert_eq!(head.next(list, 1), None);
        let head = Head::of(br#"{"id":"6" ,"self":7}"#).unwrap();
        assert_eq!(head.next(list, 1), at(r#"{"id":"6""#));
        assert!(Head::of(b"{}").is_none() && Head::of(b"[1]").is_none());
    }
}
