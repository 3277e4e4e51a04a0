//! Waiting for rate limits: one pause for all calls of a source, and a cap on how long a run waits in total. What an answer's
//! headers say of a limit is read here; no request is made.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// What GitHub asks for where a secondary limit names no time ("Rate limits for the REST API": "wait for at least one minute").
const UNTOLD: Duration = Duration::from_secs(60);

/// The pauses of one source.
#[derive(Debug)]
pub(super) struct Pause {
    most: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    spent: Duration,
}

impl Pause {
    /// Pauses that together last `most` at the longest.
    pub(super) fn new(most: Duration) -> Self {
        Self { most, state: Mutex::default() }
    }

    /// Puts all calls off for `wait`; an error where that is longer than may still be waited.
    pub(super) fn put_off(&self, wait: Duration) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(until) = now.checked_add(wait) else { return Err(wait) };
        let from = state.until.map_or(now, |known| known.max(now));
        // Calls that meet the same limit at once wait once.
        let added = until.saturating_duration_since(from);
        if state.spent + added > self.most {
            return Err(wait);
        }
        state.spent += added;
        state.until = Some(state.until.map_or(until, |known| known.max(until)));
        Ok(())
    }

    /// How long was waited in total, waits that are under way included.
    pub(super) fn spent(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).spent
    }

    /// Sleeps until no pause is in force.
    pub(super) async fn over(&self) {
        loop {
            let until = self.state.lock().unwrap_or_else(PoisonError::into_inner).until;
            match until {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until.into()).await,
                _ => return,
            }
        }
    }
}

/// How long an answer says to wait, where it says that a limit was met: 429, or 403 with signs of a limit (GitHub uses both).
/// `body` is looked at for GitHub's words of a secondary limit alone.
pub(super) fn wait(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Duration> {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let limited = match status.as_u16() {
        429 => true,
        403 => {
            headers.contains_key("retry-after")
                || get("x-ratelimit-remaining") == Some("0")
                || memchr::memmem::find(body, b"secondary rate limit").is_some()
        }
        503 => headers.contains_key("retry-after"),
        _ => false,
    };
    if !limited {
        return None;
    }
    // The server's own clock, so that ours may be wrong.
    let now = date(headers).unwrap_or_else(Timestamp::now);
    let until = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
    if let Some(after) = get("retry-after") {
        return Some(match after.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => http_date(after).map_or(UNTOLD, until),
        });
    }
    let spent = get("x-ratelimit-remaining").or_else(|| get("ratelimit-remaining")) == Some("0");
    let reset = ["x-ratelimit-reset", "ratelimit-reset"].iter().find_map(|name| get(name)?.parse::<i64>().ok());
    match reset.filter(|_| spent || status.as_u16() == 429).and_then(|at| Timestamp::from_second(at).ok()) {
        // A second more: both clocks count whole ones.
        Some(at) => Some(until(at) + Duration::from_secs(1)),
        None => Some(UNTOLD),
    }
}

/// The server's own clock, where the answer tells it (RFC 9110, `Date`).
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get("date").and_then(|value| value.to_str().ok()).map(str::trim).and_then(http_date)
}

/// `Tue, 24 Nov 2026 15:00:00 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_answers_ask_for() {
        let of = |status: u16, pairs: &[(&'static str, &str)], body: &str| {
            wait(StatusCode::from_u16(status).unwrap(), &headers(pairs), body.as_bytes()).map(|wait| wait.as_secs())
        };
        let date = ("date", "Tue, 24 Nov 2026 15:00:00 GMT");
        assert_eq!(of(429, &[("retry-after", "7")], ""), Some(7));
        assert_eq!(of(403, &[("retry-after", "7")], ""), Some(7));
        assert_eq!(of(429, &[date, ("retry-after", "Tue, 24 Nov 2026 15:00:30 GMT")], ""), Some(30));
        // 1795532430 is half a minute after that date, whatever this machine's clock says.
        assert_eq!(of(403, &[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795532430")], ""), Some(31));
        assert_eq!(of(429, &[date, ("ratelimit-remaining", "0"), ("ratelimit-reset", "1795532430")], ""), Some(31));
        assert_eq!(of(429, &[], ""), Some(60));
        assert_eq!(of(403, &[], "You have exceeded a secondary rate limit"), Some(60));
        assert_eq!(of(429, &[date, ("retry-after", "Tue, 24 Nov 2026 14:00:00 GMT")], ""), Some(0));
        assert_eq!(of(429, &[("retry-after", "99999999999999999999999")], ""), Some(60));
        assert_eq!(of(503, &[("retry-after", "1")], ""), Some(1));
        for (status, pairs) in
            [(403, vec![("x-ratelimit-remaining", "10")]), (200, vec![]), (404, vec![]), (503, vec![])]
        {
            assert_eq!(of(status, &pairs, ""), None, "{status} {pairs:?}");
        }
    }

    #[test]
    fn pauses_have_a_cap_together() {
        let pause = Pause::new(Duration::from_secs(10));
        assert!(pause.put_off(Duration::from_secs(6)).is_ok());
        assert!(pause.put_off(Duration::from_secs(6)).is_ok(), "the same pause once more");
        assert!(pause.put_off(Duration::from_secs(60)).is_err());
        assert!(pause.put_off(Duration::MAX).is_err());
    }
}
