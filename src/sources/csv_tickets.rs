//! Tickets as a table: a CSV file whose columns the configuration names. Encoding (UTF-8 or UTF-16 with or without a mark, or a
//! western code page), separator (comma, semicolon, tab) and quotes are found out. What a ticket asks for is understood in `link`.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use async_trait::async_trait;
use csv::ByteRecord;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Files;
use crate::model::ticket::{Field, Person, RawState, Record, System, Text};
use crate::sources::export::{self, Gaps, decode};
use crate::sources::{About, Account, TicketSource, Wanted};

/// Settings of a `csv` source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The table.
    pub path: String,
    /// Which of its columns mean what: `opened_at: Created`.
    pub columns: Columns,
}

/// Our names for the columns, and the file's.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The ticket's id. It is needed.
    pub id: String,
    /// When it was opened.
    pub opened_at: Option<String>,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// When it is due.
    pub due_at: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub text: Option<String>,
    /// The status.
    pub state: Option<String>,
    /// How it ended.
    pub resolution: Option<String>,
    /// The kind of request.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// The approval's state.
    pub approval: Option<String>,
    /// The credential's or slot's id or name.
    pub credential: Option<String>,
    /// The level asked for.
    pub level: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The affected person or workload.
    pub person: Option<String>,
    /// When the action takes effect.
    pub effective: Option<String>,
    /// Start of a temporary access.
    pub from: Option<String>,
    /// End of a temporary access.
    pub until: Option<String>,
    /// Labels, separated by commas or semicolons.
    pub labels: Option<String>,
}

/// A table of tickets.
pub struct CsvTickets {
    about: About,
    settings: Settings,
    files: Files,
}

/// A row longer than this is a quote that was never closed.
const MAX_ROW: usize = 8 << 20;

impl CsvTickets {
    /// Takes its settings; nothing is read yet.
    #[must_use]
    pub fn new(about: About, settings: Settings, files: Files) -> Self {
        Self { about, settings, files }
    }

