//! Whole repositories in, references and job graphs out.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::model::pipeline::{Edge, Pipelines};
use crate::model::reference::{Channel, Confidence, Kind, Reference};
use crate::pipeline::{Options, read};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        write(folder.path(), file, text.as_bytes());
    }
    folder
}

fn write(root: &Path, file: &str, bytes: &[u8]) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn all(files: &[(&str, &str)]) -> Pipelines {
    let folder = folder(files);
    read(&[folder.path().to_path_buf()], &Options::default())
}

fn workflow(text: &str) -> Pipelines {
    all(&[(".github/workflows/w.yml", text)])
}

fn named<'p>(all: &'p Pipelines, name: &str) -> &'p Reference {
    let fits = |reference: &&Reference| reference.name.as_deref() == Some(name);
    all.references.iter().find(fits).unwrap_or_else(|| panic!("{name} is not in {:?}", all.references))
}

/// Line, column, name, job, step.
type Entry<'p> = (u32, u32, String, Option<&'p str>, Option<u32>);

fn places(all: &Pipelines) -> Vec<Entry<'_>> {
    let name = |r: &Reference| r.name.clone().unwrap_or_else(|| format!("{:?}", r.kind));
    all.references.iter().map(|r| (r.line, r.column, name(r), r.job.as_deref(), r.step)).collect()
}

#[test]
fn every_door_has_its_channel() {
    let found = workflow(
        "on: push
env: {W: '${{ secrets.WORKFLOW }}'}
jobs:
  j:
    if: secrets.IN_IF
    environment: {name: Production, url: x}
    container: {image: '${{ secrets.IMAGE }}', credentials: {username: u, password: '${{ secrets.REGISTRY }}'}, env: {C: '${{ secrets.CENV }}'}}
    env: {J: '${{ secrets.JOB_ENV }}', K: 'x${{ secrets.PART }}'}
    steps:
    - run: echo ${{ secrets.RUN }}
      env: {S: '${{ secrets.STEP_ENV }}'}
    - uses: acme/x@v1
      with: {a: '${{ secrets.WITH }}'}
      if: ${{ secrets.STEP_IF }}
    - uses: docker/login-action@v3
      with: {username: u, password: '${{ secrets.DOCKER }}', registry: '${{ secrets.HOST }}'}
    - name: ${{ github.token }}
  c:
    uses: acme/shop/.github/workflows/x.yml@main
    with: {a: '${{ secrets.CALL_WITH }}'}
    secrets: {B: '${{ secrets.PASSED }}'}
",
    );
    let channel = |name: &str| named(&found, name).channel;
    assert_eq!(channel("WORKFLOW"), Channel::Env);
    assert_eq!(channel("IN_IF"), Channel::If);
    assert_eq!(channel("IMAGE"), Channel::Image);
    assert_eq!(channel("REGISTRY"), Channel::Credentials);
    assert_eq!(channel("CENV"), Channel::Env);
    assert_eq!(channel("RUN"), Channel::Run);
    assert_eq!(channel("WITH"), Channel::With);
    assert_eq!(channel("STEP_IF"), Channel::If);
    assert_eq!(channel("DOCKER"), Channel::Credentials);
    assert_eq!(channel("HOST"), Channel::With);
    assert_eq!(channel("CALL_WITH"), Channel::With);
    assert_eq!(channel("PASSED"), Channel::Secrets);
    assert_eq!(channel("GITHUB_TOKEN"), Channel::Other);
    assert_eq!(named(&found, "GITHUB_TOKEN").kind, Kind::JobToken);
    let run = named(&found, "RUN");
    assert_eq!((run.job.as_deref(), run.step, run.environment.as_deref()), (Some("j"), Some(0), Some("Production")));
    assert_eq!(run.reachable_from, [".github/workflows/w.yml#j"]);
    let level = named(&found, "WORKFLOW");
    assert_eq!((level.job.as_deref(), level.step, level.environment.as_deref()), (None, None, None));
    assert_eq!(level.reachable_from, [".github/workflows/w.yml#c", ".github/workflows/w.yml#j"]);
    let binds = |name: &str| named(&found, name).binds.as_deref();
    assert_eq!(
        [binds("WORKFLOW"), binds("JOB_ENV"), binds("STEP_ENV"), binds("PART"), binds("WITH")],
        [Some("W"), Some("J"), Some("S"), None, None]
    );
    assert!(found.notes.iter().any(|note| note.reason.contains("acme/shop/.github/workflows/x.yml@main")));
    assert!(found.gaps.is_empty());
}

