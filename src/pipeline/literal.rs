//! Credentials written into a text as they are: a small table of forms that issuers document, checksums checked where a form has one.
//! A value is looked at and forgotten: only its type, or its non-secret id, leaves this file. Where in a job the text stands is the
//! caller's business.

use std::sync::OnceLock;

use aho_corasick::packed::Searcher;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A credential in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Byte offset of its first character.
    pub at: usize,
    /// Its non-secret id (`AKIA…`), or its type.
    pub name: String,
    /// An AWS key id is no credential by itself: it counts only beside its secret ([`has_aws_secret`]).
    pub needs_secret: bool,
}

/// How the body behind a prefix is judged.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// So many letters and digits, of which the last six are the CRC-32 of the others in base 62
    /// (<https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>; npm uses the same form).
    Checksum(usize),
    /// At least and at most so many of `[A-Za-z0-9_-]`, and dots where allowed.
    Body { least: usize, most: usize, dots: bool },
    /// An AWS access key id: sixteen of `[A-Z2-7]`.
    AwsKeyId,
    /// Armoured private key with a body.
    PrivateKey,
    /// Header, payload, signature.
    Jwt,
}

const fn body(least: usize, most: usize) -> Form {
    Form::Body { least, most, dots: false }
}

const LONG: usize = 4096;

/// Prefix, type, form.
type Rule = (&'static str, &'static str, Form);

/// One line a form.
const RULES: &[Rule] = &[
    ("AKIA", "aws-access-key", Form::AwsKeyId),
    ("ASIA", "aws-access-key", Form::AwsKeyId),
    ("ghp_", "github-token", Form::Checksum(36)),
    ("gho_", "github-token", Form::Checksum(36)),
    ("ghs_", "github-token", Form::Checksum(36)),
    ("ghu_", "github-token", Form::Checksum(36)),
    ("ghr_", "github-token", Form::Checksum(76)),
    ("github_pat_", "github-token", body(82, 82)),
    ("glpat-", "gitlab-token", Form::Body { least: 20, most: 300, dots: true }),
    ("gldt-", "gitlab-deploy-token", body(20, 64)),
    ("glrt-", "gitlab-runner-token", Form::Body { least: 20, most: 300, dots: true }),
    ("glptt-", "gitlab-trigger-token", body(40, 40)),
    ("glcbt-", "gitlab-job-token", body(20, 300)),
    ("glft-", "gitlab-feed-token", body(20, 64)),
    ("glagent-", "gitlab-agent-token", body(50, 64)),
    ("gloas-", "gitlab-oauth-secret", body(64, 64)),
    ("glsoat-", "gitlab-scim-token", body(20, 64)),
    ("hvs.", "vault-token", body(24, LONG)),
    ("hvb.", "vault-token", body(24, LONG)),
    ("hvr.", "vault-token", body(24, LONG)),
    ("xoxb-", "slack-token", body(30, 255)),
    ("xoxp-", "slack-token", body(30, 255)),
    ("xoxa-", "slack-token", body(30, 255)),
    ("xoxr-", "slack-token", body(30, 255)),
    ("xoxs-", "slack-token", body(30, 255)),
    ("xapp-", "slack-token", body(30, 255)),
    ("npm_", "npm-token", Form::Checksum(36)),
    ("pypi-AgEIcHlwaS5vcmc", "pypi-token", body(40, LONG)),
    ("pypi-AgENdGVzdC5weXBpLm9yZ", "pypi-token", body(40, LONG)),
    ("sk_live_", "stripe-key", body(24, 255)),
    ("rk_live_", "stripe-key", body(24, 255)),
    ("-----BEGIN ", "private-key", Form::PrivateKey),
    ("eyJ", "jwt", Form::Jwt),
];

/// The prefixes but [`SHORT`], which is too short for a vector search.
fn prefixes() -> Option<&'static Searcher> {
    static SEARCHER: OnceLock<Option<Searcher>> = OnceLock::new();
    SEARCHER.get_or_init(|| Searcher::new(RULES.iter().map(|(prefix, ..)| prefix))).as_ref()
}

/// Vault's tokens before 1.10.
const SHORT: Rule = ("s.", "vault-token", body(24, 24));

/// Whether [`find`] could find anything in a file with this text, whatever quoting it undoes: cheap and never wrongly `false` where
/// the file has no escapes.
#[must_use]
pub fn possible(text: &str) -> bool {
    candidates(text).next().is_some()
}

