//! What literal text in a workflow gives to `matrix.*` and `env.*`, for names that are computed from them.

use std::cell::Cell;

use github_actions_expressions::call::{Call, Function};
use github_actions_expressions::literal::Literal;
use github_actions_expressions::{Expr, SpannedExpr};

use crate::pipeline::expression::{Piece, Text, Values, bodies, interpolate};
use crate::pipeline::yaml::Node;

/// A matrix with more literal values than this gives the first ones.
const MAX_VALUES: usize = 256;

/// The contexts of one step or job, innermost environment first.
pub(super) struct Contexts<'t> {
    /// `strategy.matrix`.
    pub(super) matrix: Option<Node<'t>>,
    /// `env` of step, job, workflow.
    pub(super) envs: Vec<Node<'t>>,
    /// Values may be expressions over other values: how deep it went.
    pub(super) depth: Cell<u32>,
}

impl<'t> Contexts<'t> {
    pub(super) fn new(matrix: Option<Node<'t>>, envs: Vec<Node<'t>>) -> Self {
        Self { matrix, envs, depth: Cell::new(0) }
    }

    fn deeper(&self, text: &str) -> Vec<Text> {
        if self.depth.get() >= 4 {
            return Vec::new();
        }
        self.depth.set(self.depth.get() + 1);
        let found = interpolate(text, self);
        self.depth.set(self.depth.get() - 1);
        found
    }

    fn matrix_values(&self, path: &[String]) -> Vec<Text> {
        let (Some(matrix), Some((name, rest))) = (self.matrix, path.split_first()) else { return Vec::new() };
        let mut found = Vec::new();
        if let Some(json) = matrix.str().and_then(literal_json) {
            from_json_matrix(&json, path, &mut found);
            return found;
        }
        for (key, value) in matrix.pairs() {
            let Some(key) = key.str() else { continue };
            if key == "include" {
                for item in value.items().take(MAX_VALUES) {
                    self.below(item, path, &mut found);
                }
                if let Some(json) = value.str().and_then(literal_json) {
                    json.as_array().into_iter().flatten().for_each(|item| from_json(item, path, &mut found));
                }
            } else if key.eq_ignore_ascii_case(name) {
                if let Some(json) = value.str().and_then(literal_json) {
                    json.as_array().into_iter().flatten().for_each(|item| from_json(item, rest, &mut found));
                } else {
                    for item in value.items().take(MAX_VALUES) {
                        self.below(item, rest, &mut found);
                    }
                }
            }
        }
        found
    }

    fn below(&self, node: Node<'t>, path: &[String], found: &mut Vec<Text>) {
        let mut node = node;
        for name in path {
            let next =
                node.pairs().filter(|(key, _)| key.str().is_some_and(|key| key.eq_ignore_ascii_case(name))).last();
            match next {
                Some((_, value)) => node = value,
                None => return,
            }
        }
        if let Some(text) = node.str().filter(|_| !node.is_null() && found.len() < MAX_VALUES) {
            found.extend(self.deeper(text));
        }
    }

    fn env_values(&self, name: &str) -> Vec<Text> {
        let fits = |key: Node<'t>| key.str().is_some_and(|key| key.eq_ignore_ascii_case(name));
        let value = self.envs.iter().find_map(|env| env.pairs().filter(|&(key, _)| fits(key)).last());
        value.and_then(|(_, value)| value.str()).map(|text| self.deeper(text)).unwrap_or_default()
    }
}

impl Values for Contexts<'_> {
    fn values(&self, path: &[String]) -> Vec<Text> {
        match path.split_first() {
            Some((head, rest)) if head == "matrix" => self.matrix_values(rest),
            Some((head, [name])) if head == "env" => self.env_values(name),
            _ => Vec::new(),
        }
    }
}

/// The JSON of `${{ fromJSON('…') }}`, where it is written out.
fn literal_json(text: &str) -> Option<serde_json::Value> {
    let text = text.trim();
    let [body] = bodies(text).try_into().ok()?;
    if body.start != 3 || body.end + 2 != text.len() {
        return None;
    }
    let SpannedExpr { inner: Expr::Call(Call { func: Function::FromJSON, args }), .. } =
        Expr::parse(&text[body.start..body.end]).ok()?
    else {
        return None;
    };
    match &args.first()?.inner {
        Expr::Literal(Literal::String(json)) => serde_json::from_str(json).ok(),
        _ => None,
    }
}

fn from_json_matrix(json: &serde_json::Value, path: &[String], found: &mut Vec<Text>) {
    let Some((name, rest)) = path.split_first() else { return };
    for (key, value) in json.as_object().into_iter().flatten() {
        let items = || value.as_array().into_iter().flatten().take(MAX_VALUES);
        if key == "include" {
            items().for_each(|item| from_json(item, path, found));
        } else if key.eq_ignore_ascii_case(name) {
            items().for_each(|item| from_json(item, rest, found));
        }
    }
}

fn from_json(json: &serde_json::Value, path: &[String], found: &mut Vec<Text>) {
    let mut json = json;
    for name in path {
        let next = json.as_object().and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        match next {
            Some((_, value)) => json = value,
            None => return,
        }
    }
    let text = match json {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => return,
    };
    found.push(vec![Piece::Literal(text)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::yaml::Tree;

    fn values(yaml: &str, path: &[&str]) -> Vec<String> {
        let tree = Tree::parse(yaml).unwrap();
        let root = tree.root().unwrap();
        let contexts = Contexts::new(root.get("matrix"), root.get("env").into_iter().collect());
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        let show = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Input(name) => format!("<{name}>"),
        };
        contexts.values(&path).iter().map(|text| text.iter().map(show).collect()).collect()
    }

    #[test]
    fn literal_matrices() {
        let yaml = "matrix:\n  r: [EU, US, '${{ inputs.more }}']\n  o:\n  - n: {Deep: A}\n  - n: {deep: B}\n  include: [{r: AP}, {x: 1}]\n";
        assert_eq!(values(yaml, &["matrix", "r"]), ["EU", "US", "<more>", "AP"]);
        assert_eq!(values(yaml, &["matrix", "o", "n", "deep"]), ["A", "B"]);
        assert_eq!(values(yaml, &["matrix", "x"]), ["1"]);
        assert!(values(yaml, &["matrix", "none"]).is_empty());
        let json = "matrix: ${{ fromJSON('{\"r\":[\"EU\"],\"include\":[{\"r\":\"US\"}]}') }}\n";
        assert_eq!(values(json, &["matrix", "r"]), ["EU", "US"]);
        assert_eq!(values("matrix: {r: \"${{ fromJSON('[1]') }}\"}\n", &["matrix", "r"]), ["1"]);
        assert!(values("matrix: {r: \"${{ fromJSON(needs.a.outputs.b) }}\"}\n", &["matrix", "r"]).is_empty());
        let env = "matrix: {r: [EU]}\nenv: {N: 'K_${{ matrix.r }}', L: '${{ env.L }}'}\n";
        assert_eq!(values(env, &["env", "n"]), ["K_EU"]);
        assert!(values(env, &["env", "l"]).is_empty());
    }
}
