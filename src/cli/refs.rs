//! `driftgate refs`: the pipelines' credential references.

use std::path::PathBuf;

use clap::Args;

use super::args::{Common, ListOutput};
use super::list::{self, List};
use super::output::Look;
use super::{Failure, READ_CODES, message};
use crate::config::Environment;
use crate::pipeline;
use crate::render::text;

const EXAMPLES: &str = "Examples:
  driftgate refs
  driftgate refs .github/workflows/deploy.yml --format json";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{READ_CODES}"))]
pub(super) struct Refs {
    /// Files or folders
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: ListOutput,
}

impl Refs {
    pub(super) fn run(self, common: &Common, env: &Environment) -> Result<u8, Failure> {
        let targets = list::targets(&self.output.output)?;
        for path in &self.paths {
            if let Err(error) = std::fs::metadata(path) {
                return Err(Failure::usage(format!("{}: {error}", path.display()), "name a file or a folder"));
            }
        }
        let read = pipeline::read(&self.paths, &pipeline::Options { graph: false, filter: true });
        if common.verbose > 0 {
            for note in &read.notes {
                message::note(common, &format!("{}: {}", note.file, note.reason));
            }
        }
        let found = pipeline::references(read);
        for gap in &found.gaps {
            message::note(common, &format!("not read: {}: {}", gap.file, gap.reason));
        }
        let list = List { value: &found, text: text::references, complete: found.gaps.is_empty() };
        list.deliver(&self.output, targets, &Look::new(common, env, None))
    }
}
