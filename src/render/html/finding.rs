//! A finding as the page shows it: the facts, the ways by which the deploy reaches it, and what happened when.

use jiff::Timestamp;

use super::page::{Facts, Link};
use super::words;
use crate::model::id::SubjectType;
use crate::model::report::{Finding, Place, Route, Severity, TicketFacts};
use crate::render::{Context, severity};

/// Ways that are drawn of one finding; the others are listed.
const DRAWN: usize = 3;
/// Entries of a box in such a drawing.
const BOXED: usize = 4;

/// A finding.
pub(super) struct Shown<'a> {
    pub(super) finding: &'a Finding,
    /// Unique in the page.
    pub(super) anchor: String,
    pub(super) severity: &'static str,
    pub(super) title: &'a str,
    pub(super) name: &'a str,
    pub(super) kind: &'static str,
    /// `blocking`, `waived` or `told`.
    pub(super) state: &'static str,
    pub(super) open: bool,
    pub(super) tickets: Vec<Link>,
    pub(super) routes: Vec<Drawing<'a>>,
    /// Every place, where the drawings do not show all.
    pub(super) places: Vec<String>,
    pub(super) events: Vec<Event>,
    /// Facts without a time.
    pub(super) timeless: Vec<Cited>,
    /// For how long it has been so.
    pub(super) lasted: Option<String>,
}

/// Ways that differ in their references alone, drawn as one.
pub(super) struct Drawing<'a> {
    pub(super) job: &'a str,
    pub(super) file: &'a str,
    pub(super) environment: Option<&'a str>,
    pub(super) references: Vec<String>,
    pub(super) more: usize,
    pub(super) slots: Vec<&'a str>,
    pub(super) more_slots: usize,
    pub(super) credential: Option<&'a str>,
    pub(super) replaced: bool,
    pub(super) possible: bool,
}

/// Something that happened.
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) moment: String,
    pub(super) distance: String,
    /// `ticket`, `fact`, `drift`, `use` or `now`.
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) quote: String,
    pub(super) source: String,
}

/// A fact without a time.
pub(super) struct Cited {
    pub(super) source: String,
    pub(super) quote: String,
}

impl<'a> Shown<'a> {
    pub(super) fn new(finding: &'a Finding, facts: &Facts<'a>, context: &Context<'a>, open: bool) -> Self {
        let rule = context.rules.iter().find(|rule| rule.id == finding.rule);
        let routes = drawings(finding);
        let drawn: usize = routes.iter().take(DRAWN).map(|drawing| drawing.references.len()).sum();
        let all = finding.routes.len().max(finding.references.len());
        let places = if drawn < all { finding.references.iter().map(place).collect() } else { Vec::new() };
        Self {
            finding,
            anchor: anchor(&finding.fingerprint),
            severity: severity(finding.severity),
            title: rule.map_or(finding.rule.as_str(), |rule| rule.title),
            name: finding.subject.name.as_deref().unwrap_or(finding.subject.id.as_str()),
            kind: match finding.subject.kind {
                SubjectType::Credential => "credential",
                SubjectType::Slot => "slot",
                SubjectType::Reference => "job",
                SubjectType::Ticket => "ticket",
            },
            state: state(finding),
            open,
            tickets: finding.tickets.iter().map(|id| facts.link(id, &finding.evidence)).collect(),
            routes: routes.into_iter().take(DRAWN).collect(),
            places,
            events: events(finding, facts),
            timeless: finding
                .evidence
                .iter()
                .filter(|fact| fact.observed_at.is_none())
                .map(|fact| Cited { source: cited(&fact.source, &fact.locator), quote: fact.quote.clone() })
                .collect(),
            lasted: finding
                .since
                .filter(|since| *since < facts.now)
                .map(|at| words::span(facts.now.duration_since(at))),
        }
    }

    /// The class of its severity's colour.
    pub(super) fn tone(&self) -> &'static str {
        match self.finding.severity {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }

    /// The first job that reaches it, for the short list.
    pub(super) fn job(&self) -> &str {
        let place = self.finding.references.first();
        place.and_then(|place| place.job.as_deref()).unwrap_or_else(|| place.map_or("", |place| place.file.as_str()))
    }

    /// Where an id may break.
    pub(super) fn pieces<'t>(&self, id: &'t str) -> Vec<&'t str> {
        words::pieces(id)
    }

    /// Whether its subject is a job or place of its own, which nothing leads to.
    pub(super) fn is_place(&self) -> bool {
        matches!(self.finding.subject.kind, SubjectType::Reference | SubjectType::Ticket)
    }
}

/// Blocking, waived, or told and no more.
pub(super) fn state(finding: &Finding) -> &'static str {
    match (finding.blocking, &finding.waived) {
        (true, _) => "blocking",
        (false, Some(_)) => "waived",
        (false, None) => "told",
    }
}

