//! The sieve that leaves out all tickets but some that are named: a second reading, for those that a finding cites.

use std::collections::BTreeSet;

use crate::model::sieve::{Part, Reader, Sieve};

/// What stands behind a ticket's `#`, or its whole id.
pub(super) fn number(id: &str) -> String {
    id.rsplit_once('#').map_or(id, |(_, number)| number).to_owned()
}

/// Leaves out every ticket but some that are named.
#[derive(Debug)]
pub(super) struct Only(BTreeSet<String>);

impl Only {
    pub(super) fn new<'i>(ids: impl IntoIterator<Item = &'i str>) -> Self {
        Self(ids.into_iter().map(|id| number(&id.to_lowercase())).collect())
    }
}

impl Sieve for Only {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(OneOf(&self.0))
    }
}

struct OneOf<'s>(&'s BTreeSet<String>);

impl Reader for OneOf<'_> {
    fn part(&mut self, _part: Part, _text: &str) {}

    fn keeps(&mut self, number: &str) -> bool {
        self.0.contains(&number.to_lowercase())
    }
}
