//! Probes: does this value still authenticate? One file a provider, asked only by sources that hold the value. What an answer means
//! follows the issuer's documentation; what cannot be told is unknown.

pub mod account;
#[cfg(feature = "aws")]
pub mod aws;
pub mod recognize;
#[cfg(feature = "vault")]
pub mod vault;

use crate::model::inventory::{Liveness, LivenessState};

/// An observation without a time: the gate stamps it.
#[must_use]
pub fn observed(state: LivenessState, method: &str, reason: Option<&str>) -> Liveness {
    Liveness { state, method: method.to_owned(), at: None, reason: reason.map(str::to_owned) }
}
