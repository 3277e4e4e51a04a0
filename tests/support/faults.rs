//! A server that answers every request with one fault, as broken, hostile or overloaded servers do. It knows no system but by the
//! shape of a list that never ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What every body that a server sends carries: it must come out nowhere.
pub const CANARY: &str = "hush-canary-of-a-body";

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Status and body.
    Status(u16, &'static str),
    /// 429; the header where there is one.
    Limited(Option<&'static str>),
    /// A limit whose end is an hour away by this machine's clock, and a second by the server's.
    ClockAhead,
    /// AWS' word for a clock that is off.
    Skewed,
    /// An HTML page.
    Page(u16),
    /// Nothing; the connection stays open.
    Stall,
    /// Half of a page, then the connection is reset.
    Reset,
    /// Plain text where TLS is expected.
    NoTls,
    /// 200 and this body.
    Body(&'static str),
    /// Every page has a next one on this server.
    Loop,
    /// The next page is on another server.
    Elsewhere,
    /// A redirect to another server.
    Redirect,
    /// A body of a gigabyte.
    Huge,
}

/// All of them, by name.
pub const FAULTS: &[(&str, Fault)] = &[
    ("401", Fault::Status(401, "{\"message\":\"hush-canary-of-a-body\"}")),
    ("403", Fault::Status(403, "{\"message\":\"hush-canary-of-a-body\"}")),
    ("404", Fault::Status(404, "{\"message\":\"hush-canary-of-a-body\"}")),
    ("409", Fault::Status(409, "{\"message\":\"hush-canary-of-a-body\"}")),
    ("429, Retry-After: 1", Fault::Limited(Some("1"))),
    ("429, Retry-After: 3600", Fault::Limited(Some("3600"))),
    ("429", Fault::Limited(None)),
    ("500", Fault::Status(500, "{\"message\":\"hush-canary-of-a-body\"}")),
    ("502, HTML", Fault::Page(502)),
    ("200, HTML", Fault::Page(200)),
    ("time-out", Fault::Stall),
    ("reset in a page", Fault::Reset),
    ("no TLS", Fault::NoTls),
    ("cut-off JSON", Fault::Body("{\"data\":{\"keys\":[\"hush-canary-of-a-body")),
    (
        "an object of wrong types",
        Fault::Body("{\"total_count\":\"hush-canary-of-a-body\",\"secrets\":7,\"data\":[],\"SecretList\":1,\"id\":{}}"),
    ),
    ("a list of wrong types", Fault::Body("[1,\"hush-canary-of-a-body\",{\"key\":7}]")),
    ("an empty object", Fault::Body("{}")),
    ("null", Fault::Body("null")),
    ("pages without end", Fault::Loop),
    ("a next page elsewhere", Fault::Elsewhere),
    ("a redirect elsewhere", Fault::Redirect),
    ("a gigabyte", Fault::Huge),
    ("a clock an hour ahead", Fault::ClockAhead),
    ("a clock that AWS refuses", Fault::Skewed),
];

/// A running server.
#[derive(Debug)]
pub struct Faulty {
    /// `http://127.0.0.1:PORT`, or `https://` where TLS is the fault.
    pub endpoint: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    fault: Fault,
    endpoint: String,
    elsewhere: String,
    stop: AtomicBool,
    requests: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

impl Faulty {
    /// Starts one; `elsewhere` is another server's endpoint, which must never hear of anything.
    pub fn start(fault: Fault, elsewhere: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let scheme = if fault == Fault::NoTls { "https" } else { "http" };
        let endpoint = format!("{scheme}://{address}");
        let shared = Arc::new(Shared {
            fault,
            endpoint: endpoint.clone(),
            elsewhere: elsewhere.to_owned(),
            stop: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let inner = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let inner = Arc::clone(&inner);
                std::thread::spawn(move || inner.serve(stream));
            }
        });
        Self { endpoint, address, shared, thread: Some(thread) }
    }

    /// How many requests were made (for TLS: connections).
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
        if self.fault == Fault::NoTls {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 512];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            return;
        }
        let Some(path) = read(&mut stream) else { return };
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let json = |status: u16, headers: &str, body: &str| answer(status, "application/json", headers, body);
        let bytes = match self.fault {
            Fault::Status(status, body) => json(status, "", body),
            Fault::Limited(after) => {
                let header = after.map(|after| format!("retry-after: {after}\r\n")).unwrap_or_default();
                json(429, &header, "{\"message\":\"hush-canary-of-a-body\"}")
            }
            Fault::ClockAhead => {
                let now = jiff::Timestamp::now().as_second() + 3600;
                let date = jiff::fmt::rfc2822::DateTimePrinter::new()
                    .timestamp_to_rfc9110_string(&jiff::Timestamp::from_second(now).expect("a time"))
                    .expect("a date");
                let reset = now + 1;
                let headers = format!(
                    "date: {date}\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: {reset}\r\nratelimit-remaining: 0\r\nratelimit-reset: {reset}\r\n"
                );
                json(429, &headers, "{\"message\":\"hush-canary-of-a-body\"}")
            }
            Fault::Skewed => answer(
                403,
                "text/xml",
                "",
                "<ErrorResponse><Error><Type>Sender</Type><Code>RequestTimeTooSkewed</Code><Message>hush-canary-of-a-body</Message></Error></ErrorResponse>",
            ),
            Fault::Page(status) => answer(
                status,
                "text/html",
                "",
                "<html><title>Blocked</title><p>hush-canary-of-a-body InvalidClientTokenId</p></html>",
            ),
            Fault::Body(body) => json(200, "", body),
            Fault::Loop => {
                let next = format!("{}{}", self.endpoint, path);
                json(200, &format!("link: <{next}>; rel=\"next\"\r\nx-next-page: 2\r\n"), &endless(&path, number))
            }
            Fault::Elsewhere => {
                let next = format!("{}{}", self.elsewhere, path);
                json(200, &format!("link: <{next}>; rel=\"next\"\r\n"), &endless(&path, number))
            }
            Fault::Redirect => json(307, &format!("location: {}{path}\r\n", self.elsewhere), ""),
            Fault::Reset => {
                let body = "{\"data\":{\"keys\":[\"hush-canary-of-a-body\"";
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4096\r\n\r\n{body}")
                    .into_bytes()
            }
            Fault::Huge => {
                self.gigabyte(&mut stream);
                return;
            }
            Fault::Stall | Fault::NoTls => {
                self.open.lock().expect("a lock").push(stream);
                return;
            }
        };
        let _ = stream.write_all(&bytes);
        let _ = stream.flush();
    }

    fn gigabyte(&self, stream: &mut TcpStream) {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1073741824\r\n\r\n";
        let block = vec![b' '; 1 << 20];
        let mut sent = stream.write_all(head.as_bytes());
        for _ in 0..1024 {
            if sent.is_err() || self.stop.load(Ordering::SeqCst) {
                return;
            }
            sent = stream.write_all(&block);
        }
    }
}

