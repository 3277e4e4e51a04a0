//! The process environment, read once. What it means is decided elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use crate::secret::Secret;

/// A copy of the environment. Its `Debug` shows names only: any value may be a secret.
#[derive(Default)]
pub struct Environment(BTreeMap<String, Secret>);

impl Environment {
    /// The process' own. Names and values that are not UTF-8 are left out: none of ours are.
    #[must_use]
    pub fn from_process() -> Self {
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
    }

    /// A variable's value; an empty one counts as unset, as CI systems pass unset inputs that way.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose).filter(|value| !value.is_empty())
    }

    /// A variable's value as a secret of its own.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(|value| Secret::new(value.to_owned()))
    }

    /// The names of all variables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(iter: T) -> Self {
        Self(iter.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
