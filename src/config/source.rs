//! One entry under `sources:`, before its own source reads the settings in it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_yaml::Value;

use crate::config::document::Document;
use crate::config::error::{ConfigError, nearest};
use crate::config::positions::Step;
use crate::config::{Environment, Known};
use crate::model::ticket::Field;

/// Where a source stands that no file names.
const COMMAND_LINE: &str = "--credentials";

/// An entry under `sources:`. Its `Debug` shows no settings: they may hold values of variables.
#[derive(Clone)]
pub struct RawSource {
    /// Its kind: `aws`, `jira`, `file`.
    pub kind: String,
    /// Its name; by default its kind.
    pub name: String,
    /// Whether a gap in it makes the verdict inconclusive. Default: true.
    pub required: bool,
    /// What its ids carry as authority: its name, where the configuration has more than one source of its kind.
    pub authority: Option<String>,
    /// Where it stands: `.driftgate.yaml:4`.
    pub place: String,
    index: usize,
    settings: Value,
    document: Arc<Document>,
}

impl RawSource {
    /// Its own settings, as the source's type; the type denies unknown fields, so that a slip is told.
    ///
    /// # Errors
    /// Where a setting is unknown, missing or of the wrong type, with file, line and column.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.document.typed(&self.path(), self.settings.clone())
    }

    /// One of its settings, where that is text.
    #[must_use]
    pub fn text(&self, setting: &str) -> Option<String> {
        self.settings.get(setting)?.as_str().map(str::to_owned)
    }

    /// Its mapping of ticket fields, where it has one; the source itself reads it strictly.
    pub(super) fn fields(&self) -> BTreeMap<Field, String> {
        let fields = self.settings.get("fields").and_then(Value::as_mapping);
        let pair = |(key, value): (&Value, &Value)| {
            Some((serde_yaml::from_value(key.clone()).ok()?, value.as_str()?.to_owned()))
        };
        fields.into_iter().flatten().filter_map(pair).collect()
    }

    /// An error about one of its settings (`""` for the source as a whole).
    #[must_use]
    pub fn error(&self, setting: &str, message: impl Into<String>, next: impl Into<String>) -> ConfigError {
        let mut path = self.path();
        if !setting.is_empty() {
            path.push(Step::Key(setting.to_owned()));
        }
        self.document.error(&path, message, next)
    }

    fn path(&self) -> Vec<Step> {
        vec![Step::Key("sources".to_owned()), Step::Index(self.index)]
    }
}

impl fmt::Debug for RawSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSource")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("required", &self.required)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// All entries, with their names unique.
pub(super) fn read(
    document: &Arc<Document>,
    values: Vec<Value>,
    known: &Known<'_>,
) -> Result<Vec<RawSource>, ConfigError> {
    let mut sources = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        sources.push(one(document, index, value, known)?);
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for source in &sources {
        if let Some(first) = names.insert(source.name.clone(), source.index) {
            let other = &sources[first].place;
            return Err(source.error(
                "name",
                format!("two sources have the name `{}`; the other is at {other}", source.name),
                "give each a `name:` of its own",
            ));
        }
        *kinds.entry(source.kind.clone()).or_default() += 1;
    }
    for source in &mut sources {
        if kinds.get(&source.kind).is_some_and(|count| *count > 1) {
            source.authority = Some(source.name.clone());
        }
    }
    Ok(sources)
}

/// Adds variables to those that the source of the gate's own environment examines; where there is no such source, there is one now.
pub(super) fn examine(sources: &mut Vec<RawSource>, names: &[String], env: &Environment) -> Result<(), ConfigError> {
    if names.is_empty() {
        return Ok(());
    }
    let at = match sources.iter().position(|source| source.kind == "env") {
        Some(at) => at,
        None => {
            sources.push(RawSource {
                kind: "env".to_owned(),
                name: "env".to_owned(),
                required: true,
                authority: None,
                place: COMMAND_LINE.to_owned(),
                index: sources.len(),
                settings: Value::Mapping(serde_yaml::Mapping::new()),
                document: Arc::new(Document::parse(COMMAND_LINE, "{}", env, None)?),
            });
            sources.len() - 1
        }
    };
    let Value::Mapping(settings) = &mut sources[at].settings else { return Ok(()) };
    let listed = settings.entry("variables".into()).or_insert(Value::Sequence(Vec::new()));
    if listed.is_null() {
        *listed = Value::Sequence(Vec::new());
    }
    // What is no list is an error that the source itself tells of.
    if let Value::Sequence(listed) = listed {
        for name in names {
            let is_it = |known: &Value| known.as_str().or_else(|| known.get("name")?.as_str()) == Some(name);
            if !listed.iter().any(is_it) {
                listed.push(Value::String(name.clone()));
            }
        }
    }
    Ok(())
}

fn one(document: &Arc<Document>, index: usize, value: Value, known: &Known<'_>) -> Result<RawSource, ConfigError> {
    let path = vec![Step::Key("sources".to_owned()), Step::Index(index)];
    let field = |key: &str| {
        let mut path = path.clone();
        path.push(Step::Key(key.to_owned()));
        path
    };
    let Value::Mapping(mut settings) = value else {
        return Err(document.error(&path, "a source is a mapping with a `kind`", "write `- kind: …`"));
    };
    let mut take = |key: &str| settings.remove(key);
    let text = |key: &str, value: Value| match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text),
        _ => Err(document.error(&field(key), format!("`{key}` is not a word"), "write a word")),
    };
    let kind = match take("kind") {
        Some(value) => text("kind", value)?,
        None => return Err(document.error(&path, "`kind` is missing", "add `kind:`")),
    };
    let name = match take("name") {
        None | Some(Value::Null) => kind.clone(),
        Some(value) => text("name", value)?,
    };
    let required = match take("required") {
        None | Some(Value::Null) => true,
        Some(value) => document.typed(&field("required"), value)?,
    };
    if !known.kinds.iter().any(|known| known.kind == kind) {
        let next = match nearest(&kind, known.kinds.iter().map(|known| known.kind)) {
            Some(word) => format!("did you mean `{word}`?"),
            None => {
                let kinds: Vec<&str> = known.kinds.iter().map(|known| known.kind).collect();
                format!("possible: {}", kinds.join(", "))
            }
        };
        return Err(document.error(&field("kind"), format!("there is no source of the kind `{kind}`"), next));
    }
    Ok(RawSource {
        kind,
        name,
        required,
        authority: None,
        place: document.line(&path),
        index,
        settings: Value::Mapping(settings),
        document: Arc::clone(document),
    })
}
