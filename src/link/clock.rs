//! Times of day and their zones in text: `18:00 UTC`, `6 pm`, `18h30`, `18.30 Uhr`, `noon`, `17:00 Berlin time`.

use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone};
use regex::{Captures, Regex};

/// A zone beside a time.
pub(super) const ZONE: &str = r"(?:Z|UTC\s?[+-]\d{1,2}(?::\d{2})?|UTC|GMT|CEST|CET|MESZ|MEZ|WEST|WET|EEST|EET|BST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|JST|SGT|AEST|AEDT|[+-]\d{2}:?\d{2}|[A-Z][a-z]+/[A-Z][A-Za-z_]+)\b|(?:Berlin|Paris|Madrid|London|Dublin|Lisbon|Zurich|Vienna|Warsaw|Rome|Amsterdam|New York|Tokyo|Singapore|Sydney) time\b|(?:heure|hora|ora)\s+(?:de\s+|di\s+|d')?(?:Berlin|Paris|Madrid|Londres|Bruxelles|Roma|Rome|Vienne|Zurich)\b";

/// Compiles a constant pattern; tests compile them all. A border of words is one of ASCII's: with Unicode's, text in other letters is
/// searched thirty times more slowly. What a border lets through in front of such letters [`all`] leaves out.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    Regex::new(&text.replace(r"\b", r"(?-u:\b)")).ok()
}

/// All matches that do not begin inside a word, in any letters.
pub(super) fn all<'t>(
    pattern: &'static LazyLock<Option<Regex>>,
    text: &'t str,
) -> impl Iterator<Item = Captures<'t>> + use<'t> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let begins = move |found: &Captures<'_>| found.get(0).is_some_and(|all| !text[..all.start()].ends_with(inside));
    pattern.iter().flat_map(move |pattern| pattern.captures_iter(text)).filter(begins)
}

static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(\d{{1,2}}):(\d{{2}})(?::\d{{2}})?\s*([AaPp]\.?[Mm]\b\.?)?\s*(?:h\b|Uhr\b|uhr\b)?\s*\(?({ZONE})?|\b(\d{{1,2}})\s*([AaPp]\.?[Mm])\b\.?\s*\(?({ZONE})?|\b(?:12\s+)?([Nn]oon|[Mm]idnight|Mitternacht|midi|minuit)\b\s*({ZONE})?|\b(\d{{1,2}})(?:[h.](\d{{2}}))?\s*(?:Uhr|uhr)\b\s*({ZONE})?|(?:à|\bat|\buntil|jusqu'à|a las|\bto)\s+(\d{{1,2}})\s?h\s?(\d{{2}})?\b\s*({ZONE})?|\b([01]\d|2[0-3])([0-5]\d)\s*(Z|UTC|GMT|CET|CEST)\b"
    ))
});

/// A time of day, with its place.
pub(super) struct Clock {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) zone: Option<String>,
}

/// All times of day. Of a range only the end needs a zone: "09:00-17:00 UTC".
pub(super) fn clocks(text: &str) -> Vec<Clock> {
    let mut out: Vec<Clock> = Vec::new();
    for found in all(&CLOCK, text) {
        let Some(all) = found.get(0) else { continue };
        let part = |n: usize| found.get(n).map(|m| m.as_str());
        let number = |n: usize| part(n).and_then(|t| t.parse::<i8>().ok());
        let (mut hour, minute, half, zone, start) = if let Some(word) = part(8) {
            let noon = word.eq_ignore_ascii_case("noon") || word == "midi";
            (if noon { 12 } else { 24 }, 0, None, part(9), all.start())
        } else if part(1).is_some() {
            (number(1).unwrap_or(99), number(2).unwrap_or(99), part(3), part(4), all.start())
        } else if part(5).is_some() {
            (number(5).unwrap_or(99), 0, part(6), part(7), all.start())
        } else if part(10).is_some() {
            (number(10).unwrap_or(99), number(11).unwrap_or(0), None, part(12), all.start())
        } else if let Some(hour) = found.get(13) {
            (number(13).unwrap_or(99), number(14).unwrap_or(0), None, part(15), hour.start())
        } else {
            (number(16).unwrap_or(99), number(17).unwrap_or(99), None, part(18), all.start())
        };
        if let Some(half) = half {
            let after = half.starts_with(['p', 'P']);
            hour = if hour == 12 { 0 } else { hour } + if after { 12 } else { 0 };
        }
        if (0..=24).contains(&hour) && (0..60).contains(&minute) && (hour < 24 || minute == 0) {
            let zone = zone.map(str::to_owned);
            if let (Some(before), Some(_)) = (out.last_mut(), &zone)
                && before.zone.is_none()
                && ranges(&text[before.end..start])
            {
                before.zone.clone_from(&zone);
            }
            let end = start + text[start..all.end()].trim_end().len();
            out.push(Clock { start, end, hour, minute, zone });
        }
    }
    out
}