/// An id that links can lead to.
pub(super) fn anchor(fingerprint: &str) -> String {
    let plain = fingerprint.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    format!("finding-{}", plain.collect::<String>())
}

fn place(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

fn cited(source: &str, locator: &str) -> String {
    // The locator of most facts begins with its source.
    if locator.starts_with(source) { locator.to_owned() } else { format!("{source} {locator}") }
}

/// The ways, those of one job to one credential drawn together.
fn drawings(finding: &Finding) -> Vec<Drawing<'_>> {
    let mut out: Vec<(&Route, Drawing<'_>)> = Vec::new();
    for route in &finding.routes {
        let same = |other: &Route| {
            (&other.place.file, &other.place.job, &other.environment, &other.credential, other.replaced, other.possible)
                == (
                    &route.place.file,
                    &route.place.job,
                    &route.environment,
                    &route.credential,
                    route.replaced,
                    route.possible,
                )
        };
        let at = match out.iter().position(|(other, _)| same(other)) {
            Some(at) => at,
            None => {
                let drawing = Drawing {
                    job: route.place.job.as_deref().unwrap_or("every job of the file"),
                    file: &route.place.file,
                    environment: route.environment.as_deref(),
                    references: Vec::new(),
                    more: 0,
                    slots: Vec::new(),
                    more_slots: 0,
                    credential: route.credential.as_ref().map(crate::model::Id::as_str),
                    replaced: route.replaced,
                    possible: route.possible,
                };
                out.push((route, drawing));
                out.len() - 1
            }
        };
        let drawing = &mut out[at].1;
        if drawing.references.len() < BOXED {
            let name = route.name.as_deref().unwrap_or("a computed name, or all secrets");
            let at = format!("{name}, line {}", route.place.line);
            if !drawing.references.contains(&at) {
                drawing.references.push(at);
            }
        } else {
            drawing.more += 1;
        }
        if let Some(slot) = route.slot.as_ref().map(crate::model::Id::as_str)
            && !drawing.slots.contains(&slot)
        {
            if drawing.slots.len() < BOXED {
                drawing.slots.push(slot);
            } else {
                drawing.more_slots += 1;
            }
        }
    }
    out.into_iter().map(|(_, drawing)| drawing).collect()
}

fn events(finding: &Finding, facts: &Facts<'_>) -> Vec<Event> {
    let mut out = Vec::new();
    let mut add = |at: Timestamp, kind: &'static str, what: String, quote: &str, source: String| {
        let (moment, distance) = (words::stamp(at), words::distance(at, facts.now));
        out.push(Event { at, moment, distance, kind, what, quote: quote.to_owned(), source });
    };
    for id in &finding.tickets {
        let Some(ticket) = facts.ticket(id, &finding.evidence) else { continue };
        for (at, what) in dates(ticket) {
            // The words that a ticket is cited for stand with the date that its evidence carries.
            let words = finding.evidence.iter().find(|fact| fact.locator == *id && fact.observed_at == Some(at));
            let quote = if what == "opened" { ticket.title.as_str() } else { words.map_or("", |fact| &fact.quote) };
            let quote = if quote.is_empty() { String::new() } else { format!("\u{201c}{quote}\u{201d}") };
            add(at, "ticket", format!("{id} {what}"), &quote, String::new());
        }
    }
    for fact in &finding.evidence {
        let Some(at) = fact.observed_at else { continue };
        let told = facts.ticket(&fact.locator, &finding.evidence).is_some_and(|ticket| {
            dates(ticket).any(|(date, what)| date == at && what != "opened") && finding.tickets.contains(&ticket.id)
        });
        if told {
            continue;
        }
        let kind = if fact.quote.starts_with("last used ") { "use" } else { "fact" };
        add(at, kind, String::new(), &fact.quote, cited(&fact.source, &fact.locator));
    }
    if let Some(at) = finding.last_used_at
        && !finding.evidence.iter().any(|fact| fact.observed_at == Some(at) && fact.quote.starts_with("last used "))
    {
        add(at, "use", "Last use".to_owned(), "", finding.subject.id.to_string());
    }
    if let Some(at) = finding.since {
        add(at, "drift", "Drift since".to_owned(), finding.expected.as_deref().unwrap_or_default(), String::new());
    }
    add(facts.now, "now", "This report".to_owned(), finding.actual.as_deref().unwrap_or_default(), String::new());
    out.sort_by_key(|event| (event.at, event.kind == "now"));
    out
}

fn dates(ticket: &TicketFacts) -> impl Iterator<Item = (Timestamp, &'static str)> {
    [
        (ticket.opened_at, "opened"),
        (ticket.effective_at, "takes effect"),
        (ticket.due_at, "is due"),
        (ticket.closed_at, "closed"),
    ]
    .into_iter()
    .filter_map(|(at, what)| Some((at?, what)))
}
