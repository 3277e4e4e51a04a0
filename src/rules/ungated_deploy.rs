//! `ungated-deploy`: a job with an environment that the failure of the gate does not stop. What the rule means to people stands in `ungated_deploy.md`.

use crate::model::Id;
use crate::model::report::{Evidence, Severity, Subject};

use super::{Case, Draft, Rule, Sink};

/// The rule.
pub(super) const RULE: Rule = Rule {
    id: "ungated-deploy",
    title: "a job that names an environment runs without passing the gate",
    severity: Severity::High,
    doc: include_str!("ungated_deploy.md"),
    standards: &["OWASP NHI6:2025", "NIST SP 800-207"],
    implies: &[],
    check,
};

fn check(case: &Case<'_>, sink: &mut Sink<'_>) {
    for job in &case.scope.ungated {
        let id = Id::reference(&job.place.file, job.place.job.as_deref());
        let fact = Evidence {
            source: "pipeline".to_owned(),
            locator: format!("{}:{}:{}", job.place.file, job.place.line, job.place.column),
            observed_at: None,
            quote: format!("environment {}; {}", job.environment, job.because),
        };
        let draft = Draft::new(
            sink.rule,
            Subject { kind: id.subject_type(), id, name: job.place.job.clone() },
            fact,
            "Let the job wait for the gate's job without a condition that runs it anyway, or make the gate its first step.",
        )
        .expected(format!("the deploy to {} waits for the gate", job.environment))
        .actual(job.because.clone());
        sink.fire(draft);
    }
}
