//! Trackers' markup to one plain form, Markdown-like, line by line, which `link` reads: `# heading`, `- item`, `- [x] ticked`,
//! `> quoted`, fenced code, `| cell | cell |`, `~~struck~~`, `` `code` ``, `**strong**`. Text that is in none of them stays as it is.

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

/// A fenced block; a fence inside is made harmless, so that nobody's text ends it early.
pub(crate) fn fenced(text: &str) -> String {
    format!("```\n{}\n```\n", text.trim_matches('\n').replace("```", "'''"))
}
