//! Names that stand in a ticket only to be told apart from the one that it acts on: "`X_OLD` is what the old runner reads", where X is
//! to be renewed. What a name weighs otherwise is told by `links`.

use std::collections::{BTreeMap, BTreeSet};

use super::choose::Context;
use super::entity::Entity;
use super::links::{Scene, Weight};
use super::mention::{Mention, Target};
use super::nouns::condition;
use super::stance::{Act, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use crate::model::ticket::Intent;

/// Words by which a sentence adds to what was said of another name.
const ADDS: [&str; 15] = [
    "also",
    "too",
    "plus",
    "same",
    "both",
    "additionally",
    "likewise",
    "well",
    "neither",
    "either",
    "auch",
    "ebenso",
    "beide",
    "aussi",
    "también",
];

/// Beside so many nobody tells one apart.
const FOILS: usize = 20;

impl Scene<'_> {
    /// "Renew X. `X_OLD` is read by the old runner": what only tells of a name that is like one that is acted on tells the two apart.
    pub(super) fn set_apart(&self, weighed: &mut [(Mention, Option<Weight>)]) {
        self.told_beside(weighed);
        let one = |m: &Mention| <[usize; 1]>::try_from(self.chosen(m).of).ok().map(|[of]| of);
        let told: Vec<bool> = weighed.iter().map(|(m, _)| only_told(self.context, m, self.intent)).collect();
        let counted = |weight: &Option<Weight>| weight.is_some_and(|weight| weight > Weight::Passing);
        if !weighed.iter().zip(&told).any(|((_, weight), told)| *told && counted(weight)) {
            return;
        }
        let meant: BTreeSet<usize> = weighed
            .iter()
            .zip(&told)
            .filter(|((m, weight), told)| !**told && !m.identity && counted(weight))
            .filter(|((m, _), _)| !matches!(self.unit(m).origin, Origin::Comment(_)))
            .filter_map(|((m, _), _)| one(m))
            .collect();
        let named = weighed.iter().filter(|(m, _)| one(m).is_some_and(|of| meant.contains(&of)));
        let beside: BTreeSet<usize> = named.map(|(m, _)| m.unit).collect();
        let mut known = BTreeMap::new();
        let entity = |of: usize| &self.context.names.entities[of];
        for ((mention, weight), told) in weighed.iter_mut().zip(told) {
            let Some(of) = one(mention).filter(|of| told && counted(weight) && !meant.contains(of)) else { continue };
            // "X and X_OLD were in the log": what stands in one sentence is told together.
            if beside.contains(&mention.unit) {
                continue;
            }
            let like = || meant.iter().take(FOILS).any(|other| alike(entity(of), entity(*other)));
            if *known.entry(of).or_insert_with(like) {
                *weight = Some(Weight::Passing);
            }
        }
    }

    /// "We have B. Remove A.", "someone used B to create A. A must be revoked": beside a sentence that orders something done to what it names,
    /// another that only tells names nothing more.
    fn told_beside(&self, weighed: &mut [(Mention, Option<Weight>)]) {
        if !matches!(self.intent, Intent::Revoke | Intent::Rotate) {
            return;
        }
        let acts = |m: &Mention| {
            let clause = m.clause.and_then(|clause| self.judged(m.unit).clauses.get(clause));
            clause.map(|clause| clause.acts.as_slice()).unwrap_or_default()
        };
        let ends = |m: &Mention| acts(m).iter().any(|act| matches!(act.intent, Intent::Revoke | Intent::Rotate));
        let ordered = |(m, weight): &&(Mention, Option<Weight>)| {
            *weight == Some(Weight::Acted)
                && !m.identity
                && self.unit(m).shape == Shape::Prose
                && matches!(self.unit(m).origin, Origin::Body(_))
                && m.stance == Stance::Act
                && ends(m)
        };
        let units: BTreeSet<usize> = weighed.iter().filter(ordered).map(|(m, _)| m.unit).collect();
        let targets: Vec<Target> = weighed.iter().filter(ordered).map(|(m, _)| m.target.clone()).take(FOILS).collect();
        if units.is_empty() {
            return;
        }
        // "B was already revoked last year."
        let gone = |(m, _): &&(Mention, Option<Weight>)| {
            let clause = m.clause.and_then(|clause| self.judged(m.unit).clauses.get(clause));
            // Anybody can comment.
            m.stance == Stance::Past
                && !matches!(self.unit(m).origin, Origin::Comment(_))
                && clause.is_some_and(|clause| {
                    clause.told.iter().any(|act| matches!(act.intent, Intent::Revoke | Intent::Rotate))
                })
        };
        let gone: Vec<Target> = weighed.iter().filter(gone).map(|(m, _)| m.target.clone()).take(FOILS).collect();
        // "X moved", and below: "Y is to be deleted, everything reads X now".
        let told = |(m, _): &&(Mention, Option<Weight>)| m.instrument && matches!(self.unit(m).origin, Origin::Body(_));
        let read: Vec<Target> = weighed.iter().filter(told).map(|(m, _)| m.target.clone()).take(FOILS).collect();
        for (mention, weight) in weighed.iter_mut().filter(|(m, weight)| weight.is_some() && !m.identity) {
            let titled = self.unit(mention).origin == Origin::Title && mention.stance != Stance::Act;
            if mention.stance == Stance::Neutral && gone.contains(&mention.target) && !targets.contains(&mention.target)
            {
                *weight = Some(Weight::Passing);
                continue;
            }
            if titled && read.contains(&mention.target) && !targets.contains(&mention.target) {
                *weight = Some(Weight::Passing);
                continue;
            }
            let unit = self.unit(mention);
            let tells = mention.stance == Stance::Neutral
                || (mention.stance == Stance::Act && !acts(mention).is_empty() && !ends(mention));
            if tells
                && unit.shape == Shape::Prose
                && matches!(unit.origin, Origin::Body(_))
                && !units.contains(&mention.unit)
                && !targets.contains(&mention.target)
                && sentence_about(unit, mention)
            {
                *weight = Some(Weight::Passing);
            }
        }
    }
}

