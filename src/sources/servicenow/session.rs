//! One run at an instance: walking through a table's pages until its end is sure, and the account of what was and was not read. Which
//! tables belong to a ticket is in `parts`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::model::ticket::{Field, Person};
use crate::sources::export::Gaps;

use super::client::{Client, Refusal};
use super::query;
use super::settings::Place;

/// Rows of one page of tickets, and sys_ids in one question: more would make addresses longer than proxies let through.
pub(super) const PAGE: usize = 100;

/// Rows of one page of what belongs to tickets.
const PART_PAGE: usize = 1000;

/// The most rows that one question about a page of tickets may be answered with.
const MOST_PARTS: usize = 50_000;

/// One row.
pub(super) type Row = Map<String, Value>;

/// The fields of a ticket that are asked for. Those that a table does not have are left out by the instance.
const FIELDS: &[&str] = &[
    "sys_id",
    "number",
    "sys_class_name",
    "short_description",
    "description",
    "state",
    "active",
    "approval",
    "opened_at",
    "closed_at",
    "due_date",
    "sys_created_on",
    "sys_created_by",
    "sys_updated_on",
    "cat_item",
    "category",
    "type",
    "close_code",
    "close_notes",
    "resolution_code",
    "parent",
    "request",
    "request_item",
    "sys_tags",
    "u_access_level",
    "u_environment",
    "u_person",
    "u_effective_date",
    "u_access_start",
    "u_access_end",
    "u_request_type",
];

/// Fields that name a user: with each come user name and e-mail.
const PEOPLE: &[&str] = &["opened_by", "assigned_to", "closed_by", "requested_for", "u_person"];

/// Fields that every row of ServiceNow's own task tables has: one that does not come is hidden by a rule for the field.
const ALWAYS: &[&str] = &["short_description", "description", "state", "active", "opened_at"];

/// Tables that have them.
const TASKS: &[&str] = &["task", "sc_request", "sc_req_item", "sc_task", "incident", "change_request", "problem"];

/// A run.
pub(super) struct Session<'a> {
    pub(super) client: Client<'a>,
    pub(super) place: &'a Place,
    /// `sysparm_fields` of tickets.
    pub(super) fields: String,
    /// The configured fields, whose changes are looked for.
    pub(super) watched: Vec<String>,
    state: Mutex<State>,
}

/// What was learnt so far.
pub(super) struct State {
    pub(super) gaps: Gaps,
    pub(super) notes: BTreeSet<String>,
    /// Tables that this user is not shown.
    pub(super) without: BTreeSet<String>,
    /// Users by name and by sys_id; none is one that is not shown.
    pub(super) users: BTreeMap<String, Option<Person>>,
    /// The words of choices, by question.
    pub(super) choices: BTreeMap<String, BTreeMap<String, String>>,
    /// The words of states, by table and value.
    pub(super) labels: BTreeMap<(String, String), String>,
    /// `sys_journal_field` has shown an entry: where it shows none, there is none.
    pub(super) journal_shown: bool,
    /// The instance's clock at the first answer.
    pub(super) as_of: Option<Timestamp>,
    /// Tables whose rows lack fields.
    hidden: BTreeSet<String>,
    /// Something of the tickets was not read: what was read is not kept.
    pub(super) incomplete: bool,
}

/// The way through one query's rows.
pub(super) struct Walk<'w> {
    pub(super) table: &'w str,
    pub(super) query: &'w str,
    pub(super) fields: &'w str,
    limit: usize,
    last: Option<String>,
    seen: BTreeSet<String>,
    announced: Option<u64>,
    /// Nothing follows.
    pub(super) end: bool,
}

impl<'w> Walk<'w> {
    pub(super) fn new(table: &'w str, query: &'w str, fields: &'w str, limit: usize) -> Self {
        Self { table, query, fields, limit, last: None, seen: BTreeSet::new(), announced: None, end: false }
    }

    /// How many rows were announced and not shown: access rules hide rows after they were counted.
    pub(super) fn hidden(&self) -> u64 {
        self.announced.unwrap_or(0).saturating_sub(self.seen.len() as u64)
    }

