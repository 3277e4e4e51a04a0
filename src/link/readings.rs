//! Which of a ticket's readings holds: its own words alone, with what it quotes, or with what comments add to it. How one reading is made
//! stands in `mod`; comments that change what a ticket says, instead of completing it, are read in `corrections`, `until` and `postponed`.

use jiff::Timestamp;

use crate::model::ticket::{Comment, Intent, Link, Record, Text, Ticket};

use super::links::Linked;
use super::trust::Trust;
use super::weighed::SILENT;
use super::{Index, Told, text};

/// A ticket of more bytes has said what it is to say.
const LONGEST: usize = 1 << 16;

/// So many comments complete a ticket at most; what stands in later ones is a conversation.
const MOST: usize = 8;

impl Index {
    /// Reads a ticket whose state and approval are told. What it quotes is what others said; where it says nothing else, it was filed for
    /// what it quotes. Where it leaves open what is meant, its first comments may say it.
    pub(super) fn read(&self, trust: &Trust<'_>, told: Told<'_>, now: Timestamp) -> Ticket {
        let (ticket, narrates) = self.read_as(trust, told, now, false);
        let ticket = self.with_quotes(trust, told, now, (ticket, narrates));
        self.with_comments(trust, told, now, ticket)
    }

    fn with_quotes(
        &self,
        trust: &Trust<'_>,
        told: Told<'_>,
        now: Timestamp,
        (ticket, narrates): (Ticket, bool),
    ) -> Ticket {
        let silent = ticket.intent == Intent::None;
        // "FW: exposed key, please do what they ask": what is named stands in what was forwarded.
        let forwards = || text::forwards(trust.record);
        // "FW: exposed key. Please treat as P2. We already moved the job": what is asked stands below, whatever else was done.
        if (narrates && !text::passes_on(trust.record) && !forwards())
            || !text::quotes(trust.record)
            || !(silent || ticket.links.is_empty() || forwards())
        {
            return ticket;
        }
        let (quoted, _) = self.read_as(trust, told, now, true);
        let same = || quoted.intent == ticket.intent || (ticket.links.is_empty() && forwards());
        // What it asks for itself stays asked for: "delete X, and see the mail below".
        let kept = |link: &Link| quoted.links.iter().any(|other| other.credential == link.credential);
        let more = || !quoted.links.is_empty() && ticket.links.iter().all(kept) && same();
        let better = quoted.intent != Intent::None && (silent || more());
        if better { quoted } else { ticket }
    }

