//! Encoded queries: how conditions are added to one that the user wrote. `^` is "and", `^OR` binds to the condition before it, `^NQ`
//! begins a query of its own ("Encoded query strings" in ServiceNow's documentation). Nothing is asked here.

use jiff::Timestamp;

/// A configured query without what would change the order or the shape of the answer, and without the `^` around it.
pub(super) fn plain(query: &str) -> String {
    let mut out = String::new();
    for part in query.trim().split('^').filter(|part| !part.is_empty()) {
        if part == "EQ" || part.starts_with("ORDERBY") || part.starts_with("GROUPBY") {
            continue;
        }
        if !out.is_empty() {
            out.push('^');
        }
        out.push_str(part);
    }
    out
}

/// A query whose rows meet a condition as well: it is added to each query that `^NQ` begins.
pub(super) fn and(query: &str, condition: &str) -> String {
    if query.is_empty() {
        return condition.to_owned();
    }
    let parts: Vec<String> = query.split("^NQ").map(|part| format!("{part}^{condition}")).collect();
    parts.join("^NQ")
}

/// The next rows, in an order that nothing changes while they are read: rows that come or go move an offset, never a key.
pub(super) fn after(query: &str, last: Option<&str>) -> String {
    let query = match last {
        Some(last) => and(query, &format!("sys_id>{last}")),
        None => query.to_owned(),
    };
    if query.is_empty() { "ORDERBYsys_id".to_owned() } else { format!("{query}^ORDERBYsys_id") }
}

/// A field that has one of these values.
pub(super) fn among<S: AsRef<str>>(field: &str, values: &[S]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    format!("{field}IN{}", values.join(","))
}

/// A time as queries have it, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Whether text can be a row's `sys_id`: answers are hostile, and it becomes part of the next query.
pub(super) fn is_sys_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Whether text can stand in a list of values: a user's name is any text.
pub(super) fn is_value(text: &str) -> bool {
    (1..=100).contains(&text.len()) && !text.contains([',', '^']) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_reach_every_part() {
        assert_eq!(plain("^active=true^ORDERBYDESCnumber^EQ"), "active=true");
        assert_eq!(plain("a=1^ORb=2^NQc=3^GROUPBYd"), "a=1^ORb=2^NQc=3");
        assert_eq!(and("a=1^ORb=2^NQc=3", "d>4"), "a=1^ORb=2^d>4^NQc=3^d>4");
        assert_eq!(and("", "d>4"), "d>4");
        assert_eq!(after("", None), "ORDERBYsys_id");
        assert_eq!(after("a=1", Some("f0")), "a=1^sys_id>f0^ORDERBYsys_id");
        assert_eq!(among("number", &["a", "b"]), "numberINa,b");
        assert_eq!(time("2026-05-04T10:00:00.5Z".parse().unwrap()), "2026-05-04 10:00:00");
    }

    #[test]
    fn what_servers_send_cannot_change_a_query() {
        for bad in ["", "a^ORb", "a,b", "a=b", "é", &"a".repeat(65)] {
            assert!(!is_sys_id(bad), "{bad}");
        }
        assert!(is_sys_id("6816f79cc0a8016401c5a33be04be441") && is_value("beth.anglin@example.com"));
        assert!(!is_value("a^NQactive=true") && !is_value("a,b") && !is_value(""));
    }
}
