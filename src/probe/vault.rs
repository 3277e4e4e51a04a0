//! Vault and OpenBao: `auth/token/lookup-self` with the token at hand. The `default` policy allows it, so that a 403 means a dead
//! token, unless the token was made with `no_default_policy` (API documentation, "Token auth method"). Whether this server is the
//! token's issuer is the caller's to know.

use std::time::Duration;

use vaultrs::api::token::responses::LookupTokenResponse;
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;

use crate::model::inventory::{Liveness, LivenessState};
use crate::net;
use crate::probe::observed;
use crate::secret::Secret;

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

/// A client for that server and token.
///
/// # Errors
/// Where the address is no HTTP address, or the token cannot be a token; the message holds no value.
pub fn client(place: &Place, token: &Secret, timeout: Duration) -> Result<VaultClient, String> {
    let url = url::Url::parse(&place.address).map_err(|_| "the address is no URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("the address is no http or https URL".to_owned());
    }
    if url.path() != "/" {
        // vaultrs loses a prefix: it would ask another place.
        return Err("an address with a path is not supported".to_owned());
    }
    let token = token.expose().trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the token has characters that no token has".to_owned());
    }
    net::install_crypto();
    // Everything is passed explicitly: vaultrs would read VAULT_* on its own.
    let settings = VaultClientSettingsBuilder::default()
        .address(url.as_str().trim_end_matches('/'))
        .token(token)
        .timeout(Some(timeout))
        .verify(true)
        .ca_certs(Vec::new())
        .namespace(place.namespace.clone())
        .build()
        .map_err(|_| "the settings do not fit".to_owned())?;
    let mut client = VaultClient::new(settings).map_err(|_| "the client cannot be made".to_owned())?;
    client.http.http = net::client(timeout, url.scheme() == "http", place.ca.as_deref())?;
    Ok(client)
}

/// Looks the token up with itself: whether it lives, and what the server says of it.
pub async fn probe(place: &Place, token: &Secret) -> (Liveness, Option<LookupTokenResponse>) {
    let client = match client(place, token, net::CALL) {
        Ok(client) => client,
        Err(reason) => return (observed(LivenessState::Unknown, METHOD, Some(&reason)), None),
    };
    match tokio::time::timeout(net::CALL, vaultrs::token::lookup_self(&client)).await {
        Err(_) => (observed(LivenessState::Unknown, METHOD, Some("timed out")), None),
        Ok(Ok(answer)) => (observed(LivenessState::Live, METHOD, None), Some(answer)),
        Ok(Err(error)) => {
            (judge(&error, METHOD, &["permission denied", "bad token", "invalid token", "token not found"]), None)
        }
    }
}

/// What an error proves: dead only for Vault's own JSON answer with one of the documented words.
#[must_use]
pub fn judge(error: &ClientError, method: &str, dead: &[&str]) -> Liveness {
    match error {
        ClientError::APIError { code: code @ (400 | 403 | 404), errors } => {
            let said = |word: &&&str| errors.iter().any(|error| error.to_ascii_lowercase().contains(**word));
            match dead.iter().find(said) {
                Some(word) => observed(LivenessState::Dead, method, Some(word)),
                None => observed(LivenessState::Unknown, method, Some(&format!("HTTP {code}"))),
            }
        }
        ClientError::APIError { code, .. } => observed(LivenessState::Unknown, method, Some(&format!("HTTP {code}"))),
        ClientError::RestClientError { .. } => {
            observed(LivenessState::Unknown, method, Some("no connection, or not an answer of Vault"))
        }
        _ => observed(LivenessState::Unknown, method, Some("not an answer of Vault")),
    }
}
