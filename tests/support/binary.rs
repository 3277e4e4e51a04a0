//! The program under test, with nothing of this machine's environment but what a program needs to run.

use assert_cmd::Command;

/// The driftgate binary with a cleared environment: `PATH`, `HOME`, `TMPDIR` only. No credential, CI variable or proxy of the
/// machine reaches a test.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
