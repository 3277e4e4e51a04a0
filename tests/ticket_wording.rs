//! The words of tickets: intent, state, level, window and effective date of many wordings (`tickets/words.yaml`). What they link to is
//! tested in `ticket_cases`.

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use driftgate::link::Index;
use driftgate::model::inventory::{Inventory, Level};
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Intent, RawState, Record, State};
use jiff::Timestamp;
use serde::Deserialize;
use support::{at, blank, described, stated};

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

fn record(case: &Case) -> Record {
    let status = case.status.clone().unwrap_or_else(|| "Open".to_owned());
    Record {
        kind: case.kind.clone(),
        texts: case.text.iter().flat_map(|text| described(text)).collect(),
        state: RawState { status, closed: None, resolution: case.resolution.clone() },
        opened_at: Some(at("2026-05-11T09:00:00Z")),
        ..blank("t", "T-1", &case.title)
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
