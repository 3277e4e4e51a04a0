//! The `driftgate` binary: parses arguments, runs, exits. Everything else is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The one TLS provider of all clients. It is installed once; that somebody was faster is no error.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let env = driftgate::config::Environment::from_process();
    ExitCode::from(driftgate::cli::run(std::env::args_os(), env))
}
