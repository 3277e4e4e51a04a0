//! Masking: people paste credentials into tickets, and their words are quoted as evidence. What is shaped like a credential's value
//! never leaves with the quote; ids that are no secret (`AKIA…`, ARNs, accessors, names) stay, for they are what the quote proves.
//!
//! The forms are looser than those by which a literal in a pipeline becomes a finding (`pipeline::literal`): to mask too much costs
//! a word of a quote, to mask too little costs a credential.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands where a value stood.
pub const MASK: &str = "[masked]";

/// How a match is judged: `$keep` and `$tail` stay, `$value` goes.
type Judge = fn(&Captures<'_>) -> bool;

#[allow(clippy::expect_used, reason = "a pattern of ours that does not compile is a bug of ours, and a test shows it")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours")
}

static FORMS: LazyLock<Vec<(Regex, Judge)>> = LazyLock::new(|| {
    let form = |text: &str, judge: Judge| (pattern(text), judge);
    vec![
        form(r"(?s)(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)(?P<value>.+?)(?P<tail>-----END|$)", |_| {
            true
        }),
        // `https://user:value@host`
        form(r"(?P<keep>://[^\s/:@]*:)(?P<value>[^\s/@]+)(?P<tail>@)", |_| true),
        // Prefixes that issuers document.
        form(
            r"(?P<keep>gh[pousr]_|github_pat_|glpat-|gldt-|glrt-|glptt-|glcbt-|glft-|glagent-|gloas-|glsoat-|\bhv[sbr]\.|xox[abeprs]-|xapp-|pypi-|[sr]k_(?:live|test)_|dckr_pat_|dop_v1_|AIza|ya29\.)(?P<value>[A-Za-z0-9_.-]{12,})",
            |found| mixed(value(found)),
        ),
        form(r"\b(?P<keep>npm_|sk-)(?P<value>[A-Za-z0-9]{20,})", |found| mixed(value(found))),
        form(r"\b(?P<keep>[sb]\.)(?P<value>[A-Za-z0-9]{24,})\b", |found| scattered(value(found))),
        form(r"(?P<keep>)(?P<value>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)", |_| true),
        form(
            r"(?P<keep>shp(?:at|ss|ca|pa)_|NRAK-|\bSG\.|lin_api_|xkeysib-|sq0(?:atp|csp)-|AGE-SECRET-KEY-1)(?P<value>[A-Za-z0-9_.-]{12,})",
            |_| true,
        ),
        form(
            r#"(?i)(?P<keep>hooks\.slack\.com/(?:services|workflows|triggers)/|/webhookb2/|discord(?:app)?\.com/api/webhooks/\d+/)(?P<value>[^\s"'`)>\]]{10,})"#,
            |_| true,
        ),
        // `--password …`, `curl -u user:…`, `mysql -p…`, `<password>…</password>`
        form(
            r#"(?i)(?P<keep>--(?:password|passwd|pass|token|secret|api-?key)(?:=|\s+)["'`]*)(?P<value>[^\s"'`-][^\s"'`]{3,})"#,
            |found| !is_name(value(found)) && odd(value(found)),
        ),
        form(
            r#"(?P<keep>\bcurl\b[^\n]{0,200}?\s(?:-u|--user)[ =]?["']?[^\s:"'@]+:)(?P<value>[^\s"'@]{4,})"#,
            |found| !is_name(value(found)),
        ),
        form(
            r"(?P<keep>\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,120}?\s-p)(?P<value>[^\s-][^\s]{3,})",
            |found| !is_name(value(found)),
        ),
        form(
            r"(?i)(?P<keep><(?:password|passwd|pwd|secret|token|apikey|api-key)>)(?P<value>[^<\s][^<]{3,})(?P<tail></)",
            |found| !is_name(value(found)),
        ),
        form(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)(?P<value>[A-Za-z0-9._~+/=-]{8,})", |found| mixed(value(found))),
        // `password=…`, `AWS_SECRET_ACCESS_KEY: …`, `the passphrase is …`
        form(
            r#"(?i)(?P<keep>(?:passwor[dt]|passwd|passphrase|passcode|kennwort|\bpass|\bpwd?|mot de passe|contrase\u{f1}a|\bclave|wachtwoord)["'`*]*\s*(?:[:=]|\b(?:is|ist|lautet|est|es)\b)\s*["'`]*)(?P<value>[^\s"'`,;)<]{4,})"#,
            |found| !is_name(value(found)) && odd(value(found)),
        ),
        form(
            r#"(?i)(?P<keep>(?:secret(?:_?access)?(?:_?key)?|token|(?:api|auth|account|private|shared)[_-]?key|credentials?)["'`*]*\s*(?:[:=]|\bis\b)\s*["'`]*)(?P<value>[^\s"'`,;)]{8,})"#,
            |found| !is_name(value(found)) && mixed(value(found)),
        ),
        // `the password is "four plain words"`
        form(
            r#"(?i)(?P<keep>(?:passwor[dt]|passphrase|kennwort|mot de passe|contrase\u{f1}a)["'`*]*\s*(?:[:=]|\b(?:is|ist|lautet|est|es)\b)\s*["\u{201c}\u{201e}])(?P<value>[^"\u{201c}\u{201d}\n]+ [^"\u{201c}\u{201d}\n]+)(?P<tail>["\u{201c}\u{201d}])"#,
            |_| true,
        ),
        // Long random words: AWS secret access keys, lines of a private key, encoded values.
        form(r"(?P<keep>)(?P<value>[A-Za-z0-9+/_-]{32,}={0,2})", |found| random(value(found))),
    ]
});

