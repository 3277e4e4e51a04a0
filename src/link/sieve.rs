//! Which tickets need not be understood, because nothing that they can come to bears on a verdict: decided over their plain words, in one
//! pass. It keeps too many rather than one too few. The rule: a ticket bears on nothing without an intent, and it has none without a name
//! that is known, or a word, phrase, label or answer that asks for something.
//! One that asks and links to nothing shows only where it ends something (a done revocation of nothing known is a finding, and an
//! offboarding concerns what somebody owns), where it was approved (a request that cannot be mapped is a finding), or where its history or
//! its relations are told (it was done before it was withdrawn, it was a duplicate). So a ticket is kept that
//!
//! - asks for the end of something: by a verb that says so alone, by one with an object that may be ours, by its type, labels or answers;
//! - may name something known: the weight of its words may be for something, whatever they are;
//! - asks for anything, and may be approved, or has a history;
//! - is named by the configuration.
//!
//! Whether it asks is told by the words of `marks`, wherever they stand: what the whole reading makes of them (that they are denied, or of
//! the past) can only take an intent away. Texts are read in `sifting`: quickly, and a line that may come to more by its signs once more.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::model::settings::Settings;
use crate::model::sieve::{Part, Reader, Sieve};
use crate::model::ticket::Intent;

use super::index::Names;
use super::intent::Reading;
use super::marks::{self, Asks, Marks, Word};
use super::only::number;
use super::ordered::{parted, tells};
use super::request;
use super::sifting::{Hit, Line, Marked, Quick, is_heading, is_row, may_join, sentence, sign};
use super::text;
use super::tokens::{each_token, words};
use super::verbs::Lexicon;

/// The sieve of one index.
pub(super) struct Words {
    names: Arc<Names>,
    lexicon: Arc<Lexicon>,
    marks: Marks,
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
    pub(super) fn new(names: &Arc<Names>, lexicon: &Arc<Lexicon>, settings: &Settings, asked: &[String]) -> Self {
        let configured = settings.trust.approved.values().flatten().map(|word| word.trim().to_lowercase());
        let usual = ["approved", "genehmigt", "approuv\u{e9}", "aprobado"].map(str::to_owned);
        let waived = settings.waivers.iter().filter_map(|waiver| waiver.ticket.as_deref());
        Self {
            names: Arc::clone(names),
            lexicon: Arc::clone(lexicon),
            marks: Marks::new(names, lexicon),
            approved: configured.chain(usual).collect(),
            approvers: !settings.trust.approvers.is_empty(),
            named: waived.chain(asked.iter().map(String::as_str)).map(number).collect(),
        }
    }
}

impl Sieve for Words {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(One {
            by: self,
            quick: Quick::default(),
            line: Line::default(),
            labels: HashMap::new(),
            seen: Seen::default(),
        })
    }
}

/// What a ticket has shown so far.
#[derive(Debug, Default)]
struct Seen {
    /// It asks for the end of something that may be ours.
    ends: bool,
    /// It asks for anything.
    asks: bool,
    /// It may name something known.
    named: bool,
    approved: bool,
    history: bool,
    /// A verb of ending with "it" for its object, which the title may tell.
    pronoun: bool,
    title_noun: bool,
    /// The same, where the sentence before tells it: "the password was seen. Would you set a new one?"
    spoken_of: bool,
    /// This line or the one before it, of those that say anything, has a credential's noun.
    noun: bool,
    /// A verb of ending, and words that say that the ticket tells what was done.
    verb: bool,
    afterwards: bool,
}

/// Reads one ticket after the other.
struct One<'w> {
    by: &'w Words,
    quick: Quick,
    line: Line,
    /// Labels and types are few, and come again and again: whether they ask, and whether they approve.
    labels: HashMap<String, (bool, bool)>,
    seen: Seen,
}

/// The signs of a line that count for a phrase's object.
fn object_signs(line: &str) -> u8 {
    let sign = |byte: u8, sign: u8| if memchr::memchr(byte, line.as_bytes()).is_some() { sign } else { 0 };
    sign(b'`', sign::CODE) | sign(b'@', sign::AT)
}

