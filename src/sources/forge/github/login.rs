//! Where GitHub stands and who asks, out of settings and environment. A token of the usual variables goes to no GitHub that it is not
//! for.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Environment, Files};
use crate::secret::{MacKey, Secret};
use crate::sources::tracker::{self, Wrong};

/// The variables that a token is looked for in, in this order.
const TOKENS: [&str; 3] = ["DRIFTGATE_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];

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

impl<'a> Context<'a> {
    /// The part that every tracker knows.
    pub(crate) fn tracker(&self) -> tracker::Context<'a> {
        tracker::Context { env: self.env, files: self.files, max_wait: self.max_wait }
    }
}

/// How the auditor says who it is.
pub(crate) enum Auth {
    /// A personal, OAuth or installation token.
    Token(Secret),
    /// An App: its id, its private key (PEM), and the installation where it is configured.
    App { id: u64, key: Secret, installation: Option<u64> },
}

impl Auth {
    /// A token of one job alone: what is kept under a key of it could never be read again.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Token(token) if token.expose().starts_with("ghs_"))
    }

    /// The key under which this login's answers are kept.
    pub(crate) fn key(&self, purpose: &str) -> MacKey {
        match self {
            Self::Token(secret) | Self::App { key: secret, .. } => secret.derive(purpose),
        }
    }
}

/// The settings that say where GitHub stands and who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'s> {
    pub(crate) url: Option<&'s str>,
    pub(crate) token_env: Option<&'s str>,
    pub(crate) app: Option<&'s AppSettings>,
}

impl Place<'_> {
    /// The API's address.
    ///
    /// # Errors
    /// Where it is none of an API.
    pub(crate) fn address(&self, context: &Context<'_>) -> Result<String, Wrong> {
        let set = self.url.filter(|text| !text.is_empty());
        let text = set.or_else(|| context.env.get("GITHUB_API_URL")).unwrap_or("https://api.github.com");
        let next = "write the API's URL: https://api.github.com, or https://HOST/api/v3";
        let url = url::Url::parse(text).map_err(|_| Wrong::new("url", "this is no URL", next))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Wrong::new("url", "this is no http or https URL", next));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let next = "name the token's variable: token_env";
            return Err(Wrong::new("url", "the URL holds a user or password", next));
        }
        if url.host_str().is_some_and(|host| host.eq_ignore_ascii_case("github.com")) {
            return Err(Wrong::new("url", "this is GitHub's web site, not its API", next));
        }
        Ok(text.to_owned())
    }

    /// Whether this is the server that the usual variables' tokens are for: the CI's own, where it names one, else the checkout's.
    fn is_usual(&self, context: &Context<'_>) -> bool {
        let origin = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
        match context.env.get("GITHUB_API_URL").and_then(origin) {
            Some(own) => self.url.filter(|url| !url.is_empty()).is_none_or(|url| origin(url) == Some(own)),
            None => context.home,
        }
    }

    /// Who asks. That a variable is not set is no mistake of the configuration: the source's lists are then lost.
    ///
    /// # Errors
    /// Where there are two logins.
    pub(crate) fn auth(&self, context: &Context<'_>) -> Result<Result<Auth, String>, Wrong> {
        let secret = |name: &str| tracker::variable(&context.tracker(), name);
        let Some(app) = self.app else {
            return Ok(match self.token_env {
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
            return Err(Wrong::new("token_env", "there is a token and an App", "keep one of `token_env` and `app`"));
        }
        let key = secret(&app.private_key_env).map(|key| {
            // CI systems that keep variables on one line have the line ends written out.
            if key.expose().contains('\n') { key } else { Secret::new(key.expose().replace("\\n", "\n")) }
        });
        Ok(key.map(|key| Auth::App { id: app.id, key, installation: app.installation }))
    }
}
