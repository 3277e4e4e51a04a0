//! AWS, with an auditor's credentials: what IAM records of access keys. The keys under examination are never the auditor's; probing
//! with them is `probe::aws`.

mod keys;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::Region;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Environment;
use crate::model::Id;
use crate::model::inventory::{Extent, Gap, LivenessState};
use crate::model::report::SourceStatus;
use crate::net;
use crate::probe::aws::code;
use crate::probe::observed;

use super::{About, Batch, Source, Wanted};

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
    /// The accounts that this endpoint serves, where the auditor does not tell.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Seconds that the whole source may take. Default: 30.
    #[serde(default)]
    pub timeout: Option<u64>,
}

/// The source.
pub struct AwsSource {
    about: About,
    settings: Settings,
    env: Arc<Environment>,
}

impl AwsSource {
    /// AWS as that auditor sees it.
    #[must_use]
    pub fn new(about: About, settings: Settings, env: Arc<Environment>) -> Self {
        Self { about, settings, env }
    }

    /// Where STS answers.
    #[must_use]
    pub fn place(settings: &Settings, env: &Environment) -> crate::probe::aws::Place {
        let own = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let variable = |names: &[&str]| names.iter().find_map(|name| env.get(name)).map(str::to_owned);
        crate::probe::aws::Place {
            endpoint: Self::endpoint(settings, env, "AWS_ENDPOINT_URL_STS"),
            region: own(&settings.region)
                .or_else(|| variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]))
                .unwrap_or_else(|| "us-east-1".to_owned()),
        }
    }

    /// Another endpoint than AWS' own: the setting, the service's variable, the one for all services (AWS SDKs and Tools reference,
    /// "Service-specific endpoints").
    fn endpoint(settings: &Settings, env: &Environment, service: &str) -> Option<String> {
        let set = settings.endpoint.clone().filter(|text| !text.is_empty());
        set.or_else(|| [service, "AWS_ENDPOINT_URL"].iter().find_map(|name| env.get(name)).map(str::to_owned))
    }

    /// The auditor's credentials: named variables, a profile, or AWS' own chain.
    async fn auditor(&self, region: &str) -> Result<Credentials, String> {
        if let Some(name) = &self.settings.access_key_id_env {
            let get = |name: &str| {
                self.env.get(name).map(str::to_owned).ok_or_else(|| format!("the variable {name} is not set"))
            };
            let secret = self.settings.secret_access_key_env.as_deref().unwrap_or("AWS_SECRET_ACCESS_KEY");
            let session = match &self.settings.session_token_env {
                Some(name) => Some(get(name)?),
                None => None,
            };
            return Ok(Credentials::new(get(name)?.trim(), get(secret)?.trim(), session, None, "driftgate auditor"));
        }
        let mut loader =
            aws_config::defaults(aws_config::BehaviorVersion::latest()).region(Region::new(region.to_owned()));
        if let Some(profile) = &self.settings.profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let provider: SharedCredentialsProvider =
            config.credentials_provider().ok_or_else(|| "no credentials for the auditor".to_owned())?;
        provider
            .provide_credentials()
            .await
            .map_err(|_| "no credentials for the auditor: set `profile` or `access_key_id_env`".to_owned())
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) -> Gap {
        Gap { source: self.about.name.clone(), lacks: lacks.to_owned(), scope: scope.to_owned(), reason: reason.into() }
    }

    async fn read(&self, wanted: &[Id], everything: bool, into: &mut Batch) {
        let place = Self::place(&self.settings, &self.env);
        let credentials = match self.auditor(&place.region).await {
            Ok(credentials) => credentials,
            Err(reason) => {
                into.inventory.gaps.push(self.gap("liveness", "*", reason));
                return;
            }
        };
        let own = Id::aws_access_key(self.about.authority.as_deref(), credentials.access_key_id());
        if wanted.contains(&own) {
            let reason = format!(
                "the auditor's own key {own} is one of those under examination: name another with `profile` or `access_key_id_env`"
            );
            into.inventory.gaps.push(self.gap("liveness", "*", reason));
            return;
        }
        let timeouts = TimeoutConfig::builder().connect_timeout(net::CALL).operation_attempt_timeout(net::CALL).build();
        let retry = RetryConfig::standard().with_max_attempts(net::ATTEMPTS);
        let mut iam = aws_sdk_iam::Config::builder()
            .behavior_version(aws_sdk_iam::config::BehaviorVersion::latest())
            .region(aws_sdk_iam::config::Region::new(place.region.clone()))
            .credentials_provider(credentials.clone())
            .retry_config(retry.clone())
            .timeout_config(timeouts.clone());
        let mut sts = aws_sdk_sts::Config::builder()
            .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
            .region(aws_sdk_sts::config::Region::new(place.region))
            .credentials_provider(credentials)
            .retry_config(retry)
            .timeout_config(timeouts);
        if let Some(endpoint) = Self::endpoint(&self.settings, &self.env, "AWS_ENDPOINT_URL_IAM") {
            iam = iam.endpoint_url(endpoint);
        }
        if let Some(endpoint) = &place.endpoint {
            sts = sts.endpoint_url(endpoint);
        }
        let sts = aws_sdk_sts::Client::from_conf(sts.build());
        into.account.requests += 1;
        let account = match sts.get_caller_identity().send().await {
            Ok(answer) => {
                into.account.asked_as = answer.arn().map(str::to_owned);
                answer.account().map(str::to_owned)
            }
            Err(error) => {
                into.inventory.gaps.push(self.gap(
                    "liveness",
                    "*",
                    format!("the auditor is not let in: {}", reason(&error)),
                ));
                None
            }
        };
        let Some(account) = account else { return };
        // Negative answers of this endpoint count for this account alone.
        into.inventory.coverage.push(self.extent("account", &account, true, into.account.asked_as.clone()));
        let client = aws_sdk_iam::Client::from_conf(iam.build());
        keys::Keys { source: self, client: &client, account: &account }.read(wanted, everything, into).await;
    }

    fn extent(&self, kind: &str, place: &str, complete: bool, asked_as: Option<String>) -> Extent {
        Extent {
            source: self.about.name.clone(),
            kind: kind.to_owned(),
            place: place.to_owned(),
            complete,
            asked_as,
            at: None,
        }
    }
}

