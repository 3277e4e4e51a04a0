//! A local action's `action.yml`, and `dependabot.yml`. Keys:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>,
//! <https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference#registries-->.

use super::facts::{Facts, Reach, Shape};
use super::matrix::Contexts;
use super::scan::{Scanner, Site};
use super::steps;
use super::workflow::{literal, pairs};
use crate::model::reference::Channel;
use crate::pipeline::discover::Found;
use crate::pipeline::yaml::Node;

/// Reads an action.
pub(super) fn read<'t>(root: Node<'t>, found: &Found, scanner: &mut Scanner<'t>, facts: &mut Facts) {
    facts.shape = Shape::Action;
    let none = Contexts::new(None, Vec::new());
    let users = Site { job: None, step: None, channel: Channel::Other, reach: Reach::Users, sure: true };
    let words = Site { sure: false, ..users };
    for (key, value) in pairs(root) {
        scanner.scan(key, words, &none);
        match key.str() {
            Some("runs") => runs(value, users, found, scanner, facts),
            Some("inputs") => {
                for (name, input) in value.pairs().take(256) {
                    let default = input.get("default").and_then(literal);
                    if let Some(name) = name.str() {
                        facts.inputs.entry(name.to_lowercase()).or_default().extend(default);
                    }
                }
                texts(value, users, words, scanner, &none);
            }
            Some("outputs") => texts(value, users, words, scanner, &none),
            _ => scanner.scan(value, words, &none),
        }
    }
    // The repository's own action, used as `./`.
    if root.get("name").and_then(Node::str).is_some_and(|name| name.trim().eq_ignore_ascii_case("driftgate")) {
        facts.gate = Some(true);
        facts.own_gate = true;
    }
}

/// Inputs and outputs: GitHub evaluates defaults and values, not what is said of them.
fn texts<'t>(node: Node<'t>, site: Site<'_>, words: Site<'_>, scanner: &mut Scanner<'t>, none: &Contexts<'t>) {
    if !node.is_mapping() {
        return scanner.scan(node, words, none);
    }
    for (name, entry) in node.pairs() {
        scanner.scan(name, words, none);
        if !entry.is_mapping() {
            scanner.scan(entry, words, none);
            continue;
        }
        for (key, value) in entry.pairs() {
            if !scanner.spend(2) {
                return;
            }
            let evaluated = matches!(key.str(), Some("default" | "value"));
            scanner.scan(key, words, none);
            scanner.scan(value, if evaluated { site } else { words }, none);
        }
    }
}

fn runs<'t>(runs: Node<'t>, site: Site<'_>, found: &Found, scanner: &mut Scanner<'t>, facts: &mut Facts) {
    let contexts = Contexts::new(None, runs.get("env").into_iter().collect());
    for (key, value) in pairs(runs) {
        scanner.scan(key, site, &contexts);
        match key.str() {
            Some("steps") => {
                let steps = steps::list(value, site, None, &[], found, scanner);
                facts.gate = steps
                    .gates
                    .iter()
                    .map(|&(step, stops)| stops && steps.tolerated.get(step) == Some(&false))
                    .reduce(|a, b| a || b);
                facts.uses = steps.uses;
                facts.oidc_known = steps.oidc_known;
            }
            Some("env") => scanner.env(value, site, &contexts),
            Some("image") => scanner.scan(value, site.with(Channel::Image), &contexts),
            Some("pre-if" | "post-if") => scanner.condition(value, site, &contexts),
            _ => scanner.scan(value, site, &contexts),
        }
    }
}

/// Reads `dependabot.yml`: its registries refer to Dependabot's own secrets, which no job can reach.
pub(super) fn dependabot<'t>(root: Node<'t>, scanner: &mut Scanner<'t>, facts: &mut Facts) {
    facts.shape = Shape::Dependabot;
    let site = Site { job: None, step: None, channel: Channel::Credentials, reach: Reach::Nothing, sure: true };
    let none = Contexts::new(None, Vec::new());
    for (key, value) in pairs(root) {
        let registries = key.str() == Some("registries");
        let site = if registries { site } else { Site { channel: Channel::Other, sure: false, ..site } };
        scanner.scan(value, site, &none);
    }
}