    /// "Details in a minute", and a comment that has them: a ticket that names nothing, or does not say from when or until when, is read
    /// with the comments of those who may complete it, and then, where that only tightens, with anybody's.
    fn with_comments(&self, trust: &Trust<'_>, told: Told<'_>, now: Timestamp, ticket: Ticket) -> Ticket {
        let record = trust.record;
        let silent = ticket.intent == Intent::None;
        let texts = record.texts.iter().map(|text| text.text.len());
        let size: usize = texts.chain(record.comments.iter().map(|comment| comment.text.len())).sum();
        if record.comments.iter().all(|comment| comment.system)
            || size > LONGEST
            || (silent && !ticket.why.iter().any(|why| why == SILENT))
        {
            return ticket;
        }
        let unlinked = ticket.links.is_empty();
        let mine = |comment: &Comment| trust.completes(comment);
        let anybody = |comment: &Comment| !trust.of_change(&comment.author);
        let whose: [(&May<'_>, bool); 2] = [(&mine, false), (&anybody, true)];
        for (may, tightens) in whose {
            // A name that fits several things is named: nobody else says which.
            if tightens && (!unlinked || !ticket.ambiguous.is_empty()) {
                break;
            }
            let Some(completed) = with(record, may) else { continue };
            let (entries, settled_at) = (trust.entries.clone(), trust.settled_at.clone());
            let own = Trust { record: &completed, settings: trust.settings, entries, settled_at };
            let (more, _) = self.read_as(&own, told, now, false);
            if unlinked && names(&ticket, &more) && (!tightens || ends(more.intent)) {
                return more;
            }
            if !tightens && (!unlinked || more.links.is_empty()) && dates(&ticket, &more, &completed) {
                return more;
            }
        }
        ticket
    }
}

/// Whether a comment may complete a ticket.
type May<'m> = dyn Fn(&Comment) -> bool + 'm;

/// The ticket with these comments as a part of its text.
fn with(record: &Record, may: &May<'_>) -> Option<Record> {
    let before = |comment: &Comment| record.closed_at.is_none_or(|closed| comment.at.is_some_and(|at| at < closed));
    let all = record.comments.iter().enumerate().filter(|(_, comment)| !comment.system && before(comment));
    let texts: Vec<Text> = all
        .filter(|(_, comment)| may(comment))
        .take(MOST)
        .map(|(number, comment)| Text { field: format!("comment {}", number + 1), text: comment.text.clone() })
        .collect();
    if texts.is_empty() {
        return None;
    }
    let mut record = record.clone();
    record.texts.extend(texts);
    Some(record)
}

fn ends(intent: Intent) -> bool {
    matches!(intent, Intent::Revoke | Intent::Rotate | Intent::Offboard)
}

/// Whether a reading names what the other one left open.
fn names(ticket: &Ticket, more: &Ticket) -> bool {
    let grants = |intent| matches!(intent, Intent::Provision | Intent::Elevate | Intent::Modify);
    let alike = match ticket.intent {
        Intent::None => more.intent != Intent::None,
        // What names nothing is lost where a comment has something end.
        _ if ends(more.intent) => true,
        intent if ends(intent) => false,
        // What was to be changed may be a removal after all; nothing becomes a grant.
        Intent::Modify => more.intent != Intent::None,
        _ => grants(more.intent),
    };
    alike && !more.links.is_empty()
}

/// Whether a reading knows a date that the other one does not, of the same thing.
fn dates(ticket: &Ticket, more: &Ticket, completed: &Record) -> bool {
    let same = ticket.links.len() == more.links.len()
        && ticket.links.iter().zip(&more.links).all(|(one, other)| one.credential == other.credential);
    let grants = !ends(ticket.intent) && !ends(more.intent);
    // "Count the 30 minutes from …": where the ticket says how long, and a comment from when.
    let starts = || {
        let start = |ticket: &Ticket| ticket.window.as_ref().and_then(|window| window.start);
        start(ticket).is_none() && start(more).is_some()
    };
    let window = grants
        && more.window.is_some()
        && if ticket.window.is_none() { ticket.intent == Intent::Elevate || limits(completed) } else { starts() };
    // "Removed on 11 April, closing." is a note of what was done.
    let said = completed.comments.iter().filter_map(|comment| comment.at).min();
    let ahead = |at: Timestamp| said.is_none_or(|said| at > said) && sets_a_day(completed);
    let effective =
        ticket.intent == more.intent && ticket.effective_at.is_none() && more.effective_at.is_some_and(ahead);
    same && (window || effective)
}

/// Whether a comment says from when something holds or when it is to be done: "passes at 22:14" does not.
fn sets_a_day(record: &Record) -> bool {
    record.texts.iter().filter(|text| text.field.starts_with("comment ")).any(|text| {
        super::tokens::words(&text.text).iter().any(|w| {
            matches!(
                &*w.text,
                "effective"
                    | "effect"
                    | "from"
                    | "on"
                    | "date"
                    | "day"
                    | "earliest"
                    | "before"
                    | "starting"
                    | "planned"
                    | "scheduled"
                    | "agreed"
                    | "please"
                    | "until"
                    | "wirksam"
                    | "ab"
                    | "gilt"
                    | "zum"
                    | "am"
                    | "bis"
                    | "bitte"
                    | "partir"
                    | "compter"
                    | "le"
                    | "desde"
                    | "el"
                    | "hasta"
                    | "vigor"
            )
        })
    })
}

/// Whether a comment speaks of the access's own end: what else lasts until some day limits nothing.
fn limits(record: &Record) -> bool {
    record.texts.iter().filter(|text| text.field.starts_with("comment ")).any(|text| {
        super::tokens::words(&text.text).iter().any(|w| {
            matches!(
                w.text.as_str(),
                "limit" | "valid" | "expires" | "ends" | "temporary" | "temporarily" | "window" | "access"
            )
        })
    })
}

impl Trust<'_> {
    /// What only a comment names loosens by the word of those alone who may say what the ticket left open.
    pub(super) fn of_comments(&self, linked: &mut Linked) {
        for link in linked.links.values_mut() {
            let number =
                link.field.strip_prefix("comment ").and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
            let comment = number.and_then(|number| self.record.comments.get(number));
            link.trusted &= comment.is_none_or(|comment| self.completes(comment));
        }
    }

    /// Whether a comment may say what the ticket left open: that of whoever may loosen, or opened it and still writes it.
    fn completes(&self, comment: &Comment) -> bool {
        !self.of_change(&comment.author) && (self.trusts(&comment.author, comment.at) || self.opener_writes(comment))
    }
}
