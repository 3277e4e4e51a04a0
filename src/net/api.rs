//! One server's HTTP API behind guards that every call has: this one host, bounded answers, bounded retries, rate limits waited for
//! with a cap, answers kept between runs, requests counted. Clients of single systems stand on it; it knows none of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use super::cache::{Cache, Entry};
use super::pause::{self, Pause};

/// How often a call is made that breaks off or meets a broken server.
const TRIES: u32 = 2;

/// How often a limit is waited for in one call.
const MOST_PAUSES: u32 = 5;

/// How many redirects within the host are followed (renamed repositories answer 301).
const MOST_HOPS: u32 = 3;

/// How long a page of a list may be, in bytes after decompression.
pub const MOST_PAGE_BYTES: usize = 16 * 1024 * 1024;

/// How a server is called.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long one call may take.
    pub call: Duration,
    /// How long a source waits for rate limits in total.
    pub max_wait: Duration,
    /// How many calls are under way at once.
    pub at_once: usize,
    /// How long an answer may be.
    pub most_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { call: super::CALL, max_wait: Duration::from_secs(60), at_once: 8, most_bytes: MOST_PAGE_BYTES }
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    unchanged: AtomicU64,
    left: AtomicU64,
}

impl Meter {
    /// Requests made, repeated ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Requests that were answered "not modified"; GitHub counts none of them against its limit.
    #[must_use]
    pub fn unchanged(&self) -> u64 {
        self.unchanged.load(Ordering::Relaxed)
    }

    /// What the server said is left of the limit.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.left.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// An answer, whatever its status. Its `Debug` tells no header and no body: lists hold values.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, bounded.
    pub body: Bytes,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no answer. It holds nothing of what a server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// No connection, a time-out, a body that broke off or is too long.
    Silent(String),
    /// A limit whose end is too far away, in seconds.
    Limited(u64),
    /// A link or redirect to another place; no credential was sent there.
    Elsewhere,
    /// The server has a fault, and had it again.
    Broken(u16),
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent(reason) => f.write_str(reason),
            Self::Limited(seconds) => write!(f, "rate limited for {seconds} s, longer than --max-wait allows"),
            Self::Elsewhere => f.write_str("the answer leads to another host; it was not followed"),
            Self::Broken(status) => write!(f, "HTTP {status}"),
        }
    }
}

impl std::error::Error for NoAnswer {}

/// A server.
pub struct Api {
    client: reqwest::Client,
    base: Url,
    limits: Limits,
    pause: Pause,
    permits: Semaphore,
    cache: Option<Cache>,
    meter: Arc<Meter>,
}