/// A page that is fine in itself, for each of the systems; the path tells which.
fn endless(path: &str, number: usize) -> String {
    let name = format!("ENDLESS_{number}");
    if path.contains("/v1/") {
        // Every folder has a folder.
        return "{\"data\":{\"keys\":[\"deeper/\",\"leaf\"],\"secret\":{\"secret/\":{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}},\"accessor\":\"a\",\"display_name\":\"d\",\"policies\":[],\"creation_time\":1,\"creation_ttl\":1,\"entity_id\":\"\",\"expire_time\":null,\"explicit_max_ttl\":0,\"id\":\"\",\"meta\":null,\"num_uses\":0,\"orphan\":true,\"path\":\"\",\"ttl\":1,\"renewable\":true}}".to_owned();
    }
    if path.contains("/variables") {
        return format!(
            "[{{\"key\":\"{name}\",\"variable_type\":\"env_var\",\"value\":\"hush-canary-of-a-body\",\"protected\":true,\"masked\":true,\"hidden\":false,\"raw\":false,\"environment_scope\":\"*\"}}]"
        );
    }
    if path.contains("/secrets") || path.contains("organization-secrets") {
        return format!(
            "{{\"total_count\":1000000,\"secrets\":[{{\"name\":\"{name}\",\"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\",\"visibility\":\"all\"}}],\"SecretList\":[],\"NextToken\":\"again\"}}"
        );
    }
    if let Some(page) = trackers(path) {
        return page.to_owned();
    }
    // AWS' JSON services: every page has the same token.
    "{\"SecretList\":[],\"Parameters\":[],\"NextToken\":\"again\",\"total_count\":1000000,\"environments\":[],\"installations\":[]}".to_owned()
}

