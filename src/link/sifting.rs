//! What the sieve knows of a text's words, without copying any: each with its marks, each token looked up among the names. A text is read
//! quickly first, by the places that `scan` finds; a line in which more counts than its plain words is read sign by sign. What a ticket
//! comes to is decided in `sieve`.

use std::ops::Range;

use super::abbreviated::abbreviates;
use super::address;
use super::hashed::{hash, hash_at};
use super::index::Names;
use super::marks::{Marks, Word};
use super::scan::Scan;
use super::tokens::{self, Token, each_part, each_token};

/// Signs of a line, beside its words.
pub(super) mod sign {
    /// What stands behind it may be an answer, or the next cell.
    pub(crate) const COLON: u8 = 1;
    /// Parts of ids may stand beside it: `..`, `**`, `…`.
    pub(crate) const HIDES: u8 = 1 << 1;
    /// Something may be struck.
    pub(crate) const STRIKES: u8 = 1 << 2;
    /// There may be boxes to tick.
    pub(crate) const BOXES: u8 = 1 << 3;
    /// An address, or a handle.
    pub(crate) const AT: u8 = 1 << 4;
    /// A letter, or another character, that is not of ASCII.
    pub(crate) const FOREIGN: u8 = 1 << 5;
    /// Code.
    pub(crate) const CODE: u8 = 1 << 6;
}

/// Words and signs of a line.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    pub(super) signs: u8,
    /// All their marks.
    pub(super) marks: u32,
}

impl Line {
    /// Reads a line. `named` is set where it may name something; nothing is looked up where it is set already.
    pub(super) fn read(&mut self, line: &str, marks: &Marks, names: &Names, named: &mut bool) {
        self.words.clear();
        (self.signs, self.marks) = (0, 0);
        let bytes = line.as_bytes();
        let class = |at: usize| bytes.get(at).map_or(0, |byte| CLASSES[usize::from(*byte)]);
        let mut at = 0;
        // Up to here the tokens were looked up.
        let mut looked = 0;
        while let Some(byte) = bytes.get(at) {
            let own = CLASSES[usize::from(*byte)];
            if own & LETTER == 0 {
                self.signs |= SIGNS[usize::from(*byte)];
                if own & FOREIGN != 0 {
                    at = self.foreign(line, at, marks, names, named);
                    looked = at;
                    continue;
                }
                if matches!(byte, b'.' | b'*') && bytes.get(at + 1) == Some(byte) {
                    self.signs |= sign::HIDES;
                }
                at += 1;
                continue;
            }
            let start = at;
            let mut quotes = false;
            loop {
                at += 1;
                while class(at) & LETTER != 0 {
                    at += 1;
                }
                if class(at) & JOINS == 0 || class(at + 1) & LETTER == 0 {
                    break;
                }
                quotes |= bytes[at] == b'\'';
            }
            let hash = hash_at(bytes, start, at);
            let part = line[start..at].rfind('-').map_or(0, |hyphen| marks.compound(bytes, start + hyphen + 1..at));
            let word = Word { start, end: at, hash, marks: marks.of(hash) | part };
            self.marks |= word.marks;
            self.words.push(word);
            if *named || start < looked {
                continue;
            }
            let stop = class(at) & STOPS != 0 && class(at + 1) & INNER == 0;
            let alone = start == 0 || class(start - 1) & INNER == 0;
            if alone && !quotes && (stop || class(at) & INNER == 0) {
                *named = shaped(&line[start..at])
                    || (marks.may_name(hash) && known(&line[start..at], names))
                    || placeholder_of_part(&line[start..at], names);
            } else {
                let from = bytes[..start].iter().rposition(|byte| CLASSES[usize::from(*byte)] & INNER == 0);
                let from = from.map_or(0, |before| before + 1).max(looked);
                looked = at;
                while class(looked) & INNER != 0 || (quotes && bytes.get(looked) == Some(&b'\'')) {
                    looked += 1;
                }
                *named = tokens_of(line, from..looked, marks, names);
            }
        }
    }

