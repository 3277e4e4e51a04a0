//! What the change under the gate does to the configuration: the protected ref's against the checkout's own. Says what got looser,
//! in words; whether that matters is `policy`'s. A setting of which nobody can say which way is stricter counts as loosened when it
//! changes: where tickets and facts come from, above all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_yaml::Value;

use crate::config::Known;
use crate::config::git::{Commit, Repository};
use crate::model::settings::{OnGap, Settings, Waiver};

/// The change under the gate, as far as the configuration tells.
#[derive(Debug, Clone)]
pub struct Change {
    /// The commit that is trusted.
    pub base: Commit,
    /// The repository.
    pub repository: Repository,
    /// The configuration's path, as it is shown.
    pub file: String,
    /// What the change loosens in it, in words.
    pub loosened: Vec<String>,
    /// Waivers that it adds or prolongs.
    pub waivers: Vec<Waiver>,
    /// The variables that the trusted configuration reads.
    pub reads: BTreeSet<String>,
}

/// A configuration with its text.
pub(super) struct Side<'a> {
    /// As written.
    pub text: &'a str,
    /// As understood.
    pub settings: &'a Settings,
}

/// What the second is looser in than the first.
pub(super) fn loosened(base: &Side<'_>, head: &Side<'_>, known: &Known<'_>) -> Vec<String> {
    let mut out = Vec::new();
    policy(base.settings, head.settings, known, &mut out);
    trust(base.settings, head.settings, &mut out);
    rest(&flat(base.text), &flat(head.text), &mut out);
    out
}

fn policy(base: &Settings, head: &Settings, known: &Known<'_>, out: &mut Vec<String>) {
    if head.fail_on > base.fail_on {
        out.push(format!("policy.fail_on: {:?} became {:?}", base.fail_on, head.fail_on).to_lowercase());
    }
    if base.on_gap == OnGap::Block && head.on_gap == OnGap::Warn {
        out.push("policy.on_gap: block became warn".to_owned());
    }
    let longer: [(&str, SignedDuration, SignedDuration); 8] = [
        ("policy.limits.revoke", base.limits.revoke, head.limits.revoke),
        ("policy.limits.rotate", base.limits.rotate, head.limits.rotate),
        ("policy.limits.offboard", base.limits.offboard, head.limits.offboard),
        ("policy.limits.postpone", base.limits.postpone, head.limits.postpone),
        ("policy.limits.override", base.limits.emergency, head.limits.emergency),
        ("policy.grace.rotate", base.grace_rotate, head.grace_rotate),
        ("policy.max_age.snapshot", base.max_age_snapshot, head.max_age_snapshot),
        ("policy.max_age.export", base.max_age_export, head.max_age_export),
    ];
    let waiver = ("policy.max_waiver", base.max_waiver, head.max_waiver);
    for (name, was, is) in longer.into_iter().chain([waiver]) {
        if is > was {
            out.push(format!("{name}: {was:#} became {is:#}"));
        }
    }
    for (rule, default) in known.rules {
        let of = |settings: &Settings| settings.severity.get(*rule).copied().unwrap_or(*default);
        let (was, is) = (of(base), of(head));
        if is < was {
            out.push(format!("policy.severity.{rule}: {was:?} became {is:?}").to_lowercase());
        }
    }
}

fn trust(base: &Settings, head: &Settings, out: &mut Vec<String>) {
    let more = |was: &[String], is: &[String]| -> Vec<String> {
        is.iter().filter(|one| !was.iter().any(|known| known.eq_ignore_ascii_case(one))).cloned().collect()
    };
    let (was, is) = (&base.trust.projects, &head.trust.projects);
    if !was.is_empty() && is.is_empty() {
        out.push("trust.projects: tickets of every project may loosen".to_owned());
    } else if !was.is_empty() {
        out.extend(more(was, is).into_iter().map(|project| format!("trust.projects: {project} is new")));
    }
    let new = more(&base.trust.approvers, &head.trust.approvers);
    out.extend(new.into_iter().map(|person| format!("trust.approvers: {person} is new")));
    for (tracker, is) in &head.trust.approved {
        let none = Vec::new();
        let new = more(base.trust.approved.get(tracker).unwrap_or(&none), is);
        out.extend(new.into_iter().map(|word| format!("trust.approved.{tracker}: {word} is new")));
    }
}

