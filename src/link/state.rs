//! A ticket's state: the tracker's own, resolution or close reason first (SEMANTICS, State).

use jiff::Timestamp;

use crate::model::settings::Settings;
use crate::model::ticket::{Distrusted, Record, State, System};

/// The state, with what belongs to it.
pub(super) struct Found {
    pub(super) state: State,
    pub(super) resolution: Option<String>,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) distrusted: Vec<Distrusted>,
}

const WITHDRAWN: &[&str] = &[
    "won't do",
    "wont do",
    "won't fix",
    "wontfix",
    "duplicate",
    "cancelled",
    "canceled",
    "declined",
    "rejected",
    "not planned",
    "not_planned",
    "superseded",
    "incomplete",
    "closed incomplete",
    "skipped",
    "closed skipped",
    "withdrawn",
    "obsolete",
    "invalid",
    "cannot reproduce",
    "abgelehnt",
    "annulé",
    "rechazado",
];

/// Close reasons that only the words of a comment or note give, where the tracker keeps none.
const SAID: &[&str] =
    &["duplicate of", "superseded by", "not doing this", "won't do this", "have not removed", "not carried out"];

/// The tracker's name, as `trust.approved` writes it.
pub(super) fn system(system: System) -> &'static str {
    match system {
        System::Jira => "jira",
        System::Servicenow => "servicenow",
        System::Github => "github",
        System::Gitlab => "gitlab",
        System::Csv => "csv",
    }
}

/// The state.
pub(super) fn of(record: &Record, settings: &Settings, why: &mut Vec<String>) -> Found {
    let resolution = record.state.resolution.clone().filter(|text| !text.trim().is_empty());
    let status = record.state.status.to_lowercase();
    let closed = record
        .state
        .closed
        .unwrap_or(matches!(status.as_str(), "done" | "closed" | "resolved" | "complete" | "completed"));
    let word = |text: &str| {
        let text = text.trim().to_lowercase();
        let own = settings.words.states.iter().find(|(word, _)| *word == text).map(|(_, state)| *state);
        own.or_else(|| WITHDRAWN.contains(&text.as_str()).then_some(State::Withdrawn))
    };
    let state = if !closed {
        word(&status).unwrap_or(State::Open)
    } else if let Some(state) = resolution.as_deref().and_then(word).or_else(|| word(&status)) {
        state
    } else if resolution.is_none() && said_withdrawn(record) {
        why.push("a comment tells why it was closed".to_owned());
        State::Withdrawn
    } else {
        State::Done
    };
    why.push(format!("status {}, resolution {}", record.state.status, resolution.as_deref().unwrap_or("none")));
    let closed_at = if state == State::Open { None } else { record.closed_at.or(record.updated_at) };
    Found { state, resolution, closed_at, distrusted: Vec::new() }
}

fn said_withdrawn(record: &Record) -> bool {
    record.comments.iter().rev().take(3).any(|comment| {
        let text = comment.text.to_lowercase();
        SAID.iter().any(|words| text.contains(words))
    })
}
