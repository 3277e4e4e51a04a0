//! `literal-credential`: a credential in the file itself. What the rule means to people stands in `literal_credential.md`.

use crate::model::Id;
use crate::model::reference::Kind;
use crate::model::report::{Severity, Subject};

use super::{Case, Draft, Rule, Sink, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "literal-credential",
    title: "a credential is written into a CI definition",
    severity: Severity::High,
    doc: include_str!("literal_credential.md"),
    standards: &["OWASP NHI2:2025", "PCI DSS 4.0.1 8.6.2"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for reference in case.references.iter().filter(|reference| reference.kind == Kind::Literal) {
        let id = Id::reference(&reference.file, reference.job.as_deref());
        let name = reference.name.clone().unwrap_or_default();
        let mut draft = Draft::new(
            sink.rule,
            Subject { kind: id.subject_type(), id, name: reference.name.clone() },
            cite::reference(reference),
            format!(
                "Revoke {name} at its issuer, put a new one into a secret store, and refer to it from {}.",
                reference.file
            ),
        )
        .actual(format!("{name} is written into {}", reference.file));
        draft.key = vec![name];
        sink.fire(draft);
    }
}
