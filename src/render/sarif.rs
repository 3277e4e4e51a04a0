//! SARIF 2.1.0 for code scanning (OASIS standard; GitHub's and GitLab's subset of it). Findings beyond what GitHub takes are left
//! out visibly: 25,000 results a run, 1,000 locations a result ("SARIF support for code scanning", upload limits).

mod types;

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::report::{Finding, Place, Report, Severity, Verdict};
use crate::render::escape::{line, markdown};
use crate::render::{Context, RuleDoc, json, severity};
use types::{
    ArtifactLocation, Descriptor, Driver, Invocation, Level, Location, Log, LogicalLocation, Notification,
    PhysicalLocation, Region, ResultObject, Run, Suppression, Text, Tool,
};

/// Results that GitHub shows of one run.
pub const MOST_RESULTS: usize = 25_000;
/// Further places of one result; GitHub shows 100.
const MOST_PLACES: usize = 100;

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    json::value(&log(report, context, MOST_RESULTS), out)
}

pub(super) fn log(report: &Report, context: &Context<'_>, most: usize) -> Log {
    // What blocks must not be what is left out.
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| !finding.blocking);
    let left_out = findings.len().saturating_sub(most);
    findings.truncate(most);

    let mut rules: Vec<Descriptor> = context.rules.iter().map(descriptor).collect();
    let mut index: BTreeMap<&str, usize> = context.rules.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    for finding in &findings {
        if !index.contains_key(finding.rule.as_str()) {
            index.insert(&finding.rule, rules.len());
            rules.push(descriptor(&RuleDoc {
                id: &finding.rule,
                title: &finding.rule,
                severity: finding.severity,
                doc: "",
                standards: &[],
            }));
        }
    }
    let results = findings
        .iter()
        .map(|finding| result(finding, index.get(finding.rule.as_str()).copied().unwrap_or_default(), context))
        .collect();

    let mut notifications: Vec<Notification> = report
        .gaps
        .iter()
        .map(|gap| Notification { level: Level::Warning, message: message(&crate::render::gap(gap)) })
        .collect();
    if left_out > 0 {
        let text = format!(
            "{left_out} more findings are left out here: code scanning takes {most} results a run. The JSON report has all."
        );
        notifications.push(Notification { level: Level::Warning, message: message(&text) });
    }
    let invocation = Invocation {
        execution_successful: report.verdict != Verdict::Inconclusive,
        exit_code: report.exit_code,
        tool_execution_notifications: notifications,
    };
    let mut properties = BTreeMap::new();
    properties.insert("verdict", serde_json::json!(report.verdict));
    properties.insert("now", serde_json::json!(report.now));
    properties.insert("scope", serde_json::json!(report.scope));
    if left_out > 0 {
        properties.insert("leftOut", serde_json::json!(left_out));
    }
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: vec![Run {
            tool: Tool {
                driver: Driver {
                    name: report.tool.name.clone(),
                    semantic_version: report.tool.version.clone(),
                    version: report.tool.version.clone(),
                    rules,
                },
            },
            automation_details: types::AutomationDetails { id: "driftgate/" },
            column_kind: "unicodeCodePoints",
            invocations: vec![invocation],
            results,
            properties,
        }],
    }
}

fn descriptor(rule: &RuleDoc<'_>) -> Descriptor {
    let title = sentence(rule.title);
    let mut tags = vec!["security".to_owned(), "credentials".to_owned()];
    // GitHub takes 20 tags a rule.
    tags.extend(rule.standards.iter().take(18).map(|standard| (*standard).to_owned()));
    let mut properties = BTreeMap::new();
    properties.insert("tags", serde_json::json!(tags));
    properties.insert("precision", serde_json::json!("high"));
    properties.insert("problem.severity", serde_json::json!(problem(rule.severity)));
    properties.insert("security-severity", serde_json::json!(score(rule.severity)));
    let doc = if rule.doc.is_empty() { title.clone() } else { rule.doc.to_owned() };
    Descriptor {
        id: rule.id.to_owned(),
        name: pascal(rule.id),
        short_description: Text { text: title.clone(), markdown: None },
        full_description: Text { text: paragraph(rule.doc).unwrap_or(title), markdown: None },
        help: Text { text: doc.clone(), markdown: Some(doc) },
        default_configuration: types::Configuration { level: level(rule.severity) },
        properties,
    }
}

