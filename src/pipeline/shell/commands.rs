//! What the words of a simple command mean: which variables it sets, which text it runs.

use super::lexer::{Lexer, MAX_DEPTH, run};
use super::{Assign, Command, Form, Joint, Scope, Word, is_name, is_name_byte, is_name_start};

/// Names of shells, without folders.
const SHELLS: [&str; 10] = ["sh", "bash", "zsh", "dash", "ash", "ksh", "busybox", "pwsh", "powershell", "fish"];

fn base_name(text: &str) -> &str {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn is_shell(text: &str) -> bool {
    SHELLS.contains(&base_name(text))
}

/// Whether a here-document for this command is a script.
pub(super) fn runs_shell(words: &[Word]) -> bool {
    words.iter().any(|w| is_shell(&w.text) || matches!(base_name(&w.text), "ssh" | "source" | "."))
}

/// Splits `NAME=value`, `NAME+=value`, `NAME[i]=value` written without quotes around the name.
fn assignment<'t>(text: &'t str, word: &Word) -> Option<&'t str> {
    let raw = text.get(word.start..word.end)?;
    let stop = raw.bytes().position(|b| !is_name_byte(b))?;
    if stop == 0 || !is_name_start(raw.as_bytes()[0]) {
        return None;
    }
    let mut rest = &raw[stop..];
    if rest.starts_with('[') {
        rest = &rest[rest.find(']')? + 1..];
    }
    let rest = rest.strip_prefix('+').unwrap_or(rest);
    rest.starts_with('=').then(|| &raw[..stop])
}

