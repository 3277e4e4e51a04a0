//! Until when a temporary access holds, as comments tell it: the end that whoever grants it states, and longer ones. What the ticket itself
//! says stands in `window`, and who may make it longer is decided in `trust`.

use jiff::Timestamp;

use crate::model::ticket::{Comment, Window};

use super::role::Role;
use super::text::{Origin, Unit};
use super::tokens::words;
use super::window::{Times, end_of};

/// An end of a window that a comment states.
pub(super) struct Extension {
    pub(super) comment: usize,
    pub(super) end: Timestamp,
    pub(super) words: String,
}

impl Times<'_> {
    /// The window whose end somebody states in a comment ("granted, expires on Friday"), where the ticket has none. An end where there was
    /// none limits, whoever states it; of several that of those who may loosen.
    pub(super) fn granted(&self, may: impl Fn(&Comment) -> bool) -> Option<Window> {
        let ends: Vec<(usize, Timestamp)> = (self.units.iter().enumerate())
            .filter_map(|(number, unit)| {
                let Origin::Comment(comment) = unit.origin else { return None };
                let end = self.points(number, unit).iter().find(|(_, role)| *role == Role::End).map(|(end, _)| end)?;
                Some((comment, if end.day { end_of(end.at) } else { end.at }))
            })
            .collect();
        let by_right = |(comment, _): &&(usize, Timestamp)| self.record.comments.get(*comment).is_some_and(&may);
        let end = ends.iter().find(by_right).or(ends.first()).map(|(_, end)| *end);
        end.map(|end| Window { start: None, end: Some(end) })
    }

    /// Ends that comments state, oldest first.
    pub(super) fn extensions(&self) -> Vec<Extension> {
        let mut out = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            let Origin::Comment(comment) = unit.origin else { continue };
            // The new end may stand in the sentence behind the word.
            let same = |other: &&Unit| other.origin == unit.origin && other.line + 1 >= unit.line;
            let near = extends(&unit.text)
                || self.units[..number].iter().rev().take(6).take_while(same).any(|other| extends(&other.text));
            if !near {
                continue;
            }
            let stated = self
                .points(number, unit)
                .iter()
                .rfind(|(_, role)| matches!(role, Role::End | Role::Other | Role::On | Role::Deadline));
            if let Some((point, _)) = stated {
                let end = if point.day { end_of(point.at) } else { point.at };
                out.push(Extension { comment, end, words: unit.text.clone() });
            }
        }
        out
    }
}

/// Whether words move the end of an access.
fn extends(text: &str) -> bool {
    const PHRASES: [&[&str]; 14] = [
        &["new", "end"],
        &["new", "expiry"],
        &["new", "until"],
        &["end", "date", "is"],
        &["end", "is", "now"],
        &["ends", "now"],
        &["now", "ends"],
        &["now", "until"],
        &["now", "valid", "until"],
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
