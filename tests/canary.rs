//! Canaries: secret values in the environment, at a server, in tickets and in workflows come out nowhere, in no format, at no
//! verbosity, in no error. Ids that are no secret do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;
use support::{Answer, Listener, Moto, OpenBao, binary};
use tempfile::TempDir;

/// Far behind what the clocks of the servers say, so that tickets of today are in the past.
const CLOSED: &str = "2026-05-05T10:12:00.000+0000";

/// In two parts, so that no scanner takes this file for a leak.
fn forms() -> Vec<(&'static str, String)> {
    [
        ("a GitHub token", "ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"),
        ("a GitLab token", "glpat-", "x9Tk3_LmQz-7PwRv2YbN"),
        ("a Vault token", "hvs.", "CAESIJ7q2kXw9LmZt4Rv8YbN3pQs"),
        ("a Slack token", "xoxb-", "263594206564-2343594206564-FGqddMF8t08v8N7Oq4i57vs1"),
        ("an npm token", "npm_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"),
        ("an AWS secret", "", "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8Rr2/T+aWs"),
        ("a Stripe key", "sk_live_", "51H8xQkLmZ4rV8YbN3pQsX2wJ9d"),
        ("a token in a JWT", "eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiJjYW5hcnkifQ.dozjgNryP4J3jVmNHl0w5N"),
        ("a line of a private key", "", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"),
    ]
    .into_iter()
    .map(|(what, prefix, rest)| (what, format!("{prefix}{rest}")))
    .collect()
}

/// Values that must not come out, by what they are.
#[derive(Default)]
struct Canaries(BTreeMap<String, String>);

impl Canaries {
    fn plant(&mut self, what: impl Into<String>, value: impl Into<String>) -> String {
        let value = value.into();
        self.0.insert(what.into(), value.clone());
        value
    }

    /// None of them in any usual form, whole or by either end.
    fn absent(&self, from: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for (what, value) in &self.0 {
            let body = value.trim_end_matches('=');
            let percent = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
            let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
            // In the middle of a longer text, base64 begins at any of three bytes: the inner characters are the same.
            let shifted = (0..3).map(|skip| {
                let encoded = STANDARD.encode(&value.as_bytes()[skip..]);
                encoded[..encoded.len() - 4].trim_end_matches('=').to_owned()
            });
            let ends = [&body[..body.len() * 2 / 3], &body[body.len() - body.len() * 2 / 3..]].map(str::to_owned);
            let forms = [value.clone(), percent, hex, URL_SAFE_NO_PAD.encode(value)];
            for form in forms.into_iter().chain(shifted).chain(ends) {
                if let Some(at) = text.find(&form) {
                    let start = text[..at].char_indices().rev().nth(200).map_or(0, |(start, _)| start);
                    panic!("{what} comes out of {from}, behind:\n{}", &text[start..at]);
                }
            }
        }
    }
}

/// A checkout whose jobs use all that the environment holds, with tickets and a workflow that people pasted values into.
fn checkout(canaries: &mut Canaries, key_id: &str, accessor: &str, sources: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let literals: String = forms()
        .iter()
        .enumerate()
        .map(|(at, (_, value))| format!("      - run: ./deploy --with '{value}'\n        env: {{L{at}: '{value}'}}\n"))
        .collect();
    let names = ["DEPLOY_KEY_ID", "DEPLOY_TOKEN", "GH_DEPLOY", "PASSWORD"];
    let used: String = names.iter().map(|name| format!("          {name}: ${{{{ secrets.{name} }}}}\n")).collect();
    let workflow = format!(
        "on: push\njobs:\n  deploy:\n    runs-on: x\n    environment: production\n    container:\n      image: x\n      credentials: {{username: u, password: '{}'}}\n    steps:\n{literals}      - run: ./deploy\n        env:\n{used}          DEPLOY_SECRET_ACCESS_KEY: ${{{{ secrets.DEPLOY_SECRET_ACCESS_KEY }}}}\n",
        canaries.plant("a registry's password", "Canary7registry9Pass"),
    );
    write(folder.path(), ".github/workflows/deploy.yml", &workflow);
    let ticket = |number: usize, value: &str, extra: &str| {
        let text = format!("Please revoke {key_id} {extra}{value} and vault:token:{accessor}");
        json!({"key": format!("SEC-{number}"), "fields": {
            "summary": format!("Revoke {key_id} {extra}{value}"), "project": {"key": "SEC"},
            "status": {"name": "Done", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
            "created": "2026-05-04T10:12:00.000+0000", "resolutiondate": CLOSED, "updated": CLOSED,
            "description": format!("{text}\n\nsecret/app holds {extra}{value}, revoke secret/app, too"),
            "reporter": {"emailAddress": "eve@example.com"},
            "comment": {"total": 1, "comments": [{"author": {"emailAddress": "eve@example.com"}, "created": CLOSED,
                "body": format!("not before 2026-12-01, {text}")}]},
            "credential": format!("{key_id} {extra}{value}"), "level": format!("read {value}")}})
    };
    let mut tickets = Vec::new();
    for (what, value) in forms() {
        canaries.plant(format!("{what} in a ticket"), &value);
        tickets.push(ticket(tickets.len(), &value, ""));
    }
    for (what, extra, value) in [
        ("a password", "password: ", "hunter2!canary"),
        ("an assignment", "DB_PASSWORD=", "Canary-sesame-42"),
        ("a header", "Authorization: Bearer ", "canary9f2c41aa07"),
        ("a client secret", "\"client_secret\": \"", "8Qd~canary7TkLmZ4"),
    ] {
        canaries.plant(format!("{what} in a ticket"), value);
        tickets.push(ticket(tickets.len(), value, extra));
    }
    let userinfo =
        format!("https://bob:{}@git.example.com/x", canaries.plant("a password in a URL", "canary5pa55word"));
    tickets.push(ticket(tickets.len(), &userinfo, ""));
    // What was cut off in the middle of a long line is still a value.
    let padding = "x ".repeat(66);
    tickets.push(ticket(tickets.len(), &forms()[0].1, &padding));
    write(folder.path(), "jira.json", &json!({"issues": tickets, "isLast": true}).to_string());
    let config = format!(
        "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: env, variables: [PASSWORD, DEPLOY_TOKEN, GH_DEPLOY]}}\n  - {{kind: jira, export: jira.json, fields: {{credential: credential, level: level}}}}\n{sources}"
    );
    write(folder.path(), ".driftgate.yaml", &config);
    folder
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const LIVE: &str = "  - {kind: aws, endpoint: '${AWS_URL}', access_key_id_env: AUDITOR_ID, secret_access_key_env: AUDITOR_SECRET, timeout: 10}
  - {kind: vault, address: '${VAULT_URL}', token_env: AUDITOR_TOKEN, timeout: 10}
";

/// Runs every command in every format at every verbosity, and gives all that came out.
fn everything(canaries: &Canaries, folder: &Path, env: &[(&str, String)], commands: &[&[&str]]) -> String {
    let mut all = String::new();
    for arguments in commands {
        let mut command = binary();
        command.current_dir(folder).envs(env.iter().map(|(name, value)| (*name, value.as_str())));
        command.args(*arguments).timeout(std::time::Duration::from_secs(120));
        let out = tempfile::tempdir().unwrap();
        if arguments[0] == "check" {
            for format in driftgate::render::FORMATS.iter().map(|format| format.name) {
                command.arg("--output").arg(format!("{format}={}", out.path().join(format).display()));
            }
        } else if ["tickets", "inventory", "refs"].contains(&arguments[0]) && !arguments.contains(&"--explain") {
            for format in ["text", "json"] {
                command.arg("--output").arg(format!("{format}={}", out.path().join(format).display()));
            }
        }
        let output = command.output().unwrap();
        let name = arguments.join(" ");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code().is_some_and(|code| code < 4), "{name}: {stderr}");
        canaries.absent(&format!("{name} (standard output)"), &output.stdout);
        canaries.absent(&format!("{name} (standard error)"), &output.stderr);
        for entry in fs::read_dir(out.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            canaries.absent(&format!("{name} ({})", path.display()), &bytes);
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
        all.push_str(&String::from_utf8_lossy(&output.stdout));
        all.push_str(&stderr);
    }
    all
}

const ALL: &[&[&str]] = &[
    &["check"],
    &["check", "-v", "--color", "always"],
    &["check", "-vv", "--format", "json"],
    &["check", "-vvv", "--format", "sarif", "--mode", "warn"],
    &["check", "--no-probe", "-vv", "--format", "markdown"],
    &["check", "--offline", "-vv", "--format", "html"],
    &["check", "--offline", "-vv", "--format", "junit"],
    &["tickets"],
    &["tickets", "-vv", "--format", "json"],
    &["tickets", "--explain", "SEC-0", "-vv"],
    &["tickets", "--explain", "SEC-9", "-vv"],
    &["tickets", "--explain", "SEC-14", "-vv"],
    &["inventory", "-vv"],
    &["inventory", "-vvv", "--format", "json"],
    &["refs", "-vv"],
    &["refs", "-vv", "--format", "json"],
    &["waive", "--reason", "x", "--expires", "2026-12-31", "-vv"],
];

#[test]
fn nothing_secret_comes_out() {
    let mut canaries = Canaries::default();
    let (moto, bao) = (Moto::start(), OpenBao::start());
    let github = Listener::start(Answer::json(200, r#"{"login":"svc-canary"}"#));
    let key = moto.create_user_with_key("deploy");
    bao.admin(
        Method::POST,
        "secret/data/app",
        Some(json!({"data": {"password": canaries.plant("a KV secret", "kv-canary-4711-sesame")}})),
    );
    bao.policy("auditor", "path \"*\" { capabilities = [\"read\", \"list\", \"create\", \"update\"] }");
    let suspect = bao.create_token(&["default"], "1h", "deploy");
    let auditor = bao.create_token(&["auditor"], "1h", "auditor");
    let folder = checkout(&mut canaries, &key.id, &suspect.accessor, LIVE);
    let mut env = vec![
        ("AWS_URL", moto.endpoint.clone()),
        ("VAULT_URL", bao.endpoint.clone()),
        ("VAULT_ADDR", bao.endpoint.clone()),
        ("GITHUB_API_URL", github.endpoint.clone()),
        ("AUDITOR_ID", moto.admin.id.clone()),
        ("DEPLOY_KEY_ID", key.id.clone()),
    ];
    for (name, value) in [
        ("AUDITOR_SECRET", moto.admin.secret.clone()),
        ("AUDITOR_TOKEN", auditor.token),
        ("VAULT_TOKEN", bao.root.clone() + "-canary-in-the-environment"),
        ("DEPLOY_SECRET_ACCESS_KEY", key.secret.clone()),
        ("DEPLOY_TOKEN", suspect.token),
        ("GH_DEPLOY", format!("{}{}", "ghp_", "mR7cKq2VxT9bLwZ4nYp8sHd3GfJ6tQ1aE5uN")),
        ("PASSWORD", "environment-canary-sesame".to_owned()),
        ("GITHUB_TOKEN", format!("{}{}", "ghs_", "Jt5vPz8WgX2hMy6bCk9rFs4LdN7qVa3eTu1H")),
        ("AWS_SECRET_ACCESS_KEY", "Kd8sPq3+ZtVb6nXyRw1HgLf5mJc/Ta9eUo2QiY7r".to_owned()),
    ] {
        env.push((name, canaries.plant(name, value)));
    }
    let said = everything(&canaries, folder.path(), &env, ALL);
    // It did look: live credentials were found by both issuers, and what is no secret was told.
    for word in [
        "GetCallerIdentity",
        "lookup-self",
        key.id.as_str(),
        suspect.accessor.as_str(),
        "svc-canary",
        "[masked]",
        "SEC-3",
    ] {
        assert!(said.contains(word), "{word} is not told");
    }

    // Servers that fail, each in its way; some send back what they were sent.
    let echo = canaries.0.values().cloned().collect::<Vec<_>>().join(" ");
    let answers = [
        Answer::json(403, &json!({"errors": [&echo], "Message": &echo}).to_string()),
        Answer::Http(500, vec![("x-echo".into(), echo.replace(['\n', '\r'], " "))], echo.clone().into_bytes()),
        Answer::Http(302, vec![("location".into(), format!("http://127.0.0.1:9/?token={}", &echo[..20]))], Vec::new()),
        Answer::json(200, &json!({"data": &echo}).to_string()),
        Answer::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{echo}").into_bytes()),
        Answer::Raw(format!("{echo}\r\n\r\n").into_bytes()),
    ];
    // Nobody is waited for longer than it takes to say something.
    let config = fs::read_to_string(folder.path().join(".driftgate.yaml")).unwrap();
    write(folder.path(), ".driftgate.yaml", &config.replace("timeout: 10", "timeout: 2"));
    let few: &[&[&str]] = &[&["check", "-vvv"]];
    for answer in answers {
        let listener = Listener::start(answer);
        point(&mut env, &listener.endpoint);
        everything(&canaries, folder.path(), &env, few);
        assert!(listener.connections() > 0);
    }
    // Nobody there, and one who speaks no TLS.
    let listener = Listener::start(Answer::json(200, "{}"));
    let tls = listener.endpoint.replace("http://", "https://");
    let userinfo = format!("http://user:{}@127.0.0.1:9", canaries.plant("a password in an address", "canary8address"));
    for endpoint in ["http://127.0.0.1:9", tls.as_str(), userinfo.as_str(), "no address"] {
        point(&mut env, endpoint);
        everything(&canaries, folder.path(), &env, &[few[0], &["inventory", "-vv", "--format", "json"]]);
    }
}

fn point(env: &mut [(&str, String)], endpoint: &str) {
    for (name, value) in env {
        if name.ends_with("_URL") || *name == "VAULT_ADDR" {
            endpoint.clone_into(value);
        }
    }
}

#[test]
fn no_error_tells_a_value_of_the_environment() {
    let mut canaries = Canaries::default();
    let value = canaries.plant("a variable's value", "config-canary-sesame");
    let number = canaries.plant("a number", "471147114711");
    let env = [("CANARY", value), ("NUMBER", number)];
    for wrong in [
        "version: 1\npolicy: {fail_on: '${CANARY}'}\n",
        "version: 1\npolicy: {limits: {revoke: '${CANARY}'}}\n",
        "version: 1\npolicy: {limits: {revoke: '${NUMBER}x'}}\n",
        "version: '${CANARY}'\n",
        "version: ${NUMBER}\n",
        "version: 1\nsources: [{kind: '${CANARY}'}]\n",
        "version: 1\nsources: [{kind: jira, export: '${CANARY}', fields: {nonsense: '${CANARY}'}}]\n",
        "version: 1\nsources: [{kind: jira, '${CANARY}': x}]\n",
        "version: 1\nsources: [{kind: vault, address: '${CANARY}', timeout: '${CANARY}'}]\n",
        "version: 1\nsources: [{kind: vault, address: '${CANARY}', timeout: '${NUMBER}'}]\n",
        "version: 1\nsources: [{kind: aws, endpoint: '${CANARY}', accounts: '${CANARY}'}]\n",
        "version: 1\nsources: [{kind: file, name: a, path: x}, {kind: file, name: a, path: '${CANARY}'}]\n",
        "version: 1\ntime_zone: '${CANARY}'\n",
        "version: 1\nrepository: '${CANARY}'\n",
        "version: 1\nfingerprints: '${CANARY}'\n",
        "version: 1\nwaivers: [{rule: '${CANARY}', subject: x, reason: y, expires: 2026-12-31}]\n",
        "version: 1\nwaivers: [{rule: dead-reference, subject: x, reason: y, expires: '${CANARY}'}]\n",
        "version: 1\nlinks: [{slot: '${CANARY}', holds: '${CANARY}'}]\n",
        "version: 1\nlinks: '${CANARY}'\n",
        "version: 1\nsources: '${CANARY}'\n",
        "version: 1\npeople: '${CANARY}'\n",
        "version: 1\ntrust: {projects: '${CANARY}', approved: {'${CANARY}': [x]}}\n",
        "version: 1\nwords: {intent: {revoke: '${CANARY}'}}\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), ".github/workflows/x.yml", "on: push\njobs: {}\n");
        write(folder.path(), ".driftgate.yaml", wrong);
        let said =
            everything(&canaries, folder.path(), &env, &[&["check", "-vv"], &["tickets", "-vv"], &["inventory"]]);
        assert!(!said.is_empty(), "{wrong}");
        let on_github = [env.clone().to_vec(), vec![("GITHUB_ACTIONS", "true".to_owned())]].concat();
        let said = everything(&canaries, folder.path(), &on_github, &[&["check"]]);
        assert!(said.contains("::error ") || said.contains("::notice "), "{wrong}: {said}");
    }
}

/// A tracker's own words for a ticket's state are text that people can set, too.
#[test]
fn words_of_a_tracker_s_state_are_masked() {
    let value = format!("{}{}", "ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17");
    let folder = tempfile::tempdir().unwrap();
    let issue = serde_json::json!({"key": "SEC-1", "fields": {"summary": "Revoke AKIAZ5VQ7RTLM2XK4N3P", "project": {"key": "SEC"},
        "status": {"name": format!("Done {value}"), "statusCategory": {"key": "done"}},
        "resolution": {"name": format!("Done {value}")}, "created": "2026-05-04T10:12:00.000+0000",
        "resolutiondate": "2026-05-05T10:12:00.000+0000"}});
    let export = serde_json::json!({"total": 1, "issues": [issue]}).to_string();
    std::fs::write(folder.path().join("jira.json"), export).unwrap();
    let config = "version: 1\nsources: [{kind: jira, export: jira.json}]\n";
    std::fs::write(folder.path().join(".driftgate.yaml"), config).unwrap();
    for arguments in [&["tickets", "--explain", "SEC-1"][..], &["tickets"], &["tickets", "--format", "json"]] {
        let output = support::binary().current_dir(folder.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("SEC-1"), "{arguments:?}: {said}");
        assert!(!said.contains(&value), "{arguments:?}: {said}");
    }
}
