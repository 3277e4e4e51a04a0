//! From mentions to links: which of the things that a ticket names it acts on. A name under an action counts; a bare listing counts
//! where nothing else says otherwise; a name in passing counts only where there is nothing better.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::mask::masked;
use crate::model::ticket::{Intent, Link, Record, Strength};

use super::choose::{Choice, Context};
use super::listed::{accepted, aside_heading, examples, in_code, is_pair, only_names, sentence};
use super::mention::{Mention, Target};
use super::nouns::condition;
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit, field};
use super::tokens::words;
use super::verbs::Form;

/// The most characters of a quote.
const QUOTE: usize = 160;

/// A ticket's mentions, each with what is done to it.
pub(super) struct Scene<'s> {
    pub(super) record: &'s Record,
    pub(super) context: &'s Context<'s>,
    /// In the order of their units.
    pub(super) mentions: Vec<Mention>,
    /// The ticket was filed afterwards: what is past is what it asks for.
    pub(super) filed: bool,
    /// What the ticket asks for.
    pub(super) intent: Intent,
    /// Units that name something by themselves.
    pub(super) named_in: BTreeSet<usize>,
}

/// What was linked, what was not and why.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) links: BTreeMap<Id, Link>,
    /// What the text says is to stay.
    pub(super) kept: BTreeSet<Id>,
    pub(super) ambiguous: Vec<String>,
    pub(super) why: Vec<String>,
}

/// How much a mention weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Passing,
    Listed,
    Acted,
}

/// Words to quote: one line, without marks, without values of credentials, not too long. Cut last: half a value is still one.
pub(super) fn quote(line: &str) -> String {
    let plain = unmarked(line);
    let line = masked(&plain);
    let mut out = String::new();
    let mut length = 0;
    for word in line.split_whitespace() {
        let more = word.chars().count() + usize::from(!out.is_empty());
        if length + more > QUOTE {
            if out.is_empty() {
                out.extend(word.chars().take(QUOTE));
            }
            out.push('…');
            return out;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        length += more;
    }
    out
}

/// Without the ticks of code and the stars of strong type: quotes show the words as people wrote them, and words that only ticks
/// part stay apart.
fn unmarked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    while let Some(at) = rest.find(['`', '*']) {
        out.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(['`', '*']);
        if word(out.chars().next_back()) && word(rest.chars().next()) {
            out.push(' ');
        }
    }
    out.push_str(rest);
    out
}

