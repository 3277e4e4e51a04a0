//! Which server, whose token, which roots: from the settings, else from the CI's own variables. A token goes to no host that neither
//! names.

use std::io::Read;
use std::sync::Arc;

use url::Url;

use crate::config::{Environment, Files};
use crate::secret::Secret;

use super::client::TokenKind;

/// The largest CA file, in bytes.
const MOST_CA: u64 = 4 << 20;

/// The prefix of jobs' own tokens ("Token overview", Token prefixes).
const JOB_PREFIX: &str = "glcbt-";

/// The settings that say where GitLab stands and who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named<'s> {
    pub(crate) url: Option<&'s str>,
    pub(crate) token_env: Option<&'s str>,
    pub(crate) ca_cert: Option<&'s str>,
    /// There are other GitLabs that the usual variables' token may be for.
    pub(crate) several: bool,
}

/// A server and how to ask it.
pub(crate) struct Where {
    /// The API: `https://gitlab.example.com/api/v4`.
    pub(crate) base: String,
    pub(crate) ca: Option<Vec<u8>>,
    env: Arc<Environment>,
    token_env: Option<String>,
    /// The CI's own variables name this server.
    own: bool,
    several: bool,
}

impl Where {
    /// The auditor's token. Without a name for it, GitLab's usual ones are taken for the server that the CI runs on, or the only one.
    ///
    /// # Errors
    /// Where there is none.
    pub(crate) fn token(&self) -> Result<(Secret, TokenKind), String> {
        let of = |name: &str| {
            let token = self.env.secret(name)?;
            let job = name == "CI_JOB_TOKEN" || token.expose().starts_with(JOB_PREFIX);
            Some((token, if job { TokenKind::Job } else { TokenKind::Private }))
        };
        if let Some(name) = &self.token_env {
            return of(name).ok_or_else(|| format!("the variable {name}, which holds the auditor's token, is not set"));
        }
        if self.several && !self.own {
            return Err("there are several GitLabs: name the variable of this one's token with `token_env`".to_owned());
        }
        let job = || if self.own { of("CI_JOB_TOKEN") } else { None };
        of("GITLAB_TOKEN").or_else(job).ok_or_else(|| "no token: set GITLAB_TOKEN or `token_env`".to_owned())
    }
}

/// The server that the settings, or else the CI's variables, name. A wrong setting is an outer error, what the environment lacks an
/// inner one.
pub(crate) fn place(
    named: &Named<'_>,
    env: &Arc<Environment>,
    files: &Files,
) -> Result<Result<Where, String>, (&'static str, String)> {
    let set = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let ci = ["CI_API_V4_URL", "CI_SERVER_URL"].into_iter().find_map(|name| env.get(name));
    let (base, of_settings) = match (set(named.url), ci) {
        (Some(url), _) => (url, true),
        (None, Some(url)) => (url.to_owned(), false),
        (None, None) => ("https://gitlab.com".to_owned(), false),
    };
    let base = match api(&base) {
        Ok(base) => base,
        Err(reason) if of_settings => return Err(("url", reason)),
        Err(reason) => return Ok(Err(format!("the CI's variable for the server: {reason}"))),
    };
    let own = ci.and_then(|ci| api(ci).ok()).is_some_and(|ci| origin(&ci) == origin(&base));
    let (ca, asked) = match set(named.ca_cert) {
        Some(path) => (Some(path), true),
        None => (env.get("CI_SERVER_TLS_CA_FILE").filter(|_| own).map(str::to_owned), false),
    };
    let ca = match ca {
        None => None,
        Some(path) => {
            let mut pem = Vec::new();
            let read = files.open(&path).and_then(|file| file.take(MOST_CA).read_to_end(&mut pem));
            match read {
                Ok(_) => Some(pem),
                Err(error) => {
                    let reason = format!("the CA file {path} cannot be read: {}", error.kind());
                    return if asked { Err(("ca_cert", reason)) } else { Ok(Err(reason)) };
                }
            }
        }
    };
    let (env, token_env) = (Arc::clone(env), set(named.token_env));
    Ok(Ok(Where { base, ca, env, token_env, own, several: named.several }))
}