    /// A stretch between blanks with characters beyond ASCII: its words by the whole reading's own rules. Gives its end.
    fn foreign(&mut self, line: &str, at: usize, marks: &Marks, names: &Names, named: &mut bool) -> usize {
        let bytes = line.as_bytes();
        let start = bytes[..at].iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
        let end = bytes[at..].iter().position(u8::is_ascii_whitespace).map_or(bytes.len(), |length| at + length);
        while self.words.last().is_some_and(|word| word.start >= start) {
            self.words.pop();
        }
        let stretch = &line[start..end];
        for byte in stretch.bytes() {
            self.signs |= SIGNS[usize::from(byte)];
        }
        let hides = ["\u{2026}", "..", "**"].iter().any(|sign| stretch.contains(sign));
        self.signs |= sign::FOREIGN | if hides { sign::HIDES } else { 0 };
        for word in tokens::words(stretch) {
            let own = word.text.as_bytes();
            let part = word.text.rfind('-').map_or(0, |hyphen| marks.compound(own, hyphen + 1..own.len()));
            let hash = hash(own);
            let word = Word { start: start + word.start, end: start + word.end, hash, marks: marks.of(hash) | part };
            self.marks |= word.marks;
            self.words.push(word);
        }
        *named |= tokens_of(line, start..end, marks, names);
        end
    }
}

/// A text whose words were looked up, without the order in which they stand.
#[derive(Debug, Default)]
pub(super) struct Quick {
    scan: Scan,
    /// Words that are something.
    hits: Vec<Hit>,
    /// Words that may be something, and those that may be names, by their numbers.
    some: Vec<u32>,
    like: Vec<u32>,
    /// What comes next: a line's start, and the numbers of its end, its first hit and its first odd place.
    line: usize,
    number: usize,
    hit: usize,
    odd: usize,
    /// A text is one line.
    one: bool,
    done: bool,
}

/// A word that is something.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hit {
    pub(super) word: usize,
    pub(super) hash: u64,
    pub(super) marks: u32,
}

/// A line with all its words' marks.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) range: Range<usize>,
    pub(super) marks: u32,
    /// It has signs that make it one to be read sign by sign.
    pub(super) odd: bool,
    hits: Range<usize>,
}

impl Quick {
    /// Looks up all words; `one`: all is one line.
    pub(super) fn read(&mut self, text: &str, one: bool, marks: &Marks) {
        let bytes = text.as_bytes();
        self.scan.read(bytes);
        (self.line, self.number, self.hit, self.odd, self.one, self.done) = (0, 0, 0, 0, one, text.is_empty());
        let words = self.scan.words();
        for list in [&mut self.some, &mut self.like] {
            list.clear();
            list.resize(words.len(), 0);
        }
        let (mut some, mut like) = (0, 0);
        for (number, [start, end]) in (0_u32..).zip(words) {
            // Without a branch: which words are something cannot be foreseen.
            let (is_some, is_like) = marks.may_be(bytes, *start as usize, *end as usize);
            if let (Some(one), Some(other)) = (self.some.get_mut(some), self.like.get_mut(like)) {
                (*one, *other) = (number, number);
            }
            some += usize::from(is_some);
            like += usize::from(is_like);
        }
        self.some.truncate(some);
        self.like.truncate(like);
        self.hits.clear();
        for word in &self.some {
            let word = *word as usize;
            let [start, end] = words[word];
            let hash = hash_at(bytes, start as usize, end as usize);
            match marks.of(hash) {
                0 => {}
                marks => self.hits.push(Hit { word, hash, marks }),
            }
        }
        self.compounds(bytes, marks);
    }

    /// Words with hyphens are what their last part is: "Deploy-Key".
    fn compounds(&mut self, bytes: &[u8], marks: &Marks) {
        let before = self.hits.len();
        for place in &self.scan.hyphens {
            let word = self.scan.words().partition_point(|[_, end]| end <= place);
            let Some(range) = self.scan.word(word) else { continue };
            let part = marks.compound(bytes, *place as usize + 1..range.end);
            if part != 0 {
                let hash = hash_at(bytes, range.start, range.end);
                self.hits.push(Hit { word, hash, marks: part | marks.of(hash) });
            }
        }
        if self.hits.len() > before {
            self.hits.sort_by_key(|hit| hit.word);
        }
    }

