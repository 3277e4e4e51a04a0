//! Which of several namesakes is meant: by the repository, environment, account, system or kind that the words around a name give, the
//! nearest words first. What no word decides stays ambiguous.

use std::collections::BTreeSet;

use super::entity::{Entity, is_account};
use super::index::Names;
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, tokens, words};

/// So many units that join places are looked at; nobody writes more.
const JOINS: usize = 16;

/// What a stretch of text says about where things are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints {
    pub(super) places: BTreeSet<String>,
    pub(super) environments: BTreeSet<String>,
    pub(super) accounts: BTreeSet<String>,
    providers: BTreeSet<&'static str>,
    kinds: BTreeSet<&'static str>,
    /// Repositories and projects that the last part of their path stands for: they choose, and rule nothing out.
    near_places: BTreeSet<String>,
    /// The organization's or group's own.
    above: bool,
    /// One repository's or project's own.
    below: bool,
}

/// Which of several namesakes is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Empty where the words say that it is none of them; several where nothing decides.
    pub(super) of: Vec<usize>,
    /// All of them are meant: "in both repositories".
    pub(super) all: bool,
}

impl Choice {
    pub(super) fn of(of: Vec<usize>) -> Self {
        Self { of, all: false }
    }

    /// Whether it is known what is meant.
    pub(super) fn certain(&self) -> bool {
        self.of.len() == 1 || (self.all && !self.of.is_empty())
    }
}

/// What is not production.
pub(super) const NOT_PRODUCTION: &str = "non-production";

/// The one name of an environment, for comparing: `prod` is `production`.
pub(super) fn environment(word: &str) -> &str {
    match word {
        "prod" | "prd" | "live" | "produktion" | "producción" | "produccion" => "production",
        "stage" | "stg" | "preprod" | "pre-prod" => "staging",
        "dev" | "entwicklung" | "développement" | "desarrollo" => "development",
        "nonprod" | "non-prod" | "nonproduction" | "non-production" => NOT_PRODUCTION,
        "test" | "testing" | "qa" => "test",
        other => other,
    }
}

impl Hints {
    /// Hints of a stretch of text.
    pub(super) fn of(text: &str, names: &Names) -> Self {
        let mut hints = Self::default();
        let words = words(text);
        for token in tokens(text) {
            let lower = token.text.to_lowercase();
            if denied(&words, token.start) {
                continue;
            }
            if distinct(&lower) || placed(text, token.start, token.end()) {
                hints.near_places.extend(names.ending(&lower).iter().cloned());
            }
            for part in [lower.as_str(), lower.split([':', '@', '#']).next().unwrap_or_default()] {
                if names.places.contains(part) {
                    hints.places.insert(part.to_owned());
                }
            }
            if let Some((_, env)) = lower.split_once('@')
                && names.environments.contains(env)
            {
                hints.environments.insert(environment(env).to_owned());
            }
            if let Some(account) = lower.split(':').find(|part| is_account(part)) {
                hints.accounts.insert(account.to_owned());
            }
        }
        for (at, word) in words.iter().enumerate() {
            if denied(&words, word.start) {
                continue;
            }
            let near = |back: usize| at.checked_sub(back).map(|i| words[i].text.as_str()).unwrap_or_default();
            let next = words.get(at + 1).map(|w| w.text.as_str()).unwrap_or_default();
            let text = word.text.strip_suffix("'s").unwrap_or(&word.text);
            let normal = environment(text);
            let known = names.environments.iter().any(|e| environment(e) == normal);
            // "live" and "test" are environments only where one is called so.
            let common = matches!(
                text,
                "production" | "prod" | "staging" | "nonprod" | "non-prod" | "non-production" | "preprod" | "sandbox"
            );
            let named =
                if text == "live" { matches!(next, "database" | "environment" | "system" | "secret") } else { true };
            if common || (known && named) {
                hints.environments.insert(normal.to_owned());
            }
            match text {
                "github" => _ = hints.providers.insert("github"),
                "gitlab" => _ = hints.providers.insert("gitlab"),
                "vault" | "openbao" => _ = hints.providers.insert("vault"),
                "aws" | "iam" => _ = hints.providers.insert("aws"),
                "dependabot" => _ = hints.kinds.insert("dependabot-secret"),
                "codespaces" | "codespace" => _ = hints.kinds.insert("codespaces-secret"),
                "actions" => _ = hints.kinds.insert("actions-secret"),
                "organization" | "organisation" | "org" | "org-wide" | "org-level" | "organization-wide" | "group"
                | "group-level" | "grupo" | "groupe" | "gruppe" | "organisationsweit" | "organización" => {
                    hints.above = true
                }
                "repository" | "repo" | "project" | "projekt" | "projet" | "proyecto" | "dépôt" | "repositorio" => {
                    hints.below = true;
                    // "the ledger project", "project ledger": a place by its last part.
                    for word in [near(1), next] {
                        hints.places.extend(names.ending(word).iter().cloned());
                    }
                }
                _ => {}
            }
        }
        hints
    }

