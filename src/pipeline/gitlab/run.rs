//! From files to references and jobs: each pipeline, each job, what is unknown in it, and from where that is reachable.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::collect::{self, Piece, Pieces};
use super::config::{GLOBAL_KEYS, Layer, View};
use super::names::{self, Known};
use super::pipes::{Pipe, anywhere, build, hand_down, with_defaults};
use super::repository::Repository;
use super::scope::{Defined, Readings, Unknown};
use super::sink::{Seen, Sink};
use super::{graph, secrets};
use crate::model::pipeline::{Environment, Pipeline, Pipelines};
use crate::model::reference::{Channel, FileGap, Kind, Provider};
use crate::pipeline::cli_fetch;
use crate::pipeline::shell::Form;
use crate::pipeline::yaml::{Budget, NodeId};

/// How many pipelines, child pipelines among them, one repository may have.
const MAX_PIPELINES: usize = 2_000;

/// Reads all pipelines of a repository.
pub(super) fn run<'t>(repository: &'t Repository<'t>, into: &mut Pipelines) {
    let known = Known::new();
    let readings = Readings::default();
    let inputs = Rc::new(repository.inputs());
    let mut pipes: Vec<Pipe<'t>> = Vec::new();
    let mut todo: Vec<(Vec<usize>, bool)> = repository.parts.iter().map(|part| (vec![*part], true)).collect();
    todo.extend(repository.roots.iter().rev().map(|root| (vec![*root], false)));
    while let Some((files, is_child)) = todo.pop() {
        if pipes.iter().any(|pipe| pipe.files == files) {
            continue;
        }
        if pipes.len() >= MAX_PIPELINES {
            let file = repository.paths[files[0]].clone();
            into.gaps
                .push(FileGap { file, reason: format!("more than {MAX_PIPELINES} pipelines; the rest is left out") });
            break;
        }
        let pipe = build(repository, files, is_child, &inputs, &readings, &mut into.gaps);
        todo.extend(pipe.calls.values().rev().map(|files| (files.clone(), true)));
        pipes.push(pipe);
    }
    hand_down(&mut pipes);
    let anywhere = anywhere(&pipes, &readings);
    let mut sink = Sink::default();
    for pipe in &pipes {
        let graph =
            Run { repository, pipe, known: &known, readings: &readings, anywhere: &anywhere }.pipeline(&mut sink);
        let file = pipe.files[0];
        let mut jobs = graph::edges(&pipe.config, file, graph);
        for job in &mut jobs {
            job.calls = pipe.calls.get(job.name.as_str()).map(|files| repository.paths[files[0]].clone());
        }
        let called = pipes.iter().any(|other| other.calls.values().any(|files| *files == pipe.files));
        into.pipelines.push(Pipeline {
            provider: Provider::Gitlab,
            file: repository.paths[file].clone(),
            root: repository.folder.clone(),
            name: repository.paths[file].clone(),
            follows: Vec::new(),
            callable: called || pipe.is_child,
            triggered: !pipe.is_child,
            events: Vec::new(),
            jobs,
        });
    }
    let visited = sink.visited.clone();
    for pipe in &pipes {
        Run { repository, pipe, known: &known, readings: &readings, anywhere: &anywhere }.unused(&mut sink, &visited);
        let mut gaps: Vec<_> = pipe.config.gaps.borrow_mut().drain(..).collect();
        if pipe.config.exhausted() {
            gaps.push((pipe.files[0], "too much to merge: references in it may be missing".to_owned()));
        }
        let told = gaps.into_iter().map(|(file, reason)| FileGap { file: repository.paths[file].clone(), reason });
        into.gaps.extend(told);
    }
    for file in sink.crowded() {
        let reason = "a text with too many references: not all are listed".to_owned();
        into.gaps.push(FileGap { file: repository.paths[file].clone(), reason });
    }
    into.gaps.sort();
    into.gaps.dedup();
    into.references.extend(sink.references(repository.paths, &repository.texts));
}

struct Run<'r, 't> {
    repository: &'t Repository<'t>,
    pipe: &'r Pipe<'t>,
    known: &'r Known,
    readings: &'r Readings,
    anywhere: &'r HashSet<String>,
}

