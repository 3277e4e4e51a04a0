//! Shell text, as far as credentials need it: which variables it expands, which it sets itself, and the words of its commands.
//! Bourne shells first; PowerShell and `cmd` forms are recognised in the same pass. Nothing is executed, and nothing here knows
//! a CI system or a list of known variables.

mod commands;
mod expansion;
mod lexer;

/// How a variable is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `$X`.
    Bare,
    /// `${X}` and its operators.
    Braced,
    /// `${!X}`: the variable whose name X holds.
    Indirect,
    /// `$env:X`.
    PowerShell,
    /// `%X%`.
    Percent,
    /// `$$[[ inputs.x ]]`, `${$[[ inputs.x ]]}`: the name itself is interpolated; `name` is the expression.
    Interpolated,
}

/// One expansion of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Byte offset of its `$` or `%`.
    pub at: usize,
    /// The name as written.
    pub name: String,
    /// How it is written.
    pub form: Form,
    /// Whether it has a fall-back (`${X:-…}`) or is only tested (`${X:+…}`, `${X:?…}`).
    pub fallback: bool,
}

/// What makes a name known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// From here on in this shell.
    Lasting,
    /// For one command (`X=1 cmd`), whose text ends at `Assign::until`.
    Command,
    /// Written as `X=…` into a file or stream, which may be sourced or handed on as a report.
    Written,
}

/// A place that gives a variable a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assign {
    /// Byte offset where it begins.
    pub at: usize,
    /// Where its value ends: an expansion of the same name before that reads the value from outside.
    pub value_end: usize,
    /// For [`Scope::Command`]: the end of the command.
    pub until: usize,
    /// The name.
    pub name: String,
    /// For how long.
    pub scope: Scope,
    /// Whether it stands in a branch (`if`, `case`): the name may keep its outer value.
    pub conditional: bool,
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
    /// The text with quotes removed; expansions stand as written.
    pub text: String,
    /// Whether it holds no expansion.
    pub literal: bool,
    /// The inner range, where the whole word is one single-quoted string.
    pub single_quoted: Option<(usize, usize)>,
}

/// What stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// A new line, `;`, the end.
    End,
    /// `&&`.
    And,
    /// `||`: its failure is taken care of.
    Or,
    /// `|`.
    Pipe,
    /// `&`.
    Background,
}

/// A simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its words, assignments in front left out.
    pub words: Vec<Word>,
    /// What follows.
    pub joint: Joint,
    /// Whether its output goes to a file.
    pub redirected: bool,
}

/// A text as understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Expansions, in the order of their places.
    pub uses: Vec<Use>,
    /// Assignments, in the order of their places.
    pub assigns: Vec<Assign>,
    /// Simple commands, inner ones (`$(…)`, `sh -c '…'`) included.
    pub commands: Vec<Command>,
    /// Files that it sources by a literal name.
    pub sources: Vec<String>,
    /// Where it first runs text that is not here (`eval`, `source`): names may come from there afterwards.
    pub opaque: Option<usize>,
    /// Whether it defines functions, so that the order of the text is not the order of execution.
    pub functions: bool,
    /// Whether it reads as PowerShell: names are compared without case.
    pub powershell: bool,
}

/// Reads a script. Never fails: what cannot be understood is read as plain text, so that no expansion is lost.
#[must_use]
pub fn scan(text: &str) -> Script {
    let mut script = Script { powershell: looks_like_powershell(text), ..Script::default() };
    lexer::run(text, 0, text.len(), 0, &mut script);
    script.uses.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    script.uses.dedup_by(|a, b| a.at == b.at && a.name == b.name);
    script.assigns.sort_by_key(|a| (a.at, a.value_end));
    script
}

/// Whether a text is PowerShell: only its own idioms count, for a Bourne script must never be read with its quoting.
fn looks_like_powershell(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    const IDIOMS: [&str; 18] = [
        "$env:",
        "${env:",
        "write-host",
        "write-output",
        "write-error",
        "-erroraction",
        "$erroractionpreference",
        "$lastexitcode",
        "$psversiontable",
        "$psscriptroot",
        "invoke-webrequest",
        "invoke-expression",
        "new-item ",
        "get-childitem",
        "set-location",
        "remove-item",
        "out-file",
        "start-process",
    ];
    IDIOMS.iter().any(|idiom| lower.contains(idiom))
        // A PowerShell assignment at the start of a line; in a Bourne shell it would be an error.
        || text.lines().any(|line| {
            let line = line.trim_start();
            let Some(rest) = line.strip_prefix('$') else { return false };
            let name = rest.bytes().take_while(|b| is_name_byte(*b)).count();
            let after = rest[name..].trim_start();
            name > 0 && after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=~")
        })
}

/// Whether a byte may stand in a variable's name.
pub(crate) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Whether a byte may begin a variable's name.
pub(crate) fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

/// Whether a text is a variable's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(is_name_start) && text.bytes().all(is_name_byte)
}

#[cfg(test)]
mod tests;
