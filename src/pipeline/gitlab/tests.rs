//! Whole repositories: what is found, where, from which jobs, and what hostile ones do.

use std::fs;
use std::path::Path;

use crate::model::pipeline::{Environment, Pipeline, Pipelines};
use crate::model::reference::{Channel, Confidence, Kind, Reference};
use crate::pipeline::{Options, read};
use crate::processor::Processor;

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn repository(files: &[(&str, &str)]) -> Pipelines {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        write(folder.path(), file, text);
    }
    read(&[folder.path().to_path_buf()], &Options::default())
}

fn one(text: &str) -> Pipelines {
    repository(&[(".gitlab-ci.yml", text)])
}

/// `line:column name` of the references, in order.
fn places(all: &Pipelines) -> Vec<String> {
    let name = |r: &Reference| r.name.clone().unwrap_or_else(|| format!("{:?}", r.candidates));
    all.references.iter().map(|r| format!("{}:{} {}", r.line, r.column, name(r))).collect()
}

fn named<'a>(all: &'a Pipelines, name: &str) -> &'a Reference {
    all.references
        .iter()
        .find(|r| r.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("{name}: {:?}", places(all)))
}

fn reach(all: &Pipelines, name: &str) -> Vec<String> {
    named(all, name).reachable_from.iter().map(|job| job.split('#').next_back().unwrap().to_owned()).collect()
}

fn pipeline<'a>(all: &'a Pipelines, file: &str) -> &'a Pipeline {
    all.pipelines.iter().find(|p| p.file == file).unwrap()
}

/// `job -> needed (why it does not stop)`.
fn edges(all: &Pipelines) -> Vec<String> {
    let jobs = &pipeline(all, ".gitlab-ci.yml").jobs;
    jobs.iter()
        .flat_map(|job| job.needs.iter().map(move |edge| (job, edge)))
        .map(|(job, edge)| {
            let why = if edge.stops { String::new() } else { format!(" ({})", edge.because) };
            format!("{} -> {}{why}", job.name, edge.on)
        })
        .collect()
}

