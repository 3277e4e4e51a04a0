//! A server process: started on a free port, waited for, logged, killed by its id.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers; a loaded machine is slow.
const DEADLINE: Duration = Duration::from_secs(60);

/// Another process may take the free port between our asking and the server's binding.
const ATTEMPTS: usize = 5;

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    name: &'static str,
    log: File,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
}

impl Server {
    /// Starts a server on a free port; `ready` says, by its endpoint, whether this very server answers.
    ///
    /// # Panics
    /// Where it does not come up: a test without its server proves nothing.
    pub fn start(name: &'static str, command: impl Fn(u16) -> Command, ready: impl Fn(&str) -> bool) -> Self {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(name, &command, &ready) {
                Ok(server) => return server,
                Err(log) => last = log,
            }
        }
        panic!("{name} ended before it answered, {ATTEMPTS} times; run scripts/test to install it. Its log:\n{last}");
    }

    fn attempt(
        name: &'static str,
        command: impl Fn(u16) -> Command,
        ready: impl Fn(&str) -> bool,
    ) -> Result<Self, String> {
        let port = free_port();
        let log = tempfile::tempfile().unwrap();
        let child = command(port)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started ({error}); run scripts/test"));
        let mut server = Self { child, name, log, endpoint: format!("http://127.0.0.1:{port}") };
        let begun = Instant::now();
        while begun.elapsed() < DEADLINE {
            if server.child.try_wait().unwrap().is_some() {
                return Err(server.logged());
            }
            // What answers on the port may be a stranger who took it, while ours is about to end.
            if ready(&server.endpoint) && server.child.try_wait().unwrap().is_none() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{name} does not answer after {DEADLINE:?}; its log:\n{}", server.logged());
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that the server wrote.
    pub fn logged(&mut self) -> String {
        let mut bytes = Vec::new();
        self.log.seek(SeekFrom::Start(0)).unwrap();
        self.log.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.logged();
            eprintln!("---- log of {} ----\n{log}", self.name);
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command with a clean environment.
pub fn clean(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The Python that scripts/test installs.
///
/// # Panics
/// Where it is missing.
pub fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/testbeds/venv/bin/python");
    assert!(python.is_file(), "the test servers are not installed; run scripts/test");
    python
}
