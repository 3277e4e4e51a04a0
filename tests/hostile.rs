//! Hostile words of tickets, files and stores in every format: each is read as the program reads it that shows it, and nothing in it is
//! more than text. What a runner makes of them is `tests/act`'s.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use driftgate::render::FORMATS;
use driftgate::render::escape::is_deceptive;
use serde_json::Value;
use support::process::{clean, python};
use support::{binary, hostile};

const NOW: &str = "2026-06-01T12:00:00Z";

fn inert(format: &str, file: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/inert.py");
    clean(python()).arg(script).arg(format).arg(file).output().unwrap()
}

/// Lines that a runner could take for commands, though the format is not one of commands.
fn commands(format: &str, text: &str) -> Vec<String> {
    let is_command = |line: &&str| {
        let starts = line.trim_start().starts_with("::") && format != "github";
        let inside = ["##[", "##vso[", "##teamcity["].iter().any(|command| line.contains(command));
        starts || inside
    };
    text.lines().filter(is_command).map(str::to_owned).collect()
}

#[test]
fn hostile_words_stay_words_in_every_format() {
    let folder = hostile::checkout();
    let out = tempfile::tempdir().unwrap();
    let mut command = binary();
    command.arg("check").arg(folder.path()).args(["--now", NOW, "--no-probe", "--quiet"]);
    for format in FORMATS {
        command.arg("--output").arg(format!("{}={}", format.name, out.path().join(format.name).display()));
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&fs::read(out.path().join("json")).unwrap()).unwrap();
    let told = report.to_string();
    for words in ["<script>alert(1)</script>", "::set-output name=verdict::pass", "[a](javascript:x)", "\\u001b[2J"] {
        assert!(told.contains(words), "the words are in the report: {words}: {report:#}");
    }
    for format in FORMATS {
        let file = out.path().join(format.name);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("SEC-"), "{} tells of the tickets", format.name);
        let odd = text.chars().find(|c| *c != '\n' && is_deceptive(*c));
        assert_eq!(odd, None, "{}: a character that is not what it looks like", format.name);
        assert_eq!(commands(format.name, &text), Vec::<String>::new(), "{}", format.name);
        let read = inert(format.name, &file);
        assert!(
            read.status.success(),
            "{}: {}{}",
            format.name,
            String::from_utf8_lossy(&read.stdout),
            String::from_utf8_lossy(&read.stderr)
        );
    }
}

#[test]
fn what_is_more_than_words_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    for (format, text) in [
        ("markdown", "# a\n\n- x <script>alert(1)</script>\n"),
        ("markdown", "- [a](javascript:x)\n"),
        ("markdown", "- https://evil.example.com\n"),
        ("markdown", "- ![i](http://127.0.0.1/i)\n"),
        ("html", "<p onclick=x>a</p>"),
        ("html", "<p><img src=x></p>"),
        ("html", "<p><a href=' JavaScript:x'>a</a></p>"),
        ("html", "<p><script>alert(1)</script></p>"),
        ("junit", "<testsuites><script/></testsuites>"),
        ("junit", "<testsuites>]]></testsuites"),
        ("json", "{\"a\": \"\u{1}\"}"),
        ("sarif", r#"{"runs":[{"results":[{"ruleId":"x","message":{"markdown":"[a](b)"}}]}]}"#),
        ("gitlab-security", r#"{"vulnerabilities":[{"id":"x","description":"[a](b)"}]}"#),
        ("github", "::error title=a::b\n::set-output name=x::y\n"),
        ("github", "::error title=a,name=b::c\n"),
        ("no-such-format", ""),
    ] {
        let file = folder.path().join("x");
        fs::write(&file, text).unwrap();
        assert!(!inert(format, &file).status.success(), "{format}: {text}");
    }
    assert_eq!(commands("text", "a\n  ::error::x\nb ##[error]y").len(), 2);
}
