//! Words beside a day that tell what it is: a weekday alone, a span, since when. What they make of a ticket is decided in `effective`.

use super::dates::Point;
use super::text::Unit;
use super::tokens::{Word, words};

/// A day by its name alone: "on Monday", "tomorrow".
pub(super) fn named(unit: &Unit, point: Point) -> bool {
    unit.text.get(point.start..point.end).is_some_and(|text| {
        !text.contains(|c: char| c.is_ascii_digit())
            && !words(text).iter().any(|w| super::dates::month(&w.text).is_some())
    })
}

/// "Tomorrow at noon", where "noon" alone is no day.
pub(super) fn a_day(text: &str) -> bool {
    words(text).iter().any(|w| {
        matches!(w.text.as_str(), "tomorrow" | "today" | "tonight" | "next") || super::dates::weekday(&w.text).is_some()
    })
}

/// "Done on 8 May".
pub(super) fn done_on(unit: &Unit, point: Point) -> bool {
    words(unit.text.get(..point.start).unwrap_or_default())
        .iter()
        .rev()
        .take(3)
        .any(|w| matches!(w.text.as_str(), "done" | "carried" | "executed" | "happened" | "performed"))
}

/// "Left on 8 May already"; of a workload: "was switched off for good on 14 September".
pub(super) fn gone_by(before: &[Word], workload: bool) -> bool {
    let near = |reach: usize| before.iter().rev().take(reach).map(|w| w.text.as_str());
    let person = |word: &str| {
        matches!(
            word,
            "leaves"
                | "left"
                | "leaving"
                | "leave"
                | "gone"
                | "departs"
                | "departed"
                | "retires"
                | "exits"
                | "verl\u{e4}sst"
        )
    };
    let service = |word: &str| {
        matches!(
            word,
            "off"
                | "down"
                | "decommissioned"
                | "retired"
                | "stopped"
                | "abgeschaltet"
                | "stillgelegt"
                | "ended"
                | "lost"
        )
    };
    near(4).any(person)
        || workload
            && near(6).any(service)
            && before.iter().any(|w| matches!(w.text.as_str(), "was" | "were" | "been" | "and" | "wurde"))
}

/// "Next Monday".
pub(super) fn next(unit: &Unit, point: Point) -> bool {
    let said = unit.text.get(..point.end).unwrap_or_default();
    let all = words(said);
    all.iter().rev().nth(1).is_some_and(|w| matches!(w.text.as_str(), "next" | "coming"))
        || words(unit.text.get(point.start..point.end).unwrap_or_default()).first().is_some_and(|w| w.text == "next")
}

/// "Reviewed between 1 and 4 May": a span, and nothing that begins.
pub(super) fn between(unit: &Unit, point: Point) -> bool {
    let before = words(unit.text.get(..point.start).unwrap_or_default());
    before.last().is_some_and(|w| matches!(w.text.as_str(), "between" | "zwischen" | "entre"))
}

/// "From Friday on", "from Friday, …" at a sentence's head: since when, and not where something comes from.
pub(super) fn goes_on_from(unit: &Unit, point: Point) -> bool {
    let behind = words(unit.text.get(point.end..).unwrap_or_default());
    let before = words(unit.text.get(..point.start).unwrap_or_default());
    before.len() < 2
        || behind.first().is_none_or(|w| {
            matches!(w.text.as_str(), "on" | "onwards" | "onward" | "an" | "at" | "the" | "she" | "he" | "it" | "they")
        })
}

/// "From Monday": right before the day it is said that something begins.
pub(super) fn from(unit: &Unit, point: Point) -> bool {
    let before = words(unit.text.get(..point.start).unwrap_or_default());
    before.last().is_some_and(|w| {
        matches!(
            w.text.as_str(),
            "from" | "of" | "starting" | "ab" | "von" | "per" | "du" | "dès" | "partir" | "desde" | "del"
        )
    })
}

/// "Richtlinie 4.2.", "section 3.1": a number of a text's part, and no day.
pub(super) fn chapter(before: &str) -> bool {
    let near = before.floor_char_boundary(before.len().saturating_sub(24));
    words(&before[near..]).last().is_some_and(|w| {
        matches!(
            w.text.as_str(),
            "richtlinie"
                | "abschnitt"
                | "kapitel"
                | "punkt"
                | "ziffer"
                | "absatz"
                | "artikel"
                | "version"
                | "policy"
                | "section"
                | "chapter"
                | "clause"
                | "rule"
                | "control"
                | "article"
                | "release"
                | "punto"
        )
    })
}
