//! The HTTP client that AWS' SDK is given, over the shared layer: bounded answers, a deadline on every call, no redirect, throttling
//! waited for with a cap, requests counted. It knows AWS' protocols, and no service.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::pause::Pause;

/// How often throttling is waited for in one call.
const MOST_PAUSES: u32 = 4;

/// How long an answer may be in which a word of throttling is looked for, in bytes.
const MOST_ERROR_BYTES: usize = 64 * 1024;

/// How a service says that it was asked too often (each service's API reference, "Common errors"), in every protocol.
const THROTTLED: &[&[u8]] = &[b"Throttl", b"TooManyRequests", b"RequestLimitExceeded", b"SlowDown"];

/// What the SDK is to call with. Clones share their connections, their pauses and their count.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tls: OnceLock<Option<reqwest::Client>>,
    plain: OnceLock<Option<reqwest::Client>>,
    pause: Pause,
    requests: AtomicU64,
    most_bytes: usize,
}

impl Client {
    /// A client that waits for throttling for `max_wait` in total, and reads answers of `most_bytes` at the most.
    #[must_use]
    pub fn new(max_wait: Duration, most_bytes: usize) -> Self {
        Self(Arc::new(Inner {
            tls: OnceLock::new(),
            plain: OnceLock::new(),
            pause: Pause::new(max_wait),
            requests: AtomicU64::new(0),
            most_bytes,
        }))
    }

    /// Requests made so far, repeated ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// How long was waited for throttling.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.0.pause.spent()
    }
}

/// How the SDK repeats calls; throttling is waited for here, before the SDK hears of it.
#[must_use]
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(super::ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(200))
        .with_max_backoff(Duration::from_secs(2))
}

/// No deadlines of the SDK's own: every call has one here, which does not count the waiting for a limit.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::disabled()
}

impl HttpClient for Client {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Client {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move { inner.call(request).await })
    }
}

/// A request in the shared layer's words.
struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Inner {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = translate(&request).ok_or_else(|| refused("the request cannot be made"))?;
        let mut pauses = 0;
        loop {
            self.pause.over().await;
            let (status, headers, body) = self.once(&call).await?;
            let wait = throttled(status, &headers, &body, pauses);
            if let Some(wait) = wait
                && pauses < MOST_PAUSES
                && self.pause.put_off(wait).is_ok()
            {
                pauses += 1;
                continue;
            }
            return answer(status, &headers, body).ok_or_else(|| refused("not an HTTP answer"));
        }
    }

    async fn once(&self, call: &Call) -> Result<(u16, HeaderMap, Vec<u8>), ConnectorError> {
        let plain = call.url.scheme() == "http";
        let slot = if plain { &self.plain } else { &self.tls };
        let client = slot.get_or_init(|| super::client(super::CALL, plain, None).ok());
        let client = client.as_ref().ok_or_else(|| refused("the HTTP client cannot be built"))?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let request = client
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone())
            .body(call.body.clone())
            .send();
        let answer = request.await.map_err(|error| failed(super::reason(&error)))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = super::body_of(answer, self.most_bytes).await.map_err(|reason| failed(&reason))?;
        Ok((status, headers, body))
    }
}

fn translate(request: &HttpRequest) -> Option<Call> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(matches!(name.as_str(), "authorization" | "x-amz-security-token"));
        headers.append(name, value);
    }
    // The signature does not cover it (Signature Version 4): every call says who makes it.
    headers.insert(reqwest::header::USER_AGENT, HeaderValue::from_str(&super::user_agent()).ok()?);
    Some(Call {
        method: Method::from_bytes(request.method().as_bytes()).ok()?,
        url: Url::parse(request.uri()).ok()?,
        headers,
        body: Bytes::copy_from_slice(request.body().bytes()?),
    })
}

fn answer(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Option<HttpResponse> {
    let mut response = HttpResponse::new(StatusCode::try_from(status).ok()?, SdkBody::from(body));
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            let _ = response.headers_mut().try_append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Some(response)
}

/// How long to wait, where the answer says that it was asked too often. AWS names no time as a rule: each wait is twice the last.
fn throttled(status: u16, headers: &HeaderMap, body: &[u8], pauses: u32) -> Option<Duration> {
    let words =
        || body.len() <= MOST_ERROR_BYTES && THROTTLED.iter().any(|word| memchr::memmem::find(body, word).is_some());
    let limited = status == 429 || matches!(status, 400 | 503) && words();
    let told = headers.get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    limited.then(|| told.map_or_else(|| Duration::from_secs(1 << pauses.min(5)), Duration::from_secs))
}

/// An error that a second try may mend.
fn failed(reason: &str) -> ConnectorError {
    match reason {
        "timed out" => ConnectorError::timeout(reason.into()),
        super::TOO_LONG => refused(reason),
        _ => ConnectorError::io(reason.into()),
    }
}

/// An error that no second try mends.
fn refused(reason: &str) -> ConnectorError {
    ConnectorError::user(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_asked_too_often() {
        let none = HeaderMap::new();
        let of = |status: u16, body: &str, pauses: u32| {
            throttled(status, &none, body.as_bytes(), pauses).map(|wait| wait.as_secs())
        };
        assert_eq!(of(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", 0), Some(1));
        assert_eq!(of(400, "{\"__type\":\"ThrottlingException\"}", 3), Some(8));
        assert_eq!(of(400, "{\"__type\":\"TooManyRequestsException\"}", 40), Some(32));
        assert_eq!(of(429, "", 0), Some(1));
        assert_eq!(of(400, "{\"__type\":\"ValidationException\"}", 0), None);
        assert_eq!(of(403, "<Code>AccessDenied</Code> ThrottlingPolicy", 0), None);
        assert_eq!(of(200, "Throttling", 0), None);
        let told = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, HeaderValue::from_static("7"))]);
        assert_eq!(throttled(429, &told, b"", 0), Some(Duration::from_secs(7)));
    }
}