    fn read(
        &self,
        reader: impl BufRead,
        account: &mut Account,
        gaps: &mut Gaps,
        sink: &mut (dyn FnMut(Record) + Send),
    ) {
        let mut reader = reader;
        let separator = match reader.fill_buf() {
            Ok(head) => separator(head),
            Err(error) => return gaps.whole(&format!("cannot be read: {error}")),
        };
        let mut table = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(true)
            .from_reader(Quotes::new(reader, separator));
        let header: Vec<String> = match table.byte_headers() {
            Ok(header) => header.iter().map(|name| decode::western(name).trim().to_owned()).collect(),
            Err(error) => return gaps.whole(&format!("cannot be read: {error}")),
        };
        let columns = match self.settings.columns.places(&header) {
            Ok(columns) => columns,
            Err(missing) => return gaps.whole(&missing),
        };
        let mut row = ByteRecord::new();
        let mut rows = 0_u64;
        loop {
            match table.read_byte_record(&mut row) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    gaps.whole(&format!("cannot be read from line {line} on: {error}"));
                    return;
                }
            }
            let line = row.position().map_or(0, csv::Position::line);
            rows += 1;
            if row.as_slice().len() > MAX_ROW {
                gaps.item(&format!("line {line}"), "is longer than 8 MiB; is a quote not closed?");
                continue;
            }
            if row.len() != header.len() {
                let reason = format!("has {} columns instead of {}", row.len(), header.len());
                gaps.item(&format!("line {line}"), &reason);
                continue;
            }
            match self.record(&row, &columns) {
                Ok((record, flaws)) => {
                    for flaw in flaws {
                        gaps.item(&format!("line {line} ({})", record.id), &flaw);
                    }
                    account.exported_at = account.exported_at.max(record.closed_at.max(record.opened_at));
                    account.items += 1;
                    sink(record);
                }
                Err(flaw) => gaps.item(&format!("line {line}"), &flaw),
            }
        }
        if table.get_ref().open {
            gaps.whole("ends in the middle of a quoted cell: its last ticket is not whole");
        }
        if rows == 0 {
            gaps.whole("holds no tickets at all");
        }
    }

    fn record(
        &self,
        row: &ByteRecord,
        columns: &BTreeMap<&'static str, usize>,
    ) -> Result<(Record, Vec<String>), String> {
        let mut flaws = Vec::new();
        let cell = |name: &str| {
            let text = decode::western(row.get(*columns.get(name)?)?);
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let id = cell("id").ok_or_else(|| "has no id".to_owned())?;
        let mut time = |name: &str, read: fn(&str) -> Option<jiff::Timestamp>| {
            let text = cell(name)?;
            let time = read(&text);
            if time.is_none() {
                flaws.push(format!("has no readable time in column {name}; RFC 3339 or 2026-05-09 12:00:00 (UTC) is"));
            }
            time
        };
        let opened_at = time("opened_at", export::time);
        let closed_at = time("closed_at", export::time);
        let due_at = time("due_at", export::due);
        let fields = [
            (Field::Approval, "approval"),
            (Field::Credential, "credential"),
            (Field::Level, "level"),
            (Field::Environment, "environment"),
            (Field::Person, "person"),
            (Field::Effective, "effective"),
            (Field::From, "from"),
            (Field::Until, "until"),
        ];
        let record = Record {
            source: self.about.name.clone(),
            system: System::Csv,
            url: None,
            project: id.rsplit_once(['-', '#']).map_or("", |(project, _)| project).to_owned(),
            repository: None,
            kind: cell("type"),
            title: cell("title").unwrap_or_default(),
            texts: cell("text").map(|text| Text { field: "description".to_owned(), text }).into_iter().collect(),
            comments: Vec::new(),
            history: Vec::new(),
            labels: cell("labels")
                .map(|labels| labels.split([',', ';']).map(|label| label.trim().to_owned()).collect())
                .unwrap_or_default(),
            fields: fields.into_iter().filter_map(|(field, name)| Some((field, cell(name)?))).collect(),
            state: RawState { status: cell("state").unwrap_or_default(), closed: None, resolution: cell("resolution") },
            relations: Vec::new(),
            opened_at,
            closed_at,
            due_at,
            updated_at: None,
            reporter: Person::default(),
            assignee: cell("assignee").map(|name| Person { names: vec![name], display: None }),
            approvers: Vec::new(),
            time_zone: None,
            id,
        };
        Ok((record, flaws))
    }
}

/// Whether a table ends inside a quoted cell: the parser takes what is there for whole.
struct Quotes<R> {
    inner: R,
    separator: u8,
    /// Inside a quoted cell.
    open: bool,
    /// At a cell's start, where alone a quote opens one.
    start: bool,
}

impl<R: Read> Quotes<R> {
    fn new(inner: R, separator: u8) -> Self {
        Self { inner, separator, open: false, start: true }
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for &byte in &buffer[..count] {
            // A doubled quote closes and opens again.
            match byte {
                b'"' if self.open => (self.open, self.start) = (false, true),
                b'"' if self.start => self.open = true,
                _ if self.open => {}
                _ => self.start = byte == self.separator || matches!(byte, b'\n' | b'\r'),
            }
        }
        Ok(count)
    }
}

#[async_trait]
impl TicketSource for CsvTickets {
    fn about(&self) -> &About {
        &self.about
    }

    async fn tickets(&self, _want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        let mut account = Account::default();
        let mut gaps = Gaps::new(&self.about, &self.settings.path);
        match self.files.open(&self.settings.path) {
            Ok(file) => {
                self.read(BufReader::with_capacity(1 << 16, decode::Utf8::new(file)), &mut account, &mut gaps, sink);
            }
            Err(error) => gaps.whole(&format!("cannot be opened: {error}")),
        }
        account.gaps = gaps.finish();
        account
    }
}

