//! AWS: `sts:GetCallerIdentity` with the key at hand. It cannot be denied by a policy, and is written to CloudTrail: a probe is
//! visible. Which answers mean what follows the STS API reference, "Common errors".

use aws_credential_types::Credentials;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Region};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use crate::model::inventory::{Liveness, LivenessState};
use crate::net;
use crate::probe::observed;
use crate::secret::Secret;

/// How the probe is called in evidence.
pub const METHOD: &str = "sts GetCallerIdentity";

/// A key with all its parts.
pub struct Key<'k> {
    /// The id.
    pub id: &'k str,
    /// The secret access key.
    pub secret: &'k Secret,
    /// The session token, for temporary keys.
    pub session: Option<&'k Secret>,
}

/// Where to ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Another endpoint than AWS' own.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
}

/// Calls with exactly this key; never the default chain. Gives the account that the key belongs to where it is live.
pub async fn probe(place: &Place, key: &Key<'_>) -> (Liveness, Option<String>) {
    let session = key.session.map(|token| token.expose().trim().to_owned());
    let credentials = Credentials::new(key.id, key.secret.expose().trim(), session, None, "driftgate probe");
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(net::CALL)
        .operation_attempt_timeout(net::CALL)
        .operation_timeout(net::CALL * 2)
        .build();
    let mut config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(place.region.clone()))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::standard().with_max_attempts(net::ATTEMPTS))
        .timeout_config(timeouts);
    if let Some(endpoint) = &place.endpoint {
        config = config.endpoint_url(endpoint);
    }
    let client = aws_sdk_sts::Client::from_conf(config.build());
    match client.get_caller_identity().send().await {
        Ok(answer) => match answer.account() {
            Some(account) => (observed(LivenessState::Live, METHOD, None), Some(account.to_owned())),
            None => (observed(LivenessState::Unknown, METHOD, Some("an answer without an account")), None),
        },
        Err(error) => (judge(&error), None),
    }
}

/// Live and dead come from the documented code alone: `InvalidClientTokenId` ("the X.509 certificate or AWS access key ID provided
/// does not exist in our records") and `ExpiredToken`. A wrong signature, a denial, a firewall's page prove nothing.
fn judge<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Liveness {
    let unknown = |reason: &str| observed(LivenessState::Unknown, METHOD, Some(reason));
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            match answer.err().code() {
                Some(code @ ("InvalidClientTokenId" | "ExpiredToken" | "ExpiredTokenException"))
                    if (400..=403).contains(&status) =>
                {
                    observed(LivenessState::Dead, METHOD, Some(code))
                }
                Some(code) if known_code(code) => unknown(code),
                _ => unknown(&format!("HTTP {status}, not an answer of STS")),
            }
        }
        SdkError::TimeoutError(_) => unknown("timed out"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => unknown("timed out"),
        SdkError::DispatchFailure(_) => unknown("no connection"),
        SdkError::ResponseError(answer) => {
            unknown(&format!("HTTP {}, not an answer of STS", answer.raw().status().as_u16()))
        }
        _ => unknown("the call could not be made"),
    }
}

/// Whether a code has the form of one: it is printed.
fn known_code(code: &str) -> bool {
    code.len() <= 64 && !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}