#[test]
fn places_channels_and_definitions() {
    let all = one("\
variables:
  KNOWN: x
  FROM: ${OUTER_TOKEN}
image: registry.example.com/$IMAGE_PATH
deploy:
  environment: {name: production, url: \"https://$HOST_NAME\"}
  variables: {LOCAL: y}
  rules:
    - if: $DEPLOY_TOKEN != null && $FLAG == \"true\" && $CI_COMMIT_TAG
      variables: {RULED: z}
  script:
    - 'curl -H \"T: $DEPLOY_TOKEN\" $KNOWN $LOCAL $RULED é$PASSWORD'
    - |
      X=1; echo $X $CI_JOB_TOKEN $$ '$QUOTED_TOKEN' # $COMMENT_TOKEN
      docker login -p ${REGISTRY_PASSWORD:-none}
");
    assert_eq!(
        places(&all),
        [
            "3:9 OUTER_TOKEN",
            "4:29 IMAGE_PATH",
            "6:49 HOST_NAME",
            "9:11 DEPLOY_TOKEN",
            "12:20 DEPLOY_TOKEN",
            "12:57 PASSWORD",
            "14:20 CI_JOB_TOKEN",
            "15:23 REGISTRY_PASSWORD"
        ]
    );
    let channel = |name: &str| named(&all, name).channel;
    assert_eq!(channel("OUTER_TOKEN"), Channel::Env);
    assert_eq!(channel("IMAGE_PATH"), Channel::Image);
    assert_eq!(channel("DEPLOY_TOKEN"), Channel::If);
    assert_eq!(channel("PASSWORD"), Channel::Run);
    assert_eq!(channel("HOST_NAME"), Channel::Other);
    assert_eq!(named(&all, "CI_JOB_TOKEN").kind, Kind::JobToken);
    assert_eq!(named(&all, "PASSWORD").environment.as_deref(), Some("production"));
    assert_eq!(named(&all, "PASSWORD").confidence, Confidence::Exact);
    assert_eq!(named(&all, "HOST_NAME").confidence, Confidence::Possible);
    assert_eq!(named(&all, "OUTER_TOKEN").job, None);
    assert_eq!(reach(&all, "OUTER_TOKEN"), ["deploy"]);
    assert_eq!(named(&all, "OUTER_TOKEN").binds.as_deref(), Some("FROM"));
    assert!(all.gaps.is_empty(), "{:?}", all.gaps);
}

#[test]
fn reach_goes_through_extends_references_defaults_and_anchors() {
    let all = one("\
default:
  before_script: [echo $DEFAULT_TOKEN]
.base:
  script: [echo $BASE_TOKEN]
.mid:
  extends: [.base]
.snippets:
  login:
    - echo $LOGIN_TOKEN
.anchored: &anchored
  after_script: [echo $ANCHOR_TOKEN]
a:
  extends: .mid
b:
  before_script: [!reference [.snippets, login]]
  extends: .base
  script: [echo $OWN_TOKEN]
c:
  <<: *anchored
  script: [!reference [.base, script]]
d:
  <<: *anchored
  script: [make]
  inherit: {default: false}
.unused:
  script: [echo $UNUSED_TOKEN]
");
    assert_eq!(reach(&all, "DEFAULT_TOKEN"), ["a", "c"]);
    assert_eq!(named(&all, "DEFAULT_TOKEN").job, None);
    assert_eq!(reach(&all, "BASE_TOKEN"), ["a", "c"]);
    assert_eq!(named(&all, "BASE_TOKEN").job.as_deref(), Some(".base"));
    assert_eq!(reach(&all, "LOGIN_TOKEN"), ["b"]);
    assert_eq!(named(&all, "LOGIN_TOKEN").job.as_deref(), Some(".snippets"));
    assert_eq!(reach(&all, "OWN_TOKEN"), ["b"]);
    assert_eq!(reach(&all, "UNUSED_TOKEN"), Vec::<String>::new());
    let anchored: Vec<_> = all.references.iter().filter(|r| r.name.as_deref() == Some("ANCHOR_TOKEN")).collect();
    let jobs: Vec<_> = anchored.iter().map(|r| (r.line, r.job.as_deref().unwrap())).collect();
    assert_eq!(jobs, [(11, "c"), (11, "d")]);
}

#[test]
fn what_defines_a_variable() {
    let all = one("\
workflow:
  rules: [{if: $CI_COMMIT_TAG, variables: {W_KEY: x}}]
matrix:
  parallel: {matrix: [{M_KEY: [a, b], N_KEY: c}]}
  id_tokens: {ID_TOKEN: {aud: x}}
  script:
    - echo $W_KEY $M_KEY $N_KEY $ID_TOKEN $HOME
    - export A_KEY=$(mktemp); for B_KEY in x; do echo $A_KEY $B_KEY; done
    - read -r C_KEY < f; echo $C_KEY; TOKEN=$TOKEN ./run
    - echo \"S_KEY=1\" >> f.env; . ./f.env; echo $S_KEY
  artifacts: {reports: {dotenv: f.env}}
later:
  variables: {SELF_TOKEN: $SELF_TOKEN}
  script: [echo $S_KEY $M_KEY]
windows:
  script:
    - $v = \"1\"; Write-Host $v $env:WIN_TOKEN $LASTEXITCODE
    - echo %CMD_TOKEN% %CD%
");
    assert_eq!(
        places(&all),
        ["5:15 ID_TOKEN", "9:45 TOKEN", "13:27 SELF_TOKEN", "14:24 M_KEY", "17:31 WIN_TOKEN", "18:12 CMD_TOKEN"]
    );
}

#[test]
fn what_is_overridden_is_told_of_and_reached_from_nowhere() {
    let all = one("a: {script: ['$OLD_TOKEN']}\na: {script: ['$NEW_TOKEN']}\n");
    assert_eq!(reach(&all, "NEW_TOKEN"), ["a"]);
    assert_eq!(reach(&all, "OLD_TOKEN"), Vec::<String>::new());
    let all = one(
        "a:\n  script:\n  - if x; then export CI_REGISTRY_PASSWORD=$OTHER_PASSWORD; fi\n  - echo $CI_REGISTRY_PASSWORD\n",
    );
    assert_eq!(places(&all), ["3:44 OTHER_PASSWORD", "4:10 CI_REGISTRY_PASSWORD"]);
}

#[test]
fn an_option_that_one_job_sets_is_no_secret_in_another() {
    let all = one("a: {variables: {LAUNCHER: x}, script: [make]}\nb: {script: [\"$LAUNCHER make $NPM_AUTH\"]}\n");
    assert_eq!(places(&all), ["2:30 NPM_AUTH"]);
}

#[test]
fn outer_stores() {
    let all = one("\
.tokens: &tokens
  MERGED_TOKEN: {aud: https://b}
variables: {VAULT_SERVER_URL: https://vault.example.com}
deploy:
  id_tokens:
    ID_TOKEN: {aud: https://a}
    <<: *tokens
  secrets:
    SHORT: {vault: production/db/password@ops, file: false}
    LONG: {vault: {engine: {name: kv-v2, path: ops}, path: production/db, field: password}, token: $ID_TOKEN}
    OPEN: {vault: $PLACE_KEY/db/password}
    AWS: {aws_secrets_manager: {secret_id: app/prod, region: eu-west-1}}
    AWS2: {aws_secrets_manager: 'app/prod#field'}
    GCP: {gcp_secret_manager: {name: gcp-key, version: 2}}
    AZURE: {azure_key_vault: {name: azure-key}}
    AKEYLESS: {akeyless: {name: /path/key}}
    OWN: {gitlab_secrets_manager: {name: own}}
  script:
    - vault kv get -field=x ci/app
    - echo $SHORT $LONG $AWS
");
    let kinds: Vec<_> =
        all.references.iter().map(|r| format!("{} {:?} {}", r.line, r.kind, r.name.as_deref().unwrap())).collect();
    assert_eq!(
        kinds,
        [
            "2 Oidc MERGED_TOKEN",
            "6 Oidc ID_TOKEN",
            "7 Oidc MERGED_TOKEN",
            "9 Vault ops/production/db#password",
            "10 Vault ops/production/db#password",
            "11 Vault kv-v2/$PLACE_KEY/db#password",
            "11 Secret PLACE_KEY",
            "12 AwsSecret app/prod",
            "13 AwsSecret app/prod",
            "14 GcpSecret gcp-key",
            "15 AzureSecret azure-key",
            "16 Vault /path/key",
            "17 Vault own",
            "19 Vault ci/app#x"
        ]
    );
    assert_eq!(all.references[3].store.as_deref(), Some("https://vault.example.com"));
    assert_eq!(all.references[3].binds.as_deref(), Some("SHORT"));
    assert_eq!(all.references[4].binds, None);
    assert_eq!(all.references[5].confidence, Confidence::Possible);
}

#[test]
fn includes_with_globs_inputs_and_headers() {
    let all = repository(&[
        (
            ".gitlab-ci.yml",
            "include:\n  - local: /ci/*.yml\n  - local: t/job.yml\n    inputs: {name: web, token: $WEB_TOKEN, variable: WEB_KEY}\n  \
             - project: a/b\n    file: x.yml\n    inputs: {k: $FAR_TOKEN}\n  - https://example.com/r.yml\nvariables: {ROOT_KEY: x}\n",
        ),
        ("ci/one.yml", "one: {extends: .shared, script: ['echo $ONE_TOKEN $ROOT_KEY']}\n"),
        ("ci/deep/two.yml", "two: {script: ['echo $TWO_TOKEN']}\n"),
        (
            "t/job.yml",
            "spec:\n  inputs:\n    name:\n    token: {default: $DEFAULT_TOKEN}\n    variable:\n---\n'$[[ inputs.name ]]-job':\n  \
             script: ['use $[[ inputs.token ]] $$[[ inputs.variable ]]']\n.shared: {before_script: ['echo $SHARED_TOKEN']}\n",
        ),
    ]);
    let found: Vec<_> = all.references.iter().map(|r| (r.file.as_str(), r.line, r.kind, r.channel)).collect();
    assert_eq!(
        found,
        [
            (".gitlab-ci.yml", 4, Kind::Secret, Channel::With),
            (".gitlab-ci.yml", 7, Kind::Secret, Channel::With),
            ("ci/one.yml", 1, Kind::Secret, Channel::Run),
            ("t/job.yml", 4, Kind::Secret, Channel::With),
            ("t/job.yml", 8, Kind::Dynamic, Channel::Run),
            ("t/job.yml", 9, Kind::Secret, Channel::Run),
        ]
    );
    assert_eq!(all.references[4].candidates, ["WEB_KEY"]);
    assert_eq!(all.references[5].reachable_from, ["ci/one.yml#one"]);
    assert_eq!(all.notes.len(), 2, "{:?}", all.notes);
    assert!(all.gaps.is_empty(), "{:?}", all.gaps);
    assert_eq!(all.pipelines.len(), 1);
    assert_eq!(all.files, 3);
}

#[test]
fn stages_needs_and_what_does_not_stop() {
    let all = one("\
stages: [check, build, deploy]
gate: {stage: check, script: [driftgate check .]}
lint: {stage: check, allow_failure: true, script: [x]}
ask: {stage: check, when: manual, script: [x]}
stop: {stage: check, when: manual, allow_failure: false, script: [x]}
build: {stage: build, script: [x]}
early: {stage: deploy, needs: [], script: [x]}
prod: {stage: deploy, needs: [build, {job: gate, optional: true}, {project: a/b, job: c}], script: [x]}
clean: {stage: .post, when: always, script: [x]}
first: {stage: .pre, script: [x]}
");
    let edges = edges(&all);
    let of = |job: &str| edges.iter().filter(|e| e.starts_with(&format!("{job} ->"))).cloned().collect::<Vec<_>>();
    assert_eq!(
        of("build"),
        [
            "build -> first",
            "build -> gate",
            "build -> lint (allow_failure)",
            "build -> ask (when: manual)",
            "build -> stop"
        ]
    );
    assert_eq!(of("early"), Vec::<String>::new());
    assert_eq!(of("prod"), ["prod -> build", "prod -> gate"]);
    assert_eq!(of("gate"), ["gate -> first"]);
    assert_eq!(of("clean").len(), 8);
    assert!(of("clean").iter().all(|edge| edge.ends_with("(when: always)")));
    assert_eq!(of("first"), Vec::<String>::new());
    let jobs = &pipeline(&all, ".gitlab-ci.yml").jobs;
    let gates: Vec<_> =
        jobs.iter().filter(|j| j.gate_step.is_some()).map(|j| (j.name.as_str(), j.gate_stops)).collect();
    assert_eq!(gates, [("gate", true)]);
}

#[test]
fn rules_gates_and_environments() {
    let all = one("\
include: {project: driftgate/ci, file: template.yml}
driftgate: {stage: test}
soft: {script: [driftgate check || true]}
late: {script: [make], after_script: [driftgate check]}
ext: {extends: .driftgate, rules: [{if: $CI_COMMIT_TAG, allow_failure: true}]}
manual: {script: [x], rules: [{when: manual}]}
codes: {script: [x], allow_failure: {exit_codes: 3}}
deploy: {stage: deploy, script: [x], environment: prod/$CI_COMMIT_REF_SLUG}
down: {stage: deploy, script: [x], environment: {name: prod, action: stop}, rules: [{when: on_failure}]}
");
    let jobs = &pipeline(&all, ".gitlab-ci.yml").jobs;
    let gates: Vec<_> =
        jobs.iter().filter(|j| j.gate_step.is_some()).map(|j| (j.name.as_str(), j.gate_stops)).collect();
    assert_eq!(gates, [("driftgate", true), ("soft", false), ("late", false), ("ext", false)]);
    let job = |name: &str| jobs.iter().find(|j| j.name == name).unwrap();
    assert_eq!(job("deploy").environment, Environment::Expression("prod/$CI_COMMIT_REF_SLUG".into()));
    assert_eq!(job("down").environment, Environment::Named("prod".into()));
    assert!(job("down").environment_passive && !job("deploy").environment_passive);
    assert_eq!((job("down").line, job("down").column), (9, 1));
    let edges = edges(&all);
    assert!(edges.contains(&"deploy -> manual".to_owned()));
    assert!(edges.contains(&"deploy -> codes (allow_failure:exit_codes)".to_owned()));
    assert!(edges.contains(&"deploy -> ext (rules:allow_failure)".to_owned()));
    assert!(edges.contains(&"down -> manual (when: on_failure)".to_owned()));
}

#[test]
fn child_pipelines() {
    let all = repository(&[
        (
            ".gitlab-ci.yml",
            "loose:\n  variables: {GIVEN_TOKEN: x}\n  trigger: {include: child.yml}\ntight:\n  stage: deploy\n  variables: {GIVEN_TOKEN: y, ONCE_TOKEN: z}\n  \
             trigger: {include: [{local: child.yml}], strategy: depend}\nlast: {stage: .post, script: [x]}\n",
        ),
        ("child.yml", "job: {script: ['echo $GIVEN_TOKEN $ONCE_TOKEN']}\n"),
    ]);
    assert_eq!(places(&all), ["1:35 ONCE_TOKEN"]);
    let root = pipeline(&all, ".gitlab-ci.yml");
    assert!(root.jobs[..2].iter().all(|job| job.calls.as_deref() == Some("child.yml")));
    let child = pipeline(&all, "child.yml");
    assert!(child.callable && !child.triggered && root.triggered && !root.callable);
    assert_eq!(
        edges(&all),
        [
            "tight -> loose (trigger without strategy: depend)",
            "last -> loose (trigger without strategy: depend)",
            "last -> tight"
        ]
    );
}

#[test]
fn literal_credentials() {
    let all = one("variables:\n  T: glpat-Zx81kQm3Vb7Rt5Yp9LwC\njob: {script: [make]}\n");
    assert_eq!(places(&all), ["2:6 gitlab-token"]);
    assert_eq!(all.references[0].kind, Kind::Literal);
    assert_eq!(all.references[0].reachable_from, [".gitlab-ci.yml#job"]);
}

#[test]
fn cycles_end_with_a_gap() {
    let all = repository(&[
        (
            ".gitlab-ci.yml",
            "include: a.yml\n.x: {extends: .y}\n.y: {extends: .x}\nj: {extends: .x, needs: [k], script: ['$A_TOKEN']}\nk: {needs: [j], script: [!reference [.r, s]]}\n.r: {s: !reference [.r, s]}\n",
        ),
        ("a.yml", "include: b.yml\na: {script: ['$B_TOKEN']}\n"),
        ("b.yml", "include: [a.yml, ../out.yml, /absent.yml]\n"),
    ]);
    let reasons: Vec<_> = all.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    for word in [
        "`extends` of",
        "`needs` lead back",
        "`!reference`",
        "leads back to the same file",
        "leaves the repository",
        "no such file",
    ] {
        assert!(reasons.iter().any(|reason| reason.contains(word)), "{word}: {reasons:?}");
    }
    named(&all, "A_TOKEN");
    named(&all, "B_TOKEN");
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_read() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "out.yml", "j: {script: ['$OUT_TOKEN']}\n");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), ".gitlab-ci.yml", "include: [in.yml, ci/*.yml]\nk: {script: ['$K_TOKEN']}\n");
    fs::create_dir(folder.path().join("ci")).unwrap();
    for link in ["in.yml", "ci/x.yml"] {
        std::os::unix::fs::symlink(outside.path().join("out.yml"), folder.path().join(link)).unwrap();
    }
    let all = read(&[folder.path().to_path_buf()], &Options::default());
    assert_eq!(places(&all), ["2:15 K_TOKEN"]);
    assert!(all.gaps.iter().any(|gap| gap.reason.contains("symbolic link")), "{:?}", all.gaps);
}

#[test]
fn broken_and_odd_files() {
    let all = repository(&[
        (
            ".gitlab-ci.yml",
            "\u{feff}include: [bad.yml]\r\n1: {script: ['$ONE_TOKEN']}\r\n[a, b]: c\r\nj: {script: ['$J_TOKEN', 5, null, {a: b}]}\r\nj2: 7\r\n",
        ),
        ("bad.yml", "a: [\n"),
    ]);
    assert_eq!(places(&all), ["2:15 ONE_TOKEN", "4:15 J_TOKEN"]);
    assert_eq!(all.gaps.len(), 1);
    assert_eq!(all.gaps[0].file, "bad.yml");
    for text in [
        "",
        "[]",
        "x",
        "variables: 3\nstages: {a: b}\ninclude: 4\nj: {rules: 3, needs: x, script: {a: b}, image: [x], environment: [y]}\n",
    ] {
        assert!(one(text).references.is_empty());
    }
}

#[test]
fn hostile_files_cost_little() {
    let processor = Processor::start();
    let mut laughs = "a0: &a0 [echo $A_TOKEN]\n".to_owned();
    for level in 1..60 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!(".a{level}: &a{level} [{list}]\n"));
    }
    laughs.push_str("j: {script: *a59}\n");
    assert_eq!(reach(&one(&laughs), "A_TOKEN").len(), 0);
    let mut merges = ".m0: &m0 {variables: {K0: $V_TOKEN}}\n".to_owned();
    for level in 1..60 {
        merges.push_str(&format!(".m{level}: &m{level} {{<<: [*m{0}, *m{0}], extends: [.m{0}, .m{0}]}}\n", level - 1));
    }
    merges.push_str("j: {<<: *m59, script: [x]}\n");
    assert!(!one(&merges).references.is_empty());
    let mut chain = String::new();
    for level in 0..3_000 {
        chain.push_str(&format!(".e{level}: {{extends: .e{}}}\n", level + 1));
    }
    let chain = one(&format!("{chain}j: {{extends: .e0, script: [x]}}\n"));
    assert!(!chain.gaps.is_empty());
    let mut many = "stages: [a, b]\n".to_owned();
    for k in 0..2_000 {
        many.push_str(&format!("j{k}: {{stage: {}, script: ['$K_TOKEN']}}\n", if k % 2 == 0 { "a" } else { "b" }));
    }
    let many = one(&many);
    assert_eq!(many.references.len(), 2_000);
    assert!(many.gaps.iter().any(|gap| gap.reason.contains("dependencies")));
    let line = one(&format!("j: {{script: [{}]}}\n", "'$A_TOKEN', ".repeat(20_000)));
    assert_eq!(line.references.len(), 20_000);
    assert_eq!(line.references[19_999].column, 15 + 12 * 19_999);
    let crowded = one(&format!("j: {{script: ['{}']}}\n", "$A_TOKEN ".repeat(25_000)));
    assert!(crowded.gaps.iter().any(|gap| gap.reason.contains("too many references")));
    assert!(processor.used().as_secs() < 60, "{:?}", processor.used());
}
