//! Points in time in text: ISO, `30 September 2026`, `August 26`, `31/07/2026`, `end of October`, `Friday 18:00 UTC`, `20:00 UTC today`. A
//! pure reading: what a time is for is decided in `window`. Times of day are read in `clock`, durations in `lengths`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use regex::Regex;

use super::calendar::{DAY, MONTH};
pub(super) use super::calendar::{month, weekday};
use super::clock::{ZONE, all, clocks, pattern, ranges, zone};

/// A point in time as stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) at: Timestamp,
    /// A bare day: `at` is its start in UTC.
    pub(super) day: bool,
}

/// Words in ASCII that tell a time without a figure, or begin one.
static TELLING: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let others =
        "month year today tonight tomorrow heute morgen aujourd demain hoy noon midnight mitternacht midi minuit";
    MONTH.split('|').chain(DAY.split('|')).chain(others.split(' ')).collect()
});

/// Whether a text may tell a time at all: most do not, and are not searched for each form of one.
fn tells(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_ascii()
        || text.bytes().any(|byte| byte.is_ascii_digit())
        || text
            .split(|c: char| !u8::try_from(c).is_ok_and(word))
            .any(|one| (3..=10).contains(&one.len()) && TELLING.contains(one.to_ascii_lowercase().as_str()))
}

static ISO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(\d{{4}})[-/](\d{{2}})[-/](\d{{2}})(?:(?:[Tt]|\s+|,\s*|\s+(?:at|um|à|a\s+las|om)\s+)(\d{{1,2}}):(\d{{2}})(?::\d{{2}}(?:\.\d+)?)?\s*({ZONE})?)?"
    ))
});
static DMY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(\d{{1,2}}|first)(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:of\s+|de\s+)?({MONTH})\b\.?(?:,?[\s-]+(?:de\s+|del\s+)?(\d{{4}})\b)?"
    ))
});
static MDY: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(&format!(r"(?i)\b({MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?")));
static DOTTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})\.(\d{1,2})\.(?:(\d{4}|\d{2})\b|(?:\s|,|;|\)|$))"));
static SLASHED: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b"));
/// "On the 8th", "until Monday the 14th": of this month, or the next.
static ORDINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?:on|until|till|from|by|before|{DAY},?)\s+(the\s+(\d{{1,2}})(?:st|nd|rd|th))\b(?:[.,;:)!?]|\s+(?:at|of\s+(?:this|the)\s+month|from|until|and|in|after|because|since|so|then|latest|already|only|instead)\b|\s+\d{{1,2}}:\d{{2}}|\s*$)"
    ))
});
static END_OF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?:(?:the\s+)?(?:end|last\s+day)\s+of|ende|(?:la\s+)?fin(?:\s+de|\s+d')?|finales\s+de)\s+({MONTH}|(?:the|this|next)\s+month|(?:the|this)\s+year)\b(?:,?\s+(?:de\s+)?(\d{{4}})\b)?"
    ))
});
/// "18-22 May", "May 18-22": the day on which a span of days begins, whose month stands with its end, or with itself.
static DAYS_TO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(\d{{1,2}})(?:st|nd|rd|th|\.)?\s?(?:[-–]|to|until|bis|au|al)\s?(?:einschließlich\s|einschl\.\s|inclusive\s|und\s+mit\s)?(\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?({MONTH})\b(?:,?\s+(?:de\s+)?(\d{{4}})\b)?"
    ))
});
static MONTH_DAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b({MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\s?(?:[-–]|to|until)\s?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?"
    ))
});
static RANGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\dT:])(\d{1,2}):\d{2}(-)(\d{1,2}):\d{2}\b(\s+(?:UTC|GMT|CES?T|MES?Z|BST|WES?T|EES?T|[ECMP][SD]T)\b)?",
    )
});
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)(?:\b(?:(next|coming)\s+)?)?({DAY}|today|tonight|tomorrow|heute|übermorgen|morgen|aujourd'hui|après-demain|demain|hoy|mañana)\b"
    ))
});
/// A day with its place, and the hour, minute and zone written into it.
type Stated = (usize, usize, Date, Option<(i8, i8, Option<String>)>);

