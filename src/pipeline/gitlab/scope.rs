//! Which variables of a job are unknown: neither defined in the files, nor by a shell, nor by GitLab. Unknown ones come from the
//! project's, group's or instance's settings, and are references.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::collect::{Mode, Piece, Pieces};
use super::config::Layer;
use super::names::{self, Known};
use super::value;
use crate::pipeline::literal::{self, Literal};
use crate::pipeline::shell::{self, Assign, Form, Scope, Script, Use};
use crate::pipeline::yaml::NodeId;

/// A scalar as read, once for all jobs that it reaches.
#[derive(Clone)]
pub(super) enum Reading {
    Shell(Rc<Script>),
    Uses(Rc<Vec<Use>>),
    Literals(Rc<Vec<Literal>>, bool),
}

/// Which reading of a scalar is meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum As {
    Shell,
    Uses,
    Literals,
}

/// Readings by scalar.
#[derive(Default)]
pub(super) struct Readings(RefCell<HashMap<(usize, NodeId, As), Reading>>);

impl Readings {
    pub(super) fn script(&self, layer: &Layer<'_>) -> Rc<Script> {
        let (file, node) = layer.id();
        let mut known = self.0.borrow_mut();
        let reading = known
            .entry((file, node, As::Shell))
            .or_insert_with(|| Reading::Shell(Rc::new(shell::scan(layer.node.str().unwrap_or_default()))));
        match reading {
            Reading::Shell(script) => Rc::clone(script),
            Reading::Uses(_) | Reading::Literals(..) => Rc::default(),
        }
    }

    /// Credentials written into a scalar, and whether an AWS secret key is among what it holds.
    pub(super) fn literals(&self, layer: &Layer<'_>) -> (Rc<Vec<Literal>>, bool) {
        let (file, node) = layer.id();
        let text = layer.node.str().unwrap_or_default();
        let read = || Reading::Literals(Rc::new(literal::find(text)), literal::has_aws_secret(text));
        match self.0.borrow_mut().entry((file, node, As::Literals)).or_insert_with(read) {
            Reading::Literals(found, secret) => (Rc::clone(found), *secret),
            Reading::Shell(_) | Reading::Uses(_) => (Rc::default(), false),
        }
    }

    fn uses(&self, piece: &Piece<'_>) -> Rc<Vec<Use>> {
        let (file, node) = piece.layer.id();
        let text = piece.layer.node.str().unwrap_or_default();
        let read = || match piece.mode {
            Mode::Condition => value::condition(text),
            Mode::Value | Mode::Shell => value::uses(text),
        };
        let mut known = self.0.borrow_mut();
        match known.entry((file, node, As::Uses)).or_insert_with(|| Reading::Uses(Rc::new(read()))) {
            Reading::Uses(uses) => Rc::clone(uses),
            Reading::Shell(_) | Reading::Literals(..) => Rc::default(),
        }
    }
}

/// What a job finds defined when it starts.
pub(super) struct Defined<'a, 't> {
    pub(super) known: &'a Known,
    /// By the job itself, with the number of places.
    pub(super) own: HashMap<&'t str, usize>,
    /// By the pipeline's top level.
    pub(super) globals: &'a HashSet<&'t str>,
    /// Handed on by the pipeline that triggers this one, or by reports of other jobs.
    pub(super) handed: &'a HashSet<String>,
    /// Given a value anywhere in the repository's pipelines, in a job or by a shell. Enough for a name that does not speak of a
    /// credential: an option that one job sets and another leaves alone.
    pub(super) anywhere: &'a HashSet<String>,
}

/// An unknown variable.
pub(super) struct Unknown<'t> {
    pub(super) piece: Piece<'t>,
    pub(super) found: Use,
    /// Whether a shell assignment may define it after all.
    pub(super) doubtful: bool,
}

