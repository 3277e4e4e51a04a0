//! The words by which Jira's text search finds the tickets that `link` can read as speaking of something: every spelling of an id, cut
//! as Jira's index cuts words. Where that cannot be had surely, there are no terms, and the whole query is read.
//!
//! What Jira's index does: "Search syntax for text fields" (no leading wildcard, none in phrases, English stop words, word stems, special
//! characters are not in the index), and Data Center's own analyzer, Lucene's ClassicTokenizer with parts of dotted and comma-separated
//! words: letters are parted at every sign, but words with a digit beside are kept together over `_ - . / ,`.

use std::collections::BTreeSet;

use crate::model::Id;

/// No name is longer; a word in Jira's index has at most 255 characters.
const LONGEST: usize = 512;

/// The shortest part of an id by which a ticket may name it.
const SHORTEST_PART: usize = 4;

/// The longest run of letters and digits whose parts are asked for one by one.
const LONGEST_RUN: usize = 64;

/// Words that Lucene's English analyzers leave out of the index.
const STOP: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

/// What stands in front of a variable's name in workflows.
const CONTEXTS: [&str; 4] = ["secrets", "vars", "env", "inputs"];

/// The clauses that find a name; none where Jira's search cannot be trusted to find it.
pub(super) fn of(name: &str) -> Option<BTreeSet<String>> {
    let name = name.trim();
    if name.len() > LONGEST || !searchable(name) {
        return None;
    }
    let mut out = BTreeSet::new();
    for spelling in spellings(name) {
        if !searchable(&spelling) {
            return None;
        }
        add(&spelling, &mut out);
    }
    for part in parts(name) {
        out.insert(phrase(&part));
    }
    Some(out)
}

