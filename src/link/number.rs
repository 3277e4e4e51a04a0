//! Ids that are mere numbers: `token 77 of acme/payments`, a table's cell, `(id 92)`. A number alone is nothing; it needs a noun of
//! its kind or the word "id", and a place or nobody else with that number.

use std::collections::{HashMap, HashSet};

use crate::model::ticket::Strength;

use super::entity::Entity;
use super::index::Names;
use super::text::{Origin, Shape, Unit};
use super::tokens::{Token, Word};

/// Numbers in a unit that denote something known: place, what it can be, and how surely.
pub(super) fn find(
    number: usize,
    units: &[Unit],
    words: &[Word],
    tokens: &[Token<'_>],
    names: &Names,
) -> Vec<(usize, usize, Vec<usize>, Strength)> {
    let unit = &units[number];
    let known = |token: &Token<'_>| {
        let digits = token.text.trim_start_matches('#');
        (1..=12).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !names.numbered(digits).is_empty()
    };
    if !tokens.iter().any(known) {
        return Vec::new();
    }
    let words = &super::tokens::unhyphened(words)[..];
    let mut around: Option<Around<'_>> = None;
    let mut out: Vec<(usize, usize, Vec<usize>, Strength)> = Vec::new();
    let mut said: HashMap<usize, Said> = HashMap::new();
    for token in tokens {
        let digits = token.text.trim_start_matches('#');
        if digits.is_empty() || digits.len() > 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let known = names.numbered(digits);
        if known.is_empty() {
            continue;
        }
        let at = words.partition_point(|word| word.end <= token.start);
        let back = |n: usize| at.checked_sub(n).map(|i| words[i].text.as_str()).unwrap_or_default();
        let by_id = matches!(back(1), "id" | "ids" | "nr" | "no" | "nº" | "number" | "nummer" | "número" | "numéro")
            || (matches!(back(1), "is" | "nr") && back(2) == "id");
        let alone = unit.shape == Shape::Row && cell_alone(&unit.text, token);
        // "tokens 77 and 78": a number beside one that counted.
        let chained = matches!(back(1), "and" | "und" | "et" | "y" | "or")
            && out.last().is_some_and(|last| at >= 2 && words[at - 2].end == last.1)
            || out.last().is_some_and(|last| unit.text[last.1..token.start].trim() == ",");
        let candidates: Vec<usize> = known
            .iter()
            .copied()
            .filter(|of| {
                let entity = &names.entities[*of];
                let beside = noun_before(entity, words, at);
                let paren = unit.text[..token.start].trim_end_matches(['#', ' ']).ends_with('(')
                    && named_before(entity, words, at);
                let somewhere = {
                    let said = said.entry(*of).or_insert_with(|| Said::of(entity, unit, words, tokens));
                    said.noun || said.place || said.provider
                };
                // "Personal access token glab cli (83)".
                let bracketed = || {
                    unit.text[..token.start].ends_with('(')
                        && unit.text[token.end()..].starts_with(')')
                        && full_noun_in(entity, &words[..at])
                };
                beside
                    || paren
                    || bracketed()
                    || ((by_id || alone || chained) && somewhere)
                    || (leads(unit, token, digits)
                        && around.get_or_insert_with(|| Around::of(number, units)).speaks_of(entity))
            })
            .collect();
        let specific: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|of| {
                said.entry(*of).or_insert_with(|| Said::of(&names.entities[*of], unit, words, tokens)).full_noun
            })
            .collect();
        let candidates = if specific.is_empty() { candidates } else { specific };
        let placed: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|of| said.entry(*of).or_insert_with(|| Said::of(&names.entities[*of], unit, words, tokens)).place)
            .collect();
        let (of, strength) = match (&placed[..], &candidates[..]) {
            ([_], _) => (placed, Strength::Id),
            ([], []) => continue,
            ([], _) => (candidates, Strength::Id),
            _ => (placed, Strength::Id),
        };
        out.push((token.start, token.end(), of, strength));
    }
    out
}

