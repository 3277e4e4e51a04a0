//! A job's scalars by what they are: script lines, conditions, values. Which variables of them are unknown is `scope`'s business.

use std::collections::{HashMap, HashSet};

use super::config::{Config, Layer, View, is_reference};
use crate::model::reference::Channel;
use crate::pipeline::yaml::{Budget, Node, NodeId, merged_pairs};

/// How a scalar is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Shell text.
    Shell,
    /// A `rules:if` expression.
    Condition,
    /// A value in which GitLab or the runner expands variables.
    Value,
}

/// One scalar of a job.
#[derive(Clone)]
pub(super) struct Piece<'t> {
    pub(super) layer: Layer<'t>,
    pub(super) mode: Mode,
    pub(super) channel: Channel,
    /// The variable whose value this is.
    pub(super) of: Option<&'t str>,
}

/// An entry of `secrets:` or `id_tokens:`.
pub(super) struct Outer<'t> {
    /// Where it is told of: its key, or the merge key that brings it.
    pub(super) key: Layer<'t>,
    pub(super) name: &'t str,
    pub(super) value: View<'t>,
}

/// What a job consists of.
#[derive(Default)]
pub(super) struct Pieces<'t> {
    /// Script lines; in the order of their run once [`Pieces::ordered`] was called.
    pub(super) scripts: Vec<Piece<'t>>,
    ranked: Vec<(usize, Vec<Piece<'t>>)>,
    /// Everything else.
    pub(super) values: Vec<Piece<'t>>,
    /// Literal values of variables, matrix values included.
    pub(super) literals: HashMap<&'t str, Vec<&'t str>>,
    /// Names that the job's definition gives a value, with how many places do.
    pub(super) defined: Vec<&'t str>,
    /// `secrets:` entries.
    pub(super) secrets: Vec<Outer<'t>>,
    /// `id_tokens:` entries.
    pub(super) id_tokens: Vec<Outer<'t>>,
}

/// Keys whose values hold no variables, or are dealt with elsewhere.
const SILENT: [&str; 8] = ["extends", "stage", "coverage", "description", "inherit", "when", "allow_failure", "stages"];

/// Keys that GitLab knows in a job; others appear only in hidden jobs, for `!reference` and anchors.
const KEYWORDS: [&str; 30] = [
    "artifacts",
    "cache",
    "dast_configuration",
    "dependencies",
    "environment",
    "identity",
    "interruptible",
    "manual_confirmation",
    "needs",
    "pages",
    "publish",
    "release",
    "resource_group",
    "retry",
    "start_in",
    "tags",
    "timeout",
    "trigger",
    "name",
    "kubernetes",
    "type",
    "id_tokens",
    "secrets",
    "image",
    "services",
    "variables",
    "rules",
    "parallel",
    "only",
    "except",
];

impl<'t> Pieces<'t> {
    /// Takes a job apart; for the defaults a job does not override, `only` names the keys to take.
    pub(super) fn add(&mut self, config: &Config<'t>, view: &View<'t>, only: Option<&dyn Fn(&str) -> bool>) {
        for (key_layer, value) in config.pairs(view) {
            let Some(key) = key_layer.node.str() else { continue };
            if only.is_none_or(|only| only(key)) && config.spend() {
                self.key(config, key, &value);
            }
        }
    }

    /// Takes one keyword's value.
    pub(super) fn key(&mut self, config: &Config<'t>, key: &str, value: &View<'t>) {
        const RANKS: [&str; 5] = ["hooks", "before_script", "script", "run", "after_script"];
        if let Some(rank) = RANKS.iter().position(|known| *known == key) {
            let mut lines = Vec::new();
            match key {
                "hooks" => {
                    if let Some(script) = config.get(value, "pre_get_sources_script") {
                        lines_of(config, &script, &mut lines);
                    }
                }
                "run" => self.steps(config, value, &mut lines),
                _ => lines_of(config, value, &mut lines),
            }
            self.ranked.push((rank, lines));
        } else if !SILENT.contains(&key) {
            self.keyword(config, key, value);
        }
    }

    /// Puts the script lines in the order of their run.
    pub(super) fn ordered(mut self) -> Self {
        self.ranked.sort_by_key(|(rank, _)| *rank);
        let loose = std::mem::take(&mut self.scripts);
        self.scripts = std::mem::take(&mut self.ranked).into_iter().flat_map(|(_, lines)| lines).chain(loose).collect();
        self
    }

