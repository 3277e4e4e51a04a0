//! The `driftgate` binary: parses arguments, runs, exits.

fn main() {}
