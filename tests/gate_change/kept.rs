//! What was kept between runs, as the change would like it: answers in which the key is gone and tickets in which nothing was asked for,
//! put where the gate keeps its own, or where the change makes it look. Any job can write to a CI's cache, so that is all in reach.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{EVENTS, Event, House, WORKFLOW, blocking, weakened};
use crate::support::Github;
use crate::support::github::TOKEN;

/// Another token that the server knows: the change's author has one, too.
const EVE: &str = "ghp_CanaryCanaryCanaryCanaryCanary0003";
const KEY: &str = "github:deploy-key:acme/shop:8412";

/// Files by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// A gate that reads a store and a tracker live, and the server that it asks.
struct Bench {
    github: Github,
    house: House,
}

/// The setting that says where answers are kept.
fn config(endpoint: &str, cache: &str) -> String {
    let place = format!("url: '{endpoint}', token_env: AUDIT_TOKEN{cache}");
    format!(
        "version: 1
repository: acme/shop
sources:
  - {{kind: github, organization: acme, {place}}}
  - {{kind: github-issues, repositories: [acme/shop], {place}}}
links:
  - {{slot: 'github:actions-secret:acme/shop:DEPLOY_KEY', holds: '{KEY}'}}
  - {{slot: 'gitlab:variable:acme/shop:DEPLOY_KEY', holds: '{KEY}'}}
"
    )
}

impl Bench {
    /// `cache`: a further setting of both sources.
    fn new(cache: &str) -> Self {
        let (github, house) = (Github::start(), House::new(false));
        house.before(".driftgate.yaml", &config(&github.endpoint, cache));
        let bench = Self { github, house };
        bench.server(false, false);
        let ago = |days: i64| json!({"clock": jiff::Timestamp::now().as_second() - days * 24 * 3600});
        bench.github.issues(&ago(20));
        let issue = json!({"title": "Revoke the deploy key 8412 of acme/shop", "assignees": ["carol"]});
        bench.github.write(TOKEN, Method::POST, "/repos/acme/shop/issues", &issue);
        bench.github.issues(&ago(19));
        bench.close("not_planned");
        bench
    }

    fn server(&self, live: bool, keep: bool) {
        let keys = if live {
            json!([{"id": 8412, "title": "deploy", "read_only": false, "enabled": true}])
        } else {
            json!([])
        };
        let shop = json!({"actions": [{"name": "DEPLOY_KEY", "updated_at": "2026-01-01T00:00:00Z"}], "keys": keys});
        let tokens = json!({TOKEN: {"login": "carol"}, EVE: {"login": "eve"}});
        self.github.set(&json!({"repositories": {"acme/shop": shop}, "tokens": tokens, "keep_issues": keep}));
    }

    fn close(&self, reason: &str) {
        let state = json!({"state": "closed", "state_reason": reason});
        self.github.write(TOKEN, Method::PATCH, "/repos/acme/shop/issues/1", &state);
    }

    /// What was calm until now drifts: the issue asks after all, and the key is there.
    fn drift(&self) {
        self.github.issues(&json!({"clock": null}));
        self.github.write(TOKEN, Method::PATCH, "/repos/acme/shop/issues/1", &json!({"state": "open"}));
        self.close("completed");
        self.server(true, true);
    }

    fn run(&self, event: Event, token: &str, more: &[(&str, &str)]) -> (i32, Value, String) {
        self.house.run_now(event, &[&[("AUDIT_TOKEN", token)], more].concat(), &[])
    }

    /// What a run with this token keeps.
    fn keeps(&self, token: &str, folder: &Path) -> Files {
        let _ = fs::remove_dir_all(folder);
        let place = [("DRIFTGATE_CACHE_DIR", folder.to_str().unwrap())];
        let (_, report, error) = self.run(Event::GithubPush, token, &place);
        let asked = report["coverage"].as_array().unwrap().iter().all(|one| one["status"] == "read");
        assert!(asked, "{error} {report:#}");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files: Files = files
            .map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(file).unwrap()))
            .collect();
        let tickets = files.keys().filter(|name| name.ends_with(".tickets")).count();
        assert!(tickets == 1 && files.len() > 2, "tickets and answers: {:?}", files.keys());
        files
    }
}

/// What an answer was asked for by; nothing for tickets.
fn asked(content: &[u8]) -> Option<String> {
    let head = content.get(32..)?.split(|byte| *byte == b'\n').next()?;
    Some(serde_json::from_slice::<Value>(head).ok()?.get("url")?.as_str()?.to_owned())
}

/// The contents of the second under the first's names.
fn under_names_of(own: &Files, theirs: &Files) -> Files {
    let pairs = own.iter().filter_map(|(name, content)| {
        let (_, other) = theirs.iter().find(|(_, other)| asked(other) == asked(content))?;
        Some((name.clone(), other.clone()))
    });
    pairs.collect()
}

/// The tags of the first before the contents of the second.
fn with_tags_of(own: &Files, theirs: &Files) -> Files {
    let theirs = under_names_of(own, theirs);
    let swap = |(name, content): (String, Vec<u8>)| {
        let tickets = name.ends_with(".tickets");
        let own = &own[&name];
        // Tickets carry their tag at the end, answers at the beginning.
        let bent = if tickets {
            [&content[..content.len() - 32], &own[own.len() - 32..]].concat()
        } else {
            [&own[..32], &content[32..]].concat()
        };
        (name, bent)
    };
    theirs.into_iter().map(swap).collect()
}

