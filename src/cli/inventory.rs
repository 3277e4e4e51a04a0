//! `driftgate inventory`: slots, credentials and grants of all sources. What it prints, the `file` source reads back.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::args::{Common, ListOutput};
use super::list::{self, List};
use super::output::Look;
use super::progress::Progress;
use super::{Failure, READ_CODES, prepare};
use crate::config::Environment;
use crate::gate;
use crate::render::text;

const EXAMPLES: &str = "Examples:
  driftgate inventory
  driftgate inventory --format json > inventory.json";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{READ_CODES}"))]
pub(super) struct Inventory {
    /// The ref that the configuration, and every file it names, is read from [default: in CI the protected branch]
    #[arg(long, value_name = "GITREF")]
    policy_ref: Option<String>,
    #[command(flatten)]
    output: ListOutput,
}

impl Inventory {
    pub(super) fn run(self, common: &Common, env: &Arc<Environment>) -> Result<u8, Failure> {
        let targets = list::targets(&self.output.output)?;
        let root = Path::new(".");
        let prepared = prepare::prepare(common, env, root, self.policy_ref.as_deref())?;
        let collected = {
            let _progress = Progress::start(common, env, "reading stores and issuers");
            let options = prepare::options(common, root);
            prepare::block_on(gate::inventory(&options, &prepared.config, &prepared.sources))?
        };
        let inventory = collected.into_inventory();
        let list = List { value: &inventory, text: text::inventory, complete: inventory.gaps.is_empty() };
        list.deliver(&self.output, targets, &Look::new(common, env, None))
    }
}
