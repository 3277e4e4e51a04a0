//! What live trackers share: where one stands, who asks, what its settings may get wrong, and which tickets a gate wants of it. Each
//! tracker's own API is in its own folder; what was read the last time is kept by `shelf`.

pub(crate) mod shelf;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Environment, Files};
use crate::secret::{MacKey, Secret};

/// What a tracker may know of its run.
#[derive(Clone)]
pub struct Context<'a> {
    /// The environment.
    pub env: &'a Arc<Environment>,
    /// Opens the files that the configuration names.
    pub files: &'a Files,
    /// The longest wait for rate limits.
    pub max_wait: Duration,
}

/// A setting that cannot be: which, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The setting.
    pub setting: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: &'static str,
}

impl Wrong {
    pub(crate) fn new(setting: &'static str, what: impl Into<String>, next: &'static str) -> Self {
        Self { setting, what: what.into(), next }
    }
}

/// Where what was read is kept: a folder, or a switch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CacheSetting {
    /// `false` keeps nothing, `true` keeps it where it is usual.
    Switch(bool),
    /// The folder.
    Folder(String),
}

/// Who asks.
#[derive(Debug)]
pub(crate) enum Login {
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `Authorization: Basic`: a user's name (an e-mail at Jira Cloud) and password or API token.
    Basic(String, Secret),
}

impl Login {
    /// The headers, marked as sensitive.
    ///
    /// # Errors
    /// Where the variable's value cannot stand in a header; the value is not in the message.
    pub(crate) fn headers(&self) -> Result<HeaderMap, String> {
        let text = match self {
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
            Self::Basic(user, word) => {
                let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", word.expose()));
                format!("Basic {both}")
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| "the token holds characters that no token has")?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    /// The key under which this login's answers are kept.
    pub(crate) fn key(&self, purpose: &str) -> MacKey {
        match self {
            Self::Bearer(secret) | Self::Basic(_, secret) => secret.derive(purpose),
        }
    }
}

/// The value of a variable. That one is not set is no mistake of the configuration: the tracker's tickets are then a gap.
pub(crate) fn variable(context: &Context<'_>, name: &str) -> Result<Secret, String> {
    let value = context.env.get(name).map(str::trim).filter(|value| !value.is_empty());
    value.map(|value| Secret::new(value.to_owned())).ok_or_else(|| format!("the variable {name} is not set"))
}

/// A server's address, as settings may write it.
///
/// # Errors
/// Where it is no http or https URL, or holds a password.
pub(crate) fn address(text: &str, next: &'static str) -> Result<String, Wrong> {
    let url = url::Url::parse(text).map_err(|_| Wrong::new("url", "this is no URL", next))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Wrong::new("url", "this is no http or https URL", next));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("url", "the URL holds a user or password", "name the variables that hold them"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A PEM file with further roots.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn roots(path: Option<&str>, context: &Context<'_>) -> Result<Option<Vec<u8>>, String> {
    let Some(path) = path else { return Ok(None) };
    let mut pem = Vec::new();
    let read = context.files.open(path).and_then(|file| file.take(4 << 20).read_to_end(&mut pem));
    read.map_err(|error| format!("the CA file {path} cannot be read: {}", error.kind()))?;
    Ok(Some(pem))
}

/// The folder in which tickets are kept between runs.
pub(crate) fn folder(setting: Option<&CacheSetting>, context: &Context<'_>) -> Option<PathBuf> {
    let base = match context.files {
        Files::Tree(base) => base.as_path(),
        Files::GitRef(git) => git.base.as_path(),
    };
    match setting {
        Some(CacheSetting::Switch(false)) => return None,
        Some(CacheSetting::Folder(folder)) if !folder.is_empty() => return Some(base.join(folder)),
        _ => {}
    }
    let get = |name: &str| context.env.get(name).map(PathBuf::from);
    get("DRIFTGATE_CACHE_DIR")
        .or_else(|| get("XDG_CACHE_HOME").filter(|folder| folder.is_absolute()).map(|folder| folder.join("driftgate")))
        .or_else(|| get("HOME").map(|home| home.join(".cache/driftgate")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_login_prints_its_secret() {
        let word = || Secret::new("hush".to_owned());
        for login in [Login::Bearer(word()), Login::Basic("bob".into(), word())] {
            let headers = login.headers().unwrap();
            assert!(!format!("{login:?} {headers:?}").contains("hush"));
            assert!(headers.values().all(HeaderValue::is_sensitive));
        }
        let basic = Login::Basic("bob".into(), word()).headers().unwrap();
        assert_eq!(basic[AUTHORIZATION], "Basic Ym9iOmh1c2g=");
        assert!(Login::Bearer(Secret::new("a\nb".to_owned())).headers().is_err());
    }

    #[test]
    fn addresses() {
        assert_eq!(address("https://acme.atlassian.net/", "").as_deref(), Ok("https://acme.atlassian.net"));
        for bad in ["acme", "ftp://a", "https://bob:word@acme.example.com"] {
            assert!(address(bad, "").is_err(), "{bad}");
        }
    }
}
