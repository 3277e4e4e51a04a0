//! Words by their hash, without case: whether one of very many is there is told without comparing it to any. A hash that is there may be
//! another word's; one that is not there is nobody's.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bit that parts upper from lower case is set in all: names that differ in signs only may share a hash.
const CASE: u64 = 0x2020_2020_2020_2020;

fn mix(hash: u64, part: u64) -> u64 {
    let hash = (hash ^ (part | CASE)).wrapping_mul(ODD);
    hash ^ hash >> 32
}

/// The hash of a word in ASCII, or of any word in lower case.
pub(super) fn hash(word: &[u8]) -> u64 {
    let mut hash = (word.len() as u64).wrapping_mul(ODD);
    let (eights, rest) = word.as_chunks::<8>();
    for eight in eights {
        hash = mix(hash, u64::from_le_bytes(*eight));
    }
    if !rest.is_empty() {
        hash = mix(hash, rest.iter().rev().fold(0, |part, byte| part << 8 | u64::from(*byte)));
    }
    hash
}

/// The hash of a word in its line: a short one is read at once, with what stands behind it.
pub(super) fn hash_at(line: &[u8], start: usize, end: usize) -> u64 {
    let length = end - start;
    let sixteen = line.get(start..).and_then(|rest| rest.as_chunks::<8>().0.first_chunk::<2>());
    match sixteen {
        Some([front, back]) if (1..=16).contains(&length) => {
            let part = |eight: [u8; 8], length: usize| u64::from_le_bytes(eight) & (u64::MAX >> (64 - 8 * length));
            let short = mix((length as u64).wrapping_mul(ODD), part(*front, length.min(8)));
            // Both, and then one of them: which it is cannot be foreseen.
            let long = mix(short, part(*back, length.max(9) - 8));
            if length > 8 { long } else { short }
        }
        _ => hash(&line[start..end]),
    }
}

/// A map from words, with a quick hash: its keys are an inventory's and our own, never a ticket's.
pub(super) type Quick<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

/// Hashes bytes as [`hash`] does, with the case that they have.
#[derive(Debug, Default)]
pub(super) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        // Maps look at both ends of a hash.
        self.0 ^ self.0.rotate_left(29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let number = part.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
            self.0 = (self.0 ^ number).wrapping_mul(ODD);
            self.0 ^= self.0 >> 32;
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(ODD);
    }
}

/// The hash of two words one behind the other.
pub(super) fn pair(first: u64, second: u64) -> u64 {
    first.rotate_left(17).wrapping_mul(0xff51_afd7_ed55_8ccd) ^ second
}

/// Hashes, told by a few bits each.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    cells: Vec<u64>,
}

impl Hashes {
    pub(super) fn new(hashes: impl Iterator<Item = u64>) -> Self {
        let all: Vec<u64> = hashes.collect();
        if all.is_empty() {
            return Self::default();
        }
        let mut out = Self { cells: vec![0; (all.len() / 4).next_power_of_two()] };
        for hash in all {
            let (cell, bits) = out.place(hash);
            if let Some(cell) = out.cells.get_mut(cell) {
                *cell |= bits;
            }
        }
        out
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let cell = usize::try_from(hash >> 18).unwrap_or(usize::MAX) & self.cells.len().wrapping_sub(1);
        (cell, 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63))
    }

    /// Whether it may be there.
    pub(super) fn has(&self, hash: u64) -> bool {
        let (cell, bits) = self.place(hash);
        self.cells.get(cell).is_some_and(|cell| cell & bits == bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_its_line_has_its_own_hash() {
        let line = b"Rotate the DEPLOY_KEY_OF_all of a\xc3\xa9 b";
        for start in 0..line.len() {
            for end in start + 1..=line.len() {
                assert_eq!(hash_at(line, start, end), hash(&line[start..end]), "{start} to {end}");
            }
        }
    }

    #[test]
    fn nothing_that_is_there_is_missed_and_little_else_is_seen() {
        let word = |n: u32| format!("deploy-key-{n}");
        let hashes = Hashes::new((0..50_000).map(|n| hash(word(n).as_bytes())));
        assert!((0..50_000).all(|n| hashes.has(hash(word(n).to_uppercase().as_bytes()))));
        let wrong = (50_000..150_000).filter(|n| hashes.has(hash(word(*n).as_bytes()))).count();
        assert!(wrong < 2_000, "{wrong} of 100000");
        assert!(!Hashes::new(std::iter::empty()).has(0));
    }
}