    /// Whether a token may name something.
    pub(super) fn names(&self, text: &str, marks: &Marks, names: &Names) -> bool {
        let bytes = text.as_bytes();
        let like = self.like.iter().any(|word| {
            let own = &text[self.scan.word(*word as usize).unwrap_or_default()];
            shaped(own)
                || (marks.may_name(hash(own.as_bytes())) && known(own, names))
                || placeholder_of_part(own, names)
        });
        let belongs = |byte: &u8| CLASSES[usize::from(*byte)] & INNER != 0 || *byte == b'\'';
        let mut looked = 0;
        like || self.scan.inside.iter().any(|place| {
            let place = *place as usize;
            if place < looked {
                return false;
            }
            let from =
                bytes[looked..place].iter().rposition(|byte| !belongs(byte)).map_or(looked, |at| looked + at + 1);
            looked = bytes[place..].iter().position(|byte| !belongs(byte)).map_or(bytes.len(), |at| place + at);
            let own = &text[from..looked];
            if own.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':')) {
                return number(own, marks, names);
            }
            tokens_of(text, from..looked, marks, names)
        })
    }

    /// The next line.
    pub(super) fn next_line(&mut self, text: &str) -> Option<Marked> {
        if self.done {
            return None;
        }
        let start = self.line;
        let end = self.scan.lines.get(self.number).filter(|_| !self.one).map(|end| *end as usize);
        self.number += 1;
        self.line = end.map_or(text.len(), |end| end + 1);
        self.done = end.is_none() || self.line == text.len();
        let range = start..end.unwrap_or(text.len());
        let odd = self.odd;
        while self.scan.odd.get(self.odd).is_some_and(|place| (*place as usize) < range.end) {
            self.odd += 1;
        }
        let first = self.hit;
        let mut all = 0;
        while let Some(hit) = self.hits.get(self.hit).filter(|hit| self.begins(hit.word) < range.end) {
            all |= hit.marks;
            self.hit += 1;
        }
        let odd = self.odd > odd && is_odd(&text[range.clone()]);
        Some(Marked { range, marks: all, odd, hits: first..self.hit })
    }

    /// Whether any word has one of these marks.
    pub(super) fn any(&self, marks: u32) -> bool {
        self.hits.iter().any(|hit| hit.marks & marks != 0)
    }

    /// The words of a line that are something.
    pub(super) fn hits(&self, line: &Marked) -> &[Hit] {
        self.hits.get(line.hits.clone()).unwrap_or_default()
    }

    /// So many words of a line from one on, as they stand in it.
    pub(super) fn words(&self, text: &str, line: &Marked, from: usize, most: usize) -> Vec<Word> {
        let here = |word: &usize| self.scan.word(*word).filter(|word| word.end <= line.range.end);
        let word = |word: Range<usize>| Word {
            start: word.start - line.range.start,
            end: word.end - line.range.start,
            hash: hash_at(text.as_bytes(), word.start, word.end),
            marks: 0,
        };
        (from..from + most).map_while(|number| here(&number).map(word)).collect()
    }

    /// A word's hash.
    pub(super) fn hash(&self, text: &str, word: usize) -> Option<u64> {
        self.scan.word(word).map(|word| hash_at(text.as_bytes(), word.start, word.end))
    }

    /// Where a word stands.
    pub(super) fn word(&self, word: usize) -> Option<Range<usize>> {
        self.scan.word(word)
    }

    fn begins(&self, word: usize) -> usize {
        self.scan.word(word).map_or(usize::MAX, |word| word.start)
    }
}

/// A version, a time or the like: whether it, or a part of it, may name something.
fn number(text: &str, marks: &Marks, names: &Names) -> bool {
    let whole = text.trim_matches(['.', ':']);
    is_known(whole, marks, names) || whole.split(['.', ':']).any(|part| is_known(part, marks, names))
}

/// Whether a line with odd signs must be read sign by sign.
fn is_odd(line: &str) -> bool {
    !line.is_ascii() || line.contains("..") || line.contains("**") || may_join(line, sign::STRIKES | sign::BOXES)
}

/// Whether a stretch of tokens may name something.
fn tokens_of(line: &str, range: Range<usize>, marks: &Marks, names: &Names) -> bool {
    let mut found = false;
    each_token(&line[range], &mut |token| found = found || may_mean(token, marks, names));
    found
}

fn may_mean(token: Token<'_>, marks: &Marks, names: &Names) -> bool {
    let text = token.text;
    let mut found = hidden(text, names) || placeholder_of_part(text, names) || super::lookalike::misleads(text);
    // `#41` is the number 41, `@svc-x` its owner, `/secret/x` the path `secret/x`.
    each_part(token, &mut |part| {
        found = found || shaped(part.text) || is_known(part.text, marks, names) || {
            let bare = part.text.trim_start_matches(['#', '@', '/']);
            bare.len() < part.text.len() && is_known(bare, marks, names)
        }
    });
    found || (text.contains('/') && web(text, names))
}

fn is_known(text: &str, marks: &Marks, names: &Names) -> bool {
    let hash = if text.is_ascii() { hash(text.as_bytes()) } else { hash(text.to_lowercase().as_bytes()) };
    marks.may_name(hash) && known(text, names)
}

fn known(text: &str, names: &Names) -> bool {
    !names.named(text).is_empty() || !names.numbered(text).is_empty() || names.is_owner(text)
}

/// Something that an address denotes.
fn web(text: &str, names: &Names) -> bool {
    let mut found = address::find(text, names).is_some();
    each_part(Token { text, start: 0, marked: false }, &mut |part| {
        found = found || (part.text.len() < text.len() && address::find(part.text, names).is_some());
    });
    found
}

