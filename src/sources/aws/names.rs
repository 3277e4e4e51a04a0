//! Names of secrets and parameters as references and ids write them: a name, an ARN with or without the six characters that Secrets
//! Manager adds, a prefix. Pure text.

use crate::model::Id;
use crate::sources::Outer;

/// The longest ARN (AWS documents 2,048 characters).
const MOST_ARN: usize = 2048;

/// What kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Store {
    Secrets,
    Parameters,
}

impl Store {
    /// The kind in ids.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Secrets => "secret",
            Self::Parameters => "parameter",
        }
    }

    /// How gaps and parts call it.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Parameters => "parameters",
        }
    }
}

/// An ARN's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

/// The parts of an ARN; none where it is not one.
pub(super) fn arn(text: &str) -> Option<Arn<'_>> {
    if text.len() > MOST_ARN {
        return None;
    }
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    if next() != Some("arn") || !next()?.starts_with("aws") {
        return None;
    }
    let (service, region, account, resource) = (next()?, next()?, next()?, next()?);
    let account_fine = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let region_fine =
        region.len() <= 32 && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (account_fine && region_fine && !resource.is_empty()).then_some(Arn { service, region, account, resource })
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) store: Store,
    /// Where it is, where an ARN or the reference says so.
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
    /// The name, or the ARN's part of it.
    pub(super) name: String,
    /// It came from an ARN: it may end in Secrets Manager's six characters.
    pub(super) from_arn: bool,
    /// `app/*`: everything that begins so.
    pub(super) prefix: bool,
}

impl Name {
    /// What a reference names; an error is why it cannot be asked for.
    pub(super) fn of_reference(outer: &Outer) -> Result<Self, &'static str> {
        let mut words = outer.store.as_deref().unwrap_or_default().split_whitespace();
        let (store, region) = (words.next(), words.next().map(str::to_owned));
        let store = if store == Some("ssm") { Store::Parameters } else { Store::Secrets };
        let text = outer.name.trim();
        if text.starts_with("arn:") {
            return Self::of_arn(text);
        }
        Self::plain(store, region, text)
    }

    /// What a slot's id names.
    pub(super) fn of_id(id: &Id) -> Option<Self> {
        Self::of_arn(id.rest()).ok()
    }

    fn of_arn(text: &str) -> Result<Self, &'static str> {
        let parts = arn(text).ok_or("not an ARN of a secret or parameter")?;
        let (store, name) = match parts.service {
            "secretsmanager" => (Store::Secrets, parts.resource.strip_prefix("secret:")),
            "ssm" => (Store::Parameters, parts.resource.strip_prefix("parameter")),
            _ => return Err("not an ARN of a secret or parameter"),
        };
        // `name:field:stage:id`, as container definitions write it.
        let name = name.and_then(|name| name.split(':').next()).ok_or("not an ARN of a secret or parameter")?;
        let place = (Some(parts.region.to_owned()), Some(parts.account.to_owned()));
        let name = Self::plain(store, place.0, name)?;
        Ok(Self { account: place.1, from_arn: true, ..name })
    }

    fn plain(store: Store, region: Option<String>, text: &str) -> Result<Self, &'static str> {
        let (text, prefix) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '+' | '=' | '.' | '@' | '-');
        if text.is_empty() || text.len() > MOST_ARN || !text.chars().all(fine) {
            return Err("the name is not written out");
        }
        Ok(Self { store, region, account: None, name: text.to_owned(), from_arn: false, prefix })
    }

    /// The values of the list's filter that find it: prefixes for secrets, whole names for parameters.
    pub(super) fn filters(&self) -> Vec<String> {
        match self.store {
            Store::Secrets if self.from_arn => vec![bare(&self.name).unwrap_or(&self.name).to_owned()],
            Store::Secrets => vec![self.name.clone()],
            // In an ARN, the slash of `/app/db` stands for the one behind `parameter`; `db` has one there, too.
            Store::Parameters if self.from_arn => {
                vec![self.name.clone(), self.name.trim_start_matches('/').to_owned()]
            }
            Store::Parameters => vec![self.name.clone()],
        }
    }

    /// Whether a listed thing, with its name and ARN, is the one that is meant.
    pub(super) fn means(&self, store: Store, name: &str, listed: &str) -> bool {
        let Some(parts) = arn(listed) else { return false };
        let place = self.region.as_deref().is_none_or(|region| region == parts.region)
            && self.account.as_deref().is_none_or(|account| account == parts.account);
        if store != self.store || !place {
            return false;
        }
        if self.prefix {
            return name.starts_with(&self.name);
        }
        match (self.store, self.from_arn) {
            (_, false) => name == self.name,
            (Store::Secrets, true) => {
                let tail = parts.resource.strip_prefix("secret:").unwrap_or_default();
                tail == self.name || name == self.name
            }
            (Store::Parameters, true) => self.filters().iter().any(|own| own == name),
        }
    }
}

/// A secret's name without the six characters that its ARN ends in.
fn bare(name: &str) -> Option<&str> {
    let (bare, suffix) = name.rsplit_once('-')?;
    (suffix.len() == 6 && suffix.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1dE";
    const PARAMETER: &str = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/db";

    fn named(name: &str, store: Option<&str>) -> Result<Name, &'static str> {
        Name::of_reference(&Outer { provider: "aws".into(), name: name.into(), store: store.map(str::to_owned) })
    }

    #[test]
    fn secrets_in_every_form() {
        for (written, means) in [
            ("prod/db", true),
            (SECRET, true),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db", true),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1dE:password::", true),
            ("prod/*", true),
            ("prod", false),
            ("prod/db-AbC1dE", false),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-XXXXXX", false),
            ("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db", false),
            ("arn:aws:secretsmanager:eu-west-1:999999999999:secret:prod/db-AbC1dE", false),
            ("Prod/db", false),
        ] {
            let name = named(written, None).unwrap();
            assert_eq!(name.means(Store::Secrets, "prod/db", SECRET), means, "{written}");
            assert!(!means || name.filters().iter().any(|f| "prod/db".starts_with(f.as_str())), "{written}");
            assert!(!name.means(Store::Parameters, "prod/db", PARAMETER), "{written}");
        }
        assert_eq!(named("prod/db", Some("secretsmanager eu-west-1")).unwrap().region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn parameters_in_every_form() {
        for (written, means) in
            [("/app/db", true), (PARAMETER, true), ("/app/*", true), ("app/db", false), ("/app", false)]
        {
            let name = named(written, Some("ssm")).unwrap();
            assert_eq!(name.means(Store::Parameters, "/app/db", PARAMETER), means, "{written}");
        }
        let short = named("arn:aws:ssm:eu-west-1:123456789012:parameter/db", None).unwrap();
        assert!(short.means(Store::Parameters, "db", "arn:aws:ssm:eu-west-1:123456789012:parameter/db"));
        assert_eq!(short.filters(), ["/db", "db"]);
    }

    #[test]
    fn what_cannot_be_asked_for() {
        for written in [
            "",
            "${{ env.X }}",
            "a b",
            "!a",
            "*",
            "$NAME",
            "arn:aws:s3:::bucket",
            "arn:aws:secretsmanager:eu:1:secret:x",
        ] {
            assert!(named(written, None).is_err(), "{written}");
        }
        assert!(arn(&format!("arn:aws:ssm:eu-west-1:123456789012:parameter/{}", "a".repeat(3000))).is_none());
        assert!(arn("arn:aws:ssm:eu-west-1.evil.example.com:123456789012:parameter/x").is_none());
    }
}
