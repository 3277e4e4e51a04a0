//! How much access is asked for: read, write or admin, and what is too vague to be one of them.

use crate::model::inventory::Level;
use crate::model::settings::Words;
use crate::model::ticket::{Field, Intent, Record};

use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};

/// The level that one word means (SEMANTICS, Levels).
pub(super) fn word(word: &str) -> Option<Level> {
    Some(match word {
        "read" | "read-only" | "readonly" | "reader" | "reading" | "view" | "viewer" | "view-only" | "reporter"
        | "guest" | "pull" | "list" | "read-access" | "leserechte" | "leserecht" | "lesen" | "lesend"
        | "lesezugriff" | "lecture" | "lectura" | "readonlyaccess" | "look" | "query" => Level::Read,
        "write" | "read-write" | "readwrite" | "rw" | "push" | "writer" | "developer" | "maintainer" | "edit"
        | "editor" | "contributor" | "deploy" | "publish" | "poweruser" | "poweruseraccess" | "schreibrechte"
        | "schreibrecht" | "schreiben" | "schreibzugriff" | "schreibend" | "écriture" | "escritura" => Level::Write,
        "admin"
        | "administrator"
        | "administratoraccess"
        | "administration"
        | "cluster-admin"
        | "root"
        | "superuser"
        | "sudo"
        | "full-access"
        | "vollzugriff"
        | "owner"
        | "admins"
        | "administrateur"
        | "administrador" => Level::Admin,
        _ => return None,
    })
}

/// The level that a word means where it stands.
pub(super) fn in_place(all: &[Word], at: usize) -> Option<Level> {
    let text = |at: Option<usize>| at.and_then(|at| all.get(at)).map(|w| w.text.as_str()).unwrap_or_default();
    of(all.get(at)?, text(Some(at + 1)), text(at.checked_sub(1)))
}

/// What is asked for, and the words that are too vague.
pub(super) struct Asked<'a> {
    pub(super) record: &'a Record,
    pub(super) units: &'a [Unit],
    pub(super) judged: &'a [Judged],
    pub(super) words: &'a Words,
    pub(super) intent: Intent,
}

