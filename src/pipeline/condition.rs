//! What an `if:` says about failure: does this job or step run although something that it waits for failed? Three values: what
//! the text does not decide stays open. Status functions and their implicit `success()`:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#status-check-functions>.

use github_actions_expressions::call::{Call, Function};
use github_actions_expressions::op::{BinExpr, BinOp, UnOp};
use github_actions_expressions::{Expr, SpannedExpr};

use super::expression::{bodies, path_of};

/// How something that was waited for ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It ran and failed.
    Failure,
    /// It did not run, since something before it failed.
    Skipped,
}

impl Ended {
    fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

/// Whether a condition may let a job run when the job `on` ended so. `None` for a step, whose earlier steps failed. The answer is
/// the reason in a few words, `None` where the failure stops it.
#[must_use]
pub fn runs_anyway(condition: Option<&str>, on: Option<&str>, ended: Ended) -> Option<String> {
    let text = condition?.trim();
    if !mentions_status(text) {
        return None;
    }
    let expressions = bodies(text);
    let whole = match expressions.as_slice() {
        [] => text,
        [only] if only.start == 3 && only.end + 2 >= text.len() => &text[only.start..only.end],
        // A text around an expression is a non-empty string, which is true, but keeps the implicit `success()`.
        several => {
            let status = several.iter().find_map(|body| status_function(&text[body.start..body.end]));
            return status.map(|name| format!("if: {name}"));
        }
    };
    let name = status_function(whole)?;
    let Ok(expression) = Expr::parse(whole) else {
        return (name != "success()").then(|| format!("if: {name}"));
    };
    let world = World { on, ended };
    (world.truth(&expression) != Some(false)).then(|| format!("if: {name}"))
}

/// Whether a text could call a status function at all: most conditions do not, and need no parsing.
fn mentions_status(text: &str) -> bool {
    let names: [&[u8]; 4] = [b"always", b"failure", b"cancelled", b"success"];
    let has = |name: &[u8]| text.as_bytes().windows(name.len()).any(|window| window.eq_ignore_ascii_case(name));
    text.contains('(') && names.into_iter().any(has)
}

/// The first status function in an expression, the one that is not `success()` if there is one.
fn status_function(body: &str) -> Option<&'static str> {
    let Ok(expression) = Expr::parse(body) else {
        let lower = body.to_ascii_lowercase();
        return ["always()", "failure()", "cancelled()", "success()"].into_iter().find(|name| lower.contains(name));
    };
    let mut found = None;
    visit(&expression, &mut |function| {
        let name = match function {
            Function::Always => "always()",
            Function::Failure => "failure()",
            Function::Cancelled => "cancelled()",
            Function::Success => "success()",
            _ => return,
        };
        if found.is_none() || found == Some("success()") {
            found = Some(name);
        }
    });
    found
}

fn visit(expression: &SpannedExpr<'_>, see: &mut impl FnMut(Function)) {
    match &expression.inner {
        Expr::Call(Call { func, args }) => {
            see(*func);
            args.iter().for_each(|arg| visit(arg, see));
        }
        Expr::BinExpr(BinExpr { lhs, rhs, .. }) => {
            visit(lhs, see);
            visit(rhs, see);
        }
        Expr::UnExpr { expr, .. } | Expr::Index(expr) => visit(expr, see),
        Expr::Context(context) => context.parts.iter().for_each(|part| visit(part, see)),
        _ => {}
    }
}

/// The run as supposed.
struct World<'a> {
    on: Option<&'a str>,
    ended: Ended,
}

