//! The architecture, held by reading the sources: who may import whom, that every file says what lives in it, that none grows
//! beyond what a person reads in one go, and that no manual names a command that does not exist.

#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines that a file of `src` may have.
const MOST_LINES: usize = 500;

/// Who may import whom: each top-level module with the others that it may name. `EVERYTHING` may name all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("model", &["secret"]),
    ("pipeline", &["model"]),
    ("link", &["model"]),
    ("expect", &["model"]),
    ("rules", &["model"]),
    ("policy", &["model"]),
    ("render", &["model"]),
    ("config", &["model", "secret"]),
    ("net", &["model", "secret", "config"]),
    // Values at hand never leave their source, so that it is the source which asks their issuer.
    ("sources", &["model", "secret", "config", "net", "probe"]),
    ("probe", &["model", "secret", "config", "net"]),
];

const EVERYTHING: &[&str] = &["gate", "cli", "main", "lib"];

/// Modules that judge: they read no clock, no environment, no file and no network.
const PURE: &[&str] = &["link", "expect", "rules", "policy", "render"];

struct Source {
    path: PathBuf,
    /// The top-level module: `rules` of `src/rules/mod.rs`.
    module: String,
    text: String,
    /// The text without comments, strings and `#[cfg(test)]` modules in the same file.
    code: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    assert!(files.len() > 50, "the sources were not found");
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&src).expect("below src");
        let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a source is UTF-8");
        Source { module: first.trim_end_matches(".rs").to_owned(), code: code_of(&text), text, path }
    };
    files.into_iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Rust text without comments and strings, cut off where the file's own tests begin.
fn code_of(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        out.push('\n');
                        break;
                    }
                }
            }
            '"' => {
                let raw = out.trim_end_matches('#').ends_with('r') && (out.ends_with('r') || out.ends_with('#'));
                let hashes = out.len() - out.trim_end_matches('#').len();
                let mut tail = String::new();
                while let Some(c) = chars.next() {
                    if c == '\\' && !raw {
                        chars.next();
                    } else if c == '"' {
                        tail.clear();
                        while tail.len() < hashes && chars.peek() == Some(&'#') && raw {
                            tail.push('#');
                            chars.next();
                        }
                        if !raw || tail.len() == hashes {
                            break;
                        }
                    }
                }
                out.push_str("\"\"");
            }
            '\'' => {
                // A character literal or a lifetime: only the literal is left out.
                let mut ahead = chars.clone();
                let literal = match ahead.next() {
                    Some('\\') => true,
                    Some(_) => ahead.next() == Some('\''),
                    None => false,
                };
                if literal {
                    let mut escaped = false;
                    for c in chars.by_ref() {
                        match c {
                            '\\' if !escaped => escaped = true,
                            '\'' if !escaped => break,
                            _ => escaped = false,
                        }
                    }
                    out.push_str("' '");
                } else {
                    out.push('\'');
                }
            }
            _ => out.push(c),
        }
    }
    out
}

/// The top-level modules that a text names: `crate::x`, and each name of `crate::{x, y::z}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && c == ',' {
                    out.insert(head(&name));
                    name.clear();
                } else {
                    name.push(c);
                }
            }
            out.insert(head(&name));
        } else {
            out.insert(head(rest));
        }
    }
    out.remove("");
    out
}

