//! The GitHub API: octocrab's authentication over our own guarded transport, lists read page by page, and refusals in words. What
//! the lists mean is read elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use octocrab::auth::{AppAuth, EncodingKey};
use octocrab::models::{AppId, InstallationId};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower_service::Service;

use crate::net::api::{Api, NoAnswer, date, next_link};

use super::login::Auth;

/// The most pages of one list: a hundred entries each, and no organization has a hundred thousand of anything that is listed here.
const MOST_PAGES: usize = 1000;

/// Why something was not read. It holds nothing of a body.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// No answer came.
    Silent(NoAnswer),
    /// An answer that is no list.
    Status { status: u16, lacks: Option<String> },
    /// A body that is not what GitHub documents.
    Malformed,
}

impl Refusal {
    pub(crate) fn is(&self, code: u16) -> bool {
        matches!(self, Self::Status { status, .. } if *status == code)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent(reason) => reason.fmt(f),
            Self::Status { status: 401, .. } => f.write_str("HTTP 401: the token is not let in"),
            Self::Status { status: 404, .. } => f.write_str("HTTP 404: it is not there, or the token does not see it"),
            Self::Status { status, lacks: Some(lacks) } => write!(f, "HTTP {status}: {lacks}"),
            Self::Status { status, lacks: None } => write!(f, "HTTP {status}"),
            Self::Malformed => f.write_str("the answer is not what GitHub documents"),
        }
    }
}

impl From<octocrab::Error> for Refusal {
    fn from(error: octocrab::Error) -> Self {
        match error {
            octocrab::Error::Service { source, .. } => {
                let told = source.downcast_ref::<NoAnswer>().cloned();
                Self::Silent(told.unwrap_or_else(|| NoAnswer::Silent("no answer".to_owned())))
            }
            octocrab::Error::GitHub { source, .. } => Self::Status { status: source.status_code.as_u16(), lacks: None },
            _ => Self::Malformed,
        }
    }
}

/// What of a list arrived, and why that is not all of it.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) refusal: Option<Refusal>,
    /// GitHub announced another number of entries.
    pub(crate) announced: Option<u64>,
}

impl<T> Listed<T> {
    /// Why the list is not whole; none where it is.
    pub(crate) fn lack(&self) -> Option<String> {
        let announced = self.announced.map(|n| format!("{n} entries are announced, and {} arrived", self.items.len()));
        self.refusal.as_ref().map(ToString::to_string).or(announced)
    }
}

/// How far a list was read.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Why it ended early.
    pub(crate) refusal: Option<Refusal>,
    /// How many entries GitHub announced.
    pub(crate) total: Option<u64>,
    /// When its first page was given, by GitHub's clock.
    pub(crate) at: Option<Timestamp>,
}

impl Walked {
    fn until(mut self, refusal: Refusal) -> Self {
        self.refusal = Some(refusal);
        self
    }
}

/// A list within an object, with the number of all entries. GitHub names the list after what it holds.
#[derive(Deserialize)]
struct Wrapped<T> {
    #[serde(default)]
    total_count: Option<u64>,
    #[serde(rename = "secrets", alias = "environments", alias = "installations", alias = "repositories")]
    items: Vec<T>,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An array.
    Plain,
    /// An object with `total_count`.
    Counted,
}

/// GitHub, as one auditor sees it.
pub(crate) struct Client {
    crab: Octocrab,
    api: Arc<Api>,
    /// Which identity asks.
    pub(crate) asked_as: Option<String>,
    /// Whether an App asks: some lists are shown to no other.
    pub(crate) app: bool,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    #[serde(default)]
    app_slug: Option<String>,
}

/// Is shown each page.
pub(crate) type Show<T> = Box<dyn FnMut(&[T]) + Send>;

