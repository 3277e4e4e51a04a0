//! A ticket's state, as the tracker's own: resolution or close reason first, then the status by its category and name. Where a closed
//! ticket carries no reason, the comments of its closing tell it; a comment never closes an open one.

use jiff::SignedDuration;

use crate::model::settings::Settings;
use crate::model::ticket::{Distrusted, Person, Record, State, System};

use super::links::quote;
use super::states::{DONE, OPEN, REFUSALS, WITHDRAWN};
use super::tokens::words;

/// The state and what was not trusted about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) state: State,
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
fn named(name: &str, settings: &Settings) -> Option<State> {
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

/// Reads a ticket's state. `trusts` says who may withdraw it.
pub(super) fn of(record: &Record, settings: &Settings, trusts: &dyn Fn(&Person) -> bool) -> Stated {
    let status = named(&record.state.status, settings);
    let resolution = record.state.resolution.as_deref().and_then(|r| named(r, settings));
    let mut out = Stated {
        state: State::Open,
        resolution: record.state.resolution.clone(),
        distrusted: Vec::new(),
        why: format!("state: status \"{}\"", quote(&record.state.status)),
    };
    // The category knows best whether it is closed; a reopened one keeps its old resolution.
    let closed = match record.state.closed {
        Some(closed) => closed && (status != Some(State::Open) || record.state.status.is_empty()),
        None => {
            matches!(status, Some(State::Done | State::Withdrawn))
                || (status.is_none() && (resolution.is_some() || record.closed_at.is_some()))
        }
    };
    if !closed {
        out.why.push_str(" is open");
        out.resolution = None;
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
    out.state = match reason {
        Some(State::Withdrawn) => State::Withdrawn,
        Some(_) => State::Done,
        None => by_comments(record, settings, trusts, &mut out.distrusted),
    };
    if out.state == State::Withdrawn && reason.is_some() {
        distrust_history(record, settings, trusts, &mut out);
    }
    if let Some(resolution) = &record.state.resolution {
        out.why.push_str(&format!(", resolution \"{}\"", quote(resolution)));
    }
    out
}

/// A change of the history that withdrew the ticket, by somebody who may not: it stands as it was.
fn distrust_history(record: &Record, settings: &Settings, trusts: &dyn Fn(&Person) -> bool, out: &mut Stated) {
    let withdraws = |change: &&crate::model::ticket::Change| {
        matches!(change.field.to_lowercase().as_str(), "status" | "resolution")
            && change.to.as_deref().and_then(|to| named(to, settings)) == Some(State::Withdrawn)
    };
    let Some(change) = record.history.iter().rev().find(withdraws) else { return };
    if trusts(&change.author) {
        return;
    }
    // As it was before that person touched it.
    let at = change.at;
    let before = record
        .history
        .iter()
        .filter(|c| c.at < at && matches!(c.field.to_lowercase().as_str(), "status" | "resolution"))
        .filter_map(|c| c.to.as_deref().and_then(|to| named(to, settings)))
        .next_back();
    let was_done = before == Some(State::Done)
        || change.from.as_deref().and_then(|from| named(from, settings)) == Some(State::Done);
    out.state = if was_done { State::Done } else { State::Open };
    out.distrusted.push(Distrusted {
        what: format!("withdrawn by {}", change.author.label()),
        field: change.field.clone(),
        quote: quote(&format!(
            "{} to {}",
            change.from.as_deref().unwrap_or("nothing"),
            change.to.as_deref().unwrap_or("nothing")
        )),
    });
}

/// How long before its closing a comment still belongs to it.
const CLOSING: SignedDuration = SignedDuration::from_hours(1);

/// A closed ticket without a reason is done, unless the words of its closing say otherwise.
fn by_comments(
    record: &Record,
    settings: &Settings,
    trusts: &dyn Fn(&Person) -> bool,
    distrusted: &mut Vec<Distrusted>,
) -> State {
    if record.relations.iter().any(|(relation, _)| relation.eq_ignore_ascii_case("duplicates")) {
        return State::Withdrawn;
    }
    let closers: Vec<&Person> = record
        .history
        .iter()
        .filter(|change| {
            change.field == "status"
                && change.to.as_deref().is_some_and(|to| named(to, settings).is_some_and(|s| s != State::Open))
        })
        .map(|change| &change.author)
        .collect();
    let known = distrusted.len();
    for (index, comment) in record.comments.iter().enumerate().rev().take(20) {
        let late = comment.at.zip(record.closed_at).is_none_or(|(at, closed)| at + CLOSING >= closed);
        // Who asked gives up at its closing what somebody who may had refused before.
        if !late && distrusted.len() == known {
            break;
        }
        let Some(words) = refuses(&comment.text, comment.system) else { continue };
        // Who closes a ticket nobody else is assigned to says why; a passer-by does not.
        let closer = record.assignee.is_none()
            && closers.iter().any(|closer| closer.names.iter().any(|name| comment.author.names.contains(name)))
            && !comment.author.is_any_of(&settings.change_authors);
        // The tracker's own note is the tracker's own state.
        let own = comment.system || trusts(&comment.author) || (late && closer);
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

/// The sentence of a comment that says that nothing was or will be done.
fn refuses(text: &str, system: bool) -> Option<String> {
    let sentences: Vec<&str> = text.split_inclusive(['.', '\n', '!']).collect();
    sentences.into_iter().find_map(|sentence| {
        let all = words(sentence);
        let hit = REFUSALS.iter().any(|phrase| {
            let phrase = words(phrase);
            let at = all.windows(phrase.len()).position(|w| w.iter().zip(&phrase).all(|(a, b)| a.text == b.text));
            // One word alone may be about something else ("the subscription was cancelled").
            let about =
                || all.iter().any(|w| matches!(w.text.as_str(), "ticket" | "request" | "issue" | "closing" | "this"));
            at.is_some_and(|at| phrase.len() > 1 || at == 0 || about())
        });
        // "The old token is not needed any more" tells of the token; "not needed any more, closing" of the ticket.
        let thing = all.iter().any(|w| super::nouns::credential_noun(&w.text)) && !all.iter().any(|w| closes(&w.text));
        let needless = thing
            && all.windows(2).any(|pair| {
                matches!(
                    (pair[0].text.as_str(), pair[1].text.as_str()),
                    ("not", "needed" | "required")
                        | ("longer", "needed" | "required" | "necessary")
                        | ("nicht", "mehr")
                        | ("plus", "nécessaire")
                        | ("ya", "no")
                )
            });
        let marked = system && sentence.contains("duplicate of");
        // "in favour of", "moved to" refuse only where the sentence closes.
        let soft =
            all.iter().any(|w| matches!(w.text.as_str(), "favour" | "favor" | "moved" | "continued" | "tracked"))
                && !all.iter().any(|w| closes(&w.text) || w.text.starts_with("supersed"));
        ((hit && !soft && !needless) || marked).then(|| sentence.trim().to_owned())
    })
}

/// A word that closes a ticket.
fn closes(word: &str) -> bool {
    word.starts_with("clos")
        || matches!(
            word,
            "ticket"
                | "request"
                | "issue"
                | "schließe"
                | "schließen"
                | "geschlossen"
                | "ferme"
                | "fermer"
                | "cierro"
                | "cerramos"
                | "cerrar"
        )
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

    #[test]
    fn closing_words() {
        assert!(refuses("marked this issue as a duplicate of #3", true).is_some());
        assert!(refuses("Superseded by SEC-109. I have not removed anything, closing.", false).is_some());
        assert!(refuses("Gone from the repository, only the live key is listed now. Closing.", false).is_none());
        for refused in [
            "ok my mistake, then I cancel this one",
            "Opened by mistake, sorry.",
            "On annule, je ferme.",
            "Hat sich geklärt, ziehe ich zurück.",
            "Al final lo anulo, gracias.",
            "Not needed any more, closing.",
            "We decided not to do it this quarter.",
        ] {
            assert!(refuses(refused, false).is_some(), "{refused}");
        }
        for done in [
            "The token is no longer needed, removed.",
            "Der alte Schlüssel wird nicht mehr gebraucht, ist gelöscht.",
            "La clé n'est plus nécessaire, supprimée.",
            "Their subscription was cancelled and the key deleted.",
        ] {
            assert!(refuses(done, false).is_none(), "{done}");
        }
        assert!(refuses("The image moved to our registry, key deleted.", false).is_none());
    }
}