#[test]
fn an_alias_gives_an_entry_to_each_job_at_the_anchors_place() {
    let found = workflow(
        "on: push
jobs:
  a:
    environment: one
    steps: &steps
    - run: ${{ secrets.S }}
  b:
    environment: two
    steps: *steps
  c:
    steps:
    - env: &env {X: '${{ secrets.E }}'}
    - env: *env
",
    );
    assert_eq!(
        places(&found),
        [
            (6, 16, "S".to_owned(), Some("a"), Some(0)),
            (6, 16, "S".to_owned(), Some("b"), Some(0)),
            (12, 26, "E".to_owned(), Some("c"), Some(0)),
            (12, 26, "E".to_owned(), Some("c"), Some(1)),
        ]
    );
    let environments: Vec<_> = found.references.iter().map(|r| r.environment.as_deref()).collect();
    assert_eq!(environments, [Some("one"), Some("two"), None, None]);
}

const CALLER: &str = "on: push
jobs:
  call:
    uses: ./.github/workflows/callee.yml
    with: {which: BLUE}
    secrets: {quay_password: '${{ secrets.RELEASE_QUAY_TOKEN || secrets.OLD }}', actor: '${{ github.actor }}'}
  all:
    uses: $/.github/workflows/callee.yml
    with: {which: '${{ matrix.w }}'}
    strategy: {matrix: {w: [green, '${{ inputs.none }}']}}
    secrets: inherit
";

const CALLEE: &str = "on:
  workflow_call:
    inputs: {which: {type: string, default: red}}
    secrets: {quay_password: {required: true}, unused: {}}
jobs:
  k:
    environment: ${{ inputs.which }}
    steps:
    - run: ${{ secrets.quay_password }} ${{ secrets[format('{0}_KEY', inputs.which)] }} ${{ secrets.ACTOR }}
    - uses: ./act
      with: {name: x}
";

#[test]
fn called_workflows_know_their_callers() {
    let act = "runs:
  using: composite
  steps:
  - run: ${{ github.token }}
  - uses: ./deep
";
    let deep = "runs: {using: composite, steps: [{run: '${{ inputs.k }} ${{ secrets.NEVER }}'}]}\n";
    let found = all(&[
        (".github/workflows/caller.yml", CALLER),
        (".github/workflows/callee.yml", CALLEE),
        ("act/action.yml", act),
        ("deep/action.yaml", deep),
    ]);
    let callee = ".github/workflows/callee.yml#k";
    let callers = [callee, ".github/workflows/caller.yml#all", ".github/workflows/caller.yml#call"];
    let password = named(&found, "QUAY_PASSWORD");
    assert_eq!(password.resolves_to, ["OLD", "QUAY_PASSWORD", "RELEASE_QUAY_TOKEN"]);
    assert_eq!(password.reachable_from, callers);
    assert_eq!(password.environment_expression.as_deref(), Some("${{ inputs.which }}"));
    assert_eq!(named(&found, "ACTOR").resolves_to, ["ACTOR"]);
    let dynamic = found.references.iter().find(|r| r.kind == Kind::Dynamic).unwrap();
    assert_eq!(dynamic.candidates, ["BLUE_KEY", "GREEN_KEY", "RED_KEY"]);
    assert_eq!((dynamic.name.as_deref(), dynamic.confidence), (None, Confidence::Possible));
    let inherit = found.references.iter().find(|r| r.kind == Kind::AllSecrets).unwrap();
    assert_eq!((inherit.line, inherit.column, inherit.channel), (11, 14, Channel::Secrets));
    for name in ["GITHUB_TOKEN", "NEVER"] {
        let inside = named(&found, name);
        assert_eq!((inside.job.as_deref(), inside.reachable_from.as_slice()), (None, &callers.map(str::to_owned)[..]));
    }
    assert!(!found.references.iter().any(|r| r.name.as_deref() == Some("UNUSED")));
    let job = &found.pipelines.iter().find(|p| p.file.ends_with("callee.yml")).unwrap().jobs[0];
    assert_eq!(job.steps[1].actions, ["act/action.yml", "deep/action.yaml"]);
    let call = &found.pipelines.iter().find(|p| p.file.ends_with("caller.yml")).unwrap().jobs[0];
    assert_eq!(call.calls.as_deref(), Some(".github/workflows/callee.yml"));
}

