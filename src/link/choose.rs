//! Which of several namesakes is meant: by the repository, environment, account, system or kind that the words around a name give, the
//! nearest words first. What no word decides stays ambiguous.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use crate::model::Id;

use super::entity::Entity;
use super::hints::{Hints, environment};
use super::index::Names;
use super::spread::{Spread, both, everywhere, joined, same_place, sets_apart, singles_out};
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::words;

/// So many units that join places are looked at; nobody writes more.
const JOINS: usize = 16;

/// Among more nobody singles one out by a word.
const NAMESAKES: usize = 200;

/// Which of several namesakes is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Empty where the words say that it is none of them; several where nothing decides.
    pub(super) of: Vec<usize>,
    /// All of them are meant: "in both repositories".
    pub(super) all: bool,
    /// No word decided: the one of the ticket's own repository.
    pub(super) guessed: bool,
}

impl Choice {
    pub(super) fn of(of: Vec<usize>) -> Self {
        Self { of, all: false, guessed: false }
    }

    /// Whether it is known what is meant.
    pub(super) fn certain(&self) -> bool {
        self.of.len() == 1 || (self.all && !self.of.is_empty())
    }
}

/// "Dependabot succeeds with its own copy, so it must be the Actions secret X": what stands beside the part that tells of another one.
fn apart(text: &str, names: &Names) -> Option<String> {
    if !sets_apart(text) {
        return None;
    }
    let names_one = |part: &str| {
        super::tokens::tokens(part)
            .into_iter()
            .any(|token| super::tokens::parts(token).iter().any(|part| !names.named(part.text).is_empty()))
    };
    let parts: Vec<&str> = text.split_inclusive([',', ';']).collect();
    let other = |part: &&str| sets_apart(part) && !names_one(part);
    if !parts.iter().any(other) {
        return None;
    }
    Some(parts.into_iter().filter(|part| !other(part)).collect())
}

/// A unit, its clause, and among whom is chosen.
type Asked = (usize, Option<usize>, Vec<usize>);

/// A ticket's hints, by how near they stand to a name.
pub(super) struct Context<'c> {
    pub(super) units: &'c [Unit],
    pub(super) judged: &'c [Judged<'c>],
    pub(super) names: &'c Names,
    /// Of the title, of structured fields, of the whole text.
    pub(super) title: Hints,
    pub(super) fields: Hints,
    pub(super) whole: Hints,
    /// Of the sentences that order something.
    ordered: Hints,
    pub(super) repository: Option<String>,
    /// Of each unit's clauses.
    clauses: Vec<Vec<Hints>>,
    /// Units that join places, environments or kinds: "as an Actions and as a Dependabot secret".
    joins: Vec<usize>,
    /// The texts in which a heading asks for something.
    pub(super) acting_headings: BTreeSet<Origin>,
    /// What was chosen among whom in which unit and clause: a sentence may name the same things a hundred times.
    known: RefCell<HashMap<Asked, Choice>>,
}

