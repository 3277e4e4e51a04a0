//! A workflow file: its triggers, environment, permissions and jobs. Keys:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>.

use super::facts::{Facts, JobFacts, Passed, Reach, Shape};
use super::local;
use super::matrix::Contexts;
use super::scan::{JobSite, Scanner, Site, inputs};
use super::steps;
use crate::model::pipeline::{Environment, Job};
use crate::model::reference::{Channel, Confidence, Kind};
use crate::pipeline::discover::Found;
use crate::pipeline::expression::{Piece, Text};
use crate::pipeline::yaml::Node;

/// Reads a workflow.
pub(super) fn read<'t>(root: Node<'t>, found: &Found, scanner: &mut Scanner<'t>, facts: &mut Facts) {
    facts.shape = Shape::Workflow;
    let none = Contexts::new(None, Vec::new());
    let level = Site { job: None, step: None, channel: Channel::Other, reach: Reach::AllJobs, sure: true };
    let nowhere = Site { reach: Reach::Nothing, sure: false, ..level };
    for (key, value) in pairs(root) {
        scanner.scan(key, nowhere, &none);
        match key.str() {
            Some("env") => scanner.env(value, level, &none),
            Some("jobs") => jobs(value, root, found, scanner, facts),
            Some("on" | "true") => {
                triggers(value, facts);
                scanner.scan(value, nowhere, &none);
            }
            Some("permissions") => {
                permission(value, Site { reach: Reach::Inheriting, ..level }, scanner);
                scanner.scan(value, nowhere, &none);
            }
            Some("name") => {
                facts.name = value.str().map(str::to_owned);
                scanner.scan(value, level, &none);
            }
            Some("defaults" | "run-name" | "concurrency") => scanner.scan(value, level, &none),
            _ => scanner.scan(value, nowhere, &none),
        }
    }
}

/// A mapping's pairs. GitHub has aliases but no merge keys; what stands under one is read as if it had.
pub(super) fn pairs(node: Node<'_>) -> Vec<(Node<'_>, Node<'_>)> {
    if node.get("<<").is_none() {
        return node.pairs().collect();
    }
    crate::pipeline::yaml::merged_pairs(node, &mut crate::pipeline::yaml::Budget::new(10_000))
}

fn value<'t>(node: Node<'t>, key: &str) -> Option<Node<'t>> {
    crate::pipeline::yaml::merged_get(node, key, &mut crate::pipeline::yaml::Budget::new(10_000))
}

fn triggers(on: Node<'_>, facts: &mut Facts) {
    let names: Vec<&str> = match on.is_mapping() {
        true => on.pairs().filter_map(|(key, _)| key.str()).collect(),
        false => on.one_or_many().filter_map(Node::str).collect(),
    };
    facts.events = names.iter().map(|&name| name.to_owned()).collect();
    facts.callable = names.contains(&"workflow_call");
    facts.triggered = names.iter().any(|&name| name != "workflow_call");
    let follows = on.path(&["workflow_run", "workflows"]);
    facts.follows = follows.into_iter().flat_map(Node::one_or_many).filter_map(Node::str).map(str::to_owned).collect();
    for trigger in ["workflow_call", "workflow_dispatch"] {
        let declared = on.path(&[trigger, "inputs"]);
        for (key, input) in declared.into_iter().flat_map(Node::pairs).take(256) {
            let Some(name) = key.str() else { continue };
            let values = facts.inputs.entry(name.to_lowercase()).or_default();
            let default = input.get("default").into_iter();
            let options = input.get("options").into_iter().flat_map(Node::items);
            values.extend(default.chain(options).filter_map(literal));
        }
    }
}

/// A scalar that is no expression and not empty.
pub(super) fn literal(node: Node<'_>) -> Option<Text> {
    node.str()
        .filter(|text| !text.is_empty() && !text.contains("${{"))
        .map(|text| vec![Piece::Literal(text.to_owned())])
}

/// Whether permissions let the job ask for an identity token.
fn grants_identity(permissions: Node<'_>) -> bool {
    permissions.str() == Some("write-all") || permissions.get("id-token").and_then(Node::str) == Some("write")
}

