//! What a value is, by its form alone: its type, and its id where the form carries one that is no secret. Values stay in `Secret`.

use crate::secret::Secret;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An AWS access key id (`AKIA…`, `ASIA…`).
    AwsKeyId,
    /// A GitHub token.
    Github,
    /// A GitLab token.
    Gitlab,
    /// A Vault or OpenBao token.
    Vault,
    /// A Slack token.
    Slack,
    /// An npm token.
    Npm,
}

/// Prefixes that providers document, with the shortest length that a real one has. Adding one is one line.
/// GitHub: "Behind GitHub's new authentication token formats"; GitLab: "Token prefixes"; Vault: "Tokens, token prefixes" (`s.` is
/// OpenBao's and older Vault's); Slack: "Token types"; npm: "Announcing npm's new access token format".
const PREFIXES: &[(&str, usize, Kind)] = &[
    ("ghp_", 40, Kind::Github),
    ("gho_", 40, Kind::Github),
    ("ghu_", 40, Kind::Github),
    ("ghs_", 40, Kind::Github),
    ("ghr_", 40, Kind::Github),
    ("github_pat_", 40, Kind::Github),
    ("glpat-", 20, Kind::Gitlab),
    ("gldt-", 20, Kind::Gitlab),
    ("glptt-", 20, Kind::Gitlab),
    ("glrt-", 20, Kind::Gitlab),
    ("hvs.", 24, Kind::Vault),
    ("hvb.", 24, Kind::Vault),
    ("hvr.", 24, Kind::Vault),
    ("s.", 24, Kind::Vault),
    ("b.", 80, Kind::Vault),
    ("xoxb-", 20, Kind::Slack),
    ("xoxp-", 20, Kind::Slack),
    ("xoxe-", 20, Kind::Slack),
    ("xoxe.xoxb-", 20, Kind::Slack),
    ("xoxe.xoxp-", 20, Kind::Slack),
    ("xapp-", 20, Kind::Slack),
    ("npm_", 40, Kind::Npm),
];

/// The type of a value; none where its form tells nothing.
#[must_use]
pub fn kind(value: &Secret) -> Option<Kind> {
    let value = value.expose().trim();
    if is_aws_key_id(value) {
        return Some(Kind::AwsKeyId);
    }
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=');
    if !value.chars().all(token) {
        return None;
    }
    let fits = |(prefix, length, _): &&(&str, usize, Kind)| value.starts_with(prefix) && value.len() >= *length;
    PREFIXES.iter().find(fits).map(|(_, _, kind)| *kind)
}

