//! What carries requests to one server: rustify's client, which vaultrs' typed requests run on, over our own guards. It adds no
//! credential of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use rustify::errors::ClientError;
use url::Url;

use crate::net;
use crate::net::api::{Answer, Api, Limits, Meter, NoAnswer};

/// How requests are made.
enum Way {
    /// Each once, whatever comes of it.
    Once(reqwest::Client),
    /// With bounded repetitions, and waiting for limits.
    Guarded(Box<Api>),
}

/// The way to one server.
pub(super) struct Wire {
    way: Way,
    /// The address with its path, which ends in a slash.
    base: Url,
    /// The same without its path: vaultrs puts `v1` before every path, so that the address' own must come later.
    origin: String,
}

impl Wire {
    pub(super) fn once(address: &str, ca: Option<&[u8]>, timeout: Duration) -> Result<Self, String> {
        let base = base(address)?;
        net::install_crypto();
        let client = net::client(timeout, base.scheme() == "http", ca)?;
        Ok(Self { origin: origin(&base), way: Way::Once(client), base })
    }

    pub(super) fn guarded(address: &str, ca: Option<&[u8]>, limits: Limits) -> Result<Self, String> {
        let base = base(address)?;
        let api = Api::new(base.as_str(), ca, limits, None)?;
        Ok(Self { origin: origin(&base), way: Way::Guarded(Box::new(api)), base })
    }

    pub(super) fn meter(&self) -> Option<Arc<Meter>> {
        match &self.way {
            Way::Once(_) => None,
            Way::Guarded(api) => Some(api.meter()),
        }
    }

    pub(super) fn waited(&self) -> Duration {
        match &self.way {
            Way::Once(_) => Duration::ZERO,
            Way::Guarded(api) => api.waited(),
        }
    }

    async fn carry(&self, request: Request<Vec<u8>>) -> Result<Answer, NoAnswer> {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        for value in headers.values_mut() {
            // A header that is marked is left out of what libraries log.
            value.set_sensitive(true);
        }
        if !body.is_empty() {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let path = parts.uri.path_and_query().map_or("", |path| path.as_str()).trim_start_matches('/');
        let mut url = self.base.join(path).map_err(|_| NoAnswer::Elsewhere)?;
        // A proxy may not know the verb; the parameter is documented as the same ("API: LIST").
        let listing = parts.method.as_str() == "LIST";
        if listing {
            url.query_pairs_mut().append_pair("list", "true");
        }
        let method = if listing { Method::GET } else { parts.method };
        match &self.way {
            Way::Guarded(api) => {
                let url = api.url(url.as_str())?;
                api.call(method, url, headers, Bytes::from(body)).await
            }
            Way::Once(client) => {
                let request = client.request(method, url).headers(headers).body(body);
                let answer = request.send().await.map_err(|error| NoAnswer::Silent(net::reason(&error).to_owned()))?;
                let (status, headers) = (answer.status(), answer.headers().clone());
                let body = net::body(answer).await.map_err(NoAnswer::Silent)?;
                Ok(Answer { status, headers, body: body.into() })
            }
        }
    }
}

#[async_trait]
impl rustify::client::Client for Wire {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ClientError> {
        let answer = self.carry(request).await.map_err(|reason| ClientError::GenericError { source: reason.into() })?;
        let mut response = Response::new(Vec::from(answer.body));
        *response.status_mut() = answer.status;
        Ok(response)
    }

    fn base(&self) -> &str {
        &self.origin
    }
}

fn base(address: &str) -> Result<Url, String> {
    let mut url = Url::parse(address).map_err(|_| "the address is no URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("the address is no http or https URL".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a user or password: name the token's variable instead".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address with a query is not supported".to_owned());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn origin(base: &Url) -> String {
    let mut url = base.clone();
    url.set_path("/");
    url.to_string()
}
