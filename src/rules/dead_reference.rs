//! `dead-reference`: the deploy will break on it. What the rule means to people stands in `dead_reference.md`.

use crate::model::report::{Evidence, Severity};

use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "dead-reference",
    title: "a job in scope uses something that is dead or does not exist",
    severity: Severity::Medium,
    doc: include_str!("dead_reference.md"),
    standards: &["NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, uses) in &case.reach.credentials {
        let Truth::Dead(actual) = case.truth(id) else { continue };
        let Some(credential) = case.credential(id) else { continue };
        // Reached only as the value of before a rotation: nothing uses it any more.
        let direct = uses.iter().any(|used| used.slot.is_none());
        let since = case.expected.get(id).and_then(|expected| expected.dead.as_ref()).map(|dead| dead.since);
        let holders = since.map_or_else(|| case.holders(id).to_vec(), |since| case.still_held(id, since));
        let held = holders.iter().any(|slot| case.reach.slots.contains_key(&slot.id));
        if !direct && !held {
            continue;
        }
        let mut facts = cite::liveness(credential).into_iter();
        let Some(first) = facts.next() else { continue };
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            first,
            format!("The deploy will fail with {id}: put a working credential into its slot, or drop the reference."),
        )
        .because(facts)
        .because(holders.iter().map(|slot| cite::slot(slot)))
        .actual(actual);
        sink.fire(draft);
    }
    for id in case.absent {
        let uses = case.reach.uses(id);
        let Some(first) = uses.first() else { continue };
        let fact = Evidence {
            source: "pipeline".to_owned(),
            locator: format!("{}:{}:{}", first.place.file, first.place.line, first.place.column),
            observed_at: None,
            quote: format!("refers to {id}"),
        };
        let draft = Draft::new(sink.rule, case.subject(id), fact, format!("Create {id}, or drop the reference."))
            .actual("its store's whole list does not have it");
        sink.fire(draft);
    }
}
