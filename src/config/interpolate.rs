//! `${NAME}` and `${NAME:-default}` in a text. Knows no file and no setting.

use crate::config::Environment;

/// Why a text cannot be filled in. Names variables, never values.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// No such variable, or an empty one.
    Unset(String),
    /// `${` without its end, or without a name.
    Malformed,
}

/// A text with its variables filled in, and their names; none where the text names no variable. `$${` stands for `${`; `unset` for a
/// variable that is not set and has no default.
pub(super) fn fill(
    text: &str,
    env: &Environment,
    unset: Option<&str>,
) -> Result<Option<(String, Vec<String>)>, Problem> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut out = String::with_capacity(text.len());
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(escaped) = before.strip_suffix('$') {
            out.push_str(escaped);
            out.push_str("${");
            rest = &from[2..];
            continue;
        }
        out.push_str(before);
        let inner = &from[2..];
        let end = inner.find('}').ok_or(Problem::Malformed)?;
        let (name, default) = match inner[..end].split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (&inner[..end], None),
        };
        if !is_name(name) {
            return Err(Problem::Malformed);
        }
        match env.get(name).or(default).or(unset) {
            Some(value) => out.push_str(value),
            None => return Err(Problem::Unset(name.to_owned())),
        }
        names.push(name.to_owned());
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(Some((out, names)))
}

/// Whether this can be the name of an environment variable.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Environment {
        [("A".to_owned(), "1".to_owned()), ("EMPTY".to_owned(), String::new())].into_iter().collect()
    }

    fn filled(text: &str) -> Result<Option<String>, Problem> {
        fill(text, &env(), None).map(|found| found.map(|(text, _)| text))
    }

    #[test]
    fn variables_defaults_escapes() {
        assert_eq!(filled("plain $A"), Ok(None));
        assert_eq!(filled("x${A}y${A}"), Ok(Some("x1y1".into())));
        assert_eq!(filled("${B:-d}${EMPTY:-e}${B:-}"), Ok(Some("de".into())));
        assert_eq!(filled("$${A}${A}"), Ok(Some("${A}1".into())));
        assert_eq!(filled("${EMPTY}"), Err(Problem::Unset("EMPTY".into())));
        assert_eq!(filled("${A"), Err(Problem::Malformed));
        assert_eq!(filled("${A B}"), Err(Problem::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[$\\{\\}AB:é-]{0,40}") {
            let _ = fill(&text, &env(), None);
        }
    }
}
