//! The configuration: what the user says. It knows no source's settings; a source parses its own part.

pub mod environment;
pub mod files;

pub use environment::Environment;
pub use files::Files;
