//! GitHub's expression language, as far as it touches credentials: where expressions are in a text, what they name, and which values
//! a computed name can take. Grammar: <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>. Conditions live
//! in `condition`, what a matrix gives in `github::matrix`.

mod tolerant;

use github_actions_expressions::call::{Call, Function};
use github_actions_expressions::context::Context;
use github_actions_expressions::literal::Literal;
use github_actions_expressions::op::{BinExpr, BinOp};
use github_actions_expressions::{Expr, SpannedExpr};

/// No expression needs more candidate names than this; more are not listed.
const MAX_TEXTS: usize = 256;

/// An expression in a text: the bytes between `${{` and `}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// First byte after `${{`.
    pub start: usize,
    /// Byte of the closing `}}`, or the text's end.
    pub end: usize,
    /// Whether it is closed; GitHub rejects the file otherwise.
    pub closed: bool,
}

/// The expressions of a text, in order. `}}` inside quotes does not close; what stands before `${{` (another `$`) does not matter.
pub fn bodies(text: &str) -> Vec<Body> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'$', &bytes[from..]).map(|at| from + at) {
        if !bytes[at..].starts_with(b"${{") {
            from = at + 1;
            continue;
        }
        let start = at + 3;
        let mut quoted = false;
        let mut end = None;
        let mut i = start;
        while i < bytes.len() {
            match bytes[i] {
                b'\'' => quoted = !quoted,
                b'}' if !quoted && bytes.get(i + 1) == Some(&b'}') => {
                    end = Some(i);
                    break;
                }
                _ => {}
            }
            i += 1;
        }
        found.push(Body { start, end: end.unwrap_or(bytes.len()), closed: end.is_some() });
        match end {
            Some(end) => from = end + 2,
            None => break,
        }
    }
    found
}

/// A part of a name that is put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// Known text.
    Literal(String),
    /// What callers pass as this input (lower case).
    Input(String),
}

/// A value that an expression can take, in pieces.
pub type Text = Vec<Piece>;

/// What contexts hold, where literal text tells.
pub trait Values {
    /// The values of a path such as `["matrix", "region"]` (lower case); empty where nothing tells.
    fn values(&self, path: &[String]) -> Vec<Text>;
}

/// Nothing is known.
pub struct NoValues;

impl Values for NoValues {
    fn values(&self, _: &[String]) -> Vec<Text> {
        Vec::new()
    }
}

/// What an expression names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `secrets.NAME`, `secrets['NAME']`, in upper case.
    Secret(String),
    /// `secrets`, `secrets.*`.
    AllSecrets,
    /// `secrets[…]` with the names that literals give it.
    Dynamic(Vec<Text>),
    /// `github.token`; not sure for `github` as a whole or with a computed key.
    JobToken {
        /// Whether the token itself is named.
        sure: bool,
    },
    /// `vars.NAME` whose name says that it is a cloud role.
    RoleVariable(String),
}

/// A credential named in an expression, at a byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Byte offset in the expression: the first character of the context's name.
    pub at: usize,
    /// What is named.
    pub target: Target,
}

/// Whether a body is worth parsing.
fn relevant(body: &str) -> bool {
    let has = |word: &[u8]| body.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    has(b"secrets") || has(b"github") || (has(b"vars") && (has(b"role") || has(b"identity")))
}

/// The credentials that an expression names, in order. Where GitHub's grammar rejects the expression, a scan over its tokens says
/// what is most likely meant.
pub fn mentions(body: &str, values: &dyn Values) -> Vec<Mention> {
    if !relevant(body) {
        return Vec::new();
    }
    let mut found = Vec::new();
    match Expr::parse(body) {
        Ok(expression) => {
            for (context, origin) in expression.contexts() {
                context_mention(body, context, origin.span.start, values, &mut found);
            }
        }
        Err(_) => tolerant::scan(body, &mut found),
    }
    found.sort_by_key(|mention| mention.at);
    found.dedup();
    found
}

