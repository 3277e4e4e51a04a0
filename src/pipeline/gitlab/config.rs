//! One pipeline's configuration as GitLab would merge it, without building it: a [`View`] is a stack of mappings, looked through
//! from the top. Includes, `extends`, merge keys and `!reference` all become layers, so that every value keeps its own place.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::pipeline::yaml::{Budget, Node, NodeId, merged_get, merged_pairs};

/// Top-level keys that are no jobs.
pub(super) const GLOBAL_KEYS: [&str; 12] = [
    "image",
    "services",
    "stages",
    "types",
    "before_script",
    "after_script",
    "variables",
    "cache",
    "include",
    "workflow",
    "default",
    "spec",
];

/// How many definitions one job may be put together from; GitLab allows 11 levels of `extends`.
const MAX_LAYERS: usize = 200;
/// How deep `!reference` may nest; GitLab allows 10.
const MAX_REFERENCES: usize = 10;

/// A node and the definition through which it is reached.
#[derive(Clone, Copy)]
pub(super) struct Layer<'t> {
    /// Index of the file.
    pub(super) file: usize,
    pub(super) node: Node<'t>,
    /// The job or hidden job whose definition this is; none for globals and defaults.
    pub(super) owner: Option<&'t str>,
}

impl<'t> Layer<'t> {
    /// The node's identity, whatever alias leads to it.
    pub(super) fn id(&self) -> (usize, NodeId) {
        (self.file, self.node.resolved().id())
    }

    pub(super) fn with(&self, node: Node<'t>) -> Self {
        Self { node, ..*self }
    }
}

/// A value as merged: the highest layer first. More than one layer means that all are mappings.
#[derive(Clone, Default)]
pub(super) struct View<'t>(pub(super) Vec<Layer<'t>>);

impl<'t> View<'t> {
    pub(super) fn first(&self) -> Option<Layer<'t>> {
        self.0.first().copied()
    }

    pub(super) fn str(&self) -> Option<&'t str> {
        self.first().filter(|layer| !layer.node.is_null()).and_then(|layer| layer.node.str())
    }

    pub(super) fn is_mapping(&self) -> bool {
        self.first().is_some_and(|layer| layer.node.is_mapping())
    }
}

/// A definition at a file's top level.
#[derive(Clone, Copy)]
struct Top<'t> {
    key: Node<'t>,
    value: Layer<'t>,
}

/// Literal values of inputs, by file and name.
pub(super) type Inputs<'t> = HashMap<(usize, String), Vec<&'t str>>;

/// The files of one pipeline, merged on demand.
pub(super) struct Config<'t> {
    index: HashMap<&'t str, Vec<Top<'t>>>,
    /// Definitions under a key that stands again in the same file: GitLab takes the last.
    shadowed: HashMap<&'t str, Vec<Layer<'t>>>,
    /// Keys in the order of their first definition, included files first.
    pub(super) order: Vec<&'t str>,
    flat: RefCell<HashMap<&'t str, Rc<View<'t>>>>,
    budget: RefCell<Budget>,
    /// Literal values of each file's inputs, by file and name.
    inputs: Rc<Inputs<'t>>,
    /// Whether credentials may be written into the files, so that scalars without a variable are looked at, too.
    pub(super) literals: bool,
    /// What went wrong: file and reason.
    pub(super) gaps: RefCell<Vec<(usize, String)>>,
}

impl<'t> Config<'t> {
    /// `bodies`: the files' mappings, lowest precedence first.
    pub(super) fn new(bodies: &[(usize, Node<'t>)], inputs: Rc<Inputs<'t>>, literals: bool, work: usize) -> Self {
        let mut budget = Budget::new(work);
        let mut index: HashMap<&'t str, Vec<Top<'t>>> = HashMap::new();
        let mut order = Vec::new();
        let mut shadowed: HashMap<&'t str, Vec<Layer<'t>>> = HashMap::new();
        for &(file, body) in bodies {
            // The last of a duplicate key wins.
            let mut here: HashMap<&'t str, usize> = HashMap::new();
            let mut tops: Vec<(&'t str, Top<'t>)> = Vec::new();
            for (key, node) in merged_pairs(body, &mut budget) {
                let Some(name) = key.str() else { continue };
                let owner = (!GLOBAL_KEYS.contains(&name)).then_some(name);
                let top = Top { key, value: Layer { file, node, owner } };
                if let Some(&k) = here.get(name) {
                    shadowed.entry(name).or_default().push(tops[k].1.value);
                    tops[k].1 = top;
                } else {
                    here.insert(name, tops.len());
                    tops.push((name, top));
                }
            }
            for (name, top) in tops {
                let all = index.entry(name).or_insert_with(|| {
                    order.push(name);
                    Vec::new()
                });
                all.insert(0, top);
            }
        }
        Self {
            index,
            shadowed,
            order,
            flat: RefCell::default(),
            budget: RefCell::new(budget),
            inputs,
            literals,
            gaps: RefCell::default(),
        }
    }

    /// Takes one step of the work that one pipeline may cost; false when there is none left.
    pub(super) fn spend(&self) -> bool {
        self.budget.borrow_mut().spend()
    }

    pub(super) fn exhausted(&self) -> bool {
        self.budget.borrow().exceeded()
    }

    /// File, line and column of a job's key, where it is defined last.
    pub(super) fn key(&self, name: &str) -> Option<(usize, Node<'t>)> {
        self.index.get(name)?.first().map(|top| (top.value.file, top.key))
    }

    /// All definitions of a top-level key, each alone.
    pub(super) fn definitions(&self, name: &str) -> Vec<Layer<'t>> {
        let counting = self.index.get(name).into_iter().flatten().map(|top| top.value);
        counting.chain(self.shadowed.get(name).into_iter().flatten().copied()).collect()
    }

    /// A top-level value, files merged, `extends` not followed.
    pub(super) fn top(&self, name: &str) -> Option<View<'t>> {
        let mut layers = Vec::new();
        for top in self.index.get(name)? {
            let mapping = top.value.node.is_mapping();
            if layers.is_empty() || mapping {
                layers.push(top.value);
            }
            if !mapping {
                break;
            }
        }
        Some(View(layers))
    }

