//! `gate-weakened`: the change under the gate takes the gate away, or loosens it. What the rule means to people stands in
//! `gate_weakened.md`; how two versions are compared, in `policy::weakened` and `config::change`.

use crate::model::Id;
use crate::model::report::{Evidence, Severity, Subject};

use super::{Case, Draft, Rule, Sink};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "gate-weakened",
    title: "the change under the gate removes the gate, or loosens its configuration",
    severity: Severity::High,
    doc: include_str!("gate_weakened.md"),
    standards: &["NIST SP 800-53 CM-3", "OWASP CICD-SEC-1"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for weak in &case.scope.weakened {
        let id = Id::reference(&weak.place.file, weak.place.job.as_deref());
        let facts = weak.facts.iter().map(|fact| Evidence {
            source: "pipeline".to_owned(),
            locator: format!("{}:{}:{}", weak.place.file, weak.place.line, weak.place.column),
            observed_at: None,
            quote: fact.clone(),
        });
        let mut facts: Vec<Evidence> = facts.collect();
        if facts.is_empty() {
            continue;
        }
        let first = facts.remove(0);
        let actual = match facts.len() {
            0 => first.quote.clone(),
            more => format!("{}, and {more} more", first.quote),
        };
        let mut draft = Draft::new(
            sink.rule,
            Subject { kind: id.subject_type(), id, name: weak.place.job.clone() },
            first,
            "Take this part out of the change. If it is meant, have it approved apart: it holds for deploys once it is merged, not before.",
        )
        .expected("the change leaves its gate as strict as the protected branch has it")
        .actual(actual);
        draft.evidence.extend(facts);
        sink.fire(draft);
    }
}
