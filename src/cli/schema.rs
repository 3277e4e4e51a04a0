//! `driftgate schema`: the JSON schemas of the configuration and of the report.

use clap::Args;

use super::output::{self, OutputError};
use super::{Failure, code};
use crate::config;
use crate::model::report::Report;
use crate::render::json;
use crate::sources::table;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftgate schema > driftgate.schema.json\n  driftgate schema --report")]
pub(super) struct Schema {
    /// The report's instead of the configuration's
    #[arg(long)]
    report: bool,
}

impl Schema {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let schema = if self.report {
            schemars::schema_for!(Report).to_value()
        } else {
            config::schema::schema(&table::schemas())
        };
        let mut text = Vec::new();
        json::value(&schema, &mut text)
            .map_err(|error| Failure::Output(OutputError::of("the schema", error), code::PASS))?;
        output::stdout(&text).map_err(|error| Failure::Output(error, code::PASS))?;
        Ok(code::PASS)
    }
}
