//! From nothing to a verdict, as somebody new goes: a repository with a workflow that deploys, `driftgate init`, a look at what it wrote,
//! a commit, a run.

use std::fs;

use crate::shop::{Key, NOW, Shop};
use crate::support;

const WORKFLOW: &str = "\
name: Deploy
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      - name: Deploy
        run: echo done >\"$MARKS/deployed\"
        env:
          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}
";

/// The shop without a gate and without a configuration, and what `init` says there.
fn started(key: Key) -> (Shop, String) {
    let shop = Shop::new(key);
    fs::remove_file(shop.path().join(".driftgate.yaml")).unwrap();
    shop.write(".github/workflows/deploy.yml", WORKFLOW);
    let output = support::binary().arg("init").arg(shop.path()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // The shop's records are of a day that has passed; nothing else of what was written is touched.
    let file = shop.path().join(".github/workflows/deploy.yml");
    let written = fs::read_to_string(&file).unwrap();
    let step = "        uses: acme/driftgate@v1\n";
    assert!(written.contains(step), "{written}");
    fs::write(&file, written.replace(step, &format!("{step}        with: {{args: --now {NOW} --no-probe}}\n")))
        .unwrap();
    (shop, said)
}

#[test]
fn what_init_writes_blocks_a_deploy_with_a_revoked_key() {
    let (shop, said) = started(Key::Live);
    assert!(said.contains("job deploy, step 2") && said.contains("sources: env, file, jira"), "{said}");
    let run = shop.push();
    assert!(!run.success, "{}", run.told());
    assert_eq!(run.result("deploy"), Some("failure"));
    assert_eq!(shop.mark("deployed"), None, "the step behind the gate did not run");
    let errors: Vec<_> = run.annotations().into_iter().filter(|one| one.level == "error").collect();
    assert!(
        errors.iter().any(|one| one.file == ".github/workflows/deploy.yml" && one.title.contains("revoked-but-live")),
        "{errors:?}"
    );
}

#[test]
fn what_init_writes_lets_a_clean_deploy_pass() {
    let (shop, _) = started(Key::Replaced);
    let run = shop.push();
    assert!(run.success, "{}", run.told());
    assert_eq!(shop.mark("deployed").as_deref(), Some("done\n"));
}
