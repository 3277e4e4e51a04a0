//! GitLab's security report, kind `sast`, for the vulnerability report and approval policies: findings of static analysis of CI
//! definitions. Not `secret_detection`: that kind says that a value was found in a commit, and GitLab never takes such a finding
//! back, while ours end when access does.
//!
//! Schema 15.0.7 (<https://gitlab.com/gitlab-org/security-products/security-report-schemas>); every GitLab that takes 15.0 takes it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{capital, hash, place, relative};
use crate::model::report::{Finding, Report, Verdict};
use crate::render::escape::{line, markdown};
use crate::render::{Context, json};

const VERSION: &str = "15.0.7";
const SCHEMA: &str = "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v15.0.7/dist/sast-report-format.json";
/// Characters that the schema allows a vulnerability's name.
const MOST_NAME: usize = 255;
/// Characters that the schema allows a solution.
const MOST_SOLUTION: usize = 7_000;
/// Facts and places of one finding; a page that nobody can read through helps nobody.
const MOST_DETAILS: usize = 50;

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    // The schema's time has neither a zone nor fractions; it is UTC. The judgement is of one moment, so that both times are.
    let now = report.now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let tool = Component {
        id: "driftgate",
        name: "driftgate",
        version: line(&report.tool.version).into_owned(),
        vendor: Vendor { name: "driftgate" },
    };
    let gaps = report.gaps.iter().map(|gap| Message { level: "warn", value: line(&crate::render::gap(gap)).into() });
    let body = Body {
        version: VERSION,
        schema: SCHEMA,
        scan: Scan {
            analyzer: &tool,
            scanner: &tool,
            r#type: "sast",
            start_time: &now,
            end_time: &now,
            status: if report.verdict == Verdict::Inconclusive { "failure" } else { "success" },
            messages: gaps.collect(),
        },
        vulnerabilities: report.findings.iter().map(|finding| vulnerability(finding, context)).collect(),
    };
    json::value(&body, out)
}

#[derive(Serialize)]
struct Body<'a> {
    version: &'a str,
    schema: &'a str,
    scan: Scan<'a>,
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Serialize)]
struct Scan<'a> {
    analyzer: &'a Component,
    scanner: &'a Component,
    r#type: &'a str,
    start_time: &'a str,
    end_time: &'a str,
    status: &'a str,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Component {
    id: &'static str,
    name: &'static str,
    version: String,
    vendor: Vendor,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability {
    id: String,
    name: String,
    description: String,
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    solution: String,
    identifiers: Vec<Identifier>,
    location: Location,
    details: Map<String, Value>,
}

#[derive(Serialize)]
struct Identifier {
    r#type: &'static str,
    name: String,
    value: String,
}

#[derive(Serialize)]
struct Location {
    file: String,
    start_line: u32,
    end_line: u32,
}

fn vulnerability(finding: &Finding, context: &Context<'_>) -> Vulnerability {
    let at = place(finding, context);
    let rule = line(&finding.rule).into_owned();
    let name = context.rule(&finding.rule).map_or(finding.rule.as_str(), |rule| rule.title);
    let subject = finding.subject.name.as_deref().unwrap_or(finding.subject.id.as_str());
    // GitLab renders it as Markdown.
    let mut description = markdown(subject);
    for (word, fact) in [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)]
    {
        if let Some(fact) = fact {
            description.push_str(&format!("\n\n**{word}**: {}", markdown(fact)));
        }
    }
    let told = if finding.blocking {
        "It blocks this deploy.".to_owned()
    } else if let Some(waiver) = &finding.waived {
        format!("Waived until {}: {}", waiver.expires, markdown(&waiver.reason))
    } else {
        "It does not block this deploy.".to_owned()
    };
    description.push_str(&format!("\n\n{told}"));
    let identifiers = vec![
        // The first one, with the place, is what GitLab tells findings apart by: two credentials in one line are two findings.
        Identifier {
            r#type: "driftgate_finding",
            name: cut(&format!("driftgate {rule}: {}", line(finding.subject.id.as_str())), MOST_NAME),
            value: finding.fingerprint.clone(),
        },
        Identifier { r#type: "driftgate_rule", name: format!("driftgate {rule}"), value: rule },
    ];
    Vulnerability {
        id: uuid(&finding.fingerprint),
        name: cut(&line(name), MOST_NAME),
        description,
        // Approval policies count by severity, and a waiver is an approval that was given already.
        severity: if finding.waived.is_some() { "Info".to_owned() } else { capital(finding.severity) },
        solution: cut(&line(&finding.remediation), MOST_SOLUTION),
        identifiers,
        location: Location { file: relative(&at.file), start_line: at.line.max(1), end_line: at.line.max(1) },
        details: details(finding),
    }
}

