//! What a stretch of text says about where things are: repositories, environments, accounts, systems and kinds. How namesakes are
//! chosen by it is decided in `choose`.

use std::collections::BTreeSet;

use super::entity::{Entity, is_account};
use super::index::Names;
use super::tokens::{Word, tokens, words};

/// What a stretch of text says about where things are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints {
    pub(super) places: BTreeSet<String>,
    pub(super) environments: BTreeSet<String>,
    pub(super) accounts: BTreeSet<String>,
    pub(super) providers: BTreeSet<&'static str>,
    pub(super) kinds: BTreeSet<&'static str>,
    /// Repositories and projects that the last part of their path stands for: they choose, and rule nothing out.
    pub(super) near_places: BTreeSet<String>,
    /// The organization's or group's own.
    pub(super) above: bool,
    /// One repository's or project's own.
    pub(super) below: bool,
    /// The one in which the ticket stands: "this project".
    pub(super) here: bool,
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
            let ending = names.ending(&lower);
            if !ending.is_empty() && (distinct(&lower) || placed(text, &words, token.start, token.end())) {
                hints.near_places.extend(ending.iter().cloned());
            }
            for part in [lower.as_str(), lower.split([':', '@', '#']).next().unwrap_or_default()] {
                if names.is_place(part) {
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
        let all = text;
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
            // "The load test", "a test run": no place.
            let trial = text == "test"
                && (matches!(
                    near(1),
                    "load"
                        | "stress"
                        | "smoke"
                        | "unit"
                        | "pen"
                        | "penetration"
                        | "performance"
                        | "integration"
                        | "regression"
                        | "acceptance"
                        | "restore"
                        | "recovery"
                ) || matches!(
                    next,
                    "week" | "weeks" | "run" | "runs" | "suite" | "case" | "cases" | "plan" | "report" | "drill"
                ));
            let named = text != "live"
                || matches!(
                    next,
                    "database" | "environment" | "system" | "secret" | "cluster" | "key" | "keys" | "token"
                )
                || ["environment", "environnement", "umgebung", "entorno"].iter().any(|noun| near(1).ends_with(noun));
            if common || (known && named && !trial) {
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
                // "Drop X here, inherit from the org", "delete our NPM_TOKEN".
                "here" if matches!(next, "" | "inherit" | "and") && at > 0 => hints.here = true,
                "our" if words.get(at + 1).is_some_and(|w| shouted(&all[w.start..w.end])) => hints.here = true,
                // "Our own X": this repository's. "So that the group's one applies": another one.
                // "Remove the override."
                "override" => hints.below = true,
                "own" if matches!(near(1), "our" | "its" | "their" | "the" | "my" | "your") => hints.below = true,
                _ if word.text.ends_with("'s") && matches!(next, "one" | "ones") => {}
                "organization" | "organisation" | "org" | "group" | "grupo" | "groupe" | "gruppe"
                | "organisationsweit" | "organización" => hints.above = true,
                compound if levelled(compound) == Some(true) => hints.above = true,
                compound if levelled(compound) == Some(false) => hints.below = true,
                "repository" | "repo" | "project" | "projekt" | "projekts" | "projektes" | "projet" | "proyecto"
                | "dépôt" | "repositorio" => {
                    hints.below = true;
                    hints.here |= matches!(near(1), "this" | "dieses" | "diesem" | "ce" | "este");
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
    pub(super) fn several(&self) -> bool {
        [self.places.len(), self.environments.len(), self.accounts.len(), self.kinds.len()].iter().any(|n| *n > 1)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.places.extend(other.places.iter().cloned());
        self.near_places.extend(other.near_places.iter().cloned());
        self.environments.extend(other.environments.iter().cloned());
        self.accounts.extend(other.accounts.iter().cloned());
        self.providers.extend(&other.providers);
        self.kinds.extend(&other.kinds);
        self.above |= other.above;
        self.below |= other.below;
        self.here |= other.here;
    }

    /// How well an entity fits: none where a hint says that it is another one.
    pub(super) fn fit(&self, entity: &Entity, several: bool) -> Option<u32> {
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
                    // "(repository)" and no environment: not one of an environment's.
                    let whole = self.below && entity.environment.is_none() && self.environments.is_empty();
                    score += 1 + u32::from(whole);
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

/// `NPM_TOKEN`: the name of a secret.
fn shouted(word: &str) -> bool {
    word.contains('_') && !word.contains(|c: char| c.is_lowercase())
}

/// "Organization-level", "group-wide", "Gruppenvariable": whether that is above repositories and projects, or one of them.
fn levelled(word: &str) -> Option<bool> {
    // "Gruppenvariable", "Projektvariable": one word in German.
    let german = [("gruppen", true), ("organisations", true), ("projekt", false), ("repository", false)];
    let part = |(what, above): (&str, bool)| Some((word.strip_prefix(what)?.trim_start_matches('-'), above));
    if let Some((rest, above)) = german.into_iter().find_map(part) {
        let reach = matches!(rest, "variable" | "variablen" | "secret" | "secrets" | "geheimnis" | "token" | "ebene");
        return reach.then_some(above);
    }
    let (what, reach) = word.split_once('-')?;
    if !matches!(reach, "level" | "wide" | "scoped" | "scope" | "secret" | "variable" | "owned") {
        return None;
    }
    match what {
        "organization" | "organisation" | "org" | "group" => Some(true),
        "repository" | "repo" | "project" => Some(false),
        _ => None,
    }
}

/// "Not production", "except in staging": where it is not.
fn denied(words: &[Word], start: usize) -> bool {
    let at = words.partition_point(|word| word.start < start);
    // "Production is not affected", "staging stays".
    let behind = |n: usize| words.get(at + n).map(|word| word.text.as_str()).unwrap_or_default();
    let untouched = |n: usize| {
        matches!(
            behind(n),
            "affected" | "concerned" | "touched" | "involved" | "included" | "part" | "meant" | "changed" | "betroffen"
        )
    };
    let not = (1..=2).find(|n| matches!(behind(*n), "not" | "isn't" | "aren't" | "nicht"));
    if not.is_some_and(|not| untouched(not + 1) || untouched(not + 2) || (not == 1 && behind(2).is_empty()))
        || matches!(behind(1), "unaffected" | "untouched" | "stays" | "remains")
    {
        return true;
    }
    let mut before = words[..at].iter().rev().take(6).map(|word| word.text.as_str());
    let near = before.find(|word| {
        !matches!(
            *word,
            "the"
                | "in"
                | "for"
                | "on"
                | "of"
                | "from"
                | "one"
                | "that"
                | "den"
                | "die"
                | "das"
                | "der"
                | "dem"
                | "von"
                | "el"
                | "la"
                | "en"
                | "celui"
                | "celle"
                | "du"
                | "de"
        )
    });
    near.is_some_and(|word| {
        matches!(
            word,
            "not" | "except" | "without" | "excluding" | "nicht" | "ohne" | "sauf" | "pas" | "excepto" | "salvo"
        )
    })
}

/// A repository's name that is no ordinary word: `telemetry-ui`.
fn distinct(name: &str) -> bool {
    name.len() > 3 && name.contains(['-', '_']) && !name.contains('/')
}

/// Where a bare word is a place: at a title's head ("meteo: …", "[meteo] …"), in a cell of its own, right behind "in" or "of".
fn placed(text: &str, words: &[Word], start: usize, end: usize) -> bool {
    let (before, after) = (text[..start].trim_end(), text[end..].trim_start());
    let opens = before.is_empty() && (after.is_empty() || after.starts_with(':') || text[end..].starts_with(" - "));
    let boxed = before.ends_with(['[', '|', '(']) && after.starts_with([']', '|', ')']);
    let owns = after.starts_with("'s") || after.starts_with("’s");
    let behind = before.rsplit(' ').next().is_some_and(|word| {
        matches!(word.to_ascii_lowercase().as_str(), "in" | "of" | "for" | "from" | "on" | "von" | "aus" | "de" | "del")
    });
    let next =
        words.get(words.partition_point(|word| word.start < end)).map(|word| word.text.as_str()).unwrap_or_default();
    let free = !after.starts_with(char::is_alphabetic)
        || matches!(
            next,
            "must"
                | "has"
                | "have"
                | "is"
                | "needs"
                | "should"
                | "shall"
                | "will"
                | "was"
                | "and"
                | "please"
                | "before"
                | "after"
                | "by"
                | "as"
                | "because"
                | "since"
                | "so"
                | "until"
                | "muss"
                | "soll"
                | "ist"
                | "bitte"
                | "und"
                | "est"
                | "et"
                | "doit"
                | "debe"
        );
    // "In shop and site".
    let joined = before.strip_suffix(" and").or_else(|| before.strip_suffix(" und")).is_some_and(|front| {
        let mut words = front.trim_end().rsplit(' ').skip(1);
        words.next().is_some_and(|word| matches!(word.to_ascii_lowercase().as_str(), "in" | "of" | "from" | "both"))
    });
    opens || boxed || owns || ((behind || joined) && free)
}

/// Whether a repository or group lies in another.
fn within(place: &str, above: &str) -> bool {
    place.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
