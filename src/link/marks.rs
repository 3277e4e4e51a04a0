//! What words are to the sieve, by their hashes: which open a phrase that asks, which may be a verb's object, which state a level. Built
//! from the tables that the whole reading uses, so that a word that is added there is known here; the rule itself is in `sieve`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use crate::model::ticket::Intent;

use super::hashed::{Hashes, hash, hash_at, pair};
use super::index::Names;
use super::verbs::{Force, Lexicon};
use super::{filed, lengths, lent, level, nouns, ordered, request};

/// The first word of a phrase.
pub(super) const PHRASE: u32 = 1;
/// The first word of a name of several.
pub(super) const NAME: u32 = 1 << 1;
/// A part of an id may stand behind it.
pub(super) const PARTIAL: u32 = 1 << 2;
/// A comment with it may approve.
pub(super) const APPROVES: u32 = 1 << 3;
/// A path beside it may be Vault's.
pub(super) const VAULT: u32 = 1 << 4;
/// What stands behind it may be an accessor.
pub(super) const ACCESSOR: u32 = 1 << 5;
/// Without such a word, no text states a level.
pub(super) const LEVEL: u32 = 1 << 6;
/// It makes a verb's object one of ours.
pub(super) const OBJECT: u32 = 1 << 7;
/// It may mean something named before.
pub(super) const PRONOUN: u32 = 1 << 8;
/// A credential's noun: in a title, what a pronoun means.
pub(super) const CREDENTIAL: u32 = 1 << 9;
/// A form's question with it asks what is to be done.
pub(super) const ASKING: u32 = 1 << 10;
/// The first part of a verb whose second part stands later, see `apart`.
pub(super) const FIRST: u32 = 1 << 11;
/// Such a second part.
pub(super) const SECOND: u32 = 1 << 12;
/// A way to do without a static credential.
pub(super) const KEYLESS: u32 = 1 << 13;
/// In a title, it makes that way one that takes a credential's place.
pub(super) const INSTEAD: u32 = 1 << 14;
/// In a title, it says that the ticket is filed after the fact.
pub(super) const RECORD: u32 = 1 << 15;

/// It is a verb's object right behind it.
pub(super) const BESIDE: u32 = 1 << 16;
/// It asks for an access, or a change of one, by itself.
pub(super) const ASKS: u32 = 1 << 17;

/// Right behind a verb, it says that its object is left out.
pub(super) const ELLIPTIC: u32 = 1 << 18;

/// In a title, it may tell for how long, or that somebody has a role in turn.
pub(super) const TIMED: u32 = 1 << 19;

/// How far behind its first part a verb's second part stands at most, in words.
pub(super) const APART: usize = 14;

const WORDS: &[(u32, &str)] = &[
    (
        PARTIAL,
        "ends ending end suffix last endet endung endend terminant termine finit finissant finissent termina terminado starts starting begins beginning prefix beginnt \
         commen\u{e7}ant empieza",
    ),
    (APPROVES, "approved approve lgtm genehmigt approuv\u{e9} aprobado"),
    (VAULT, "vault openbao"),
    (ACCESSOR, "accessor"),
    (BESIDE | PRONOUN, "one"),
    (PRONOUN, "ones latter former letztere letzterer erstere erster"),
    (BESIDE, "pair value values everything"),
    (ASKS, "duration extent permission permissions"),
    // From when to when, and how long, see `lent`.
    (ASKS, "for from between von ab du desde"),
    // "The role is too high"; columns and headings of what shall be, see `moved`.
    (
        ASKS,
        "too after afterwards later new then wanted requested future target decision should soll neu danach apr\u{e8}s souhait\u{e9} nuevo despu\u{e9}s",
    ),
    (PRONOUN, "it them they these those both everything this that ihn sie es diese beide le les los lo all"),
    (ASKING, "what"),
    (
        FIRST,
        "take takes taking taken switch switching turn turning shut shutting close closing throw throwing kick set setting make making \
         mark put flag bring no not nobody",
    ),
    (SECOND, "away off out down inactive invalid up more longer available accessible anew"),
    (INSTEAD, "instead replace replaces statt anstelle"),
    (INSTEAD | KEYLESS, "static"),
    (RECORD, "record recorded"),
];

/// What a phrase that asks is good for, where the ticket names nothing known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// An access, or a change of one: it bears on a verdict only in an approved ticket.
    Access,
    /// A revocation or rotation, with an object.
    WithObject,
    /// A revocation, rotation or offboarding, by itself.
    Alone,
    /// Nothing by itself: it says that what the ticket tells was done is what it asked for.
    Afterwards,
}

/// A phrase: the hashes of the words behind its first.
pub(super) type Phrase = (Vec<u64>, Asks);

