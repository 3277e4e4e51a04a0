//! Tables and headings that state what an access is and what it shall be: "today | after the move", "Present" over "Requested". What else
//! rows say is judged in `table`.

use crate::model::ticket::Intent;

use super::level;
use super::mention::Mention;
use super::stance::{Act, Judged, Stance};
use super::table::headed;
use super::text::{Origin, Shape, Unit};
use super::tokens::words;
use super::verbs::{Force, Form};

/// What a row makes of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved<'u> {
    /// To another level, as that cell says, or to none.
    To(&'u str),
    Stays,
}

/// Gives the rows of such tables, and what they name, what they say.
pub(super) fn apply(units: &[Unit], judged: &mut [Judged], mentions: &mut [Mention]) {
    // A row that names nothing known says what the ticket asks for all the same.
    for number in 0..units.len() {
        if units[number].shape == Shape::Row
            && let Some(Moved::To(cell)) = row(units, number)
        {
            let start = units[number].text.rfind(cell).unwrap_or_default();
            if let Some(clause) = judged[number].clauses.first_mut() {
                clause.stance = Stance::Act;
                clause.acts = vec![change(start, cell)];
            }
        }
    }
    let mut last = None;
    for mention in mentions.iter_mut().filter(|mention| !mention.identity) {
        let number = mention.unit;
        let moved = match last {
            Some((of, moved)) if of == number => moved,
            _ => row(units, number),
        };
        last = Some((number, moved));
        let Some(moved) = moved else { continue };
        let Moved::To(cell) = moved else {
            mention.stance = Stance::Keep;
            continue;
        };
        mention.stance = Stance::Act;
        let text = &units[number].text;
        let start = text.rfind(cell).unwrap_or_default();
        if let Some(clause) = judged[number].clauses.first_mut() {
            clause.stance = Stance::Act;
            clause.acts = vec![change(start, cell)];
        }
    }
}

/// "svc-x changes its duties", and of its keys only the one in that account loses anything: which of those that a name fits a row, or a
/// line with an order, speaks of.
pub(super) fn chosen(read: &super::Read<'_>) -> Vec<(usize, usize, usize)> {
    let own = |number: &usize| !matches!(read.units[*number].origin, Origin::Comment(_));
    let several = |mention: &&Mention| match &mention.target {
        super::mention::Target::Known(of) => {
            (2..=8).contains(&of.len()) && !mention.stance.spares() && own(&mention.unit)
        }
        super::mention::Target::Unknown(_) => false,
    };
    let Some((at, mention)) = read.mentions.iter().enumerate().find(|(_, mention)| several(mention)) else {
        return Vec::new();
    };
    let super::mention::Target::Known(of) = &mention.target else { return Vec::new() };
    let orders = |number: &usize| {
        let changes = |act: &Act| matches!(act.intent, Intent::Modify | Intent::Revoke);
        let acts = |judged: &Judged| {
            judged.clauses.iter().any(|clause| clause.stance == Stance::Act && clause.acts.iter().any(changes))
        };
        matches!(row(read.units, *number), Some(Moved::To(_)))
            || (matches!(read.units[*number].shape, Shape::Item | Shape::Row) && acts(&read.judged[*number]))
    };
    (0..read.units.len().min(200))
        .filter(|number| own(number) && *number != mention.unit && orders(number))
        .filter_map(|number| Some((at, number, read.context.answers(of, &read.units[number].text)?)))
        .collect()
}

/// Whether a table says what an access is and what it shall be.
pub(super) fn any(units: &[Unit]) -> bool {
    // Anybody can comment.
    let own = |unit: &Unit| !matches!(unit.origin, Origin::Comment(_));
    let heading = |test: &dyn Fn(&str) -> bool| {
        units.iter().take(100).filter(|unit| unit.shape == Shape::Heading && own(unit)).any(|unit| {
            let all = words(&unit.text);
            all.len() <= 5
                && all.iter().any(|w| matches!(w.text.as_str(), "level" | "role"))
                && all.iter().any(|w| test(&w.text))
        })
    };
    (0..units.len().min(400)).any(|number| own(&units[number]) && matches!(row(units, number), Some(Moved::To(_))))
        || heading(&is_now) && heading(&shall_be)
}

/// The change that a cell states.
fn change(start: usize, cell: &str) -> Act {
    Act { intent: Intent::Modify, force: Force::Strong, form: Form::Base, start, end: start + cell.len(), modal: true }
}

