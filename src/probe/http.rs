//! A probe that the user describes: one GET, which statuses and which words mean live and dead. For every provider that has no file
//! here. The user's word is that these values are issued at this address.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::model::inventory::{Credential, LivenessState};
use crate::secret::Secret;

use super::guard::{Answer, Ask};
use super::{Identity, Probe, Seen, Service, observed, same, told};

/// A probe for values of a provider that driftgate does not know.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The provider, as ids begin: small letters, digits, `-`. `stripe` gives `stripe:token:…`.
    pub name: String,
    /// Variables that hold such values. They are examined, like those under `variables`.
    #[serde(default)]
    pub variables: Vec<String>,
    /// What such values begin with; any examined variable may hold one.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The identity endpoint: it is asked with GET, once a value.
    pub url: String,
    /// The header that carries the value. Default: Authorization.
    #[serde(default)]
    pub header: Option<String>,
    /// What stands before the value: a word (`Bearer`, `token`), nothing (`""`), `basic` (the value is the user name of HTTP Basic), or
    /// `basic NAME` (the value is NAME's password). Default: Bearer in the header Authorization, else nothing.
    #[serde(default)]
    pub scheme: Option<String>,
    /// The statuses that mean live. Default: 200.
    #[serde(default = "ok")]
    pub live: Vec<u16>,
    /// The statuses that mean dead. Default: 401. All others prove nothing, and neither does an HTML page.
    #[serde(default = "unauthorized")]
    pub dead: Vec<u16>,
    /// What a live answer must also say.
    #[serde(default)]
    pub body_live: Option<Says>,
    /// What a dead answer must also say.
    #[serde(default)]
    pub body_dead: Option<Says>,
    /// JSON pointer to a name in a live answer that is no secret: it becomes the id's last part. An answer without it proves nothing.
    #[serde(default)]
    pub id_pointer: Option<String>,
    /// Whether the address may be in a private network. Default: false.
    #[serde(default)]
    pub allow_private: bool,
    /// A PEM file with further roots.
    #[serde(default)]
    pub ca_cert: Option<String>,
}

/// A place in a JSON answer, and what must stand there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Says {
    /// JSON pointer: `/error/code`.
    pub pointer: String,
    /// The exact value.
    pub value: Value,
}

fn ok() -> Vec<u16> {
    vec![200]
}

fn unauthorized() -> Vec<u16> {
    vec![401]
}

/// What is wrong with settings: the setting, what is wrong, and what to do.
pub type Wrong = (&'static str, String, &'static str);

/// Providers that driftgate knows: their ids mean something else.
const TAKEN: [&str; 10] = ["aws", "azure", "env", "gcp", "github", "gitlab", "npm", "reference", "slack", "vault"];

/// The probe.
#[derive(Debug, Clone)]
pub struct Http {
    settings: Settings,
    method: String,
    header: HeaderName,
    roots: Result<Option<Vec<u8>>, String>,
}

impl Http {
    /// Checks the settings.
    ///
    /// # Errors
    /// Where they cannot be meant so.
    pub fn new(settings: Settings) -> Result<Self, Wrong> {
        let name = &settings.name;
        let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !letters || !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.len() > 40 {
            let message = "the name of a provider is of small letters, digits and `-`".to_owned();
            return Err(("name", message, "write it as ids begin: `stripe`"));
        }
        if TAKEN.contains(&name.as_str()) || name == "ticket" {
            return Err(("name", "ids of this name have a meaning already".to_owned(), "take another name"));
        }
        if settings.variables.is_empty() && settings.prefix.is_none() {
            let message = "nothing says which values it is for".to_owned();
            return Err(("variables", message, "add `variables:` or `prefix:`"));
        }
        if settings.prefix.as_ref().is_some_and(|prefix| prefix.len() < 3) {
            let message = "a prefix of fewer than three characters fits too much".to_owned();
            return Err(("prefix", message, "write more of it, or name the variables"));
        }
        let url = Url::parse(&settings.url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        });
        if url.is_none() {
            let message = "this is no http or https URL without a user".to_owned();
            return Err(("url", message, "write `https://api.example.com/account`"));
        }
        let header = match &settings.header {
            None => AUTHORIZATION,
            Some(name) => HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| ("header", "this is no header's name".to_owned(), "write `Authorization`"))?,
        };
        for (setting, statuses) in [("live", &settings.live), ("dead", &settings.dead)] {
            if statuses.iter().any(|status| !matches!(status, 200..=299 | 400..=428 | 430..=499)) {
                let message = "redirects, limits (429) and faults of servers tell nothing of a credential".to_owned();
                return Err((setting, message, "list statuses of 200 to 299 and 400 to 499"));
            }
        }
        let both = settings.live.iter().any(|status| settings.dead.contains(status));
        if both && (settings.body_live.is_none() || settings.body_dead.is_none()) {
            let message = "a status means both live and dead".to_owned();
            return Err(("dead", message, "tell them apart with `body_live` and `body_dead`"));
        }
        let pointers = [
            ("id_pointer", settings.id_pointer.as_ref()),
            ("body_live", settings.body_live.as_ref().map(|says| &says.pointer)),
            ("body_dead", settings.body_dead.as_ref().map(|says| &says.pointer)),
        ];
        for (setting, pointer) in pointers {
            if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
                return Err((setting, "a JSON pointer begins with `/`".to_owned(), "write `/account/id`"));
            }
        }
        let method = format!("{name} probe");
        Ok(Self { settings, method, header, roots: Ok(None) })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// With the roots that `ca_cert` names, as PEM text, or why they cannot be read.
    #[must_use]
    pub fn with_roots(mut self, roots: Result<Option<Vec<u8>>, String>) -> Self {
        self.roots = roots;
        self
    }

    /// Further roots.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn roots(&self) -> Result<Option<Vec<u8>>, String> {
        self.roots.clone()
    }

    /// Whether the value of that variable is one for it.
    #[must_use]
    pub fn is_for(&self, variable: &str, value: &Secret) -> bool {
        let by_form = self.settings.prefix.as_ref().is_some_and(|prefix| value.expose().trim().starts_with(prefix));
        by_form || self.settings.variables.iter().any(|name| name == variable)
    }

    fn unknown(&self, reason: &str) -> Seen {
        Seen::only(observed(LivenessState::Unknown, &self.method, Some(reason)))
    }
}

