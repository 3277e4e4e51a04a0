//! Reports built by hand, with hostile text in every place that is not ours, in every format.

use jiff::Timestamp;

use super::*;
use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::Gap;
use crate::model::report::*;
use crate::model::ticket::{Intent, State};

/// Escape sequences, overrides, markup, mentions, workflow commands, XML, and a control character that XML forbids.
const HOSTILE: &str = "\u{1b}[2J\u{202e}evil\u{200b}\n::error::x ##[add-mask]y <script>alert(1)</script> [a](http://b) @acme/all |`x`| ]]>\u{1}";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn finding(rule: &str, severity: Severity, blocking: bool, text: &str) -> Finding {
    Finding {
        rule: rule.into(),
        severity,
        fingerprint: format!("fp-{rule}"),
        blocking,
        waived: None,
        subject: Subject {
            kind: SubjectType::Credential,
            id: Id::new(format!("aws:access-key:AKIA{text}")),
            name: Some(format!("DEPLOY_KEY{text}")),
        },
        expected: Some(format!("revoked since 2026-05-04T10:00:00Z (SEC-142){text}")),
        recorded: None,
        actual: Some(format!("live (sts GetCallerIdentity){text}")),
        since: Some(at("2026-05-04T10:00:00Z")),
        tickets: vec![format!("SEC-142{text}")],
        references: vec![
            Place {
                file: format!(".github/workflows/deploy.yml{text}"),
                line: 31,
                column: 24,
                job: Some(format!("deploy{text}")),
            },
            Place { file: "ci.yml".into(), line: 7, column: 1, job: None },
        ],
        routes: vec![Route {
            place: Place {
                file: format!(".github/workflows/deploy.yml{text}"),
                line: 31,
                column: 24,
                job: Some(format!("deploy{text}")),
            },
            environment: Some(format!("production{text}")),
            name: Some(format!("DEPLOY_KEY{text}")),
            slot: Some(Id::new(format!("github:actions-secret:acme/shop:DEPLOY_KEY{text}"))),
            credential: Some(Id::new(format!("aws:access-key:AKIA{text}"))),
            replaced: false,
            possible: false,
        }],
        last_used_at: Some(at("2026-05-08T00:00:00Z")),
        evidence: vec![Evidence {
            source: format!("jira{text}"),
            locator: format!("SEC-142{text}"),
            observed_at: Some(at("2026-05-04T10:00:00Z")),
            quote: format!("Revoke the deploy key{text}"),
        }],
        remediation: format!("Deactivate the key, then delete it{text}"),
        standards: vec!["OWASP NHI1:2025".into()],
    }
}

pub(super) fn sample(text: &str) -> Report {
    let mut waived = finding("stale-copy", Severity::High, false, text);
    waived.waived = Some(Waived {
        reason: format!("freeze{text}"),
        approved_by: Some(format!("alice@example.com{text}")),
        ticket: Some("SEC-150".into()),
        expires: at("2026-06-01T00:00:00Z"),
    });
    let mut plain = finding("unticketed-credential", Severity::Medium, false, text);
    plain.references.clear();
    let subject = plain.subject.clone();
    Report {
        schema: REPORT_SCHEMA.into(),
        verdict: Verdict::Block,
        exit_code: 1,
        emergency: None,
        now: at("2026-05-09T12:00:00Z"),
        tool: Tool { name: "driftgate".into(), version: "0.1.0".into() },
        scope: ScopeReport {
            kind: "downstream".into(),
            jobs: vec![format!("deploy{text}")],
            environment: None,
            reason: Some(format!("the gate runs in job check{text}")),
        },
        summary: Summary { references: 12, credentials: 9, tickets: 31, findings: 3, waived: 1, gaps: 1 },
        findings: vec![finding("revoked-but-live", Severity::Critical, true, text), waived, plain],
        gaps: vec![Gap {
            source: format!("vault{text}"),
            lacks: "liveness".into(),
            scope: format!("kv/app{text}"),
            reason: format!("permission denied{text}"),
        }],
        waivers: vec![WaiverReport {
            rule: "stale-copy".into(),
            subject: format!("aws:access-key:AKIA{text}"),
            status: WaiverStatus::Expired,
            reason: Some(format!("why{text}")),
            expires: at("2026-05-01T00:00:00Z"),
        }],
        coverage: vec![Coverage {
            source: format!("aws{text}"),
            required: false,
            status: SourceStatus::Partial,
            items: 14,
            requests: 6,
            duration_ms: 420,
            asked_as: Some(format!("auditor{text}")),
            notes: vec![format!("classic tokens are invisible{text}")],
        }],
        verified: vec![Verified {
            subject,
            expected: format!("revoked (SEC-7){text}"),
            actual: format!("dead{text}"),
            tickets: vec!["SEC-7".into()],
            evidence: Vec::new(),
            timing: Some(Timing {
                opened_at: Some(at("2026-04-01T10:00:00Z")),
                closed_at: Some(at("2026-04-02T10:00:00Z")),
                not_before: Some(at("2026-04-02T12:00:00Z")),
                not_after: at("2026-04-03T10:00:00Z"),
                exact: false,
                known_by: format!("sts GetCallerIdentity{text}"),
            }),
        }],
        tickets: vec![TicketFacts {
            id: format!("SEC-142{text}"),
            source: format!("jira{text}"),
            title: format!("Revoke the deploy key{text}"),
            url: Some(format!("https://jira.example.com/browse/SEC-142{text}")),
            intent: Intent::Revoke,
            state: State::Done,
            opened_at: Some(at("2026-05-01T10:00:00Z")),
            closed_at: Some(at("2026-05-04T10:00:00Z")),
            due_at: None,
            effective_at: None,
        }],
    }
}