impl<'r, 't> Run<'r, 't> {
    fn defined(&self, pieces: &Pieces<'t>) -> Defined<'r, 't> {
        let mut own: HashMap<&'t str, usize> = HashMap::new();
        for name in &pieces.defined {
            *own.entry(name).or_default() += 1;
        }
        Defined {
            known: self.known,
            own,
            globals: &self.pipe.globals,
            handed: &self.pipe.handed,
            anywhere: self.anywhere,
        }
    }

    /// Name, or expression, of the environment of the job that a definition belongs to.
    fn environment(&self, owner: Option<&'t str>) -> (Option<String>, Option<String>) {
        let Some(owner) = owner else { return (None, None) };
        match graph::environment(&self.pipe.config, &self.pipe.config.job(owner)).0 {
            Environment::None => (None, None),
            Environment::Named(name) => (Some(name), None),
            Environment::Expression(text) => (None, Some(text)),
        }
    }

    fn job_id(&self, name: &str) -> Rc<str> {
        let file = self.pipe.config.key(name).map_or(self.pipe.files[0], |(file, _)| file);
        format!("{}#{name}", self.repository.paths[file]).into()
    }

    /// All jobs, and what is written at the top level.
    fn pipeline(&self, sink: &mut Sink<'t>) -> Vec<graph::Facts> {
        let config = &self.pipe.config;
        let mut facts = Vec::with_capacity(self.pipe.jobs.len());
        for name in &self.pipe.jobs {
            let Some(pieces) = self.pipe.pieces.get(name) else { continue };
            let view = config.job(name);
            let id = self.job_id(name);
            let defined = self.defined(pieces);
            self.visit(pieces, sink);
            self.emit(pieces, &defined, Some(&id), sink, &HashSet::new());
            let inherits = config.path(&view, &["inherit", "variables"]).and_then(|found| found.str()) != Some("false");
            let globals = self.pipe.variables.values.iter().chain(&self.pipe.workflow.values);
            let inherited: Vec<_> = globals
                .clone()
                .filter(|piece| piece.of.is_none_or(|name| inherits && !defined.own.contains_key(name)))
                .collect();
            self.literals(&inherited, Some(&id), sink);
            facts.push(graph::facts(config, name, self.repository.paths, &view, pieces, self.readings));
            if !inherits {
                continue;
            }
            for piece in globals {
                if piece.of.is_some_and(|name| defined.own.contains_key(name)) || !config.spend() {
                    continue;
                }
                sink.visited.insert(piece.layer.id());
                for unknown in defined.in_values(std::slice::from_ref(piece), self.readings, true) {
                    self.unknown(unknown, pieces, &defined, Some(&id), sink);
                }
            }
        }
        self.top_level(sink);
        facts
    }

    fn visit(&self, pieces: &Pieces<'t>, sink: &mut Sink<'t>) {
        for piece in pieces.scripts.iter().chain(&pieces.values) {
            sink.visited.insert(piece.layer.id());
        }
        for entry in pieces.secrets.iter().chain(&pieces.id_tokens) {
            sink.visited.insert(entry.key.id());
        }
    }

    /// Includes, headers: values that belong to no job, and reach them all.
    fn top_level(&self, sink: &mut Sink<'t>) {
        let config = &self.pipe.config;
        let mut pieces = Pieces::default();
        for &file in &self.pipe.order {
            let mut budget = Budget::new(1_000_000);
            for body in &self.repository.bodies[file] {
                for entry in self.repository.own_entries(*body, &mut budget) {
                    let view = View(vec![Layer { file, node: entry.node, owner: None }]);
                    pieces.include(config, &view);
                }
            }
            if let Some(header) = self.repository.headers[file] {
                let view = View(vec![Layer { file, node: header, owner: None }]);
                pieces.header(config, &view);
            }
        }
        let none = Pieces::default();
        let defined = self.defined(&none);
        let jobs: Vec<Rc<str>> = self.pipe.jobs.iter().map(|name| self.job_id(name)).collect();
        for job in &jobs {
            self.literals(&pieces.values.iter().collect::<Vec<_>>(), Some(job), sink);
        }
        for unknown in defined.in_values(&pieces.values, self.readings, true) {
            sink.visited.insert(unknown.piece.layer.id());
            if jobs.is_empty() {
                self.unknown(unknown, &none, &defined, None, sink);
                continue;
            }
            for job in &jobs {
                if !config.spend() {
                    break;
                }
                let again = Unknown { piece: unknown.piece.clone(), found: unknown.found.clone(), doubtful: false };
                self.unknown(again, &none, &defined, Some(job), sink);
            }
        }
    }

