//! Durations in text: `for two hours`, `4h`, `90 minutes`, `PT2H30M`, `half a day`, `three months`.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use regex::Regex;

use super::clock::{all, pattern};
use super::tokens::Word;

/// A duration as stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) duration: Stated,
}

/// How long: months are as long as the calendar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) minutes: i64,
    pub(super) months: i64,
}

impl Stated {
    /// When it ends, if it begins then.
    pub(super) fn after(self, begins: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let span: Span = Span::new().try_months(self.months).ok()?;
        let moved = match self.months {
            0 => begins,
            _ => zone.to_timestamp(zone.to_datetime(begins).checked_add(span).ok()?).ok()?,
        };
        moved.checked_add(self.minutes.minutes()).ok()
    }
}

static LENGTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(\d{1,4}(?:[.,]\d)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|fifteen|twenty|twenty-four|thirty|forty-five|forty-eight|sixty|seventy-two|ninety|half\s+an?|ein|eine|einen|einem|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|vierzehn|eine\s+halbe|einen\s+halben|un|une|deux|trois|quatre|cinq|sept|huit|dix|douze|quinze|une\s+demi|una|dos|tres|cuatro|cinco|seis|siete|ocho|diez|doce|quince|media)[\s-]*(h|hrs?|hours?|m|mins?|minutes?|d|days?|w|wks?|weeks?|months?|fortnights?|std|stunden?|tagen?|tage|wochen?|minuten|monaten?|monate|monats|heures?|jours?|semaines?|mois|horas?|días?|semanas?|minutos?|mes|meses)\b",
    )
});
static ISO: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\bP(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?\b"));

/// "Duration (hours): 12".
static KEYED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:duration|dauer|durée|duración)\s+(?:\(|in\s+)(?:in\s+)?(hours?|h|minutes?|mins?|days?|d|stunden|tage|heures|jours)\)?\W+(\d{1,3}(?:[.,]\d)?)\b",
    )
});

/// All durations of a text.
pub(super) fn lengths(text: &str) -> Vec<Length> {
    let mut out = Vec::new();
    for found in all(&LENGTH, text) {
        let (Some(all), Some(count), Some(unit)) = (found.get(0), found.get(1), found.get(2)) else { continue };
        let Some(tenths) = tenths(count.as_str()) else { continue };
        // "AW" is no "a w".
        if count.end() == unit.start() && !count.as_str().starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let (minutes, months): (i64, i64) = match unit.as_str().to_lowercase().as_str() {
            u if u.starts_with("mon") || u == "mois" || u == "mes" || u == "meses" => (0, 1),
            u if u.starts_with("fortn") => (14 * 24 * 60, 0),
            u if u.starts_with("min") || u == "m" => (1, 0),
            u if u.starts_with('h') || u.starts_with("st") => (60, 0),
            u if u.starts_with('d') || u.starts_with('t') || u.starts_with('j') => (24 * 60, 0),
            _ => (7 * 24 * 60, 0),
        };
        // Half a month is no length that two readers would count alike.
        if months > 0 && tenths % 10 != 0 {
            continue;
        }
        let duration = Stated { minutes: tenths * minutes / 10, months: tenths * months / 10 };
        out.push(Length { start: all.start(), end: all.end(), duration });
    }
    for found in all(&ISO, text) {
        let Some(all) = found.get(0) else { continue };
        let part = |n: usize| found.get(n).and_then(|m| m.as_str().parse::<i64>().ok()).unwrap_or(0);
        let minutes = part(1) * 24 * 60 + part(2) * 60 + part(3);
        if minutes > 0 {
            out.push(Length { start: all.start(), end: all.end(), duration: Stated { minutes, months: 0 } });
        }
    }
    for found in all(&KEYED, text) {
        let (Some(all), Some(unit), Some(count)) = (found.get(0), found.get(1), found.get(2)) else { continue };
        let each = match unit.as_str().to_lowercase().as_str() {
            u if u.starts_with('m') => 1,
            u if u.starts_with('h') || u.starts_with('s') => 60,
            _ => 24 * 60,
        };
        if let Some(tenths) = tenths(count.as_str()) {
            let duration = Stated { minutes: tenths * each / 10, months: 0 };
            out.push(Length { start: all.start(), end: all.end(), duration });
        }
    }
    out.sort_by_key(|length| length.start);
    out
}