/// A word of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) hash: u64,
    /// What it is.
    pub(super) marks: u32,
}

/// All words that are something, and all names.
pub(super) struct Marks {
    /// A few bits for each word that is something: most are nothing.
    some: Hashes,
    slots: Vec<Slot>,
    phrases: Vec<Vec<Phrase>>,
    /// Names of one token, numbers, owners.
    names: Hashes,
    /// Forms of words that are something, and of such names and ids as one word.
    forms: Vec<[u64; 2]>,
    /// The first two words of names of several.
    pairs: Hashes,
    /// How many words the longest of them has.
    pub(super) longest: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    marks: u32,
    phrases: u32,
    /// Bits of the second words of its phrases, all where one has no second word.
    next: u64,
}

impl Marks {
    pub(super) fn new(names: &Names, lexicon: &Lexicon) -> Self {
        let of = |word: &str| hash(word.as_bytes());
        let mut marks: HashMap<u64, u32> = HashMap::new();
        let mut phrases: HashMap<u64, Vec<Phrase>> = HashMap::new();
        let known = RefCell::new(Vec::new());
        let mut mark = |word: &str, flag: u32| {
            known.borrow_mut().push(word.to_owned());
            *marks.entry(of(word)).or_default() |= flag;
        };
        let mut phrase = |words: &[&str], asks: Asks| {
            if let Some((first, rest)) = words.split_first() {
                known.borrow_mut().push((*first).to_owned());
                phrases.entry(of(first)).or_default().push((rest.iter().map(|word| of(word)).collect(), asks));
            }
        };
        for (words, intent, force) in lexicon.acts() {
            let ends = matches!(intent, Intent::Revoke | Intent::Rotate | Intent::Offboard);
            // "Take away the key" ends it, see `meant`.
            let takes = intent == Intent::Modify && words.first().is_some_and(|first| first.starts_with("tak"));
            phrase(
                &words,
                match force {
                    Force::Strong if ends => Asks::Alone,
                    _ if ends || takes => Asks::WithObject,
                    _ => Asks::Access,
                },
            );
        }
        filed::FILED_AFTERWARDS.iter().for_each(|words| phrase(words, Asks::Afterwards));
        for one in filed::AFTERWARDS {
            mark(one, RECORD);
            filed::FILED.iter().for_each(|behind| phrase(&[one, behind], Asks::Afterwards));
        }
        for (flag, words) in WORDS {
            words.split_whitespace().for_each(|word| mark(word, *flag));
        }
        lengths::UNITS.iter().chain(&lent::HELD).for_each(|word| mark(word, TIMED));
        level::stating().for_each(|word| mark(word, LEVEL));
        level::stating().for_each(|word| mark(&format!("l'{word}"), LEVEL));
        phrase(&["goes"], Asks::WithObject);
        ordered::ELLIPTIC.iter().for_each(|word| mark(word, ELLIPTIC));
        nouns::all_credentials().for_each(|word| mark(&word, OBJECT | CREDENTIAL));
        nouns::all_accesses().for_each(|word| mark(word, OBJECT));
        nouns::all_keyless().for_each(|word| mark(word, KEYLESS));
        request::ASKING.iter().for_each(|word| mark(word, ASKING));
        let several: Vec<&[String]> = names.several().collect();
        several.iter().filter_map(|words| words.first()).for_each(|first| mark(first, NAME));
        let pairs = Hashes::new(several.iter().flat_map(|words| match words {
            // "The deploy key's" names the deploy key.
            [first, second] => vec![pair(of(first), of(second)), pair(of(first), of(&format!("{second}'s")))],
            [first, second, ..] => vec![pair(of(first), of(second))],
            _ => words.iter().flat_map(|only| [of(only), of(&format!("{only}'s"))]).collect(),
        }));
        let known = known.into_inner();
        for (first, own) in &mut phrases {
            let count = own.len();
            own.retain(|(rest, asks)| *asks != Asks::Access || !rest.is_empty());
            let asks = if own.len() < count { ASKS } else { 0 };
            let opens = if own.is_empty() { 0 } else { PHRASE };
            *marks.entry(*first).or_default() |= asks | opens;
        }
        let (slots, phrases) = table(&marks, phrases);
        let all = || names.single().chain(names.numbers()).chain(names.owners());
        Self {
            some: Hashes::new(marks.keys().copied()),
            slots,
            phrases,
            names: Hashes::new(all().map(of)),
            forms: forms(all(), &known),
            pairs,
            longest: several.iter().map(|words| words.len()).max().unwrap_or_default(),
        }
    }

