//! How much access is asked for: read, write or admin, and what is too vague to be one of them.

use crate::model::inventory::Level;
use crate::model::settings::Words;
use crate::model::ticket::{Field, Intent, Record};

use super::levels::{able, falls_short, in_field, of};
pub(super) use super::levels::{in_place, stating, word};
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};

/// What is asked for, and the words that are too vague.
pub(super) struct Asked<'a> {
    pub(super) record: &'a Record,
    pub(super) units: &'a [Unit],
    pub(super) judged: &'a [Judged<'a>],
    pub(super) words: &'a Words,
    pub(super) intent: Intent,
}

impl Asked<'_> {
    /// The level, or why there is none.
    pub(super) fn level(&self) -> (Option<Level>, Option<String>) {
        if let Some(field) = self.record.fields.get(&Field::Level) {
            return match &self.levels(field, false)[..] {
                [one] => (Some(*one), None),
                [] if in_field(field).is_some() => (in_field(field), None),
                [] => (
                    None,
                    Some(format!("\"{}\" in the level's field is no level that is known", super::links::quote(field))),
                ),
                _ => (None, Some(format!("\"{}\" could be two levels", super::links::quote(field)))),
            };
        }
        if self.intent == Intent::Modify && super::readonly::target(self.units, self.judged).is_some() {
            return (Some(Level::Read), None);
        }
        // `Level: read`, then the title, then what is asked for, then the rest, then what somebody shall be able to do.
        let mut by_rank: [Vec<(Level, String)>; 5] = Default::default();
        for (number, unit) in self.units.iter().enumerate().filter(|(_, u)| !matches!(u.origin, Origin::Comment(_))) {
            let judged = &self.judged[number];
            if [unit.lead, unit.heading].into_iter().flatten().any(|other| self.judged[other].overall().spares()) {
                continue;
            }
            let shall = Some(number).filter(|_| self.intent == Intent::Modify);
            if let Some(shall) = shall.and_then(|number| super::moved::target(self.units, number)) {
                by_rank[0].extend(self.levels(shall, false).into_iter().map(|level| (level, unit.text.clone())));
                continue;
            }
            match self.answer(number, unit) {
                Answer::To(value) => {
                    by_rank[0].extend(self.levels(&value, false).into_iter().map(|level| (level, unit.text.clone())));
                    continue;
                }
                Answer::Question => continue,
                Answer::No => {}
            }
            for clause in &judged.clauses {
                let text = &unit.text[clause.start..clause.end];
                // "It needs more than read", "it may only read": what it has.
                let short = matches!(self.intent, Intent::Provision | Intent::Elevate) && falls_short(text);
                if clause.stance.spares() || short {
                    continue;
                }
                if self.intent == Intent::Modify
                    && super::access::takes_away(unit, clause, text)
                    && (words(text).windows(2).any(|w| w[0].text == "no" && w[1].text == "longer")
                        || words(text)
                            .last()
                            .is_some_and(|w| matches!(w.text.as_str(), "entziehen" | "entzogen" | "weg")))
                {
                    continue;
                }
                let rank = match (unit.origin, clause.stance) {
                    (Origin::Title, _) => 1,
                    (_, Stance::Act) if tells_ability(text) => 3,
                    (_, Stance::Act) => 2,
                    // "It was marked read-only; flip it to read-write": what changes it is what is asked.
                    _ if self.intent == Intent::Modify
                        && super::changed::changes_level(&unit.text[clause.start..clause.end]) =>
                    {
                        2
                    }
                    _ => 3,
                };
                if unit.shape == Shape::Row && rank == 3 {
                    continue;
                }
                let levels = self.levels(text, self.intent == Intent::Modify);
                by_rank[rank].extend(levels.into_iter().map(|level| (level, unit.text.clone())));
                by_rank[4].extend(able(text).map(|level| (level, unit.text.clone())));
            }
        }
        for rank in by_rank {
            let Some((first, said)) = rank.first() else { continue };
            if rank.iter().all(|(level, _)| level == first) {
                return (Some(*first), None);
            }
            return (None, Some(format!("the level could be two: {}", super::links::quote(said))));
        }
        let reads = super::readonly::only(self.units, self.judged).filter(|_| self.vague().is_none());
        (reads.map(|_| Level::Read), self.vague())
    }

    /// What a unit is in a form that asks for a level: the question, its answer, or neither.
    fn answer(&self, number: usize, unit: &Unit) -> Answer {
        if unit.shape == Shape::Heading && level_key(&unit.text) {
            return Answer::Question;
        }
        let under = unit
            .heading
            .filter(|heading| self.units[*heading].origin == unit.origin && level_key(&self.units[*heading].text));
        if under.is_some_and(|heading| number <= heading + 3) {
            // "read / write / admin" repeats the question, and so does a choice that is not ticked.
            return if offers(&unit.text) || unit.ticked == Some(false) {
                Answer::Question
            } else {
                Answer::To(unit.text.clone())
            };
        }
        if unit.shape == Shape::Row {
            if let Some(target) = self.target(number, unit) {
                return Answer::To(target);
            }
            // "| Who | Role | Level |"
            let grants = matches!(self.intent, Intent::Provision | Intent::Elevate);
            let headed = if grants { super::table::headed(self.units, number) } else { Vec::new() };
            let column = headed.iter().find(|(heading, cell)| {
                words(heading).len() < 3 && level_key(heading) && !self.levels(cell, false).is_empty()
            });
            if let Some((_, cell)) = column {
                return Answer::To((*cell).to_owned());
            }
            let cells: Vec<&str> = unit.text.trim_matches('|').split('|').map(str::trim).collect();
            // "| wanted | PhotoWriter | write on photos |" below "| now | PowerUser | everything |".
            let wanted = |key: &str| {
                matches!(
                    key.to_lowercase().as_str(),
                    "shall have"
                        | "should have"
                        | "to be"
                        | "wanted"
                        | "target"
                        | "new"
                        | "soll"
                        | "neu"
                        | "after"
                        | "afterwards"
                        | "then"
                        | "later"
                        | "danach"
                )
            };
            return match cells[..] {
                [key, _, ..] if wanted(key) && !self.levels(&cells[1..].join(" "), false).is_empty() => {
                    Answer::To(cells[1..].join(" "))
                }
                [key, _] if level_key(key) && is_now(key) => Answer::Question,
                [key, value] if level_key(key) => Answer::To(value.to_owned()),
                _ => Answer::No,
            };
        }
        if let Origin::Body(index) = unit.origin
            && let Some(name) = self.record.texts.get(index).and_then(|text| text.field.strip_prefix("variables."))
            && level_key(&name.replace('_', " "))
        {
            return Answer::To(unit.text.clone());
        }
        match unit.text.split_once(':') {
            // "Granted so far: read", "Requested: admin"
            Some((key, value)) if words(key).len() <= 3 && !self.levels(value, false).is_empty() => {
                let has = |options: &[&str]| words(key).iter().any(|w| options.contains(&w.text.as_str()));
                if has(&["granted", "current", "currently", "today", "so", "now", "existing", "present"]) {
                    Answer::Question
                } else if has(&["requested", "wanted", "needed", "target"]) || level_key(key) && !offers(value) {
                    Answer::To(value.to_owned())
                } else if level_key(key) {
                    Answer::Question
                } else {
                    Answer::No
                }
            }
            Some((key, value)) if level_key(key) => {
                if offers(value) {
                    Answer::Question
                } else {
                    Answer::To(value.to_owned())
                }
            }
            _ => Answer::No,
        }
    }

    /// Of "today" and "target", what a row shall have.
    fn target(&self, number: usize, unit: &Unit) -> Option<String> {
        if !unit.text.contains('|') {
            return None;
        }
        super::table::headed(self.units, number).into_iter().find_map(|(heading, cell)| {
            let heading = words(heading);
            let shall = heading.iter().any(|w| {
                matches!(
                    w.text.as_str(),
                    "target"
                        | "wanted"
                        | "new"
                        | "requested"
                        | "future"
                        | "to-be"
                        | "soll"
                        | "ziel"
                        | "neu"
                        | "cible"
                        | "objetivo"
                )
            });
            (shall && heading.len() < 4 && !self.levels(cell, false).is_empty()).then(|| cell.to_owned())
        })
    }

    fn vague(&self) -> Option<String> {
        const VAGUE: &str =
            "proper usual appropriate necessary whatever same some enough more required normal standard";
        let own = self.units.iter().zip(self.judged).filter(|(u, _)| !matches!(u.origin, Origin::Comment(_)));
        let (unit, _) = own.into_iter().find(|(_, judged)| {
            let all = &judged.words;
            all.iter().any(|w| VAGUE.split(' ').any(|vague| w.text == vague))
                && all.iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "access" | "rights" | "permission" | "permissions" | "role" | "usual" | "more"
                    )
                })
        })?;
        Some(format!("the access asked for is vague: {}", super::links::quote(&unit.text)))
    }

    /// The levels that a stretch of text names. For a change, what stands behind "to" is what it shall be.
    fn levels(&self, text: &str, change: bool) -> Vec<Level> {
        let all = words(text);
        if let Some(level) = write_box(text, &all) {
            return vec![level];
        }
        let mut out: Vec<(Level, bool)> = Vec::new();
        // What is quoted is somebody's word, a role's name or a label.
        let cited = if text.contains('"') { super::clauses::quoted(text) } else { Vec::new() };
        for (at, w) in all.iter().enumerate().filter(|(_, w)| !cited.iter().any(|range| range.contains(&w.start))) {
            let next = all.get(at + 1).map(|w| w.text.as_str()).unwrap_or_default();
            let back = |n: usize| at.checked_sub(n).map(|i| all[i].text.as_str()).unwrap_or_default();
            let Some(level) = self.site(&all, at).or_else(|| of(w, next, back(1))) else { continue };
            // "Developer is more than it needs": what it is now.
            let ahead_of = |n: usize| all.get(at + n).map(|w| w.text.as_str()).unwrap_or_default();
            if change && ahead_of(1) == "is" && matches!(ahead_of(2), "too" | "more") {
                continue;
            }
            // "Maintainer (admin)": the second says what is meant.
            let said_again = text[w.end..].starts_with(" (")
                && all.get(at + 1).is_some_and(|next| next.start == w.end + 2 && text[next.end..].starts_with(')'))
                && in_place(&all, at + 1).is_some();
            if said_again {
                continue;
            }
            // A part of a path, where "read/write" is two levels.
            if text[..w.start].ends_with('/') && word(back(1)).is_none() && back(1) != "r" {
                continue;
            }
            // What stands before a comma says nothing of what stands behind it.
            let reach = (1..=4)
                .take_while(|n| at.checked_sub(*n).is_some_and(|i| !text[all[i].end..w.start].contains([',', ';'])))
                .count();
            // "it never writes", "no write access", "not admin".
            let denied = (1..=reach.min(3)).any(|n| {
                // What somebody cannot do is what is asked for, of a change it is not.
                (change && matches!(back(n), "cannot" | "can't"))
                    || matches!(
                        back(n),
                        "no" | "not" | "never" | "without" | "kein" | "keine" | "nicht" | "pas" | "sans" | "sin"
                    )
            });
            let denied = denied
                || (back(1) == "to"
                    && back(2) == "able"
                    && (3..=5).any(|n| matches!(back(n), "not" | "never" | "shouldn't" | "can't" | "cannot")));
            // "it was added as read-only"; for a change, also what it is now.
            let was = (change && back(1) == "to" && back(2) == "allowed")
                || (1..=reach).any(|n| {
                    matches!(back(n), "was" | "were" | "had")
                        || (change
                            && matches!(
                                back(n),
                                "from"
                                    | "currently"
                                    | "today"
                                    | "is"
                                    | "has"
                                    | "may"
                                    | "can"
                                    | "peut"
                                    | "kann"
                                    | "puede"
                                    | "darf"
                            ))
                });
            // "write is not necessary", "admin instead of write" the other way round
            let ahead = |n: usize| all.get(at + n).map(|w| w.text.as_str()).unwrap_or_default();
            let too = (1..=3).any(|n| {
                ahead(n) == "too" && matches!(ahead(n + 1), "much" | "broad" | "high" | "wide" | "powerful" | "strong")
            });
            let unneeded = too
                || (1..=3).any(|n| {
                    matches!(ahead(n), "not" | "isn't" | "nicht" | "pas" | "no")
                        && (n + 1..=n + 3).any(|m| {
                            matches!(
                                ahead(m),
                                "necessary"
                                    | "needed"
                                    | "required"
                                    | "enough"
                                    | "sufficient"
                                    | "allowed"
                                    | "wanted"
                                    | "nötig"
                                    | "genug"
                                    | "longer"
                            )
                        })
                });
            let replaced = (2..=3).any(|n| matches!((back(n), back(n - 1)), ("instead", "of") | ("rather", "than")))
                || matches!(back(1), "statt" | "anstelle");
            // "write until Friday, then read again": what is afterwards is not asked for.
            let back_to = !change && ((back(2) == "back" && back(1) == "to") || ahead(1) == "again");
            let unneeded = unneeded
                // "With reading alone it fails."
                || ahead(1) == "alone"
                // "Schreiben braucht er nicht."
                || (matches!(ahead(1), "braucht" | "brauche" | "brauchen" | "ben\u{f6}tigt" | "ben\u{f6}tigen")
                    && (2..=4).any(|n| ahead(n) == "nicht"))
                || (change && (1..=3).any(|n| ahead(n) == "away"))
                || (change
                    && matches!(
                        back(1),
                        "away"
                            | "remove"
                            | "revoke"
                            | "drop"
                            | "strip"
                            | "withdraw"
                            | "lose"
                            | "loses"
                            | "swap"
                            | "swapping"
                            | "replace"
                            | "replacing"
                    ))
                || matches!(back(1), "need" | "needs" | "requires") && back(2) == "longer" && back(3) == "no";
            let denied = denied || unneeded || replaced || back_to;
            let shall =
                (1..=3).any(|n| matches!(back(n), "to" | "only" | "needs")) || (back(1) == "still" && back(2) == "may");
            if !denied && (shall || !was) {
                out.push((level, (1..=3).any(|n| matches!(back(n), "to" | "auf" | "à" | "a"))));
            }
        }
        // "Maintainer -> Reporter"
        if let Some(arrow) = super::changed::arrow(text, &all).filter(|_| change) {
            let behind = (arrow..all.len()).find_map(|at| self.site(&all, at).or_else(|| in_place(&all, at)));
            if let Some(level) = behind {
                return vec![level];
            }
        }
        if change && out.iter().any(|(_, target)| *target) {
            out.retain(|(_, target)| *target);
        }
        let mut levels: Vec<Level> = out.into_iter().map(|(level, _)| level).collect();
        // "read and write" is write.
        if levels.contains(&Level::Write)
            && all.windows(3).any(|t| {
                t[0].text == "read"
                    && matches!(t[1].text.as_str(), "and" | "or" | "und" | "y" | "et")
                    && word(&t[2].text) == Some(Level::Write)
            })
        {
            levels.retain(|level| *level != Level::Read);
        }
        // "read/write" is write.
        let both = all.windows(2).any(|t| t[0].text == "read" && t[1].text == "write" && t[1].start == t[0].end + 1);
        if both {
            levels.retain(|level| *level != Level::Read);
        }
        levels.dedup();
        levels
    }

    fn site(&self, all: &[Word], at: usize) -> Option<Level> {
        self.words.levels.iter().find_map(|(phrase, level)| {
            let phrase = words(phrase);
            let slice = all.get(at..at + phrase.len())?;
            (!phrase.is_empty() && slice.iter().zip(&phrase).all(|(a, b)| a.text == b.text)).then_some(*level)
        })
    }
}