const RULES: &[RuleDoc<'_>] = &[
    RuleDoc {
        id: "revoked-but-live",
        title: "a revoked credential still works",
        severity: Severity::Critical,
        doc: "# revoked-but-live\n\nA ticket says that it is revoked.\nIt still works.\n",
        standards: &["OWASP NHI1:2025"],
    },
    RuleDoc {
        id: "stale-copy",
        title: "a copy was not rotated",
        severity: Severity::High,
        doc: "# stale-copy\n\nA copy.\n",
        standards: &[],
    },
];

pub(super) fn context() -> Context<'static> {
    Context { rules: RULES, color: false, width: 100, config: ".driftgate.yaml" }
}

pub(super) fn rendered(name: &str, report: &Report) -> String {
    let mut out = Vec::new();
    (format(name).unwrap().render)(report, &context(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn formats_as_they_read() {
    for format in FORMATS {
        let shown = |text: &str| {
            let all = rendered(format.name, &sample(text));
            if format.name == "html" { own_left_out(&all) } else { all }
        };
        insta::assert_snapshot!(format!("plain_{}", format.name), shown(""));
        insta::assert_snapshot!(format!("hostile_{}", format.name), shown(HOSTILE));
    }
}

/// Without the style and the script of the page, which are files of their own, and their hashes.
fn own_left_out(text: &str) -> String {
    let mut out = text.to_owned();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>"), ("'sha256-", "'")] {
        let mut parts = out.split(start);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (_, rest) = part.split_once(end).unwrap();
            kept.push_str(&format!("{start}[left out]{end}{rest}"));
        }
        out = kept;
    }
    out
}

#[test]
fn nothing_hostile_reaches_a_terminal_or_a_ci_log() {
    for format in FORMATS {
        let text = rendered(format.name, &sample(HOSTILE));
        for line in text.lines() {
            assert!(!line.chars().any(escape::is_deceptive), "{}: {line:?}", format.name);
            // Only the format of commands has any, and those are ours.
            let ours = ["::error ", "::warning ", "::notice "].iter().any(|command| line.starts_with(command));
            let command = line.trim_start().starts_with("::");
            assert!(!command || format.name == "github" && ours, "{}: {line:?}", format.name);
            assert!(!line.contains("##["), "{}: {line:?}", format.name);
        }
    }
    let markdown = rendered("markdown", &sample(HOSTILE));
    // Outside of code no markup of theirs is left.
    let outside = without_code(&markdown);
    assert!(!outside.contains("<script") && !outside.contains("@acme"), "{outside}");
}

/// Removes code spans as CommonMark 0.31 (6.1) has them: a run of backticks up to the next run of the same length.
fn without_code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        out.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|b| *b == b'`').count();
        let inner = &rest[at + run..];
        let mut end = None;
        let mut from = 0;
        while let Some(next) = inner[from..].find('`').map(|next| next + from) {
            let length = inner[next..].bytes().take_while(|b| *b == b'`').count();
            if length == run {
                end = Some(next + length);
                break;
            }
            from = next + length;
        }
        rest = match end {
            Some(end) => &inner[end..],
            None => {
                out.push_str(&"`".repeat(run));
                inner
            }
        };
    }
    out.push_str(rest);
    out
}

#[test]
fn equal_reports_are_equal_bytes() {
    for format in FORMATS {
        let mut other = sample(HOSTILE);
        let first = rendered(format.name, &other);
        assert_eq!(first, rendered(format.name, &sample(HOSTILE)), "{}", format.name);
        other.coverage[0].duration_ms = 1;
        other.coverage[0].requests = 1;
        assert_eq!(first == rendered(format.name, &other), format.name != "json", "{}", format.name);
    }
}

