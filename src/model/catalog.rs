//! The entitlement catalogue: what is recorded as granted. Read by `sources::catalog`, compared by the rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::inventory::Level;

/// One row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// An id, name or alias of a credential, or the name of a person or workload.
    pub identity: String,
    /// On what.
    pub resource: Option<String>,
    /// How much.
    pub level: Option<Level>,
    /// The word in the file, where it is no level that we know.
    pub level_text: Option<String>,
    /// Environment, compared without case.
    pub environment: Option<String>,
    /// Account, organization, server.
    pub tenant: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// The ticket that approved it.
    pub ticket: Option<String>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// The source's name.
    pub source: String,
    /// Where the row stands: `entitlements.csv:12`.
    pub locator: String,
}
