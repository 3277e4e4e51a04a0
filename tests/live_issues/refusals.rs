//! What cannot be read is a gap that says what to do; a token goes to no other server; settings that contradict each other are mistakes.

use std::sync::Arc;
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::sources::Wanted;
use driftgate::sources::github::Context;
use driftgate::sources::{github_issues, gitlab_issues};
use serde_json::{Value, json};

use super::github::{Bench, ago};
use super::support::github::TOKEN;
use super::support::{Answer, GitLab, Github, Listener};
use super::{about, read, wanted};

fn fault(path: &str, status: u16, headers: Value, times: u64) -> Value {
    json!({"path": path, "status": status, "headers": headers, "times": times})
}

#[tokio::test]
async fn github_says_why_not() {
    let bench =
        Bench::new(Github::start(), &json!({"acme/shop": {}, "acme/off": {"issues_off": true}, "acme/empty": {}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    let number = bench.issue(json!({"title": "Revoke A"}));
    bench.comment(number, "yes");
    let fresh = |more: Value| {
        let mut settings = json!({"cache": false});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.read(settings)
    };
    for (repository, reason) in [
        ("acme/off", "HTTP 410: issues are switched off there"),
        (
            "acme/none",
            "HTTP 404: it is not there, or the token does not see it; reading them needs the permission Issues: read",
        ),
        ("acme/empty", "it has no issues at all"),
    ] {
        let got = fresh(json!({"repositories": [repository]})).await;
        let gaps = got.gaps();
        assert!(gaps.len() == 1 && gaps[0].contains(reason) && gaps[0].contains(repository), "{repository}: {gaps:?}");
        assert!(got.records.is_empty());
    }
    // One repository that cannot be read does not hide the others.
    let both = fresh(json!({"repositories": ["acme/off", "acme/shop"]})).await;
    assert_eq!((both.gaps().len(), both.records.len()), (1, 1));

    let state = |more: Value| {
        let mut state = json!({"repositories": {"acme/shop": {}}, "keep_issues": true});
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.set(state);
    };
    let deny = |pattern: &str| json!({"tokens": {TOKEN: {"login": "auditor", "deny": {pattern: "issues=read"}}}});
    state(json!({"tokens": {}}));
    let got = fresh(json!({})).await;
    assert_eq!(got.gaps(), ["GitHub: HTTP 401: the token is not let in"]);
    assert_eq!(bench.github.requests().len(), 1, "who is not let in asks no more");
    state(deny(".*/issues"));
    assert!(fresh(json!({})).await.gaps()[0].contains("HTTP 403: the token lacks the permission issues=read"));
    // Without comments the issue is there, and so is the gap: once, not for each issue.
    state(deny(".*/issues/comments"));
    let got = fresh(json!({})).await;
    assert_eq!((got.gaps().len(), got.records.len()), (1, 1), "{:?}", got.account);
    assert!(got.gaps()[0].contains("comments: HTTP 403"), "{:?}", got.gaps());

    // A limit that ends soon is waited for, one that does not is a gap.
    let soon = fault("/repos/.*/issues", 429, json!({"retry-after": "1"}), 1);
    state(json!({"faults": [soon]}));
    let got = fresh(json!({})).await;
    assert_eq!((got.gaps(), got.records.len()), (vec![], 1));
    let late = fault("/repos/.*/issues/events", 403, json!({"retry-after": "600"}), 9);
    state(json!({"faults": [late]}));
    let got = fresh(json!({})).await;
    assert!(got.gaps()[0].contains("events: rate limited for 600 s"), "{:?}", got.gaps());
    // Without events the issue itself tells who closed it.
    assert_eq!(got.records.len(), 1);

    state(json!({}));
    bench.github.issues(&json!({"hide": ["acme/shop", number]}));
    let got = fresh(json!({})).await;
    let reason = format!("GitHub: acme/shop#{number} has 2 comments, of which 1 are there");
    assert_eq!(got.gaps(), [reason]);
}

#[tokio::test]
async fn a_reading_with_gaps_is_not_kept() {
    let bench = Bench::new(Github::start(), &json!({"acme/shop": {}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    let number = bench.issue(json!({"title": "Revoke A"}));
    bench.change(number, json!({"state": "closed", "state_reason": "not_planned"}));
    let broken = json!([{"path": "/repos/.*/issues/events", "status": 500, "times": 2}]);
    bench.set(json!({"repositories": {"acme/shop": {}}, "keep_issues": true, "faults": broken}));
    let first = bench.read(json!({})).await;
    assert!(first.gaps()[0].contains("events: HTTP 500"), "{:?}", first.gaps());
    let second = bench.read(json!({})).await;
    assert_eq!((second.gaps(), super::history(second.of("acme/shop#1")).len()), (vec![], 2));
}

#[tokio::test]
async fn pages_on_another_host_are_not_followed() {
    let elsewhere = Listener::start(Answer::json(200, "[]"));
    let bench = Bench::new(Github::start(), &json!({"acme/shop": {}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    let new = |index: usize| json!(["POST", "acme/shop", "issues", {"title": format!("Revoke KEY_{index}")}]);
    bench.github.issues(&json!({"login": "carol", "calls": (0..101).map(new).collect::<Vec<_>>()}));
    bench.set(json!({"repositories": {"acme/shop": {}}, "keep_issues": true, "next": elsewhere.endpoint}));
    let got = bench.read(json!({})).await;
    assert!(got.gaps()[0].contains("leads to another host"), "{:?}", got.gaps());
    assert_eq!((got.records.len(), elsewhere.connections()), (100, 0), "what came is handed over");
}

#[tokio::test]
async fn usual_tokens_stay_with_their_server() {
    let server = Listener::start(Answer::json(200, "[]"));
    let files = Files::Tree(".".into());
    let env = |pairs: &[(&str, &str)]| -> Arc<Environment> {
        Arc::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    let other = || json!({"url": server.endpoint, "cache": false});
    // A CI on another server, and no CI with another server in the configuration.
    for (variables, home) in [
        (vec![("GITHUB_TOKEN", TOKEN), ("GITHUB_API_URL", "https://api.github.com")], true),
        (vec![("GITHUB_TOKEN", TOKEN)], false),
    ] {
        let context = Context { env: &env(&variables), files: &files, max_wait: Duration::ZERO, home };
        let settings = serde_json::from_value(json!({"repositories": ["acme/shop"], "url": server.endpoint})).unwrap();
        let source = github_issues::GithubIssues::new(about("github-issues"), settings, &context).unwrap();
        let got = read(&source, &wanted()).await;
        assert!(got.gaps()[0].contains("another GitHub's token"), "{:?}", got.gaps());
    }
    let given = |usual: bool, variables: &[(&str, &str)], settings: Value| {
        let env = env(variables);
        let given = gitlab_issues::Given { env: &env, files: &files, max_wait: Duration::ZERO, usual, home: usual };
        let settings = serde_json::from_value(settings).unwrap();
        gitlab_issues::GitlabIssues::new(about("gitlab-issues"), settings, &given).unwrap()
    };
    let got = read(&given(false, &[("GITLAB_TOKEN", "glpat-a")], other()), &wanted()).await;
    assert!(!got.gaps().is_empty());
    // A job's own token reads no issues: nothing is asked in vain.
    let job = [("CI_JOB_TOKEN", "glcbt-b"), ("CI_SERVER_URL", &server.endpoint)];
    let got = read(&given(true, &job, json!({"cache": false})), &wanted()).await;
    assert!(got.gaps()[0].contains("CI_JOB_TOKEN cannot read issues: set GITLAB_TOKEN"), "{:?}", got.gaps());
    let offline = Wanted { offline: true, ..wanted() };
    let got = read(&given(true, &[("GITLAB_TOKEN", "glpat-a")], other()), &offline).await;
    assert_eq!(got.gaps(), ["GitLab: --offline"]);
    // A checkout of another forge has no issues here.
    let got = read(&given(true, &[("GITLAB_TOKEN", "glpat-a")], other()), &Wanted::default()).await;
    assert!(got.gaps()[0].contains("name some in `projects` or `groups`"), "{:?}", got.gaps());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn gitlab_says_why_not() {
    let gitlab = GitLab::start();
    gitlab.group("acme");
    gitlab.project("acme/shop");
    gitlab.project("acme/empty");
    super::gitlab::issue(&gitlab, json!({"title": "Revoke A"}));
    gitlab.control(json!({"hide": ["acme/shop", 1]}));
    let guest = gitlab.person("guest", &["read_api"], &[("projects", "acme/shop", 10)]);
    let reporter =
        gitlab.person("reporter", &["read_api"], &[("projects", "acme/shop", 20), ("projects", "acme/empty", 20)]);
    let read_as = async |token: &str, more: Value| super::gitlab::read_as(&gitlab, token, None, more).await;
    let first = |gaps: Vec<&str>| gaps.first().map(|gap| (*gap).to_owned()).unwrap_or_default();
    let got = read_as("glpat-nobody", json!({})).await;
    assert_eq!(got.gaps(), ["GitLab: HTTP 401: the token is not let in"]);
    let got = read_as(&guest.token, json!({})).await;
    assert!(
        first(got.gaps()).contains("HTTP 403: this needs the scope read_api and the Reporter role"),
        "{:?}",
        got.gaps()
    );
    let got = read_as(&reporter.token, json!({"projects": ["acme/none"]})).await;
    assert!(first(got.gaps()).contains("acme/none: issues: HTTP 404"), "{:?}", got.gaps());
    let got = read_as(&reporter.token, json!({"projects": ["acme/empty"]})).await;
    assert_eq!(got.gaps(), ["GitLab: acme/empty: it has no issues at all"]);
    let got = read_as(&reporter.token, json!({})).await;
    assert_eq!(got.gaps(), ["GitLab: acme/shop#1 has 1 comments, of which 0 are there"]);
    assert_eq!((got.records.len(), got.account.asked_as.as_deref()), (1, Some("reporter")));
    // A limit that ends soon is waited for, one that does not is a gap; a broken list is no short one.
    let fault = |status: u16, headers: Value, times: i64| {
        gitlab.control(json!({"faults": [{"match": "/notes", "status": status, "headers": headers, "times": times}]}));
    };
    fault(429, json!({"Retry-After": "1"}), 1);
    assert_eq!(read_as(&reporter.token, json!({})).await.gaps().len(), 1);
    fault(429, json!({"Retry-After": "600"}), -1);
    let got = read_as(&reporter.token, json!({})).await;
    assert!(first(got.gaps()).contains("acme/shop#1: notes: rate limited for 600 s"), "{:?}", got.gaps());
    gitlab.control(json!({"faults": [{"match": "/issues?", "headers": {"x-total": "7"}, "times": 1}]}));
    let got = read_as(&reporter.token, json!({})).await;
    assert!(first(got.gaps()).contains("1 of 7 entries came"), "{:?}", got.gaps());
}

#[test]
fn settings_that_contradict_each_other() {
    let files = Files::Tree(".".into());
    let env: Arc<Environment> = Arc::default();
    let github = |settings: Value| {
        let context = Context { env: &env, files: &files, max_wait: Duration::ZERO, home: true };
        let settings = serde_json::from_value(settings).unwrap();
        github_issues::GithubIssues::new(about("github-issues"), settings, &context).err().map(|wrong| wrong.setting)
    };
    let gitlab = |settings: Value| {
        let given =
            gitlab_issues::Given { env: &env, files: &files, max_wait: Duration::ZERO, usual: true, home: true };
        let settings = serde_json::from_value(settings).unwrap();
        gitlab_issues::GitlabIssues::new(about("gitlab-issues"), settings, &given).err().map(|wrong| wrong.setting)
    };
    assert_eq!(github(json!({"export": "issues.json", "labels": ["a"]})), Some("export"));
    assert_eq!(github(json!({"repositories": ["shop"]})), Some("repositories"));
    assert_eq!(github(json!({"repositories": ["acme/../x"]})), Some("repositories"));
    assert_eq!(github(json!({"labels": ["a,b"]})), Some("labels"));
    assert_eq!(github(json!({"url": "https://github.com/acme"})), Some("url"));
    assert_eq!(github(json!({"token_env": "A", "app": {"id": 1, "private_key_env": "B"}})), Some("token_env"));
    assert_eq!(github(json!({"export": "issues.json"})), None);
    assert_eq!(gitlab(json!({"export": "issues.json", "url": "https://a"})), Some("export"));
    assert_eq!(gitlab(json!({"projects": ["acme"]})), Some("projects"));
    assert_eq!(gitlab(json!({"groups": ["../x"]})), Some("groups"));
    assert_eq!(gitlab(json!({"url": "ftp://a"})), Some("url"));
    assert_eq!(gitlab(json!({"groups": ["acme"], "labels": ["access"]})), None);
}