/// Whether a word counts: "two", "90".
pub(super) fn count(word: &str) -> bool {
    !matches!(word, "a" | "an" | "un" | "une" | "una" | "ein" | "eine") && tenths(word).is_some()
}

/// A number's tenths: 15 for "1.5".
fn tenths(word: &str) -> Option<i64> {
    let lower = word.to_lowercase();
    let lower = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(match lower.as_str() {
        "half a" | "half an" | "eine halbe" | "einen halben" | "une demi" | "media" => 5,
        "a" | "an" | "one" | "ein" | "eine" | "einen" | "einem" | "un" | "une" | "una" => 10,
        "two" | "zwei" | "deux" | "dos" => 20,
        "three" | "drei" | "trois" | "tres" => 30,
        "four" | "vier" | "quatre" | "cuatro" => 40,
        "five" | "fünf" | "cinq" | "cinco" => 50,
        "six" | "sechs" | "seis" => 60,
        "seven" | "sieben" | "sept" | "siete" => 70,
        "eight" | "acht" | "huit" | "ocho" => 80,
        "nine" | "neun" => 90,
        "ten" | "zehn" | "dix" | "diez" => 100,
        "eleven" => 110,
        "twelve" | "zwölf" | "douze" | "doce" => 120,
        "fourteen" | "vierzehn" => 140,
        "fifteen" | "quinze" | "quince" => 150,
        "twenty" => 200,
        "twenty-four" => 240,
        "thirty" => 300,
        "forty-five" => 450,
        "forty-eight" => 480,
        "sixty" => 600,
        "seventy-two" => 720,
        "ninety" => 900,
        digits => match digits.split_once(['.', ',']) {
            Some((whole, tenth)) => whole.parse::<i64>().ok()? * 10 + tenth.parse::<i64>().ok()?,
            None => digits.parse::<i64>().ok()? * 10,
        },
    })
}

/// Whether a title may state a length: no length is read for it. "Día" is not of ASCII, and neither are few titles that state one.
pub(super) fn may_state(title: &str) -> bool {
    !title.is_ascii()
        || memchr::memchr2(b'[', b'(', title.as_bytes()).is_some()
        || title.as_bytes().split(|byte| !byte.is_ascii_alphabetic()).any(unit)
}

/// Units of time, as titles write them.
pub(super) const UNITS: [&str; 51] = [
    "h",
    "hr",
    "hrs",
    "hour",
    "hours",
    "m",
    "min",
    "mins",
    "minute",
    "minutes",
    "d",
    "day",
    "days",
    "w",
    "wk",
    "wks",
    "week",
    "weeks",
    "month",
    "months",
    "fortnight",
    "fortnights",
    "std",
    "stunde",
    "stunden",
    "tag",
    "tage",
    "tagen",
    "woche",
    "wochen",
    "minuten",
    "monat",
    "monate",
    "monaten",
    "monats",
    "heure",
    "heures",
    "jour",
    "jours",
    "semaine",
    "semaines",
    "mois",
    "hora",
    "horas",
    "semana",
    "semanas",
    "minuto",
    "minutos",
    "mes",
    "meses",
    "dia",
];