    /// Whether a word of this form may be something, and whether it may be a name or an id: most are neither, and need not be looked up.
    pub(super) fn may_be(&self, text: &[u8], start: usize, end: usize) -> (bool, bool) {
        let form = form(text, start, end);
        let [some, names] = self.forms.get(form / 64).copied().unwrap_or_default();
        (some >> (form % 64) & 1 != 0, names >> (form % 64) & 1 != 0)
    }

    /// What the word with this hash is.
    pub(super) fn of(&self, hash: u64) -> u32 {
        if self.some.has(hash) { self.slot(hash).map_or(0, |slot| slot.marks) } else { 0 }
    }

    /// What the last part of a word with hyphens makes it.
    pub(super) fn compound(&self, text: &[u8], part: Range<usize>) -> u32 {
        if part.is_empty() { 0 } else { self.of(hash_at(text, part.start, part.end)) & (CREDENTIAL | OBJECT) }
    }

    fn slot(&self, hash: u64) -> Option<&Slot> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = place(hash) & mask;
        loop {
            let slot = self.slots.get(at).filter(|slot| slot.marks != 0)?;
            if slot.hash == hash {
                return Some(slot);
            }
            at = (at + 1) & mask;
        }
    }

    /// The phrases that start with the word of this hash.
    pub(super) fn phrases(&self, hash: u64) -> &[Phrase] {
        let own = self.slot(hash).and_then(|slot| self.phrases.get(slot.phrases as usize));
        own.map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of them that the next word may be in.
    pub(super) fn phrases_with(&self, hash: u64, next: u64) -> &[Phrase] {
        let own = self.slot(hash).filter(|slot| slot.next & bit(next) != 0);
        own.and_then(|slot| self.phrases.get(slot.phrases as usize)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a token may be a name, a number or an owner.
    pub(super) fn may_name(&self, hash: u64) -> bool {
        self.names.has(hash)
    }

    /// Whether two words may begin a name.
    pub(super) fn may_begin(&self, first: u64, second: u64) -> bool {
        self.pairs.has(pair(first, second)) || self.pairs.has(first)
    }
}

/// One of sixty-four bits for a word.
fn bit(hash: u64) -> u64 {
    1 << (hash >> 58)
}

/// Words of this length and longer ones have one form.
const LONG: usize = 31;

/// A word's length and its first two and its last letter as a number of sixteen bits, without case.
fn form(text: &[u8], start: usize, end: usize) -> usize {
    let at = |at: usize| u32::from(text.get(at).copied().unwrap_or_default() | 0x20);
    let last = end.saturating_sub(1);
    let all = at(start) | at(last.min(start + 1)) << 8 | at(last) << 16 | ((end - start).min(LONG) as u32) << 24;
    (all.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

fn forms<'n>(names: impl Iterator<Item = &'n str>, known: &[String]) -> Vec<[u64; 2]> {
    let mut out = vec![[0; 2]; 1 << 10];
    let mut add = |word: &[u8], kind: usize| {
        let form = form(word, 0, word.len());
        out[form / 64][kind] |= 1 << (form % 64);
    };
    let one_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\'');
    names.filter(|name| name.bytes().all(one_word)).for_each(|name| add(name.as_bytes(), 1));
    known.iter().filter(|word| word.bytes().all(one_word)).for_each(|word| add(word.as_bytes(), 0));
    // Access keys, and parts of ids behind letters that hide the rest, see `sifting`.
    for last in 0x20..0x80 {
        let mut word = [last; LONG];
        for second in *b"ks" {
            (word[0], word[1]) = (b'a', second);
            add(&word[..20], 1);
        }
        (word[0], word[1]) = (b'x', b'x');
        (7..=LONG).for_each(|length| add(&word[..length], 1));
    }
    out
}

fn place(hash: u64) -> usize {
    usize::try_from(hash >> 20).unwrap_or(usize::MAX)
}

/// At most a quarter of the slots is taken.
fn table(marks: &HashMap<u64, u32>, mut phrases: HashMap<u64, Vec<Phrase>>) -> (Vec<Slot>, Vec<Vec<Phrase>>) {
    let mut slots = vec![Slot::default(); (marks.len() * 4).next_power_of_two()];
    let mask = slots.len() - 1;
    let mut all = vec![Vec::new()];
    for (hash, marks) in marks.iter().filter(|(_, marks)| **marks != 0) {
        let mut at = place(*hash) & mask;
        while slots[at].marks != 0 {
            at = (at + 1) & mask;
        }
        let mut next = 0;
        let number = phrases.remove(hash).map_or(0, |own| {
            next = own.iter().fold(0, |next, (rest, _)| next | rest.first().map_or(u64::MAX, |second| bit(*second)));
            all.push(own);
            all.len() - 1
        });
        slots[at] = Slot { hash: *hash, marks: *marks, phrases: u32::try_from(number).unwrap_or(0), next };
    }
    (slots, all)
}