impl Client {
    /// Authenticates. `places` are where an App's installation is looked for, in this order.
    pub(crate) async fn connect(api: Arc<Api>, auth: &Auth, places: &[String]) -> Result<Self, String> {
        match auth {
            Auth::Token(token) => {
                let state = AuthState::AccessToken { token: token.expose().to_owned().into() };
                let app = token.expose().starts_with("ghs_");
                let mut client = Self { crab: octocrab(&api, state), api, asked_as: None, app };
                if app {
                    // Such a token has no user: `GET /user` answers 403 to it.
                    return Ok(client);
                }
                match client.one::<Account>("/user").await {
                    Ok(account) => client.asked_as = Some(clip(&account.login)),
                    Err(refusal @ (Refusal::Silent(_) | Refusal::Status { status: 401, .. })) => {
                        return Err(refusal.to_string());
                    }
                    // Who may not know itself may still read lists.
                    Err(_) => {}
                }
                Ok(client)
            }
            Auth::App { id, key, installation } => {
                let key = EncodingKey::from_rsa_pem(key.expose().as_bytes())
                    .map_err(|_| "the App's private key is no RSA key in PEM".to_owned())?;
                let app = octocrab(&api, AuthState::App(AppAuth { app_id: AppId(*id), key }));
                let mut client = Self { crab: app, api, asked_as: None, app: true };
                let found = match installation {
                    Some(found) => Installation { id: *found, app_slug: None },
                    None => client.installation(places).await?,
                };
                let slug = found.app_slug.map_or_else(|| id.to_string(), |slug| clip(&slug));
                client.asked_as = Some(format!("app {slug}, installation {}", found.id));
                let (crab, _) =
                    client.crab.installation_and_token(InstallationId(found.id)).await.map_err(|error| {
                        format!("the App gets no token for its installation: {}", Refusal::from(error))
                    })?;
                client.crab = crab;
                Ok(client)
            }
        }
    }