fn head(path: &str) -> String {
    path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn the_reading_itself_works() {
    let code = code_of(
        "use crate::{model::Id, secret}; // crate::cli\nlet a = \"crate::gate\"; let b = 'x'; crate::net::get::<'a>(r#\"a\" crate::rules\"#, '\"');\ncrate::link::f();\n",
    );
    let names: Vec<String> = imports(&code).into_iter().collect();
    assert_eq!(names, ["link", "model", "net", "secret"]);
    assert!(imports("mycrate::x $crate::y").is_empty());
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        if EVERYTHING.contains(&source.module.as_str()) || is_test(&source.path) {
            continue;
        }
        let Some(may) = allowed.get(source.module.as_str()) else {
            wrong.push(format!("{}: the table does not know the module {}", source.path.display(), source.module));
            continue;
        };
        for name in imports(&source.code) {
            if name != source.module && !may.contains(&name.as_str()) {
                wrong.push(format!("{}: {} must not import {name}", source.path.display(), source.module));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Tests may import what they need to build a case.
fn is_test(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name == "tests.rs" || name == "examples.rs" || path.components().any(|part| part.as_os_str() == "tests")
}

/// What siblings share stands in the folder's `mod.rs`, in its table, or in one of these.
const SHARED: &[(&str, &[&str])] = &[
    ("sources", &["mod", "table", "export", "recorded", "snapshot", "key_ids", "tracker", "forge"]),
    ("probe", &["mod", "account", "guard", "recognize"]),
    ("rules", &["mod", "case", "cite", "sink", "grants", "examples"]),
    ("render", &["mod", "escape", "json"]),
];

#[test]
fn siblings_do_not_see_each_other() {
    // One system a file or folder of `sources`, one provider of `probe`, one rule, one format.
    let all = sources();
    let mut wrong = Vec::new();
    for (module, shared) in SHARED {
        let unit = |path: &Path| -> String {
            let inside = path.strip_prefix(root().join("src").join(module)).expect("below the module");
            let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
            first.trim_end_matches(".rs").to_owned()
        };
        let files: Vec<&Source> = all.iter().filter(|source| source.module == *module).collect();
        let units: BTreeSet<String> = files.iter().map(|source| unit(&source.path)).collect();
        for source in files.iter().filter(|source| !is_test(&source.path)) {
            let own = unit(&source.path);
            if matches!(own.as_str(), "mod" | "table") {
                continue;
            }
            let direct = source.path.parent() == Some(root().join("src").join(module).as_path());
            for other in units.iter().filter(|other| **other != own && !shared.contains(&other.as_str())) {
                let names = |prefix: &str| {
                    let path = format!("{prefix}{other}");
                    let ends = |at: usize| {
                        let next = source.code[at + path.len()..].chars().next();
                        next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                    };
                    source.code.match_indices(&path).any(|(at, _)| ends(at))
                };
                if names(&format!("crate::{module}::")) || direct && names("super::") {
                    wrong.push(format!("{} sees {other}", source.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_judges_reads_no_clock_no_environment_and_no_file() {
    let banned = [
        "Timestamp::now",
        "Zoned::now",
        "SystemTime",
        "Instant::now",
        "std::env",
        "env::var",
        "std::fs",
        "File::open",
        "std::net",
        "std::process",
        "tokio::",
        "reqwest",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        if !PURE.contains(&source.module.as_str()) || is_test(&source.path) {
            continue;
        }
        for word in banned {
            if source.code.contains(word) {
                wrong.push(format!("{}: {word}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_lives_in_it_and_stays_short() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{}: opens without //!", source.path.display()));
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{}: {lines} lines", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_a_file_with_a_manual() {
    let folder = root().join("src/rules");
    let stem = |id: &str| id.replace('-', "_");
    for rule in driftgate::rules::RULES {
        for extension in ["rs", "md"] {
            let path = folder.join(format!("{}.{extension}", stem(rule.id)));
            assert!(path.is_file(), "{} has no {}", rule.id, path.display());
        }
    }
    let known: BTreeSet<String> = driftgate::rules::RULES.iter().map(|rule| stem(rule.id)).collect();
    for entry in fs::read_dir(&folder).expect("the rules") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            assert!(known.contains(&name), "{} is no rule's manual", path.display());
        }
    }
}

/// The commands that the binary offers, by its own help.
fn commands() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_driftgate")).arg("--help").output().expect("the binary runs");
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).expect("help is UTF-8");
    let list = help.split("Commands:\n").nth(1).expect("the help lists commands");
    list.lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn manuals_name_no_command_that_does_not_exist() {
    let known = commands();
    assert!(known.contains("check"), "{known:?}");
    let mut wrong = Vec::new();
    let mut texts: Vec<(String, String)> =
        ["README.md", "CONTRIBUTING.md", "docs/sources.md", "docs/github-actions.md", "examples/acme/README.md"]
            .iter()
            .map(|name| {
                ((*name).to_owned(), fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
            })
            .collect();
    for command in &known {
        let output = Command::new(env!("CARGO_BIN_EXE_driftgate")).args([command, "--help"]).output().expect("runs");
        texts.push((format!("{command} --help"), String::from_utf8(output.stdout).expect("UTF-8")));
    }
    for (name, text) in texts {
        for command in named_commands(&text) {
            if !known.contains(&command) {
                wrong.push(format!("{name}: `driftgate {command}` does not exist"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words after `driftgate ` where that is code: in backticks, or at the start of a command in a code block.
fn named_commands(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut add = |rest: &str| {
        let word: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
        if !word.is_empty() && !word.starts_with('-') {
            out.insert(word);
        }
    };
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        for (at, start) in line.match_indices("`driftgate ") {
            add(&line[at + start.len()..]);
        }
        if fenced || line.starts_with("    ") || line.starts_with("  driftgate ") {
            let command = line.trim_start().trim_start_matches("- ").trim_start_matches("run: ");
            let rest = command.strip_prefix("driftgate ").or_else(|| command.strip_prefix("cargo run --quiet -- "));
            if let Some(rest) = rest {
                add(rest);
            }
        }
    }
    out
}

#[test]
fn named_commands_are_found() {
    let text = "`driftgate check`, and\n    driftgate refs a\n```sh\n- run: driftgate scan --x\n```\n`driftgate --version`\ndriftgate is\n  driftgate waive\n";
    assert_eq!(named_commands(text).into_iter().collect::<Vec<_>>(), ["check", "refs", "scan", "waive"]);
}
