//! The program under test, watched: its memory, whether it hangs, and all that it says.

use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::faults::CANARY;

/// What a run may take at most.
pub const MOST_MEMORY: u64 = 300 << 20;

/// How long a run may take until it counts as hanging: no call takes longer than ten seconds, no source than its deadline and the
/// longest wait for a limit.
const HANGS: Duration = Duration::from_secs(240);

/// What one run did.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output, null where it is no JSON.
    pub json: Value,
    /// Standard output and error.
    pub all: String,
    /// The most memory, in bytes.
    pub peak: u64,
}

/// Runs the program with these variables alone, and watches it.
///
/// # Panics
/// Where it hangs.
pub fn watched(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    command.env("HOME", folder).stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let exit = loop {
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        let seen = fs::read_to_string(&status).unwrap_or_default();
        let mark = seen.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = mark.map_or(peak, |kib: u64| kib << 10);
        if started.elapsed() > HANGS {
            child.kill().unwrap();
            panic!("{arguments:?} hangs in {}", folder.display());
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut text = [String::new(), String::new()];
    for (file, text) in [&mut out, &mut err].into_iter().zip(&mut text) {
        file.rewind().unwrap();
        file.read_to_string(text).unwrap();
    }
    let json = serde_json::from_str(&text[0]).unwrap_or(Value::Null);
    Ran { code: exit.code().unwrap_or(-1), json, all: text.concat(), peak }
}

impl Ran {
    /// The beginning of all that it said.
    pub fn said(&self) -> String {
        self.all.chars().take(3000).collect()
    }

    /// That it did not panic, took little memory, and let out neither a server's words nor a variable's value.
    ///
    /// # Panics
    /// Where it did.
    pub fn is_sound(&self, what: &str, secrets: &[(&str, &str)]) {
        let said = self.said();
        assert!(!self.all.contains("panicked") && self.code != 101, "{what}: {said}");
        assert!(self.peak < MOST_MEMORY, "{what}: {} MiB", self.peak >> 20);
        assert!(!self.all.contains(CANARY), "{what}: the server's words came out: {said}");
        for (variable, value) in secrets {
            assert!(!self.all.contains(value), "{what}: {variable} came out: {said}");
        }
    }
}

/// Makes the rows of a table, several at once, as most of the time goes into waiting; one wrong outcome does not hide the others. The
/// table is printed under its head.
///
/// # Panics
/// Where an outcome was wrong.
pub fn table<W: Send + Sync>(
    head: &str,
    work: &[W],
    name: impl Fn(&W) -> String + Sync,
    judge: impl Fn(&W) -> String + Sync,
) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let rows = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(item) = {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    work.get(number).map(|item| (number, item))
                } {
                    let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| judge(item.1)));
                    rows.lock().unwrap().push((item.0, judged.map_err(|_| name(item.1))));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    println!("{head}");
    rows.iter().filter_map(|(_, row)| row.as_ref().ok()).for_each(|row| println!("{row}"));
    let wrong: Vec<&String> = rows.iter().filter_map(|(_, row)| row.as_ref().err()).collect();
    assert!(wrong.is_empty(), "what is wrong with each stands above: {wrong:#?}");
    assert_eq!(rows.len(), work.len());
}
