//! The files that the project ships for pipelines, and the examples of docs/pipelines.md: judged by the linters and schemas of those
//! who run them, by our own reader, and where one can be had by the program itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use driftgate::pipeline;
use driftgate::policy::scope::scope;
use serde_json::Value;

use crate::blocks::files;
use crate::checkout::root;
use crate::support::process::{clean, python};

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn manual() -> String {
    read("docs/pipelines.md")
}

/// A tool that scripts/test installs with Python's packages.
fn tool(name: &str) -> Command {
    let path = python().with_file_name(name);
    assert!(path.is_file(), "{name} is not installed; run scripts/test");
    clean(path)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Fails with what the tool says.
fn content(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
}

/// Whether the tool finds something.
fn objects(command: &mut Command) -> bool {
    !command.output().unwrap().status.success()
}

fn write(folder: &Path, file: &str, text: &str) -> PathBuf {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// GitLab's schema of pipelines.
fn gitlab_schema(file: &Path) -> Command {
    let mut command = clean(python());
    command.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]);
    command.arg(file);
    command
}

/// The header and the body of the component.
fn component() -> (String, String) {
    let text = read("templates/driftgate.yml");
    let (header, body) = text.split_once("\n---\n").unwrap();
    (header.to_owned(), body.to_owned())
}

#[test]
fn gitlabs_schema_accepts_the_template_and_the_component() {
    let folder = tempfile::tempdir().unwrap();
    let (header, body) = component();
    for (name, text) in [("template", read(".gitlab-ci-template.yml")), ("header", header), ("body", body)] {
        let file = write(folder.path(), &format!("{name}.yml"), &text);
        content(&mut gitlab_schema(&file));
        // The schema looks into no hidden job.
        let broken = text.replace("  extends: .driftgate\n", "  extends: .driftgate\n  retry: often\n");
        let broken = broken.replace("type: boolean", "type: perhaps");
        assert_ne!(broken, text, "{name}");
        assert!(objects(&mut gitlab_schema(&write(folder.path(), "broken.yml", &broken))), "{name}");
    }
}

#[test]
fn shells_understand_the_script_as_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let (_, body) = component();
    // What GitLab puts in the place of an input is a word, by the input's own pattern.
    let body = regex::Regex::new(r"\$\[\[ inputs\.[a-z-]+ \]\]").unwrap().replace_all(&body, "word").into_owned();
    let setting = regex::Regex::new(r"\$DRIFTGATE_[A-Z_]+").unwrap();
    for (name, text) in [("template", read(".gitlab-ci-template.yml")), ("component", body)] {
        let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        let script = yaml[".driftgate"]["script"][0].as_str().unwrap();
        let uses: Vec<&str> = setting.find_iter(script).map(|found| &found.as_str()[1..]).collect();
        let set: String = uses.iter().map(|name| format!("{name}=x\n")).collect();
        let file = write(folder.path(), &format!("{name}.sh"), &format!("{set}{script}"));
        // The words of constants are compared on purpose.
        let lint = |file: &Path| {
            let mut command = tool("shellcheck");
            command.args(["--shell", "sh", "--exclude", "SC2050,SC2157,SC2078,SC2034"]).arg(file);
            command
        };
        content(&mut lint(&file));
        let broken = script.replace("driftgate check \"$@\"", "driftgate check $@");
        assert!(objects(&mut lint(&write(folder.path(), "broken.sh", &broken))), "{name}");
        assert!(!script.contains("eval"), "{name}");
    }
}

