//! GitHub's API, for whoever reads it: `login` says where it stands and who asks, `client` asks.

#[cfg(feature = "github")]
mod client;
mod login;

#[cfg(feature = "github")]
pub(crate) use client::{Client, Form, Listed, Refusal, Show, clip};
pub use login::{AppSettings, Context};
pub(crate) use login::{Auth, Place};
