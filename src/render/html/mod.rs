//! HTML: one file that needs nothing else, for people who were not there: the verdict, the findings with what was promised, recorded
//! and true, how the deploy reaches each, when what happened, and the proofs of what was kept.
//!
//! The page carries its style and script in itself and forbids itself everything else by a policy that names both by their hashes, so
//! that no request leaves it and no text of a ticket can run, even if it got past the escaping. Templates escape every value
//! (`escape::Html`); only our own style and script stand as they are. Without scripts everything is there to read; the
//! script only filters.

mod finding;
mod page;
mod proofs;
mod words;

use std::io::{self, Write};

use askama::Template as _;
use aws_lc_rs::digest;
use base64::Engine as _;

use crate::model::report::Report;
use crate::render::Context;

/// The style of the page.
const STYLE: &str = include_str!("style.css");
/// What only holds where no script runs.
const WITHOUT_SCRIPT: &str = include_str!("noscript.css");
/// The filters.
const SCRIPT: &str = include_str!("script.js");

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::with_capacity(64 * 1024 + report.findings.len() * 4 * 1024);
    page::Page::new(report, context).render_into(&mut text).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// What the page allows itself: its own style and script, by their hashes, and its icon, which is none.
fn policy() -> String {
    let hash = |text: &str| {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(hash))
    };
    format!(
        "default-src 'none'; style-src {} {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(WITHOUT_SCRIPT),
        hash(SCRIPT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_ours_ends_its_element_or_deceives_a_log() {
        for (name, text) in [("style", STYLE), ("noscript", WITHOUT_SCRIPT), ("script", SCRIPT)] {
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'), "{name}");
            // Such text asks for more than the page has.
            assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("@import"), "{name}");
            let odd = text.chars().find(|c| *c != '\n' && crate::render::escape::is_deceptive(*c));
            assert_eq!(odd, None, "{name}");
        }
    }

    #[test]
    fn only_our_own_texts_stand_as_they_are() {
        let templates = [include_str!("page.html"), include_str!("finding.html"), include_str!("proofs.html")];
        let safe: Vec<&str> =
            templates.iter().flat_map(|text| text.split("{{")).filter(|part| part.contains("safe")).collect();
        let names: Vec<&str> = safe.iter().filter_map(|part| part.split("}}").next()).map(str::trim).collect();
        assert_eq!(names, ["style|safe", "without_script|safe", "script|safe"]);
        for text in templates {
            // Attributes are quoted, so that no value leaves its own.
            assert!(!text.contains("={{"), "an attribute without quotes");
            assert!(!text.contains("='{{"), "an attribute in single quotes");
        }
    }
}
