//! What belongs to a ticket and stands in other tables: the answers of its form, approvals, journals, changes, and who the people in them
//! are. A page of tickets costs one question of each. What the parts mean is in `record`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::ticket::Person;

use super::client::Refusal;
use super::query;
use super::record::{APPROVALS, HISTORY, JOURNAL, PEOPLE};
use super::session::{PAGE, Row, Session, shown, value};

/// The answers of requested items' forms.
pub(super) const VARIABLES: &str = "sc_item_option_mtom";
/// Approvals of tasks.
pub(super) const APPROVAL: &str = "sysapproval_approver";
/// Entries of journals.
pub(super) const ENTRIES: &str = "sys_journal_field";
/// Changes of fields.
pub(super) const AUDIT: &str = "sys_audit";
/// Under this key a ticket says which tables were not shown when it was read.
pub(super) const WITHOUT: &str = "_without";
/// Under this key a ticket says which of the configured tables it came from.
pub(super) const TABLE: &str = "_table";

/// Fields whose changes bear on what a ticket promises.
const AUDITED: &[&str] = &[
    "state",
    "approval",
    "due_date",
    "short_description",
    "description",
    "close_code",
    "assigned_to",
    "active",
    "sys_class_name",
];

/// Kinds of questions with a list of choices: multiple choice, and select box ("Variable types").
const CHOICES: [&str; 2] = ["3", "5"];