/// A flag that takes a script as the next word: `-c`, `-lc`, `-exc`, `-Command`.
fn takes_script(flag: &str) -> bool {
    let Some(letters) = flag.strip_prefix('-') else { return false };
    letters.eq_ignore_ascii_case("command")
        || matches!(flag, "--command" | "--run")
        || (!letters.starts_with('-')
            && letters.len() <= 6
            && letters.ends_with('c')
            && letters.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Text whose variables are known, so that sourcing it says nothing of others: agents, virtual environments, start files.
fn is_well_known(text: &str) -> bool {
    const PARTS: [&str; 16] = [
        "ssh-agent",
        "activate",
        ".bashrc",
        ".profile",
        ".bash_profile",
        "/etc/profile",
        "cargo/env",
        "nvm.sh",
        "docker-machine",
        "opam env",
        "opam config",
        "shellenv",
        "direnv",
        "pyenv init",
        "rbenv init",
        "conda.sh",
    ];
    PARTS.iter().any(|part| text.contains(part))
}

impl Lexer<'_> {
    fn opaque(&mut self, at: usize) {
        self.out.opaque = Some(self.out.opaque.map_or(at, |known| known.min(at)));
    }

    fn set(&mut self, at: usize, value_end: usize, name: &str, scope: Scope) {
        if is_name(name) {
            self.out.assigns.push(Assign {
                at,
                value_end,
                until: value_end,
                name: name.to_owned(),
                scope,
                conditional: self.branches > 0,
            });
        }
    }

    fn set_word(&mut self, word: &Word) {
        self.set(word.start, word.end, &word.text, Scope::Lasting);
    }

    /// Takes a simple command in.
    pub(super) fn command(&mut self, mut command: Command) {
        let end = command.words.last().map_or(self.i, |w| w.end);
        let prefix = command.words.iter().take_while(|w| assignment(self.text, w).is_some()).count();
        let scope = if prefix == command.words.len() { Scope::Lasting } else { Scope::Command };
        for word in command.words.drain(..prefix).collect::<Vec<_>>() {
            if let Some(name) = assignment(self.text, &word) {
                let name = name.to_owned();
                self.out.assigns.push(Assign {
                    at: word.start,
                    value_end: word.end,
                    until: end,
                    name,
                    scope,
                    conditional: self.branches > 0,
                });
            }
        }
        let Some(first) = command.words.first().cloned() else { return };
        self.builtin(base_name(&first.text), &command);
        self.scripts_in(&command);
        self.out.commands.push(command);
    }

    fn builtin(&mut self, name: &str, command: &Command) {
        let rest = &command.words[1..];
        match name {
            "export" | "readonly" | "local" | "declare" | "typeset" | "integer" => {
                for word in rest {
                    if let Some(name) = assignment(self.text, word) {
                        let name = name.to_owned();
                        self.set(word.start, word.end, &name, Scope::Lasting);
                    } else if let Some((name, _)) = word.text.split_once('=') {
                        // export "X=…"
                        let name = name.to_owned();
                        self.set(word.start, word.end, &name, Scope::Lasting);
                    } else if !matches!(name, "export" | "readonly") {
                        self.set_word(word);
                    } else if !word.literal {
                        // export $(cat .env)
                        self.opaque(word.start);
                    }
                }
            }
            "for" | "select" | "foreach" => {
                if let Some(word) = rest.first() {
                    self.set_word(word);
                }
            }
            "read" => {
                let mut skip = false;
                for (k, word) in rest.iter().enumerate() {
                    if std::mem::take(&mut skip) {
                        continue;
                    }
                    if word.text == "-a" && rest.get(k + 1).is_some() {
                        continue;
                    }
                    if let Some(flags) = word.text.strip_prefix('-') {
                        skip = flags.ends_with(['p', 'd', 'n', 'N', 't', 'u', 'i']) && flags.len() <= 3;
                    } else {
                        self.set_word(word);
                    }
                }
            }
            "mapfile" | "readarray" | "unset" => {
                for word in rest {
                    self.set_word(word);
                }
            }
            "getopts" => {
                if let Some(word) = rest.get(1) {
                    self.set_word(word);
                }
            }
            "printf" if rest.first().is_some_and(|w| w.text == "-v") => {
                if let Some(word) = rest.get(1) {
                    self.set_word(word);
                }
            }
            "let" => {
                for word in rest {
                    let stop = word.text.bytes().position(|b| !is_name_byte(b)).unwrap_or(word.text.len());
                    let name = word.text[..stop].to_owned();
                    self.set(word.start, word.end, &name, Scope::Lasting);
                }
            }
            "set" | "setx" | "SET" => self.cmd_set(rest),
            "env" | "sudo" | "exec" | "command" | "nohup" => {
                let end = rest.last().map_or(0, |w| w.end);
                for word in rest.iter().take_while(|w| w.text.starts_with('-') || w.text.contains('=')) {
                    if let Some(name) = assignment(self.text, word) {
                        let name = name.to_owned();
                        self.out.assigns.push(Assign {
                            at: word.start,
                            value_end: word.end,
                            until: end,
                            name,
                            scope: Scope::Command,
                            conditional: self.branches > 0,
                        });
                    }
                }
            }
            "source" | "." => {
                if let Some(word) = rest.first() {
                    if word.literal {
                        self.out.sources.push(word.text.clone());
                    }
                    if !is_well_known(&word.text) {
                        self.opaque(word.start);
                    }
                }
            }
            "eval" | "Invoke-Expression" | "iex" => {
                if let Some(word) = rest.first().filter(|_| !rest.iter().any(|w| is_well_known(&w.text))) {
                    self.opaque(word.start);
                }
            }
            "Set-Item" | "New-Item" | "Set-Content" => {
                for word in rest {
                    if let Some(name) = word.text.strip_prefix("env:").or_else(|| word.text.strip_prefix("Env:")) {
                        let name = name.trim_start_matches(['\\', '/']).to_owned();
                        self.set(word.start, word.end, &name, Scope::Lasting);
                    }
                }
            }
            "Set-Variable" | "New-Variable" => {
                if let Some(word) = rest.iter().find(|w| !w.text.starts_with('-')) {
                    self.set_word(word);
                }
            }
            _ => {}
        }
        let piped = command.redirected || command.joint == Joint::Pipe || self.out.powershell;
        if piped
            && (matches!(name, "echo" | "printf" | "Add-Content" | "Set-Content" | "Write-Output")
                || self.out.powershell)
        {
            for word in &command.words {
                let skip = usize::from(matches!(self.s.get(word.start), Some(b'"' | b'\'')));
                self.written(word.start + skip, word.end);
            }
        }
    }

    /// `set X=1` of `cmd`, `set -gx X 1` of fish; `set -e` of Bourne shells sets nothing.
    fn cmd_set(&mut self, rest: &[Word]) {
        let flags = rest.iter().take_while(|w| w.text.starts_with(['-', '/'])).count();
        let fish =
            rest[..flags].iter().any(|w| w.text.starts_with('-') && w.text.contains('x') && !w.text.contains('e'));
        if let Some(word) = rest.get(flags) {
            let name = word.text.split('=').next().unwrap_or_default().to_owned();
            if word.text.contains('=') || (fish && rest.len() > flags + 1) {
                self.set(word.start, rest.last().map_or(word.end, |w| w.end), &name, Scope::Lasting);
            }
        }
    }

    /// Lines `NAME=value` of a text that goes to a file or stream.
    pub(super) fn written(&mut self, start: usize, end: usize) {
        let mut at = start;
        for line in self.text[start..end].split_inclusive('\n').flat_map(|l| l.split_inclusive("\\n")) {
            let body = line.trim_start_matches([' ', '\t', '"', '\'']);
            let body = body.strip_prefix("export ").unwrap_or(body);
            let stop = body.bytes().position(|b| !is_name_byte(b)).unwrap_or(body.len());
            if stop > 0 && is_name_start(body.as_bytes()[0]) && body[stop..].starts_with('=') {
                let name = body[..stop].to_owned();
                self.set(at, at + line.len(), &name, Scope::Written);
            }
            at += line.len();
        }
    }

    /// Single-quoted text that a command runs or expands: `sh -c '…'`, `eval '…'`, `ssh host '…'`, `envsubst '$X'`.
    fn scripts_in(&mut self, command: &Command) {
        let words = &command.words;
        if !words.iter().any(|w| w.single_quoted.is_some()) || self.depth >= MAX_DEPTH {
            return;
        }
        let first = base_name(&words[0].text);
        let whole = matches!(first, "eval" | "ssh" | "trap" | "parallel" | "watch" | "sshpass");
        let shell = words
            .iter()
            .any(|w| is_shell(&w.text) || matches!(base_name(&w.text), "su" | "runuser" | "script" | "flock"))
            || matches!(first, "nix" | "nix-shell" | "guix");
        for (k, word) in words.iter().enumerate().skip(1) {
            let Some((start, end)) = word.single_quoted else { continue };
            if first == "envsubst" {
                self.names_in(start, end);
            } else if whole || (shell && takes_script(&words[k - 1].text)) {
                run(self.text, start, end, self.depth + 1, self.out);
            }
        }
    }

    /// The names that `envsubst` is told to replace.
    fn names_in(&mut self, start: usize, end: usize) {
        let text = &self.text[start..end];
        for (k, _) in text.match_indices('$') {
            let name_at = start + k + 1 + usize::from(text[k + 1..].starts_with('{'));
            let stop = self.name_end(name_at).min(end);
            if stop > name_at {
                let name = self.text[name_at..stop].to_owned();
                self.push_use(start + k, name, Form::Bare, false);
            }
        }
    }
}
