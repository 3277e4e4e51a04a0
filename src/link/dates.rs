//! Windows and effective dates: fields first, then what the words state. A day without a time starts at midnight; a last day ends at
//! its last second.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::model::settings::Settings;
use crate::model::ticket::{Field, Intent, Person, Record, Window};

use super::text::{Clause, Stance, pattern};

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?P<iso>\d{4}-\d{2}-\d{2})(?:[T ](?P<time>\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?\s*(?P<zone>Z|UTC|GMT|CET|CEST|[+-]\d{2}:?\d{2})?|(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?(?P<month>[A-Za-zéûäÀ-ÿ]{3,})\.?,?\s+(?:de\s+)?(?P<year>\d{4})|(?P<month2>[A-Za-z]{3,})\s+(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{4})",
    )
});
static CLOCK: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?P<time>\d{1,2}:\d{2})\s*(?P<zone>Z|UTC|GMT)?"));
static DURATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?P<count>\d+|an?|one|two|three|four|six|eight|twelve)\s*-?(?P<unit>h|hours?|d|days?|min(?:ute)?s?|weeks?)\b",
    )
});
static UNTIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:until|till|expires?(?: on| at)?|ends?(?: on| at)?|new end is|bis|jusqu'au|hasta)\b:?\s*(?P<rest>.*)",
    )
});
static STATED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:effective|as of|not before|with effect from|last (?:working )?day(?: is)?|dernier jour est le|letzter tag(?: ist)?|from)\b:?\s*(?:on\s+)?(?P<rest>.*)",
    )
});
static WEEKDAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"));

fn zone(record: &Record, settings: &Settings) -> TimeZone {
    let name = record.time_zone.as_deref().unwrap_or(&settings.time_zone);
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// A date in words; whether it is a bare day.
fn date(text: &str, zone: &TimeZone) -> Option<(Timestamp, bool)> {
    let found = DATE.captures(text)?;
    let get = |name: &str| found.name(name).map(|m| m.as_str());
    let day: Date = match get("iso") {
        Some(iso) => iso.parse().ok()?,
        None => {
            let (day, month, year) = match get("day") {
                Some(day) => (day, get("month")?, get("year")?),
                None => (get("day2")?, get("month2")?, get("year2")?),
            };
            Date::new(year.parse().ok()?, month_number(month)?, day.parse().ok()?).ok()?
        }
    };
    match get("time") {
        Some(time) => {
            let (hour, minute) = time.split_once(':')?;
            let at: DateTime = day.at(hour.parse().ok()?, minute.parse().ok()?, 0, 0);
            let utc = get("zone").is_some_and(|z| ["z", "utc", "gmt"].contains(&z.to_lowercase().as_str()));
            let whole = found.get(0)?.as_str();
            if let Ok(exact) = whole.trim().parse::<Timestamp>() {
                return Some((exact, false));
            }
            let zone = if utc { TimeZone::UTC } else { zone.clone() };
            Some((at.to_zoned_datetime(zone).ok()?.timestamp(), false))
        }
        None => Some((day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp(), true)),
    }
}

fn month_number(name: &str) -> Option<i8> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "ene"],
        &["feb", "fév", "fev"],
        &["mar", "mär"],
        &["apr", "avr", "abr"],
        &["may", "mai"],
        &["jun", "juin"],
        &["jul", "juil"],
        &["aug", "aoû", "aou", "ago"],
        &["sep"],
        &["oct", "okt"],
        &["nov"],
        &["dec", "déc", "dez", "dic"],
    ];
    let lower = name.to_lowercase();
    let at = MONTHS.iter().position(|names| names.iter().any(|n| lower.starts_with(n)))?;
    i8::try_from(at + 1).ok()
}

fn duration(text: &str) -> Option<SignedDuration> {
    let found = DURATION.captures(text)?;
    let count: i64 = match found["count"].to_lowercase().as_str() {
        "a" | "an" | "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "six" => 6,
        "eight" => 8,
        "twelve" => 12,
        digits => digits.parse().ok().filter(|n| *n < 10_000)?,
    };
    let unit = found["unit"].to_lowercase();
    let minutes = match unit.chars().next()? {
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => 1,
    };
    Some(SignedDuration::from_mins(count * minutes))
}

