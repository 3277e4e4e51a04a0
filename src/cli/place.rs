//! Where this run is, and what goes where besides `--output`. At a desk that is standard output alone. On GitHub the run's log gets
//! annotations, too, its page the summary, and later steps the outputs; on GitLab the log gets a section (`gitlab_place`). What these
//! look like is `render`'s; by which variables a CI is known is `config::ci`'s.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::Common;
use super::check::rendered;
use super::output::{Look, OutputError};
use super::rooted::Rooted;
use super::{Failure, code, gitlab_place, message};
use crate::config::{ConfigError, Environment, ci};
use crate::model::reference::Provider;
use crate::model::report::{Place as At, Report, Verdict};
use crate::render::github::{Annotation, Level};
use crate::render::markdown;

/// A summary that has no room for this much is left as it is.
const LEAST_SUMMARY: usize = 8 * 1024;

/// Where the run is.
pub(super) enum Place {
    /// Nowhere in particular.
    Desk,
    /// A step of GitHub Actions.
    Github(Github),
    /// A job of GitLab CI/CD.
    Gitlab,
}

/// The files that GitHub hands to a step ("Environment files" in its manual).
pub(super) struct Github {
    summary: Option<PathBuf>,
    outputs: Option<PathBuf>,
}

impl Place {
    pub(super) fn of(env: &Environment) -> Self {
        match ci::system(env) {
            Some(Provider::Github) => Self::Github(Github {
                summary: env.get("GITHUB_STEP_SUMMARY").map(PathBuf::from),
                outputs: env.get("GITHUB_OUTPUT").map(PathBuf::from),
            }),
            Some(Provider::Gitlab) => Self::Gitlab,
            None => Self::Desk,
        }
    }

    /// What standard output gets where no format was asked for.
    pub(super) fn screen(&self, report: &Report, look: &Look, rooted: &Rooted) -> Result<Vec<u8>, OutputError> {
        let text = rendered("text", report, &look.screen())?;
        match self {
            Self::Desk => Ok(text),
            Self::Gitlab => Ok(gitlab_place::section(report, &text)),
            Self::Github(_) => {
                // Nothing in the text is a command; the token sees to it that nothing could be.
                let token = token()?;
                let mut out = format!("::stop-commands::{token}\n").into_bytes();
                out.extend(text);
                out.extend(format!("::{token}::\n").into_bytes());
                out.extend(rendered("github", &rooted.report("github", report), &look.screen())?);
                Ok(out)
            }
        }
    }

    /// What goes elsewhere. `files` are the formats that were written, with their files.
    pub(super) fn deliver(
        &self,
        report: &Report,
        look: &Look,
        common: &Common,
        files: &[(&'static str, PathBuf)],
    ) -> Result<(), OutputError> {
        let Self::Github(github) = self else { return Ok(()) };
        if let Some(path) = &github.summary
            && let Err(error) = summarize(path, report, look)
        {
            // The log tells the same.
            message::note(common, &format!("no summary is written: {}: {error}", path.display()));
        }
        let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
        let verdict = match report.verdict {
            Verdict::Pass => "pass",
            Verdict::Block => "block",
            Verdict::Inconclusive => "inconclusive",
        };
        let mut values = vec![
            ("verdict", verdict.to_owned()),
            ("exit-code", report.exit_code.to_string()),
            ("blocking", blocking.to_string()),
            ("findings", report.findings.len().to_string()),
            ("waived", report.summary.waived.to_string()),
            ("gaps", report.gaps.len().to_string()),
        ];
        for (format, path) in files {
            let name = if *format == "json" { "report" } else { format };
            if !values.iter().any(|(known, _)| *known == name) {
                // Later steps may work in another folder.
                let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                values.push((name, whole.display().to_string()));
            }
        }
        github.put(&values)
    }

    /// Tells of a failure where people look for it.
    pub(super) fn failed(&self, failure: &Failure, rooted: &Rooted) {
        let Self::Github(github) = self else { return };
        let (what, next, place) = match failure {
            Failure::Config(error) => {
                let head = ConfigError { next: String::new(), ..error.clone() };
                (head.to_string(), error.next.clone(), place_of(error, rooted))
            }
            Failure::Usage(what, next) => (what.clone(), next.clone(), None),
            Failure::Output(error, _) => (error.to_string(), "the result was not delivered".to_owned(), None),
        };
        let title = "driftgate: nothing was judged".to_owned();
        let annotation = Annotation { level: Level::Error, title, lines: vec![what, next], place };
        // Standard output carries reports alone; the runner reads commands from both. Where it is closed nobody listens.
        let _ = io::stderr().lock().write_all(annotation.command().as_bytes());
        if !matches!(failure, Failure::Output(..)) {
            let values = [("verdict", "error".to_owned()), ("exit-code", code::USAGE.to_string())];
            // The failure itself is what ends the step.
            let _ = github.put(&values);
        }
    }
}

impl Github {
    /// Sets the step's outputs, each between lines that nobody could have written beforehand.
    fn put(&self, values: &[(&str, String)]) -> Result<(), OutputError> {
        let Some(path) = &self.outputs else { return Ok(()) };
        let token = token()?;
        let text: String = values.iter().map(|(name, value)| format!("{name}<<{token}\n{value}\n{token}\n")).collect();
        append(path, text.as_bytes()).map_err(|error| OutputError::of(&path.display().to_string(), error))
    }
}

/// Where a configuration error stands: `file:line:column`, or a file alone.
fn place_of(error: &ConfigError, rooted: &Rooted) -> Option<At> {
    let (mut file, mut numbers) = (error.at.as_str(), Vec::new());
    while let Some((head, number)) = file.rsplit_once(':').and_then(|(head, tail)| Some((head, tail.parse().ok()?))) {
        numbers.insert(0, number);
        file = head;
    }
    let number = |at: usize| numbers.get(at).copied().unwrap_or(1);
    (!file.is_empty()).then(|| At { file: rooted.file(file), line: number(0), column: number(1), job: None })
}

/// Adds the report to what the step's summary holds already; GitHub drops a summary as a whole that is too long.
fn summarize(path: &Path, report: &Report, look: &Look) -> io::Result<()> {
    let held = std::fs::metadata(path).map_or(0, |about| usize::try_from(about.len()).unwrap_or(usize::MAX));
    let room = markdown::MOST_BYTES.saturating_sub(held).saturating_sub(1);
    if room < LEAST_SUMMARY {
        return Err(io::Error::new(io::ErrorKind::StorageFull, "the step's summary is full"));
    }
    let mut text = if held > 0 { "\n".to_owned() } else { String::new() };
    text.push_str(&markdown::text(report, &look.file(), room));
    append(path, text.as_bytes())
}

fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text)
}

/// A word that cannot be guessed.
fn token() -> Result<String, OutputError> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| OutputError::of("random numbers", io::Error::other("the system gives none")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
