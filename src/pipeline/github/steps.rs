//! The steps of a job or of a composite action.

use std::cell::Cell;
use std::sync::OnceLock;

use regex::Regex;

use super::facts::{Call, JobFacts, Passed};
use super::local;
use super::matrix::Contexts;
use super::scan::{Scanner, Site, inputs};
use super::workflow::{may_be_true, pairs};
use crate::model::pipeline::{GateRun, Step};
use crate::model::reference::Channel;
use crate::pipeline::condition::{Ended, runs_anyway};
use crate::pipeline::discover::Found;
use crate::pipeline::gate;
use crate::pipeline::yaml::Node;

/// What a list of steps holds besides references.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    pub(super) uses: Vec<Call>,
    pub(super) tolerated: Vec<bool>,
    pub(super) gates: Vec<(usize, bool)>,
    pub(super) runs: Vec<(usize, GateRun)>,
    prepared: Vec<String>,
    pub(super) oidc_known: bool,
}

/// Reads a job's steps.
pub(super) fn read<'t>(
    node: Node<'t>,
    site: Site<'_>,
    matrix: Option<Node<'t>>,
    envs: &[Node<'t>],
    found: &Found,
    scanner: &mut Scanner<'t>,
    facts: &mut JobFacts,
) {
    let steps = list(node, site, matrix, envs, found, scanner);
    facts.job.steps = steps.steps;
    facts.uses = steps.uses;
    facts.tolerated_steps = steps.tolerated;
    facts.gates = steps.gates;
    facts.runs = steps.runs;
    facts.oidc_known |= steps.oidc_known;
}

/// Reads a list of steps.
pub(super) fn list<'t>(
    node: Node<'t>,
    site: Site<'_>,
    matrix: Option<Node<'t>>,
    envs: &[Node<'t>],
    found: &Found,
    scanner: &mut Scanner<'t>,
) -> Steps {
    let mut all = Steps::default();
    if !node.is_sequence() {
        scanner.scan(node, site, &Contexts::new(matrix, envs.to_vec()));
        return all;
    }
    for (index, step) in node.items().enumerate() {
        if !scanner.spend(1 + step.pairs().count()) {
            break;
        }
        let site = Site { step: Some(index as u32), ..site };
        let own = step.get("env").into_iter().chain(envs.iter().copied()).collect();
        let contexts = Contexts { matrix, envs: own, depth: Cell::new(0) };
        one(index, step, site, &contexts, found, scanner, &mut all);
    }
    all
}

fn one<'t>(
    index: usize,
    step: Node<'t>,
    site: Site<'_>,
    contexts: &Contexts<'t>,
    found: &Found,
    scanner: &mut Scanner<'t>,
    all: &mut Steps,
) {
    if !step.is_mapping() {
        scanner.scan(step, site, contexts);
    }
    let pairs = pairs(step);
    let get = |wanted: &str| pairs.iter().rev().find(|(key, _)| key.str() == Some(wanted)).map(|&(_, value)| value);
    let uses = get("uses").filter(|uses| uses.str().is_some());
    let (oidc, registry) = uses.map_or((false, &[][..]), |uses| scanner.action(uses, step, site));
    all.oidc_known |= oidc;
    for &(key, value) in &pairs {
        scanner.scan(key, site, contexts);
        match key.str() {
            Some("env") => scanner.env(value, site, contexts),
            Some("if") => scanner.condition(value, site, contexts),
            Some("run") => {
                scanner.scan(value, site.with(Channel::Run), contexts);
                scanner.fetches(value, site.with(Channel::Run));
            }
            Some("with") if value.is_mapping() => with(value, site, registry, contexts, scanner),
            Some("with") => scanner.scan(value, site.with(Channel::With), contexts),
            _ => scanner.scan(value, site, contexts),
        }
    }
    let condition = get("if").and_then(Node::str);
    let name = uses.and_then(Node::str);
    all.steps.push(Step {
        id: get("id").and_then(Node::str).map(str::to_owned),
        uses: name.map(str::to_owned),
        actions: Vec::new(),
        runs_after_failure: runs_anyway(condition, None, Ended::Failure).is_some(),
    });
    all.tolerated.push(get("continue-on-error").is_some_and(may_be_true));
    let is_local = name.is_some_and(|name| name.starts_with("./"));
    let warns = get("with").is_some_and(only_warns);
    if let Some(local::Target::Local(target)) = name.map(|name| local::action(name, found)) {
        let with = inputs(get("with"), contexts);
        all.uses.push(Call { target, with, secrets: Passed::Nothing, step: index, warns });
    }
    if name.is_some_and(names_gate) {
        all.gates.push((index, !warns));
    } else if let Some(stops) = get("run").and_then(Node::str).and_then(runs_gate) {
        all.gates.push((index, stops));
    }
    // A local action may turn out to run the gate.
    if is_local || all.gates.last().is_some_and(|&(at, _)| at == index) {
        all.runs.push((index, gate::step(step, &contexts.envs, &all.prepared)));
    }
    if let Some(script) = get("run").and_then(Node::str) {
        gate::prepares(script, &mut all.prepared);
    }
}