    /// Definitions that no job uses: hidden jobs, lists for `!reference`, what an other definition overrides.
    fn unused(&self, sink: &mut Sink<'t>, visited: &HashSet<(usize, NodeId)>) {
        let config = &self.pipe.config;
        for name in &config.order {
            if *name == "<<" || *name == "include" || *name == "spec" {
                continue;
            }
            let global = GLOBAL_KEYS.contains(name);
            let whole = if global { Pieces::default() } else { with_defaults(config, &config.job(name)) };
            let defined = self.defined(&whole);
            for layer in config.definitions(name) {
                let mut pieces = Pieces::default();
                let view = View(vec![layer]);
                if *name == "workflow" {
                    pieces.workflow(config, &view);
                } else if *name == "default" || (!global && layer.node.is_mapping()) {
                    pieces.add(config, &view, None);
                } else if global {
                    pieces.key(config, name, &view);
                } else {
                    pieces.loose(config, &view);
                }
                let mut pieces = pieces.ordered();
                pieces.secrets.retain(|entry| !visited.contains(&entry.key.id()));
                pieces.id_tokens.retain(|entry| !visited.contains(&entry.key.id()));
                pieces.values.retain(|piece| !visited.contains(&piece.layer.id()));
                if pieces.scripts.iter().all(|piece| visited.contains(&piece.layer.id())) {
                    pieces.scripts.clear();
                }
                self.visit(&pieces, sink);
                self.emit(&pieces, &defined, None, sink, visited);
            }
        }
    }

    /// References of a job's pieces; script lines in `except` are read, and not told of.
    fn emit(
        &self,
        pieces: &Pieces<'t>,
        defined: &Defined<'_, 't>,
        job: Option<&Rc<str>>,
        sink: &mut Sink<'t>,
        except: &HashSet<(usize, NodeId)>,
    ) {
        let mut unknown = defined.in_values(&pieces.values, self.readings, false);
        unknown.extend(defined.in_scripts(&pieces.scripts, self.readings));
        for unknown in unknown {
            if !except.contains(&unknown.piece.layer.id()) {
                self.unknown(unknown, pieces, defined, job, sink);
            }
        }
        for piece in pieces.scripts.iter().filter(|piece| !except.contains(&piece.layer.id())) {
            for fetch in cli_fetch::find(&self.readings.script(&piece.layer)) {
                let seen = Seen {
                    layer: piece.layer,
                    at: fetch.at,
                    kind: fetch.kind,
                    name: Some(fetch.name),
                    channel: Channel::Run,
                    exact: fetch.exact,
                    store: fetch.store,
                    candidates: Vec::new(),
                    binds: None,
                };
                sink.add(seen, job, self.environment(piece.layer.owner));
            }
        }
        let all: Vec<_> =
            pieces.scripts.iter().chain(&pieces.values).filter(|piece| !except.contains(&piece.layer.id())).collect();
        self.literals(&all, job, sink);
        let server = |variable: &str| self.literal(pieces, variable);
        for collect::Outer { key, name, value } in &pieces.secrets {
            let name = *name;
            let store = secrets::secret(&self.pipe.config, name, value, &server);
            let file = self.pipe.config.get(value, "file").and_then(|found| found.str());
            let seen = Seen {
                layer: *key,
                at: 0,
                kind: store.kind,
                exact: !store.name.contains('$'),
                name: Some(store.name),
                channel: Channel::Env,
                store: store.store,
                candidates: Vec::new(),
                // By default the variable holds the path of a file with the value.
                binds: (file == Some("false")).then(|| name.to_owned()),
            };
            sink.add(seen, job, self.environment(key.owner));
        }
        for collect::Outer { key, name, value } in &pieces.id_tokens {
            let name = *name;
            let seen = Seen {
                layer: *key,
                at: 0,
                kind: Kind::Oidc,
                name: Some(name.to_owned()),
                channel: Channel::Env,
                exact: true,
                store: secrets::audience(&self.pipe.config, value),
                candidates: Vec::new(),
                binds: Some(name.to_owned()),
            };
            sink.add(seen, job, self.environment(key.owner));
        }
    }