fn value<'t>(found: &Captures<'t>) -> &'t str {
    found.name("value").map_or("", |value| value.as_str())
}

/// The text with every value that is shaped like a credential replaced by [`MASK`].
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (form, judge) in FORMS.iter() {
        let replaced = form.replace_all(&out, |found: &Captures<'_>| {
            if value(found).starts_with(MASK) || !judge(found) {
                return found[0].to_owned();
            }
            let part = |name| found.name(name).map_or("", |part| part.as_str());
            format!("{}{MASK}{}", part("keep"), part("tail"))
        });
        if let Cow::Owned(replaced) = replaced {
            out = Cow::Owned(replaced);
        }
    }
    out
}

/// The same for a text that is owned.
pub fn mask(text: &mut String) {
    if let Cow::Owned(masked) = masked(text) {
        *text = masked;
    }
}

/// Letters with digits, or both cases: no plain word.
fn mixed(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    let (digit, upper, lower) = (has(u8::is_ascii_digit), has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
    (digit && (upper || lower)) || (upper && lower && value.len() >= 16)
}

/// No plain word: a digit, a mark, or a capital behind the first letter.
fn odd(value: &str) -> bool {
    let value = value.trim_end_matches(['.', '!', '?']);
    value.bytes().any(|byte| !byte.is_ascii_alphabetic() && byte != b'-')
        || value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
}

/// What names a credential or a place, and is none: `DEPLOY_KEY`, `AKIA…`, `aws:access-key:…`, `secret/app/db`, `${X}`, `<token>`.
fn is_name(value: &str) -> bool {
    let upper = value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let key_id = ["AKIA", "ASIA"].iter().any(|prefix| value.starts_with(prefix));
    // An id or an ARN has several parts; a path has words.
    let parts = value.split([':', '/', '#']).collect::<Vec<_>>();
    let path = parts.len() > 1
        && parts.iter().all(|part| !part.is_empty() && part.len() <= 64 && !random(part))
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/#-_.@%".contains(&byte));
    let plain = value.split(['-', '_', '.']).all(|part| {
        part.bytes().all(|byte| byte.is_ascii_lowercase()) || part.bytes().all(|byte| byte.is_ascii_digit())
    });
    (upper && value.contains('_')) || key_id || path || plain || value.starts_with(['$', '<', '{', '%', '['])
}

/// Upper case, lower case and digits, changing as often as random text does; names in camel case change less.
fn scattered(piece: &str) -> bool {
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0_u8,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let bytes = piece.as_bytes();
    let changes = bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    (0..3).all(|wanted| bytes.iter().any(|byte| class(*byte) == wanted)) && changes * 5 >= bytes.len() * 2
}

/// A word that nobody chose: a long scattered piece, or exactly an AWS secret access key's forty characters.
fn random(word: &str) -> bool {
    let word = word.trim_end_matches('=');
    let aws = word.len() == 40 && !word.contains(['-', '_']);
    (aws && scattered(word)) || word.split(['-', '_', '/']).any(|piece| piece.len() >= 28 && scattered(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_and_their_prefixes_stay() {
        // In two parts, so that no scanner takes the source for a leak.
        for (keep, value) in [
            ("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"),
            ("glpat-", "x9Tk3_LmQz-7PwRv2YbN"),
            ("hvs.", "CAESIJ7q2kXw9LmZt4Rv8YbN3pQs"),
            ("s.", "q7TkLmZ4rV8YbN3pQsX2wJ9d"),
            ("npm_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"),
            ("password: ", "hunter2!"),
            ("Password = ", "correctHorse!"),
            ("AWS_SECRET_ACCESS_KEY=", "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8Rr2/T+aWs"),
            ("", "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8Rr2/T+aWs"),
            ("Authorization: Bearer ", "abc123def456"),
            ("\"client_secret\": \"", "8Qd~wJ9dq7TkLmZ4"),
            ("", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N"),
            ("Passwort: ", "4Fzbka8FRC"),
            ("pass: ", "mTa5Vsqxez"),
            ("mot de passe : ", "wq7sdTWx6uX"),
            ("psql --password ", "NVbYAbBHX7"),
            ("curl -u deploy:", "wq7sdTWx6uX"),
            ("mysql -h db -p", "S3cr3tPa55"),
            ("https://hooks.slack.com/services/", "T024BE7LD/B02J7/q7TkLmZ4rV8YbN3pQsX2wJ9d"),
            ("shpat_", "8f0c2a6b1e4d9a7c3b5f0c2a6b1e4d9a"),
            ("line of a key ", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"),
        ] {
            let text = format!("Please revoke {keep}{value} now");
            assert_eq!(masked(&text), format!("Please revoke {keep}{MASK} now"));
        }
        assert_eq!(masked("clone https://bob:pa55@git.example.com/x"), "clone https://bob:[masked]@git.example.com/x");
        let key = format!("-----BEGIN {}KEY-----\nMIIB\n-----END PRIVATE KEY-----", "PRIVATE ");
        assert!(!masked(&key).contains("MIIB"));
    }

    #[test]
    fn ids_names_and_prose_stay() {
        for text in [
            "Revoke AKIAZ5VQ7RTLM2XK4N3P and keep DEPLOY_KEY",
            "credential: aws:access-key:AKIAZ5VQ7RTLM2XK4N3P",
            "token: DEPLOY_TOKEN_2",
            "Token: vault:token:8fGk2LmQz7PwRv2YbN3pQsX2",
            "accessor 8fGk2LmQz7PwRv2YbN3pQsX2",
            "secret: secret/app/db#password",
            "secret is arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/app/db-AbCdEf",
            "password: ${DB_PASSWORD}",
            "pass: DEPLOY_PASS, clave: DB_CLAVE, pw: rotated",
            "run it with --token DEPLOY_TOKEN or --password $PASS",
            "password: rotated. token: revoked",
            "the token is still valid",
            "basic authentication, bearer credentials",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "arn:aws:iam::123456789012:role/aws-service-role/AWSServiceRoleForAutoScaling2Extended",
            "6f1c7a2e-3f1b-4b7e-9a55-0f3e2d1c4b5a",
            "npm_config_registry_and_some_more_text_here",
            "https://example.com/a:b/@scope/pkg",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_token_goes_whatever_stands_around_it(
            before in "(\\PC|password=|eyJ|://|@|:|-----BEGIN |[A-Za-z0-9]{0,40}| ){0,10}",
            after in "(\\PC|://|@|:|=| ){0,10}",
        ) {
            let value = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";
            let text = format!("{before} ghp_{value}{after}");
            proptest::prop_assert!(!masked(&text).contains(value));
        }
    }
}
