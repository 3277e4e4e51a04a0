//! GitLab tokens: `GET /personal_access_tokens/self` answers for personal, project and group access tokens, whatever their scopes
//! ("Personal access tokens API", "Get details on a personal access token": using a request header). Deploy, trigger and runner tokens
//! have no read-only endpoint that tells of them. A token carries no host; its number is the server's.

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderName};
use serde_json::Value;

use crate::model::Id;
use crate::model::inventory::{Credential, LivenessState, Status};
use crate::secret::Secret;

use super::guard::{Answer, Ask};
use super::{Identity, Probe, Seen, Service, observed, told, unproved};

/// The probe.
#[derive(Debug, Clone, Copy)]
pub struct Gitlab;

/// What GitLab says of tokens that ended (its own source, `lib/gitlab/auth/auth_finders` and `lib/api/api_guard`). Other descriptions
/// of `invalid_token` may be about the server's settings.
const ENDED: [(&str, &str); 2] = [("Token was revoked", "revoked"), ("Token is expired", "expired")];

/// What lists of access tokens name: each has a number of its own on its server.
const KINDS: [&str; 4] = ["personal-token", "project-token", "group-token", "token"];

impl Probe for Gitlab {
    fn provider(&self) -> &'static str {
        "gitlab"
    }

    fn method(&self) -> &'static str {
        "GitLab personal_access_tokens/self"
    }

    fn service(&self) -> Service<'_> {
        Service {
            public: Some("https://gitlab.com"),
            variables: &["CI_API_V4_URL", "CI_SERVER_URL"],
            roots: Some("CI_SERVER_TLS_CA_FILE"),
            many: true,
        }
    }

    fn base(&self, address: &str) -> String {
        let address = address.trim_end_matches('/');
        if address.ends_with("/api/v4") { address.to_owned() } else { format!("{address}/api/v4") }
    }

    fn ask(&self, token: &Secret) -> Result<Ask, &'static str> {
        let token_text = token.expose().trim();
        match () {
            () if token_text.starts_with("gldt-") => Err("a deploy token: no endpoint tells of it without using it"),
            () if token_text.starts_with("glptt-") => Err("a trigger token: only a pipeline that it starts would tell"),
            () if token_text.starts_with("glrt-") => Err("a runner's token: only registering its manager would tell"),
            () => Ask::new(Method::GET, "personal_access_tokens/self").with(ACCEPT, "application/json").authorized(
                HeaderName::from_static("private-token"),
                "",
                token,
            ),
        }
    }

    fn judge(&self, token: &Secret, answer: &Answer) -> Seen {
        let live = |reason: Option<&str>| observed(LivenessState::Live, self.method(), reason);
        let dead = |reason: &str| Seen::only(observed(LivenessState::Dead, self.method(), Some(reason)));
        let body = answer.json();
        let text = |name: &str| body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str);
        match answer.status {
            200 => match body.as_ref().and_then(|body| identity(body, token)) {
                Some(identity) => Seen { liveness: live(None), identity: Some(identity) },
                None => unproved(self, answer, false),
            },
            401 if text("message") == Some("401 Unauthorized") => dead("401 Unauthorized"),
            401 if text("error") == Some("invalid_token") => {
                let said = text("error_description").unwrap_or_default();
                match ENDED.iter().find(|(words, _)| said.starts_with(words)) {
                    Some((_, word)) => dead(&format!("invalid_token: {word}")),
                    None => unproved(self, answer, true),
                }
            }
            // It is let in, and may not ask (RFC 6750, 3.1).
            403 if text("error") == Some("insufficient_scope") => Seen::only(live(Some("insufficient_scope"))),
            _ => unproved(self, answer, text("message").or(text("error")).is_some()),
        }
    }

    fn may_be(&self, token: &Secret, id: &Id) -> bool {
        let token = token.expose().trim();
        match id.kind() {
            "deploy-token" => token.starts_with("gldt-"),
            "trigger" => token.starts_with("glptt-"),
            kind => token.starts_with("glpat-") && KINDS.contains(&kind),
        }
    }

    fn names(&self, identity: &Identity, credential: &Credential) -> Option<bool> {
        let number = credential.id.rest().rsplit(':').next().unwrap_or_default();
        Some(KINDS.contains(&credential.id.kind()) && number == identity.what)
    }
}

/// The token's own record. Without its number and its state it is somebody else's answer.
fn identity(body: &Value, token: &Secret) -> Option<Identity> {
    let number = body.get("id")?.as_u64()?;
    let (active, revoked) = (body.get("active")?.as_bool()?, body.get("revoked")?.as_bool()?);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    Some(Identity {
        what: number.to_string(),
        name: text("name").and_then(|name| told(name, token)),
        status: match (active, revoked) {
            (_, true) => Status::Revoked,
            (true, false) => Status::Active,
            (false, false) => Status::Inactive,
        },
        created_at: text("created_at").and_then(|at| at.parse().ok()),
        // A day, at whose beginning (UTC) it ends.
        expires_at: text("expires_at").and_then(|day| format!("{day}T00:00:00Z").parse::<Timestamp>().ok()),
        ..Identity::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_tokens() {
        let seen = Identity { what: "77".into(), ..Identity::default() };
        for (id, named) in [
            ("gitlab:project-token:acme/shop:77", true),
            ("gitlab:personal-token:alice:77", true),
            ("gitlab:token:77", true),
            ("gitlab:project-token:acme/shop:78", false),
            ("gitlab:deploy-token:acme/shop:77", false),
            ("gitlab:personal-token:alice:177", false),
        ] {
            assert_eq!(Gitlab.names(&seen, &Credential::bare(Id::new(id))), Some(named), "{id}");
        }
        assert_eq!(Gitlab.base("https://gitlab.example.com/"), "https://gitlab.example.com/api/v4");
        assert_eq!(Gitlab.base("https://x/gitlab/api/v4"), "https://x/gitlab/api/v4");
    }
}
