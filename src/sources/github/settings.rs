//! Settings of `kind: github`, and what they and the environment come to: where GitHub stands, who asks, where answers are kept.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::sources::forge::github::{AppSettings, Auth, Context, Place};
use crate::sources::tracker::{self, CacheSetting, Wrong};

/// Settings of `kind: github`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The API: `https://ghe.example.com/api/v3` for GitHub Enterprise Server. Default: `GITHUB_API_URL`, else
    /// `https://api.github.com`.
    #[serde(default)]
    pub url: Option<String>,
    /// The variable that holds the auditor's token. Default: the first of `DRIFTGATE_GITHUB_TOKEN`, `GH_TOKEN` and `GITHUB_TOKEN`
    /// that is set. A workflow's own `GITHUB_TOKEN` may not read secrets' names.
    #[serde(default)]
    pub token_env: Option<String>,
    /// A GitHub App in place of a token.
    #[serde(default)]
    pub app: Option<AppSettings>,
    /// The organization or user. Default: the owner of the checkout's repository.
    #[serde(default)]
    pub organization: Option<String>,
    /// The repositories that a scan is limited to, by name. Default: all of the organization's.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// A PEM file with further roots.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that the whole source may take in a gate, waits for rate limits aside. Default: 30.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// The folder in which answers are kept, so that GitHub can say "not modified"; `false` keeps none. Default:
    /// `DRIFTGATE_CACHE_DIR`, else `driftgate` below the user's cache folder.
    #[serde(default)]
    pub cache: Option<CacheSetting>,
}

impl Settings {
    fn place(&self) -> Place<'_> {
        Place { url: self.url.as_deref(), token_env: self.token_env.as_deref(), app: self.app.as_ref() }
    }

    pub(super) fn url(&self, context: &Context<'_>) -> Result<String, Wrong> {
        self.place().address(context)
    }

    pub(super) fn auth(&self, context: &Context<'_>) -> Result<Result<Auth, String>, Wrong> {
        self.place().auth(context)
    }

    pub(super) fn ca(&self, context: &Context<'_>) -> Result<Option<Vec<u8>>, String> {
        tracker::roots(self.ca_cert.as_deref(), &context.tracker())
    }

    pub(super) fn cache_folder(&self, context: &Context<'_>) -> Option<PathBuf> {
        tracker::folder(self.cache.as_ref(), &context.tracker())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::{Environment, Files};

    fn with<T>(variables: &[(&str, &str)], call: impl FnOnce(&Context<'_>) -> T) -> T {
        let env: Environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let files = Files::Tree(PathBuf::from("/base"));
        call(&Context { env: &Arc::new(env), files: &files, max_wait: Duration::ZERO, home: true })
    }

    #[test]
    fn where_github_stands() {
        let url = |set: Option<&str>, variables: &[(&str, &str)]| {
            let settings = Settings { url: set.map(str::to_owned), ..Settings::default() };
            with(variables, |context| settings.url(context))
        };
        assert_eq!(url(None, &[]).as_deref(), Ok("https://api.github.com"));
        let ci = [("GITHUB_API_URL", "https://ghe.example.com/api/v3")];
        assert_eq!(url(None, &ci).as_deref(), Ok("https://ghe.example.com/api/v3"));
        assert_eq!(
            url(Some("https://other.example.com/api/v3"), &ci).as_deref(),
            Ok("https://other.example.com/api/v3")
        );
        for bad in ["nothing", "ftp://a/", "https://user:word@ghe.example.com", "https://github.com/acme"] {
            assert!(url(Some(bad), &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_token_that_is_set() {
        let token = |variables: &[(&str, &str)], settings: Settings| {
            with(variables, |context| match settings.auth(context) {
                Ok(Ok(Auth::Token(token))) => token.expose().to_owned(),
                Ok(Ok(Auth::App { key, .. })) => key.expose().to_owned(),
                Ok(Err(reason)) => reason,
                Err(wrong) => wrong.what,
            })
        };
        assert_eq!(token(&[("GITHUB_TOKEN", "c"), ("GH_TOKEN", " b\n")], Settings::default()), "b");
        let named = || Settings { token_env: Some("AUDIT".into()), ..Settings::default() };
        assert_eq!(token(&[("GITHUB_TOKEN", "c")], named()), "the variable AUDIT is not set");
        let app = AppSettings { id: 1, private_key_env: "KEY".into(), installation: None };
        let app = || Some(app.clone());
        assert_eq!(token(&[("KEY", "a\\nb")], Settings { app: app(), ..Settings::default() }), "a\nb");
        assert!(token(&[], Settings { app: app(), ..named() }).contains("a token and an App"));
    }

    #[test]
    fn where_answers_are_kept() {
        let folder = |variables: &[(&str, &str)], set: &str| {
            let cache = serde_json::from_str(set).unwrap();
            with(variables, |context| Settings { cache, ..Settings::default() }.cache_folder(context))
        };
        let env = [("HOME", "/home/a"), ("XDG_CACHE_HOME", "/x"), ("DRIFTGATE_CACHE_DIR", "/ci")];
        assert_eq!(folder(&env, "null"), Some("/ci".into()));
        assert_eq!(folder(&env[..2], "true"), Some("/x/driftgate".into()));
        assert_eq!(folder(&env[..1], "null"), Some("/home/a/.cache/driftgate".into()));
        assert_eq!(folder(&env, "false"), None);
        assert_eq!(folder(&env, "\"kept\""), Some("/base/kept".into()));
        assert_eq!(folder(&[], "null"), None);
    }
}
