//! What the report tells beside the judgement: the tickets that it names, how the deploy reaches each subject, and when each kept
//! promise became true. Nothing here changes a finding or the verdict.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::{Credential, Inventory, Liveness, LivenessState, Slot};
use crate::model::pipeline::Pipelines;
use crate::model::reference::{Confidence, Reference};
use crate::model::report::{Evidence, Finding, Report, Route, TicketFacts, Timing, Verified};
use crate::model::scope::{Reach, Use};
use crate::model::ticket::Ticket;
use crate::model::time::{SKEW, earlier};

/// What the account is drawn from.
pub(super) struct Records<'a> {
    pub(super) now: Timestamp,
    pub(super) pipelines: &'a Pipelines,
    pub(super) inventory: &'a Inventory,
    pub(super) tickets: &'a [Ticket],
    pub(super) reach: &'a Reach,
}

/// Completes a report.
pub(super) fn complete(report: &mut Report, records: &Records<'_>) {
    let indexed = Indexed::new(records);
    for finding in &mut report.findings {
        finding.routes = indexed.routes(&finding.subject.id);
        finding.last_used_at = indexed.credentials.get(&finding.subject.id).and_then(|known| known.last_used_at);
    }
    for proof in &mut report.verified {
        proof.timing = indexed.timing(proof);
    }
    report.tickets = named(report, records.tickets);
}

/// The records by id: there may be as many findings as there are credentials.
struct Indexed<'a> {
    records: &'a Records<'a>,
    credentials: HashMap<&'a Id, &'a Credential>,
    slots: HashMap<&'a Id, &'a Slot>,
    references: HashMap<(&'a str, u32, u32), &'a Reference>,
    tickets: HashMap<&'a str, Vec<&'a Ticket>>,
}

impl<'a> Indexed<'a> {
    fn new(records: &'a Records<'a>) -> Self {
        let mut tickets: HashMap<&str, Vec<&Ticket>> = HashMap::new();
        for ticket in records.tickets {
            tickets.entry(ticket.id.as_str()).or_default().push(ticket);
        }
        let place = |reference: &'a Reference| (reference.file.as_str(), reference.line, reference.column);
        Self {
            records,
            credentials: records.inventory.credentials.iter().map(|known| (&known.id, known)).collect(),
            slots: records.inventory.slots.iter().map(|known| (&known.id, known)).collect(),
            references: records.pipelines.references.iter().map(|known| (place(known), known)).collect(),
            tickets,
        }
    }

    /// The ways to a subject, in the order of the files.
    fn routes(&self, subject: &Id) -> Vec<Route> {
        let routes: BTreeSet<Route> =
            self.records.reach.uses(subject).iter().map(|used| self.route(subject, used)).collect();
        routes.into_iter().collect()
    }

    fn route(&self, subject: &Id, used: &Use) -> Route {
        let place = &used.place;
        let reference = self.references.get(&(place.file.as_str(), place.line, place.column));
        let held = used.slot.as_ref().and_then(|slot| self.slots.get(slot)).and_then(|slot| slot.holds.as_ref());
        let is_credential = subject.subject_type() == SubjectType::Credential;
        let credential = if is_credential { Some(subject) } else { held };
        Route {
            place: place.clone(),
            environment: reference
                .and_then(|known| known.environment.clone().or_else(|| known.environment_expression.clone())),
            name: reference.and_then(|known| known.name.clone()),
            slot: used.slot.clone(),
            credential: credential.cloned(),
            replaced: is_credential && used.slot.is_some() && held != Some(subject),
            possible: used.confidence == Confidence::Possible,
        }
    }

