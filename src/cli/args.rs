//! The arguments that commands share, and the words they are given in.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::config::units;
use crate::model::report::Severity;
use crate::model::scope::ScopeKind;
use crate::render;

/// What every command accepts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct Common {
    /// The configuration [default: .driftgate.yaml, .driftgate.yml, then .github/driftgate.yaml in PATH]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Print the result alone, and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Tell more on standard error; twice tells even more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Whether to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    /// No progress display
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
    /// No network at all: what needed it is a gap
    #[arg(long, global = true)]
    pub(super) offline: bool,
    /// Never use a credential to test it
    #[arg(long, global = true)]
    pub(super) no_probe: bool,
    /// Judge as of this time (RFC 3339), for tests and audits
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub(super) now: Option<Timestamp>,
    /// The longest wait for a rate limit; then what was asked for is a gap
    #[arg(long, global = true, value_name = "DURATION", default_value = "60s", value_parser = wait)]
    pub(super) max_wait: Duration,
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours elsewhere, too
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What lists can be printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How a list is printed.
#[derive(Debug, Args)]
pub(super) struct ListOutput {
    /// The format on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ListFormat,
    /// Write a format to a file, too; can be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = list_target)]
    pub(super) output: Vec<(ListFormat, PathBuf)>,
}

/// `--mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Exit with the verdict's code
    Enforce,
    /// Print the same report, and exit with 0 where it would be 1 or 3
    Warn,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Threshold {
    /// Critical findings block
    Critical,
    /// High and critical findings block
    High,
    /// Medium findings and above block
    Medium,
    /// Every finding blocks
    Low,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Critical => Self::Critical,
            Threshold::High => Self::High,
            Threshold::Medium => Self::Medium,
            Threshold::Low => Self::Low,
        }
    }
}

pub(super) fn scope(text: &str) -> Result<ScopeKind, String> {
    match text.split_once('=') {
        None if text == "downstream" => Ok(ScopeKind::Downstream),
        None if text == "repository" => Ok(ScopeKind::Repository),
        Some(("environment", name)) if !name.trim().is_empty() => Ok(ScopeKind::Environment(name.trim().to_owned())),
        _ => Err("write downstream, environment=NAME or repository".to_owned()),
    }
}

pub(super) fn report_format(text: &str) -> Result<&'static str, String> {
    render::format(text).map(|format| format.name).ok_or_else(|| {
        let names: Vec<&str> = render::FORMATS.iter().map(|format| format.name).collect();
        format!("possible: {}", names.join(", "))
    })
}

pub(super) fn report_target(text: &str) -> Result<(&'static str, PathBuf), String> {
    let (format, file) = target(text)?;
    Ok((report_format(format)?, file))
}

fn list_target(text: &str) -> Result<(ListFormat, PathBuf), String> {
    let (format, file) = target(text)?;
    Ok((ListFormat::from_str(format, false).map_err(|_| "possible: text, json".to_owned())?, file))
}

fn target(text: &str) -> Result<(&str, PathBuf), String> {
    match text.split_once('=') {
        Some((format, file)) if !file.is_empty() => Ok((format, PathBuf::from(file))),
        _ => Err("write FORMAT=FILE, as in sarif=driftgate.sarif".to_owned()),
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "write an RFC 3339 time, as in 2026-06-01T12:00:00Z".to_owned())
}

fn wait(text: &str) -> Result<Duration, String> {
    units::duration(text).map(jiff::SignedDuration::unsigned_abs)
}
