//! What words that stand for a name do to it: "remove it", "leave the latter", "all of these except the last one". They carry a
//! clause's stance to mentions before it, or to a list behind it.

use std::collections::BTreeMap;

use crate::model::ticket::Intent;

use super::links::Scene;
use super::mention::{Mention, Target};
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::words;
use super::verbs::Form;

impl Scene<'_> {
    /// "Remove it", "they will be deleted", "leave it", "the former": what such clauses say holds for what was named before them.
    pub(super) fn pronouns(&mut self) {
        let mut singled: Vec<Mention> = Vec::new();
        for number in 0..self.context.units.len() {
            let judged = &self.context.judged[number];
            // "Key 2 is not part of this. Same goes for svc-x."
            if number > 0 && same_goes(&self.context.units[number].text) {
                let stance = self.context.judged[number - 1].overall();
                for at in self.of_unit(number) {
                    self.mentions[at].stance = stance;
                }
            }
            let former = old_one(&self.context.units[number].text);
            for (index, clause) in judged.clauses.iter().enumerate() {
                let text = &self.context.units[number].text[clause.start..clause.end];
                // "The tests need the latter": no order, where something is to go.
                let needs = clause.stance == Stance::Act
                    && matches!(self.intent, Intent::Modify | Intent::Revoke)
                    && clause.acts.iter().all(|act| act.intent == Intent::Provision);
                // "Delete X and keep Y, the cluster pulls with the latter."
                let said = words(text);
                let relies = said.windows(5).any(|w| {
                    !matches!(&*w[0].text, "nobody" | "nothing" | "no")
                        && super::apart::depends(&w[1].text)
                        && matches!(&*w[2].text, "with" | "from" | "through")
                        && matches!(&*w[4].text, "latter" | "former")
                });
                self.former_and_latter(number, text, if needs || relies { Stance::Keep } else { clause.stance });
                if index == 0 {
                    let text = &self.context.units[number].text;
                    self.ordinal(number, text, judged.overall());
                }
                // A heading, and a line that introduces a list, speak of what follows.
                let unit = &self.context.units[number];
                if unit.shape == Shape::Heading || unit.text.trim_end_matches(['*', '_', ' ']).ends_with(':') {
                    continue;
                }
                if self.described(number, clause) {
                    continue;
                }
                // "They own a token with the very same name": another one, whatever is said of it.
                if clause.stance == Stance::Keep
                    && (super::spread::sets_apart(&unit.text)
                        || super::described::of_the_text(text)
                        || self.only_tells(clause, text))
                {
                    continue;
                }
                let mut here = self.of_unit(number);
                let own = self.mentions[here.clone()].iter().any(|m| m.clause == Some(index));
                if !own && clause.stance == Stance::Act {
                    singled.extend(self.singled(number, index));
                }
                if own
                    || !(clause.pronoun || former || which(text) || goes_on(clause, text))
                    || !matches!(clause.stance, Stance::Act | Stance::Keep)
                {
                    continue;
                }
                here.end =
                    here.start + self.mentions[here.clone()].partition_point(|m| m.clause.is_some_and(|c| c < index));
                // "Traffic moved to key 2, deactivate the old one": not what it is done with.
                let old = !here.is_empty()
                    && clause.stance == Stance::Act
                    && former
                    && self.mentions[here.clone()].iter().all(|m| m.instrument);
                if old {
                    let end = here.start;
                    if let Some(m) = (0..end).rev().take(20).find(|m| {
                        let m = &self.mentions[*m];
                        !m.identity && !m.instrument && m.stance != Stance::Keep && self.unit(m).origin == unit.origin
                    }) {
                        self.mentions[m].stance = Stance::Act;
                    }
                    continue;
                }
                let there = match (here.is_empty(), index) {
                    (false, _) => here,
                    // "There is one in X: leave it" speaks of its own sentence, named or not.
                    (true, 0) => self.before(number, clause.stance, text),
                    (true, _) if clause.stance == Stance::Act => self.before(number, clause.stance, text),
                    // "It is masked, so there is nothing to do about that one."
                    (true, _) if words(&unit.text).first().is_some_and(|w| w.text == "it") => {
                        self.before(number, clause.stance, &unit.text)
                    }
                    (true, _) => 0..0,
                };
                // "We moved from A to B. Remove the old secret": of their sentence the one that is left behind.
                let there = match self.mentions.get(there.start).filter(|m| former && m.instrument) {
                    Some(first) => self.of_unit(first.unit),
                    None => there,
                };
                // "B took over from A, which is to be removed": the last of them.
                let which = clause.stance == Stance::Act && which(text);
                let replaced = former && self.mentions[there.clone()].iter().any(|m| m.instrument);
                let last = there.end.saturating_sub(1);
                for m in there.filter(|m| !which || *m == last) {
                    let mention = &mut self.mentions[m];
                    // "A was rotated to B. Delete the old key."
                    if former && mention.instrument {
                        continue;
                    }
                    // "It was replaced in January, delete it": what became of it is the reason.
                    let told = mention.stance == Stance::Past
                        && clause.stance == Stance::Act
                        && (replaced
                            || mention.unit == number
                            || happened(&self.context.judged[mention.unit], mention));
                    // "Do you still need A? If not, delete it."
                    let asked = mention.stance == Stance::Example
                        && clause.stance == Stance::Act
                        && unit.text.to_lowercase().starts_with("if no")
                        && self.context.judged[mention.unit].question;
                    if mention.stance == Stance::Neutral
                        || asked
                        || told
                        || (clause.stance == Stance::Keep && mention.unit == number && !strong(judged, mention))
                    {
                        mention.stance = clause.stance;
                    }
                }
            }
        }
        // What one of them is singled out of is only where it was named.
        for one in singled {
            let Target::Known(only) = &one.target else { continue };
            for mention in self.mentions.iter_mut().filter(|m| m.unit < one.unit) {
                if matches!(&mention.target, Target::Known(of) if of.len() > 1 && of.contains(&only[0])) {
                    mention.instrument = true;
                }
            }
            let at = self.mentions.partition_point(|m| m.unit <= one.unit);
            self.mentions.insert(at, one);
        }
    }

    /// "Remove the one in globex/billing", "delete the project variable": which of the namesakes that were named before.
    fn singled(&self, number: usize, clause: usize) -> Option<Mention> {
        let own = &self.judged(number).clauses[clause];
        let text = &self.context.units[number].text;
        let object = own.acts.iter().find_map(|act| {
            let asks = matches!(act.intent, Intent::Revoke | Intent::Rotate) && act.form == Form::Base;
            let first = self.judged(number).between(own.start, act.start);
            let opens = act.modal
                || first
                    .last()
                    .is_none_or(|w| matches!(w.text.as_str(), "please" | "pls" | "so" | "kindly" | "then" | "and"));
            // "Dependabot never runs it, so that one can go."
            let that = act.intent == Intent::Revoke
                && first
                    .windows(2)
                    .any(|pair| matches!(pair[0].text.as_str(), "that" | "this") && pair[1].text == "one");
            if that {
                return Some(&text[..act.start]);
            }
            text.get(act.end..own.end).filter(|_| asks && opens).and_then(stands_for)
        })?;
        let end = self.of_unit(number).start;
        let origin = self.context.units[number].origin;
        let before = self.mentions[..end].iter().rev().take(20).find(|m| {
            let unit = self.unit(m);
            (unit.origin == origin || unit.origin == Origin::Title) && !m.identity && !m.instrument
        })?;
        let Target::Known(of) = &before.target else { return None };
        if of.len() < 2 {
            return None;
        }
        let one = self.context.singled(of, object)?;

        Some(Mention {
            unit: number,
            clause: Some(clause),
            start: own.start,
            end: own.end,
            target: Target::Known(vec![one]),
            stance: Stance::Act,
            instrument: false,
            every: false,
            ..before.clone()
        })
    }

    /// "All of these except the last one": the end (or the beginning) of the list that follows stays.
    pub(super) fn but_the_last(&mut self) {
        let mut lists: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for mention in &self.mentions {
            let Some(lead) = self.unit(mention).lead.or(self.unit(mention).heading) else { continue };
            let (first, last) = lists.entry(lead).or_insert((mention.unit, mention.unit));
            (*first, *last) = ((*first).min(mention.unit), (*last).max(mention.unit));
        }
        for (lead, (first, last)) in lists {
            let Some(except) = self.judged(lead).clauses.iter().find_map(|clause| clause.except) else { continue };
            let kept =
                words(&self.context.units[lead].text[except..]).iter().take(5).find_map(|w| match w.text.as_str() {
                    "last" | "letzte" | "letzten" | "dernier" | "dernière" | "último" | "última" => Some(last),
                    "first" | "erste" | "ersten" | "premier" | "première" | "primero" | "primera" => Some(first),
                    _ => None,
                });
            for at in kept.map_or(0..0, |unit| self.of_unit(unit)) {
                self.mentions[at].stance = Stance::Keep;
            }
        }
    }

    /// The mentions of one unit.
    pub(super) fn of_unit(&self, number: usize) -> std::ops::Range<usize> {
        let start = self.mentions.partition_point(|m| m.unit < number);
        start..start + self.mentions[start..].partition_point(|m| m.unit == number)
    }

    /// The mentions of the unit before, or of the whole list that stands before.
    fn before(&self, number: usize, stance: Stance, text: &str) -> std::ops::Range<usize> {
        let unit = &self.context.units[number];
        let starts = words(text).first().is_some_and(|w| {
                        matches!(w.text.as_str(), "it" | "they" | "these" | "those" | "both" | "this" | "that" | "leave")
        })
            // "Nothing to do there."
            || words(text).windows(4).any(|w| w[0].text == "nothing" && w[2].text == "do" && w[3].text == "there");
        // "AKIA…: used every night. Keep."
        let alone = words(text).len() <= 2 && self.context.units[number.saturating_sub(1)].line == unit.line;
        let end = self.mentions.partition_point(|m| m.unit < number);
        // "Scheduling moved to its second key. Disable it": not what it is done with.
        let own = |m: &&Mention| self.unit(m).origin == unit.origin;
        let nearest = self.mentions[..end].last().filter(own);
        let other = || self.mentions[..end].iter().rev().take(4).take_while(own).find(|m| !m.instrument && !m.identity);
        let Some(last) = nearest.filter(|m| !m.instrument).or_else(other).or(nearest) else {
            return 0..0;
        };
        let end = self.mentions[..end].iter().rposition(|m| std::ptr::eq(m, last)).map_or(end, |at| at + 1);
        // Keeping reaches back only where the sentence is about what was named: "It stays."
        if stance == Stance::Keep && !starts && !(alone && last.unit + 1 == number) {
            return 0..0;
        }
        let model = self.unit(last);
        let same = |m: &&Mention| {
            let other = self.unit(m);
            m.unit == last.unit
                || (model.shape != Shape::Prose
                    && other.shape == model.shape
                    && other.lead == model.lead
                    && other.heading == model.heading
                    && other.origin == unit.origin)
        };
        // A list is looked back at as far as somebody would.
        let length = self.mentions[..end].iter().rev().take(200).take_while(same).count();
        end - length..end
    }

    /// "The first is a leftover: take it away. The second it needs, so that one stays."
    fn ordinal(&mut self, number: usize, text: &str, stance: Stance) {
        // "The second one it got for a migration. Take it away."
        let next = self.context.judged.get(number + 1).and_then(|judged| judged.clauses.first());
        let it = next.filter(|clause| clause.stance == Stance::Act && clause.pronoun).map(|clause| clause.stance);
        let stance = if stance == Stance::Neutral { it.unwrap_or(stance) } else { stance };
        if !matches!(stance, Stance::Act | Stance::Keep) || !self.of_unit(number).is_empty() {
            return;
        }
        let all = words(text);
        let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
        let ordinals = ["first", "second", "third", "fourth", "last"];
        let Some(place) = ordinals.iter().position(|ordinal| word(0) == "the" && word(1) == *ordinal) else { return };
        let several = usize::from(matches!(word(2), "two" | "three"));
        let one = several.max(usize::from(word(2) == "one"));
        let verb = matches!(
            word(2 + one),
            "is" | "it"
                | "are"
                | "was"
                | "can"
                | "may"
                | "stays"
                | "stay"
                | "remains"
                | "remain"
                | "has"
                | "have"
                | "must"
                | "should"
                | "he"
                | "she"
                | "they"
        );
        let end = self.of_unit(number).start;
        let mut near: Vec<usize> = (0..end).rev().take(20).filter(|m| !self.mentions[*m].identity).collect();
        let Some(last) = near.first().map(|m| self.mentions[*m].unit) else { return };
        if !verb || !within(self.context.units, number, last) {
            return;
        }
        // Names of one sentence, or one below the other.
        let listed = |m: &usize| {
            let unit = self.mentions[*m].unit;
            unit == last || matches!(self.context.units[unit].shape, Shape::Item | Shape::Row | Shape::Code)
        };
        near = near
            .into_iter()
            .take_while(listed)
            .take_while(|m| within(self.context.units, number, self.mentions[*m].unit))
            .collect();
        near.reverse();
        let length = near.len();
        let count = match word(2) {
            "two" => 2,
            "three" => 3,
            _ => 1,
        };
        let from = if place == 4 { length.saturating_sub(count) } else { place };
        if !(2..=6).contains(&length) || (several > 0 && !matches!(place, 0 | 4)) || from + count > length {
            return;
        }
        for (at, m) in near.into_iter().enumerate() {
            if (from..from + count).contains(&at) {
                self.mentions[m].stance = stance;
            } else if stance == Stance::Act && self.mentions[m].stance == Stance::Neutral {
                // Of several, one is singled out.
                self.mentions[m].instrument = true;
            }
        }
    }

    fn former_and_latter(&mut self, number: usize, text: &str, stance: Stance) {
        if !matches!(stance, Stance::Act | Stance::Keep) {
            return;
        }
        let all = words(text);
        // "The first one", where "former" would be said.
        let one = |number: &str| {
            all.windows(2).any(|pair| {
                pair[0].text == number
                    && matches!(
                        pair[1].text.as_str(),
                        "one" | "path" | "out" | "away" | "off" | "from" | "entry" | "secret" | "it" | "is" | "he" | "she"
                    )
            })
                // "Remove its permission on the first."
                || matches!(&all[..], [.., the, last] if the.text == "the" && last.text == number)
        };
        for (word, first) in [
            ("former", true),
            ("latter", false),
            ("erstere", true),
            ("letztere", false),
            ("ersteres", true),
            ("letzteres", false),
            ("ersteren", true),
            ("letzteren", false),
            ("first", true),
            ("second", false),
        ] {
            if !all.iter().any(|w| w.text == word)
                || (matches!(word, "first" | "second") && !(one(word) && self.of_unit(number).is_empty()))
            {
                continue;
            }
            let end = self.of_unit(number).end;
            let near: Vec<usize> = (0..end).rev().take(50).filter(|m| !self.mentions[*m].identity).collect();
            let Some(last) = near.first().map(|m| self.mentions[*m].unit) else { return };
            // "The second one" of a text counts another's rows.
            if !within(self.context.units, number, last)
                || (matches!(word, "first" | "second")
                    && self.context.units[last].origin != self.context.units[number].origin)
            {
                return;
            }
            let mut pair: Vec<usize> = near.iter().copied().take_while(|m| self.mentions[*m].unit == last).collect();
            // Of two sentences, each may have named one.
            if pair.len() == 1 {
                let origin = self.context.units[last].origin;
                pair.extend(near.get(1).filter(|m| self.unit(&self.mentions[**m]).origin == origin));
            }
            if let (Some(b), Some(a)) = (pair.first(), pair.last())
                && a != b
            {
                let (one, other) = if first { (*a, *b) } else { (*b, *a) };
                self.mentions[one].stance = stance;
                // Of two, one is singled out.
                if stance == Stance::Act && self.mentions[other].stance == Stance::Neutral {
                    self.mentions[other].instrument = true;
                }
            }
        }
    }
}