/// What a row, or a line right under a heading ("Present", "Requested"), says that an access shall be: nothing where it says what it is.
pub(super) fn target(units: &[Unit], number: usize) -> Option<&str> {
    if let Some(Moved::To(cell)) = row(units, number) {
        return Some(cell);
    }
    let unit = units.get(number)?;
    let heading = unit.heading.filter(|heading| number <= heading + 3)?;
    let all = words(&units[heading].text);
    // "Current level", "Level after the change"
    if all.len() <= 5 && all.iter().any(|w| matches!(w.text.as_str(), "level" | "role" | "access")) {
        if all.iter().any(|w| is_now(&w.text)) {
            return Some("");
        }
        if all.iter().any(|w| shall_be(&w.text)) {
            return Some(&unit.text);
        }
    }
    let state =
        all.get(1).is_none_or(|w| matches!(w.text.as_str(), "state" | "access" | "situation" | "level" | "role"));
    match all.first().filter(|_| all.len() <= 2 && state) {
        Some(first) if is_now(&first.text) => Some(""),
        Some(first) if shall_be(&first.text) => Some(&unit.text),
        _ => None,
    }
}

fn row(units: &[Unit], number: usize) -> Option<Moved<'_>> {
    units.get(number).filter(|unit| unit.shape == Shape::Row)?;
    let cells = headed(units, number);
    let of = |test: &dyn Fn(&str) -> bool| {
        let column = |(heading, _): &&(&str, &str)| {
            let all = words(heading);
            // "From 1 September 2026"
            let from = matches!(all.first().map(|w| w.text.as_str()), Some("from" | "ab" | "desde")) && test("then");
            all.len() <= 7 && (from || all.iter().any(|w| test(&w.text)))
        };
        cells.iter().find(column).map(|(_, cell)| *cell)
    };
    let (from, to) = (of(&is_now)?, of(&shall_be)?);
    // A column of its own says what is done.
    if of(&is_done).is_some_and(|done| done != to) {
        return None;
    }
    let has = |cell: &str| {
        let all = words(cell);
        all.len() <= 6 && (0..all.len()).any(|at| level::in_place(&all, at).is_some())
    };
    let first = words(to).first().map(|w| w.text.to_string()).unwrap_or_default();
    let second = words(to).get(1).map(|w| w.text.to_string()).unwrap_or_default();
    match first.as_str() {
        "no" if second.starts_with("change") => Some(Moved::Stays),
        "unchanged" | "same" | "stays" | "keep" | "keeps" | "as" | "unverändert" | "inchangé" | "igual" => {
            Some(Moved::Stays)
        }
        "none" | "nothing" | "removed" | "no" | "not" | "keine" | "keiner" | "aucun" | "ninguno" | ""
            if has(from) || from.contains(char::is_alphanumeric) && !first.is_empty() && !plain_no(from) =>
        {
            Some(Moved::To(to))
        }
        // "Rights in future: -"
        "" if matches!(to.trim(), "-" | "\u{2013}" | "\u{2014}")
            && from.contains(char::is_alphanumeric)
            && !plain_no(from) =>
        {
            Some(Moved::To(to))
        }
        _ if has(from) && from.eq_ignore_ascii_case(to) => Some(Moved::Stays),
        _ if has(to) && from.contains(char::is_alphanumeric) && !plain_no(from) => Some(Moved::To(to)),
        _ => None,
    }
}

/// "No", "none": nothing was there.
fn plain_no(cell: &str) -> bool {
    words(cell).first().is_none_or(|w| matches!(w.text.as_str(), "no" | "none" | "nothing" | "never"))
}

fn is_now(word: &str) -> bool {
    matches!(
        word,
        "today"
            | "now"
            | "current"
            | "currently"
            | "before"
            | "present"
            | "has"
            | "heute"
            | "aktuell"
            | "actuel"
            | "hoy"
    )
}

fn is_done(word: &str) -> bool {
    matches!(
        word,
        "action"
            | "actions"
            | "status"
            | "state"
            | "verdict"
            | "todo"
            | "result"
            | "outcome"
            | "aktion"
            | "statut"
            | "acción"
    )
}

fn shall_be(word: &str) -> bool {
    matches!(
        word,
        "after"
            | "afterwards"
            | "later"
            | "new"
            | "then"
            | "wanted"
            | "requested"
            | "future"
            | "k\u{fc}nftig"
            | "target"
            | "decision"
            | "should"
            | "soll"
            | "neu"
            | "danach"
            | "après"
            | "souhaité"
            | "nuevo"
            | "después"
    )
}
