//! The command line: what it accepts, one file a command. What a command computes stands elsewhere; here it is asked for, printed,
//! and turned into an exit code.

mod args;
mod check;
mod completions;
mod explain;
mod gitlab_place;
mod init;
mod inventory;
mod list;
mod man;
mod message;
mod output;
mod place;
mod prepare;
mod progress;
mod refs;
mod rooted;
mod scan;
mod schema;
mod tickets;
mod waive;
mod waivers;

use std::ffi::OsString;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::config::{ConfigError, Environment};
use args::Common;
use output::OutputError;

/// Exit codes (CONTRACT, Exit codes).
pub mod code {
    /// Everything required was read, and nothing unwaived reaches the threshold.
    pub const PASS: u8 = 0;
    /// At least one unwaived finding in scope reaches the threshold.
    pub const BLOCK: u8 = 1;
    /// Usage or configuration error: nothing was judged.
    pub const USAGE: u8 = 2;
    /// A required fact could not be read.
    pub const INCONCLUSIVE: u8 = 3;
}

const EXIT_CODES: &str = "Exit codes:
  0  pass: everything required was read, and nothing unwaived reaches the threshold
  1  block: at least one unwaived finding in scope reaches the threshold
  2  usage or configuration error: nothing was judged
  3  inconclusive: a required fact could not be read (0 with `on_gap: warn`)";

const READ_CODES: &str = "Exit codes:
  0  all was read
  2  usage or configuration error
  3  something could not be read; what was read is printed";

/// Blocks the deploy that would use a revoked-but-live credential.
///
/// driftgate compares what tickets promised with what the catalogue records and what stores and issuers say is true.
#[derive(Debug, Parser)]
#[command(name = "driftgate", version, after_help = EXIT_CODES, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a first configuration, and puts the gate into the pipelines that are there
    Init(init::Init),
    /// The gate: judges a checkout, and blocks or passes
    Check(check::Check),
    /// Which credentials the pipelines reference, and from which jobs they are reachable
    Refs(refs::Refs),
    /// Tickets as understood: intent, state, window, credentials named, quoted evidence
    Tickets(tickets::Tickets),
    /// Slots, credentials and grants that the sources hold, with liveness
    Inventory(inventory::Inventory),
    /// Everything that the live sources show, organization-wide, written to a snapshot that `check` can read
    Scan(scan::Scan),
    /// A rule's manual
    Explain(explain::Explain),
    /// Writes waivers (reason, owner, expiry) for what a first run finds
    Waive(waive::Waive),
    /// The JSON schema of the configuration, or of the report
    Schema(schema::Schema),
    /// A completion script for a shell
    Completions(completions::Completions),
    /// Manual pages, for those who package the program
    #[command(hide = true)]
    Man(man::Man),
}

/// Why a command gave no result.
#[derive(Debug)]
enum Failure {
    /// The configuration is wrong.
    Config(ConfigError),
    /// The arguments are wrong, or do not fit together: what is wrong, and what to do.
    Usage(String, String),
    /// What was found could not be delivered.
    Output(OutputError, u8),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl Failure {
    fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Usage(what.into(), next.into())
    }
}

/// Runs driftgate with these arguments; gives the process' exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, env: Environment) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way, too. A closed pipe is no failure of the arguments.
            let _ = error.print();
            return if error.use_stderr() { code::USAGE } else { code::PASS };
        }
    };
    let env = Arc::new(env);
    let common = cli.common;
    message::log(&common, &env);
    let result = match cli.command {
        Command::Init(command) => command.run(&common, &env),
        Command::Check(command) => command.run(&common, &env),
        Command::Refs(command) => command.run(&common, &env),
        Command::Tickets(command) => command.run(&common, &env),
        Command::Inventory(command) => command.run(&common, &env),
        Command::Scan(command) => command.run(&common, &env),
        Command::Explain(command) => command.run(),
        Command::Waive(command) => command.run(&common, &env),
        Command::Schema(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    match result {
        Ok(code) => code,
        Err(Failure::Config(error)) => {
            message::config_error(&error);
            code::USAGE
        }
        Err(Failure::Usage(what, next)) => {
            message::error(&what, &next);
            code::USAGE
        }
        Err(Failure::Output(error, code)) => {
            message::error(&error.to_string(), "the result was not delivered");
            // What nobody can read is no pass.
            if code == code::PASS { code::INCONCLUSIVE } else { code }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