/// All points in time of a text. Days without a year, weekdays and times of day are counted from `reference`.
pub(super) fn points(text: &str, reference: Timestamp, site: &TimeZone) -> Vec<Point> {
    if !tells(text) {
        return Vec::new();
    }
    let today = site.to_datetime(reference).date();
    let text = &*parted(text);
    let mut days: Vec<Stated> = Vec::new();
    let free =
        |days: &[Stated], start: usize, end: usize| !days.iter().any(|(from, to, ..)| start < *to && *from < end);
    for found in all(&ISO, text) {
        let Some(all) = found.get(0) else { continue };
        let part = |n: usize| found.get(n).map(|m| m.as_str());
        let (Some(y), Some(m), Some(d)) = (num(part(1)), num(part(2)), num(part(3))) else { continue };
        let Some(date) = date(y, m, d) else { continue };
        let clock =
            num(part(4)).zip(num(part(5))).and_then(|(h, m)| Some((i8::try_from(h).ok()?, i8::try_from(m).ok()?)));
        days.push((all.start(), all.end(), date, clock.map(|(h, m)| (h, m, part(6).map(str::to_owned)))));
    }
    for (pattern, order) in [(&DAYS_TO, [1, 2, 3, 4]), (&MONTH_DAYS, [2, 3, 1, 4])] {
        for found in all(pattern, text) {
            let Some(all) = found.get(0).filter(|all| free(&days, all.start(), all.end())) else { continue };
            let part = |n: usize| found.get(n).map(|m| m.as_str());
            let (Some(from), Some(to)) = (found.get(order[0]), found.get(order[1])) else { continue };
            let (Some(first), Some(last)) = (num(Some(from.as_str())), num(Some(to.as_str()))) else { continue };
            let Some(m) = part(order[2]).filter(|name| *name != "may").and_then(month) else { continue };
            // "2-4 May", and no "12-2 May".
            if first >= last {
                continue;
            }
            let of = |d: i64| match num(part(order[3])) {
                Some(year) => date(year, i64::from(m), d),
                None => nearest(today, i64::from(m), d),
            };
            let (Some(begins), Some(ends)) = (of(first), of(last)) else { continue };
            days.push((all.start().min(from.start()), from.end(), begins, None));
            days.push((to.start(), all.end().max(to.end()), ends, None));
        }
    }
    for (pattern, order) in [(&DMY, [1, 2, 3]), (&MDY, [2, 1, 3])] {
        for found in all(pattern, text) {
            let Some(all) = found.get(0).filter(|all| free(&days, all.start(), all.end())) else { continue };
            let part = |n: usize| found.get(n).map(|m| m.as_str());
            let (Some(d), Some(m)) = (day_of(part(order[0])), part(order[1]).and_then(month)) else { continue };
            // "may" and "mar" are words, too: a lower-case verb is no month.
            if part(order[1]) == Some("may") {
                continue;
            }
            let found = match num(part(order[2])) {
                Some(year) => date(year, i64::from(m), d),
                None => nearest(today, i64::from(m), d),
            };
            days.extend(found.map(|date| (all.start(), all.end(), date, None)));
        }
    }
    for found in all(&DOTTED, text) {
        let Some(all) = found.get(0).filter(|all| free(&days, all.start(), all.end())) else { continue };
        let part = |n: usize| num(found.get(n).map(|m| m.as_str()));
        let (Some(d), Some(m)) = (part(1), part(2)) else { continue };
        if part(3).is_none() && super::daywords::chapter(&text[..all.start()]) {
            continue;
        }
        let found = match part(3) {
            Some(year) => date(if year < 100 { 2000 + year } else { year }, m, d),
            None => nearest(today, m, d),
        };
        let end = all.start() + all.as_str().trim_end_matches([' ', ',', ';', ')']).len();
        days.extend(found.map(|date| (all.start(), end, date, None)));
    }
    for found in all(&SLASHED, text) {
        let Some(all) = found.get(0).filter(|all| free(&days, all.start(), all.end())) else { continue };
        let part = |n: usize| num(found.get(n).map(|m| m.as_str()));
        if let (Some(first), Some(second), Some(y)) = (part(1), part(2), part(3))
            && let Some((d, m)) = day_and_month(first, second, site)
                .or_else(|| super::calendar::day_first(text).then_some((first, second)))
        {
            let y = if y < 100 { 2000 + y } else { y };
            days.extend(date(y, m, d).map(|date| (all.start(), all.end(), date, None)));
        }
    }
    for found in all(&ORDINAL, text) {
        let Some(day) = found.get(1).filter(|day| free(&days, day.start(), day.end())) else { continue };
        let Some(d) = num(found.get(2).map(|m| m.as_str())) else { continue };
        let next = today.first_of_month().checked_add(1.months()).unwrap_or(today);
        let of = |month: Date| date(i64::from(month.year()), i64::from(month.month()), d);
        let found = of(today).filter(|day| *day >= today).or_else(|| of(next));
        days.extend(found.map(|date| (day.start(), day.end(), date, None)));
    }
    for found in all(&END_OF, text) {
        let Some(all) = found.get(0).filter(|all| free(&days, all.start(), all.end())) else { continue };
        let Some(said) = found.get(1) else { continue };
        let lower = said.as_str().to_lowercase();
        let of = if lower.ends_with("month") {
            if lower.starts_with("next") {
                today.checked_add(1.months()).ok().map(Date::month)
            } else {
                Some(today.month())
            }
        } else if lower.ends_with("year") {
            Some(12)
        } else {
            month(&lower)
        };
        let Some(m) = of else { continue };
        let first = match num(found.get(2).map(|m| m.as_str())) {
            Some(year) => date(year, i64::from(m), 1),
            None => nearest(today, i64::from(m), 1),
        };
        days.extend(first.map(|first| (all.start(), all.end(), first.last_of_month(), None)));
    }
    for found in all(&NAMED, text) {
        let (Some(all), Some(word)) = (found.get(0), found.get(2)) else { continue };
        // A weekday before a date is the same day.
        let before_date = days.iter().any(|(from, ..)| *from >= all.end() && from - all.end() <= 6);
        if before_date || !free(&days, all.start(), all.end()) {
            continue;
        }
        days.extend(named_day(word.as_str(), today).map(|date| (all.start(), all.end(), date, None)));
    }
    days.sort_by_key(|(start, ..)| *start);
    with_clocks(text, &days, today, site)
}

