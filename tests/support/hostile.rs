//! A checkout in which every text that somebody else wrote wants to be more than text.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "2026-06-01T12:00:00Z";

/// Text that wants to be more than text, somewhere.
pub const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;x\u{7}::error::owned\n::add-mask::x\r\n::set-output name=verdict::pass\n::stop-commands::x\n%0A::error::x%0D ##[error]y ##vso[task.complete]z \
                       <script>alert(1)</script> ]]> --> <!-- &amp; [a](javascript:x) ![i](http://127.0.0.1/i) @acme/all #1 \
                       `tick` | cell | \u{202e}ecruos\u{2066} \u{200b}\u{feff}\u{e0041} \u{0}\u{8} {{x}} ${{ secrets.X }} \u{1f600}";

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A checkout that is judged with many findings, gaps and waivers, all of whose texts are hostile.
pub fn checkout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let workflow = format!(
        "name: {quoted}\non: push\njobs:\n  {quoted}:\n    runs-on: x\n    environment: {quoted}\n    steps:\n      - name: {quoted}\n        run: ./deploy\n        env: {{A: '${{{{ secrets.A }}}}', B: '${{{{ secrets.B }}}}', C: '${{{{ secrets.C }}}}'}}\n"
    );
    write(folder.path(), ".github/workflows/<script> & ]]> [a](b) ::error::.yml", &workflow);
    write(folder.path(), ".github/workflows/broken ::error:: <b>.yml", "on: [\n");
    let live = json!({"state": "live", "method": HOSTILE, "at": NOW});
    let key = |at: usize| format!("aws:access-key:AKIAZ5VQ7RTLM2XK4N3{}", ["P", "Q", "R"][at]);
    let slots: Vec<Value> = ["A", "B", "C"]
        .iter()
        .enumerate()
        .map(|(at, name)| {
            json!({"id": format!("github:actions-secret:acme/shop:{name}"), "holds": key(at), "owner": HOSTILE,
            "environment": HOSTILE, "updated_at": "2026-01-01T00:00:00Z"})
        })
        .collect();
    let credentials: Vec<Value> = (0..3)
        .map(|at| json!({"id": key(at), "name": format!("{at} {HOSTILE}"), "aliases": [HOSTILE], "owner": HOSTILE, "status": "active",
            "tenant": HOSTILE, "environment": HOSTILE, "liveness": live,
            "grants": [{"holder": HOSTILE, "resource": HOSTILE, "level": "admin", "native": HOSTILE, "tenant": HOSTILE}]}))
        .collect();
    let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": NOW, "slots": slots, "credentials": credentials,
        "gaps": [{"source": HOSTILE, "lacks": "liveness", "scope": HOSTILE, "reason": HOSTILE}]});
    write(folder.path(), "inventory.json", &inventory.to_string());
    let ticket = |number: usize, what: &str, status: &str| {
        let id = if number == 0 { format!("SEC-0{HOSTILE}") } else { format!("SEC-{number}") };
        json!({"key": id, "self": format!("https://j.example.com/rest/api/3/{HOSTILE}"), "fields": {
            "summary": format!("{what} {HOSTILE}"), "project": {"key": "SEC"},
            "status": {"name": if status == "done" { "Done" } else { HOSTILE }, "statusCategory": {"key": status}},
            "resolution": (status == "done").then(|| json!({"name": "Done"})), "created": "2026-05-04T10:12:00.000+0000",
            "resolutiondate": "2026-05-05T10:12:00.000+0000", "updated": "2026-06-01T10:12:00.000+0000",
            "assignee": {"emailAddress": HOSTILE}, "description": format!("{what} {HOSTILE}"),
            "comment": {"total": 1, "comments": [{"author": {"name": HOSTILE}, "created": "2026-05-06T10:12:00.000+0000",
                "body": format!("not before 2026-12-01 {what} {HOSTILE}")}]}}})
    };
    let issues = [
        ticket(0, "Revoke AKIAZ5VQ7RTLM2XK4N3P", "done"),
        ticket(1, "Rotate AKIAZ5VQ7RTLM2XK4N3Q", "done"),
        ticket(2, "Revoke AKIAZ5VQ7RTLM2XK4N3R", "new"),
        ticket(3, "Grant AKIAZ5VQ7RTLM2XK4N3Q some access", "done"),
    ];
    write(folder.path(), "jira.json", &json!({"issues": issues, "isLast": true}).to_string());
    let cell = HOSTILE.replace('"', "\"\"");
    let catalog = format!(
        "identity,resource,level,environment,tenant,owner\nAKIAZ5VQ7RTLM2XK4N3Q,\"{cell}\",read,\"{cell}\",\"{cell}\",\"{cell}\"\n"
    );
    write(folder.path(), "entitlements.csv", &catalog);
    let config = json!({"version": 1, "repository": "acme/shop",
        "sources": [{"kind": "file", "path": "inventory.json"}, {"kind": "jira", "export": "jira.json"},
                    {"kind": "catalog", "path": "entitlements.csv"},
                    {"kind": "file", "name": HOSTILE, "path": "no such file.json"}],
        "waivers": [{"rule": "overdue-revocation", "subject": "aws:access-key:AKIAZ5VQ7RTLM2XK4N3R", "approved_by": HOSTILE,
                     "reason": HOSTILE.replace("${", "$${"), "created": "2026-05-20", "expires": "2026-06-20"}]});
    // Variables are not what is tested here.
    write(
        folder.path(),
        ".driftgate.yaml",
        &config.to_string().replace("${{ secrets.X }}", "$${{ secrets.X }}").replace("$$${", "$${"),
    );
    folder
}