    fn keyword(&mut self, config: &Config<'t>, key: &str, value: &View<'t>) {
        match key {
            "variables" => self.variables(config, value),
            "rules" => self.rules(config, value),
            "only" | "except" => {
                if let Some(conditions) = config.get(value, "variables") {
                    for layer in config.items(&conditions) {
                        self.scalar(config, layer, Mode::Condition, Channel::If);
                    }
                }
            }
            "image" | "services" => self.deep(config, value, Channel::Image),
            "parallel" => {
                let Some(matrix) = config.get(value, "matrix") else { return };
                for layer in config.items(&matrix) {
                    for (key, value) in config.pairs(&View(vec![layer])) {
                        let Some(name) = key.node.str() else { continue };
                        self.defined.push(name);
                        let values = config.items(&value).into_iter().filter_map(|layer| layer.node.str());
                        self.literals
                            .entry(name)
                            .or_default()
                            .extend(values.filter(|text| !text.contains('$')).take(200));
                        self.deep(config, &value, Channel::Env);
                    }
                }
            }
            "secrets" => {
                let entries = self.outer(config, value);
                self.secrets.extend(entries);
            }
            "id_tokens" => {
                let entries = self.outer(config, value);
                self.id_tokens.extend(entries);
            }
            "trigger" => {
                for (key, value) in config.pairs(value) {
                    let channel = if key.node.str() == Some("inputs") { Channel::With } else { Channel::Other };
                    self.deep(config, &value, channel);
                }
                if !value.is_mapping() {
                    self.deep(config, value, Channel::Other);
                }
            }
            _ if KEYWORDS.contains(&key) => self.deep(config, value, Channel::Other),
            _ => self.loose(config, value),
        }
    }

