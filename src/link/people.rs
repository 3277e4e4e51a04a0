//! Whom a ticket concerns: the leaver, or who shall get an access. By address, handle, workload or directory; a first name alone is
//! nobody.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::settings::Settings;
use crate::model::ticket::{Field, Intent, Record};

use super::index::Names;
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit, field};
use super::tokens::{tokens, words};

/// The directory's names of several words, by their first.
#[derive(Debug, Default)]
pub(super) struct Directory {
    by_first: HashMap<String, Vec<(Vec<String>, String)>>,
    single: HashMap<String, String>,
}

impl Directory {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut out = Self::default();
        for person in &settings.people {
            let Some(label) = person.first() else { continue };
            for name in person {
                let parts: Vec<String> = words(name).into_iter().map(|w| w.text.to_string()).collect();
                if name.trim().contains(' ') {
                    if let Some(first) = parts.first().cloned() {
                        out.by_first.entry(first).or_default().push((parts, label.clone()));
                    }
                } else {
                    out.single.insert(name.to_lowercase(), label.clone());
                }
            }
        }
        out
    }
}

/// Somebody, with the words that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) field: String,
    pub(super) quote: String,
}

/// What finding people needs.
pub(super) struct Search<'s> {
    pub(super) record: &'s Record,
    pub(super) units: &'s [Unit],
    pub(super) judged: &'s [Judged<'s>],
    pub(super) names: &'s Names,
    pub(super) directory: &'s Directory,
    pub(super) intent: Intent,
}

