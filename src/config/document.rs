//! A configuration file as values with places: parsing, variables, and errors that say where. Knows no setting.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use serde_yaml::Value;

use crate::config::Environment;
use crate::config::error::{ConfigError, nearest};
use crate::config::interpolate::{self, Problem};
use crate::config::positions::{Positions, Step};

/// Larger than any configuration that somebody wrote.
pub(super) const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// A parsed file. No `Debug`: its values may come from the environment.
pub(super) struct Document {
    file: String,
    positions: Positions,
    /// Which values hold variables, and whose; and what they became.
    filled: BTreeMap<Vec<Step>, (Vec<String>, String)>,
    value: Value,
}

impl Document {
    /// Parses a file and fills in its variables.
    pub(super) fn parse(file: &str, text: &str, env: &Environment, unset: Option<&str>) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let broken = |error: serde_yaml::Error| {
            let at = match error.location() {
                Some(l) => format!("{file}:{}:{}", l.line(), l.column()),
                None => file.to_owned(),
            };
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            ConfigError::of_file(at, format!("this is no valid YAML: {message}"), "correct the file")
        };
        let mut value: Value = serde_yaml::from_str(text).map_err(broken)?;
        value.apply_merge().map_err(broken)?;
        let mut document = Self {
            file: file.to_owned(),
            positions: Positions::read(text),
            filled: BTreeMap::new(),
            value: Value::Null,
        };
        document.fill(&mut value, &mut Vec::new(), env, unset)?;
        document.value = value;
        Ok(document)
    }

    /// The whole value.
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// `file:line:column` of what a path names.
    pub(super) fn at(&self, path: &[Step]) -> String {
        match self.positions.find(path) {
            Some(place) => format!("{}:{}:{}", self.file, place.line, place.column),
            None => self.file.clone(),
        }
    }

    /// `file:line` of what a path names.
    pub(super) fn line(&self, path: &[Step]) -> String {
        match self.positions.find(path) {
            Some(place) => format!("{}:{}", self.file, place.line),
            None => self.file.clone(),
        }
    }

    /// An error about what a path names. A value that came from a variable may be a secret: in the message it becomes the
    /// variable's name.
    pub(super) fn error(&self, path: &[Step], message: impl Into<String>, next: impl Into<String>) -> ConfigError {
        let mut message = message.into();
        for (_, (names, value)) in self.filled.iter().filter(|(at, _)| at.starts_with(path)) {
            let name = format!("${{{}}}", names.join("}…${"));
            message = message.replace(&format!("`{value}`"), &format!("`{name}`"));
            // Shorter values would be found inside our own words.
            if value.len() >= 4 {
                message = message.replace(value.as_str(), &name);
            }
        }
        ConfigError { at: self.at(path), setting: dotted(path), message, next: next.into() }
    }

    /// Reads a part of the document as a type. `base` is where the part stands.
    pub(super) fn typed<T: DeserializeOwned>(&self, base: &[Step], value: Value) -> Result<T, ConfigError> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let mut path = base.to_vec();
            for segment in error.path() {
                match segment {
                    Segment::Seq { index } => path.push(Step::Index(*index)),
                    Segment::Map { key } => path.push(Step::Key(key.clone())),
                    Segment::Enum { .. } | Segment::Unknown => {}
                }
            }
            self.explain(path, &error.inner().to_string())
        })
    }

    fn explain(&self, mut path: Vec<Step>, message: &str) -> ConfigError {
        let words =
            |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>() };
        let (head, expected) = match message.split_once(", expected ") {
            Some((head, expected)) => (head, Some(expected)),
            None => (message, None),
        };
        if let Some(rest) = head.strip_prefix("unknown field `") {
            let key = rest.split('`').next().unwrap_or_default();
            if path.last() != Some(&Step::Key(key.to_owned())) {
                path.push(Step::Key(key.to_owned()));
            }
            let known = expected.map(words).unwrap_or_default();
            let next = match nearest(key, known.iter().map(String::as_str)) {
                Some(word) => format!("did you mean `{word}`?"),
                None if known.is_empty() => "remove it".to_owned(),
                None => format!("known here: {}", known.join(", ")),
            };
            return self.error(&path, "unknown setting", next);
        }
        if let Some(rest) = head.strip_prefix("missing field `") {
            let key = rest.split('`').next().unwrap_or_default();
            return self.error(&path, format!("`{key}` is missing"), format!("add `{key}:`"));
        }
        // What was found may come from a variable, which may hold a secret: then it is not told.
        let from: Vec<&str> = self
            .filled
            .iter()
            .filter(|(at, _)| at.starts_with(&path))
            .flat_map(|(_, (names, _))| names.iter().map(String::as_str))
            .collect();
        if !from.is_empty() {
            let expected = match expected {
                Some(expected) if !head.starts_with("invalid value") => format!(" where {expected} is expected"),
                _ => String::new(),
            };
            let message = format!("the value of ${{{}}} does not fit{expected}", from.join("}, ${"));
            return self.error(&path, message, "set the variable to something that fits");
        }
        if let Some(rest) = head.strip_prefix("unknown variant `") {
            let written = rest.split('`').next().unwrap_or_default();
            let known = expected.map(words).unwrap_or_default();
            let next = match nearest(written, known.iter().map(String::as_str)) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("possible: {}", known.join(", ")),
            };
            return self.error(&path, format!("`{written}` is not possible here"), next);
        }
        let next = expected.map(|expected| format!("write {expected}")).unwrap_or_default();
        self.error(&path, head, next)
    }

    fn fill(
        &mut self,
        value: &mut Value,
        path: &mut Vec<Step>,
        env: &Environment,
        unset: Option<&str>,
    ) -> Result<(), ConfigError> {
        // The depth is bounded by the parser's own limit of 128.
        match value {
            Value::String(text) => match interpolate::fill(text, env, unset) {
                Ok(None) => {}
                Ok(Some((filled, names))) => {
                    self.filled.insert(path.clone(), (names, filled.clone()));
                    // `${X:-}` is how a setting is left out where X is unset.
                    *value = if filled.is_empty() { Value::Null } else { Value::String(filled) };
                }
                Err(Problem::Unset(name)) => {
                    return Err(self.error(
                        path,
                        format!("the environment variable {name} is not set"),
                        format!("set it, or write a default: ${{{name}:-…}}"),
                    ));
                }
                Err(Problem::Malformed) => {
                    return Err(self.error(
                        path,
                        "`${` does not name a variable",
                        "write ${NAME} or ${NAME:-default}, and $${ for the characters themselves",
                    ));
                }
            },
            Value::Sequence(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(Step::Index(index));
                    self.fill(item, path, env, unset)?;
                    path.pop();
                }
            }
            Value::Mapping(entries) => {
                for (key, item) in entries.iter_mut() {
                    let Some(name) = key.as_str() else {
                        let shown = match key {
                            Value::Number(number) => Some(number.to_string()),
                            Value::Bool(flag) => Some(flag.to_string()),
                            _ => None,
                        };
                        path.extend(shown.map(Step::Key));
                        return Err(self.error(
                            path,
                            "a setting's name is a word",
                            "write a name, in quotes if need be",
                        ));
                    };
                    path.push(Step::Key(name.to_owned()));
                    self.fill(item, path, env, unset)?;
                    path.pop();
                }
            }
            Value::Tagged(_) => {
                return Err(self.error(path, "YAML tags mean nothing here", "remove the tag"));
            }
            _ => {}
        }
        Ok(())
    }
}

/// `sources[2].path`.
fn dotted(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Index(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}
