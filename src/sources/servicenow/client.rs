//! ServiceNow's Table API behind the guards of `net::api`: one page of a table, who asks, and what a refusal means. Statuses and headers:
//! the "Table API" and "OAuth 2.0" pages of ServiceNow's documentation. Which rows are wanted is not known here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::net::api::{self, Answer, Api, Limits, Meter};
use crate::secret::{MacKey, Secret};
use crate::sources::tracker::Login;

use super::settings::Place;

/// Before an OAuth token ends, a new one is asked for.
const EARLY: Duration = Duration::from_secs(30);

/// How long a token is taken to last where the instance does not say: its default for access tokens is half an hour.
const USUAL: u64 = 1800;

/// Who asks.
pub(super) enum Auth {
    /// The same headers for each call.
    Fixed(Login),
    /// A token that is asked for, and ends.
    Oauth(Oauth),
}

/// An OAuth client of the instance.
pub(super) struct Oauth {
    id: Secret,
    secret: Secret,
    user: Option<(String, Secret)>,
    token: tokio::sync::Mutex<Option<Token>>,
}

struct Token {
    headers: HeaderMap,
    until: Instant,
}

impl Oauth {
    pub(super) fn new(id: Secret, secret: Secret, user: Option<(String, Secret)>) -> Self {
        Self { id, secret, user, token: tokio::sync::Mutex::new(None) }
    }

    fn form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", if self.user.is_some() { "password" } else { "client_credentials" })
            .append_pair("client_id", self.id.expose())
            .append_pair("client_secret", self.secret.expose());
        if let Some((user, password)) = &self.user {
            form.append_pair("username", user).append_pair("password", password.expose());
        }
        form.finish()
    }
}

impl Auth {
    /// The key under which what this login was shown is kept.
    pub(super) fn key(&self) -> MacKey {
        match self {
            Self::Fixed(login) => login.key("tickets"),
            Self::Oauth(client) => client.secret.derive("tickets"),
        }
    }
}

/// Why a table was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This table is not for this user, or not there.
    Denied(String),
    /// Anything else: the network, the login, an answer that is none.
    Failed(String),
}

impl Refusal {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Denied(reason) | Self::Failed(reason) => reason,
        }
    }
}

/// Some rows of a table.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Map<String, Value>>,
    /// `X-Total-Count`: how many rows meet the query, those that access rules hide included.
    pub(super) total: Option<u64>,
    /// The `Link` header has a next page.
    pub(super) more: bool,
    /// The instance's clock.
    pub(super) at: Option<Timestamp>,
}

/// An instance.
pub(super) struct Client<'p> {
    api: Api,
    auth: &'p Auth,
}

impl<'p> Client<'p> {
    /// The instance at its address.
    ///
    /// # Errors
    /// Where the roots cannot be read.
    pub(super) fn new(place: &'p Place, max_wait: Duration) -> Result<Self, String> {
        let limits = Limits { max_wait, ..Limits::default() };
        Ok(Self { api: Api::new(&place.url, place.ca.as_deref(), limits, None)?, auth: &place.auth })
    }

    pub(super) fn meter(&self) -> Arc<Meter> {
        self.api.meter()
    }

    /// The first `limit` rows that meet an encoded query.
    ///
    /// # Errors
    /// Where the answer is no list of rows.
    pub(super) async fn rows(&self, table: &str, query: &str, fields: &str, limit: usize) -> Result<Page, Refusal> {
        let mut url = self.api.url(&format!("api/now/table/{table}")).map_err(|error| failed(&error.to_string()))?;
        url.query_pairs_mut()
            .append_pair("sysparm_query", query)
            .append_pair("sysparm_display_value", "all")
            .append_pair("sysparm_exclude_reference_link", "true")
            .append_pair("sysparm_fields", fields)
            .append_pair("sysparm_limit", &limit.to_string());
        let mut answer = self.get(url.clone(), false).await?;
        if answer.status.as_u16() == 401 && matches!(self.auth, Auth::Oauth(_)) {
            // The instance may end a token before its time.
            answer = self.get(url, true).await?;
        }
        page(&answer)
    }

    async fn get(&self, url: url::Url, anew: bool) -> Result<Answer, Refusal> {
        let mut headers = match self.auth {
            Auth::Fixed(login) => login.headers().map_err(Refusal::Failed)?,
            Auth::Oauth(client) => self.token(client, anew).await?,
        };
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.api.call(Method::GET, url, headers, Bytes::new()).await.map_err(|error| failed(&error.to_string()))
    }

    /// The headers of a token that has not ended. Calls that meet its end at once ask for one new token.
    async fn token(&self, client: &Oauth, anew: bool) -> Result<HeaderMap, Refusal> {
        let mut token = client.token.lock().await;
        let fresh = token.as_ref().filter(|token| !anew && token.until > Instant::now() + EARLY);
        if let Some(token) = fresh {
            return Ok(token.headers.clone());
        }
        let asked = Instant::now();
        let url = self.api.url("oauth_token.do").map_err(|error| failed(&error.to_string()))?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, kind), (ACCEPT, HeaderValue::from_static("application/json"))]);
        let answer = self
            .api
            .call(Method::POST, url, headers, client.form().into())
            .await
            .map_err(|error| failed(&format!("no token: {error}")))?;
        if answer.status.as_u16() != 200 {
            let status = answer.status.as_u16();
            let next = match status {
                400 | 401 => ": the instance does not accept the OAuth client or the user; check their variables",
                _ => "",
            };
            return Err(failed(&format!("no token: HTTP {status} at oauth_token.do{next}")));
        }
        if is_html(&answer) {
            return Err(web_page(&answer));
        }
        let given: Given =
            serde_json::from_slice(&answer.body).map_err(|_| failed("no token: oauth_token.do gave none"))?;
        let bearer = Login::Bearer(Secret::new(given.access_token));
        let headers =
            bearer.headers().map_err(|_| failed("no token: oauth_token.do gave one that no header can hold"))?;
        let lasts = Duration::from_secs(given.expires_in.unwrap_or(USUAL).min(24 * 3600));
        *token = Some(Token { headers: headers.clone(), until: asked + lasts });
        Ok(headers)
    }
}

