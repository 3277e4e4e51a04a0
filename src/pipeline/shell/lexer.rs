//! The lexer: quotes, comments, here-documents, substitutions, and the split into simple commands. What a command's words
//! mean stands in `commands`.

use super::{Command, Joint, Script, Word, is_name_byte};

/// How deep substitutions and nested shells may go; below that, text is read as flat text.
pub(super) const MAX_DEPTH: usize = 40;

/// What ends a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The end of the text.
    End,
    /// `)`.
    Paren,
    /// A backtick.
    Backtick,
}

/// A here-document that was announced and not yet read.
struct Heredoc {
    delimiter: String,
    quoted: bool,
    shell: bool,
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) s: &'a [u8],
    pub(super) i: usize,
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) depth: usize,
    /// How many `if` and `case` are open.
    pub(super) branches: usize,
    /// The next closing brace, once somebody asked.
    pub(super) next_brace: Option<usize>,
    heredocs: Vec<Heredoc>,
    /// Here-documents whose end was looked for in vain; after some, none is believed any more.
    lost: usize,
    pub(super) out: &'a mut Script,
}

/// Reads `text[begin..end]`, adding to `out`; offsets are those of the whole text.
pub(super) fn run(text: &str, begin: usize, end: usize, depth: usize, out: &mut Script) {
    let mut lexer = Lexer {
        text,
        s: text.as_bytes(),
        i: begin,
        begin,
        end,
        depth,
        branches: 0,
        next_brace: None,
        heredocs: Vec::new(),
        lost: 0,
        out,
    };
    while lexer.i < lexer.end {
        // A stray closing bracket ends a list early; the rest is still read.
        lexer.list(Stop::End);
    }
}

