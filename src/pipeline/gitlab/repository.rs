//! One repository's files as parsed: who includes whom, which files are roots, and the order in which a pipeline's files are
//! merged.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::config::Inputs;
use super::include::{self, Entry, Target};
use super::load::{Texts, all_entries, bodies};
use crate::model::reference::FileGap;
use crate::pipeline::literal;
use crate::pipeline::yaml::{Budget, Node, Place, Tree, merged_get, merged_pairs};

/// How deep includes may nest; GitLab allows 150 includes in all.
const MAX_DEPTH: usize = 150;

/// The parsed files.
pub(super) struct Repository<'t> {
    /// Paths as they are reported.
    pub(super) paths: &'t [String],
    /// Their content.
    pub(super) texts: Vec<&'t str>,
    /// The folder's name in the output.
    pub(super) folder: String,
    /// Each file's configuration mappings.
    pub(super) bodies: Vec<Vec<Node<'t>>>,
    /// Each file's `spec` header.
    pub(super) headers: Vec<Option<Node<'t>>>,
    named: &'t HashMap<(usize, Place), Vec<usize>>,
    /// Files that each file includes, in order.
    includes: Vec<Vec<usize>>,
    /// Files that are pipelines of their own.
    pub(super) roots: Vec<usize>,
    /// Whether credentials may be written into the files.
    pub(super) literals: bool,
    /// Files that generated pipelines are made of.
    pub(super) parts: Vec<usize>,
}

