//! Text to identifier-shaped tokens and to plain words. A token keeps every letter, digit, joiner and invisible character between two
//! borders together, so that a look-alike or an invisible character inside a name makes it another name.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// No identifier is longer (an ARN has at most 2048 characters, and those in use far fewer).
const LONGEST: usize = 1024;

/// A token with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    /// Whether it stood in backticks, quotes or strong type, alone.
    pub(super) marked: bool,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Characters that cannot be seen: they never join two names, and never belong to one at its ends.
pub(super) fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{180e}')
}

fn inner(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '#' | '+' | '=' | '$' | '~' | '%')
        || invisible(c)
        || !c.is_ascii() && !c.is_whitespace() && !quote(c) && !dash(c)
}

fn quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '*' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '‹' | '›' | '‚')
}

fn dash(c: char) -> bool {
    matches!(c, '–' | '—' | '…' | '•' | '→' | '←' | '·')
}

/// The tokens of a text, borders removed.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    each_token(text, &mut |token| out.push(token));
    out
}

/// Shows the tokens of a text one by one.
pub(super) fn each_token<'t>(text: &'t str, show: &mut dyn FnMut(Token<'t>)) {
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (inner(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if let Some(token) = trimmed(text, from, at) {
                    show(token);
                }
                start = None;
            }
            _ => {}
        }
    }
}

/// Without the punctuation and the invisible characters at its ends.
fn trimmed(text: &str, from: usize, to: usize) -> Option<Token<'_>> {
    let border =
        |c: char| matches!(c, '.' | ':' | ',' | '-' | '=' | '+' | '~' | '%' | '/' | '@' | '#' | '$') || invisible(c);
    let raw = &text[from..to];
    // A leading `/`, `@` or `#` means something: a parameter's name, a handle, a number.
    let left = raw.trim_start_matches(|c: char| border(c) && !matches!(c, '/' | '@' | '#'));
    let left = if left.len() > 1 { left } else { left.trim_start_matches(border) };
    let core = left.trim_end_matches(border);
    if core.is_empty() {
        return None;
    }
    let start = from + (raw.len() - left.len());
    let before = text[..start].trim_end_matches(invisible).chars().next_back();
    let after = text[start + core.len()..].trim_start_matches(invisible).chars().next();
    let marked = before.zip(after).is_some_and(|(a, b)| quote(a) && quote(b));
    Some(Token { text: core, start, marked })
}

/// Whether what stands at this place is cut out of something longer: a name next to a joiner is another name.
pub(super) fn joined(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-') || invisible(c) || (!c.is_ascii() && c.is_alphabetic())
}

/// The parts of a token that may be names by themselves, whole token first: `secrets.NPM_TOKEN`, `NAME=value`, `acme/shop:KEY`,
/// `A_KEY/B_KEY`. An address on the web is only looked at for a constant-like name at the end of a
/// page of secrets or variables.
pub(super) fn parts<'t>(token: Token<'t>) -> Vec<Token<'t>> {
    let mut out = Vec::new();
    each_part(token, &mut |part| out.push(part));
    out
}

/// Shows the parts of a token one by one, see [`parts`].
pub(super) fn each_part<'t>(token: Token<'t>, show: &mut dyn FnMut(Token<'t>)) {
    let text = token.text;
    if text.len() > LONGEST {
        return;
    }
    show(token);
    let address = text.contains('@');
    let part = |from: usize, to: usize| Token { text: &text[from..to], start: token.start + from, marked: false };
    if text.contains("://") {
        let listed = ["/secrets/", "/variables/"].iter().any(|part| text.contains(part));
        if let Some(at) = text.rfind(['/', '='])
            && listed
            && constant(&text[at + 1..])
        {
            show(part(at + 1, text.len()));
        }
        return;
    }
    let mut from = 0;
    for (at, c) in text.char_indices().chain([(text.len(), '=')]) {
        if matches!(c, '=' | ':' | '#' | '@' | '$' | '+' | '/' | '.' | '%') {
            let piece = &text[from..at];
            let soft = |b: u8| matches!(b, b'/' | b'.');
            let hard = !matches!(c, '/' | '.') && (from == 0 || !soft(text.as_bytes()[from - 1]));
            let wanted = constant(piece) || (hard && !address);
            if !piece.is_empty() && piece.len() < text.len() && wanted {
                show(part(from, at));
            }
            from = at + c.len_utf8();
        }
    }
    // `name:value` and `key=path/with/parts`: what follows the first sign, and what stands before the last.
    for sign in ['=', ':', '#'] {
        if let Some((before, after)) = text.split_once(sign)
            && !address
        {
            if after.contains(['/', '.', ':']) {
                show(part(before.len() + 1, text.len()));
            }
            if before.contains(['/', '.']) {
                show(part(0, before.len()));
            }
        }
    }
}

/// Whether one of several phrases stands in words.
pub(super) fn says(all: &[Word], phrases: &[&[&str]]) -> bool {
    (0..all.len()).any(|at| {
        let rest = &all[at..];
        let begins = |phrase: &&&[&str]| phrase.first().is_some_and(|first| *rest[0].text == **first);
        let goes_on =
            |phrase: &[&str]| phrase.len() <= rest.len() && rest.iter().zip(phrase).all(|(a, b)| *a.text == **b);
        phrases.iter().filter(begins).any(|phrase| goes_on(phrase))
    })
}

