//! A server that answers every request the same way, or never: firewalls, broken proxies, issuers that hang.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a listener does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Status, headers and body; `content-length` and `connection: close` are added.
    Http(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes as they are, then the connection ends: truncated and foreign answers.
    Raw(Vec<u8>),
    /// Nothing; the connection stays open.
    Stall,
    /// Status 200 and JSON that goes on for a gigabyte, or until nobody listens.
    Endless,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, body: &str) -> Self {
        Self::Http(status, vec![("content-type".into(), "application/json".into())], body.into())
    }
}

/// A running listener.
#[derive(Debug)]
pub struct Listener {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    connections: AtomicUsize,
    sent: AtomicUsize,
    answer: Mutex<Answer>,
    heads: Mutex<Vec<String>>,
    open: Mutex<Vec<TcpStream>>,
}

/// The largest request head that a test makes.
const MOST_HEAD: usize = 64 * 1024;

impl Listener {
    /// Starts one.
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            answer: Mutex::new(answer),
            heads: Mutex::default(),
            open: Mutex::default(),
        });
        let inner = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                inner.connections.fetch_add(1, Ordering::SeqCst);
                let inner = Arc::clone(&inner);
                std::thread::spawn(move || {
                    let answer = inner.answer.lock().unwrap().clone();
                    inner.serve(stream, &answer);
                });
            }
        });
        Self { endpoint: format!("http://{address}"), address, shared, thread: Some(thread) }
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// From now on answers so.
    pub fn set(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// How many bytes of endless answers were taken from it.
    pub fn sent(&self) -> usize {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// The heads of all requests: request line and headers.
    pub fn requests(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream, answer: &Answer) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
        if self.read(&mut stream).is_none() {
            return;
        }
        let bytes = match answer {
            Answer::Stall => {
                // Held until the listener is dropped.
                self.open.lock().unwrap().push(stream);
                return;
            }
            Answer::Endless => {
                self.stream(&mut stream);
                return;
            }
            Answer::Raw(bytes) => bytes.clone(),
            Answer::Http(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} Canned\r\n");
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()));
                [head.as_bytes(), body].concat()
            }
        };
        let _ = stream.write_all(&bytes);
        let _ = stream.flush();
    }

    fn stream(&self, stream: &mut TcpStream) {
        let length = 1usize << 30;
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{\"a\":\"");
        if stream.write_all(head.as_bytes()).is_err() {
            return;
        }
        let block = [b'x'; 16 * 1024];
        while self.sent.load(Ordering::SeqCst) < length && stream.write_all(&block).is_ok() {
            self.sent.fetch_add(block.len(), Ordering::SeqCst);
        }
    }

    /// Reads one request, and keeps its head.
    fn read(&self, stream: &mut TcpStream) -> Option<()> {
        let (head, whole) = request(stream, MOST_HEAD)?;
        self.heads.lock().unwrap().push(head);
        whole.then_some(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The head of one request, and whether its body came to its end: an answer to a half-read request may reset the connection.
pub(super) fn request(stream: &mut TcpStream, most_head: usize) -> Option<(String, bool)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        if bytes.len() > most_head {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut left = length.unwrap_or(0).saturating_sub(bytes.len() - end);
    while left > 0 {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return Some((head, false)),
            Ok(n) => left = left.saturating_sub(n),
        }
    }
    Some((head, true))
}