/// Whether a sentence may say what happens to what stands elsewhere. Anybody can comment: what a comment changes of the ticket itself is
/// judged in `corrections`, by who wrote it.
pub(super) fn within(units: &[Unit], number: usize, named: usize) -> bool {
    !matches!(units[number].origin, Origin::Comment(_)) || units[number].origin == units[named].origin
}

/// "Yesterday we sent X to the vendor. Could you have it rotated?": what happened to it, and nothing that was done about it.
fn happened(judged: &Judged, mention: &Mention) -> bool {
    mention.clause.and_then(|clause| judged.clauses.get(clause)).is_some_and(|clause| clause.told.is_empty())
}

/// "Deactivate the old one".
fn old_one(text: &str) -> bool {
    words(text).windows(2).any(|pair| {
        matches!(pair[0].text.as_str(), "old" | "former" | "previous" | "first")
            && matches!(pair[1].text.as_str(), "one" | "key" | "token" | "secret")
    })
}

/// The object of a verb, where it stands for a name: "the one in …", "the project variable", "the repository's secret".
fn stands_for(behind: &str) -> Option<&str> {
    let all = words(behind);
    let noun = all.iter().take(5).position(|w| {
        matches!(w.text.as_str(), "one" | "copy" | "duplicate" | "override" | "entry" | "value")
            || super::nouns::credential_noun(&w.text)
    })?;
    all[..noun]
        .iter()
        .any(|w| matches!(w.text.as_str(), "the" | "this" | "its" | "their" | "our" | "that"))
        .then_some(())?;
    // "… in globex/billing and keep the group's".
    let stop = all[noun + 1..]
        .iter()
        .find(|w| {
            matches!(w.text.as_str(), "and" | "but" | "with" | "then" | "so" | "because" | "since" | "not" | "as")
        })
        .map_or(behind.len(), |w| w.start);
    let comma = behind[all[noun].end..].find([',', ';', '(']).map_or(behind.len(), |at| all[noun].end + at);
    behind.get(..stop.min(comma))
}