impl Search<'_> {
    /// Whom the ticket concerns, the likeliest first; several where one sentence names several alike.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        if let Some(person) = self.record.fields.get(&Field::Person) {
            let named: Vec<Subject> = person
                .split([',', ';'])
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(|name| Subject {
                    name: self.known(name),
                    field: "person".to_owned(),
                    quote: super::links::quote(person),
                })
                .collect();
            // A name that nobody is known by, and the address in another answer.
            let known = named.iter().any(|subject| self.names.is_owner(&subject.name) || subject.name.contains('@'));
            let said = if known { Vec::new() } else { self.in_texts() };
            return if said.iter().any(|subject| self.names.is_owner(&subject.name)) { said } else { named };
        }
        self.in_texts()
    }

    /// Whom the texts name.
    fn in_texts(&self) -> Vec<Subject> {
        let mut found: Vec<(i32, usize, Subject)> = Vec::new();
        let mut add = |score: i32, unit: usize, subject: Subject| match found
            .iter_mut()
            .find(|(.., known)| known.name.eq_ignore_ascii_case(&subject.name))
        {
            Some(known) => known.0 = known.0.max(score) + 1,
            None => found.push((score, unit, subject)),
        };
        for (number, unit) in self.units.iter().enumerate() {
            if matches!(unit.origin, Origin::Comment(_)) {
                continue;
            }
            let people = self.people_in(&unit.text);
            let base = if people.is_empty() { 0 } else { self.base(number, unit) };
            for (name, start) in people {
                // Of two of one name the address tells which.
                let address = unit.text.get(start..).and_then(|rest| rest.split_whitespace().next());
                let own = i32::from(address.is_some_and(|word| word.contains('@')));
                let score = base + self.beside(&unit.text, start) + own;
                let subject =
                    Subject { name, field: field(self.record, unit.origin), quote: super::links::quote(&unit.text) };
                add(score, number, subject);
            }
            if self.intent == Intent::Offboard && first_person(&unit.text) && !self.record.reporter.names.is_empty() {
                let name = self.known(self.record.reporter.label());
                add(
                    6,
                    number,
                    Subject { name, field: field(self.record, unit.origin), quote: super::links::quote(&unit.text) },
                );
            }
        }
        let Some((top, unit)) = found
            .iter()
            .map(|(score, unit, _)| (*score, *unit))
            .max_by_key(|(score, _)| *score)
            .filter(|(score, _)| *score > 0)
        else {
            return Vec::new();
        };
        let list = |at: usize| at == unit || self.same_list(at, unit);
        found.retain(|(score, at, _)| *score == top && list(*at));
        found.sort_by_key(|(score, ..)| -score);
        found.into_iter().map(|(.., subject)| subject).collect()
    }

    /// Whether two are rows of one table or items of one list: of several who leave, each has one.
    fn same_list(&self, a: usize, b: usize) -> bool {
        let (one, other) = (&self.units[a], &self.units[b]);
        self.intent == Intent::Offboard
            && matches!(one.shape, Shape::Row | Shape::Item)
            && (one.shape, one.origin, one.heading, one.lead) == (other.shape, other.origin, other.heading, other.lead)
    }

    /// Every address, handle, owner and directory name of a text, with its place.
    fn people_in(&self, text: &str) -> Vec<(String, usize)> {
        let mut out = Vec::new();
        for token in tokens(text) {
            let bare = token.text.trim_start_matches('@').trim_end_matches("'s");
            let listed = self.directory.single.contains_key(&bare.to_lowercase());
            // A bare word may be a first name; a login with a sign in it, or behind an `@`, is none.
            let handled = listed || self.names.handle(bare).is_some();
            // "Login: x", `x`: said to be one.
            let called = (listed || handled && self.names.is_login(bare) && !self.first_name(bare))
                && (token.marked || after_key(&text[..token.start]) || leaves_next(&text[..token.start]));
            let at = token.text.starts_with('@') && self.names.addressed(bare).is_some();
            let login = called || at || handled && (token.text.starts_with('@') || bare.contains(['-', '_', '.']));
            if address(bare) || login || self.names.is_owner(bare) {
                let named = if at && !handled { self.names.addressed(bare).unwrap_or(bare) } else { bare };
                out.push((self.known(named), token.start));
            }
        }
        let all = words(text);
        // "Jens Okafor" is jens.okafor@example.com, where one owner alone is called so.
        let capital = |word: &super::tokens::Word| text[word.start..word.end].starts_with(char::is_uppercase);
        // "(not Noor Ahmadi)" is somebody else.
        let other = |word: &super::tokens::Word| text[..word.start].ends_with("not ");
        for pair in all
            .windows(2)
            .filter(|pair| pair.iter().all(capital) && pair[0].end + 1 == pair[1].start && !other(&pair[0]))
        {
            if let Some(owner) = self.names.handle(&format!("{}.{}", pair[0].text, pair[1].text)) {
                out.push((self.known(owner), pair[0].start));
            }
        }
        for at in 0..all.len() {
            for (name, label) in self.directory.by_first.get(all[at].text.as_str()).into_iter().flatten() {
                if all.get(at..at + name.len()).is_some_and(|slice| slice.iter().zip(name).all(|(a, b)| a.text == *b)) {
                    out.push((label.clone(), all[at].start));
                }
            }
        }
        out
    }

    /// Whether a login is what somebody is called by: the first part of the address.
    fn first_name(&self, login: &str) -> bool {
        let own = |owner: &str| {
            owner.split(['@', '.', '-', '_']).next().is_some_and(|first| first.eq_ignore_ascii_case(login))
        };
        self.names.handle(login).is_none_or(own)
    }

    /// The owner or directory entry behind a name.
    fn known(&self, name: &str) -> String {
        let bare = name.trim().trim_start_matches('@');
        if let Some(label) = self.directory.single.get(&bare.to_lowercase()) {
            return label.clone();
        }
        let all = words(bare);
        let several = all.first().and_then(|first| self.directory.by_first.get(first.text.as_str()));
        let whole = |name: &&(Vec<String>, String)| {
            name.0.len() == all.len() && name.0.iter().zip(&all).all(|(a, b)| b.text == *a)
        };
        if let Some((_, label)) = several.into_iter().flatten().find(whole) {
            return label.clone();
        }
        if self.names.is_owner(bare) {
            return bare.to_owned();
        }
        self.names.handle(bare).unwrap_or(bare).to_owned()
    }

    /// How likely a unit names the one concerned.
    fn base(&self, number: usize, unit: &Unit) -> i32 {
        let acts = self.judged[number]
            .clauses
            .iter()
            .any(|clause| clause.stance == Stance::Act && clause.acts.iter().any(|act| act.intent == self.intent));
        let all = words(&unit.text);
        let others = all.iter().any(|w| {
            matches!(
                w.text.as_str(),
                "manager"
                    | "contact"
                    | "successor"
                    | "handover"
                    | "cc"
                    | "questions"
                    | "requested"
                    | "approved"
                    | "approver"
                    | "signed"
                    | "vorgesetzter"
                    | "responsable"
                    | "lead"
                    | "reviewer"
                    | "replaces"
                    | "replaced"
            )
        });
        let key = unit.text.split_once(':').is_some_and(|(key, _)| {
            let key = words(key);
            key.len() <= 4
                && key.iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "e-mail"
                            | "mail"
                            | "email"
                            | "user"
                            | "name"
                            | "employee"
                            | "person"
                            | "account"
                            | "who"
                            | "leaver"
                            | "workload"
                            | "holder"
                            | "for"
                            | "handle"
                            | "username"
                            | "login"
                            | "nutzer"
                            | "wer"
                            | "utilisateur"
                            | "usuario"
                            | "mitarbeiter"
                            | "service"
                    )
                })
        });
        let mut score = if unit.origin == Origin::Title { 5 } else { 1 };
        score += 4 * i32::from(acts) + 3 * i32::from(key) - 6 * i32::from(others);
        let lead = unit.lead.map(|lead| self.judged[lead].overall());
        // "Tomasz was on the list. His access stays."
        let next = self.units.get(number + 1).filter(|next| next.origin == unit.origin && next.line <= unit.line + 1);
        let stays = next.is_some_and(|next| {
            words(&next.text)
                .first()
                .is_some_and(|w| matches!(w.text.as_str(), "his" | "her" | "their" | "he" | "she" | "they"))
                && self.judged[number + 1].overall() == Stance::Keep
        });
        score -= 6 * i32::from(stays);
        // "(not Noor Ahmadi, she stays)" is about another.
        let said = self.judged[number].clauses.iter().rev().filter(|clause| !clause.aside).map(|clause| clause.stance);
        if said.into_iter().find(|stance| *stance != Stance::Neutral) == Some(Stance::Keep)
            || lead == Some(Stance::Keep)
            || super::table::stays(self.units, number)
        {
            score -= 6;
        }
        score
    }

    /// Words right before a name: "to bob" hands over, "for carol" gives.
    fn beside(&self, text: &str, start: usize) -> i32 {
        let all = words(&text[..start]);
        let back = |n: usize| all.len().checked_sub(n).map(|i| all[i].text.as_str()).unwrap_or_default();
        let over = all.iter().rev().take(8).any(|w| {
            matches!(
                w.text.as_str(),
                "hand" | "handed" | "transfer" | "transferred" | "reassign" | "over" | "new" | "übergeben" | "confier"
            )
        });
        match (self.intent, back(1)) {
            (Intent::Offboard, "to" | "by" | "with" | "ask") if over || back(1) == "by" => -8,
            (Intent::Offboard, "by") => -8,
            (
                Intent::Provision | Intent::Elevate | Intent::Modify,
                "for" | "to" | "für" | "pour" | "para" | "give" | "grant",
            ) => 3,
            _ => 0,
        }
    }
}

