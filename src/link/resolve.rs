//! From the terms in a ticket to what it acts on: which of several namesakes is meant, and whether the words act on it or keep it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::ticket::{Field, Intent, Link, Record, Strength};

use super::quote;
use super::terms::{Hit, Kind, Terms, is_slot, tokens};
use super::text::{Clause, Stance};

/// One ticket's terms.
pub(super) struct Resolver<'r> {
    pub(super) terms: &'r Terms,
    pub(super) record: &'r Record,
    pub(super) clauses: &'r [Clause],
    pub(super) environments: &'r [String],
}

/// Whether a word stands in a text on word boundaries, without case.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(inside)
            && !text[at + word.len()..].chars().next().is_some_and(inside)
    })
}

impl Resolver<'_> {
    /// Everything that the ticket acts on.
    pub(super) fn links(&self, intent: Intent, links: &mut BTreeMap<Id, Link>, ambiguous: &mut Vec<String>) {
        if let Some(value) = self.record.fields.get(&Field::Credential) {
            for hit in self.terms.hits(value) {
                self.link(&hit, "credential", value, value, links, ambiguous);
            }
        }
        let mut neutral = Vec::new();
        for clause in self.clauses.iter().filter(|clause| clause.stance != Stance::Keep) {
            for hit in self.terms.hits(&clause.text) {
                if clause.stance == Stance::Act || intent == Intent::Provision || intent == Intent::Elevate {
                    self.link(&hit, &clause.field, &clause.text, &clause.line, links, ambiguous);
                } else {
                    neutral.push((hit, clause));
                }
            }
        }
        // Names without a verb count where no clause with one names anything.
        if links.is_empty() {
            for (hit, clause) in neutral {
                self.link(&hit, &clause.field, &clause.text, &clause.line, links, ambiguous);
            }
        }
        // What is to be kept is kept, wherever else it is named with the same words.
        let kept: BTreeSet<Id> = links.keys().filter(|id| self.kept(id) && !self.acted(id)).cloned().collect();
        links.retain(|id, _| !kept.contains(id));
        if links.is_empty() {
            for (_, clause) in super::text::comments(self.record).into_iter().filter(|(_, c)| c.stance != Stance::Keep)
            {
                for hit in self.terms.hits(&clause.text) {
                    self.link(&hit, &clause.field, &clause.text, &clause.line, links, ambiguous);
                }
            }
        }
    }

    /// Whether the ticket says to keep it, by an identifier of its own.
    pub(super) fn kept(&self, id: &Id) -> bool {
        self.names(id, Stance::Keep)
    }

    fn acted(&self, id: &Id) -> bool {
        self.names(id, Stance::Act)
    }

    fn names(&self, id: &Id, stance: Stance) -> bool {
        self.clauses.iter().filter(|clause| clause.stance == stance).any(|clause| {
            self.terms.hits(&clause.text).iter().any(|hit| matches!(hit.candidates.as_slice(), [(one, _)] if one == id))
        })
    }

    fn link(
        &self,
        hit: &Hit,
        field: &str,
        text: &str,
        line: &str,
        links: &mut BTreeMap<Id, Link>,
        ambiguous: &mut Vec<String>,
    ) {
        let chosen = self.choose(hit, text, line);
        match chosen {
            Choice::One(id, strength) => {
                let link = Link {
                    credential: id.clone(),
                    strength,
                    field: field.to_owned(),
                    quote: quote(line),
                    trusted: true,
                };
                let known = links.entry(id).or_insert_with(|| link.clone());
                if known.strength < link.strength {
                    *known = link;
                }
            }
            Choice::Several => {
                let word = &text[hit.at.0..hit.at.1];
                let say = format!("{word} could be any of {}", hit.candidates.len());
                if !ambiguous.contains(&say) {
                    ambiguous.push(say);
                }
            }
            Choice::Nothing => {}
        }
    }

    fn choose(&self, hit: &Hit, text: &str, line: &str) -> Choice {
        if hit.candidates.iter().all(|(_, kind)| *kind == Kind::Number) {
            return self.number(hit, text, line);
        }
        if let [(id, kind)] = hit.candidates.as_slice() {
            let placed = self.score(id, line) > 0;
            if self.elsewhere(id, line) {
                return Choice::Nothing;
            }
            let strength = match kind {
                Kind::Id => Strength::Id,
                Kind::Locator => Strength::Slot,
                _ if placed && is_slot(id) => Strength::Slot,
                _ => Strength::Name,
            };
            return Choice::One(id.clone(), strength);
        }
        let best_kind = hit.candidates.iter().map(|(_, kind)| *kind).min();
        let narrowed: Vec<&(Id, Kind)> =
            hit.candidates.iter().filter(|(_, kind)| Some(*kind) == best_kind || *kind == Kind::Name).collect();
        let mut scored: Vec<(i32, &Id)> = narrowed.iter().map(|(id, _)| (self.score(id, line), id)).collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        match scored.as_slice() {
            [(first, id), (second, _), ..] if first > second && *first > 0 => {
                Choice::One((*id).clone(), if is_slot(id) { Strength::Slot } else { Strength::Name })
            }
            _ => Choice::Several,
        }
    }

    /// A token's number means something beside its place and its kind.
    fn number(&self, hit: &Hit, text: &str, line: &str) -> Choice {
        let lower = format!("{} {}", self.record.title, line).to_lowercase();
        let says_kind = |id: &Id| match id.kind() {
            "deploy-token" => lower.contains("deploy token") || lower.contains("deploy-token"),
            "deploy-key" => lower.contains("deploy key"),
            "trigger" => lower.contains("trigger"),
            "app" => lower.contains("app"),
            "group-token" => lower.contains("token") && lower.contains("group"),
            "project-token" | "personal-token" | "pat" => {
                lower.contains("token") && !lower.contains("deploy token") && !lower.contains("trigger")
            }
            _ => false,
        };
        let fits = hit.candidates.iter().filter(|(id, _)| says_kind(id) && self.score(id, line) > 0);
        let mut fits: Vec<&Id> = fits.map(|(id, _)| id).collect();
        fits.sort_by_key(|id| std::cmp::Reverse(self.score(id, line)));
        let _ = text;
        match fits.as_slice() {
            [one] => Choice::One((*one).clone(), Strength::Id),
            [first, second, ..] if self.score(first, line) > self.score(second, line) => {
                Choice::One((*first).clone(), Strength::Id)
            }
            _ => Choice::Nothing,
        }
    }

    /// How well a candidate fits the words around: its own line counts more than the ticket.
    fn score(&self, id: &Id, line: &str) -> i32 {
        let (place, environment) = place_of(id);
        let all = || self.clauses.iter().filter(|clause| clause.stance != Stance::Keep);
        let mut score = 0;
        let mut near = |word: &str, weight: i32| {
            if mentions(line, word) {
                score += weight * 2;
            } else if all().any(|clause| {
                mentions(&clause.line, word) || clause.heading.as_deref().is_some_and(|h| mentions(h, word))
            }) {
                score += weight;
            }
        };
        let short = place.rsplit('/').next().unwrap_or_default().to_owned();
        if place.contains('/') {
            near(&place, 4);
            if !mentions(line, &place) {
                near(&short, 2);
            }
            if self.record.repository.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&place)) {
                near("this repository", 1);
                near("this project", 1);
                score += 3;
            }
        } else if !place.is_empty() {
            for word in ["organization", "organisation", "org", "group", "grupo"] {
                if mentions(line, word) {
                    score += 8;
                }
            }
        }
        match &environment {
            Some(environment) => {
                let named = |text: &str| alias(environment).iter().any(|word| mentions(text, word));
                if named(line) {
                    score += 6;
                } else if all().any(|clause| named(&clause.line))
                    || self.record.fields.get(&Field::Environment).is_some_and(|f| named(f))
                {
                    score += 3;
                } else if !self.environments_named().is_empty() {
                    score -= 6;
                }
            }
            None if place.contains('/') && !self.environments_named().is_empty() => score -= 1,
            None => {}
        }
        for (word, kind) in [("dependabot", "dependabot-secret"), ("codespaces", "codespaces-secret")] {
            let said = all().any(|clause| mentions(&clause.line, word));
            if said && id.kind() == kind {
                score += 6;
            } else if (said && id.kind() == "actions-secret") || (!said && id.kind() == kind) {
                score -= 3;
            }
        }
        score
    }

    /// Whether the line names another known place than the candidate's.
    fn elsewhere(&self, id: &Id, line: &str) -> bool {
        let (place, _) = place_of(id);
        if !place.contains('/') || id.provider() == "vault" || id.provider() == "aws" {
            return false;
        }
        let named: Vec<String> = tokens(line)
            .into_iter()
            .map(|(_, token)| token.to_lowercase())
            .filter(|t| t.contains('/') && self.terms.places.contains(t))
            .collect();
        !named.is_empty() && !named.contains(&place)
    }

    /// Environments that the ticket names as acted on.
    pub(super) fn environments_named(&self) -> Vec<String> {
        let field = self.record.fields.get(&Field::Environment).map(|value| value.to_lowercase());
        let mut out: Vec<String> = Vec::new();
        for environment in self.environments {
            let said = self.clauses.iter().filter(|c| c.stance != Stance::Keep).any(|c| mentions(&c.text, environment));
            if said || field.as_deref() == Some(environment) {
                let long = if environment == "prod" { "production".to_owned() } else { environment.clone() };
                if !out.contains(&long) {
                    out.push(long);
                }
            }
        }
        out
    }
}

enum Choice {
    One(Id, Strength),
    Several,
    Nothing,
}

/// The place in an id, lower case, and its environment.
fn place_of(id: &Id) -> (String, Option<String>) {
    let rest = percent_encoding::percent_decode_str(id.rest()).decode_utf8_lossy().to_lowercase();
    let (place, last) = rest.rsplit_once(':').unwrap_or(("", rest.as_str()));
    if id.kind() == "variable" {
        return (place.to_owned(), last.split_once('@').map(|(_, environment)| environment.to_owned()));
    }
    match place.split_once('@') {
        Some((place, environment)) => (place.to_owned(), Some(environment.to_owned())),
        None => (place.to_owned(), None),
    }
}

fn alias(environment: &str) -> Vec<&str> {
    if environment == "production" { vec!["production", "prod"] } else { vec![environment] }
}