fn with<'t>(node: Node<'t>, site: Site<'_>, registry: &[&str], contexts: &Contexts<'t>, scanner: &mut Scanner<'t>) {
    for (key, value) in pairs(node) {
        if !scanner.spend(2) {
            return;
        }
        let credential = key.str().is_some_and(|key| registry.iter().any(|input| key.eq_ignore_ascii_case(input)));
        let channel = if credential { Channel::Credentials } else { Channel::With };
        scanner.scan(key, site.with(Channel::With), contexts);
        scanner.scan(value, site.with(channel), contexts);
    }
}

/// Whether a `uses:` is the gate's action: its last path part before `@` is `driftgate`, whoever owns it.
fn names_gate(uses: &str) -> bool {
    let path = uses.split('@').next().unwrap_or_default();
    let path = path
        .split_once(':')
        .filter(|(scheme, _)| *scheme == "docker")
        .map_or(path, |(_, image)| image.split(':').next().unwrap_or(image));
    path.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("driftgate"))
}

/// Whether these inputs of the gate's action let it report and pass.
fn only_warns(with: Node<'_>) -> bool {
    let input = |name: &str| with.get(name).and_then(Node::str).unwrap_or_default();
    let args: Vec<&str> = input("args").split_whitespace().collect();
    input("mode") == "warn" || args.contains(&"--mode=warn") || args.windows(2).any(|two| two == ["--mode", "warn"])
}

/// Whether a script runs `driftgate check`, and if so whether the script fails when it does.
pub(super) fn runs_gate(script: &str) -> Option<bool> {
    if !script.contains("driftgate") {
        return None;
    }
    static CALL: OnceLock<Option<Regex>> = OnceLock::new();
    let call = CALL
        .get_or_init(|| Regex::new(r#"(?:^|[\s;&|({/"'`])driftgate(?:\.exe)?["']?(?:\s+-[^\s]+(?:\s+[^\s-][^\s]*)??)*\s+check(?:\s|$|["';)&|])"#).ok())
        .as_ref()?;
    let joined = script.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut tolerant = false;
    let mut found = None;
    for line in joined.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        tolerant |= line.starts_with("set +e") || line.starts_with("set +o errexit");
        tolerant &= !(line.starts_with("set -e") || line.starts_with("set -o errexit"));
        if let Some(hit) = call.find(line) {
            let rest = &line[hit.start()..];
            let swallowed = rest.contains("||") || rest.contains("--mode warn") || rest.contains("--mode=warn");
            let asked = line[..hit.start() + 1].split([';', '&']).next_back().is_some_and(|before| {
                let before = before.trim_start();
                before.starts_with("if ")
                    || before.starts_with("! ")
                    || before.starts_with("while ")
                    || before.starts_with("until ")
            });
            let stops = !tolerant && !swallowed && !asked;
            found = Some(found.unwrap_or(false) || stops);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_recognised() {
        assert!(
            names_gate("acme/driftgate@v1")
                && names_gate("./tools/driftgate")
                && names_gate("docker://ghcr.io/acme/driftgate:1")
        );
        assert!(!names_gate("acme/driftgate-report@v1") && !names_gate("driftgate/other@v1"));
        for stops in [
            "driftgate check",
            "driftgate check . --format json",
            "echo\n  ./bin/driftgate --quiet check",
            "\"driftgate\" check",
            "driftgate --config x.yaml check && echo ok",
            "driftgate \\\n  check",
            "set +e\nx\nset -e\ndriftgate check",
        ] {
            assert_eq!(runs_gate(stops), Some(true), "{stops}");
        }
        for ignored in [
            "driftgate check || true",
            "set +e\ndriftgate check",
            "driftgate check --mode warn",
            "if driftgate check; then x; fi",
        ] {
            assert_eq!(runs_gate(ignored), Some(false), "{ignored}");
        }
        for none in
            ["# driftgate check", "driftgate refs", "mydriftgate check", "driftgate checkout", "driftgate --help"]
        {
            assert_eq!(runs_gate(none), None, "{none}");
        }
    }
}
