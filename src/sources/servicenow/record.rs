//! A row of a task table as a record: `sysparm_display_value=all` (each field a display value and a value), or plain values. Form answers
//! stand under `variables.*`; comments and work notes are journals, as text or, read live, entry by entry under keys of our own that begin
//! with `_`. Field names: the "Table API" and "Task (task)" pages of ServiceNow's documentation. What a ticket asks for is understood in
//! `link`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::model::ticket::{Change, Comment, Field, Person, RawState, Record, System, Text};
use crate::sources::export::markup::html;
use crate::sources::export::value::kind;
use crate::sources::export::{self, Flaw};

/// Entries of the journals: `{at, by, text}`; `by` is a user's name.
pub(super) const JOURNAL: &str = "_journal";
/// Approvals: `{names, display, state}`.
pub(super) const APPROVALS: &str = "_approvals";
/// Changes: `{at, by, field, from, to}`.
pub(super) const HISTORY: &str = "_history";
/// People by their user's name: `{names, display}`.
pub(super) const PEOPLE: &str = "_people";

/// Rows to records, for one source.
pub(super) struct Reader<'s> {
    /// The source's name.
    pub(super) source: &'s str,
    /// Which of the table's fields mean what.
    pub(super) fields: &'s BTreeMap<Field, String>,
    /// The instance, where it is known.
    pub(super) site: Option<&'s str>,
}

/// The form fields that most sites name alike, for what the configuration does not map.
const USUAL: [(Field, &[&str]); 8] = [
    (Field::Credential, &["variables.credential", "variables.secret", "variables.credential_id", "variables.key_id"]),
    (Field::Level, &["variables.access_level", "variables.level", "u_access_level"]),
    (Field::Environment, &["variables.environment", "u_environment"]),
    (Field::Person, &["variables.person", "variables.employee", "variables.user", "u_person"]),
    (Field::Effective, &["variables.effective_date", "variables.last_day", "u_effective_date"]),
    (Field::From, &["variables.access_start", "variables.start_date", "u_access_start"]),
    (
        Field::Until,
        &[
            "variables.access_end",
            "variables.access_until",
            "variables.valid_until",
            "variables.end_date",
            "u_access_end",
        ],
    ),
    (Field::RequestType, &["variables.request_type", "u_request_type"]),
];

