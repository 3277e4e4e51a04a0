//! What every command that judges or lists does first: the configuration, its sources, and the runtime they are asked in.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use super::args::Common;
use super::{Failure, message};
use crate::config::{self, Config, Environment, Known, Request};
use crate::gate::Options;
use crate::model::report::Severity;
use crate::rules;
use crate::sources::{Sources, table};

/// A configuration with its sources.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) sources: Sources,
}

/// Loads and validates everything that the configuration says; nothing is asked yet.
pub(super) fn prepare(
    common: &Common,
    env: &Arc<Environment>,
    root: &Path,
    policy_ref: Option<&str>,
) -> Result<Prepared, Failure> {
    examining(common, env, root, policy_ref, &[])
}

/// The same, with further variables of the gate's own environment to examine.
pub(super) fn examining(
    common: &Common,
    env: &Arc<Environment>,
    root: &Path,
    policy_ref: Option<&str>,
    variables: &[String],
) -> Result<Prepared, Failure> {
    if !root.is_dir() {
        return Err(Failure::usage(format!("{}: there is no such folder", root.display()), "name a checkout"));
    }
    let mut config = with_known(|known| {
        config::load(&Request { root, explicit: common.config.as_deref(), policy_ref, env, known })
    })?;
    config.examine(variables, env)?;
    for note in &config.notes {
        message::note(common, note);
    }
    if config.file.is_none() {
        let has: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
        message::note(common, &format!("sources: {}; no ticket source, no catalogue", has.join(", ")));
    }
    let sources = table::build(&config, env, common.max_wait)?;
    Ok(Prepared { config, sources })
}

/// Calls with all rules and kinds of sources.
pub(super) fn with_known<T>(call: impl FnOnce(Known<'_>) -> T) -> T {
    let rules: Vec<(&str, Severity)> = rules::RULES.iter().map(|rule| (rule.id, rule.severity)).collect();
    let kinds = table::known();
    call(Known { rules: &rules, kinds: &kinds })
}

/// The gate's options, as far as all commands share them.
pub(super) fn options(common: &Common, root: &Path) -> Options {
    Options {
        root: root.to_owned(),
        now: common.now,
        offline: common.offline,
        no_probe: common.no_probe,
        max_wait: common.max_wait,
        ..Options::default()
    }
}

/// Runs what asks systems.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("no threads can be started: {error}"), "free resources"))?;
    let result = runtime.block_on(work);
    // What still waits for a dead server must not hold the verdict back.
    runtime.shutdown_background();
    Ok(result)
}