#[test]
fn circles_end() {
    let a = "on: workflow_call\njobs:\n  j:\n    needs: [k]\n    uses: ./.github/workflows/b.yml\n    with: {i: '${{ inputs.i }}x'}\n    secrets: {S: '${{ secrets.S }}'}\n  k: {needs: j, steps: [{run: '${{ secrets[inputs.i] }} ${{ secrets.S }}'}]}\n";
    let b = a.replace("b.yml", "a.yml");
    let act = "runs: {using: composite, steps: [{uses: ./x}, {run: '${{ github.token }}'}]}\n";
    let found = all(&[(".github/workflows/a.yml", a), (".github/workflows/b.yml", &b), ("x/action.yml", act)]);
    assert_eq!(found.references.len(), 7);
    let gaps: Vec<_> = found.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    let each = [
        "line 3: `needs` of j leads in a circle: GitHub rejects the file",
        "line 3: the workflow that j calls leads back to this file",
    ];
    assert_eq!(gaps, [each, each].concat());
}

#[test]
fn outer_stores_and_roles() {
    let found = workflow(
        "on: push
permissions: {id-token: write}
jobs:
  known:
    steps:
    - uses: aws-actions/configure-aws-credentials@v4
      with: {role-to-assume: 'arn:aws:iam::123456789012:role/deploy', aws-region: eu-west-1}
    - uses: hashicorp/vault-action@v3
      with:
        url: https://vault.example.com
        method: jwt
        role: ci
        secrets: |
          secret/data/ci/aws accessKey | AWS_ACCESS_KEY_ID ;
          secret/data/${{ github.repository }}/x y | Y
    - uses: aws-actions/aws-secretsmanager-get-secrets@v2
      with: {secret-ids: 'DB, prod/db'}
    - uses: google-github-actions/get-secretmanager-secrets@v2
      with: {secrets: 'token:my-project/my-secret'}
    - uses: azure/get-keyvault-secrets@v1
      with: {keyvault: vault-1, secrets: 'a, b'}
    - uses: 1password/load-secrets-action@v2
      env: {T: 'op://app/db/password', OP_SERVICE_ACCOUNT_TOKEN: '${{ secrets.OP }}'}
  unknown:
    steps: [{run: 'curl $ACTIONS_ID_TOKEN_REQUEST_URL'}]
  own:
    permissions: {contents: read}
    steps: [{run: 'echo ${{ vars.AWS_ROLE_ARN }}'}]
",
    );
    let at = |name: &str| {
        let r = named(&found, name);
        (r.kind, r.line, r.column, r.store.as_deref())
    };
    assert_eq!(at("arn:aws:iam::123456789012:role/deploy"), (Kind::Oidc, 7, 31, None));
    assert_eq!(at("secret/data/ci/aws accessKey"), (Kind::Vault, 14, 11, Some("https://vault.example.com")));
    assert_eq!(at("secret/data/${{ github.repository }}/x y").1, 15);
    assert_eq!(named(&found, "secret/data/${{ github.repository }}/x y").confidence, Confidence::Possible);
    assert_eq!(at("ci"), (Kind::Oidc, 12, 15, Some("https://vault.example.com")));
    assert_eq!(at("prod/db"), (Kind::AwsSecret, 17, 31, None));
    assert_eq!(at("my-project/my-secret"), (Kind::GcpSecret, 19, 30, None));
    assert_eq!(at("b"), (Kind::AzureSecret, 21, 46, Some("vault-1")));
    assert_eq!(at("op://app/db/password"), (Kind::Vault, 23, 17, Some("1password")));
    assert_eq!(at("OP").0, Kind::Secret);
    let open = named(&found, "id-token");
    assert_eq!((open.line, open.column, open.confidence), (2, 15, Confidence::Possible));
    assert_eq!(open.reachable_from, [".github/workflows/w.yml#unknown"]);
    assert_eq!(named(&found, "vars.AWS_ROLE_ARN").confidence, Confidence::Possible);
}