/// The same for trackers: a page with one ticket, after which there are others, again and again.
fn trackers(path: &str) -> Option<&'static str> {
    let (place, _) = path.split_once('?').unwrap_or((path, ""));
    let pages = [
        ("/oauth_token.do", r#"{"access_token":"hush-canary-of-a-body","expires_in":1800,"token_type":"Bearer"}"#),
        (
            "/api/now/table/",
            r#"{"result":[{"sys_id":{"display_value":"a1","value":"a1"},"number":{"display_value":"RITM1","value":"RITM1"},"short_description":{"display_value":"Look at it","value":"Look at it"},"state":{"display_value":"Open","value":"1"},"sys_class_name":{"display_value":"Requested Item","value":"sc_req_item"}}]}"#,
        ),
        (
            "/myself",
            r#"{"accountId":"a1","name":"auditor","emailAddress":"auditor@example.com","displayName":"Auditor","timeZone":"UTC"}"#,
        ),
        ("/serverInfo", r#"{"deploymentType":"Server","version":"9.12.0","versionNumbers":[9,12,0]}"#),
        ("/search/approximate-count", r#"{"count":1000000}"#),
        (
            "/rest/api/",
            r#"{"startAt":0,"maxResults":1,"total":1000000,"isLast":false,"nextPageToken":"again","issues":[{"id":"1","key":"SEC-9","fields":{"summary":"Look at it","status":{"name":"Open","statusCategory":{"key":"new"}},"created":"2026-05-04T10:12:00.000+0000","updated":"2026-05-04T10:12:00.000+0000"}}]}"#,
        ),
        (
            "/api/v3/repos/",
            r#"[{"id":1,"number":9,"title":"Look at it","state":"open","body":"","user":{"login":"bob","id":1},"labels":[],"assignees":[],"comments":0,"created_at":"2026-05-04T10:12:00Z","updated_at":"2026-05-04T10:12:00Z","closed_at":null,"html_url":"https://github.com/acme/shop/issues/9"}]"#,
        ),
        (
            "/api/v4/projects/",
            r#"[{"id":1,"iid":9,"project_id":1,"title":"Look at it","state":"opened","description":"","author":{"id":1,"username":"bob","name":"Bob"},"labels":[],"assignees":[],"user_notes_count":0,"created_at":"2026-05-04T10:12:00.000Z","updated_at":"2026-05-04T10:12:00.000Z","closed_at":null,"references":{"full":"acme/shop#9"},"web_url":"https://gitlab.com/acme/shop/-/issues/9"}]"#,
        ),
    ];
    let issues = |part: &str| !part.starts_with("/api/v") || place.contains("/issues");
    pages.into_iter().find(|(part, _)| place.contains(part) && issues(part)).map(|(_, page)| page)
}

fn answer(status: u16, kind: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The path of one request, whose body is read, too.
fn read(stream: &mut TcpStream) -> Option<String> {
    let (head, whole) = super::listener::request(stream, 256 * 1024)?;
    head.split_whitespace().nth(1).filter(|_| whole).map(str::to_owned)
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
