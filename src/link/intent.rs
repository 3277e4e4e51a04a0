//! What a ticket finally asks for: structured fields first, then the title, headings and the text, each weighed; a ticket that only
//! talks about keys asks for nothing.

use std::collections::BTreeMap;

use crate::model::ticket::{Field, Intent, Record};

use super::mention::Mention;
use super::nouns::{condition, expires, keyless};
use super::stance::{Act, Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::verbs::{Force, Form, Lexicon};

/// Below this, nothing is asked for.
const ENOUGH: f64 = 2.0;

/// What the reading of one ticket needs.
pub(super) struct Reading<'r> {
    pub(super) record: &'r Record,
    pub(super) units: &'r [Unit],
    pub(super) judged: &'r [Judged],
    /// In the order of their units.
    pub(super) mentions: &'r [Mention],
    pub(super) lexicon: &'r Lexicon,
    /// Whether a word is somebody who owns something: a workload.
    pub(super) workload: &'r dyn Fn(&str) -> bool,
}

/// Scores by intent: points, the words that made the first, and when these came.
#[derive(Default)]
struct Scores(BTreeMap<Intent, (f64, String, usize)>);

impl Scores {
    fn add(&mut self, intent: Intent, points: f64, words: &str) {
        let next = self.0.len();
        let entry = self.0.entry(intent).or_insert_with(|| (0.0, words.to_owned(), next));
        entry.0 += points;
    }
}

