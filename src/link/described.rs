//! What stands for a name without being one: a part of it, words of its line. What pronouns do stands in `pronoun`, which asks here.

use crate::model::ticket::Intent;

use super::hints::environment;
use super::links::Scene;
use super::mention::{Mention, Target};
use super::pronoun::within;
use super::stance::{Clause, Stance};
use super::text::{Origin, Shape};
use super::tokens::{Word, words};

impl Scene<'_> {
    /// "The courier key was printed, so please delete it", "the menu one stays": by a part of a name that only one of the ticket's has.
    /// Whether one of them was meant.
    pub(super) fn described(&mut self, number: usize, clause: &Clause) -> bool {
        const PLAIN: [&str; 28] = [
            "old",
            "new",
            "first",
            "second",
            "third",
            "other",
            "same",
            "leaked",
            "access",
            "api",
            "deploy",
            "service",
            "aws",
            "iam",
            "secret",
            "private",
            "public",
            "current",
            "last",
            "former",
            "latter",
            "whole",
            "right",
            "wrong",
            "only",
            "signing",
            "master",
            "remaining",
        ];
        if !matches!(clause.stance, Stance::Act | Stance::Keep)
            || !self.of_unit(number).is_empty()
            || self.mentions.is_empty()
            || self.mentions.len() > 40
        {
            return false;
        }
        if self.the_other(number, clause) || self.of_environment(number, clause) {
            return true;
        }
        let all = words(&self.context.units[number].text);
        let said = all.windows(3).find(|w| {
            w[0].text == "the"
                && w[1].text.len() > 3
                && !PLAIN.contains(&w[1].text.as_str())
                && matches!(w[2].text.as_str(), "key" | "token" | "one" | "password" | "pair")
        });
        let Some(part) = said.map(|w| w[1].text.to_string()) else {
            self.entry(number, clause.stance);
            return false;
        };
        let names = |m: &Mention| match &m.target {
            Target::Known(of) if of.len() == 1 && !m.identity => {
                let entity = &self.context.names.entities[of[0]];
                entity
                    .names
                    .iter()
                    .any(|name| name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|own| own == part))
                    .then_some(of[0])
            }
            _ => None,
        };
        // "A (dead) and B (alive). Remove the dead one."
        let told = |m: &Mention| {
            let unit = &self.context.units[m.unit];
            let rest = unit.text.get(m.end..).unwrap_or_default().trim_start_matches(['`', '*', '"', ' ']);
            let aside = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(aside, _)| aside);
            let said = aside.is_some_and(|aside| aside.len() < 60 && words(aside).iter().any(|w| *w.text == *part));
            match &m.target {
                Target::Known(of) if of.len() == 1 && said => Some(of[0]),
                _ => None,
            }
        };
        let mut found: std::collections::BTreeSet<usize> = self.mentions.iter().filter_map(names).collect();
        let by_aside = found.is_empty();
        if by_aside {
            found = self.mentions.iter().filter_map(told).collect();
        }
        let [one] = found.into_iter().collect::<Vec<_>>()[..] else {
            self.entry(number, clause.stance);
            return false;
        };
        // "Only the production one goes", but "not only the production one".
        let only = |w: &[Word<'_>]| matches!(&*w[1].text, "only" | "just") && !matches!(&*w[0].text, "not" | "nicht");
        let alone = clause.stance == Stance::Act
            && (all.windows(4).any(|w| only(w) && w[2].text == "the" && *w[3].text == *part)
                || all.first().is_some_and(|w| matches!(&*w.text, "only" | "just"))
                    && all.get(2).is_some_and(|w| *w.text == *part));
        let units = self.context.units;
        let alone = (alone || by_aside) && !matches!(units[number].origin, Origin::Comment(_));
        for mention in self.mentions.iter_mut().filter(|m| within(units, number, m.unit)) {
            let own = matches!(&mention.target, Target::Known(of) if of[..] == [one]);
            if mention.stance == Stance::Neutral && (own || (alone && mention.unit < number)) {
                mention.stance = if own { clause.stance } else { Stance::Keep };
            }
        }
        clause.stance == Stance::Act
    }

    /// "It reads kv/prod/db and kv/staging/db. Take production away": the one of an environment that the verb's object names.
    fn of_environment(&mut self, number: usize, clause: &Clause) -> bool {
        let judged = &self.context.judged[number];
        if clause.stance != Stance::Act || matches!(self.context.units[number].origin, Origin::Comment(_)) {
            return false;
        }
        let object = |act: &super::stance::Act| {
            let behind = judged.between(act.end, clause.end);
            let word =
                behind.iter().find(|w| !matches!(&*w.text, "the" | "only" | "just" | "its" | "their" | "from"))?;
            // "Only the staging one goes, production is still on keys."
            let parted = self.context.units[number]
                .text
                .get(act.end..word.start)
                .is_none_or(|between| between.contains([',', ';', ':', '.', '(', '\u{2013}', '\u{2014}']));
            if parted {
                return None;
            }
            let name = environment(&word.text);
            matches!(name, "production" | "staging" | "development" | "test").then(|| name.to_owned())
        };
        let ends = |act: &&super::stance::Act| matches!(act.intent, Intent::Revoke | Intent::Rotate | Intent::Modify);
        let Some(said) = clause.acts.iter().filter(ends).find_map(object) else { return false };
        let of = |m: &Mention| match &m.target {
            Target::Known(of) if of.len() == 1 && !m.identity => {
                let entity = &self.context.names.entities[of[0]];
                let own = entity.environment.as_deref().map(environment) == Some(said.as_str());
                (own || entity.what.split('/').any(|part| environment(part) == said)).then_some(of[0])
            }
            _ => None,
        };
        let found: std::collections::BTreeSet<usize> = self.mentions.iter().filter_map(of).collect();
        let [one] = found.into_iter().collect::<Vec<_>>()[..] else { return false };
        let units = self.context.units;
        for mention in self.mentions.iter_mut().filter(|m| !m.identity && within(units, number, m.unit)) {
            if mention.stance == Stance::Neutral {
                let own = matches!(&mention.target, Target::Known(of) if of[..] == [one]);
                mention.stance = if own { Stance::Act } else { Stance::Keep };
            }
        }
        true
    }

    /// "The workflow reads X. Delete the other.": of the two that a ticket names, the one that the sentence before is not about.
    fn the_other(&mut self, number: usize, clause: &Clause) -> bool {
        let units = self.context.units;
        // What comments say of the ticket's targets is read, and trusted or not, in `corrections`.
        if matches!(units[number].origin, Origin::Comment(_)) {
            return false;
        }
        let all = words(&units[number].text[clause.start..clause.end]);
        let Some(other) = all.windows(2).position(|pair| pair[0].text == "the" && pair[1].text == "other") else {
            return false;
        };
        let noun = |w: &Word<'_>| super::nouns::credential_noun(&w.text) || w.text == "one";
        let ends = clause.acts.iter().any(|act| matches!(act.intent, Intent::Revoke | Intent::Rotate));
        let one = |m: &Mention| match &m.target {
            Target::Known(of) if of.len() == 1 => Some(of[0]),
            _ => None,
        };
        let of: Option<std::collections::BTreeSet<usize>> = self.mentions.iter().map(one).collect();
        let before = number.checked_sub(1).filter(|before| units[*before].origin == units[number].origin);
        let said: Vec<usize> = before
            .map(|before| self.mentions[self.of_unit(before)].iter().filter_map(one).collect())
            .unwrap_or_default();
        let [kept] = said[..] else { return false };
        if !ends
            || clause.stance != Stance::Act
            || !all.get(other + 2).is_none_or(noun)
            || of.is_none_or(|of| of.len() != 2)
        {
            return false;
        }
        for mention in self.mentions.iter_mut().filter(|m| m.stance == Stance::Neutral && within(units, number, m.unit))
        {
            let own = matches!(&mention.target, Target::Known(of) if of[..] == [kept]);
            mention.stance = if own { Stance::Keep } else { Stance::Act };
        }
        true
    }

    /// "Delete the load test one": by words that only one of a list's entries has.
    fn entry(&mut self, number: usize, stance: Stance) {
        let all = words(&self.context.units[number].text);
        let one = all.iter().position(|w| matches!(w.text.as_str(), "one" | "ones"));
        // Nobody writes a list with so much beside it.
        let Some(one) = one.filter(|_| stance == Stance::Act && self.context.units.len() < 2000) else { return };
        let Some(the) = all[..one].iter().rposition(|w| w.text == "the").filter(|the| (3..=4).contains(&(one - the)))
        else {
            return;
        };
        let said: Vec<&str> = all[the + 1..one].iter().map(|w| w.text.as_str()).collect();
        let units = self.context.units;
        let has = |m: &Mention| {
            let unit = &units[m.unit];
            matches!(unit.shape, Shape::Item | Shape::Row)
                && within(units, number, m.unit)
                && words(&unit.text).windows(said.len()).any(|w| w.iter().zip(&said).all(|(a, b)| a.text == *b))
        };
        let found: Vec<usize> = (0..self.mentions.len()).filter(|at| has(&self.mentions[*at])).collect();
        if let [only] = found[..] {
            self.mentions[only].stance = stance;
        }
    }

    /// "It never changes the value", of whoever shall have an access: what is not done with it keeps nothing from being granted.
    pub(super) fn only_tells(&self, clause: &Clause, text: &str) -> bool {
        let all = words(text);
        matches!(self.intent, Intent::Provision | Intent::Elevate)
            && clause.acts.is_empty()
            && all.first().is_some_and(|w| matches!(w.text.as_str(), "it" | "they" | "he" | "she"))
            && all.get(1).is_some_and(|w| {
                matches!(w.text.as_str(), "never" | "does" | "doesn't" | "do" | "don't" | "won't" | "will")
            })
    }
}

/// "This table is not updated afterwards": what is said of the text is said of none of its names.
pub(super) fn of_the_text(text: &str) -> bool {
    words(text).windows(2).next().is_some_and(|pair| {
        matches!(pair[0].text.as_str(), "this" | "that" | "the" | "diese" | "dieser" | "cette" | "esta")
            && matches!(
                pair[1].text.as_str(),
                "table" | "list" | "report" | "overview" | "column" | "page" | "mail" | "liste" | "tabelle" | "tabla"
            )
    })
}
