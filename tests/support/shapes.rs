//! Tickets that nobody would write: items of Jira's export whose texts, documents and types are strange, always the same for a number;
//! and large ones of one shape each. They are read as an export of one item, by the real source.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::model::ticket::Record;
use driftgate::sources::jira::{Jira, Settings};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, TicketSource, Wanted};
use serde_json::{Value, json};

use super::stream::{Dice, Known};

const PIECES: &[&str] = &[
    "revoke ",
    "rotate ",
    "do not ",
    "keep ",
    "it ",
    "until Friday 18:00 UTC ",
    "for 2 hours ",
    "(",
    ")",
    ", ",
    "; ",
    ": ",
    "- [x] ",
    "## ",
    "> ",
    "{code}",
    "{code:java}\n",
    "{noformat}",
    "{quote}",
    "{{",
    "}}",
    "{color:red}",
    "{color}",
    "||",
    "|",
    "h3. ",
    "bq. ",
    "* ",
    "# ",
    "[~bob]",
    "[a|b]",
    "[",
    "]",
    "```\n",
    "~~",
    "`",
    "**",
    "*",
    "-",
    "_",
    "\n",
    "\n\n",
    "former ",
    "token 41 ",
    "ends in ",
    "...",
    "\u{2026}",
    "last day ",
    "lena@globex.test ",
    "@omar ",
    "arn:aws:iam::444455556666:role/",
    "vault kv get ",
    "instead of ",
    "unless you object ",
    "\u{200b}",
    "\u{202e}",
    "\u{1d516}",
    "\u{e9}",
    "\u{430}",
    "\u{4e2d}\u{6587}",
    "\u{5d0}",
    "\0",
    "\r\n",
    "\t",
    "?",
    "! ",
    "9999999999999 ",
    "2026-99-99 ",
    "from 25:61 to 00:00 ",
    "AKIA",
    "SHA256:",
    "/",
    "://",
    "=",
    "%",
    "\"",
    "'",
    "<p>",
    "</td>",
    "<!--",
    "-->",
    "<script>",
    "&#x41;",
    "&amp;",
    "x",
    "extended until 2999-01-01T00:00Z ",
    "approved ",
    "1. ",
    "e.g. ",
    "2026-05-11T09:00:00+02:00 ",
    "12/31/2026 ",
    "( ) a (x) b ",
];

fn words(dice: &mut Dice, known: &[Known]) -> String {
    let mut out = String::new();
    for _ in 0..dice.below(40) {
        match dice.below(12) {
            0 => out.push_str(&known[dice.below(known.len())].name),
            1 => out.push_str(&dice.one(PIECES).repeat(1 + dice.below(30))),
            2 => out.extend(char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap())),
            _ => out.push_str(dice.one(PIECES)),
        }
    }
    out
}

/// A document whose nodes have wrong types now and then.
fn document(dice: &mut Dice, known: &[Known], depth: usize) -> Value {
    const KINDS: &[&str] = &[
        "doc",
        "paragraph",
        "heading",
        "codeBlock",
        "blockquote",
        "bulletList",
        "orderedList",
        "listItem",
        "taskList",
        "taskItem",
        "table",
        "tableRow",
        "tableCell",
        "expand",
        "panel",
        "text",
        "hardBreak",
        "mention",
        "status",
        "emoji",
        "inlineCard",
        "date",
        "rule",
        "other",
        "",
    ];
    const MARKS: &[&str] = &["strike", "code", "strong", "link", "em"];
    match dice.below(30) {
        0 => return json!(null),
        1 => return json!(dice.below(99)),
        2 => return json!([words(dice, known)]),
        3 => return json!(words(dice, known)),
        _ => {}
    }
    let mut node = json!({"type": dice.one(KINDS)});
    if depth < 30 && dice.below(3) > 0 {
        let count = if depth < 3 { dice.below(5) } else { dice.below(2) };
        node["content"] = (0..count).map(|_| document(dice, known, depth + 1)).collect();
    } else {
        node["type"] = json!("text");
        node["text"] = json!(words(dice, known));
        node["marks"] = (0..dice.below(3))
            .map(|_| json!({"type": dice.one(MARKS), "attrs": {"href": words(dice, known)}}))
            .collect();
    }
    if dice.below(3) == 0 {
        node["attrs"] = json!({"level": dice.below(9), "state": "DONE", "text": words(dice, known), "timestamp": "1782777600000", "title": "x"});
    }
    node
}

/// The strange ticket of a number.
pub fn record(number: u64, known: &[Known]) -> Record {
    let mut dice = Dice::new(number);
    let body = |dice: &mut Dice| match dice.below(2) {
        0 => json!(words(dice, known)),
        _ => document(dice, known, 0),
    };
    let comments: Vec<Value> =
        (0..dice.below(3)).map(|_| json!({"author": {"name": "bob"}, "body": body(&mut dice)})).collect();
    let item = json!({"key": "A-1", "fields": {
        "summary": words(&mut dice, known), "description": body(&mut dice), "environment": body(&mut dice),
        "issuetype": {"name": words(&mut dice, known)}, "labels": [words(&mut dice, known)],
        "status": {"name": dice.one(&["Done", "Open", "Won't Do", ""])}, "created": "2026-05-11T09:00:00.000+0000",
        "comment": {"comments": comments},
    }});
    read(&item.to_string()).unwrap_or_else(|| panic!("ticket {number} is a gap"))
}

