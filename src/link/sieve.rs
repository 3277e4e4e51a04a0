//! Which tickets need not be understood, because nothing that they can come to bears on a verdict: decided over their plain words, in one
//! pass. It keeps too many rather than one too few.
//!
//! What a ticket that links to nothing can change: a done revocation or rotation of nothing known, and an approved request that cannot be
//! mapped, are findings; an offboarding concerns what somebody owns. So a ticket is kept that names something known, whose type or labels
//! ask for something, in which somebody leaves, in which a verb of revoking or rotating has an object, or that may be approved and asks
//! for anything. Which words ask, and what their objects are, is told by the same tables as in `verbs` and `nouns`.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::model::settings::Settings;
use crate::model::sieve::{Part, Reader, Sieve};
use crate::model::ticket::Intent;

use super::hashed::{Hashes, hash, pair};
use super::index::Names;
use super::intent::{Reading, periodic};
use super::nouns::{access_noun, credential_noun, keyless};
use super::sifting::{CLASSES, INNER, JOINS, LETTER, digits, sentence, shaped};
use super::text;
use super::tokens::{self, tokens};
use super::verbs::{Force, Lexicon};

/// What a phrase that asks is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// Something that bears on a verdict only in an approved ticket.
    Other,
    /// A revocation or rotation, with an object.
    WithObject,
    /// A revocation, rotation or offboarding, by itself.
    Alone,
}

/// A word that is looked at.
const PHRASE: u8 = 1;
const NAME: u8 = 1 << 1;
const PARTIAL: u8 = 1 << 2;
const APPROVES: u8 = 1 << 3;
const VAULT: u8 = 1 << 4;
const ACCESSOR: u8 = 1 << 5;

/// Words behind which a part of an id may stand.
const PARTIALS: &str = "ends ending end suffix last endet endend terminant termine termina terminado starts starting begins beginning \
                        prefix beginnt commen\u{e7}ant empieza";
const APPROVALS: &str = "approved approve lgtm genehmigt approuv\u{e9} aprobado";

/// The sieve of one index.
pub(super) struct Words {
    names: Arc<Names>,
    single: Hashes,
    /// The first two words of names of several.
    pairs: Hashes,
    looked_at: Hashes,
    flags: HashMap<u64, u8>,
    phrases: HashMap<u64, Vec<(Vec<u64>, Asks)>>,
    approved: BTreeSet<String>,
    approvers: bool,
    /// Tickets that the configuration names, by what stands behind their `#`.
    named: BTreeSet<String>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

impl Words {
    pub(super) fn new(names: &Arc<Names>, lexicon: &Lexicon, settings: &Settings) -> Self {
        let of = |word: &str| hash(word.as_bytes());
        let mut flags: HashMap<u64, u8> = HashMap::new();
        let mut flag = |word: u64, flag: u8| *flags.entry(word).or_default() |= flag;
        let mut phrases: HashMap<u64, Vec<(Vec<u64>, Asks)>> = HashMap::new();
        let mut phrase = |words: &[&str], asks: Asks| {
            if let Some((first, rest)) = words.split_first() {
                flag(of(first), PHRASE);
                phrases.entry(of(first)).or_default().push((rest.iter().map(|word| of(word)).collect(), asks));
            }
        };
        for (words, intent, force) in lexicon.acts() {
            phrase(
                &words,
                match (intent, force) {
                    (Intent::Revoke | Intent::Rotate | Intent::Offboard, Force::Strong) => Asks::Alone,
                    (Intent::Revoke | Intent::Rotate | Intent::Offboard, Force::Weak) => Asks::WithObject,
                    _ => Asks::Other,
                },
            );
        }
        // Verbs whose parts stand apart, see `stance`.
        for word in ["take", "takes", "taking", "taken", "no", "not"] {
            phrase(&[word], Asks::WithObject);
        }
        // What an access shall be, see `changed`.
        ["bring", "flip", "toggle", "promote"].iter().for_each(|word| phrase(&[word], Asks::Other));
        for words in [["should", "be"], ["shall", "be"], ["must", "be"], ["doesn't", "need"], ["not", "need"]] {
            phrase(&words, Asks::Other);
        }
        let several: Vec<&[String]> = names.several().collect();
        for first in several.iter().filter_map(|words| words.first()) {
            flag(of(first), NAME);
        }
        for (words, bit) in
            [(PARTIALS, PARTIAL), (APPROVALS, APPROVES), ("vault openbao", VAULT), ("accessor", ACCESSOR)]
        {
            words.split_whitespace().for_each(|word| flag(of(word), bit));
        }
        let pairs = Hashes::new(several.iter().map(|words| match words {
            [first, second, ..] => pair(of(first), of(second)),
            _ => words.first().map_or(0, |first| of(first)),
        }));
        let configured = settings.trust.approved.values().flatten().map(|word| word.trim().to_lowercase());
        let usual = ["approved", "genehmigt", "approuv\u{e9}", "aprobado"].map(str::to_owned);
        let waived = settings.waivers.iter().filter_map(|waiver| waiver.ticket.as_deref());
        Self {
            single: Hashes::new(names.single().map(of)),
            pairs,
            looked_at: Hashes::new(flags.keys().copied()),
            flags,
            phrases,
            approved: configured.chain(usual).collect(),
            approvers: !settings.trust.approvers.is_empty(),
            named: waived.map(|id| id.rsplit_once('#').map_or(id, |(_, number)| number).to_owned()).collect(),
            names: Arc::clone(names),
        }
    }
}

impl Sieve for Words {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(One { by: self, words: Vec::new(), labels: HashMap::new(), seen: Seen::default() })
    }
}