/// Waivers of the second that the first does not have, or has for a shorter time.
pub(super) fn waivers(base: &Settings, head: &Settings) -> Vec<Waiver> {
    let known = |new: &&Waiver| {
        !base.waivers.iter().any(|old| {
            old.rule == new.rule
                && old.subject == new.subject
                && old.expires >= new.expires
                && old.created <= new.created
        })
    };
    head.waivers.iter().filter(known).cloned().collect()
}

/// Settings whose direction is judged above.
const JUDGED: [&str; 3] = ["policy.", "trust.", "waivers."];

/// Everything else: what goes or changes, and what is added to a source that was there.
fn rest(base: &BTreeMap<String, String>, head: &BTreeMap<String, String>, out: &mut Vec<String>) {
    let judged = |path: &str| JUDGED.iter().any(|prefix| path.starts_with(prefix));
    let source = |path: &str| path.strip_prefix("sources.").and_then(|rest| rest.split('.').next()).map(str::to_owned);
    let of = |side: &BTreeMap<String, String>| side.keys().filter_map(|path| source(path)).collect::<BTreeSet<_>>();
    let (was, is) = (of(base), of(head));
    out.extend(was.difference(&is).map(|name| format!("sources: {name} is not read any more")));
    let gone = |path: &str| source(path).is_some_and(|name| !is.contains(&name));
    for (path, old) in base.iter().filter(|(path, _)| !judged(path) && !gone(path)) {
        match head.get(path) {
            Some(new) if new == old => {}
            // Required is stricter, and the default.
            Some(new) if path.ends_with(".required") && new == "true" => {}
            None if path.ends_with(".required") && old == "false" => {}
            Some(new) => out.push(format!("{path}: {old} became {new}")),
            None => out.push(format!("{path}: {old} is gone")),
        }
    }
    let added = head.iter().filter(|(path, _)| !judged(path) && !base.contains_key(*path));
    for (path, new) in added {
        let stricter = path.ends_with(".required") && new == "true" || path.starts_with("links.");
        let new_source = source(path).is_some_and(|name| !was.contains(&name));
        if !stricter && !new_source {
            out.push(format!("{path}: {new} is new"));
        }
    }
}

/// The settings as written, by path: sources by their names, joins by their slots. Variables are not filled in.
fn flat(text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let Ok(mut value) = serde_yaml::from_str::<Value>(text.trim_start_matches('\u{feff}')) else { return out };
    if value.apply_merge().is_ok() {
        walk(&value, String::new(), &mut out);
    }
    out
}

fn walk(value: &Value, path: String, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Mapping(entries) => {
            for (key, item) in entries {
                let key = key.as_str().unwrap_or("?");
                walk(item, if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }, out);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let text = |key: &str| item.get(key).and_then(Value::as_str);
                let name = text("name").or_else(|| text("kind")).or_else(|| text("slot"));
                let name = name.map_or_else(|| index.to_string(), |name| name.replace('.', "_"));
                walk(item, format!("{path}.{name}"), out);
            }
        }
        Value::Tagged(tagged) => walk(&tagged.value, path, out),
        Value::Null => {}
        Value::Bool(flag) => drop(out.insert(path, flag.to_string())),
        Value::Number(number) => drop(out.insert(path, number.to_string())),
        Value::String(text) => drop(out.insert(path, text.chars().take(200).collect())),
    }
}

/// The variables that a configuration reads: `${NAME}`, and what settings that end in `_env` name.
pub(super) fn reads(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (path, value) in flat(text) {
        if path.ends_with("_env") {
            out.insert(value.clone());
        }
        let mut rest = value.as_str();
        while let Some((_, after)) = rest.split_once("${") {
            let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            out.insert(name);
            rest = after;
        }
    }
    out.remove("");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Files, KnownKind, Role, load};
    use crate::model::report::Severity;

    const BASE: &str = "version: 1