impl<'c> Context<'c> {
    pub(super) fn new(
        units: &'c [Unit],
        judged: &'c [Judged<'c>],
        names: &'c Names,
        fields: &str,
        repository: Option<&str>,
    ) -> Self {
        let mut context = Self {
            units,
            judged,
            names,
            title: Hints::default(),
            fields: Hints::of(fields, names),
            whole: Hints::default(),
            ordered: Hints::default(),
            repository: repository.map(str::to_lowercase),
            joins: Vec::new(),
            known: RefCell::default(),
            clauses: units
                .iter()
                .zip(judged)
                .map(|(unit, judged)| {
                    // What somebody else wrote of their own places tells nothing of ours.
                    let cited = super::clauses::quoted(&unit.text);
                    let inside = |at: usize| cited.iter().any(|range| range.len() > 20 && range.contains(&at));
                    let own = |from: usize, to: usize| -> String {
                        unit.text[from..to]
                            .char_indices()
                            .filter(|(at, _)| !inside(from + at))
                            .map(|(_, c)| c)
                            .collect()
                    };
                    let hints = |from: usize, to: usize| match cited.is_empty() {
                        true => Hints::of(&unit.text[from..to], names),
                        false => Hints::of(&own(from, to), names),
                    };
                    let hints = |from: usize, to: usize| match apart(&unit.text[from..to], names) {
                        Some(rest) => Hints::of(&rest, names),
                        None => hints(from, to),
                    };
                    judged.clauses.iter().map(|c| hints(c.start, c.end)).collect()
                })
                .collect(),
            acting_headings: units
                .iter()
                .zip(judged)
                .filter(|(unit, judged)| unit.shape == Shape::Heading && judged.overall() == Stance::Act)
                .map(|(unit, _)| unit.origin)
                .collect(),
        };
        for (number, unit) in units.iter().enumerate() {
            if matches!(unit.origin, Origin::Comment(_)) {
                continue;
            }
            let hints = context.unit(number, None);
            if unit.origin == Origin::Title {
                context.title.add(&hints);
            }
            if context.joins.len() < JOINS && hints.several() && joined(&unit.text) {
                context.joins.push(number);
            }
            context.whole.add(&hints);
            if matches!(unit.origin, Origin::Body(_)) {
                let ordered = judged[number].clauses.iter().zip(&context.clauses[number]);
                for (_, hints) in ordered.filter(|(clause, _)| clause.stance == Stance::Act) {
                    context.ordered.add(hints);
                }
            }
        }
        context
    }

    /// Hints of a unit's clauses that do not spare what they name, or of one clause.
    fn unit(&self, number: usize, clause: Option<usize>) -> Hints {
        let mut hints = Hints::default();
        for (index, part) in self.judged[number].clauses.iter().enumerate() {
            // "(motion-planner has one of its own)": another one.
            let of = |part: &super::stance::Clause| sets_apart(&self.units[number].text[part.start..part.end]);
            let before = index.checked_sub(1).and_then(|before| self.judged[number].clauses.get(before));
            if part.aside && (of(part) || before.is_some_and(of)) {
                continue;
            }
            let wanted = clause.is_none_or(|clause| {
                // What stands in parentheses behind a clause belongs to it.
                index == clause || (part.aside && index == clause + 1)
            });
            // What a clause says of its own name is about that, whatever became of it.
            let own = clause == Some(index) && part.stance == Stance::Past;
            if wanted && (own || !matches!(part.stance, Stance::Keep | Stance::Past)) {
                hints.add(&self.clauses[number][index]);
            } else if wanted && part.stance == Stance::Keep {
                // "The one for staging was in a screenshot, production is not affected."
                let text = &self.units[number].text[part.start..part.end];
                if let Some((front, _)) = text.rsplit_once(", ").filter(|(front, _)| singles_out(front)) {
                    hints.add(&Hints::of(front, self.names));
                }
            }
        }
        hints
    }

    /// Chooses among namesakes.
    pub(super) fn choose(&self, of: &[usize], number: usize, clause: Option<usize>) -> Choice {
        let key = (number, clause, of.to_vec());
        if let Some(choice) = self.known.borrow().get(&key) {
            return choice.clone();
        }
        let choice = self.choose_anew(of, number, clause);
        self.known.borrow_mut().insert(key, choice.clone());
        choice
    }

    fn choose_anew(&self, of: &[usize], number: usize, clause: Option<usize>) -> Choice {
        let unit = &self.units[number];
        let near = self.unit(number, clause);
        let mut left = of.to_vec();
        if left.len() == 1 {
            let entity = &self.names.entities[left[0]];
            // A path is one place, whatever is said of the keys in it.
            if entity.kind == "kv" && self.named_by_path(entity, unit) {
                return Choice::of(left);
            }
            // One is known, and its own clause speaks of another place or environment: that one is not known.
            return Choice::of(if near.fit(entity, false).is_some() { left } else { Vec::new() });
        }
        // "Path x, key y", where several keys of one path are known.
        let key = |of: &&usize| {
            let what = &self.names.entities[**of].what;
            // "Key: pin" may stand in the next line.
            let below = self.units.get(number + 1).filter(|next| {
                next.origin == unit.origin
                    && words(&next.text).first().is_some_and(|w| matches!(w.text.as_str(), "key" | "field"))
            });
            what.split_once('#').is_some_and(|(_, key)| {
                let here = |text: &str| words(text).iter().any(|w| w.text.eq_ignore_ascii_case(key));
                here(&unit.text) || below.is_some_and(|next| here(&next.text))
            })
        };
        if let [one] = left.iter().filter(key).collect::<Vec<_>>()[..] {
            return Choice::of(vec![*one]);
        }
        // "Use the org's X, delete ours".
        let ours = || words(&unit.text).iter().any(|w| w.text == "ours");
        if let Some(own) = self.own(&left).filter(|own| own.len() == 1 && ours()) {
            return Choice::of(own);
        }
        let whole_unit = self.unit(number, None);
        // "Token 19 of this project".
        if let Some(own) = self.own(&left).filter(|_| near.here || (whole_unit.here && !near.above)) {
            left = own;
            if left.len() == 1 {
                return Choice::of(left);
            }
        }
        // "Delete Y from the same environment": as the line before it says.
        let before = same_place(&unit.text).then(|| {
            let own = |before: &usize| self.units[*before].origin == unit.origin;
            let hints = (0..number).rev().take(4).take_while(own).map(|before| self.unit(before, None));
            hints.into_iter().find(|hints| !hints.places.is_empty() || !hints.environments.is_empty())
        });
        let same = before.flatten().unwrap_or_default();
        let mut around = Hints::default();
        for other in [unit.lead, unit.heading].into_iter().flatten() {
            around.add(&self.unit(other, None));
        }
        let mut line = Hints::default();
        for (other, neighbour) in self.units.iter().enumerate().skip(number.saturating_sub(3)).take(7) {
            // "Attention, acme/b has one of the same number" tells where another one is.
            let apart = || other != number && sets_apart(&neighbour.text);
            if neighbour.origin == unit.origin && neighbour.line == unit.line && !apart() {
                line.add(&self.unit(other, None));
            }
        }
        for (nearest, hints) in [
            (true, &near),
            (true, &whole_unit),
            (false, &same),
            (false, &line),
            (false, &around),
            (false, &self.title),
            (false, &self.fields),
        ] {
            let fitting = self.best(&left, hints);
            if fitting.is_empty() && nearest {
                return Choice::default();
            }
            if !fitting.is_empty() {
                left = fitting;
            }
            if left.len() == 1 {
                return Choice::of(left);
            }
            if nearest && self.each_named(&left, hints, &self.units[number].text) {
                return Choice { of: left, all: true, guessed: false };
            }
        }
        let mut guessed = false;
        if let Some(own) = self.own(&left) {
            guessed = own.len() == 1;
            left = own;
        }
        // "Please update the Actions secret of this repo": what is ordered, below a title that names it.
        let fitting = self.best(&left, &self.ordered);
        if left.len() > 1 && fitting.len() == 1 {
            return Choice::of(fitting);
        }
        // "Production only; the one of staging is public anyway."
        if left.len() > 1 {
            let own = self.units.iter().take(JOINS).filter(|other| matches!(other.origin, Origin::Body(_)));
            let said = own.filter_map(|other| super::spread::only(&other.text)).next();
            let fitting = said.map(|said| self.best(&left, &Hints::of(said, self.names))).unwrap_or_default();
            if fitting.len() == 1 {
                return Choice::of(fitting);
            }
        }
        if left.len() > 1 {
            let fitting = self.best(&left, &self.whole);
            if !fitting.is_empty() {
                left = fitting;
            }
        }
        let below = || {
            let own = self.units.iter().take(JOINS).filter(|other| matches!(other.origin, Origin::Body(_)));
            let mut short = own.filter(|other| unit.origin == Origin::Title && words(&other.text).len() < 7);
            short.find_map(|other| everywhere(&other.text))
        };
        let spread = everywhere(&unit.text).or_else(below).is_some_and(|by| {
            let first = left.first().map(|of| &self.names.entities[*of]);
            let each = |by: &dyn Fn(&Entity) -> bool| left.iter().all(|of| by(&self.names.entities[*of]));
            let place = |e: &Entity| e.environment.is_some() && first.is_some_and(|first| e.place == first.place);
            let kind = |e: &Entity| e.of_repository() && first.is_some_and(|first| e.kind == first.kind);
            match by {
                Spread::Environments => each(&place),
                Spread::Places => each(&kind),
                Spread::All => each(&place) || each(&kind),
            }
        });
        let all = left.len() > 1
            && (spread
                || (left.len() == 2 && self.both(unit))
                || self.joins.iter().any(|join| {
                    let text = &self.units[*join].text;
                    self.each_named(&left, &self.unit(*join, None), text)
                }));
        Choice { of: left, all, guessed }
    }

    /// Whether a unit names something by its whole path.
    fn named_by_path(&self, entity: &Entity, unit: &Unit) -> bool {
        let path = entity.what.split('#').next().unwrap_or_default();
        path.contains('/') && unit.text.to_lowercase().contains(&path.to_lowercase())
    }

    /// The one of several namesakes that words single out.
    pub(super) fn singled(&self, of: &[usize], words: &str) -> Option<usize> {
        match self.best(of, &Hints::of(words, self.names))[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The one of several that an answer names by its place or environment, also by the last part of a place alone.
    pub(super) fn answers(&self, of: &[usize], text: &str) -> Option<usize> {
        self.singled(of, text).or_else(|| {
            let all = words(text);
            let said = |name: &str| all.iter().any(|w| w.text.strip_suffix("'s").unwrap_or(&w.text) == name);
            let named = of.iter().copied().filter(|of| {
                let entity = &self.names.entities[*of];
                let place = entity.place.as_deref().map(|place| place.rsplit('/').next().unwrap_or(place));
                let own = entity.environment.as_deref().map(environment);
                place.is_some_and(said) || own.is_some_and(|own| all.iter().any(|w| environment(&w.text) == own))
            });
            <[usize; 1]>::try_from(named.collect::<Vec<_>>()).ok().map(|[one]| one)
        })
    }

    /// Another one of the same name and kind that words single out: "the token of that name in globex/billing".
    pub(super) fn namesake(&self, id: &Id, of: &[usize], words: &str) -> Option<Id> {
        let one = (of.len() > 1).then(|| self.singled(of, words)).flatten()?;
        Some(&self.names.entities[one].id).filter(|one| *one != id).cloned()
    }

    /// Those of its kind that share a name with one, itself among them.
    pub(super) fn namesakes(&self, id: &Id) -> Vec<usize> {
        let all = &self.names.entities;
        let Some(own) = all.iter().find(|entity| entity.id == *id) else { return Vec::new() };
        let same = |name: &str| own.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        let alike = |at: &usize| all[*at].kind == own.kind && all[*at].names.iter().any(|name| same(name));
        (0..all.len()).filter(alike).take(NAMESAKES).collect()
    }

    /// Those of the ticket's own repository, where there are any.
    fn own(&self, of: &[usize]) -> Option<Vec<usize>> {
        let repository = self.repository.as_ref()?;
        let own = of.iter().copied().filter(|of| self.names.entities[*of].place.as_ref() == Some(repository));
        Some(own.collect()).filter(|own: &Vec<usize>| !own.is_empty())
    }

    /// "In both places", where the name stands or behind it.
    fn both(&self, unit: &Unit) -> bool {
        let text = self.units.iter().filter(|other| !matches!(other.origin, Origin::Comment(_))).take(JOINS);
        both(&unit.text) || (unit.origin == Origin::Title && text.into_iter().any(|other| both(&other.text)))
    }

    /// "In production and staging", "as Actions and as Dependabot secret": each of them is named by what tells it from the others.
    fn each_named(&self, of: &[usize], hints: &Hints, text: &str) -> bool {
        if !joined(text) {
            return false;
        }
        let entities: Vec<&Entity> = of.iter().map(|of| &self.names.entities[*of]).collect();
        let told = |by: &dyn Fn(&Entity) -> Option<String>| {
            let values: Option<BTreeSet<String>> = entities.iter().map(|entity| by(entity)).collect();
            values.is_some_and(|values| values.len() == entities.len())
        };
        told(&|e| e.place.clone().filter(|place| hints.places.contains(place) || hints.near_places.contains(place)))
            || told(&|e| {
                let own = environment(e.environment.as_deref()?).to_owned();
                hints.environments.contains(&own).then_some(own)
            })
            || told(&|e| e.account.clone().filter(|account| hints.accounts.contains(account)))
            || told(&|e| hints.kinds.contains(e.kind.as_str()).then(|| e.kind.clone()))
    }

    /// Chooses among namesakes that a structured field names.
    pub(super) fn choose_for_field(&self, of: &[usize], value: &str) -> Vec<usize> {
        let mut left = of.to_vec();
        let own = Hints::of(value, self.names);
        for hints in [&own, &self.fields, &self.title, &self.whole] {
            let fitting = self.best(&left, hints);
            if !fitting.is_empty() {
                left = fitting;
            }
        }
        left
    }

    fn best(&self, of: &[usize], hints: &Hints) -> Vec<usize> {
        let scored: Vec<(usize, u32)> =
            of.iter().filter_map(|of| Some((*of, hints.fit(&self.names.entities[*of], true)?))).collect();
        let best = scored.iter().map(|(_, score)| *score).max().unwrap_or(0);
        scored.into_iter().filter(|(_, score)| *score == best).map(|(of, _)| of).collect()
    }

    /// Whether words near a name give the place that a slot's id names, so that the name is an exact locator.
    pub(super) fn located(&self, of: usize, number: usize) -> bool {
        let entity = &self.names.entities[of];
        let unit = &self.units[number];
        let mut hints = self.unit(number, None);
        for other in [unit.lead, unit.heading].into_iter().flatten() {
            hints.add(&self.unit(other, None));
        }
        hints.add(&self.title);
        let Some(place) = &entity.place else { return false };
        hints.places.contains(place)
            || self.whole.places.contains(place)
            || self.repository.as_ref() == Some(place)
            || (!entity.of_repository() && hints.above)
    }
}
