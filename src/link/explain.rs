//! The words of a ticket that decided how it was understood, for `tickets --explain`: found again from what was understood, so that
//! reading a million tickets does not pay for explaining one. What they mean is decided elsewhere.

use crate::model::Id;
use crate::model::mask::masked;
use crate::model::ticket::{Field, Intent, State, Ticket, Trace};

use super::approval::Approval;
use super::dates::points;
use super::intent::name;
use super::lengths::lengths;
use super::links::quote;
use super::mention::{Mention, Target};
use super::refused::{gives_up, newest};
use super::stance::{Stance, cue_words};
use super::text::{Origin, Unit, field};
use super::tokens::words;
use super::{Index, Read, links};

/// Lines shown for one thing; the first ones decide.
const MOST: usize = 3;
/// Lines shown of what was set aside.
const MOST_ASIDE: usize = 12;

impl Index {
    /// The traces of a ticket that was read.
    pub(super) fn traces(&self, read: &Read<'_>, ticket: &Ticket, approval: &Approval) -> Vec<Trace> {
        let mut out = Vec::new();
        self.intent_words(read, ticket, &mut out);
        self.link_words(read, ticket, &mut out);
        self.set_aside(read, ticket, &mut out);
        self.level_words(read, ticket, &mut out);
        self.time_words(read, ticket, &mut out);
        state_words(read, ticket, &mut out);
        approval_words(read, ticket, approval, &mut out);
        out
    }

    fn intent_words(&self, read: &Read<'_>, ticket: &Ticket, out: &mut Vec<Trace>) {
        let label = format!("intent {}", name(ticket.intent));
        let record = read.record;
        let structure = record.fields.get(&Field::RequestType).map(|value| ("request type", value));
        let structure = structure.into_iter().chain(record.kind.iter().map(|kind| ("type", kind)));
        let said = |what: &str| ticket.why.iter().any(|why| why.starts_with("intent") && why.contains(what));
        for (field, value) in structure {
            if said(&format!("\"{}\"", quote(value))) {
                out.push(whole(&label, field, value));
            }
        }
        let mut count = 0;
        if said(super::weighed::WEIGHED) {
            let mut units = self.reading(read.record, read.units, read.judged, read.mentions, |reading| {
                reading.telling_words(ticket.intent)
            });
            units.sort_by_key(|(number, spans)| (std::cmp::Reverse(spans.len()), *number));
            let telling = units.into_iter().take(MOST);
            out.extend(telling.map(|(number, spans)| line(&label, read, &read.units[number], spans)));
            return;
        }
        for comments in [false, true] {
            for (number, unit) in read.units.iter().enumerate() {
                if matches!(unit.origin, Origin::Comment(_)) != comments || count == MOST {
                    continue;
                }
                let clauses = read.judged[number].clauses.iter().filter(|clause| clause.stance == Stance::Act);
                let acts = clauses.flat_map(|clause| &clause.acts).filter(|act| act.intent == ticket.intent);
                let spans: Vec<(usize, usize)> = acts.map(|act| (act.start, act.end)).collect();
                if !spans.is_empty() {
                    out.push(line(&label, read, unit, spans));
                    count += 1;
                }
            }
            if count > 0 {
                return;
            }
        }
    }

    fn link_words(&self, read: &Read<'_>, ticket: &Ticket, out: &mut Vec<Trace>) {
        for link in &ticket.links {
            let label = format!("link {} by {}", link.credential, links::word(link.strength));
            let here = |unit: &Unit| field(read.record, unit.origin) == link.field && quote(&unit.text) == link.quote;
            let mentions = read.mentions.iter().filter(|m| here(&read.units[m.unit]));
            let of = |m: &&Mention| self.means(m, &link.credential);
            match mentions.clone().find(of).or_else(|| mentions.clone().next()).filter(of) {
                Some(m) => out.push(line(&label, read, &read.units[m.unit], vec![(m.start, m.end)])),
                None => out.push(whole(&label, &link.field, &link.quote)),
            }
        }
    }

    fn means(&self, mention: &Mention, id: &Id) -> bool {
        match &mention.target {
            Target::Unknown(other) => other == id,
            Target::Known(of) => of.iter().any(|of| self.names.entities[*of].id == *id),
        }
    }

    /// What the text names and the ticket does not act on, and why not.
    fn set_aside(&self, read: &Read<'_>, ticket: &Ticket, out: &mut Vec<Trace>) {
        let linked = |m: &Mention| ticket.links.iter().any(|link| self.means(m, &link.credential));
        let mut shown = 0;
        for mention in read.mentions.iter().filter(|m| !linked(m)) {
            if shown == MOST_ASIDE {
                break;
            }
            let unit = &read.units[mention.unit];
            let governing = [unit.lead, unit.heading].into_iter().flatten();
            let by_line = governing.map(|other| read.judged[other].overall()).find(|stance| stance.spares());
            let stance = if mention.stance.spares() { Some(mention.stance) } else { by_line };
            let why = match stance {
                Some(Stance::Keep) => "it is to stay",
                Some(Stance::Past) => "it was done before",
                Some(Stance::Example) => "it is an example or a question",
                _ if ticket.intent == Intent::None => "nothing is asked for",
                _ if mention.instrument => "something is done with it, not to it",
                _ if mention.identity => "it names who uses it",
                _ if matches!(&mention.target, Target::Known(of) if of.len() != 1) => "it could be several",
                _ => "it is named in passing",
            };
            let mut spans = vec![(mention.start, mention.end)];
            if mention.stance.spares()
                && let Some(clause) = mention.clause.and_then(|clause| read.judged[mention.unit].clauses.get(clause))
            {
                spans.extend(cue_words(&unit.text, &self.lexicon, clause));
            }
            let trace = line(&format!("not linked: {why}"), read, unit, spans);
            match out.last_mut() {
                Some(last) if last.label == trace.label && last.line == trace.line && last.field == trace.field => {
                    last.words.extend(trace.words);
                    last.words.sort_unstable();
                    last.words.dedup();
                }
                _ => {
                    shown += 1;
                    out.push(trace);
                }
            }
        }
    }

