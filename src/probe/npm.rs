//! npm tokens: `GET /-/whoami` names the user (npm CLI, "npm whoami"; the registry's "Get the current user's username"). Which
//! registry is asked only the configuration says (`endpoints:`): there are many, and a form names none.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::Value;

use crate::model::inventory::{Credential, LivenessState, Status};
use crate::secret::Secret;

use super::guard::{Answer, Ask};
use super::{Identity, Probe, Seen, Service, observed, same, told, unproved};

/// The probe.
#[derive(Debug, Clone, Copy)]
pub struct Npm;

impl Probe for Npm {
    fn provider(&self) -> &'static str {
        "npm"
    }

    fn method(&self) -> &'static str {
        "npm whoami"
    }

    fn service(&self) -> Service<'_> {
        Service { public: None, variables: &[], roots: None, many: false }
    }

    fn ask(&self, token: &Secret) -> Result<Ask, &'static str> {
        Ask::new(Method::GET, "-/whoami").with(ACCEPT, "application/json").authorized(AUTHORIZATION, "Bearer ", token)
    }

    fn judge(&self, token: &Secret, answer: &Answer) -> Seen {
        let body = answer.json();
        match answer.status {
            200 => {
                let name = body.as_ref().and_then(|body| body.get("username")).and_then(Value::as_str);
                let Some(name) = name.and_then(|name| told(name, token)) else {
                    return unproved(self, answer, false);
                };
                let identity =
                    Identity { what: name.clone(), owner: Some(name), status: Status::Active, ..Identity::default() };
                Seen { liveness: observed(LivenessState::Live, self.method(), None), identity: Some(identity) }
            }
            401 if body.as_ref().is_some_and(is_own) => {
                Seen::only(observed(LivenessState::Dead, self.method(), Some("HTTP 401")))
            }
            _ => unproved(self, answer, body.as_ref().is_some_and(is_own)),
        }
    }

    fn names(&self, identity: &Identity, credential: &Credential) -> Option<bool> {
        Some(same(credential.id.rest(), &identity.what))
    }
}

/// Whether an error is in the registry's own form: an object with a `message` or `error` in words, or with nothing. Gateways before
/// it have forms of their own (`errors`, `status`).
fn is_own(body: &Value) -> bool {
    let Some(fields) = body.as_object() else { return false };
    fields.iter().all(|(name, value)| matches!(name.as_str(), "message" | "error") && value.is_string())
}