/// Whether the next word is told to be a login: "Login: ", "user name: ".
fn after_key(before: &str) -> bool {
    let key = before.trim_end_matches([' ', '`', '*', '"']).strip_suffix(':').map(words).unwrap_or_default();
    let names = |w: &super::tokens::Word| {
        matches!(
            w.text.as_str(),
            "login" | "user" | "username" | "account" | "handle" | "nutzer" | "kennung" | "identifiant" | "usuario"
        )
    };
    key.iter().rev().take(2).any(names)
}

/// "Offboard x", "Leaver: x".
fn leaves_next(before: &str) -> bool {
    // The word before is none of the longest.
    let near = before.char_indices().rev().take(30).last().map_or(0, |(at, _)| at);
    let before = &before[near..];
    words(before.trim_end_matches([' ', ':'])).last().is_some_and(|w| {
        w.end + 2 >= before.len()
            && matches!(w.text.as_str(), "offboard" | "offboarding" | "off-board" | "leaver" | "departure")
    })
}

/// "My last day", "I am leaving", "remove my access".
fn first_person(text: &str) -> bool {
    let all = words(text);
    let mine = all.iter().any(|w| {
        matches!(w.text.as_str(), "my" | "i" | "i'm" | "mein" | "meine" | "mon" | "mes" | "mi" | "mis" | "ich" | "je")
    });
    mine && all.windows(2).any(|pair| {
        matches!(
            (pair[0].text.as_str(), pair[1].text.as_str()),
            ("last", "day" | "working")
                | ("my", "access" | "accesses" | "account" | "last")
                | ("am" | "i'm", "leaving")
                | ("i", "leave")
                | ("letzter", _)
                | ("dernier", "jour")
                | ("último", "día")
                | ("will", "leave")
        )
    })
}

