//! A sign of life on standard error while systems are asked: on a terminal only, and never with `--quiet` or `--no-progress`, nor in a
//! CI, where nobody looks on and some runners have a terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Common;
use super::message::colored;
use crate::config::{Environment, ci};
use crate::sources::Watch;

fn hidden(common: &Common, env: &Environment) -> bool {
    let unwanted = common.quiet || common.no_progress || common.verbose > 0;
    unwanted || !io::stderr().is_terminal() || ci::system(env).is_some()
}

/// Removed from the screen when dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(common: &Common, env: &Environment, what: &str) -> Self {
        if hidden(common, env) {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        let template = if colored(common, env, true) {
            "{spinner:.cyan} {msg} {elapsed:.dim}"
        } else {
            "{spinner} {msg} {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar a source, for a scan.
pub(super) struct Bars {
    all: MultiProgress,
    style: Option<ProgressStyle>,
    bars: Arc<Mutex<BTreeMap<String, ProgressBar>>>,
}

impl Bars {
    pub(super) fn start(common: &Common, env: &Environment) -> Self {
        let target = if hidden(common, env) { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = if colored(common, env, true) {
            "{spinner:.cyan} {prefix:.bold} {msg} {elapsed:.dim}"
        } else {
            "{spinner} {prefix} {msg} {elapsed}"
        };
        Self {
            all: MultiProgress::with_draw_target(target),
            style: ProgressStyle::with_template(template).ok(),
            bars: Arc::default(),
        }
    }

    /// What sources tell of their progress.
    pub(super) fn watch(&self) -> Watch {
        let (all, style, bars) = (self.all.clone(), self.style.clone(), Arc::clone(&self.bars));
        Watch::new(move |source, items, requests, left| {
            let mut bars = bars.lock().unwrap_or_else(PoisonError::into_inner);
            let bar = bars.entry(source.to_owned()).or_insert_with(|| {
                let bar = all.add(ProgressBar::new_spinner());
                if let Some(style) = &style {
                    bar.set_style(style.clone());
                }
                // The name is the user's own; what a terminal would act on is no part of it.
                bar.set_prefix(source.chars().filter(|c| !c.is_control()).collect::<String>());
                bar.enable_steady_tick(Duration::from_millis(120));
                bar
            });
            let left = left.map(|left| format!(", {left} left of the limit")).unwrap_or_default();
            bar.set_message(format!("{items} items, {requests} requests{left}"));
        })
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        let _ = self.all.clear();
    }
}