    /// How many rows were announced.
    pub(super) fn announced(&self) -> Option<u64> {
        self.announced
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(client: Client<'a>, place: &'a Place, fields: &BTreeMap<Field, String>, gaps: Gaps) -> Self {
        let mut all: Vec<String> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
        let mut people: BTreeSet<&str> = PEOPLE.iter().copied().collect();
        people.extend(fields.get(&Field::Person).map(String::as_str));
        all.extend(fields.values().filter(|field| !FIELDS.contains(&field.as_str())).cloned());
        for person in people {
            all.extend([person.to_owned(), format!("{person}.user_name"), format!("{person}.email")]);
        }
        let watched = fields.values().filter(|field| query::is_sys_id(field)).cloned().collect();
        let state = State {
            gaps,
            notes: BTreeSet::new(),
            without: BTreeSet::new(),
            users: BTreeMap::new(),
            choices: BTreeMap::new(),
            labels: BTreeMap::new(),
            journal_shown: false,
            as_of: None,
            hidden: BTreeSet::new(),
            incomplete: false,
        };
        Self { client, place, fields: all.join(","), watched, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_state(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that is missing.
    pub(super) fn gap(&self, table: &str, reason: &str) {
        let mut state = self.state();
        state.gaps.item(table, reason);
        state.incomplete = true;
    }

    /// A ticket, or a part of one, that cannot be read as one: it will not be otherwise the next time.
    pub(super) fn flaw(&self, ticket: &str, flaw: &str) {
        self.state().gaps.item(ticket, flaw);
    }

    pub(super) fn note(&self, note: impl Into<String>) {
        self.state().notes.insert(note.into());
    }

    pub(super) fn is_without(&self, table: &str) -> bool {
        self.state().without.contains(table)
    }

    /// The next rows of a walk.
    ///
    /// # Errors
    /// Where they cannot be read, or are those that came before.
    pub(super) async fn step(&self, walk: &mut Walk<'_>) -> Result<Vec<Row>, Refusal> {
        let asked = query::after(walk.query, walk.last.as_deref());
        let page = self.client.rows(walk.table, &asked, walk.fields, walk.limit).await?;
        {
            let mut state = self.state();
            state.as_of = state.as_of.or(page.at);
        }
        if walk.last.is_none() {
            walk.announced = page.total;
        }
        if page.rows.len() > walk.limit {
            return Err(Refusal::Failed("the instance answers with more rows than it was asked for".to_owned()));
        }
        for row in &page.rows {
            let Some(id) = value(row, "sys_id").filter(|id| query::is_sys_id(id)) else {
                return Err(Refusal::Failed("the answer holds a row without a sys_id".to_owned()));
            };
            if !walk.seen.insert(id.clone()) {
                return Err(Refusal::Failed("its pages go round in circles".to_owned()));
            }
            walk.last = Some(id);
        }
        // The count of a page is that of the rows which follow the last one known; where some are hidden, more may follow all the same.
        walk.end = match page.total {
            _ if page.rows.is_empty() => true,
            Some(total) => page.rows.len() as u64 >= total,
            None => !page.more && page.rows.len() < walk.limit,
        };
        Ok(page.rows)
    }

    /// Sees that rows have the fields that they must have.
    pub(super) fn look_at(&self, table: &str, rows: &[Row]) {
        let always = ALWAYS.iter().filter(|_| TASKS.contains(&table) && !rows.is_empty());
        let hidden: Vec<&str> =
            always.copied().filter(|field| !rows.iter().all(|row| row.contains_key(*field))).collect();
        if !hidden.is_empty() && self.state().hidden.insert(table.to_owned()) {
            self.gap(table, &format!("does not show the fields {}: let the user read them", hidden.join(", ")));
        }
    }

    /// All rows of a table beside the tickets'.
    pub(super) async fn all(&self, table: &str, query: &str, fields: &str) -> Result<(Vec<Row>, u64), Refusal> {
        let mut walk = Walk::new(table, query, fields, PART_PAGE);
        let mut rows = Vec::new();
        while !walk.end {
            rows.extend(self.step(&mut walk).await?);
            if rows.len() > MOST_PARTS {
                return Err(Refusal::Failed(format!("more than {MOST_PARTS} rows belong to one page of tickets")));
            }
        }
        Ok((rows, walk.hidden()))
    }

    /// All rows of a table that not every user is shown: a refusal is remembered, and each ticket says what it was read without.
    pub(super) async fn optional(&self, table: &str, query: &str, fields: &str) -> Vec<Row> {
        if self.is_without(table) {
            return Vec::new();
        }
        match self.all(table, query, fields).await {
            Ok((rows, 0)) => rows,
            Ok((rows, _)) => {
                self.note(format!("{table}: access rules hide some rows: of those, {}", lost(table)));
                rows
            }
            Err(Refusal::Denied(_)) => {
                self.state().without.insert(table.to_owned());
                Vec::new()
            }
            Err(Refusal::Failed(reason)) => {
                self.gap(table, &reason);
                Vec::new()
            }
        }
    }
}

/// What is not known where a table beside the tickets is not shown.
pub(super) fn lost(table: &str) -> &'static str {
    match table {
        "sysapproval_approver" => "nothing counts as approved; let the user read it",
        "sys_journal_field" => "comments are read as the journals' text, their authors known by display name alone",
        "sys_audit" => "who reopened, postponed or rewrote a ticket is not known",
        "sys_user" => "people in comments, changes and forms are known by user name alone",
        "sc_item_option_mtom" => "the answers of forms are not read",
        "question_choice" => "answers of forms are read as the choices' stored values",
        "sys_choice" => "former states are known by number alone",
        _ => "what is in it is not known",
    }
}

fn part(row: &Row, key: &str, which: &str) -> Option<String> {
    let text = match row.get(key)? {
        Value::Object(both) => both.get(which)?.as_str()?,
        Value::String(text) => text,
        _ => return None,
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What the instance stores in a field.
pub(super) fn value(row: &Row, key: &str) -> Option<String> {
    part(row, key, "value")
}

/// What people see in a field.
pub(super) fn shown(row: &Row, key: &str) -> Option<String> {
    part(row, key, "display_value").or_else(|| value(row, key))
}
