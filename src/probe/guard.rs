//! What every probe over HTTP is held to: one call, to one host whose addresses were looked at first, no redirect, an answer of 64
//! KiB at the most, so many calls a second and a run. What is asked and what an answer means stands in the providers' files.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use url::{Host, Url};

use crate::net;
use crate::secret::Secret;

/// How many probes are under way at once.
pub const AT_ONCE: usize = 4;

/// The time between the starts of two probes: twenty a second.
const BETWEEN: Duration = Duration::from_millis(50);

/// How many probes a run makes.
pub const A_RUN: u32 = 200;

/// A server to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The address below which its API stands.
    pub base: String,
    /// Whether it may stand in a private network: the user or the CI named it. What is only built in never does.
    pub private: bool,
    /// Further roots, as PEM text.
    pub ca: Option<Vec<u8>>,
}

impl Place {
    /// `host` or `host:port`.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let url = Url::parse(&self.base).ok()?;
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
    }
}

/// One call. Its `Debug` shows no header's value: they are marked as sensitive.
#[derive(Debug)]
pub struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
}

impl Ask {
    /// A call below a place's base; `""` is the base itself.
    #[must_use]
    pub fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: HeaderMap::new() }
    }

    /// With a header that is no secret.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// With the value, behind `scheme` (a word and a blank, or nothing).
    ///
    /// # Errors
    /// Where the value has characters that a header cannot have.
    pub fn authorized(mut self, name: HeaderName, scheme: &str, token: &Secret) -> Result<Self, &'static str> {
        let text = Secret::new(format!("{scheme}{}", token.expose().trim()));
        let mut value =
            HeaderValue::from_str(text.expose()).map_err(|_| "the value has characters that no header has")?;
        // A header that is marked is left out of what libraries log.
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }
}

/// An answer, whatever its status. It is looked at and dropped; its `Debug` shows the status alone.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, bounded.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; none where it is anything else.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether it is a page for people: a firewall's, a portal's.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let said = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let start = self.body.trim_ascii_start();
        let begins = |with: &str| start.get(..with.len()).is_some_and(|b| b.eq_ignore_ascii_case(with.as_bytes()));
        said.to_ascii_lowercase().contains("html") || begins("<!doctype") || begins("<html")
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no answer. It holds nothing of what was sent or received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The call was not made: the host must not be asked, or is not found.
    Refused(String),
    /// It was made, and nothing whole came back.
    Silent(String),
}

/// The guard of one run.
#[derive(Debug, Default)]
pub struct Guard {
    made: AtomicU32,
    next: Mutex<Option<Instant>>,
    clients: Mutex<BTreeMap<(String, bool), reqwest::Client>>,
}

impl Guard {
    /// Waits for a probe's turn.
    ///
    /// # Errors
    /// Where the run has made all that it may.
    pub async fn turn(&self) -> Result<(), &'static str> {
        let at = self.reserve(Instant::now()).ok_or("not asked: a run makes 200 probes at the most")?;
        tokio::time::sleep_until(at).await;
        Ok(())
    }

    /// When the next probe may start; none where no more may.
    fn reserve(&self, now: Instant) -> Option<Instant> {
        if self.made.fetch_add(1, Ordering::Relaxed) >= A_RUN {
            return None;
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + BETWEEN);
        Some(at)
    }

    /// Makes a call, once.
    ///
    /// # Errors
    /// Where no answer came, in words that hold nothing of what was sent or received.
    pub async fn call(&self, place: &Place, ask: Ask) -> Result<Answer, NoAnswer> {
        let base = Url::parse(&place.base).map_err(|_| NoAnswer::Refused("the address is no URL".to_owned()))?;
        let url = below(&base, &ask.path).map_err(NoAnswer::Refused)?;
        let client = self.client(place, &base).await.map_err(NoAnswer::Refused)?;
        let request = client.request(ask.method, url).headers(ask.headers);
        let answer = request.send().await.map_err(|error| NoAnswer::Silent(net::reason(&error).to_owned()))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = net::body(answer).await.map_err(NoAnswer::Silent)?;
        Ok(Answer { status, headers, body })
    }

    async fn client(&self, place: &Place, base: &Url) -> Result<reqwest::Client, String> {
        let key = (place.base.clone(), place.private);
        if let Some(known) = self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let plain = base.scheme() == "http";
        let ca = place.ca.as_deref();
        let client = match addresses(base, place.private).await? {
            Some((host, found)) => net::pinned(net::CALL, plain, ca, &host, &found)?,
            None => net::client(net::CALL, plain, ca)?,
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(clients.entry(key).or_insert(client).clone())
    }
}

