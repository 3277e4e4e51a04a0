//! What the report tells beside the judgement: the tickets that it names, how the deploy reaches each subject, and when each kept
//! promise became true. Nothing here changes a finding or the verdict.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::{Credential, Inventory, Liveness, LivenessState, Slot};
use crate::model::pipeline::Pipelines;
use crate::model::reference::{Confidence, Reference};
use crate::model::report::{Evidence, Report, Route, TicketFacts, Timing, Verified};
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

/// The facts of the tickets that the report names, by id and source. Of namesakes in two trackers those that the evidence cites.
fn named(report: &Report, tickets: &[Ticket]) -> Vec<TicketFacts> {
    let mut cited: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut uncited: BTreeSet<&str> =
        report.findings.iter().filter_map(|f| f.waived.as_ref()?.ticket.as_deref()).collect();
    let told = report.findings.iter().map(|finding| (&finding.tickets, &finding.evidence));
    for (ids, evidence) in told.chain(report.verified.iter().map(|proof| (&proof.tickets, &proof.evidence))) {
        for id in ids {
            let mut sources =
                evidence.iter().filter(|fact| fact.locator == *id).map(|fact| fact.source.as_str()).peekable();
            if sources.peek().is_none() {
                uncited.insert(id);
            }
            cited.extend(sources.map(|source| (id.as_str(), source)));
        }
    }
    let is_named = |ticket: &&Ticket| {
        cited.contains(&(ticket.id.as_str(), ticket.source.as_str())) || uncited.contains(ticket.id.as_str())
    };
    let mut out: Vec<TicketFacts> = tickets
        .iter()
        .filter(is_named)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::Version;
    use crate::model::reference::{Channel, Family, Kind, Provider};
    use crate::model::report::{Place, Subject};

    const KEY: &str = "aws:access-key:AKIA1";
    const SLOT: &str = "github:actions-secret:acme/shop:KEY";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ticket() -> Ticket {
        serde_json::from_value(serde_json::json!({
            "id": "SEC-1", "system": "jira", "url": null, "intent": "revoke", "state": "done", "resolution": "Done",
            "opened_at": "2026-05-01T10:00:00Z", "closed_at": "2026-05-03T10:00:00Z", "due_at": null, "effective_at": null,
            "window": null, "subject": null, "approved": true,
            "access": {"holder": null, "level": null, "environments": [], "resources": []}, "links": [], "ambiguous": []
        }))
        .unwrap()
    }

    fn timing(inventory: &Inventory, id: &str) -> Timing {
        let id = Id::new(id);
        let (pipelines, reach, tickets) = (Pipelines::default(), Reach::default(), [ticket()]);
        let records = Records {
            now: at("2026-06-01T12:00:00Z"),
            pipelines: &pipelines,
            inventory,
            tickets: &tickets,
            reach: &reach,
        };
        let proof = Verified {
            subject: Subject { kind: id.subject_type(), id, name: None },
            expected: String::new(),
            actual: String::new(),
            tickets: vec!["SEC-1".into()],
            evidence: Vec::new(),
            timing: None,
        };
        Indexed::new(&records).timing(&proof).unwrap()
    }

    fn seen(state: LivenessState, at: &str) -> Liveness {
        Liveness { state, method: format!("look at {at}"), at: Some(at.parse().unwrap()), reason: None }
    }

    #[test]
    fn a_death_lies_between_the_last_life_and_the_first_look_after_it() {
        use LivenessState::{Dead, Live, NotFound, Unknown};
        let mut key = Credential::bare(Id::new(KEY));
        let of = |key: &Credential| {
            let timing = timing(&Inventory { credentials: vec![key.clone()], ..Inventory::default() }, KEY);
            assert!(!timing.exact, "nobody records the moment");
            assert_eq!(timing.closed_at, Some(at("2026-05-03T10:00:00Z")));
            (timing.not_before, timing.not_after, timing.known_by)
        };
        // Nobody looked: it is dead by its status, now.
        let (before, after, by) = of(&key);
        assert_eq!((before, after), (None, at("2026-06-01T12:00:00Z")));
        assert!(by.starts_with("its recorded status"), "{by}");
        key.liveness = Some(seen(NotFound, "2026-05-20T00:00:00Z"));
        key.observations = vec![
            seen(Dead, "2026-05-02T00:00:00Z"),
            seen(Live, "2026-05-04T00:00:00Z"),
            seen(Unknown, "2026-05-05T00:00:00Z"),
            seen(Dead, "2026-05-10T00:00:00Z"),
        ];
        // The death before its last life does not count, the first look after it does.
        let first = at("2026-05-10T00:00:00Z");
        assert_eq!(of(&key), (Some(at("2026-05-04T00:00:00Z")), first, "look at 2026-05-10T00:00:00Z".into()));
        key.last_used_at = Some(at("2026-05-06T00:00:00Z"));
        assert_eq!(of(&key).0, key.last_used_at, "a use is life");
        key.expires_at = Some(at("2026-05-07T00:00:00Z"));
        assert_eq!(of(&key).1, at("2026-05-07T00:00:00Z"), "its own end");
        key.expires_at = Some(at("2026-07-01T00:00:00Z"));
        assert_eq!(of(&key).1, first, "an end that is still to come proves nothing");
    }

    #[test]
    fn only_a_history_that_reaches_back_tells_when_a_slot_changed() {
        let version = |text: &str| Version { at: Some(at(text)), stage: None, holds: None, fingerprint: None };
        let mut slot = Slot::bare(Id::new(SLOT));
        let of = |slot: &Slot| {
            let timing = timing(&Inventory { slots: vec![slot.clone()], ..Inventory::default() }, SLOT);
            (timing.not_after, timing.exact)
        };
        assert_eq!(of(&slot), (at("2026-06-01T12:00:00Z"), false));
        slot.updated_at = Some(at("2026-05-09T00:00:00Z"));
        assert_eq!(of(&slot), (at("2026-05-09T00:00:00Z"), false), "there may have been a write before the last");
        slot.versions = vec![version("2026-05-09T00:00:00Z"), version("2026-05-02T00:00:00Z")];
        assert_eq!(of(&slot), (at("2026-05-02T00:00:00Z"), false), "older versions may have been thrown away");
        slot.versions.push(version("2026-04-01T00:00:00Z"));
        assert_eq!(of(&slot), (at("2026-05-02T00:00:00Z"), true));
    }

    #[test]
    fn a_route_names_the_reference_the_slot_and_what_it_holds() {
        let place = Place { file: "ci.yml".into(), line: 7, column: 3, job: Some("deploy".into()) };
        let reference = Reference {
            provider: Provider::Github,
            file: "ci.yml".into(),
            line: 7,
            column: 3,
            kind: Kind::Secret,
            name: Some("KEY".into()),
            job: Some("deploy".into()),
            step: None,
            environment: Some("production".into()),
            environment_expression: None,
            channel: Channel::Env,
            confidence: Confidence::Exact,
            candidates: Vec::new(),
            reachable_from: Vec::new(),
            resolves_to: Vec::new(),
            store: None,
            binds: None,
            family: Family::Actions,
        };
        let pipelines = Pipelines { references: vec![reference], ..Pipelines::default() };
        let slot = Slot { holds: Some(Id::new(KEY)), ..Slot::bare(Id::new(SLOT)) };
        let inventory = Inventory { slots: vec![slot], ..Inventory::default() };
        let used = Use { place: place.clone(), confidence: Confidence::Exact, slot: Some(Id::new(SLOT)) };
        let old = Id::new("aws:access-key:AKIA0");
        let mut reach = Reach::default();
        reach.slots.insert(Id::new(SLOT), vec![used.clone()]);
        reach.credentials.insert(Id::new(KEY), vec![used.clone(), used.clone()]);
        reach.credentials.insert(old.clone(), vec![used]);
        let records = Records {
            now: at("2026-06-01T12:00:00Z"),
            pipelines: &pipelines,
            inventory: &inventory,
            tickets: &[],
            reach: &reach,
        };
        let indexed = Indexed::new(&records);
        let whole = Route {
            place,
            environment: Some("production".into()),
            name: Some("KEY".into()),
            slot: Some(Id::new(SLOT)),
            credential: Some(Id::new(KEY)),
            replaced: false,
            possible: false,
        };
        assert_eq!(indexed.routes(&Id::new(KEY)), std::slice::from_ref(&whole), "the same one is told once");
        assert_eq!(indexed.routes(&Id::new(SLOT)), std::slice::from_ref(&whole));
        assert_eq!(indexed.routes(&old), [Route { credential: Some(old.clone()), replaced: true, ..whole }]);
        assert_eq!(indexed.routes(&Id::new("aws:access-key:AKIA9")), []);
    }
}