#[async_trait]
impl Source for AwsSource {
    fn about(&self) -> &About {
        &self.about
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let own = |id: &&Id| {
            id.provider() == "aws" && id.kind() == "access-key" && id.authority() == self.about.authority.as_deref()
        };
        let wanted: Vec<Id> = want.credentials.iter().filter(own).cloned().collect();
        if wanted.is_empty() && !want.everything {
            into.account.status = Some(SourceStatus::Skipped);
            into.account.notes.push("nothing of AWS was wanted".to_owned());
            return;
        }
        if want.offline {
            into.account.status = Some(SourceStatus::Skipped);
            for id in &wanted {
                super::observe(into, id, observed(LivenessState::NotChecked, "", Some("--offline")));
            }
            into.inventory.gaps.push(self.gap("liveness", "*", "--offline"));
            return;
        }
        let limit = Duration::from_secs(self.settings.timeout.unwrap_or(30));
        let mut batch = Batch::default();
        if tokio::time::timeout(limit, self.read(&wanted, want.everything, &mut batch)).await.is_err() {
            batch.inventory.gaps.push(self.gap("liveness", "*", format!("not read within {} s", limit.as_secs())));
        }
        for id in &wanted {
            let told = batch.inventory.credentials.iter().any(|credential| credential.id == *id);
            if !told {
                super::observe(&mut batch, id, observed(LivenessState::Unknown, keys::METHOD, Some("not read")));
            }
        }
        *into = batch;
    }
}

/// Why a call failed: the issuer's code, or our words; never a body.
fn reason<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(answer) => {
            code::of(error).unwrap_or_else(|| format!("HTTP {}", answer.raw().status().as_u16()))
        }
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(answer) => format!("HTTP {}, not an answer of AWS", answer.raw().status().as_u16()),
        _ => "the call could not be made".to_owned(),
    }
}