fn context_mention(body: &str, context: &Context<'_>, start: usize, values: &dyn Values, found: &mut Vec<Mention>) {
    let Some(head) = context.parts.first().and_then(|part| head_of(part)) else { return };
    // A parenthesis may stand before the name: `(secrets).X` is seen from outside; its inner context is the same mention.
    let lone = context.parts.len() == 1;
    let at = start
        + body.get(start..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['(', ' ', '\n', '\t', '\r']).len());
    let second = context.parts.get(1).map(|part| &part.inner);
    let wrapped = !matches!(context.parts[0].inner, Expr::Identifier(_));
    let target = if head.eq_ignore_ascii_case("secrets") {
        match second {
            None => Target::AllSecrets,
            Some(Expr::Identifier(name)) => Target::Secret(name.as_str().to_uppercase()),
            Some(Expr::Star) => Target::AllSecrets,
            Some(Expr::Index(index)) => match &index.inner {
                Expr::Literal(Literal::String(name)) => Target::Secret(name.to_uppercase()),
                Expr::Star => Target::AllSecrets,
                _ => Target::Dynamic(texts(index, values)),
            },
            Some(_) => Target::AllSecrets,
        }
    } else if head.eq_ignore_ascii_case("github") {
        match second {
            None | Some(Expr::Star) => Target::JobToken { sure: false },
            Some(Expr::Identifier(name)) if name == "token" => Target::JobToken { sure: true },
            Some(Expr::Index(index)) => match &index.inner {
                Expr::Literal(literal) if literal.as_str().eq_ignore_ascii_case("token") => {
                    Target::JobToken { sure: true }
                }
                Expr::Literal(_) => return,
                _ => Target::JobToken { sure: false },
            },
            Some(_) => return,
        }
    } else if head.eq_ignore_ascii_case("vars") {
        match context.single_tail() {
            Some(name) if is_role_name(name) => Target::RoleVariable(name.to_uppercase()),
            _ => return,
        }
    } else {
        return;
    };
    if wrapped {
        // The inner `secrets` was or will be listed as a whole; the outer access says what is meant.
        found.retain(|mention| mention.at != at);
    } else if lone && found.iter().any(|mention| mention.at == at) {
        return;
    }
    found.push(Mention { at, target });
}

/// The name of a context's head, through parentheses.
fn head_of<'e>(part: &'e SpannedExpr<'_>) -> Option<&'e str> {
    match &part.inner {
        Expr::Identifier(name) => Some(name.as_str()),
        Expr::Context(inner) if inner.parts.len() == 1 => inner.parts.first().and_then(|part| head_of(part)),
        _ => None,
    }
}

fn is_role_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    (name.contains("ROLE") && (name.contains("ARN") || name.contains("ASSUME") || name.contains("AWS")))
        || name.contains("WORKLOAD_IDENTITY_PROVIDER")
}

/// The texts that an expression can evaluate to, as far as literals tell. Falsy alternatives and unknown ones are left out.
pub fn texts(expression: &SpannedExpr<'_>, values: &dyn Values) -> Vec<Text> {
    let mut found = evaluate(expression, values);
    found.retain(|text| !text.is_empty());
    found.sort();
    found.dedup();
    found.truncate(MAX_TEXTS);
    found
}

fn evaluate(expression: &SpannedExpr<'_>, values: &dyn Values) -> Vec<Text> {
    match &expression.inner {
        Expr::Literal(literal) => vec![piece(&literal.as_str())],
        Expr::Context(context) => context_values(context, values),
        Expr::BinExpr(BinExpr { op: BinOp::And, rhs, .. }) => evaluate(rhs, values),
        Expr::BinExpr(BinExpr { op: BinOp::Or, lhs, rhs }) => {
            let mut both = evaluate(lhs, values);
            both.extend(evaluate(rhs, values));
            both
        }
        Expr::Call(Call { func: Function::Format, args }) => format_values(args, values),
        Expr::Call(Call { func: Function::Case, args }) => {
            let results = args.iter().skip(1).step_by(2).chain(args.last().filter(|_| args.len() % 2 == 1));
            results.flat_map(|result| evaluate(result, values)).collect()
        }
        _ => Vec::new(),
    }
}

fn piece(text: &str) -> Text {
    if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text.to_owned())] }
}

