//! The entitlement catalogue from a file, CSV or YAML: identity, resource, level, environment, tenant, owner, approved_by, ticket,
//! until. A row that cannot be read is a gap with its line. What the rows mean is for the rules.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::{Files, Positions, Step, units};
use crate::model::catalog::Entry;
use crate::model::inventory::{Gap, Level};

use super::recorded::{self, MOST_MISTAKES, Mistake};
use super::{About, Batch, Source, Wanted};

/// Settings of `kind: catalog`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The catalogue, CSV or YAML (a list of rows), relative to the configuration file.
    pub path: String,
}

/// The source.
pub struct CatalogSource {
    about: About,
    settings: Settings,
    files: Files,
}

impl CatalogSource {
    /// A catalogue that `files` can open.
    #[must_use]
    pub fn new(about: About, settings: Settings, files: Files) -> Self {
        Self { about, settings, files }
    }
}

#[async_trait]
impl Source for CatalogSource {
    fn about(&self) -> &About {
        &self.about
    }

    async fn collect(&self, _want: &Wanted, into: &mut Batch) {
        let path = self.settings.path.as_str();
        let mut table = Table { source: &self.about.name, path, into, mistakes: 0 };
        match recorded::read(&self.files, path) {
            Ok(text) => table.parse(&text),
            Err(reason) => table.gap("*", reason),
        }
    }
}

/// The columns.
const COLUMNS: [&str; 9] =
    ["identity", "resource", "level", "environment", "tenant", "owner", "approved_by", "ticket", "until"];

/// A row's fields, in the order of [`COLUMNS`], trimmed; empty ones are none.
type Fields = [Option<String>; COLUMNS.len()];

struct Table<'a> {
    source: &'a str,
    path: &'a str,
    into: &'a mut Batch,
    mistakes: usize,
}

impl Table<'_> {
    fn gap(&mut self, scope: &str, reason: String) {
        self.into.inventory.gaps.push(Gap {
            source: self.source.to_owned(),
            lacks: "catalog".to_owned(),
            scope: scope.to_owned(),
            reason,
        });
    }

    /// A row that cannot be read.
    fn bad(&mut self, identity: Option<&str>, reason: impl FnOnce() -> String) {
        self.mistakes += 1;
        if self.mistakes <= MOST_MISTAKES {
            let scope = identity.filter(|id| id.len() <= 2048 && !id.chars().any(char::is_control)).unwrap_or("*");
            self.gap(scope, reason());
        }
    }

    fn parse(&mut self, text: &str) {
        let ending = self.path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("json" | "yaml" | "yml") => self.yaml(text),
            _ => self.csv(text),
        }
        if self.mistakes > MOST_MISTAKES {
            let reason = format!("{}: {} more rows cannot be read", self.path, self.mistakes - MOST_MISTAKES);
            self.gap("*", reason);
        }
        self.into.account.items += self.into.catalog.len() as u64;
    }

    fn csv(&mut self, text: &str) {
        let path = self.path;
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header: Vec<Option<usize>> = match reader.headers() {
            Ok(names) => names.iter().map(column).collect(),
            Err(_) => return self.gap("*", format!("{path}:1: the columns cannot be read")),
        };
        for (index, name) in COLUMNS.iter().enumerate() {
            match header.iter().filter(|column| **column == Some(index)).count() {
                0 if index == 0 => return self.gap("*", format!("{path}:1: the column `identity` is missing")),
                0 | 1 => {}
                _ => return self.gap("*", format!("{path}:1: the column `{name}` is there more than once")),
            }
        }
        let strangers: Vec<String> =
            (1..).zip(&header).filter(|(_, column)| column.is_none()).map(|(at, _)| at.to_string()).collect();
        if !strangers.is_empty() {
            let note = format!("{path}: columns that mean nothing here: {}", strangers.join(", "));
            self.into.account.notes.push(note);
        }
        let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
        for record in reader.records() {
            let Ok(record) = record else {
                self.bad(None, || format!("{path}:{}: the row behind this cannot be read", lines.line));
                continue;
            };
            let line = lines.of(record.position().map_or(0, csv::Position::byte));
            let mut fields = Fields::default();
            for (value, column) in record.iter().zip(&header) {
                if let Some(column) = column {
                    fields[*column] = Some(value.to_owned()).filter(|value| !value.is_empty());
                }
            }
            if record.iter().all(str::is_empty) {
                continue;
            }
            let counted = match record.len().cmp(&header.len()) {
                std::cmp::Ordering::Greater => Err("more fields than columns; quote what holds a comma"),
                std::cmp::Ordering::Less => Err("fewer fields than columns; the row may be cut off"),
                std::cmp::Ordering::Equal => Ok(()),
            };
            let identity = fields[0].clone();
            let locator = format!("{path}:{line}");
            match counted.and_then(|()| entry(fields, self.source, locator)) {
                Ok(entry) => self.into.catalog.push(entry),
                Err(what) => self.bad(identity.as_deref(), || format!("{path}:{line}: {what}")),
            }
        }
        if !lines.closed() {
            let last = format!("{path}:{}", lines.line);
            self.into.catalog.pop_if(|entry| entry.locator == last);
            self.bad(None, || format!("{last}: a quote is not closed, so this row and all behind it are lost"));
        }
    }

    /// JSON is YAML here, too.
    fn yaml(&mut self, text: &str) {
        let path = self.path;
        let value = if recorded::is_json(path, text) {
            serde_json::from_str::<Value>(text).map_err(|error| recorded::json_error(path, &error))
        } else {
            recorded::yaml(path, text)
                .and_then(|value| serde_json::to_value(value).map_err(|_| format!("{path}: a key is not text")))
        };
        let rows = match value {
            Ok(Value::Array(rows)) => rows,
            Ok(_) => return self.gap("*", format!("{path}:1:1: a catalogue is a list of rows")),
            Err(reason) => return self.gap("*", reason),
        };
        let positions = Positions::read(text);
        let mut strangers = 0_u64;
        for (index, row) in rows.into_iter().enumerate() {
            let base = [Step::Index(index)];
            let line = positions.find(&base).map_or(0, |place| place.line);
            let (identity, read) = match row {
                Value::Object(row) => {
                    let mut fields = Fields::default();
                    let mut wrong = None;
                    for (key, value) in row {
                        match column(&key) {
                            None => strangers += 1,
                            Some(at) => match scalar(value) {
                                Ok(value) => fields[at] = value,
                                Err(what) => {
                                    let path = vec![Step::Index(index), Step::Key(key)];
                                    wrong = wrong.or(Some(Mistake { path, what: what.to_owned() }));
                                }
                            },
                        }
                    }
                    let identity = fields[0].clone();
                    let read = wrong.map_or_else(
                        || {
                            entry(fields, self.source, format!("{path}:{line}"))
                                .map_err(|what| Mistake { path: base.to_vec(), what: what.to_owned() })
                        },
                        Err,
                    );
                    (identity, read)
                }
                _ => (None, Err(Mistake { path: base.to_vec(), what: "a row is a mapping".to_owned() })),
            };
            match read {
                Ok(entry) => self.into.catalog.push(entry),
                Err(mistake) => self.bad(identity.as_deref(), || recorded::locate(path, &positions, &mistake)),
            }
        }
        if strangers > 0 {
            self.into.account.notes.push(format!("{path}: fields that mean nothing here: {strangers}"));
        }
    }
}

