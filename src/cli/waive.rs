//! `driftgate waive`: entries for what a run finds, with reason, owner and expiry, so that a house can start. It runs the gate, and
//! prints the entries or adds them to the configuration file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::Common;
use super::output::{self, Target};
use super::prepare::{self, Prepared};
use super::progress::Progress;
use super::waivers::{self, Entry};
use super::{Failure, code, message};
use crate::config::{self, Environment, Files, units};
use crate::gate;
use crate::model::report::{Finding, Severity};
use crate::render::count;

const EXAMPLES: &str = "Examples:
  driftgate waive --reason 'cleaned up with SEC-200' --approved-by alice@example.com --ticket SEC-200 --expires 2026-07-01
  driftgate waive --rule dead-reference --reason 'moved in June' --expires 2026-07-01 --write

Exit codes:
  0  the entries were written
  2  usage or configuration error";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Waive {
    /// A checkout
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Why the findings are accepted
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Until when: a date or an RFC 3339 time
    #[arg(long, value_name = "DATE")]
    expires: String,
    /// Who accepts them; needed for critical rules
    #[arg(long, value_name = "PERSON")]
    approved_by: Option<String>,
    /// The ticket that accepts them; needed for critical rules
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// Only findings of this rule; can be repeated
    #[arg(long, value_name = "RULE")]
    rule: Vec<String>,
    /// Only findings on this subject; can be repeated
    #[arg(long, value_name = "ID")]
    subject: Vec<String>,
    /// Findings that do not block, too (as with --rule and --subject)
    #[arg(long)]
    all: bool,
    /// Add the entries to the configuration file instead of printing them
    #[arg(long)]
    write: bool,
    /// The ref that the configuration, and every file it names, is read from [default: in CI the protected branch]
    #[arg(long, value_name = "GITREF")]
    policy_ref: Option<String>,
}

impl Waive {
    pub(super) fn run(self, common: &Common, env: &Arc<Environment>) -> Result<u8, Failure> {
        for rule in &self.rule {
            if crate::rules::find(rule).is_none() {
                return Err(Failure::usage(
                    format!("there is no rule `{rule}`"),
                    "`driftgate explain --list` lists the rules",
                ));
            }
        }
        let prepared = prepare::prepare(common, env, &self.path, self.policy_ref.as_deref())?;
        let options = prepare::options(common, &self.path);
        let now = options.now();
        let expires = self.expires(&prepared, now)?;
        if self.reason.trim().is_empty() {
            return Err(Failure::usage("--reason is empty", "say why the findings are accepted"));
        }
        let report = {
            let _progress = Progress::start(common, env, "reading pipelines, tickets and stores");
            prepare::block_on(gate::check(&options, &prepared.config, &prepared.sources, env))?
        };
        // Whoever names a rule or a subject means its findings, blocking or not.
        let all = self.all || !self.rule.is_empty() || !self.subject.is_empty();
        let wanted = |finding: &&Finding| {
            finding.waived.is_none()
                && (finding.blocking || all)
                && (self.rule.is_empty() || self.rule.contains(&finding.rule))
                && (self.subject.is_empty() || self.subject.iter().any(|id| id == finding.subject.id.as_str()))
        };
        let mut entries: Vec<Entry> = Vec::new();
        for finding in report.findings.iter().filter(wanted) {
            let missing = [("--approved-by", &self.approved_by), ("--ticket", &self.ticket)];
            if let Some((flag, _)) = missing.iter().find(|(_, value)| value.is_none())
                && finding.severity == Severity::Critical
            {
                let what = format!("{} is critical: its waiver needs {flag}", finding.rule);
                return Err(Failure::usage(what, "name who accepts it, and by which ticket"));
            }
            let entry = self.entry(finding, now, expires);
            // One waiver covers every finding of its rule on its subject.
            if !entries.iter().any(|known| known.rule == entry.rule && known.subject == entry.subject) {
                entries.push(entry);
            }
        }
        if entries.is_empty() {
            message::note(common, "nothing to waive");
            return Ok(code::PASS);
        }
        if self.write {
            let file = self.write(&prepared, env, &entries)?;
            message::note(common, &format!("{file}: {} added", count(entries.len(), "waiver")));
        } else {
            let text = format!("waivers:\n{}", waivers::items(&entries, "  "));
            output::stdout(text.as_bytes()).map_err(|error| Failure::Output(error, code::PASS))?;
        }
        Ok(code::PASS)
    }

    fn expires(&self, prepared: &Prepared, now: Timestamp) -> Result<Timestamp, Failure> {
        let settings = &prepared.config.settings;
        let zone = TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC);
        let (expires, _) = units::time(&self.expires, &zone)
            .map_err(|problem| Failure::usage(format!("--expires: {problem}"), "name a day"))?;
        if expires <= now {
            return Err(Failure::usage("--expires is in the past", "name a later day"));
        }
        if expires.duration_since(now) > settings.max_waiver {
            let longest = units::duration_text(settings.max_waiver);
            let what = format!("--expires is further away than policy.max_waiver ({longest}) allows");
            return Err(Failure::usage(what, "name an earlier day"));
        }
        Ok(expires)
    }

    fn entry(&self, finding: &Finding, now: Timestamp, expires: Timestamp) -> Entry {
        let mut about = finding.subject.name.clone().unwrap_or_else(|| finding.subject.id.to_string());
        if let Some(actual) = &finding.actual {
            about.push_str(&format!(": {actual}"));
        }
        Entry {
            rule: finding.rule.clone(),
            subject: finding.subject.id.to_string(),
            about,
            reason: self.reason.clone(),
            approved_by: self.approved_by.clone(),
            ticket: self.ticket.clone(),
            created: now,
            expires,
        }
    }

    /// Adds the entries to the file, having read the result the way the gate will.
    fn write(&self, prepared: &Prepared, env: &Environment, entries: &[Entry]) -> Result<String, Failure> {
        let config = &prepared.config;
        let (Some(file), Files::Tree(base)) = (&config.file, &config.files) else {
            return Err(Failure::usage(
                "there is no configuration file in the working tree to write to",
                "leave out --write, and put the printed entries where they belong",
            ));
        };
        let name = Path::new(file).file_name().unwrap_or_default();
        let path = base.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("{file}: {error}"), "check the file"))?;
        let Some(new) = waivers::append(&text, entries) else {
            return Err(Failure::usage(
                format!("{file}: its `waivers:` is written in one line, which cannot be added to"),
                "write it as a list with one entry a block, or leave out --write",
            ));
        };
        let again =
            prepare::with_known(|known| config::load::parse(Some(file), &new, config.files.clone(), env, known))?;
        if again.settings.waivers.len() != config.settings.waivers.len() + entries.len() {
            return Err(Failure::usage(
                format!("{file}: the entries cannot be added to this layout"),
                "leave out --write, and put the printed entries where they belong",
            ));
        }
        Target::open(&path)?.deliver(new.as_bytes()).map_err(|error| Failure::Output(error, code::USAGE))?;
        Ok(file.clone())
    }
}