/// Of "10:00-14:00" the dash is no sign of an offset: it is written as a long one is read.
fn parted(text: &str) -> Cow<'_, str> {
    let Some(pattern) = RANGE.as_ref().filter(|pattern| pattern.is_match(text)) else { return Cow::Borrowed(text) };
    let mut out = text.to_owned();
    for found in pattern.captures_iter(text) {
        let hour = |n: usize| found.get(n).and_then(|m| m.as_str().parse::<i32>().ok());
        if let (Some(sign), Some(from), Some(to)) = (found.get(2), hour(1), hour(3))
            // "23:00-03:00 UTC" names its zone.
            && (to > from || found.get(4).is_some())
        {
            out.replace_range(sign.start()..sign.end(), "~");
        }
    }
    Cow::Owned(out)
}

/// Joins days with the times of day beside them; a time alone is on the day of reference.
fn with_clocks(text: &str, days: &[Stated], today: Date, site: &TimeZone) -> Vec<Point> {
    let clocks = clocks(text);
    let mut used = vec![false; clocks.len()];
    let mut out = Vec::new();
    for (start, end, date, clock) in days {
        if let Some((hour, minute, name)) = clock {
            out.extend(point(*start, *end, *date, *hour, *minute, name.as_deref(), site));
            for (index, clock) in clocks.iter().enumerate() {
                used[index] |= clock.start < *end && *start < clock.end;
            }
            continue;
        }
        let from = clocks.partition_point(|clock| clock.end <= start.saturating_sub(24));
        let beside = clocks.iter().enumerate().skip(from).take(3).find(|(index, clock)| {
            let between = if clock.start >= *end { text.get(*end..clock.start) } else { text.get(clock.end..*start) };
            !used[*index] && between.is_some_and(joins)
        });
        if let Some((index, clock)) = beside {
            used[index] = true;
            let (from, to) = ((*start).min(clock.start), (*end).max(clock.end));
            out.extend(point(from, to, *date, clock.hour, clock.minute, clock.zone.as_deref(), site));
        } else {
            out.extend(TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok().map(|at| Point {
                start: *start,
                end: *end,
                at,
                day: true,
            }));
        }
    }
    for (index, clock) in clocks.iter().enumerate() {
        if used[index] || clock.hour == 24 {
            continue;
        }
        // "from 09:00 to 13:00" on a day that stands before it in the sentence, or behind the range's other end.
        let before = days.iter().rev().find(|(_, end, ..)| *end <= clock.start && clock.start - end < 64);
        let behind = clocks
            .get(index + 1)
            .filter(|next| ranges(text.get(clock.end..next.start).unwrap_or_default()))
            .and_then(|next| {
                days.iter().find(|(start, end, ..)| {
                    *start <= next.start + 40 && *end >= next.end && text.get(next.end..*start).is_none_or(joins)
                })
            });
        let day = before.or(behind).map_or(today, |(.., date, _)| *date);
        out.extend(point(clock.start, clock.end, day, clock.hour, clock.minute, clock.zone.as_deref(), site));
    }
    out.sort_by_key(|point| point.start);
    // "Tonight 23:00 to 03:00": the end is on the next day.
    for at in 1..out.len() {
        let (before, here) = (out[at - 1], out[at]);
        // A time of day alone, "03:00 UTC": an end with a day of its own is what it says.
        let head = text.as_bytes().get(here.start..here.start + 3);
        let alone = head.is_some_and(|head| head[0].is_ascii_digit() && head[1..].contains(&b':'));
        let over = alone
            && !before.day
            && !here.day
            && here.at <= before.at
            && here.at + SignedDuration::from_hours(24) > before.at;
        if over && text.get(before.end..here.start).is_some_and(ranges) {
            out[at].at = here.at + SignedDuration::from_hours(24);
        }
    }
    out
}