/// How far behind a verb its object makes it one of ours, see `object`.
const BESIDE: usize = 5;

/// How many labels are remembered.
const LABELS: usize = 4096;

impl Reader for One<'_> {
    fn part(&mut self, part: Part, text: &str) {
        match part {
            Part::Label => self.label(text),
            Part::Approval => self.seen.approved |= self.by.approved.contains(&text.trim().to_lowercase()),
            Part::Title => self.title(text),
            // A title, a text, a type or a label of then.
            Part::Past => {
                self.seen.history = true;
                self.label(text);
                self.text(part, text);
            }
            // Fields ask by what they are for: a level with an end is a temporary access, whatever the text says.
            Part::Field => {
                self.seen.asks = true;
                self.text(part, text);
            }
            Part::Body | Part::Comment => self.text(part, text),
        }
    }

    fn keeps(&mut self, number: &str) -> bool {
        let seen = std::mem::take(&mut self.seen);
        seen.ends
            || (seen.pronoun && seen.title_noun)
            || seen.spoken_of
            || (seen.verb && seen.afterwards)
            // Whatever its words are: their weight may be for something.
            || seen.named
            || (seen.asks && (seen.approved || seen.history))
            || self.by.named.contains(number)
    }
}

impl One<'_> {
    fn label(&mut self, label: &str) {
        if let Some((asks, approves)) = self.labels.get(label) {
            self.seen.ends |= asks;
            self.seen.approved |= approves;
            return;
        }
        let asks = Reading::labelled(label, 1.0, 1.0).is_some() || self.by.lexicon.of_site(label).is_some();
        let approves = self.by.approved.contains(&label.trim().to_lowercase());
        self.seen.ends |= asks;
        self.seen.approved |= approves;
        if self.labels.len() < LABELS && label.len() < LABELS {
            self.labels.insert(label.to_owned(), (asks, approves));
        }
    }

    /// A title is one line.
    fn title(&mut self, title: &str) {
        // "deploy-prod for Marie, 48 hours": an access for a time, without a verb.
        // "lab-readonly for Lea until 30 April": one until a day.
        self.quick.read(title, true, &self.by.marks);
        let timed = !super::lengths::in_words_alone(title) || self.quick.any(marks::TIMED);
        self.seen.asks |= timed && (super::lengths::may_state(title) || super::lent::may_lend(title));
        self.lines(Part::Title, title);
        self.seen.ends |= super::people::may_leave(title);
        // "Yearly: database password", see `periodic`.
        if !self.seen.ends && self.seen.title_noun {
            self.seen.ends = super::topics::periodic(&words(title));
        }
    }

    fn text(&mut self, part: Part, text: &str) {
        if !self.seen.ends {
            let text = &*super::wrapped::unwrapped(text);
            self.quick.read(text, false, &self.by.marks);
            self.lines(part, text);
        }
    }

    /// What the lines come to that were read quickly; one that may come to more than its words' own marks is read again.
    fn lines(&mut self, part: Part, text: &str) {
        let mut quick = std::mem::take(&mut self.quick);
        if !self.seen.named {
            self.seen.named = quick.names(text, &self.by.marks, &self.by.names);
        }
        let mut before = false;
        while let Some(line) = quick.next_line(text) {
            if self.seen.ends {
                break;
            }
            let noun = line.marks & marks::CREDENTIAL != 0;
            self.seen.noun = noun || before;
            // Blank, quoted and struck lines, and boxes that were not ticked, come not between two sentences.
            let says = text[line.range.clone()].trim_start().starts_with(char::is_alphanumeric);
            before = noun || (before && !says);
            self.plain(part, line.marks);
            if line.odd || self.counts(text, &quick, &line) {
                let own = &text[line.range];
                self.line(part, own.strip_suffix('\r').unwrap_or(own));
            }
        }
        self.quick = quick;
    }

    /// What marks say wherever they stand.
    fn plain(&mut self, part: Part, all: u32) {
        let has = |mark: u32| all & mark != 0;
        if matches!(part, Part::Title | Part::Past) {
            self.seen.title_noun |= has(marks::CREDENTIAL);
            self.seen.afterwards |= has(marks::RECORD);
            self.seen.ends |= has(marks::KEYLESS) && has(marks::INSTEAD);
        }
        self.seen.asks |= has(marks::LEVEL | marks::ASKS);
        if part == Part::Comment && has(marks::APPROVES) {
            self.seen.approved |= self.by.approvers;
        }
    }

    /// What the order of a line's words comes to. Whether the line must be read again, for what stands around its words.
    fn counts(&mut self, text: &str, quick: &Quick, line: &Marked) -> bool {
        let has = |mark: u32| line.marks & mark != 0;
        let own = &text[line.range.clone()];
        if has(marks::ASKING) && (memchr::memchr2(b':', b'|', own.as_bytes()).is_some() || is_heading(own.trim_start()))
        {
            return true;
        }
        if !self.seen.named {
            if has(marks::VAULT | marks::ACCESSOR) {
                return true;
            }
            self.seen.named = self.quick_names(text, quick, line);
        }
        let signs = OnceCell::new();
        let apart = has(marks::FIRST) && has(marks::SECOND);
        if !apart && !has(marks::PHRASE) {
            return false;
        }
        for (at, hit) in quick.hits(line).iter().enumerate() {
            let near = quick.hits(line)[at + 1..].iter().take_while(|other| other.word <= hit.word + marks::APART);
            if apart
                && hit.marks & marks::FIRST != 0
                && near.fold(0, |all, other| all | other.marks) & marks::SECOND != 0
            {
                self.object((own, *signs.get_or_init(|| object_signs(own))), quick, line, hit.word..hit.word + 1);
            }
            if hit.marks & marks::PHRASE == 0 {
                continue;
            }
            let next = quick.hash(text, hit.word + 1).unwrap_or_default();
            for (rest, asks) in self.by.marks.phrases_with(hit.hash, next) {
                let stands = |(behind, hash): (usize, &u64)| quick.hash(text, hit.word + 1 + behind) == Some(*hash);
                let end = hit.word + 1 + rest.len();
                // Words of the next line do not belong to it.
                let here = rest.iter().enumerate().all(stands)
                    && quick.word(end - 1).is_some_and(|word| word.end <= line.range.end);
                match asks {
                    _ if !here => {}
                    Asks::Access => self.seen.asks = true,
                    Asks::Afterwards => self.seen.afterwards = true,
                    Asks::Alone => (self.seen.asks, self.seen.ends) = (true, true),
                    Asks::WithObject => {
                        self.object((own, *signs.get_or_init(|| object_signs(own))), quick, line, hit.word..end);
                    }
                }
            }
        }
        false
    }

    /// A phrase that needs an object, which stands in these words of a line.
    fn object(&mut self, (own, signs): (&str, u8), quick: &Quick, line: &Marked, phrase: Range<usize>) {
        (self.seen.asks, self.seen.verb) = (true, true);
        let place = |word: usize| quick.word(word).unwrap_or_default();
        let from = line.range.start;
        let around = sentence(own, signs, place(phrase.start).start - from, place(phrase.end - 1).end - from);
        let all_of = |hits: &[Hit]| hits.iter().fold(0, |all, hit| all | hit.marks);
        let hits = quick.hits(line);
        // A sentence may be a whole line, however long; only a short line is looked through for each phrase.
        let (all, address) = if around.len() == own.len() {
            (line.marks, signs & sign::AT != 0)
        } else {
            let first = hits.partition_point(|hit| place(hit.word).start < from + around.start);
            let last = hits.partition_point(|hit| place(hit.word).start < from + around.end);
            (all_of(&hits[first..last]), signs & sign::AT != 0 && own[around].contains('@'))
        };
        let first = hits.partition_point(|hit| hit.word < phrase.end);
        let last = hits.partition_point(|hit| hit.word < phrase.end + BESIDE);
        let beside = all_of(&hits[first..last]) & marks::BESIDE != 0;
        self.seen.ends |= all & marks::OBJECT != 0 || beside || address || is_row(own);
        let verb = place(phrase.end - 1);
        let next = hits.get(first).is_some_and(|hit| hit.word == phrase.end && hit.marks & marks::ELLIPTIC != 0);
        let left_out = (next || parted(own, verb.end - from)) && !tells(&own[verb.start - from..verb.end - from]);
        let pronoun = all & marks::PRONOUN != 0 || left_out;
        self.seen.pronoun |= pronoun;
        self.seen.spoken_of |= pronoun && self.seen.noun;
    }

    /// Names of several words, and parts of ids.
    fn quick_names(&self, text: &str, quick: &Quick, line: &Marked) -> bool {
        if line.marks & (marks::NAME | marks::PARTIAL) == 0 {
            return false;
        }
        quick.hits(line).iter().any(|hit| {
            let here = |word: &usize| quick.word(*word).filter(|word| word.end <= line.range.end);
            let next = || quick.hash(text, hit.word + 1).unwrap_or_default();
            let begins = hit.marks & marks::NAME != 0 && self.by.marks.may_begin(hit.hash, next());
            let mut behind = (hit.word..hit.word + 7).map_while(|word| here(&word));
            (begins
                && self.several(&text[line.range.clone()], &quick.words(text, line, hit.word, self.by.marks.longest)))
                || (hit.marks & marks::PARTIAL != 0
                    && behind.any(|word| text[word].split('\'').any(|text| self.part(text))))
        })
    }

    /// A line, or a title, sign by sign.
    fn line(&mut self, part: Part, line: &str) {
        if self.seen.ends {
            return;
        }
        self.read(part, line);
        if may_join(line, self.line.signs) {
            let visible = text::visible(line);
            if visible != line {
                self.read(part, &visible);
                self.chosen(&visible);
            }
        }
    }

    /// What was ticked of several boxes in a line is an answer.
    fn chosen(&mut self, visible: &str) {
        for word in words(visible) {
            if let Some(intent) = request::answered(&word.text) {
                self.seen.asks = true;
                self.seen.ends |= matches!(intent, Intent::Revoke | Intent::Rotate | Intent::Offboard);
            }
        }
    }

    fn read(&mut self, part: Part, line: &str) {
        let mut own = std::mem::take(&mut self.line);
        own.read(line, &self.by.marks, &self.by.names, &mut self.seen.named);
        self.look(part, line, &own);
        self.line = own;
    }

    /// What the words of a line come to.
    fn look(&mut self, part: Part, line: &str, own: &Line) {
        let has = |mark: u32| own.marks & mark != 0;
        self.plain(part, own.marks);
        if has(marks::PHRASE) || (has(marks::FIRST) && has(marks::SECOND)) {
            self.phrases(line, own);
        }
        if has(marks::ASKING) {
            self.answers(line, own);
        }
        if !self.seen.named {
            self.seen.named = self.names(line, own);
        }
    }

    fn phrases(&mut self, line: &str, own: &Line) {
        for (at, word) in own.words.iter().enumerate() {
            if word.marks & marks::PHRASE != 0 {
                for (rest, asks) in self.by.marks.phrases(word.hash) {
                    let end = at + 1 + rest.len();
                    let slice = own.words.get(at + 1..end);
                    if slice.is_some_and(|slice| slice.iter().zip(rest).all(|(word, hash)| word.hash == *hash)) {
                        self.phrase(line, own, at..end, *asks);
                    }
                }
            }
            let apart = || own.words[at + 1..].iter().take(marks::APART).any(|w| w.marks & marks::SECOND != 0);
            if word.marks & marks::FIRST != 0 && apart() {
                self.phrase(line, own, at..at + 1, Asks::WithObject);
            }
        }
    }

    fn phrase(&mut self, line: &str, own: &Line, words: Range<usize>, asks: Asks) {
        if asks == Asks::Afterwards {
            self.seen.afterwards = true;
            return;
        }
        self.seen.asks = true;
        match asks {
            Asks::Access | Asks::Afterwards => {}
            Asks::Alone => self.seen.ends = true,
            Asks::WithObject => {
                self.seen.verb = true;
                let (Some(first), Some(last)) = (own.words.get(words.start), own.words.get(words.end - 1)) else {
                    return;
                };
                let around = sentence(line, own.signs, first.start, last.end);
                let whole = around.len() == line.len();
                let inside = own.words.iter().filter(|word| around.contains(&word.start));
                let all = if whole { own.marks } else { inside.fold(0, |all, word| all | word.marks) };
                let address = own.signs & sign::AT != 0 && (whole || line[around].contains('@'));
                // "Get a new one", "change the value": see `object`.
                let beside = own.words[words.end..].iter().take(BESIDE).any(|word| word.marks & marks::BESIDE != 0);
                self.seen.ends |= all & marks::OBJECT != 0 || beside || address || is_row(line);
                let next = own.words.get(words.end).is_some_and(|word| word.marks & marks::ELLIPTIC != 0);
                let left_out = (next || parted(line, last.end)) && !tells(&line[last.start..last.end]);
                let pronoun = all & marks::PRONOUN != 0 || left_out;
                self.seen.pronoun |= pronoun;
                self.seen.spoken_of |= pronoun && self.seen.noun;
            }
        }
    }

    /// An answer to a question for what is to be done: behind it in its line, or under a heading.
    fn answers(&mut self, line: &str, own: &Line) {
        // Of a question and its answer, in words.
        const REACH: usize = 12;
        let trimmed = line.trim_start();
        if is_heading(trimmed) {
            (self.seen.asks, self.seen.ends) = (true, true);
            return;
        }
        if own.signs & sign::COLON == 0 {
            return;
        }
        for (at, _) in own.words.iter().enumerate().filter(|(_, word)| word.marks & marks::ASKING != 0) {
            for word in own.words[at + 1..].iter().take(REACH) {
                if let Some(intent) = request::answered(&line[word.start..word.end].to_lowercase()) {
                    self.seen.asks = true;
                    self.seen.ends |= matches!(intent, Intent::Revoke | Intent::Rotate | Intent::Offboard);
                }
            }
        }
    }

    /// Names of several words, parts of ids, and what the words around a token make of it.
    fn names(&self, line: &str, own: &Line) -> bool {
        let has = |mark: u32| own.marks & mark != 0;
        let mut partial = if own.signs & sign::HIDES != 0 { own.words.len() } else { 0 };
        if has(marks::NAME | marks::PARTIAL) || partial > 0 {
            for (at, word) in own.words.iter().enumerate() {
                if word.marks & marks::NAME != 0 && self.several(line, &own.words[at..]) {
                    return true;
                }
                if word.marks & marks::PARTIAL != 0 {
                    partial = partial.max(at + 7);
                }
                if at < partial && line[word.start..word.end].split('\'').any(|text| self.part(text)) {
                    return true;
                }
            }
        }
        if !has(marks::VAULT | marks::ACCESSOR) {
            return false;
        }
        let long = |text: &str| text.len() >= 14 && text.bytes().any(|b| b.is_ascii_digit());
        let mut found = false;
        each_token(line, &mut |token| {
            found |= (has(marks::VAULT) && token.text.contains('/')) || (has(marks::ACCESSOR) && long(token.text));
        });
        found
    }

    /// Whether an id known ends or starts so.
    fn part(&self, text: &str) -> bool {
        let ascii = text.len() >= 4 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        ascii && [true, false].iter().any(|end| !self.by.names.part(text, *end).is_empty())
    }

    fn several(&self, line: &str, words: &[Word]) -> bool {
        let [first, ..] = words else { return false };
        let next = words.get(1).map_or(0, |next| next.hash);
        if !self.by.marks.may_begin(first.hash, next) {
            return false;
        }
        let text = |word: &Word| line[word.start..word.end].to_lowercase().replace('\u{2019}', "'");
        let same = |word: &Word, name: &String| text(word).trim_end_matches("'s") == name.trim_end_matches("'s");
        let second = words.get(1).map(text).unwrap_or_default();
        self.by.names.starting(&text(first), &second).any(|(name, _)| {
            words.get(..name.len()).is_some_and(|slice| slice.iter().zip(name).all(|(word, name)| same(word, name)))
        })
    }
}
