//! The date from which an action holds, as comments move or state it: "we postpone: the new date is 18 May", "his last day is now 17 July".
//! What the ticket itself says stands in `effective`; who may move it is decided by whoever asks.

use jiff::Timestamp;

use crate::model::ticket::Intent;

use super::role::Role;
use super::text::Origin;
use super::tokens::{Word, says};
use super::window::{Times, end_of};

/// A date that a comment states.
pub(super) struct Moved {
    pub(super) comment: usize,
    pub(super) at: Timestamp,
    pub(super) words: String,
}

impl Times<'_> {
    /// Dates that comments state for the action, oldest first; `stated`: what the ticket says by itself.
    pub(super) fn moved(&self, stated: Option<Timestamp>) -> Vec<Moved> {
        if matches!(self.intent, Intent::Elevate | Intent::None) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            let Origin::Comment(comment) = unit.origin else { continue };
            let (own, before) = (&self.judged[number], number.checked_sub(1));
            if own.question {
                continue;
            }
            let all = &own.words;
            // "Postponed. The new date is …": in the sentence, or right before it.
            let before = before.filter(|before| self.units[*before].origin == unit.origin);
            let announced = || before.is_some_and(|before| announces(&self.judged[before].words));
            let moves = stated.is_some() && (moves(all) || announced());
            let (takes_effect, ends) = (takes_effect(all), self.intent == Intent::Offboard);
            if !moves && !takes_effect && !ends {
                continue;
            }
            let dated = self.points(number, unit).iter().rfind(|(_, role)| match role {
                Role::LastDay => ends,
                Role::Effective => takes_effect || moves,
                Role::On | Role::Other | Role::Start | Role::End => takes_effect || moves,
                Role::Deadline | Role::Happened => false,
            });
            let Some((point, role)) = dated else { continue };
            // What a comment looks back on is a note of it.
            let back = self.record.comments.get(comment).and_then(|c| c.at).is_some_and(|at| end_of(point.at) < at);
            if back || elsewhere(all) || denied(all) {
                continue;
            }
            let last = *role == Role::LastDay || (ends && !self.workload);
            let at = if point.day && last { end_of(point.at) } else { point.at };
            out.push(Moved { comment, at, words: unit.text.clone() });
        }
        out
    }
}

/// Whether words move a date.
fn moves(all: &[Word]) -> bool {
    let instead = all.iter().any(|w| matches!(&*w.text, "instead" | "stattdessen")) && all.len() < 16;
    let by = all.windows(2).any(|pair| pair[0].text == "moved" && pair[1].text == "by");
    announces(all)
        || instead
        || by
        || says(
            all,
            &[
                &["new", "date"],
                &["new", "day"],
                &["new", "last", "day"],
                &["instead", "of"],
                &["but", "on"],
                &["do", "it", "on"],
                &["do", "it", "at"],
                &["do", "this", "on"],
                &["wait", "until"],
                &["wait", "for"],
                &["it", "will", "be"],
                &["date", "is", "now"],
                &["day", "is", "now"],
                &["moves", "to"],
                &["moved", "to"],
                &["move", "to"],
                &["move", "it", "to"],
                &["move", "this", "to"],
                &["pushed", "to"],
                &["brought", "forward"],
                &["neuer", "termin"],
                &["neues", "datum"],
                &["nouvelle", "date"],
                &["nueva", "fecha"],
            ],
        )
}

/// Whether a sentence says that a date moves, which the next one states.
fn announces(all: &[Word]) -> bool {
    all.iter().any(|w| {
        ["postpon", "reschedul", "verschieb", "verschob", "report\u{e9}", "aplaz", "pospon", "pospuest"]
            .iter()
            .any(|stem| w.text.starts_with(stem))
            || matches!(w.text.as_str(), "delayed" | "deferred" | "slips" | "slipped" | "shifted" | "shifts")
    }) || says(
        all,
        &[
            &["shift", "it"],
            &["we", "shift"],
            &["moves", "back"],
            &["pushed", "back"],
            &["stays", "longer"],
            &["stays", "until"],
            &["date", "changes"],
            &["date", "changed"],
            &["date", "moves"],
            &["date", "moved"],
        ],
    )
}

/// Whether a sentence says from when something holds.
fn takes_effect(all: &[Word]) -> bool {
    all.iter().any(|w| matches!(w.text.as_str(), "effective" | "wirksam" | "efectivo" | "efectiva"))
        || says(
            all,
            &[
                &["takes", "effect"],
                &["take", "effect"],
                &["into", "effect"],
                &["in", "kraft"],
                &["prend", "effet"],
                &["not", "before"],
                &["surte", "efecto"],
            ],
        )
}

/// "Do not postpone to 20 August", "the other one moves to …": not moved, or not this.
fn denied(all: &[Word]) -> bool {
    let but = all.windows(2).any(|pair| pair[0].text == "but" && matches!(&*pair[1].text, "on" | "at"));
    let stems = ["postpon", "reschedul", "mov", "shift", "delay", "push", "defer", "wait", "chang", "verschieb"];
    let verb = |w: &Word| stems.iter().any(|stem| w.text.starts_with(stem));
    let no = |w: &Word| matches!(&*w.text, "not" | "no" | "never" | "cannot" | "nicht") || w.text.ends_with("n't");
    let negated = (0..all.len()).any(|at| no(&all[at]) && all.iter().skip(at + 1).take(3).any(verb));
    (negated && !but) || all.windows(2).any(|pair| pair[0].text == "the" && pair[1].text == "other")
}

/// What is moved is something else: a meeting, the deadline.
fn elsewhere(all: &[Word]) -> bool {
    all.iter().any(|w| {
        matches!(
            w.text.as_str(),
            "meeting" | "call" | "interview" | "party" | "deadline" | "due" | "review" | "audit" | "reminder" | "frist"
        )
    }) && !all.iter().any(|w| matches!(w.text.as_str(), "date" | "day"))
}
