//! `unverified-closure`: done, and what was read neither proves nor refutes it. What the rule means to people stands in `unverified_closure.md`.

use crate::model::Id;
use crate::model::expectation::Content;
use crate::model::report::{Severity, Subject};
use crate::model::ticket::{Intent, State, Ticket};
use crate::model::time::later;

use super::case::changed_at;
use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "unverified-closure",
    title: "a ticket says done, and nothing proves or refutes it",
    severity: Severity::Medium,
    doc: include_str!("unverified_closure.md"),
    standards: &["OWASP NHI1:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "SOC 2 CC6.3"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    credentials(case, sink);
    slots(case, sink);
    for ticket in case.tickets {
        let removes = matches!(ticket.intent, Intent::Revoke | Intent::Rotate);
        let done = ticket.state == State::Done && ticket.effective().is_none_or(|at| at <= case.now);
        let linked =
            |trusted: bool| ticket.links.iter().any(|link| link.can_block(ticket.intent) && (link.trusted || !trusted));
        // What a stranger names beside a name that fits several things settles nothing.
        if !removes || linked(true) {
            continue;
        }
        let open = may_mean(case, ticket, sink);
        if !done || linked(false) {
            continue;
        }
        let id = Id::ticket(&ticket.id);
        let draft = Draft::new(
            sink.rule,
            Subject { kind: id.subject_type(), id, name: Some(ticket.title.clone()).filter(|title| !title.is_empty()) },
            cite::ticket(ticket, None),
            format!(
                "Name in {} what was revoked or rotated (its id, or its slot), so that it can be checked.",
                ticket.id
            ),
        )
        .expected("done")
        .actual(if open { ticket.ambiguous.join("; ") } else { "it names nothing that is known".to_owned() })
        .tickets([ticket.id.as_str()]);
        sink.fire(draft);
    }
}

/// A ticket whose name fits several things: where none of them shows that it was done, the deploy may use the one that was meant, and
/// nobody can tell. Says whether its name fits several.
fn may_mean(case: &Case<'_>, ticket: &Ticket, sink: &mut Sink<'_>) -> bool {
    let candidates: Vec<Id> = ticket
        .ambiguous
        .iter()
        .flat_map(|said| said.split_whitespace())
        .map(|word| Id::new(word.trim_end_matches([',', ';', '.'])))
        .filter(|id| case.slot(id).is_some() || case.credential(id).is_some())
        .collect();
    let limit = match ticket.intent {
        Intent::Rotate => case.settings.limits.rotate,
        _ => case.settings.limits.revoke,
    };
    let due = match (ticket.state, ticket.effective(), ticket.opened_at) {
        (State::Done, at, _) => at,
        (State::Open, _, Some(opened)) => Some(ticket.due_at.unwrap_or(later(opened, limit))),
        _ => None,
    };
    let Some(opened) = ticket.opened_at.or(due).filter(|_| due.is_some_and(|due| due <= case.now)) else {
        return !candidates.is_empty();
    };
    let done = |id: &Id| match case.slot(id) {
        Some(slot) => {
            changed_at(slot).is_some_and(|at| at > opened)
                || slot.holds.as_ref().is_some_and(|held| matches!(case.truth(held), Truth::Dead(_)))
        }
        None => matches!(case.truth(id), Truth::Dead(_)),
    };
    if !candidates.iter().any(done) {
        for id in &candidates {
            sink.need(id, "tickets", format!("{} may mean it: {}", ticket.id, ticket.ambiguous.join("; ")));
        }
    }
    !candidates.is_empty()
}

fn credentials(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let Some(death) = expected.dead.as_ref().filter(|death| death.since <= case.now) else { continue };
        let (Truth::Unknown(reason), Some(ticket)) = (case.truth_since(id, death.since), case.cite(&death.basis))
        else {
            continue;
        };
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            ticket,
            format!("Configure the source that issues {id}, so that its state can be read."),
        )
        .because(case.credential(id).map(cite::liveness).unwrap_or_default())
        .because(cite::distrusted(case, expected))
        .expected(format!("dead since {} ({})", death.since, case.ticket_id(&death.basis)))
        .actual(reason.clone())
        .since(death.since)
        .tickets([case.ticket_id(&death.basis)]);
        sink.fire(draft);
        sink.need(id, "liveness", reason);
    }
}

/// A ticket that names a slot of which nothing tells whether it still holds the value of then.
fn slots(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.slots_expected() {
        let Some(death) = expected.dead.as_ref().filter(|death| death.since <= case.now) else { continue };
        if expected.content != Some(Content::Unknown) {
            continue;
        }
        let held = case.slot(id).and_then(|slot| slot.holds.as_ref());
        // What it holds is dead, whichever value the ticket meant; or the ticket names the credential itself.
        let settled = held.is_some_and(|held| {
            matches!(case.truth(held), Truth::Dead(_)) || case.expected.get(held).is_some_and(|e| e.dead.is_some())
        });
        let Some(ticket) = case.cite(&death.basis).filter(|_| !settled) else { continue };
        let reason = "nothing tells whether the slot still holds the value of then".to_owned();
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            ticket,
            format!("Configure the store of {id}, so that the time of its last change can be read."),
        )
        .because(case.slot(id).map(cite::slot))
        .because(held.and_then(|held| case.credential(held)).map(cite::liveness).unwrap_or_default())
        .because(cite::distrusted(case, expected))
        .expected(format!("its value dead since {} ({})", death.since, case.ticket_id(&death.basis)))
        .actual(reason.clone())
        .since(death.since)
        .tickets([case.ticket_id(&death.basis)]);
        sink.fire(draft);
        // A slot that does not exist hands nothing to the deploy.
        if !case.absent.contains(id) {
            sink.need(id, "change-time", reason);
        }
    }
}
