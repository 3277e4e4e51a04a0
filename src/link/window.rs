//! What the times in a ticket are for: the window of a temporary access, and a deadline. The date from which an action holds is told in
//! `effective`.

use std::cell::OnceCell;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::ticket::{Comment, Field, Intent, Record, State, Window};

use super::dates::{Point, points};
use super::ending::{gone, of_something_else, stops, taken_back};
use super::lengths::{Length, lengths, limits};
use super::role::{Role, joined, role};
use super::site::Site;
use super::stance::{Judged, Stance};
use super::text::{Origin, Unit};
use super::tokens::words;

/// What reading times needs.
pub(super) struct Times<'t> {
    pub(super) record: &'t Record,
    pub(super) units: &'t [Unit],
    pub(super) judged: &'t [Judged<'t>],
    pub(super) zone: TimeZone,
    pub(super) state: State,
    pub(super) intent: Intent,
    pub(super) site: &'t Site,
    pub(super) read: &'t Points,
    /// Whoever leaves is no person: its end begins with the day, where a person's last day ends with it.
    pub(super) workload: bool,
}

/// The points in time of each unit, read once.
pub(super) struct Points(Vec<OnceCell<Vec<(Point, Role)>>>);

impl Points {
    pub(super) fn new(units: &[Unit]) -> Self {
        Self(units.iter().map(|_| OnceCell::new()).collect())
    }
}

