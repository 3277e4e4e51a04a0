//! When an action is to be done, where no word states from when it holds: "the token comes on 20 October", "Removal: 26 June, 9:00 UTC",
//! "the mount goes on 30 June; on that day delete it". Last asked, see `effective`.

use jiff::{SignedDuration, Timestamp};

use crate::model::ticket::Intent;

use super::dates::Point;
use super::nouns::{condition, expires};
use super::role::Role;
use super::stance::{Act, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::window::{Times, end_of};

/// How far before its date an action's word stands, and behind it, in words.
const BEFORE: usize = 14;
const BEHIND: usize = 9;

impl Times<'_> {
    /// When it is to be done.
    pub(super) fn planned(&self) -> Option<Timestamp> {
        let opened = self.record.opened_at?;
        let own = || self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        let later = |point: &Point| if point.day { end_of(point.at) >= opened } else { point.at >= opened };
        let due = self.deadline();
        let is_due = |point: &Point| due.is_some_and(|due| end_of(point.at) >= due && point.at <= due);
        own().find_map(|(number, unit)| {
            let all = self.points(number, unit);
            let may = |(point, _): &&(Point, Role)| later(point) && !is_due(point) && !weekday_alone(unit, *point);
            let here = all.iter().filter(may).find(|(point, role)| {
                matches!(role, Role::On | Role::Other | Role::Start) && self.of_action(number, unit, *point, *role)
            });
            // "On 9 November their last channel moves, so …": what stands behind "then".
            let then = || {
                let that = self.thereupon(number)?;
                // "They release it on 23 October and we delete on that same day."
                let here = all.iter().rfind(|(point, role)| {
                    !matches!(role, Role::Happened | Role::Deadline) && later(point) && point.end <= that
                });
                here.copied().or_else(|| if all.is_empty() { self.spoken_of(number, &later) } else { None })
            };
            here.copied().or_else(then).map(|(point, role)| self.ends_with(point, role))
        })
    }

    /// "… on 25 May. It changes at 10:00 on that day": an hour alone is one of the day that was told before.
    pub(super) fn of_that_day(&self, number: usize, unit: &Unit, point: Point) -> Point {
        let said = unit.text.get(point.start..point.end).unwrap_or_default();
        let alone =
            !point.day && said.len() <= 16 && !words(said).iter().any(|w| super::dates::weekday(&w.text).is_some());
        let close = |text: &str| that_day_at(&words(text)).is_some();
        let from = unit.text.floor_char_boundary(point.start.saturating_sub(24));
        let to = unit.text.floor_char_boundary((point.end + 24).min(unit.text.len()));
        if !alone
            || said.contains(['-', '/'])
            || !unit
                .text
                .get(from..point.start)
                .zip(unit.text.get(point.end..to))
                .is_some_and(|(a, b)| close(a) || close(b))
        {
            return point;
        }
        let before = number.checked_sub(1).filter(|before| self.units[*before].origin == unit.origin);
        // Read without its roles: those may look at the sentence before it in turn.
        let told = before.and_then(|at| self.raw(&self.units[at]).pop());
        let Some(day) = told.map(|point| point.at) else { return point };
        let (told, own) = (self.zone.to_datetime(day).date(), self.zone.to_datetime(point.at).date());
        let days = own.until(told).ok().map(|span| i64::from(span.get_days()));
        let moved = days.and_then(|days| point.at.checked_add(SignedDuration::from_hours(24 * days)).ok());
        Point { at: moved.unwrap_or(point.at), ..point }
    }

    /// A person's last day is over with its end.
    fn ends_with(&self, point: Point, role: Role) -> Timestamp {
        // "It must work until 17 April, then remove it."
        let last = (self.intent == Intent::Offboard && !self.workload) || role == Role::End;
        if point.day && last { end_of(point.at) } else { point.at }
    }

    /// Whether an action of the ticket's stands beside a point: in its sentence, or as the name of its line.
    fn of_action(&self, number: usize, unit: &Unit, point: Point, role: Role) -> bool {
        let judged = &self.judged[number];
        let Some(clause) = judged.at(point.start).and_then(|at| judged.clauses.get(at)) else { return false };
        if judged.question || unit.shape == Shape::Code || matches!(clause.stance, Stance::Keep | Stance::Example) {
            return false;
        }
        let before: Vec<&Word> = judged.before(point.start).iter().collect();
        let near: Vec<&Word> = before.iter().rev().take(6).copied().collect();
        let behind = judged.behind(point.end);
        // "The review of 3 June", "created on 2 March", "before the change on 8 June".
        if near.iter().any(|w| occasion(&w.text) || looks_back(&w.text))
            || behind.iter().take(2).any(|w| occasion(&w.text))
        {
            return false;
        }
        let names = keyed(unit, point);
        // "In that of 1 October": only what is said to be on a day is.
        if role == Role::Other && !names && point.day {
            return false;
        }
        // "The token behind it ends on 12 September, put in a new one in time."
        if self.intent == Intent::Rotate && near.iter().any(|w| ends(&w.text)) {
            return false;
        }
        // "Stops counting on 2 June".
        if self.intent == Intent::Revoke && ceases(&before) {
            return true;
        }
        let acts = |act: &Act| {
            let own = act.intent == self.intent || (self.intent == Intent::Offboard && act.intent == Intent::Revoke);
            let said = &unit.text[act.start..act.end];
            let reach = if act.start < point.start {
                judged.between(act.end, point.start).len() <= BEFORE
            } else {
                judged.between(point.end, act.start).len() <= BEHIND
            };
            let between = judged.between(act.end.min(point.start), act.start.max(point.start));
            let other = between.iter().any(|w| {
                looks_back(&w.text) && w.text != "was" && w.text != "were" && w.text != "been"
                    || matches!(w.text.as_str(), "not" | "don't" | "so" | "because" | "otherwise" | "when")
            });
            own && reach && !other && !condition(said) && !expires(said)
        };
        let found = clause.acts.iter().any(acts);
        match names {
            // "Removal: 26 June".
            true => judged.clauses.iter().any(|clause| clause.acts.iter().any(acts)),
            false => found && clause.stance == Stance::Act,
        }
    }

    /// "Delete it then", "on that day it gets a new value", "afterwards remove it": where it speaks of that day.
    fn thereupon(&self, number: usize) -> Option<usize> {
        let judged = &self.judged[number];
        let acts = judged.clauses.iter().filter(|clause| clause.stance == Stance::Act).any(|clause| {
            clause.acts.iter().any(|act| {
                let said = self.units[number].text.get(act.start..act.end).unwrap_or_default();
                (act.intent == self.intent || (self.intent == Intent::Offboard && act.intent == Intent::Revoke))
                    && !expires(said)
                    && !condition(said)
            })
        });
        that_day_at(&judged.words).filter(|_| acts && !judged.question)
    }

    /// The point that the sentences before speak of.
    fn spoken_of(&self, number: usize, later: &dyn Fn(&Point) -> bool) -> Option<(Point, Role)> {
        let origin = self.units[number].origin;
        let earlier = (0..number).rev().take(2).take_while(|at| self.units[*at].origin == origin);
        let mut found = earlier.filter_map(|at| {
            let unit = &self.units[at];
            let points = self.points(at, unit);
            points.iter().rfind(|(point, role)| !matches!(role, Role::Happened) && later(point)).copied()
        });
        found.next()
    }
}

