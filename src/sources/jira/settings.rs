//! Settings of `kind: jira`, and what they and the environment come to: where Jira stands, who asks, what is asked for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::ticket::Field;
use crate::sources::tracker::{self, CacheSetting, Context, Login, Wrong};

/// Settings of a `jira` source: a server (`url`) or a saved response (`export`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A saved response of Jira's search, in place of a server.
    #[serde(default)]
    pub export: Option<String>,
    /// The server: `https://acme.atlassian.net`, or a Data Center with its path.
    #[serde(default)]
    pub url: Option<String>,
    /// Which tickets: `project in (SEC, IAM)`. An `ORDER BY` is left away.
    #[serde(default)]
    pub jql: Option<String>,
    /// The variable that holds the account's e-mail address: Jira Cloud, beside `token_env`.
    #[serde(default)]
    pub email_env: Option<String>,
    /// The variable that holds the API token (Cloud), or the personal access token (Data Center).
    #[serde(default)]
    pub token_env: Option<String>,
    /// The variable that holds a user's name: Data Center, beside `password_env`.
    #[serde(default)]
    pub user_env: Option<String>,
    /// The variable that holds the user's password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// Which Jira it is. Default: by the host, else the server is asked.
    #[serde(default)]
    pub deployment: Option<Deployment>,
    /// Which of Jira's fields mean what: `effective: customfield_10050`.
    #[serde(default)]
    pub fields: BTreeMap<Field, String>,
    /// Read the approvals of Jira Service Management, one request a ticket. Default: false.
    #[serde(default)]
    pub approvals: bool,
    /// A PEM file with further roots.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that the whole source may take in a gate, waits for rate limits aside. Default: 60.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// The folder in which tickets are kept between runs, so that only changed ones are asked for; `false` keeps none. Default:
    /// `DRIFTGATE_CACHE_DIR`, else `driftgate` below the user's cache folder.
    #[serde(default)]
    pub cache: Option<CacheSetting>,
    /// In a gate without kept tickets, ask only for those that can bear on the deploy. Default: true.
    #[serde(default)]
    pub narrow: Option<bool>,
}

/// Which Jira it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Deployment {
    /// Jira Cloud: API version 3.
    Cloud,
    /// Jira Data Center or Server: API version 2.
    Datacenter,
}

const WHERE: &str = "write the site's address: https://acme.atlassian.net, or https://HOST/PATH";

