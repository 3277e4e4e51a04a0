//! Lines that a mail program broke: a sentence goes on in the next line, and is read as one. What a line is stands in `text`.

use std::borrow::Cow;

/// No mail program breaks lines before, or so late.
const SHORTEST: usize = 45;
const LONGEST: usize = 120;

/// Words that begin a line of their own in a list without signs.
const ORDERS: [&str; 18] = [
    "keep", "leave", "revoke", "rotate", "delete", "remove", "disable", "drop", "renew", "replace", "grant", "add",
    "create", "do", "don't", "please", "rename", "move",
];

/// How many words a broken line has at least: a list of names, one in each line, is none.
const LEAST: usize = 6;

/// A text with its broken lines put together again, where there are any.
pub(super) fn unwrapped(text: &str) -> Cow<'_, str> {
    // "Start ....... 2026-03-02": a form's lines.
    if memchr::memmem::find(text.as_bytes(), b" ...").is_some() && text.lines().any(|line| dotted(line).is_some()) {
        let lines: Vec<Cow<'_, str>> =
            text.lines().map(|line| dotted(line).map_or(Cow::Borrowed(line), Cow::Owned)).collect();
        return Cow::Owned(joined(&lines.join("\n")).into_owned());
    }
    joined(text)
}

/// "Start ....... 2026-03-02" as "Start: 2026-03-02".
fn dotted(line: &str) -> Option<String> {
    let (key, rest) = line.split_once(" ...")?;
    let value = rest.trim_start_matches('.').trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '/' | '_' | ',' | '@');
    // "APP_KEY, acme/shop, production ... take away": longer where it names something.
    let longest = if key.contains(['_', '/', '@']) { 72 } else { 24 };
    (key.len() <= longest && !key.trim().is_empty() && key.chars().all(plain) && !value.is_empty())
        .then(|| format!("{}: {value}", key.trim()))
}

/// A text with its broken lines put together again.
fn joined(text: &str) -> Cow<'_, str> {
    // Most texts have none, and that is seen at the line ends alone.
    if !memchr::memchr_iter(b'\n', text.as_bytes()).any(|at| may_break(text.as_bytes(), at)) {
        return Cow::Borrowed(text);
    }
    let width = text.lines().map(|line| quoted(line).1.chars().count()).max().unwrap_or_default();
    // Where one line is longer, no program broke them; a person may have.
    let width = if width > LONGEST { usize::MAX } else { width };
    let mut out = String::with_capacity(text.len());
    let (mut fence, mut last) = (false, "");
    for line in text.lines() {
        let (depth, inner) = quoted(line);
        let code = inner.starts_with("```") || inner == "~~~";
        fence ^= code;
        let (before, own) = quoted(last);
        let item = own.starts_with(['-', '*', '+', '\u{2022}']) && !line.starts_with([' ', '\t', '>']);
        if !fence && !code && !item && before == depth && goes_on(own, inner, width) {
            out.push(' ');
            out.push_str(inner);
        } else {
            if !out.is_empty() || !last.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
        }
        last = line;
    }
    Cow::Owned(out)
}

/// Whether a line may go on behind this line end, by the bytes beside it.
fn may_break(text: &[u8], at: usize) -> bool {
    let before = text[..at].strip_suffix(b"\r").unwrap_or(&text[..at]);
    let behind = text[at + 1..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'>'));
    let ends = before.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b',' || *byte >= 0x80);
    ends && behind.is_some_and(|byte| byte.is_ascii_lowercase() || *byte >= 0x80)
}

/// How deep a line is quoted, and what it quotes.
fn quoted(line: &str) -> (usize, &str) {
    let inner = line.trim_start_matches(['>', ' ', '\t']);
    let signs = &line[..line.len() - inner.len()];
    (signs.matches('>').count(), inner.trim_end())
}

/// Whether a sentence that the first line begins goes on in the second, whose first word had no place in it.
fn goes_on(first: &str, second: &str, width: usize) -> bool {
    let plain = |line: &str| !line.starts_with(['|', '#', '{', '<']) && super::csv::separated(line).is_none();
    let word = second.split(' ').next().unwrap_or_default();
    let length = first.chars().count();
    // "… is to be revoked" and, in the next line, "on 1 June".
    let goes_on = matches!(word, "on" | "at" | "by" | "until" | "from" | "because" | "which" | "so" | "and" | "but");
    length >= SHORTEST
        && (length + 1 + word.chars().count() > width || (goes_on && !first.ends_with(',')))

        && first.ends_with(|c: char| c.is_alphanumeric() || c == ',')
        && second.starts_with(char::is_lowercase)
        && plain(first)
        && plain(second)
        && first.split(' ').filter(|word| !word.is_empty()).count() >= LEAST
        // What begins with a name of its own is an entry of a list.
        && !word.contains(['/', '_', ':', '@', '=', '|'])
        && !word.contains(|c: char| c.is_ascii_digit())
        // A line that orders is one by itself.
        && !ORDERS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_put_together() {
        let mail = "> the lost tablet from substation 12 held a deploy token: edge-pull, number 21,\n> of acme/site. Please revoke it\n> today.\n";
        assert_eq!(
            unwrapped(mail),
            "> the lost tablet from substation 12 held a deploy token: edge-pull, number 21, of acme/site. Please revoke it\n> today."
        );
        for apart in [
            "- delete the first one of all the many tokens that we have there\n- keep the second",
            "secret/a/b is what the nightly job of the payments team reads\nsecret/c/d as well",
            "Please delete these two at your earliest convenience, thank you\nThe first: a",
            "```\nthis is a long line of some code that nobody broke by itself\nand another\n```",
            "This sentence is long enough to be broken, and it has its own end.\nand so on",
            "There is one key that nobody needs any longer at all, please delete it\nthis one\nand a line that is as long as the first of all of these, and longer than it",
            "> this is what was said by somebody else in an older mail of theirs\nand this is not",
        ] {
            assert_eq!(unwrapped(apart), apart);
        }
    }
}
