//! Trackers' markup to one plain form, Markdown-like, line by line, which `link` reads: `# heading`, `- item`, `- [x] ticked`,
//! `> quoted`, fenced code, `| cell | cell |`, `~~struck~~`, `` `code` ``, `**strong**`. Text that is in none of them stays as it is.

use std::borrow::Cow;

pub(crate) mod adf;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod wiki;

/// Marks every line as quoted.
pub(crate) fn quoted(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("> {line}\n")).collect()
}

/// A cell's text on one line, without the row's own separator.
pub(crate) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().map(|c| if c == '|' { '/' } else { c }));
    }
    out
}

/// Whether `_` stands at a word's start, where it may emphasise.
pub(crate) fn may_stress(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'_', bytes).any(|at| !at.checked_sub(1).is_some_and(|before| joins(bytes[before])))
}

/// Characters that belong to a word with the `_` beside them.
fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(byte, b'_' | b'/' | b'\\' | b'@' | b'=' | b'.' | b'-' | b'$' | b'%')
}

/// A line without the `_` of `_emphasised words_`, outside code; those inside words stay.
pub(crate) fn unstressed(line: &str) -> Cow<'_, str> {
    if !may_stress(line) {
        return Cow::Borrowed(line);
    }
    let parts = line.split('`').enumerate().map(|(number, part)| match number % 2 {
        0 => unstressed_words(part),
        _ => part.to_owned(),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("`"))
}

fn unstressed_words(text: &str) -> String {
    let bytes = text.as_bytes();
    let word = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|byte| joins(*byte));
    let blank = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    // What may end one: looked for once, from left to right.
    let ends: Vec<usize> = memchr::memchr_iter(b'_', bytes)
        .filter(|at| *at > 0 && !blank(*at - 1) && !bytes.get(at + 1).is_some_and(|byte| joins(*byte) && *byte != b'.'))
        .collect();
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for at in memchr::memchr_iter(b'_', bytes) {
        if at < from || word(at.checked_sub(1)) || blank(at + 1) || bytes.get(at + 1) == Some(&b'_') {
            continue;
        }
        let Some(end) = ends.get(ends.partition_point(|end| *end <= at + 1)) else { break };
        out.push_str(&text[from..at]);
        out.push_str(&text[at + 1..*end]);
        from = end + 1;
    }
    out + &text[from..]
}

/// A fenced block; a fence inside is made harmless, so that nobody's text ends it early.
pub(crate) fn fenced(text: &str) -> String {
    format!("```\n{}\n```\n", text.trim_matches('\n').replace("```", "'''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_goes_and_names_stay() {
        for (line, want) in [
            ("token _harbor-pull_ (9)", "token harbor-pull (9)"),
            ("called _old laptop_.", "called old laptop."),
            ("_DEPLOY_KEY_ and DEPLOY_KEY_OLD", "DEPLOY_KEY and DEPLOY_KEY_OLD"),
            ("`_kept_` and _gone_", "`_kept_` and gone"),
            ("a_b _c d", "a_b _c d"),
            ("path/_x_/y and __init__", "path/_x_/y and __init__"),
            ("_ alone _", "_ alone _"),
        ] {
            assert_eq!(unstressed(line), want);
            assert_eq!(may_stress(line), line.starts_with('_') || line.contains(" _") || line.contains('`'), "{line}");
        }
    }
}
