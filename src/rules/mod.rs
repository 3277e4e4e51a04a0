//! Rules: one file and one manual (`<rule>.md`) a rule, and the table below. A rule compares what is expected, recorded and true,
//! and reports to a sink; scope, waivers and the verdict are `policy`'s.

mod case;
mod cite;
mod sink;

mod ambiguous_request;
mod catalog_mismatch;
mod dead_reference;
mod elevation_outlived;
mod excess_grant;
mod gate_weakened;
mod grants;
mod leaver_owns_credential;
mod literal_credential;
mod old_value_live;
mod overdue_revocation;
mod residual_access;
mod revoked_but_live;
mod revoked_still_held;
mod rotation_not_applied;
mod shared_with_leaver;
mod stale_copy;
mod ungated_deploy;
mod unticketed_credential;
mod unverified_closure;
mod used_after_revocation;

use std::collections::HashMap;

use crate::model::Id;
use crate::model::report::Severity;

pub use case::{Case, Facts, Truth};
pub use sink::{Draft, Need, Proof, Sink};

/// A rule: stateless, so it is data.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its id; the file's name with `-` for `_`. Ids are stable.
    pub id: &'static str,
    /// What it says, in one line.
    pub title: &'static str,
    /// Severity unless the configuration says otherwise.
    pub severity: Severity,
    /// Its manual, in Markdown.
    pub doc: &'static str,
    /// Standards that ask for what it checks.
    pub standards: &'static [&'static str],
    /// Rules whose findings on the same subject are this one's evidence: one cause makes one finding.
    pub implies: &'static [&'static str],
    /// The judgement.
    pub check: fn(&Case<'_>, &mut Sink<'_>),
}

/// All rules, in the order of their severity and then of the contract. Adding one: a file, its manual, and a line here.
pub const RULES: &[Rule] = &[
    revoked_but_live::RULE,
    used_after_revocation::RULE,
    old_value_live::RULE,
    elevation_outlived::RULE,
    revoked_still_held::RULE,
    rotation_not_applied::RULE,
    stale_copy::RULE,
    excess_grant::RULE,
    residual_access::RULE,
    leaver_owns_credential::RULE,
    overdue_revocation::RULE,
    literal_credential::RULE,
    ungated_deploy::RULE,
    gate_weakened::RULE,
    catalog_mismatch::RULE,
    shared_with_leaver::RULE,
    unticketed_credential::RULE,
    dead_reference::RULE,
    unverified_closure::RULE,
    ambiguous_request::RULE,
];

/// The rule with that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// Runs every rule.
#[must_use]
pub fn check(case: &Case<'_>) -> (Vec<Draft>, Vec<Need>, Vec<Proof>) {
    let mut drafts = Vec::new();
    let mut needs = Vec::new();
    let mut proofs = Vec::new();
    for rule in RULES {
        let mut sink = Sink::new(rule, &mut drafts, &mut needs, &mut proofs);
        (rule.check)(case, &mut sink);
    }
    (absorb(drafts), needs, proofs)
}

/// One cause makes one finding: the strongest rule for a subject keeps the facts of those that it implies as its evidence.
fn absorb(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut about: HashMap<Id, Vec<usize>> = HashMap::new();
    for (number, draft) in drafts.iter().enumerate() {
        for id in std::iter::once(&draft.subject.id).chain(&draft.about) {
            about.entry(id.clone()).or_default().push(number);
        }
    }
    // Who absorbs whom. Implication has no circles (a test holds that), so every chain ends.
    let rank = |draft: &Draft| RULES.iter().position(|rule| rule.id == draft.rule.id);
    let above = |draft: &Draft| {
        let by = about.get(&draft.subject.id)?;
        let implies = |by: &&usize| drafts[**by].rule.implies.contains(&draft.rule.id);
        by.iter().filter(implies).min_by_key(|by| rank(&drafts[**by])).copied()
    };
    let parents: Vec<Option<usize>> = drafts.iter().map(above).collect();
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    for number in 0..drafts.len() {
        let mut root = number;
        while let Some(parent) = parents[root] {
            root = parent;
        }
        if root == number {
            continue;
        }
        let Some(weak) = drafts[number].take() else { continue };
        if let Some(by) = drafts[root].as_mut() {
            by.recorded = by.recorded.take().or(weak.recorded);
            for fact in weak.evidence {
                if !by.evidence.contains(&fact) {
                    by.evidence.push(fact);
                }
            }
            for ticket in weak.tickets {
                if !by.tickets.contains(&ticket) {
                    by.tickets.push(ticket);
                }
            }
        }
    }
    drafts.into_iter().flatten().collect()
}

#[cfg(test)]
mod examples;

#[cfg(test)]
mod tests;
