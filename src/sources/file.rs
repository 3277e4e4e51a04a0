//! The inventory from a file (CONTRACT, Inventory), JSON or YAML: what `inventory` prints, and what other programs write. A wrong
//! entry is a gap and the others are read; what is missing is never taken for deleted.

use std::fmt;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::config::{Files, Positions, Step};
use crate::model::inventory::{Credential, Gap, INVENTORY_SCHEMA, Inventory, Slot};

use super::recorded::{self, MOST_MISTAKES, Mistake};
use super::{About, Batch, Source, Wanted};

/// Settings of `kind: file`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The inventory, JSON or YAML, relative to the configuration file.
    pub path: String,
}

/// The source.
pub struct FileSource {
    about: About,
    settings: Settings,
    files: Files,
}

impl FileSource {
    /// An inventory that `files` can open.
    #[must_use]
    pub fn new(about: About, settings: Settings, files: Files) -> Self {
        Self { about, settings, files }
    }
}

#[async_trait]
impl Source for FileSource {
    fn about(&self) -> &About {
        &self.about
    }

    async fn collect(&self, _want: &Wanted, into: &mut Batch) {
        let path = self.settings.path.as_str();
        match recorded::read(&self.files, path) {
            Ok(text) => parse(&self.about.name, path, &text, into),
            Err(reason) => into.inventory.gaps.push(gap(&self.about.name, "*", reason)),
        }
    }
}

fn gap(source: &str, scope: &str, reason: String) -> Gap {
    Gap { source: source.to_owned(), lacks: "inventory".to_owned(), scope: scope.to_owned(), reason }
}

/// Reads the text into the batch.
fn parse(source: &str, path: &str, text: &str, into: &mut Batch) {
    let mut found = Found::default();
    let whole = if recorded::is_json(path, text) {
        let mut json = serde_json::Deserializer::from_str(text);
        Top(&mut found).deserialize(&mut json).and_then(|()| json.end()).map_err(|e| recorded::json_error(path, &e))
    } else {
        recorded::yaml(path, text).and_then(|value| {
            let mut track = serde_path_to_error::Track::new();
            Top(&mut found)
                .deserialize(serde_path_to_error::Deserializer::new(value, &mut track))
                .map_err(|error| recorded::mistake(&[], &track.path(), &error.to_string()))
                .map_err(|mistake| recorded::locate(path, &Positions::read(text), &mistake))
        })
    };
    let whole = whole.and_then(|()| match (&found.schema, found.known_keys) {
        (Some(schema), _) if schema != INVENTORY_SCHEMA => {
            // Another version may mean other things by the same words.
            found.inventory = Inventory::default();
            Err(format!("{path}: the schema is not {INVENTORY_SCHEMA}"))
        }
        (None, false) => {
            Err(format!("{path}: this is no inventory: it has neither `schema`, `slots` nor `credentials`"))
        }
        _ => Ok(()),
    });
    if whole.is_err() || found.lost {
        // Complete lists that lost an entry would turn what was lost into something deleted.
        found.inventory.coverage.iter_mut().for_each(|extent| extent.complete = false);
    }
    if let Err(reason) = whole {
        into.inventory.gaps.push(gap(source, "*", reason));
    }
    if !found.mistakes.is_empty() {
        let positions = Positions::read(text);
        for (scope, mistake) in &found.mistakes {
            into.inventory.gaps.push(gap(source, scope, recorded::locate(path, &positions, mistake)));
        }
    }
    if found.untold > 0 {
        let reason = format!("{path}: {} more entries cannot be read", found.untold);
        into.inventory.gaps.push(gap(source, "*", reason));
    }
    into.account.items += (found.inventory.slots.len() + found.inventory.credentials.len()) as u64;
    into.account.exported_at = into.account.exported_at.max(found.inventory.exported_at);
    into.inventory.exported_at = into.inventory.exported_at.max(found.inventory.exported_at);
    into.inventory.absorb(found.inventory);
}

/// What has been read so far; it outlives an error in the middle of the file.
#[derive(Default)]
struct Found {
    inventory: Inventory,
    schema: Option<String>,
    /// Whether anything in the file says that it is an inventory.
    known_keys: bool,
    /// What could not be read, by the entry's id.
    mistakes: Vec<(String, Mistake)>,
    /// How many more there are.
    untold: u64,
    /// Whether a slot, a credential or a list is not as it was written.
    lost: bool,
}