#[test]
fn a_role_in_a_known_input_is_told_once() {
    let step =
        "{uses: aws-actions/configure-aws-credentials@v4, with: {role-to-assume: '${{ vars.DEPLOY_ROLE_ARN }}'}}";
    let found = workflow(&format!("on: push\njobs: {{j: {{steps: [{step}]}}}}\n"));
    assert_eq!(places(&found), [(2, 93, "${{ vars.DEPLOY_ROLE_ARN }}".to_owned(), Some("j"), Some(0))]);
    assert_eq!(found.references[0].confidence, Confidence::Possible);
}

#[test]
fn what_an_action_says_of_itself_is_only_possible() {
    let action = "description: use ${{ secrets.A }}\ninputs: {t: {description: '${{ secrets.B }}', default: '${{ github.token }}'}}\n";
    let found = all(&[("action.yml", action)]);
    assert_eq!([named(&found, "A").confidence, named(&found, "B").confidence], [Confidence::Possible; 2]);
    assert_eq!(named(&found, "GITHUB_TOKEN").confidence, Confidence::Exact);
}

#[test]
fn a_file_by_itself_brings_what_it_uses() {
    let folder = folder(&[
        (".github/workflows/caller.yml", CALLER),
        (".github/workflows/callee.yml", CALLEE),
        (".github/workflows/other.yml", "on: push\njobs: {j: {steps: [{run: '${{ secrets.OTHER }}'}]}}\n"),
        ("act/action.yml", "runs: {using: composite, steps: [{run: '${{ github.token }}'}]}\n"),
        ("node_modules/x/action.yml", "runs: {using: composite, steps: [{run: '${{ secrets.UNUSED }}'}]}\n"),
    ]);
    let found = read(&[folder.path().join(".github/workflows/caller.yml")], &Options::default());
    let mut files: Vec<_> = found.references.iter().map(|r| r.file.as_str()).collect();
    files.dedup();
    assert_eq!(files, [".github/workflows/callee.yml", ".github/workflows/caller.yml", "act/action.yml"]);
}

#[test]
fn dependabot_has_secrets_of_its_own() {
    let text = "version: 2\nregistries:\n  npm:\n    type: npm-registry\n    token: ${{secrets.NPM}}\nupdates: []\n";
    let found = all(&[(".github/dependabot.yml", text)]);
    let secret = named(&found, "NPM");
    assert_eq!((secret.line, secret.column, secret.family), (5, 15, crate::model::reference::Family::Dependabot));
    assert!(secret.reachable_from.is_empty() && secret.job.is_none());
}

#[test]
fn a_literal_credential_has_no_value_in_the_report() {
    let id = format!("AKIA{}", "Z5VQ7RTLM2XK4N3P");
    let secret = format!("{}{}", "wJalrXUtnFEMIK7MDENGbPxRfi", "CYzq8Rr2/T+aWs");
    let text = format!(
        "on: push\njobs:\n  j:\n    env:\n      ID: {id}\n      KEY: {secret}\n    steps: []\n  k: {{env: {{ID: {id}}}}}\n"
    );
    let found = workflow(&text);
    assert_eq!(places(&found), [(5, 11, id, Some("j"), None)]);
    assert_eq!(found.references[0].kind, Kind::Literal);
    assert!(!format!("{found:?}").contains(&secret[..12]));
}

fn edges(text: &str) -> Vec<Edge> {
    let text = format!(
        "on: push\njobs:\n  gate: {{steps: [{{run: driftgate check}}]}}\n  soft: {{continue-on-error: true, steps: [{{run: driftgate check}}]}}\n  d:\n    {text}\n"
    );
    workflow(&text).pipelines.remove(0).jobs.remove(2).needs
}

#[test]
fn edges_stop_or_say_why_not() {
    let one = |text: &str| {
        let edge = edges(text).remove(0);
        (edge.stops, edge.because)
    };
    assert_eq!(one("needs: gate"), (true, String::new()));
    assert_eq!(one("{needs: [gate], if: 'github.ref == 1'}"), (true, String::new()));
    assert_eq!(one("{needs: [gate], if: always()}"), (false, "if: always()".to_owned()));
    assert_eq!(one("{needs: [gate], if: '${{ !cancelled() }}'}"), (false, "if: cancelled()".to_owned()));
    assert!(one("{needs: [gate], if: \"always() && needs.gate.result == 'success'\"}").0);
    assert!(one("needs: soft").1.starts_with("continue-on-error"));
    assert_eq!(edges("steps: []"), []);
}