/// `text ~` with these words one after the other, whatever they are: what has a meaning to the query is no word to the index.
pub(super) fn phrase(words: &str) -> String {
    let plain: String =
        words.chars().map(|c| if matches!(c, '"' | '\\') || c.is_control() { ' ' } else { c }).collect();
    format!("text ~ \"\\\"{}\\\"\"", plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `text ~` with a word's beginning; the caller gives letters, digits and `_` only.
pub(super) fn beginning(word: &str) -> String {
    format!("text ~ \"{word}*\"")
}

fn add(spelling: &str, out: &mut BTreeSet<String>) {
    out.insert(phrase(spelling));
    let plain = spelling.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let digit = spelling.chars().any(|c| c.is_ascii_digit());
    if plain && (digit || spelling.contains('_')) {
        out.insert(beginning(spelling));
    }
    if plain && spelling.contains('_') {
        // With a digit these are one word in the index.
        out.extend(CONTEXTS.iter().map(|context| phrase(&format!("{context}.{spelling}"))));
    }
    if digit && spelling.contains(['_', '-', '.', '/', ',']) {
        // Signs that the markup escapes part what they else join.
        let apart: String = spelling.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        out.insert(phrase(&apart));
    }
}

/// Whether the index has a word of it: a single letter or nothing but stop words may not be there.
fn searchable(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|word| word.chars().count() > 1 && !STOP.contains(&word.to_lowercase().as_str()))
}

/// Whether a name is one of our ids: `provider:kind:rest`.
fn id_of(name: &str) -> Option<Id> {
    let (provider, rest) = name.split_once(':')?;
    let (kind, what) = rest.split_once(':')?;
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let provider = provider.split('@').next().unwrap_or_default();
    (word(provider) && word(kind) && provider != "arn" && !what.is_empty()).then(|| Id::new(name))
}

/// Every way in which a ticket may write it as a whole.
fn spellings(name: &str) -> BTreeSet<String> {
    let Some(id) = id_of(name) else { return BTreeSet::from([name.to_owned()]) };
    let mut out = BTreeSet::from([name.to_owned()]);
    let rest = decoded(id.rest());
    match (id.provider(), id.kind()) {
        ("aws", "secret" | "parameter" | "role") => out.extend(of_arn(id.kind(), &rest)),
        ("vault", "kv") => out.extend(of_path(&rest)),
        ("vault", "secret-id") => out.extend(id.rest().split_once(':').map(|(_, accessor)| decoded(accessor))),
        ("github" | "gitlab", kind) => {
            let Some((place, what)) = id.rest().split_once(':') else { return out };
            let (place, environment) = at_sign(place);
            let (what, scope) = at_sign(what);
            let environment = environment.or(scope);
            if kind == "personal-token" {
                out.insert(place.clone());
            }
            out.insert(what.clone());
            for sign in [':', '/'] {
                out.insert(format!("{place}{sign}{what}"));
                out.extend(environment.iter().map(|own| format!("{place}@{own}{sign}{what}")));
            }
            out.extend(environment.iter().map(|own| format!("{what}@{own}")));
        }
        _ => _ = out.insert(rest),
    }
    out
}

fn at_sign(text: &str) -> (String, Option<String>) {
    match text.split_once('@') {
        Some((front, back)) => (decoded(front), Some(decoded(back))),
        None => (decoded(text), None),
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// An ARN, its ends from every sign on, and the name without the random characters of Secrets Manager.
fn of_arn(kind: &str, arn: &str) -> Vec<String> {
    let mut out = vec![arn.to_owned()];
    let front = match arn.rsplit_once('-') {
        Some((front, random)) if kind == "secret" && random.len() == 6 => Some(front),
        _ => None,
    };
    out.extend(front.map(str::to_owned));
    for whole in front.into_iter().chain([arn]) {
        let Some((at, _)) = whole.match_indices(':').nth(4) else { continue };
        let tail = &whole[at + 1..];
        let ends = tail.match_indices([':', '/', '-']).map(|(at, _)| &tail[at + 1..]);
        out.extend(ends.filter(|end| end.len() >= SHORTEST_PART).take(12).map(str::to_owned));
        out.extend(tail.split_once([':', '/']).map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty()));
        out.extend(tail.rsplit('/').next().filter(|last| *last != tail).map(str::to_owned));
    }
    out
}

/// A path of a key-value store, whole and without what stands in front of it, with and without `data/`, with and without its key.
fn of_path(what: &str) -> Vec<String> {
    let (path, key) = what.split_once('#').map_or((what, None), |(path, key)| (path, Some(key)));
    let segments: Vec<&str> = path.split('/').collect();
    let mut spellings = vec![path.to_owned()];
    for skip in 0..segments.len().saturating_sub(1) {
        let tail = &segments[skip..];
        spellings.push(tail.join("/"));
        for mount in 1..tail.len() {
            for word in ["data", "metadata"] {
                spellings.push(format!("{}/{word}/{}", tail[..mount].join("/"), tail[mount..].join("/")));
            }
        }
    }
    let mut out = spellings.clone();
    if let Some(key) = key {
        out.extend(spellings.iter().flat_map(|path| ['#', ':', '.'].map(|sign| format!("{path}{sign}{key}"))));
    }
    out
}

/// The parts at either end by which a ticket may name a unique id: "ending in WXYZ", `AKIA…WXYZ`.
fn parts(name: &str) -> BTreeSet<String> {
    let whole = match id_of(name) {
        Some(id) => match (id.provider(), id.kind()) {
            ("aws", "access-key" | "secret" | "parameter" | "role") | ("vault", "token") => decoded(id.rest()),
            ("vault", "secret-id") => id.rest().split_once(':').map_or_else(String::new, |(_, what)| decoded(what)),
            _ => return BTreeSet::new(),
        },
        None => match name.split_once(':') {
            Some(("SHA256" | "MD5", hash)) => hash.to_owned(),
            _ => return BTreeSet::new(),
        },
    };
    let mut out = BTreeSet::new();
    let letters = |c: &char| c.is_ascii_alphanumeric();
    let head: String = whole.chars().take_while(letters).take(LONGEST_RUN).collect();
    for end in SHORTEST_PART..=head.len() {
        out.insert(head[..end].to_owned());
    }
    let tail: String = whole.chars().rev().take_while(letters).take(LONGEST_RUN).collect();
    for length in SHORTEST_PART..=tail.len() {
        out.insert(tail[..length].chars().rev().collect());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses(name: &str) -> Vec<String> {
        of(name).unwrap().into_iter().collect()
    }

    #[test]
    fn what_a_query_means_stays_ours() {
        assert_eq!(phrase("a\" OR key > \"X-1\\"), r#"text ~ "\"a OR key > X-1\"""#);
        assert_eq!(phrase("line\nbreak\t\u{0}x"), r#"text ~ "\"line break x\"""#);
        for clause in clauses("x\"y\\\" OR project = HR OR text ~ \"z") {
            let inner = clause.strip_prefix("text ~ \"\\\"").and_then(|rest| rest.strip_suffix("\\\"\"")).unwrap();
            assert!(!inner.contains(['"', '\\']), "{clause}");
        }
    }

    #[test]
    fn ids_in_every_spelling() {
        let key = clauses("aws:access-key:AKIA2E0A8F3B244C9986");
        for part in ["AKIA2E0A8F3B244C9986", "9986", "4C9986", "AKIA", "AKIA2E0A"] {
            assert!(key.contains(&phrase(part)), "{part}: {key:?}");
        }
        assert!(key.contains(&beginning("AKIA2E0A8F3B244C9986")) && !key.contains(&phrase("986")));
        let slot = clauses("github:actions-secret:acme/shop@production:DEPLOY_KEY");
        for spelling in ["DEPLOY_KEY", "secrets.DEPLOY_KEY", "acme/shop@production:DEPLOY_KEY", "DEPLOY_KEY@production"]
        {
            assert!(slot.contains(&phrase(spelling)), "{spelling}: {slot:?}");
        }
        let path = clauses("vault:kv:secret/app1/db#password");
        for spelling in ["app1/db", "app1/data/db", "secret/data/app1/db", "secret/app1/db#password", "app1 db"] {
            assert!(path.contains(&phrase(spelling)), "{spelling}: {path:?}");
        }
        let arn = clauses("aws:secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1dE");
        for spelling in ["prod/db", "prod/db-AbC1dE", "db-AbC1dE", "AbC1dE"] {
            assert!(arn.contains(&phrase(spelling)), "{spelling}: {arn:?}");
        }
        assert!(clauses("gitlab:project-token:acme/payments:77").contains(&phrase("77")));
        assert!(clauses("gitlab:personal-token:alice:79").contains(&phrase("alice")));
        assert!(clauses("SHA256:AbCdEfGh/ijklmnopqrst").contains(&phrase("qrst")));
    }

    #[test]
    fn what_the_index_may_not_have() {
        for name in ["x", "it", "the of", "--", "é", "gitlab:deploy-token:acme/shop:3"] {
            assert_eq!(of(name), None, "{name}");
        }
        assert!(of("renovate").is_some_and(|clauses| clauses == BTreeSet::from([phrase("renovate")])));
    }
}