/// Whether a text states from when to when, in hours.
pub(super) fn ranges_in(text: &str) -> bool {
    matches!(parted(text), Cow::Owned(_))
}

/// Nothing but "at", "on", a weekday, commas and blanks stands between a day and its time.
fn joins(between: &str) -> bool {
    let plain = |w: &&str| weekday(w).is_none();
    let lower = between.to_lowercase();
    let mut rest = lower
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '@' | '(' | ')' | '.'))
        .filter(|w| !w.is_empty())
        .filter(plain);
    between.len() <= 24
        && rest.all(|w| {
            matches!(
                w,
                "at" | "on"
                    | "um"
                    | "à"
                    | "a"
                    | "las"
                    | "alle"
                    | "ore"
                    | "heures"
                    | "by"
                    | "the"
                    | "am"
                    | "le"
                    | "el"
                    | "del"
                    | "of"
                    | "morning"
                    | "evening"
                    | "afternoon"
                    | "night"
                    | "abend"
                    | "soir"
                    | "tarde"
                    | "noche"
                    | "matin"
                    | "mañana"
                    | "früh"
            )
        })
}

fn point(
    start: usize,
    end: usize,
    date: Date,
    hour: i8,
    minute: i8,
    name: Option<&str>,
    site: &TimeZone,
) -> Option<Point> {
    let (date, hour) = if hour == 24 { (date.tomorrow().ok()?, 0) } else { (date, hour) };
    let local: DateTime = DateTime::new(date.year(), date.month(), date.day(), hour, minute, 0, 0).ok()?;
    let at = zone(name, site).to_timestamp(local).ok()?;
    Some(Point { start, end, at, day: false })
}

