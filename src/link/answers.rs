//! What the name of a form's answer, a line's key, a heading or a column makes of a time: `last_working_day`, "Valid until: …". What the
//! words of a sentence make of it stands in `role`.

use crate::model::ticket::Intent;

use super::role::Role;
use super::text::{Origin, Shape, Unit};
use super::tokens::words;
use super::window::Times;

impl Times<'_> {
    /// What a form's variable or heading makes of a time: `last_working_day`, "Valid until".
    pub(super) fn answers(&self, number: usize, unit: &Unit, byte: usize) -> Option<Role> {
        let Origin::Body(index) = unit.origin else { return None };
        let column = || super::table::heading(self.units, number, byte).map(str::to_owned);
        let variable =
            self.record.texts.get(index)?.field.strip_prefix("variables.").map(|name| name.replace('_', " "));
        let heading =
            || unit.heading.filter(|heading| heading + 1 == number).map(|heading| self.units[heading].text.clone());
        // "To: 2026-02-20 17:00 UTC", a line of a list.
        let key = || {
            let trim = |c: char| c.is_whitespace() || matches!(c, '*' | '`' | '_' | ',');
            let before = unit.text.get(..byte)?.trim_end_matches(trim);
            // "To: Sunday 2026-09-13"
            let day = words(before).last().filter(|w| super::dates::weekday(&w.text).is_some()).map(|w| w.start);
            let before = before.get(..day.unwrap_or(before.len()))?.trim_end_matches(trim);
            // "- to 2026-09-06 23:00 CEST"
            let item = Some(before).filter(|text| {
                unit.shape == Shape::Item
                    && matches!(text.to_lowercase().as_str(), "to" | "till" | "bis" | "au" | "end")
            });
            let key = before.strip_suffix(':').or(item)?;
            let word = |word: &str| match word {
                "to" | "au" | "till" => "end".to_owned(),
                other => other.to_owned(),
            };
            (words(key).len() <= 4).then(|| words(key).iter().map(|w| word(&w.text)).collect::<Vec<_>>().join(" "))
        };
        // "| to | 2026-09-25 20:00 UTC |": a row of two cells.
        let row = || {
            let (key, value) =
                unit.text.trim().trim_matches('|').split_once('|').filter(|_| unit.shape == Shape::Row)?;
            let from = unit.text.len() - unit.text.trim_start_matches(['|', ' ']).len() + key.trim_start().len();
            let key = key.trim().to_lowercase();
            let key = if matches!(key.as_str(), "to" | "au" | "bis") { "end".to_owned() } else { key };
            (!value.contains('|')
                && !key.contains(|c: char| c.is_ascii_digit())
                && from <= byte
                && words(&key).len() <= 4)
                .then_some(key)
        };
        // Of a column, "To" is the end.
        let column = || column().map(|name| if name.eq_ignore_ascii_case("to") { "end".to_owned() } else { name });
        let name = key().or(variable).or_else(row).or_else(heading).or_else(column)?.replace('_', " ");
        let all = words(&name);
        let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
        match () {
            () if has(&["last", "final", "leaving", "exit", "termination", "departure"]) && has(&["day", "date"]) => {
                Some(Role::LastDay)
            }
            () if matches!(
                &*name.trim().to_lowercase(),
                "exit" | "leaving" | "leaves" | "departure" | "termination" | "austritt" | "départ" | "baja" | "salida"
            ) =>
            {
                Some(Role::LastDay)
            }
            () if has(&["effect", "validity"]) => Some(Role::Effective),
            () if has(&["effective", "earliest", "frühestens", "efectiva", "efectivo", "wirksam", "effet"]) => {
                Some(Role::Effective)
            }
            () if has(&["implementation", "execution"]) && has(&["date", "day", "time"]) => Some(Role::Effective),
            () if has(&["from"]) && has(&["valid"]) && self.intent != Intent::Elevate => Some(Role::Effective),
            () if has(&["to"]) && has(&["valid", "access"]) => Some(Role::End),
            // "Valid: to Saturday 04:00"
            () if has(&["valid", "validity"])
                && self.intent != Intent::Revoke
                && words(unit.text.get(..byte).unwrap_or_default())
                    .last()
                    .is_some_and(|w| matches!(w.text.as_str(), "to" | "through" | "until" | "till" | "up")) =>
            {
                Some(Role::End)
            }
            () if has(&["first"]) && has(&["minute", "hour", "day"]) => Some(Role::Start),
            () if has(&[
                "end",
                "ends",
                "until",
                "expiry",
                "expires",
                "expiration",
                "lapses",
                "lapse",
                "bis",
                "fin",
                "hasta",
            ]) =>
            {
                Some(Role::End)
            }
            () if has(&[
                "start",
                "from",
                "begin",
                "starting",
                "du",
                "von",
                "desde",
                "inicio",
                "d\u{e9}but",
                "beginn",
            ]) =>
            {
                Some(Role::Start)
            }
            () if has(&["due", "deadline", "needed"]) => Some(Role::Deadline),
            () => None,
        }
    }
}