#[test]
fn every_input_that_reaches_the_shell_is_a_word() {
    let (header, body) = component();
    let header: serde_yaml::Value = serde_yaml::from_str(&header).unwrap();
    let script: serde_yaml::Value = serde_yaml::from_str(&body).unwrap();
    let script = script[".driftgate"]["script"][0].as_str().unwrap();
    let inputs = header["spec"]["inputs"].as_mapping().unwrap();
    let mut seen = 0;
    for (name, input) in inputs {
        let name = name.as_str().unwrap();
        assert!(input["description"].as_str().is_some_and(|text| text.len() > 10), "{name}");
        assert!(!input["default"].is_null(), "{name} has a default");
        if !script.contains(&format!("inputs.{name} ")) {
            continue;
        }
        seen += 1;
        if input["type"].as_str() == Some("boolean") || input["options"].is_sequence() {
            continue;
        }
        let pattern = input["regex"].as_str().unwrap_or_else(|| panic!("{name} has neither pattern nor options"));
        let pattern = regex::Regex::new(pattern).unwrap();
        for hostile in ["'", "\"", "$(x)", "`x`", ";x", "a\nb", "x|y", "x&y", "x>y", "\\"] {
            assert!(!pattern.is_match(hostile), "{name} lets {hostile:?} through");
        }
        assert!(pattern.is_match(input["default"].as_str().unwrap()), "{name}: its own default");
    }
    assert!(seen >= 10, "the inputs of the script were not found: {seen}");
}

#[test]
fn the_files_name_this_version_and_reference_no_credential() {
    let version = env!("CARGO_PKG_VERSION");
    let (header, _) = component();
    let header: serde_yaml::Value = serde_yaml::from_str(&header).unwrap();
    assert_eq!(header["spec"]["inputs"]["version"]["default"].as_str(), Some(version));
    assert_eq!(header["spec"]["inputs"]["image"]["default"].as_str(), Some(format!("driftgate:{version}-ci").as_str()));
    let template: serde_yaml::Value = serde_yaml::from_str(&read(".gitlab-ci-template.yml")).unwrap();
    assert_eq!(template["variables"]["DRIFTGATE_VERSION"].as_str(), Some(version));
    let folder = tempfile::tempdir().unwrap();
    for file in [".gitlab-ci-template.yml", "templates/driftgate.yml"] {
        write(folder.path(), ".gitlab-ci.yml", &format!("include: {{local: {file}}}\n"));
        write(folder.path(), file, &read(file));
        let all = pipeline::read(&[folder.path().to_owned()], &pipeline::Options::default());
        assert!(all.gaps.is_empty() && all.references.is_empty(), "{file}: {:?} {:?}", all.gaps, all.references);
        let gates: Vec<&str> = all
            .pipelines
            .iter()
            .flat_map(|p| &p.jobs)
            .filter(|job| job.gate_stops)
            .map(|job| job.name.as_str())
            .collect();
        assert_eq!(gates, ["driftgate"], "{file}");
    }
}

#[test]
fn a_gate_that_only_warns_stops_nothing() {
    let stops = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), ".gitlab-ci.yml", text);
        let all = pipeline::read(&[folder.path().to_owned()], &pipeline::Options::default());
        let gates = all.pipelines.iter().flat_map(|p| &p.jobs).filter(|job| job.gate_step.is_some());
        gates.map(|job| (job.name.clone(), job.gate_stops && job.gate_guards)).collect::<Vec<_>>()
    };
    let component = "include: {component: h/acme/driftgate/driftgate@1, inputs: {mode: WORD}}\n";
    let template =
        "include: {project: acme/driftgate, file: .gitlab-ci-template.yml}\nvariables: {DRIFTGATE_MODE: WORD}\n";
    let job = "include: {project: acme/driftgate, file: .gitlab-ci-template.yml}\ndriftgate: {variables: {DRIFTGATE_MODE: WORD}}\n";
    let own = "variables: {DRIFTGATE_MODE: warn}\ndriftgate: {script: [driftgate check --mode WORD]}\n";
    for text in [component, template, job, own] {
        assert_eq!(stops(&text.replace("WORD", "warn")), [("driftgate".to_owned(), false)], "{text}");
        assert_eq!(stops(&text.replace("WORD", "enforce")), [("driftgate".to_owned(), true)], "{text}");
    }
}