impl Session<'_> {
    /// Tickets whole: each with what belongs to it, under its sys_id.
    pub(super) async fn whole(&self, table: &str, rows: Vec<Row>) -> Vec<(String, Value)> {
        if rows.is_empty() {
            return Vec::new();
        }
        let ids: Vec<String> = rows.iter().filter_map(|row| value(row, "sys_id")).collect();
        self.look_at(table, &rows);
        self.learn_labels(&rows);
        let (answers, approvals, (journal, texts), changes) = futures::join!(
            self.variables(&rows),
            self.approvals(&ids),
            self.journal(table, &ids),
            self.changes(table, &rows, &ids),
        );
        self.meet(&answers, &journal, &changes).await;
        let state = self.state();
        let mut out = Vec::with_capacity(rows.len());
        for mut row in rows {
            row.retain(|key, _| !key.starts_with('_'));
            let Some(id) = value(&row, "sys_id") else { continue };
            let form = value(&row, "request_item").unwrap_or_else(|| id.clone());
            for (name, answer) in answers.get(&form).into_iter().flatten() {
                let known = state.users.get(answer).and_then(Option::as_ref);
                let text = known.map_or(answer.as_str(), Person::label);
                row.insert(free(&row, name), json!(text));
            }
            if let Some(text) = texts.get(&id) {
                row.extend(text.clone());
            }
            if state.without.contains(APPROVAL) {
                // Where approvals cannot be read, there are none.
                row.remove("approval");
            }
            let people: BTreeMap<&str, Value> = [&journal, &changes]
                .into_iter()
                .filter_map(|entries| entries.get(&id))
                .flatten()
                .filter_map(|entry| {
                    let name = entry["by"].as_str()?;
                    let person = state.users.get(name)?.as_ref()?;
                    Some((name, json!({"names": person.names, "display": person.display})))
                })
                .collect();
            row.insert(PEOPLE.to_owned(), json!(people));
            for (key, all) in [(JOURNAL, &journal), (APPROVALS, &approvals), (HISTORY, &changes)] {
                row.insert(key.to_owned(), Value::Array(all.get(&id).cloned().unwrap_or_default()));
            }
            row.insert(WITHOUT.to_owned(), json!(state.without));
            row.insert(TABLE.to_owned(), json!(table));
            out.push((id, Value::Object(row)));
        }
        out
    }

    /// Answers of forms, by requested item. That they cannot be read is a gap: a form may name the credential.
    async fn variables(&self, rows: &[Row]) -> BTreeMap<String, Vec<(String, String)>> {
        let own = |row: &Row| {
            let item = value(row, "sys_class_name").is_some_and(|class| class == "sc_req_item");
            value(row, "request_item").or_else(|| value(row, "sys_id").filter(|_| item))
        };
        let items: BTreeSet<String> = rows.iter().filter_map(own).filter(|id| query::is_sys_id(id)).collect();
        let items: Vec<String> = items.into_iter().collect();
        if items.is_empty() || self.is_without(VARIABLES) {
            return BTreeMap::new();
        }
        const FIELDS: &str = "sys_id,request_item,sc_item_option.value,sc_item_option.item_option_new,sc_item_option.item_option_new.name,sc_item_option.item_option_new.type";
        let found = self.all(VARIABLES, &query::among("request_item", &items), FIELDS).await;
        let rows = match found {
            Ok((rows, 0)) => rows,
            Ok((rows, hidden)) => {
                self.gap(
                    VARIABLES,
                    &format!("access rules hide {hidden} answers of forms: let the user read it and sc_item_option"),
                );
                rows
            }
            Err(Refusal::Denied(reason)) => {
                self.state().without.insert(VARIABLES.to_owned());
                self.gap(
                    VARIABLES,
                    &format!("{reason}: the answers of forms are not read; let the user read it and sc_item_option"),
                );
                return BTreeMap::new();
            }
            Err(Refusal::Failed(reason)) => {
                self.gap(VARIABLES, &reason);
                return BTreeMap::new();
            }
        };
        self.learn_choices(&rows).await;
        let state = self.state();
        let mut out: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for row in &rows {
            let get = |key: &str| value(row, &format!("sc_item_option.{key}"));
            let (Some(item), Some(name), Some(answer)) =
                (value(row, "request_item"), get("item_option_new.name"), get("value"))
            else {
                continue;
            };
            let words = get("item_option_new").and_then(|question| state.choices.get(&question)?.get(&answer).cloned());
            out.entry(item).or_default().push((name, words.unwrap_or(answer)));
        }
        out
    }

    /// The words of the choices that questions offer: an answer holds the choice's value alone.
    async fn learn_choices(&self, rows: &[Row]) {
        let known = |question: &String| self.state().choices.contains_key(question);
        let questions: BTreeSet<String> = rows
            .iter()
            .filter(|row| {
                value(row, "sc_item_option.item_option_new.type").is_some_and(|kind| CHOICES.contains(&kind.as_str()))
            })
            .filter_map(|row| value(row, "sc_item_option.item_option_new"))
            .filter(|question| query::is_sys_id(question) && !known(question))
            .collect();
        let questions: Vec<String> = questions.into_iter().collect();
        for some in questions.chunks(PAGE) {
            let found =
                self.optional("question_choice", &query::among("question", some), "sys_id,question,value,text").await;
            let mut state = self.state();
            state.choices.extend(some.iter().map(|question| (question.clone(), BTreeMap::new())));
            for row in &found {
                if let (Some(question), Some(stored), Some(text)) =
                    (value(row, "question"), value(row, "value"), shown(row, "text"))
                {
                    state.choices.entry(question).or_default().insert(stored, text);
                }
            }
        }
    }

    async fn approvals(&self, ids: &[String]) -> BTreeMap<String, Vec<Value>> {
        const FIELDS: &str = "sys_id,sysapproval,state,approver,approver.user_name,approver.email";
        let rows = self.optional(APPROVAL, &query::among("sysapproval", ids), FIELDS).await;
        let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for row in &rows {
            let (Some(task), Some(state)) = (value(row, "sysapproval"), value(row, "state")) else { continue };
            let names = ["approver.email", "approver.user_name", "approver"].iter().filter_map(|key| value(row, key));
            let names: Vec<String> = names.collect();
            out.entry(task)
                .or_default()
                .push(json!({"names": names, "display": shown(row, "approver"), "state": state}));
        }
        out
    }

    /// Comments and work notes: entry by entry, or as the text of the journals where entries are not shown.
    async fn journal(&self, table: &str, ids: &[String]) -> (BTreeMap<String, Vec<Value>>, BTreeMap<String, Row>) {
        let asked = query::and(&query::among("element_id", ids), "elementINcomments,work_notes");
        let rows = self.optional(ENTRIES, &asked, "sys_id,element_id,value,sys_created_by,sys_created_on").await;
        let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let whole = !self.is_without(ENTRIES) && (!rows.is_empty() || self.state().journal_shown);
        if whole {
            self.state().journal_shown = true;
            for row in &rows {
                let Some(task) = value(row, "element_id") else { continue };
                let (at, by) = (value(row, "sys_created_on"), value(row, "sys_created_by"));
                out.entry(task).or_default().push(json!({"at": at, "by": by, "text": value(row, "value")}));
            }
            out.values_mut().for_each(|entries| entries.sort_by(|a, b| a["at"].as_str().cmp(&b["at"].as_str())));
            return (out, BTreeMap::new());
        }
        // An instance may also hide all entries without a word: the journals themselves tell.
        let found = self.all(table, &query::among("sys_id", ids), "sys_id,comments,work_notes").await;
        let rows = match found {
            Ok((rows, _)) => rows,
            Err(refusal) => {
                self.gap(table, &format!("comments are not read: {}", refusal.reason()));
                return (out, BTreeMap::new());
            }
        };
        let mut texts = BTreeMap::new();
        for mut row in rows {
            row.retain(|key, _| matches!(key.as_str(), "comments" | "work_notes" | "sys_id"));
            let some = shown(&row, "comments").or_else(|| shown(&row, "work_notes")).is_some();
            if let Some(id) = value(&row, "sys_id").filter(|_| some) {
                texts.insert(id, row);
            }
        }
        if !texts.is_empty() && !self.is_without(ENTRIES) {
            self.state().without.insert(ENTRIES.to_owned());
        }
        (out, texts)
    }

    /// Changes of what bears on a ticket's promise.
    async fn changes(&self, table: &str, rows: &[Row], ids: &[String]) -> BTreeMap<String, Vec<Value>> {
        let mut classes: BTreeSet<String> = rows.iter().filter_map(|row| value(row, "sys_class_name")).collect();
        classes.retain(|class| query::is_sys_id(class));
        classes.insert(table.to_owned());
        let classes: Vec<String> = classes.into_iter().collect();
        let mut fields: BTreeSet<&str> = AUDITED.iter().copied().collect();
        fields.extend(self.watched.iter().map(String::as_str));
        let fields: Vec<&str> = fields.into_iter().collect();
        let asked =
            [query::among("tablename", &classes), query::among("documentkey", ids), query::among("fieldname", &fields)];
        const FIELDS: &str = "sys_id,documentkey,tablename,fieldname,oldvalue,newvalue,user,sys_created_on";
        let rows = self.optional(AUDIT, &asked.join("^"), FIELDS).await;
        let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        if rows.iter().any(|row| value(row, "fieldname").as_deref() == Some("state")) {
            self.learn_choices_of_states().await;
        }
        let state = self.state();
        for row in &rows {
            let (Some(task), Some(field)) = (value(row, "documentkey"), value(row, "fieldname")) else { continue };
            let word = |key: &str| {
                let stored = value(row, key)?;
                let of = |table: String| state.labels.get(&(table, stored.clone())).cloned();
                let label = || value(row, "tablename").and_then(of).or_else(|| of("task".to_owned()));
                if field == "state" { label().or_else(|| Some(stored.clone())) } else { Some(stored) }
            };
            out.entry(task).or_default().push(json!({
                "at": value(row, "sys_created_on"), "by": value(row, "user"), "field": field,
                "from": word("oldvalue"), "to": word("newvalue"),
            }));
        }
        out.values_mut().for_each(|changes| changes.sort_by(|a, b| a["at"].as_str().cmp(&b["at"].as_str())));
        out
    }

    /// The words of states, as the tickets themselves show them.
    fn learn_labels(&self, rows: &[Row]) {
        let mut state = self.state();
        for row in rows {
            if let (Some(class), Some(stored), Some(label)) =
                (value(row, "sys_class_name"), value(row, "state"), shown(row, "state"))
            {
                state.labels.insert((class, stored), label);
            }
        }
    }

    /// The words of states that no ticket may have any more.
    async fn learn_choices_of_states(&self) {
        {
            let mut state = self.state();
            if !state.labels.iter().all(|((table, _), _)| table != "*") {
                return;
            }
            state.labels.insert(("*".to_owned(), String::new()), String::new());
        }
        let mut tables: Vec<&str> = self.place.tables.iter().map(|(table, _)| table.as_str()).collect();
        tables.push("task");
        let asked = format!("{}^element=state^language=en", query::among("name", &tables));
        let rows = self.optional("sys_choice", &asked, "sys_id,name,value,label").await;
        let mut state = self.state();
        for row in &rows {
            if let (Some(table), Some(stored), Some(label)) =
                (value(row, "name"), value(row, "value"), shown(row, "label"))
            {
                state.labels.entry((table, stored)).or_insert(label);
            }
        }
    }

    /// Looks up the users that journals, changes and forms name.
    async fn meet(
        &self,
        answers: &BTreeMap<String, Vec<(String, String)>>,
        journal: &BTreeMap<String, Vec<Value>>,
        changes: &BTreeMap<String, Vec<Value>>,
    ) {
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        {
            let state = self.state();
            let new = |name: &str| !state.users.contains_key(name);
            for entry in journal.values().chain(changes.values()).flatten() {
                let by = entry["by"].as_str().filter(|by| query::is_value(by) && new(by));
                names.extend(by.map(str::to_owned));
            }
            for (_, answer) in answers.values().flatten() {
                let reference = answer.len() == 32 && answer.bytes().all(|b| b.is_ascii_hexdigit());
                if reference && new(answer) {
                    ids.insert(answer.clone());
                }
            }
        }
        let asked: Vec<(bool, String)> =
            names.into_iter().map(|name| (true, name)).chain(ids.into_iter().map(|id| (false, id))).collect();
        for some in asked.chunks(PAGE) {
            let of = |kind: bool| -> Vec<&str> {
                some.iter().filter(|(is_name, _)| *is_name == kind).map(|(_, text)| text.as_str()).collect()
            };
            let parts: Vec<String> = [("user_name", of(true)), ("sys_id", of(false))]
                .into_iter()
                .filter(|(_, values)| !values.is_empty())
                .map(|(field, values)| query::among(field, &values))
                .collect();
            let rows = self.optional("sys_user", &parts.join("^OR"), "sys_id,user_name,email,name").await;
            let mut state = self.state();
            state.users.extend(some.iter().map(|(_, text)| (text.clone(), None)));
            for row in &rows {
                let names = ["email", "user_name", "sys_id"].iter().filter_map(|key| value(row, key)).collect();
                let person = Person { names, display: shown(row, "name") };
                for key in ["user_name", "sys_id"] {
                    if let Some(known) = value(row, key) {
                        state.users.insert(known, Some(person.clone()));
                    }
                }
            }
        }
    }
}

/// `variables.NAME`, or where that is taken, with a number.
fn free(row: &Row, name: &str) -> String {
    let plain = format!("variables.{name}");
    let is_free = |key: &String| shown(row, key).is_none();
    let numbered = (2..1000).map(|number| format!("variables.{name}.{number}"));
    std::iter::once(plain.clone()).chain(numbered).find(is_free).unwrap_or(plain)
}
