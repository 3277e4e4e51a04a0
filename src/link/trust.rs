//! Whom to believe: tightening from anybody, loosening only from the assignee, approvers and those whom the site trusts (SEMANTICS,
//! "Loosening is trusted less than tightening"). What was not trusted is kept for the evidence.

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::settings::Settings;
use crate::model::ticket::{Comment, Distrusted, Person, Record, System, Window};

use super::history::{Entry, Part};
use super::links::quote;
use super::until::Extension;
use super::window::Times;

/// Who may loosen a ticket.
pub(super) struct Trust<'t> {
    pub(super) record: &'t Record,
    pub(super) settings: &'t Settings,
    /// The ticket's history, oldest first.
    pub(super) entries: Vec<Entry<'t>>,
    /// When it was approved or done: until then whoever opened it still writes it. Where nobody knows when, it was before all else.
    pub(super) settled_at: Cell<Option<Timestamp>>,
}

/// What trackers call the field of who opened it.
const OPENERS: [&str; 5] = ["reporter", "opened_by", "caller_id", "author", "creator"];

impl<'t> Trust<'t> {
    pub(super) fn new(record: &'t Record, settings: &'t Settings) -> Self {
        Self { record, settings, entries: super::history::of(record, settings), settled_at: Cell::new(None) }
    }

    /// Whether somebody may loosen this ticket by what they did at that time. People are known by account, login and address,
    /// never by the name that is shown: anybody can call themselves "Dave".
    pub(super) fn trusts(&self, person: &Person, at: Option<Timestamp>) -> bool {
        !person.names.is_empty()
            && !self.of_change(person)
            && self.project()
            && (self.configured(person) || self.approver(person) || self.assigned(person, at))
    }

    /// Whether a comment is by whoever opened the ticket, written before it was approved or done: until then they may rewrite it as a whole.
    pub(super) fn opener_writes(&self, comment: &Comment) -> bool {
        self.same(&comment.author, &self.record.reporter)
            && !self.of_change(&comment.author)
            && self.project()
            // Nobody becomes who opened it by a change.
            && !self.entries.iter().any(|entry| OPENERS.contains(&entry.field.to_lowercase().as_str()))
            && comment.at.is_some_and(|at| {
                let ended = self.record.closed_at.into_iter().chain(self.settled_at.get()).min();
                ended.is_none_or(|ended| at < ended)
            })
    }

    /// Whether two are the same, under any of their known names.
    pub(super) fn same(&self, a: &Person, b: &Person) -> bool {
        a.names.iter().any(|a| b.names.iter().any(|b| self.settings.same_party(a, b)))
    }

    /// Whether somebody is an author of the change under the gate.
    pub(super) fn of_change(&self, person: &Person) -> bool {
        let authors = &self.settings.change_authors;
        person.names.iter().any(|name| authors.iter().any(|author| self.settings.same_party(author, name)))
    }

    /// Whether the configuration names them.
    pub(super) fn configured(&self, person: &Person) -> bool {
        let approvers = &self.settings.trust.approvers;
        person.names.iter().any(|name| approvers.iter().any(|known| self.settings.same_party(known, name)))
    }

