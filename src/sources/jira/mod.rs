//! Jira tickets, live or from a saved search response. Here is only which of the two it is: settings are read in `settings`, an issue
//! becomes a record in `record`, Jira's API is `client`, its query language `query`, and what is asked in which order `live`.

mod client;
mod live;
mod query;
mod record;
mod settings;
mod terms;

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::config::Files;
use crate::model::ticket::{Field, Record};
use crate::sources::export;
use crate::sources::tracker::{Context, Wrong};
use crate::sources::{About, Account, TicketSource, Wanted};

use live::Live;
pub use settings::{Deployment, Settings};

/// Jira's tickets.
pub struct Jira {
    about: About,
    fields: BTreeMap<Field, String>,
    from: From,
}

/// Where they come from.
enum From {
    /// A saved response of Jira's search.
    Export(String, Files),
    /// A server.
    Server(Box<Live>),
}

impl Jira {
    /// Takes its settings; nothing is read yet. `leaving` are the site's own words for offboardings.
    ///
    /// # Errors
    /// Where the settings contradict each other.
    pub fn new(about: About, settings: Settings, leaving: Vec<String>, context: &Context<'_>) -> Result<Self, Wrong> {
        settings.check()?;
        let fields = settings.fields.clone();
        let from = match &settings.export {
            Some(path) => From::Export(path.clone(), context.files.clone()),
            None => From::Server(Box::new(Live::new(settings, leaving, context)?)),
        };
        Ok(Self { about, fields, from })
    }
}

#[async_trait]
impl TicketSource for Jira {
    fn about(&self) -> &About {
        &self.about
    }

    fn live(&self) -> bool {
        matches!(self.from, From::Server(_))
    }

    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        match &self.from {
            From::Export(path, files) => {
                let convert = |issue: &serde_json::Value, flaws: &mut Vec<export::Flaw>| {
                    record::of(&self.about, &self.fields, issue, flaws)
                };
                let fields = self.fields.values().map(String::as_str).collect();
                let sift = want.sieve.as_deref().map(|sieve| export::Sift { sieve, plan: record::PLAN, fields });
                export::sifted(&self.about, files, path, &["issues", "values"], sink, &convert, sift.as_ref())
            }
            From::Server(live) => live.tickets(&self.about, want, sink).await,
        }
    }
}
