//! The action and the gate in real workflows, run by `act`: what blocks a deploy, what lets it pass, what appears where, and what the
//! runner makes of hostile words. Whether the files are well-formed is `tests/workflows.rs`'.

#![allow(clippy::unwrap_used)]
// `act` runs steps on this machine only where it is a Unix.
#![cfg(unix)]

mod newcomer;
mod shop;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use shop::{Key, NOW, Run, Shop};

/// What a later step sees of the gate.
const TELL: &str = r#"
      - name: Tell
        if: always()
        env:
          VERDICT: ${{ steps.gate.outputs.verdict }}
          BLOCKING: ${{ steps.gate.outputs.blocking }}
          FINDINGS: ${{ steps.gate.outputs.findings }}
          REPORT: ${{ steps.gate.outputs.report }}
          SARIF: ${{ steps.gate.outputs.sarif }}
        run: |
          printf '%s\n' "$VERDICT" "$BLOCKING" "$FINDINGS" >"$MARKS/outputs"
          cp "$REPORT" "$MARKS/report.json"
          cp "$SARIF" "$MARKS/report.sarif"
"#;

const DEPLOY: &str = r#"
      - name: Deploy
        run: echo "with ${#DEPLOY_KEY} characters" >"$MARKS/deployed"
        env:
          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}
"#;

fn gate(uses: &str) -> String {
    format!(
        "
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      - name: Gate
        id: gate
        uses: {uses}
        with:
          args: --now {NOW} --no-probe
"
    )
}

/// The gate as a step of the deploying job.
fn step(uses: &str) -> String {
    format!(
        "name: deploy
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:{}{TELL}{DEPLOY}
  after:
    needs: deploy
    runs-on: ubuntu-latest
    steps:
      - run: echo >\"$MARKS/after\"
",
        gate(uses)
    )
}

/// The gate as a job before.
fn job(uses: &str) -> String {
    format!(
        "name: deploy
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:{}{TELL}
  deploy:
    needs: gate
    runs-on: ubuntu-latest
    environment: production
    steps:{DEPLOY}
",
        gate(uses)
    )
}

/// The line and column, from 1, where the deploy refers to its secret.
fn place(workflow: &str) -> (usize, usize) {
    let (at, line) = workflow.lines().enumerate().find(|(_, line)| line.contains("secrets.DEPLOY_KEY")).unwrap();
    (at + 1, line.find("secrets.DEPLOY_KEY").unwrap() + 1)
}

const FILE: &str = ".github/workflows/deploy.yml";

/// What holds of every blocked deploy.
fn assert_blocked(shop: &Shop, run: &Run, (line, column): (usize, usize), file: &str) {
    assert!(!run.success, "{}", run.told());
    assert_eq!(shop.mark("deployed"), None, "{}", run.told());
    assert_eq!(shop.mark("after"), None, "{}", run.told());
    let errors: Vec<_> = run.annotations().into_iter().filter(|one| one.level == "error").collect();
    assert_eq!(errors.len(), 1, "{errors:#?}\n{}", run.told());
    let error = &errors[0];
    assert_eq!((error.file.as_str(), error.line, error.column), (file, line, column), "{error:?}");
    assert_eq!(error.title, "revoked-but-live: svc-deploy");
    for words in
        ["critical: ", "aws:access-key:AKIAZ5VQ7RTLM2XK4N3P", "expected: revoked", "SEC-142", "actual: live", "\ndo: "]
    {
        assert!(error.text.contains(words), "{words}: {error:?}");
    }
    let notices: Vec<_> = run.annotations().into_iter().filter(|one| one.level == "notice").collect();
    assert!(notices.iter().any(|one| one.title == "driftgate: blocked by 1 finding"), "{notices:?}");
    let outputs = shop.mark("outputs").unwrap_or_else(|| panic!("no outputs: {}", run.told()));
    let outputs: Vec<&str> = outputs.lines().collect();
    let report: Value = serde_json::from_str(&shop.mark("report.json").unwrap()).unwrap();
    assert_eq!(outputs, ["block", "1", &report["findings"].as_array().unwrap().len().to_string()]);
    assert_eq!(report["verdict"], "block");
    assert_eq!(report["scope"]["kind"], "downstream", "the gate found itself: {}", report["scope"]);
    let sarif: Value = serde_json::from_str(&shop.mark("report.sarif").unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "revoked-but-live");
    let summary = run.summary();
    assert!(summary.starts_with("# driftgate: blocked\n") && summary.contains("`revoked-but-live`"), "{summary}");
}

