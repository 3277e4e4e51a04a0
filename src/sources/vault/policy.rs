//! Policies in the language that Vault's documentation describes ("Policies", "Policy syntax"), HCL or JSON, as far as paths and
//! capabilities go. Hostile texts cost linear time and bounded depth; what is no policy is none.

use std::collections::BTreeSet;

/// What a policy says of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// The path, with `*` and `+` as written.
    pub(super) path: String,
    /// `read`, `list`, `deny`, …
    pub(super) capabilities: BTreeSet<String>,
}

/// The longest policy that is read, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// How deep values may lie in each other.
const MOST_DEPTH: usize = 16;

/// The rules of a policy; none where the text is not one.
pub(super) fn parse(text: &str) -> Option<Vec<Rule>> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let mut reader = Reader { text, at: 0 };
    let body = reader.body(None, 0)?;
    let mut rules = Vec::new();
    for (names, value) in body {
        match (names.as_slice(), value) {
            ([path, name], Value::Body(inner)) if path == "path" => rules.push(rule(name, &inner)),
            // JSON, and HCL's own long form: all paths in one object, or a list of such.
            ([path], Value::Body(paths)) if path == "path" => rules.extend(nested(&paths)),
            ([path], Value::List(all)) if path == "path" => {
                for paths in all {
                    if let Value::Body(paths) = paths {
                        rules.extend(nested(&paths));
                    }
                }
            }
            _ => {}
        }
    }
    Some(rules)
}

