//! Tests of what holds for all rules together: which finding keeps the facts of which, and that nothing is lost on the way.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::report::{Evidence, Subject};

fn draft(rule: &'static Rule, id: &str, about: Option<&str>, fact: usize) -> Draft {
    let id = Id::new(id);
    let fact =
        Evidence { source: "jira".into(), locator: format!("SEC-{fact}"), observed_at: None, quote: String::new() };
    let ticket = fact.locator.clone();
    let subject = Subject { kind: id.subject_type(), id, name: None };
    Draft::new(rule, subject, fact, "…").about(about.map(Id::new).iter()).tickets([ticket.as_str()])
}

fn rule(id: &str) -> &'static Rule {
    find(id).unwrap()
}

fn ids(drafts: &[Draft]) -> Vec<(&str, &str)> {
    drafts.iter().map(|draft| (draft.rule.id, draft.subject.id.as_str())).collect()
}

#[test]
fn implication_has_no_circles() {
    fn depth(rule: &Rule, seen: usize) -> usize {
        assert!(seen < RULES.len(), "{} implies itself in the end", rule.id);
        rule.implies.iter().map(|id| depth(find(id).unwrap(), seen + 1)).max().unwrap_or(seen)
    }
    for rule in RULES {
        depth(rule, 0);
    }
}

#[test]
fn a_critical_finding_is_never_part_of_a_lesser_one() {
    for rule in RULES {
        for id in rule.implies {
            assert!(find(id).unwrap().severity <= rule.severity, "{} swallows {id}", rule.id);
        }
    }
}

#[test]
fn a_chain_ends_in_the_strongest_and_loses_no_fact() {
    // stale-copy is about the slot and the credential in it; it takes revoked-still-held of that credential, and what that took.
    let kept = absorb(vec![
        draft(rule("unverified-closure"), "a:token:1", None, 1),
        draft(rule("revoked-still-held"), "a:token:1", None, 2),
        draft(rule("stale-copy"), "env:COPY", Some("a:token:1"), 3),
        draft(rule("dead-reference"), "a:token:2", None, 4),
    ]);
    assert_eq!(ids(&kept), [("stale-copy", "env:COPY"), ("dead-reference", "a:token:2")]);
    let facts: BTreeSet<&str> = kept[0].evidence.iter().map(|fact| fact.locator.as_str()).collect();
    assert_eq!(facts, BTreeSet::from(["SEC-1", "SEC-2", "SEC-3"]));
    assert_eq!(kept[0].tickets.len(), 3);
}

#[test]
fn findings_of_other_subjects_stay_apart() {
    let both = vec![
        draft(rule("revoked-but-live"), "a:token:1", None, 1),
        draft(rule("used-after-revocation"), "a:token:2", None, 2),
    ];
    assert_eq!(absorb(both.clone()).len(), 2);
}

proptest! {
    #[test]
    fn absorbing_loses_no_subject_and_no_fact(
        drawn in proptest::collection::vec((0..RULES.len(), 0..3usize, proptest::option::of(0..3usize)), 0..25),
    ) {
        let drafts: Vec<Draft> = drawn
            .iter()
            .enumerate()
            .map(|(fact, (rule, id, about))| {
                let about = about.map(|id| format!("a:token:{id}"));
                draft(&RULES[*rule], &format!("a:token:{id}"), about.as_deref(), fact)
            })
            .collect();
        let kept = absorb(drafts.clone());
        for lost in &drafts {
            let told = kept.iter().any(|kept| kept.evidence.iter().any(|fact| lost.evidence.contains(fact)));
            prop_assert!(told, "{} of {}", lost.rule.id, lost.subject.id);
            let subject = kept.iter().any(|kept| {
                kept.subject.id == lost.subject.id
                    || kept.evidence.contains(&lost.evidence[0]) && kept.rule.severity >= lost.rule.severity
            });
            prop_assert!(subject, "{}", lost.subject.id);
        }
    }
}