impl Scene<'_> {
    pub(super) fn unit(&self, mention: &Mention) -> &Unit {
        &self.context.units[mention.unit]
    }

    pub(super) fn judged(&self, number: usize) -> &Judged<'_> {
        &self.context.judged[number]
    }

    /// What the ticket acts on.
    pub(super) fn link(mut self) -> Linked {
        if self.filed {
            let own = |unit: usize| matches!(self.context.units[unit].origin, Origin::Body(_));
            for mention in self.mentions.iter_mut().filter(|m| m.stance == Stance::Past && own(m.unit)) {
                mention.stance = Stance::Act;
            }
        }
        self.only_provided();
        self.pronouns();
        self.but_the_last();
        let mut out = Linked::default();
        let titled = self.titled();
        let mut weighed: Vec<(Mention, Option<Weight>)> = std::mem::take(&mut self.mentions)
            .into_iter()
            .map(|mention| {
                let weight = self.weight(&mention, titled);
                (mention, weight)
            })
            .collect();
        // "Tags through X, retire Y": what the title does it with is only told of below.
        let with: BTreeSet<usize> = weighed
            .iter()
            .filter(|(m, _)| m.instrument && !m.identity && self.unit(m).origin == Origin::Title)
            .flat_map(|(m, _)| self.chosen(m).of)
            .collect();
        if !with.is_empty() {
            for (mention, weight) in &mut weighed {
                if mention.stance == Stance::Neutral
                    && *weight == Some(Weight::Listed)
                    && self.chosen(mention).of.iter().any(|of| with.contains(of))
                {
                    *weight = Some(Weight::Passing);
                }
            }
        }
        self.set_apart(&mut weighed);
        // "X is Owner, why?", and "reduce its role" below: what is asked about is what is meant, where nothing else is named.
        if weighed.iter().all(|(mention, weight)| weight.is_none() || mention.identity) {
            let asked = |m: &Mention| {
                self.unit(m).origin == Origin::Title && m.stance == Stance::Example && self.judged(m.unit).question
            };
            for (mention, weight) in &mut weighed {
                *weight = weight.or(asked(mention).then_some(Weight::Listed));
            }
        }
        // The ticket's own words first; comments only clarify what these leave open (or correct them, in `trust`).
        let own = |m: &Mention| !matches!(self.unit(m).origin, Origin::Comment(_));
        let chosen: Vec<Choice> = weighed.iter().map(|(mention, _)| self.chosen(mention)).collect();
        for ((mention, weight), choice) in weighed.iter().zip(&chosen) {
            if weight.is_none()
                && own(mention)
                && mention.stance == Stance::Keep
                && !(self.intent == Intent::Offboard && super::effective::refuses(self.unit(mention)))
                && (choice.certain() || (self.intent == Intent::Offboard && !mention.identity))
                && !mention.every
            {
                out.kept.extend(choice.of.iter().map(|of| self.id(*of)));
            }
        }
        let mut resolved: Vec<(Mention, Weight, Choice)> = Vec::new();
        for ((mention, weight), mut choice) in weighed.into_iter().zip(chosen) {
            let Some(weight) = weight else { continue };
            // "All of these except X": what is only listed gives way to what the words keep.
            // Of an access that is asked for in the title, "it cannot do this" is why.
            let asked = matches!(self.intent, Intent::Provision | Intent::Modify | Intent::Elevate)
                && self.unit(&mention).origin == Origin::Title;
            if mention.every || (mention.stance == Stance::Neutral && weight > Weight::Passing && !asked) {
                choice.of.retain(|of| !out.kept.contains(&self.id(*of)));
            }
            if mention.every || !choice.of.is_empty() || !matches!(&mention.target, Target::Known(of) if of.len() == 1)
            {
                resolved.push((mention, weight, choice));
            }
        }
        let (body, comments): (Vec<_>, Vec<_>) = resolved.into_iter().partition(|(m, ..)| own(m));
        self.take(&body, &mut out);
        if out.links.is_empty() {
            self.take(&comments, &mut out);
        }
        out
    }

    /// "The organization provides X": where something is to go, this tells where X comes from.
    fn only_provided(&mut self) {
        if !matches!(self.intent, Intent::Revoke | Intent::Rotate | Intent::Offboard) {
            return;
        }
        let told = |mention: &Mention| {
            let unit = self.unit(mention);
            let clause = mention.clause.and_then(|clause| self.judged(mention.unit).clauses.get(clause));
            unit.shape == Shape::Prose
                && clause.is_some_and(|clause| {
                    !clause.acts.is_empty()
                        && clause.acts.iter().all(|act| {
                            act.intent == Intent::Provision && !act.modal && unit.text[..act.end].ends_with('s')
                        })
                })
        };
        let told: Vec<usize> = (0..self.mentions.len()).filter(|at| told(&self.mentions[*at])).collect();
        for at in told {
            self.mentions[at].stance = Stance::Neutral;
        }
    }

    fn id(&self, of: usize) -> Id {
        self.context.names.entities[of].id.clone()
    }

    /// Links the mentions of the highest weights.
    fn take(&self, mentions: &[(Mention, Weight, Choice)], out: &mut Linked) {
        let certain =
            |(m, _, choice): &&(Mention, Weight, Choice)| matches!(m.target, Target::Unknown(_)) || choice.certain();
        // A user's name beside anything else that is named is that user, not the key that carries the name.
        let things = mentions.iter().filter(certain).any(|(m, weight, _)| !m.identity && *weight > Weight::Passing);
        // Where all are only told of, what something is done with, or by whom, is not what is meant.
        let told = mentions.iter().filter(certain).all(|(_, weight, _)| *weight == Weight::Passing)
            && mentions.iter().filter(certain).any(|(m, ..)| !m.identity && !m.instrument);
        let counted =
            |(m, ..): &&(Mention, Weight, Choice)| !(m.identity && things) && !(told && (m.identity || m.instrument));
        let best = mentions
            .iter()
            .filter(counted)
            .filter(certain)
            .map(|(_, weight, _)| *weight)
            .max()
            .unwrap_or(Weight::Passing);
        // Somebody leaves: what goes is what that one has, and no name that is only told of.
        if self.intent == Intent::Offboard && best == Weight::Passing {
            return;
        }
        let least = if best == Weight::Passing { Weight::Passing } else { Weight::Listed };
        let acted: BTreeSet<usize> = mentions
            .iter()
            .filter(certain)
            .filter(|(_, weight, _)| *weight == Weight::Acted)
            .flat_map(|(.., choice)| choice.of.iter().copied())
            .collect();
        // A table, or what a command printed, that lists more than what is acted on shows what there is.
        let shown: BTreeSet<(Origin, Option<usize>, Option<usize>)> = mentions
            .iter()
            .filter(certain)
            .filter(|(m, weight, choice)| {
                // What is acted on by words that stand elsewhere is only shown here.
                let told = || {
                    self.unit(m).shape == Shape::Code
                        && m.stance == Stance::Act
                        && self.judged(m.unit).clauses.iter().all(|clause| clause.acts.is_empty())
                };
                (*weight == Weight::Listed || told())
                    && matches!(self.unit(m).shape, Shape::Row | Shape::Code)
                    && choice.of.iter().any(|of| acted.contains(of))
            })
            .map(|(m, ..)| self.table(m))
            .collect();
        let in_question = |(m, weight, choice): &&(Mention, Weight, Choice)| {
            *weight == Weight::Acted
                || !matches!(self.unit(m).shape, Shape::Row | Shape::Code)
                || !shown.contains(&self.table(m))
                || choice.of.iter().any(|of| acted.contains(of))
        };
        let taken: Vec<&(Mention, Weight, Choice)> =
            mentions.iter().filter(counted).filter(|(_, weight, _)| *weight >= least).filter(in_question).collect();
        // "The keys of svc-x" with a list of them means those on the list.
        let listed: BTreeSet<usize> = taken
            .iter()
            .filter(|(m, _, choice)| !m.every && choice.certain())
            .flat_map(|(.., choice)| choice.of.iter().copied())
            .collect();
        let spelled = |m: &Mention, of: &[usize]| m.every && of.iter().any(|of| listed.contains(of));
        // A name that stays open here may be told apart where it stands once more.
        let by_words = |(_, weight, choice): &&(Mention, Weight, Choice)| !choice.guessed && *weight > Weight::Passing;
        let clear: BTreeMap<&[usize], &Choice> = mentions
            .iter()
            .filter(|(.., choice)| choice.certain())
            .filter(|one| !by_words(one))
            .chain(mentions.iter().filter(|(.., choice)| choice.certain()).filter(by_words))
            .filter_map(|(m, _, choice)| match &m.target {
                Target::Known(of) => Some((&of[..], choice)),
                Target::Unknown(_) => None,
            })
            .collect();
        for (mention, _, choice) in taken.iter().filter(|(m, _, choice)| !spelled(m, &choice.of)) {
            let choice = match &mention.target {
                Target::Known(of) if (!choice.certain() || choice.guessed) && !choice.of.is_empty() => {
                    clear.get(&of[..]).copied().unwrap_or(choice)
                }
                _ => choice,
            };
            if let Target::Unknown(id) = &mention.target {
                self.add(id.clone(), mention, mention.strength, out);
            }
            for one in choice.of.iter().filter(|_| choice.certain()) {
                let entity = &self.context.names.entities[*one];
                let located =
                    entity.slot && mention.strength == Strength::Name && self.context.located(*one, mention.unit);
                let strength = if located { Strength::Slot } else { mention.strength };
                self.add(entity.id.clone(), mention, strength, out);
            }
        }
        // A name that stays open says so, unless it is one of those that are linked anyway.
        for (mention, _, choice) in taken {
            let of = &choice.of;
            let open = matches!(mention.target, Target::Known(_)) && !choice.certain();
            let Target::Known(all) = &mention.target else { continue };
            if open && !all.iter().any(|of| out.links.contains_key(&self.id(*of))) {
                let name = quote(&self.unit(mention).text[mention.start..mention.end]);
                let said = if of.is_empty() {
                    format!("\"{name}\" is named for a place or environment in which none is known")
                } else {
                    let ids: Vec<String> = of.iter().take(5).map(|of| self.id(*of).to_string()).collect();
                    format!("\"{name}\" could be {}", ids.join(" or "))
                };
                if !out.ambiguous.contains(&said) {
                    out.ambiguous.push(said);
                }
            }
        }
    }

    /// What tells a mention's table from others.
    fn table(&self, mention: &Mention) -> (Origin, Option<usize>, Option<usize>) {
        let unit = self.unit(mention);
        (unit.origin, unit.heading, unit.lead)
    }

    fn add(&self, id: Id, mention: &Mention, strength: Strength, out: &mut Linked) {
        let unit = self.unit(mention);
        let link = Link {
            credential: id.clone(),
            strength,
            field: field(self.record, unit.origin),
            quote: quote(&unit.text),
            trusted: true,
        };
        match out.links.get_mut(&id) {
            Some(known) if known.strength >= strength => {}
            Some(known) => *known = link,
            None => {
                out.why.push(format!("link {id}: {} in {}: {}", word(strength), link.field, link.quote));
                out.links.insert(id, link);
            }
        }
    }

    pub(super) fn chosen(&self, mention: &Mention) -> Choice {
        match &mention.target {
            Target::Unknown(_) => Choice::default(),
            // A unique identifier is what it is, whatever stands beside it.
            Target::Known(of) if of.len() == 1 && mention.strength > Strength::Name => Choice::of(of.clone()),
            Target::Known(of) => {
                let choice = self.context.choose(of, mention.unit, mention.clause);
                Choice { all: choice.all || mention.every, ..choice }
            }
        }
    }

    /// Whether the title says what is acted on.
    fn titled(&self) -> bool {
        self.mentions.iter().any(|m| {
            self.unit(m).origin == Origin::Title
                && m.stance == Stance::Act
                && !m.identity
                && !m.instrument
                && (matches!(m.target, Target::Unknown(_)) || self.chosen(m).certain())
        })
    }

    /// How much a mention weighs; none where the words spare it. `titled`: the title says what is acted on.
    fn weight(&self, mention: &Mention, titled: bool) -> Option<Weight> {
        let unit = self.unit(mention);
        let role = |of: &usize| self.context.names.entities[*of].kind == "role";
        if self.intent == Intent::Revoke
            && matches!(&mention.target, Target::Known(of) if of.iter().all(role))
            && super::keyless::takes_on(&unit.text)
        {
            return Some(Weight::Passing);
        }
        let told = |stance| if self.filed && stance == Stance::Past { Stance::Act } else { stance };
        // A line that says what is done to its own names says nothing of the next one, unless it ends in a colon.
        let leads = |lead: &usize| {
            let text = self.context.units[*lead].text.trim_end_matches(['*', '_', ' ']);
            text.ends_with(':') || !self.named_in.contains(lead)
        };
        let lead = unit.lead.filter(leads).map(|lead| told(self.judged(lead).overall()));
        // A form's question is no question to its answer, and the example in it is none either.
        let heading = unit.heading.map(|heading| match self.judged(heading).overall() {
            Stance::Example if !examples(&self.context.units[heading].text) => Stance::Neutral,
            stance => stance,
        });
        let in_the_end = mention.stance == Stance::Past
            && unit.shape == Shape::Item
            && [unit.lead, unit.heading].into_iter().flatten().any(|other| accepted(&self.context.units[other].text));
        if (mention.stance.spares() && !in_the_end)
            || (lead.is_some_and(Stance::spares)
                && !(unit.shape == Shape::Row && mention.stance == Stance::Act)
                && !(self.intent == Intent::Offboard
                    && unit.lead.is_some_and(|lead| super::effective::refuses(&self.context.units[lead]))))
            || heading.is_some_and(Stance::spares)
        {
            return None;
        }
        if in_the_end {
            return Some(Weight::Acted);
        }
        let ordered = || {
            mention.clause.and_then(|c| self.judged(mention.unit).clauses.get(c)).is_some_and(|clause| {
                clause.acts.iter().any(|act| {
                    // "Rotated, no effect" in a timeline tells.
                    !condition(&unit.text[act.start..act.end]) && (act.modal || act.form != Form::Participle)
                })
            })
        };
        // "PASS arn:…": a line of a log that finds nothing.
        let passed = words(&unit.text).first().is_some_and(|w| matches!(w.text.as_str(), "pass" | "passed" | "ok"));
        if unit.shape == Shape::Code && passed {
            return None;
        }
        let aside = |text: &str| aside_heading(text) || super::table::about_another(text);
        if unit.heading.is_some_and(|h| aside(&self.context.units[h].text)) && !ordered() {
            return None;
        }
        // Under a heading that asks for nothing, beside others that do, things are only told of.
        if unit.heading.is_some()
            && heading == Some(Stance::Neutral)
            && mention.stance == Stance::Neutral
            && self.other_headings_act(unit)
        {
            return Some(Weight::Passing);
        }
        // "Admin through oncall-rescue"
        let lent = matches!(self.intent, Intent::Provision | Intent::Elevate) && self.is_role(mention);
        if mention.instrument && !lent {
            return Some(Weight::Passing);
        }
        // "Only add the owner tag": done to what stands below, and not what the ticket ends or renews.
        let ends = matches!(self.intent, Intent::Revoke | Intent::Rotate | Intent::Offboard);
        let elsewhere = |number: usize| {
            let mut acts = self.judged(number).clauses.iter().flat_map(|clause| &clause.acts).peekable();
            ends && acts.peek().is_some() && acts.all(|act| act.intent == Intent::Provision)
        };
        if mention.stance == Stance::Neutral && unit.heading.is_some_and(elsewhere) {
            return Some(Weight::Passing);
        }
        // "It gets its session by assuming role X": a role has no value that could end, where its own clause ends nothing.
        let uses = ends
            && self.is_role(mention)
            && mention.clause.and_then(|c| self.judged(mention.unit).clauses.get(c)).is_some_and(|clause| {
                !clause.acts.is_empty()
                    && clause.acts.iter().all(|act| matches!(act.intent, Intent::Provision | Intent::Modify))
            });
        if uses {
            return Some(Weight::Passing);
        }
        let acted = mention.stance == Stance::Act
            || lead == Some(Stance::Act)
            || (unit.shape != Shape::Prose && heading == Some(Stance::Act));
        Some(match () {
            () if acted => Weight::Acted,
            // "Role X is there": a role has no value that could go or change, where its clause does not say so.
            () if matches!(self.intent, Intent::Revoke | Intent::Rotate)
                && unit.shape == Shape::Prose
                && self.is_role(mention) =>
            {
                Weight::Passing
            }
            () if unit.origin == Origin::Title => Weight::Listed,
            () if unit.shape == Shape::Code => {
                if in_code(unit, mention) {
                    Weight::Listed
                } else {
                    Weight::Passing
                }
            }
            () if titled && sentence(unit, mention) => Weight::Passing,
            () if unit.shape == Shape::Row || only_names(unit, mention) || is_pair(unit, mention) => Weight::Listed,
            () => Weight::Passing,
        })
    }

    fn is_role(&self, mention: &Mention) -> bool {
        matches!(&mention.target, Target::Known(of) if of.iter().all(|of| self.context.names.entities[*of].kind == "role"))
    }

    fn other_headings_act(&self, unit: &Unit) -> bool {
        self.context.acting_headings.contains(&unit.origin)
    }
}

pub(super) fn word(strength: Strength) -> &'static str {
    match strength {
        Strength::Id => "unique identifier",
        Strength::Slot => "exact locator",
        Strength::Name => "name",
        Strength::Owner => "owner",
    }
}
