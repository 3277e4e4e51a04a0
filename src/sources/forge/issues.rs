//! What the readers of GitHub's and GitLab's issues share: what was read of one repository or project is joined with what was kept,
//! handed over issue by issue, and kept again where it is whole. How issues are asked for is each forge's own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::model::ticket::Record;
use crate::sources::export::{Convert, Gaps};
use crate::sources::tracker::shelf::{Kept, Shelf};
use crate::sources::{About, Account};

/// How far back before the last answer changes are asked for again: a change that was being written then may carry an earlier time.
pub(crate) const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// What was read of one repository or project.
#[derive(Default)]
pub(crate) struct Found {
    /// Its name, for messages.
    pub(crate) place: String,
    /// Whether only issues with certain labels were asked for.
    pub(crate) labelled: bool,
    /// By number: each issue as its forge gives it, with its comments and its history.
    pub(crate) issues: BTreeMap<String, Value>,
    /// What was kept, where only what changed since then was asked for.
    pub(crate) kept: Option<Kept>,
    /// All changes until then are in it, by the forge's clock.
    pub(crate) as_of: Option<Timestamp>,
    /// What could not be read.
    pub(crate) lacks: Vec<String>,
}

impl Found {
    /// Says what could not be read.
    pub(crate) fn lack(&mut self, what: &str, reason: &str) {
        self.lacks.push(format!("{what}: {reason}"));
    }
}

/// Where issues are handed over, and the account of it.
pub(crate) struct Desk<'d> {
    /// The account.
    pub(crate) account: Account,
    gaps: Gaps,
    /// What was handed over: a project may be named, and its group too.
    told: BTreeSet<String>,
    sink: &'d mut (dyn FnMut(Record) + Send),
}

impl<'d> Desk<'d> {
    /// Hands over to `sink`; `forge` is what gaps call the system.
    pub(crate) fn new(about: &About, forge: &str, sink: &'d mut (dyn FnMut(Record) + Send)) -> Self {
        Self { account: Account::default(), gaps: Gaps::new(about, forge), told: BTreeSet::new(), sink }
    }

    /// All tickets, or all of a place, could not be read.
    pub(crate) fn lack(&mut self, reason: &str) {
        self.gaps.whole(reason);
    }

    /// The account with its gaps.
    pub(crate) fn finish(self) -> Account {
        Account { gaps: self.gaps.finish(), ..self.account }
    }

    /// Hands over what was kept and what was read. It is kept again where nothing is lacking.
    pub(crate) fn hand_over(&mut self, found: Found, shelf: Option<&Shelf>, convert: &mut Convert<'_>) {
        let Found { place, labelled, issues, kept, as_of, lacks } = found;
        for lack in &lacks {
            self.gaps.whole(&format!("{place}: {lack}"));
        }
        let mut writer = match (shelf, as_of) {
            (Some(shelf), Some(_)) if lacks.is_empty() => shelf.begin(kept.as_ref(), Timestamp::now()).ok(),
            _ => None,
        };
        let mut count = 0_u64;
        let mut broken = false;
        match kept {
            Some(kept) => {
                let merged = kept.merge(issues, writer.as_mut(), &mut |_, issue| {
                    count += 1;
                    self.one(issue, convert);
                });
                if merged.is_err() {
                    broken = true;
                    self.gaps
                        .whole(&format!("{place}: the issues that were kept cannot be read any more: run it again"));
                }
            }
            None => {
                for (number, issue) in &issues {
                    if let Some(writer) = &mut writer {
                        writer.put(number, issue);
                    }
                    count += 1;
                    self.one(issue, convert);
                }
            }
        }
        // A list that holds nothing is a gap, and no ground for asking only for changes.
        let whole = !broken && count > 0;
        if let (Some(writer), Some(as_of)) = (writer, as_of.filter(|_| whole)) {
            writer.finish(as_of);
        }
        if count == 0 && lacks.is_empty() && !broken {
            let which = if labelled { " with these labels" } else { "" };
            self.gaps.whole(&format!("{place}: it has no issues at all{which}"));
        }
    }

    fn one(&mut self, issue: &Value, convert: &mut Convert<'_>) {
        let mut flaws = Vec::new();
        match convert(issue, &mut flaws) {
            Ok(record) if !self.told.insert(record.id.clone()) => {}
            Ok(record) => {
                for flaw in flaws {
                    self.gaps.item(&record.id, &flaw);
                }
                self.account.items += 1;
                (self.sink)(record);
            }
            Err(flaw) => self.gaps.item("an issue", &flaw),
        }
    }
}

/// Some fields of an object: what is kept of an answer is what is read of it.
pub(crate) fn some(value: &Value, fields: &[&str]) -> Map<String, Value> {
    let mut out = Map::new();
    for field in fields {
        if let Some(found) = value.get(*field).filter(|found| !found.is_null()) {
            out.insert((*field).to_owned(), found.clone());
        }
    }
    out
}

/// The same within a field that holds an object or a list of them.
pub(crate) fn within(out: &mut Map<String, Value>, value: &Value, field: &str, fields: &[&str]) {
    let cut = match value.get(field) {
        Some(Value::Array(all)) => Value::Array(
            all.iter().map(|one| if one.is_object() { some(one, fields).into() } else { one.clone() }).collect(),
        ),
        Some(one @ Value::Object(_)) => some(one, fields).into(),
        _ => return,
    };
    out.insert(field.to_owned(), cut);
}