    fn level_words(&self, read: &Read<'_>, ticket: &Ticket, out: &mut Vec<Trace>) {
        let Some(level) = ticket.access.level else { return };
        let label = format!("level {level:?}").to_lowercase();
        if let Some(value) = read.record.fields.get(&Field::Level) {
            return out.push(whole(&label, "field level", value));
        }
        let own = |word: &str| self.settings.words.levels.iter().find(|(own, _)| own == word).map(|(_, level)| *level);
        let units = read.units.iter().filter(|unit| !matches!(unit.origin, Origin::Comment(_)));
        let found = units.filter_map(|unit| {
            let all = words(&unit.text);
            let of = |text: &str| own(text).or_else(|| super::level::word(text)) == Some(level);
            let spans: Vec<_> = all.iter().filter(|w| of(&w.text)).map(|w| (w.start, w.end)).collect();
            (!spans.is_empty()).then(|| line(&label, read, unit, spans))
        });
        out.extend(found.take(MOST));
    }

    /// The times that became the window, the effective date and the deadline.
    fn time_words(&self, read: &Read<'_>, ticket: &Ticket, out: &mut Vec<Trace>) {
        let window = ticket.window.as_ref();
        let wanted = [
            (window.and_then(|w| w.start), "window from", Field::From),
            (window.and_then(|w| w.end), "window until", Field::Until),
            (ticket.effective_at, "effective", Field::Effective),
            (ticket.due_at, "due", Field::Approval),
        ];
        for (at, what, structured) in wanted {
            let Some(at) = at else { continue };
            let label = format!("{what} {at}");
            if structured != Field::Approval
                && let Some(value) = read.record.fields.get(&structured)
            {
                out.push(whole(&label, &format!("field {}", what.split(' ').next_back().unwrap_or(what)), value));
                continue;
            }
            let stated = read.units.iter().find_map(|unit| {
                let text = self.site.dates(&unit.text);
                let reference = match unit.origin {
                    Origin::Comment(index) => read.record.comments.get(index).and_then(|comment| comment.at),
                    _ => None,
                };
                let reference = reference.or(read.record.opened_at)?;
                let found = points(&text, reference, &self.zone_of(read.record))
                    .into_iter()
                    .find(|point| point.at == at || (point.day && at.duration_since(point.at) == END_OF_DAY))?;
                Some(line(&label, read, unit, vec![(found.start, found.end)]))
            });
            let lasting = || {
                let units = read.units.iter().filter(|unit| !matches!(unit.origin, Origin::Comment(_)));
                let mut found = units.filter_map(|unit| {
                    let spans: Vec<_> =
                        lengths(&self.site.dates(&unit.text)).into_iter().map(|l| (l.start, l.end)).collect();
                    (!spans.is_empty()).then(|| line(&label, read, unit, spans))
                });
                found.next().filter(|_| what == "window until")
            };
            out.extend(stated.or_else(lasting));
        }
    }
}

/// The last second of a day, from its start.
const END_OF_DAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(24 * 3600 - 1);

fn state_words(read: &Read<'_>, ticket: &Ticket, out: &mut Vec<Trace>) {
    let state = &read.record.state;
    let label = match ticket.state {
        State::Open => "state open",
        State::Done => "state done",
        State::Withdrawn => "state withdrawn",
    };
    if !state.status.trim().is_empty() {
        out.push(whole(label, "status", &state.status));
    }
    match state.resolution.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(resolution) => out.push(whole(label, "resolution", resolution)),
        None if ticket.state == State::Withdrawn => {
            let newest = newest(&read.record.comments);
            let said = read
                .record
                .comments
                .iter()
                .enumerate()
                .rev()
                .find_map(|(index, comment)| Some((index, gives_up(comment, newest == Some(index))?)));
            out.extend(said.map(|(index, words)| whole(label, &format!("comment {}", index + 1), &words)));
        }
        None => {}
    }
}

fn approval_words(read: &Read<'_>, ticket: &Ticket, approval: &Approval, out: &mut Vec<Trace>) {
    let label = if ticket.approved { "approved" } else { "not approved" };
    if let Some(value) = read.record.fields.get(&Field::Approval) {
        return out.push(whole(label, "field approval", value));
    }
    if !ticket.approved {
        return;
    }
    if let Some(person) = read.record.approvers.iter().find(|person| read.trust.approver(person)) {
        return out.push(whole(label, "approvers", person.label()));
    }
    let said = read.record.comments.iter().enumerate().find(|(_, c)| approval.at.is_some() && c.at == approval.at);
    if let Some((index, comment)) = said {
        out.push(whole(label, &format!("comment {}", index + 1), &comment.text));
    }
}

/// A line of the text; where values of credentials were taken out of it, places are not the same any more.
fn line(label: &str, read: &Read<'_>, unit: &Unit, words: Vec<(usize, usize)>) -> Trace {
    let shown = masked(&unit.text);
    let mut words = if shown == unit.text { words } else { Vec::new() };
    words.sort_unstable();
    words.dedup();
    Trace { label: label.to_owned(), field: field(read.record, unit.origin), line: shown.into_owned(), words }
}

/// A value or a sentence that decides as a whole.
fn whole(label: &str, field: &str, text: &str) -> Trace {
    let line = quote(text);
    let words = if line.is_empty() { Vec::new() } else { vec![(0, line.len())] };
    Trace { label: label.to_owned(), field: field.to_owned(), line, words }
}
