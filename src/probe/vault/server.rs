//! One server and one token. Requests go through vaultrs, over the shared client; those that a suspect's own token makes are read
//! with a limit, for nobody knows who answers them. Errors hold the server's own error words, or ours; never another body.

use std::time::Duration;

use serde::de::DeserializeOwned;
use vaultrs::api::{EndpointError, EndpointResult};
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;

use crate::net;
use crate::probe::vault::Place;
use crate::secret::Secret;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An error in the form that Vault documents, with its words.
    Answer {
        /// The status.
        code: u16,
        /// The words.
        errors: Vec<String>,
    },
    /// An answer that is none of Vault's, and its status: a firewall's page, a redirect, another program.
    Foreign(u16),
    /// No answer, and why.
    Silent(String),
}

impl Failure {
    /// In words, without the server's.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Answer { code: 403, .. } => "permission denied".to_owned(),
            Self::Answer { code, .. } => format!("HTTP {code}"),
            Self::Foreign(code) => format!("HTTP {code}, not an answer of Vault"),
            Self::Silent(reason) => reason.clone(),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::APIError { code, errors } => Self::Answer { code, errors },
            _ => Self::Silent("no connection, or not an answer of Vault".to_owned()),
        }
    }
}

/// A server with a token. It has no `Debug`: vaultrs' client would show the token.
pub struct Server {
    client: VaultClient,
    base: String,
}

impl Server {
    /// A client for that server and token.
    ///
    /// # Errors
    /// Where the address is no HTTP address, or the token cannot be a token; the message holds no value.
    pub fn new(place: &Place, token: &Secret, timeout: Duration) -> Result<Self, String> {
        let url = url::Url::parse(&place.address).map_err(|_| "the address is no URL".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("the address is no http or https URL".to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            // vaultrs loses a prefix: it would ask another place.
            return Err("an address with a path is not supported".to_owned());
        }
        // vaultrs panics on what no header can hold.
        let sendable = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let token = token.expose().trim();
        if !sendable(token) {
            return Err("the token has characters that no token has".to_owned());
        }
        if place.namespace.as_deref().is_some_and(|namespace| !sendable(namespace)) {
            return Err("the namespace has characters that no namespace has".to_owned());
        }
        net::install_crypto();
        let base = url.as_str().trim_end_matches('/').to_owned();
        // Everything is passed explicitly: vaultrs would read VAULT_* on its own.
        let settings = VaultClientSettingsBuilder::default()
            .address(&base)
            .token(token)
            .timeout(Some(timeout))
            .verify(true)
            .ca_certs(Vec::new())
            .namespace(place.namespace.clone())
            .build()
            .map_err(|_| "the settings do not fit".to_owned())?;
        let mut client = VaultClient::new(settings).map_err(|_| "the client cannot be made".to_owned())?;
        client.http.http = net::client(timeout, url.scheme() == "http", place.ca.as_deref())?;
        Ok(Self { client, base })
    }

    /// For vaultrs' typed calls.
    #[must_use]
    pub fn client(&self) -> &VaultClient {
        &self.client
    }

    /// Reads one record; an answer longer than [`net::MOST_BYTES`] is none. `path` stands behind `/v1/`, and is encoded here.
    ///
    /// # Errors
    /// Where the answer is an error, is not Vault's, or does not come.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        let mut url = url::Url::parse(&self.base).map_err(|_| Failure::Silent("the address is no URL".to_owned()))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("v1").extend(path);
        }
        let middle = &self.client.middle;
        let mut headers = vec![("X-Vault-Request", "true"), ("X-Vault-Token", middle.token.as_str())];
        headers.extend(middle.namespace.as_deref().map(|namespace| ("X-Vault-Namespace", namespace)));
        let mut request = self.client.http.http.get(url);
        for (name, value) in headers {
            let mut value = reqwest::header::HeaderValue::from_str(value)
                .map_err(|_| Failure::Silent("the token has characters that no token has".to_owned()))?;
            // A header that is marked is left out of what libraries log.
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| Failure::Silent(net::reason(&error).to_owned()))?;
        let status = answer.status();
        let body = net::body(answer).await.map_err(Failure::Silent)?;
        if status.is_success() {
            let whole: Option<EndpointResult<T>> = serde_json::from_slice(&body).ok();
            return whole.and_then(|whole| whole.data).ok_or(Failure::Foreign(status.as_u16()));
        }
        match serde_json::from_slice::<EndpointError>(&body) {
            Ok(answer) => Err(Failure::Answer { code: status.as_u16(), errors: answer.errors }),
            Err(_) => Err(Failure::Foreign(status.as_u16())),
        }
    }
}
