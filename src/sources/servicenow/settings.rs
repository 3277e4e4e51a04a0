//! Settings of `kind: servicenow`: a saved response or an instance, never both; which tables, which rows, who asks. Nothing is read here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::ticket::Field;
use crate::sources::tracker::{self, CacheSetting, Context, Login, Wrong};

use super::client::{Auth, Oauth};
use super::query;

/// Settings of a `servicenow` source.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A saved response of the Table API, in place of `url`.
    #[serde(default)]
    pub export: Option<String>,
    /// The instance: `https://acme.service-now.com`.
    #[serde(default)]
    pub url: Option<String>,
    /// The tables that hold tickets. Default: `[sc_req_item, sc_task]`.
    #[serde(default)]
    pub tables: Option<Vec<String>>,
    /// An encoded query that all rows must meet, or one for each table: `{incident: category=access}`. Default: every row.
    #[serde(default)]
    pub query: Option<QuerySetting>,
    /// The variable that holds the user's name.
    #[serde(default)]
    pub user_env: Option<String>,
    /// The variable that holds the user's password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The variable that holds a bearer token, in place of user and password.
    #[serde(default)]
    pub token_env: Option<String>,
    /// An OAuth client of the instance: with user and password the password grant, without them the client-credentials grant.
    #[serde(default)]
    pub oauth: Option<OauthSetting>,
    /// Which of the table's fields mean what: `level: u_access_level`, `credential: variables.key_id`.
    #[serde(default)]
    pub fields: BTreeMap<Field, String>,
    /// A PEM file with further roots.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that the whole source may take in `check`, waits for rate limits aside. Default: 60.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// Where tickets are kept between runs: a folder, or `false` to keep none. Default: the user's cache folder.
    #[serde(default)]
    pub cache: Option<CacheSetting>,
}

/// Which rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum QuerySetting {
    /// The same for all tables.
    All(String),
    /// By table.
    Each(BTreeMap<String, String>),
}

/// An OAuth client, by its variables.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OauthSetting {
    /// The variable that holds the client's id.
    pub client_id_env: String,
    /// The variable that holds the client's secret.
    pub client_secret_env: String,
}

/// The tables that are read where the configuration names none.
const TABLES: [&str; 2] = ["sc_req_item", "sc_task"];

/// An instance, and how to ask it.
pub(super) struct Place {
    /// Without a slash at the end.
    pub(super) url: String,
    /// Each table with the configured query, without its order.
    pub(super) tables: Vec<(String, String)>,
    pub(super) timeout: u64,
    pub(super) ca: Option<Vec<u8>>,
    pub(super) folder: Option<PathBuf>,
    /// Who asks, in words.
    pub(super) asked_as: String,
    pub(super) auth: Auth,
}

impl Settings {
    /// Whether tickets come from a saved response, and from which.
    ///
    /// # Errors
    /// Where it is both or neither, or live settings stand beside a saved response.
    pub(super) fn export(&self) -> Result<Option<&str>, Wrong> {
        const ONE: &str = "keep one: `url` reads the instance, `export` a saved response";
        match (&self.export, &self.url) {
            (Some(_), Some(_)) => Err(Wrong::new("export", "`export` and `url` stand side by side", ONE)),
            (None, None) => Err(Wrong::new("", "neither `url` nor `export` is given", ONE)),
            (Some(path), None) => match self.live_only() {
                Some(setting) => Err(Wrong::new(setting, "this setting needs `url`: an export is read as it is", ONE)),
                None => Ok(Some(path)),
            },
            (None, Some(_)) => Ok(None),
        }
    }

