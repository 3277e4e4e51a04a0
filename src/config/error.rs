//! What a configuration error says: where, which setting, what is wrong, and what to do next. Values never appear in it unless
//! they stand in the file itself.

use std::fmt;

/// A configuration that cannot be used; nothing is judged (exit code 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// `file:line:column`, or the file alone; empty where no file is to blame.
    pub at: String,
    /// The setting, as `sources[2].path`; empty for the file as a whole.
    pub setting: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub next: String,
}

impl ConfigError {
    /// An error that no file is to blame for.
    #[must_use]
    pub fn new(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { at: String::new(), setting: String::new(), message: message.into(), next: next.into() }
    }

    /// An error of a file.
    #[must_use]
    pub fn of_file(at: impl Into<String>, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { at: at.into(), setting: String::new(), message: message.into(), next: next.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.at, &self.setting] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.message)?;
        if !self.next.is_empty() {
            write!(f, "; {}", self.next)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// The known word that was probably meant: near enough to be a slip of the fingers, or the same words in another order of case.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let written = plain(written);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &plain(word)), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_near() {
        assert_eq!(nearest("pth", ["path", "columns"]), Some("path"));
        assert_eq!(nearest("fail-on", ["fail_on", "on_gap"]), Some("fail_on"));
        assert_eq!(nearest("kubernetes", ["path", "columns"]), None);
    }
}