/// "Key 1 is not in use", of the user that the title or the lines before name. A user in the same sentence is read in `beside`.
pub(super) fn keys(number: usize, units: &[Unit], words: &[Word], names: &Names) -> Vec<(usize, usize, usize)> {
    /// Lines before in which the user is looked for.
    const REACH: usize = 8;
    let unit = &units[number];
    let said = |at: usize| -> Option<&str> {
        let [key, digit] = words.get(at..at + 2)? else { return None };
        let one = digit.text.len() == 1 && digit.text.bytes().all(|b| b.is_ascii_digit());
        let of =
            words.get(at + 2).is_some_and(|w| matches!(w.text.as_str(), "of" | "from" | "for" | "belonging" | "von"));
        // "The second key".
        let ordinal = ["first", "second", "third"].iter().position(|word| key.text == *word);
        if let Some(at) = ordinal.filter(|_| digit.text == "key" && !of) {
            return Some(["1", "2", "3"][at]);
        }
        (key.text == "key" && one && !of).then_some(digit.text.as_str())
    };
    let mut out = Vec::new();
    for at in 0..words.len() {
        let Some(digit) = said(at) else { continue };
        let near = units[..number]
            .iter()
            .enumerate()
            .rev()
            .filter(|(other, u)| u.origin == Origin::Title || (u.origin == unit.origin && other + REACH >= number));
        let found = near.take(2 * REACH).map(|(_, u)| u).chain([unit]).find_map(|near| {
            let keys: HashSet<usize> = super::tokens::tokens(&near.text)
                .iter()
                .flat_map(|token| {
                    let name = format!("{} key {digit}", token.text.to_lowercase());
                    let of = names.named(token.text).iter().map(|name| name.of);
                    of.filter(move |of| {
                        let entity = &names.entities[*of];
                        entity.kind == "access-key" && entity.names.iter().any(|n| n.to_lowercase().starts_with(&name))
                    })
                    .collect::<Vec<_>>()
                })
                .collect();
            (keys.len() == 1).then(|| keys.into_iter().next()).flatten()
        });
        out.extend(found.map(|of| (words[at].start, words[at + 1].end, of)));
    }
    out
}

/// What a unit says of an entity, found out once.
struct Said {
    noun: bool,
    full_noun: bool,
    place: bool,
    provider: bool,
}

impl Said {
    fn of(entity: &Entity, unit: &Unit, words: &[Word], tokens: &[Token<'_>]) -> Self {
        Self {
            noun: noun_in(entity, words),
            full_noun: full_noun_in(entity, words),
            place: place_in(entity, unit, tokens),
            provider: provider_in(entity, words),
        }
    }
}

/// What the title, the lines that govern a unit and the sentences right before it say.
struct Around<'u> {
    words: Vec<Word<'u>>,
    /// Lower case.
    places: HashSet<String>,
}

impl<'u> Around<'u> {
    fn of(number: usize, units: &'u [Unit]) -> Self {
        let unit = &units[number];
        let titles = units.iter().take_while(|u| u.origin == Origin::Title).take(3);
        let before = units[number.saturating_sub(2)..number].iter().filter(|u| u.origin == unit.origin);
        let governing = [unit.lead, unit.heading].into_iter().flatten().filter_map(|other| units.get(other));
        let mut out = Self { words: Vec::new(), places: HashSet::new() };
        for near in titles.chain(before).chain(governing).chain([unit]) {
            out.words.extend(super::tokens::unhyphened(&super::tokens::words(&near.text)));
            out.places.extend(super::tokens::tokens(&near.text).into_iter().map(|token| token.text.to_lowercase()));
        }
        out
    }

    /// The kind's whole name and the place, or its last part.
    fn speaks_of(&self, entity: &Entity) -> bool {
        let Some(place) = &entity.place else { return false };
        let last = place.rsplit('/').next().unwrap_or(place);
        (self.places.contains(place) || self.places.contains(last))
            && entity.nouns().iter().any(|noun| noun.contains(' ') && phrase(noun, &self.words))
    }
}

