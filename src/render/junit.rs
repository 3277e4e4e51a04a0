//! JUnit XML, as CI systems show it beside tests: the verdict, every finding and every proof is a test case. What blocks is a
//! failure, a gap is an error, what is waived or does not block is skipped.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::model::report::{Finding, Report, Verdict};
use crate::render::escape::line;
use crate::render::{Context, count, severity};

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, _: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new("driftgate");
    suite.add_test_case(verdict(report));
    for finding in &report.findings {
        suite.add_test_case(finding_case(finding));
    }
    for gap in &report.gaps {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("gap").set_message(text(&gap.reason));
        let mut case = TestCase::new(text(&format!("{} {}", gap.lacks, gap.scope)), status);
        case.set_classname(text(&format!("driftgate.gap.{}", gap.source)));
        suite.add_test_case(case);
    }
    for proof in &report.verified {
        let mut case = TestCase::new(text(proof.subject.id.as_str()), TestCaseStatus::success());
        case.set_classname("driftgate.verified");
        case.set_system_out(text(&format!("expected: {}; actual: {}", proof.expected, proof.actual)));
        suite.add_test_case(case);
    }
    let mut junit = Junit::new("driftgate");
    junit.add_test_suite(suite);
    junit.serialize(out).map_err(io::Error::other)
}

fn verdict(report: &Report) -> TestCase {
    let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
    let status = match report.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Block => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("block").set_message(format!("blocked by {}", count(blocking, "finding")));
            status
        }
        Verdict::Inconclusive => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status
                .set_type("inconclusive")
                .set_message(format!("{} kept it from a judgement", count(report.gaps.len(), "gap")));
            status
        }
    };
    let mut case = TestCase::new("verdict", status);
    case.set_classname("driftgate");
    case
}

fn finding_case(finding: &Finding) -> TestCase {
    let mut message = text(finding.subject.name.as_deref().unwrap_or(finding.subject.id.as_str()));
    let facts = [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)];
    for (word, fact) in facts {
        if let Some(fact) = fact {
            message.push_str(&format!("; {word}: {}", text(fact)));
        }
    }
    let mut details = vec![format!("severity: {}", severity(finding.severity))];
    details.extend(finding.tickets.iter().map(|ticket| format!("ticket: {}", text(ticket))));
    details.extend(finding.references.iter().map(|place| {
        let job = place.job.as_deref().map(|job| format!(" (job {})", text(job))).unwrap_or_default();
        format!("used in: {}:{}:{}{job}", text(&place.file), place.line, place.column)
    }));
    details.extend(
        finding
            .evidence
            .iter()
            .map(|fact| format!("evidence: {} {}: {}", text(&fact.source), text(&fact.locator), text(&fact.quote))),
    );
    if !finding.remediation.is_empty() {
        details.push(format!("do: {}", text(&finding.remediation)));
    }
    let details = details.join("\n");
    let status = match (&finding.waived, finding.blocking) {
        (_, true) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(text(&finding.rule)).set_message(message).set_description(details);
            status
        }
        (Some(waiver), false) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("waived until {}: {}", waiver.expires, text(&waiver.reason)));
            status.set_description(details);
            status
        }
        (None, false) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("does not block: {message}")).set_description(details);
            status
        }
    };
    let mut case = TestCase::new(text(finding.subject.id.as_str()), status);
    case.set_classname(format!("driftgate.{}", text(&finding.rule)));
    if let Some(place) = finding.references.first() {
        case.extra.insert("file".into(), text(&place.file).into());
        case.extra.insert("line".into(), place.line.to_string().into());
    }
    case
}

fn text(text: &str) -> String {
    line(text).into_owned()
}