/// "The same goes for X": what the sentence before says.
fn same_goes(text: &str) -> bool {
    let lower = text.trim_start().to_lowercase();
    [
        "same goes for",
        "the same goes for",
        "same for",
        "the same for",
        "the same is true for",
        "the same applies to",
        "the same holds for",
        "likewise",
    ]
    .iter()
    .any(|words| lower.starts_with(words))
}

/// "…, which is to be removed": of what stands right before it.
fn which(text: &str) -> bool {
    words(text).first().is_some_and(|w| matches!(&*w.text, "which" | "who"))
}

/// "X was replaced in spring and should be deactivated": of what was named, without a word for it.
fn goes_on(clause: &super::stance::Clause, text: &str) -> bool {
    let joins = words(text).first().is_some_and(|w| matches!(w.text.as_str(), "and" | "und" | "et" | "y"));
    // "X is the new model and has to go on."
    joins && (clause.stance == Stance::Keep || clause.stance == Stance::Act && clause.acts.iter().any(|act| act.modal))
}

/// Whether the clause of a name, or the one that it stands behind in parentheses, orders something by itself.
fn strong(judged: &Judged, mention: &Mention) -> bool {
    use super::verbs::{Force, Form};
    let Some(own) = mention.clause else { return false };
    let clause = match judged.clauses.get(own) {
        Some(clause) if clause.aside => judged.clauses[..own].iter().rev().find(|clause| !clause.aside),
        clause => clause,
    };
    clause.filter(|clause| clause.stance == Stance::Act).is_some_and(|clause| {
        // "Update the value of X, the other is not affected by this": the verb opens its clause.
        let opens = |verb: usize| judged.between(clause.start, verb).is_empty();
        clause
            .acts
            .iter()
            .any(|act| act.force == Force::Strong || (act.form == Form::Base && (act.modal || opens(act.start))))
    })
}
