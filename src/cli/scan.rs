//! `driftgate scan`: everything that the live sources show, written to a snapshot. An interrupted scan goes on where it stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::{Common, ListOutput};
use super::list::{self, List};
use super::output::Look;
use super::progress::Bars;
use super::{Failure, READ_CODES, message, prepare};
use crate::config::Environment;
use crate::gate::scan;
use crate::model::report;
use crate::render::text;
use crate::sources::journal::FileJournal;
use crate::sources::{self, snapshot};

const EXAMPLES: &str = "Examples:
  driftgate scan
  driftgate scan --snapshot /srv/driftgate/acme.snapshot --format json
  driftgate check --snapshot /srv/driftgate/acme.snapshot";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{READ_CODES}"))]
pub(super) struct Scan {
    /// Where to write it; what an interrupted scan has read stands beside it, as FILE.partial
    #[arg(long, value_name = "FILE", default_value = "driftgate.snapshot")]
    snapshot: PathBuf,
    /// Read everything anew, whatever a scan of the last day has left that was interrupted or met an unreachable server
    #[arg(long)]
    fresh: bool,
    /// The ref that the configuration, and every file it names, is read from [default: in CI the protected branch]
    #[arg(long, value_name = "GITREF")]
    policy_ref: Option<String>,
    #[command(flatten)]
    output: ListOutput,
}

impl Scan {
    pub(super) fn run(self, common: &Common, env: &Arc<Environment>) -> Result<u8, Failure> {
        let targets = list::targets(&self.output.output)?;
        let root = Path::new(".");
        let prepared = prepare::prepare(common, env, root, self.policy_ref.as_deref())?;
        let sources = &prepared.sources;
        if sources.issuers.is_empty() {
            let next = "add a source such as `- kind: github` to the configuration";
            return Err(Failure::usage("no live source is configured: there is nothing to scan", next));
        }
        let keys = scan::keys(&prepared.config, sources);
        if let Some(source) = sources.issuers.iter().find(|source| keys.of(&source.about().name).is_none()) {
            let next = "name a variable that holds a key: `snapshot_key_env:`";
            return Err(Failure::usage(snapshot::keyless(&source.about().name), next));
        }
        let options = prepare::options(common, root);
        let now = options.now();
        let age = prepared.config.settings.max_age_snapshot;
        let oldest = if self.fresh { now } else { now.checked_sub(age).unwrap_or(now) };
        let unwritable = |error: String| Failure::usage(error, "name another file with --snapshot");
        let journal = FileJournal::open(&self.snapshot, keys.clone(), now, oldest)
            .map_err(|error| unwritable(format!("{}: cannot be written: {}", self.snapshot.display(), error.kind())))?;
        if journal.parts() > 0 {
            message::note(common, &format!("an interrupted scan has left {} parts: going on", journal.parts()));
        }
        let journal = Arc::new(journal);
        let read = {
            let bars = Bars::start(common, env);
            prepare::block_on(scan::scan(&options, &prepared.config, sources, &journal, bars.watch()))?
        };
        snapshot::write(&self.snapshot, &read.sections, &keys).map_err(unwritable)?;
        // What broke off is tried again by the next scan, which need not read the rest. What was refused will be refused again.
        if read.gaps.iter().all(|gap| sources::is_refusal(&gap.reason)) {
            journal.finish();
        }
        let account = report::Scan {
            schema: report::SCAN_SCHEMA.to_owned(),
            snapshot: self.snapshot.display().to_string(),
            slots: read.sections.iter().map(|section| section.inventory.slots.len()).sum(),
            credentials: read.sections.iter().map(|section| section.inventory.credentials.len()).sum(),
            coverage: read.coverage,
            gaps: read.gaps,
        };
        let list = List { value: &account, text: text::scan, complete: account.gaps.is_empty() };
        list.deliver(&self.output, targets, &Look::new(common, env, None))
    }
}