    /// Entries of `secrets:` or `id_tokens:`. What a merge key brings is told of where it is defined, and at the merge key, which is
    /// the place where the job asks for it.
    fn outer(&mut self, config: &Config<'t>, view: &View<'t>) -> Vec<Outer<'t>> {
        let mut found = Vec::new();
        for (key, value) in config.pairs(view) {
            let Some(name) = key.node.str() else { continue };
            self.defined.push(name);
            self.deep(config, &value, Channel::Env);
            for layer in &view.0 {
                for (merge, target) in layer.node.pairs().filter(|(key, _)| key.str() == Some("<<")) {
                    let brings = |node: Node<'t>| node.pairs().any(|(inner, _)| inner.id() == key.node.id());
                    if layer.file == key.file && target.one_or_many().any(brings) {
                        found.push(Outer { key: layer.with(merge), name, value: value.clone() });
                    }
                }
            }
            found.push(Outer { key, name, value });
        }
        found
    }

    /// `run:` steps: scripts, and inputs of what they call.
    fn steps(&mut self, config: &Config<'t>, value: &View<'t>, scripts: &mut Vec<Piece<'t>>) {
        for layer in config.items(value) {
            for (key, value) in config.pairs(&View(vec![layer])) {
                match key.node.str() {
                    Some("script") => lines_of(config, &value, scripts),
                    _ => self.deep(config, &value, Channel::With),
                }
            }
        }
    }

    /// A `variables` mapping.
    pub(super) fn variables(&mut self, config: &Config<'t>, view: &View<'t>) {
        for (key, value) in config.pairs(view) {
            let Some(name) = key.node.str() else { continue };
            if name == "<<" {
                continue;
            }
            self.defined.push(name);
            let layer = if value.is_mapping() {
                if config.get(&value, "expand").and_then(|v| v.str()) == Some("false") {
                    continue;
                }
                config.get(&value, "value").and_then(|v| v.first())
            } else {
                value.first()
            };
            let Some(layer) = layer else { continue };
            let Some(text) = layer.node.str() else { continue };
            let expands = text.contains(['$', '%']);
            if expands || config.literals {
                self.values.push(Piece { layer, mode: Mode::Value, channel: Channel::Env, of: Some(name) });
            }
            if !expands {
                self.literals.entry(name).or_default().push(text);
            }
        }
    }

    /// `workflow:`.
    pub(super) fn workflow(&mut self, config: &Config<'t>, view: &View<'t>) {
        if let Some(rules) = config.get(view, "rules") {
            self.rules(config, &rules);
        }
        if let Some(name) = config.get(view, "name") {
            self.deep(config, &name, Channel::Other);
        }
    }

    /// One entry of `include`: what it passes, and what its place depends on.
    pub(super) fn include(&mut self, config: &Config<'t>, view: &View<'t>) {
        if !view.is_mapping() {
            self.deep(config, view, Channel::Other);
            return;
        }
        for (key, value) in config.pairs(view) {
            match key.node.str() {
                Some("rules") => self.rules(config, &value),
                Some("inputs" | "with") => self.deep(config, &value, Channel::With),
                _ => self.deep(config, &value, Channel::Other),
            }
        }
    }

    /// The `spec` header: defaults of inputs.
    pub(super) fn header(&mut self, config: &Config<'t>, view: &View<'t>) {
        let Some(inputs) = config.get(view, "inputs") else { return };
        for (_, input) in config.pairs(&inputs) {
            if let Some(default) = config.get(&input, "default") {
                self.deep(config, &default, Channel::With);
            }
        }
    }

    /// `rules` of a job, an include or the workflow.
    pub(super) fn rules(&mut self, config: &Config<'t>, view: &View<'t>) {
        for layer in config.items(view) {
            for (key, value) in config.pairs(&View(vec![layer])) {
                match key.node.str() {
                    Some("if") => {
                        if let Some(layer) = value.first() {
                            self.scalar(config, layer, Mode::Condition, Channel::If);
                        }
                    }
                    Some("variables") => self.variables(config, &value),
                    Some("changes" | "exists" | "needs") => self.deep(config, &value, Channel::Other),
                    _ => {}
                }
            }
        }
    }

    fn scalar(&mut self, config: &Config<'t>, layer: Layer<'t>, mode: Mode, channel: Channel) {
        if layer.node.str().is_some_and(|text| config.literals || text.contains(['$', '%'])) {
            self.values.push(Piece { layer, mode, channel, of: None });
        }
    }

    /// All scalars below a value.
    pub(super) fn deep(&mut self, config: &Config<'t>, view: &View<'t>, channel: Channel) {
        self.walk(config, view, channel, false);
    }

    /// Below a key that GitLab does not know: lists and texts of several lines may be scripts.
    pub(super) fn loose(&mut self, config: &Config<'t>, view: &View<'t>) {
        self.walk(config, view, Channel::Other, true);
    }

    fn walk(&mut self, config: &Config<'t>, view: &View<'t>, channel: Channel, loose: bool) {
        let mut seen: HashSet<(usize, NodeId)> = HashSet::new();
        // Node, whether it stands in a list, the key before it.
        type Step<'t> = (Layer<'t>, bool, Option<&'t str>, Channel);
        let mut todo: Vec<Step<'t>> = view.0.iter().rev().map(|layer| (*layer, false, None, channel)).collect();
        while let Some((layer, listed, key, channel)) = todo.pop() {
            let channel = if key == Some("inputs") { Channel::With } else { channel };
            if !config.spend() || !seen.insert(layer.id()) {
                continue;
            }
            let node = layer.node;
            if is_reference(node) {
                let target = config.items(&View(vec![layer]));
                todo.extend(target.into_iter().rev().map(|layer| (layer, listed, key, channel)));
            } else if node.is_sequence() {
                let mut items: Vec<_> = node.items().map(|item| (layer.with(item), true, key, channel)).collect();
                items.reverse();
                todo.extend(items);
            } else if node.is_mapping() {
                let mut budget = Budget::new(100_000);
                let pairs = merged_pairs(node, &mut budget);
                let mut values: Vec<_> =
                    pairs.iter().map(|(key, value)| (layer.with(*value), false, key.str(), channel)).collect();
                values.reverse();
                todo.extend(values);
            } else if loose && key == Some("if") {
                self.scalar(config, layer, Mode::Condition, Channel::If);
            } else if loose && (listed || is_multi_line(node) || key.is_some_and(|key| key.ends_with("script"))) {
                self.scripts.push(Piece { layer, mode: Mode::Shell, channel: Channel::Run, of: None });
            } else {
                self.scalar(config, layer, Mode::Value, channel);
            }
        }
    }
}

fn is_multi_line(node: Node<'_>) -> bool {
    node.str().is_some_and(|text| text.trim().contains('\n'))
}

fn lines_of<'t>(config: &Config<'t>, view: &View<'t>, scripts: &mut Vec<Piece<'t>>) {
    for layer in config.items(view) {
        if layer.node.str().is_some() {
            scripts.push(Piece { layer, mode: Mode::Shell, channel: Channel::Run, of: None });
        }
    }
}
