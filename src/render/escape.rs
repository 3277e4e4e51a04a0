//! The one place through which text from tickets, workflows and APIs goes before it is printed. Such text may try to move the
//! cursor, to reorder or hide characters, to become markup, or to give commands to the CI that shows it.

use std::borrow::Cow;

/// Longest text that is shown as one; more is cut, visibly.
const LONGEST: usize = 2_000;

/// Characters that are not what they look like: controls, bidirectional marks and overrides, zero-width and other invisible ones
/// (Unicode TR 36 and TR 9; the "Trojan Source" set and the tag characters among them).
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// One line of text for a terminal or a log: deceptive characters become visible escapes, line breaks and tabs become spaces, and
/// nothing in it is a command to a CI system.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !is_deceptive(c) && c != '#' && c != ':';
    if text.len() <= LONGEST && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut spaced = true;
    for (count, (at, c)) in text.char_indices().enumerate() {
        if count == LONGEST {
            out.push_str(" […]");
            break;
        }
        match c {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if !spaced {
                    out.push(' ');
                }
                spaced = true;
                continue;
            }
            // GitHub's runner takes a line that begins with `::` for a command, and wrapping may begin a line with any word;
            // the older form `##[…]` counts anywhere, as do those of Azure and TeamCity.
            ':' if spaced && text[at..].starts_with("::") => out.push_str("\\u{3a}"),
            '#' if is_log_command(&text[at..]) => out.push_str("\\u{23}"),
            c if is_deceptive(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
        spaced = c == ' ';
    }
    Cow::Owned(out)
}

fn is_log_command(text: &str) -> bool {
    ["##[", "##vso[", "##teamcity["]
        .iter()
        .any(|command| text.get(..command.len()).is_some_and(|start| start.eq_ignore_ascii_case(command)))
}

/// Text inside a sentence of Markdown: no markup, no HTML, no mention, no link.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = line(text);
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A comment between the parts keeps GitHub and GitLab from making mentions, references and links of them.
            '@' | '#' | '$' | '%' | '!' | '~' | '^' => {
                if matches!(c, '#' | '$' | '!' | '~' | '^') {
                    out.push('\\');
                }
                out.push(c);
                out.push_str("<!-- -->");
            }
            ':' if text[at..].starts_with("://") => out.push_str(":<!-- -->"),
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => out.push_str(".<!-- -->"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '=' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '+' if out.is_empty() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text as code in Markdown; not for the cells of a table, which a bar ends even in code.
#[must_use]
pub fn code(text: &str) -> String {
    let text = line(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text in HTML, between tags and inside quoted attributes: no markup, and nothing that deceives the eye.
#[must_use]
pub fn html(text: &str) -> String {
    let text = line(text);
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            c => out.push(c),
        }
    }
    out
}

/// [`html`] for templates, which put every value through it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Html;

impl askama::filters::Escaper for Html {
    fn write_escaped_str<W: std::fmt::Write>(&self, mut out: W, text: &str) -> std::fmt::Result {
        out.write_str(&html(text))
    }
}

/// What a character becomes inside a JSON string; none where it may stand as it is.
#[must_use]
pub fn json_char(c: char, before: char, after: &str) -> Option<String> {
    if is_deceptive(c) {
        let mut units = [0; 2];
        return Some(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect());
    }
    // `##[` counts anywhere in a log line.
    (c == '#' && (before == '#' || after.starts_with('#'))).then(|| "\\u0023".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_see_what_is_there() {
        assert_eq!(line("plain text"), "plain text");
        assert_eq!(line("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(line("a\r\n\tb"), "a b");
        assert_eq!(line("x\u{202e}y\u{200b}z\u{e0041}"), "x\\u{202e}y\\u{200b}z\\u{e0041}");
        assert_eq!(line("::error::x"), "\\u{3a}:error::x");
        assert_eq!(line("a\n::set-output name=x::y"), "a \\u{3a}:set-output name=x::y");
        assert_eq!(line("arn:aws:iam::1:role/x"), "arn:aws:iam::1:role/x");
        assert_eq!(line("see ##[add-mask]x ##VSO[x"), "see \\u{23}#[add-mask]x \\u{23}#VSO[x");
        assert_eq!(line("## Title"), "## Title");
        assert!(line(&"x".repeat(10_000)).ends_with("[…]"));
    }

    #[test]
    fn markdown_stays_text() {
        assert_eq!(markdown("<img src=x>"), "&lt;img src\\=x&gt;");
        assert_eq!(markdown("[a](b) `c` *d*"), "\\[a\\]\\(b\\) \\`c\\` \\*d\\*");
        assert_eq!(markdown("@acme/all #1"), "@<!-- -->acme/all \\#<!-- -->1");
        assert_eq!(markdown("https://evil"), "https:<!-- -->//evil");
        assert_eq!(code("a``b|c"), "```a``b|c```");
        assert_eq!(code("`"), "`` ` ``");
    }

    #[test]
    fn html_stays_text() {
        assert_eq!(html("<img src=x onerror='a'>"), "&lt;img src=x onerror=&#39;a&#39;&gt;");
        assert_eq!(html("\" onclick=\"x &amp; `"), "&quot; onclick=&quot;x &amp;amp; &#96;");
        assert_eq!(html("a\u{202e}b\u{1b}[2J\nc"), "a\\u{202e}b\\u{1b}[2J c");
    }

    proptest::proptest! {
        #[test]
        fn nothing_deceptive_is_left(text in "\\PC{0,60}|[\\x00-\\x{2100}]{0,60}") {
            proptest::prop_assert!(!line(&text).chars().any(is_deceptive));
            proptest::prop_assert!(!line(&text).trim_start().starts_with("::"));
            let code = code(&text);
            proptest::prop_assert!(!code.contains('\n'));
            let _ = markdown(&text);
            let html = html(&text);
            proptest::prop_assert!(!html.chars().any(|c| is_deceptive(c) || matches!(c, '<' | '>' | '"' | '\'')));
        }
    }
}