/// An answer of `oauth_token.do`.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

fn failed(reason: &str) -> Refusal {
    Refusal::Failed(reason.to_owned())
}

fn is_html(answer: &Answer) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.contains("text/html") || answer.body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<')
}

/// A developer's instance that nobody uses is put to sleep, and answers every call with a page that says so.
fn web_page(answer: &Answer) -> Refusal {
    let start = &answer.body[..answer.body.len().min(64 * 1024)];
    let lower = String::from_utf8_lossy(start).to_lowercase();
    failed(if lower.contains("hibernat") {
        "the instance is hibernating: wake it at developer.servicenow.com"
    } else {
        "a web page in place of data: a sign-on page, a firewall or a hibernating instance; see whether `url` is the instance"
    })
}

/// The rows in an answer.
fn page(answer: &Answer) -> Result<Page, Refusal> {
    let status = answer.status.as_u16();
    let body = || serde_json::from_slice::<Value>(&answer.body);
    let said =
        |words: &str| body().is_ok_and(|body| body["error"]["message"].as_str().is_some_and(|m| m.contains(words)));
    match status {
        200 => {}
        401 => return Err(failed("HTTP 401: the instance does not accept the login; check its variables")),
        403 => return Err(Refusal::Denied("HTTP 403".to_owned())),
        400 if said("Invalid table") => return Err(Refusal::Denied("HTTP 400: there is no such table".to_owned())),
        // How older instances say that no row meets a query.
        404 if said("No Record found") => {
            return Ok(Page { total: Some(0), at: clock(&answer.headers), ..Page::default() });
        }
        404 => return Err(Refusal::Denied("HTTP 404".to_owned())),
        _ if is_html(answer) => return Err(web_page(answer)),
        _ => return Err(failed(&format!("HTTP {status}"))),
    }
    if is_html(answer) {
        return Err(web_page(answer));
    }
    let Ok(Value::Object(mut body)) = body() else {
        return Err(failed("the answer is not JSON of the Table API"));
    };
    // ServiceNow ends a request that takes too long with this after the rows that it has sent, and status 200.
    if body.contains_key("error") {
        return Err(failed(
            "the instance broke its answer off with an error; where requests take too long, narrow `query` or raise the instance's limit for REST transactions",
        ));
    }
    let Some(Value::Array(rows)) = body.remove("result") else {
        return Err(failed("the answer holds no list `result`"));
    };
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let Value::Object(row) = row else { return Err(failed("the answer's list holds what is no row")) };
        out.push(row);
    }
    let total = answer.headers.get("x-total-count").and_then(|total| total.to_str().ok()?.trim().parse().ok());
    Ok(Page { rows: out, total, more: api::next_link(&answer.headers).is_some(), at: clock(&answer.headers) })
}

fn clock(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect(),
            body: Bytes::from(body.to_owned()),
        }
    }

    #[test]
    fn rows_and_their_announcement() {
        let headers = [
            ("x-total-count", "7"),
            ("link", "<https://a/x?sysparm_offset=0>;rel=\"first\",<https://a/x?sysparm_offset=2>;rel=\"next\""),
            ("date", "Tue, 24 Nov 2026 15:00:00 GMT"),
        ];
        let page = page(&answer(200, &headers, "{\"result\":[{\"sys_id\":\"1\"},{}]}")).unwrap();
        assert_eq!((page.rows.len(), page.total, page.more), (2, Some(7), true));
        assert_eq!(page.at.unwrap().to_string(), "2026-11-24T15:00:00Z");
    }

    #[test]
    fn what_is_no_list() {
        let of = |status, headers: &[(&'static str, &str)], body| page(&answer(status, headers, body)).unwrap_err();
        let html = [("content-type", "text/html;charset=UTF-8")];
        assert!(of(200, &html, "<html>Your instance is Hibernating").reason().contains("hibernating: wake"));
        assert!(of(200, &[], " <!doctype html>").reason().starts_with("a web page"));
        assert!(of(503, &html, "<html>").reason().starts_with("a web page"));
        let cut = "{\"result\":[{\"number\":\"1\"}],\"error\":{\"message\":\"Transaction cancelled: maximum execution time exceeded\"},\"status\":\"failure\"}";
        assert!(of(200, &[], cut).reason().contains("broke its answer off"));
        for body in ["{}", "[]", "null", "{\"result\":{}}", "{\"result\":[1]}", "{\"result\":[{\"a\""] {
            assert!(matches!(of(200, &[], body), Refusal::Failed(_)), "{body}");
        }
        assert!(matches!(of(403, &[], "{}"), Refusal::Denied(_)));
        assert!(matches!(of(401, &[], "{}"), Refusal::Failed(_)));
        assert!(matches!(of(400, &[], "{\"error\":{\"message\":\"Invalid table foo\"}}"), Refusal::Denied(_)));
        let none = page(&answer(404, &[], "{\"error\":{\"message\":\"No Record found\"}}")).unwrap();
        assert_eq!((none.rows.len(), none.total), (0, Some(0)));
    }
}