    fn live_only(&self) -> Option<&'static str> {
        [
            ("tables", self.tables.is_some()),
            ("query", self.query.is_some()),
            ("user_env", self.user_env.is_some()),
            ("password_env", self.password_env.is_some()),
            ("token_env", self.token_env.is_some()),
            ("oauth", self.oauth.is_some()),
            ("ca_cert", self.ca_cert.is_some()),
            ("timeout", self.timeout.is_some()),
            ("cache", self.cache.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }

    /// The instance. A wrong setting is an outer error, what the environment lacks an inner one: it is a gap.
    ///
    /// # Errors
    /// Where a setting cannot be.
    pub(super) fn place(&self, context: &Context<'_>) -> Result<Result<Place, String>, Wrong> {
        let url = tracker::address(
            self.url.as_deref().unwrap_or_default(),
            "write the instance: https://acme.service-now.com",
        )?;
        if url::Url::parse(&url).is_ok_and(|url| url.query().is_some() || url.fragment().is_some()) {
            return Err(Wrong::new(
                "url",
                "an instance's address has no query and no fragment",
                "write the instance: https://acme.service-now.com",
            ));
        }
        let tables = self.tables()?;
        let login = self.login()?;
        let found = login.found(context);
        let ca = tracker::roots(self.ca_cert.as_deref(), context);
        Ok(found.and_then(|(auth, asked_as)| {
            Ok(Place {
                url,
                tables,
                timeout: self.timeout.unwrap_or(60),
                ca: ca?,
                folder: tracker::folder(self.cache.as_ref(), context),
                asked_as,
                auth,
            })
        }))
    }

    fn tables(&self) -> Result<Vec<(String, String)>, Wrong> {
        const NEXT: &str = "name tables as ServiceNow does: sc_req_item, incident, u_access_request";
        let names: Vec<String> = match &self.tables {
            None => TABLES.map(str::to_owned).to_vec(),
            Some(names) if names.is_empty() => return Err(Wrong::new("tables", "no table is named", NEXT)),
            Some(names) => names.clone(),
        };
        for name in &names {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if name.is_empty() || name.len() > 80 || !name.chars().all(fits) {
                return Err(Wrong::new("tables", "a table's name has lower-case letters, digits and _ only", NEXT));
            }
        }
        let mut out: Vec<(String, String)> = Vec::new();
        for name in names {
            if out.iter().any(|(other, _)| *other == name) {
                return Err(Wrong::new("tables", format!("`{name}` is named twice"), "name it once"));
            }
            let query = match &self.query {
                None => String::new(),
                Some(QuerySetting::All(query)) => query::plain(query),
                Some(QuerySetting::Each(each)) => each.get(&name).map(|query| query::plain(query)).unwrap_or_default(),
            };
            out.push((name, query));
        }
        if let Some(QuerySetting::Each(each)) = &self.query
            && let Some(other) = each.keys().find(|key| !out.iter().any(|(name, _)| name == *key))
        {
            return Err(Wrong::new(
                "query",
                format!("`{other}` is none of the tables that are read"),
                "add it to `tables`",
            ));
        }
        Ok(out)
    }

    fn login(&self) -> Result<Variables<'_>, Wrong> {
        const NEXT: &str = "name variables with `user_env` and `password_env`, `token_env`, or `oauth`";
        let user = match (&self.user_env, &self.password_env) {
            (Some(user), Some(password)) => Some((user.as_str(), password.as_str())),
            (None, None) => None,
            (Some(_), None) => return Err(Wrong::new("user_env", "a user needs `password_env`", NEXT)),
            (None, Some(_)) => return Err(Wrong::new("password_env", "a password needs `user_env`", NEXT)),
        };
        match (&self.token_env, &self.oauth, user) {
            (Some(token), None, None) => Ok(Variables::Token(token)),
            (Some(_), _, _) => Err(Wrong::new("token_env", "a token stands beside another login", NEXT)),
            (None, Some(client), user) => Ok(Variables::Oauth(client, user)),
            (None, None, Some((user, password))) => Ok(Variables::Basic(user, password)),
            (None, None, None) => Err(Wrong::new("url", "nothing says who asks", NEXT)),
        }
    }
}