#[test]
fn the_gate_is_found_in_every_form() {
    let gate = |steps: &str| {
        let text = format!("on: push\njobs:\n  d:\n    steps:\n    - run: build\n{steps}\n    - run: deploy\n");
        let action = "name: driftgate\nruns: {using: docker, image: Dockerfile}\n";
        let local = "runs: {using: composite, steps: [{run: driftgate check, shell: bash}]}\n";
        let found =
            all(&[(".github/workflows/w.yml", &text), ("action.yml", action), ("tools/gate/action.yml", local)]);
        let job = &found.pipelines[0].jobs[0];
        (job.gate_step, job.gate_stops)
    };
    assert_eq!(gate("    - uses: acme/driftgate@v1"), (Some(1), true));
    assert_eq!(gate("    - uses: ./"), (Some(1), true));
    assert_eq!(gate("    - uses: ./tools/gate"), (Some(1), true));
    assert_eq!(gate("    - run: driftgate check --format json"), (Some(1), true));
    assert_eq!(gate("    - run: driftgate check || true"), (Some(1), false));
    assert_eq!(gate("    - {uses: acme/driftgate@v1, continue-on-error: true}"), (Some(1), false));
    assert_eq!(gate("    - {uses: acme/driftgate@v1, with: {mode: warn}}"), (Some(1), false));
    assert_eq!(gate("    - {uses: ./, with: {mode: warn}}"), (Some(1), false));
    assert_eq!(gate("    - {uses: ./, with: {args: --quiet --mode warn}}"), (Some(1), false));
    assert_eq!(gate("    - {uses: ./tools/gate, with: {mode: warn}}"), (Some(1), true));
    assert_eq!(gate("    - run: echo"), (None, true));
}

#[test]
fn bad_files_are_gaps_and_the_rest_is_reported() {
    let folder = folder(&[
        (".github/workflows/ok.yml", "on: push\njobs: {j: {steps: [{run: '${{ secrets.A }}'}]}}\n"),
        (".github/workflows/broken.yml", "jobs: [\n"),
        (".github/workflows/tab.yml", "jobs:\n\tj: 1\n"),
        (".github/workflows/list.yml", "- a\n"),
        (".github/workflows/nul.yml", "a: \0\n"),
        (".github/workflows/empty.yml", "# nothing\n"),
        (
            ".github/workflows/odd.yml",
            "1: a\n? [x]\n: '${{ secrets.B }}'\non: push\non: push\njobs: {1: {steps: 3}, ? [y] : z}\n",
        ),
        ("deep/action.yml", &"[".repeat(10_000)),
    ]);
    write(folder.path(), ".github/workflows/latin.yml", b"a: \xe9\n");
    write(folder.path(), ".github/workflows/large.yml", &vec![b'#'; 5 << 20]);
    let wide: Vec<u8> = "\u{feff}on: push\r\njobs: {j: {steps: [{run: '${{ secrets.WIDE }}'}]}}\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    write(folder.path(), ".github/workflows/wide.yml", &wide);
    for options in [Options { graph: false, filter: true }, Options { graph: false, filter: false }, Options::default()]
    {
        let found = read(&[folder.path().to_path_buf()], &options);
        let gaps: Vec<_> = found.gaps.iter().map(|gap| gap.file.trim_start_matches(".github/workflows/")).collect();
        let mut wrong =
            vec!["broken.yml", "large.yml", "latin.yml", "list.yml", "nul.yml", "tab.yml", "deep/action.yml"];
        if options.graph {
            // A key that stands twice, and one that is no scalar: nothing can be built on such a file.
            wrong.splice(5..5, ["odd.yml"; 2]);
        }
        assert_eq!(gaps, wrong);
        assert!(found.gaps[0].reason.starts_with("line "), "{}", found.gaps[0].reason);
        let names: Vec<_> = found.references.iter().filter_map(|r| r.name.as_deref()).collect();
        assert_eq!(names, ["B", "A", "WIDE"]);
        assert_eq!((named(&found, "WIDE").line, named(&found, "WIDE").column), (2, 31));
    }
}

