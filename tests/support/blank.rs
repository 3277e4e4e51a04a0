//! Tickets for tests that read them by `link` alone: a blank one to begin with, and short words for times and people.

#![allow(dead_code, clippy::unwrap_used)]

use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Person, RawState, Record, System, Text, Ticket};
use jiff::Timestamp;

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn person(name: &str) -> Person {
    Person { names: vec![name.to_owned()], display: None }
}

/// A description.
pub(crate) fn described(text: &str) -> Vec<Text> {
    vec![Text { field: "description".to_owned(), text: text.to_owned() }]
}

/// A ticket of Jira's that says nothing but its title, open, by nobody.
pub(crate) fn blank(source: &str, id: &str, title: &str) -> Record {
    Record {
        source: source.to_owned(),
        system: System::Jira,
        id: id.to_owned(),
        url: None,
        project: id.split('-').next().unwrap_or_default().to_owned(),
        repository: None,
        kind: None,
        title: title.to_owned(),
        texts: Vec::new(),
        comments: Vec::new(),
        history: Vec::new(),
        labels: Vec::new(),
        fields: std::collections::BTreeMap::new(),
        state: RawState { status: "Open".to_owned(), closed: None, resolution: None },
        relations: Vec::new(),
        opened_at: None,
        closed_at: None,
        due_at: None,
        updated_at: None,
        reporter: Person::default(),
        assignee: None,
        approvers: Vec::new(),
        time_zone: None,
    }
}

/// A ticket that was opened on a Monday by ruth and is assigned to dave.
pub(crate) fn opened(title: &str, text: &str) -> Record {
    Record {
        texts: described(text),
        opened_at: Some(at("2026-05-11T09:00:00Z")),
        reporter: person("ruth@globex.test"),
        assignee: Some(person("dave@globex.test")),
        ..blank("jira", "SEC-1", title)
    }
}

/// A ticket as it is understood beside the inventory of the tests.
pub(crate) fn understood(record: &Record) -> Ticket {
    let inventory: Inventory = serde_yaml::from_str(include_str!("../tickets/inventory.yaml")).unwrap();
    Index::new(&inventory, &[], &Settings::default()).understand(record, at("2026-06-01T12:00:00Z"))
}

/// The state that a tracker gives a ticket that was done.
pub(crate) fn done() -> RawState {
    RawState { status: "Done".to_owned(), closed: Some(true), resolution: Some("Done".to_owned()) }
}

/// For `#[serde(default, with = "stated")]`: tells a null from no word about it.
pub(crate) mod stated {
    use serde::{Deserialize, Deserializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
        T::deserialize(from).map(Some)
    }
}
