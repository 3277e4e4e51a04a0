//! Jira: jira820, a Data Center with a state, driven by the independent `jira` client; and a fake of Cloud (`jira_cloud_fake.py`), which
//! the same client reads.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::http;
use super::process::{Server, clean, python};

/// The e-mail address of Cloud's only account.
pub const EMAIL: &str = "alice@example.com";

/// Its API token.
pub const TOKEN: &str = "cloud-token";

/// A running Jira.
#[derive(Debug)]
pub struct Jira {
    server: Server,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(name)
}

impl Jira {
    /// A Data Center whose today is so many days ago, with its own project `SEC`, empty.
    pub fn data_center(days_ago: i64) -> Self {
        let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days_ago);
        let date = then.strftime("%Y-%m-%d").to_string();
        let command = |port: u16| {
            let mut command = clean(python());
            command
                .arg(file("jira_data_center.py"))
                .env("JIRA820_PORT", port.to_string())
                .env("JIRA820_HOST", "127.0.0.1")
                .env("JIRA820_PROJECT_KEY", "SEC")
                .env("JIRA820_DATE", &date);
            command
        };
        let ready = |endpoint: &str| {
            http::request(Method::GET, &format!("{endpoint}/rest/api/2/serverInfo"), &[], None)
                .is_ok_and(|got| got.status == 200)
        };
        let server = Server::start("jira820", command, ready);
        let endpoint = server.endpoint.clone();
        Self { server, endpoint }
    }

    /// An empty Cloud.
    pub fn cloud() -> Self {
        let command = |port: u16| {
            let mut command = clean(python());
            command.arg(file("jira_cloud_fake.py")).arg(port.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        };
        let ready = |endpoint: &str| {
            http::request(Method::GET, &format!("{endpoint}/__log"), &[], None).is_ok_and(|got| got.status == 200)
        };
        let server = Server::start("the fake of Jira Cloud", command, ready);
        let endpoint = server.endpoint.clone();
        Self { server, endpoint }
    }

    /// Runs one of the scripts that use the `jira` client, and gives what it says.
    ///
    /// # Panics
    /// Where the script fails.
    pub fn script(&self, name: &str, arguments: &[&str]) -> Value {
        let mut command: Command = clean(python());
        let output =
            command.arg(file(name)).arg(&self.endpoint).args(arguments).output().expect("python can be started");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {error}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|wrong| panic!("{name}: {wrong}: {error}"))
    }

    /// Changes the fake's state.
    ///
    /// # Panics
    /// Where it does not answer.
    pub fn control(&self, what: &Value) {
        let url = format!("{}/__control", self.endpoint);
        let got = http::request(Method::POST, &url, &[("content-type", "application/json")], Some(what.to_string()));
        assert_eq!(got.expect("the fake answers").status, 200);
    }

    /// What the fake was asked since the last change of its state.
    ///
    /// # Panics
    /// Where it does not answer.
    pub fn asked(&self) -> Vec<Value> {
        let got = http::request(Method::GET, &format!("{}/__log", self.endpoint), &[], None).expect("the fake answers");
        serde_json::from_str(&got.body).expect("JSON")
    }

    /// Everything that the server wrote.
    pub fn logged(&mut self) -> String {
        self.server.logged()
    }
}

/// A document of one paragraph a line.
pub fn document(text: &str) -> Value {
    let paragraph = |line: &str| json!({"type": "paragraph", "content": [{"type": "text", "text": line}]});
    let lines: Vec<Value> = text.lines().filter(|line| !line.is_empty()).map(paragraph).collect();
    json!({"type": "doc", "version": 1, "content": lines})
}

/// An issue of Cloud, by whom and when: opened and last changed so many hours ago.
pub fn issue(key: &str, title: &str, text: &str, (opened, changed): (i64, i64)) -> Value {
    let at = |hours: i64| time(jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours));
    let person = |name: &str| json!({"accountId": format!("id-{name}"), "emailAddress": format!("{name}@example.com"), "displayName": name});
    let project = key.split('-').next().expect("a project");
    json!({"id": key.replace(|c: char| !c.is_ascii_digit(), ""), "key": key,
        "self": format!("https://acme.atlassian.net/rest/api/3/issue/{key}"),
        "fields": {
            "summary": title, "description": document(text), "issuetype": {"name": "Task"}, "project": {"key": project},
            "status": {"name": "To Do", "statusCategory": {"key": "new"}}, "resolution": null, "resolutiondate": null,
            "created": at(opened), "updated": at(changed), "duedate": null, "labels": [], "components": [],
            "reporter": person("bob"), "assignee": person("dave"), "issuelinks": [],
            "comment": {"comments": [], "total": 0},
        },
        "changelog": {"histories": []}})
}

/// The same, done when it was last changed.
pub fn done(mut issue: Value, resolution: &str) -> Value {
    issue["fields"]["status"] = json!({"name": "Done", "statusCategory": {"key": "done"}});
    issue["fields"]["resolution"] = json!({"name": resolution});
    issue["fields"]["resolutiondate"] = issue["fields"]["updated"].clone();
    issue
}

/// A time as Jira writes it.
pub fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}