/// What a unit is in a form.
enum Answer {
    To(String),
    Question,
    No,
}

/// `Level`, `3. Access level (read / write / admin)`, `Permission`: what a form calls the level.
fn level_key(key: &str) -> bool {
    let bare: String = match (key.find('('), key.rfind(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &key[..open], &key[close + 1..]),
        _ => key.to_owned(),
    };
    let key: Vec<Word<'_>> = words(&bare).into_iter().filter(|w| !w.text.chars().all(|c| c.is_ascii_digit())).collect();
    key.len() <= 4
        && key.iter().any(|w| {
            matches!(
                w.text.as_str(),
                "level"
                    | "permission"
                    | "permissions"
                    | "niveau"
                    | "stufe"
                    | "zugriffsstufe"
                    | "zugriffsart"
                    | "berechtigung"
                    | "kind"
                    | "mode"
                    | "right"
                    | "nivel"
                    | "rights"
                    | "privilege"
                    | "privileges"
                    | "rechte"
                    | "droits"
                    | "permisos"
                    | "accesslevel"
            )
        })
}

/// "Level now", "current level": what an access is.
fn is_now(key: &str) -> bool {
    words(key).iter().any(|w| {
        matches!(w.text.as_str(), "now" | "current" | "currently" | "today" | "bisher" | "ist" | "actuel" | "actual")
    })
}