/// A permission for the identity token is a reference where no known action tells what it is exchanged for.
fn permission<'t>(permissions: Node<'t>, site: Site<'_>, scanner: &mut Scanner<'t>) {
    if !grants_identity(permissions) {
        return;
    }
    let key = permissions.pairs().find(|(key, _)| key.str() == Some("id-token")).map_or(permissions, |(key, _)| key);
    scanner.add_at(key, site, Kind::Oidc, Some("id-token".to_owned()), Confidence::Possible).unless_known = true;
}

fn jobs<'t>(jobs: Node<'t>, root: Node<'t>, found: &Found, scanner: &mut Scanner<'t>, facts: &mut Facts) {
    let none = Contexts::new(None, Vec::new());
    if !jobs.is_mapping() {
        let site = Site { job: None, step: None, channel: Channel::Other, reach: Reach::Nothing, sure: false };
        return scanner.scan(jobs, site, &none);
    }
    for (key, node) in pairs(jobs) {
        let Some(name) = key.str() else {
            let site = Site { job: None, step: None, channel: Channel::Other, reach: Reach::Nothing, sure: false };
            scanner.scan(key, site, &none);
            scanner.scan(node, site, &none);
            continue;
        };
        if !scanner.spend(1 + node.pairs().count()) {
            return;
        }
        let site = JobSite { index: facts.jobs.len(), name: name.to_owned(), environment: environment(node) };
        let job = job(&site, key, node, root, found, scanner, &mut facts.notes);
        facts.jobs.push(job);
    }
}

fn environment(job: Node<'_>) -> Environment {
    let Some(node) = value(job, "environment") else { return Environment::None };
    let name = if node.is_mapping() { node.get("name").and_then(Node::str) } else { node.str() };
    match name {
        None | Some("") => Environment::None,
        Some(name) if name.contains("${{") => Environment::Expression(name.to_owned()),
        Some(name) => Environment::Named(name.to_owned()),
    }
}

fn job<'t>(
    own: &JobSite,
    key: Node<'t>,
    node: Node<'t>,
    root: Node<'t>,
    found: &Found,
    scanner: &mut Scanner<'t>,
    notes: &mut Vec<String>,
) -> JobFacts {
    let site = Site { job: Some(own), step: None, channel: Channel::Other, reach: Reach::Job(own.index), sure: true };
    let matrix = value(node, "strategy").and_then(|strategy| strategy.get("matrix"));
    let envs: Vec<Node<'t>> = value(node, "env").into_iter().chain(root.get("env")).collect();
    let contexts = Contexts::new(matrix, envs);
    let place = key.resolved().place();
    let own_permissions = value(node, "permissions");
    let mut facts = JobFacts {
        job: Job {
            name: own.name.clone(),
            file: found.file.clone(),
            line: place.line,
            column: place.column,
            environment: own.environment.clone(),
            environment_passive: false,
            needs: Vec::new(),
            calls: None,
            calls_remote: None,
            steps: Vec::new(),
            gate_step: None,
            gate_stops: true,
            gate_run: None,
            gate_guards: true,
        },
        condition: value(node, "if").and_then(Node::str).map(str::to_owned),
        needs: value(node, "needs")
            .into_iter()
            .flat_map(Node::one_or_many)
            .filter_map(Node::str)
            .map(str::to_owned)
            .collect(),
        tolerated: value(node, "continue-on-error").is_some_and(may_be_true),
        own_permissions: own_permissions.is_some(),
        oidc_known: false,
        call: None,
        uses: Vec::new(),
        tolerated_steps: Vec::new(),
        gates: Vec::new(),
        runs: Vec::new(),
    };
    let called = value(node, "uses");
    for (key, part) in pairs(node) {
        scanner.scan(key, site, &contexts);
        match key.str() {
            Some("env") => scanner.env(part, site, &contexts),
            Some("if") => scanner.condition(part, site, &contexts),
            Some("steps") => steps::read(part, site, matrix, &contexts.envs, found, scanner, &mut facts),
            Some("with") => scanner.scan(part, site.with(Channel::With), &contexts),
            Some("secrets") => passed(part, site, &contexts, scanner),
            Some("container") => container(part, site, &contexts, scanner),
            Some("services") if part.is_mapping() => {
                for (name, service) in pairs(part) {
                    scanner.scan(name, site, &contexts);
                    container(service, site, &contexts, scanner);
                }
            }
            Some("permissions") => {
                permission(part, site, scanner);
                scanner.scan(part, site, &contexts);
            }
            _ => scanner.scan(part, site, &contexts),
        }
    }
    for (_, run) in &mut facts.runs {
        crate::pipeline::gate::around(value(node, "container"), [Some(node), Some(root)], run);
    }
    if let Some(uses) = called.and_then(Node::str) {
        match local::workflow(uses, found) {
            local::Target::Local(target) => {
                facts.job.calls = Some(target.clone());
                let secrets =
                    value(node, "secrets").map(|secrets| secrets_passed(secrets, &contexts)).unwrap_or_default();
                let with = inputs(value(node, "with"), &contexts);
                facts.call = Some(super::facts::Call { target, with, secrets, step: 0, warns: false });
            }
            local::Target::Outside => {
                notes.push(format!("line {}: {uses} leaves the repository: not read", place.line));
                facts.job.calls_remote = Some(uses.to_owned());
            }
            local::Target::Remote => {
                notes.push(format!("line {}: the called workflow {uses} is not fetched", place.line));
                facts.job.calls_remote = Some(uses.to_owned());
            }
        }
    }
    facts
}

