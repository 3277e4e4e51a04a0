//! Who asks: the auditor's credentials, the roles that are assumed with them, one session an account. Clients of single services are
//! made here; what they are asked is not known here.

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::OnceCell;

use crate::net;
use crate::probe::account;

use super::settings::Assume;
use super::{AwsSource, names, reason};

/// How a session is called in the other account's trail.
const SESSION_NAME: &str = "driftgate";

/// An account that is looked at: the auditor's own, or that of a role.
#[derive(Debug)]
pub(super) struct Account {
    assume: Option<Assume>,
    session: OnceCell<Result<Session, String>>,
}

/// Credentials that are let in.
#[derive(Debug)]
pub(super) struct Session {
    config: SdkConfig,
    /// The key that asks; it must not be one of those under examination.
    pub(super) key_id: String,
    /// The account, as far as the role's ARN or the key's id tells; a hint only.
    hint: Option<String>,
    identity: OnceCell<Result<Identity, String>>,
}

/// Who an account says that we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// The account.
    pub(super) account: String,
    /// The ARN that asks.
    pub(super) asked_as: Option<String>,
}

impl Account {
    /// The accounts of a source: the auditor's own or the role's that takes its place, and the further roles'.
    pub(super) fn all(own: Option<&Assume>, further: &[Assume]) -> Vec<Self> {
        let of = |assume: Option<&Assume>| Self { assume: assume.cloned(), session: OnceCell::new() };
        std::iter::once(of(own)).chain(further.iter().map(|assume| of(Some(assume)))).collect()
    }

    /// How it is called where its number is not known.
    pub(super) fn name(&self) -> &str {
        self.assume.as_ref().map_or("*", |assume| assume.role.as_str())
    }

    /// The session; made once. An error is the reason for which there is none.
    pub(super) async fn session(&self, source: &AwsSource) -> Result<&Session, String> {
        self.session.get_or_init(|| self.open(source)).await.as_ref().map_err(Clone::clone)
    }

    /// The account's number, as far as it is known without a call.
    pub(super) async fn hint(&self, source: &AwsSource) -> Option<String> {
        match &self.assume {
            Some(assume) => names::arn(&assume.role).map(|arn| arn.account.to_owned()),
            None => self.session(source).await.ok()?.hint.clone(),
        }
    }

    async fn open(&self, source: &AwsSource) -> Result<Session, String> {
        let base = source.auditor().await?;
        let key_id = base.access_key_id().to_owned();
        let Some(assume) = &self.assume else {
            let hint = account::of_key(&key_id);
            return Ok(Session { config: config(source, base), key_id, hint, identity: OnceCell::new() });
        };
        let session =
            Session { config: config(source, base), key_id: key_id.clone(), hint: None, identity: OnceCell::new() };
        let request = session
            .sts(source)
            .assume_role()
            .role_arn(&assume.role)
            .role_session_name(assume.session_name.as_deref().unwrap_or(SESSION_NAME))
            .set_external_id(assume.external_id.clone());
        let answer = request.send().await.map_err(|error| format!("AssumeRole: {}", reason(&error)))?;
        let given = answer.credentials().ok_or("AssumeRole: an answer without credentials")?;
        let asked_as = answer.assumed_role_user().map(|user| user.arn().to_owned());
        let account = asked_as.as_deref().and_then(names::arn).map(|arn| arn.account.to_owned());
        let credentials = Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            None,
            "driftgate assumed role",
        );
        let identity = account.clone().map(|account| Ok(Identity { account, asked_as }));
        Ok(Session {
            config: config(source, credentials),
            key_id,
            hint: account,
            identity: OnceCell::new_with(identity),
        })
    }
}

impl Session {
    /// Who the account says that we are: what the role's session told, else one call.
    pub(super) async fn identity(&self, source: &AwsSource) -> Result<&Identity, String> {
        let ask = || async {
            let answer = self.sts(source).get_caller_identity().send().await;
            let answer = answer.map_err(|error| format!("the auditor is not let in: {}", reason(&error)))?;
            let account = answer.account().ok_or("the auditor is not let in: an answer without an account")?;
            Ok(Identity { account: account.to_owned(), asked_as: answer.arn().map(str::to_owned) })
        };
        self.identity.get_or_init(ask).await.as_ref().map_err(Clone::clone)
    }

    /// The account's number, where it is known.
    pub(super) fn number(&self) -> Option<String> {
        let told = self.identity.get().and_then(|identity| identity.as_ref().ok());
        told.map(|identity| identity.account.clone()).or_else(|| self.hint.clone())
    }

    fn with(&self, source: &AwsSource, region: Option<&str>, variable: &str) -> SdkConfig {
        let mut config = self.config.to_builder();
        config.set_endpoint_url(source.endpoint_of(variable));
        if let Some(region) = region {
            config.set_region(Region::new(region.to_owned()));
        }
        config.build()
    }

    fn sts(&self, source: &AwsSource) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.with(source, None, "AWS_ENDPOINT_URL_STS"))
    }

    pub(super) fn iam(&self, source: &AwsSource) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.with(source, None, "AWS_ENDPOINT_URL_IAM"))
    }

    pub(super) fn secrets(&self, source: &AwsSource, region: &str) -> aws_sdk_secretsmanager::Client {
        let config = self.with(source, Some(region), "AWS_ENDPOINT_URL_SECRETS_MANAGER");
        aws_sdk_secretsmanager::Client::new(&config)
    }

    pub(super) fn parameters(&self, source: &AwsSource, region: &str) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.with(source, Some(region), "AWS_ENDPOINT_URL_SSM"))
    }
}

fn config(source: &AwsSource, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(Region::new(source.region()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(source.http.clone())
        .retry_config(net::aws::retries())
        .timeout_config(net::aws::timeouts())
        .build()
}

impl AwsSource {
    /// The auditor's credentials: named variables, a profile, or AWS' own chain.
    async fn auditor(&self) -> Result<Credentials, String> {
        if let Some(name) = &self.settings.access_key_id_env {
            let get = |name: &str| {
                self.env.get(name).map(str::to_owned).ok_or_else(|| format!("the variable {name} is not set"))
            };
            let secret = self.settings.secret_access_key_env.as_deref().unwrap_or("AWS_SECRET_ACCESS_KEY");
            let session = match &self.settings.session_token_env {
                Some(name) => Some(get(name)?.trim().to_owned()),
                None => None,
            };
            return Ok(Credentials::new(get(name)?.trim(), get(secret)?.trim(), session, None, "driftgate auditor"));
        }
        // The chain's own calls (web identity, containers, instances) go through the same client.
        let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(self.http.clone())
            .retry_config(net::aws::retries())
            .region(Region::new(self.region()));
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
}
