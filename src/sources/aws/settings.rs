//! The settings of `kind: aws`, and what is wrong with them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::names;

/// Settings of `kind: aws`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Another endpoint than AWS' own. Default: `AWS_ENDPOINT_URL`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region. Default: `AWS_REGION`, then `us-east-1`.
    #[serde(default)]
    pub region: Option<String>,
    /// The regions whose secrets and parameters are read. Default: the region.
    #[serde(default)]
    pub regions: Vec<String>,
    /// A profile of the shared configuration that holds the auditor's credentials.
    #[serde(default)]
    pub profile: Option<String>,
    /// The variable that holds the auditor's access key id.
    #[serde(default)]
    pub access_key_id_env: Option<String>,
    /// The variable that holds the auditor's secret access key.
    #[serde(default)]
    pub secret_access_key_env: Option<String>,
    /// The variable that holds the auditor's session token.
    #[serde(default)]
    pub session_token_env: Option<String>,
    /// A role that is assumed with the auditor's credentials: its account is looked at instead of theirs.
    #[serde(default)]
    pub assume: Option<Assume>,
    /// Roles of further accounts, looked at besides: a source for each account gives them names, this gives them one.
    #[serde(default)]
    pub accounts_assume: Vec<Assume>,
    /// The accounts that this endpoint serves, where the auditor does not tell.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Seconds that the whole source may take, waits for limits aside. Default: 30; `scan` has none.
    #[serde(default)]
    pub timeout: Option<u64>,
}

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assume {
    /// Its ARN.
    pub role: String,
    /// The external id that its trust asks for; no secret (IAM User Guide, "Access to AWS accounts owned by third parties").
    #[serde(default)]
    pub external_id: Option<String>,
    /// How the session is called in the account's trail. Default: `driftgate`.
    #[serde(default)]
    pub session_name: Option<String>,
}

/// A wrong setting: which, why, and what to do.
pub type Wrong = (&'static str, String, &'static str);

impl Settings {
    /// What is wrong.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn check(&self) -> Result<(), Wrong> {
        for region in self.region.iter().chain(&self.regions).filter(|region| !region.is_empty()) {
            let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if region.len() > 32 || !region.bytes().all(fine) {
                return Err(("regions", format!("`{region}` is no region"), "write it like `eu-central-1`"));
            }
        }
        let own = self.assume.iter().map(|assume| ("assume", assume));
        for (setting, assume) in own.chain(self.accounts_assume.iter().map(|assume| ("accounts_assume", assume))) {
            let role =
                names::arn(&assume.role).is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
            if !role {
                let message = format!("`{}` is no role's ARN", assume.role);
                return Err((setting, message, "write it like `arn:aws:iam::123456789012:role/driftgate`"));
            }
            let word = |text: &str, most: usize, more: &str| {
                (2..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
            };
            if assume.session_name.as_ref().is_some_and(|name| !word(name, 64, "_+=,.@-")) {
                return Err((
                    setting,
                    "`session_name` is no session's name".to_owned(),
                    "use 2 to 64 letters, digits or _+=,.@-",
                ));
            }
            if assume.external_id.as_ref().is_some_and(|id| !word(id, 1224, "_+=,.@:/-")) {
                return Err((
                    setting,
                    "`external_id` is no external id".to_owned(),
                    "use letters, digits or _+=,.@:/-",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_work_is_said() {
        let wrong = |value: serde_json::Value| {
            let settings: Settings = serde_json::from_value(value).expect("the right types");
            settings.check().err().map(|(setting, ..)| setting)
        };
        let role = "arn:aws:iam::123456789012:role/audit";
        for (value, expected) in [
            (
                json!({"regions": ["eu-central-1", "us-east-1"], "assume": {"role": role, "external_id": "acme-7"}}),
                None,
            ),
            (json!({"regions": ["evil.example.com/"]}), Some("regions")),
            (json!({"region": "eu west"}), Some("regions")),
            (json!({"assume": {"role": "audit"}}), Some("assume")),
            (json!({"assume": {"role": "arn:aws:iam::123456789012:user/audit"}}), Some("assume")),
            (json!({"accounts_assume": [{"role": role, "session_name": "a b"}]}), Some("accounts_assume")),
            (json!({"accounts_assume": [{"role": role, "external_id": "a\nb"}]}), Some("accounts_assume")),
        ] {
            assert_eq!(wrong(value.clone()), expected, "{value}");
        }
        assert!(serde_json::from_value::<Settings>(json!({"assume": {"rolle": role}})).is_err());
    }
}