/// Whether a value like `continue-on-error` can be true: `true`, or an expression.
pub(super) fn may_be_true(node: Node<'_>) -> bool {
    node.str().is_some_and(|text| {
        text.eq_ignore_ascii_case("true") || (text.contains("${{") && !text.replace(' ', "").contains("${{false}}"))
    })
}

fn passed<'t>(node: Node<'t>, site: Site<'_>, contexts: &Contexts<'t>, scanner: &mut Scanner<'t>) {
    if node.str() == Some("inherit") {
        scanner.add_at(node, site.with(Channel::Secrets), Kind::AllSecrets, None, Confidence::Possible);
    } else {
        scanner.scan(node, site.with(Channel::Secrets), contexts);
    }
}

fn secrets_passed<'t>(node: Node<'t>, contexts: &Contexts<'t>) -> Passed {
    use crate::pipeline::expression::{Target, bodies, mentions};
    if node.str() == Some("inherit") {
        return Passed::Inherit;
    }
    let mut map = std::collections::BTreeMap::new();
    for (key, value) in pairs(node).into_iter().take(1_000) {
        let (Some(name), Some(text)) = (key.str(), value.str()) else { continue };
        let (names, candidates): &mut (Vec<String>, Vec<Text>) = map.entry(name.to_uppercase()).or_default();
        for body in bodies(text) {
            for mention in mentions(&text[body.start..body.end], contexts) {
                match mention.target {
                    Target::Secret(name) => names.push(name),
                    Target::JobToken { sure: true } => names.push("GITHUB_TOKEN".to_owned()),
                    Target::Dynamic(texts) => candidates.extend(texts),
                    _ => {}
                }
            }
        }
    }
    Passed::Named(map)
}

/// `container:` or one of `services:`: an image, or a mapping with image, credentials and environment.
fn container<'t>(node: Node<'t>, site: Site<'_>, contexts: &Contexts<'t>, scanner: &mut Scanner<'t>) {
    if !node.is_mapping() {
        return scanner.scan(node, site.with(Channel::Image), contexts);
    }
    for (key, part) in pairs(node) {
        if !scanner.spend(2) {
            return;
        }
        scanner.scan(key, site, contexts);
        match key.str() {
            Some("env") => scanner.env(part, site, contexts),
            Some("image") => scanner.scan(part, site.with(Channel::Image), contexts),
            Some("credentials") => scanner.scan(part, site.with(Channel::Credentials), contexts),
            _ => scanner.scan(part, site, contexts),
        }
    }
}
