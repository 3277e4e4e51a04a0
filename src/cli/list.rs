//! How `refs`, `tickets` and `inventory` deliver their lists.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::args::{ListFormat, ListOutput};
use super::output::{self, Look, OutputError, Target};
use super::{Failure, code};
use crate::render::{Context, json};

/// A list with its renderer for people.
pub(super) struct List<'a, T> {
    pub(super) value: &'a T,
    pub(super) text: fn(&T, &Context<'_>, &mut dyn Write) -> io::Result<()>,
    /// Whether all was read.
    pub(super) complete: bool,
}

/// The files of `--output`, opened before any work.
pub(super) fn targets(wanted: &[(ListFormat, PathBuf)]) -> Result<Vec<(ListFormat, Target)>, Failure> {
    output::targets(wanted)
}

impl<T: Serialize> List<'_, T> {
    /// Prints it, and gives the exit code.
    pub(super) fn deliver(
        &self,
        wanted: &ListOutput,
        targets: Vec<(ListFormat, Target)>,
        look: &Look,
    ) -> Result<u8, Failure> {
        let code = if self.complete { code::PASS } else { code::INCONCLUSIVE };
        let fail = |error| Failure::Output(error, code);
        for (format, target) in targets {
            target.deliver(&self.rendered(format, &look.file()).map_err(fail)?).map_err(fail)?;
        }
        output::stdout(&self.rendered(wanted.format, &look.screen()).map_err(fail)?).map_err(fail)?;
        Ok(code)
    }

    fn rendered(&self, format: ListFormat, context: &Context<'_>) -> Result<Vec<u8>, OutputError> {
        let mut out = Vec::new();
        let done = match format {
            ListFormat::Text => (self.text)(self.value, context, &mut out),
            ListFormat::Json => json::value(self.value, &mut out),
        };
        done.map_err(|error| OutputError::of("the list", error)).map(|()| out)
    }
}
