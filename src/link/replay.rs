//! How a ticket came to its state: its status and resolution played again, change by change. What lowers it (reopened, withdrawn)
//! counts only from those who may; what the names mean is decided in `state`.

use jiff::Timestamp;

use crate::model::settings::Settings;
use crate::model::ticket::{Distrusted, Person, Record, State};

use super::history::{Entry, Part};
use super::links::quote;
use super::state::named;
use super::trust::Trust;

/// What the history says of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replayed {
    /// What the ticket comes to without the acts that were not trusted.
    pub(super) stands: State,
    /// Since when it has been done, where it stands as done.
    pub(super) done_at: Option<Timestamp>,
    /// Acts that do not count.
    pub(super) distrusted: Vec<Distrusted>,
    /// A done ticket that somebody withdrew who may.
    pub(super) withdrawn: Option<String>,
}

/// Who made the ticket what it is, and what it was before.
struct Raised<'r> {
    by: &'r Person,
    before: State,
    done_at: Option<Timestamp>,
}

/// How much a ticket binds: a done revocation more than an open one, a withdrawn one not at all.
fn binds(state: State) -> u8 {
    match state {
        State::Withdrawn => 0,
        State::Open => 1,
        State::Done => 2,
    }
}

/// Plays the history. `present` is the tracker's state now. None where the history tells nothing of the state.
pub(super) fn replay(trust: &Trust<'_>, present: State) -> Option<Replayed> {
    let (record, settings) = (trust.record, trust.settings);
    let entries: Vec<&Entry<'_>> =
        trust.entries.iter().filter(|entry| matches!(entry.part, Part::Status | Part::Resolution)).collect();
    let first = entries.first()?;
    let mut status = start(&entries, Part::Status, &record.state.status);
    let mut resolution = start(&entries, Part::Resolution, record.state.resolution.as_deref().unwrap_or_default());
    let mut stands = tracker(&status, &resolution, record, settings);
    let mut out = Replayed { stands, done_at: None, distrusted: Vec::new(), withdrawn: None };
    if stands == State::Done {
        out.done_at = record.closed_at.min(first.at);
    }
    let mut raised: Option<Raised<'_>> = None;
    // What one person did at one time is one act: trackers tell a status and its resolution apart.
    let acts = entries.chunk_by(|a, b| a.at == b.at && a.author == b.author);
    let count = acts.clone().count();
    for (number, act) in acts.enumerate() {
        let Some(entry) = act.last() else { continue };
        for entry in act {
            let to = entry.to.as_deref().unwrap_or_default().to_owned();
            if entry.part == Part::Status { status = to } else { resolution = to }
        }
        let to = if number + 1 == count { present } else { tracker(&status, &resolution, record, settings) };
        let by_right = trust.trusts(entry.author, entry.at);
        if binds(to) > binds(stands) {
            raised = Some(Raised { by: entry.author, before: stands, done_at: out.done_at });
            stands = to;
            out.done_at = entry.at.filter(|_| to == State::Done);
        } else if binds(to) == binds(stands) {
            // Whoever may put it where it stands settles what others tried before.
            if by_right {
                out.distrusted.clear();
            }
        } else if by_right {
            if stands == State::Done && to == State::Withdrawn {
                out.withdrawn = Some(format!("was done, and was {}", told(act, "withdrawn")));
            }
            stands = to;
            (raised, out.done_at) = (None, None);
            out.distrusted.clear();
        } else if let Some(own) = raised.take_if(|raised| trust.same(raised.by, entry.author)) {
            // Taking back one's own act gives the state before it, and no less.
            stands = if binds(to) < binds(own.before) { own.before } else { to };
            out.done_at = own.done_at.filter(|_| stands == State::Done);
            if stands != to {
                out.distrusted.push(refused(act, to));
            }
        } else {
            out.distrusted.push(refused(act, to));
        }
    }
    out.stands = stands;
    Some(out)
}

/// A part's value before its first change; where it never changed, what it is now.
fn start(entries: &[&Entry<'_>], part: Part, now: &str) -> String {
    let first = entries.iter().find(|entry| entry.part == part);
    first.map_or_else(|| now.to_owned(), |entry| entry.from.as_deref().unwrap_or_default().to_owned())
}

/// The state that a status and a resolution of then meant.
fn tracker(status: &str, resolution: &str, record: &Record, settings: &Settings) -> State {
    let (by_status, by_resolution) = (named(status, settings), named(resolution, settings));
    // A status of the site's own has the category that the tracker gives it now.
    let same = !status.is_empty() && status.eq_ignore_ascii_case(&record.state.status);
    let closed = match (by_status, record.state.closed.filter(|_| same)) {
        (Some(State::Open), _) => false,
        (_, Some(closed)) => closed,
        (Some(_), None) => true,
        (None, None) => by_resolution.is_some_and(|state| state != State::Open),
    };
    match (closed, by_status, by_resolution) {
        (false, ..) => State::Open,
        (true, Some(State::Withdrawn), _) | (true, _, Some(State::Withdrawn)) => State::Withdrawn,
        (true, ..) => State::Done,
    }
}

fn refused(act: &[&Entry<'_>], to: State) -> Distrusted {
    let entry = act.iter().rev().find(|entry| entry.to.is_some()).or(act.last());
    let word = if to == State::Withdrawn { "withdrawn" } else { "reopened" };
    let by = entry.map_or("nobody", |entry| entry.author.label());
    Distrusted {
        what: format!("{word} by {by}"),
        field: entry.map_or_else(String::new, |entry| entry.field.to_string()),
        quote: entry.map_or_else(String::new, |entry| sides(entry)),
    }
}

fn told(act: &[&Entry<'_>], word: &str) -> String {
    let Some(entry) = act.iter().rev().find(|entry| entry.to.is_some()).or(act.last()) else {
        return word.to_owned();
    };
    let at = entry.at.map_or_else(String::new, |at| format!(" at {at}"));
    format!("{word} by {}{at}: {}", entry.author.label(), sides(entry))
}

/// `Done to Won't Do`.
pub(super) fn sides(entry: &Entry<'_>) -> String {
    let side = |side: &Option<std::borrow::Cow<'_, str>>| side.as_deref().map_or_else(|| "nothing".to_owned(), quote);
    format!("{} to {}", side(&entry.from), side(&entry.to))
}