impl Reading<'_> {
    /// The intent, and why.
    pub(super) fn intent(&self, why: &mut Vec<String>) -> Intent {
        if let Some(reason) = self.only_talk() {
            why.push(format!("intent none: {reason}"));
            return Intent::None;
        }
        let mut scores = Scores::default();
        self.structure(&mut scores);
        self.title(&mut scores);
        self.body(&mut scores);
        self.keyless(&mut scores);
        // Of equal ones, what was said first.
        let mut best: Option<(Intent, f64)> = None;
        let mut ranked: Vec<_> = scores.0.iter().filter(|(_, (points, ..))| *points >= ENOUGH).collect();
        ranked.sort_by_key(|(_, (.., turn))| *turn);
        for (intent, (points, ..)) in ranked {
            if best.is_none_or(|(_, most)| *points > most) {
                best = Some((*intent, *points));
            }
        }
        let Some((intent, points)) = best else {
            why.push("intent none: nothing in it asks for a change of access".to_owned());
            return Intent::None;
        };
        let said = scores.0.get(&intent).map_or("", |(_, words, _)| words.as_str());
        why.push(format!("intent {}: {points:.1} points, first by {said}", name(intent)));
        intent
    }

    /// Whether the ticket asks for text, plans or answers only.
    fn only_talk(&self) -> Option<String> {
        let labels = ["question", "documentation", "docs", "discussion", "spike", "research", "training"];
        let label = self.record.labels.iter().find(|label| labels.contains(&label.to_lowercase().as_str()));
        let titles: Vec<(usize, &Unit)> =
            self.units.iter().enumerate().filter(|(_, u)| u.origin == Origin::Title).collect();
        let first = titles.first()?;
        let title = words(&self.record.title);
        let judged = &self.judged[first.0];
        // "Add an alert", "create a dashboard": the weak verbs of granting ask for anything.
        let first_act = judged
            .clauses
            .iter()
            .flat_map(|clause| &clause.acts)
            .filter(|act| act.force == Force::Strong || act.intent != Intent::Provision)
            .filter(|act| !expires(&first.1.text[act.start..act.end]))
            .map(|act| act.start)
            .min();
        if titles.iter().any(|(number, _)| self.judged[*number].question) {
            return Some("its title is a question".to_owned());
        }
        if let Some(label) = label.filter(|_| !self.ordered(&title)) {
            return Some(format!("it is labelled {label}"));
        }
        if let Some(talk) = judged.talk {
            let at = title.get(talk).map_or(usize::MAX, |word| word.start);
            let head = talk < 3 || self.record.title[..at.min(self.record.title.len())].trim_end().ends_with(':');
            let asks_first = first_act.is_some_and(|act| act < at);
            if head && !asks_first && !self.body_orders() {
                return Some(format!(
                    "its title is about \"{}\"",
                    title.get(talk).map_or("", |word| word.text.as_str())
                ));
            }
        }
        // "Do not revoke X": a title that only keeps, and a text that asks for nothing.
        let keeps = titles.iter().all(|(number, _)| self.judged[*number].overall() == Stance::Keep);
        (keeps && !self.body_orders()).then(|| "its title says that something is to stay".to_owned())
    }

    /// Whether a title starts with an order.
    fn ordered(&self, title: &[Word]) -> bool {
        (0..title.len().min(2)).any(|at| {
            matches!(self.lexicon.at(title, at), Some((super::verbs::Cue::Act(_, Force::Strong, Form::Base), _)))
        })
    }

    /// Whether the text, not the title, orders something done to what it names.
    fn body_orders(&self) -> bool {
        self.units.iter().enumerate().any(|(number, unit)| {
            matches!(unit.origin, Origin::Body(_))
                && self.judged[number].clauses.iter().any(|clause| {
                    clause.stance == Stance::Act
                        && clause.acts.iter().any(|act| {
                            act.form == Form::Base
                                && self.judged[number].talk.is_none()
                                && self.opens(number, act)
                                && (act.force == Force::Strong || self.object(number, clause, act))
                        })
                        && self.of_unit(number).iter().any(|m| !m.stance.spares())
                })
        })
    }

    pub(super) fn of_unit(&self, number: usize) -> &[Mention] {
        let start = self.mentions.partition_point(|m| m.unit < number);
        let length = self.mentions[start..].partition_point(|m| m.unit == number);
        &self.mentions[start..start + length]
    }

    /// The verb opens its clause, after "please" or the like: an order.
    fn opens(&self, number: usize, act: &Act) -> bool {
        let text = &self.units[number].text;
        let from = self.judged[number]
            .clauses
            .iter()
            .find(|c| c.start <= act.start && act.start < c.end)
            .map_or(0, |c| c.start);
        words(&text[from..act.start]).len() <= 2
    }

    fn structure(&self, scores: &mut Scores) {
        if let Some(request) = self.record.fields.get(&Field::RequestType) {
            self.label(request, 14.0, 6.0, "the request type", scores);
        }
        if let Some(kind) = &self.record.kind {
            self.label(kind, 8.0, ENOUGH, "the ticket's type", scores);
        }
        for label in &self.record.labels {
            self.label(label, 3.0, 1.0, "a label", scores);
        }
    }

    /// A type, catalogue item or label: its own verb, or the usual names.
    fn label(&self, label: &str, strong: f64, weak: f64, what: &str, scores: &mut Scores) {
        if let Some((intent, points)) = Self::labelled(label, strong, weak) {
            scores.add(intent, points, &format!("{what} \"{}\"", super::links::quote(label)));
        }
    }

    /// What a type, catalogue item or label asks for by itself, with its points.
    pub(super) fn labelled(label: &str, strong: f64, weak: f64) -> Option<(Intent, f64)> {
        let lower = label.to_lowercase().replace(['_', '-'], " ");
        let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
        Some(match () {
            () if has(&[
                "offboard",
                "leaver",
                "départ",
                "depart d",
                "departure",
                "austritt",
                "baja",
                "exit",
                "termination",
                "off boarding",
            ]) =>
            {
                (Intent::Offboard, strong)
            }
            () if has(&[
                "temporary",
                "temporär",
                "temporaire",
                "temporal",
                "emergency",
                "break glass",
                "elevat",
                "privileged access",
                "firefight",
                "jit",
            ]) =>
            {
                (Intent::Elevate, strong)
            }
            () if has(&["revo", "deprovision", "remov", "entzug", "retrait"]) && !lower.contains("add") => {
                (Intent::Revoke, strong)
            }
            () if has(&["rotat", "renew", "key exchange", "erneuer", "renouvel", "renova"]) => (Intent::Rotate, strong),
            () if has(&["role change", "mover", "change access", "access change", "modify access", "downgrade"]) => {
                (Intent::Modify, strong * 0.75)
            }
            () if has(&[
                "access request",
                "new access",
                "grant",
                "provision",
                "onboard",
                "joiner",
                "zugriff",
                "zugang",
                "accès",
                "acceso",
                "permission",
            ]) =>
            {
                (Intent::Provision, weak)
            }
            () => return None,
        })
    }

    fn title(&self, scores: &mut Scores) {
        let mut weight = 10.0;
        for (number, unit) in self.units.iter().enumerate().filter(|(_, u)| u.origin == Origin::Title) {
            for clause in &self.judged[number].clauses {
                if clause.stance != Stance::Act {
                    continue;
                }
                for act in &clause.acts {
                    // "The key of a leaver": who leaves is told, not asked for.
                    let told = act.form == Form::Noun && {
                        let before = words(&unit.text[..act.start]);
                        before.iter().rev().take(2).any(|w| matches!(w.text.as_str(), "of" | "from" | "former"))
                    };
                    let points = if told { 0.0 } else { self.points(number, unit, clause, act, weight) };
                    if points > 0.0 {
                        let intent = self.meant(number, unit, act);
                        // "X is compromised, replace it": what it is weighs less than what is to be done.
                        let said = &unit.text[act.start..act.end];
                        if condition(said) || expires(said) {
                            scores.add(
                                intent,
                                points * 0.5,
                                &format!("the title's \"{}\"", &unit.text[act.start..act.end]),
                            );
                            continue;
                        }
                        scores.add(intent, points, &format!("the title's \"{}\"", &unit.text[act.start..act.end]));
                        weight = 4.0;
                    }
                }
            }
        }
    }

    fn body(&self, scores: &mut Scores) {
        let mut own: BTreeMap<Intent, f64> = BTreeMap::new();
        let asked: f64 = scores.0.values().map(|(points, ..)| *points).fold(0.0, f64::max);
        for (number, unit) in self.units.iter().enumerate() {
            let share = match unit.origin {
                Origin::Title => continue,
                Origin::Body(_) => 1.0,
                // Comments tell what is asked for only where nothing else does.
                Origin::Comment(_) if asked < ENOUGH && own.values().all(|points| *points < ENOUGH) => 0.6,
                Origin::Comment(_) => continue,
            };
            if self.spared(unit) {
                continue;
            }
            for clause in self.judged[number].clauses.iter().filter(|clause| clause.stance == Stance::Act) {
                for act in &clause.acts {
                    let listed = matches!(unit.shape, Shape::Item | Shape::Row | Shape::Code);
                    let weight = match (unit.shape, act.form) {
                        (Shape::Heading, _) => 4.0,
                        (_, Form::Base) if act.modal || self.opens(number, act) => 3.0,
                        (Shape::Code, _) => 3.0,
                        (_, Form::Participle) if act.modal => 3.0,
                        (_, Form::Base) => 2.5,
                        (_, Form::Participle) if listed => 1.5,
                        (_, Form::Participle) => 0.3,
                        (_, Form::Noun) => 0.6,
                    };
                    let points = share * self.points(number, unit, clause, act, weight);
                    if points <= 0.0 {
                        continue;
                    }
                    let intent = self.meant(number, unit, act);
                    // However often a text says it, the title and the type outweigh it.
                    let sum = own.entry(intent).or_default();
                    let more = points.min(7.0 - *sum);
                    *sum += more;
                    if more > 0.0 {
                        scores.add(intent, more, &format!("\"{}\" in the text", &unit.text[act.start..act.end]));
                    }
                }
            }
        }
    }

    fn spared(&self, unit: &Unit) -> bool {
        [unit.lead, unit.heading].into_iter().flatten().any(|other| self.judged[other].overall().spares())
    }

    fn points(&self, number: usize, unit: &Unit, clause: &super::stance::Clause, act: &Act, weight: f64) -> f64 {
        // "Remove her access to X" removes; the access is what it removes.
        let removed = act.intent == Intent::Provision
            && clause.acts.iter().any(|other| other.start < act.start && other.intent != Intent::Provision);
        if removed || (expires(&unit.text[act.start..act.end]) && !self.runs_out(unit, act)) {
            return 0.0;
        }
        match act.force {
            Force::Strong => weight,
            Force::Weak if self.object(number, clause, act) => weight * 0.8,
            Force::Weak if unit.shape == Shape::Heading && self.heads_names(number) => weight * 0.8,
            Force::Weak => 0.0,
        }
    }

    /// OIDC and the like in the title retire the static credential.
    fn keyless(&self, scores: &mut Scores) {
        let title = words(&self.record.title);
        let Some(word) =
            title.iter().find(|w| keyless(&w.text) && w.text != "app" && w.text != "role" && w.text != "installation")
        else {
            return;
        };
        let removes = scores.0.contains_key(&Intent::Revoke);
        let text: Vec<Word> = title.clone();
        let instead = text.windows(2).any(|pair| pair[0].text == "instead" && pair[1].text == "of")
            || text.iter().any(|w| matches!(w.text.as_str(), "replace" | "replaces" | "static" | "statt" | "anstelle"));
        if removes || instead {
            scores.add(Intent::Revoke, 8.0, &format!("\"{}\" in the title", word.text));
        }
    }
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
