//! Expansions inside shell text: `$X`, `${X…}`, `$(…)`, `$((…))`, `$env:X`, `%X%`, and the interpolations of CI systems,
//! which are skipped whole.

use super::lexer::{Lexer, Stop};
use super::{Assign, Form, Scope, Use, is_name_byte, is_name_start};

/// Prefixes that make a PowerShell variable a local one.
const POWERSHELL_SCOPES: [&str; 7] = ["script", "global", "local", "using", "private", "variable", "function"];

impl Lexer<'_> {
    /// Reads what begins with the `$` at the cursor; returns whether it expands to something not known here.
    pub(super) fn dollar(&mut self, quoted: bool) -> bool {
        let at = self.i;
        match self.peek(1) {
            Some(b'(') if self.peek(2) == Some(b'(') => {
                self.i += 3;
                self.arithmetic(b')');
                true
            }
            Some(b'(') => {
                self.i += 2;
                self.nested(Stop::Paren);
                true
            }
            Some(b'{') => self.braced(),
            Some(b'[') if self.peek(2) == Some(b'[') => {
                self.interpolation();
                true
            }
            Some(b'$') if self.peek(2) == Some(b'[') && self.peek(3) == Some(b'[') => {
                self.i += 1;
                let name = self.interpolation();
                self.push_use(at, name, Form::Interpolated, false);
                true
            }
            Some(b'$') => {
                // The process id; `$$X` is that, followed by the letter X.
                self.i += 2;
                while self.i < self.end && is_name_byte(self.s[self.i]) {
                    self.i += 1;
                }
                true
            }
            Some(b'\'') if !quoted => {
                self.i += 1;
                self.ansi_quoted();
                false
            }
            Some(b'"') if !quoted => {
                self.i += 1;
                self.double_quoted()
            }
            Some(b) if is_name_start(b) => {
                let start = at + 1;
                let stop = self.name_end(start);
                let name = &self.text[start..stop];
                self.i = stop;
                if self.s.get(stop) == Some(&b':') && stop < self.end {
                    if name.eq_ignore_ascii_case("env") {
                        let stop = self.name_end(stop + 1);
                        if stop > start + 4 {
                            let name = self.text[start + 4..stop].to_owned();
                            self.i = stop;
                            self.powershell_use(at, name, Form::PowerShell);
                            return true;
                        }
                    }
                    let local = POWERSHELL_SCOPES.iter().any(|scope| name.eq_ignore_ascii_case(scope));
                    if local && self.s.get(stop + 1).copied().is_some_and(is_name_start) {
                        self.i = self.name_end(stop + 1);
                        return true;
                    }
                }
                let name = name.to_owned();
                if self.out.powershell && !quoted {
                    self.powershell_use(at, name, Form::Bare);
                } else {
                    self.push_use(at, name, Form::Bare, false);
                }
                true
            }
            Some(b) if b.is_ascii_digit() || matches!(b, b'@' | b'*' | b'#' | b'?' | b'!' | b'-') => {
                self.i += 2;
                true
            }
            _ => {
                self.i += 1;
                false
            }
        }
    }

    /// A PowerShell variable: an assignment where `=` follows.
    fn powershell_use(&mut self, at: usize, name: String, form: Form) {
        let mut j = self.i;
        while j < self.end && matches!(self.s[j], b' ' | b'\t') {
            j += 1;
        }
        let operator = matches!(self.s.get(j), Some(b'+' | b'-' | b'*' | b'/')) && j < self.end;
        let equals = if operator { j + 1 } else { j };
        let assigned =
            equals < self.end && self.s[equals] == b'=' && !matches!(self.s.get(equals + 1), Some(b'=' | b'~'));
        let near = &self.s[at.saturating_sub(9).max(self.begin)..at];
        let in_loop = [b"foreach (".as_slice(), b"foreach("]
            .iter()
            .any(|head| near.len() >= head.len() && near[near.len() - head.len()..].eq_ignore_ascii_case(head));
        // `--key=$env:X=1` is no assignment: one begins a statement or follows a type in brackets.
        let starts = matches!(
            self.text[self.begin..at].trim_end_matches([' ', '\t']).bytes().last(),
            None | Some(b'\n' | b';' | b'{' | b'(' | b']' | b',' | b'|')
        );
        if in_loop || (assigned && starts) {
            let value_end = if in_loop { at } else { self.line_end(equals) };
            self.out.assigns.push(Assign {
                at,
                value_end,
                until: value_end,
                name,
                scope: Scope::Lasting,
                conditional: self.branches > 0,
            });
        } else {
            self.push_use(at, name, form, false);
        }
    }

    /// `${…}`, the cursor at its `$`.
    fn braced(&mut self) -> bool {
        let at = self.i;
        if self.peek(2) == Some(b'{') {
            // GitHub's `${{ … }}`: expanded before the shell runs.
            self.i = self.text[at..self.end].find("}}").map_or(self.end, |k| at + k + 2);
            return true;
        }
        let mut j = at + 2;
        if self.text[j..self.end].starts_with("$[[") {
            self.i = j;
            let name = self.interpolation();
            self.push_use(at, name, Form::Interpolated, false);
            self.close_brace();
            return true;
        }
        let mut form = Form::Braced;
        match self.s.get(j) {
            Some(b'!') => {
                form = Form::Indirect;
                j += 1;
            }
            Some(b'#') if self.s.get(j + 1).copied().is_some_and(is_name_start) => j += 1,
            _ => {}
        }
        let stop = self.name_end(j);
        let mut name = self.text[j..stop].to_owned();
        self.i = stop;
        if name.eq_ignore_ascii_case("env") && self.s.get(stop) == Some(&b':') && stop < self.end {
            let end = self.name_end(stop + 1);
            if end > stop + 1 && self.s.get(end) == Some(&b'}') {
                name = self.text[stop + 1..end].to_owned();
                self.i = end + 1;
                self.push_use(at, name, Form::PowerShell, false);
                return true;
            }
        }
        if name.is_empty() || !self.s.get(j).copied().is_some_and(is_name_start) {
            self.close_brace();
            return true;
        }
        let rest = &self.text[self.i..self.end];
        // An element of an array, or the names that begin with a prefix: the environment holds no arrays.
        let array = rest.starts_with('[') || (form == Form::Indirect && rest.starts_with(['*', '@']));
        let operator = rest.strip_prefix(':').unwrap_or(rest).bytes().next();
        let fallback = matches!(operator, Some(b'-' | b'=' | b'+' | b'?'));
        let assigns = operator == Some(b'=');
        if !array {
            self.push_use(at, name.clone(), form, fallback);
        }
        self.close_brace();
        if assigns {
            let end = self.i;
            self.out.assigns.push(Assign {
                at,
                value_end: end,
                until: end,
                name,
                scope: Scope::Lasting,
                conditional: self.branches > 0,
            });
        }
        true
    }

    /// Skips to behind the brace that closes the one that is open, reading expansions on the way.
    fn close_brace(&mut self) {
        if self.depth >= super::lexer::MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let mut open = 0usize;
        while self.i < self.end {
            match self.s[self.i] {
                b'}' if open == 0 => {
                    self.i += 1;
                    break;
                }
                b'}' => {
                    open -= 1;
                    self.i += 1;
                }
                b'{' => {
                    open += 1;
                    self.i += 1;
                }
                b'\\' => self.i = (self.i + 2).min(self.end),
                b'$' => {
                    self.dollar(true);
                }
                b'`' => {
                    self.i += 1;
                    self.nested(Stop::Backtick);
                }
                b'\n' => {
                    if self.unclosed() {
                        break;
                    }
                    self.i += 1;
                }
                _ => self.i += 1,
            }
        }
        self.depth -= 1;
    }

    /// Whether no closing brace stands anywhere behind the cursor; the answer is kept, so that asking often stays cheap.
    fn unclosed(&mut self) -> bool {
        if self.next_brace.is_none_or(|at| at < self.i) {
            self.next_brace = Some(memchr::memchr(b'}', &self.s[self.i..]).map_or(usize::MAX, |k| self.i + k));
        }
        self.next_brace.is_none_or(|at| at >= self.end)
    }

    /// Arithmetic up to its closing bracket pair; `x=`, `x++` and `x+=` set x.
    pub(super) fn arithmetic(&mut self, close: u8) {
        let mut open = 0usize;
        let mut name_at = None;
        if self.depth >= super::lexer::MAX_DEPTH {
            return;
        }
        self.depth += 1;
        while self.i < self.end {
            let b = self.s[self.i];
            match b {
                b'$' => {
                    self.dollar(true);
                    continue;
                }
                b'(' => open += 1,
                b if b == close && open > 0 => open -= 1,
                b if b == close => {
                    self.i += 1;
                    if self.i < self.end && self.s[self.i] == close {
                        self.i += 1;
                    }
                    break;
                }
                b if is_name_start(b) => {
                    let start = self.i;
                    self.i = self.name_end(start);
                    name_at = Some((start, self.i));
                    continue;
                }
                b'=' if self.s.get(self.i + 1) != Some(&b'=')
                    && !matches!(self.s[self.i - 1], b'=' | b'!' | b'<' | b'>') =>
                {
                    if let Some((start, stop)) = name_at {
                        let name = self.text[start..stop].to_owned();
                        self.out.assigns.push(Assign {
                            at: start,
                            value_end: start,
                            until: start,
                            name,
                            scope: Scope::Lasting,
                            conditional: self.branches > 0,
                        });
                    }
                }
                _ => {}
            }
            self.i += self.char_len();
        }
        self.depth -= 1;
    }

    /// `$[[ … ]]`, the cursor at its `$`; returns the expression inside.
    fn interpolation(&mut self) -> String {
        let inner = self.i + 3;
        let stop = self.text[self.i..self.end].find("]]").map_or(self.end, |k| self.i + k);
        self.i = (stop + 2).min(self.end);
        self.text.get(inner..stop).unwrap_or_default().trim().to_owned()
    }

    /// `%X%` of `cmd`, the cursor at its first `%`; true where it was one. At least two capital letters, digits or underscores,
    /// so that `%Y%m%d` is none.
    pub(super) fn percent(&mut self) -> bool {
        let start = self.i + 1;
        let stop = self.name_end(start);
        let name = &self.text[start..stop];
        let fits = name.len() >= 2
            && is_name_start(name.as_bytes()[0])
            && !name.bytes().any(|b| b.is_ascii_lowercase())
            && self.s.get(stop) == Some(&b'%')
            && stop < self.end;
        if fits {
            let name = name.to_owned();
            self.push_use(start - 1, name, Form::Percent, false);
            self.i = stop + 1;
        }
        fits
    }

    pub(super) fn push_use(&mut self, at: usize, name: String, form: Form, fallback: bool) {
        if name != "_" && !name.is_empty() {
            self.out.uses.push(Use { at, name, form, fallback });
        }
    }
}