impl Api {
    /// The API at `base` (its path is kept), with further roots from `ca` (PEM).
    ///
    /// # Errors
    /// Where the address is no http or https URL, or the roots cannot be read.
    pub fn new(base: &str, ca: Option<&[u8]>, limits: Limits, cache: Option<Cache>) -> Result<Self, String> {
        let mut base = Url::parse(base).map_err(|_| "the address is no URL".to_owned())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err("the address is no http or https URL".to_owned());
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("the address holds a user or password: name the token's variable instead".to_owned());
        }
        base.set_query(None);
        base.set_fragment(None);
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let client = super::client(limits.call, base.scheme() == "http", ca)?;
        Ok(Self {
            client,
            base,
            limits,
            pause: Pause::new(limits.max_wait),
            permits: Semaphore::new(limits.at_once.max(1)),
            cache,
            meter: Arc::default(),
        })
    }

    /// Where it stands, with a slash at the end.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// What was done so far.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// How long limits have put off calls in total; it is on top of a source's own deadline.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.pause.spent()
    }

    /// The URL of a path below the base (with its query), or of a link that the server gave.
    ///
    /// # Errors
    /// Where it leads to another scheme, host, port, or out of the base's path.
    pub fn url(&self, link: &str) -> Result<Url, NoAnswer> {
        let url = if link.starts_with("http://") || link.starts_with("https://") {
            Url::parse(link).map_err(|_| NoAnswer::Elsewhere)?
        } else {
            self.base.join(link.trim_start_matches('/')).map_err(|_| NoAnswer::Elsewhere)?
        };
        let own = url.origin() == self.base.origin() && url.path().starts_with(self.base.path());
        if own && url.username().is_empty() && url.password().is_none() { Ok(url) } else { Err(NoAnswer::Elsewhere) }
    }

    /// Reads. Authentication is among the headers; it is marked as sensitive and sent to this host alone.
    ///
    /// # Errors
    /// Where no answer came; an answer with an error status is an answer.
    pub async fn get(&self, link: &str, headers: HeaderMap) -> Result<Answer, NoAnswer> {
        self.call(Method::GET, self.url(link)?, headers, Bytes::new()).await
    }

    /// Asks a question that is too long for a URL, as a search's POST. It changes nothing, so that it is repeated as a GET is; its answers
    /// are not kept, and it is not sent anywhere else than where it was meant to go.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn query(&self, link: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, NoAnswer> {
        self.calls(Method::POST, self.url(link)?, headers, body, true).await
    }

    /// Makes a call. Only GET is repeated after a break, and only GET is kept.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn call(&self, method: Method, url: Url, headers: HeaderMap, body: Bytes) -> Result<Answer, NoAnswer> {
        let reading = method == Method::GET;
        self.calls(method, url, headers, body, reading).await
    }

    /// `reading`: it changes nothing, and may be repeated.
    async fn calls(
        &self,
        method: Method,
        mut url: Url,
        mut headers: HeaderMap,
        body: Bytes,
        reading: bool,
    ) -> Result<Answer, NoAnswer> {
        let plain = method == Method::GET;
        let kept = self.cache.as_ref().filter(|_| plain).and_then(|cache| cache.get(url.as_str()));
        if let Some(etag) = kept.as_ref().and_then(|kept| HeaderValue::from_str(&kept.etag).ok()) {
            headers.insert(reqwest::header::IF_NONE_MATCH, etag);
        }
        let asked = url.clone();
        let (mut tries, mut pauses, mut hops) = (0, 0, 0);
        loop {
            self.pause.over().await;
            let result = self.once(&method, &url, &headers, &body).await;
            let answer = match result {
                Ok(answer) => answer,
                Err(reason) => {
                    tries += 1;
                    if !reading || tries >= TRIES || reason == "timed out" || reason == super::TOO_LONG {
                        return Err(NoAnswer::Silent(reason));
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            if let Some(wait) = pause::wait(answer.status, &answer.headers, &answer.body) {
                pauses += 1;
                if pauses > MOST_PAUSES || self.pause.put_off(wait).is_err() {
                    return Err(NoAnswer::Limited(wait.as_secs()));
                }
                continue;
            }
            match answer.status.as_u16() {
                500 | 502 | 503 | 504 if reading => {
                    tries += 1;
                    if tries >= TRIES {
                        return Err(NoAnswer::Broken(answer.status.as_u16()));
                    }
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                301 | 302 | 307 | 308 if plain => {
                    hops += 1;
                    let to = answer.headers.get(reqwest::header::LOCATION).and_then(|to| to.to_str().ok());
                    let to = to.and_then(|to| url.join(to).ok()).ok_or(NoAnswer::Elsewhere)?;
                    if hops > MOST_HOPS {
                        return Err(NoAnswer::Silent("redirected in circles".to_owned()));
                    }
                    url = self.url(to.as_str())?;
                }
                304 => {
                    let Some(kept) = kept else {
                        return Err(NoAnswer::Silent("not modified, though nothing was kept".to_owned()));
                    };
                    self.meter.unchanged.fetch_add(1, Ordering::Relaxed);
                    return Ok(again(answer, kept));
                }
                _ => {
                    if plain && answer.status == StatusCode::OK {
                        self.keep(&asked, &answer);
                    }
                    return Ok(answer);
                }
            }
        }
    }

    async fn once(&self, method: &Method, url: &Url, headers: &HeaderMap, body: &Bytes) -> Result<Answer, String> {
        let _permit = self.permits.acquire().await.map_err(|_| "shut down".to_owned())?;
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let mut request = self.client.request(method.clone(), url.clone()).headers(headers.clone());
        if !body.is_empty() {
            request = request.body(body.clone());
        }
        let answer = request.send().await.map_err(|error| super::reason(&error).to_owned())?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let left = ["x-ratelimit-remaining", "ratelimit-remaining"].iter().find_map(|name| headers.get(*name));
        if let Some(left) = left.and_then(|left| left.to_str().ok()?.trim().parse::<u64>().ok()) {
            self.meter.left.store(left.saturating_add(1), Ordering::Relaxed);
        }
        let body = super::body_of(answer, self.limits.most_bytes).await?;
        Ok(Answer { status, headers, body: body.into() })
    }

    fn keep(&self, url: &Url, answer: &Answer) {
        let Some(cache) = &self.cache else { return };
        let text = |name: HeaderName| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(etag) = text(reqwest::header::ETAG) {
            let link = text(reqwest::header::LINK);
            cache.put(&Entry { url: url.to_string(), etag, link, body: answer.body.to_vec() });
        }
    }
}

/// The kept answer, with the new one's word on limits.
fn again(answer: Answer, kept: Entry) -> Answer {
    let mut headers = answer.headers;
    if let Some(link) = kept.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(reqwest::header::LINK, link);
    }
    headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Answer { status: StatusCode::OK, headers, body: kept.body.into() }
}

/// The link to the next page, out of a `Link` header (RFC 8288), as GitHub and GitLab write it.
#[must_use]
pub fn next_link(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(reqwest::header::LINK).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(",<").flat_map(|part| part.split(", <"))).find_map(|part| {
        let (target, parameters) = part.trim().trim_start_matches('<').split_once('>')?;
        let next = parameters.split(';').any(|parameter| {
            parameter.trim().trim_end_matches(',').trim().strip_prefix("rel=").is_some_and(|rel| {
                rel.trim_matches('"').split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        next.then(|| target.to_owned())
    })
}

/// When an answer was given, by the server's clock; none where it does not tell.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    pause::date(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(base: &str) -> Api {
        Api::new(base, None, Limits::default(), None).unwrap()
    }

    #[test]
    fn links_stay_at_home() {
        let server = api("https://ghe.example.com/api/v3");
        let fine = server.url("/repos/a/b?per_page=100").map(|url| url.to_string());
        assert_eq!(fine.as_deref(), Ok("https://ghe.example.com/api/v3/repos/a/b?per_page=100"));
        assert!(server.url("https://ghe.example.com/api/v3/x?page=2").is_ok());
        for link in [
            "https://evil.example.com/api/v3/x",
            "http://ghe.example.com/api/v3/x",
            "https://ghe.example.com:444/api/v3/x",
            "https://ghe.example.com/other",
            "https://a:b@ghe.example.com/api/v3/x",
            "//evil.example.com/x/../..",
            "../../other",
        ] {
            let url = server.url(link);
            let at_home = url.as_ref().is_ok_and(|url| url.as_str().starts_with("https://ghe.example.com/api/v3/"));
            assert!(url.is_err() || at_home, "{link}: {url:?}");
        }
        for base in ["ftp://a", "https://u:p@a/", "nothing", "file:///etc/passwd"] {
            assert!(Api::new(base, None, Limits::default(), None).is_err(), "{base}");
        }
    }

    #[test]
    fn next_pages() {
        let of = |link: &str| {
            next_link(&HeaderMap::from_iter([(reqwest::header::LINK, HeaderValue::from_str(link).unwrap())]))
        };
        let both = "<https://a/x?page=1>; rel=\"prev\", <https://a/x?page=3>; rel=\"next\", <https://a/x?page=9>; rel=\"last\"";
        assert_eq!(of(both).as_deref(), Some("https://a/x?page=3"));
        assert_eq!(of("<https://a/x?page=1>; rel=\"prev\"").as_deref(), None);
        assert_eq!(of("nonsense").as_deref(), None);
    }
}
