//! Probes: does this value still authenticate? One file a provider, asked only by sources that hold the value. What an answer means
//! follows the issuer's documentation; what cannot be told is unknown. Whose server is asked, and whether its "no" counts, is the
//! holder's to decide.

pub mod account;
#[cfg(feature = "aws")]
pub mod aws;
pub mod github;
pub mod gitlab;
pub mod guard;
pub mod http;
pub mod npm;
pub mod recognize;
pub mod slack;
#[cfg(feature = "vault")]
pub mod vault;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::{Credential, Liveness, LivenessState, Status};
use crate::secret::Secret;

use guard::{Answer, Ask};
use recognize::Kind;

/// The probes that are one HTTP call: whose values they are for. Adding one is its file and a line here. AWS signs its calls and
/// Vault has namespaces, so that they stand beside it.
pub const PROBES: &[(Kind, &dyn Probe)] = &[
    (Kind::Github, &github::Github),
    (Kind::Gitlab, &gitlab::Gitlab),
    (Kind::Slack, &slack::Slack),
    (Kind::Npm, &npm::Npm),
];

/// The probe for values of a kind.
#[must_use]
pub fn of(kind: Kind) -> Option<&'static dyn Probe> {
    PROBES.iter().find(|(known, _)| *known == kind).map(|(_, probe)| *probe)
}

/// A provider whose identity endpoint tells, in one HTTP call, whether a value authenticates.
pub trait Probe: Send + Sync {
    /// The provider, as ids begin: `github`. A source of this kind, and this key under `endpoints:`, say where it answers.
    fn provider(&self) -> &str;
    /// How the probe is called in evidence: `GitHub GET /user`.
    fn method(&self) -> &str;
    /// Where it answers.
    fn service(&self) -> Service<'_>;
    /// The address below which its API stands, of one as people write it.
    fn base(&self, address: &str) -> String {
        address.to_owned()
    }
    /// The call that tells of this value; an error says why there is none.
    ///
    /// # Errors
    /// Where no documented read-only endpoint tells of values of this form.
    fn ask(&self, token: &Secret) -> Result<Ask, &'static str>;
    /// What an answer proves.
    fn judge(&self, token: &Secret, answer: &Answer) -> Seen;
    /// Whether a credential of that id could be a value of this form at all.
    fn may_be(&self, _token: &Secret, _id: &Id) -> bool {
        true
    }
    /// Whether the issuer named that credential: surely (true), surely not (false), or it does not tell.
    fn names(&self, identity: &Identity, credential: &Credential) -> Option<bool>;
}

/// Where a provider's API answers.
#[derive(Debug, Clone, Copy)]
pub struct Service<'p> {
    /// The public one; none where only the configuration says which server is meant.
    pub public: Option<&'p str>,
    /// Variables by which a CI system names its own server.
    pub variables: &'static [&'static str],
    /// The variable by which a CI system names its own server's roots.
    pub roots: Option<&'static str>,
    /// Others run servers of it, too: a value's form does not tell which one issued it.
    pub many: bool,
}

/// What an answer proves, and whom it names.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The observation.
    pub liveness: Liveness,
    /// Whom the issuer named.
    pub identity: Option<Identity>,
}

impl Seen {
    /// An observation that names nobody.
    #[must_use]
    pub fn only(liveness: Liveness) -> Self {
        Self { liveness, identity: None }
    }
}

/// Whom an issuer named. Its texts are the server's, made harmless by [`told`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// What stands behind `<provider>:token:`, not yet encoded.
    pub what: String,
    /// The credential's display name.
    pub name: Option<String>,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// The account that it is of, where that is not the server's host.
    pub account: Option<String>,
    /// What the issuer records.
    pub status: Status,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// An observation without a time: the gate stamps it.
#[must_use]
pub fn observed(state: LivenessState, method: &str, reason: Option<&str>) -> Liveness {
    Liveness { state, method: method.to_owned(), at: None, reason: reason.map(str::to_owned) }
}

/// An answer that proves nothing: a limit, a redirect, an error of the provider's own, or of somebody else.
#[must_use]
pub(crate) fn unproved(probe: &dyn Probe, answer: &Answer, own: bool) -> Seen {
    let status = answer.status;
    let reason = match status {
        429 => "HTTP 429: rate limited".to_owned(),
        300..=399 => format!("HTTP {status}: a redirect, not followed"),
        _ if own => format!("HTTP {status}"),
        _ => format!("HTTP {status}, not an answer of {}", probe.provider()),
    };
    Seen::only(observed(LivenessState::Unknown, probe.method(), Some(&reason)))
}

/// Whether what stands in an id is that name.
#[must_use]
pub(crate) fn same(rest: &str, name: &str) -> bool {
    rest.eq_ignore_ascii_case(name) || rest.eq_ignore_ascii_case(&crate::model::id::part(name))
}

/// The longest text of a server that is kept.
const MOST_TOLD: usize = 100;

/// A server's text that may be printed: short, of one line, and neither the value that was sent nor a part of it. None else.
#[must_use]
pub(crate) fn told(text: &str, token: &Secret) -> Option<String> {
    let (text, token) = (text.trim(), token.expose().trim());
    let sent = text.contains(token) || text.len() >= 8 && token.contains(text);
    let fits = !text.is_empty() && text.chars().count() <= MOST_TOLD && !text.chars().any(char::is_control);
    let secret = recognize::kind(&Secret::new(text.to_owned())).is_some_and(|kind| kind != Kind::AwsKeyId);
    (fits && !sent && !secret).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_tell_is_made_harmless() {
        let token = Secret::new(format!("ghp_{}", "aB3".repeat(12)));
        let of = |text: &str| told(text, &token);
        assert_eq!(of(" alice ").as_deref(), Some("alice"));
        for text in ["", "  ", "a\u{1b}[31mb", "a\nb", &"x".repeat(101), token.expose(), "aB3aB3aB3"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of(&format!("you are {}", token.expose())), None);
        assert_eq!(of(&format!("npm_{}", "z".repeat(36))), None);
    }

    #[test]
    fn every_probe_stands_by_itself() {
        let mut names: Vec<&str> = PROBES.iter().map(|(_, probe)| probe.provider()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROBES.len());
        for (kind, probe) in PROBES {
            assert!(of(*kind).is_some_and(|found| found.provider() == probe.provider()));
            assert!(probe.service().public.is_none_or(|url| url.starts_with("https://")), "{}", probe.provider());
        }
    }
}