/// The API's address at that of an instance.
fn api(url: &str) -> Result<String, String> {
    let parsed = Url::parse(url.trim()).map_err(|_| "this is no URL".to_owned())?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err("this is no http or https URL".to_owned());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("it holds a user or password: name the token's variable with `token_env`".to_owned());
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err("an instance's address has no query and no fragment".to_owned());
    }
    let plain = parsed.as_str().trim_end_matches('/');
    Ok(if plain.ends_with("/api/v4") { plain.to_owned() } else { format!("{plain}/api/v4") })
}

fn origin(url: &str) -> Option<url::Origin> {
    Url::parse(url).ok().map(|url| url.origin())
}

/// A configured group, checked.
pub(crate) fn group(group: Option<String>) -> Result<Option<String>, (&'static str, String)> {
    let Some(group) = group.map(|group| group.trim().trim_matches('/').to_owned()).filter(|group| !group.is_empty())
    else {
        return Ok(None);
    };
    if is_path(&group) {
        Ok(Some(group))
    } else {
        Err(("group", "this is no path of a group: write acme or acme/shop-team".to_owned()))
    }
}

/// Whether text can be the path of a project or group; ids come from tickets and servers, too.
pub(crate) fn is_path(path: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    let plain = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(fits);
    path.len() <= 1024 && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (url, base) in [
            ("https://gitlab.example.com", "https://gitlab.example.com/api/v4"),
            ("https://gitlab.example.com/", "https://gitlab.example.com/api/v4"),
            ("https://example.com/gitlab", "https://example.com/gitlab/api/v4"),
            ("https://gitlab.example.com/api/v4", "https://gitlab.example.com/api/v4"),
            ("http://127.0.0.1:8080/api/v4/", "http://127.0.0.1:8080/api/v4"),
        ] {
            assert_eq!(api(url).as_deref(), Ok(base), "{url}");
        }
        for url in ["gitlab.example.com", "ftp://a", "https://u:p@a", "https://a?x", ""] {
            assert!(api(url).is_err(), "{url}");
        }
    }

    #[test]
    fn paths() {
        for path in ["acme", "acme/shop", "a/b/c.d_e-f", "Größe/x"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "/", "a//b", "../x", "a/./b", "a b", "a?b", "a%2Fb", "a\\b"] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn tokens_stay_with_their_server() {
        let env: Environment = [
            ("GITLAB_TOKEN", "glpat-a"),
            ("CI_JOB_TOKEN", "glcbt-b"),
            ("OTHER", "c"),
            ("CI_SERVER_URL", "https://ci.example.com"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let (env, files) = (Arc::new(env), Files::Tree(".".into()));
        let of = |url: &str, token_env: Option<&str>, several| {
            let named = Named { url: Some(url), token_env, several, ..Named::default() };
            let place = place(&named, &env, &files).unwrap().unwrap();
            place.token().map(|(token, kind)| (token.expose().to_owned(), kind))
        };
        let private = |token: &str| Ok((token.to_owned(), TokenKind::Private));
        assert_eq!(of("", None, false), private("glpat-a"));
        assert_eq!(of("https://ci.example.com", None, true), private("glpat-a"));
        assert_eq!(of("https://other.example.com", None, false), private("glpat-a"));
        assert!(of("https://other.example.com", None, true).is_err());
        assert_eq!(of("https://other.example.com", Some("OTHER"), true), private("c"));
        assert_eq!(of("", Some("CI_JOB_TOKEN"), false), Ok(("glcbt-b".to_owned(), TokenKind::Job)));
        assert!(of("", Some("NOBODY"), false).is_err());
    }
}