sources:
  - {kind: jira, url: 'https://jira.example', jql: 'project = SEC', token_env: T}
  - {kind: aws, endpoint: '${AWS_ENDPOINT_URL:-}'}
policy: {fail_on: high, limits: {revoke: 24h}}
trust: {projects: [SEC], approvers: [alice]}
";

    fn compare(head: &str) -> Vec<String> {
        let kinds = [
            KnownKind { kind: "jira", role: Role::Tickets },
            KnownKind { kind: "aws", role: Role::Inventory },
            KnownKind { kind: "vault", role: Role::Inventory },
        ];
        let known =
            Known { rules: &[("revoked-but-live", Severity::Critical), ("stale-copy", Severity::High)], kinds: &kinds };
        let parse = |text: &str| {
            load::parse(None, text, Files::Tree(".".into()), &Environment::default(), known)
                .expect("a configuration")
                .settings
        };
        let (was, is) = (parse(BASE), parse(head));
        loosened(&Side { text: BASE, settings: &was }, &Side { text: head, settings: &is }, &known)
    }

    #[test]
    fn what_loosens_is_told() {
        assert_eq!(compare(BASE), Vec::<String>::new());
        let with = |from: &str, to: &str| {
            assert!(BASE.contains(from), "{from}");
            compare(&BASE.replace(from, to))
        };
        assert_eq!(with("fail_on: high", "fail_on: critical"), ["policy.fail_on: high became critical"]);
        assert_eq!(with("revoke: 24h", "revoke: 900h"), ["policy.limits.revoke: 24h became 900h"]);
        assert_eq!(with("fail_on: high", "on_gap: warn"), ["policy.on_gap: block became warn"]);
        assert_eq!(
            with("fail_on: high", "severity: {stale-copy: low}"),
            ["policy.severity.stale-copy: high became low"]
        );
        assert_eq!(with("approvers: [alice]", "approvers: [alice, eve]"), ["trust.approvers: eve is new"]);
        assert_eq!(with("projects: [SEC]", "projects: []"), ["trust.projects: tickets of every project may loosen"]);
        assert_eq!(
            with("https://jira.example", "https://evil.example"),
            ["sources.jira.url: https://jira.example became https://evil.example"]
        );
        assert_eq!(
            with("jql: 'project = SEC'", "jql: 'project = X'"),
            ["sources.jira.jql: project = SEC became project = X"]
        );
        assert_eq!(
            with("  - {kind: aws, endpoint: '${AWS_ENDPOINT_URL:-}'}\n", ""),
            ["sources: aws is not read any more"]
        );
        assert_eq!(with("endpoint: '", "required: false, endpoint: '"), ["sources.aws.required: false is new"]);
        assert_eq!(
            compare(&format!("{BASE}words: {{state: {{withdrawn: [Fixed]}}}}\n")),
            ["words.state.withdrawn.0: Fixed is new"]
        );
    }

    #[test]
    fn what_tightens_is_not() {
        let stricter = BASE.replace("fail_on: high", "fail_on: low").replace("revoke: 24h", "revoke: 1h");
        assert_eq!(compare(&stricter), Vec::<String>::new());
        assert_eq!(compare(&BASE.replace("kind: aws,", "kind: aws, required: true,")), Vec::<String>::new());
        assert_eq!(
            compare(&BASE.replace("policy:", "  - {kind: vault, address: 'https://v'}\npolicy:")),
            Vec::<String>::new()
        );
        assert_eq!(compare(&BASE.replace("approvers: [alice]", "approvers: []")), Vec::<String>::new());
    }

    #[test]
    fn variables_are_known() {
        assert_eq!(reads(BASE), BTreeSet::from(["AWS_ENDPOINT_URL".to_owned(), "T".to_owned()]));
    }
}
