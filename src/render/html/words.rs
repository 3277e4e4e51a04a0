//! Times, spans and links of the page, as people read them. Nothing here is escaped: the templates do that.

use jiff::{SignedDuration, Timestamp};
use url::Url;

/// Longest address that becomes a link; a longer one is no ticket's page.
const LONGEST_LINK: usize = 1_000;

/// `2026-05-11 23:59 UTC`; the seconds stand in the element's `datetime`.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M"))
}

/// `20 d 12 h`, `3 h 5 min`, `45 s`: the two largest units; without a sign.
pub(super) fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs().unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let two = |large: u64, unit: &str, small: u64, part: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {part}") }
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", seconds % 60),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => two(hours, "h", minutes, "min"),
        _ => two(days, "d", hours, "h"),
    }
}

/// `2026-05-11 23:59Z`, which is a time in HTML as it stands: where there are thousands, none of them needs an attribute.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// How long before or after the report: `20 d 12 h ago`, `in 3 d`.
pub(super) fn distance(at: Timestamp, now: Timestamp) -> String {
    let length = now.duration_since(at);
    if length.is_zero() {
        "now".to_owned()
    } else if length.is_negative() {
        format!("in {}", span(length))
    } else {
        format!("{} ago", span(length))
    }
}

/// The address of a ticket, where it may become a link: `http` or `https`, with a host, and with no user's name in it, behind which
/// another host could hide. Normalised, so that what is shown on hovering is where it leads.
pub(super) fn link(address: &str) -> Option<String> {
    if address.len() > LONGEST_LINK || address.chars().any(crate::render::escape::is_deceptive) {
        return None;
    }
    let url = Url::parse(address).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then(|| url.into())
}

/// An id or a path in the pieces between which it may break into lines.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    text.split_inclusive([':', '/', '@']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units() {
        let told = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(59), "59 s");
        assert_eq!(told(125), "2 min");
        assert_eq!(told(3_600), "1 h");
        assert_eq!(told(11_100), "3 h 5 min");
        assert_eq!(told(86_400), "1 d");
        assert_eq!(told(1_771_199), "20 d 11 h");
        assert_eq!(told(-90_000), "1 d 1 h");
    }

    #[test]
    fn distances_say_the_direction() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let told = |at: &str| distance(at.parse().unwrap(), now);
        assert_eq!(told("2026-05-31T12:00:00Z"), "1 d ago");
        assert_eq!(told("2026-06-04T12:00:00Z"), "in 3 d");
        assert_eq!(told("2026-06-01T12:00:00Z"), "now");
    }

    #[test]
    fn only_plain_web_addresses_become_links() {
        assert_eq!(
            link("https://jira.example.com/browse/SEC-1").as_deref(),
            Some("https://jira.example.com/browse/SEC-1")
        );
        assert_eq!(
            link("http://127.0.0.1:8080/x?a=\"><b>").as_deref(),
            Some("http://127.0.0.1:8080/x?a=%22%3E%3Cb%3E")
        );
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt://jira.example.com/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "//jira.example.com/x",
            "/browse/SEC-1",
            "https://jira.example.com@evil.example/x",
            "https://jira.example.com:x@evil.example/x",
            "java\u{200b}script:alert(1)",
            "https://jira.example.com/\u{202e}x",
            "vbscript:x",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(link(address), None, "{address}");
        }
        assert_eq!(link(&format!("https://jira.example.com/{}", "x".repeat(1_000))), None);
    }
}
