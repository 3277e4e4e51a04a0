//! `driftgate check`: the gate.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::args::{self, Common, Mode, Threshold};
use super::output::{self, Look};
use super::place::Place;
use super::progress::Progress;
use super::rooted::Rooted;
use super::{EXIT_CODES, Failure, prepare};
use crate::config::Environment;
use crate::gate::{self, Options};
use crate::model::report::Report;
use crate::model::scope::ScopeKind;
use crate::render::{self, Context};

/// Where what points at no place in a pipeline is shown, where there is no configuration.
const DEFAULT_CONFIG: &str = ".driftgate.yaml";

const EXAMPLES: &str = "Examples:
  driftgate check
  driftgate check --format json --output sarif=driftgate.sarif
  driftgate check examples/acme --now 2026-06-01T12:00:00Z
  driftgate check --scope environment=production --fail-on critical
  driftgate check --snapshot driftgate.snapshot";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(super) struct Check {
    /// A checkout
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// The format on standard output: text, json, sarif, markdown, html, junit, github, gitlab, gitlab-security [default: text; on
    /// GitHub Actions with annotations, in GitLab CI/CD as a section of the log]
    #[arg(long, value_name = "FORMAT", value_parser = args::report_format)]
    format: Option<&'static str>,
    /// Write a format to a file, too; can be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = args::report_target)]
    output: Vec<(&'static str, PathBuf)>,
    /// What the deploy reaches: downstream, environment=NAME or repository [default: downstream where the gate's own job is
    /// found, else repository]
    #[arg(long, value_name = "SCOPE", value_parser = args::scope)]
    scope: Option<ScopeKind>,
    /// The lowest severity that blocks [default: the configuration's, else high]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Threshold>,
    /// Names of environment variables whose values are examined, besides those that the configuration lists
    #[arg(long, value_name = "NAME,…")]
    credentials: Option<String>,
    /// Whether the exit code follows the verdict
    #[arg(long, value_name = "MODE", default_value = "enforce")]
    mode: Mode,
    /// What `driftgate scan` wrote: stores are taken from it, and only the liveness of what is in scope is asked for
    #[arg(long, value_name = "URL|FILE")]
    snapshot: Option<String>,
    /// The ref that the configuration, and every file it names, is read from [default: in CI the protected branch]
    #[arg(long, value_name = "GITREF")]
    policy_ref: Option<String>,
    /// Break glass: an approved emergency change that lets a blocked deploy through; the findings stay, and the report says so first
    #[arg(long = "override", value_name = "TICKET")]
    emergency: Option<String>,
}

impl Check {
    pub(super) fn run(self, common: &Common, env: &Arc<Environment>) -> Result<u8, Failure> {
        let place = Place::of(env);
        let formats: Vec<&str> = self.output.iter().map(|(format, _)| *format).chain(self.format).collect();
        let rooted = Rooted::of(&self.path, &formats, common, env);
        self.judge(common, env, &place, &rooted).inspect_err(|failure| place.failed(failure, &rooted))
    }

    fn judge(self, common: &Common, env: &Arc<Environment>, place: &Place, rooted: &Rooted) -> Result<u8, Failure> {
        let targets = output::targets(&self.output)?;
        let variables = variables(self.credentials.as_deref().unwrap_or_default())?;
        let mut prepared = prepare::examining(common, env, &self.path, self.policy_ref.as_deref(), &variables)?;
        if let Some(threshold) = self.fail_on {
            prepared.config.settings.fail_on = threshold.into();
        }
        let options = prepare::options(common, &self.path);
        let change = gate::changed(&options, &prepared.config, env, self.policy_ref.as_deref())?;
        let options = Options {
            change,
            emergency: self.emergency.filter(|ticket| !ticket.trim().is_empty()),
            scope: self.scope,
            warn_only: self.mode == Mode::Warn,
            snapshot: self.snapshot,
            ..options
        };
        let report = {
            let _progress = Progress::start(common, env, "reading pipelines, tickets and stores");
            prepare::block_on(gate::check(&options, &prepared.config, &prepared.sources, env))?
        };
        let config = rooted.file(prepared.config.file.as_deref().unwrap_or(DEFAULT_CONFIG));
        let look = Look::new(common, env, Some(&config));
        let code = report.exit_code;
        for (format, target) in targets {
            let text = rendered(format, &rooted.report(format, &report), &look.file())
                .map_err(|error| Failure::Output(error, code))?;
            target.deliver(&text).map_err(|error| Failure::Output(error, code))?;
        }
        place.deliver(&report, &look, common, &self.output).map_err(|error| Failure::Output(error, code))?;
        let text = match self.format {
            Some(format) => rendered(format, &rooted.report(format, &report), &look.screen()),
            None => place.screen(&report, &look, rooted),
        };
        let text = text.map_err(|error| Failure::Output(error, code))?;
        output::stdout(&text).map_err(|error| Failure::Output(error, code))?;
        Ok(code)
    }
}

/// The names in `--credentials`. What is none may be a secret that was put there in error: no message repeats it.
fn variables(text: &str) -> Result<Vec<String>, Failure> {
    let names = text.split([',', ' ', '\n', '\r', '\t']).filter(|name| !name.is_empty());
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = names.enumerate().map(|(at, name)| {
        let is_name = name.chars().all(letter) && !name.starts_with(|c: char| c.is_ascii_digit());
        is_name.then(|| name.to_owned()).ok_or_else(|| {
            let next = "name the variables that hold the credentials, separated by commas; never the values";
            Failure::usage(format!("--credentials: entry {} is no name of an environment variable", at + 1), next)
        })
    });
    names.collect()
}

/// The report in a format.
pub(super) fn rendered(name: &str, report: &Report, context: &Context<'_>) -> Result<Vec<u8>, output::OutputError> {
    let mut text = Vec::new();
    if let Some(format) = render::format(name) {
        (format.render)(report, context, &mut text).map_err(|error| output::OutputError::of(name, error))?;
    }
    Ok(text)
}