    /// Credentials written into the file. An AWS key id counts beside a secret key of the same job.
    fn literals(&self, pieces: &[&Piece<'t>], job: Option<&Rc<str>>, sink: &mut Sink<'t>) {
        if !self.repository.literals {
            return;
        }
        let secret = pieces.iter().any(|piece| self.readings.literals(&piece.layer).1);
        for piece in pieces {
            for literal in self.readings.literals(&piece.layer).0.iter() {
                if literal.needs_secret && !secret {
                    continue;
                }
                let seen = Seen {
                    layer: piece.layer,
                    at: literal.at,
                    kind: Kind::Literal,
                    name: Some(literal.name.clone()),
                    channel: piece.channel,
                    exact: true,
                    store: None,
                    candidates: Vec::new(),
                    binds: piece.of.map(str::to_owned),
                };
                sink.add(seen, job, self.environment(piece.layer.owner));
            }
        }
    }

    /// The literal value of a variable, in the job or at the top level.
    fn literal(&self, pieces: &Pieces<'t>, name: &str) -> Option<String> {
        let own = pieces.literals.get(name).or_else(|| self.pipe.variables.literals.get(name))?;
        own.first().map(|text| (*text).to_owned())
    }

    fn unknown(
        &self,
        unknown: Unknown<'t>,
        pieces: &Pieces<'t>,
        defined: &Defined<'_, 't>,
        job: Option<&Rc<str>>,
        sink: &mut Sink<'t>,
    ) {
        let Unknown { piece, found, doubtful } = unknown;
        let mut candidates: BTreeSet<String> = BTreeSet::new();
        let mut name = Some(found.name.clone());
        let mut kind = if names::is_job_token(&found.name) { Kind::JobToken } else { Kind::Secret };
        let mut exact = kind == Kind::JobToken || (names::is_credential_like(&found.name) && !doubtful);
        match found.form {
            Form::Interpolated => {
                candidates.extend(
                    self.pipe.config.input_values(piece.layer.file, &found.name).into_iter().map(str::to_owned),
                );
                kind = Kind::Dynamic;
            }
            // The variable's own value, where the files tell it, is the name of the one that is read.
            Form::Indirect if defined.before(&found.name, false) || self.readings_set(pieces, &found.name) => {
                let values = [&pieces.literals, &self.pipe.variables.literals];
                let values = values.iter().filter_map(|all| all.get(found.name.as_str())).flatten();
                candidates.extend(values.map(|value| (*value).to_owned()));
                kind = Kind::Dynamic;
            }
            _ => {}
        }
        if kind == Kind::Dynamic {
            let some = !candidates.is_empty();
            candidates.retain(|name| !defined.before(name, false));
            if some && candidates.is_empty() {
                return;
            }
            name = None;
            exact = false;
        }
        let text = piece.layer.node.str().unwrap_or_default();
        let whole = text.strip_prefix('$').is_some_and(|rest| rest.trim_matches(['{', '}']) == found.name);
        let binds = match piece.of {
            Some(of) if whole => Some(of.to_owned()),
            _ => name.clone(),
        };
        let seen = Seen {
            layer: piece.layer,
            at: found.at,
            kind,
            name,
            channel: piece.channel,
            exact,
            store: None,
            candidates: candidates.into_iter().collect(),
            binds,
        };
        sink.add(seen, job, self.environment(piece.layer.owner));
    }

    /// Whether a shell assigns a name anywhere in these lines.
    fn readings_set(&self, pieces: &Pieces<'t>, name: &str) -> bool {
        pieces.scripts.iter().any(|piece| self.readings.script(&piece.layer).assigns.iter().any(|a| a.name == name))
    }
}