/// The variables of a login.
enum Variables<'s> {
    Token(&'s str),
    Basic(&'s str, &'s str),
    Oauth(&'s OauthSetting, Option<(&'s str, &'s str)>),
}

impl Variables<'_> {
    /// The login, and who that is in words; a variable that is not set is a gap.
    fn found(&self, context: &Context<'_>) -> Result<(Auth, String), String> {
        let get = |name: &str| tracker::variable(context, name);
        Ok(match self {
            Self::Token(name) => (Auth::Fixed(Login::Bearer(get(name)?)), format!("the token in {name}")),
            Self::Basic(user, password) => {
                let user = get(user)?.expose().to_owned();
                (Auth::Fixed(Login::Basic(user.clone(), get(password)?)), user)
            }
            Self::Oauth(client, user) => {
                let user = match user {
                    Some((user, password)) => Some((get(user)?.expose().to_owned(), get(password)?)),
                    None => None,
                };
                let asked_as = match &user {
                    Some((user, _)) => user.clone(),
                    None => format!("the OAuth client in {}", client.client_id_env),
                };
                let (id, secret) = (get(&client.client_id_env)?, get(&client.client_secret_env)?);
                (Auth::Oauth(Oauth::new(id, secret, user)), asked_as)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::{Environment, Files};

    fn read(yaml: &str, variables: &[&str]) -> Result<Result<Place, String>, Wrong> {
        let settings: Settings = serde_yaml::from_str(yaml).unwrap();
        if settings.export()?.is_some() {
            return Ok(Err("export".to_owned()));
        }
        let env: Arc<Environment> =
            Arc::new(variables.iter().map(|name| ((*name).to_owned(), format!("value of {name}"))).collect());
        let files = Files::Tree(".".into());
        settings.place(&Context { env: &env, files: &files, max_wait: Duration::ZERO })
    }

    fn wrong(yaml: &str) -> (&'static str, String) {
        read(yaml, &["U", "P"]).err().map(|wrong| (wrong.setting, wrong.what)).unwrap_or_default()
    }

    #[test]
    fn an_instance_and_its_login() {
        let place =
            read("{url: 'https://a.example.com/', user_env: U, password_env: P}", &["U", "P"]).unwrap().unwrap();
        assert_eq!((place.url.as_str(), place.asked_as.as_str()), ("https://a.example.com", "value of U"));
        assert_eq!(place.tables, [("sc_req_item".to_owned(), String::new()), ("sc_task".to_owned(), String::new())]);
        let each = "{url: 'https://a.example.com', token_env: U, tables: [incident, sc_task], query: {incident: '^category=x^ORDERBYnumber'}}";
        let place = read(each, &["U"]).unwrap().unwrap();
        assert_eq!(place.tables[0], ("incident".to_owned(), "category=x".to_owned()));
        assert_eq!((place.tables[1].1.as_str(), place.asked_as.as_str()), ("", "the token in U"));
        let oauth = "{url: 'https://a.example.com', oauth: {client_id_env: I, client_secret_env: S}}";
        assert_eq!(read(oauth, &["I", "S"]).unwrap().unwrap().asked_as, "the OAuth client in I");
        assert_eq!(read(oauth, &["I"]).unwrap().err().as_deref(), Some("the variable S is not set"));
        assert!(matches!(read("{export: a.json}", &[]), Ok(Err(_))));
    }

    #[test]
    fn what_cannot_be() {
        let url = "url: 'https://a.example.com'";
        for (yaml, setting) in [
            ("{}".to_owned(), ""),
            (format!("{{{url}, export: a.json}}"), "export"),
            ("{export: a.json, tables: [incident]}".to_owned(), "tables"),
            (format!("{{{url}}}"), "url"),
            (format!("{{{url}, user_env: U}}"), "user_env"),
            (format!("{{{url}, password_env: P}}"), "password_env"),
            (format!("{{{url}, token_env: U, user_env: U, password_env: P}}"), "token_env"),
            (format!("{{{url}, token_env: U, tables: []}}"), "tables"),
            (format!("{{{url}, token_env: U, tables: [Incident]}}"), "tables"),
            (format!("{{{url}, token_env: U, tables: ['a/../b']}}"), "tables"),
            (format!("{{{url}, token_env: U, tables: [a, a]}}"), "tables"),
            (format!("{{{url}, token_env: U, query: {{incident: x}}}}"), "query"),
            ("{url: 'https://u:p@a.example.com', token_env: U}".to_owned(), "url"),
            ("{url: 'https://a.example.com/?x=1', token_env: U}".to_owned(), "url"),
            ("{url: a.example.com, token_env: U}".to_owned(), "url"),
        ] {
            let (named, what) = wrong(&yaml);
            assert!(named == setting && !what.is_empty(), "{yaml}: {named}: {what}");
        }
    }
}