/// What stands between the ends of a range.
pub(super) fn ranges(between: &str) -> bool {
    matches!(
        between.trim().to_lowercase().as_str(),
        "-" | "~" | "–" | "—" | "to" | "until" | "till" | "and" | "bis" | "à" | "a" | "und" | "et" | "y" | "hasta"
    )
}

/// The zone that a time names; a site's zone for one that names none, or one that several places call so (IST).
pub(super) fn zone(text: Option<&str>, site: &TimeZone) -> TimeZone {
    let Some(text) = text else { return site.clone() };
    let named = |name: &str| TimeZone::get(name).unwrap_or_else(|_| site.clone());
    let hours = match text {
        "Z" | "z" | "UTC" | "GMT" | "WET" => 0,
        "CET" | "MEZ" | "BST" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" => 2,
        "EEST" => 3,
        "SGT" => 8,
        "JST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "EST" | "CDT" => -5,
        "EDT" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => {
            if text.contains('/') {
                return named(text);
            }
            let local = ["heure", "hora", "ora"].iter().any(|word| text.starts_with(word));
            let city = text.rsplit([' ', '\'']).next().filter(|_| local).or_else(|| text.strip_suffix(" time"));
            if let Some(city) = city {
                let city = match city {
                    "Londres" => "London",
                    "Bruxelles" => "Brussels",
                    "Roma" => "Rome",
                    "Vienne" => "Vienna",
                    other => other,
                };
                let place = city.replace(' ', "_");
                let continent = match city {
                    "New York" => "America",
                    "Tokyo" | "Singapore" => "Asia",
                    "Sydney" => "Australia",
                    _ => "Europe",
                };
                return named(&format!("{continent}/{place}"));
            }
            let digits: String =
                text.trim_start_matches("UTC").chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
            let Some(number) = digits.get(1..).and_then(|digits| digits.parse::<i32>().ok()) else {
                return site.clone();
            };
            let (h, m) = if digits.len() > 3 { (number / 100, number % 100) } else { (number, 0) };
            let seconds = (h * 3600 + m * 60) * if digits.starts_with('-') { -1 } else { 1 };
            return Offset::from_seconds(seconds).map(TimeZone::fixed).unwrap_or(TimeZone::UTC);
        }
    };
    Offset::from_hours(hours).map(TimeZone::fixed).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        let of = |text: &str| {
            clocks(text)
                .into_iter()
                .map(|c| format!("{}:{:02} {}", c.hour, c.minute, c.zone.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        assert!(CLOCK.is_some());
        assert_eq!(of("from 09:00 - 17:00 UTC"), ["9:00 UTC", "17:00 UTC"]);
        assert_eq!(of("bis 18.30 Uhr"), ["18:30 "]);
        assert_eq!(of("bis 18 Uhr"), ["18:00 "]);
        assert_eq!(of("jusqu'à 18h30"), ["18:30 "]);
        assert_eq!(of("at 17:00 Berlin time"), ["17:00 Berlin time"]);
        assert_eq!(of("by 1800 UTC"), ["18:00 UTC"]);
        assert_eq!(of("6 pm CET, noon"), ["18:00 CET", "12:00 "]);
        assert_eq!(of("ticket 1800, 2 keys"), Vec::<String>::new());
    }

    #[test]
    fn zones() {
        let site = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(zone(Some("IST"), &site), site);
        assert_eq!(zone(Some("UTC+2"), &site), TimeZone::fixed(Offset::from_hours(2).unwrap()));
        assert_eq!(zone(Some("-0330"), &site), TimeZone::fixed(Offset::from_seconds(-12600).unwrap()));
        assert_eq!(zone(Some("Berlin time"), &site), TimeZone::get("Europe/Berlin").unwrap());
    }
}
