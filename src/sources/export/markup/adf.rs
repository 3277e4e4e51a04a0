//! Atlassian Document Format to the plain form. Nodes and marks: the "Atlassian Document Format" page of Jira Cloud's developer
//! documentation. Unknown nodes give the text of their children.

use serde_json::Value;

use super::{cell, fenced, quoted};

/// A document's text; a plain string is itself.
pub(crate) fn text(document: &Value) -> String {
    if let Some(text) = document.as_str() {
        return text.to_owned();
    }
    let mut out = String::new();
    block(document, "", &mut out);
    out.trim_end().to_owned()
}

// Recursion is bounded: the JSON parser admits 128 levels.
fn block(node: &Value, indent: &str, out: &mut String) {
    match kind(node) {
        "paragraph" => {
            inline(node, out);
            out.push('\n');
        }
        "heading" => {
            let level = attr(node, "level").and_then(Value::as_u64).unwrap_or(1).clamp(1, 6);
            out.push_str(&"#".repeat(usize::try_from(level).unwrap_or(1)));
            out.push(' ');
            inline(node, out);
            out.push('\n');
        }
        "codeBlock" => {
            let mut code = String::new();
            inline(node, &mut code);
            out.push_str(&fenced(&code));
        }
        "blockquote" => {
            let mut inner = String::new();
            blocks(node, "", &mut inner);
            out.push_str(&quoted(&inner));
        }
        "bulletList" | "orderedList" | "taskList" | "decisionList" => {
            for item in children(node) {
                if matches!(kind(item), "taskList" | "decisionList") {
                    block(item, &format!("{indent}  "), out);
                    continue;
                }
                out.push_str(indent);
                out.push_str("- ");
                if kind(item) == "taskItem" {
                    let done = attr(item, "state").and_then(Value::as_str) == Some("DONE");
                    out.push_str(if done { "[x] " } else { "[ ] " });
                }
                list_item(item, indent, out);
            }
        }
        "table" => {
            for row in children(node) {
                out.push('|');
                for column in children(row) {
                    let mut inner = String::new();
                    blocks(column, "", &mut inner);
                    out.push(' ');
                    out.push_str(&cell(&inner));
                    out.push_str(" |");
                }
                out.push('\n');
            }
        }
        "expand" | "nestedExpand" => {
            if let Some(title) = attr(node, "title").and_then(Value::as_str).filter(|title| !title.trim().is_empty()) {
                out.push_str("#### ");
                out.push_str(title);
                out.push('\n');
            }
            blocks(node, indent, out);
        }
        "rule" => out.push_str("---\n"),
        "" | "doc" | "panel" | "layoutSection" | "layoutColumn" | "bodiedExtension" | "listItem" | "taskItem"
        | "mediaGroup" => blocks(node, indent, out),
        _ if is_inline(node) => inline_node(node, out),
        _ => blocks(node, indent, out),
    }
}

