//! `driftgate explain`: the rules' manuals.

use clap::Args;

use super::{Failure, code, output};
use crate::config::error::nearest;
use crate::render::severity;
use crate::rules::{self, RULES};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftgate explain revoked-but-live\n  driftgate explain --list")]
pub(super) struct Explain {
    /// A rule's id
    #[arg(value_name = "RULE", required_unless_present = "list")]
    rule: Option<String>,
    /// List all rules
    #[arg(long, conflicts_with = "rule")]
    list: bool,
}

impl Explain {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let text = match self.rule {
            None => {
                let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
                RULES
                    .iter()
                    .map(|rule| format!("{:<width$}  {:<8}  {}\n", rule.id, severity(rule.severity), rule.title))
                    .collect()
            }
            Some(id) => match rules::find(&id) {
                Some(rule) => rule.doc.trim_end().to_owned() + "\n",
                None => {
                    let next = match nearest(&id, RULES.iter().map(|rule| rule.id)) {
                        Some(known) => format!("did you mean `{known}`? `driftgate explain --list` lists all"),
                        None => "`driftgate explain --list` lists all".to_owned(),
                    };
                    return Err(Failure::usage(format!("there is no rule `{id}`"), next));
                }
            },
        };
        output::stdout(text.as_bytes()).map_err(|error| Failure::Output(error, code::PASS))?;
        Ok(code::PASS)
    }
}
