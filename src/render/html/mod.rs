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
