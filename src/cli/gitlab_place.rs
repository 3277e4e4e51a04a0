//! What standard output gets in a job of GitLab CI/CD where no format was asked for: the text, as a section of the log that can be
//! folded away, under a line that says the verdict. Reports for merge requests are formats of their own, written by `--output`.

use crate::model::report::{Report, Verdict};
use crate::render::count;

/// Puts the text into a section (<https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections>).
///
/// GitLab takes `section_start` and `section_end` for markers only where a carriage return and an escape sequence follow, and the
/// renderer lets neither through from a ticket or a file. Both times are the report's own: the same report is the same bytes.
pub(super) fn section(report: &Report, text: &[u8]) -> Vec<u8> {
    let at = report.now.as_second();
    let head = headline(report);
    let mut out = format!("\u{1b}[0Ksection_start:{at}:driftgate[collapsed=false]\r\u{1b}[0K{head}\n").into_bytes();
    out.extend_from_slice(text);
    if !text.ends_with(b"\n") {
        out.push(b'\n');
    }
    out.extend(format!("\u{1b}[0Ksection_end:{at}:driftgate\r\u{1b}[0K\n").into_bytes());
    out
}

/// What stays to be seen when the section is folded.
fn headline(report: &Report) -> String {
    let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
    match report.verdict {
        Verdict::Pass => format!("driftgate: pass ({})", count(report.findings.len(), "finding")),
        Verdict::Block => format!("driftgate: blocked by {}", count(blocking, "finding")),
        Verdict::Inconclusive => format!("driftgate: inconclusive ({})", count(report.gaps.len(), "gap")),
    }
}