/// A word of a line.
#[derive(Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    hash: u64,
}

/// What a ticket has shown so far.
#[derive(Default)]
struct Seen {
    keep: bool,
    asks: bool,
    approved: bool,
    /// A verb with "it" for its object, which the title may tell.
    pronoun: bool,
    title_noun: bool,
}

/// Reads one ticket after the other.
struct One<'w> {
    by: &'w Words,
    words: Vec<Word>,
    /// Labels and types are few, and come again and again.
    labels: HashMap<String, bool>,
    seen: Seen,
}

/// How many labels are remembered.
const LABELS: usize = 4096;

impl Reader for One<'_> {
    fn part(&mut self, part: Part, text: &str) {
        match part {
            Part::Label => self.label(text),
            Part::Approval => self.seen.approved |= self.by.approved.contains(&text.trim().to_lowercase()),
            Part::Title => {
                self.title(text);
                self.line(part, text);
            }
            Part::Body | Part::Comment | Part::Field => text.lines().for_each(|line| self.line(part, line)),
        }
    }

    fn keeps(&mut self, number: &str) -> bool {
        let seen = std::mem::take(&mut self.seen);
        seen.keep || (seen.pronoun && seen.title_noun) || (seen.approved && seen.asks) || self.by.named.contains(number)
    }
}