    /// Two places, environments, accounts or kinds at once.
    fn several(&self) -> bool {
        [self.places.len(), self.environments.len(), self.accounts.len(), self.kinds.len()].iter().any(|n| *n > 1)
    }

    fn add(&mut self, other: &Self) {
        self.places.extend(other.places.iter().cloned());
        self.near_places.extend(other.near_places.iter().cloned());
        self.environments.extend(other.environments.iter().cloned());
        self.accounts.extend(other.accounts.iter().cloned());
        self.providers.extend(&other.providers);
        self.kinds.extend(&other.kinds);
        self.above |= other.above;
        self.below |= other.below;
    }

    /// How well an entity fits: none where a hint says that it is another one.
    fn fit(&self, entity: &Entity, several: bool) -> Option<u32> {
        let mut score = 0;
        if let Some(place) = &entity.place {
            let shared = matches!(entity.provider.as_str(), "github" | "gitlab");
            if self.places.contains(place) || (several && self.places.is_empty() && self.near_places.contains(place)) {
                score += 2;
            } else if !several && !entity.of_repository() && self.places.iter().all(|p| within(p, place)) {
                // The only one known is the organization's, which holds in its repositories.
            } else if shared && self.places.iter().any(|p| p.contains('/')) && (entity.of_repository() || !self.above) {
                return None;
            }
            if several && shared && self.above != self.below {
                if self.below == entity.of_repository() {
                    score += 1;
                } else if self.below || !self.places.contains(place) {
                    // "group" and "organization" are words of other things, too; a named place outweighs them.
                    return None;
                }
            }
        }
        if let Some(own) = &entity.environment
            && !self.environments.is_empty()
        {
            let own = environment(own);
            let meets = self.environments.iter().any(|e| e == own || (e == NOT_PRODUCTION && own != "production"));
            if !meets {
                return None;
            }
            score += 1;
        }
        if let Some(account) = &entity.account
            && !self.accounts.is_empty()
        {
            if !self.accounts.contains(account) {
                return None;
            }
            score += 2;
        }
        if !self.kinds.is_empty() && entity.kind.ends_with("-secret") {
            if !self.kinds.contains(entity.kind.as_str()) {
                return None;
            }
            score += 1;
        }
        if self.providers.len() == 1 {
            if self.providers.contains(entity.provider.as_str()) {
                score += 1;
            } else if several && matches!(entity.provider.as_str(), "github" | "gitlab" | "vault" | "aws") {
                return None;
            }
        }
        Some(score)
    }
}

/// "Not production", "except in staging": where it is not.
fn denied(words: &[Word], start: usize) -> bool {
    let at = words.partition_point(|word| word.start < start);
    let mut before = words[..at].iter().rev().map(|word| word.text.as_str());
    let near = before.find(|word| !matches!(*word, "the" | "in" | "for" | "on" | "of" | "from" | "den" | "die" | "das" | "el" | "la" | "en"));
    near.is_some_and(|word| matches!(word, "not" | "except" | "without" | "excluding" | "nicht" | "ohne" | "sauf" | "pas" | "excepto" | "salvo"))
}