/// `AKIA...4F2A`: a token with the dots inside.
fn hidden(text: &str, names: &Names) -> bool {
    text.split_once("...").is_some_and(|(front, back)| {
        (!back.is_empty() && !names.part(back, true).is_empty())
            || (!front.is_empty() && !names.part(front, false).is_empty())
    })
}

/// `xxxx4F2A`: a part of an id behind letters that hide the rest.
fn placeholder_of_part(text: &str, names: &Names) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [b'x' | b'X', b'x' | b'X', b'x' | b'X', ..]) && {
        let shown = text.trim_start_matches(['x', 'X']);
        shown.len() >= 4 && !names.part(shown, true).is_empty()
    }
}

/// Identifiers that are links whether they are known or not, see `mention`.
fn shaped(text: &str) -> bool {
    match text.as_bytes() {
        [b'A', ..] => text.len() == 20 && (text.starts_with("AKIA") || text.starts_with("ASIA")),
        [b'a', b'r', b'n', b':', ..] => true,
        [b'g', b'i', b't', ..] => text.contains(':'),
        _ => false,
    }
}

/// The sentence around a place, or more: a sentence ends where the whole reading ends it, see `text`.
pub(super) fn sentence(line: &str, signs: u8, start: usize, end: usize) -> Range<usize> {
    let bytes = line.as_bytes();
    let trimmed = line.trim_start();
    let whole = trimmed.starts_with(['|', '#', '*']) || is_heading(trimmed);
    // What is longer is cut where a word ends, and code has no sentences.
    if line.len() > 1000 || signs & sign::CODE != 0 || whole {
        return 0..line.len();
    }
    let ends = |at: usize| {
        matches!(bytes[at], b'.' | b'!' | b'?')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_whitespace)
            && !(bytes[at] == b'.' && line.get(..at).is_none_or(abbreviates))
    };
    let from = (0..start).rev().find(|at| ends(*at)).map_or(0, |at| at + 1);
    let to = (end..bytes.len()).find(|at| ends(*at)).unwrap_or(bytes.len());
    from..to
}

/// Whether a line is a heading in any of the notations.
pub(super) fn is_heading(line: &str) -> bool {
    line.starts_with('#') || line.starts_with("**") || matches!(line.as_bytes(), [b'h', b'1'..=b'6', b'.', ..])
}

/// A table's row may give its verdict in a cell without an object.
pub(super) fn is_row(line: &str) -> bool {
    let first = line.trim_start().as_bytes().first();
    first == Some(&b'|')
        || (memchr::memchr3(b';', b'\t', b',', line.as_bytes()).is_some() && super::csv::separated(line).is_some())
}

/// Whether what is struck or not chosen may join what stands around it.
pub(super) fn may_join(line: &str, signs: u8) -> bool {
    signs & sign::STRIKES != 0 && line.contains("~~") || signs & sign::BOXES != 0 && boxes(line) > 1
}

/// How many boxes to tick there may be.
fn boxes(line: &str) -> usize {
    let bytes = line.as_bytes();
    let closes = |at: &usize| bytes[at + 1..].iter().take(16).any(|byte| matches!(byte, b')' | b']'));
    memchr::memchr2_iter(b'(', b'[', bytes).filter(closes).count()
}

const LETTER: u8 = 1;
const JOINS: u8 = 1 << 1;
const INNER: u8 = 1 << 2;
const STOPS: u8 = 1 << 3;
const FOREIGN: u8 = 1 << 4;

/// What a byte is to words and to tokens.
const CLASSES: [u8; 256] = {
    let mut out = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        out[at] = if byte.is_ascii_alphanumeric() || byte == b'_' {
            LETTER | INNER
        } else if byte == b'-' {
            JOINS | INNER
        } else if byte == b'\'' {
            JOINS
        } else if matches!(byte, b'.' | b':') {
            INNER | STOPS
        } else if matches!(byte, b'/' | b'@' | b'#' | b'+' | b'=' | b'$' | b'~' | b'%') {
            INNER
        } else if byte >= 128 {
            INNER | FOREIGN
        } else {
            0
        };
        at += 1;
    }
    out
};

/// Which sign a byte is.
const SIGNS: [u8; 256] = {
    let mut out = [0; 256];
    out[b':' as usize] = sign::COLON;
    out[b'|' as usize] = sign::COLON;
    out[b'~' as usize] = sign::STRIKES;
    out[b'(' as usize] = sign::BOXES;
    out[b'[' as usize] = sign::BOXES;
    out[b'@' as usize] = sign::AT;
    out[b'`' as usize] = sign::CODE;
    out
};
