//! At a terminal: what cannot be found is asked, with defaults; in a CI nothing is.

use std::path::Path;
use std::process::Command;

use crate::checkout::{checkout, text};

/// Runs `init` in a terminal of its own, and types an answer whenever it asks; what stood on the screen.
fn at_a_terminal(folder: &Path, env: &[(&str, &str)], answers: &[&str]) -> String {
    const SCRIPT: &str = "
import os, pty, sys
binary, answers = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(binary, [binary, 'init'])
screen = b''
while True:
    try:
        new = os.read(terminal, 4096)
    except OSError:
        break
    if not new:
        break
    screen += new
    if screen.endswith(b']: ') and answers:
        os.write(terminal, answers.pop(0).encode() + b'\\n')
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(status))
";
    let mut command = Command::new("python3");
    command.current_dir(folder).arg("-c").arg(SCRIPT).arg(env!("CARGO_BIN_EXE_driftgate")).args(answers);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(env.iter().copied());
    let output = command.output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{screen}{}", String::from_utf8_lossy(&output.stderr));
    screen
}

#[test]
fn what_cannot_be_found_is_asked() {
    let folder = checkout(&[], None);
    let screen = at_a_terminal(folder.path(), &[], &["acme/shop", "jira", "https://acme.atlassian.net"]);
    assert!(screen.contains("The repository, as owner/name"), "{screen}");
    let config = text(folder.path(), ".driftgate.yaml");
    assert!(config.contains("\nrepository: acme/shop\n"), "{config}");
    assert!(config.contains("\n  - kind: jira\n    url: https://acme.atlassian.net\n"), "{config}");
}

#[test]
fn answers_that_are_none_change_nothing() {
    let folder = checkout(&[], None);
    at_a_terminal(folder.path(), &[], &["x: [y", "servicenow", "file:///etc"]);
    let asked = text(folder.path(), ".driftgate.yaml");
    assert!(asked.contains("\n  #- kind: servicenow\n"), "{asked}");
    let other = checkout(&[], None);
    at_a_terminal(other.path(), &[], &["", ""]);
    assert!(text(other.path(), ".driftgate.yaml").contains("\n#repository: owner/name"));
}

#[test]
fn in_a_ci_nothing_is_asked() {
    let folder = checkout(&[], None);
    let screen = at_a_terminal(folder.path(), &[("CI", "true")], &[]);
    assert!(!screen.contains("]: "), "{screen}");
}
