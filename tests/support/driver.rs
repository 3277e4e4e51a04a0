//! An independent client of a server in a process of its own, asked and answering in lines of JSON: starting Python for every call would
//! take seconds.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

/// A running client.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Driver {
    /// Starts it.
    ///
    /// # Panics
    /// Where the command cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.expect("python can be started; run scripts/test");
        let asks = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, pipes: Mutex::new((asks, answers)) }
    }

    /// What it says to a question: what the server gave, or its refusal.
    ///
    /// # Panics
    /// Where the client itself fails.
    pub fn ask(&self, question: &Value) -> Result<Value, String> {
        let mut pipes = self.pipes.lock().unwrap();
        writeln!(pipes.0, "{question}").expect("the client listens; its own error stands above");
        let mut line = String::new();
        pipes.1.read_line(&mut line).expect("the client answers");
        let mut said: Value = serde_json::from_str(&line).expect("JSON; the client's own error stands above");
        match said["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(said["ok"].take()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