#[test]
fn json_fits_its_schema_and_reads_back() {
    let text = rendered("json", &sample(HOSTILE));
    let schema = schemars::schema_for!(Report).to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), sample(HOSTILE));
    let mut broken = value;
    broken["verdict"] = "green".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn colour_only_where_it_is_wanted() {
    let mut out = Vec::new();
    let context = Context { color: true, ..context() };
    (format("text").unwrap().render)(&sample(""), &context, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("\u{1b}["));
    assert!(!rendered("text", &sample("")).contains('\u{1b}'));
}

#[test]
fn markdown_stays_below_its_limit() {
    let mut report = sample("");
    let one = report.findings[0].clone();
    report.findings = vec![one; 5_000];
    report.gaps = vec![report.gaps[0].clone(); 20_000];
    let text = rendered("markdown", &report);
    assert!(text.len() <= markdown::MOST_BYTES, "{}", text.len());
    assert!(text.contains(" more** did not fit here"));
    let small = markdown::text(&report, &context(), 20_000);
    assert!(small.len() <= 20_000 && small.contains("## Coverage"), "{}", small.len());
}

/// Annotations as the runner reads them back: kind, title, text.
fn annotations(report: &Report) -> Vec<(String, String, String)> {
    let read = |line: &str| {
        let (head, text) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (kind, properties) = head.split_once(' ').unwrap();
        let title = properties.split(',').find_map(|property| property.strip_prefix("title=")).unwrap();
        let plain = |text: &str| text.replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
        (kind.to_owned(), plain(title), plain(text))
    };
    rendered("github", report).lines().map(read).collect()
}

#[test]
fn annotations_come_in_the_order_of_their_weight_and_no_more_than_are_shown() {
    let mut report = sample("");
    let (blocking, other) = (report.findings[0].clone(), report.findings[2].clone());
    report.findings = [vec![other; 25], vec![blocking; 13]].concat();
    let all = annotations(&report);
    let kinds: Vec<&str> = all.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, [["error"; 10], ["warning"; 10]].concat().into_iter().chain(["notice"]).collect::<Vec<_>>());
    assert_eq!(all[0].1, "revoked-but-live: DEPLOY_KEY");
    assert_eq!((all[9].1.as_str(), all[9].2.split(':').next()), ("driftgate: 4 more", Some("4 more block, too")));
    // The gap is among the warnings.
    assert!(all[10].2.starts_with("vault: liveness of kv/app not read"), "{all:?}");
    assert_eq!(all[19].1, "driftgate: 17 more");
    assert_eq!(all[20].1, "driftgate: blocked by 13 findings");
    // What lets pass has no error.
    report.exit_code = 0;
    let all = annotations(&report);
    assert_eq!(all.len(), 11);
    assert!(
        all.iter().all(|(kind, ..)| kind != "error") && all[0].2.starts_with("critical (would block): "),
        "{all:?}"
    );
    // What keeps driftgate from a judgement stops the deploy, too.
    (report.exit_code, report.verdict) = (3, Verdict::Inconclusive);
    report.findings.clear();
    let all = annotations(&report);
    assert_eq!((all.len(), all[0].0.as_str()), (2, "error"), "{all:?}");
    assert_eq!(all[1].1, "driftgate: inconclusive by 1 gap");
}

#[test]
fn annotations_survive_the_words_that_end_them() {
    let all = annotations(&sample(",file=x::%0A%25"));
    assert_eq!(all[0].1, "revoked-but-live: DEPLOY_KEY,file=x::%0A%25");
    assert!(all[0].2.contains("SEC-142,file=x::%0A%25"), "{all:?}");
}

#[test]
fn sarif_keeps_what_blocks_when_it_must_leave_out() {
    let mut report = sample("");
    let blocking = report.findings.remove(0);
    let other = report.findings[1].clone();
    report.findings = vec![other; 30];
    report.findings.push(blocking);
    let log = serde_json::to_value(sarif::log(&report, &context(), 10)).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 10);
    assert_eq!(run["results"][0]["ruleId"], "revoked-but-live");
    assert_eq!(run["properties"]["leftOut"], 21);
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert!(notes.iter().any(|n| n["message"]["text"].as_str().unwrap().starts_with("21 more findings")));
}

#[test]
fn lists_are_harmless_too() {
    use crate::model::inventory::{Credential, Inventory, Slot};
    let mut inventory = Inventory::default();
    inventory.slots.push(Slot::bare(Id::new(format!("env:K{HOSTILE}"))));
    let mut credential = Credential::bare(Id::new("aws:access-key:AKIA1"));
    credential.name = Some(HOSTILE.into());
    inventory.credentials.push(credential);
    let mut out = Vec::new();
    text::inventory(&inventory, &context(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.lines().all(|line| !line.chars().any(escape::is_deceptive)), "{text}");
    assert!(text.contains("1 slot, 1 credential, 0 gaps"));
}