/// What a value does at its end, which is why there is to be a new one.
pub(super) fn ends(word: &str) -> bool {
    matches!(
        word,
        "stops"
            | "stop"
            | "over"
            | "ends"
            | "end"
            | "expires"
            | "dies"
            | "lapses"
            | "working"
            | "valid"
            | "invalid"
            | "out"
            | "endet"
            | "l\u{e4}uft"
    )
}

/// "It goes dark on 14 October", "they stop working at 10:00".
fn ceases(before: &[&Word]) -> bool {
    let near = &before[before.len().saturating_sub(6)..];
    near.windows(2).any(|pair| {
        matches!(
            (pair[0].text.as_str(), pair[1].text.as_str()),
            ("goes" | "go" | "going", "dark" | "away")
                | ("stops" | "stop", "counting" | "working" | "existing" | "being")
                | ("is" | "are", "dead")
        )
    })
}

/// "Removal: 26 June, 9 a.m. UTC": the line's name stands right before the point.
fn keyed(unit: &Unit, point: Point) -> bool {
    let before = unit.text.get(..point.start).unwrap_or_default().trim_end_matches([' ', '*', '_', '`']);
    let day = words(before).last().filter(|w| super::dates::weekday(&w.text).is_some()).map(|w| w.start);
    let before = before.get(..day.unwrap_or(before.len())).unwrap_or_default().trim_end_matches([' ', ',', '*', '_']);
    // Of a row with more cells than a name and a value, a cell is no value of the one before it.
    let row = before.ends_with('|') && unit.text.trim().trim_matches('|').matches('|').count() == 1;
    before.ends_with([':', '\u{2013}', '\u{2014}', '=']) || row
}