impl Asked<'_> {
    /// The level, or why there is none.
    pub(super) fn level(&self) -> (Option<Level>, Option<String>) {
        if let Some(field) = self.record.fields.get(&Field::Level) {
            return match &self.levels(field, false)[..] {
                [one] => (Some(*one), None),
                [] => (
                    None,
                    Some(format!("\"{}\" in the level's field is no level that is known", super::links::quote(field))),
                ),
                _ => (None, Some(format!("\"{}\" could be two levels", super::links::quote(field)))),
            };
        }
        // `Level: read`, then the title, then what is asked for, then the rest.
        let mut by_rank: [Vec<(Level, String)>; 4] = Default::default();
        for (number, unit) in self.units.iter().enumerate().filter(|(_, u)| !matches!(u.origin, Origin::Comment(_))) {
            let judged = &self.judged[number];
            if [unit.lead, unit.heading].into_iter().flatten().any(|other| self.judged[other].overall().spares()) {
                continue;
            }
            if let Some((key, value)) = unit.text.split_once(':').filter(|_| is_level_key(&unit.text)) {
                let _ = key;
                by_rank[0].extend(self.levels(value, false).into_iter().map(|level| (level, unit.text.clone())));
                continue;
            }
            for clause in &judged.clauses {
                if clause.stance.spares() {
                    continue;
                }
                let rank = match (unit.origin, clause.stance) {
                    (Origin::Title, _) => 1,
                    (_, Stance::Act) => 2,
                    _ => 3,
                };
                if unit.shape == Shape::Row && rank == 3 {
                    continue;
                }
                let text = &unit.text[clause.start..clause.end];
                let levels = self.levels(text, self.intent == Intent::Modify);
                by_rank[rank].extend(levels.into_iter().map(|level| (level, unit.text.clone())));
            }
        }
        for rank in by_rank {
            let Some((first, said)) = rank.first() else { continue };
            if rank.iter().all(|(level, _)| level == first) {
                return (Some(*first), None);
            }
            return (None, Some(format!("the level could be two: {}", super::links::quote(said))));
        }
        (None, self.vague())
    }

    fn vague(&self) -> Option<String> {
        const VAGUE: [&str; 12] = [
            "proper",
            "usual",
            "appropriate",
            "necessary",
            "whatever",
            "same",
            "some",
            "enough",
            "more",
            "required",
            "normal",
            "standard",
        ];
        let unit = self.units.iter().filter(|u| !matches!(u.origin, Origin::Comment(_))).find(|unit| {
            let all = words(&unit.text);
            all.iter().any(|w| VAGUE.contains(&w.text.as_str()))
                && all.iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "access" | "rights" | "permission" | "permissions" | "role" | "usual" | "more"
                    )
                })
        })?;
        Some(format!("the access asked for is vague: {}", super::links::quote(&unit.text)))
    }

    /// The levels that a stretch of text names. For a change, what stands behind "to" is what it shall be.
    fn levels(&self, text: &str, change: bool) -> Vec<Level> {
        let all = words(text);
        let mut out: Vec<(Level, bool)> = Vec::new();
        for (at, w) in all.iter().enumerate() {
            let next = all.get(at + 1).map(|w| w.text.as_str()).unwrap_or_default();
            let back = |n: usize| at.checked_sub(n).map(|i| all[i].text.as_str()).unwrap_or_default();
            let Some(level) = self.site(&all, at).or_else(|| of(w, next, back(1))) else { continue };
            // "it never writes", "no write access", "not admin".
            let denied = (1..=3).any(|n| {
                matches!(
                    back(n),
                    "no" | "not" | "never" | "without" | "kein" | "keine" | "nicht" | "pas" | "sans" | "sin"
                )
            });
            // "it was added as read-only"; for a change, also what it is now.
            let was = (1..=4).any(|n| {
                matches!(back(n), "was" | "were" | "had")
                    || (change && matches!(back(n), "from" | "currently" | "today" | "is" | "has"))
            });
            let shall = (1..=3).any(|n| matches!(back(n), "to" | "only" | "needs"));
            if !denied && (shall || !was) {
                out.push((level, (1..=3).any(|n| matches!(back(n), "to" | "auf" | "à" | "a"))));
            }
        }
        if change && out.iter().any(|(_, target)| *target) {
            out.retain(|(_, target)| *target);
        }
        let mut levels: Vec<Level> = out.into_iter().map(|(level, _)| level).collect();
        // "read and write" is write.
        if levels.contains(&Level::Write)
            && all.windows(3).any(|t| {
                t[0].text == "read"
                    && matches!(t[1].text.as_str(), "and" | "or" | "und" | "y" | "et")
                    && word(&t[2].text) == Some(Level::Write)
            })
        {
            levels.retain(|level| *level != Level::Read);
        }
        // "read/write" is write.
        let both = all.windows(2).any(|t| t[0].text == "read" && t[1].text == "write" && t[1].start == t[0].end + 1);
        if both {
            levels.retain(|level| *level != Level::Read);
        }
        levels.dedup();
        levels
    }

    fn site(&self, all: &[Word], at: usize) -> Option<Level> {
        self.words.levels.iter().find_map(|(phrase, level)| {
            let phrase = words(phrase);
            let slice = all.get(at..at + phrase.len())?;
            (!phrase.is_empty() && slice.iter().zip(&phrase).all(|(a, b)| a.text == b.text)).then_some(*level)
        })
    }
}

/// A word in its place: "deploy key" is a noun, "reads" tells, "owner" needs "as" or "role".
fn of(w: &Word, next: &str, before: &str) -> Option<Level> {
    match w.text.as_str() {
        "full" if matches!(next, "access" | "rights" | "control" | "admin") => return Some(Level::Admin),
        "power" if matches!(next, "user" | "users") => return Some(Level::Write),
        "owner"
            if !matches!(before, "as" | "to" | "the")
                && !matches!(next, "role" | "access" | "rights" | "permission") =>
        {
            return None;
        }
        "owner" if before == "the" && next != "role" => return None,
        "deploy" | "publish" | "push"
            if matches!(
                next,
                "key"
                    | "keys"
                    | "token"
                    | "tokens"
                    | "job"
                    | "jobs"
                    | "secret"
                    | "workflow"
                    | "pipeline"
                    | "step"
                    | "webhook"
            ) =>
        {
            return None;
        }
        "read" | "look" if matches!(next, "the" | "this" | "more" | "at" | "into" | "before") && before != "to" => {
            return None;
        }
        "list" if matches!(next, "of" | "is" | "in") || matches!(before, "the" | "a" | "see" | "token") => return None,
        "look" if !matches!(next, "only" | "up") => return None,
        "query" if before != "to" => return None,
        "root" if matches!(next, "cause" | "folder") => return None,
        _ => {}
    }
    word(&w.text)
}

/// `Level: read`, `Access level: …`, `Permission: …`.
fn is_level_key(text: &str) -> bool {
    text.split_once(':').is_some_and(|(key, _)| {
        let key = words(key);
        key.len() <= 3
            && key.iter().any(|w| {
                matches!(
                    w.text.as_str(),
                    "level" | "permission" | "permissions" | "niveau" | "stufe" | "nivel" | "rights"
                )
            })
    })
}
