//! GitLab's answers, as its API documentation gives them: only the fields that are read. A variable's value goes straight into a
//! `Secret`; tokens and keys in answers are not read at all.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use crate::secret::Secret;

/// "Project-level CI/CD variables API", "Group-level variables API", "Instance-level CI/CD variables API".
#[derive(Deserialize)]
pub(super) struct Variable {
    pub(super) key: String,
    /// Hidden variables come without.
    #[serde(default, deserialize_with = "secret")]
    pub(super) value: Option<Secret>,
    #[serde(default)]
    pub(super) protected: Option<bool>,
    #[serde(default)]
    pub(super) masked: Option<bool>,
    #[serde(default)]
    pub(super) hidden: Option<bool>,
    /// Instance variables have none.
    #[serde(default)]
    pub(super) environment_scope: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

/// "Project access tokens API", "Group access tokens API", "Personal access tokens API".
#[derive(Deserialize)]
pub(super) struct AccessToken {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) revoked: Option<bool>,
    #[serde(default)]
    pub(super) active: Option<bool>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) last_used_at: Option<String>,
    /// A day: the token ends when it begins, in UTC.
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) access_level: Option<u32>,
    #[serde(default)]
    pub(super) user_id: Option<u64>,
}

/// "Deploy tokens API".
#[derive(Deserialize)]
pub(super) struct DeployToken {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) username: Option<String>,
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default)]
    pub(super) revoked: Option<bool>,
    #[serde(default)]
    pub(super) expired: Option<bool>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
}

/// "Deploy keys API".
#[derive(Deserialize)]
pub(super) struct DeployKey {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) fingerprint: Option<String>,
    #[serde(default)]
    pub(super) fingerprint_sha256: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default)]
    pub(super) last_used_at: Option<String>,
    #[serde(default)]
    pub(super) can_push: Option<bool>,
}

/// "Pipeline trigger tokens API".
#[derive(Deserialize)]
pub(super) struct Trigger {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) last_used: Option<String>,
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default)]
    pub(super) owner: Option<User>,
}

/// "Users API".
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    #[serde(default)]
    pub(super) id: Option<u64>,
    pub(super) username: String,
    /// Told to administrators, of themselves.
    #[serde(default)]
    pub(super) is_admin: Option<bool>,
    /// Of projects and groups: the user behind an access token.
    #[serde(default)]
    pub(super) bot: Option<bool>,
}

/// "Jobs API", of the job's own token.
#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) user: User,
}

/// "Namespaces API".
#[derive(Deserialize)]
pub(super) struct Space {
    pub(super) kind: String,
}

/// "Projects API", of a group's list.
#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) path_with_namespace: String,
}

/// "Groups API".
#[derive(Deserialize)]
pub(super) struct Group {
    pub(super) full_path: String,
}

/// "Audit events API".
#[derive(Deserialize)]
pub(super) struct AuditEvent {
    pub(super) created_at: String,
    #[serde(default)]
    pub(super) details: Details,
}

/// Which of these there are depends on the event.
#[derive(Default, Deserialize)]
pub(super) struct Details {
    #[serde(default)]
    pub(super) custom_message: Option<String>,
    #[serde(default)]
    pub(super) change: Option<String>,
    #[serde(default)]
    pub(super) target_type: Option<String>,
    /// Text, and a number for some targets.
    #[serde(default)]
    pub(super) target_details: Option<serde_json::Value>,
}

/// A time, or a day (its beginning, in UTC), as GitLab writes them.
pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    let text = text?.trim();
    let day = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    text.parse().ok().or_else(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days() {
        let of = |text: &str| time(Some(text)).map(|at| at.to_string());
        assert_eq!(of("2021-01-20T22:11:48.151Z").as_deref(), Some("2021-01-20T22:11:48.151Z"));
        assert_eq!(of("2021-01-31").as_deref(), Some("2021-01-31T00:00:00Z"));
        assert_eq!(of("2021-01-31T00:00:00+02:00").as_deref(), Some("2021-01-30T22:00:00Z"));
        assert_eq!(of("soon"), None);
        assert_eq!(time(None), None);
    }

    #[test]
    fn a_hidden_variable_has_no_value() {
        let hidden: Variable = serde_json::from_str(r#"{"key": "K", "value": null, "hidden": true}"#).unwrap();
        assert!(hidden.value.is_none());
        let plain: Variable = serde_json::from_str(r#"{"key": "K", "value": "v", "whatever": [1]}"#).unwrap();
        assert_eq!(plain.value.as_ref().map(Secret::expose), Some("v"));
    }
}