/// A weekday and nothing more: which one is meant is not certain.
fn weekday_alone(unit: &Unit, point: Point) -> bool {
    point.day
        && unit.text.get(point.start..point.end).is_some_and(|text| {
            !text.contains(|c: char| c.is_ascii_digit())
                && !words(text).iter().any(|w| super::dates::month(&w.text).is_some() || w.text == "tomorrow")
        })
}

/// Where words speak of a date that was told before.
fn that_day_at(all: &[Word]) -> Option<usize> {
    let then = |word: &str| matches!(word, "then" | "afterwards" | "thereafter" | "danach" | "dann");
    let pair = all.windows(2).find(|pair| {
        let (one, two) = (pair[0].text.as_str(), pair[1].text.as_str());
        let day = matches!(
            two,
            "day" | "date" | "evening" | "morning" | "night" | "moment" | "instant" | "hour" | "minute" | "time"
        );
        (day && matches!(one, "that" | "same"))
            || matches!((one, two), ("after", "that") | ("from", "then") | ("that's", "when") | ("that", "very"))
            || matches!(
                (one, two),
                ("diesem", "tag") | ("ce", "jour") | ("mismo", "d\u{ed}a") | ("cet", "instant") | ("quel", "momento")
            )
    });
    let first = all.first().filter(|w| then(&w.text));
    // "Renew it by then" is another thing.
    let by = all
        .len()
        .checked_sub(2)
        .is_some_and(|at| matches!(all[at].text.as_str(), "by" | "until" | "till" | "before" | "since"));
    let last = all.last().filter(|w| then(&w.text) && !by);
    // "Until 9 February, then delete it".
    let inside = all.windows(2).find(|pair| {
        then(&pair[1].text) && !matches!(pair[0].text.as_str(), "by" | "until" | "till" | "before" | "since" | "and")
    });
    pair.map(|pair| &pair[0]).or(first).or(last).or(inside.map(|pair| &pair[1])).map(|word| word.start)
}

/// What takes place on a day, and is not the action.
pub(super) fn occasion(word: &str) -> bool {
    matches!(
        word,
        "meeting"
            | "audit"
            | "review"
            | "freeze"
            | "release"
            | "report"
            | "finding"
            | "test"
            | "drill"
            | "call"
            | "interview"
            | "hearing"
            | "training"
            | "decision"
            | "minutes"
            | "mail"
            | "letter"
            | "invoice"
            | "vacation"
            | "holiday"
            | "retro"
            | "sprint"
            | "deadline"
            | "due"
            | "notice"
            | "budget"
            | "approval"
            | "workshop"
            | "demo"
            | "incident"
            | "outage"
            | "debriefing"
            | "reminder"
            | "newsletter"
            | "period"
            | "quarter"
    )
}

/// Words of what was before, or shall be before.
fn looks_back(word: &str) -> bool {
    matches!(
        word,
        "before"
            | "by"
            | "until"
            | "till"
            | "since"
            | "last"
            | "latest"
            | "was"
            | "were"
            | "been"
            | "had"
            | "created"
            | "made"
            | "issued"
            | "approved"
            | "agreed"
            | "announced"
            | "informed"
            | "reported"
            | "raised"
            | "found"
            | "leaked"
            | "expires"
            | "expire"
            | "expired"
            | "expiry"
            | "back"
            | "reachable"
            | "target"
            | "uiterlijk"
            | "tard"
            | "vor"
            | "avant"
            | "antes"
            | "seit"
            | "depuis"
            | "desde"
            | "if"
    )
}
