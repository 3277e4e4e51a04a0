//! HTML, as ServiceNow's rich text fields give it, to the plain form. Not a browser: tags that matter for reading, and entities.

use super::{cell, fenced, quoted};

/// Whether a text is HTML rather than text with an angle bracket in it.
pub(crate) fn is_html(text: &str) -> bool {
    const TAGS: [&str; 14] =
        ["<p", "<br", "<div", "<table", "<ul", "<ol", "<li", "<span", "<b>", "<strong", "<h1", "<h2", "<h3", "<pre"];
    let Some(first) = text.find('<') else { return false };
    let head: String = text[first..].chars().take(2000).collect::<String>().to_ascii_lowercase();
    TAGS.iter().any(|tag| {
        head.match_indices(tag)
            .any(|(at, _)| tag.ends_with('>') || head[at + tag.len()..].starts_with(['>', ' ', '/', '\n']))
    })
}

/// The text of HTML.
pub(crate) fn text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    // Where no tag ends any more, none is looked for again.
    let mut tags = true;
    while let Some(start) = rest.find('<') {
        page.words(&rest[..start]);
        rest = &rest[start..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.find("-->").map_or("", |end| &after[end + 3..]);
            continue;
        }
        let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        let end = if is_tag && tags { rest.find('>') } else { None };
        tags &= end.is_some() || !is_tag;
        let Some(end) = end else {
            page.words("<");
            rest = &rest[1..];
            continue;
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let closing = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if !closing && matches!(name.as_str(), "script" | "style") {
            let lower = format!("</{name}");
            rest = find_ignoring_case(rest, &lower).map_or("", |at| &rest[at..]);
            continue;
        }
        page.tag(&name, closing);
    }
    page.words(rest);
    page.finish()
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    let n = needle.len();
    text.as_bytes().windows(n).position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

/// The text so far; blocks that need their whole content first are collected apart.
#[derive(Default)]
struct Page {
    out: String,
    open: Vec<(&'static str, String)>,
    /// Of each strong stretch that is open, whether it is shown: not inside a word, `acme/<b>shop</b>`.
    strong: Vec<bool>,
}

impl Page {
    fn current(&mut self) -> &mut String {
        self.open.last_mut().map_or(&mut self.out, |(_, text)| text)
    }

    fn words(&mut self, text: &str) {
        let raw = self.open.iter().any(|(kind, _)| *kind == "pre");
        let text = entities(text);
        let out = self.current();
        if raw {
            out.push_str(&text);
            return;
        }
        for c in text.chars() {
            if c.is_whitespace() {
                if !out.is_empty() && !out.ends_with(char::is_whitespace) {
                    out.push(' ');
                }
            } else {
                out.push(c);
            }
        }
    }

    fn line(&mut self) {
        let out = self.current();
        while out.ends_with(' ') {
            out.pop();
        }
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
    }

    fn tag(&mut self, name: &str, closing: bool) {
        match name {
            "br" => {
                self.line();
            }
            "p" | "div" | "ul" | "ol" | "table" | "tbody" | "thead" | "section" => self.line(),
            "li" => {
                self.line();
                if !closing {
                    self.current().push_str("- ");
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line();
                if !closing {
                    self.current().push_str("### ");
                }
            }
            "del" | "s" | "strike" => self.current().push_str("~~"),
            "b" | "strong" => self.strong(closing),
            "code" | "tt" if !self.open.iter().any(|(kind, _)| *kind == "pre") => self.current().push('`'),
            "tr" => {
                self.line();
                if !closing {
                    self.current().push('|');
                }
            }
            // Cells nest no deeper than one: a table inside a cell is read as more text of it.
            "td" | "th" => self.nested("cell", closing),
            "pre" => self.nested("pre", closing),
            "blockquote" => self.nested("quote", closing),
            _ => {}
        }
    }

    fn strong(&mut self, closing: bool) {
        let shown = if closing {
            self.strong.pop().unwrap_or(true)
        } else {
            let glued = self.current().ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
            // Beyond any reason, all are shown.
            if self.strong.len() < 32 {
                self.strong.push(!glued);
            }
            !glued
        };
        if shown {
            self.current().push_str("**");
        }
    }

    fn nested(&mut self, kind: &'static str, closing: bool) {
        if !closing {
            if self.open.len() < 32 {
                self.open.push((kind, String::new()));
            }
            return;
        }
        if self.open.last().is_some_and(|(open, _)| *open == kind) {
            self.close();
        }
    }

    fn close(&mut self) {
        let Some((kind, text)) = self.open.pop() else { return };
        let text = match kind {
            "cell" => format!(" {} |", cell(&text)),
            "pre" => fenced(&text),
            _ => quoted(&text),
        };
        if kind != "cell" {
            self.line();
        }
        self.current().push_str(&text);
    }

    fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.trim_end().to_owned()
    }
}

/// Entities that people's editors write; others stay as they are.
fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        let decoded = end.and_then(|end| entity(&rest[1..end]));
        match (decoded, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rich_text() {
        let html = "<p>The host was scrapped, so please <b>revoke</b>:</p><table><tr><th>What</th><th>Id</th></tr>\
                    <tr><td>key &quot;mirror&quot;</td><td>4</td></tr></table><p>The <u>tokens</u> are&nbsp;fine.</p>\
                    <ul><li>a</li><li><del>b</del></li></ul><blockquote>said<br>so</blockquote><pre>x\n y</pre>\
                    <script>revoke Z</script><!-- hidden -->end";
        assert!(is_html(html));
        assert_eq!(
            text(html),
            "The host was scrapped, so please **revoke**:\n| What | Id |\n| key \"mirror\" | 4 |\nThe tokens are fine.\n- a\n\
             - ~~b~~\n> said\n> so\n```\nx\n y\n```\nend"
        );
        assert!(!is_html("1 < 2 and <handle>"));
        assert_eq!(text("&#x41;&amp;&bogus;&"), "A&&bogus;&");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(html in "(<[/a-z]{0,6}>|[<>&;#a-zé ]{0,4}){0,40}") {
            let _ = is_html(&html);
            let _ = text(&html);
        }
    }
}
