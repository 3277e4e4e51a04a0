//! Occurrences, gathered from all jobs that they reach, and turned into references.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::config::Layer;
use crate::model::reference::{Channel, Confidence, Family, Kind, Provider, Reference};
use crate::pipeline::yaml::{Node, NodeId, Place};

/// One thing seen in one job.
pub(super) struct Seen<'t> {
    pub(super) layer: Layer<'t>,
    /// Byte offset in the scalar's text.
    pub(super) at: usize,
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) channel: Channel,
    pub(super) exact: bool,
    pub(super) store: Option<String>,
    pub(super) candidates: Vec<String>,
    /// The variable that gets exactly this value.
    pub(super) binds: Option<String>,
}

/// How many references one scalar may have: a bound for hostile files.
const MAX_IN_ONE: usize = 20_000;

struct Entry<'t> {
    node: Node<'t>,
    name: Option<String>,
    channel: Channel,
    exact: bool,
    store: Option<String>,
    candidates: BTreeSet<String>,
    binds: Option<String>,
    reach: BTreeSet<Rc<str>>,
    environment: (Option<String>, Option<String>),
}

type Key<'t> = (usize, NodeId, usize, Option<&'t str>, Kind, Option<String>);

/// The last place that was told, from which the next is counted on: occurrences come in the order of the file, so that a file that
/// is one long line costs no more than another.
#[derive(Default)]
struct Cursor {
    file: usize,
    byte: usize,
    line: u32,
    column: u32,
}

impl Cursor {
    fn place(&mut self, file: usize, text: &str, byte: usize) -> Place {
        if self.line == 0 || file != self.file || byte < self.byte {
            *self = Self { file, byte: 0, line: 1, column: 1 };
        }
        let rest = text.get(self.byte..byte).unwrap_or_default();
        let mut characters = rest.chars().peekable();
        while let Some(character) = characters.next() {
            // A lone carriage return ends a line, too (YAML 1.2, 5.4); the one of a pair does not.
            let next = characters.peek().copied().or_else(|| text[byte..].chars().next());
            if character == '\n' || (character == '\r' && next != Some('\n')) {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.byte += rest.len();
        Place { line: self.line, column: self.column }
    }
}

/// All occurrences of a repository.
#[derive(Default)]
pub(super) struct Sink<'t> {
    entries: HashMap<Key<'t>, Entry<'t>>,
    /// How many occurrences a scalar has.
    counts: HashMap<(usize, NodeId), usize>,
    /// Scalars that some job runs, whether or not anything was found in them.
    pub(super) visited: HashSet<(usize, NodeId)>,
}

impl<'t> Sink<'t> {
    /// Takes an occurrence in; `job` is the `file#job` that it is reachable from.
    pub(super) fn add(&mut self, seen: Seen<'t>, job: Option<&Rc<str>>, environment: (Option<String>, Option<String>)) {
        let (file, node) = seen.layer.id();
        let key = (file, node, seen.at, seen.layer.owner, seen.kind, seen.name.clone());
        if !self.entries.contains_key(&key) {
            let count = self.counts.entry((file, node)).or_default();
            *count += 1;
            if *count > MAX_IN_ONE {
                return;
            }
        }
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            node: seen.layer.node.resolved(),
            name: seen.name,
            channel: seen.channel,
            exact: seen.exact,
            store: seen.store,
            candidates: BTreeSet::new(),
            binds: seen.binds,
            reach: BTreeSet::new(),
            environment,
        });
        entry.candidates.extend(seen.candidates);
        entry.reach.extend(job.cloned());
    }

    /// Files with a text that has more references than are listed.
    pub(super) fn crowded(&self) -> Vec<usize> {
        let mut files: Vec<_> =
            self.counts.iter().filter(|(_, count)| **count > MAX_IN_ONE).map(|((file, _), _)| *file).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// The references, with `paths` naming the files and `texts` being their content.
    pub(super) fn references(self, paths: &[String], texts: &[&str]) -> Vec<Reference> {
        let mut found: Vec<Reference> = Vec::with_capacity(self.entries.len());
        // Scalars with many occurrences: one map for each.
        let mut entries: Vec<_> = self.entries.into_iter().collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut last: Option<(usize, NodeId)> = None;
        let mut map = None;
        let mut cursor = Cursor::default();
        for ((file, node, at, owner, kind, _), entry) in entries {
            if last != Some((file, node)) {
                map = entry.node.positions();
                last = Some((file, node));
            }
            let place = match &map {
                Some(map) => cursor.place(file, texts[file], map.byte(at)),
                None => entry.node.place(),
            };
            found.push(Reference {
                provider: Provider::Gitlab,
                file: paths[file].clone(),
                line: place.line,
                column: place.column,
                kind,
                name: entry.name,
                job: owner.map(str::to_owned),
                step: None,
                environment: entry.environment.0,
                environment_expression: entry.environment.1,
                channel: entry.channel,
                confidence: if entry.exact { Confidence::Exact } else { Confidence::Possible },
                candidates: entry.candidates.into_iter().collect(),
                reachable_from: entry.reach.iter().map(|job| job.to_string()).collect(),
                resolves_to: Vec::new(),
                store: entry.store,
                binds: entry.binds,
                family: Family::Actions,
            });
        }
        found.sort_by(|a, b| {
            (&a.file, a.line, a.column, &a.job, a.kind).cmp(&(&b.file, b.line, b.column, &b.job, b.kind))
        });
        found
    }
}