impl Lexer<'_> {
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        let k = self.i + ahead;
        (k < self.end).then(|| self.s[k])
    }

    /// End of the name that begins at `from`.
    pub(super) fn name_end(&self, from: usize) -> usize {
        let mut j = from.min(self.end);
        while j < self.end && is_name_byte(self.s[j]) {
            j += 1;
        }
        j
    }

    pub(super) fn line_end(&self, from: usize) -> usize {
        self.text[from..self.end].find('\n').map_or(self.end, |k| from + k)
    }

    /// Length of the character at the cursor.
    pub(super) fn char_len(&self) -> usize {
        self.text[self.i..].chars().next().map_or(1, char::len_utf8)
    }

    /// A list of commands inside another construct, the cursor behind its opening.
    pub(super) fn nested(&mut self, stop: Stop) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let heredocs = std::mem::take(&mut self.heredocs);
        self.list(stop);
        self.heredocs = heredocs;
        self.depth -= 1;
    }

    /// Commands up to `stop`, which is consumed.
    fn list(&mut self, stop: Stop) {
        let mut command = Vec::new();
        let mut redirected = false;
        let mut cases = 0usize;
        // Whether the next word is the target of a redirection, which is no word of the command.
        let mut target = false;
        while self.i < self.end {
            let b = self.s[self.i];
            match b {
                b' ' | b'\t' | b'\r' => self.i += 1,
                b'\\' if matches!(self.peek(1), Some(b'\n')) => self.i += 2,
                b'\\' if self.peek(1) == Some(b'\r') && self.peek(2) == Some(b'\n') => self.i += 3,
                b'`' if self.out.powershell && matches!(self.peek(1), Some(b'\n' | b'\r')) => self.i += 2,
                b'#' => self.i = self.line_end(self.i),
                b'<' if self.out.powershell && self.peek(1) == Some(b'#') => {
                    self.i = self.text[self.i..self.end].find("#>").map_or(self.end, |k| self.i + k + 2);
                }
                b'\n' => {
                    self.i += 1;
                    self.finish(&mut command, Joint::End, &mut redirected);
                    self.read_heredocs();
                }
                b';' => {
                    self.i += 1;
                    self.finish(&mut command, Joint::End, &mut redirected);
                }
                b'&' | b'|' => {
                    let double = self.peek(1) == Some(b);
                    let joint = match (b, double) {
                        (b'&', true) => Joint::And,
                        (b'|', true) => Joint::Or,
                        (b'|', false) => Joint::Pipe,
                        _ if self.peek(1) == Some(b'>') => {
                            // `&>file`
                            self.i += 1;
                            continue;
                        }
                        _ => Joint::Background,
                    };
                    self.i += if double { 2 } else { 1 };
                    if joint == Joint::Pipe && self.peek(0) == Some(b'&') {
                        self.i += 1;
                    }
                    self.finish(&mut command, joint, &mut redirected);
                }
                b'(' if command.is_empty() && self.peek(1) == Some(b'(') => {
                    self.i += 2;
                    self.arithmetic(b')');
                }
                b'(' => {
                    self.i += 1;
                    if command.len() == 1 && self.peek(0) == Some(b')') {
                        self.out.functions = true;
                    }
                    if cases == 0 || !command.is_empty() {
                        self.finish(&mut command, Joint::End, &mut redirected);
                        self.nested(Stop::Paren);
                    }
                }
                b')' if cases > 0 => {
                    // The end of a pattern.
                    self.i += 1;
                    command.clear();
                }
                b')' => {
                    self.i += 1;
                    self.finish(&mut command, Joint::End, &mut redirected);
                    if matches!(stop, Stop::Paren | Stop::End) {
                        return;
                    }
                }
                b'`' if stop == Stop::Backtick => {
                    self.i += 1;
                    self.finish(&mut command, Joint::End, &mut redirected);
                    return;
                }
                b'<' | b'>' => target = self.redirection(&command, &mut redirected),
                _ => {
                    let word = self.word(stop);
                    if std::mem::take(&mut target) {
                        continue;
                    }
                    if command.is_empty() && word.literal {
                        match word.text.as_str() {
                            "case" => {
                                cases += 1;
                                self.branches += 1;
                            }
                            "esac" => {
                                cases = cases.saturating_sub(1);
                                self.branches = self.branches.saturating_sub(1);
                            }
                            "if" => self.branches += 1,
                            "fi" => self.branches = self.branches.saturating_sub(1),
                            "function" => self.out.functions = true,
                            _ => {}
                        }
                        if is_keyword(&word.text) {
                            continue;
                        }
                    }
                    command.push(word);
                }
            }
        }
        self.finish(&mut command, Joint::End, &mut redirected);
    }

    /// A redirection, the cursor at `<` or `>`; true where a target word follows that is no word of the command.
    fn redirection(&mut self, command: &[Word], redirected: &mut bool) -> bool {
        let b = self.s[self.i];
        if self.peek(1) == Some(b'(') {
            self.i += 2;
            self.nested(Stop::Paren);
            return false;
        }
        if b == b'<' && self.peek(1) == Some(b'<') && self.peek(2) != Some(b'<') {
            self.announce_heredoc(command);
            return false;
        }
        if b == b'>' {
            *redirected = true;
        }
        while matches!(self.peek(0), Some(b'<' | b'>' | b'&' | b'|')) {
            self.i += 1;
        }
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.i += 1;
        }
        !matches!(self.peek(0), None | Some(b'\n' | b';' | b')' | b'|' | b'&'))
    }

    fn announce_heredoc(&mut self, command: &[Word]) {
        self.i += 2;
        if self.peek(0) == Some(b'-') || self.peek(0) == Some(b'~') {
            self.i += 1;
        }
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.i += 1;
        }
        let start = self.i;
        while self.i < self.end
            && !matches!(self.s[self.i], b' ' | b'\t' | b'\n' | b'\r' | b';' | b'|' | b'&' | b'<' | b'>' | b')')
        {
            self.i += 1;
        }
        let raw = &self.text[start..self.i];
        let quoted = raw.contains(['\'', '"', '\\']);
        let delimiter: String = raw.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        if self.lost < 50 && !delimiter.is_empty() && !delimiter.starts_with(|c: char| c.is_ascii_digit()) {
            self.heredocs.push(Heredoc { delimiter, quoted, shell: super::commands::runs_shell(command) });
        }
    }

    /// Bodies of the here-documents that the line before announced.
    fn read_heredocs(&mut self) {
        for heredoc in std::mem::take(&mut self.heredocs) {
            let start = self.i;
            let mut at = start;
            let mut close = None;
            while at < self.end {
                let stop = self.line_end(at);
                if self.text[at..stop].trim() == heredoc.delimiter {
                    close = Some((at, stop));
                    break;
                }
                at = stop + 1;
            }
            // Without its end it was no here-document.
            let Some((body_end, next)) = close else {
                self.lost += 1;
                return;
            };
            self.written(start, body_end);
            if heredoc.quoted {
                if heredoc.shell && self.depth < MAX_DEPTH {
                    run(self.text, start, body_end, self.depth + 1, self.out);
                }
            } else {
                let end = std::mem::replace(&mut self.end, body_end);
                while self.i < self.end {
                    match self.s[self.i] {
                        b'\\' => self.i = (self.i + 2).min(self.end),
                        b'$' => {
                            self.dollar(true);
                        }
                        b'`' => {
                            self.i += 1;
                            self.nested(Stop::Backtick);
                        }
                        b'%' => {
                            if !self.percent() {
                                self.i += 1;
                            }
                        }
                        _ => self.i += 1,
                    }
                }
                self.end = end;
            }
            self.i = (next + 1).min(self.end);
        }
    }

    /// One word.
    fn word(&mut self, stop: Stop) -> Word {
        let start = self.i;
        let mut text = String::new();
        let mut literal = true;
        let mut single_quoted = None;
        while self.i < self.end {
            let from = self.i;
            match self.s[self.i] {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                b'`' if stop == Stop::Backtick && !self.out.powershell => break,
                b'\'' => {
                    let Some(k) = self.text[self.i + 1..self.end].find('\'') else {
                        // An apostrophe without a partner.
                        self.i += 1;
                        text.push('\'');
                        continue;
                    };
                    let inner = (self.i + 1, self.i + 1 + k);
                    self.i = inner.1 + 1;
                    if from == start {
                        single_quoted = Some(inner);
                    }
                    text.push_str(&self.text[inner.0..inner.1]);
                    continue;
                }
                b'"' => {
                    let expands = self.double_quoted();
                    literal &= !expands;
                    let inner_end = if self.i > from + 1 && self.s[self.i - 1] == b'"' { self.i - 1 } else { self.i };
                    text.push_str(&self.text[from + 1..inner_end.max(from + 1)]);
                }
                b'\\' if !self.out.powershell => {
                    self.i += 1;
                    if self.i < self.end {
                        let n = self.char_len();
                        if self.s[self.i] != b'\n' {
                            text.push_str(&self.text[self.i..self.i + n]);
                        }
                        self.i += n;
                    }
                }
                b'`' if self.out.powershell => {
                    self.i += 1;
                    if self.i < self.end {
                        self.i += self.char_len();
                    }
                }
                b'`' => {
                    self.i += 1;
                    self.nested(Stop::Backtick);
                    literal = false;
                    text.push_str(&self.text[from..self.i]);
                }
                b'$' => {
                    literal &= !self.dollar(false);
                    text.push_str(&self.text[from..self.i]);
                }
                b'%' => {
                    literal &= !self.percent();
                    self.i = self.i.max(from + 1);
                    text.push_str(&self.text[from..self.i]);
                }
                _ => {
                    self.i += self.char_len();
                    text.push_str(&self.text[from..self.i]);
                }
            }
        }
        if self.i == start {
            // Nothing fits: one character, so that reading goes on.
            self.i += self.char_len();
        }
        let whole = single_quoted.filter(|inner| inner.0 == start + 1 && inner.1 + 1 == self.i);
        Word { start, end: self.i, text, literal, single_quoted: whole }
    }

    /// A double-quoted string, the cursor at its opening quote; true where something in it expands.
    pub(super) fn double_quoted(&mut self) -> bool {
        self.i += 1;
        let mut expands = false;
        while self.i < self.end {
            let here = self.s[self.i];
            match here {
                b'"' => {
                    self.i += 1;
                    return expands;
                }
                b'\\' if !self.out.powershell => self.i = (self.i + 1).min(self.end),
                b'`' if self.out.powershell => self.i = (self.i + 1).min(self.end),
                b'$' => {
                    expands |= self.dollar(true);
                    continue;
                }
                b'`' => {
                    self.i += 1;
                    self.nested(Stop::Backtick);
                    expands = true;
                    continue;
                }
                b'%' if self.percent() => {
                    expands = true;
                    continue;
                }
                _ => {}
            }
            // Behind a backslash: the escaped character, whatever it is.
            if self.i < self.end {
                self.i += self.char_len();
            }
        }
        expands
    }

    /// `$'…'`, the cursor at the quote.
    pub(super) fn ansi_quoted(&mut self) {
        self.i += 1;
        while self.i < self.end {
            match self.s[self.i] {
                b'\'' => {
                    self.i += 1;
                    return;
                }
                b'\\' => self.i = (self.i + 2).min(self.end),
                _ => self.i += 1,
            }
        }
    }

    fn finish(&mut self, words: &mut Vec<Word>, joint: Joint, redirected: &mut bool) {
        let words = std::mem::take(words);
        let redirected = std::mem::take(redirected);
        if !words.is_empty() {
            self.command(Command { words, joint, redirected });
        }
    }
}

/// Words that leave the next one at a command's place.
fn is_keyword(text: &str) -> bool {
    matches!(
        text,
        "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{" | "}" | "time" | "fi" | "done" | "esac"
    )
}