impl Reader<'_> {
    /// One row.
    ///
    /// # Errors
    /// Where it is no ticket at all; what is wrong with parts of one goes into `flaws`.
    pub(super) fn record(&self, item: &Value, flaws: &mut Vec<Flaw>) -> Result<Record, Flaw> {
        let Value::Object(fields) = item else { return Err(format!("is {}, not a record", kind(item))) };
        let row = Row(fields);
        let Some(id) = row.value("number") else { return Err("has no number".to_owned()) };
        for (key, value) in fields {
            if !key.starts_with('_') && matches!(value, Value::Array(_) | Value::Bool(_)) {
                flaws.push(format!("has {} where a field's value is expected: {key}", kind(value)));
            }
        }
        let mut people = People::default();
        for key in ["opened_by", "assigned_to", "closed_by", "requested_for", "sys_created_by"] {
            people.learn(row.person(key));
        }
        let mut comments = journal(&row, &people);
        comments.sort_by_key(|comment| comment.at);
        let mut texts = Vec::new();
        if let Some(text) = row.rich("description") {
            texts.push(Text { field: "description".to_owned(), text });
        }
        for (key, _) in fields.iter().filter(|(key, _)| key.starts_with("variables.")) {
            if let Some(text) = row.moment(key).or_else(|| row.rich(key)) {
                texts.push(Text { field: key.clone(), text });
            }
        }
        // The fulfiller's closing words are the last comment.
        if let Some(text) = row.rich("close_notes") {
            let author = row.person("closed_by").or_else(|| row.person("assigned_to")).unwrap_or_default();
            let at = row.time("closed_at", flaws);
            comments.push(Comment { author, at, text, system: false });
        }
        let status = row.text("state").unwrap_or_default();
        let closed = match row.value("active").as_deref() {
            // A resolved incident stays active until nobody objects: its state says whether it is done.
            Some("true") if row.value("resolved_at").is_some() => None,
            Some("true") => Some(false),
            Some("false") => Some(true),
            _ => None,
        };
        let time = |key: &str, flaws: &mut Vec<Flaw>| row.time(key, flaws);
        Ok(Record {
            source: self.source.to_owned(),
            system: System::Servicenow,
            url: self.url(&row),
            project: row.value("sys_class_name").unwrap_or_default(),
            repository: None,
            kind: row.text("cat_item").or_else(|| row.text("category")).or_else(|| row.text("type")),
            title: row.text("short_description").unwrap_or_default(),
            texts,
            comments,
            history: history(&row),
            labels: row
                .text("sys_tags")
                .map(|tags| tags.split(',').map(|t| t.trim().to_owned()).collect())
                .unwrap_or_default(),
            fields: self.fields(&row),
            state: RawState {
                status,
                closed,
                resolution: row.text("close_code").or_else(|| row.text("resolution_code")),
            },
            relations: ["parent", "request_item", "request"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), row.text(key)?)))
                .collect(),
            opened_at: time("opened_at", flaws).or_else(|| time("sys_created_on", flaws)),
            closed_at: time("closed_at", flaws)
                .or_else(|| time("resolved_at", flaws).filter(|_| closed != Some(false))),
            due_at: row.value("due_date").and_then(|due| export::due(&due)),
            updated_at: time("sys_updated_on", flaws),
            reporter: row.person("opened_by").unwrap_or_default(),
            assignee: row.person("assigned_to"),
            approvers: row.person("approved_by").into_iter().chain(approvers(&row)).collect(),
            time_zone: None,
            id,
        })
    }

    fn url(&self, row: &Row<'_>) -> Option<String> {
        let sys_id = row.value("sys_id")?;
        let linked = || row.0.values().find_map(|value| Some(value.get("link")?.as_str()?.split_once("/api/now/")?.0));
        let site = self.site.or_else(linked)?;
        Some(format!("{site}/task.do?sys_id={sys_id}"))
    }

    fn fields(&self, row: &Row<'_>) -> BTreeMap<Field, String> {
        let mut out = BTreeMap::new();
        for (field, key) in self.fields {
            // Times: the value is UTC, the display value the reader's own zone.
            let text = match field {
                Field::Effective | Field::From | Field::Until => row.value(key),
                // A user is known by e-mail or name where those were asked for.
                Field::Person => {
                    let parts = ["email", "user_name"].iter();
                    parts.filter_map(|part| row.text(&format!("{key}.{part}"))).next().or_else(|| row.text(key))
                }
                _ => row.text(key),
            };
            out.extend(text.map(|text| (*field, text)));
        }
        for (field, keys) in USUAL {
            if self.fields.contains_key(&field) {
                continue;
            }
            let time = matches!(field, Field::Effective | Field::From | Field::Until);
            let text = keys.iter().find_map(|key| if time { row.value(key) } else { row.text(key) });
            out.extend(text.map(|text| (field, text)));
        }
        if !out.contains_key(&Field::Approval)
            && let Some(approval) = row.value("approval")
            // Where no approval is asked for, the field says nothing: an approver's own words may.
            && !approval.eq_ignore_ascii_case("not requested")
        {
            out.insert(Field::Approval, approval);
        }
        out
    }
}

/// One record: each field a text, or an object of `display_value` and `value`.
struct Row<'v>(&'v Map<String, Value>);

impl Row<'_> {
    fn part(&self, key: &str, first: &str, second: &str) -> Option<String> {
        let value = self.0.get(key)?;
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        match value {
            Value::Object(both) => both.get(first).and_then(scalar).or_else(|| both.get(second).and_then(scalar)),
            other => scalar(other),
        }
    }

    /// What people see.
    fn text(&self, key: &str) -> Option<String> {
        self.part(key, "display_value", "value")
    }

    /// What the system stores; times in UTC.
    fn value(&self, key: &str) -> Option<String> {
        self.part(key, "value", "display_value")
    }

    fn rich(&self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        Some(tidy(&text))
    }

    /// A form's answer that is a time, in UTC as it is stored: the display value is in the reader's own zone.
    fn moment(&self, key: &str) -> Option<String> {
        let text = self.value(key)?;
        let shape = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        };
        (text.len() == 19 && text.bytes().enumerate().all(shape)).then(|| text + "Z")
    }

    fn time(&self, key: &str, flaws: &mut Vec<Flaw>) -> Option<Timestamp> {
        let text = self.value(key)?;
        let time = export::time(&text);
        if time.is_none() {
            flaws.push(format!("has no readable time: {key}"));
        }
        time
    }

    /// A reference to a user: sys_id, user name and e-mail where they were asked for.
    fn person(&self, key: &str) -> Option<Person> {
        let display = self.text(key);
        let mut names: Vec<String> =
            ["email", "user_name"].iter().filter_map(|part| self.text(&format!("{key}.{part}"))).collect();
        names.extend(self.value(key).filter(|value| Some(value) != display.as_ref() || value.contains('@')));
        (!names.is_empty() || display.is_some()).then_some(Person { names, display })
    }

    /// A list under one of our own keys.
    fn list(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    /// A user by name, with the other names that were asked for.
    fn known(&self, name: &str) -> Person {
        match self.0.get(PEOPLE).and_then(|people| people.get(name)) {
            Some(known) => person(known),
            None => {
                Person { names: Some(name.to_owned()).filter(|n| !n.is_empty()).into_iter().collect(), display: None }
            }
        }
    }

    /// How far display times are ahead of UTC, learnt from a field that shows both.
    fn offset(&self) -> SignedDuration {
        for key in ["sys_updated_on", "opened_at", "sys_created_on", "closed_at"] {
            let both = self.0.get(key).and_then(|value| {
                let part = |name: &str| value.get(name).and_then(Value::as_str).and_then(export::time);
                Some((part("display_value")?, part("value")?))
            });
            if let Some((shown, utc)) = both {
                return shown.duration_since(utc);
            }
        }
        SignedDuration::ZERO
    }
}

