//! GitLab's Code Quality report, for merge requests: what blocks is a blocker, gaps are issues too, so that what could not be read
//! never looks like "nothing found" (<https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>). The security
//! report is `security`'s.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::{hash, nowhere, place, relative};
use crate::model::inventory::Gap;
use crate::model::report::{Finding, Place, Report, Severity, Verdict};
use crate::render::escape::line;
use crate::render::{Context, json};

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut issues: Vec<Issue> = report.findings.iter().map(|finding| of_finding(finding, context)).collect();
    issues.extend(report.gaps.iter().map(|gap| of_gap(gap, report.verdict, context)));
    // GitLab shows the first of those that share a fingerprint, and drops the others without a word.
    let mut seen = BTreeSet::new();
    for issue in &mut issues {
        let mut again = 1;
        while !seen.insert(issue.fingerprint.clone()) {
            again += 1;
            issue.fingerprint = hash(&[&issue.fingerprint, &again.to_string()]);
        }
    }
    json::value(&issues, out)
}

/// One entry: the fields that GitLab reads, and the two that the Code Climate specification requires besides them.
#[derive(Serialize)]
struct Issue {
    r#type: &'static str,
    categories: [&'static str; 1],
    check_name: String,
    description: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    /// GitLab does not read it; the specification requires it.
    end: u32,
}

fn issue(check_name: String, description: String, fingerprint: String, severity: &'static str, at: &Place) -> Issue {
    let line = at.line.max(1);
    let location = Location { path: relative(&at.file), lines: Lines { begin: line, end: line } };
    Issue { r#type: "issue", categories: ["Security"], check_name, description, fingerprint, severity, location }
}

fn of_finding(finding: &Finding, context: &Context<'_>) -> Issue {
    let name = finding.subject.name.as_deref().unwrap_or(finding.subject.id.as_str());
    let title = context.rule(&finding.rule).map_or(finding.rule.as_str(), |rule| rule.title);
    let mut text = format!("{}: {}", line(title), line(name));
    for (word, fact) in [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)]
    {
        if let Some(fact) = fact {
            text.push_str(&format!("; {word}: {}", line(fact)));
        }
    }
    if let Some(waiver) = &finding.waived {
        text.push_str(&format!("; waived until {}: {}", waiver.expires, line(&waiver.reason)));
    }
    if !finding.remediation.is_empty() {
        text.push_str(&format!(". {}", line(&finding.remediation)));
    }
    let level = match (&finding.waived, finding.blocking, finding.severity) {
        (_, true, _) => "blocker",
        (Some(_), ..) => "info",
        (None, false, Severity::Critical) => "critical",
        (None, false, Severity::High) => "major",
        (None, false, Severity::Medium) => "minor",
        (None, false, Severity::Low) => "info",
    };
    issue(line(&finding.rule).into_owned(), text, finding.fingerprint.clone(), level, &place(finding, context))
}

fn of_gap(gap: &Gap, verdict: Verdict, context: &Context<'_>) -> Issue {
    let level = if verdict == Verdict::Inconclusive { "blocker" } else { "major" };
    let text = line(&crate::render::gap(gap)).into_owned();
    // The reason may carry a number that differs from run to run.
    let fingerprint = hash(&["gap", &gap.source, &gap.lacks, &gap.scope]);
    issue("gap".to_owned(), text, fingerprint, level, &nowhere(context))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::render::tests::{context, rendered, sample};

    fn issues(report: &Report) -> Vec<Value> {
        serde_json::from_str(&rendered("gitlab", report)).unwrap()
    }

    #[test]
    fn what_blocks_is_a_blocker_and_a_gap_is_told() {
        let report = sample("");
        let levels: Vec<(String, String)> = issues(&report)
            .iter()
            .map(|one| (one["check_name"].as_str().unwrap().to_owned(), one["severity"].as_str().unwrap().to_owned()))
            .collect();
        let has = |name: &str, level: &str| levels.contains(&(name.to_owned(), level.to_owned()));
        assert!(has("revoked-but-live", "blocker"), "{levels:?}");
        assert!(has("stale-copy", "info"), "waived: {levels:?}");
        assert!(has("unticketed-credential", "minor"), "{levels:?}");
        assert!(has("gap", "major"), "{levels:?}");
        let mut inconclusive = sample("");
        inconclusive.verdict = Verdict::Inconclusive;
        inconclusive.findings.clear();
        let all = issues(&inconclusive);
        assert_eq!((all.len(), &all[0]["severity"]), (1, &Value::from("blocker")), "never an empty, green list");
    }

    #[test]
    fn fingerprints_are_unique_and_stable() {
        let mut report = sample("");
        let again = report.findings[0].clone();
        report.findings.push(again);
        let of = |report: &Report| -> Vec<String> {
            issues(report).iter().map(|one| one["fingerprint"].as_str().unwrap().to_owned()).collect()
        };
        let first = of(&report);
        let distinct: BTreeSet<&String> = first.iter().collect();
        assert_eq!(distinct.len(), first.len(), "{first:?}");
        // Neither a moved line nor another reason for a gap makes another issue of it.
        report.findings[0].references[0].line = 99;
        report.gaps[0].reason = "timed out after 3 s".into();
        assert_eq!(of(&report), first);
    }

    #[test]
    fn paths_are_relative() {
        assert_eq!(relative("./ci/a.yml"), "ci/a.yml");
        for outside in ["/etc/driftgate.yaml", "../x.yaml", "a/../../x", ""] {
            assert_eq!(relative(outside), ".driftgate.yaml", "{outside}");
        }
        let mut report = sample("");
        report.findings[0].references.clear();
        assert_eq!(issues(&report)[0]["location"]["path"], context().config);
    }
}