fn num(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
        .ok()
        .filter(|d| (2000..2100).contains(&d.year()))
}

/// Which of two numbers is the day: the one that is no month; where both could be, as the site's part of the world writes dates.
fn day_and_month(first: i64, second: i64, site: &TimeZone) -> Option<(i64, i64)> {
    if first > 12 {
        return Some((first, second));
    }
    if second > 12 || first == second {
        return Some((second, first));
    }
    let name = site.iana_name().unwrap_or("UTC");
    match () {
        () if name.starts_with("America/") || name.starts_with("US/") => Some((second, first)),
        () if name.contains('/') && !name.starts_with("Etc/") => Some((first, second)),
        () => None,
    }
}

/// The number of a day: "the first of June".
fn day_of(text: Option<&str>) -> Option<i64> {
    text.filter(|text| text.eq_ignore_ascii_case("first")).map_or_else(|| num(text), |_| Some(1))
}

/// A day without its year: the one nearest to the day of writing, rather ahead than behind.
fn nearest(today: Date, month: i64, day: i64) -> Option<Date> {
    let this = date(i64::from(today.year()), month, day)?;
    let behind = today.checked_sub(120.days()).ok()?;
    if this < behind { date(i64::from(today.year()) + 1, month, day) } else { Some(this) }
}

