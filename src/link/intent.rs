//! What a ticket finally asks for: structured fields first (`request`), then the title, headings and the text, each weighed. Tickets
//! that ask for nothing are told in `talk`.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use crate::model::ticket::{Field, Intent, Record};

use super::mention::Mention;
use super::nouns::{condition, expires};
use super::stance::{Act, Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::verbs::{Force, Form, Lexicon};

/// Below this, nothing is asked for.
pub(super) const ENOUGH: f64 = 2.0;

/// Points of a request that outweigh a general type: a weak verb with its object.
const GENERAL: f64 = 1.8;

/// What the reading of one ticket needs.
pub(super) struct Reading<'r> {
    pub(super) record: &'r Record,
    pub(super) units: &'r [Unit],
    pub(super) judged: &'r [Judged<'r>],
    /// In the order of their units.
    pub(super) mentions: &'r [Mention],
    pub(super) lexicon: &'r Lexicon,
    /// Whether a word is somebody who owns something: a workload.
    pub(super) workload: &'r dyn Fn(&str) -> bool,
    /// Whether a text names something known.
    pub(super) known: &'r dyn Fn(&str) -> bool,
    /// Whether it is anybody who owns something.
    pub(super) owner: &'r dyn Fn(&str) -> bool,
    /// Whether what is named is a role: something to be had, with no value of its own.
    pub(super) role: &'r dyn Fn(&Mention) -> bool,
    pub(super) once: Once,
}

/// What is asked of a whole text again and again.
#[derive(Default)]
pub(super) struct Once {
    /// Whether it speaks of an old credential.
    pub(super) old: OnceCell<bool>,
    /// Whether it is filed after the fact.
    pub(super) afterwards: OnceCell<bool>,
    /// Whether it orders something done to what it names.
    pub(super) orders: OnceCell<bool>,
    /// Whether it says that somebody goes, and whether it is a form that does.
    pub(super) leaves: OnceCell<bool>,
    pub(super) form: OnceCell<bool>,
    /// Of the unit that was asked of last, whether it names a workload, and a person.
    pub(super) somebody: Cell<Option<(usize, (bool, bool))>>,
}

/// Scores by intent: points, the words that made the first, and when these came.
#[derive(Default)]
pub(super) struct Scores(pub(super) BTreeMap<Intent, (f64, String, usize)>);

impl Scores {
    pub(super) fn add(&mut self, intent: Intent, points: f64, words: &str) {
        let next = self.0.len();
        let entry = self.0.entry(intent).or_insert_with(|| (0.0, words.to_owned(), next));
        entry.0 += points;
    }
}

