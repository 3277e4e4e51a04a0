//! A ticket's state, as the tracker's own: resolution or close reason first, then the status by its category and name. Where a closed
//! ticket carries no reason, the comments of its closing tell it; a comment never closes an open one.

use jiff::{SignedDuration, Timestamp};

use crate::model::settings::Settings;
use crate::model::ticket::{Distrusted, Person, Record, State, System};

use super::history::Part;
use super::links::quote;
use super::refused::{gives_up, newest};
use super::replay::replay;
use super::states::{DONE, OPEN, WITHDRAWN};
use super::trust::Trust;

/// The state and what was not trusted about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) state: State,
    /// For a ticket that was done and that somebody reopened who may not: since when it is done all the same.
    pub(super) stood_done: Option<Timestamp>,
    /// When it was closed, for what is done or withdrawn: what was not trusted in between does not make it later.
    pub(super) closed_at: Option<Timestamp>,
    /// A done ticket that was withdrawn by somebody who may: it is told.
    pub(super) withdrawn: Option<String>,
    pub(super) resolution: Option<String>,
    pub(super) distrusted: Vec<Distrusted>,
    pub(super) why: String,
}

/// A tracker's name in the configuration.
pub(super) fn system(system: System) -> &'static str {
    match system {
        System::Jira => "jira",
        System::Servicenow => "servicenow",
        System::Github => "github",
        System::Gitlab => "gitlab",
        System::Csv => "csv",
    }
}

/// What a status or resolution name means, a site's own words first.
pub(super) fn named(name: &str, settings: &Settings) -> Option<State> {
    let lower = name.trim().to_lowercase().replace('’', "'");
    let own = settings.words.states.iter().find(|(word, _)| word.eq_ignore_ascii_case(&lower)).map(|(_, state)| *state);
    own.or_else(|| {
        let is = |list: &[&str]| list.contains(&lower.as_str());
        match () {
            () if is(WITHDRAWN) => Some(State::Withdrawn),
            () if is(OPEN) => Some(State::Open),
            () if is(DONE) => Some(State::Done),
            () => None,
        }
    })
}

/// Reads a ticket's state. To lower it loosens, whatever the ticket asks: a grant's limits would go with the grant.
pub(super) fn of(trust: &Trust<'_>) -> Stated {
    let (record, settings) = (trust.record, trust.settings);
    let status = named(&record.state.status, settings);
    let resolution = record.state.resolution.as_deref().and_then(|r| named(r, settings));
    let mut out = Stated {
        state: State::Open,
        stood_done: None,
        closed_at: record.closed_at,
        withdrawn: None,
        resolution: record.state.resolution.clone(),
        distrusted: Vec::new(),
        why: format!("state: status \"{}\"", quote(&record.state.status)),
    };
    // The category knows best whether it is closed; a reopened one keeps its old resolution.
    let closed = match record.state.closed {
        Some(closed) => closed && !reopened(&record.state.status, status, settings),
        None => {
            matches!(status, Some(State::Done | State::Withdrawn))
                || (status.is_none() && (resolution.is_some() || record.closed_at.is_some()))
        }
    };
    if !closed {
        out.why.push_str(" is open");
        out.resolution = None;
        played(trust, State::Open, &mut out);
        return out;
    }
    // A status that names its reason ("Rejected") is a reason; "Closed" is none.
    let plain = matches!(
        record.state.status.trim().to_lowercase().as_str(),
        "closed" | "resolved" | "geschlossen" | "fermé" | "cerrado"
    );
    let from_status = status.filter(|state| *state == State::Withdrawn || !plain);
    let reason = match (resolution, from_status) {
        (Some(State::Withdrawn), _) | (_, Some(State::Withdrawn)) => Some(State::Withdrawn),
        (Some(state), _) | (None, Some(state)) => Some(state),
        (None, None) => None,
    };
    let told = if reason == Some(State::Withdrawn) { State::Withdrawn } else { State::Done };
    out.state = told;
    played(trust, told, &mut out);
    if reason.is_none() && out.state == State::Done {
        out.state = by_comments(trust, &mut out.distrusted);
    }
    if let Some(resolution) = &record.state.resolution {
        out.why.push_str(&format!(", resolution \"{}\"", quote(resolution)));
    }
    out
}

/// Whether a status says that a ticket was opened again, whatever its category is; what else a column is called says less than that.
fn reopened(name: &str, status: Option<State>, settings: &Settings) -> bool {
    // A site's own words know its columns.
    let own = settings
        .words
        .states
        .iter()
        .any(|(word, state)| *state == State::Open && word.eq_ignore_ascii_case(name.trim()));
    let lower = name.trim().to_lowercase();
    let again = ["reopen", "re-open", "wieder", "rouvert", "reabiert"].iter().any(|stem| lower.starts_with(stem));
    own || status == Some(State::Open) && again
}

/// What the history makes of the tracker's present state.
fn played(trust: &Trust<'_>, present: State, out: &mut Stated) {
    let Some(mut played) = replay(trust, present) else {
        // Without a history it is nobody's known deed, or the assignee's: one that may not take a promise back leaves it as it was.
        let by_change = trust.of_change(trust.record.assignee.as_ref().unwrap_or(&trust.record.reporter));
        if present == State::Withdrawn && (!trust.project() || by_change) {
            out.state = State::Open;
            out.distrusted.push(Distrusted {
                what: "withdrawn where nobody trusted can be seen to have done it".to_owned(),
                field: "status".to_owned(),
                quote: quote(&trust.record.state.status),
            });
        }
        return;
    };
    out.withdrawn = played.withdrawn.take();
    out.distrusted.append(&mut played.distrusted);
    match (present, played.stands) {
        // A reopened ticket is open, and shown so; but whoever reopens what others did does not make its subject allowed again.
        (State::Open, State::Done) => {
            out.stood_done = played.done_at.or(trust.record.closed_at).or(trust.record.opened_at)
        }
        (State::Open, _) => {}
        (_, stands) => {
            out.state = stands;
            if stands == State::Done && !out.distrusted.is_empty() {
                out.closed_at = played.done_at.or(out.closed_at);
            }
        }
    }
}