/// The first paragraph on the bullet's own line, what follows below it.
fn list_item(item: &Value, indent: &str, out: &mut String) {
    let deeper = format!("{indent}  ");
    let mut line_open = true;
    for child in children(item) {
        if is_inline(child) {
            inline_node(child, out);
            continue;
        }
        let before = out.len();
        block(child, &deeper, out);
        if !line_open && !matches!(kind(child), "bulletList" | "orderedList" | "taskList") {
            out.insert_str(before, &deeper);
        }
        line_open = false;
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

fn blocks(node: &Value, indent: &str, out: &mut String) {
    let mut loose = false;
    for child in children(node) {
        if is_inline(child) {
            inline_node(child, out);
            loose = true;
            continue;
        }
        if std::mem::take(&mut loose) {
            out.push('\n');
        }
        block(child, indent, out);
    }
    if loose {
        out.push('\n');
    }
}

fn inline(node: &Value, out: &mut String) {
    for child in children(node) {
        inline_node(child, out);
    }
}

fn inline_node(node: &Value, out: &mut String) {
    let shown = |key: &str| attr(node, key).and_then(Value::as_str).unwrap_or_default();
    match kind(node) {
        "text" => marked(node, out),
        "hardBreak" => out.push('\n'),
        "mention" => {
            let text = shown("text");
            if !text.starts_with('@') {
                out.push('@');
            }
            out.push_str(text);
        }
        "status" => out.push_str(shown("text")),
        "emoji" => out.push_str(shown("shortName")),
        "inlineCard" => out.push_str(shown("url")),
        // Milliseconds since 1970, at the day's start in UTC.
        "date" => {
            let ms = attr(node, "timestamp").and_then(|t| t.as_i64().or_else(|| t.as_str()?.trim().parse().ok()));
            if let Some(day) = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
                out.push_str(&day.strftime("%Y-%m-%d").to_string());
            }
        }
        _ => inline(node, out),
    }
}

fn marked(node: &Value, out: &mut String) {
    let text = node.get("text").and_then(Value::as_str).unwrap_or_default();
    let marks = node.get("marks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let has = |kind: &str| marks.iter().any(|mark| mark.get("type").and_then(Value::as_str) == Some(kind));
    let core = text.trim();
    if core.is_empty() {
        out.push_str(text);
        return;
    }
    let sign = match () {
        () if has("strike") => "~~",
        () if has("code") && !core.contains('`') => "`",
        () if has("strong") => "**",
        () => "",
    };
    // White space stays outside, or the marks would not be read as such.
    let start = text.len() - text.trim_start().len();
    out.push_str(&text[..start]);
    out.push_str(sign);
    out.push_str(core);
    out.push_str(sign);
    out.push_str(&text[start + core.len()..]);
    let href = marks.iter().find_map(|mark| mark.get("attrs")?.get("href")?.as_str());
    if let Some(href) = href.filter(|href| *href != core) {
        out.push_str(" (");
        out.push_str(href);
        out.push(')');
    }
}

fn is_inline(node: &Value) -> bool {
    matches!(
        kind(node),
        "text"
            | "hardBreak"
            | "mention"
            | "status"
            | "emoji"
            | "inlineCard"
            | "date"
            | "inlineExtension"
            | "placeholder"
    )
}

fn kind(node: &Value) -> &str {
    node.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn attr<'v>(node: &'v Value, key: &str) -> Option<&'v Value> {
    node.get("attrs")?.get(key)
}

fn children(node: &Value) -> &[Value] {
    node.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_block() {
        let word = |text: &str| json!({"type":"text","text":text});
        let para = |inner: Value| json!({"type":"paragraph","content":[inner]});
        let doc = json!({"type":"doc","version":1,"content":[
            {"type":"heading","attrs":{"level":3},"content":[word("What")]},
            {"type":"paragraph","content":[word("Remove "),
                {"type":"text","text":"OLD_KEY ","marks":[{"type":"code"}]},
                {"type":"text","text":"not this","marks":[{"type":"strike"}]},
                {"type":"mention","attrs":{"id":"1","text":"@Bob"}},
                {"type":"hardBreak"},
                {"type":"date","attrs":{"timestamp":"1782777600000"}}]},
            {"type":"bulletList","content":[
                {"type":"listItem","content":[para(word("a")), {"type":"bulletList","content":[
                    {"type":"listItem","content":[para(word("b"))]}]}]}]},
            {"type":"taskList","content":[
                {"type":"taskItem","attrs":{"state":"DONE"},"content":[word("done")]},
                {"type":"taskItem","attrs":{"state":"TODO"},"content":[word("todo")]}]},
            {"type":"table","content":[{"type":"tableRow","content":[
                {"type":"tableHeader","content":[para(word("Id"))]},
                {"type":"tableCell","content":[para(word("7|7")), para(word("x"))]}]}]},
            {"type":"blockquote","content":[para(word("said")), para(word("twice"))]},
            {"type":"codeBlock","content":[word("rm -f\n```\nx")]},
            {"type":"panel","attrs":{"panelType":"info"},"content":[para(word("mind"))]},
            {"type":"fromTheFuture","content":[para(word("kept"))]},
        ]});
        assert_eq!(
            text(&doc),
            "### What\nRemove `OLD_KEY` ~~not this~~@Bob\n2026-06-30\n- a\n  - b\n- [x] done\n- [ ] todo\n| Id | 7/7 x |\n\
             > said\n> twice\n```\nrm -f\n'''\nx\n```\nmind\nkept"
        );
        assert_eq!(text(&json!("plain")), "plain");
        assert_eq!(text(&json!({"type": 5, "content": [null, 1, {"text": 3}]})), "");
    }
}