fn result(finding: &Finding, rule_index: usize, context: &Context<'_>) -> ResultObject {
    let fallback = Place { file: context.config.to_owned(), line: 1, column: 1, job: None };
    let primary = finding.references.first().unwrap_or(&fallback);
    let subject = finding.subject.id.as_str();
    let name = finding.subject.name.as_deref().unwrap_or(subject);
    let mut text = line(name).into_owned();
    let mut marked = markdown(name);
    let facts = [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)];
    for (word, fact) in facts {
        if let Some(fact) = fact {
            text.push_str(&format!("; {word}: {}", line(fact)));
            marked.push_str(&format!("; **{word}**: {}", markdown(fact)));
        }
    }
    if !finding.remediation.is_empty() {
        text.push_str(&format!(". {}", line(&finding.remediation)));
        marked.push_str(&format!(". {}", markdown(&finding.remediation)));
    }
    let locations = vec![location(primary, Some((subject, name)))];
    let related = finding.references.iter().skip(1).take(MOST_PLACES);
    let related: Vec<Location> =
        related.enumerate().map(|(at, place)| Location { id: Some(at + 1), ..location(place, None) }).collect();
    let mut fingerprints = BTreeMap::new();
    fingerprints.insert("driftgate/v1", finding.fingerprint.clone());
    // What GitHub tracks an alert by; lines may move.
    fingerprints.insert("primaryLocationLineHash", format!("{}:1", finding.fingerprint));
    let mut properties = BTreeMap::new();
    properties.insert("severity", serde_json::json!(severity(finding.severity)));
    properties.insert("security-severity", serde_json::json!(score(finding.severity)));
    properties.insert("blocking", serde_json::json!(finding.blocking));
    properties.insert("subject", serde_json::json!(finding.subject));
    properties.insert("tickets", serde_json::json!(finding.tickets));
    properties.insert("evidence", serde_json::json!(finding.evidence));
    properties.insert("since", serde_json::json!(finding.since));
    properties.insert("standards", serde_json::json!(finding.standards));
    let hidden = finding.references.len().saturating_sub(1 + MOST_PLACES);
    if hidden > 0 {
        properties.insert("morePlaces", serde_json::json!(hidden));
    }
    let suppressions = finding.waived.as_ref().map(|waiver| {
        let by: Vec<&str> = [waiver.approved_by.as_deref(), waiver.ticket.as_deref()].into_iter().flatten().collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        let justification = line(&format!("{}{by}, until {}", waiver.reason, waiver.expires)).into_owned();
        vec![Suppression { kind: "external", status: "accepted", justification }]
    });
    ResultObject {
        rule_id: finding.rule.clone(),
        rule_index,
        kind: "fail",
        level: level(finding.severity),
        message: Text { text, markdown: Some(marked) },
        locations,
        related_locations: related,
        partial_fingerprints: fingerprints,
        suppressions: suppressions.unwrap_or_default(),
        properties,
    }
}

fn location(place: &Place, subject: Option<(&str, &str)>) -> Location {
    let (line_number, column) = (place.line.max(1), place.column.max(1));
    let mut logical: Vec<LogicalLocation> = Vec::new();
    if let Some((id, name)) = subject {
        logical.push(LogicalLocation {
            name: line(name).into_owned(),
            fully_qualified_name: line(id).into_owned(),
            kind: "resource",
        });
    }
    if let Some(job) = &place.job {
        logical.push(LogicalLocation {
            name: line(job).into_owned(),
            fully_qualified_name: line(&format!("{}#{job}", place.file)).into_owned(),
            kind: "module",
        });
    }
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(&place.file), uri_base_id: "%SRCROOT%" },
            region: Region {
                start_line: line_number,
                start_column: column,
                end_line: line_number,
                end_column: column.saturating_add(1),
            },
        },
        logical_locations: logical,
        message: place.job.as_ref().map(|job| message(&format!("used in job {job}"))),
    }
}

fn message(text: &str) -> Text {
    Text { text: line(text).into_owned(), markdown: None }
}

/// A relative path as a URI reference (RFC 3986), which a colon in its first segment would make a scheme of.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    let path = path.trim_start_matches('/');
    utf8_percent_encode(if path.is_empty() { "." } else { path }, KEPT).to_string()
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low => Level::Note,
    }
}

fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "recommendation",
    }
}

/// GitHub's bands: critical above 9.0, high from 7.0, medium from 4.0, low below.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    }
}

/// `RevokedButLive`.
fn pascal(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
        })
        .collect()
}

/// Capitalised, and with its full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.ends_with(['.', '?', '!']) { text } else { format!("{text}.") }
}

/// The manual's first paragraph that is no heading.
fn paragraph(doc: &str) -> Option<String> {
    let paragraph = doc.split("\n\n").map(str::trim).find(|part| !part.is_empty() && !part.starts_with('#'))?;
    Some(sentence(&paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")))
}
