//! From a part of a file's tree to references: expressions, literal credentials, what known actions name. Knows no key but what its
//! caller says of the place; which place that is lives in `workflow` and `action`.

use std::collections::{HashMap, HashSet};

use super::actions;
use super::facts::{Raw, Reach};
use super::matrix::Contexts;
use crate::model::pipeline::Environment;
use crate::model::reference::{Channel, Confidence, Family, Kind, Provider, Reference};
use crate::pipeline::expression::{self, Target, Text};
use crate::pipeline::literal;
use crate::pipeline::yaml::{Node, NodeId, PositionMap, Tree};
use crate::pipeline::{cli_fetch, shell};

/// How many nodes are looked at in a file, aliases counted each time: some twenty times the nodes of the largest pipeline seen.
const MAX_VISITS: usize = 2_000_000;

/// How many references of a file are kept: a hundred times those of the largest pipeline seen.
const MAX_FOUND: usize = 20_000;

/// Where in a file something stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'s> {
    pub(super) job: Option<&'s JobSite>,
    pub(super) step: Option<u32>,
    pub(super) channel: Channel,
    pub(super) reach: Reach,
    /// Whether GitHub surely evaluates expressions there.
    pub(super) sure: bool,
}

/// What references say of their job.
pub(super) struct JobSite {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) environment: Environment,
}

impl Site<'_> {
    pub(super) fn with(self, channel: Channel) -> Self {
        Self { channel, ..self }
    }
}