/// What holds of every deploy that passes.
fn assert_passed(shop: &Shop, run: &Run) {
    assert!(run.success, "{}", run.told());
    assert_eq!(shop.mark("deployed").as_deref(), Some("with 27 characters\n"), "{}", run.told());
    assert!(run.annotations().iter().all(|one| one.level != "error"), "{:#?}", run.annotations());
    let outputs = shop.mark("outputs").unwrap_or_else(|| panic!("no outputs: {}", run.told()));
    assert!(outputs.starts_with("pass\n0\n"), "{outputs}");
    let summary = run.summary();
    assert!(summary.starts_with("# driftgate: pass\n"), "{summary}");
}

#[test]
fn the_checkouts_own_action_blocks_as_a_step() {
    let shop = Shop::new(Key::Live);
    shop.with_the_action();
    let workflow = step("./");
    shop.write(FILE, &workflow);
    let run = shop.push();
    assert_blocked(&shop, &run, place(&workflow), FILE);
    assert_eq!(run.result("deploy"), Some("failure"));
    assert_eq!(run.result("after"), None, "it never ran");
}

#[test]
fn the_checkouts_own_action_lets_pass_as_a_step() {
    let shop = Shop::new(Key::Replaced);
    shop.with_the_action();
    shop.write(FILE, &step("./"));
    let run = shop.push();
    assert_passed(&shop, &run);
    assert!(shop.mark("after").is_some());
}

#[test]
fn an_action_of_another_repository_blocks_as_a_job_before() {
    let shop = Shop::new(Key::Live);
    let workflow = job("acme/driftgate@v1");
    shop.write(FILE, &workflow);
    let run = shop.push();
    assert_blocked(&shop, &run, place(&workflow), FILE);
    assert_eq!((run.result("gate"), run.result("deploy")), (Some("failure"), None));
}

#[test]
fn an_action_of_another_repository_lets_pass_as_a_job_before() {
    let shop = Shop::new(Key::Replaced);
    shop.write(FILE, &job("acme/driftgate@v1"));
    assert_passed(&shop, &shop.push());
}

#[test]
fn the_gate_inside_a_called_workflow_stops_the_callers_next_job() {
    let caller = format!(
        "name: deploy
on: push
jobs:
  ask:
    uses: ./.github/workflows/gate.yml
  deploy:
    needs: ask
    runs-on: ubuntu-latest
    environment: production
    steps:{DEPLOY}
"
    );
    let called = format!(
        "name: gate
on: workflow_call
jobs:
  check:
    runs-on: ubuntu-latest
    steps:{}{TELL}
",
        gate("acme/driftgate@v1")
    );
    for key in [Key::Live, Key::Replaced] {
        let shop = Shop::new(key);
        shop.write(FILE, &caller);
        shop.write(".github/workflows/gate.yml", &called);
        let run = shop.push();
        match key {
            Key::Live => assert_blocked(&shop, &run, place(&caller), FILE),
            Key::Replaced => assert_passed(&shop, &run),
        }
    }
}