impl Columns {
    /// Where each mapped column stands.
    fn places(&self, header: &[String]) -> Result<BTreeMap<&'static str, usize>, String> {
        let all = [
            ("id", Some(&self.id)),
            ("opened_at", self.opened_at.as_ref()),
            ("closed_at", self.closed_at.as_ref()),
            ("due_at", self.due_at.as_ref()),
            ("title", self.title.as_ref()),
            ("text", self.text.as_ref()),
            ("state", self.state.as_ref()),
            ("resolution", self.resolution.as_ref()),
            ("type", self.kind.as_ref()),
            ("assignee", self.assignee.as_ref()),
            ("approval", self.approval.as_ref()),
            ("credential", self.credential.as_ref()),
            ("level", self.level.as_ref()),
            ("environment", self.environment.as_ref()),
            ("person", self.person.as_ref()),
            ("effective", self.effective.as_ref()),
            ("from", self.from.as_ref()),
            ("until", self.until.as_ref()),
            ("labels", self.labels.as_ref()),
        ];
        let mut places = BTreeMap::new();
        for (ours, theirs) in all {
            let Some(theirs) = theirs else { continue };
            let theirs = theirs.trim();
            match header.iter().position(|name| name.eq_ignore_ascii_case(theirs)) {
                Some(place) => _ = places.insert(ours, place),
                None => {
                    return Err(format!(
                        "has no column \"{theirs}\" for {ours}; its columns are: {}",
                        header.join(", ")
                    ));
                }
            }
        }
        Ok(places)
    }
}

/// The separator that the header uses most.
fn separator(head: &[u8]) -> u8 {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|b| **b == separator).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|s| count(*s)).filter(|s| count(*s) > 0).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::export::tests_support::{about, collect};

    fn read(table: &[u8]) -> (Vec<Record>, Account) {
        let some = |name: &str| Some(name.to_owned());
        let columns = Columns {
            id: "Number".into(),
            opened_at: some("Created"),
            title: some("Summary"),
            text: some("Description"),
            state: some("Status"),
            ..Columns::default()
        };
        collect(table, |files| {
            Box::new(CsvTickets::new(about("csv"), Settings { path: "export".into(), columns: columns.clone() }, files))
        })
    }

    #[test]
    fn quotes_marks_and_encodings() {
        let table = "Number,Created,Summary,Description,Status,More\r\nSEC-1,2026-05-04T10:00:00Z,\"Revoke, please\",\"a \"\"b\"\"\nc\",Done,x\r\n";
        for bytes in [table.as_bytes().to_vec(), [b"\xef\xbb\xbf", table.as_bytes()].concat()] {
            let (records, account) = read(&bytes);
            assert_eq!(account.gaps, []);
            assert_eq!(records[0].title, "Revoke, please");
            assert_eq!(records[0].texts[0].text, "a \"b\"\nc");
            assert_eq!(records[0].project, "SEC");
        }
        let (records, _) = read(b"number;created;summary;description;status\nSEC-2;;D\xe9part;;Done\n");
        assert_eq!(records[0].title, "Départ");
    }

    #[test]
    fn bad_rows_cost_themselves() {
        let (records, account) =
            read(b"Number,Created,Summary,Description,Status\nSEC-1,x\n,2026-01-01,a,b,c\nSEC-3,monday,a,b,c\nSEC-4,2026-01-01,a,b,c\n");
        assert_eq!(records.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["SEC-3", "SEC-4"]);
        let reasons: Vec<&str> = account.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert_eq!(reasons[0], "export: line 2 has 2 columns instead of 5");
        assert_eq!(reasons[1], "export: line 3 has no id");
        assert!(reasons[2].starts_with("export: line 4 (SEC-3) has no readable time in column opened_at"));
        assert_eq!(
            read(b"Number,Created,Summary,Description,Status\n").1.gaps[0].reason,
            "export: holds no tickets at all"
        );
        assert!(read(b"Id,Created\n1,2\n").1.gaps[0].reason.contains("has no column \"Number\" for id"));
        assert!(!read(b"").1.gaps.is_empty());
    }
}