/// What stands below a finding's description. All of it is plain text for GitLab, whatever it says.
fn details(finding: &Finding) -> Map<String, Value> {
    let text = |text: &str| json!({"type": "text", "value": line(text)});
    let named = |name: &str, mut value: Value| {
        value["name"] = json!(name);
        value
    };
    let list = |items: Vec<Value>| json!({"type": "list", "items": items});
    let mut out = Map::new();
    out.insert("subject".to_owned(), named("Subject", text(finding.subject.id.as_str())));
    if let Some(since) = finding.since {
        out.insert("since".to_owned(), named("Drifts since", text(&since.to_string())));
    }
    let mut add = |key: &str, name: &str, items: Vec<Value>| {
        if !items.is_empty() {
            out.insert(key.to_owned(), named(name, list(items)));
        }
    };
    add("tickets", "Tickets", finding.tickets.iter().take(MOST_DETAILS).map(|ticket| text(ticket)).collect());
    let fact = |fact: &crate::model::report::Evidence| {
        let at = fact.observed_at.map(|at| format!(" ({at})")).unwrap_or_default();
        text(&format!("{} {}{at}: {}", fact.source, fact.locator, fact.quote))
    };
    add("evidence", "Evidence", finding.evidence.iter().take(MOST_DETAILS).map(fact).collect());
    let places = finding.references.iter().take(MOST_DETAILS).map(
        |place| json!({"type": "file-location", "file_name": relative(&place.file), "line_start": place.line.max(1)}),
    );
    add("used_in", "Used in", places.collect());
    add("standards", "Standards", finding.standards.iter().take(MOST_DETAILS).map(|name| text(name)).collect());
    out
}

/// A UUID that a finding keeps (RFC 9562, version 8): GitLab recommends the shape.
fn uuid(fingerprint: &str) -> String {
    let hash = hash(&["gitlab", fingerprint]);
    // The variant's two bits are 10: 8, 9, a or b.
    let variant = match hash.as_bytes()[16] {
        b'0' | b'4' | b'8' | b'c' => '8',
        b'1' | b'5' | b'9' | b'd' => '9',
        b'2' | b'6' | b'a' | b'e' => 'a',
        _ => 'b',
    };
    format!("{}-{}-8{}-{variant}{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::Severity;
    use crate::render::tests::{rendered, sample};

    fn body(report: &Report) -> Value {
        serde_json::from_str(&rendered("gitlab-security", report)).unwrap()
    }

    #[test]
    fn a_finding_keeps_its_identity() {
        let mut report = sample("");
        let first = body(&report);
        report.findings[0].references[0].line = 99;
        report.now = "2027-01-01T00:00:00.5Z".parse().unwrap();
        let later = body(&report);
        let of = |body: &Value| {
            (body["vulnerabilities"][0]["id"].clone(), body["vulnerabilities"][0]["identifiers"].clone())
        };
        assert_eq!(of(&first), of(&later));
        assert_ne!(first["vulnerabilities"][0]["id"], first["vulnerabilities"][1]["id"]);
        assert_eq!(later["scan"]["start_time"], "2027-01-01T00:00:00");
        let id = first["vulnerabilities"][0]["id"].as_str().unwrap();
        assert!(id.len() == 36 && &id[14..15] == "8" && "89ab".contains(&id[19..20]), "{id}");
    }

    #[test]
    fn a_waived_finding_moves_no_approval_policy() {
        let body = body(&sample(""));
        let levels: Vec<&str> =
            body["vulnerabilities"].as_array().unwrap().iter().filter_map(|one| one["severity"].as_str()).collect();
        assert_eq!(levels, ["Critical", "Info", "Medium"]);
    }

    #[test]
    fn an_inconclusive_scan_is_a_failed_one() {
        let mut report = sample("");
        assert_eq!(body(&report)["scan"]["status"], "success");
        report.verdict = Verdict::Inconclusive;
        let body = body(&report);
        assert_eq!(body["scan"]["status"], "failure");
        assert!(body["scan"]["messages"][0]["value"].as_str().unwrap().contains("permission denied"));
    }

    #[test]
    fn long_texts_fit_the_schema() {
        let mut report = sample("");
        report.findings[0].remediation = "x".repeat(9_000);
        report.findings[0].severity = Severity::Low;
        report.findings[0].tickets = vec!["SEC-1".into(); 200];
        let body = body(&report);
        let one = &body["vulnerabilities"][0];
        assert!(one["solution"].as_str().unwrap().chars().count() <= MOST_SOLUTION);
        assert_eq!(one["details"]["tickets"]["items"].as_array().unwrap().len(), MOST_DETAILS);
        assert_eq!(cut(&"é".repeat(300), MOST_NAME).chars().count(), MOST_NAME);
    }
}