impl<'t> Defined<'_, 't> {
    fn yaml(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.globals.contains(name) || self.handed.contains(name)
    }

    /// Whether a name is defined before any shell runs. Credentials of the job are not: they are references.
    pub(super) fn before(&self, name: &str, powershell: bool) -> bool {
        self.yaml(name)
            || (self.anywhere.contains(name) && !names::is_credential_like(name))
            || (!names::is_job_token(name) && self.known.defines(name, powershell))
    }

    /// Unknown variables of the values.
    pub(super) fn in_values(&self, pieces: &[Piece<'t>], readings: &Readings, global: bool) -> Vec<Unknown<'t>> {
        let mut unknown = Vec::new();
        for piece in pieces {
            for found in readings.uses(piece).iter() {
                let name = found.name.as_str();
                // A condition hands its values to nothing: a name that does not speak of a credential is a switch there.
                if piece.mode == Mode::Condition && !names::is_credential_like(name) && !names::is_job_token(name) {
                    continue;
                }
                // `FOO: $FOO` hands the outer value on, unless something else gives it one.
                let itself = piece.of == Some(name)
                    && !self.known.defines(name, false)
                    && !self.handed.contains(name)
                    && if global {
                        !self.own.contains_key(name)
                    } else {
                        self.own.get(name) == Some(&1) && !self.globals.contains(name)
                    };
                if itself || found.form == Form::Interpolated || !self.before(name, false) {
                    unknown.push(Unknown { piece: piece.clone(), found: found.clone(), doubtful: false });
                }
            }
        }
        unknown
    }

    /// Unknown variables of the script lines, which run one after the other.
    pub(super) fn in_scripts(&self, pieces: &[Piece<'t>], readings: &Readings) -> Vec<Unknown<'t>> {
        let scripts: Vec<Rc<Script>> = pieces.iter().map(|piece| readings.script(&piece.layer)).collect();
        let shell = Shell::new(&scripts);
        let mut unknown = Vec::new();
        for (k, (piece, script)) in pieces.iter().zip(&scripts).enumerate() {
            for found in &script.uses {
                let name = found.name.as_str();
                if found.form == Form::Interpolated {
                    unknown.push(Unknown { piece: piece.clone(), found: found.clone(), doubtful: false });
                    continue;
                }
                if found.form != Form::Indirect && self.before(name, shell.powershell) {
                    continue;
                }
                if found.form == Form::Indirect {
                    unknown.push(Unknown { piece: piece.clone(), found: found.clone(), doubtful: true });
                    continue;
                }
                if shell.defines(k, found) {
                    continue;
                }
                // A sourced file may define it. Of a credential that is only a doubt.
                let doubtful = shell.opaque.is_some_and(|place| place < (k, found.at));
                if !doubtful || names::is_credential_like(name) {
                    unknown.push(Unknown { piece: piece.clone(), found: found.clone(), doubtful });
                }
            }
        }
        unknown
    }
}

/// One assignment: its line, and where in it the assignment starts, its value ends, and its reach ends.
struct Given {
    line: usize,
    start: usize,
    value_end: usize,
    until: usize,
    scope: Scope,
}

/// Assignments of all lines of a job, by name.
struct Shell<'s> {
    assigns: HashMap<Cow<'s, str>, Vec<Given>>,
    /// Line and place from which on names may come from text that is not here.
    opaque: Option<(usize, usize)>,
    functions: bool,
    powershell: bool,
}

impl<'s> Shell<'s> {
    fn new(scripts: &'s [Rc<Script>]) -> Self {
        let powershell = scripts.iter().any(|script| script.powershell);
        let mut assigns: HashMap<_, Vec<Given>> = HashMap::new();
        for (k, script) in scripts.iter().enumerate() {
            for assign in &script.assigns {
                // What GitLab always defines keeps that value where the branch is not taken.
                if assign.conditional && names::is_job_token(&assign.name) {
                    continue;
                }
                let Assign { at, value_end, until, scope, .. } = *assign;
                let place = Given { line: k, start: at, value_end, until, scope };
                assigns.entry(key(&assign.name, powershell)).or_default().push(place);
            }
        }
        Self {
            assigns,
            opaque: scripts.iter().enumerate().find_map(|(k, script)| Some((k, script.opaque?))),
            functions: scripts.iter().any(|script| script.functions),
            powershell,
        }
    }

    /// Whether the shell itself has given this expansion its value.
    fn defines(&self, line: usize, found: &Use) -> bool {
        let Some(all) = self.assigns.get(&key(&found.name, self.powershell)) else { return false };
        let at = (line, found.at);
        let mut later = false;
        let mut itself = false;
        for &Given { line: k, start, value_end, until, scope } in all {
            let inside = k == line && start <= found.at && found.at < value_end;
            let earlier = (k, value_end) <= at;
            match scope {
                Scope::Lasting if earlier => return true,
                Scope::Command if earlier && k == line && found.at < until => return true,
                // What was written to a file counts once something reads files in.
                Scope::Written if earlier && self.opaque.is_some() => return true,
                Scope::Written => {}
                _ if inside => itself = true,
                _ => later = true,
            }
        }
        // Loops, functions and branches make later text run earlier. For a credential the order is believed, unless there are functions.
        later && !itself && (self.functions || !names::is_credential_like(&found.name))
    }
}

fn key(name: &str, powershell: bool) -> Cow<'_, str> {
    if powershell { name.to_ascii_lowercase().into() } else { name.into() }
}

/// Names that shells assign or write.
pub(super) fn assigned(pieces: &Pieces<'_>, readings: &Readings, names: &mut HashSet<String>) {
    for piece in &pieces.scripts {
        let script = readings.script(&piece.layer);
        names.extend(script.assigns.iter().map(|a| a.name.clone()));
    }
}

/// Names that a job writes as `NAME=value`, for the report that later jobs receive.
pub(super) fn written(pieces: &Pieces<'_>, readings: &Readings) -> Vec<String> {
    let mut names = Vec::new();
    for piece in &pieces.scripts {
        let script = readings.script(&piece.layer);
        names.extend(script.assigns.iter().filter(|a| a.scope == Scope::Written).map(|a| a.name.clone()));
    }
    names
}
