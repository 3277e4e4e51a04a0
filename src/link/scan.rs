//! A text to the places of its words and of the signs that matter to the sieve, sixty-four bytes at once. What a word is, is told in
//! `sifting` and `marks`.

use std::ops::Range;

use wide::u8x16;

/// How many bytes make a stretch: a bit for each.
const STRETCH: usize = 64;

/// Places in a text, in its order.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Where words begin and end, by turns: letters, digits and `_`, with hyphens and apostrophes inside.
    edges: Vec<u32>,
    /// A word's border within a longer token: `NAME=value`, `a/b`, `don't`.
    pub(super) inside: Vec<u32>,
    /// What is not of ASCII, may strike, may be a box, or hides a part: such a line is read sign by sign.
    pub(super) odd: Vec<u32>,
    /// Hyphens inside words.
    pub(super) hyphens: Vec<u32>,
    /// Where lines end.
    pub(super) lines: Vec<u32>,
}

/// Bits of what bytes are.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    letters: u64,
    joins: u64,
    quotes: u64,
    /// Of tokens.
    inner: u64,
    /// A full stop or colon, which ends a sentence or belongs to a token.
    stops: u64,
    dots: u64,
    stars: u64,
    odd: u64,
    lines: u64,
}

impl Stretch {
    fn of(bytes: &[u8; STRETCH]) -> Self {
        let mut out = Self::default();
        let (lanes, _) = bytes.as_chunks::<16>();
        for (number, lane) in lanes.iter().enumerate() {
            let lane = u8x16::new(*lane);
            let is = |byte: u8| lane.simd_eq(u8x16::splat(byte));
            let within = |lane: u8x16, first: u8, more: u8| {
                let above = lane - u8x16::splat(first);
                above.min(u8x16::splat(more)).simd_eq(above)
            };
            let bits = |lane: u8x16| u64::from(lane.to_bitmask()) << (number * 16);
            let letters = within(lane | u8x16::splat(0x20), b'a', 25) | within(lane, b'0', 9) | is(b'_');
            let quotes = is(b'\'');
            // `-`, `.`, `/`, digits and `:` follow each other, and so do `#`, `$` and `%`.
            let signs = within(lane, b'-', b':' - b'-') | within(lane, b'#', 2);
            let dots = is(b'.');
            let foreign = bits(lane);
            out.letters |= bits(letters);
            out.quotes |= bits(quotes);
            out.joins |= bits(quotes | is(b'-'));
            out.inner |= bits(letters | signs | is(b'+') | is(b'=') | is(b'@') | is(b'~')) | foreign;
            out.stops |= bits(dots | is(b':'));
            out.dots |= bits(dots);
            out.stars |= bits(is(b'*'));
            out.odd |= bits(is(b'~') | is(b'(') | is(b'[')) | foreign;
            out.lines |= bits(is(b'\n'));
        }
        out
    }
}

impl Scan {
    /// Reads a text of less than 4 GiB.
    pub(super) fn read(&mut self, text: &[u8]) {
        for list in [&mut self.edges, &mut self.inside, &mut self.odd, &mut self.hyphens, &mut self.lines] {
            list.clear();
        }
        let (whole, rest) = text.as_chunks::<STRETCH>();
        let mut last = [0; STRETCH];
        last[..rest.len()].copy_from_slice(rest);
        let last = Some(&last).filter(|_| !rest.is_empty());
        let mut stretches = whole.iter().chain(last).map(Stretch::of).fuse();
        let (mut before, mut word_before) = (Stretch::default(), 0);
        let mut own = stretches.next();
        let mut number = 0;
        while let Some(here) = own {
            let next = stretches.next();
            word_before = self.places(number, &before, &here, &next.unwrap_or_default(), word_before);
            (before, own) = (here, next);
            number += 1;
        }
        if self.edges.len() % 2 == 1 {
            self.edges.push(place(text.len(), 0));
        }
    }

    /// Where each word begins and ends.
    pub(super) fn words(&self) -> &[[u32; 2]] {
        self.edges.as_chunks().0
    }

    /// Where a word begins and ends.
    pub(super) fn word(&self, number: usize) -> Option<Range<usize>> {
        self.words().get(number).map(|[start, end]| *start as usize..*end as usize)
    }

    /// Tells the places of a stretch, and gives the bits of its words.
    fn places(&mut self, number: usize, before: &Stretch, own: &Stretch, next: &Stretch, word_before: u64) -> u64 {
        let base = number * STRETCH;
        // The bits of the bytes before, and of those behind.
        let front = |own: u64, before: u64| own << 1 | before >> 63;
        let behind = |own: u64, next: u64| own >> 1 | next << 63;
        let joined = own.joins & front(own.letters, before.letters) & behind(own.letters, next.letters);
        let words = own.letters | joined;
        let (starts, ends) = (words & !front(words, word_before), !words & front(words, word_before));
        let borders = starts & front(own.inner, before.inner)
            | ends & own.inner & !(own.stops & !behind(own.inner, next.inner))
            | joined & own.quotes;
        let hides = own.dots & behind(own.dots, next.dots) | own.stars & behind(own.stars, next.stars);
        edges(&mut self.edges, base, starts | ends);
        push(&mut self.inside, base, borders);
        push(&mut self.hyphens, base, joined & !own.quotes);
        push(&mut self.odd, base, own.odd | hides);
        push(&mut self.lines, base, own.lines);
        words
    }
}

/// So many edges are told without asking whether there are so many: how many there are cannot be foreseen.
const MANY: usize = 24;

fn edges(list: &mut Vec<u32>, base: usize, mut bits: u64) {
    let count = bits.count_ones() as usize;
    let mut many = [0; MANY];
    for one in &mut many {
        *one = place(base, bits.trailing_zeros());
        bits &= bits.wrapping_sub(1);
    }
    let before = list.len();
    list.extend_from_slice(&many);
    list.truncate(before + count.min(MANY));
    push(list, base, bits);
}

fn push(list: &mut Vec<u32>, base: usize, mut bits: u64) {
    while bits != 0 {
        list.push(place(base, bits.trailing_zeros()));
        bits &= bits - 1;
    }
}

fn place(base: usize, bit: u32) -> u32 {
    u32::try_from(base).unwrap_or(u32::MAX).saturating_add(bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::tokens::words;

    proptest::proptest! {
        /// The words of a text in ASCII are those of the whole reading.
        #[test]
        fn words_are_words(text in "[a-cA-C0_'./: \n~*-]{0,200}") {
            let mut scan = Scan::default();
            scan.read(text.as_bytes());
            let found: Vec<_> = scan.words().iter().map(|[start, end]| (*start as usize, *end as usize)).collect();
            let all: Vec<_> = words(&text).iter().map(|word| (word.start, word.end)).collect();
            proptest::prop_assert_eq!(found, all);
            let lines = text.bytes().filter(|byte| *byte == b'\n').count();
            proptest::prop_assert_eq!(scan.lines.len(), lines);
            let odd = text.bytes().zip(text.bytes().skip(1).chain([0])).filter(|pair| {
                matches!(pair, (b'~', _) | (b'.', b'.') | (b'*', b'*'))
            });
            proptest::prop_assert_eq!(scan.odd.len(), odd.count());
        }
    }
}