    /// The ticket of that id; of namesakes in two trackers the one that the evidence cites.
    fn ticket(&self, id: &str, evidence: &[Evidence]) -> Option<&'a Ticket> {
        let all = self.tickets.get(id)?;
        let cited = |ticket: &&&Ticket| evidence.iter().any(|fact| fact.locator == id && fact.source == ticket.source);
        all.iter().find(cited).or_else(|| all.first()).copied()
    }

    fn timing(&self, proof: &Verified) -> Option<Timing> {
        let ticket = self.ticket(proof.tickets.first()?, &proof.evidence)?;
        let known = match proof.subject.kind {
            SubjectType::Credential => self.death(self.credentials.get(&proof.subject.id)?),
            SubjectType::Slot => self.change(self.slots.get(&proof.subject.id)?, ticket),
            SubjectType::Reference | SubjectType::Ticket => return None,
        };
        Some(Timing { opened_at: ticket.opened_at, closed_at: ticket.closed_at, ..known })
    }

    /// Since when a credential is dead. No issuer that is read records the moment, so that the first look that showed it is a bound; its
    /// own end is one, too: it may have been revoked before.
    fn death(&self, credential: &Credential) -> Timing {
        let now = self.records.now;
        let seen: Vec<(&Liveness, Timestamp)> = credential
            .liveness
            .iter()
            .chain(&credential.observations)
            .filter_map(|seen| Some((seen, seen.at?)))
            .collect();
        let alive = seen.iter().filter(|(seen, _)| seen.state == LivenessState::Live).map(|(_, at)| *at).max();
        let dead = seen
            .iter()
            .filter(|(seen, at)| {
                matches!(seen.state, LivenessState::Dead | LivenessState::NotFound)
                    && alive.is_none_or(|alive| *at > alive)
            })
            .map(|(seen, at)| (*at, seen.method.clone()));
        let ended = credential.expires_at.filter(|end| *end <= now && alive.is_none_or(|alive| *end > alive));
        let ended = ended.map(|end| (end, "its own end".to_owned()));
        let (not_after, known_by) = dead
            .chain(ended)
            .min()
            .unwrap_or_else(|| (now, "its recorded status at the time of this report".to_owned()));
        let not_before = alive.into_iter().chain(credential.last_used_at).filter(|at| *at <= not_after).max();
        Timing { opened_at: None, closed_at: None, not_before, not_after, exact: false, known_by }
    }

    /// Since when a slot holds another value than the one that the ticket was about. A history that reaches back to before the ticket
    /// tells the moment; the time of the last write alone is a bound, since there may have been an earlier one.
    fn change(&self, slot: &Slot, ticket: &Ticket) -> Timing {
        let opened = [ticket.opened_at, ticket.effective()].into_iter().flatten().min();
        let asked = opened.map_or(Timestamp::MIN, |at| earlier(at, SKEW));
        let written = slot.versions.iter().filter_map(|version| version.at);
        let before = written.clone().filter(|at| *at < asked).max();
        let first = written.filter(|at| *at >= asked).min();
        let last = slot.updated_at.filter(|at| *at >= asked);
        let made = slot.holds.as_ref().and_then(|id| self.credentials.get(id)).and_then(|known| known.created_at);
        let (not_after, exact, known_by) = match (first, last) {
            (Some(at), _) if before.is_some() => (at, true, "the store's history of versions"),
            (Some(at), other) => (other.map_or(at, |other| other.min(at)), false, "the store's oldest version"),
            (None, Some(at)) => (at, false, "the store's time of the last write"),
            (None, None) => (self.records.now, false, "what it holds at the time of this report"),
        };
        let not_before = if exact { Some(not_after) } else { made.filter(|made| *made <= not_after) };
        Timing { opened_at: None, closed_at: None, not_before, not_after, exact, known_by: known_by.to_owned() }
    }
}

/// The facts of the tickets that the report names, by id and source.
fn named(report: &Report, tickets: &[Ticket]) -> Vec<TicketFacts> {
    let of_finding = |finding: &Finding| finding.waived.as_ref().and_then(|waived| waived.ticket.clone());
    let mut wanted: BTreeSet<String> = report.findings.iter().filter_map(of_finding).collect();
    wanted.extend(report.findings.iter().flat_map(|finding| &finding.tickets).cloned());
    wanted.extend(report.verified.iter().flat_map(|proof| &proof.tickets).cloned());
    let mut out: Vec<TicketFacts> = tickets
        .iter()
        .filter(|ticket| wanted.contains(&ticket.id))
        .map(|ticket| TicketFacts {
            id: ticket.id.clone(),
            source: ticket.source.clone(),
            title: ticket.title.clone(),
            url: ticket.url.clone(),
            intent: ticket.intent,
            state: ticket.state,
            opened_at: ticket.opened_at,
            closed_at: ticket.closed_at,
            due_at: ticket.due_at,
            effective_at: ticket.effective_at,
        })
        .collect();
    out.sort_by(|a, b| (&a.id, &a.source).cmp(&(&b.id, &b.source)));
    out.dedup_by(|a, b| a.id == b.id && a.source == b.source);
    out
}
