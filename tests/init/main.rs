//! `driftgate init` by the real binary: what it writes into which checkout, that all of an existing file stays as it is, that nothing is
//! written where something is in the way, and that what it wrote is read by every other command.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod checkout;
mod config;
mod github;
mod gitlab;
mod hostile;
mod layouts;
#[cfg(unix)]
mod terminal;
