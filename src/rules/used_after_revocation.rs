//! `used-after-revocation`: its last use is later than its revocation, beyond what the issuer resolves. What the rule means to people stands in `used_after_revocation.md`.

use jiff::SignedDuration;

use crate::model::Id;
use crate::model::expectation::Cause;
use crate::model::report::Severity;
use crate::model::time::later;

use super::{Case, Draft, Rule, Sink, Truth, cite};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "used-after-revocation",
    title: "it was used after its revocation",
    severity: Severity::Critical,
    doc: include_str!("used_after_revocation.md"),
    standards: &["OWASP NHI1:2025", "NIST CSF 2.0 PR.AA-05 (CSF 1.1 PR.AC-4)", "NIST SP 800-53 r5 AC-2"],
    implies: &[],
    check,
};

/// How coarse an issuer's "last used" is. AWS: `GetAccessKeyLastUsed` is documented as a day's estimate; GitLab updates
/// `last_used_at` at most once in a while; the others are taken to a few minutes.
fn resolution(id: &Id) -> SignedDuration {
    match id.provider() {
        "aws" | "gitlab" => SignedDuration::from_hours(24),
        _ => SignedDuration::from_mins(5),
    }
}

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for (id, expected) in case.credentials_expected() {
        let Some(death) =
            expected.dead.as_ref().filter(|death| death.cause == Cause::Revoked && death.since <= case.now)
        else {
            continue;
        };
        let Some(credential) = case.credential(id) else { continue };
        let Some(used) = credential.last_used_at.filter(|at| *at > later(death.since, resolution(id))) else {
            continue;
        };
        let Some(ticket) = case.cite(&death.basis) else { continue };
        let state = match case.truth(id) {
            Truth::Live(text) | Truth::Dead(text) | Truth::Unknown(text) => text,
        };
        let draft = Draft::new(
            sink.rule,
            case.subject(id),
            ticket,
            format!("Find out who used {id} after its revocation: look its last uses up in the issuer's audit log, and treat it as exposed."),
        )
        .because([cite::last_use(credential, used)])
        .because(cite::liveness(credential))
        .because(cite::distrusted(case, expected))
        .expected(format!("not used since {} ({})", death.since, case.ticket_id(&death.basis)))
        .actual(format!("last used {used}; {state}"))
        .since(death.since)
        .tickets([case.ticket_id(&death.basis)]);
        sink.fire(draft);
    }
}