/// A context's path in lower case, where all its parts are constant.
#[must_use]
pub fn path_of(context: &Context<'_>) -> Option<Vec<String>> {
    context
        .parts
        .iter()
        .map(|part| match &part.inner {
            Expr::Identifier(name) => Some(name.as_str().to_lowercase()),
            Expr::Index(index) => match &index.inner {
                Expr::Literal(literal) => Some(literal.as_str().to_lowercase()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn context_values(context: &Context<'_>, values: &dyn Values) -> Vec<Text> {
    let Some(path) = path_of(context) else { return Vec::new() };
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["inputs", name] | ["github", "event", "inputs", name] => vec![vec![Piece::Input((*name).to_owned())]],
        _ => values.values(&path),
    }
}

/// `format('{0}_KEY', x)` for each value of each argument.
fn format_values(args: &[SpannedExpr<'_>], values: &dyn Values) -> Vec<Text> {
    let Some((pattern, args)) = args.split_first() else { return Vec::new() };
    let arguments: Vec<Vec<Text>> = args.iter().map(|arg| evaluate(arg, values)).collect();
    let mut found = Vec::new();
    for pattern in evaluate(pattern, values) {
        let [Piece::Literal(pattern)] = pattern.as_slice() else { continue };
        let mut done: Vec<Text> = vec![Vec::new()];
        let mut rest = pattern.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            append(&mut done, &[piece(&rest[..at])]);
            let doubled = rest[at + 1..].starts_with(&rest[at..=at]);
            if doubled {
                append(&mut done, &[piece(&rest[at..=at])]);
                rest = &rest[at + 2..];
                continue;
            }
            let Some(close) = rest[at..].find('}').map(|length| at + length).filter(|&close| close > at) else {
                return found;
            };
            let argument = rest[at + 1..close].parse::<usize>().ok().and_then(|index| arguments.get(index));
            append(&mut done, argument.map_or(&[], Vec::as_slice));
            rest = &rest[close + 1..];
        }
        append(&mut done, &[piece(rest)]);
        found.extend(done);
    }
    found
}

/// Every text so far, with every one of the next. No next one: nothing is known any more.
fn append(texts: &mut Vec<Text>, next: &[Text]) {
    let mut all = Vec::new();
    for text in texts.iter() {
        for more in next.iter().take(MAX_TEXTS) {
            if all.len() < MAX_TEXTS {
                let mut whole = text.clone();
                whole.extend(more.iter().cloned());
                all.push(whole);
            }
        }
    }
    *texts = all;
}

/// The values of a text with expressions in it: `${{ inputs.name }}_KEY`. Empty where a part is unknown.
pub fn interpolate(text: &str, values: &dyn Values) -> Vec<Text> {
    let mut done: Vec<Text> = vec![Vec::new()];
    let mut from = 0;
    for body in bodies(text) {
        append(&mut done, &[piece(&text[from..body.start - 3])]);
        let parts = match text.get(body.start..body.end).map(Expr::parse) {
            Some(Ok(expression)) => evaluate(&expression, values),
            _ => Vec::new(),
        };
        append(&mut done, &parts);
        from = (body.end + 2).min(text.len());
    }
    append(&mut done, &[piece(&text[from..])]);
    done.retain(|text| !text.is_empty());
    done
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(body: &str) -> Vec<(usize, String)> {
        let name = |target: Target| match target {
            Target::Secret(name) => name,
            Target::AllSecrets => "*".to_owned(),
            Target::Dynamic(_) => "?".to_owned(),
            Target::JobToken { sure } => if sure { "token" } else { "token?" }.to_owned(),
            Target::RoleVariable(name) => format!("vars.{name}"),
        };
        mentions(body, &NoValues).into_iter().map(|mention| (mention.at, name(mention.target))).collect()
    }

    #[test]
    fn what_is_a_reference_and_what_is_not() {
        let one = |body: &str, at: usize, name: &str| assert_eq!(names(body), [(at, name.to_owned())], "{body}");
        one(" secrets.A ", 1, "A");
        one("SECRETS.lower_name", 0, "LOWER_NAME");
        one("secrets['A']", 0, "A");
        one("secrets [ 'A' ]", 0, "A");
        one("Secrets . A", 0, "A");
        one("secrets[\"A\"]", 0, "?");
        one("secrets[inputs.x]", 0, "?");
        one("secrets[0]", 0, "?");
        one("toJSON(secrets)", 7, "*");
        one("secrets.*", 0, "*");
        one("secrets[*]", 0, "*");
        one("(secrets).A", 1, "A");
        one("( secrets )['A']", 2, "A");
        one("github.token", 0, "token");
        one("github['token']", 0, "token");
        one("secrets.GITHUB_TOKEN", 0, "GITHUB_TOKEN");
        one("toJSON(github)", 7, "token?");
        one("fromJSON(secrets.A).b", 9, "A");
        one("vars.AWS_ROLE_ARN", 0, "vars.AWS_ROLE_ARN");
        one("nosuchfunction(secrets.A)", 15, "A");
        one("secrets.A ||", 0, "A");
        one("'}}' == secrets.A", 8, "A");
        for none in [
            "steps.secrets.outputs.x",
            "needs.a.outputs.secrets.B",
            "steps.get-secrets.outputs.secrets",
            "'secrets.A'",
            "my_secrets.A",
            "github.ref",
            "github.event.token",
            "vars.PLAIN",
            "secrets(1)",
            "fromJSON(steps.x.outputs.secrets).A",
            "",
        ] {
            assert_eq!(names(none), [], "{none}");
        }
        let both = names("x && secrets.A || secrets.B");
        assert_eq!(both, [(5, "A".to_owned()), (18, "B".to_owned())]);
        assert_eq!(names("secrets[secrets.A]"), [(0, "?".to_owned()), (8, "A".to_owned())]);
    }

    #[test]
    fn bodies_end_where_github_ends_them() {
        let text = "a ${{ x }}${{'}}'}} $${{y}} ${{ '' }} ${{ open";
        let found: Vec<&str> = bodies(text).iter().map(|body| &text[body.start..body.end]).collect();
        assert_eq!(found, [" x ", "'}}'", "y", " '' ", " open"]);
        assert!(!bodies(text)[4].closed);
    }

    struct Regions;

    impl Values for Regions {
        fn values(&self, path: &[String]) -> Vec<Text> {
            if path == ["matrix", "r"] { vec![piece("EU"), piece("US")] } else { Vec::new() }
        }
    }

    #[test]
    fn computed_names_take_literal_values() {
        let candidates = |body: &str| match mentions(body, &Regions).remove(0).target {
            Target::Dynamic(texts) => texts
                .into_iter()
                .map(|text| {
                    let part = |piece: Piece| match piece {
                        Piece::Literal(text) => text,
                        Piece::Input(name) => format!("<{name}>"),
                    };
                    text.into_iter().map(part).collect::<String>()
                })
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(candidates("secrets[matrix.r]"), ["EU", "US"]);
        assert_eq!(candidates("secrets[format('{0}_KEY{{', matrix.r)]"), ["EU_KEY{", "US_KEY{"]);
        assert_eq!(candidates("secrets[format('{0}_{1}', matrix.r, inputs.Name)]"), ["EU_<name>", "US_<name>"]);
        assert_eq!(candidates("secrets[x == 'y' && 'A' || 'B']"), ["A", "B"]);
        assert_eq!(candidates("secrets[case(a, 'A', b, 'B', 'C')]"), ["A", "B", "C"]);
        assert_eq!(candidates("secrets[github.event.inputs.env]"), ["<env>"]);
        assert!(candidates("secrets[format('{0}', x.y)]").is_empty());
        assert!(candidates("secrets[format('{', matrix.r)]").is_empty());
        assert_eq!(interpolate("a_${{ matrix.r }}_b", &Regions).len(), 2);
        assert!(interpolate("a_${{ unknown.r }}_b", &Regions).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|\\$\\{\\{|\\}\\}|secrets|github|\\.|\\[|\\]|'|\\(|\\)|format|,|\\{0\\}){0,40}") {
            for body in bodies(&text) {
                mentions(&text[body.start..body.end], &Regions);
            }
            mentions(&text, &NoValues);
            interpolate(&text, &Regions);
        }
    }
}