impl Reading<'_> {
    /// What the rules score.
    pub(super) fn scores(&self) -> Scores {
        let mut scores = Scores::default();
        let mut rest = Scores::default();
        self.structure(&mut scores, &mut rest);
        // What something is (leaked, unused, about to expire) counts where nothing is said to be done to it.
        let mut states = Scores::default();
        self.title(&mut scores, &mut states);
        self.body(&mut scores, &mut states);
        if self.keyed(&["level", "access level"]) {
            scores.add(Intent::Provision, 3.0, "a level, in a form that was typed by hand");
        }
        if self.lends() {
            scores.add(Intent::Elevate, 3.0, "a level with its end");
        }
        if self.has_more() {
            scores.add(Intent::Modify, 9.0, "a level that is more than what is needed");
        }
        if super::moved::any(self.units) {
            scores.add(Intent::Modify, 6.0, "a table of what is and what shall be");
        }
        if super::objected::invited(self.units) {
            scores.add(Intent::Revoke, 6.0, "an end that is announced, with a word on how to object");
        }
        let told = [Intent::Revoke, Intent::Rotate, Intent::Offboard, Intent::Modify]
            .iter()
            .any(|intent| scores.0.get(intent).is_some_and(|(points, ..)| *points >= ENOUGH));
        for (intent, (points, words, _)) in states.0 {
            // "The password expires. Please renew it": what is said to be done, and not what it is.
            let own = scores.0.get(&intent).map_or(0.0, |(points, ..)| *points);
            let other = || scores.0.iter().any(|(other, (points, ..))| *other != intent && *points >= own.max(ENOUGH));
            if !told || (own > 0.0 && own < 3.0 && !other()) {
                scores.add(intent, points, &words);
            }
        }
        self.keyless(&mut scores);
        // A general type adds to what is asked for, and tells it where nothing is.
        let least = scores.0.values().map(|(points, ..)| *points).fold(0.0, f64::max) < GENERAL;
        for (intent, (points, words, _)) in rest.0 {
            if least || scores.0.get(&intent).is_some_and(|(own, ..)| *own >= GENERAL) {
                scores.add(intent, points, &words);
            }
        }
        scores
    }

    /// Whether a line of the text has one of these names before its colon.
    pub(super) fn keyed(&self, keys: &[&str]) -> bool {
        self.units.iter().filter(|unit| matches!(unit.origin, Origin::Body(_))).any(|unit| {
            let row = unit.text.trim_matches('|').split_once('|').filter(|_| unit.shape == Shape::Row);
            let key = row
                .or_else(|| unit.text.split_once(':'))
                .map(|(key, _)| key.trim_matches(['*', '_', ' ']).to_lowercase());
            // "Duration (hours)"
            key.is_some_and(|key| keys.contains(&key.split(" (").next().unwrap_or(&key)))
        })
    }

    pub(super) fn of_unit(&self, number: usize) -> &[Mention] {
        let start = self.mentions.partition_point(|m| m.unit < number);
        let length = self.mentions[start..].partition_point(|m| m.unit == number);
        &self.mentions[start..start + length]
    }

    /// The verb opens its clause, after "please" or the like: an order.
    pub(super) fn opens(&self, number: usize, act: &Act) -> bool {
        let judged = &self.judged[number];
        // Clauses stand in the order of the text, one behind the other.
        let clause = judged.clauses.partition_point(|c| c.end <= act.start);
        let from = judged.clauses.get(clause).filter(|c| c.start <= act.start).map_or(0, |c| c.start);
        let before = judged.between(from, act.start);
        let please = |w: &Word| matches!(w.text.as_str(), "please" | "pls" | "plz" | "kindly" | "bitte" | "merci");
        before.len() <= 2 || before.iter().rev().take(2).any(please)
    }

    /// What the ticket itself says, without its comments.
    pub(super) fn own(&self) -> impl Iterator<Item = (&Unit, &Judged<'_>)> {
        self.units.iter().zip(self.judged).filter(|(unit, _)| !matches!(unit.origin, Origin::Comment(_)))
    }

    fn title(&self, scores: &mut Scores, states: &mut Scores) {
        let mut weight = 10.0;
        let afterwards = self.afterwards();
        for (number, unit) in self.units.iter().enumerate().filter(|(_, u)| u.origin == Origin::Title) {
            let mut asked = false;
            if super::topics::periodic(&self.judged[number].words) {
                states.add(Intent::Rotate, 3.0, "how often it is done");
            }
            if let Some(intent) = self.proposed(number) {
                scores.add(intent, weight, "what the title asks and the text wants");
                asked = true;
            }
            // "The contract with X ends: drop Y": what is to go is named.
            let ordered = || self.of_unit(number).iter().any(|m| !m.identity && m.stance == Stance::Act);
            if (super::people::leaving(&unit.text) || self.departs(&unit.text)) && !ordered() {
                scores.add(Intent::Offboard, weight, "somebody who is leaving, in the title");
                asked = true;
            }
            for clause in &self.judged[number].clauses {
                if afterwards {
                    self.told(unit, clause, weight, scores);
                }
                let more = self.states_level(unit) && !self.judged[number].question;
                if more && super::changed::raises(&unit.text) {
                    scores.add(Intent::Provision, weight, "a level that it should have, in the title");
                    weight = 4.0;
                    asked = true;
                    continue;
                }
                if more || (matches!(clause.stance, Stance::Act | Stance::Neutral) && self.changed(unit, clause)) {
                    scores.add(Intent::Modify, weight, "a level in the title");
                    weight = 4.0;
                    asked = true;
                    continue;
                }
                // "Retired key X, filed afterwards": the past of such a ticket is what it asked for.
                if clause.stance != Stance::Act && !(afterwards && clause.stance == Stance::Past) {
                    continue;
                }
                for act in &clause.acts {
                    // "The key of a leaver": who leaves is told, not asked for.
                    let told = act.form == Form::Noun
                        && (self.judged[number].before(act.start).iter().rev().take(2).any(|w| tells(&w.text))
                            || self.judged[number].before(act.start).iter().rev().take(4).any(|w| w.text == "during"))
                        || (act.intent == Intent::Offboard
                            && self.judged[number]
                                .before(act.start)
                                .iter()
                                .rev()
                                .take(2)
                                .any(|w| matches!(w.text.as_str(), "after" | "once" | "when" | "until")));
                    // "incident-admin for Ruth, expires on Friday": a role has no value that could.
                    if expires(&unit.text[act.start..act.end])
                        && self.of_unit(number).iter().any(|m| (self.role)(m))
                        && unit.text[act.end..].bytes().any(|byte| byte.is_ascii_digit())
                    {
                        scores.add(Intent::Elevate, weight, "until when, in the title");
                        asked = true;
                        continue;
                    }
                    // "The last customer has left, remove X": why, and not what.
                    let why = act.intent == Intent::Offboard
                        && self.of_unit(number).iter().any(|m| !m.identity && m.start > act.end)
                        && self.judged[number].clauses.iter().flat_map(|c| &c.acts).any(|other| {
                            other.start > act.end
                                && other.form == Form::Base
                                && matches!(other.intent, Intent::Revoke | Intent::Rotate)
                        })
                        && !super::tokens::tokens(&unit.text).iter().any(|token| super::people::address(token.text));
                    let told = told || why;
                    let points = if told { 0.0 } else { self.points(number, unit, clause, act, weight) };
                    if points <= 0.0 {
                        continue;
                    }
                    let intent = self.meant(number, unit, act);
                    let said = &unit.text[act.start..act.end];
                    let because = format!("the title's \"{said}\"");
                    // "X is compromised, replace it": what it is counts where nothing is said to be done.
                    if condition(said) || expires(said) {
                        states.add(intent, points * 0.5, &because);
                        continue;
                    }
                    asked = true;
                    // "Certificate exchange", over a form that states a level: what the access is for.
                    let form = act.form == Form::Noun && self.record.fields.contains_key(&Field::Level);
                    if form && matches!(intent, Intent::Rotate | Intent::Revoke) {
                        scores.add(intent, points.min(2.0), &because);
                        continue;
                    }
                    // "Access" alone is the subject of many a ticket.
                    if matches!(said.to_lowercase().as_str(), "access" | "zugriff" | "zugang" | "accès" | "acceso") {
                        scores.add(intent, points.min(2.4), &because);
                        continue;
                    }
                    scores.add(intent, points, &because);
                    weight = 4.0;
                }
            }
            let changed = || {
                self.own().any(|(unit, judged)| {
                    matches!(unit.origin, Origin::Body(_))
                        && judged.clauses.iter().any(|clause| {
                            matches!(clause.stance, Stance::Act | Stance::Neutral)
                                && super::changed::moves_level(unit, clause)
                        })
                })
            };
            if super::lent::lends_level(&unit.text) && !self.judged[number].question {
                scores.add(Intent::Elevate, weight, "a level with its end in the title");
                continue;
            }
            // "deploy-prod for Marie, 48 hours"
            let lent = super::dates::ranges_in(&unit.text)
                || self.opens_with_length(number, unit)
                || super::lengths::lengths(&unit.text).last().is_some_and(|length| super::window::closes(unit, length));
            if !asked && lent && self.of_unit(number).iter().any(|m| !m.identity) {
                scores.add(Intent::Elevate, 5.0, "how long, in the title");
                continue;
            }
            // "lab-readonly for Lea Meier until 2026-04-30 18:00 UTC"
            if !asked
                && super::lent::lends_until(&self.judged[number])
                && self.of_unit(number).iter().any(|m| !m.identity)
            {
                scores.add(Intent::Elevate, 5.0, "until when, in the title");
                continue;
            }
            // "Someone to hold incident-admin from Friday 18:00 to Monday 08:00"
            let role = self.of_unit(number).iter().any(|m| (self.role)(m));
            // "deploy-prod for the next two hours", "can Omar have deploy-prod until 17:00?"
            let short = || {
                super::lengths::lengths(&unit.text)
                    .iter()
                    .any(|length| super::lengths::limits(&unit.text, &self.judged[number].words, length))
                    || super::lent::until(&self.judged[number])
            };
            if !asked
                && role
                && !self.judged[number].question
                && !self.judged[number].overall().spares()
                && (short() || self.lasts() || self.spans_items())
            {
                scores.add(Intent::Elevate, 5.0, "how long, of a role");
                continue;
            }
            if !asked
                && role
                && !self.judged[number].question
                && !self.judged[number].overall().spares()
                && (super::lent::spans(&unit.text)
                    || self.own().any(|(unit, judged)| {
                        matches!(unit.origin, Origin::Body(_))
                            && judged.overall() != Stance::Keep
                            && super::lent::spans(&unit.text)
                    }))
            {
                scores.add(Intent::Elevate, 5.0, "from when until when, of a role");
                continue;
            }
            if !asked && let Some(lent) = self.wants_it(number) {
                let intent = if lent { Intent::Elevate } else { Intent::Provision };
                scores.add(intent, 5.0, "what the title names, and the text needs");
                continue;
            }
            let named =
                || self.of_unit(number).iter().any(|m| !m.identity && super::levels::level_before(&unit.text, m.start));
            // "X cannot read Y" tells, unless the text asks.
            let unable =
                self.judged[number].words.iter().any(|w| matches!(w.text.as_str(), "cannot" | "can't" | "unable"));
            if !asked
                && (super::leads::leads_with_level(&unit.text) || named())
                && (!unable || self.body_asks())
                && !self.judged[number].question
                && !changed()
            {
                scores.add(Intent::Provision, 5.0, "the level that leads the title");
            }
        }
    }

    /// What a ticket that was filed afterwards tells was done.
    fn told(&self, unit: &Unit, clause: &super::stance::Clause, weight: f64, scores: &mut Scores) {
        for act in
            clause.told.iter().filter(|act| matches!(act.intent, Intent::Revoke | Intent::Rotate | Intent::Modify))
        {
            scores.add(act.intent, weight, &format!("\"{}\", filed afterwards", &unit.text[act.start..act.end]));
        }
    }

    fn body(&self, scores: &mut Scores, states: &mut Scores) {
        let mut own: BTreeMap<Intent, f64> = BTreeMap::new();
        let asked: f64 = scores.0.values().map(|(points, ..)| *points).fold(0.0, f64::max);
        let afterwards = self.afterwards();
        let open_steps =
            self.units.iter().any(|unit| unit.ticked == Some(false) && matches!(unit.origin, Origin::Body(_)));
        let bare = !self.units.iter().any(|unit| matches!(unit.origin, Origin::Body(_)));
        for (number, unit) in self.units.iter().enumerate() {
            let share = match unit.origin {
                Origin::Title => continue,
                Origin::Body(_) => 1.0,
                // Of a ticket without a text the desk's notes are the text.
                Origin::Comment(_) if asked < ENOUGH && bare => 1.0,
                // Comments tell what is asked for only where nothing else does.
                Origin::Comment(_) if asked < ENOUGH && own.values().all(|points| *points < ENOUGH) => 0.6,
                Origin::Comment(_) => continue,
            };
            if self.spared(unit) {
                continue;
            }
            // Of a list of steps, those that are open are what is still asked.
            let share = if unit.ticked == Some(true) && open_steps { share * 0.4 } else { share };
            // However often a text says it, the title and the type outweigh it.
            let mut add = |intent: Intent, points: f64, because: &str| {
                let sum = own.entry(intent).or_default();
                let more = points.min(7.0 - *sum);
                *sum += more;
                if more > 0.0 {
                    scores.add(intent, more, because);
                }
            };
            for clause in &self.judged[number].clauses {
                if afterwards && matches!(unit.origin, Origin::Body(_)) {
                    for act in &clause.told {
                        let points = match act.intent {
                            Intent::Revoke | Intent::Rotate => 3.0,
                            Intent::Provision if self.creates(number, unit, act) => 2.5,
                            _ => continue,
                        };
                        add(act.intent, points, &format!("\"{}\", filed afterwards", &unit.text[act.start..act.end]));
                    }
                }
                if matches!(clause.stance, Stance::Act | Stance::Neutral) && super::changed::moves_level(unit, clause) {
                    let points = if super::changed::from_to(&unit.text) { 7.0 } else { 5.0 };
                    add(Intent::Modify, share * points, "a level in the text");
                    continue;
                }
                if clause.stance != Stance::Act {
                    continue;
                }
                for act in &clause.acts {
                    let listed = matches!(unit.shape, Shape::Item | Shape::Row | Shape::Code);
                    let weight = match (unit.shape, act.form) {
                        (Shape::Heading, _) => 4.0,
                        (_, Form::Base) if said_offboard(&unit.text[act.start..act.end]) => 6.0,
                        (_, Form::Base) if act.modal || self.opens(number, act) => 3.0,
                        (Shape::Code, _) => 3.0,
                        (_, Form::Participle) if act.modal => 3.0,
                        (_, Form::Base) => 2.5,
                        // "Accepted when X is deleted".
                        (_, Form::Participle) if listed && self.in_the_end(unit) => 3.0,
                        (_, Form::Participle) if listed => 1.5,
                        (_, Form::Participle) => 0.3,
                        (_, Form::Noun) if act.intent == Intent::Provision && act.force == Force::Strong => 2.5,
                        (_, Form::Noun) if self.due(number, act) => 3.0,
                        (_, Form::Noun) => 0.6,
                    };
                    // "The engineer who set it up has left us. Please disable the key X": why, and not what.
                    let why = act.intent == Intent::Offboard
                        && self.body_orders()
                        && self.judged[number].before(act.start).iter().any(|w| {
                            matches!(
                                w.text.as_str(),
                                "engineer"
                                    | "intern"
                                    | "interns"
                                    | "technician"
                                    | "employee"
                                    | "employees"
                                    | "somebody"
                                    | "someone"
                            )
                        })
                        && !super::tokens::tokens(&unit.text).iter().any(|token| super::people::address(token.text));
                    // A form that states the level: what must not be had tells no change.
                    let bounds = act.intent == Intent::Modify
                        && unit.text[act.start..act.end].to_lowercase().starts_with("must not")
                        && self.record.fields.contains_key(&Field::Level);
                    let weight = if why { 1.0 } else { weight };
                    let weight = if bounds { 0.5 } else { weight };
                    let points = share * self.points(number, unit, clause, act, weight);
                    if points <= 0.0 {
                        continue;
                    }
                    let intent = self.meant(number, unit, act);
                    let said = &unit.text[act.start..act.end];
                    let because = format!("\"{said}\" in the text");
                    if condition(said) || expires(said) {
                        states.add(intent, points.min(2.5), &because);
                    } else {
                        add(intent, points, &because);
                    }
                }
            }
        }
    }

    fn spared(&self, unit: &Unit) -> bool {
        if unit.heading.is_some_and(|heading| narrates(&self.units[heading].text)) {
            return true;
        }
        [unit.lead, unit.heading].into_iter().flatten().any(|other| self.judged[other].overall().spares())
    }
}

/// "The key of a leaver", "aborted during the rotation".
fn tells(word: &str) -> bool {
    matches!(word, "of" | "from" | "former" | "during" | "after" | "before" | "despite" | "since")
}

/// The one verb that means somebody's or something's whole end.
fn said_offboard(verb: &str) -> bool {
    let lower = verb.to_lowercase();
    lower.starts_with("offboard") || lower.starts_with("off-board")
}

/// A heading over what happened: "Timeline", "What went well".
fn narrates(heading: &str) -> bool {
    let all = words(heading);
    let has = |word: &str| all.iter().any(|w| w.text == word);
    all.len() <= 6
        && (["timeline", "chronology", "zeitachse", "ablauf", "chronologie", "cronología"].iter().any(|w| has(w))
            || (has("what") && (has("happened") || has("well"))))
}

/// An intent's name, as JSON writes it.
pub(super) fn name(intent: Intent) -> &'static str {
    match intent {
        Intent::Provision => "provision",
        Intent::Modify => "modify",
        Intent::Elevate => "elevate",
        Intent::Revoke => "revoke",
        Intent::Rotate => "rotate",
        Intent::Offboard => "offboard",
        Intent::None => "none",
    }
}
