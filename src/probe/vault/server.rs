//! One server, seen with one token. Requests are vaultrs' typed ones, or plain reads; what carries them stands in `wire`. Errors hold
//! the server's own error words, or ours; never another body.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use rustify::endpoint::Endpoint;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use vaultrs::api::{AuthInfo, EndpointError, EndpointMiddleware, EndpointResult};

use crate::net::api::{Limits, Meter, NoAnswer};
use crate::probe::vault::Place;
use crate::secret::Secret;

use super::wire::Wire;

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

    /// Whether it is how Vault says that nothing is there: 404 with an empty list of errors (API documentation, "HTTP status codes").
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Answer { code: 404, errors } if errors.is_empty())
    }
}

/// A server with a token. It has no `Debug`: vaultrs' middleware would show the token.
pub struct Server {
    wire: Arc<Wire>,
    middle: EndpointMiddleware,
}

/// A list of names, as every LIST answers.
#[derive(Deserialize)]
pub struct Keys {
    /// The names; those of folders end in a slash.
    pub keys: Vec<String>,
}

impl Server {
    /// For one request with a suspect's token: never repeated, read to [`crate::net::MOST_BYTES`], redirects not followed.
    ///
    /// # Errors
    /// Where the address is no HTTP address, or the token cannot be a token; the message holds no value.
    pub fn new(place: &Place, token: &Secret, timeout: Duration) -> Result<Self, String> {
        let wire = Wire::once(&place.address, place.ca.as_deref(), timeout)?;
        Self::over(wire, place.namespace.as_deref())?.with_token(token)
    }

    /// For an auditor, over the guarded transport. It has no token yet.
    ///
    /// # Errors
    /// Where the address is no HTTP address.
    pub fn guarded(place: &Place, limits: Limits) -> Result<Self, String> {
        let wire = Wire::guarded(&place.address, place.ca.as_deref(), limits)?;
        Self::over(wire, place.namespace.as_deref())
    }

    fn over(wire: Wire, namespace: Option<&str>) -> Result<Self, String> {
        let middle = EndpointMiddleware { token: String::new(), version: "v1".to_owned(), wrap: None, namespace: None };
        Self { wire: Arc::new(wire), middle }.within(namespace)
    }

    /// The same server, with that token.
    ///
    /// # Errors
    /// Where it cannot be a token.
    pub fn with_token(&self, token: &Secret) -> Result<Self, String> {
        let token = token.expose().trim();
        if !sendable(token) {
            return Err("the token has characters that no token has".to_owned());
        }
        let middle = EndpointMiddleware { token: token.to_owned(), ..self.middle.clone() };
        Ok(Self { wire: Arc::clone(&self.wire), middle })
    }

    /// The same server and token, in that namespace.
    ///
    /// # Errors
    /// Where it cannot be a namespace.
    pub fn within(&self, namespace: Option<&str>) -> Result<Self, String> {
        let namespace = namespace.map(|namespace| namespace.trim_matches('/'));
        // vaultrs panics on what no header can hold.
        if namespace.is_some_and(|namespace| !sendable(namespace)) {
            return Err("the namespace has characters that no namespace has".to_owned());
        }
        let middle = EndpointMiddleware { namespace: namespace.map(str::to_owned), ..self.middle.clone() };
        Ok(Self { wire: Arc::clone(&self.wire), middle })
    }

    /// What was done; nothing is counted of single requests.
    #[must_use]
    pub fn meter(&self) -> Option<Arc<Meter>> {
        self.wire.meter()
    }

    /// How long limits have put off calls in total.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.wire.waited()
    }

    /// Makes one of vaultrs' typed requests.
    ///
    /// # Errors
    /// Where the answer is an error, is not Vault's, or does not come.
    pub async fn ask<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Failure> {
        let answer = endpoint.with_middleware(&self.middle).exec(&*self.wire).await.map_err(failure)?;
        let status = answer.response.status().as_u16();
        let whole: Option<EndpointResult<E::Response>> = answer.wrap().ok();
        whole.and_then(|whole| whole.data).ok_or(Failure::Foreign(status))
    }

    /// Makes one of vaultrs' requests that log in.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub async fn login<E: Endpoint<Response = ()>>(&self, endpoint: E) -> Result<AuthInfo, Failure> {
        let answer = endpoint.with_middleware(&self.middle).exec(&*self.wire).await.map_err(failure)?;
        let status = answer.response.status().as_u16();
        let whole: Option<EndpointResult<()>> = answer.wrap().ok();
        whole.and_then(|whole| whole.auth).ok_or(Failure::Foreign(status))
    }

    /// Reads one record. `path` stands behind `/v1/`, and is encoded here; segments that are `.` or `..` are the caller's to refuse.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub async fn get<T: DeserializeOwned + Send + Sync>(&self, path: &[&str]) -> Result<T, Failure> {
        self.ask(Read { path: path.join("/"), list: false, gives: PhantomData }).await
    }

    /// Lists a folder; what holds nothing is an empty list.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub async fn list(&self, path: &[&str]) -> Result<Vec<String>, Failure> {
        let read: Read<Keys> = Read { path: path.join("/"), list: true, gives: PhantomData };
        match self.ask(read).await {
            Ok(found) => Ok(found.keys),
            Err(failure) if failure.is_nothing() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }
}

/// A plain read, for what vaultrs has no type of.
struct Read<T> {
    path: String,
    list: bool,
    gives: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send + Sync> Endpoint for Read<T> {
    type Response = T;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        if self.list { RequestMethod::LIST } else { RequestMethod::GET }
    }
}

fn sendable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

fn failure(error: rustify::errors::ClientError) -> Failure {
    match error {
        rustify::errors::ClientError::ServerResponseError { code, content } => {
            said(content.as_deref().unwrap_or_default())
                .map_or(Failure::Foreign(code), |errors| Failure::Answer { code, errors })
        }
        rustify::errors::ClientError::GenericError { source } => match source.downcast::<NoAnswer>() {
            Ok(reason) => Failure::Silent(reason.to_string()),
            Err(_) => Failure::Silent("no answer".to_owned()),
        },
        _ => Failure::Silent("no connection, or not an answer of Vault".to_owned()),
    }
}

/// The error words of an answer; none where it is not Vault's. An auth method answers within `data`.
fn said(body: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Within {
        data: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        error: String,
    }
    if let Ok(answer) = serde_json::from_str::<EndpointError>(body) {
        return Some(answer.errors);
    }
    serde_json::from_str::<Within>(body).ok().map(|answer| vec![answer.data.error])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_errors() {
        assert_eq!(said("{\"errors\":[\"a\",\"b\"]}"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(said("{\"data\":{\"error\":\"failed\"}}"), Some(vec!["failed".to_owned()]));
        for body in ["", "<html>", "{}", "{\"data\":{}}", "{\"errors\":\"permission denied\"}", "[]"] {
            assert_eq!(said(body), None, "{body}");
        }
    }
}