fn unit(word: &[u8]) -> bool {
    UNITS.iter().any(|unit| unit.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether nothing in a title can tell a time but its whole words, as every text's are looked up.
pub(super) fn in_words_alone(title: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'[' | b'(' | b'~' | b'_' | b'-' | b'\'');
    title.bytes().all(|byte| byte.is_ascii() && !sign(byte))
}

/// Whether a duration limits an access: "for two hours", "Duration: 4h", "2 hours of write".
pub(super) fn limits(text: &str, all: &[Word], length: &Length) -> bool {
    let at = all.partition_point(|w| w.start < length.start);
    let back = |n: usize| at.checked_sub(n).map(|i| all[i].text.as_str()).unwrap_or_default();
    let next = all.iter().find(|w| w.start >= length.end).map(|w| w.text.as_str()).unwrap_or_default();
    // "Not longer than three hours", "no more than 2 h", "up to an hour".
    let most = (back(1) == "than" && matches!(back(2), "longer" | "more") && matches!(back(3), "not" | "no" | "never"))
        || (back(1) == "to" && back(2) == "up")
        || (matches!(back(1), "about" | "approximately" | "roughly" | "around" | "some")
            && (matches!(back(2), "for" | "access") || (back(2) == "it" && matches!(back(3), "need" | "needs"))))
        || (matches!(back(1), "most") && back(2) == "at")
        || (back(1) == "to" && matches!(back(2), "limited" | "restricted" | "capped"))
        || back(1) == "valid"
        || (back(1) == "long" && back(2) == "how")
        || (matches!(back(1), "next" | "coming")
            && matches!(back(2), "the" | "for")
            && [back(2), back(3)].contains(&"for"))
        || (back(1) == "of" && matches!(back(2), "maximum" | "max" | "total" | "duration" | "period"));
    // "It has been on the new one for a week."
    let been = (1..=10).any(|n| back(n) == "been" && matches!(back(n + 1), "has" | "have" | "had"));
    let no =
        been || matches!(
            back(1),
            "every"
                | "each"
                | "older"
                | "than"
                | "in"
                | "within"
                | "last"
                | "past"
                | "alle"
                | "after"
                | "over"
                | "turns"
                | "unused"
                | "previous"
        ) || matches!(back(2), "every" | "older" | "unused" | "last" | "past")
            || (1..=4).any(|n| {
                matches!(
                    back(n),
                    "fail"
                        | "fails"
                        | "down"
                        | "offline"
                        | "unavailable"
                        | "interrupted"
                        | "restarts"
                        | "outage"
                        | "run"
                        | "ran"
                        | "been"
                        | "lasted"
                        | "existed"
                        | "inactive"
                        | "idle"
                        | "untouched"
                        | "invisible"
                        | "broken"
                        | "stuck"
                        | "missing"
                        | "waiting"
                        | "waited"
                )
            })
            || matches!(next, "ago" | "old" | "later" | "earlier" | "before" | "notice" | "or");
    let for_it = matches!(
        back(1),
        "for"
            | "für"
            | "pour"
            | "por"
            | "during"
            | "durante"
            | "another"
            | "duration"
            | "length"
            | "dauer"
            | "durée"
            | "duración"
            | "only"
            | "max"
            | "maximum"
            | "just"
            | "least"
            | "lasts"
            | "lasting"
            | "gets"
            | "get"
            | "bekommt"
            | "dauert"
            | "dure"
    ) || matches!(back(2), "for" | "duration" | "für" | "pour" | "por" | "durée" | "dauer" | "duración");
    let of = matches!(next, "of" | "window" | "access" | "only" | "max" | "from" | "starting" | "beginning" | "ab");
    let key = text[..length.start].trim_end().ends_with(':');
    let keyed = length.start == 0 && text[..length.end].contains(['(', ':']);
    most || keyed || (!no && (for_it || of || key || at == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let of = |text: &str| lengths(text).into_iter().map(|l| l.duration.minutes).collect::<Vec<_>>();
        assert!(LENGTH.is_some() && ISO.is_some() && KEYED.is_some());
        assert_eq!(of("for two hours"), [120]);
        assert_eq!(of("Duration: 4h"), [240]);
        assert_eq!(of("90 min, 3 days, eine Woche, deux heures"), [90, 4320, 10080, 120]);
        assert_eq!(of("PT2H30M, P2D"), [150, 2880]);
        assert_eq!(of("1.5 hours, half an hour, 2,5 Stunden"), [90, 30, 150]);
        assert_eq!(of("Duration (hours): 12"), [720]);
        assert_eq!(of("a key, 3 hens"), Vec::<i64>::new());
    }

    #[test]
    fn months_are_the_calendars() {
        let length = lengths("for three months")[0].duration;
        let end = length.after("2026-11-30T10:00:00Z".parse().unwrap(), &TimeZone::UTC);
        assert_eq!(end.unwrap().to_string(), "2027-02-28T10:00:00Z");
    }
}