/// An item as the source hands it over; none where it is told as a gap.
pub fn read(item: &str) -> Option<Record> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "[{item}]").unwrap();
    let about = About { name: "jira".into(), kind: "jira".into(), required: true, authority: None };
    let export = file.path().to_string_lossy().into_owned();
    let env = Arc::new(Environment::from_iter([]));
    let context = Context { env: &env, files: &Files::Tree(PathBuf::new()), max_wait: Duration::ZERO };
    let settings = Settings { export: Some(export), ..Settings::default() };
    let source = Jira::new(about, settings, Vec::new(), &context).unwrap();
    let mut records = Vec::new();
    let account = futures::executor::block_on(source.tickets(&Wanted::default(), &mut |record| records.push(record)));
    assert_eq!(records.len() + account.gaps.len(), 1, "{:?}", account.gaps);
    records.pop()
}

fn item(title: &str, description: &Value, comments: &[Value]) -> String {
    json!({"key": "A-1", "fields": {"summary": title, "description": description, "created": "2026-05-11T09:00:00.000+0000",
        "status": {"name": "Done"}, "comment": {"comments": comments}}})
    .to_string()
}

/// One ticket of about so many bytes in each shape that could cost more than its length.
pub fn large(bytes: usize, known: &[Known]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let repeated = |piece: &str| piece.repeat((bytes / piece.len()).max(1));
    let mut texts: Vec<(String, String)> = [
        "a",
        "1",
        "a ",
        "revoke it, ",
        "Please revoke the old token of the host.\n",
        "- item\n",
        "* a\n** b\n*** c\n",
        "|a|b|\n",
        "| x ",
        "bq. said\n",
        "2026-05-11 ",
        "until Friday ",
        "token 41 and 41 ",
        "[",
        "]",
        "{",
        "{{",
        "(",
        ")",
        "`",
        "|",
        "*",
        "**",
        "-",
        "~~",
        "\"",
        "@",
        "@bob ",
        "# ",
        "<",
        "<a",
        "{code}\n",
        "{code:java}\n",
        "{quote}\n",
        "{color:red}",
        "[~",
        "[a|",
        "in repository x ",
        "not ",
        "and ",
        "the former. ",
        "it stays. ",
        "a.b.",
        "://",
        "\u{200b}",
        "\u{2026}",
        "lena@globex.test ",
        "...",
        "h1. a, b (c) ",
        "create a new token, ",
        "retire the key and turn it off but not all of it, ",
        "_",
        "_a_ ",
        "at 10:00 on that day. ",
        "until 5 May, then delete it. ",
        "we postpone it to the 8th. ",
        "change it to read, ",
        "the deploy-key of x-y, ",
        "they have a token of the same name (a/b), ",
        "no job reads it -> delete, ",
        "it looks dead, but is not. ",
        "delete the load test one. ",
        "- [x] a\n- [ ] b\n",
        "for 2 hours ",
        "\u{e9} ",
    ]
    .into_iter()
    .map(|piece| (format!("{piece:?}"), repeated(piece)))
    .collect();
    texts.push(("one heading".to_owned(), format!("h1. {}", repeated("revoke a, b (c) and "))));
    texts.push(("one row".to_owned(), format!("|{}|", repeated("revoke a, 41 | "))));
    let names: String = known.iter().cycle().map(|known| format!("{}, ", known.name)).take(bytes / 25).collect();
    texts.push(("names, one line".to_owned(), format!("Revoke {names}")));
    texts.push(("names, many lines".to_owned(), names.replace(", ", "\n- ")));
    texts.push(("names, told".to_owned(), names.replace(", ", " is what the old runner reads. ")));
    let boxes = names.replace(", ", "\n- [ ] ");
    texts.push(("names, boxes".to_owned(), format!("Tick what is to be deleted.\n\n- [x] {boxes}")));
    let rows = names.replace(", ", " | may read | no access |\n| ");
    texts.push(("names, rows".to_owned(), format!("|| Secret || so far || afterwards ||\n| {rows}")));
    for (name, text) in texts {
        out.push((name, item("Revoke a credential", &json!(text), &[])));
    }
    out.push(("title".to_owned(), item(&repeated("revoke a, b (c) and "), &Value::Null, &[])));
    for (name, body) in [
        ("comments", "I think it was the wrong key, keep it."),
        ("comments, places", "Leave staging as it is. Staging or production? Production."),
        ("comments, turned", "Please rotate it rather than revoke it, only a then."),
    ] {
        let comment = json!({"author": {"name": "bob"}, "body": body});
        out.push((name.to_owned(), item("Revoke a", &json!(names.get(..200)), &vec![comment; bytes / 100])));
    }
    let paragraph =
        json!({"type": "paragraph", "content": [{"type": "text", "text": "revoke it", "marks": [{"type": "strong"}]}]});
    let list = json!({"type": "bulletList", "content": vec![json!({"type": "listItem", "content": [paragraph]}); bytes / 150]});
    out.push(("document".to_owned(), item("Revoke a", &json!({"type": "doc", "content": [list]}), &[])));
    let deep = bytes / 60;
    let document = format!("{}{}", "{\"type\":\"panel\",\"content\":[".repeat(deep), "]}".repeat(deep));
    out.push(("document, deep".to_owned(), format!("{{\"key\":\"A-1\",\"fields\":{{\"description\":{document}}}}}")));
    out
}
