//! What a forge's stores and its issues share: where it stands, who asks, and the client of its API. What its answers mean is in the
//! sources that ask.

pub(crate) mod github;
#[cfg(feature = "gitlab")]
pub(crate) mod gitlab;
#[cfg(any(feature = "github", feature = "gitlab"))]
pub(crate) mod issues;
