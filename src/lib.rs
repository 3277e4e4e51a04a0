//! driftgate compares what tickets promised, what the catalogue records and what stores and issuers say is true, and blocks the
//! deploy that would use a revoked-but-live credential.

pub mod cli;
pub mod config;
pub mod expect;
pub mod model;
pub mod net;
pub mod pipeline;
pub mod policy;
pub mod probe;
pub mod render;
pub mod rules;
pub mod secret;
pub mod sources;
