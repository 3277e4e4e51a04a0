//! GitLab issues as tickets: of a saved list, or read live. Here are the settings; an issue's fields become a record in `record`, what
//! its system notes tell is in `notes`, the API is read in `live`.

#[cfg(feature = "gitlab")]
mod live;
mod notes;
mod record;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::tracker::{CacheSetting, Wrong};
use super::{About, Account, TicketSource, Wanted, export};
use crate::config::{Environment, Files};
use crate::model::ticket::{Field, Record};

/// Settings of a `gitlab-issues` source: `export`, or the others for the live issues.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A saved list of issues, notes under `_comments`, state events under `_events`. It is read in place of the live issues.
    #[serde(default)]
    pub export: Option<String>,
    /// Which headings of an issue form mean what, or which labels: `{credential: "Which key?", level: "label:access/"}`.
    #[serde(default)]
    pub fields: BTreeMap<Field, String>,
    /// The instance: `https://gitlab.example.com`. Default: `CI_API_V4_URL`, `CI_SERVER_URL`, then `https://gitlab.com`.
    #[serde(default)]
    pub url: Option<String>,
    /// The variable that holds the token. Default: `GITLAB_TOKEN`. A job's own `CI_JOB_TOKEN` cannot read issues.
    #[serde(default)]
    pub token_env: Option<String>,
    /// The projects whose issues are tickets: `[acme/access]`. Default: the checkout's own, where no group is named either.
    #[serde(default)]
    pub projects: Vec<String>,
    /// The groups whose issues are tickets, with all projects below them: `[acme/security]`.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Only issues that have all of these labels. Default: all issues.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A PEM file with further roots. Default: `CI_SERVER_TLS_CA_FILE`.
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

/// What the source is built from, beside its settings.
pub struct Given<'a> {
    /// The environment.
    pub env: &'a Arc<Environment>,
    /// Opens the files that the configuration names.
    pub files: &'a Files,
    /// The longest wait for a rate limit.
    pub max_wait: Duration,
    /// This is the GitLab that the usual variables' token is for.
    pub usual: bool,
    /// This is the GitLab that the checkout's project is on.
    pub home: bool,
}

/// GitLab issues.
pub struct GitlabIssues {
    about: About,
    fields: BTreeMap<Field, String>,
    form: Form,
}

enum Form {
    Saved(String, Files),
    #[cfg(feature = "gitlab")]
    Live(Box<live::Live>),
    #[cfg(not(feature = "gitlab"))]
    Absent,
}

impl Settings {
    /// The first setting of the live form that is set.
    fn live(&self) -> Option<&'static str> {
        let set = [
            ("url", self.url.is_some()),
            ("token_env", self.token_env.is_some()),
            ("projects", !self.projects.is_empty()),
            ("groups", !self.groups.is_empty()),
            ("labels", !self.labels.is_empty()),
            ("ca_cert", self.ca_cert.is_some()),
            ("timeout", self.timeout.is_some()),
            ("cache", self.cache.is_some()),
        ];
        set.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }
}

impl GitlabIssues {
    /// Takes its settings; nothing is read yet.
    ///
    /// # Errors
    /// Where the settings contradict each other.
    pub fn new(about: About, settings: Settings, given: &Given<'_>) -> Result<Self, Wrong> {
        let fields = settings.fields.clone();
        if let Some(path) = &settings.export {
            if let Some(other) = settings.live() {
                let what = format!("there is a saved list, and `{other}` for the live issues");
                return Err(Wrong::new("export", what, "keep `export` alone, or leave it out"));
            }
            return Ok(Self { about, fields, form: Form::Saved(path.clone(), given.files.clone()) });
        }
        #[cfg(feature = "gitlab")]
        let form = Form::Live(Box::new(live::Live::new(settings, given)?));
        #[cfg(not(feature = "gitlab"))]
        let form = Form::Absent;
        Ok(Self { about, fields, form })
    }
}

#[async_trait]
impl TicketSource for GitlabIssues {
    fn about(&self) -> &About {
        &self.about
    }

    fn live(&self) -> bool {
        !matches!(self.form, Form::Saved(..))
    }

    #[cfg_attr(not(feature = "gitlab"), allow(unused_variables))]
    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        match &self.form {
            Form::Saved(path, files) => {
                let convert = |issue: &serde_json::Value, flaws: &mut Vec<export::Flaw>| {
                    record::of(&self.about.name, &self.fields, issue, flaws)
                };
                export::read(&self.about, files, path, &["issues"], sink, &convert)
            }
            #[cfg(feature = "gitlab")]
            Form::Live(live) => live.tickets(&self.about, &self.fields, want, sink).await,
            #[cfg(not(feature = "gitlab"))]
            Form::Absent => super::absent::tickets(&self.about),
        }
    }
}