impl Settings {
    /// Whether the settings go together.
    ///
    /// # Errors
    /// The first that does not.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        match (&self.export, &self.url) {
            (Some(_), Some(_)) => {
                return Err(Wrong::new("url", "`url` and `export` stand together", "keep the one that is to be read"));
            }
            (None, None) => {
                let next = "name a server with `url`, or a saved response with `export`";
                return Err(Wrong::new("", "it has neither `url` nor `export`", next));
            }
            (Some(_), None) => return self.only_export(),
            (None, Some(url)) => tracker::address(url, WHERE)?,
        };
        if self.query().is_empty() {
            let next = "say which tickets: `jql: project in (SEC, IAM)`";
            return Err(Wrong::new("jql", "`jql` is missing: Jira has to be asked for something", next));
        }
        let named =
            (self.email_env.is_some(), self.token_env.is_some(), self.user_env.is_some(), self.password_env.is_some());
        match named {
            (true, true, false, false) | (false, true, false, false) | (false, false, true, true) => {}
            (false, false, false, false) => {
                let next = "name variables: email_env and token_env (Cloud), token_env alone, or user_env and password_env (Data Center)";
                return Err(Wrong::new("token_env", "it has no login", next));
            }
            (true, false, ..) => {
                return Err(Wrong::new(
                    "email_env",
                    "`email_env` needs `token_env`",
                    "name the variable of the API token",
                ));
            }
            _ => {
                let next = "keep one: email_env and token_env, token_env alone, or user_env and password_env";
                return Err(Wrong::new("user_env", "these variables do not make one login", next));
            }
        }
        if self.by_settings() == Some(Deployment::Cloud) && self.email_env.is_none() && !self.is_gateway() {
            let next = "name the variable of the account's e-mail address: email_env";
            return Err(Wrong::new(
                "token_env",
                "Jira Cloud takes an API token with its account's e-mail address",
                next,
            ));
        }
        Ok(())
    }

    /// An export has no server's settings: one that is there would be believed to work.
    fn only_export(&self) -> Result<(), Wrong> {
        let set = [
            ("jql", self.jql.is_some()),
            ("email_env", self.email_env.is_some()),
            ("token_env", self.token_env.is_some()),
            ("user_env", self.user_env.is_some()),
            ("password_env", self.password_env.is_some()),
            ("deployment", self.deployment.is_some()),
            ("approvals", self.approvals),
            ("ca_cert", self.ca_cert.is_some()),
            ("timeout", self.timeout.is_some()),
            ("cache", self.cache.is_some()),
            ("narrow", self.narrow.is_some()),
        ];
        match set.iter().find(|(_, set)| *set) {
            Some((setting, _)) => {
                let next = "leave it out, or name a server with `url` in place of `export`";
                Err(Wrong::new(setting, format!("`{setting}` is for a server, and this is an export"), next))
            }
            None => Ok(()),
        }
    }

    /// The configured query without its order.
    pub(super) fn query(&self) -> &str {
        self.jql.as_deref().map(super::query::without_order).unwrap_or_default()
    }

    /// The address, without a slash at its end.
    pub(super) fn address(&self) -> Result<String, Wrong> {
        tracker::address(self.url.as_deref().unwrap_or_default(), WHERE)
    }

    fn host(&self) -> Option<String> {
        Some(url::Url::parse(self.url.as_deref()?).ok()?.host_str()?.to_ascii_lowercase())
    }

    /// Atlassian's own gateway, where service accounts ask with a bearer token.
    fn is_gateway(&self) -> bool {
        self.host().as_deref() == Some("api.atlassian.com")
    }

    /// Which Jira it is, where that can be told without asking.
    pub(super) fn by_settings(&self) -> Option<Deployment> {
        let cloud = |host: String| host.ends_with(".atlassian.net") || host.ends_with(".jira.com");
        let known = self.is_gateway() || self.host().is_some_and(cloud);
        self.deployment.or(known.then_some(Deployment::Cloud))
    }

    /// Who asks. That a variable is not set is no mistake of the configuration: the tickets are then lost.
    pub(super) fn login(&self, context: &Context<'_>) -> Result<Login, String> {
        let value = |name: &Option<String>| tracker::variable(context, name.as_deref().unwrap_or_default());
        match (&self.email_env, &self.user_env) {
            (Some(_), _) => Ok(Login::Basic(value(&self.email_env)?.expose().to_owned(), value(&self.token_env)?)),
            (None, Some(_)) => Ok(Login::Basic(value(&self.user_env)?.expose().to_owned(), value(&self.password_env)?)),
            (None, None) => Ok(Login::Bearer(value(&self.token_env)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn what_goes_together() {
        let cloud = "url: https://acme.atlassian.net, jql: project = SEC";
        for fine in [
            "{export: jira.json}".to_owned(),
            format!("{{{cloud}, email_env: A, token_env: B}}"),
            "{url: 'https://jira.example.com/jira/', jql: project = SEC, token_env: B}".to_owned(),
            "{url: 'https://jira.example.com', jql: project = SEC, user_env: A, password_env: B}".to_owned(),
            "{url: 'https://api.atlassian.com/ex/jira/1', jql: project = SEC, token_env: B}".to_owned(),
        ] {
            assert_eq!(settings(&fine).check(), Ok(()), "{fine}");
        }
        for (bad, setting) in [
            ("{}".to_owned(), ""),
            (format!("{{export: a, {cloud}, email_env: A, token_env: B}}"), "url"),
            ("{export: a, narrow: true}".to_owned(), "narrow"),
            ("{url: acme, jql: a, token_env: B}".to_owned(), "url"),
            ("{url: 'https://u:p@jira.example.com', jql: a, token_env: B}".to_owned(), "url"),
            ("{url: 'https://jira.example.com', token_env: B}".to_owned(), "jql"),
            ("{url: 'https://jira.example.com', jql: ' ORDER BY key', token_env: B}".to_owned(), "jql"),
            (format!("{{{cloud}}}"), "token_env"),
            (format!("{{{cloud}, token_env: B}}"), "token_env"),
            (format!("{{{cloud}, email_env: B}}"), "email_env"),
            (format!("{{{cloud}, email_env: A, token_env: B, password_env: C}}"), "user_env"),
        ] {
            assert_eq!(settings(&bad).check().map_err(|wrong| wrong.setting), Err(setting), "{bad}");
        }
    }

    #[test]
    fn which_jira() {
        let of = |text: &str| settings(text).by_settings();
        assert_eq!(of("{url: 'https://ACME.atlassian.net'}"), Some(Deployment::Cloud));
        assert_eq!(of("{url: 'https://acme.atlassian.net', deployment: datacenter}"), Some(Deployment::Datacenter));
        assert_eq!(of("{url: 'https://atlassian.net.example.com'}"), None);
    }
}
