//! Until when a temporary access holds, as comments tell it: the end that whoever grants it states, and longer ones. What the ticket itself
//! says stands in `window`, and who may make it longer is decided in `trust`.

use jiff::Timestamp;

use crate::model::ticket::{Comment, Window};

use super::postponed::denies;
use super::role::Role;
use super::text::{Origin, Unit};
use super::tokens::words;
use super::window::{DAY, Times, end_of};

/// An end of a window that a comment states.
pub(super) struct Extension {
    pub(super) comment: usize,
    pub(super) end: Timestamp,
    /// The words say that it ends sooner than it would have.
    pub(super) sooner: bool,
    pub(super) words: String,
}

impl Times<'_> {
    /// The window whose end somebody states in a comment ("granted, expires on Friday"), where the ticket has none. An end where there was
    /// none limits, whoever states it; of several that of those who may loosen.
    /// Of an access that is not asked for a time, only what the words of a grant state counts.
    pub(super) fn granted(&self, temporary: bool, may: impl Fn(&Comment) -> bool) -> Option<Window> {
        let ends: Vec<(usize, Timestamp)> = (self.units.iter().enumerate())
            .filter_map(|(number, unit)| {
                let Origin::Comment(comment) = unit.origin else { return None };
                // "Granted, read only. Runs until Thursday.": in the sentence, or right before it.
                let before = number.checked_sub(1).and_then(|before| self.units.get(before));
                let granted = || {
                    grants(&unit.text) || before.is_some_and(|other| other.origin == unit.origin && grants(&other.text))
                };
                if !temporary && !granted() {
                    return None;
                }
                let end = self.points(number, unit).iter().find(|(_, role)| *role == Role::End).map(|(end, _)| end)?;
                Some((comment, if end.day { end_of(end.at) } else { end.at }))
            })
            .collect();
        let by_right = |(comment, _): &&(usize, Timestamp)| self.record.comments.get(*comment).is_some_and(&may);
        let end = ends.iter().find(by_right).or(ends.first()).map(|(_, end)| *end);
        end.map(|end| Window { start: None, end: Some(end) })
    }

    /// "Today only", and "granted, expires 17:00": the hour of a day at whose end it would have ended.
    pub(super) fn finer_end(&self, window: &mut Window) {
        let day = window.end.filter(|end| end.as_second() % 86_400 == 86_399);
        let stated = self.granted(false, |_| true).and_then(|granted| granted.end);
        if let (Some(day), Some(stated)) = (day, stated)
            && stated < day
            && day - stated < DAY
        {
            window.end = Some(stated);
        }
    }

    /// Ends that comments state, oldest first.
    pub(super) fn extensions(&self) -> Vec<Extension> {
        let mut out = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            let Origin::Comment(comment) = unit.origin else { continue };
            // The new end may stand in the sentence behind the word.
            let same = |other: &&Unit| other.origin == unit.origin && other.line + 1 >= unit.line;
            let said = || self.units[..number].iter().rev().take(6).take_while(same);
            let sooner = shortens(&unit.text) || said().any(|other| shortens(&other.text));
            let near = sooner || extends(&unit.text) || said().any(|other| extends(&other.text));
            if !near || self.judged[number].question || denies(unit) || said().any(denies) {
                continue;
            }
            let stated = self
                .points(number, unit)
                .iter()
                .rfind(|(_, role)| matches!(role, Role::End | Role::Other | Role::On | Role::Deadline));
            if let Some((point, _)) = stated {
                let end = if point.day { end_of(point.at) } else { point.at };
                out.push(Extension { comment, end, sooner, words: unit.text.clone() });
            }
        }
        out
    }
}