/// `DEPLOY_KEY`: letters, digits and underscores, with at least one underscore, as variables are written.
pub(super) fn constant(text: &str) -> bool {
    text.contains('_') && text.len() > 3 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A word in lower case: a stretch of its text where it was written so, which most words are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Lower<'t>(Cow<'t, str>);

impl Lower<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Lower<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: AsRef<str> + ?Sized> PartialEq<T> for Lower<'_> {
    fn eq(&self, other: &T) -> bool {
        *self.0 == *other.as_ref()
    }
}

/// A plain word, in lower case, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) text: Lower<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'t> Word<'t> {
    /// Calls it by another name.
    pub(super) fn call(&mut self, name: &'t str) {
        self.text = Lower(Cow::Borrowed(name));
    }
}

/// The words of a text: letters, digits, `_`, and hyphens and apostrophes inside.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    if text.is_ascii() {
        return plain_words(text);
    }
    let mut out = Vec::new();
    let mut start = None;
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let mut chars = text.char_indices().chain([(text.len(), ' ')]).peekable();
    while let Some((at, c)) = chars.next() {
        let joins =
            matches!(c, '-' | '\'' | '’') && start.is_some() && chars.peek().is_some_and(|(_, next)| letter(*next));
        match (letter(c) || joins, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let word = &text[from..at];
                let lower = match word.is_ascii() {
                    true => lower(word),
                    false => Lower(Cow::Owned(word.to_lowercase().replace('’', "'"))),
                };
                out.push(Word { text: lower, start: from, end: at });
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// The words of a text in ASCII.
fn plain_words(text: &str) -> Vec<Word<'_>> {
    let bytes = text.as_bytes();
    let letter = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let joins = |at: usize| matches!(bytes.get(at), Some(b'-' | b'\'')) && letter(at + 1);
    let mut out = Vec::with_capacity(text.len() / 5);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while letter(at) || (at > start && joins(at)) {
            at += 1;
        }
        if at > start {
            out.push(Word { text: lower(&text[start..at]), start, end: at });
        }
        at += 1;
    }
    out
}

fn lower(word: &str) -> Lower<'_> {
    Lower(match word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(word.to_ascii_lowercase()),
        false => Cow::Borrowed(word),
    })
}

/// Words without hyphens: "deploy-key" is "deploy key".
pub(super) fn unhyphened<'t>(words: &[Word<'t>]) -> Vec<Word<'t>> {
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        let mut start = word.start;
        let mut push = |part: Lower<'t>| {
            // Lower case may be longer than what was written; the places then are those of the whole word.
            let end = if word.text.len() == word.end - word.start { start + part.len() } else { word.end };
            out.push(Word { text: part, start: start.min(word.end), end: end.min(word.end) });
            start = end + 1;
        };
        match &word.text.0 {
            Cow::Borrowed(text) => text.split('-').for_each(|part| push(Lower(Cow::Borrowed(part)))),
            Cow::Owned(text) => text.split('-').for_each(|part| push(Lower(Cow::Owned(part.to_owned())))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn borders() {
        assert_eq!(texts("Remove `DEPLOY_KEY`, (see acme/shop)."), ["Remove", "DEPLOY_KEY", "see", "acme/shop"]);
        assert_eq!(texts("\u{200b}KEY_A\u{200b} KEY\u{200b}_B"), ["KEY_A", "KEY\u{200b}_B"]);
        assert_eq!(texts("/shop/x @ivan #41"), ["/shop/x", "@ivan", "#41"]);
        assert!(tokens("`KEY`")[0].marked && !tokens("KEY `x y`")[0].marked);
        assert_eq!(texts("ΝPM＿TOKEN"), ["ΝPM＿TOKEN"]);
    }

    #[test]
    fn names_inside_tokens() {
        let parts = |text| parts(tokens(text)[0]).into_iter().map(|token| token.text).collect::<Vec<_>>();
        assert!(parts("secrets.NPM_TOKEN").contains(&"NPM_TOKEN"));
        assert!(parts("NPM_TOKEN=abc").contains(&"NPM_TOKEN"));
        assert!(parts("A_KEY/B_KEY").contains(&"B_KEY"));
        assert!(!parts("https://grafana.example.com/x").contains(&"grafana"));
        assert!(!parts("alice@example.com").contains(&"alice"));
        assert!(parts("secret_id_accessor=00-11").contains(&"00-11"));
    }

    proptest! {
        /// The quick way for ASCII gives the words that the other way gives.
        #[test]
        fn words_of_ascii_are_words(text in "[a-cA-C0_' .-]{0,40}") {
            let behind = format!("{text} \u{e9}");
            let all = words(&behind);
            prop_assert_eq!(&words(&text)[..], &all[..all.len() - 1]);
        }

        #[test]
        fn places_are_true(text in "\\PC{0,60}") {
            for token in tokens(&text) {
                prop_assert_eq!(&text[token.start..token.end()], token.text);
                for part in parts(token) {
                    prop_assert_eq!(&text[part.start..part.end()], part.text);
                }
            }
            for word in words(&text) {
                prop_assert!(word.end > word.start);
            }
        }
    }
}