/// A time of day on the day of `base`, or the next such weekday after it.
fn relative(text: &str, base: Timestamp) -> Option<Timestamp> {
    let start = base.to_zoned_datetime(TimeZone::UTC);
    let clock = CLOCK.captures(text);
    let mut day = start.date();
    if let Some(named) = WEEKDAY.captures(text) {
        let wanted = weekday(&named[1])?;
        day = day.nth_weekday(1, wanted).ok()?;
    } else {
        clock.as_ref()?;
    }
    let (hour, minute) = match &clock {
        Some(found) => {
            let (hour, minute) = found["time"].split_once(':')?;
            (hour.parse().ok()?, minute.parse().ok()?)
        }
        None => (0, 0),
    };
    (hour < 24 && minute < 60)
        .then(|| day.at(hour, minute, 0, 0).to_zoned_datetime(TimeZone::UTC).ok())?
        .map(|at| at.timestamp())
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name.to_lowercase().as_str() {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// The window of a temporary access. A later end in a comment counts only from somebody trusted.
pub(super) fn window(
    record: &Record,
    clauses: &[Clause],
    settings: &Settings,
    trusted: impl Fn(&Person) -> bool,
) -> Option<Window> {
    let zone = zone(record, settings);
    let field = |field: Field| record.fields.get(&field).and_then(|value| date(value, &zone)).map(|(at, _)| at);
    let base = record.opened_at?;
    let mut start = field(Field::From);
    let mut end = field(Field::Until);
    for clause in clauses.iter().filter(|clause| clause.stance != Stance::Keep) {
        if start.is_none()
            && super::resolve::mentions(&clause.line, "start") | super::resolve::mentions(&clause.text, "from")
        {
            start = date(&clause.text, &zone).map(|(at, _)| at).or_else(|| relative(&clause.text, base));
        }
        if end.is_none() {
            let rest = UNTIL.captures(&clause.line).and_then(|found| found.name("rest").map(|m| m.as_str().to_owned()));
            end = rest.and_then(|rest| date(&rest, &zone).map(|(at, _)| at).or_else(|| relative(&rest, base)));
        }
    }
    if end.is_none() {
        let long = clauses.iter().filter(|c| c.stance != Stance::Keep).find_map(|clause| duration(&clause.text));
        let asks = super::resolve::mentions(&record.title, "hours")
            || clauses.iter().any(|c| {
                let lower = c.line.to_lowercase();
                lower.contains("for ") && duration(&c.text).is_some() || lower.contains("duration")
            });
        end = long.filter(|_| asks).map(|long| start.or(record.closed_at).unwrap_or(base) + long);
    }
    for comment in record.comments.iter().filter(|comment| trusted(&comment.author)) {
        let lower = comment.text.to_lowercase();
        if end.is_some() && (lower.contains("extend") || lower.contains("new end")) {
            let rest =
                UNTIL.captures(&comment.text).and_then(|found| found.name("rest").map(|m| m.as_str().to_owned()));
            let later = rest.and_then(|rest| {
                date(&rest, &zone).map(|(at, _)| at).or_else(|| relative(&rest, comment.at.unwrap_or(base)))
            });
            end = end.max(later);
        }
    }
    end.map(|end| Window { start, end: Some(end) })
}

/// The date that the ticket states for its action.
pub(super) fn effective(record: &Record, clauses: &[Clause], settings: &Settings, intent: Intent) -> Option<Timestamp> {
    let zone = zone(record, settings);
    let last_day = |text: &str| {
        let lower = text.to_lowercase();
        lower.contains("last day") || lower.contains("last working day") || lower.contains("dernier jour")
    };
    if let Some((at, bare)) = record.fields.get(&Field::Effective).and_then(|value| date(value, &zone)) {
        let ends = bare && intent == Intent::Offboard && clauses.iter().any(|clause| last_day(&clause.line));
        return Some(if ends { at + SignedDuration::from_secs(86_399) } else { at });
    }
    if !matches!(intent, Intent::Offboard | Intent::Revoke | Intent::Rotate | Intent::Modify) {
        return None;
    }
    clauses.iter().filter(|clause| clause.field != "title" || intent == Intent::Offboard).find_map(|clause| {
        let found = STATED.captures(&clause.line)?;
        let (at, bare) = date(found.name("rest")?.as_str(), &zone)?;
        Some(if bare && last_day(&clause.line) { at + SignedDuration::from_secs(86_399) } else { at })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_words() {
        let at = |text: &str| date(text, &TimeZone::UTC).map(|(at, _)| at.to_string());
        assert_eq!(at("2026-05-04T18:00Z").as_deref(), Some("2026-05-04T18:00:00Z"));
        assert_eq!(at("2026-10-15 08:00 UTC, not earlier").as_deref(), Some("2026-10-15T08:00:00Z"));
        assert_eq!(at("31 août 2026").as_deref(), Some("2026-08-31T00:00:00Z"));
        assert_eq!(at("the 30 September 2026").as_deref(), Some("2026-09-30T00:00:00Z"));
        assert_eq!(at("October 5, 2026").as_deref(), Some("2026-10-05T00:00:00Z"));
        assert_eq!(at("99 Smarch 2026"), None);
        assert_eq!(duration("for two hours"), Some(SignedDuration::from_hours(2)));
        assert_eq!(duration("Duration: 4h"), Some(SignedDuration::from_hours(4)));
    }
}
