//! Which key comes next: items of one tracker have the same keys in nearly the same order, so the one that came last time is looked for
//! first, with one comparison. What a key is good for stands in the tracker's shapes.

use wide::u8x16;

use super::shape::Shape;

/// Fields of an object by their names.
pub(super) type Fields = &'static [(&'static str, Shape)];

/// How many bytes are compared together.
const LANE: usize = 16;
/// How many keys are remembered; what has more has no usual order.
const MOST: usize = 512;

/// What a key of an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// Its place in the object's fields; none for one that nobody reads.
    pub(super) known: Option<u8>,
    /// Its place among the configured fields.
    pub(super) configured: Option<u8>,
}

/// A key with its quotes and its colon, in the object that it was met in.
#[derive(Debug)]
struct Met {
    fields: Fields,
    depth: usize,
    text: Vec<u8>,
    head: [u8; LANE],
    /// Bits of the bytes of `head` that are the key's.
    own: u32,
    key: Key,
    /// The key that came behind it the last time.
    next: usize,
}

/// Keys in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Keys {
    met: Vec<Met>,
    /// The key before.
    last: usize,
}

impl Keys {
    /// An item begins.
    pub(super) fn start(&mut self) {
        self.last = 0;
    }

    /// The key at the head of these bytes, where it is the one that came here last time, and its length with quotes and colon.
    pub(super) fn usual(&mut self, bytes: &[u8], fields: Fields, depth: usize) -> Option<(Key, usize)> {
        let at = self.met.get(self.last)?.next;
        let met = self.met.get(at)?;
        let lane = u8x16::new(*bytes.first_chunk::<LANE>()?);
        let same = lane.simd_eq(u8x16::new(met.head)).to_bitmask() & met.own == met.own;
        let here = same && std::ptr::eq(met.fields, fields) && met.depth == depth;
        if !here || (met.text.len() > LANE && !bytes.starts_with(&met.text)) {
            return None;
        }
        self.last = at;
        Some((met.key, met.text.len()))
    }

    /// Remembers a key as it is written, with quotes and colon.
    pub(super) fn learn(&mut self, text: &[u8], fields: Fields, depth: usize, key: Key) {
        if self.met.is_empty() {
            // Before the first key.
            self.met.push(Met { fields, depth, text: Vec::new(), head: [0; LANE], own: u32::MAX, key, next: 0 });
        }
        let same = |met: &Met| std::ptr::eq(met.fields, fields) && met.depth == depth && met.text == text;
        let at = match self.met.iter().position(same) {
            Some(at) => at,
            None if self.met.len() >= MOST => return,
            None => {
                let mut head = [0; LANE];
                let length = text.len().min(LANE);
                head[..length].copy_from_slice(&text[..length]);
                let own = if length == LANE { 0xffff } else { (1 << length) - 1 };
                self.met.push(Met { fields, depth, text: text.to_vec(), head, own, key, next: 0 });
                self.met.len() - 1
            }
        };
        if let Some(before) = self.met.get_mut(self.last) {
            before.next = at;
        }
        self.last = at;
    }
}
