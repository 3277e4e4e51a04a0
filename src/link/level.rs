//! The level that a ticket asks for. Wording that could be two levels has none.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::inventory::Level;
use crate::model::settings::Settings;
use crate::model::ticket::{Field, Record};

use super::text::{Clause, Stance, pattern};

static LEVELS: LazyLock<Vec<(Level, Regex)>> = LazyLock::new(|| {
    [
        (Level::Admin, r"admin\w*|owner|full (?:access|control)|root|superuser"),
        (Level::Write, r"write|push|deploy access|publish|developer|power ?user|maintainer|contribut\w+"),
        (Level::Read, r"read(?:-only| only)?|view(?:er)?|list only|pull|reporter|look only|clones?"),
    ]
    .into_iter()
    .map(|(level, words)| (level, pattern(&format!(r"(?i)\b(?:{words})\b"))))
    .collect()
});

static TO: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:down to|to|only|as|give|read is enough)\b.{0,40}"));
static NEVER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:never|not|no longer|was|is|too)\b.{0,30}"));
static AWAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:take\b.{0,80}\baway|leaves (?:production|staging|\w+)|remov\w*|revok\w*|must not|lose[sn]?|no longer|withdraw)\b",
    )
});

/// The level, and why there is none where the words could mean several.
pub(super) fn of(record: &Record, clauses: &[Clause], settings: &Settings) -> (Option<Level>, Option<String>) {
    if let Some(value) = record.fields.get(&Field::Level) {
        return match words(value, settings).as_slice() {
            [one] => (Some(*one), None),
            _ => (None, Some(format!("the level {value:?} is no level that is known"))),
        };
    }
    let mut found: Vec<Level> = Vec::new();
    let mut targets: Vec<Level> = Vec::new();
    for clause in clauses.iter().filter(|clause| clause.stance != Stance::Keep) {
        let levels = words(&clause.text, settings);
        let to = TO.find_iter(&clause.text).flat_map(|part| words(part.as_str(), settings));
        targets.extend(to);
        if !NEVER.find_iter(&clause.text).any(|part| !words(part.as_str(), settings).is_empty()) {
            found.extend(levels);
        }
    }
    for list in [&mut found, &mut targets] {
        list.sort();
        list.dedup();
    }
    match (found.as_slice(), targets.as_slice()) {
        ([one], _) | ([_, _, ..], [one]) | ([], [one]) => (Some(*one), None),
        ([], _) => (None, Some("it states no level".to_owned())),
        _ => (None, Some("its words could mean several levels".to_owned())),
    }
}

fn words(text: &str, settings: &Settings) -> Vec<Level> {
    let own =
        settings.words.levels.iter().filter(|(word, _)| super::resolve::mentions(text, word)).map(|(_, level)| *level);
    let mut out: Vec<Level> = own.collect();
    out.extend(LEVELS.iter().filter(|(_, words)| words.is_match(text)).map(|(level, _)| *level));
    out.sort();
    out.dedup();
    out
}

/// Whether words take access away.
pub(super) fn takes_away(text: &str) -> bool {
    AWAY.is_match(text)
}

/// The level that they take away, where they name one.
pub(super) fn taken(text: &str) -> Option<Level> {
    LEVELS.iter().find(|(_, words)| words.is_match(text)).map(|(level, _)| *level)
}