fn says(says: Option<&Says>, body: Option<&Value>) -> bool {
    says.is_none_or(|says| body.and_then(|body| body.pointer(&says.pointer)) == Some(&says.value))
}

impl Probe for Http {
    fn provider(&self) -> &str {
        &self.settings.name
    }

    fn method(&self) -> &str {
        &self.method
    }

    fn service(&self) -> Service<'_> {
        Service { public: Some(&self.settings.url), variables: &[], roots: None, many: false }
    }

    fn ask(&self, token: &Secret) -> Result<Ask, &'static str> {
        let ask = Ask::new(Method::GET, "").with(ACCEPT, "application/json, */*;q=0.1");
        let default = if self.header == AUTHORIZATION { "Bearer" } else { "" };
        let scheme = self.settings.scheme.as_deref().unwrap_or(default).trim();
        let mut words = scheme.split_ascii_whitespace();
        let basic = words.next().is_some_and(|word| word.eq_ignore_ascii_case("basic"));
        if basic {
            let value = token.expose().trim();
            let pair = Secret::new(match words.next() {
                Some(user) => format!("{user}:{value}"),
                None => format!("{value}:"),
            });
            let encoded = Secret::new(STANDARD.encode(pair.expose()));
            return ask.authorized(self.header.clone(), "Basic ", &encoded);
        }
        let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme} ") };
        ask.authorized(self.header.clone(), &scheme, token)
    }

    fn judge(&self, token: &Secret, answer: &Answer) -> Seen {
        let status = answer.status;
        if answer.is_page() {
            return self.unknown(&format!("HTTP {status}, a page for people"));
        }
        let body = answer.json();
        let settings = &self.settings;
        if settings.dead.contains(&status) && says(settings.body_dead.as_ref(), body.as_ref()) {
            let reason = format!("HTTP {status}");
            return Seen::only(observed(LivenessState::Dead, &self.method, Some(&reason)));
        }
        if !settings.live.contains(&status) || !says(settings.body_live.as_ref(), body.as_ref()) {
            return match status {
                300..=399 => self.unknown(&format!("HTTP {status}: a redirect, not followed")),
                429 => self.unknown("HTTP 429: rate limited"),
                _ => self.unknown(&format!("HTTP {status}")),
            };
        }
        let live = observed(LivenessState::Live, &self.method, None);
        let Some(pointer) = &settings.id_pointer else { return Seen::only(live) };
        let found = body.as_ref().and_then(|body| body.pointer(pointer));
        let text = match found {
            Some(Value::String(text)) => told(text, token),
            Some(Value::Number(number)) => told(&number.to_string(), token),
            _ => None,
        };
        match text {
            Some(what) => Seen { liveness: live, identity: Some(Identity { what, ..Identity::default() }) },
            None => self.unknown(&format!("HTTP {status}, without a name at {pointer}")),
        }
    }

    fn names(&self, identity: &Identity, credential: &Credential) -> Option<bool> {
        // What the pointer gives may be an account with many keys: another name refutes nothing.
        same(credential.id.rest(), &identity.what).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn probe(more: Value) -> Result<Http, Wrong> {
        let mut all = json!({"name": "stripe", "prefix": "sk_live_", "url": "https://api.example.com/account"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Http::new(serde_json::from_value(all).unwrap())
    }

    fn state(probe: &Http, status: u16, body: &str) -> LivenessState {
        let answer = Answer { status, headers: reqwest::header::HeaderMap::new(), body: body.into() };
        probe.judge(&Secret::new("sk_live_x".into()), &answer).liveness.state
    }

    #[test]
    fn what_cannot_be_meant_is_an_error() {
        for (more, setting) in [
            (json!({"name": "Stripe"}), "name"),
            (json!({"name": "github"}), "name"),
            (json!({"prefix": null}), "variables"),
            (json!({"prefix": "s"}), "prefix"),
            (json!({"url": "ftp://x/"}), "url"),
            (json!({"url": "https://a:b@x/"}), "url"),
            (json!({"header": "a b"}), "header"),
            (json!({"dead": [401, 503]}), "dead"),
            (json!({"dead": [429]}), "dead"),
            (json!({"live": [302]}), "live"),
            (json!({"live": [200], "dead": [200]}), "dead"),
            (json!({"id_pointer": "account"}), "id_pointer"),
        ] {
            assert_eq!(probe(more.clone()).map(|_| ()).map_err(|wrong| wrong.0), Err(setting), "{more}");
        }
    }

    #[test]
    fn one_status_for_both() {
        let says = |code: &str| json!({"pointer": "/status", "value": code});
        let probe = probe(json!({"live": [200], "dead": [200], "body_live": says("ok"), "body_dead": says("revoked")}))
            .unwrap();
        for (body, wanted) in [
            (r#"{"status":"ok"}"#, LivenessState::Live),
            (r#"{"status":"revoked"}"#, LivenessState::Dead),
            (r#"{"status":"busy"}"#, LivenessState::Unknown),
            (r#"{"status":["revoked"]}"#, LivenessState::Unknown),
            ("", LivenessState::Unknown),
        ] {
            assert_eq!(state(&probe, 200, body), wanted, "{body}");
        }
    }
}