/// "read / write / admin": the choices, none of them chosen.
fn offers(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['/', '|', ',']).collect();
    let level = |part: &&str| {
        let all = words(part);
        all.len() <= 2 && all.iter().any(|w| word(&w.text).is_some())
    };
    parts.len() >= 3 && parts.iter().filter(|part| level(part)).count() >= 3
}

/// `Tick "Allow write access"`, `"Allow write access" not ticked`: the box of GitHub's form for a deploy key.
fn write_box(text: &str, all: &[Word]) -> Option<Level> {
    let label = |words: &[Word]| words.iter().map(|w| w.text.as_str()).eq(["allow", "write", "access"]);
    // Quotations are looked for where one can be it.
    all.windows(3).find(|words| label(words))?;
    let label = super::clauses::quoted(text)
        .into_iter()
        .find(|range| label(&words(text.get(range.clone()).unwrap_or_default())))?;
    let unticked = all.iter().filter(|w| w.end <= label.start || w.start >= label.end).any(|w| {
        matches!(
            w.text.as_str(),
            "not"
                | "no"
                | "never"
                | "without"
                | "don't"
                | "untick"
                | "unticked"
                | "uncheck"
                | "unchecked"
                | "off"
                | "empty"
        )
    });
    Some(if unticked { Level::Read } else { Level::Write })
}

/// "The role can list and get": what an access is, beside what it shall be.
fn tells_ability(text: &str) -> bool {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    all.windows(2)
        .skip(1)
        .any(|pair| matches!(pair[0].text.as_str(), "can" | "kann" | "peut" | "puede") && word(&pair[1].text).is_some())
        && !has(&["so", "that", "please", "should", "must", "need", "needs", "damit", "pour", "para", "que"])
}
