//! JQL: the configured query with our order, with what has changed, or narrowed to what can bear on a gate. Values are hostile; a query
//! has a bounded length, so that narrowing may take several. Who asks them is `live`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ticket::Field;
use crate::sources::Focus;

use super::terms::{self, beginning, phrase};

/// The longest list of conditions in one query, in bytes: it stands in a URL, with every sign in three bytes.
const MOST_BYTES: usize = 2200;

/// So many queries at most; with more, reading everything is cheaper.
const MOST_QUERIES: usize = 24;

/// Tickets changed in this time are asked for, whatever they say: words may be glued together in ways that no index tells.
const LATELY: &str = "-30d";

/// Closed offboardings are asked for this far back; older ones are found by the names of those who left.
const OFFBOARDINGS: &str = "-400d";

/// Words of offboardings, by their beginnings; they cover the words that `link` knows.
const LEAVING: [&str; 13] = [
    "offboard",
    "leav",
    "resign",
    "departure",
    "depart",
    "terminat",
    "decommission",
    "retire",
    "sunset",
    "austritt",
    "ausscheid",
    "ausgeschieden",
    "verlass",
];

/// And those of several words, or with letters that an index may fold.
const LEAVING_PHRASES: [&str; 43] = [
    "off-board",
    "off-boarding",
    "off-boarded",
    "last day",
    "last working",
    "final day",
    "left the company",
    "left us",
    "has left",
    "have left",
    "contract ended",
    "contract ends",
    "contract has ended",
    "employment ends",
    "no longer works",
    "no longer with us",
    "parting ways",
    "exit of",
    "vendor exit",
    "my access",
    "my accesses",
    "my account",
    "my last",
    "verlässt",
    "verlässt uns",
    "letzter",
    "letzter arbeitstag",
    "letzter tag",
    "scheidet aus",
    "quitte",
    "a quitté",
    "nous quitte",
    "dernier jour",
    "départ",
    "départ de",
    "deja la empresa",
    "último día",
    "ultimo dia",
    "se va de la empresa",
    "ha dejado la empresa",
    "causa baja",
    "baja de",
    "baja",
];

/// A query without its `ORDER BY`, which stands outside of quotes.
pub(super) fn without_order(jql: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in jql.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if starts_order(jql, at) => return jql[..at].trim(),
            None => {}
        }
    }
    jql.trim()
}

fn starts_order(jql: &str, at: usize) -> bool {
    let parted = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || matches!(c, ')' | '"' | '\''));
    let Some(rest) = jql.get(at..at + 5).filter(|word| word.eq_ignore_ascii_case("order")).map(|_| &jql[at + 5..])
    else {
        return false;
    };
    let by = rest.trim_start();
    parted(jql[..at].chars().next_back())
        && by.len() < rest.len()
        && by.get(..2).is_some_and(|by| by.eq_ignore_ascii_case("by"))
        && by[2..].chars().next().is_none_or(char::is_whitespace)
}

/// All of the configured query, in an order that stays.
pub(super) fn whole(configured: &str) -> String {
    format!("({configured}) ORDER BY key ASC")
}

/// What changed in the last minutes. Relative, because Jira reads dates in the zone of the account's profile.
pub(super) fn changed(configured: &str, minutes: i64) -> String {
    format!("({configured}) AND updated >= \"-{minutes}m\" ORDER BY key ASC")
}

/// Those of some tickets that are in the configured query.
pub(super) fn keyed(configured: &str, keys: &[&str]) -> String {
    format!("({configured}) AND key in ({}) ORDER BY key ASC", keys.join(", "))
}

