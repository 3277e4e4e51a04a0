//! AWS: `sts:GetCallerIdentity` with the key at hand. It cannot be denied by a policy, and is written to CloudTrail: a probe is
//! visible. Which answers mean what follows the STS API reference, "Common errors".

pub mod code;

use std::time::Duration;

use aws_credential_types::Credentials;
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

impl Place {
    /// The region to ask in. AWS' own endpoints refuse good keys with the very code of a dead one in regions that an account has not
    /// opted into (AWS General Reference, "Managing AWS Regions"); each partition has one where that cannot be.
    fn home(&self) -> &str {
        match (&self.endpoint, partition(&self.region)) {
            (Some(_), _) => &self.region,
            (None, Partition::Commercial) => "us-east-1",
            (None, Partition::China) => "cn-north-1",
            (None, Partition::Government) => "us-gov-west-1",
            (None, Partition::Other) => &self.region,
        }
    }

    /// Whether this is AWS' own STS of the commercial partition: it speaks for all accounts in it.
    #[must_use]
    pub fn is_commercial(&self) -> bool {
        self.endpoint.is_none() && partition(&self.region) == Partition::Commercial
    }
}

/// A family of regions with accounts of its own, whose keys no other family knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Partition {
    Commercial,
    China,
    Government,
    Other,
}

fn partition(region: &str) -> Partition {
    let any = |prefixes: &[&str]| prefixes.iter().any(|prefix| region.starts_with(prefix));
    match () {
        () if any(&["cn-"]) => Partition::China,
        () if any(&["us-gov-"]) => Partition::Government,
        () if any(&["us-iso", "eu-iso", "eusc-"]) => Partition::Other,
        () => Partition::Commercial,
    }
}

/// Calls with exactly this key; never the default chain. Gives the account that the key belongs to where it is live.
pub async fn probe(place: &Place, key: &Key<'_>) -> (Liveness, Option<String>) {
    let temporary = key.id.starts_with("ASIA");
    if temporary && key.session.is_none() {
        // Without its session token STS answers for a good temporary key as for a dead one.
        let reason = "a temporary key without its session token";
        return (observed(LivenessState::NotChecked, METHOD, Some(reason)), None);
    }
    // With a session token that is not its own, a good long-term key is refused like a dead one.
    let session = key.session.filter(|_| temporary).map(|token| token.expose().trim().to_owned());
    let credentials = Credentials::new(key.id, key.secret.expose().trim(), session, None, "driftgate probe");
    let mut config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(place.home().to_owned()))
        .credentials_provider(credentials)
        .http_client(net::aws::Client::new(Duration::ZERO, net::MOST_BYTES))
        .retry_config(net::aws::retries())
        .timeout_config(TimeoutConfig::builder().operation_timeout(net::CALL).build());
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

/// Live and dead come from the documented code alone: `InvalidClientTokenId` and, in JSON, `UnrecognizedClientException` ("the X.509
/// certificate or AWS access key ID provided does not exist in our records"), and `ExpiredToken`. A wrong signature, a denial, a
/// firewall's page prove nothing.
fn judge<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Liveness {
    let unknown = |reason: &str| observed(LivenessState::Unknown, METHOD, Some(reason));
    let foreign = |status: u16| unknown(&format!("HTTP {status}, not an answer of STS"));
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let Some(code) = code::of(error) else { return foreign(status) };
            let dead = ["InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException"];
            if (400..=403).contains(&status) && dead.contains(&code.as_str()) {
                observed(LivenessState::Dead, METHOD, Some(&code))
            } else {
                unknown(&code)
            }
        }
        SdkError::TimeoutError(_) => unknown("timed out"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => unknown("timed out"),
        SdkError::DispatchFailure(_) => unknown("no connection"),
        SdkError::ResponseError(answer) => foreign(answer.raw().status().as_u16()),
        _ => unknown("the call could not be made"),
    }
}