    /// Whether they are one of the ticket's approvers. Who opened a ticket does not approve it, and nobody becomes an approver by
    /// their own hand or by that of the change's author.
    pub(super) fn approver(&self, person: &Person) -> bool {
        let made = |entry: &&Entry<'_>| {
            entry.part == Part::Approvers
                && (self.same(entry.author, person) || self.of_change(entry.author))
                && self.names(entry.to.as_deref(), person)
        };
        self.record.approvers.iter().any(|other| self.same(other, person))
            && !self.same(&self.record.reporter, person)
            && !self.of_change(person)
            && !self.entries.iter().any(|entry| made(&entry))
    }

    /// Whether they were the assignee at that time, by somebody else's hand. Trackers let anybody assign themselves: then the
    /// assignment says nothing but that they wanted it. Where the history tells no assignment, the ticket was opened with it.
    fn assigned(&self, person: &Person, at: Option<Timestamp>) -> bool {
        let now = self.record.assignee.as_ref().is_some_and(|assignee| self.same(assignee, person));
        let all: Vec<&Entry<'_>> = self.entries.iter().filter(|entry| entry.part == Part::Assignee).collect();
        let so_far = all.partition_point(|entry| at.is_none_or(|at| entry.at.is_some_and(|then| then <= at)));
        let (before, after) = all.split_at(so_far);
        let (given, taken) = (
            |entry: &Entry<'_>| self.names(entry.to.as_deref(), person),
            |entry: &Entry<'_>| self.names(entry.from.as_deref(), person),
        );
        if let Some(last) = before.iter().rev().find(|entry| given(entry) || taken(entry)) {
            return given(last) && !self.same(last.author, person);
        }
        if let Some(next) = after.iter().find(|entry| given(entry) || taken(entry)) {
            return taken(next);
        }
        // With one assignee at a time, another one's assignment ends theirs; a last entry may name them by a name that is shown.
        let one_only = matches!(self.record.system, System::Jira | System::Servicenow | System::Csv);
        match before.last() {
            Some(last) if one_only => now && after.is_empty() && !self.same(last.author, person),
            _ => now,
        }
    }

    /// Whether a side of a change names somebody; several stand with commas.
    fn names(&self, side: Option<&str>, person: &Person) -> bool {
        side.into_iter()
            .flat_map(|side| side.split([',', ';']))
            .map(|one| one.trim().trim_start_matches('@'))
            .any(|one| !one.is_empty() && person.names.iter().any(|name| self.settings.same_party(name, one)))
    }

    /// Whether tickets of this project may loosen. One that was moved here from elsewhere stays what it was, unless somebody whom
    /// the configuration names moved it.
    pub(super) fn project(&self) -> bool {
        let projects = &self.settings.trust.projects;
        let listed = |name: &str| projects.iter().any(|project| project.eq_ignore_ascii_case(name));
        // Jira tells a move twice: by the project's name and by the key, which has the name that is configured.
        let keyed = self.entries.iter().any(|entry| entry.field.eq_ignore_ascii_case("key"));
        let moves = self
            .entries
            .iter()
            .filter(|entry| entry.part == Part::Project)
            .filter(|entry| !keyed || entry.field.eq_ignore_ascii_case("key"));
        let from_elsewhere = |entry: &Entry<'_>| {
            let from = entry.from.as_deref().unwrap_or_default();
            let key = from.rsplit_once('-').filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
            !listed(key.map_or(from, |(project, _)| project))
        };
        projects.is_empty()
            || listed(&self.record.project)
                && moves.filter(|entry| !self.configured(entry.author)).all(|entry| !from_elsewhere(entry))
    }

    /// Whether the ticket may remove an expectation: its project, its approval, and not by the change's author alone.
    pub(super) fn may_loosen(&self, approved: bool) -> bool {
        let mut behind = self.record.assignee.iter().chain(&self.record.approvers);
        let alone = !self.settings.change_authors.is_empty()
            && self.of_change(&self.record.reporter)
            && behind.all(|person| self.of_change(person));
        approved && self.project() && !alone
    }

    /// Every name of those who stand behind it.
    pub(super) fn vouched_by(&self) -> Vec<String> {
        let behind = self.record.assignee.iter().chain(&self.record.approvers);
        let names: BTreeSet<String> =
            behind.flat_map(|person| &person.names).flat_map(|name| self.settings.names_of(name)).collect();
        names.into_iter().collect()
    }

    /// The date from which the action holds, with what comments make of it: later ones loosen, and so do those that were not stated.
    pub(super) fn effective(
        &self,
        times: &Times<'_>,
        distrusted: &mut Vec<Distrusted>,
        why: &mut Vec<String>,
    ) -> Option<Timestamp> {
        let mut at = times.effective();
        for moved in times.moved(at) {
            let Some(comment) = self.record.comments.get(moved.comment).filter(|_| at != Some(moved.at)) else {
                continue;
            };
            // What was done was done: no word after it makes it hold from later.
            let late = self.record.closed_at.is_some_and(|closed| comment.at.is_none_or(|at| at > closed));
            if !late && (self.trusts(&comment.author, comment.at) || self.opener_writes(comment)) {
                at = Some(moved.at);
                why.push(format!("effective {}, by {}: {}", moved.at, comment.author.label(), quote(&moved.words)));
            } else {
                distrusted.push(Distrusted {
                    what: format!("effective date moved by {}", super::window::author(comment)),
                    field: format!("comment {}", moved.comment + 1),
                    quote: quote(&moved.words),
                });
            }
        }
        at
    }

    /// A longer window in a comment. One that was over before the ticket was closed loosens nothing any more, and is history.
    pub(super) fn extend(
        &self,
        window: &mut Window,
        extensions: Vec<Extension>,
        distrusted: &mut Vec<Distrusted>,
        why: &mut Vec<String>,
    ) {
        for extension in extensions {
            let Some(comment) = self.record.comments.get(extension.comment) else { continue };
            let trusted = self.trusts(&comment.author, comment.at);
            if window.end.is_some_and(|end| extension.end <= end) {
                // An end that comes sooner loosens nothing: it is anybody's to state.
                if extension.sooner && window.start.is_none_or(|start| start < extension.end) {
                    window.end = Some(extension.end);
                    why.push(format!("window shortened by {}: {}", comment.author.label(), quote(&extension.words)));
                }
                continue;
            }
            let told = !asks(&extension.words);
            let over = told && self.record.closed_at.is_some_and(|closed| extension.end <= closed);
            if trusted || over {
                window.end = Some(extension.end);
                why.push(format!("window extended by {}: {}", comment.author.label(), quote(&extension.words)));
            } else {
                distrusted.push(Distrusted {
                    what: format!("window extended by {}", super::window::author(comment)),
                    field: format!("comment {}", extension.comment + 1),
                    quote: quote(&extension.words),
                });
            }
        }
    }
}

/// "I would ask for an extension until Friday": a wish, whoever granted it.
fn asks(said: &str) -> bool {
    super::tokens::words(said).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "ask" | "asking" | "request" | "could" | "would" | "can" | "may" | "please" | "need" | "bitte" | "brauche"
        )
    })
}