/// All credentials in a text. Documentation examples, placeholders and masked values are none.
#[must_use]
pub fn find(text: &str) -> Vec<Literal> {
    let mut found: Vec<Literal> = candidates(text)
        .filter_map(|(at, (prefix, kind, form))| {
            let rest = &text[at + prefix.len()..];
            let (name, needs_secret) = match form {
                Form::Checksum(length) => (checked(rest, length).then_some(kind)?.to_owned(), false),
                Form::Body { least, most, dots } => {
                    (plausible(rest, prefix, least, most, dots).then_some(kind)?.to_owned(), false)
                }
                Form::AwsKeyId => (aws_key_id(prefix, rest)?, true),
                Form::PrivateKey => (private_key(rest).then_some(kind)?.to_owned(), false),
                Form::Jwt => (jwt(&text[at..]).then_some(kind)?.to_owned(), false),
            };
            Some(Literal { at, name, needs_secret })
        })
        .collect();
    found.sort_by_key(|literal| literal.at);
    found
}

/// Places where a prefix stands at a token's start, with enough behind it.
fn candidates(text: &str) -> impl Iterator<Item = (usize, Rule)> + '_ {
    let bytes = text.as_bytes();
    let long = prefixes().into_iter().flat_map(move |searcher| searcher.find_iter(text));
    let long = long.map(|hit| (hit.start(), RULES[hit.pattern().as_usize()]));
    let dots = memchr::memchr_iter(b'.', bytes).filter(move |&dot| dot > 0 && bytes[dot - 1] == b's');
    let short = dots.map(|dot| (dot - 1, SHORT));
    long.chain(short).filter(move |&(at, rule)| begins(text, at, rule))
}

fn begins(text: &str, at: usize, (prefix, _, form): Rule) -> bool {
    let before = text[..at].bytes().next_back();
    let inside_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (prefix == SHORT.0 && byte == b'.');
    if before.is_some_and(inside_word) {
        return false;
    }
    let enough = match form {
        Form::Checksum(length) => length,
        Form::Body { least, .. } => least,
        Form::AwsKeyId | Form::Jwt => 16,
        Form::PrivateKey => 0,
    };
    text[at + prefix.len()..].bytes().take(enough).take_while(|&byte| body_byte(byte)).count() == enough
}

fn body_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn run(text: &str, allowed: impl Fn(u8) -> bool) -> &str {
    let length = text.bytes().take_while(|&byte| allowed(byte)).count();
    &text[..length]
}

/// No placeholder: enough different characters, no masking, no word that says example.
fn random_looking(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let mut seen = [false; 128];
    value.bytes().for_each(|byte| seen[usize::from(byte & 127)] = true);
    let different = seen.iter().filter(|&&seen| seen).count();
    let masked = [
        "xxxx",
        "****",
        "....",
        "example",
        "placeholder",
        "redacted",
        "your",
        "dummy",
        "fake",
        "1234567890",
        "abcdef123456",
        "0000000",
    ];
    different >= (value.len() / 4).clamp(6, 10) && !masked.iter().any(|word| lower.contains(word))
}

fn plausible(rest: &str, prefix: &str, least: usize, most: usize, dots: bool) -> bool {
    let value = run(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (dots && byte == b'.'));
    let value = value.trim_end_matches('.');
    if !(least..=most).contains(&value.len()) || !random_looking(value) {
        return false;
    }
    let digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let upper = value.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = value.bytes().any(|byte| byte.is_ascii_lowercase());
    // Old Vault tokens have so short a prefix that only the look of the rest tells.
    if prefix == SHORT.0 {
        digit && upper && lower && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
    } else {
        digit || (upper && lower)
    }
}

fn checked(rest: &str, length: usize) -> bool {
    let value = run(rest, |byte| byte.is_ascii_alphanumeric());
    if value.len() != length || rest[length..].starts_with(['_', '-']) {
        return false;
    }
    let (random, sum) = value.split_at(length - 6);
    base62(crc32fast::hash(random.as_bytes())) == sum.as_bytes()
}

fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}

fn aws_key_id(prefix: &str, rest: &str) -> Option<String> {
    let value = run(rest, |byte| byte.is_ascii_alphanumeric());
    let form = value.len() == 16 && value.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    (form && random_looking(value)).then(|| format!("{prefix}{value}"))
}

/// Whether a text holds what looks like an AWS secret access key: forty of `[A-Za-z0-9/+]` with all three kinds of letters and digits.
#[must_use]
pub fn has_aws_secret(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))).any(|word| {
        word.len() == 40
            && word.bytes().any(|byte| byte.is_ascii_uppercase())
            && word.bytes().any(|byte| byte.is_ascii_lowercase())
            && word.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'/' | b'+'))
            && random_looking(word)
    })
}

