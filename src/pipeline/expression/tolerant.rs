//! What an expression that GitHub's grammar rejects most likely means: a scan over its tokens. Everything that parses is read in the
//! parent module.

use super::{Mention, Target};

/// Tokens of an expression that does not parse: `secrets` and `github` that are no property, no string and no function.
pub(super) fn scan(body: &str, found: &mut Vec<Mention>) {
    let tokens = tokens(body);
    for (index, &(at, token)) in tokens.iter().enumerate() {
        let secrets = token.eq_ignore_ascii_case("secrets");
        if !secrets && !token.eq_ignore_ascii_case("github") || index > 0 && tokens[index - 1].1 == "." {
            continue;
        }
        let next = |offset: usize| tokens.get(index + offset).map(|&(_, token)| token);
        let target = match (next(1), next(2), next(3)) {
            (Some("(" | "/"), ..) => continue,
            (Some("." | "["), Some("*"), _) => None,
            (Some("."), Some(name), _) => Some(name),
            (Some("["), Some(name), Some("]")) if name.starts_with('\'') && name.ends_with('\'') && name.len() > 1 => {
                Some(&name[1..name.len() - 1])
            }
            (Some("["), ..) if secrets => {
                found.push(Mention { at, target: Target::Dynamic(Vec::new()) });
                continue;
            }
            (Some(word), ..) if !secrets && word.starts_with(|c: char| c.is_alphanumeric()) => continue,
            _ => None,
        };
        let target = match (secrets, target) {
            (true, None) => Target::AllSecrets,
            (true, Some(name)) => Target::Secret(name.replace("''", "'").to_uppercase()),
            (false, None) => Target::JobToken { sure: false },
            (false, Some(name)) if name.eq_ignore_ascii_case("token") => Target::JobToken { sure: true },
            (false, Some(_)) => continue,
        };
        found.push(Mention { at, target });
    }
}

fn tokens(body: &str) -> Vec<(usize, &str)> {
    let bytes = body.as_bytes();
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        match bytes[i] {
            b'\'' => {
                i += 1;
                while i < bytes.len() && (bytes[i] != b'\'' || bytes.get(i + 1) == Some(&b'\'')) {
                    i += if bytes[i] == b'\'' { 2 } else { 1 };
                }
                i = (i + 1).min(bytes.len());
            }
            byte if word(byte) => {
                while i < bytes.len() && word(bytes[i]) {
                    i += 1;
                }
            }
            byte => {
                i += 1;
                while i < bytes.len() && !body.is_char_boundary(i) {
                    i += 1;
                }
                if byte.is_ascii_whitespace() {
                    continue;
                }
            }
        }
        tokens.push((start, body.get(start..i).unwrap_or_default()));
    }
    tokens
}