/// A repository's name that is no ordinary word: `telemetry-ui`.
fn distinct(name: &str) -> bool {
    name.len() > 3 && name.contains(['-', '_']) && !name.contains('/')
}

/// Where a bare word is a place: at a title's head ("meteo: …", "[meteo] …"), in a cell of its own, right behind "in" or "of".
fn placed(text: &str, start: usize, end: usize) -> bool {
    let (before, after) = (text[..start].trim_end(), text[end..].trim_start());
    let opens = before.is_empty() && (after.is_empty() || after.starts_with(':') || text[end..].starts_with(" - "));
    let boxed = before.ends_with(['[', '|', '(']) && after.starts_with([']', '|', ')']);
    let owns = after.starts_with("'s") || after.starts_with("’s");
    let behind = before.rsplit(' ').next().is_some_and(|word| {
        matches!(word.to_ascii_lowercase().as_str(), "in" | "of" | "for" | "from" | "on" | "von" | "aus" | "de" | "del")
    });
    let next = words(after).into_iter().next().map(|word| word.text).unwrap_or_default();
    let free = !after.starts_with(char::is_alphabetic)
        || matches!(
            next.as_str(),
            "must" | "has" | "have" | "is" | "needs" | "should" | "shall" | "will" | "was" | "and" | "please" | "before" | "after" | "by"
                | "as" | "because" | "since" | "so" | "until" | "muss" | "soll" | "ist" | "bitte" | "und" | "est" | "et" | "doit" | "debe"
        );
    opens || boxed || owns || (behind && free)
}

/// "In all environments": everything that is left, and differs in that alone.
fn everywhere(text: &str) -> Option<Spread> {
    let all = words(text);
    all.windows(2).find_map(|pair| match (pair[0].text.as_str(), pair[1].text.as_str()) {
        ("all" | "every" | "each" | "alle" | "allen" | "jeder" | "tous" | "toutes" | "todos" | "todas", next) => match next {
            "environments" | "environment" | "envs" | "scopes" | "scope" | "stages" | "stage" | "umgebungen" | "environnements"
            | "entornos" => Some(Spread::Environments),
            "repositories" | "repository" | "repos" | "repo" | "projects" | "project" | "projekten" | "projekte" | "dépôts"
            | "projets" | "repositorios" | "proyectos" => Some(Spread::Places),
            _ => None,
        },
        _ => None,
    })
}

/// What namesakes may differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    Environments,
    Places,
}

/// Whether places that a text names are joined, not set against each other.
fn joined(text: &str) -> bool {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|word| options.contains(&word.text.as_str()));
    (has(&["and", "both", "und", "beide", "beiden", "et", "y", "ambos", "ambas", "each", "every"]) || text.contains(['&', '+']))
        && !has(&["from", "than", "or", "von", "oder", "ou", "o", "copied", "unlike", "instead", "not", "but"])
}

/// "In both repositories": both of the two that are left.
fn both(text: &str) -> bool {
    let all = words(text);
    all.iter().enumerate().any(|(at, word)| {
        matches!(word.text.as_str(), "both" | "beide" | "beiden" | "ambos" | "ambas")
            && all.get(at + 1).is_none_or(|next| {
                text[word.end..next.start].contains(['.', ',', ';', ')', '*'])
                    || matches!(
                        next.text.as_str(),
                        "places"
                            | "repos"
                            | "repositories"
                            | "projects"
                            | "environments"
                            | "envs"
                            | "scopes"
                            | "stages"
                            | "stores"
                            | "secrets"
                            | "variables"
                            | "copies"
                            | "of"
                            | "ones"
                            | "repositorios"
                            | "proyectos"
                            | "entornos"
                            | "umgebungen"
                            | "projekten"
                    )
            })
    })
}