/// An e-mail address, roughly.
pub(super) fn address(token: &str) -> bool {
    let Some((user, host)) = token.split_once('@') else { return false };
    !user.is_empty() && host.contains('.') && !host.contains(['/', '@', ':', '#']) && !user.contains(['/', ':'])
}

/// In titles of people and vendors who go, one of them stands, or one of those of `departs`.
const LEAVES: [&str; 5] = ["@", "xit", "ontract", "oodbye", "arewell"];

/// All of them: every title is looked through.
static SIGNS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let all = LEAVES.iter().chain(&super::departs::PARTS);
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(all).ok()
});

/// Whether one of a title's sentences may say that somebody or a vendor goes, see `leaving`.
pub(super) fn may_leave(title: &str) -> bool {
    let Some(signs) = SIGNS.as_ref() else { return true };
    let mut parts = false;
    for found in signs.find_overlapping_iter(title) {
        if found.pattern().as_usize() < LEAVES.len() {
            return true;
        }
        parts = true;
    }
    parts && super::departs::may_depart(title)
}

/// "Leaving: bob@example.com", "bob@example.com (leaving 29 May)", "Exit: X", "Contract with X ends".
pub(super) fn leaving(title: &str) -> bool {
    vendor_goes(title)
        || goes(title)
        || title.contains('@') && {
            let all = words(title);
            let at = all.iter().position(|w| w.text == "leaving");
            at.is_some_and(|at| {
                let sign = title[all[at].end..].trim_start();
                (at == 0 && sign.starts_with(':')) || (title[..all[at].start].ends_with('('))
            }) && tokens(title).iter().any(|token| address(token.text))
        }
}

/// "Exit: X", "Vendor exit – X", "Contract with X ends".
fn vendor_goes(title: &str) -> bool {
    let contract = memchr::memmem::find(title.as_bytes(), b"ontract").is_some();
    let exit = memchr::memmem::find(title.as_bytes(), b"xit").is_some();
    let goodbye = ["Goodbye ", "goodbye ", "Farewell ", "farewell "].iter().any(|word| title.starts_with(word));
    if !contract && !exit && !goodbye {
        return false;
    }
    let all = words(title);
    if goodbye {
        return all.len() <= 4;
    }
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let vendor = matches!(word(0), "vendor" | "supplier" | "partner" | "contractor" | "agency");
    let at = usize::from(vendor);
    let exits = word(at) == "exit"
        && all.get(at).is_some_and(|w| title[w.end..].trim_start().starts_with([':', '-', '\u{2013}', '\u{2014}']));
    // "Exit Beatriz Coelho"
    let capital = |at: usize| all.get(at).is_some_and(|w| title[w.start..].starts_with(char::is_uppercase));
    let exits = exits || (word(at) == "exit" && (2..=4).contains(&all.len()) && (1..all.len()).all(capital));
    let with = all.windows(2).position(|pair| {
        matches!(pair[0].text.as_str(), "contract" | "contracts") && matches!(pair[1].text.as_str(), "with" | "of")
    });
    let over = |w: &super::tokens::Word| {
        matches!(
            w.text.as_str(),
            "ends" | "ended" | "ending" | "terminated" | "cancelled" | "canceled" | "over" | "expires"
        )
    };
    // "Contract with X not renewed"
    let not = all.windows(2).any(|pair| {
        matches!(pair[0].text.as_str(), "not" | "isn't")
            && matches!(pair[1].text.as_str(), "renewed" | "extended" | "prolonged")
    });
    exits || with.is_some_and(|at| all[at + 2..].iter().any(over) || not)
}

/// "bob@example.com left on Friday", "contractor bob@example.com: extension refused".
fn goes(title: &str) -> bool {
    if !title.contains('@') {
        return false;
    }
    let Some(person) = tokens(title).into_iter().find(|token| address(token.text.trim_end_matches([':', ',']))) else {
        return false;
    };
    let behind = words(&title[person.end()..]);
    let word = |at: usize| behind.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let left = matches!(
        (word(0), word(1)),
        ("left" | "quits" | "quit" | "resigned", "" | "on" | "us" | "last" | "yesterday" | "today" | "already" | "the")
    );
    let refused = (0..3).any(|at| {
        matches!(word(at), "extension" | "contract" | "prolongation")
            && matches!(word(at + 1), "refused" | "denied" | "declined" | "not" | "ends" | "ended")
    });
    left || refused
}
