//! GitLab's API, for whoever reads it: `place` says where it stands and who asks, `client` asks.

mod client;
mod place;

pub(crate) use client::{Client, Listed, Refusal, TokenKind};
pub(crate) use place::{Named, Where, group, is_path, place};
