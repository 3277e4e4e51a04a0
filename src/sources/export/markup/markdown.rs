//! GitHub's and GitLab's Markdown to the plain form: only what nobody sees goes, comments in HTML above all.

use std::borrow::Cow;

use super::{may_stress, unstressed};

/// The text without HTML comments (templates keep their instructions there); one that is never closed takes the rest, as it does
/// on the page.
pub(crate) fn text(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(start) = rest.find("<!--") {
        out.push_str(&rest[..start]);
        rest = match rest[start..].find("-->") {
            Some(end) => &rest[start + end + 3..],
            None => "",
        };
    }
    out.push_str(rest);
    stressed(struck(&out))
}

/// `_emphasised_` without its signs, outside code.
fn stressed(text: String) -> String {
    if !may_stress(&text) {
        return text;
    }
    let mut fence = false;
    let lines = text.split_inclusive('\n').map(|line| {
        let mark = line.trim_start().starts_with("```");
        fence ^= mark;
        if fence || mark { Cow::Borrowed(line) } else { unstressed(line) }
    });
    lines.collect()
}

/// Whether a text has the same words as its plain form.
pub(crate) fn is_plain(markdown: &str) -> bool {
    memchr::memchr(b'<', markdown.as_bytes()).is_none() && !may_stress(markdown)
}

/// `<del>`, `<s>` and `<strike>` are strikethrough.
fn struck(text: &str) -> String {
    if !text.contains('<') {
        return text.replace("\r\n", "\n");
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let tag = ["<del>", "</del>", "<s>", "</s>", "<strike>", "</strike>"]
            .into_iter()
            .find(|tag| rest.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)));
        if let Some(tag) = tag {
            out.push_str("~~");
            rest = &rest[tag.len()..];
        } else {
            out.push('<');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_goes() {
        assert_eq!(text("a <!-- revoke X --> b\r\n<del>c</del> <b>d</b>"), "a  b\n~~c~~ <b>d</b>");
        assert_eq!(text("a <!-- never closed: revoke X"), "a ");
        assert_eq!(text("<é"), "<é");
    }
}
