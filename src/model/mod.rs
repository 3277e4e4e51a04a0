//! The nouns: what is read, linked, expected, judged and reported. Plain data with no I/O and no judgement.

pub mod catalog;
pub mod expectation;
pub mod id;
pub mod inventory;
pub mod mask;
mod observation;
pub mod pipeline;
pub mod reference;
pub mod report;
pub mod scope;
pub mod settings;
pub mod sieve;
pub mod ticket;
pub mod time;
pub mod vault_path;

pub use id::Id;