fn nested(paths: &Body) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (names, value) in paths {
        match (names.as_slice(), value) {
            ([name], Value::Body(inner)) => rules.push(rule(name, inner)),
            ([name], Value::List(all)) => {
                rules.extend(all.iter().filter_map(|one| match one {
                    Value::Body(inner) => Some(rule(name, inner)),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    rules
}

fn rule(path: &str, body: &Body) -> Rule {
    let mut capabilities = BTreeSet::new();
    for (names, value) in body {
        match (names.as_slice(), value) {
            ([name], Value::List(all)) if name == "capabilities" => {
                capabilities.extend(all.iter().filter_map(|one| match one {
                    Value::Text(text) => Some(text.to_lowercase()),
                    _ => None,
                }));
            }
            // The form before capabilities.
            ([name], Value::Text(text)) if name == "policy" => {
                let old: &[&str] = match text.as_str() {
                    "read" => &["read", "list"],
                    "write" => &["create", "read", "update", "patch", "delete", "list"],
                    "sudo" => &["create", "read", "update", "patch", "delete", "list", "sudo"],
                    "deny" => &["deny"],
                    _ => &[],
                };
                capabilities.extend(old.iter().map(|word| (*word).to_owned()));
            }
            _ => {}
        }
    }
    Rule { path: path.to_owned(), capabilities }
}

type Body = Vec<(Vec<String>, Value)>;

enum Value {
    Text(String),
    List(Vec<Value>),
    Body(Body),
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Skips white space, comments and commas.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
            let rest = &rest[blank..];
            let comment = if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            self.at += blank + comment;
            if blank + comment == 0 {
                return;
            }
        }
    }

    fn take(&mut self, c: char) -> bool {
        self.skip();
        let there = self.rest().starts_with(c);
        if there {
            self.at += c.len_utf8();
        }
        there
    }

    /// Entries up to the closing brace; up to the end of the text where there is none to come.
    fn body(&mut self, end: Option<char>, depth: usize) -> Option<Body> {
        if depth > MOST_DEPTH {
            return None;
        }
        let mut body = Vec::new();
        // A JSON policy is one object.
        if end.is_none() && self.take('{') {
            body = self.body(Some('}'), depth + 1)?;
            self.skip();
            return self.rest().is_empty().then_some(body);
        }
        loop {
            self.skip();
            if self.rest().is_empty() {
                return end.is_none().then_some(body);
            }
            if end.is_some_and(|end| self.take(end)) {
                return Some(body);
            }
            let mut names = vec![self.word()?];
            let value = loop {
                if self.take('=') || self.take(':') {
                    break self.value(depth + 1)?;
                }
                if self.take('{') {
                    break Value::Body(self.body(Some('}'), depth + 1)?);
                }
                names.push(self.word()?);
                if names.len() > 4 {
                    return None;
                }
            };
            body.push((names, value));
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MOST_DEPTH {
            return None;
        }
        if self.take('{') {
            return Some(Value::Body(self.body(Some('}'), depth + 1)?));
        }
        if self.take('[') {
            let mut list = Vec::new();
            while !self.take(']') {
                list.push(self.value(depth + 1)?);
            }
            return Some(Value::List(list));
        }
        self.word().map(Value::Text)
    }

    /// A quoted text, a heredoc, or a bare word.
    fn word(&mut self) -> Option<String> {
        self.skip();
        let rest = self.rest();
        if rest.starts_with('"') {
            return self.quoted();
        }
        if let Some(mark) = rest.strip_prefix("<<") {
            let line = mark.lines().next()?;
            let word = line.trim_start_matches('-').trim();
            let from = self.at + 2 + line.len();
            let body = self.text.get(from..)?;
            let mut length = 0;
            for text in body.split_inclusive('\n') {
                length += text.len();
                if !word.is_empty() && text.trim() == word {
                    let whole = body[..length - text.len()].trim_matches('\n').to_owned();
                    self.at = from + length;
                    return Some(whole);
                }
            }
            return None;
        }
        let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
        let length = rest.find(|c| !bare(c)).unwrap_or(rest.len());
        let word = rest[..length].to_owned();
        self.at += length;
        (length > 0).then_some(word)
    }

    fn quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Some(out);
                }
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    'u' => {
                        let code: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        out.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32)?);
                    }
                    other => out.push(other),
                },
                c => out.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(String, Vec<String>)> {
        let rules = parse(text).unwrap_or_default();
        rules.into_iter().map(|rule| (rule.path, rule.capabilities.into_iter().collect())).collect()
    }

    fn one(path: &str, capabilities: &[&str]) -> (String, Vec<String>) {
        (path.to_owned(), capabilities.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn forms_of_policies() {
        let hcl = r#"
            # a comment with a { brace
            name = "app" /* and } another */
            path "secret/data/app/*" { capabilities = ["read", "list",] }
            path "secret/data/\"x\"" {
              capabilities = [
                "create", // made
                "update"
              ]
              min_wrapping_ttl = "1s"
              allowed_parameters = { "*" = [] , "a" = ["b", 1, true] }
              control_group = { factor "ops" { identity { group_names = ["x"] approvals = 1 } } }
            }
            path "old/*" { policy = "write" }
            path "off" { capabilities = ["deny"] comment = <<-EOT
              path "no" { capabilities = ["sudo"] }
              EOT
            }
        "#;
        assert_eq!(
            all(hcl),
            [
                one("secret/data/app/*", &["list", "read"]),
                one("secret/data/\"x\"", &["create", "update"]),
                one("old/*", &["create", "delete", "list", "patch", "read", "update"]),
                one("off", &["deny"]),
            ]
        );
        let json =
            r#"{"path": {"secret/*": {"capabilities": ["read"]}, "sys/*": {"capabilities": ["sudo"]}}, "name": "x"}"#;
        assert_eq!(all(json), [one("secret/*", &["read"]), one("sys/*", &["sudo"])]);
        let listed = r#"{"path": [{"a": [{"capabilities": ["read"]}]}, {"b": {"policy": "deny"}}]}"#;
        assert_eq!(all(listed), [one("a", &["read"]), one("b", &["deny"])]);
        assert_eq!(all(""), []);
    }

    #[test]
    fn what_is_no_policy_is_none() {
        for text in [
            "path \"a\" {",
            "path \"a\" { capabilities = [\"read\" }",
            "}",
            "path \"a",
            "x = <<EOT\nnever",
            "{} x",
            "=",
            "a = \\",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"a {".repeat(100_000)), None);
        assert_eq!(parse(&format!("a = {}", "[".repeat(100_000))), None);
        assert_eq!(parse(&"/*".repeat(1_000_000)), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}", hcl in "[a\"{}\\[\\]=,:#/*\\\\\n <E-]{0,60}") {
            let _ = (parse(&text), parse(&hcl));
        }
    }
}