impl Found {
    fn mistake(&mut self, scope: &str, mistake: Mistake) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push((scope.to_owned(), mistake));
        } else {
            self.untold += 1;
        }
    }

    /// One value at a place of its own, of a type.
    fn single<T: DeserializeOwned>(&mut self, key: &str, value: Value) -> Option<T> {
        if value.is_null() {
            return None;
        }
        recorded::typed(value, &[Step::Key(key.to_owned())]).map_err(|mistake| self.mistake("*", mistake)).ok()
    }

    fn entry(&mut self, list: List, index: usize, value: Value) {
        let base = [Step::Key(list.key().to_owned()), Step::Index(index)];
        let scope = scope(&value);
        for key in value.as_object().into_iter().flat_map(|entry| entry.keys()) {
            if let Some(meant) = list.keys().iter().find(|known| mistyped(key, known, list.keys())) {
                let mut path = base.to_vec();
                path.push(Step::Key(key.clone()));
                self.lost = true;
                self.mistake(&scope, Mistake { path, what: format!("nothing is called so here; `{meant}` is meant?") });
            }
        }
        let read = match list {
            List::Slots => recorded::typed::<Slot>(value, &base)
                .and_then(|slot| named(slot.id.as_str(), &base).map(|()| self.inventory.slots.push(slot))),
            List::Credentials => recorded::typed::<Credential>(value, &base)
                .and_then(|item| named(item.id.as_str(), &base).map(|()| self.inventory.credentials.push(item))),
            List::Gaps => recorded::typed(value, &base).map(|gap| self.inventory.gaps.push(gap)),
            List::Coverage => recorded::typed(value, &base).map(|extent| self.inventory.coverage.push(extent)),
        };
        if let Err(mistake) = read {
            self.lost |= list != List::Coverage;
            self.mistake(&scope, mistake);
        }
    }
}

/// Whether a key is a known one with a letter or two wrong. Any other unknown key is somebody's own remark.
fn mistyped(key: &str, known: &str, all: &[&str]) -> bool {
    let sign = |c: char| matches!(c, '-' | '_' | ' ');
    let plain = |text: &str| text.replace(sign, "").to_lowercase();
    !all.contains(&key) && (plain(key) == plain(known) || (known.len() > 3 && near(&plain(key), &plain(known))))
}

/// One letter more, less or other, or two neighbours that changed places.
fn near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let front = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let back = one[front..].iter().rev().zip(other[front..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&one[front..one.len() - back], &other[front..other.len() - back]);
    (a.len() <= 1 && b.len() <= 1) || (a.len() == 2 && b.len() == 2 && a[0] == b[1] && a[1] == b[0])
}

/// The id of an entry that may be wrong, else `*`.
fn scope(value: &Value) -> String {
    match value.get("id") {
        Some(Value::String(id)) if !id.trim().is_empty() && id.len() <= 2048 && !id.chars().any(char::is_control) => {
            id.clone()
        }
        _ => "*".to_owned(),
    }
}

fn named(id: &str, base: &[Step]) -> Result<(), Mistake> {
    if !id.trim().is_empty() && !id.chars().any(char::is_control) {
        return Ok(());
    }
    let mut path = base.to_vec();
    path.push(Step::Key("id".to_owned()));
    Err(Mistake { path, what: "this is no id".to_owned() })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Slots,
    Credentials,
    Gaps,
    Coverage,
}

impl List {
    fn of(key: &str) -> Option<Self> {
        [Self::Slots, Self::Credentials, Self::Gaps, Self::Coverage].into_iter().find(|list| list.key() == key)
    }

    /// What its entries can have, as far as a verdict rests on it.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Slots => &[
                "id",
                "name",
                "aliases",
                "environment",
                "updated_at",
                "holds",
                "fingerprint",
                "owner",
                "readers",
                "grants",
                "rotation",
                "versions",
                "protected",
                "visibility",
                "visible_to",
                "masked",
                "hidden",
            ],
            Self::Credentials => &[
                "id",
                "name",
                "aliases",
                "owner",
                "tenant",
                "environment",
                "status",
                "created_at",
                "last_used_at",
                "expires_at",
                "liveness",
                "observations",
                "grants",
            ],
            Self::Gaps | Self::Coverage => &[],
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Slots => "slots",
            Self::Credentials => "credentials",
            Self::Gaps => "gaps",
            Self::Coverage => "coverage",
        }
    }
}

/// The file as a whole, read entry by entry so that its text is never held twice.
struct Top<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an inventory")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let found = self.0;
        while let Some(key) = map.next_key::<String>()? {
            if let Some(list) = List::of(&key) {
                found.known_keys |= matches!(list, List::Slots | List::Credentials);
                map.next_value_seed(Entries { found, list })?;
            } else if key == "schema" {
                found.known_keys = true;
                // A schema of the wrong type is a schema that we do not know.
                let value: Value = map.next_value()?;
                found.schema = Some(value.as_str().unwrap_or_default().to_owned());
            } else if key == "exported_at" {
                let value = map.next_value()?;
                found.inventory.exported_at = found.single("exported_at", value);
            } else {
                const LISTS: [&str; 6] = ["slots", "credentials", "gaps", "coverage", "exported_at", "schema"];
                if let Some(meant) = LISTS.iter().find(|known| mistyped(&key, known, &LISTS)) {
                    let what = format!("nothing is called so here; `{meant}` is meant?");
                    found.lost = true;
                    found.mistake("*", Mistake { path: vec![Step::Key(key)], what });
                }
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// One list of the file.
struct Entries<'a> {
    found: &'a mut Found,
    list: List,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut entries: S) -> Result<(), S::Error> {
        let mut index = 0;
        while let Some(value) = entries.next_element::<Value>()? {
            self.found.entry(self.list, index, value);
            index += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