/// A ticket's key as Jira makes them; anything else must not stand in a query without quotes.
pub(super) fn is_key(text: &str) -> bool {
    text.split_once('-').is_some_and(|(project, number)| {
        project.starts_with(|c: char| c.is_ascii_alphabetic())
            && project.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The queries that together have every ticket that can bear on the gate; none where that cannot be told, or costs more than it saves.
pub(super) fn narrowed(
    configured: &str,
    focus: &Focus,
    fields: &BTreeMap<Field, String>,
    words: &[String],
) -> Option<Vec<String>> {
    let mut clauses: BTreeSet<String> = BTreeSet::new();
    for name in &focus.names {
        clauses.append(&mut terms::of(name)?);
    }
    let mut first = vec![format!("updated >= \"{LATELY}\"")];
    // A field of options is in no text: whoever fills it in names something.
    if let Some(field) = fields.get(&Field::Credential) {
        first.push(format!("{} is not EMPTY", clause_name(field)?));
    }
    let mut leaving: Vec<String> = LEAVING.iter().map(|word| beginning(word)).collect();
    leaving.extend(LEAVING_PHRASES.iter().map(|words| phrase(words)));
    leaving.extend(words.iter().map(|words| phrase(words)));
    for field in [Field::Person, Field::RequestType].iter().filter_map(|field| fields.get(field)) {
        leaving.push(format!("{} is not EMPTY", clause_name(field)?));
    }
    let mut queries = vec![one(configured, &first.join(" OR "))];
    let recent = format!("(statusCategory != Done OR updated >= \"{OFFBOARDINGS}\")");
    queries.extend(chunks(leaving).iter().map(|some| one(configured, &format!("{recent} AND ({some})"))));
    queries.extend(chunks(clauses.into_iter().collect()).iter().map(|some| one(configured, some)));
    (queries.len() <= MOST_QUERIES).then_some(queries)
}

fn one(configured: &str, condition: &str) -> String {
    format!("({configured}) AND ({condition}) ORDER BY key ASC")
}

/// Conditions in as few lists as their length allows.
fn chunks(conditions: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for condition in conditions {
        match out.last_mut() {
            Some(last) if last.len() + condition.len() + 4 <= MOST_BYTES => {
                last.push_str(" OR ");
                last.push_str(&condition);
            }
            _ => out.push(condition),
        }
    }
    out
}

/// A field as JQL names it; none where its name could mean something else in a query.
fn clause_name(field: &str) -> Option<String> {
    if let Some(number) = field.strip_prefix("customfield_") {
        return number.bytes().all(|b| b.is_ascii_digit()).then(|| format!("cf[{number}]"));
    }
    (!field.is_empty() && field.bytes().all(|b| b.is_ascii_alphabetic())).then(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_left_away() {
        for (jql, rest) in [
            ("project = SEC ORDER BY created", "project = SEC"),
            ("project = SEC\norder   by created", "project = SEC"),
            ("project = \"x order by y\" ORDER BY key", "project = \"x order by y\""),
            ("summary ~ \"a \\\" order by\" ", "summary ~ \"a \\\" order by\""),
            ("(project=SEC)order by key", "(project=SEC)"),
            ("project = reorder", "project = reorder"),
            ("border = by", "border = by"),
            ("order by key", ""),
            ("project = ÄÖ order", "project = ÄÖ order"),
        ] {
            assert_eq!(without_order(jql), rest, "{jql}");
        }
    }

    fn focus(names: &[&str]) -> Focus {
        Focus { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Focus::default() }
    }

    #[test]
    fn narrowed_queries_are_bounded() {
        let id = |n: u64| format!("aws:access-key:AKIA{:016X}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let names: Vec<String> = (1..=60).map(id).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let of = |count: usize| narrowed("project = SEC", &focus(&names[..count]), &BTreeMap::new(), &[]);
        let queries = of(6).unwrap();
        assert!(queries.len() > 4 && queries.iter().all(|query| query.len() < MOST_BYTES + 200), "{}", queries.len());
        assert!(queries.iter().all(|query| query.starts_with("(project = SEC) AND (")), "{queries:?}");
        assert_eq!(of(60), None, "too many");
        assert_eq!(narrowed("project = SEC", &focus(&["x"]), &BTreeMap::new(), &[]), None, "not in the index");
    }

    #[test]
    fn fields_and_keys() {
        let fields = |name: &str| BTreeMap::from([(Field::Credential, name.to_owned())]);
        let queries = narrowed("project = SEC", &focus(&["svc-build"]), &fields("customfield_10054"), &[]).unwrap();
        assert!(queries[0].contains("cf[10054] is not EMPTY"), "{}", queries[0]);
        for odd in ["customfield_1 OR key > 1", "x y", ""] {
            assert_eq!(narrowed("project = SEC", &focus(&["svc-build"]), &fields(odd), &[]), None, "{odd}");
        }
        assert!(is_key("SEC-142") && is_key("a_1-2"));
        assert!(!is_key("SEC-1) OR (key > X-1") && !is_key("SEC") && !is_key("-1") && !is_key("1-1"));
    }
}