/// The URL of a path below a base.
fn below(base: &Url, path: &str) -> Result<Url, String> {
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err("the address is no http or https URL".to_owned());
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err("the address holds a user or password".to_owned());
    }
    if path.is_empty() {
        return Ok(base.clone());
    }
    let mut folder = base.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", folder.path()));
    }
    folder.join(path).map_err(|_| "the address is no URL".to_owned())
}

/// A host's addresses, looked up once; none where the address is one itself, or where only a proxy can look the name up.
async fn addresses(base: &Url, private: bool) -> Result<Option<(String, Vec<SocketAddr>)>, String> {
    let inside = "the host has a private address, and such a one is not allowed here";
    let name = match base.host() {
        Some(Host::Ipv4(address)) if !private && !is_public(address.into()) => return Err(inside.to_owned()),
        Some(Host::Ipv6(address)) if !private && !is_public(address.into()) => return Err(inside.to_owned()),
        Some(Host::Domain(name)) => name.to_owned(),
        _ => return Ok(None),
    };
    let port = base.port_or_known_default().unwrap_or(443);
    let found = match tokio::time::timeout(net::CALL, tokio::net::lookup_host((name.as_str(), port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    if !private && found.iter().any(|address| !is_public(address.ip())) {
        return Err(inside.to_owned());
    }
    match (found.is_empty(), has_proxy()) {
        (false, _) => Ok(Some((name, found))),
        (true, true) => Ok(None),
        (true, false) => Err("no connection".to_owned()),
    }
}

/// Whether calls leave through a proxy: it looks names up where this machine may not be able to.
fn has_proxy() -> bool {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Whether an address is one of the public internet: none of a private, shared, loopback, link-local, reserved or multicast range,
/// and none that leads to such a one (IANA's special-purpose address registries). Metadata services have addresses in those ranges,
/// except Azure's.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 168, _)
            | (192, 88, 99)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    );
    !special && address != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let part = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match part {
        // Mapped and compatible ones (with `::` and `::1`), NAT64 and 6to4 lead to an address of version 4.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo and other protocol assignments, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Global unicast is 2000::/3; everything else is special.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_addresses_are_public() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("140.82.121.6", true),
            ("172.32.0.1", true),
            ("100.128.0.1", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("127.0.0.1", false),
            ("127.1.2.3", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("100.100.100.200", false),
            ("168.63.129.16", false),
            ("192.0.0.192", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:50c0:8000::154", true),
            ("64:ff9b::8.8.8.8", true),
            ("::ffff:8.8.8.8", true),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::127.0.0.1", false),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b:1::8.8.8.8", false),
            ("2002:7f00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn addresses_of_calls() {
        let of = |base: &str, path: &str| below(&Url::parse(base).unwrap(), path).map(|url| url.to_string());
        assert_eq!(of("https://a/api/v3", "user").as_deref(), Ok("https://a/api/v3/user"));
        assert_eq!(of("https://a/api/v3/?x=1", "user").as_deref(), Ok("https://a/api/v3/user"));
        assert_eq!(of("https://a/v1/account?x=1", "").as_deref(), Ok("https://a/v1/account?x=1"));
        for base in ["ftp://a/", "https://u:p@a/", "https://u@a/", "data:x"] {
            assert!(of(base, "user").is_err(), "{base}");
        }
    }

    #[tokio::test]
    async fn what_is_built_in_is_never_inside() {
        let of = async |base: &str, private: bool| addresses(&Url::parse(base).unwrap(), private).await;
        // Other ways to write 127.0.0.1 and 169.254.169.254.
        for base in [
            "http://127.0.0.1",
            "http://2130706433",
            "http://0x7f.1",
            "http://[::1]",
            "http://[::ffff:169.254.169.254]",
            "http://localhost",
        ] {
            assert!(of(base, false).await.is_err(), "{base}");
            assert!(of(base, true).await.is_ok(), "{base}");
        }
    }

    #[test]
    fn a_run_has_a_pace_and_an_end() {
        let guard = Guard::default();
        let now = Instant::now();
        let starts: Vec<Duration> = (0..A_RUN).map(|_| guard.reserve(now).unwrap() - now).collect();
        let paced: Vec<Duration> = (0..A_RUN).map(|at| BETWEEN * at).collect();
        assert_eq!(starts, paced, "twenty a second");
        assert!(guard.reserve(now + Duration::from_secs(3600)).is_none());
    }
}
