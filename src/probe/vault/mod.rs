//! Vault and OpenBao: `auth/token/lookup-self` with the token at hand, and what the answers of both look-ups (this one, and the
//! auditor's by accessor) prove. Whether this server is the token's issuer is the caller's to know.

mod server;
mod wire;

use vaultrs::api::token::responses::LookupTokenResponse;

use crate::model::inventory::{Liveness, LivenessState};
use crate::net;
use crate::probe::observed;
use crate::secret::Secret;

pub use server::{Failure, Keys, Server};

/// How the probe is called in evidence.
pub const METHOD: &str = "vault lookup-self";

/// A server. Its `Debug` holds no token: none is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `https://vault.example.com:8200`.
    pub address: String,
    /// The namespace, for Vault Enterprise and OpenBao.
    pub namespace: Option<String>,
    /// Further roots, as PEM text.
    pub ca: Option<Vec<u8>>,
}

impl Place {
    /// `host` or `host:port`, as tenants name a server.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let url = url::Url::parse(&self.address).ok()?;
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
    }
}

/// Looks the token up with itself: whether it lives, and what the server says of it. One request, never repeated: a token may be
/// made for a number of uses.
pub async fn probe(place: &Place, token: &Secret) -> (Liveness, Option<LookupTokenResponse>) {
    let answer = match Server::new(place, token, net::CALL) {
        Ok(server) => server.get(&["auth", "token", "lookup-self"]).await,
        Err(reason) => Err(Failure::Silent(reason)),
    };
    match answer {
        Ok(answer) => (observed(LivenessState::Live, METHOD, None), Some(answer)),
        Err(failure) => {
            let mut seen = judge(&failure, METHOD, invalid_token);
            if seen.state == LivenessState::Dead && strayed(token.expose().trim(), place) {
                let reason = "the token is of a namespace, and none is configured";
                seen = observed(LivenessState::Unknown, METHOD, Some(reason));
            }
            (seen, None)
        }
    }
}

/// Whether a token or accessor is of a namespace (both end in the namespace's id then, behind a dot), and none is configured:
/// a server may then refuse a token that lives.
#[must_use]
pub fn strayed(token: &str, place: &Place) -> bool {
    let known = ["s.", "b.", "r.", "hvs.", "hvb.", "hvr."];
    let bare = known.iter().find_map(|prefix| token.strip_prefix(prefix)).unwrap_or(token);
    bare.contains('.') && place.namespace.is_none()
}

/// What an error proves: dead only where `dead` finds documented words in the server's own JSON answer.
#[must_use]
pub fn judge(failure: &Failure, method: &str, dead: fn(u16, &[String]) -> Option<&'static str>) -> Liveness {
    match failure {
        Failure::Answer { code, errors } => match dead(*code, errors) {
            Some(word) => observed(LivenessState::Dead, method, Some(word)),
            None if *code == 403 => observed(LivenessState::Unknown, method, Some("a policy denies the look-up")),
            None => observed(LivenessState::Unknown, method, Some(&format!("HTTP {code}"))),
        },
        Failure::Foreign(code) => {
            observed(LivenessState::Unknown, method, Some(&format!("HTTP {code}, not an answer of Vault")))
        }
        Failure::Silent(reason) => observed(LivenessState::Unknown, method, Some(reason)),
    }
}

/// The words of a `lookup-self` that say "no such token". Status and "permission denied" are also what a policy's denial gives, for
/// a token made with `no_default_policy`, which lives. The difference is in the form: a denial is a list of errors with one entry
/// ("1 error occurred: …"), an unknown token the bare words (OpenBao 2.x, Vault before 1.15: `checkToken` returns before any policy is
/// looked at) or the same list with "invalid token" beside it (Vault since then).
#[must_use]
pub fn invalid_token(code: u16, errors: &[String]) -> Option<&'static str> {
    if code != 403 {
        return None;
    }
    if let [only] = errors
        && only == "permission denied"
    {
        return Some("permission denied");
    }
    let said = lines(errors);
    let whole = said.iter().all(|line| matches!(*line, "permission denied" | "invalid token" | "bad token"));
    (whole && said.iter().any(|line| *line != "permission denied")).then_some("invalid token")
}

/// The words of a `lookup-accessor` that say "no such token".
#[must_use]
pub fn invalid_accessor(code: u16, errors: &[String]) -> Option<&'static str> {
    if !matches!(code, 400 | 403 | 404) {
        return None;
    }
    let known = ["invalid accessor", "bad token", "invalid token", "token not found"];
    match lines(errors).as_slice() {
        [only] => known.into_iter().find(|word| word == only),
        _ => None,
    }
}

/// The errors themselves, without the list's head and marks.
fn lines(errors: &[String]) -> Vec<&str> {
    let head = |line: &&str| !(line.ends_with(" occurred:") && line.starts_with(|c: char| c.is_ascii_digit()));
    let all = errors.iter().flat_map(|error| error.lines()).map(|line| line.trim().trim_start_matches("* "));
    all.filter(|line| !line.is_empty()).filter(head).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(code: u16, errors: &[&str]) -> Option<&'static str> {
        invalid_token(code, &errors.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_unknown_token_and_a_policys_denial_differ() {
        assert_eq!(token(403, &["permission denied"]), Some("permission denied"));
        let since_1_15 = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";
        assert_eq!(token(403, &[since_1_15]), Some("invalid token"));
        assert_eq!(token(403, &["1 error occurred:\n\t* permission denied\n\n"]), None);
        for (code, errors) in [
            (403, vec![]),
            (403, vec!["permission denied by the company's firewall"]),
            (403, vec!["permission denied", "blocked"]),
            (403, vec!["2 errors occurred:\n\t* blocked\n\t* invalid token\n\n"]),
            (404, vec!["permission denied"]),
            (503, vec!["permission denied"]),
        ] {
            assert_eq!(token(code, &errors), None, "{code} {errors:?}");
        }
    }

    #[test]
    fn an_unknown_accessor() {
        let gone = |code, error: &str| invalid_accessor(code, &[error.to_owned()]);
        assert_eq!(gone(400, "1 error occurred:\n\t* invalid accessor\n\n"), Some("invalid accessor"));
        assert_eq!(gone(403, "invalid accessor"), Some("invalid accessor"));
        assert_eq!(gone(403, "1 error occurred:\n\t* permission denied\n\n"), None);
        assert_eq!(gone(500, "1 error occurred:\n\t* cannot lookup token in different namespace\n\n"), None);
        assert_eq!(gone(404, "namespace not found"), None);
        assert_eq!(gone(400, "no accessor, invalid accessor"), None);
    }

    #[test]
    fn tokens_of_namespaces() {
        let root = Place { address: "https://v".into(), namespace: None, ca: None };
        let child = Place { namespace: Some("ns1".into()), ..root.clone() };
        assert!(strayed("s.7aV1SMthbAe7ctApPVGUGgcL.hWwTfn", &root));
        assert!(strayed("Ors11SAVDyqfaB3mvpLi730U.hWwTfn", &root));
        assert!(!strayed("s.7aV1SMthbAe7ctApPVGUGgcL.hWwTfn", &child));
        assert!(!strayed("s.7aV1SMthbAe7ctApPVGUGgcL", &root));
        assert!(!strayed("Ors11SAVDyqfaB3mvpLi730U", &root));
    }
}