/// People that a record names with an id, by the name that journals show.
#[derive(Default)]
struct People(Vec<Person>);

impl People {
    fn learn(&mut self, person: Option<Person>) {
        if let Some(person) = person.filter(|person| !self.0.contains(person)) {
            self.0.push(person);
        }
    }

    /// Journals give display names only: one that exactly one person of this record has is that person.
    fn of(&self, display: &str) -> Person {
        let mut same = self.0.iter().filter(|person| person.display.as_deref() == Some(display));
        match (same.next(), same.next()) {
            (Some(person), None) => person.clone(),
            _ => Person { names: Vec::new(), display: Some(display.to_owned()) },
        }
    }
}

/// The comments, and the work notes: entry by entry where they were read so, else out of the journals' text.
fn journal(row: &Row<'_>, people: &People) -> Vec<Comment> {
    let mut out = Vec::new();
    for entry in row.list(JOURNAL) {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let by = text("by").unwrap_or_default();
        out.push(Comment {
            author: row.known(by),
            at: text("at").and_then(export::time),
            text: tidy(text("text").unwrap_or_default()),
            system: by == "system",
        });
    }
    let offset = row.offset();
    for key in ["comments", "work_notes", "comments_and_work_notes"] {
        if key == "comments_and_work_notes" && !out.is_empty() {
            continue;
        }
        if let Some(journal) = row.text(key) {
            entries(&journal, offset, people, &mut out);
        }
    }
    out
}

/// Who approved, by name.
fn approvers(row: &Row<'_>) -> Vec<Person> {
    let approved = row.list(APPROVALS).filter(|entry| entry.get("state").and_then(Value::as_str) == Some("approved"));
    approved.map(person).collect()
}

/// What was changed. ServiceNow's `state` is what the other trackers call the status.
fn history(row: &Row<'_>) -> Vec<Change> {
    let changes = row.list(HISTORY).map(|entry| {
        let text =
            |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let field = text("field").unwrap_or_default();
        Change {
            at: text("at").as_deref().and_then(export::time),
            author: row.known(&text("by").unwrap_or_default()),
            field: if field == "state" { "status".to_owned() } else { field },
            from: text("from"),
            to: text("to"),
        }
    });
    changes.collect()
}

fn person(entry: &Value) -> Person {
    let names = entry.get("names").and_then(Value::as_array).into_iter().flatten();
    Person {
        names: names.filter_map(Value::as_str).map(str::to_owned).collect(),
        display: entry.get("display").and_then(Value::as_str).map(str::to_owned),
    }
}

/// Plain text.
fn tidy(text: &str) -> String {
    let text = text.trim();
    if html::is_html(text) { html::text(text) } else { text.replace("\r\n", "\n") }
}

/// Entries of a journal: `2026-07-27 11:40:00 - Grace Gupta (Additional comments)`, then the text, newest first.
fn entries(journal: &str, offset: SignedDuration, people: &People, into: &mut Vec<Comment>) {
    let mut current: Option<Comment> = None;
    for line in journal.lines() {
        if let Some((at, author)) = header(line) {
            into.extend(current.take().filter(|c| !c.text.trim().is_empty()));
            let at = export::time(at).map(|at| at - offset);
            current = Some(Comment { author: people.of(author), at, text: String::new(), system: author == "System" });
        } else {
            let comment = current.get_or_insert_with(|| Comment {
                author: Person::default(),
                at: None,
                text: String::new(),
                system: false,
            });
            comment.text.push_str(line);
            comment.text.push('\n');
        }
    }
    into.extend(current.filter(|c| !c.text.trim().is_empty()));
    for comment in into {
        comment.text = tidy(&comment.text);
    }
}

