//! `driftgate tickets`: the tickets as understood.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::args::{Common, ListFormat, ListOutput};
use super::list::{self, List};
use super::output::{self, Look};
use super::progress::Progress;
use super::{Failure, READ_CODES, code, prepare};
use crate::config::Environment;
use crate::gate;
use crate::model::ticket::{self, TICKETS_SCHEMA};
use crate::render::text;

const EXAMPLES: &str = "Examples:
  driftgate tickets
  driftgate tickets --config .driftgate.yaml --format json
  driftgate tickets --explain SEC-142";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{READ_CODES}"))]
pub(super) struct Tickets {
    /// Show why a ticket was understood so
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// The ref that the configuration, and every file it names, is read from [default: in CI the protected branch]
    #[arg(long, value_name = "GITREF")]
    policy_ref: Option<String>,
    #[command(flatten)]
    output: ListOutput,
}

impl Tickets {
    pub(super) fn run(self, common: &Common, env: &Arc<Environment>) -> Result<u8, Failure> {
        let targets = list::targets(&self.output.output)?;
        let root = Path::new(".");
        let prepared = prepare::prepare(common, env, root, self.policy_ref.as_deref())?;
        if !prepared.config.settings.has_tickets {
            return Err(Failure::usage(
                "no ticket source is configured",
                "add one under `sources:` in .driftgate.yaml, or name another file: --config FILE",
            ));
        }
        let (tickets, collected) = {
            let _progress = Progress::start(common, env, "reading tickets");
            let options = gate::Options { explain: self.explain.clone(), ..prepare::options(common, root) };
            prepare::block_on(gate::tickets(&options, &prepared.config, &prepared.sources))?
        };
        let mut gaps: Vec<_> = collected.gaps.iter().map(|gap| gap.gap.clone()).collect();
        gaps.sort();
        let mut all = ticket::Tickets { schema: TICKETS_SCHEMA.to_owned(), tickets, gaps };
        if let Some(id) = &self.explain {
            all.tickets.retain(|ticket| ticket.id.eq_ignore_ascii_case(id));
            if all.tickets.is_empty() {
                return Err(Failure::usage(
                    format!("there is no ticket {id} among those that were read"),
                    "`driftgate tickets` lists them",
                ));
            }
            if self.output.format == ListFormat::Text && targets.is_empty() {
                let complete = all.gaps.is_empty();
                let code = if complete { code::PASS } else { code::INCONCLUSIVE };
                let mut out = Vec::new();
                let look = Look::new(common, env, None);
                text::why(&all, &look.screen(), &mut out)
                    .map_err(|error| Failure::Output(output::OutputError::of("the explanation", error), code))?;
                output::stdout(&out).map_err(|error| Failure::Output(error, code))?;
                return Ok(code);
            }
        }
        let list = List { value: &all, text: text::tickets, complete: all.gaps.is_empty() };
        list.deliver(&self.output, targets, &Look::new(common, env, None))
    }
}