/// Collects the references of one file.
pub(super) struct Scanner<'t> {
    file: &'t str,
    family: Family,
    /// Which nodes have something below them; empty where there is no alias, and then nothing is asked.
    fertile: Vec<bool>,
    literals: bool,
    visits: usize,
    pub(super) exhausted: bool,
    pub(super) found: Vec<Raw>,
    /// AWS key ids wait for a secret in the same job; which jobs have one.
    keys: Vec<(Option<usize>, Raw)>,
    secrets: Vec<Option<usize>>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(file: &'t str, family: Family, tree: &Tree<'_>, text: &str, literals: bool) -> Self {
        let fertile = if tree.has_aliases() { tree.fertile(holds_something) } else { Vec::new() };
        Self {
            file,
            family,
            fertile,
            literals: literals || escapes(text),
            visits: 0,
            exhausted: false,
            found: Vec::new(),
            keys: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Counts work; false once there was too much.
    pub(super) fn spend(&mut self, visits: usize) -> bool {
        self.visits = self.visits.saturating_add(visits);
        self.exhausted |= self.visits > MAX_VISITS || self.found.len() > MAX_FOUND;
        !self.exhausted
    }

    fn barren(&self, id: NodeId) -> bool {
        self.fertile.get(id.index()).is_some_and(|fertile| !fertile)
    }

    /// Everything below a node, keys included.
    pub(super) fn scan(&mut self, node: Node<'t>, site: Site<'_>, contexts: &Contexts<'t>) {
        if node.str().is_some() {
            if self.spend(1) && !self.barren(node.id()) {
                self.scalar(node, site, contexts, false, None);
            }
            return;
        }
        let mut todo = vec![node];
        // What several aliases lead to is the same reference at the same place.
        let mut seen = HashSet::new();
        while let Some(node) = todo.pop() {
            if self.barren(node.id()) {
                continue;
            }
            if !self.spend(1) {
                return;
            }
            if (node.is_alias() || node.is_anchored()) && !seen.insert(node.resolved().id()) {
                continue;
            }
            if node.str().is_some() {
                self.scalar(node, site, contexts, false, None);
                continue;
            }
            let before = todo.len();
            todo.extend(node.items());
            todo.extend(node.pairs().flat_map(|(key, value)| [key, value]));
            if !self.spend(todo.len() - before) {
                return;
            }
        }
    }

    /// An `env:` mapping, where a variable may be bound to a secret.
    pub(super) fn env(&mut self, node: Node<'t>, site: Site<'_>, contexts: &Contexts<'t>) {
        let site = site.with(Channel::Env);
        if !node.is_mapping() {
            return self.scan(node, site, contexts);
        }
        if self.barren(node.id()) {
            return;
        }
        for (key, value) in node.pairs() {
            if !self.spend(2) {
                return;
            }
            self.scan(key, site, contexts);
            match (value.str(), key.str()) {
                (Some(_), Some(name)) => self.scalar(value, site, contexts, false, Some(name)),
                _ => self.scan(value, site, contexts),
            }
        }
    }

    /// An `if:`, an expression even without `${{ }}`.
    pub(super) fn condition(&mut self, node: Node<'t>, site: Site<'_>, contexts: &Contexts<'t>) {
        match node.str() {
            Some(_) => self.scalar(node, site.with(Channel::If), contexts, true, None),
            None => self.scan(node, site.with(Channel::If), contexts),
        }
    }

    fn scalar(&mut self, node: Node<'t>, site: Site<'_>, contexts: &Contexts<'t>, bare: bool, variable: Option<&str>) {
        let Some(text) = node.str() else { return };
        let mut positions: Option<PositionMap<'t>> = None;
        let mut bodies = expression::bodies(text);
        if bare && bodies.is_empty() {
            bodies.push(expression::Body { start: 0, end: text.len(), closed: true });
        }
        for body in bodies {
            let Some(inner) = text.get(body.start..body.end) else { continue };
            if self.found.len() > MAX_FOUND {
                self.exhausted = true;
                return;
            }
            let mentions = expression::mentions(inner, contexts);
            let alone = mentions.len() == 1 && body.start == 3 && body.end + 2 == text.len() && body.closed;
            for mention in mentions {
                let binds = variable.filter(|_| alone && is_plain_access(inner)).map(str::to_owned);
                let sure = site.sure && body.closed;
                let Some((kind, name, confidence, candidates)) = describe(mention.target, sure) else { continue };
                let map = positions.get_or_insert_with(|| node_positions(node));
                let place = map.place(body.start + mention.at);
                let mut reference = self.reference(site, kind, name, confidence, (place.line, place.column));
                reference.binds = binds.filter(|_| matches!(kind, Kind::Secret | Kind::JobToken));
                self.found.push(Raw { reference, reach: site.reach, candidates, unless_known: false });
            }
        }
        if self.literals {
            self.literals(node, text, site);
        }
    }

    /// What a script fetches from an outer store by a command.
    pub(super) fn fetches(&mut self, node: Node<'t>, site: Site<'_>) {
        const TOOLS: [&str; 5] = ["vault", "bao", "aws", "gcloud", "az "];
        let Some(text) = node.str().filter(|text| TOOLS.iter().any(|tool| text.contains(tool))) else { return };
        for fetch in cli_fetch::find(&shell::scan(text)) {
            let place = node.position(fetch.at);
            let sure = fetch.exact && site.sure && !fetch.name.contains("${{");
            let confidence = if sure { Confidence::Exact } else { Confidence::Possible };
            let at = (place.line, place.column);
            let mut reference = self.reference(site, fetch.kind, Some(fetch.name), confidence, at);
            reference.store = fetch.store;
            self.push(Raw { reference, reach: site.reach, candidates: Vec::new(), unless_known: false });
        }
    }

    fn literals(&mut self, node: Node<'t>, text: &str, site: Site<'_>) {
        let job = site.job.map(|job| job.index);
        if literal::has_aws_secret(text) {
            self.secrets.push(job);
        }
        for literal in literal::find(text) {
            let place = node.position(literal.at);
            let at = (place.line, place.column);
            let reference = self.reference(site, Kind::Literal, Some(literal.name), Confidence::Exact, at);
            let raw = Raw { reference, reach: site.reach, candidates: Vec::new(), unless_known: false };
            if literal.needs_secret { self.keys.push((job, raw)) } else { self.found.push(raw) }
        }
    }

    /// A reference at a node's own place.
    pub(super) fn add_at(
        &mut self,
        node: Node<'t>,
        site: Site<'_>,
        kind: Kind,
        name: Option<String>,
        confidence: Confidence,
    ) -> &mut Raw {
        let place = node.resolved().place();
        let reference = self.reference(site, kind, name, confidence, (place.line, place.column));
        self.push(Raw { reference, reach: site.reach, candidates: Vec::new(), unless_known: false })
    }

    fn push(&mut self, raw: Raw) -> &mut Raw {
        let at = self.found.len();
        self.found.push(raw);
        &mut self.found[at]
    }

    /// What a step's known action reads. Returns whether it uses the identity token, and its registry inputs.
    pub(super) fn action(&mut self, uses: Node<'t>, step: Node<'t>, site: Site<'_>) -> (bool, &'static [&'static str]) {
        let (with, env) = (step.get("with"), step.get("env"));
        let Some(known) = uses.str().and_then(|name| actions::known(name, with, env)) else { return (false, &[]) };
        let channel = |kind: Kind, store: Option<&str>| {
            if kind == Kind::Vault && store == Some("1password") { Channel::Env } else { Channel::With }
        };
        for (kind, name, node, at, store) in known.names {
            let place = node.position(at);
            let confidence = if name.contains("${{") { Confidence::Possible } else { Confidence::Exact };
            let site = site.with(channel(kind, store.as_deref()));
            let mut reference = self.reference(site, kind, Some(name), confidence, (place.line, place.column));
            reference.store = store;
            self.push(Raw { reference, reach: site.reach, candidates: Vec::new(), unless_known: false });
        }
        if let Some(audience) = known.audience {
            let site = site.with(Channel::Other);
            self.add_at(uses, site, Kind::Oidc, Some(audience.to_owned()), Confidence::Possible).unless_known = false;
        }
        (known.oidc, known.registry)
    }

    /// The references, once all of the file was seen: an AWS key id with no secret in its job, or beside all jobs, is none.
    pub(super) fn finish(&mut self) -> Vec<Raw> {
        let mut found = std::mem::take(&mut self.found);
        forget_repeated_roles(&mut found);
        let secrets = &self.secrets;
        let keys =
            self.keys.drain(..).filter(|(job, _)| secrets.iter().any(|at| at == job || at.is_none() || job.is_none()));
        found.extend(keys.map(|(_, raw)| raw));
        found
    }

    fn reference(
        &self,
        site: Site<'_>,
        kind: Kind,
        name: Option<String>,
        confidence: Confidence,
        at: (u32, u32),
    ) -> Reference {
        let (environment, environment_expression) = match site.job.map(|job| &job.environment) {
            Some(Environment::Named(name)) => (Some(name.clone()), None),
            Some(Environment::Expression(text)) => (None, Some(text.clone())),
            _ => (None, None),
        };
        Reference {
            provider: Provider::Github,
            file: self.file.to_owned(),
            line: at.0,
            column: at.1,
            kind,
            name,
            job: site.job.map(|job| job.name.clone()),
            step: site.step,
            environment,
            environment_expression,
            channel: site.channel,
            confidence,
            candidates: Vec::new(),
            reachable_from: Vec::new(),
            resolves_to: Vec::new(),
            store: None,
            binds: None,
            family: self.family,
        }
    }
}

/// A role variable in a known action's input is that action's role, and told once.
fn forget_repeated_roles(found: &mut Vec<Raw>) {
    let roles: HashSet<(u32, Option<String>, Option<u32>)> = found
        .iter()
        .map(|raw| &raw.reference)
        .filter(|r| r.kind == Kind::Oidc && r.name.as_deref().is_some_and(|name| name.contains("${{")))
        .map(|r| (r.line, r.job.clone(), r.step))
        .collect();
    if roles.is_empty() {
        return;
    }
    found.retain(|raw| {
        let r = &raw.reference;
        let variable = r.kind == Kind::Oidc && r.name.as_deref().is_some_and(|name| name.starts_with("vars."));
        !(variable && r.channel == Channel::With && roles.contains(&(r.line, r.job.clone(), r.step)))
    });
}

fn node_positions(node: Node<'_>) -> PositionMap<'_> {
    // Only scalars come here, and they have one.
    node.positions().unwrap_or_else(|| PositionMap::nowhere(node.tree()))
}

/// Whether an expression is one secret and nothing around it.
fn is_plain_access(body: &str) -> bool {
    let body = body.trim();
    let head = body.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("secrets"));
    head && !body.contains(['(', '&', '|', '=', '!', '<', '>', ',', '*'])
}

/// Kind, name, confidence and open candidates of what an expression names.
fn describe(target: Target, sure: bool) -> Option<(Kind, Option<String>, Confidence, Vec<Text>)> {
    let confidence = if sure { Confidence::Exact } else { Confidence::Possible };
    let token = || Some("GITHUB_TOKEN".to_owned());
    Some(match target {
        Target::Secret(name) if name == "GITHUB_TOKEN" => (Kind::JobToken, Some(name), confidence, Vec::new()),
        Target::Secret(name) => (Kind::Secret, Some(name), confidence, Vec::new()),
        Target::AllSecrets => (Kind::AllSecrets, None, Confidence::Possible, Vec::new()),
        Target::Dynamic(candidates) => (Kind::Dynamic, None, Confidence::Possible, candidates),
        Target::JobToken { sure: true } => (Kind::JobToken, token(), confidence, Vec::new()),
        Target::JobToken { sure: false } => (Kind::JobToken, token(), Confidence::Possible, Vec::new()),
        Target::RoleVariable(name) => (Kind::Oidc, Some(format!("vars.{name}")), Confidence::Possible, Vec::new()),
    })
}

/// Whether a text has escapes that can stand for a letter, behind which a literal could hide.
fn escapes(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\\', bytes).any(|at| matches!(bytes.get(at + 1), Some(b'x' | b'u' | b'U')))
}

/// Whether a scalar could hold anything that this file collects; only asked where aliases could multiply it.
fn holds_something(text: &str) -> bool {
    let has = |word: &[u8]| text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    text.contains("${{")
        || has(b"secrets")
        || has(b"github")
        || literal::possible(text)
        || literal::has_aws_secret(text)
}

/// Values of inputs as passed: `with:` of a step or a call.
pub(super) fn inputs<'t>(
    with: Option<Node<'t>>,
    contexts: &Contexts<'t>,
) -> std::collections::BTreeMap<String, Vec<Text>> {
    let mut found: HashMap<String, Vec<Text>> = HashMap::new();
    for (key, value) in with.into_iter().flat_map(Node::pairs).take(256) {
        if let (Some(key), Some(text)) = (key.str(), value.str()) {
            found.insert(key.to_lowercase(), expression::interpolate(text, contexts));
        }
    }
    found.into_iter().collect()
}