#[test]
fn the_images_are_built_as_hadolint_wants_it_from_what_git_has() {
    content(tool("hadolint").arg(root().join("Dockerfile")));
    let folder = tempfile::tempdir().unwrap();
    let broken = write(folder.path(), "Dockerfile", "FROM alpine\nRUN cd /x && sudo ls | wc\n");
    assert!(objects(tool("hadolint").arg(broken)));
    // What .dockerignore leaves out, cargo does not miss.
    let ignored: Vec<String> =
        read(".dockerignore").lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let listed = clean("git")
        .current_dir(root())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .unwrap();
    let context = tempfile::tempdir().unwrap();
    let mut copied = 0;
    for file in String::from_utf8(listed.stdout).unwrap().split('\0').filter(|file| root().join(file).is_file()) {
        if !ignored.iter().any(|name| file == name || file.starts_with(&format!("{name}/"))) {
            let to = context.path().join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(root().join(file), to).unwrap();
            copied += 1;
        }
    }
    assert!(copied > 100, "{copied}");
    content(Command::new(env!("CARGO")).current_dir(context.path()).args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]));
    let includes = regex::Regex::new(r#"include_str!\("([^"]+)"\)"#).unwrap();
    let mut todo = vec![context.path().join("src")];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        for found in includes.captures_iter(&fs::read_to_string(&path).unwrap()) {
            let wanted = path.parent().unwrap().join(&found[1]);
            assert!(wanted.exists(), "{} needs {}", path.display(), wanted.display());
        }
    }
}