/// A number that is its clause's subject, "3302 can go", or a list's whole item: long enough to be no count.
fn leads(unit: &Unit, token: &Token<'_>, digits: &str) -> bool {
    let before = unit.text[..token.start].trim_end_matches(['`', '*', ' ']);
    let first = before.is_empty()
        || before.ends_with([',', ';', ':', '.', '('])
        || ends_with_word(before, &["and", "und", "et", "y"]);
    let alone = unit.shape == Shape::Item && unit.text.trim_matches(['`', '*', ' ', '#', '.']) == digits;
    alone || (first && digits.len() >= 3)
}

fn ends_with_word(text: &str, options: &[&str]) -> bool {
    text.rsplit(' ').next().is_some_and(|last| options.contains(&last))
}

/// The number is all that its cell holds.
fn cell_alone(text: &str, token: &Token<'_>) -> bool {
    let strip = |c: char| c.is_whitespace() || matches!(c, '`' | '*' | '#');
    text[..token.start].trim_end_matches(strip).ends_with('|')
        && text[token.end()..].trim_start_matches(strip).starts_with('|')
}

/// A noun of its kind right before: "deploy token 3", "deploy key #4", "trigger token id 5".
fn noun_before(entity: &Entity, words: &[Word], at: usize) -> bool {
    let last = at.checked_sub(1).map(|i| words[i].text.as_str()).unwrap_or_default();
    // `gh repo deploy-key delete 77`, `glab token revoke 77`
    let command = matches!(last, "delete" | "remove" | "rm" | "revoke" | "rotate")
        && words[at.saturating_sub(6)..at].iter().any(|word| matches!(word.text.as_str(), "gh" | "glab"));
    let skip = usize::from(command || matches!(last, "id" | "no" | "nr" | "number" | "with"));
    let end = at - skip;
    entity.nouns().iter().any(|noun| {
        let noun: Vec<&str> = noun.split([' ', '-']).collect();
        end >= noun.len()
            && words[end - noun.len()..end]
                .iter()
                .zip(&noun)
                .all(|(w, n)| w.text == *n || w.text.strip_suffix('s') == Some(*n))
    }) && !date_like(words, at)
}

/// "4 August", "key 2 of 3": no ids.
fn date_like(words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_some_and(|next| super::dates::month(&next.text).is_some())
}

fn named_before(entity: &Entity, words: &[Word], at: usize) -> bool {
    let last = at.checked_sub(1).map(|i| words[i].text.as_str()).unwrap_or_default();
    entity.names.iter().any(|name| name.to_lowercase().split_whitespace().next_back() == Some(last))
}

fn noun_in(entity: &Entity, words: &[Word]) -> bool {
    entity.nouns().iter().any(|noun| phrase(noun, words))
}

/// A noun of several words, which only this kind has.
fn full_noun_in(entity: &Entity, words: &[Word]) -> bool {
    entity.nouns().iter().filter(|noun| noun.contains(' ') && **noun != "access token").any(|noun| phrase(noun, words))
}

fn phrase(noun: &str, words: &[Word]) -> bool {
    let noun: Vec<&str> = noun.split([' ', '-']).collect();
    words.windows(noun.len()).any(|window| {
        window.iter().zip(&noun).all(|(w, n)| w.text == *n)
            || window.last().zip(noun.last()).is_some_and(|(w, n)| w.text.strip_suffix('s') == Some(*n))
                && window.iter().zip(&noun).take(noun.len() - 1).all(|(w, n)| w.text == *n)
    })
}

/// Its repository, project, group or user stands in the unit.
pub(super) fn place_in(entity: &Entity, unit: &Unit, tokens: &[Token<'_>]) -> bool {
    let Some(place) = &entity.place else { return false };
    tokens.iter().any(|token| {
        let text = token.text.trim_start_matches('@').trim_end_matches("'s");
        text.eq_ignore_ascii_case(place)
    }) || (place.contains('/') && unit.text.to_lowercase().contains(&format!("{place}:")))
}

fn provider_in(entity: &Entity, words: &[Word]) -> bool {
    words.iter().any(|word| word.text == entity.provider)
}