/// The rest of `-----BEGIN `: a private key's label, and a body that is more than a placeholder.
fn private_key(rest: &str) -> bool {
    let Some((label, body)) = rest.split_once("-----") else { return false };
    if !label.ends_with("PRIVATE KEY") || label.len() > 40 {
        return false;
    }
    // The body may be broken by line ends, or by `\n` in quotes.
    let body = body.replace("\\n", "\n");
    let lines =
        body.lines().map(str::trim).filter(|line| !line.is_empty()).take_while(|line| !line.starts_with("-----"));
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let text: String = lines.take(8).filter(|line| line.bytes().all(base64)).collect();
    text.len() >= 40 && random_looking(&text[..40])
}

fn jwt(text: &str) -> bool {
    let value = run(text, body_byte);
    let parts: Vec<&str> = value.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return false };
    let json = |part: &str| -> Option<serde_json::Value> {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let signed = json(header).is_some_and(|header| header.get("alg").is_some_and(|alg| alg != "none"));
    signed
        && json(payload).is_some_and(|payload| payload.is_object())
        && signature.len() >= 20
        && random_looking(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token with the right checksum. Made up here, so that none stands in the source.
    fn token(prefix: &str) -> String {
        let random = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ";
        let sum = base62(crc32fast::hash(random.as_bytes()));
        format!("{prefix}{random}{}", String::from_utf8_lossy(&sum))
    }

    fn names(text: &str) -> Vec<String> {
        find(text).into_iter().map(|literal| literal.name).collect()
    }

    #[test]
    fn the_checksum_is_githubs() {
        // The example of the article that describes the form.
        assert!(token("ghp_").ends_with("0mLq17"), "{}", token("ghp_"));
    }

    #[test]
    fn forms_are_found_and_placed() {
        let key = format!("{}{}", "AKIA", "Z5VQ7RTLM2XK4N3P");
        assert_eq!(names(&format!("id: {key}")), [key]);
        assert!(has_aws_secret(&format!("secret={}{}", "wJalrXUtnFEMIK7MDENGbPxRfi", "CYzq8Rr2/T+aWs")));
        assert!(!has_aws_secret("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
        assert_eq!(names(&format!("curl -H 'token {}'", token("ghp_"))), ["github-token"]);
        assert_eq!(find(&format!("é {}", token("npm_")))[0].at, 3);
        assert_eq!(names(&format!("{}{}", "glpat-", "x9Tk3_LmQz-7PwRv2YbN")), ["gitlab-token"]);
        assert_eq!(names(&format!("{}{}", "hvs.", "CAESIJ7q2kXw9LmZt4Rv8YbN3pQs")), ["vault-token"]);
        assert_eq!(names(&format!("{}{}", "s.", "q7TkLmZ4rV8YbN3pQsX2wJ9d")), ["vault-token"]);
        assert_eq!(
            names(&format!("{}{}", "xoxb-", "263594206564-2343594206564-FGqddMF8t08v8N7Oq4i57vs1")),
            ["slack-token"]
        );
        assert_eq!(names(&format!("{}{}", "sk_live_", "51H8xQkLmZ4rV8YbN3pQsX2wJ9d")), ["stripe-key"]);
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        assert_eq!(names(&format!("-----BEGIN {}PRIVATE KEY-----\n{body}\n-----END", "RSA ")), ["private-key"]);
        assert_eq!(names(&format!("-----BEGIN {}KEY-----\\n{body}\\n", "PRIVATE ")), ["private-key"]);
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let jwt = format!(
            "{}.{}.{}",
            part("{\"alg\":\"HS256\"}"),
            part("{\"sub\":\"1\"}"),
            "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
        );
        assert_eq!(names(&jwt), ["jwt"]);
    }

    #[test]
    fn examples_and_placeholders_stay_silent() {
        let mut wrong = token("ghp_");
        wrong.pop();
        wrong.push('!');
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAXXXXXXXXXXXXXXXX",
            "AKIA1234567890123456",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            wrong.as_str(),
            "glpat-your-token-goes-here1",
            "glpat-xxxxxxxxxxxxxxxxxxxx",
            "hvs.$VAULT_TOKEN",
            "process.abcdefghijklmnopqrstuvwx",
            "s.abcdefghijklmnopqrstuvwx",
            "sk_live_${{ secrets.X }}",
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
            "eyJhbGciOi.not.ajwt",
            "npm_config_registry_and_some_more_text_here_and",
        ] {
            assert_eq!(names(text), Vec::<String>::new(), "{text}");
        }
        assert!(!has_aws_secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|ghp_|eyJ|AKIA|-----BEGIN |PRIVATE KEY-----|s\\.|[A-Za-z0-9]{0,40}){0,12}") {
            let _ = find(&text);
            let _ = has_aws_secret(&text);
            // What is found is never missed by the cheap look.
            proptest::prop_assert!(possible(&text) || find(&text).is_empty());
        }
    }
}
