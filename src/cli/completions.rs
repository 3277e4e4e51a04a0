//! `driftgate completions`: scripts for shells, out of the command line's own description.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, code, output};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftgate completions bash > /etc/bash_completion.d/driftgate")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "driftgate", &mut script);
        output::stdout(&script).map_err(|error| Failure::Output(error, code::PASS))?;
        Ok(code::PASS)
    }
}
