//! driftgate compares what tickets promised, what the catalogue records and what stores and issuers say is true, and blocks the
//! deploy that would use a revoked-but-live credential.
//!
//! # The straight line
//!
//! ```text
//! config -> collect -> link -> expect -> judge -> decide -> render -> exit code
//! ```
//!
//! | step | what it does | where |
//! |---|---|---|
//! | collect | pipelines, stores, tickets, catalogue; the only step that touches the network | [`pipeline`], [`sources`], [`probe`] |
//! | link | which ticket speaks of which credential, with the words that prove it | `link` |
//! | expect | each credential's tickets, in the order of time, folded into the state that they promise | [`mod@expect`] |
//! | judge | rules compare expected, recorded and actual | [`rules`] |
//! | decide | scope, waivers, gaps: one verdict | [`policy`] |
//! | render | the same report in every format; no format changes the verdict | [`render`] |
//!
//! [`model`] holds the nouns, [`gate`] alone knows the order, [`cli`] is the command line, [`secret`] keeps values from leaking.
//!
//! # Invariants
//!
//! 1. `link`, `expect`, `rules`, `policy`, `render` do no I/O and read no clock and no environment: `now` is a value, read once
//!    (`tests/architecture.rs`).
//! 2. A finding cannot exist without evidence ([`rules::Draft::new`] takes one), and evidence is made from collected records alone.
//! 3. What was asked for and could not be read is a gap, never an absence. Nothing checked is never green
//!    (`gate::gaps`, `tests/bad_input.rs`, `tests/faults.rs`, `tests/ticket_faults.rs`, the unreadable cases of `tests/example`).
//! 4. Only the issuer's documented answer, from the credential's own issuer, makes a credential live or dead
//!    (`tests/live_*.rs`).
//! 5. A name denotes a slot, an id a credential; a slot refilled after the ticket holds another credential. Every link carries its
//!    strength and the quoted words ([`model::ticket::Link`]).
//! 6. A finding's identity comes from rule, subject and stable locators (`policy::decide`).
//! 7. The verdict depends on the report alone. Exit codes: 0 pass, 1 block, 2 usage or configuration error, 3 inconclusive.
//! 8. Secret values never leave [`secret`]; text from tickets, workflows and APIs is untrusted and is printed only through
//!    `render::escape` (`tests/canary.rs`).
//! 9. driftgate changes nothing in any system.
//! 10. The gated change cannot loosen its own gate: configuration and every file that it names come from the protected ref
//!     (`config::trust`).
//!
//! # Glossary
//!
//! - **slot**: a place that holds a credential: a CI secret, a path in a secret store.
//! - **credential**: the thing that authenticates, known by a non-secret id: `AKIA…`, a token's accessor.
//! - **reference**: a place in a CI definition that names a slot or credential.
//! - **grant**, **entitlement**: access that somebody has; the catalogue records which.
//! - **liveness**: whether a credential still authenticates.
//! - **reach**: what the jobs in scope can get at.
//! - **gap**: a fact that was needed and not had.
//!
//! # Adding one
//!
//! A rule: `rules/<rule>.rs`, its manual `rules/<rule>.md`, a line in `rules::RULES`. A source: a file or folder in `sources`, a line in
//! `sources::table`. A format: a file in `render`, a line in its table. A known action: an entry in `pipeline::github::actions`.

pub mod cli;
pub mod config;
pub mod expect;
pub mod gate;
pub mod link;
pub mod model;
pub mod net;
pub mod pipeline;
pub mod policy;
pub mod probe;
pub mod render;
pub mod rules;
pub mod secret;
pub mod sources;

#[cfg(test)]
#[path = "../tests/support/processor.rs"]
mod processor;
