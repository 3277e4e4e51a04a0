//! The real program with tokens in its environment: a revoked token that works blocks, one that its own server denies does not, and
//! nothing but the issuer's answer changes in between. What is configured, and what comes out.

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};

use super::support::runs::{Said, ago, write};
use super::support::{Answer, Listener, binary};
use super::{BAD, SELF, USER, token};

/// A checkout whose deploying job has the gate as a step and the secret in its environment.
struct Checkout {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Checkout {
    /// With these further lines in the configuration, settings of the `env` source, and a revocation with this title.
    fn new(config: &str, env: &str, title: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(
            root,
            ".github/workflows/deploy.yml",
            "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n      DEPLOY_TOKEN: ${{ secrets.DEPLOY_TOKEN }}\n    steps:\n      - run: driftgate check\n      - run: ./deploy.sh\n",
        );
        write(
            root,
            ".gitlab-ci.yml",
            "stages: [gate, deploy]\ngate:\n  stage: gate\n  script: [driftgate check]\ndeploy:\n  stage: deploy\n  script: ['./deploy.sh \"$DEPLOY_TOKEN\"']\n",
        );
        let tickets = format!("Number,Opened,Closed,Summary,Status\nSEC-1,{},{},{title},Done\n", ago(50), ago(40));
        write(root, "tickets.csv", &tickets);
        let columns = "{id: Number, opened_at: Opened, closed_at: Closed, title: Summary, state: Status}";
        write(
            root,
            ".driftgate.yaml",
            &format!(
                "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: csv, path: tickets.csv, columns: {columns}}}\n  - {{kind: env{env}}}\n{config}"
            ),
        );
        write(root, "event.json", r#"{"repository": {"default_branch": "main"}}"#);
        Self { folder, variables: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn on_github(self, api: &str) -> Self {
        let event = self.folder.path().join("event.json").display().to_string();
        self.with("GITHUB_ACTIONS", "true")
            .with("GITHUB_REPOSITORY", "acme/shop")
            .with("GITHUB_REF", "refs/heads/main")
            .with("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/deploy.yml@refs/heads/main")
            .with("GITHUB_JOB", "deploy")
            .with("GITHUB_EVENT_PATH", &event)
            .with("GITHUB_API_URL", api)
    }

    fn on_gitlab(self, server: &str) -> Self {
        self.with("GITLAB_CI", "true")
            .with("CI_PROJECT_PATH", "acme/shop")
            .with("CI_DEFAULT_BRANCH", "main")
            .with("CI_COMMIT_BRANCH", "main")
            .with("CI_JOB_NAME", "gate")
            .with("CI_SERVER_URL", server)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.args(arguments).arg("--no-progress").current_dir(self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn check(&self, arguments: &[&str]) -> Said {
        Said::of(&mut self.command(&[&["check", "--format", "json"], arguments].concat()))
    }
}

const TITLE: &str = "Revoke the token in DEPLOY_TOKEN of acme/shop";

/// An inventory with the slot, last written long before the ticket, and what it holds where that is recorded.
fn inventory(checkout: &Checkout, slot: &str, holds: Option<&str>) {
    let credentials: Vec<Value> = holds.iter().map(|id| json!({"id": id})).collect();
    let text = json!({"schema": "driftgate/inventory/v1", "exported_at": ago(0), "credentials": credentials,
        "slots": [{"id": slot, "name": "DEPLOY_TOKEN", "holds": holds, "updated_at": ago(900)}]});
    write(checkout.folder.path(), "inventory.json", &text.to_string());
    let path = checkout.folder.path().join(".driftgate.yaml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(path, config.replace("sources:\n", "sources:\n  - {kind: file, path: inventory.json}\n")).unwrap();
}

const SLOT: &str = "github:actions-secret:acme/shop:DEPLOY_TOKEN";

#[test]
fn a_github_token_revoked_and_live_then_dead_then_unknown() {
    let github = Listener::start(Answer::json(200, USER));
    let canary = token("ghp_");
    for recorded in [false, true] {
        let checkout = Checkout::new("", "", TITLE).on_github(&github.endpoint).with("DEPLOY_TOKEN", &canary);
        inventory(&checkout, SLOT, recorded.then_some("github:sso-token:acme:12"));
        github.set(Answer::json(200, USER));
        let before = github.connections();
        let said = checkout.check(&["-v", "-v"]);
        said.expect(1, &["revoked-but-live"]);
        assert_eq!(github.connections(), before + 1, "one call a credential and run");
        let id = if recorded { "github:sso-token:acme:12" } else { "github:token:svc-deploy" };
        assert_eq!(said.report["findings"][0]["subject"]["id"], id);
        assert!(!said.all.contains(&canary[8..]));

        github.set(Answer::json(401, BAD));
        let said = checkout.check(&["-v", "-v"]);
        let proofs = said.report["verified"].as_array().map(Vec::len);
        if recorded {
            said.expect(0, &["dead-reference"]);
            assert_eq!(proofs, Some(1), "{}", said.all);
        } else {
            // Nothing tells that this GitHub issued it: another one's token is refused here just so.
            assert!(said.code == 1 || said.code == 3, "{}", said.all);
            assert_eq!(proofs, Some(0), "{}", said.all);
        }
        assert!(!said.all.contains(&canary[8..]));

        // A page that says the same proves nothing.
        let page = vec![("content-type".into(), "text/html".into())];
        github.set(Answer::Http(401, page, b"<html>Bad credentials</html>".to_vec()));
        let said = checkout.check(&[]);
        assert!(said.code == 1 || said.code == 3, "{}", said.all);
        assert!(said.report["verified"].as_array().unwrap().is_empty(), "{}", said.all);
        assert!(!said.all.contains("<html>"));

        let before = github.connections();
        for flag in ["--no-probe", "--offline"] {
            let said = checkout.check(&[flag, "-v", "-v"]);
            assert!(said.code == 1 || said.code == 3, "{flag}: {}", said.all);
            assert!(said.report["verified"].as_array().unwrap().is_empty() && !said.all.contains(&canary[8..]));
        }
        assert_eq!(github.connections(), before, "--no-probe and --offline make no call");
    }
}

#[test]
fn a_gitlab_token_in_gitlabs_own_ci() {
    let gitlab = Listener::start(Answer::json(200, SELF));
    let canary = token("glpat-");
    let title = "Revoke gitlab:project-token:acme/shop:77";
    let checkout = Checkout::new("", "", title).on_gitlab(&gitlab.endpoint).with("DEPLOY_TOKEN", &canary);
    inventory(&checkout, "gitlab:variable:acme/shop:DEPLOY_TOKEN", Some("gitlab:project-token:acme/shop:77"));
    let said = checkout.check(&["-v", "-v"]);
    said.expect(1, &["revoked-but-live"]);
    assert!(gitlab.requests()[0].starts_with("GET /api/v4/personal_access_tokens/self "), "{:?}", gitlab.requests());
    gitlab.set(Answer::json(401, r#"{"message":"401 Unauthorized"}"#));
    let dead = checkout.check(&["-v", "-v"]);
    dead.expect(0, &["dead-reference"]);
    assert!(!(said.all + &dead.all).contains(&canary[8..]));
}

#[test]
fn a_token_of_another_server_is_not_dead() {
    let (ours, theirs) = (Listener::start(Answer::json(401, BAD)), Listener::start(Answer::json(200, USER)));
    let two = |name: &str, at: &Listener| format!(", endpoints: {{{name}: '{}'}}", at.endpoint);
    // The record says whose it is: the other server is not even asked.
    let checkout = Checkout::new("", &two("github", &ours), "Revoke github:token:alice")
        .on_github(&ours.endpoint)
        .with("DEPLOY_TOKEN", &token("ghp_"));
    inventory(&checkout, SLOT, Some("github:token:alice"));
    let path = checkout.folder.path().join("inventory.json");
    let text = fs::read_to_string(&path).unwrap();
    let elsewhere = theirs.endpoint.replace("http://", "github:");
    let with = text.replace(r#""credentials":[{"#, &format!(r#""credentials":[{{"tenant":"{elsewhere}","#));
    assert_ne!(text, with);
    fs::write(&path, with).unwrap();
    checkout.check(&[]).expect(1, &["revoked-still-held"]);
    assert_eq!((ours.connections(), theirs.connections()), (0, 0));
}

#[test]
fn the_users_own_probe_through_the_program() {
    let api = Listener::start(Answer::json(200, r#"{"id":"acct_1"}"#));
    let probe = |more: &str| {
        format!(
            ", probes: [{{name: stripe, variables: [DEPLOY_TOKEN], url: '{}/v1/account', scheme: basic, id_pointer: /id{more}}}]",
            api.endpoint
        )
    };
    let canary = token("sk_live_");
    let checkout = |more: &str| {
        let checkout = Checkout::new("", &probe(more), TITLE).on_github("http://127.0.0.1:9");
        inventory(&checkout, SLOT, None);
        checkout.with("DEPLOY_TOKEN", &canary)
    };
    let said = checkout(", allow_private: true").check(&["-v", "-v"]);
    said.expect(1, &["revoked-but-live"]);
    assert_eq!(said.report["findings"][0]["subject"]["id"], "stripe:token:acct_1");
    api.set(Answer::json(401, "{}"));
    checkout(", allow_private: true").check(&["-v", "-v"]).expect(0, &["dead-reference"]);
    let before = api.connections();
    let said = checkout("").check(&["-v", "-v"]);
    said.expect(1, &["revoked-still-held"]);
    assert!(said.all.contains("private address"), "{}", said.all);
    let coverage = said.report["coverage"].as_array().unwrap();
    assert!(coverage.iter().all(|entry| entry["requests"] == 0), "{coverage:?}");
    assert_eq!(api.connections(), before);
    assert!(!said.all.contains(&canary[8..]));
}

#[test]
fn settings_that_cannot_be_meant() {
    for (env, said) in [
        (", endpoints: {githbu: 'https://x'}", "did you mean `github`?"),
        (", endpoints: {github: 'x'}", "no http or https URL"),
        (", endpoints: {github: 'https://u:hunter2@x'}", "no http or https URL"),
        (", probes: [{name: github, prefix: ghx_, url: 'https://x'}]", "have a meaning already"),
        (", probes: [{name: a, url: 'https://x'}]", "which values it is for"),
        (", probes: [{name: a, prefix: abc, url: 'https://x', dead: [503]}]", "tell nothing of a credential"),
        (", probes: [{name: a, prefix: abc, url: 'https://x', lives: [200]}]", "lives"),
        (
            ", probes: [{name: a, prefix: abc, url: 'https://x'}, {name: a, prefix: abd, url: 'https://x'}]",
            "two probes have the name `a`",
        ),
    ] {
        let (code, out, errors) = Checkout::new("", env, TITLE).run(&["check"]);
        assert_eq!((code, out.as_str()), (2, ""), "{env}: {errors}");
        assert!(errors.contains(said) && errors.contains(".driftgate.yaml:5:"), "{env}: {errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
fn equal_values_in_two_stores() {
    use driftgate::secret::{FingerprintKey, Secret};
    let value = "a value without a known form";
    let key = FingerprintKey::new(&Secret::new("site-key-canary".into()));
    let fingerprint = Secret::new(value.into()).fingerprint(&key);
    let config = "fingerprints: true\nfingerprint_key_env: SITE_KEY\n";
    let checkout = Checkout::new(config, ", variables: [DEPLOY_TOKEN]", TITLE)
        .on_github("http://127.0.0.1:9")
        .with("DEPLOY_TOKEN", value)
        .with("SITE_KEY", "site-key-canary");
    let slot = "vault:kv:secret/app#token";
    inventory(&checkout, slot, Some("custom:token:deploy"));
    let path = checkout.folder.path().join("inventory.json");
    let mut recorded: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    recorded["slots"][0]["fingerprint"] = json!(fingerprint);
    fs::write(&path, recorded.to_string()).unwrap();

    let (_, out, errors) = checkout.run(&["inventory", "--format", "json"]);
    let read: Value = serde_json::from_str(&out).unwrap();
    let slots = read["slots"].as_array().unwrap();
    let held = slots.iter().find(|slot| slot["id"] == "env:DEPLOY_TOKEN").unwrap_or_else(|| panic!("{out}{errors}"));
    assert_eq!((&held["holds"], &held["fingerprint"]), (&json!("custom:token:deploy"), &json!(fingerprint)));
    assert!(!out.contains(value) && !out.contains("site-key-canary"));

    let config = fs::read_to_string(checkout.folder.path().join(".driftgate.yaml")).unwrap();
    write(checkout.folder.path(), ".driftgate.yaml", &config.replace("fingerprints: true", "fingerprints: false"));
    let (_, out, _) = checkout.run(&["inventory", "--format", "json"]);
    assert!(!out.contains("\"fingerprint\": \"hmac") || out.matches("hmac-sha256").count() == 1, "{out}");
}

/// All forms at once, at servers that send back what they were sent, or fail.
#[test]
fn nothing_of_a_token_comes_out() {
    let forms = [
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "gldt-",
        "glptt-",
        "glrt-",
        "xoxb-",
        "xoxp-",
        "xoxe-",
        "xapp-",
        "npm_",
        "sk_live_",
    ];
    let tokens: Vec<(String, String)> =
        forms.iter().enumerate().map(|(at, form)| (format!("T{at}"), format!("{}{at:02}", token(form)))).collect();
    let echo: String = tokens.iter().map(|(_, value)| format!("{value} ")).collect();
    let first = &tokens[0].1;
    let answers = [
        Answer::json(
            200,
            &json!({"login": echo, "username": first, "id": 7, "active": true, "revoked": false, "name": echo,
            "ok": true, "team_id": first, "user_id": first, "user": echo})
            .to_string(),
        ),
        Answer::json(401, &json!({"message": echo, "error": first}).to_string()),
        Answer::Http(500, vec![("x-echo".into(), echo.clone())], echo.clone().into_bytes()),
        Answer::Http(302, vec![("location".into(), format!("http://127.0.0.1:9/?t={first}"))], Vec::new()),
        Answer::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{echo}").into_bytes()),
        Answer::Raw(format!("{echo}\r\n\r\n").into_bytes()),
    ];
    let server = Listener::start(Answer::Stall);
    let at = &server.endpoint;
    let names: Vec<&str> = tokens.iter().map(|(name, _)| name.as_str()).collect();
    let env = format!(
        ", variables: [{}], endpoints: {{github: '{at}', gitlab: '{at}', slack: '{at}', npm: '{at}'}}, probes: [{{name: stripe, prefix: sk_live_, url: '{at}', allow_private: true, id_pointer: /login}}]",
        names.join(", ")
    );
    let mut checkout = Checkout::new("", &env, TITLE).on_github(at);
    for (name, value) in &tokens {
        checkout = checkout.with(name, value);
    }
    let absent = |arguments: &[&str]| {
        let (code, out, errors) = checkout.run(arguments);
        assert!(code < 4, "{errors}");
        let said = out + &errors;
        for (name, value) in &tokens {
            // The random part, and what stands behind the prefix that it begins with.
            let body = value.rsplit(['_', '-']).next().unwrap();
            assert!(!said.contains(value.as_str()) && !said.contains(&body[..16]), "{name} {arguments:?}: {said}");
        }
        said
    };
    for answer in answers {
        server.set(answer);
        let before = server.connections();
        absent(&["check", "-v", "-v"]);
        assert_eq!(server.connections() - before, 10, "each that has an endpoint, once");
        absent(&["inventory", "--format", "json", "-v", "-v"]);
    }
    let before = server.connections();
    for flag in ["--no-probe", "--offline"] {
        absent(&["check", flag, "-v", "-v"]);
        absent(&["inventory", flag, "-v", "-v"]);
    }
    assert_eq!(server.connections(), before, "nobody is asked");
}

/// A run ends, however many values it is given.
#[test]
fn two_hundred_probes_a_run() {
    let server = Listener::start(Answer::json(401, BAD));
    let names: Vec<String> = (0..205).map(|at| format!("T{at}")).collect();
    let env = format!(", variables: [{}], endpoints: {{github: '{}'}}", names.join(", "), server.endpoint);
    let mut checkout = Checkout::new("", &env, TITLE).on_github(&server.endpoint);
    for (at, name) in names.iter().enumerate() {
        checkout = checkout.with(name, &format!("{}{at:03}", token("ghp_")));
    }
    let begun = std::time::Instant::now();
    let (_, out, errors) = checkout.run(&["inventory"]);
    assert_eq!(server.connections(), 200, "{out}{errors}");
    assert!(begun.elapsed() > std::time::Duration::from_secs(9), "twenty a second: {:?}", begun.elapsed());
}
