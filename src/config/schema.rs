//! The JSON schema of the configuration, out of the types that read it; what stands in a source comes from the source.

use serde_json::{Map, Value, json};

use crate::config::raw::Root;

/// The schema. `sources` are pairs of a kind and the schema of its own settings.
#[must_use]
pub fn schema(sources: &[(&str, Value)]) -> Value {
    let mut root = schemars::schema_for!(Root).to_value();
    let mut definitions = Map::new();
    let mut choices = Vec::new();
    for (kind, settings) in sources {
        let mut own = settings.clone();
        let Some(object) = own.as_object_mut() else { continue };
        object.remove("$schema");
        object.remove("title");
        if let Some(Value::Object(more)) = object.remove("$defs") {
            definitions.extend(more);
        }
        let properties = object.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.insert("kind".into(), json!({"const": kind}));
            properties.insert(
                "name".into(),
                json!({"type": "string", "description": "Its name in reports and ids. Default: its kind."}),
            );
            properties.insert(
                "required".into(),
                json!({"type": "boolean", "default": true,
                       "description": "Whether a gap in it makes the verdict inconclusive."}),
            );
        }
        match object.entry("required").or_insert_with(|| json!([])) {
            Value::Array(required) => required.insert(0, json!("kind")),
            other => *other = json!(["kind"]),
        }
        choices.push(own);
    }
    if let Some(object) = root.as_object_mut() {
        if let Some(items) = object.get_mut("properties").and_then(|properties| properties.get_mut("sources")) {
            items["items"] = if choices.is_empty() { json!({"type": "object"}) } else { json!({"oneOf": choices}) };
        }
        if let Value::Object(own) = object.entry("$defs").or_insert_with(|| json!({})) {
            own.extend(definitions);
        }
    }
    root
}
