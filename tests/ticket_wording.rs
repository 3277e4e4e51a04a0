//! The words of tickets: intent, state, level, window and effective date of many wordings (`tickets/words.yaml`). What they link to is
//! tested in `ticket_cases`.

#![allow(clippy::unwrap_used)]

use driftgate::link::Index;
use driftgate::model::inventory::{Inventory, Level};
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Intent, RawState, Record, State, System, Text};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    text: Option<String>,
    kind: Option<String>,
    status: Option<String>,
    resolution: Option<String>,
    intent: Intent,
    state: Option<State>,
    /// Absent: not looked at; null: no level.
    #[serde(default, with = "stated")]
    level: Option<Option<Level>>,
    window: Option<Timestamp>,
    #[serde(default, with = "stated")]
    effective: Option<Option<Timestamp>>,
}

/// Tells a null from no word about it.
mod stated {
    use serde::{Deserialize, Deserializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
        T::deserialize(from).map(Some)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn record(case: &Case) -> Record {
    Record {
        source: "t".to_owned(),
        system: System::Jira,
        id: "T-1".to_owned(),
        url: None,
        project: "T".to_owned(),
        repository: None,
        kind: case.kind.clone(),
        title: case.title.clone(),
        texts: case.text.iter().map(|text| Text { field: "description".to_owned(), text: text.clone() }).collect(),
        comments: Vec::new(),
        history: Vec::new(),
        labels: Vec::new(),
        fields: Default::default(),
        state: RawState {
            status: case.status.clone().unwrap_or_else(|| "Open".to_owned()),
            closed: None,
            resolution: case.resolution.clone(),
        },
        relations: Vec::new(),
        opened_at: Some(at("2026-05-11T09:00:00Z")),
        closed_at: None,
        due_at: None,
        updated_at: None,
        reporter: Default::default(),
        assignee: None,
        approvers: Vec::new(),
        time_zone: None,
    }
}

#[test]
fn many_words_for_the_same_thing() {
    let cases: Vec<Case> = serde_yaml::from_str(include_str!("tickets/words.yaml")).unwrap();
    let inventory: Inventory = serde_yaml::from_str(include_str!("tickets/inventory.yaml")).unwrap();
    let index = Index::new(&inventory, &[], &Settings::default());
    let mut failures = Vec::new();
    for case in &cases {
        let ticket = index.understand(&record(case), at("2026-06-01T12:00:00Z"));
        let mut wrong = Vec::new();
        let mut differs = |what: &str, want: String, got: String| {
            if want != got {
                wrong.push(format!("{what}: want {want}, got {got}"));
            }
        };
        differs("intent", format!("{:?}", case.intent), format!("{:?}", ticket.intent));
        if let Some(level) = case.level {
            differs("level", format!("{level:?}"), format!("{:?}", ticket.access.level));
        }
        let end = ticket.window.as_ref().and_then(|window| window.end);
        // A day's last second is its end.
        differs("window", format!("{:?}", case.window), format!("{end:?}"));
        if let Some(effective) = case.effective {
            differs("effective", format!("{effective:?}"), format!("{:?}", ticket.effective_at));
        }
        if let Some(state) = case.state {
            differs("state", format!("{state:?}"), format!("{:?}", ticket.state));
        }
        if !wrong.is_empty() {
            failures.push(format!("{:?}\n  {}\n  why: {:?}", case.title, wrong.join("\n  "), ticket.why));
        }
    }
    assert!(failures.is_empty(), "{} of {} tickets:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
