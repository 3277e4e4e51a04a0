//! Whether a file can matter to references at all. Where it cannot, it is checked for being YAML and not kept. The answer may be
//! yes too often, never no wrongly: a test compares with a run that leaves nothing out.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::actions;

/// Words whose presence decides by itself, then those that need a look at what follows.
const DECIDE: &[&str] = &["secrets", "id-token", "write-all"];
const LOOK: &[&str] = &["github", "uses", "vars", "\\x", "\\u", "\\\n", "\\\r"];

fn words() -> Option<&'static AhoCorasick> {
    static AUTOMATON: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    AUTOMATON
        .get_or_init(|| {
            let words = DECIDE.iter().chain(LOOK).copied().chain(actions::names_of_actions());
            AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words).ok()
        })
        .as_ref()
}

/// Whether a file with this text can hold a reference, or an edge that gives one its reach; `literals` whether it may hold a literal
/// credential.
pub(super) fn may_matter(text: &str, literals: bool) -> bool {
    let bytes = text.as_bytes();
    // Aliases can multiply work until the budget for a file is spent, which is a gap: then it must be read to be told.
    let aliases = memchr::memchr_iter(b'*', bytes).count();
    if aliases.saturating_mul(bytes.len()) > 1_000_000 || bytes.len() > 512 * 1024 || literals {
        return true;
    }
    let Some(automaton) = words() else { return true };
    automaton.find_overlapping_iter(text).map(|hit| (hit.pattern().as_usize(), hit.start(), hit.end())).any(
        |(word, start, end)| {
            match LOOK.get(word.wrapping_sub(DECIDE.len())) {
                None => true,
                Some(&"github") => token_follows(bytes, start, end),
                Some(&"uses") => local_follows(bytes, end),
                Some(&"vars") => role_follows(bytes, end),
                Some(&("\\x" | "\\u")) => bytes.get(end).is_some_and(u8::is_ascii_hexdigit),
                // A double-quoted scalar may break a word so.
                Some(_) => {
                    bytes[..start].last().is_some_and(|&byte| in_word(byte))
                        && skip(bytes, end).is_some_and(|at| in_word(bytes[at]))
                }
            }
        },
    )
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The first byte that is no white space.
fn skip(bytes: &[u8], from: usize) -> Option<usize> {
    bytes[from.min(bytes.len())..].iter().position(|byte| !byte.is_ascii_whitespace()).map(|length| from + length)
}

/// `github` as a context whose token may be meant: not `github.ref`, `github/x`, `my-github`, nor a word in a sentence.
fn token_follows(bytes: &[u8], start: usize, end: usize) -> bool {
    if bytes[..start].last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
        return false;
    }
    let Some(at) = skip(bytes, end) else { return true };
    match bytes[at] {
        b'.' => match skip(bytes, at + 1) {
            Some(next) if bytes[next].is_ascii_alphabetic() || bytes[next] == b'_' => {
                bytes[next..].get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"token"))
            }
            _ => true,
        },
        b'/' | b'(' => false,
        // A word on the same line makes a sentence; on the next line it may be another key.
        byte => {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                || bytes[end..at].contains(&b'\n')
                || bytes[end..at].contains(&b'\r')
        }
    }
}

/// `uses:` with a value that may be local, or that only a parser can tell.
fn local_follows(bytes: &[u8], end: usize) -> bool {
    let quoted = bytes.get(end).is_some_and(|byte| matches!(byte, b'"' | b'\''));
    let Some(colon) = skip(bytes, end + usize::from(quoted)) else { return false };
    match bytes[colon] {
        b'#' => return true,
        b':' => {}
        _ => return false,
    }
    let Some(at) = skip(bytes, colon + 1) else { return false };
    !(bytes[at].is_ascii_alphanumeric()
        || matches!(bytes[at], b'"' | b'\'') && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric))
}

/// `vars.` or `vars[` in a file: whether its name says role is the parser's to see.
fn role_follows(bytes: &[u8], end: usize) -> bool {
    skip(bytes, end).is_some_and(|at| matches!(bytes[at], b'.' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters() {
        for yes in [
            "x: ${{ Secrets.A }}",
            "x: ${{ github.token }}",
            "x: ${{ github\n .  Token }}",
            "x: ${{ toJSON(github) }}",
            "x: ${{ github['token'] }}",
            "if: github\nx: y",
            "uses: ./a",
            "'uses' : \"./a\"",
            "uses: >-\n  ./a",
            "uses: *x",
            "permissions: write-all",
            "x: ${{ vars.AWS_ROLE }}",
            "x: \"\\x24{{ }}\"",
            "x: \"sec\\\n  rets\"",
            "uses: Hashicorp/Vault-Action@v3",
            "uses: google-github-actions/auth@v2",
        ] {
            assert!(may_matter(yes, false), "{yes}");
        }
        for no in [
            "x: ${{ github.ref }}",
            "uses: actions/checkout@v4",
            "name: GitHub Pages",
            "uses: github/codeql-action@v3",
            "run: a \\\n  b",
        ] {
            assert!(!may_matter(no, false), "{no}");
        }
    }
}
