//! Durations (`24h`, `7d`) and times (RFC 3339, or a date) as people write them in the configuration and on the command line.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A duration: numbers with units, `90s`, `15m`, `24h`, `7d`, `2w`, or several together (`1d12h`).
///
/// # Errors
/// A sentence about what is wrong.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let problem = || format!("`{text}` is no duration: write a number and a unit (s, m, h, d, w), as in 24h or 7d");
    let mut total: i64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(problem());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| problem())?;
        let mut after = rest[digits..].chars();
        let unit = match after.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(problem()),
        };
        total = number.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or_else(problem)?;
        rest = after.as_str().trim_start();
    }
    // Longer than any time is far from another; sums with times stay in range.
    if total > 86_400 * 36_525 {
        return Err(format!("`{text}` is longer than a hundred years"));
    }
    Ok(SignedDuration::from_secs(total))
}

/// A duration in the words of the configuration: `90d`, `24h`, `90m`.
#[must_use]
pub fn duration_text(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        s if s != 0 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s != 0 && s % 3600 == 0 => format!("{}h", s / 3600),
        s if s != 0 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A time, and whether it was a whole day. A date is the start of its day in the zone.
///
/// # Errors
/// A sentence about what is wrong.
pub fn time(text: &str, zone: &TimeZone) -> Result<(Timestamp, bool), String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok((time, false));
    }
    text.parse::<Date>()
        .ok()
        // jiff reads the date out of a longer text, too, and a local time without an offset is ambiguous.
        .filter(|_| text.len() == 10)
        .and_then(|date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok())
        .map(|start| (start, true))
        .ok_or_else(|| format!("`{text}` is no time: write 2026-05-01 or 2026-05-01T10:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("24h").map(|d| d.as_hours()), Ok(24));
        assert_eq!(duration("1d12h").map(|d| d.as_hours()), Ok(36));
        assert_eq!(duration("0s").map(|d| d.as_secs()), Ok(0));
        for bad in ["", "h", "24", "-1h", "1y", "99999999999999999999d", "9223372036854775807w", "200000w"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(duration_text(SignedDuration::from_hours(24 * 90)), "90d");
        assert_eq!(duration_text(SignedDuration::from_hours(5)), "5h");
    }

    #[test]
    fn times() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(time("2026-05-01", &zone).map(|t| t.0.to_string()), Ok("2026-04-30T22:00:00Z".into()));
        assert_eq!(time("2026-05-01T10:00:00Z", &zone).map(|t| t.1), Ok(false));
        assert!(time("2026-05-01T10:00", &zone).is_err());
        assert!(time("2026-05-32", &zone).is_err());
        assert!(time("May", &zone).is_err());
    }
}