/// `AKIA` and `ASIA` ids: twenty upper-case letters and digits.
fn is_aws_key_id(value: &str) -> bool {
    value.len() == 20
        && (value.starts_with("AKIA") || value.starts_with("ASIA"))
        && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Variables that may hold the other parts of an AWS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partners {
    /// The secret access key.
    pub secret: String,
    /// The session token of a temporary key.
    pub session: String,
}

/// How the variable of a key's id is named, and what its secret's is called then, the usual first. The longest word that fits decides.
/// Adding a habit is one entry.
const HABITS: &[(&str, &[&str])] = &[
    ("ACCESS_KEY_ID", &["SECRET_ACCESS_KEY", "SECRET_KEY", "ACCESS_KEY_SECRET", "ACCESS_SECRET", "SECRET"]),
    ("ACCESS_KEY", &["SECRET_ACCESS_KEY", "SECRET_KEY", "ACCESS_KEY_SECRET", "ACCESS_SECRET", "SECRET"]),
    ("KEY_ID", &["SECRET_KEY", "KEY_SECRET", "SECRET", "SECRET_ACCESS_KEY"]),
    ("KEY", &["SECRET_KEY", "KEY_SECRET", "SECRET", "SECRET_ACCESS_KEY"]),
    ("ID", &["SECRET"]),
];

/// Which variables may hold the other parts of the AWS key whose id is in `name`: what stands before and behind the word stays
/// (`PROD_AWS_ACCESS_KEY_ID` goes with `PROD_AWS_SECRET_ACCESS_KEY`, `AWS_ACCESS_KEY_ID_EU` with `AWS_SECRET_ACCESS_KEY_EU`).
#[must_use]
pub fn aws_partners(name: &str) -> Vec<Partners> {
    let upper = name.to_ascii_uppercase();
    let bounded = |at: usize, word: &str| {
        let behind = upper.as_bytes().get(at + word.len());
        (at == 0 || upper.as_bytes()[at - 1] == b'_') && behind.is_none_or(|b| *b == b'_')
    };
    let found = HABITS.iter().find_map(|(word, secrets)| {
        let at = upper.rmatch_indices(word).map(|(at, _)| at).find(|at| bounded(*at, word))?;
        Some((at, *word, *secrets))
    });
    let Some((at, word, secrets)) = found else { return Vec::new() };
    let lower = name[at..at + word.len()].bytes().all(|b| !b.is_ascii_uppercase());
    let swap = |part: &str| {
        let part = if lower { part.to_ascii_lowercase() } else { part.to_owned() };
        format!("{}{part}{}", &name[..at], &name[at + word.len()..])
    };
    secrets.iter().map(|secret| Partners { secret: swap(secret), session: swap("SESSION_TOKEN") }).collect()
}

/// Whether a value has the form of a secret access key: 40 characters of base64 (IAM user guide, "Manage access keys"). A variable
/// that only has the right name holds something else.
#[must_use]
pub fn is_aws_secret(value: &Secret) -> bool {
    let value = value.expose().trim();
    value.len() == 40 && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Kind> {
        kind(&Secret::new(text.to_owned()))
    }

    #[test]
    fn forms() {
        assert_eq!(of("AKIAIOSFODNN7EXAMPLE"), Some(Kind::AwsKeyId));
        assert_eq!(of(&format!("ghp_{}", "a".repeat(36))), Some(Kind::Github));
        assert_eq!(of(&format!("s.{}", "A".repeat(24))), Some(Kind::Vault));
        for text in ["", "hello", "AKIA", "akiaiosfodnn7example", "s.example.org/path with blanks in it", "ghp_short"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_a_key_belong_together_by_name() {
        let first = |name: &str| {
            let all = aws_partners(name);
            all.first().map(|partners| (partners.secret.clone(), partners.session.clone()))
        };
        for (name, secret, session) in [
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
            ("PROD_AWS_ACCESS_KEY_ID", "PROD_AWS_SECRET_ACCESS_KEY", "PROD_AWS_SESSION_TOKEN"),
            ("AWS_ACCESS_KEY_ID_EU", "AWS_SECRET_ACCESS_KEY_EU", "AWS_SESSION_TOKEN_EU"),
            ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
            ("AWS_KEY_ID", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN"),
        ] {
            assert_eq!(first(name), Some((secret.to_owned(), session.to_owned())), "{name}");
        }
        let secrets: Vec<String> = aws_partners("DEPLOY_KEY").into_iter().map(|partners| partners.secret).collect();
        assert!(secrets.contains(&"DEPLOY_SECRET".to_owned()), "{secrets:?}");
        // A word inside another word is no part of the name.
        assert_eq!(aws_partners("MONKEY"), vec![]);
        assert_eq!(aws_partners("DEPLOY"), vec![]);
    }

    #[test]
    fn secrets_have_a_form() {
        let is = |text: &str| is_aws_secret(&Secret::new(text.to_owned()));
        assert!(is("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
        assert!(is("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"));
        assert!(!is("") && !is("hunter2") && !is(&"a".repeat(41)) && !is(&"-".repeat(40)));
    }

    proptest::proptest! {
        #[test]
        fn names_never_panic(name in "\\PC{0,24}") {
            let _ = aws_partners(&name);
        }

        #[test]
        fn values_never_panic(value in "\\PC{0,60}") {
            let value = Secret::new(value);
            let _ = (kind(&value), is_aws_secret(&value));
        }
    }
}
