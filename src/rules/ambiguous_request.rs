//! `ambiguous-request`: approved access that cannot be mapped. What the rule means to people stands in `ambiguous_request.md`.

use crate::model::Id;
use crate::model::report::{Severity, Subject};
use crate::model::ticket::{Intent, State};

use super::{Case, Draft, Rule, Sink, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "ambiguous-request",
    title: "an approved ticket cannot be mapped to a level or a credential",
    severity: Severity::Low,
    doc: include_str!("ambiguous_request.md"),
    standards: &["NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for ticket in case.tickets {
        let counts = ticket.approved && ticket.state != State::Withdrawn && ticket.intent != Intent::None;
        if !counts || ticket.ambiguous.is_empty() {
            continue;
        }
        let id = Id::ticket(&ticket.id);
        let draft = Draft::new(
            sink.rule,
            Subject { kind: id.subject_type(), id, name: Some(ticket.title.clone()).filter(|title| !title.is_empty()) },
            cite::ticket(ticket, None),
            format!(
                "Say in {} which access is meant: the level (read, write, admin) and the credential's id.",
                ticket.id
            ),
        )
        .actual(ticket.ambiguous.join("; "))
        .tickets([ticket.id.as_str()]);
        sink.fire(draft);
    }
}
