//! Looking into one ticket's JSON: what is absent or null is none, what has another type than it should is a flaw with its path.

use serde_json::Value;

use super::Flaw;
use crate::model::ticket::Person;

/// A field by its path, null counted as absent.
pub(crate) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    let mut value = value;
    for key in path {
        value = value.get(key)?;
    }
    (!value.is_null()).then_some(value)
}

/// A text by its path; a number counts as its digits.
pub(crate) fn text(value: &Value, path: &[&str], flaws: &mut Vec<Flaw>) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        other => {
            flaws.push(format!("has {} where a text is expected: {}", kind(other), path.join(".")));
            None
        }
    }
}

/// A list by its path; empty where it is absent.
pub(crate) fn list<'v>(value: &'v Value, path: &[&str], flaws: &mut Vec<Flaw>) -> &'v [Value] {
    match at(value, path) {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(other) => {
            flaws.push(format!("has {} where a list is expected: {}", kind(other), path.join(".")));
            &[]
        }
    }
}

/// A time by its path.
pub(crate) fn time(value: &Value, path: &[&str], flaws: &mut Vec<Flaw>) -> Option<jiff::Timestamp> {
    let text = text(value, path, flaws)?;
    if text.trim().is_empty() {
        return None;
    }
    let time = super::time(&text);
    if time.is_none() {
        flaws.push(format!("has no readable time: {}", path.join(".")));
    }
    time
}

/// A person made of the named fields that are texts or numbers, in that order.
pub(crate) fn person(value: Option<&Value>, names: &[&str], display: &str) -> Option<Person> {
    let value = value.filter(|value| !value.is_null())?;
    if let Some(name) = value.as_str() {
        return Some(Person { names: vec![name.to_owned()], display: None });
    }
    let names: Vec<String> =
        names.iter().filter_map(|key| value.get(key)?.as_str()).filter(|n| !n.is_empty()).map(str::to_owned).collect();
    let display = value.get(display).and_then(Value::as_str).map(str::to_owned);
    (!names.is_empty() || display.is_some()).then_some(Person { names, display })
}

/// The type of a value, for messages; never the value.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What a syntax error is, without the place inside the item, which would be taken for a place in the file.
pub(crate) fn syntax(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