    async fn installation(&self, places: &[String]) -> Result<Installation, String> {
        let mut last = "no organization or repository is known to look for the App's installation at".to_owned();
        for place in places {
            match self.one::<Installation>(&format!("{place}/installation")).await {
                Ok(found) => return Ok(found),
                Err(refusal) => {
                    last = match refusal {
                        Refusal::Status { status: 401, .. } => {
                            "HTTP 401: the App is not let in: its id, its key or this machine's clock is wrong"
                                .to_owned()
                        }
                        Refusal::Status { status: 404, .. } => "the App is not installed there".to_owned(),
                        ref other => format!("the App's installation was not found: {other}"),
                    };
                    if !refusal.is(404) {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    /// One object.
    pub(crate) async fn one<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        let (_, body) = self.get(path).await?;
        serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)
    }

    /// A whole list, a hundred entries a page.
    pub(crate) async fn list<T: DeserializeOwned + Send>(&self, path: &str, form: Form) -> Listed<T> {
        self.list_as(path, form, Box::new(|_| ())).await
    }

    /// The same; each page is shown as it comes.
    pub(crate) async fn list_as<T>(&self, path: &str, form: Form, mut show: Show<T>) -> Listed<T>
    where
        T: DeserializeOwned + Send,
    {
        let mut items = Vec::new();
        let walked = self
            .walk(path, form, &mut |page: Vec<T>| {
                show(&page);
                items.extend(page);
            })
            .await;
        let announced = walked.total.filter(|total| walked.refusal.is_none() && *total != items.len() as u64);
        Listed { items, refusal: walked.refusal, announced }
    }

    /// A whole list, handed over page by page: what came before a refusal is not lost with it.
    pub(crate) async fn walk<T: DeserializeOwned>(
        &self,
        path: &str,
        form: Form,
        each: &mut (dyn FnMut(Vec<T>) + Send),
    ) -> Walked {
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut link = format!("{path}{mark}per_page=100");
        let mut known = BTreeSet::new();
        let mut out = Walked::default();
        loop {
            if !known.insert(link.clone()) {
                return out.until(Refusal::Silent(NoAnswer::Silent("its pages lead in circles".to_owned())));
            }
            if known.len() > MOST_PAGES {
                let most = format!("it has more than {MOST_PAGES} pages");
                return out.until(Refusal::Silent(NoAnswer::Silent(most)));
            }
            let (headers, body) = match self.get(&link).await {
                Ok(got) => got,
                Err(refusal) => return out.until(refusal),
            };
            let page = match form {
                Form::Plain => serde_json::from_slice::<Vec<T>>(&body).map(|items| (None, items)),
                Form::Counted => serde_json::from_slice::<Wrapped<T>>(&body).map(|page| (page.total_count, page.items)),
            };
            let Ok((count, items)) = page else { return out.until(Refusal::Malformed) };
            out.total = count.or(out.total);
            if known.len() == 1 {
                out.at = date(&headers);
            }
            each(items);
            match next_link(&headers).map(|next| self.below(&next)) {
                None => return out,
                Some(Ok(next)) => link = next,
                Some(Err(elsewhere)) => return out.until(Refusal::Silent(elsewhere)),
            }
        }
    }

    /// A link of GitHub's as a path below the base: octocrab authenticates no other.
    fn below(&self, link: &str) -> Result<String, NoAnswer> {
        let url = self.api.url(link)?;
        let path = url.path().strip_prefix(self.api.base().path()).ok_or(NoAnswer::Elsewhere)?;
        Ok(url.query().map_or_else(|| format!("/{path}"), |query| format!("/{path}?{query}")))
    }

    async fn get(&self, path: &str) -> Result<(HeaderMap, Bytes), Refusal> {
        let response = self.crab._get(path).await?;
        let (parts, body) = response.into_parts();
        if parts.status.as_u16() != 200 {
            return Err(Refusal::Status { status: parts.status.as_u16(), lacks: lacks(&parts.headers) });
        }
        let body = body.collect().await.map_err(|_| Refusal::Malformed)?.to_bytes();
        Ok((parts.headers, body))
    }
}

/// What a refusal's headers say is missing (GitHub docs, "Permissions required for fine-grained personal access tokens": every
/// answer names them).
fn lacks(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '=' | ',' | ';' | ' ' | '-');
        (!value.is_empty() && value.len() <= 300 && value.chars().all(plain)).then(|| value.to_owned())
    };
    if headers.get("x-github-sso").is_some_and(|value| value.as_bytes().starts_with(b"required")) {
        return Some("the token is not authorized for the organization's single sign-on".to_owned());
    }
    text("x-accepted-github-permissions")
        .map(|permission| format!("the token lacks the permission {permission}"))
        .or_else(|| text("x-accepted-oauth-scopes").map(|scopes| format!("the token lacks one of the scopes {scopes}")))
}

/// Words of GitHub's, bounded.
pub(crate) fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn octocrab(api: &Arc<Api>, auth: AuthState) -> Octocrab {
    let built = OctocrabBuilder::new_empty().with_service(Transport(Arc::clone(api))).with_auth(auth).build();
    match built {
        Ok(crab) => crab,
        Err(never) => match never {},
    }
}

/// Our transport in octocrab's place for one.
struct Transport(Arc<Api>);

impl Service<Request<OctoBody>> for Transport {
    type Response = Response<Full<Bytes>>;
    type Error = NoAnswer;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoAnswer>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let api = Arc::clone(&self.0);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = api.url(&parts.uri.to_string())?;
            let body = body.collect().await.map_err(|_| NoAnswer::Silent("no request".to_owned()))?.to_bytes();
            let mut headers = parts.headers;
            headers.remove(CONTENT_LENGTH);
            headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/vnd.github+json"));
            let answer = api.call(parts.method, url, headers, body).await?;
            let mut response = Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_what_is_missing_and_nothing_strange() {
        let of = |pairs: &[(&'static str, &str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            lacks(&headers)
        };
        assert_eq!(
            of(&[("x-accepted-github-permissions", "secrets=read")]).as_deref(),
            Some("the token lacks the permission secrets=read")
        );
        assert_eq!(
            of(&[("x-accepted-oauth-scopes", "admin:org, repo")]).as_deref(),
            Some("the token lacks one of the scopes admin:org, repo")
        );
        assert!(
            of(&[("x-github-sso", "required; url=https://x")]).is_some_and(|lacks| lacks.contains("single sign-on"))
        );
        for strange in ["", "<script>", "a\u{e9}", &"x".repeat(301)] {
            assert_eq!(of(&[("x-accepted-github-permissions", strange)]), None, "{strange}");
        }
    }
}