/// Counts lines along the text, once.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of what begins at or, blank lines aside, behind that byte. Bytes never go back.
    fn of(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(&c) = self.text.get(self.at) {
            if self.at >= byte && !matches!(c, b'\r' | b'\n') {
                break;
            }
            // A lone carriage return ends a line, too.
            if c == b'\n' || (c == b'\r' && self.text.get(self.at + 1) != Some(&b'\n')) {
                self.line += 1;
            }
            self.at += 1;
        }
        self.line
    }

    /// Whether every quote from the last row's start has its partner: one that is left open swallows all rows behind it.
    fn closed(&self) -> bool {
        self.text.get(self.at..).is_none_or(|rest| memchr::memchr_iter(b'"', rest).count().is_multiple_of(2))
    }
}

/// Which column a name is of; case, spaces and dashes do not matter.
fn column(name: &str) -> Option<usize> {
    let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    COLUMNS.iter().position(|column| *column == name)
}

/// A YAML value as a field.
fn scalar(value: Value) -> Result<Option<String>, &'static str> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Array(_) | Value::Object(_) => return Err("this is no single value"),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn entry(fields: Fields, source: &str, locator: String) -> Result<Entry, &'static str> {
    let [identity, resource, written, environment, tenant, owner, approved_by, ticket, until] = fields;
    let level = written.as_deref().and_then(level);
    let until = match until {
        None => None,
        Some(text) => {
            Some(time(&text).ok_or("`until` is neither a date nor a time, as in 2026-05-09 or 2026-05-09T12:00:00Z")?)
        }
    };
    Ok(Entry {
        identity: identity.ok_or("`identity` is missing")?,
        resource,
        level,
        level_text: written.filter(|_| level.is_none()),
        environment,
        tenant,
        owner,
        approved_by,
        ticket,
        until,
        source: source.to_owned(),
        locator,
    })
}

/// The level that a word means everywhere. A word that could mean two levels, or that only one site knows, has none here.
fn level(text: &str) -> Option<Level> {
    let word: String = text.to_lowercase().split(|c: char| c.is_whitespace() || c == '-' || c == '_').collect();
    Some(match word.as_str() {
        "none" => Level::None,
        "read" | "readonly" | "view" | "viewer" | "list" | "pull" | "reporter" => Level::Read,
        "write" | "push" | "deploy" | "publish" | "developer" | "poweruser" => Level::Write,
        "admin" | "administrator" | "owner" | "full" | "*" => Level::Admin,
        _ => return None,
    })
}

/// A time; access until a date lasts through that day, UTC. A local time without an offset is none.
fn time(text: &str) -> Option<Timestamp> {
    match units::time(text, &TimeZone::UTC).ok()? {
        (start, true) => start.checked_add(24.hours()).ok(),
        (time, false) => Some(time),
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
