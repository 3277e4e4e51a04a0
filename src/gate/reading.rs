//! Understanding the tickets that sources hand over: some hundred at a time, on all cores, and only what they come to is kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::link::Index;
use crate::model::inventory::Gap;
use crate::model::ticket::{Intent, Record, Ticket};

/// How many tickets are understood together.
const TOGETHER: usize = 512;
/// How many bytes of text they have, roughly.
const BYTES: usize = 4 << 20;

/// The tickets of a run.
pub(super) struct Reading<'r> {
    index: &'r Index,
    now: Timestamp,
    keep_all: bool,
    named: BTreeSet<&'r str>,
    waiting: Vec<Record>,
    bytes: usize,
    tickets: BTreeMap<(String, String), Ticket>,
    /// When those that were kept were changed last, as their source says.
    updated: BTreeMap<(String, String), Option<Timestamp>>,
    /// Tickets that are longer than what is read of one.
    pub(super) gaps: Vec<Gap>,
    /// How many the source has handed over.
    pub(super) count: u64,
    /// The last of their times.
    pub(super) newest: Option<Timestamp>,
}

impl<'r> Reading<'r> {
    /// `named` are kept, whatever they ask for.
    pub(super) fn new(index: &'r Index, now: Timestamp, keep_all: bool, named: BTreeSet<&'r str>) -> Self {
        Self {
            index,
            now,
            keep_all,
            named,
            waiting: Vec::new(),
            bytes: 0,
            tickets: BTreeMap::new(),
            updated: BTreeMap::new(),
            gaps: Vec::new(),
            count: 0,
            newest: None,
        }
    }

    /// Another source begins.
    pub(super) fn start(&mut self) {
        (self.count, self.newest) = (0, None);
        self.gaps.clear();
    }

    /// Takes a ticket.
    pub(super) fn take(&mut self, record: Record) {
        self.count += 1;
        let times = [record.opened_at, record.closed_at, record.updated_at];
        self.newest = self.newest.max(times.into_iter().flatten().max());
        let texts = record.texts.iter().map(|text| text.text.len());
        self.bytes += texts.chain(record.comments.iter().map(|comment| comment.text.len())).sum::<usize>();
        self.waiting.push(record);
        if self.waiting.len() >= TOGETHER || self.bytes >= BYTES {
            self.understand();
        }
    }

    /// Understands those that wait.
    pub(super) fn understand(&mut self) {
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let understood: Vec<Ticket> =
            waiting.par_iter().map(|record| self.index.understand(record, self.now)).collect();
        for (ticket, record) in understood.into_iter().zip(&waiting) {
            let key = (ticket.source.clone(), ticket.id.clone());
            let before = self.updated.get(&key).copied();
            if let Some(other) = self.tickets.get(&key) {
                // A later state of a ticket replaces an earlier one; which of two is later must be told.
                let told = before.flatten().zip(record.updated_at).filter(|(then, now)| then != now);
                match told {
                    Some((then, now)) if now < then => continue,
                    Some(_) => {}
                    None if (other.state, other.intent, &other.links)
                        != (ticket.state, ticket.intent, &ticket.links) =>
                    {
                        self.gaps.push(Gap {
                            source: ticket.source.clone(),
                            lacks: "tickets".to_owned(),
                            scope: ticket.id.clone(),
                            reason: format!(
                                "{} stands there twice, with different contents, and nothing tells which is later: export each \
                                 ticket once, or with the time of its last change",
                                ticket.id
                            ),
                        });
                    }
                    None => {}
                }
            }
            // Whatever was understood of the rest: what is not read may ask for more.
            self.gaps.extend(ticket.unread.as_ref().map(|why| Gap {
                source: ticket.source.clone(),
                lacks: "tickets".to_owned(),
                scope: ticket.id.clone(),
                reason: format!(
                    "{why}; move what it asks for to a ticket of its own, and leave this one out of the source"
                ),
            }));
            self.updated.insert(key, record.updated_at);
            let silent = ticket.intent == Intent::None && ticket.links.is_empty();
            if self.keep_all || !silent || self.named.contains(ticket.id.as_str()) {
                self.tickets.insert((ticket.source.clone(), ticket.id.clone()), ticket);
            }
        }
    }

    /// The tickets that others were closed as duplicates of, in lower case, as far as they are not among those that were kept.
    pub(super) fn missing(&self) -> BTreeSet<String> {
        let known: BTreeSet<String> = self.tickets.keys().map(|(_, id)| id.to_lowercase()).collect();
        let asking = self.tickets.values().filter(|ticket| ticket.intent != Intent::None);
        let others = asking.flat_map(|ticket| &ticket.duplicate_of).map(|other| other.to_lowercase());
        others.filter(|other| !known.contains(other)).collect()
    }

    /// All that were kept, by source and id.
    pub(super) fn tickets(self) -> Vec<Ticket> {
        self.tickets.into_values().collect()
    }
}
