//! GitHub issues as tickets: of a saved list, or read live. Here are the settings; an issue's fields become a record in `record`, the
//! API is read in `live`.

#[cfg(feature = "github")]
mod live;
mod record;

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::forge::github::AppSettings;
pub use super::forge::github::Context;
use super::tracker::{CacheSetting, Wrong};
use super::{About, Account, TicketSource, Wanted, export};
use crate::config::Files;
use crate::model::ticket::{Field, Record};

/// Settings of a `github-issues` source: `export`, or the others for the live issues.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A saved list of issues, comments under `_comments`, events under `_events`. It is read in place of the live issues.
    #[serde(default)]
    pub export: Option<String>,
    /// Which headings of an issue form mean what, or which labels: `{credential: "Which key?", level: "label:access/"}`.
    #[serde(default)]
    pub fields: BTreeMap<Field, String>,
    /// The API: `https://ghe.example.com/api/v3` for GitHub Enterprise Server. Default: `GITHUB_API_URL`, else
    /// `https://api.github.com`.
    #[serde(default)]
    pub url: Option<String>,
    /// The variable that holds the token. Default: the first of `DRIFTGATE_GITHUB_TOKEN`, `GH_TOKEN` and `GITHUB_TOKEN` that is set.
    #[serde(default)]
    pub token_env: Option<String>,
    /// A GitHub App in place of a token.
    #[serde(default)]
    pub app: Option<AppSettings>,
    /// The repositories whose issues are tickets: `[acme/shop, acme/access]`. Default: the checkout's own.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// Only issues that have all of these labels. Default: all issues.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A PEM file with further roots.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that the whole source may take, waits for rate limits aside. Default: 120; the first reading of many issues takes long.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// The folder in which issues are kept, so that the next run asks only for what has changed; `false` keeps none. Default:
    /// `DRIFTGATE_CACHE_DIR`, else `driftgate` below the user's cache folder.
    #[serde(default)]
    pub cache: Option<CacheSetting>,
}

/// GitHub issues.
pub struct GithubIssues {
    about: About,
    fields: BTreeMap<Field, String>,
    form: Form,
}

enum Form {
    Saved(String, Files),
    #[cfg(feature = "github")]
    Live(Box<live::Live>),
    #[cfg(not(feature = "github"))]
    Absent,
}

impl Settings {
    /// The first setting of the live form that is set.
    fn live(&self) -> Option<&'static str> {
        let set = [
            ("url", self.url.is_some()),
            ("token_env", self.token_env.is_some()),
            ("app", self.app.is_some()),
            ("repositories", !self.repositories.is_empty()),
            ("labels", !self.labels.is_empty()),
            ("ca_cert", self.ca_cert.is_some()),
            ("timeout", self.timeout.is_some()),
            ("cache", self.cache.is_some()),
        ];
        set.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }
}

impl GithubIssues {
    /// Takes its settings; nothing is read yet.
    ///
    /// # Errors
    /// Where the settings contradict each other.
    pub fn new(about: About, settings: Settings, context: &Context<'_>) -> Result<Self, Wrong> {
        let fields = settings.fields.clone();
        if let Some(path) = &settings.export {
            if let Some(other) = settings.live() {
                let what = format!("there is a saved list, and `{other}` for the live issues");
                return Err(Wrong::new("export", what, "keep `export` alone, or leave it out"));
            }
            return Ok(Self { about, fields, form: Form::Saved(path.clone(), context.files.clone()) });
        }
        #[cfg(feature = "github")]
        let form = Form::Live(Box::new(live::Live::new(settings, context)?));
        #[cfg(not(feature = "github"))]
        let form = Form::Absent;
        Ok(Self { about, fields, form })
    }
}

#[async_trait]
impl TicketSource for GithubIssues {
    fn about(&self) -> &About {
        &self.about
    }

    fn live(&self) -> bool {
        !matches!(self.form, Form::Saved(..))
    }

    #[cfg_attr(not(feature = "github"), allow(unused_variables))]
    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        match &self.form {
            Form::Saved(path, files) => {
                let mut issues_only = |record: Record| {
                    if !record::is_pull(&record) {
                        sink(record);
                    }
                };
                let convert = |issue: &serde_json::Value, flaws: &mut Vec<export::Flaw>| {
                    record::of(&self.about.name, &self.fields, issue, flaws)
                };
                // A form's answers are told by the headings that the configuration names: then all is read wholly.
                let sieve = want.sieve.as_deref().filter(|_| self.fields.is_empty());
                let sift = sieve.map(|sieve| export::Sift { sieve, plan: record::PLAN, fields: Vec::new() });
                export::sifted(
                    &self.about,
                    files,
                    path,
                    &["items", "issues"],
                    &mut issues_only,
                    &convert,
                    sift.as_ref(),
                )
            }
            #[cfg(feature = "github")]
            Form::Live(live) => live.tickets(&self.about, &self.fields, want, sink).await,
            #[cfg(not(feature = "github"))]
            Form::Absent => super::absent::tickets(&self.about),
        }
    }
}