/// Whether a repository or group lies in another.
fn within(place: &str, above: &str) -> bool {
    place.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A ticket's hints, by how near they stand to a name.
pub(super) struct Context<'c> {
    pub(super) units: &'c [Unit],
    pub(super) judged: &'c [Judged],
    pub(super) names: &'c Names,
    /// Of the title, of structured fields, of the whole text.
    pub(super) title: Hints,
    pub(super) fields: Hints,
    pub(super) whole: Hints,
    pub(super) repository: Option<String>,
    /// Of each unit's clauses.
    clauses: Vec<Vec<Hints>>,
    /// Units that join places, environments or kinds: "as an Actions and as a Dependabot secret".
    joins: Vec<usize>,
    /// The texts in which a heading asks for something.
    pub(super) acting_headings: BTreeSet<Origin>,
}

impl<'c> Context<'c> {
    pub(super) fn new(
        units: &'c [Unit],
        judged: &'c [Judged],
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
            repository: repository.map(str::to_lowercase),
            joins: Vec::new(),
            clauses: units
                .iter()
                .zip(judged)
                .map(|(unit, judged)| {
                    judged.clauses.iter().map(|c| Hints::of(&unit.text[c.start..c.end], names)).collect()
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
        }
        context
    }

    /// Hints of a unit's clauses that do not spare what they name, or of one clause.
    fn unit(&self, number: usize, clause: Option<usize>) -> Hints {
        let mut hints = Hints::default();
        for (index, part) in self.judged[number].clauses.iter().enumerate() {
            let wanted = clause.is_none_or(|clause| {
                // What stands in parentheses behind a clause belongs to it.
                index == clause || (part.aside && index == clause + 1)
            });
            if wanted && part.stance != Stance::Keep && part.stance != Stance::Past {
                hints.add(&self.clauses[number][index]);
            }
        }
        hints
    }

    /// Chooses among namesakes.
    pub(super) fn choose(&self, of: &[usize], number: usize, clause: Option<usize>) -> Choice {
        let unit = &self.units[number];
        let near = self.unit(number, clause);
        let mut left = of.to_vec();
        if left.len() == 1 {
            let entity = &self.names.entities[left[0]];
            // One is known, and its own clause speaks of another place or environment: that one is not known.
            return Choice::of(if near.fit(entity, false).is_some() { left } else { Vec::new() });
        }
        let whole_unit = self.unit(number, None);
        let mut around = Hints::default();
        for other in [unit.lead, unit.heading].into_iter().flatten() {
            around.add(&self.unit(other, None));
        }
        let mut line = Hints::default();
        for (other, neighbour) in self.units.iter().enumerate().skip(number.saturating_sub(3)).take(7) {
            if neighbour.origin == unit.origin && neighbour.line == unit.line {
                line.add(&self.unit(other, None));
            }
        }
        for (nearest, hints) in [
            (true, &near),
            (true, &whole_unit),
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
                return Choice { of: left, all: true };
            }
        }
        if let Some(repository) = &self.repository {
            let own: Vec<usize> =
                left.iter().copied().filter(|of| self.names.entities[*of].place.as_ref() == Some(repository)).collect();
            if !own.is_empty() {
                left = own;
            }
        }
        if left.len() > 1 {
            let fitting = self.best(&left, &self.whole);
            if !fitting.is_empty() {
                left = fitting;
            }
        }
        let spread = everywhere(&unit.text).is_some_and(|by| {
            left.iter().all(|of| {
                let entity = &self.names.entities[*of];
                let first = &self.names.entities[left[0]];
                match by {
                    Spread::Environments => entity.environment.is_some() && entity.place == first.place,
                    Spread::Places => entity.of_repository() && entity.kind == first.kind,
                }
            })
        });
        let all = left.len() > 1
            && (spread || (left.len() == 2 && both(&unit.text))
                || self.joins.iter().any(|join| {
                    let text = &self.units[*join].text;
                    self.each_named(&left, &self.unit(*join, None), text)
                }));
        Choice { of: left, all }
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
        told(&|e| e.place.clone().filter(|place| hints.places.contains(place)))
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