/// Whether words move the end of an access.
fn extends(text: &str) -> bool {
    const PHRASES: [&[&str]; 25] = [
        &["end", "moves", "to"],
        &["end", "is", "moved", "to"],
        &["end", "time", "is"],
        &["ending", "moves", "to"],
        &["ends", "at"],
        &["new", "end"],
        &["new", "expiry"],
        &["new", "until"],
        &["end", "date", "is"],
        &["end", "is", "now"],
        &["ends", "now"],
        &["now", "ends"],
        &["now", "until"],
        &["valid", "until"],
        &["runs", "until"],
        &["active", "until"],
        &["open", "until"],
        &["the", "end", "to"],
        &["end", "moved", "to"],
        &["expiry", "to"],
        &["neues", "ende"],
        &["neues", "enddatum"],
        &["nouvelle", "fin"],
        &["nouvelle", "date"],
        &["nueva", "fecha"],
    ];
    let all = words(text);
    all.iter().any(|w| {
        w.text == "longer"
            || ["exten", "prolong", "verläng", "prorrog", "prórrog", "ampli"]
                .iter()
                .any(|stem| w.text.starts_with(stem))
    }) || PHRASES
        .iter()
        .any(|phrase| all.windows(phrase.len()).any(|w| w.iter().zip(*phrase).all(|(a, b)| a.text == *b)))
}

/// Whether words say that an access ends sooner.
fn shortens(text: &str) -> bool {
    const PHRASES: [&[&str]; 12] = [
        &["access", "ends"],
        &["ends", "today"],
        &["ends", "already"],
        &["end", "it", "today"],
        &["brought", "forward"],
        &["cut", "to"],
        &["cut", "it"],
        &["cut", "short"],
        &["close", "it", "today"],
        &["until", "then", "only"],
        &["cerrar", "el", "acceso"],
        &["endet", "schon"],
    ];
    let all = words(text);
    let ends = all.iter().any(|w| matches!(w.text.as_str(), "end" | "ends" | "close" | "closes" | "access" | "window"));
    all.iter().any(|w| {
        (ends && matches!(w.text.as_str(), "shorter" | "sooner" | "earlier"))
            || ["shorten", "recort", "acort", "verk\u{fc}rz", "raccourc"].iter().any(|stem| w.text.starts_with(stem))
    }) || PHRASES
        .iter()
        .any(|phrase| all.windows(phrase.len()).any(|w| w.iter().zip(*phrase).all(|(a, b)| a.text == *b)))
}

/// "Granted until tomorrow noon".
fn grants(text: &str) -> bool {
    words(text).iter().any(|w| matches!(w.text.as_str(), "granted" | "gewährt" | "accordé" | "concedido"))
}

/// Whether a change of an access is one for a time.
pub(super) fn lends(units: &[Unit]) -> bool {
    keyed(units) || comes_back(units)
}

/// "Window: 10:00 to 14:00": a line that states the window of an access by that name.
fn keyed(units: &[Unit]) -> bool {
    units.iter().filter(|unit| matches!(unit.origin, Origin::Body(_))).any(|unit| {
        let key = unit.text.split_once(':').map(|(key, _)| key.trim_matches(['*', '_', ' ', '|']).to_lowercase());
        key.is_some_and(|key| {
            matches!(key.as_str(), "window" | "access window" | "zeitfenster" | "zeitraum" | "plage" | "ventana")
        })
    })
}

/// "Raise it to Developer until Sunday, afterwards back to Reporter": a change that is taken back.
fn comes_back(units: &[Unit]) -> bool {
    units.iter().filter(|unit| matches!(unit.origin, Origin::Body(_))).any(|unit| {
        let all = words(&unit.text);
        let until = all.iter().position(|w| matches!(w.text.as_str(), "until" | "till" | "bis" | "jusqu'au" | "hasta"));
        until.is_some_and(|until| {
            all[until..].windows(2).any(|pair| {
                matches!(
                    pair[0].text.as_str(),
                    "then" | "afterwards" | "after" | "and" | "danach" | "dann" | "puis" | "luego"
                ) && matches!(pair[1].text.as_str(), "back" | "wieder" | "zurück" | "retour")
            })
        })
    })
}
