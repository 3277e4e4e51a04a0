//! GitLab's REST API, version 4, behind the shared guards: the `gitlab` crate's endpoints over our own transport, and lists read to
//! their end. What the answers mean is not known here.

use async_trait::async_trait;
use bytes::Bytes;
use gitlab::api::{ApiError, AsyncClient, Endpoint, Pageable, RestClient};
use http::request::Builder as RequestBuilder;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::net::api::{Answer, Api, Limits, Meter, NoAnswer, date, next_link};
use crate::secret::Secret;

/// The largest page ("REST API", Pagination).
const PER_PAGE: &str = "100";

/// Pages of one list, at most: 100,000 entries.
const MOST_PAGES: usize = 1000;

/// A server, and who asks it.
pub(crate) struct Client {
    api: Api,
    token: Secret,
    kind: TokenKind,
    /// `gitlab:<host>`, the port with it where it is not the scheme's own.
    tenant: String,
}

/// How a token is presented ("REST API authentication").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A personal, project or group access token: `PRIVATE-TOKEN`.
    Private,
    /// A job's own token: `JOB-TOKEN`. It lists neither variables nor tokens ("CI/CD job token").
    Job,
}

/// Why there is nothing to read. It holds nothing of what the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No answer came.
    NoAnswer(NoAnswer),
    /// A status; `spoken` tells that GitLab's own form of an error came with it, not a page of something in between.
    Status { status: u16, spoken: bool },
    /// Another form than the documented one.
    Form,
}

impl Refusal {
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// In words; `need` is what the token needs for this.
    pub(crate) fn reason(&self, need: &str) -> String {
        match self {
            Self::NoAnswer(reason) => reason.to_string(),
            Self::Status { status: 401, .. } => "HTTP 401: the token is not let in".to_owned(),
            Self::Status { status: 403, .. } => format!("HTTP 403: this needs {need}"),
            Self::Status { status: 404, .. } => {
                format!("HTTP 404: it is not there, or hidden from the token; this needs {need}")
            }
            Self::Status { status, .. } => format!("HTTP {status}"),
            Self::Form => "the answer has another form than GitLab's".to_owned(),
        }
    }
}

/// A list, as far as it was read.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// Why it is not whole.
    pub(crate) broken: Option<String>,
    /// When its first page was given, by GitLab's clock.
    pub(crate) at: Option<Timestamp>,
}

/// GitLab's form of an error: `message` or `error`.
#[derive(Deserialize)]
struct Spoken {
    #[serde(default)]
    message: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

impl Client {
    /// # Errors
    /// As [`Api::new`].
    pub(crate) fn new(
        base: &str,
        token: Secret,
        kind: TokenKind,
        ca: Option<&[u8]>,
        limits: Limits,
    ) -> Result<Self, String> {
        // No cache: the lists of variables carry values, which must not lie in a file.
        let api = Api::new(base, ca, limits, None)?;
        let host = api.base().host_str().unwrap_or_default();
        let port = api.base().port().map(|port| format!(":{port}")).unwrap_or_default();
        let tenant = format!("gitlab:{host}{port}");
        Ok(Self { api, token, kind, tenant })
    }

    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    pub(crate) fn kind(&self) -> TokenKind {
        self.kind
    }

    pub(crate) fn meter(&self) -> std::sync::Arc<Meter> {
        self.api.meter()
    }

