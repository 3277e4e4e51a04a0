//! Which lists GitHub has: their paths, what they list, and where. They are read in `lists`.

/// How the lists of credentials are called in evidence.
pub(super) const KEYS: &str = "github deploy keys";
pub(super) const TOKENS: &str = "github fine-grained tokens";
pub(super) const APPS: &str = "github app installations";
pub(super) const SSO: &str = "github credential authorizations";

/// A store of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Actions,
    Dependabot,
    Codespaces,
}

impl Family {
    pub(super) const ALL: [Self; 3] = [Self::Actions, Self::Dependabot, Self::Codespaces];

    /// In ids.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Actions => "actions-secret",
            Self::Dependabot => "dependabot-secret",
            Self::Codespaces => "codespaces-secret",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Dependabot => "dependabot",
            Self::Codespaces => "codespaces",
        }
    }
}

/// One list. Repositories are `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// A repository's secrets.
    Repository(Family, String),
    /// Those Actions secrets of the organization that this repository sees.
    Shared(String),
    /// An environment's secrets: repository, environment.
    Environment(String, String),
    /// A repository's environments, and the secrets of each.
    Environments(String),
    /// All secrets of an organization.
    Organization(Family, String),
    /// A repository's deploy keys.
    DeployKeys(String),
    /// An organization's fine-grained tokens.
    Tokens(String),
    /// An organization's Apps.
    Apps(String),
    /// An organization's credentials with single sign-on.
    Sso(String),
}

impl Task {
    /// The list of a credential's kind and place.
    pub(super) fn of_credential(kind: &str, place: String) -> Option<Self> {
        match kind {
            "deploy-key" => Some(Self::DeployKeys(place)),
            "pat" => Some(Self::Tokens(place)),
            "app" => Some(Self::Apps(place)),
            "sso-token" => Some(Self::Sso(place)),
            _ => None,
        }
    }

    pub(super) fn path(&self) -> String {
        match self {
            Self::Repository(family, repository) => format!("{}/{}/secrets", repo(repository), family.path()),
            Self::Shared(repository) => format!("{}/actions/organization-secrets", repo(repository)),
            Self::Environment(repository, name) => {
                format!("{}/environments/{}/secrets", repo(repository), segment(name))
            }
            Self::Environments(repository) => format!("{}/environments", repo(repository)),
            Self::Organization(family, org) => format!("/orgs/{}/{}/secrets", segment(org), family.path()),
            Self::DeployKeys(repository) => format!("{}/keys", repo(repository)),
            Self::Tokens(org) => format!("/orgs/{}/personal-access-tokens", segment(org)),
            Self::Apps(org) => format!("/orgs/{}/installations", segment(org)),
            Self::Sso(org) => format!("/orgs/{}/credential-authorizations", segment(org)),
        }
    }

    /// The id kind, and the place as coverage names it.
    pub(super) fn extent(&self) -> (&'static str, String) {
        match self {
            Self::Repository(family, repository) => (family.kind(), repository.clone()),
            Self::Shared(repository) => (Family::Actions.kind(), owner(repository).to_owned()),
            Self::Environment(repository, name) => (Family::Actions.kind(), format!("{repository}@{name}")),
            Self::Environments(repository) => ("environment", repository.clone()),
            Self::Organization(family, org) => (family.kind(), org.clone()),
            Self::DeployKeys(repository) => ("deploy-key", repository.clone()),
            Self::Tokens(org) => ("pat", org.clone()),
            Self::Apps(org) => ("app", org.clone()),
            Self::Sso(org) => ("sso-token", org.clone()),
        }
    }

    /// How it is called in evidence.
    pub(super) fn method(&self) -> &'static str {
        match self {
            Self::DeployKeys(_) => KEYS,
            Self::Tokens(_) => TOKENS,
            Self::Apps(_) => APPS,
            Self::Sso(_) => SSO,
            _ => "github secrets",
        }
    }

    /// Whether it lists credentials; else slots.
    pub(super) fn credentials(&self) -> bool {
        matches!(self, Self::DeployKeys(_) | Self::Tokens(_) | Self::Apps(_) | Self::Sso(_))
    }
}

/// `owner` of `owner/name`.
pub(super) fn owner(repository: &str) -> &str {
    repository.split('/').next().unwrap_or_default()
}

/// One segment of a path. Names come from tickets and servers, too: none leads out of its segment.
pub(super) fn segment(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let encoded = percent_encoding::utf8_percent_encode(text, KEPT).to_string();
    // A segment of dots alone would climb; no name of GitHub's is like that, so that it finds nothing.
    if matches!(text, "." | "..") { "%20".to_owned() } else { encoded }
}

/// `/repos/owner/name`.
pub(super) fn repo(repository: &str) -> String {
    let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
    format!("/repos/{}/{}", segment(owner), segment(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_segment() {
        assert_eq!(repo("acme/shop"), "/repos/acme/shop");
        assert_eq!(repo("acme/../x"), "/repos/acme/..%2Fx");
        assert_eq!(repo("acme/.."), "/repos/acme/%20");
        assert_eq!(segment("prod/eu?x#y"), "prod%2Feu%3Fx%23y");
    }
}
