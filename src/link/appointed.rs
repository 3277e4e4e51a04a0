//! Effective dates that no word of `role` or `effective` tells: a day that an order waits for, and what was in effect before the ticket.

use jiff::Timestamp;

use crate::model::ticket::Intent;

use super::dates::Point;
use super::daywords::named;
use super::role::Role;
use super::text::{Origin, Unit};
use super::tokens::words;
use super::window::{Times, end_of};

/// A sentence that sets a day is short, in words before it.
const SHORT: usize = 8;

impl Times<'_> {
    /// "The downgrade was effective on 3 August."
    pub(super) fn was_effective(&self) -> bool {
        let own = self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        own.into_iter().any(|(number, unit)| {
            let effective = |(point, role): &(Point, Role)| {
                let near = self.judged[number].before(point.start).iter().rev().take(4);
                let pair: Vec<&str> = near.map(|w| w.text.as_str()).collect();
                *role == Role::Effective
                    && pair.iter().any(|w| matches!(*w, "was" | "took" | "came" | "went" | "wurde"))
                    && pair.iter().any(|w| matches!(*w, "effective" | "effect" | "force" | "live" | "wirksam"))
            };
            self.points(number, unit).iter().any(effective)
        })
    }

    /// "The exchange itself ran on 12 May at 04:15 UTC", where the ticket tells no other time.
    pub(super) fn only_past(&self) -> Option<Timestamp> {
        let own = self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        let all: Vec<(&Unit, Point)> = own
            .flat_map(|(number, unit)| self.points(number, unit).iter().map(move |(point, _)| (unit, *point)))
            .collect();
        let [(unit, point)] = all[..] else { return None };
        let past = self.record.opened_at.is_some_and(|opened| point.at <= opened);
        let tells = !words(&unit.text).iter().any(|w| super::planned::occasion(&w.text) && w.text != "audit");
        (past && tells && !named(unit, point)).then_some(point.at)
    }

    /// Whether somebody leaves by the words before a day.
    pub(super) fn leaves_with(&self, number: usize, point: Point) -> bool {
        self.intent == Intent::Offboard
            && !self.workload
            && self.judged[number].before(point.start).iter().any(|w| {
                matches!(&*w.text, "verl\u{e4}sst" | "leaves" | "leaving" | "quitte" | "deja" | "geht" | "scheidet")
            })
    }

    /// "End date: D", "she finishes on D", "her time here is over on D": a leaver's day that no other word tells.
    pub(super) fn over_with(&self) -> Option<Timestamp> {
        if self.intent != Intent::Offboard || self.workload {
            return None;
        }
        let own = self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        own.into_iter().filter(|(number, _)| !self.judged[*number].question).find_map(|(number, unit)| {
            self.points(number, unit).iter().find_map(|(point, role)| {
                let judged = &self.judged[number];
                let (before, behind) = (judged.before(point.start), judged.behind(point.end));
                let mut near = before.iter().rev().take(SHORT).chain(behind.iter().take(5));
                let over = near.any(|w| {
                    ["finish", "end", "austritt", "ausscheid"].iter().any(|stem| w.text.starts_with(stem))
                        || matches!(
                            &*w.text,
                            "shift" | "over" | "ours" | "baja" | "salida" | "employee" | "runs" | "left"
                        )
                });
                let may = !matches!(role, Role::Happened | Role::Deadline | Role::Start) && !named(unit, *point);
                (over && may && !of_others(&unit.text)).then(|| if point.day { end_of(point.at) } else { point.at })
            })
        })
    }

    /// "Execute on D", "hold off until D", "slot: D": a sentence that only says when.
    pub(super) fn set_for(&self) -> Option<Timestamp> {
        let opened = self.record.opened_at?;
        let due = self.deadline();
        let own = || self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        own().filter(|(number, _)| !self.judged[*number].question).find_map(|(number, unit)| {
            self.points(number, unit).iter().find_map(|(point, role)| {
                let later = if point.day { end_of(point.at) >= opened } else { point.at >= opened };
                let may = !matches!(role, Role::Happened | Role::Deadline | Role::LastDay)
                    && due.is_none_or(|due| end_of(point.at) < due || point.at > due)
                    && !named(unit, *point);
                let judged = &self.judged[number];
                let from =
                    judged.at(point.start).and_then(|at| judged.clauses.get(at)).map_or(0, |clause| clause.start);
                let before: Vec<&str> = judged.between(from, point.start).iter().map(|w| w.text.as_str()).collect();
                let short = before.len() <= SHORT && !before.iter().any(|w| super::planned::occasion(w));
                (later && may && short && sets(&before, unit, *point)).then_some(point.at)
            })
        })
    }
}

/// What else is on a day when somebody leaves: who takes over, a farewell, the notice itself.
pub(super) fn of_others(text: &str) -> bool {
    words(text).iter().any(|w| {
        matches!(
            &*w.text,
            "replacement"
                | "successor"
                | "nachfolger"
                | "nachfolgerin"
                | "laptop"
                | "notebook"
                | "badge"
                | "handed"
                | "gave"
                | "interview"
                | "payroll"
                | "joined"
                | "farewell"
                | "drinks"
                | "party"
                | "lunch"
                | "meeting"
        )
    })
}

/// Whether words set the time behind them for the ticket's own action.
fn sets(before: &[&str], unit: &Unit, point: Point) -> bool {
    let filler =
        |word: &&&str| matches!(**word, "please" | "pls" | "and" | "but" | "bitte" | "then" | "so" | "we" | "do");
    let rest: Vec<&str> = before.iter().skip_while(|word| filler(word)).copied().collect();
    let has = |word: &str| before.contains(&word);
    let until = has("until") || has("till") || has("bis") || has("jusqu'au") || has("hasta");
    let keyed =
        unit.text.get(..point.start).is_some_and(|text| text.trim_end_matches([' ', '*', '`']).ends_with([':', '|']));
    match rest.first().copied().unwrap_or_default() {
        "execute" | "perform" | "implement" | "run" | "carry" | "apply" | "ausf\u{fc}hren" => !until,
        "hold" | "wait" | "leave" | "not" | "don't" | "keep" => until && !has("from"),
        "it" | "this" | "he" | "she" => {
            matches!(rest.get(1), Some(&("may" | "can" | "should" | "must")))
                && matches!(rest.get(2), Some(&("go" | "die" | "end")))
        }
        "agreed" => has("on"),
        "\u{e0}" => has("faire"),
        "slot" | "date" | "fecha" | "datum" | "when" | "quand" | "wann" | "ausf\u{fc}hrung" | "maintenance" => {
            keyed && rest.len() <= 2
        }
        _ => false,
    }
}