/// A sentence with its own full stop that neither adds to a list nor says that something is wrong with what it names.
fn sentence_about(unit: &Unit, mention: &Mention) -> bool {
    let all = words(&unit.text);
    let beside = all.iter().filter(|w| w.start < mention.start || w.start >= mention.end).count();
    let adds = |w: &Word| {
        matches!(
            &*w.text,
            "also" | "too" | "plus" | "same" | "both" | "well" | "and" | "likewise" | "affected" | "auch" | "aussi"
        ) || ["leak", "expos", "compromis", "unused", "stale", "expir", "publi", "found"]
            .iter()
            .any(|stem| w.text.starts_with(stem))
    };
    // "The same job as B."
    let before: Vec<&Word> = all.iter().filter(|w| w.start < mention.start).collect();
    let compared = before.last().is_some_and(|w| matches!(&*w.text, "as" | "like" | "than"));
    if compared && unit.text.trim_end().ends_with('.') {
        return true;
    }
    beside >= 2
        && unit.text.trim_end().ends_with('.')
        && !unit.text[..mention.start].contains([':', '|'])
        && !all.iter().any(adds)
}

/// Whether two are told apart by a part of their names only: `DEPLOY_KEY` and `DEPLOY_KEY_OLD`.
fn alike(one: &Entity, other: &Entity) -> bool {
    let (one, other) = (parts(one), parts(other));
    // `secret/booking/smtp` and `legacy/booking/smtp`.
    let moved = |a: &[String], b: &[String]| a.len() > 2 && a.len() == b.len() && a[0] != b[0] && a[1..] == b[1..];
    one.iter().any(|a| other.iter().any(|b| a != b && (within(a, b) || within(b, a) || moved(a, b))))
}

/// The parts of each of its names.
fn parts(entity: &Entity) -> Vec<Vec<String>> {
    let own = if entity.slot { Some(entity.what.as_str()) } else { None };
    let names = own.into_iter().chain(entity.names.iter().map(String::as_str));
    names
        .map(|name| {
            let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
            parts.map(str::to_lowercase).collect()
        })
        .collect()
}

/// Whether all parts of the shorter are in the longer, in their order.
fn within(shorter: &[String], longer: &[String]) -> bool {
    let mut rest = longer.iter();
    !shorter.is_empty() && shorter.len() < longer.len() && shorter.iter().all(|part| rest.any(|other| other == part))
}

/// Whether a sentence only tells something of a name: nothing that is asked for stands beside it.
fn only_told(context: &Context<'_>, mention: &Mention, intent: Intent) -> bool {
    let (unit, judged) = (&context.units[mention.unit], &context.judged[mention.unit]);
    let Some(clause) = mention.clause.and_then(|clause| judged.clauses.get(clause)) else { return false };
    // To be of no use any more asks for an end, and for no new value.
    let idle = |act: &Act| {
        let elsewhere =
            !matches!(act.intent, Intent::Revoke | Intent::Rotate | Intent::Offboard) && act.intent != intent;
        elsewhere
            || intent == Intent::Rotate && {
                let said = unit.text[act.start..act.end].to_lowercase();
                condition(&said) || said.contains("leftover")
            }
    };
    // "The variable is X": what it is about.
    let before = judged.before(mention.start);
    let is = before.split_last().is_some_and(|(last, rest)| {
        matches!(last.text.as_str(), "is" | "ist" | "est" | "es" | "called" | "named")
            && rest.last().is_some_and(|w| super::nouns::credential_noun(&w.text) || w.text == "it" || w.text == "name")
    });
    matches!(unit.origin, Origin::Body(_))
        && !is
        && unit.shape == Shape::Prose
        && clause.acts.iter().all(idle)
        && judged.words.len() >= 4
        && !judged.words.iter().any(|word| ADDS.contains(&word.text.as_str()))
}