#[test]
fn values_at_hand_reach_the_gate_and_leave_it_nowhere() {
    let shop = Shop::new(Key::Live);
    shop.with_the_action();
    let with = "          credentials: DEPLOY_KEY, OTHER\n        env:\n          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}\n          OTHER: x\n";
    let workflow = step("./").replace("--no-probe\n", &format!("--no-probe\n{with}"));
    shop.write(FILE, &workflow);
    let run = shop.push();
    assert!(!run.success, "{}", run.told());
    let report: Value = serde_json::from_str(&shop.mark("report.json").unwrap()).unwrap();
    let env = report["coverage"].as_array().unwrap().iter().find(|one| one["source"] == "env");
    assert!(env.is_some_and(|one| one["status"] == "read"), "both are set: {report:#}");
    for text in [report.to_string(), shop.mark("report.sarif").unwrap(), run.summary(), run.told()] {
        assert!(!text.contains("the-value-of-the-deploy-key"), "{text}");
    }
}

#[test]
fn a_run_that_only_warns_lets_pass_and_says_so() {
    let shop = Shop::new(Key::Live);
    shop.with_the_action();
    let workflow = step("./").replace("          args:", "          mode: warn\n          args:");
    shop.write(FILE, &workflow);
    let run = shop.push();
    assert!(run.success && shop.mark("deployed").is_some() && shop.mark("after").is_some(), "{}", run.told());
    assert!(shop.mark("outputs").unwrap().starts_with("block\n1\n"));
    let warnings: Vec<_> = run.annotations().into_iter().filter(|one| one.level == "warning").collect();
    assert!(warnings.iter().any(|one| one.text.starts_with("critical (would block)")), "{warnings:#?}");
    assert!(run.annotations().iter().all(|one| one.level != "error"));
}

#[test]
fn a_wrong_configuration_fails_where_it_stands() {
    let shop = Shop::new(Key::Replaced);
    shop.with_the_action();
    shop.write(".driftgate.yaml", "version: 1\nsources:\n  - kind: jria\n    export: jira.json\n");
    shop.write(FILE, &step("./"));
    let run = shop.push();
    assert!(!run.success && shop.mark("deployed").is_none(), "{}", run.told());
    let errors: Vec<_> = run.annotations().into_iter().filter(|one| one.level == "error").collect();
    assert_eq!(errors.len(), 1, "{}", run.told());
    assert_eq!((errors[0].file.as_str(), errors[0].line), (".driftgate.yaml", 3), "{errors:?}");
    assert!(errors[0].text.contains("did you mean `jira`?"), "{errors:?}");
    assert!(shop.mark("outputs").unwrap().starts_with("error\n"));
}

#[test]
fn hostile_titles_give_the_runner_no_command() {
    let title = "Revoke AKIAZ5VQ7RTLM2XK4N3P\n::error file=x::owned\r\n::set-output name=verdict::pass\n::add-mask::critical\n\
                 ##[set-output name=verdict;]pass\n::stop-commands::x\n%0A::error::owned%0D <script>alert(1)</script> [a](javascript:x) \
                 \u{1b}[2J\u{202e}";
    let shop = Shop::with_title(Key::Live, title);
    shop.with_the_action();
    let workflow = step("./");
    shop.write(FILE, &workflow);
    let run = shop.push();
    assert_blocked(&shop, &run, place(&workflow), FILE);
    // The gate's own commands, and no other.
    for (name, entry) in run.commands() {
        let token = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(token || ["stop-commands", "error", "warning", "notice"].contains(&name), "{entry}");
    }
    let stops = run.commands().iter().filter(|(name, _)| *name == "stop-commands").count();
    assert_eq!(stops, 1, "{}", run.told());
    for one in run.annotations() {
        assert!(one.title != "owned" && !one.text.starts_with("owned"), "{one:?}");
    }
    // No mask: the word is still told.
    assert!(run.told().contains("critical"), "{}", run.told());
    let report: Value = serde_json::from_str(&shop.mark("report.json").unwrap()).unwrap();
    assert!(report.to_string().contains("::set-output name=verdict::pass"), "the title is in the report: {report:#}");
}