    fn headers(&self) -> Result<HeaderMap, NoAnswer> {
        let name = match self.kind {
            TokenKind::Private => HeaderName::from_static("private-token"),
            TokenKind::Job => HeaderName::from_static("job-token"),
        };
        let mut value = HeaderValue::from_str(self.token.expose().trim())
            .map_err(|_| NoAnswer::Silent("the token has characters that no token has".to_owned()))?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(name, value)]))
    }

    /// One object.
    pub(crate) async fn one<T: DeserializeOwned>(&self, endpoint: &(impl Endpoint + Sync)) -> Result<T, Refusal> {
        let url = self.first(endpoint).map_err(Refusal::NoAnswer)?;
        let answer = self.page(&url).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Refusal::Form)
    }

    /// A whole list: pages by `Link` or `X-Next-Page`, each on this host; what arrived is compared with `X-Total`, where that is told.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        endpoint: &(impl Endpoint + Pageable + Sync),
    ) -> Result<Listed<T>, Refusal> {
        self.pages(endpoint, MOST_PAGES).await
    }

    /// The first pages of a list; one that is longer is broken off.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        endpoint: &(impl Endpoint + Pageable + Sync),
        most: usize,
    ) -> Result<Listed<T>, Refusal> {
        let mut url = self.first(endpoint).map_err(Refusal::NoAnswer)?;
        url.query_pairs_mut().append_pair("per_page", PER_PAGE);
        let plain = url.clone();
        if endpoint.use_keyset_pagination() {
            url.query_pairs_mut().append_pair("pagination", "keyset");
        }
        let mut answer = self.page(&url).await;
        if matches!(&answer, Err(Refusal::Status { status: 405, .. })) && url != plain {
            // "Keyset pagination is not yet available for this type of request": then by number.
            url = plain;
            answer = self.page(&url).await;
        }
        let mut answer = answer?;
        let mut listed = Listed { items: read::<T>(&answer.body)?, broken: None, at: date(&answer.headers) };
        for count in 1.. {
            let next = match self.next(&url, &answer.headers) {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(reason) => {
                    listed.broken = Some(reason.to_string());
                    return Ok(listed);
                }
            };
            if count >= most {
                listed.broken = Some(format!("it has more than {most} pages"));
                return Ok(listed);
            }
            let page = self.page(&next).await.and_then(|page| Ok((read::<T>(&page.body)?, page)));
            let (items, page) = match page {
                Ok(page) => page,
                Err(refusal) => {
                    listed.broken = Some(format!("after page {count}: {}", refusal.reason("the same right as before")));
                    return Ok(listed);
                }
            };
            // A server that loses the cursor gives the same page again, or empty ones, for ever.
            if next == url
                || items.is_empty() && self.next(&next, &page.headers) != Ok(None)
                || page.body == answer.body
            {
                listed.broken = Some("its pages go round in circles".to_owned());
                return Ok(listed);
            }
            listed.items.extend(items);
            (url, answer) = (next, page);
        }
        let total = answer.headers.get("x-total").and_then(|total| total.to_str().ok()?.trim().parse::<usize>().ok());
        if let Some(total) = total.filter(|total| *total > listed.items.len()) {
            listed.broken = Some(format!("{} of {total} entries came", listed.items.len()));
        }
        Ok(listed)
    }

    fn first(&self, endpoint: &impl Endpoint) -> Result<Url, NoAnswer> {
        let mut url = match endpoint.url_base().endpoint_for(self, &endpoint.endpoint()) {
            Ok(url) => url,
            Err(ApiError::Client { source }) => return Err(source),
            Err(_) => return Err(NoAnswer::Elsewhere),
        };
        endpoint.parameters().add_to_url(&mut url);
        Ok(url)
    }

    /// The next page's URL, on this host.
    fn next(&self, url: &Url, headers: &HeaderMap) -> Result<Option<Url>, NoAnswer> {
        if let Some(link) = next_link(headers) {
            return self.api.url(&link).map(Some);
        }
        let number = headers.get("x-next-page").and_then(|next| next.to_str().ok()?.trim().parse::<u32>().ok());
        Ok(number.map(|number| {
            let mut next = url.clone();
            let others: Vec<(String, String)> =
                url.query_pairs().filter(|(key, _)| key != "page").map(|(k, v)| (k.into(), v.into())).collect();
            next.query_pairs_mut().clear().extend_pairs(others).append_pair("page", &number.to_string());
            next
        }))
    }

    async fn page(&self, url: &Url) -> Result<Answer, Refusal> {
        let request = http::Request::builder().method(http::Method::GET).uri(url.as_str());
        let answer = match self.rest_async(request, Vec::new()).await {
            Ok(answer) => answer,
            Err(ApiError::Client { source }) => return Err(Refusal::NoAnswer(source)),
            Err(_) => return Err(Refusal::Form),
        };
        let (head, body) = answer.into_parts();
        if head.status.is_success() {
            return Ok(Answer { status: head.status, headers: head.headers, body });
        }
        let spoken = serde_json::from_slice::<Spoken>(&body)
            .is_ok_and(|spoken| spoken.message.is_some() || spoken.error.is_some());
        Err(Refusal::Status { status: head.status.as_u16(), spoken })
    }
}

/// A page's entries. The parser's own words could quote a value, so that they are dropped.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Form)
}

impl RestClient for Client {
    type Error = NoAnswer;

    fn rest_endpoint(&self, endpoint: &str) -> Result<Url, ApiError<Self::Error>> {
        self.api.url(endpoint).map_err(ApiError::client)
    }
}

#[async_trait]
impl AsyncClient for Client {
    async fn rest_async(
        &self,
        request: RequestBuilder,
        body: Vec<u8>,
    ) -> Result<http::Response<Bytes>, ApiError<Self::Error>> {
        let request = request
            .body(body)
            .map_err(|_| ApiError::client(NoAnswer::Silent("the request cannot be written".to_owned())))?;
        let (head, body) = request.into_parts();
        let url = self.api.url(&head.uri.to_string()).map_err(ApiError::client)?;
        let mut headers = self.headers().map_err(ApiError::client)?;
        headers.extend(head.headers);
        let answer = self.api.call(head.method, url, headers, body.into()).await.map_err(ApiError::client)?;
        let mut response = http::Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
