//! A proxy before a real server: it counts requests, delays them, and can break off after a number of them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    target: String,
    stop: AtomicBool,
    requests: AtomicUsize,
    /// How many requests are let through.
    most: AtomicUsize,
    lines: Mutex<Vec<String>>,
}

impl Proxy {
    /// Before a server at `http://127.0.0.1:PORT`.
    pub fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            target: target.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            stop: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            most: AtomicUsize::new(usize::MAX),
            lines: Mutex::default(),
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
        Self { endpoint: format!("http://{address}"), address, shared, thread: Some(thread) }
    }

    /// Requests since the last call.
    pub fn taken(&self) -> Vec<String> {
        self.shared.requests.store(0, Ordering::SeqCst);
        std::mem::take(&mut *self.shared.lines.lock().expect("a lock"))
    }

    /// From now on, lets so many requests through, and breaks off all others.
    pub fn let_through(&self, most: usize) {
        self.shared.requests.store(0, Ordering::SeqCst);
        self.shared.most.store(most, Ordering::SeqCst);
    }
}

impl Shared {
    fn serve(&self, client: TcpStream) {
        let Ok(server) = TcpStream::connect(&self.target) else { return };
        let (Ok(mut back), Ok(mut to_client)) = (server.try_clone(), client.try_clone()) else { return };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(n) = back.read(&mut buffer) {
                    if n == 0 || to_client.write_all(&buffer[..n]).is_err() {
                        break;
                    }
                }
                let _ = to_client.shutdown(Shutdown::Both);
            });
            self.forward(&client, &server);
            let _ = server.shutdown(Shutdown::Both);
            let _ = client.shutdown(Shutdown::Both);
        });
    }

    fn forward(&self, mut client: &TcpStream, mut server: &TcpStream) {
        let mut buffer = [0; 16 * 1024];
        // A request line may come in two pieces.
        let mut line: Vec<u8> = Vec::new();
        while let Ok(n) = client.read(&mut buffer) {
            if n == 0 {
                break;
            }
            for byte in &buffer[..n] {
                if *byte == b'\n' {
                    let text = String::from_utf8_lossy(&line).trim().to_owned();
                    if text.ends_with(" HTTP/1.1") {
                        self.lines.lock().expect("a lock").push(text.trim_end_matches(" HTTP/1.1").to_owned());
                        if self.requests.fetch_add(1, Ordering::SeqCst) >= self.most.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                    line.clear();
                } else if line.len() < 4096 {
                    line.push(*byte);
                }
            }
            if server.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
