//! A sign of life on standard error while systems are asked: on a terminal only, and never with `--quiet` or `--no-progress`.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::Common;
use super::message::colored;
use crate::config::Environment;

/// Removed from the screen when dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(common: &Common, env: &Environment, what: &str) -> Self {
        if common.quiet || common.no_progress || common.verbose > 0 || !io::stderr().is_terminal() {
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
