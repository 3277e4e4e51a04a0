//! What is said on standard error: errors, notes, the log. Text that may be others' goes through the renderers' escape.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::{Color, Common};
use crate::config::{ConfigError, Environment};
use crate::render::escape;

/// Says what is wrong, and what to do next.
pub(super) fn error(what: &str, next: &str) {
    let mut text = format!("error: {}\n", escape::line(what));
    if !next.is_empty() {
        text.push_str(&format!("  next: {}\n", escape::line(next)));
    }
    say(&text);
}

/// A configuration error, with its place first.
pub(super) fn config_error(wrong: &ConfigError) {
    let head = ConfigError { next: String::new(), ..wrong.clone() };
    error(&head.to_string(), &wrong.next);
}

/// Says something that is good to know.
pub(super) fn note(common: &Common, text: &str) {
    if !common.quiet {
        say(&format!("note: {}\n", escape::line(text)));
    }
}

fn say(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether something written to a stream is coloured.
pub(super) fn colored(common: &Common, env: &Environment, is_terminal: bool) -> bool {
    match common.color {
        Color::Always => true,
        Color::Never => false,
        // https://no-color.org and https://bixense.com/clicolors: the first wins, an empty value counts as unset.
        Color::Auto if env.get("NO_COLOR").is_some() => false,
        Color::Auto if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Color::Auto => is_terminal && env.get("TERM") != Some("dumb"),
    }
}

/// Starts the log. Only our own events: those of HTTP and SDK libraries may carry headers and bodies.
pub(super) fn log(common: &Common, env: &Environment) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let color = colored(common, env, io::stderr().is_terminal());
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(color)
        .without_time()
        .with_target(false)
        .with_filter(Targets::new().with_target("driftgate", level));
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
