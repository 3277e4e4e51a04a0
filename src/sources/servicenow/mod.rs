//! ServiceNow: tickets out of a saved Table API response, or live from an instance. Here: which of both, deadlines, and the account of a
//! run. What a ticket asks for is understood in `link`.

mod changes;
mod client;
mod live;
mod parts;
mod query;
mod record;
mod session;
mod settings;

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::config::Files;
use crate::model::ticket::{Field, Record};
use crate::sources::export;
use crate::sources::tracker::{Context, Wrong};
use crate::sources::{About, Account, TicketSource, Wanted};

use live::Live;
use record::Reader;
pub use settings::{OauthSetting, QuerySetting, Settings};

/// Tickets of a ServiceNow instance.
pub struct ServiceNow {
    about: About,
    fields: BTreeMap<Field, String>,
    from: From,
}

enum From {
    Saved { path: String, files: Files },
    Live(Box<Live>),
}

impl ServiceNow {
    /// Takes its settings; nothing is read yet.
    ///
    /// # Errors
    /// Where a setting cannot be.
    pub fn new(about: About, settings: Settings, context: &Context<'_>) -> Result<Self, Wrong> {
        if let Some(path) = settings.export()? {
            let path = path.to_owned();
            return Ok(Self::saved(about, path, settings.fields, context.files.clone()));
        }
        let live = Live { place: settings.place(context)?, max_wait: context.max_wait };
        Ok(Self { about, fields: settings.fields, from: From::Live(Box::new(live)) })
    }

    fn saved(about: About, path: String, fields: BTreeMap<Field, String>, files: Files) -> Self {
        Self { about, fields, from: From::Saved { path, files } }
    }
}

#[async_trait]
impl TicketSource for ServiceNow {
    fn about(&self) -> &About {
        &self.about
    }

    fn live(&self) -> bool {
        matches!(self.from, From::Live(_))
    }

    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        match &self.from {
            From::Saved { path, files } => {
                let reader = Reader { source: &self.about.name, fields: &self.fields, site: None };
                export::read(&self.about, files, path, &["result", "records"], sink, &|item, flaws| {
                    reader.record(item, flaws)
                })
            }
            From::Live(live) => live.tickets(&self.about, &self.fields, want, sink).await,
        }
    }
}