impl<'t> Repository<'t> {
    pub(super) fn new(
        texts: &'t Texts,
        trees: &'t [Option<Tree<'t>>],
        paths: &'t [String],
        found: &[String],
        folder: String,
    ) -> Self {
        let mut all = Vec::new();
        let mut headers = Vec::new();
        for tree in trees {
            let (body, header) = tree.as_ref().map_or((Vec::new(), None), bodies);
            all.push(body);
            headers.push(header);
        }
        let literals = texts.texts.iter().map(|text| text.source.text()).any(|text| {
            literal::possible(text)
                || literal::has_aws_secret(text)
                || ["\\x", "\\u", "\\U"].iter().any(|escape| text.contains(escape))
        });
        let count = all.len();
        let mut this = Self {
            paths,
            texts: texts.texts.iter().map(|text| text.source.text()).collect(),
            folder,
            bodies: all,
            headers,
            named: &texts.named,
            includes: Vec::new(),
            roots: Vec::new(),
            literals,
            parts: Vec::new(),
        };
        let mut triggered = BTreeSet::new();
        for file in 0..count {
            let (own, children) = this.files_of(file);
            this.includes.push(own);
            triggered.extend(children);
        }
        let included: HashSet<usize> = this.includes.iter().flatten().copied().collect();
        let is_main = |file: usize| matches!(texts.texts[file].path.as_str(), ".gitlab-ci.yml" | ".gitlab-ci.yaml");
        let asked: HashSet<&str> = found.iter().map(String::as_str).collect();
        let mut roots: Vec<usize> = (0..count)
            .filter(|file| asked.contains(texts.texts[*file].path.as_str()))
            .filter(|file| is_main(*file) || !(included.contains(file) || triggered.contains(file)))
            .collect();
        // Files that include each other in a circle have no root of their own: the first of them is one.
        let mut reached: HashSet<usize> = HashSet::new();
        let mut todo: Vec<usize> = roots.iter().copied().chain(triggered.iter().copied()).collect();
        for file in 0..count {
            while let Some(next) = todo.pop() {
                if reached.insert(next) {
                    todo.extend(&this.includes[next]);
                }
            }
            if !reached.contains(&file) && asked.contains(texts.texts[file].path.as_str()) {
                roots.push(file);
                todo.push(file);
            }
        }
        // Triggered files that no root leads to.
        if roots.is_empty() {
            roots.extend((0..count).filter(|file| asked.contains(texts.texts[*file].path.as_str())).take(1));
        }
        roots.sort_unstable();
        this.parts = texts.parts.iter().copied().filter(|file| !included.contains(file)).collect();
        this.roots = roots;
        this
    }

    /// What a file includes, and what its triggers start.
    fn files_of(&self, file: usize) -> (Vec<usize>, Vec<usize>) {
        let mut budget = Budget::new(2_000_000);
        let mut own = Vec::new();
        let mut all = Vec::new();
        for body in &self.bodies[file] {
            for entry in self.own_entries(*body, &mut budget) {
                own.extend_from_slice(self.local(file, &entry));
            }
            for entry in all_entries(*body, &mut budget) {
                all.extend_from_slice(self.local(file, &entry));
            }
        }
        all.retain(|other| !own.contains(other));
        (own, all)
    }

    /// The entries of a body's own `include`.
    pub(super) fn own_entries(&self, body: Node<'t>, budget: &mut Budget) -> Vec<Entry<'t>> {
        merged_get(body, "include", budget).map_or_else(Vec::new, |node| include::entries(node, budget))
    }

    /// The local files of an entry.
    pub(super) fn local(&self, file: usize, entry: &Entry<'t>) -> &'t [usize] {
        match entry.target {
            Target::Local(_) | Target::Own(..) => {
                self.named.get(&(file, entry.node.resolved().place())).map_or(&[], Vec::as_slice)
            }
            Target::Elsewhere(_) => &[],
        }
    }

    /// The files of a pipeline, lowest precedence first: what is included comes before what includes it.
    pub(super) fn closure(&self, roots: &[usize], gaps: &mut Vec<FileGap>) -> Vec<usize> {
        let mut order = Vec::new();
        let mut done: HashSet<usize> = HashSet::new();
        for &root in roots {
            // File and the next of its includes.
            let mut stack: Vec<(usize, usize)> = vec![(root, 0)];
            let mut open: HashSet<usize> = HashSet::from([root]);
            if done.contains(&root) {
                continue;
            }
            while let Some((file, next)) = stack.last_mut() {
                let file = *file;
                let Some(&included) = self.includes[file].get(*next) else {
                    stack.pop();
                    open.remove(&file);
                    if done.insert(file) {
                        order.push(file);
                    }
                    continue;
                };
                *next += 1;
                let told = |reason: &str| FileGap {
                    file: self.paths[file].clone(),
                    reason: format!("the include of {} {reason}", self.paths[included]),
                };
                if open.contains(&included) {
                    gaps.push(told("leads back to the same file"));
                } else if done.contains(&included) {
                } else if stack.len() >= MAX_DEPTH {
                    gaps.push(told("is nested too deeply, and is left out"));
                } else {
                    open.insert(included);
                    stack.push((included, 0));
                }
            }
        }
        order
    }

    /// The literal values of the files' inputs: what includes pass; the default, where one passes nothing;
    /// the options, where one passes what cannot be known, or the file is no include.
    pub(super) fn inputs(&self) -> Inputs<'t> {
        let mut budget = Budget::new(2_000_000);
        let mut found: Inputs<'t> = HashMap::new();
        let mut add = |file: usize, name: &str, value: Node<'t>| {
            let Some(text) = value.str().filter(|text| !value.is_null() && !text.contains('$')) else { return false };
            let values = found.entry((file, name.to_owned())).or_default();
            if !values.contains(&text) && values.len() < 100 {
                values.push(text);
            }
            true
        };
        // What every include passes leaves no room for the default.
        let mut included: HashMap<usize, usize> = HashMap::new();
        // How many includes pass an input, and how many of them a literal value.
        let mut passed: HashMap<(usize, String), (usize, usize)> = HashMap::new();
        for (file, bodies) in self.bodies.iter().enumerate() {
            for entry in bodies.iter().flat_map(|body| all_entries(*body, &mut budget)).collect::<Vec<_>>() {
                let targets = self.local(file, &entry);
                targets.iter().for_each(|target| *included.entry(*target).or_default() += 1);
                let Some(inputs) = entry.inputs else { continue };
                for (name, value) in merged_pairs(inputs, &mut budget) {
                    let Some(name) = name.str() else { continue };
                    for &target in targets {
                        let (all, literal) = passed.entry((target, name.to_owned())).or_default();
                        *all += 1;
                        *literal += usize::from(add(target, name, value));
                    }
                }
            }
        }
        for (file, header) in self.headers.iter().enumerate() {
            let Some(inputs) = header.and_then(|spec| merged_get(spec, "inputs", &mut budget)) else { continue };
            for (name, input) in merged_pairs(inputs, &mut budget) {
                let Some(name) = name.str() else { continue };
                let times = included.get(&file).copied().unwrap_or_default();
                let (all, literal) = passed.get(&(file, name.to_owned())).copied().unwrap_or_default();
                if (times == 0 || all < times)
                    && let Some(default) = merged_get(input, "default", &mut budget)
                {
                    add(file, name, default);
                }
                if (times == 0 || literal < all)
                    && let Some(options) = merged_get(input, "options", &mut budget)
                {
                    options.items().for_each(|option| {
                        add(file, name, option);
                    });
                }
            }
        }
        found
    }
}