fn named_day(word: &str, today: Date) -> Option<Date> {
    match word.to_lowercase().as_str() {
        "übermorgen" | "après-demain" => today.checked_add(2.days()).ok(),
        "today" | "tonight" | "heute" | "aujourd'hui" | "hoy" => Some(today),
        "tomorrow" | "morgen" | "demain" | "mañana" => today.tomorrow().ok(),
        name => {
            let wanted = weekday(name)?;
            (0..7).find_map(|ahead| {
                today.checked_add(i32::from(i8::try_from(ahead).ok()?).days()).ok().filter(|d| d.weekday() == wanted)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Vec<String> {
        let reference = "2026-03-18T09:00:00Z".parse().unwrap(); // a Wednesday
        points(text, reference, &TimeZone::UTC)
            .into_iter()
            .map(|p| format!("{}{}", p.at, if p.day { " day" } else { "" }))
            .collect()
    }

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&ISO, &DMY, &MDY, &DAYS_TO, &MONTH_DAYS, &DOTTED, &SLASHED, &ORDINAL, &END_OF, &RANGE, &NAMED] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn points_in_every_form() {
        for (text, want) in [
            ("Effective 2026-10-15 08:00 UTC, not earlier", "2026-10-15T08:00:00Z"),
            ("at 2026-04-14T06:30Z after", "2026-04-14T06:30:00Z"),
            ("2026-07-01T16:00:00.000+0200", "2026-07-01T14:00:00Z"),
            ("my last day is 30 September 2026.", "2026-09-30T00:00:00Z day"),
            ("dernier jour est le 31 août 2026", "2026-08-31T00:00:00Z day"),
            ("antes del 30 de junio de 2026", "2026-06-30T00:00:00Z day"),
            ("am 3. März 2026", "2026-03-03T00:00:00Z day"),
            ("before August 26, 2026", "2026-08-26T00:00:00Z day"),
            ("until Friday 18:00 UTC", "2026-03-20T18:00:00Z"),
            ("new end is 20:00 UTC today", "2026-03-18T20:00:00Z"),
            ("from 22:00 UTC for", "2026-03-18T22:00:00Z"),
            ("tomorrow at 6 pm CET", "2026-03-19T17:00:00Z"),
            ("Sunday 2026-08-16 20:00 UTC", "2026-08-16T20:00:00Z"),
            ("bis 15.10.2026", "2026-10-15T00:00:00Z day"),
            ("until midnight today", "2026-03-19T00:00:00Z"),
            ("at 18:00 Europe/Berlin on Friday", "2026-03-20T17:00:00Z"),
            ("the 2nd of July", "2026-07-02T00:00:00Z day"),
            ("the 2nd of November", "2026-11-02T00:00:00Z day"),
            ("on October 2", "2026-10-02T00:00:00Z day"),
            ("bis 20.03. 18:00 Uhr", "2026-03-20T18:00:00Z"),
            ("am 31.12.26", "2026-12-31T00:00:00Z day"),
            ("31/07/2026", "2026-07-31T00:00:00Z day"),
            ("07/31/2026", "2026-07-31T00:00:00Z day"),
            ("until the end of October", "2026-10-31T00:00:00Z day"),
            ("fin mars 2027", "2027-03-31T00:00:00Z day"),
            ("30-Sep-2026", "2026-09-30T00:00:00Z day"),
            ("Friday 20 March, 18:00 UTC", "2026-03-20T18:00:00Z"),
            ("übermorgen", "2026-03-20T00:00:00Z day"),
            ("2026/10/15", "2026-10-15T00:00:00Z day"),
            ("on the first of June", "2026-06-01T00:00:00Z day"),
            ("by the end of next month", "2026-04-30T00:00:00Z day"),
            ("the last day of this month", "2026-03-31T00:00:00Z day"),
            ("Thursday evening, 18:00 UTC", "2026-03-19T18:00:00Z"),
        ] {
            assert_eq!(at(text), [want], "{text}");
        }
        assert_eq!(at("From Saturday 2026-08-15 06:00 UTC to Sunday 2026-08-16 20:00 UTC").len(), 2);
        assert_eq!(at("18-22 May"), ["2026-05-18T00:00:00Z day", "2026-05-22T00:00:00Z day"]);
        assert_eq!(at("May 18–22, 2027"), ["2027-05-18T00:00:00Z day", "2027-05-22T00:00:00Z day"]);
        assert_eq!(at("09:00-17:00 UTC on 20 March"), ["2026-03-20T09:00:00Z", "2026-03-20T17:00:00Z"]);
        assert_eq!(at("2026-05-12 10:00-14:00 UTC"), ["2026-05-12T10:00:00Z", "2026-05-12T14:00:00Z"]);
        assert_eq!(at("2026-05-12 10:00-05:00"), ["2026-05-12T15:00:00Z"]);
        assert_eq!(at("from 09:00 to 17:00 UTC on Friday 20 March"), ["2026-03-20T09:00:00Z", "2026-03-20T17:00:00Z"]);
        // Which is the day cannot be told.
        assert_eq!(at("03/04/2026"), Vec::<String>::new());
        let reference = "2026-03-18T09:00:00Z".parse().unwrap();
        let in_zone = |name: &str| points("03/04/2026", reference, &TimeZone::get(name).unwrap())[0].at.to_string();
        assert_eq!(in_zone("Europe/Berlin"), "2026-04-03T00:00:00Z");
        assert_eq!(in_zone("America/Chicago"), "2026-03-04T00:00:00Z");
        assert_eq!(at("in 2 may have gone, version 2.14"), Vec::<String>::new());
        assert_eq!(at("2026-13-45 and 99:99"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "([0-9]{1,4}[-:./ ]|may |friday |until |UTC|[+-][0-9]{2}|é|\\PC){0,30}") {
            for point in points(&text, Timestamp::UNIX_EPOCH, &TimeZone::UTC) {
                prop_assert!(text.get(point.start..point.end).is_some());
            }
            let _ = super::super::lengths::lengths(&text);
        }
    }
}
