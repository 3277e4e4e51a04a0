//! Slack tokens: `auth.test` names team and user or bot, and needs no scope. Slack answers 200 with `ok: false` and an error code
//! ("auth.test": response, errors). Refresh and app-level tokens are not for it.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::Value;

use crate::model::inventory::{Credential, LivenessState, Status};
use crate::secret::Secret;

use super::guard::{Answer, Ask};
use super::{Identity, Probe, Seen, Service, observed, same, told, unproved};

/// The probe.
#[derive(Debug, Clone, Copy)]
pub struct Slack;

/// The codes of tokens that do not work any more. `invalid_auth` is none of them: it is also what a good token gets from an address that
/// is not allowed (Slack API, `auth.test`, "Errors").
const ENDED: [&str; 3] = ["token_revoked", "account_inactive", "token_expired"];

impl Probe for Slack {
    fn provider(&self) -> &'static str {
        "slack"
    }

    fn method(&self) -> &'static str {
        "Slack auth.test"
    }

    fn service(&self) -> Service<'_> {
        Service { public: Some("https://slack.com/api"), variables: &[], roots: None, many: false }
    }

    fn base(&self, address: &str) -> String {
        let address = address.trim_end_matches('/');
        if address.ends_with("/api") { address.to_owned() } else { format!("{address}/api") }
    }

    fn ask(&self, token: &Secret) -> Result<Ask, &'static str> {
        let text = token.expose().trim();
        if text.starts_with("xoxe-") {
            return Err("a refresh token: only using it up would tell");
        }
        if text.starts_with("xapp-") {
            return Err("an app-level token: no read-only endpoint tells of it");
        }
        Ask::new(Method::POST, "auth.test").with(ACCEPT, "application/json").authorized(AUTHORIZATION, "Bearer ", token)
    }

    fn judge(&self, token: &Secret, answer: &Answer) -> Seen {
        let body = answer.json();
        let ok = body.as_ref().and_then(|body| body.get("ok")).and_then(Value::as_bool);
        let text = |name: &str| body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str);
        let kept = |name: &str| text(name).and_then(|text| told(text, token));
        match (answer.status, ok) {
            (200, Some(true)) => {
                let (team, who) = (kept("team_id"), kept("bot_id").or_else(|| kept("user_id")));
                let (Some(team), Some(who)) = (team, who) else { return unproved(self, answer, false) };
                let domain = kept("url").and_then(|url| {
                    let url = url::Url::parse(&url).ok()?;
                    url.host_str()?.strip_suffix(".slack.com").map(str::to_owned)
                });
                let identity = Identity {
                    what: format!("{team}/{who}"),
                    name: kept("user"),
                    aliases: ["team", "user_id"].iter().filter_map(|name| kept(name)).chain(domain).collect(),
                    account: Some(team),
                    status: Status::Active,
                    ..Identity::default()
                };
                Seen { liveness: observed(LivenessState::Live, self.method(), None), identity: Some(identity) }
            }
            (200, Some(false)) => {
                let code = text("error").unwrap_or_default();
                match ENDED.iter().find(|ended| **ended == code) {
                    Some(code) => Seen::only(observed(LivenessState::Dead, self.method(), Some(code))),
                    None => {
                        let shown = code.len() <= 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                        let reason = if shown && !code.is_empty() { code } else { "an error without a code" };
                        Seen::only(observed(LivenessState::Unknown, self.method(), Some(reason)))
                    }
                }
            }
            _ => unproved(self, answer, ok.is_some()),
        }
    }

    fn names(&self, identity: &Identity, credential: &Credential) -> Option<bool> {
        let rest = credential.id.rest();
        let Some((team, who)) = rest.split_once('/') else { return Some(same(rest, &identity.what)) };
        // People write names where Slack gives ids.
        let own = identity.account.iter().chain(&identity.aliases);
        let bot = identity.what.split_once('/').map(|(_, bot)| bot.to_owned());
        let mut whose = own.clone().chain(&identity.name).chain(&bot);
        Some(own.clone().any(|name| same(team, name)) && whose.any(|name| same(who, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;

    #[test]
    fn ids_and_names() {
        let seen = Identity {
            what: "T1/B2".into(),
            name: Some("deploybot".into()),
            aliases: vec!["Acme Inc".into(), "U3".into()],
            account: Some("T1".into()),
            ..Identity::default()
        };
        for (id, named) in [
            ("slack:token:T1/B2", true),
            ("slack:token:T1/U3", true),
            ("slack:token:Acme%20Inc/deploybot", true),
            ("slack:token:T1/B3", false),
            ("slack:token:T2/B2", false),
        ] {
            assert_eq!(Slack.names(&seen, &Credential::bare(Id::new(id))), Some(named), "{id}");
        }
        assert_eq!(Slack.base("https://slack-gov.com/"), "https://slack-gov.com/api");
    }
}