impl One<'_> {
    fn label(&mut self, label: &str) {
        if let Some(asks) = self.labels.get(label) {
            self.seen.keep |= asks;
        } else {
            let asks = Reading::labelled(label, 1.0, 1.0).is_some();
            self.seen.keep |= asks;
            if self.labels.len() < LABELS {
                self.labels.insert(label.to_owned(), asks);
            }
        }
        self.seen.approved |= self.by.approved.contains(&label.trim().to_lowercase());
        // The site's own words.
        self.line(Part::Field, label);
    }

    /// Nouns that "it" may mean, and ways to do without a credential.
    fn title(&mut self, title: &str) {
        let words = tokens::words(title);
        let any = |is: &dyn Fn(&str) -> bool| words.iter().any(|word| is(&word.text));
        self.seen.title_noun |= any(&credential_noun);
        let instead = |word: &str| matches!(word, "instead" | "replace" | "replaces" | "static" | "statt" | "anstelle");
        self.seen.keep |= any(&instead) && any(&keyless) || periodic(&words);
    }

    /// A line, or a title.
    fn line(&mut self, part: Part, line: &str) {
        if self.seen.keep {
            return;
        }
        self.read(part, line);
        self.seen.keep |= line.contains([':', '|']) && Reading::is_answer(line);
        // What is struck or not chosen joins what stands around it.
        if line.contains("~~") || line.contains(['(', '[']) && line.contains(['x', 'X', '\u{2713}', '\u{2714}']) {
            let visible = text::visible(line);
            if visible != line {
                self.read(part, &visible);
            }
        }
    }

    fn read(&mut self, part: Part, line: &str) {
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        if line.is_ascii() {
            self.plain(line, &mut words);
        } else {
            words.extend(tokens::words(line).iter().map(|word| Word {
                start: word.start,
                end: word.end,
                hash: hash(word.text.as_bytes()),
            }));
            self.run(line, 0..line.len());
        }
        self.look(part, line, &words);
        self.words = words;
    }

    /// The words of a line in ASCII; each that is no part of a longer token is looked up as a name.
    fn plain(&mut self, line: &str, words: &mut Vec<Word>) {
        let bytes = line.as_bytes();
        let class = |at: usize| bytes.get(at).map_or(0, |byte| CLASSES[usize::from(*byte)]);
        let mut at = 0;
        let mut looked = 0;
        while at < bytes.len() {
            if class(at) & LETTER == 0 {
                at += 1;
                continue;
            }
            let start = at;
            let mut signs = false;
            loop {
                while class(at) & LETTER != 0 {
                    at += 1;
                }
                if class(at) & JOINS == 0 || class(at + 1) & LETTER == 0 {
                    break;
                }
                signs |= bytes.get(at) == Some(&b'\'');
                at += 1;
            }
            let word = Word { start, end: at, hash: hash(&bytes[start..at]) };
            words.push(word);
            if start < looked {
                continue;
            }
            let stop = matches!(bytes.get(at), Some(b'.' | b':')) && class(at + 1) & INNER == 0;
            let outside = start == 0 || class(start - 1) & INNER == 0;
            if !signs && outside && (stop || class(at) & INNER == 0) {
                self.word(line, word);
            } else {
                let from = bytes[..start].iter().rposition(|byte| CLASSES[usize::from(*byte)] & INNER == 0);
                let from = from.map_or(0, |before| before + 1).max(looked);
                let mut to = at;
                while class(to) & INNER != 0 || (signs && bytes.get(to) == Some(&b'\'')) {
                    to += 1;
                }
                self.run(line, from..to);
                looked = to;
            }
        }
    }

    /// A token that is one word.
    fn word(&mut self, line: &str, word: Word) {
        let text = &line[word.start..word.end];
        self.seen.keep |= self.by.single.has(word.hash) && !self.by.names.named(text).is_empty()
            || shaped(text)
            || !self.by.names.numbered(digits(text)).is_empty();
    }

    /// Tokens of signs and letters.
    fn run(&mut self, line: &str, range: std::ops::Range<usize>) {
        for token in tokens(&line[range]) {
            for part in tokens::parts(token) {
                let known = if part.text.is_ascii() {
                    self.by.single.has(hash(part.text.as_bytes()))
                } else {
                    self.by.single.has(hash(part.text.to_lowercase().as_bytes()))
                };
                self.seen.keep |= known && !self.by.names.named(part.text).is_empty()
                    || shaped(part.text)
                    || super::address::find(part.text, &self.by.names).is_some();
            }
            self.seen.keep |= !self.by.names.numbered(digits(token.text)).is_empty();
        }
    }

    /// Phrases, names of several words, and what the words around a token make of it.
    fn look(&mut self, part: Part, line: &str, words: &[Word]) {
        let mut about = 0;
        let mut partial =
            if line.contains("..") || line.contains("**") || line.contains('\u{2026}') { words.len() } else { 0 };
        for (at, word) in words.iter().enumerate() {
            if self.by.looked_at.has(word.hash) {
                let flags = self.by.flags.get(&word.hash).copied().unwrap_or_default();
                about |= flags;
                if flags & PHRASE != 0 {
                    self.phrase(line, words, at);
                }
                if flags & NAME != 0 {
                    self.several(line, words, at);
                }
                if flags & PARTIAL != 0 {
                    partial = partial.max(at + 7);
                }
            }
            if at < partial {
                let text = &line[word.start..word.end];
                let ascii = text.len() >= 4 && text.bytes().all(|b| b.is_ascii_alphanumeric());
                self.seen.keep |= ascii && [true, false].iter().any(|end| !self.by.names.part(text, *end).is_empty());
            }
            self.parted(&line[word.start..word.end]);
            if self.seen.keep {
                return;
            }
        }
        if part == Part::Comment && about & APPROVES != 0 {
            self.seen.approved |= self.by.approvers;
        }
        if about & (VAULT | ACCESSOR) != 0 {
            let long = |text: &str| text.len() >= 14 && text.bytes().any(|b| b.is_ascii_digit());
            self.seen.keep |= tokens(line).into_iter().any(|token| {
                (about & VAULT != 0 && token.text.contains('/')) || (about & ACCESSOR != 0 && long(token.text))
            });
        }
    }

    /// A number inside a token, and a part of an id behind letters that hide the rest.
    fn parted(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if bytes.iter().all(u8::is_ascii_digit) {
            self.seen.keep |= !self.by.names.numbered(text).is_empty();
        } else if matches!(bytes, [b'x' | b'X', b'x' | b'X', b'x' | b'X', ..]) {
            let shown = text.trim_start_matches(['x', 'X']);
            self.seen.keep |= shown.len() >= 4 && !self.by.names.part(shown, true).is_empty();
        }
    }

    fn several(&mut self, line: &str, words: &[Word], at: usize) {
        let next = words.get(at + 1).map_or(0, |next| next.hash);
        if !self.by.pairs.has(pair(words[at].hash, next)) && !self.by.pairs.has(words[at].hash) {
            return;
        }
        let text = |word: &Word| line[word.start..word.end].to_lowercase().replace('\u{2019}', "'");
        self.seen.keep |= self.by.names.starting(&text(&words[at])).iter().any(|(name, _)| {
            words.get(at..at + name.len()).is_some_and(|slice| {
                slice
                    .iter()
                    .zip(name)
                    .all(|(word, name)| text(word).trim_end_matches("'s") == name.trim_end_matches("'s"))
            })
        });
    }

    fn phrase(&mut self, line: &str, words: &[Word], at: usize) {
        let Some(phrases) = self.by.phrases.get(&words[at].hash) else { return };
        for (rest, asks) in phrases {
            let end = at + 1 + rest.len();
            let follows = words.get(at + 1..end).is_some_and(|slice| slice.iter().zip(rest).all(|(a, b)| a.hash == *b));
            if !follows {
                continue;
            }
            self.seen.asks = true;
            match asks {
                Asks::Other => {}
                Asks::Alone => self.seen.keep = true,
                Asks::WithObject => self.object(line, words, at, end),
            }
        }
    }

    /// Whether a verb, from word `at` to `end`, has an object that makes it one of ours.
    fn object(&mut self, line: &str, words: &[Word], at: usize, end: usize) {
        let text = |word: &Word| line[word.start..word.end].to_lowercase();
        let verb = line[words[at].start..words[end - 1].end].to_lowercase();
        let (from, to) = sentence(line, words[at].start, words[end - 1].end);
        let own = words.iter().filter(|word| word.start >= from && word.start < to);
        let own: Vec<String> = own.map(text).collect();
        let has = |options: &[&str]| own.iter().any(|word| options.contains(&word.as_str()));
        let apart = match verb.as_str() {
            "take" | "takes" | "taking" | "taken" => has(&["off", "out", "away"]),
            "no" | "not" => has(&["any"]) && has(&["more", "longer"]),
            _ => true,
        };
        if !apart {
            return;
        }
        self.seen.keep |= line[from..to].contains('@')
            || own.iter().any(|word| credential_noun(word) || access_noun(word) || matches!(word.as_str(), "one" | "pair" | "value"))
            // Without blanks, a line may be one word to a reader and several to another.
            || own.is_empty();
        self.seen.pronoun |= has(&[
            "it",
            "them",
            "they",
            "these",
            "those",
            "both",
            "everything",
            "this",
            "that",
            "ihn",
            "sie",
            "es",
            "diese",
            "beide",
            "le",
            "les",
            "los",
            "lo",
            "all",
            "one",
            "ones",
        ]);
    }
}