impl World<'_> {
    fn truth(&self, expression: &SpannedExpr<'_>) -> Option<bool> {
        match &expression.inner {
            Expr::Literal(literal) => match literal {
                github_actions_expressions::literal::Literal::Boolean(value) => Some(*value),
                github_actions_expressions::literal::Literal::Null => Some(false),
                github_actions_expressions::literal::Literal::String(text) => Some(!text.is_empty()),
                github_actions_expressions::literal::Literal::Number(value) => Some(*value != 0.0),
            },
            Expr::UnExpr { op: UnOp::Not, expr } => self.truth(expr).map(|value| !value),
            Expr::BinExpr(BinExpr { lhs, op, rhs }) => self.binary(lhs, op, rhs),
            Expr::Call(Call { func, args }) => match func {
                Function::Always | Function::Failure => Some(true),
                Function::Success | Function::Cancelled => Some(false),
                Function::Contains => match args.as_slice() {
                    [list, word] => self.contains(list, word),
                    _ => None,
                },
                _ => None,
            },
            _ => self.text(expression).map(|text| !text.is_empty()),
        }
    }

    fn binary(&self, lhs: &SpannedExpr<'_>, op: &BinOp, rhs: &SpannedExpr<'_>) -> Option<bool> {
        match op {
            BinOp::And => match (self.truth(lhs), self.truth(rhs)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            BinOp::Or => match (self.truth(lhs), self.truth(rhs)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            BinOp::Eq | BinOp::Neq => {
                let equal = match (self.text(lhs), self.text(rhs)) {
                    (Some(a), Some(b)) => Some(a.eq_ignore_ascii_case(&b)),
                    _ => match (self.status(lhs), literal_bool(rhs)) {
                        (Some(a), Some(b)) => Some(a == b),
                        _ => None,
                    },
                };
                equal.map(|equal| equal == matches!(op, BinOp::Eq))
            }
            _ => None,
        }
    }

    /// A status function compared with `true` or `false`.
    fn status(&self, expression: &SpannedExpr<'_>) -> Option<bool> {
        matches!(expression.inner, Expr::Call(_)).then(|| self.truth(expression)).flatten()
    }

    /// `contains(needs.*.result, 'failure')`: the one result is known, the others are not.
    fn contains(&self, list: &SpannedExpr<'_>, word: &SpannedExpr<'_>) -> Option<bool> {
        let raw = match &list.inner {
            Expr::Call(Call { func: Function::Join | Function::ToJSON, args }) => args.first()?.origin.raw,
            _ => list.origin.raw,
        };
        let plain: String = raw.chars().filter(|c| !c.is_whitespace()).collect();
        let about_results = plain.eq_ignore_ascii_case("needs.*.result") || plain.eq_ignore_ascii_case("needs");
        let word = self.text(word)?;
        (about_results && self.on.is_some() && word.eq_ignore_ascii_case(self.ended.word())).then_some(true)
    }

    /// The text of a literal, of the result that is supposed, or of the job's status in a step's condition.
    fn text(&self, expression: &SpannedExpr<'_>) -> Option<String> {
        match &expression.inner {
            Expr::Literal(github_actions_expressions::literal::Literal::String(text)) => Some(text.to_string()),
            Expr::Context(context) => {
                let path = path_of(context)?;
                let parts: Vec<&str> = path.iter().map(String::as_str).collect();
                match (parts.as_slice(), self.on) {
                    (["needs", name, "result"], Some(on)) if name.eq_ignore_ascii_case(on) => {
                        Some(self.ended.word().to_owned())
                    }
                    // A job that failed or was skipped sets no output that its last steps would have set: not known.
                    (["job", "status"], None) => Some("failure".to_owned()),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn literal_bool(expression: &SpannedExpr<'_>) -> Option<bool> {
    match &expression.inner {
        Expr::Literal(github_actions_expressions::literal::Literal::Boolean(value)) => Some(*value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failure_stops() {
        for stops in [
            "github.ref == 'refs/heads/main'",
            "success()",
            "${{ success() && github.ref == 'x' }}",
            "always() && needs.gate.result == 'success'",
            "${{ !cancelled() && needs.GATE.result == 'success' && x.y }}",
            "always() && !contains(needs.*.result, 'failure')",
            "cancelled()",
            "always() && needs.gate.result != 'failure'",
            "!failure()",
            "!(failure() || cancelled())",
            "'always()' == x",
            "false && always()",
        ] {
            assert_eq!(runs_anyway(Some(stops), Some("gate"), Ended::Failure), None, "{stops}");
        }
        assert_eq!(runs_anyway(None, Some("gate"), Ended::Failure), None);
        for (runs, why) in [
            ("always()", "if: always()"),
            ("${{ always() }}", "if: always()"),
            ("!cancelled()", "if: cancelled()"),
            ("failure()", "if: failure()"),
            ("success() || failure()", "if: failure()"),
            ("always() && needs.other.result == 'success'", "if: always()"),
            ("always() && needs.gate.result == 'failure'", "if: always()"),
            ("ALWAYS()", "if: always()"),
            ("${{ always() }} && x", "if: always()"),
            ("always() && (", "if: always()"),
        ] {
            assert_eq!(runs_anyway(Some(runs), Some("gate"), Ended::Failure).as_deref(), Some(why), "{runs}");
        }
        // What was skipped did not fail.
        let condition = Some("always() && needs.b.result != 'failure'");
        assert!(runs_anyway(condition, Some("b"), Ended::Skipped).is_some());
        assert_eq!(runs_anyway(condition, Some("b"), Ended::Failure), None);
    }

    #[test]
    fn steps_after_a_failed_step() {
        assert_eq!(runs_anyway(Some("github.x"), None, Ended::Failure), None);
        assert_eq!(runs_anyway(Some("always() && job.status == 'success'"), None, Ended::Failure), None);
        assert!(runs_anyway(Some("failure() && steps.x.outcome == 'failure'"), None, Ended::Failure).is_some());
    }
}
