//! CI definitions to references and the job graph. Which files are read lives in `discover`; what keys mean lives in the provider's
//! folder; YAML itself in `yaml`. No judgement here: what a reference resolves to is `policy::scope`'s.

pub mod cli_fetch;
pub mod shell;
pub mod yaml;
