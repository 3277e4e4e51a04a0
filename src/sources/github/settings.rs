//! Settings of `kind: github`, and what they and the environment come to: where GitHub stands, who asks, where answers are kept.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Environment, Files};
use crate::secret::Secret;

use super::client::Auth;

/// The variables that a token is looked for in, in this order.
const TOKENS: [&str; 3] = ["DRIFTGATE_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];

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

/// A GitHub App.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppSettings {
    /// The App's id.
    pub id: u64,
    /// The variable that holds the App's private key, PEM.
    pub private_key_env: String,
    /// The installation's id. Default: that of the repository or organization.
    #[serde(default)]
    pub installation: Option<u64>,
}

/// A folder, or `false`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CacheSetting {
    /// `false` keeps no answers, `true` keeps them where it is usual.
    Switch(bool),
    /// The folder.
    Folder(String),
}

/// What a source may know of its run.
pub struct Context<'a> {
    /// The environment.
    pub env: &'a Arc<Environment>,
    /// Opens the files that the configuration names.
    pub files: &'a Files,
    /// The longest wait for rate limits.
    pub max_wait: Duration,
    /// Whether this is the GitHub that has the checkout's repository.
    pub home: bool,
}

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which.
    pub setting: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: &'static str,
}

fn wrong(setting: &'static str, what: impl Into<String>, next: &'static str) -> Wrong {
    Wrong { setting, what: what.into(), next }
}

impl Settings {
    pub(super) fn url(&self, context: &Context<'_>) -> Result<String, Wrong> {
        let set = self.url.clone().filter(|text| !text.is_empty());
        let told = set.or_else(|| context.env.get("GITHUB_API_URL").map(str::to_owned));
        let text = told.unwrap_or_else(|| "https://api.github.com".to_owned());
        let next = "write the API's URL: https://api.github.com, or https://HOST/api/v3";
        let url = url::Url::parse(&text).map_err(|_| wrong("url", "this is no URL", next))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("url", "this is no http or https URL", next));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("url", "the URL holds a user or password", "name the token's variable: token_env"));
        }
        if url.host_str().is_some_and(|host| host.eq_ignore_ascii_case("github.com")) {
            return Err(wrong("url", "this is GitHub's web site, not its API", next));
        }
        Ok(text)
    }

    /// Whether this is the server that the usual variables' tokens are for: the CI's own, where it names one, else the checkout's.
    fn is_usual(&self, context: &Context<'_>) -> bool {
        let origin = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
        match context.env.get("GITHUB_API_URL").and_then(origin) {
            Some(own) => self.url.as_deref().filter(|url| !url.is_empty()).is_none_or(|url| origin(url) == Some(own)),
            None => context.home,
        }
    }

    /// Who asks. That a variable is not set is no mistake of the configuration: the source's lists are then lost.
    pub(super) fn auth(&self, context: &Context<'_>) -> Result<Result<Auth, String>, Wrong> {
        let secret = |name: &str| {
            let trimmed = context.env.get(name).map(str::trim).filter(|value| !value.is_empty());
            trimmed.map(|value| Secret::new(value.to_owned())).ok_or_else(|| format!("the variable {name} is not set"))
        };
        let Some(app) = &self.app else {
            return Ok(match &self.token_env {
                Some(name) => secret(name).map(Auth::Token),
                // A token in a usual variable is that of the CI's own GitHub, or of the only one.
                None if !self.is_usual(context) => {
                    Err("the usual variables hold another GitHub's token: name this one's with `token_env`".to_owned())
                }
                None => TOKENS.iter().find_map(|name| secret(name).ok()).map(Auth::Token).ok_or_else(|| {
                    format!(
                        "no token: set one of {}, or name a variable in `token_env`, or an `app`",
                        TOKENS.join(", ")
                    )
                }),
            });
        };
        if self.token_env.is_some() {
            return Err(wrong("token_env", "there is a token and an App", "keep one of `token_env` and `app`"));
        }
        let key = secret(&app.private_key_env).map(|key| {
            // CI systems that keep variables on one line have the line ends written out.
            if key.expose().contains('\n') { key } else { Secret::new(key.expose().replace("\\n", "\n")) }
        });
        Ok(key.map(|key| Auth::App { id: app.id, key, installation: app.installation }))
    }

    pub(super) fn ca(&self, context: &Context<'_>) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = &self.ca_cert else { return Ok(None) };
        let mut pem = Vec::new();
        let read = context.files.open(path).and_then(|file| file.take(4 << 20).read_to_end(&mut pem));
        read.map_err(|error| format!("the CA file {path} cannot be read: {}", error.kind()))?;
        Ok(Some(pem))
    }

    pub(super) fn cache_folder(&self, context: &Context<'_>) -> Option<PathBuf> {
        let base = match context.files {
            Files::Tree(base) => base.as_path(),
            Files::GitRef(git) => git.base.as_path(),
        };
        match &self.cache {
            Some(CacheSetting::Switch(false)) => return None,
            Some(CacheSetting::Folder(folder)) if !folder.is_empty() => return Some(base.join(Path::new(folder))),
            _ => {}
        }
        let get = |name: &str| context.env.get(name).map(PathBuf::from);
        get("DRIFTGATE_CACHE_DIR")
            .or_else(|| {
                get("XDG_CACHE_HOME").filter(|folder| folder.is_absolute()).map(|folder| folder.join("driftgate"))
            })
            .or_else(|| get("HOME").map(|home| home.join(".cache/driftgate")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