/// The files with words changed, as long as they were, and their tags as they were.
fn edited(own: &Files) -> Files {
    let bend = |content: &[u8], from: &[u8], to: &[u8]| {
        let mut out = content.to_vec();
        let places: Vec<usize> = memchr::memmem::find_iter(content, from).collect();
        places.into_iter().for_each(|at| out[at..at + from.len()].copy_from_slice(to));
        out
    };
    let all: Files = own
        .iter()
        .map(|(name, content)| (name.clone(), bend(&bend(content, b"completed", b"duplicate"), b"8412", b"9999")))
        .collect();
    let changed = all.iter().filter(|(name, content)| own[*name] != **content).count();
    assert!(changed >= 2, "the key and the ticket are in them");
    all
}

/// Everything that may lie in the cache: what it is, and the files.
fn forgeries(bench: &Bench, folder: &Path) -> Vec<(&'static str, Files)> {
    // While nothing drifts, both have their runs; what these keep is authentic, each under its own token.
    let (before, eves) = (bench.keeps(TOKEN, folder), bench.keeps(EVE, folder));
    let (code, report, error) = bench.run(Event::GithubPush, TOKEN, &[("DRIFTGATE_CACHE_DIR", "")]);
    assert!(code == 0 && blocking(&report).is_empty(), "{error} {report:#}");
    bench.drift();
    let now = bench.keeps(TOKEN, folder);
    assert_eq!(before.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>(), "the same questions");
    vec![
        ("somebody else's answers under our names", under_names_of(&now, &eves)),
        ("somebody else's answers with our tags", with_tags_of(&now, &eves)),
        ("our answers with other words", edited(&now)),
        ("our older answers with the new tags", with_tags_of(&now, &before)),
        ("our own answers of before", before),
    ]
}

fn plant(folder: &Path, files: &Files) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    files.iter().for_each(|(name, content)| fs::write(folder.join(name), content).unwrap());
}

fn blocked(bench: &Bench, event: Event, what: &str, more: &[(&str, &str)]) -> Value {
    let (code, report, error) = bench.run(event, TOKEN, more);
    assert_eq!(code, 1, "{event:?}, {what}: {error} {report:#}");
    assert!(blocking(&report).contains(&"revoked-but-live"), "{event:?}, {what}: {report:#}");
    assert_eq!(report["gaps"], json!([]), "{event:?}, {what}");
    report
}

#[test]
fn forged_answers_in_the_gates_own_cache_are_not_believed() {
    let bench = Bench::new("");
    let folder = tempfile::tempdir().unwrap();
    let forged = forgeries(&bench, folder.path());
    for (what, files) in &forged {
        for event in EVENTS {
            plant(folder.path(), files);
            blocked(&bench, event, what, &[("DRIFTGATE_CACHE_DIR", folder.path().to_str().unwrap())]);
        }
    }
}

#[test]
fn forged_answers_that_the_change_commits_are_not_believed() {
    let bench = Bench::new(", cache: kept");
    let folder = bench.house.clone.join("kept");
    let outside = tempfile::tempdir().unwrap();
    for (what, files) in forgeries(&bench, &folder) {
        for event in EVENTS {
            plant(&folder, &files);
            bench.house.change("README.md", Some(what));
            blocked(&bench, event, what, &[]);
        }
        // A link in the folder's place leads to the same.
        plant(outside.path(), &files);
        fs::remove_dir_all(&folder).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path(), &folder).unwrap();
        bench.house.change("README.md", Some("link"));
        blocked(&bench, Event::GithubPull, what, &[]);
        fs::remove_file(&folder).unwrap();
    }
}

#[test]
fn a_cache_elsewhere_is_told_and_not_believed() {
    let bench = Bench::new("");
    let folder = tempfile::tempdir().unwrap();
    let forged = forgeries(&bench, folder.path());
    let place = folder.path().to_str().unwrap().to_owned();
    // By the configuration: it comes from the protected branch, and its own place is not this one.
    bench.house.change(".driftgate.yaml", Some(&config(&bench.github.endpoint, &format!(", cache: '{place}'"))));
    for (what, files) in &forged {
        for event in EVENTS {
            plant(folder.path(), files);
            let report = blocked(&bench, event, what, &[]);
            for source in ["sources.github.cache", "sources.github-issues.cache"] {
                assert!(weakened(&report).iter().any(|fact| fact.contains(source)), "{:?}", weakened(&report));
            }
        }
    }
}

#[test]
fn a_variable_that_moves_the_cache_is_told_and_nothing_is_asked() {
    let names: [(&str, &str); 3] =
        [("DRIFTGATE_CACHE_DIR", ""), ("XDG_CACHE_HOME", "driftgate"), ("HOME", ".cache/driftgate")];
    let bench = Bench::new("");
    let folder = tempfile::tempdir().unwrap();
    let forged = forgeries(&bench, folder.path());
    let (workflow, pipeline) = (crate::house::GITHUB, crate::house::GITLAB);
    for (name, below) in names {
        let place: PathBuf = folder.path().join(below);
        let value = folder.path().to_str().unwrap();
        bench.house.change(WORKFLOW, Some(&workflow.replace("jobs:\n", &format!("env:\n  {name}: {value}\njobs:\n"))));
        let set = format!("gate:\n  variables: {{{name}: '{value}'}}\n  stage");
        bench.house.change(".gitlab-ci.yml", Some(&pipeline.replace("gate:\n  stage", &set)));
        for (what, files) in &forged {
            for event in EVENTS {
                plant(&place, files);
                bench.github.forget();
                let (code, report, error) = bench.run(event, TOKEN, &[(name, value)]);
                assert_eq!(code, 1, "{event:?}, {what}: {error} {report:#}");
                assert!(weakened(&report).iter().any(|fact| fact.contains(name)), "{:?}", weakened(&report));
                assert_eq!(bench.github.requests(), [], "{event:?}, {what}: a token goes nowhere");
                assert_eq!(report["verified"], json!([]), "{event:?}, {what}: nothing proves a death");
            }
        }
    }
}
