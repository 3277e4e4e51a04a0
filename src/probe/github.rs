//! GitHub tokens: `GET /user` names a user token's login; an installation's token has no user, and asks `GET /rate_limit`, which costs
//! nothing. A token carries no host, and GitHub's API gives it no id. (REST API: "Authenticating to the REST API", "Get the
//! authenticated user", "Get rate limit status for the authenticated user"; "Troubleshooting the REST API" for the messages.)

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName};

use crate::model::Id;
use crate::model::inventory::{Credential, LivenessState, Status};
use crate::secret::Secret;

use super::guard::{Answer, Ask};
use super::{Identity, Probe, Seen, Service, observed, told, unproved};

/// The probe.
#[derive(Debug, Clone, Copy)]
pub struct Github;

/// Messages that only an authenticated caller is given: the token lacks a permission, and lives.
const LET_IN: [&str; 2] =
    ["Resource not accessible by integration", "Resource not accessible by personal access token"];

/// The limit an hour of callers without a token ("Rate limits for the REST API"). Every token has a higher one.
const ANYBODY: u64 = 60;

fn is_installation(token: &Secret) -> bool {
    token.expose().trim().starts_with("ghs_")
}

impl Probe for Github {
    fn provider(&self) -> &'static str {
        "github"
    }

    fn method(&self) -> &'static str {
        "GitHub's API"
    }

    fn service(&self) -> Service<'_> {
        Service { public: Some("https://api.github.com"), variables: &["GITHUB_API_URL"], roots: None, many: true }
    }

    fn base(&self, address: &str) -> String {
        let host = url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
        match host.as_deref() {
            Some("github.com" | "www.github.com") => self.service().public.unwrap_or_default().to_owned(),
            _ => address.to_owned(),
        }
    }

    fn ask(&self, token: &Secret) -> Result<Ask, &'static str> {
        if token.expose().trim().starts_with("ghr_") {
            return Err("a refresh token: only using it up would tell");
        }
        let path = if is_installation(token) { "rate_limit" } else { "user" };
        Ask::new(Method::GET, path)
            .with(ACCEPT, "application/vnd.github+json")
            .with(HeaderName::from_static("x-github-api-version"), "2022-11-28")
            .authorized(AUTHORIZATION, "Bearer ", token)
    }

    fn judge(&self, token: &Secret, answer: &Answer) -> Seen {
        let live = || observed(LivenessState::Live, self.method(), None);
        let body = answer.json();
        let text = |pointer: &str| body.as_ref().and_then(|body| body.pointer(pointer)).and_then(|v| v.as_str());
        let message = text("/message");
        match (answer.status, message) {
            (200, _) if is_installation(token) => {
                let limit = body.as_ref().and_then(|body| body.pointer("/resources/core/limit")?.as_u64());
                match limit {
                    Some(limit) if limit > ANYBODY => Seen::only(live()),
                    Some(_) => {
                        let reason = "the limit of callers without a token: it did not arrive";
                        Seen::only(observed(LivenessState::Unknown, self.method(), Some(reason)))
                    }
                    None => unproved(self, answer, false),
                }
            }
            (200, _) => match text("/login").and_then(|login| told(login, token)) {
                Some(login) => {
                    let identity = Identity {
                        what: login.clone(),
                        owner: Some(login),
                        status: Status::Active,
                        expires_at: expiry(&answer.headers),
                        ..Identity::default()
                    };
                    Seen { liveness: live(), identity: Some(identity) }
                }
                None => unproved(self, answer, false),
            },
            (401, Some("Bad credentials")) => {
                Seen::only(observed(LivenessState::Dead, self.method(), Some("Bad credentials")))
            }
            (403, Some(message)) if LET_IN.contains(&message) => Seen::only(live()),
            (_, message) => unproved(self, answer, message.is_some()),
        }
    }

    fn may_be(&self, token: &Secret, id: &Id) -> bool {
        let token = token.expose().trim();
        match id.kind() {
            "token" => true,
            // Organizations list fine-grained tokens alone, and authorize classic and OAuth ones for SSO.
            "pat" => token.starts_with("github_pat_"),
            "sso-token" => ["ghp_", "gho_", "ghu_"].iter().any(|prefix| token.starts_with(prefix)),
            "app" => ["ghs_", "ghu_"].iter().any(|prefix| token.starts_with(prefix)),
            _ => false,
        }
    }

    fn names(&self, identity: &Identity, credential: &Credential) -> Option<bool> {
        if credential.id.kind() == "token" {
            return Some(super::same(credential.id.rest(), &identity.what));
        }
        // A token keeps its end: another end is another token.
        let (seen, recorded) = (identity.expires_at?, credential.expires_at?);
        let apart = seen.duration_since(recorded).abs() > jiff::SignedDuration::from_hours(25);
        apart.then_some(false)
    }
}

/// `GitHub-Authentication-Token-Expiration: 2026-12-24 08:00:00 UTC`, or with an offset.
fn expiry(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get("github-authentication-token-expiration")?.to_str().ok()?.trim();
    let text = text.strip_suffix("UTC").map_or_else(|| text.to_owned(), |time| format!("{time}+0000"));
    Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_tokens() {
        let of = |text: &str| {
            let headers = HeaderMap::from_iter([(
                "github-authentication-token-expiration".parse().unwrap(),
                text.parse().unwrap(),
            )]);
            expiry(&headers).map(|at| at.to_string())
        };
        assert_eq!(of("2026-12-24 08:00:00 UTC").as_deref(), Some("2026-12-24T08:00:00Z"));
        assert_eq!(of("2026-12-24 08:00:00 -0700").as_deref(), Some("2026-12-24T15:00:00Z"));
        assert_eq!(of("soon"), None);
    }

    #[test]
    fn forms_and_records() {
        let id = |kind: &str, what: &str| Id::build("github", None, kind, &[what]);
        let of = |prefix: &str, kind: &str| Github.may_be(&Secret::new(format!("{prefix}x")), &id(kind, "acme:1"));
        assert!(of("github_pat_", "pat") && of("ghp_", "sso-token") && of("ghs_", "app") && of("ghp_", "token"));
        assert!(
            !of("ghp_", "pat") && !of("github_pat_", "app") && !of("ghs_", "sso-token") && !of("ghp_", "deploy-key")
        );

        let end = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let seen = Identity { what: "Alice".into(), expires_at: end("2026-12-24T08:00:00Z"), ..Identity::default() };
        let recorded =
            |kind: &str, what: &str, expires_at| Credential { expires_at, ..Credential::bare(id(kind, what)) };
        for (credential, named) in [
            (recorded("token", "alice", None), Some(true)),
            (recorded("token", "bob", None), Some(false)),
            (recorded("pat", "acme:1", None), None),
            (recorded("pat", "acme:1", end("2026-12-24T08:00:00Z")), None),
            (recorded("pat", "acme:1", end("2027-02-24T08:00:00Z")), Some(false)),
        ] {
            assert_eq!(Github.names(&seen, &credential), named, "{credential:?}");
        }
    }
}