impl Times<'_> {
    fn reference(&self, origin: Origin) -> Timestamp {
        let comment = match origin {
            Origin::Comment(index) => self.record.comments.get(index).and_then(|c| c.at),
            _ => None,
        };
        comment.or(self.record.opened_at).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(super) fn points(&self, number: usize, unit: &Unit) -> &[(Point, Role)] {
        let read = self.read.0.get(number);
        read.map(|cell| cell.get_or_init(|| self.read_points(number, unit)).as_slice()).unwrap_or_default()
    }

    /// The points in time of a unit, whatever they are for.
    pub(super) fn raw(&self, unit: &Unit) -> Vec<Point> {
        points(&self.site.dates(&unit.text), self.reference(unit.origin), &self.zone)
    }

    fn read_points(&self, number: usize, unit: &Unit) -> Vec<(Point, Role)> {
        let found = self.raw(unit);
        if found.is_empty() {
            return Vec::new();
        }
        let all = self.site.words(&unit.text);
        let mut out: Vec<(Point, Role)> = Vec::new();
        for (index, point) in found.iter().enumerate() {
            let since = index.checked_sub(1).map_or(0, |before| found[before].end);
            let mut role = role(&all, point, since, self.site);
            // "… am 2. November um 05:00 Uhr wirksam."
            let behind = all.iter().filter(|w| w.start >= point.end).take(3);
            if matches!(role, Role::On | Role::Other)
                && behind.into_iter().any(|w| matches!(w.text.as_str(), "wirksam" | "effective" | "earliest"))
            {
                role = Role::Effective;
            }
            // "20 November is his last day."
            let next: Vec<&str> =
                all.iter().filter(|w| w.start >= point.end).take(9).map(|w| w.text.as_str()).collect();
            let said = |words: &[&str]| next.windows(words.len()).any(|w| w == words);
            if matches!(role, Role::On | Role::Other | Role::End)
                && (said(&["last", "day"])
                    || said(&["last", "working", "day"])
                    || said(&["letzter", "arbeitstag"])
                    || said(&["dernier", "jour"]))
                && next.first().is_some_and(|w| {
                    matches!(*w, "is" | "ist" | "est" | "will" | "that" | "which" | "as" | "being" | "letzter")
                })
            {
                role = Role::LastDay;
            }
            // "[31 Aug 10:02] hannes: …": when it was said.
            if unit.text.starts_with('[') && unit.text.find(']').is_some_and(|end| point.end <= end) {
                role = Role::Happened;
            }
            // "Decisions from Thursday's call": whose.
            if unit
                .text
                .get(point.end..)
                .is_some_and(|behind| behind.starts_with("'s") || behind.starts_with("\u{2019}s"))
            {
                role = Role::Other;
            }
            // What begins at a day's midnight begins with it.
            let mut point = self.of_that_day(number, unit, *point);
            let midnight = |text: &str| {
                ["midnight", "mitternacht", "minuit"].iter().any(|word| text.to_lowercase().contains(word))
            };
            if matches!(role, Role::Effective | Role::Start)
                && !point.day
                && unit.text.get(point.start..point.end).is_some_and(midnight)
            {
                point.at -= DAY;
            }
            let point = &point;
            // "from A to B", "10:00-14:00": the second end needs no word of its own.
            if matches!(role, Role::Other | Role::On)
                && index > 0
                && joined(unit.text.get(since..point.start).unwrap_or_default(), self.site)
            {
                let between = unit.text.get(since..point.start).unwrap_or_default().trim();
                // "18-22 May"
                let days = found[index - 1].day && point.day && matches!(between, "-" | "–" | "—" | "->" | "→");
                if matches!(out[index - 1].1, Role::Other | Role::On) && (!found[index - 1].day || days) {
                    out[index - 1].1 = Role::Start;
                }
                if matches!(out[index - 1].1, Role::Start | Role::Effective) {
                    role = Role::End;
                }
            }
            // "From Friday 18:00 to Monday 08:00", written on a Monday: the next one.
            let mut point = *point;
            if role == Role::End
                && out
                    .last()
                    .is_some_and(|(before, role)| matches!(role, Role::Start | Role::Effective) && before.at > point.at)
                && unit.text.get(point.start..point.end).is_some_and(weekday_alone)
            {
                point.at += DAY * 7;
            }
            let point = &point;
            if matches!(role, Role::Other | Role::On) {
                role = self.answers(number, unit, point.start).unwrap_or(role);
            }
            out.push((*point, role));
        }
        out
    }

    pub(super) fn kept(&self, number: usize) -> bool {
        self.judged[number].overall() == Stance::Keep
    }

    /// A deadline in the text, for tickets whose tracker has none.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        if !matches!(self.intent, Intent::Revoke | Intent::Rotate | Intent::Offboard) {
            return None;
        }
        self.units.iter().enumerate().filter(|(_, u)| !matches!(u.origin, Origin::Comment(_))).find_map(
            |(number, unit)| {
                let (point, _) = self.points(number, unit).iter().find(|(_, role)| *role == Role::Deadline)?;
                Some(if point.day { end_of(point.at) } else { point.at })
            },
        )
    }

    /// The window of a temporary access, comments aside.
    pub(super) fn window(&self) -> Option<Window> {
        let mut start = self.record.fields.get(&Field::From).and_then(|text| self.field(text, false));
        let mut end = self.record.fields.get(&Field::Until).and_then(|text| self.field(text, text.trim().len() == 10));
        let mut length = None;
        let mut from_fulfilment = false;
        // Whether the end is a day as a whole, as the text says it.
        let mut day_of = false;
        let mut by_weekday = false;
        for (number, unit) in self.units.iter().enumerate().filter(|(_, u)| !matches!(u.origin, Origin::Comment(_))) {
            for (point, role) in self.points(number, unit).iter().copied() {
                match role {
                    Role::Start | Role::Effective => start = start.or(Some(point.at)),
                    // "Should be gone by 5 June".
                    Role::Deadline if end.is_none() && gone(unit, point) => {
                        end = Some(if point.day { end_of(point.at) } else { point.at });
                    }
                    // "Write access, to be withdrawn on 9 October at 16:00".
                    Role::On if end.is_none() && gone(unit, point) && taken_back(unit, point) => {
                        end = Some(if point.day { end_of(point.at) } else { point.at });
                        day_of = point.day;
                    }
                    // "Stop at 17:00Z", "terminates 14 August 18:00".
                    Role::On | Role::Other | Role::Deadline
                        if end.is_none()
                            && self.record.opened_at.is_none_or(|opened| point.at > opened)
                            && stops(unit, point) =>
                    {
                        end = Some(if point.day { end_of(point.at) } else { point.at });
                        day_of = point.day;
                    }
                    // "For an hour at noon UTC on 13 May".
                    Role::On | Role::Other
                        if !point.day
                            && (behind_length(self.site, unit, point)
                                || unit
                                    .text
                                    .get(point.end..)
                                    .is_some_and(|rest| rest.trim_start().starts_with('+'))
                                || self.lasts(unit, point)) =>
                    {
                        start = start.or(Some(point.at))
                    }
                    Role::End if self.intent == Intent::Provision && of_something_else(&self.judged[number], point) => {
                    }
                    // "The last day of the access is …"
                    Role::End | Role::LastDay => {
                        let stated = if point.day { end_of(point.at) } else { point.at };
                        // "Until Friday" in the title, and the hour in the text.
                        let finer = day_of && !point.day && end.is_some_and(|end| stated < end && end - stated < DAY);
                        // "She is here until Friday; the access ends on 20 November at 17:00": the date says which.
                        let dated = unit.text.get(point.start..point.end).is_some_and(|said| !weekday_alone(said));
                        let surer = by_weekday && dated && !point.day;
                        if end.is_none() || finer || surer {
                            end = Some(stated);
                            by_weekday = point.day && !dated;
                            day_of = point.day;
                        }
                    }
                    _ => {}
                }
            }
            let all = self.site.words(&unit.text);
            length = length.or_else(|| {
                lengths(&self.site.dates(&unit.text))
                    .into_iter()
                    .find(|length| {
                        limits(&unit.text, &all, length) || closes(unit, length) || self.begins(number, unit, length)
                    })
                    .map(|l| l.duration)
            });
            from_fulfilment |= super::lent::from_fulfilment(&all);
        }
        length = self.keyed_length().or(length);
        if end.is_none() && length.is_none() {
            end = Some(self.closing()?);
        }
        if end.is_none()
            && let Some(length) = length
        {
            let begins = start.or(if from_fulfilment {
                self.record.closed_at.filter(|_| self.state == State::Done)
            } else {
                None
            });
            start = begins.or(start);
            end = begins.or(self.record.opened_at).and_then(|begins| length.after(begins, &self.zone));
        }
        Some(Window { start, end })
    }

    /// "Duration: 6h": a line of that name says it better than a title's "for one day".
    fn keyed_length(&self) -> Option<super::lengths::Stated> {
        let keyed = |unit: &&Unit| {
            let key = unit.text.split_once([':', '|']).map(|(key, _)| words(key)).unwrap_or_default();
            matches!(unit.origin, Origin::Body(_))
                && (1..=2).contains(&key.len())
                && key.iter().any(|w| {
                    matches!(w.text.as_str(), "duration" | "length" | "dauer" | "dur\u{e9}e" | "duraci\u{f3}n")
                })
        };
        let unit = self.units.iter().filter(keyed).find(|unit| !unit.text.contains("every"))?;
        lengths(&self.site.dates(&unit.text)).first().map(|length| length.duration)
    }

    /// "Start 2026-11-14 10:00 UTC, six hours": how long, behind when it begins.
    fn begins(&self, number: usize, unit: &Unit, length: &Length) -> bool {
        self.points(number, unit).iter().any(|(point, role)| {
            (!matches!(role, Role::End | Role::LastDay | Role::Deadline | Role::Happened)
                || unit.text.get(point.end..).is_some_and(|rest| rest.trim_start().starts_with('+')))
                && !point.day
                && unit.text.get(point.end..length.start).is_some_and(|between| {
                    matches!(
                        between.trim().to_lowercase().as_str(),
                        "," | ";"
                            | "("
                            | "+"
                            | "for"
                            | ", for"
                            | ", dauer"
                            | ", duration"
                            | ", duration:"
                            | ", dur\u{e9}e"
                            | ", lasting"
                            | ", dauer:"
                            | "lasting"
                    )
                })
        })
    }

    /// "At 03:10 UTC, and keeps it for three hours."
    fn lasts(&self, unit: &Unit, point: Point) -> bool {
        let all = self.site.words(&unit.text);
        lengths(&self.site.dates(&unit.text))
            .iter()
            .any(|length| length.start > point.end && limits(&unit.text, &all, length))
            && words(unit.text.get(..point.start).unwrap_or_default()).last().is_some_and(|w| w.text == "at")
    }

    /// A configured field's time.
    pub(super) fn field(&self, text: &str, to_the_end: bool) -> Option<Timestamp> {
        let text = text.trim();
        let found = points(&self.site.dates(text), self.reference(Origin::Title), &self.zone).into_iter().next();
        // Stores write `2026-09-01 08:00:00` in UTC.
        let exact = text.parse::<Timestamp>().ok().or_else(|| {
            let local = text.parse::<jiff::civil::DateTime>().ok().filter(|_| text.len() > 10)?;
            TimeZone::UTC.to_timestamp(local).ok()
        });
        exact.or_else(|| found.map(|point| if point.day && to_the_end { end_of(point.at) } else { point.at }))
    }
}

pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A day by its weekday, and perhaps the hour.
fn weekday_alone(text: &str) -> bool {
    let all = words(text);
    all.first().is_some_and(|w| super::dates::weekday(&w.text).is_some())
        && !all.iter().any(|w| super::dates::month(&w.text).is_some() || w.text.len() >= 4 && w.text.starts_with("20"))
}

/// Right behind a length, "at" tells when it begins.
fn behind_length(site: &Site, unit: &Unit, point: Point) -> bool {
    lengths(&site.dates(&unit.text)).iter().any(|length| {
        unit.text.get(length.end..point.start).is_some_and(|between| matches!(between.trim(), "at" | "on" | "from"))
    })
}

/// A title that ends with how long: "Settings for the data team, 3 days".
pub(super) fn closes(unit: &Unit, length: &Length) -> bool {
    let before = unit.text[..length.start].trim_end();
    let after = &unit.text[length.end..];
    // "Too old (412 days)".
    if words(before).last().is_some_and(|w| matches!(w.text.as_str(), "old" | "age" | "aged" | "overdue" | "alt")) {
        return false;
    }
    let bracketed =
        (before.ends_with('[') && after.starts_with(']')) || (before.ends_with('(') && after.starts_with(')'));
    // "deploy-prod 2h"
    let bare = unit.text[length.start..].starts_with(|c: char| c.is_ascii_digit())
        && words(before).last().is_some_and(|w| {
            !matches!(
                w.text.as_str(),
                "every"
                    | "each"
                    | "than"
                    | "older"
                    | "last"
                    | "past"
                    | "in"
                    | "within"
                    | "after"
                    | "over"
                    | "of"
                    | "for"
                    | "since"
                    | "by"
                    | "next"
                    | "and"
                    | "to"
                    | "is"
                    | "expires"
                    | "alle"
                    | "until"
                    | "before"
            )
        });
    let parted = before.ends_with([',', '(', '-', '–', ';']);
    unit.origin == Origin::Title
        && (bracketed
            || (after.trim_matches([')', '.', ' ']).is_empty() && (parted || bare))
            || (parted && after.trim_start().starts_with([',', '-', '–', ';'])))
}

/// A window that ends before it begins, or beyond any reason, is none.
pub(super) fn clamp(window: &mut Option<Window>, now: Timestamp) -> Option<String> {
    let far = now.checked_add(jiff::SignedDuration::from_hours(24 * 366 * 50)).unwrap_or(Timestamp::MAX);
    let bad = window.as_ref().is_some_and(|w| {
        w.start.zip(w.end).is_some_and(|(start, end)| end < start) || w.end.is_some_and(|end| end > far)
    });
    bad.then(|| {
        *window = None;
        "its window ends before it begins, or never".to_owned()
    })
}

/// The last second of a day.
pub(super) fn end_of(day: Timestamp) -> Timestamp {
    day + SignedDuration::from_secs(24 * 3600 - 1)
}

/// Whether a comment was written by somebody named so.
pub(super) fn author(comment: &Comment) -> String {
    comment.author.label().to_owned()
}
