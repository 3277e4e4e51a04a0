//! Tickets and the time of the judgement: what was done or withdrawn later had not happened, and what has no date at all cannot be set
//! against anything. When a ticket's action holds is told in `expect`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::{Gap, Inventory, Liveness, LivenessState};
use crate::model::ticket::{Intent, State, Ticket};
use crate::sources::Sources;

use super::collect::{Collected, Gives, SourceGap};

/// Tickets as they stood at that time: opened ones that were closed later are open, those that were opened later are not there.
pub(super) fn as_of(tickets: &mut Vec<Ticket>, now: Timestamp) {
    tickets.retain(|ticket| ticket.opened_at.is_none_or(|opened| opened <= now));
    for ticket in tickets {
        if ticket.state != State::Open && ticket.closed_at.is_some_and(|closed| closed > now) {
            (ticket.state, ticket.closed_at) = (State::Open, None);
        }
    }
}

/// Files that say of one second, and by one method, that a credential lives and that it does not: in which order they are configured
/// proves nothing, so it may live (SEMANTICS: conflicts are kept, and live wins).
pub(super) fn agree(known: &Inventory, more: &mut Inventory) {
    let mut live: BTreeMap<Id, Vec<Liveness>> = BTreeMap::new();
    for credential in known.credentials.iter().chain(&more.credentials) {
        let all = credential.liveness.iter().chain(&credential.observations);
        let mut seen = all.filter(|seen| seen.state == LivenessState::Live).peekable();
        if seen.peek().is_some() {
            live.entry(credential.id.clone()).or_default().extend(seen.cloned());
        }
    }
    for credential in &mut more.credentials {
        let Some(live) = live.get(&credential.id) else { continue };
        for seen in credential.liveness.iter_mut().chain(&mut credential.observations) {
            let same = |other: &&Liveness| other.at == seen.at && other.method == seen.method;
            if let Some(other) = live.iter().find(same) {
                *seen = other.clone();
            }
        }
    }
}

impl Collected {
    /// A ticket without any readable date promises something from nobody knows when on: a gap, never a silent pass.
    pub(super) fn undated(&mut self, tickets: &[Ticket], sources: &Sources) {
        for source in &sources.tickets {
            let about = source.about();
            let undated = |ticket: &&Ticket| {
                ticket.source == about.name
                    && ticket.intent != Intent::None
                    && ticket.state != State::Withdrawn
                    && (!ticket.links.is_empty() || ticket.subject.is_some())
                    && ticket.effective().is_none()
            };
            let all: Vec<&str> = tickets.iter().filter(undated).map(|ticket| ticket.id.as_str()).collect();
            let Some(first) = all.first() else { continue };
            let more = if all.len() > 1 { format!(" (and {} others)", all.len() - 1) } else { String::new() };
            let gap = Gap {
                source: about.name.clone(),
                lacks: "tickets".to_owned(),
                scope: (*first).to_owned(),
                reason: format!(
                    "{first}{more} has no readable date, neither when it was opened nor when it was closed: since when it holds \
                     cannot be told. Export these fields, or name their columns"
                ),
            };
            self.gaps.push(SourceGap {
                required: about.required,
                gives: Gives::Tickets,
                kind: about.kind.clone(),
                gap,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_later_had_not_happened() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let ticket = |opened: &str, closed: &str| -> Ticket {
            serde_json::from_value(serde_json::json!({
                "id": "SEC-1", "system": "jira", "intent": "revoke", "state": "done", "opened_at": opened, "closed_at": closed,
                "approved": false, "access": {"holder": null, "level": null, "environments": [], "resources": []}, "resolution": null, "due_at": null,
                "effective_at": null, "window": null, "subject": null, "links": [], "ambiguous": [],
            }))
            .unwrap()
        };
        let mut tickets = vec![
            ticket("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"),
            ticket("2026-05-01T00:00:00Z", "2026-05-04T00:00:00Z"),
            ticket("2026-05-04T00:00:00Z", "2026-05-04T00:00:00Z"),
        ];
        as_of(&mut tickets, at("2026-05-03T00:00:00Z"));
        let states: Vec<State> = tickets.iter().map(|ticket| ticket.state).collect();
        assert_eq!(states, [State::Done, State::Open]);
        assert_eq!(tickets[1].closed_at, None);
    }
}