#[test]
fn the_hook_reads_what_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    content(
        tool("pre-commit")
            .current_dir(folder.path())
            .arg("validate-manifest")
            .arg(root().join(".pre-commit-hooks.yaml")),
    );
    let git = |at: &str, arguments: &[&str]| {
        let mut command = clean("git");
        command.current_dir(folder.path().join(at)).args(["-c", "user.name=A", "-c", "user.email=a@example.com"]);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    write(folder.path(), "hooks/.pre-commit-hooks.yaml", &read(".pre-commit-hooks.yaml"));
    write(folder.path(), "shop/.gitlab-ci.yml", "deploy: {script: ['./deploy $DEPLOY_TOKEN']}\n");
    write(folder.path(), "shop/notes.yml", "not: a pipeline\n");
    for at in ["hooks", "shop"] {
        git(at, &["init", "--quiet", "--initial-branch", "main"]);
    }
    git("hooks", &["add", "--all"]);
    git("hooks", &["commit", "--quiet", "--message", "hooks"]);
    let revision = git("hooks", &["rev-parse", "HEAD"]);
    let hooks = folder.path().join("hooks");
    let config = format!(
        "repos:\n  - repo: {}\n    rev: {revision}\n    hooks: [{{id: driftgate-refs-system, verbose: true}}]\n",
        hooks.display()
    );
    write(folder.path(), "shop/.pre-commit-config.yaml", &config);
    git("shop", &["add", "--all"]);
    let binary = Path::new(env!("CARGO_BIN_EXE_driftgate")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([binary].into_iter().chain(std::env::split_paths(&path))).unwrap();
    let run = || {
        let mut command = tool("pre-commit");
        command.env("PRE_COMMIT_HOME", folder.path().join("home")).env("PATH", &path);
        command
            .current_dir(folder.path().join("shop"))
            .args(["run", "--all-files", "--color", "never"])
            .output()
            .unwrap()
    };
    let first = run();
    assert!(first.status.success() && said(&first).contains("DEPLOY_TOKEN"), "{}", said(&first));
    assert!(said(&first).contains("1 reference, 0 gaps"), "the hook is given CI definitions alone: {}", said(&first));
    write(folder.path(), "shop/.gitlab-ci.yml", "deploy: [\n");
    git("shop", &["add", "--all"]);
    let broken = run();
    assert!(!broken.status.success() && said(&broken).contains(".gitlab-ci.yml"), "{}", said(&broken));
}

#[test]
fn the_pipelines_of_the_manual_are_gitlabs_and_gated() {
    let mut gated = 0;
    for (file, text) in files(&manual()) {
        if !matches!(file.as_str(), ".gitlab-ci.yml" | "gate.yml") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        content(&mut gitlab_schema(&write(folder.path(), ".gitlab-ci.yml", &text)));
        let all = pipeline::read(&[folder.path().to_owned()], &pipeline::Options::default());
        assert!(all.gaps.is_empty(), "{text}: {:?}", all.gaps);
        let scope = scope(&all, None, &driftgate::model::scope::RunPlace::default());
        assert_eq!(scope.ungated, [], "{text}");
        let jobs: Vec<_> = all.pipelines.iter().flat_map(|p| &p.jobs).collect();
        assert!(jobs.iter().any(|job| job.gate_guards), "{text}");
        gated += 1;
    }
    assert_eq!(gated, 4);
}

#[test]
fn the_other_examples_of_the_manual_are_what_their_readers_take() {
    let folder = tempfile::tempdir().unwrap();
    let shown = files(&manual());
    let of = |name: &str| &shown.iter().find(|(file, _)| file == name).unwrap_or_else(|| panic!("{name}")).1;
    let hook = write(folder.path(), ".pre-commit-config.yaml", of(".pre-commit-config.yaml"));
    content(tool("pre-commit").current_dir(folder.path()).arg("validate-config").arg(hook));
    let job = of("driftgate-presync.yaml");
    let validate = |text: &str| {
        let mut command = tool("kubernetes-validate");
        command.arg("--strict").arg(write(folder.path(), "job.yaml", text));
        command
    };
    content(&mut validate(job));
    assert!(objects(&mut validate(&job.replace("runAsNonRoot: true", "runAsNobody: true"))));
    let policy: Value = serde_yaml::from_str(of(".gitlab/security-policies/policy.yml")).unwrap();
    let policy = &policy["pipeline_execution_policy"][0];
    let included = policy["content"]["include"][0]["file"].as_str().unwrap();
    assert!(shown.iter().any(|(file, _)| file == included), "the policy includes {included}, which is shown");
    assert_eq!(
        (&policy["skip_ci"]["allowed"], &policy["variables_override"]["allowed"]),
        (&false.into(), &false.into())
    );
}

#[test]
fn every_command_of_the_manual_is_one() {
    let text = manual();
    let call = regex::Regex::new(r"(?:^    |sh '|    - )(driftgate [^'\n]+)").unwrap();
    let mut commands: Vec<Vec<String>> = text
        .lines()
        .filter_map(|line| call.captures(line))
        .map(|found| found[1].split_whitespace().skip(1).map(str::to_owned).collect())
        .collect();
    let job = regex::Regex::new(r"args: \[(check, [^\]]+)\]").unwrap();
    commands.extend(job.captures_iter(&text).map(|found| found[1].split(", ").map(str::to_owned).collect()));
    assert!(commands.len() >= 5, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let mut command = clean("git");
        command
            .current_dir(folder.path())
            .args(["-c", "user.name=A", "-c", "user.email=a@example.com"])
            .args(arguments);
        content(&mut command);
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    let records = "version: 1\nrepository: acme/shop\nsources: [{kind: file, path: inventory.json}]\n";
    write(folder.path(), ".driftgate.yaml", records);
    write(folder.path(), "inventory.json", "{\"schema\": \"driftgate/inventory/v1\"}");
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "shop"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    for mut words in commands {
        words.retain(|word| word != "/checkout/shop");
        let output = clean(env!("CARGO_BIN_EXE_driftgate")).current_dir(folder.path()).args(&words).output().unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1 | 3)), "{words:?}: {code:?}: {}", said(&output));
    }
}
