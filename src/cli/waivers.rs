//! Waiver entries as YAML, and how they get into a configuration file without touching the rest of it: comments, order and style
//! stay as they are.

use jiff::Timestamp;

/// An entry to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) rule: String,
    pub(super) subject: String,
    /// What it is about, for a comment.
    pub(super) about: String,
    pub(super) reason: String,
    pub(super) approved_by: Option<String>,
    pub(super) ticket: Option<String>,
    pub(super) created: Timestamp,
    pub(super) expires: Timestamp,
}

/// The entries as items of a block sequence.
pub(super) fn items(entries: &[Entry], indent: &str) -> String {
    let mut out = String::new();
    for entry in entries {
        let fields = [
            ("rule", Some(&entry.rule)),
            ("subject", Some(&entry.subject)),
            ("reason", Some(&entry.reason)),
            ("approved_by", entry.approved_by.as_ref()),
            ("ticket", entry.ticket.as_ref()),
        ];
        out.push_str(&format!("{indent}# {}\n", comment(&entry.about)));
        for (at, (key, value)) in fields.into_iter().filter_map(|(key, value)| Some((key, value?))).enumerate() {
            let lead = if at == 0 { "- " } else { "  " };
            out.push_str(&format!("{indent}{lead}{key}: {}\n", scalar(value)));
        }
        out.push_str(&format!("{indent}  created: {}\n", entry.created));
        out.push_str(&format!("{indent}  expires: {}\n", entry.expires));
    }
    out
}

/// A double-quoted scalar where a plain one could be read as something else. JSON strings are YAML's double-quoted ones.
pub(super) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '@' | ':' | ' ');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_word {
        return text.to_owned();
    }
    // `${` would be taken for a variable.
    let text = text.replace("${", "$${");
    serde_json::to_string(&text).map_or_else(|_| "\"\"".to_owned(), |quoted| harmless(&quoted))
}

/// Invisible and control characters as YAML escapes, which both notations share.
fn harmless(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        match c {
            c if crate::render::escape::is_deceptive(c) => {
                let mut units = [0; 2];
                if c.len_utf16() == 1 {
                    out.push_str(&format!("\\u{:04x}", c.encode_utf16(&mut units)[0]));
                } else {
                    out.push_str(&format!("\\U{:08x}", u32::from(c)));
                }
            }
            c => out.push(c),
        }
    }
    out
}

pub(super) fn comment(text: &str) -> String {
    crate::render::escape::line(text).into_owned()
}

/// Adds entries to a configuration's text; none where its `waivers:` is written in a way that cannot be added to.
pub(super) fn append(text: &str, entries: &[Entry]) -> Option<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: Vec<&str> = text.lines().collect();
    let own = |new: String| new.replace('\n', newline);
    let Some(at) = lines.iter().position(|line| line.starts_with("waivers:")) else {
        let mut out = text.to_owned();
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(newline);
        }
        out.push_str(&own(format!("waivers:\n{}", items(entries, "  "))));
        return Some(out);
    };
    let rest = lines[at]["waivers:".len()..].trim();
    let value = rest.split('#').next().unwrap_or_default().trim();
    let remark = rest.find('#').map(|start| format!(" {}", &rest[start..])).unwrap_or_default();
    let head = format!("waivers:{remark}");
    let mut out: Vec<String> = lines[..at].iter().map(|line| (*line).to_owned()).collect();
    let end = match value {
        "[]" => at + 1,
        "" => {
            // Its items are what follows up to the next key: lines that are indented, items, empty or comments.
            let belongs = |line: &&&str| line.is_empty() || line.starts_with([' ', '-', '#', '\t']);
            let count = lines[at + 1..].iter().take_while(belongs).count();
            let block = &lines[at + 1..at + 1 + count];
            let kept = block
                .iter()
                .rposition(|line| !line.trim().is_empty() && !line.starts_with('#'))
                .map_or(0, |last| last + 1);
            at + 1 + kept
        }
        _ => return None,
    };
    let block = &lines[at + 1..end];
    let indent = block
        .iter()
        .find(|line| line.trim_start().starts_with('-'))
        .map_or("  ", |line| &line[..line.len() - line.trim_start().len()]);
    out.push(head);
    out.extend(block.iter().map(|line| (*line).to_owned()));
    out.extend(items(entries, indent).lines().map(str::to_owned));
    out.extend(lines[end..].iter().map(|line| (*line).to_owned()));
    let mut out = out.join(newline);
    out.push_str(newline);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(reason: &str) -> Entry {
        Entry {
            rule: "revoked-but-live".into(),
            subject: "aws:access-key:AKIA1".into(),
            about: "DEPLOY_KEY\n- rule: x".into(),
            reason: reason.into(),
            approved_by: Some("alice@example.com".into()),
            ticket: Some("SEC-1".into()),
            created: "2026-05-01T00:00:00Z".parse().unwrap(),
            expires: "2026-06-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn read(text: &str) -> serde_yaml::Value {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn added_wherever_waivers_stand() {
        for text in [
            "version: 1\n",
            "version: 1",
            "version: 1\nwaivers: []   # none yet\nrepository: a/b\n",
            "version: 1\nwaivers:\n  # keep\n  - rule: stale-copy # this\n    subject: a:b\n\n# about the repository\nrepository: a/b\n",
            "version: 1\r\nwaivers:\r\n- rule: stale-copy\r\n  subject: a:b\r\n",
            "version: 1\nwaivers:\n",
        ] {
            let before = read(text);
            let count = before["waivers"].as_sequence().map_or(0, Vec::len);
            let after = append(text, &[entry("freeze"), entry("freeze")]).unwrap();
            let value = read(&after);
            assert_eq!(value["waivers"].as_sequence().unwrap().len(), count + 2, "{after}");
            assert_eq!(value["waivers"][count]["ticket"], "SEC-1");
            assert_eq!(value["repository"], before["repository"]);
            for line in text.lines().filter(|line| line.contains('#')) {
                assert!(after.contains(line.split('#').nth(1).unwrap()), "{after}");
            }
            assert_eq!(text.contains('\r'), after.contains('\r'));
        }
        assert_eq!(append("waivers: [{rule: x}]\n", &[entry("x")]), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(reason in "\\PC{1,40}|[\\x00-\\x{3000}]{1,40}|(yes|no|null|~|1e3|- x|a: b|#x|\\$\\{A\\})") {
            let text = append("version: 1\n", &[entry(&reason)]).unwrap();
            let value = read(&text);
            // `$${` is how the configuration writes `${`.
            let read = value["waivers"][0]["reason"].as_str().unwrap();
            proptest::prop_assert_eq!(read, reason.replace("${", "$${"));
            proptest::prop_assert_eq!(value["waivers"].as_sequence().unwrap().len(), 1);
        }
    }
}
