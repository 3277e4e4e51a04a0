//! `driftgate man`: manual pages for those who package the program, out of the command line's own description. Not in the help: users
//! have `--help`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::{Cli, Failure, code};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftgate man target/man")]
pub(super) struct Man {
    /// The folder that the pages are written to; it is made
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Man {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let failed = |error: std::io::Error| {
            Failure::usage(format!("{}: {error}", self.folder.display()), "name a folder that can be written to")
        };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), &self.folder).map_err(failed)?;
        Ok(code::PASS)
    }
}
