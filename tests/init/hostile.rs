//! Checkouts that mean no good, and folders that cannot be written: nothing is written through a link, nothing half, nothing hostile into
//! what is written or said.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use crate::checkout::{DEPLOY, checkout, driftgate, files, init, text};

const ORIGIN: Option<&str> = Some("https://github.com/acme/shop");

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("deploy.yml"), DEPLOY).unwrap();
    fs::write(outside.path().join("mine.yaml"), "mine").unwrap();

    let folder = checkout(&[], ORIGIN);
    symlink(outside.path().join("mine.yaml"), folder.path().join(".driftgate.yaml")).unwrap();
    for arguments in [&["init"][..], &["init", "--force"]] {
        driftgate(folder.path(), arguments).assert().code(2).stderr(contains(".driftgate.yaml is a symbolic link"));
    }
    let folder = checkout(&[(".github/x", "")], ORIGIN);
    symlink(outside.path(), folder.path().join(".github/workflows")).unwrap();
    driftgate(folder.path(), &["init"]).assert().code(2).stderr(contains(".github/workflows is a symbolic link"));
    assert!(!folder.path().join(".driftgate.yaml").exists(), "all or nothing");

    // A link that stays inside is read, and not written through either.
    let folder = checkout(&[("ci/deploy.yml", DEPLOY), (".github/workflows/other.yml", DEPLOY)], ORIGIN);
    symlink("../../ci/deploy.yml", folder.path().join(".github/workflows/deploy.yml")).unwrap();
    let said = init(folder.path(), &[]);
    assert!(said.contains(".github/workflows/deploy.yml is a symbolic link"), "{said}");
    assert_eq!(text(folder.path(), "ci/deploy.yml"), DEPLOY);
    assert!(text(folder.path(), ".github/workflows/other.yml").contains("acme/driftgate@v1"));
    assert_eq!(fs::read_to_string(outside.path().join("deploy.yml")).unwrap(), DEPLOY);
    assert_eq!(fs::read_to_string(outside.path().join("mine.yaml")).unwrap(), "mine");
    assert_eq!(files(outside.path()).len(), 2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = checkout(&[(".github/workflows/deploy.yml", DEPLOY)], None);
    let before = files(folder.path());
    // The configuration could be written; the workflow cannot.
    let locked = folder.path().join(".github/workflows");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.current_dir(folder.path()).arg("init").env_clear();
    // To root nothing is locked.
    if fs::write(locked.join("probe"), "").is_ok() {
        fs::remove_file(locked.join("probe")).unwrap();
        let copy = folder.path().join("driftgate-copy");
        fs::copy(env!("CARGO_BIN_EXE_driftgate"), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        command = std::process::Command::new(&copy);
        command.current_dir(folder.path()).arg("init").env_clear().uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    let _ = fs::remove_file(folder.path().join("driftgate-copy"));
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("error: .github/workflows/deploy.yml: Permission denied"), "{errors}");
    assert!(errors.contains("nothing was written"), "{errors}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn something_in_the_way_is_told_and_nothing_is_left() {
    let folder = checkout(&[(".github", "a file")], ORIGIN);
    let before = files(folder.path());
    driftgate(folder.path(), &["init"]).assert().code(2).stderr(contains(".github/workflows/driftgate.yml"));
    assert_eq!(files(folder.path()), before);
    let folder = checkout(&[(".driftgate.yaml/x", "")], ORIGIN);
    driftgate(folder.path(), &["init", "--force"]).assert().code(2).stderr(contains("no file has this name"));
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_done() {
    let bomb = {
        let mut text = String::from("a0: &a0 [x]\n");
        for level in 1..60 {
            let before = format!("*a{},", level - 1).repeat(20);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(',')));
        }
        text + "jobs: *a59\n"
    };
    let deep = format!("jobs: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let folder = checkout(
        &[
            (".github/workflows/bomb.yml", &bomb),
            (".github/workflows/broken.yml", "jobs: [\n"),
            (".github/workflows/deep.yml", &deep),
            (".github/workflows/deploy.yml", DEPLOY),
        ],
        ORIGIN,
    );
    fs::write(folder.path().join(".github/workflows/binary.yml"), b"\xff\x00jobs").unwrap();
    let said = init(folder.path(), &[]);
    for name in ["broken.yml", "deep.yml", "binary.yml"] {
        assert!(said.contains(&format!("not read: .github/workflows/{name}: ")), "{said}");
    }
    assert!(text(folder.path(), ".github/workflows/deploy.yml").contains("acme/driftgate@v1"));
    assert_eq!(text(folder.path(), ".github/workflows/bomb.yml"), bomb);
}

#[test]
fn hostile_names_reach_neither_the_files_nor_the_terminal() {
    let nasty = "on: push\njobs:\n  \"a\\e[31m\\n::error::x\":\n    runs-on: x\n    environment: \"p\\e]0;x\\a\\n- kind: file\"\n    steps:\n      - uses: \"actions/checkout@v6\\n  evil: true\"\n      - run: ${{ secrets.OK }} ${{ secrets['x\\ny: z'] }}\n";
    let folder = checkout(&[(".github/workflows/a.yml", nasty)], Some("https://github.com/acme/shop%0a"));
    let output = driftgate(folder.path(), &["init"])
        .env("AWS_REGION", "x]\nevil: true")
        .env("AWS_PROFILE", "p")
        .env("JIRA_URL", "https://j.example\nevil: true")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let config = text(folder.path(), ".driftgate.yaml");
    for text in [&said, &config] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
        assert!(
            !text.lines().any(|line| line.trim_start().starts_with("::") || line.trim_start().starts_with("evil")),
            "{text}"
        );
    }
    driftgate(folder.path(), &["check", "--offline"]).assert().stderr(contains("error:").not());
}
