//! The script behind the action: which program it finds and trusts, and which arguments reach it. Releases come from a real server of
//! files; `gh`, which would ask github.com, is stood in for by a script that answers as the test says. Whole runs are `tests/act`'s.

#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::process::{Server, clean, python};
use tempfile::TempDir;

/// Prints its arguments and what it sees of tokens.
const RECORDER: &str = r#"#!/bin/bash
[[ "${1:-}" != --version ]] || { echo "driftgate 9.9.9"; exit 0; }
printf 'ran %s\n' "$0"
printf '<%s>\n' "$@"
printf 'GITHUB_TOKEN=%s\n' "${GITHUB_TOKEN:-}"
env | grep -c '^DRIFTGATE_ACTION_TOKEN=' | sed 's/^/tokens of the action: /'
exit "${RECORDER_CODE:-0}"
"#;

/// Answers as `gh` does, from a folder of releases, and says what it was asked.
const GH: &str = r#"#!/bin/bash
printf '%s\n' "$*" >>"$GH_ASKED"
case "$1 $2 ${3:-}" in
    "release download "*) cp "$GH_RELEASES"/* . ;;
    "attestation verify --help") [[ -n "${GH_OLD:-}" ]] || echo "  --signer-workflow string" ;;
    "attestation verify "*)
        printf 'at %s with %s\n' "$GH_HOST" "$GH_TOKEN" >>"$GH_ASKED"
        exit "$GH_VERDICT"
        ;;
esac
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A runner: its temporary folder, a folder that is first on its PATH, and its step's outputs.
struct Runner {
    folder: TempDir,
    command: Command,
}

impl Runner {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["temp", "bin"] {
            fs::create_dir(at(name)).unwrap();
        }
        let mut command = clean("bash");
        command.arg(root().join("scripts/action.sh")).current_dir(folder.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", at("bin").display()));
        command.env("GITHUB_ACTION_PATH", root()).env("RUNNER_TEMP", at("temp")).env("GITHUB_OUTPUT", at("outputs"));
        command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64").env("GITHUB_REPOSITORY", "acme/shop");
        command.env("DRIFTGATE_ACTION_REPOSITORY", "acme/driftgate").env("DRIFTGATE_ACTION_MODE", "enforce");
        // Nothing listens there.
        command.env("GITHUB_SERVER_URL", "http://127.0.0.1:9");
        Self { folder, command }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn on_the_path(self, name: &str, text: &str) -> Self {
        program(&self.path("bin").join(name), text);
        self
    }

    fn run(&mut self) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    fn outputs(&self) -> String {
        fs::read_to_string(self.path("outputs")).unwrap_or_default()
    }

    /// Whether any archive or program was left in the temporary folder.
    fn left(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut todo = vec![self.path("temp")];
        while let Some(folder) = todo.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else {
                    out.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
        out
    }
}

/// The arguments that the recorder saw, without the reports' paths.
fn arguments(stdout: &str) -> Vec<&str> {
    let all = stdout.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>'));
    all.filter(|one| !one.starts_with("json=") && !one.starts_with("sarif=") && *one != "--output").collect()
}

/// A folder with the release 9.9.9 of a program.
fn release(program_text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let name = "driftgate-9.9.9-x86_64-unknown-linux-musl";
    program(&folder.path().join(name).join("driftgate"), program_text);
    let archive = format!("{name}.tar.gz");
    let ok = |command: &mut Command| assert!(command.current_dir(folder.path()).status().unwrap().success());
    ok(clean("tar").args(["-czf", &archive, name]));
    fs::remove_dir_all(folder.path().join(name)).unwrap();
    let sums = clean("sha256sum").arg(&archive).current_dir(folder.path()).output().unwrap().stdout;
    fs::write(folder.path().join("SHA256SUMS"), sums).unwrap();
    folder
}

/// A server of files with a release at the address that GitHub has for it.
fn serve(release: &Path) -> (Server, TempDir) {
    let pages = tempfile::tempdir().unwrap();
    let place = pages.path().join("acme/driftgate/releases/download/v9.9.9");
    fs::create_dir_all(&place).unwrap();
    for entry in fs::read_dir(release).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, place.join(path.file_name().unwrap())).unwrap();
    }
    let folder = pages.path().to_owned();
    let command = move |port: u16| {
        let mut command = clean(python());
        command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string(), "--directory"]).arg(&folder);
        command
    };
    let ready = |endpoint: &str| std::net::TcpStream::connect(endpoint.trim_start_matches("http://")).is_ok();
    (Server::start("http.server", command, ready), pages)
}

#[test]
fn the_program_on_the_path_gets_the_inputs_as_arguments() {
    let mut runner = Runner::new()
        .on_the_path("driftgate", RECORDER)
        .with("DRIFTGATE_ACTION_CONFIG", "a b.yaml")
        .with("DRIFTGATE_ACTION_SCOPE", "environment=production")
        .with("DRIFTGATE_ACTION_FAIL_ON", "critical")
        .with("DRIFTGATE_ACTION_CREDENTIALS", "A,B")
        .with("DRIFTGATE_ACTION_TOKEN", "the-token")
        .with("RECORDER_CODE", "3");
    let (code, stdout, stderr) = runner.run();
    assert_eq!(code, 3, "{stderr}");
    let wanted = [
        "check",
        "--config=a b.yaml",
        "--scope=environment=production",
        "--fail-on=critical",
        "--mode=enforce",
        "--credentials=A,B",
    ];
    assert_eq!(arguments(&stdout), wanted, "{stdout}");
    assert!(stdout.contains("GITHUB_TOKEN=the-token\ntokens of the action: 0"), "{stdout}");
    let mut runner = runner.with("GITHUB_TOKEN", "the job's own").with("DRIFTGATE_ACTION_SARIF_FILE", "x.sarif");
    let (_, stdout, _) = runner.run();
    assert!(stdout.contains("GITHUB_TOKEN=the job's own\n") && stdout.contains("<sarif=x.sarif>"), "{stdout}");
}

#[test]
fn further_arguments_are_split_and_never_evaluated() {
    let mark = tempfile::tempdir().unwrap();
    let file = mark.path().join("owned");
    let hostile = format!("--a $(touch {0}) `touch {0}`; touch {0} & * ~ \"x y\" $HOME \\n", file.display());
    let mut runner = Runner::new().on_the_path("driftgate", RECORDER).with("DRIFTGATE_ACTION_ARGS", &hostile);
    let (code, stdout, stderr) = runner.run();
    assert_eq!(code, 0, "{stderr}");
    let words: Vec<&str> = hostile.split_whitespace().collect();
    assert_eq!(arguments(&stdout)[2..], words, "{stdout}");
    let mut runner = runner.with("DRIFTGATE_ACTION_ARGS", "--config\na b $(x).yaml\r\n\n--quiet\n");
    let (_, stdout, _) = runner.run();
    assert_eq!(arguments(&stdout)[2..], ["--config", "a b $(x).yaml", "--quiet"]);
    let mut runner = runner.with("DRIFTGATE_ACTION_ARGS", "  ").with("DRIFTGATE_ACTION_CONFIG", "$(touch x);'\"");
    let (_, stdout, _) = runner.run();
    assert_eq!(arguments(&stdout), ["check", "--config=$(touch x);'\"", "--mode=enforce"]);
    assert!(!file.exists() && !runner.path("x").exists());
}

#[test]
fn a_release_runs_where_its_sum_is_the_one_that_was_released() {
    let release = release(RECORDER);
    let (server, _pages) = serve(release.path());
    let mut runner =
        Runner::new().with("GITHUB_SERVER_URL", &server.endpoint).with("DRIFTGATE_ACTION_VERSION", "v9.9.9");
    let (code, stdout, stderr) = runner.run();
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("/driftgate-9.9.9-x86_64-unknown-linux-musl/driftgate\n"), "{stdout}");
    assert!(stderr.contains("SHA-256 as released; its provenance is not checked"), "{stderr}");
    // A version that was asked for is not the one on the PATH.
    let mut runner = runner.on_the_path("driftgate", "#!/bin/sh\necho another\n");
    assert!(!runner.run().1.contains("another"));
}

#[test]
fn what_is_not_as_released_never_runs() {
    let release = release(RECORDER);
    let sums = release.path().join("SHA256SUMS");
    let right = fs::read_to_string(&sums).unwrap();
    let other = right.replace(&right[..4], "0123");
    let unlisted = right.replace("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl");
    let alike = right.replace(".tar.gz", "xtarxgz");
    for wrong in [other.as_str(), unlisted.as_str(), alike.as_str(), ""] {
        fs::write(&sums, wrong).unwrap();
        let (server, _pages) = serve(release.path());
        for version in ["9.9.9", ""] {
            // The checkout's own version is that of the release, and cargo could build it: nothing is tried in its place.
            let mut runner = Runner::new()
                .with("GITHUB_SERVER_URL", &server.endpoint)
                .with("DRIFTGATE_ACTION_VERSION", version)
                .on_the_path("cargo", "#!/bin/sh\necho built >&2\n");
            let action = runner.path("action");
            fs::create_dir(&action).unwrap();
            fs::write(action.join("Cargo.toml"), "[package]\nname = \"driftgate\"\nversion = \"9.9.9\"\n").unwrap();
            runner.command.env("GITHUB_ACTION_PATH", &action);
            let (code, stdout, stderr) = runner.run();
            assert_eq!(code, 2, "{stderr}");
            assert!(stdout.is_empty() && !stderr.contains("built"), "{stdout}{stderr}");
            assert!(stderr.contains("::error title=driftgate%3A nothing was judged::"), "{stderr}");
            assert!(stderr.contains("is not what SHA256SUMS of the release says"), "{stderr}");
            assert_eq!(runner.left(), ["SHA256SUMS"]);
            assert_eq!(runner.outputs(), "verdict=error\n");
        }
    }
}

#[test]
fn on_github_the_release_workflow_must_have_made_it() {
    let release = release(RECORDER);
    for (server, verdict, runs) in [
        ("https://github.com", "0", true),
        ("https://github.com", "1", false),
        ("https://acme.ghe.com", "1", false),
        // Enterprise Server has no attestations.
        ("https://git.example.com", "1", true),
    ] {
        let mut runner = Runner::new()
            .on_the_path("gh", GH)
            .with("GITHUB_SERVER_URL", server)
            .with("DRIFTGATE_ACTION_VERSION", "9.9.9")
            .with("DRIFTGATE_ACTION_TOKEN", "the-token")
            .with("GH_RELEASES", release.path().to_str().unwrap())
            .with("GH_VERDICT", verdict);
        let asked = runner.path("asked");
        runner.command.env("GH_ASKED", &asked);
        let (code, stdout, stderr) = runner.run();
        assert_eq!((code, stdout.contains("ran ")), (if runs { 0 } else { 2 }, runs), "{server}: {stderr}");
        let asked = fs::read_to_string(asked).unwrap();
        let host = server.trim_start_matches("https://");
        assert!(asked.starts_with(&format!("release download v9.9.9 --repo {host}/acme/driftgate ")), "{asked}");
        let question = format!("at {host} with the-token");
        assert_eq!(asked.contains(&question), server != "https://git.example.com", "{asked}");
        if asked.contains(&question) {
            assert!(
                asked.contains(
                    "--signer-workflow acme/driftgate/.github/workflows/release.yml --deny-self-hosted-runners"
                )
            );
        }
        if !runs {
            assert!(stderr.contains("no attestation says that acme/driftgate's release workflow made"), "{stderr}");
            assert_eq!(runner.left(), ["SHA256SUMS"]);
        }
    }
}

#[test]
fn a_gh_that_cannot_verify_is_no_gh_that_has_verified() {
    let release = release(RECORDER);
    let mut runner = Runner::new()
        .on_the_path("gh", GH)
        .with("GITHUB_SERVER_URL", "https://github.com")
        .with("DRIFTGATE_ACTION_VERSION", "9.9.9")
        .with("DRIFTGATE_ACTION_TOKEN", "the-token")
        .with("GH_RELEASES", release.path().to_str().unwrap())
        .with("GH_VERDICT", "0")
        .with("GH_OLD", "yes");
    let asked = runner.path("asked");
    runner.command.env("GH_ASKED", asked);
    let (code, stdout, stderr) = runner.run();
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("is too old to verify"), "{stderr}");
    assert_eq!(runner.left(), ["SHA256SUMS"]);
}

#[test]
fn cargo_builds_what_cannot_be_had_otherwise() {
    let cargo = PathBuf::from(env!("CARGO")).parent().unwrap().to_owned();
    let mut runner = Runner::new();
    // A checkout of the action whose program is small: what is tested is that cargo builds it and that it is run.
    let action = runner.path("action");
    fs::create_dir_all(action.join("src")).unwrap();
    let manifest = "[package]\nname = \"driftgate\"\nversion = \"9.9.9\"\nedition = \"2024\"\n";
    fs::write(action.join("Cargo.toml"), manifest).unwrap();
    fs::write(action.join("Cargo.lock"), "version = 4\n\n[[package]]\nname = \"driftgate\"\nversion = \"9.9.9\"\n")
        .unwrap();
    let main = "fn main() { for argument in std::env::args().skip(1) { println!(\"<{argument}>\"); } }\n";
    fs::write(action.join("src/main.rs"), main).unwrap();
    let path = format!("{}:/usr/bin:/bin", cargo.display());
    runner.command.env("GITHUB_ACTION_PATH", &action).env("PATH", path);
    for name in ["RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            runner.command.env(name, value);
        }
    }
    let (code, stdout, stderr) = runner.run();
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(arguments(&stdout), ["check", "--mode=enforce"], "{stderr}");
    assert!(stderr.contains("no release 9.9.9 can be had"), "{stderr}");
}

#[test]
fn where_nothing_is_there_the_step_fails_and_says_what_to_do() {
    for (version, words) in [
        ("", "there is no driftgate: none on the PATH, no release to be had"),
        ("path", "no driftgate is on the PATH"),
        ("9.9.9", "the release v9.9.9 cannot be had from http://127.0.0.1:9"),
        ("$(id)", "version: $(id) is no version"),
        ("1/../2", "is no version"),
    ] {
        let mut runner = Runner::new().with("DRIFTGATE_ACTION_VERSION", version);
        // A folder with what the script itself needs, and no cargo.
        for name in ["bash", "sed", "head", "tr", "mktemp", "uname", "curl", "sha256sum", "rm", "tar"] {
            let found =
                ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
            std::os::unix::fs::symlink(found.unwrap(), runner.path("bin").join(name)).unwrap();
        }
        let bin = runner.path("bin");
        runner.command.env("PATH", bin);
        let (code, stdout, stderr) = runner.run();
        assert_eq!((code, stdout.as_str()), (2, ""), "{version}: {stderr}");
        assert!(
            stderr.contains("::error title=driftgate%3A nothing was judged::") && stderr.contains(words),
            "{stderr}"
        );
        assert_eq!(runner.outputs(), "verdict=error\n");
    }
}

#[test]
fn the_archive_of_a_release_holds_program_pages_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    // The real program has debug symbols of hundreds of megabytes: what is packed calls it.
    let small = folder.path().join("driftgate");
    program(&small, &format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_driftgate")));
    let pack = |into: &str| {
        let mut command = clean(root().join("scripts/package"));
        command.arg("x86_64-unknown-linux-musl").arg(&small).arg(folder.path().join(into));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    };
    let archive = pack("a");
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("driftgate-{version}-x86_64-unknown-linux-musl");
    assert_eq!(archive.file_name().unwrap().to_str(), Some(format!("{name}.tar.gz").as_str()));
    let list = clean("tar").arg("-tzf").arg(&archive).output().unwrap().stdout;
    let list = String::from_utf8(list).unwrap();
    for file in [
        "driftgate",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "README.md",
        "CHANGELOG.md",
        "docs/github-actions.md",
        "man/driftgate.1",
        "man/driftgate-check.1",
        "completions/driftgate.bash",
        "completions/_driftgate",
        "completions/driftgate.fish",
    ] {
        assert!(list.lines().any(|line| line == format!("{name}/{file}")), "{file} is missing:\n{list}");
    }
    let same = fs::read(&archive).unwrap() == fs::read(pack("b")).unwrap();
    assert!(same, "the same files give the same bytes");
    let page =
        clean("tar").args(["-xzOf"]).arg(&archive).arg(format!("{name}/man/driftgate-check.1")).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains(".TH driftgate") && page.contains("credentials"), "{page}");
}

#[test]
fn binstall_looks_where_archives_are() {
    let mut command = clean(env!("CARGO"));
    for name in ["RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.args(["metadata", "--offline", "--no-deps", "--format-version", "1", "--manifest-path"]);
    let output = command.arg(root().join("Cargo.toml")).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let binstall = &metadata["packages"][0]["metadata"]["binstall"];
    let filled = |text: &serde_json::Value, target: &str| {
        let text = text.as_str().unwrap().replace("{ repo }", "R").replace("{ version }", "9.9.9");
        text.replace("{ target }", target).replace("{ bin }{ binary-ext }", "driftgate")
    };
    let workflow = fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    let targets: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("- target: ")).collect();
    assert_eq!(targets.len(), 5, "{targets:?}");
    let name = |target: &str| format!("driftgate-9.9.9-{target}");
    for target in targets {
        assert_eq!(filled(&binstall["pkg-url"], target), format!("R/releases/download/v9.9.9/{}.tar.gz", name(target)));
        assert_eq!(filled(&binstall["bin-dir"], target), format!("{}/driftgate", name(target)));
    }
    for machine in ["x86_64", "aarch64"] {
        // What runs beside every C library stands in for what is built against GNU's.
        let instead = &binstall["overrides"][format!("{machine}-unknown-linux-gnu")];
        let name = name(&format!("{machine}-unknown-linux-musl"));
        assert_eq!(filled(&instead["pkg-url"], ""), format!("R/releases/download/v9.9.9/{name}.tar.gz"));
        assert_eq!(filled(&instead["bin-dir"], ""), format!("{name}/driftgate"));
    }
}
