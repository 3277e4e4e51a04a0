//! Delivering results: to standard output and to files, checked before any work and written as a whole.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Failure;
use super::args::Common;
use super::message::colored;
use crate::config::Environment;
use crate::render::Context;
use crate::rules;

/// What could not be written.
#[derive(Debug)]
pub(super) struct OutputError {
    to: String,
    error: io::Error,
}

impl OutputError {
    /// An error while writing something.
    pub(super) fn of(what: &str, error: io::Error) -> Self {
        Self { to: what.to_owned(), error }
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.to, self.error)
    }
}

/// A file that will be written as a whole or not at all.
pub(super) struct Target {
    path: PathBuf,
    /// The new content, beside the file; none for what is no regular file (a pipe, a device), which is written in place.
    beside: Option<PathBuf>,
    file: File,
}

impl Target {
    /// Opens it before any work, so that a wrong path costs none.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let fail = |error: io::Error| {
            Failure::usage(format!("--output {}: {error}", path.display()), "name a file in a folder that exists")
        };
        // A link stays one: what it leads to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => {
                return Err(fail(io::Error::new(io::ErrorKind::IsADirectory, "this is a folder")));
            }
            Ok(about) if !about.is_file() => {
                let file = OpenOptions::new().write(true).open(&path).map_err(fail)?;
                return Ok(Self { path, beside: None, file });
            }
            // Whoever may not write the file may not replace it either.
            Ok(_) => drop(OpenOptions::new().append(true).open(&path).map_err(fail)?),
            Err(_) => {}
        }
        let name =
            path.file_name().ok_or_else(|| fail(io::Error::new(io::ErrorKind::InvalidInput, "no file's name")))?;
        // Process ids repeat in containers: what a killed run has left must not be in the way.
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let mut beside_name = OsString::from(".");
        beside_name.push(name);
        beside_name.push(format!(".{}-{nanos}.tmp", std::process::id()));
        let beside = path.with_file_name(beside_name);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside).map_err(fail)?;
        if let Ok(about) = fs::metadata(&path) {
            // The file keeps its mode.
            let _ = file.set_permissions(about.permissions());
        }
        Ok(Self { path, beside: Some(beside), file })
    }

    /// Writes it, and puts it in its place.
    pub(super) fn deliver(mut self, content: &[u8]) -> Result<(), OutputError> {
        let fail = |error: io::Error| OutputError { to: self.path.display().to_string(), error };
        self.file.write_all(content).map_err(fail)?;
        if let Some(beside) = &self.beside {
            self.file.sync_all().map_err(fail)?;
            fs::rename(beside, &self.path).map_err(fail)?;
            self.beside = None;
        }
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

/// Opens all files of `--output`, each once.
pub(super) fn targets<F: Copy>(wanted: &[(F, PathBuf)]) -> Result<Vec<(F, Target)>, Failure> {
    let mut out: Vec<(F, Target)> = Vec::new();
    for (format, path) in wanted {
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        if out.iter().any(|(_, other)| other.beside.is_some() && other.path == whole) {
            let what = format!("--output names {} twice", path.display());
            return Err(Failure::usage(what, "give each format a file of its own"));
        }
        let target = Target::open(path)?;
        out.push((*format, target));
    }
    Ok(out)
}

/// Writes to standard output. A reader that has closed its end has read what it wanted: no error.
pub(super) fn stdout(content: &[u8]) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    match out.write_all(content).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(OutputError { to: "standard output".to_owned(), error }),
        Ok(()) => Ok(()),
    }
}

/// Columns where nobody tells: logs of CI systems take about this.
const WIDTH: usize = 100;

/// What renderers know, for standard output or for files.
pub(super) struct Look {
    rules: Vec<crate::render::RuleDoc<'static>>,
    config: String,
    color: bool,
    width: usize,
}

impl Look {
    pub(super) fn new(common: &Common, env: &Environment, config: Option<&str>) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let width = if is_terminal {
            terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(40, 160))
        } else {
            WIDTH
        };
        let rules = rules::RULES
            .iter()
            .map(|rule| crate::render::RuleDoc {
                id: rule.id,
                title: rule.title,
                severity: rule.severity,
                doc: rule.doc,
                standards: rule.standards,
            })
            .collect();
        let config = config.unwrap_or(".driftgate.yaml").to_owned();
        Self { rules, config, color: colored(common, env, is_terminal), width }
    }

    /// For standard output.
    pub(super) fn screen(&self) -> Context<'_> {
        Context { rules: &self.rules, color: self.color, width: self.width, config: &self.config }
    }

    /// For a file: no colour, and a width that does not depend on the terminal.
    pub(super) fn file(&self) -> Context<'_> {
        Context { color: false, width: WIDTH, ..self.screen() }
    }
}