    /// A job or hidden job with all that it extends.
    pub(super) fn job(&self, name: &'t str) -> Rc<View<'t>> {
        self.flatten(name, &mut Vec::new())
    }

    fn flatten(&self, name: &'t str, path: &mut Vec<&'t str>) -> Rc<View<'t>> {
        if let Some(known) = self.flat.borrow().get(name) {
            return Rc::clone(known);
        }
        let own = self.top(name).unwrap_or_default();
        let Some(first) = own.first() else { return Rc::default() };
        if path.contains(&name) {
            self.gap(first.file, format!("line {}: `extends` of {name} leads back to itself", first.node.place().line));
            return Rc::new(own);
        }
        if path.len() >= 100 {
            self.gap(first.file, format!("line {}: `extends` of {name} is nested too deeply", first.node.place().line));
            return Rc::new(own);
        }
        path.push(name);
        let mut layers = own.0.clone();
        let mut seen: HashSet<_> = layers.iter().map(Layer::id).collect();
        let bases = self.extends(&own);
        'all: for base in bases.into_iter().rev() {
            for layer in &self.flatten(base, path).0 {
                if layers.len() >= MAX_LAYERS {
                    self.gap(first.file, format!("{name} extends more than {MAX_LAYERS} definitions"));
                    break 'all;
                }
                if layer.node.is_mapping() && seen.insert(layer.id()) {
                    layers.push(*layer);
                }
            }
        }
        path.pop();
        let view = Rc::new(View(layers));
        self.flat.borrow_mut().insert(name, Rc::clone(&view));
        view
    }

    /// The names that a definition extends, that exist.
    fn extends(&self, own: &View<'t>) -> Vec<&'t str> {
        // GitLab resolves `extends` before `!reference`, so that none may stand here.
        let found = own.0.iter().find_map(|layer| {
            merged_get(layer.node, "extends", &mut self.budget.borrow_mut()).map(|node| layer.with(node))
        });
        let Some(layer) = found else { return Vec::new() };
        let mut names = Vec::new();
        for item in layer.node.one_or_many().take(MAX_LAYERS) {
            let Some(text) = item.str() else { continue };
            let name = self.interpolated(layer.file, text);
            if let Some((name, _)) = self.index.get_key_value(name.as_str()) {
                names.push(*name);
            }
        }
        names
    }

    pub(super) fn gap(&self, file: usize, reason: String) {
        let mut gaps = self.gaps.borrow_mut();
        if !gaps.iter().any(|(known, other)| *known == file && *other == reason) {
            gaps.push((file, reason));
        }
    }

    /// Replaces `$[[ inputs.x ]]` where the input has one literal value; leaves it where not.
    pub(super) fn interpolated(&self, file: usize, text: &str) -> String {
        if !text.contains("$[[") {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$[[") {
            out.push_str(before);
            let Some((inner, behind)) = after.split_once("]]") else {
                out.push_str("$[[");
                rest = after;
                continue;
            };
            match self.input_values(file, inner).as_slice() {
                [one] => out.push_str(one),
                _ => out.push_str(&format!("$[[{inner}]]")),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    /// The literal values that `inputs.x` may have in a file.
    pub(super) fn input_values(&self, file: usize, expression: &str) -> Vec<&'t str> {
        let name = expression.split('|').next().unwrap_or_default().trim();
        let Some(name) = name.strip_prefix("inputs.") else { return Vec::new() };
        self.inputs.get(&(file, name.to_owned())).cloned().unwrap_or_default()
    }

    /// A key's value in a view: mappings of several layers are merged, anything else is the highest layer's.
    pub(super) fn get(&self, view: &View<'t>, key: &str) -> Option<View<'t>> {
        let mut layers: Vec<Layer<'t>> = Vec::new();
        for layer in &view.0 {
            let Some(node) = merged_get(layer.node, key, &mut self.budget.borrow_mut()) else { continue };
            let found = self.dereference(layer.with(node), 0);
            let Some(first) = found.first() else { continue };
            if first.node.is_mapping() {
                layers.extend(found.0);
                continue;
            }
            if layers.is_empty() {
                if first.node.is_null() {
                    return None;
                }
                return Some(found);
            }
            break;
        }
        (!layers.is_empty()).then_some(View(layers))
    }

    /// A value by several keys in turn.
    pub(super) fn path(&self, view: &View<'t>, keys: &[&str]) -> Option<View<'t>> {
        let (first, rest) = keys.split_first()?;
        let mut found = self.get(view, first)?;
        for key in rest {
            found = self.get(&found, key)?;
        }
        Some(found)
    }

    /// What `!reference [a, b]` stands for; another node stands for itself.
    fn dereference(&self, layer: Layer<'t>, depth: usize) -> View<'t> {
        if !is_reference(layer.node) {
            return View(vec![layer]);
        }
        if depth >= MAX_REFERENCES || !self.spend() {
            let line = layer.node.place().line;
            self.gap(layer.file, format!("line {line}: `!reference` is nested too deeply or leads back to itself"));
            return View::default();
        }
        let mut keys = layer.node.items().filter_map(Node::str);
        let Some(top) = keys.next() else { return View::default() };
        let top = self.interpolated(layer.file, top);
        let Some((&name, _)) = self.index.get_key_value(top.as_str()) else { return View::default() };
        let mut view =
            if GLOBAL_KEYS.contains(&name) { self.top(name).unwrap_or_default() } else { (*self.job(name)).clone() };
        for key in keys {
            let mut next = View::default();
            for below in &view.0 {
                let found = merged_get(below.node, key, &mut self.budget.borrow_mut());
                let Some(node) = found else { continue };
                let found = self.dereference(below.with(node), depth + 1);
                let mapping = found.is_mapping();
                if next.0.is_empty() || mapping {
                    next.0.extend(found.0);
                }
                if !mapping {
                    break;
                }
            }
            view = next;
        }
        view
    }

    /// A mapping's keys and merged values, higher layers first.
    pub(super) fn pairs(&self, view: &View<'t>) -> Vec<(Layer<'t>, View<'t>)> {
        let mut at: HashMap<&'t str, usize> = HashMap::new();
        let mut found: Vec<(Layer<'t>, View<'t>)> = Vec::new();
        for layer in &view.0 {
            for (key, value) in merged_pairs(layer.node, &mut self.budget.borrow_mut()) {
                let Some(name) = key.str() else { continue };
                let value = layer.with(value);
                match at.get(name) {
                    Some(&k)
                        if found[k].1.0.first().is_some_and(|v| v.file == layer.file && v.owner == layer.owner) =>
                    {
                        // The same mapping again: the last of a duplicate key wins.
                        found[k].1 = View(vec![value]);
                    }
                    Some(&k) => {
                        if found[k].1.is_mapping() && value.node.is_mapping() {
                            found[k].1.0.push(value);
                        }
                    }
                    None => {
                        at.insert(name, found.len());
                        found.push((layer.with(key), View(vec![value])));
                    }
                }
            }
        }
        for (_, value) in &mut found {
            if let Some(first) = value.first()
                && is_reference(first.node)
            {
                *value = self.dereference(first, 0);
            }
        }
        found
    }

    /// The scalars of a list, nested lists and references resolved, each list and scalar once.
    pub(super) fn items(&self, view: &View<'t>) -> Vec<Layer<'t>> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut todo: Vec<(Layer<'t>, usize)> = view.first().map(|layer| (layer, 0)).into_iter().collect();
        while let Some((layer, depth)) = todo.pop() {
            if !self.spend() || depth > 2 * MAX_REFERENCES {
                continue;
            }
            if is_reference(layer.node) {
                let found = self.dereference(layer, 0);
                todo.extend(found.first().map(|layer| (layer, depth + 1)));
            } else if layer.node.is_sequence() {
                if seen.insert(layer.id()) {
                    let mut items: Vec<_> = layer.node.items().map(|item| (layer.with(item), depth + 1)).collect();
                    items.reverse();
                    todo.extend(items);
                }
            } else if !layer.node.is_null() && seen.insert(layer.id()) {
                found.push(layer);
            }
        }
        found
    }
}

/// Whether a node is GitLab's `!reference [a, b]`.
pub(super) fn is_reference(node: Node<'_>) -> bool {
    node.is_sequence() && node.tag() == Some("!reference")
}