fn header(line: &str) -> Option<(&str, &str)> {
    let (at, rest) = (line.get(..19)?, line.get(19..)?.strip_prefix(" - ")?);
    let (author, kind) = rest.trim_end().rsplit_once(" (")?;
    let shaped = at.bytes().enumerate().all(|(i, b)| match i {
        4 | 7 => b == b'-',
        10 => b == b' ',
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    (shaped && kind.ends_with(')')).then_some((at, author))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Account;
    use crate::sources::export::tests_support::{about, collect};
    use crate::sources::servicenow::ServiceNow;
    use serde_json::json;

    fn read(export: &Value) -> (Vec<Record>, Account) {
        let fields = BTreeMap::from([(Field::Until, "u_end".to_owned())]);
        collect(export.to_string().as_bytes(), |files| {
            Box::new(ServiceNow::saved(about("servicenow"), "export".to_owned(), fields, files))
        })
    }

    #[test]
    fn one_record_with_both_values() {
        let both = |display: &str, value: &str| json!({"display_value": display, "value": value});
        let (records, account) = read(&json!({"result":[{
            "number": both("RITM1", "RITM1"), "sys_class_name": both("Requested Item", "sc_req_item"),
            "short_description": both("Access", "Access"), "description": both("<p>a<br>b</p>", "x"),
            "state": both("Closed Complete", "3"), "active": both("false", "false"), "approval": both("Approved", "approved"),
            "opened_at": both("2026-08-18 09:30:00", "2026-08-18 07:30:00"),
            "assigned_to": {"display_value":"Dave Dubois","value":"d1","link":"https://s.example.com/api/now/table/sys_user/d1"},
            "opened_by": both("Grace Gupta", "g1"), "sys_id": both("1", "1"),
            "comments": both("2026-07-27 11:52:00 - Dave Dubois (Additional comments)\nSecond\nline\n\n2026-07-27 11:40:00 - Eve (Additional comments)\nFirst\n\n", ""),
            "variables.access_level": both("Read only", "read"), "u_end": both("2026-09-01 10:00:00", "2026-09-01 08:00:00"),
            "due_date": both("", "")}]}));
        assert_eq!(account.gaps, []);
        let r = &records[0];
        assert_eq!(r.project, "sc_req_item");
        assert_eq!(r.opened_at.unwrap().to_string(), "2026-08-18T07:30:00Z");
        assert_eq!(r.texts[0].text, "a\nb");
        assert_eq!(r.comments.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(), ["First", "Second\nline"]);
        assert_eq!(r.comments[1].author.names, ["d1"]);
        assert_eq!(r.comments[0].author.names, Vec::<String>::new());
        assert_eq!(r.comments[1].at.unwrap().to_string(), "2026-07-27T09:52:00Z");
        assert_eq!(r.fields[&Field::Level], "Read only");
        assert_eq!(r.fields[&Field::Until], "2026-09-01 08:00:00");
        assert_eq!(r.fields[&Field::Approval], "approved");
        assert_eq!(r.url.as_deref(), Some("https://s.example.com/task.do?sys_id=1"));
    }

    #[test]
    fn plain_values_and_flaws() {
        let (records, account) = read(&json!({"result":[
            {"number":"INC1","state":"Closed","opened_at":"2026-08-18 07:30:00","short_description":"x","assigned_to":"dave"},
            {"number":"INC2","state":["x"],"opened_at":"soon"}, "INC3", {"state":"1"}]}));
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].assignee.as_ref().unwrap().display.as_deref(), Some("dave"));
        assert_eq!(account.gaps.len(), 4, "{:?}", account.gaps);
    }

    #[test]
    fn what_was_read_beside_the_row() {
        let (records, account) = read(&json!({"result":[{
            "number": "RITM2", "sys_id": "2", "comments": "",
            JOURNAL: [{"at": "2026-07-27 09:52:00", "by": "dave", "text": "<p>a<br>b</p>"}, {"at": "x", "by": "system", "text": "c"}],
            APPROVALS: [{"names": ["alice@example.com", "alice"], "state": "approved"}, {"names": ["eve"], "state": "requested"}],
            HISTORY: [{"at": "2026-07-27 09:52:00", "by": "eve", "field": "state", "from": "Open", "to": "Closed Complete"}],
            PEOPLE: {"dave": {"names": ["dave@example.com", "dave"], "display": "Dave Dubois"}}}]}));
        assert_eq!(account.gaps, []);
        let r = &records[0];
        let said: Vec<(&str, &str, bool)> =
            r.comments.iter().map(|c| (c.author.label(), c.text.as_str(), c.system)).collect();
        assert_eq!(said, [("system", "c", true), ("dave@example.com", "a\nb", false)]);
        assert_eq!(r.approvers.iter().map(Person::label).collect::<Vec<_>>(), ["alice@example.com"]);
        assert_eq!((r.history[0].field.as_str(), r.history[0].author.label()), ("status", "eve"));
        assert_eq!(r.history[0].to.as_deref(), Some("Closed Complete"));
    }
}
