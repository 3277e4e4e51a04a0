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
        for ticket in understood {
            // Whatever was understood of the rest: what is not read may ask for more.
            self.gaps.extend(ticket.unread.as_ref().map(|why| Gap {
                source: ticket.source.clone(),
                lacks: "tickets".to_owned(),
                scope: ticket.id.clone(),
                reason: format!(
                    "{why}; move what it asks for to a ticket of its own, and leave this one out of the source"
                ),
            }));
            let silent = ticket.intent == Intent::None && ticket.links.is_empty();
            if self.keep_all || !silent || self.named.contains(ticket.id.as_str()) {
                self.tickets.insert((ticket.source.clone(), ticket.id.clone()), ticket);
            }
        }
    }

    /// All that were kept, by source and id.
    pub(super) fn tickets(self) -> Vec<Ticket> {
        self.tickets.into_values().collect()
    }
}