/// How long before its closing a comment still belongs to it.
const CLOSING: SignedDuration = SignedDuration::from_hours(1);

/// A closed ticket without a reason is done, unless the words of its closing say otherwise.
fn by_comments(trust: &Trust<'_>, distrusted: &mut Vec<Distrusted>) -> State {
    let record = trust.record;
    for (_, other) in record.relations.iter().filter(|(relation, _)| relation.eq_ignore_ascii_case("duplicates")) {
        // Who linked them; where the history does not tell it, they were opened so.
        let made = trust.entries.iter().rev().find(|entry| {
            entry.part == Part::Relation && entry.to.as_deref().is_some_and(|to| to.contains(other.as_str()))
        });
        match made {
            Some(entry) if !trust.trusts(entry.author, entry.at) => distrusted.push(Distrusted {
                what: format!("made a duplicate by {}", entry.author.label()),
                field: entry.field.to_string(),
                quote: quote(entry.to.as_deref().unwrap_or_default()),
            }),
            _ => return State::Withdrawn,
        }
    }
    let closes = |to: &str| named(to, trust.settings).is_some_and(|state| state != State::Open);
    let closers: Vec<&Person> = trust
        .entries
        .iter()
        .filter(|entry| entry.part == Part::Status && entry.to.as_deref().is_some_and(closes))
        .map(|entry| entry.author)
        .collect();
    let known = distrusted.len();
    let newest = newest(&record.comments);
    for (index, comment) in record.comments.iter().enumerate().rev().take(20) {
        let late = comment.at.zip(record.closed_at).is_none_or(|(at, closed)| at + CLOSING >= closed);
        // Who asked gives up at its closing what somebody who may had refused before.
        if !late && distrusted.len() == known {
            break;
        }
        let Some(words) = gives_up(comment, late && newest == Some(index)) else { continue };
        // Who closes a ticket nobody else is assigned to says why; a passer-by does not.
        // The tracker's own note before the closing is what whoever closed it found there.
        let before = comment.system && comment.at.zip(record.closed_at).is_some_and(|(at, closed)| at <= closed);
        let closer = record.assignee.is_none()
            && closers.iter().any(|closer| {
                let own = closer.names.iter().any(|name| comment.author.names.contains(name));
                (own || before) && !trust.of_change(closer)
            })
            && !trust.of_change(&comment.author);
        // Where nobody is assigned, whoever opened it may say at its closing that it is not wanted any more.
        let opener = record.assignee.is_none()
            && trust.entries.iter().all(|entry| entry.part == Part::Status)
            && closers.len() < 2
            && closers.iter().all(|closer| trust.same(closer, &record.reporter))
            && comment.at.zip(record.closed_at).is_some_and(|(at, closed)| at <= closed)
            && trust.project()
            && !trust.approval().given
            && trust.same(&comment.author, &record.reporter)
            && !trust.of_change(&comment.author);
        // The tracker's own note is the tracker's own state, but somebody made it write that.
        let unsigned = comment.system && comment.author.names.is_empty();
        let own = unsigned || trust.trusts(&comment.author, comment.at) || (late && (closer || opener));
        if own {
            distrusted.truncate(known);
            return State::Withdrawn;
        }
        if !late {
            continue;
        }
        distrusted.push(Distrusted {
            what: format!("withdrawn by {}", comment.author.label()),
            field: format!("comment {}", index + 1),
            quote: quote(&words),
        });
    }
    State::Done
}

/// Of which tickets a withdrawn one is a duplicate.
pub(super) fn duplicate_of(record: &Record, state: State) -> Vec<String> {
    if state != State::Withdrawn {
        return Vec::new();
    }
    let related = record.relations.iter().filter(|(relation, _)| relation.eq_ignore_ascii_case("duplicates"));
    let mut out: Vec<String> = related.map(|(_, other)| other.clone()).collect();
    for comment in record.comments.iter().filter(|comment| comment.system) {
        let Some((_, rest)) = comment.text.split_once("marked this issue as a duplicate of ") else { continue };
        let other = rest.split_whitespace().next().unwrap_or_default();
        // `#3` is of the same project.
        out.push(if other.starts_with('#') { format!("{}{other}", record.project) } else { other.to_owned() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_four_languages() {
        let settings = Settings::default();
        for (name, state) in [
            ("Erledigt", Some(State::Done)),
            ("Won’t Do", Some(State::Withdrawn)),
            ("Closed Skipped", Some(State::Withdrawn)),
            ("Reopened", Some(State::Open)),
            ("En cours", Some(State::Open)),
            ("Somewhere", None),
        ] {
            assert_eq!(named(name, &settings), state, "{name}");
        }
        let mut own = Settings::default();
        own.words.states = vec![("somewhere".into(), State::Done), ("done".into(), State::Open)];
        assert_eq!(named("Somewhere", &own), Some(State::Done));
        assert_eq!(named("Done", &own), Some(State::Open));
    }
}