#[test]
fn laughs_and_circles_of_aliases_end() {
    let laughs = |leaf: &str| {
        let mut text = format!("on: push\nx0: &x0 [{}]\n", [leaf; 10].join(", "));
        for level in 1..40 {
            text.push_str(&format!("x{level}: &x{level} [{}]\n", vec![format!("*x{}", level - 1); 10].join(", ")));
        }
        text + "jobs: {j: {steps: [{run: '${{ secrets.A }}'}]}}\n"
    };
    let found = workflow(&laughs("lol"));
    assert_eq!((found.references.len(), found.gaps.len()), (1, 0));
    let found = workflow(&laughs("'${{ secrets.L }}'"));
    assert_eq!((found.references.len(), found.gaps.len()), (11, 0), "each place once");
    let many: String = (0..30_000).map(|n| format!("    - run: ${{{{ secrets.S{n} }}}}\n")).collect();
    let found = workflow(&format!("on: push\njobs:\n  j:\n    steps:\n{many}"));
    assert_eq!((found.references.len() / 1_000, found.gaps.len()), (20, 1));
    let found = workflow("on: push\njobs: &j {a: {steps: &s [{run: '${{ secrets.A }}'}, *s, *j]}}\n");
    assert!((1..4).contains(&found.references.len()), "once a step");
}

/// Pieces that workflows are made of, and that could be taken for something else.
fn line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("${{ secrets.A }}"),
        Just("\"${{ \\x73ecrets.A }}\""),
        Just("\"${{ sec\\\n      rets.A }}\""),
        Just("${{ github.token }}"),
        Just("${{ github.ref }}"),
        Just("${{ toJSON(github) }}"),
        Just("'${{ github[''token''] }}'"),
        Just("github"),
        Just("GitHub says ${{ github }}"),
        Just("${{ github/token }}"),
        Just("${{ vars.X_ROLE_ARN }}"),
        Just("./a"),
        Just("'./a'"),
        Just(">-\n      ./a"),
        Just("&u ./a"),
        Just("*u"),
        Just("hashicorp/vault-action@v1"),
        Just("google-github-actions/auth@v2\n    with: {workload_identity_provider: x}"),
        Just("pypa/gh-action-pypi-publish@v1"),
        Just("write-all"),
        Just("{id-token: write}"),
        Just("[x, y]"),
        Just("inherit"),
        Just("x: y"),
        Just("\t"),
    ];
    let key = prop_oneof![
        Just("uses"),
        Just("run"),
        Just("if"),
        Just("with"),
        Just("env"),
        Just("secrets"),
        Just("permissions"),
        Just("'uses'"),
        Just("? uses\n    "),
        Just("needs")
    ];
    (key, value).prop_map(|(key, value)| format!("    {key}: {value}\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_filter_changes_nothing(jobs in proptest::collection::vec(proptest::collection::vec(line(), 0..4), 0..3),
        action in proptest::collection::vec(line(), 0..3), callable in any::<bool>()) {
        let mut text = format!("on: {}\njobs:\n", if callable { "workflow_call" } else { "push" });
        for (index, lines) in jobs.iter().enumerate() {
            text.push_str(&format!("  j{index}:\n{}", lines.concat()));
        }
        let action = format!("runs:\n  using: composite\n  steps:\n  -\n{}", action.concat());
        let folder = folder(&[(".github/workflows/w.yml", &text), ("a/action.yml", &action)]);
        let read = |filter: bool| {
            let found = read(&[folder.path().to_path_buf()], &Options { graph: false, filter });
            (found.references, found.gaps)
        };
        prop_assert_eq!(read(true), read(false));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "([ ]{0,6}(- |jobs:|on:|a:|steps:|run:|uses:|if:|env:|needs:)?(\\$\\{\\{ secrets\\.X \\}\\}|&a|\\*a|\\[|\\]|\\PC{0,6})?\n){0,12}") {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), ".github/workflows/a.yml", &bytes);
        write(folder.path(), ".github/workflows/b.yml", text.as_bytes());
        write(folder.path(), "action.yml", text.as_bytes());
        let _ = read(&[folder.path().to_path_buf()], &Options::default());
    }
}
