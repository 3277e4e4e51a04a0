//! Where the issuers of tokens answer: as `endpoints:` says, else the sources of the configuration, else the CI's variables, else the
//! public service; and which of them is a token's own. A token is sent to one server at the most.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::config::error::nearest;
use crate::config::{ConfigError, Environment, Files, RawSource};
use crate::model::Id;
use crate::model::inventory::{Credential, Inventory};
use crate::probe::guard::Place;
use crate::probe::{PROBES, Probe};

use super::Settings;

/// Who says that a provider answers there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The configuration, as the place where values are asked of (`endpoints:`).
    Configured,
    /// A source of that kind: it says where the auditor asks, not whose every value is.
    Source,
    /// The CI's own variables.
    Ci,
    /// Nobody: it is the public service.
    Public,
}

/// A server that issues tokens.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The source's name, where one speaks of it.
    pub source: Option<String>,
    /// The authority that ids carry.
    pub authority: Option<String>,
    /// The server, or why there is none.
    pub place: Result<Place, String>,
    /// Who says so.
    pub word: Word,
    /// Whether it is the server that the CI runs on.
    pub home: bool,
}

/// The issuers by provider, one at least each.
pub type Known = BTreeMap<&'static str, Vec<Issuer>>;

/// Reads where all providers answer.
///
/// # Errors
/// Where `endpoints:` names a provider that has none, or what is no URL.
pub fn read(
    settings: &Settings,
    raw: &RawSource,
    sources: &[RawSource],
    env: &Environment,
    files: &Files,
) -> Result<Known, ConfigError> {
    let names = || PROBES.iter().map(|(_, probe)| probe.provider());
    for (name, address) in &settings.endpoints {
        if !names().any(|known| known == name) {
            let next = match nearest(name, names()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("possible: {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(raw.error("endpoints", format!("no endpoint is known by the name `{name}`"), next));
        }
        let url = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none_or(|url| !url.username().is_empty() || url.password().is_some()) {
            let message = format!("the endpoint of {name} is no http or https URL without a user");
            return Err(raw.error("endpoints", message, "write `https://gitlab.example.com`"));
        }
    }
    let of = |probe: &dyn Probe| {
        let entries: Vec<&RawSource> = sources.iter().filter(|raw| raw.kind == probe.provider()).collect();
        of_provider(probe, settings.endpoints.get(probe.provider()).map(String::as_str), &entries, env, files)
    };
    Ok(PROBES.iter().map(|(_, probe)| (probe.provider(), of(*probe))).collect())
}

fn of_provider(
    probe: &dyn Probe,
    endpoint: Option<&str>,
    entries: &[&RawSource],
    env: &Environment,
    files: &Files,
) -> Vec<Issuer> {
    let service = probe.service();
    let ci = service.variables.iter().find_map(|name| env.get(name));
    let home = ci.and_then(|address| server(&probe.base(address)));
    let issuer = |entry: Option<&RawSource>, address: &str, word: Word| {
        let base = probe.base(address);
        let own = server(&base);
        let roots = entry.and_then(|entry| entry.text("ca_cert")).or_else(|| {
            let named = service.roots.and_then(|name| env.get(name));
            named.filter(|_| own.is_some() && own == home).map(str::to_owned)
        });
        let ca = roots.map(|path| pem(files, &path)).transpose();
        // The public service never stands inside, whoever names it; only `endpoints:` overrules that.
        let private = endpoint.is_some() || service.public.is_none_or(|public| base != probe.base(public));
        Issuer {
            source: entry.map(|entry| entry.name.clone()),
            authority: entry.and_then(|entry| entry.authority.clone()),
            place: ca.map(|ca| Place { base, private, ca }),
            word,
            home: own.is_some() && own == home,
        }
    };
    if let Some(address) = endpoint {
        let own = server(&probe.base(address));
        let same = |entry: &&&RawSource| entry.text("url").and_then(|url| server(&probe.base(&url))) == own;
        return vec![issuer(entries.iter().find(same).copied(), address, Word::Configured)];
    }
    let ci = ci.map(|address| (address, Word::Ci));
    let Some((address, word)) = ci.or(service.public.map(|public| (public, Word::Public))) else { return Vec::new() };
    if entries.is_empty() {
        return vec![issuer(None, address, word)];
    }
    // A source without an address takes the CI's server, or the public one.
    let of = |entry: &&RawSource| {
        let url = entry.text("url").filter(|url| !url.is_empty());
        issuer(Some(entry), url.as_deref().unwrap_or(address), Word::Source)
    };
    entries.iter().map(of).collect()
}

/// A PEM file that the configuration names.
///
/// # Errors
/// Where it cannot be read, in words.
pub(super) fn pem(files: &Files, path: &str) -> Result<Vec<u8>, String> {
    let mut pem = Vec::new();
    let read = files.open(path).and_then(|file| file.take(4 << 20).read_to_end(&mut pem));
    read.map_err(|error| format!("the CA file {path} cannot be read: {}", error.kind()))?;
    Ok(pem)
}

/// The server that an API's address belongs to, as people and tenants name it: `github.com` of `https://api.github.com`.
pub(super) fn server(base: &str) -> Option<String> {
    let url = url::Url::parse(base).ok()?;
    let host = url.host_str()?;
    let bare = host.strip_prefix("api.").filter(|bare| *bare == "github.com" || bare.ends_with(".ghe.com"));
    let host = bare.unwrap_or(host);
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The server that a recorded tenant names; none where it names an account on one (`github:acme`).
fn of_tenant<'t>(provider: &str, tenant: &'t str) -> Option<&'t str> {
    let (_, rest) = tenant.split_once(':').filter(|(before, _)| *before == provider)?;
    let rest = ["https://", "http://"].iter().find_map(|scheme| rest.strip_prefix(scheme)).unwrap_or(rest);
    let host = rest.split('/').next()?;
    // GitLab's tenants are hosts; of the others, what has no dot is an organization or a team.
    (provider == "gitlab" || host.contains('.') || host.contains(':') || host == "localhost").then_some(host)
}

/// Whether both name one server, with or without a port.
fn same_server(recorded: &str, own: &str) -> bool {
    let bare = |text: &str| text.rsplit_once(':').map_or(text.to_owned(), |(host, _)| host.to_owned());
    recorded.eq_ignore_ascii_case(own) || !recorded.contains(':') && recorded.eq_ignore_ascii_case(&bare(own))
}

/// A server, and whether its "no" counts: only the one that issued a token can deny it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen<'i> {
    pub(super) issuer: &'i Issuer,
    pub(super) place: &'i Place,
    pub(super) own: bool,
}

/// The server to ask about a value, by what is recorded of it (`recorded`) and by the slots that hold it.
pub(super) fn choose<'i>(
    probe: &dyn Probe,
    issuers: &'i [Issuer],
    recorded: &BTreeSet<Id>,
    slots: &BTreeSet<Id>,
    known: &Inventory,
) -> Result<Chosen<'i>, &'i str> {
    let (issuer, own) = pick(probe, issuers, recorded, slots, known)?;
    let place = issuer.place.as_ref().map_err(String::as_str)?;
    Ok(Chosen { issuer, place, own })
}

fn pick<'i>(
    probe: &dyn Probe,
    issuers: &'i [Issuer],
    recorded: &BTreeSet<Id>,
    slots: &BTreeSet<Id>,
    known: &Inventory,
) -> Result<(&'i Issuer, bool), &'static str> {
    let provider = probe.provider();
    let server_of = |issuer: &Issuer| issuer.place.as_ref().ok().and_then(|place| server(&place.base));
    // What is recorded of the credential comes first: its tenant, then the authority in its id.
    let credentials: Vec<&Credential> = recorded.iter().filter_map(|id| known.credential(id)).collect();
    let hosts: BTreeSet<&str> =
        credentials.iter().filter_map(|credential| of_tenant(provider, credential.tenant.as_deref()?)).collect();
    let authorities: BTreeSet<&str> = recorded.iter().filter_map(Id::authority).collect();
    if hosts.len() > 1 || authorities.len() > 1 {
        return Err("records disagree on which server issued the token");
    }
    if let Some(host) = hosts.first() {
        let fits = |issuer: &&Issuer| server_of(issuer).is_some_and(|own| same_server(host, &own));
        let fitting = issuers.iter().find(fits).ok_or("another server issued the token")?;
        return Ok((fitting, true));
    }
    if let Some(authority) = authorities.first() {
        let fits = |issuer: &&Issuer| issuer.authority.as_deref() == Some(*authority);
        let fitting = issuers.iter().find(fits);
        return Ok((fitting.ok_or("no server is configured under the name that the token's id carries")?, true));
    }
    if !probe.service().many {
        return issuers.first().map(|issuer| (issuer, true)).ok_or("no server is known: name it under `endpoints:`");
    }
    // Then the slots: a store keeps its own server's tokens, as far as nothing else is said.
    let mut own_slots = slots.iter().filter(|slot| slot.provider() == provider).peekable();
    let any = own_slots.peek().is_some();
    let named: BTreeSet<&str> = own_slots.filter_map(Id::authority).collect();
    let home = issuers.iter().find(|issuer| issuer.home);
    match (issuers, named.first(), home) {
        ([only], _, _) => {
            let own = match only.word {
                Word::Configured => true,
                // A store may hold another server's tokens: an id that is recorded is the only server's (CONTRACT, Ids), a value
                // of which nothing is recorded is not.
                Word::Source | Word::Ci => !recorded.is_empty(),
                Word::Public => false,
            };
            Ok((only, own))
        }
        (several, Some(authority), _) if named.len() == 1 => {
            let fits = |issuer: &&Issuer| issuer.authority.as_deref() == Some(*authority);
            Ok((
                several.iter().find(fits).ok_or("no server is configured under the name that the slot's id carries")?,
                !recorded.is_empty(),
            ))
        }
        (_, None, Some(home)) if any => Ok((home, !recorded.is_empty())),
        _ => Err("several servers are configured, and nothing tells which issued the token"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, KnownKind};
    use crate::probe::{github::Github, slack::Slack};

    fn issuer(base: &str, authority: Option<&str>, word: Word, home: bool) -> Issuer {
        let place = Place { base: base.into(), private: true, ca: None };
        Issuer { source: None, authority: authority.map(str::to_owned), place: Ok(place), word, home }
    }

    fn ids(texts: &[&str]) -> BTreeSet<Id> {
        texts.iter().map(|text| Id::new(*text)).collect()
    }

    #[test]
    fn servers_and_tenants() {
        for (base, own) in [
            ("https://api.github.com", "github.com"),
            ("https://api.acme.ghe.com", "acme.ghe.com"),
            ("https://ghe.example.com/api/v3", "ghe.example.com"),
            ("https://api.example.com:8443/x", "api.example.com:8443"),
        ] {
            assert_eq!(server(base).as_deref(), Some(own));
        }
        assert_eq!(of_tenant("github", "github:acme"), None);
        assert_eq!(of_tenant("gitlab", "gitlab:git"), Some("git"));
        assert_eq!(of_tenant("github", "aws:123456789012"), None);
        assert_eq!(of_tenant("github", "github:ghe.example.com/acme"), Some("ghe.example.com"));
        assert!(same_server("ghe.example.com", "ghe.example.com:8443"));
        assert!(!same_server("ghe.example.com:1", "ghe.example.com:2"));
    }

    /// The issuers of a provider, as `base word private home authority`.
    fn configured(provider: &str, sources: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let kinds: Vec<KnownKind<'_>> =
            ["env", "github", "gitlab"].map(|kind| KnownKind { kind, role: crate::config::Role::Inventory }).into();
        let known = config::Known { rules: &[], kinds: &kinds };
        let env: Environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let text = format!("version: 1\nsources:\n{sources}");
        let files = Files::Tree(".".into());
        let config = config::load::parse(Some("c.yaml"), &text, files, &env, known).unwrap();
        let raw = config.sources.iter().find(|raw| raw.kind == "env").unwrap();
        let found = read(&raw.settings().unwrap(), raw, &config.sources, &env, &config.files).unwrap();
        let shown = |issuer: &Issuer| {
            let place = issuer.place.as_ref().unwrap();
            let home = if issuer.home { " home" } else { "" };
            let inside = if place.private { " private" } else { "" };
            let authority = issuer.authority.as_ref().map(|name| format!(" @{name}")).unwrap_or_default();
            format!("{} {:?}{inside}{home}{authority}", place.base, issuer.word)
        };
        found[provider].iter().map(shown).collect()
    }

    #[test]
    fn where_providers_answer() {
        let ci =
            [("GITHUB_API_URL", "https://ghe.example.com/api/v3"), ("CI_SERVER_URL", "https://gitlab.example.com")];
        let com = [("GITHUB_API_URL", "https://api.github.com")];
        let env = "  - {kind: env}\n";
        let two = "  - {kind: env}\n  - {kind: github, name: com, url: 'https://github.com'}\n  - {kind: github, name: ghe}\n";
        let end = "  - {kind: env, endpoints: {github: 'https://ghe.example.com/api/v3'}}\n";
        let three = format!("{end}{}", two.replace(env, ""));
        for (provider, sources, variables, wanted) in [
            ("github", env, &[][..], &["https://api.github.com Public"][..]),
            ("github", env, &com, &["https://api.github.com Ci home"]),
            ("github", env, &ci, &["https://ghe.example.com/api/v3 Ci private home"]),
            ("gitlab", env, &[], &["https://gitlab.com/api/v4 Public"]),
            ("gitlab", env, &ci, &["https://gitlab.example.com/api/v4 Ci private home"]),
            ("slack", env, &ci, &["https://slack.com/api Public"]),
            (
                "github",
                two,
                &ci,
                &["https://api.github.com Source @com", "https://ghe.example.com/api/v3 Source private home @ghe"],
            ),
            (
                "gitlab",
                "  - {kind: env}\n  - {kind: gitlab, url: 'https://git.example.com:8443'}\n",
                &ci,
                &["https://git.example.com:8443/api/v4 Source private"],
            ),
            ("github", end, &com, &["https://ghe.example.com/api/v3 Configured private"]),
            ("github", &three, &ci, &["https://ghe.example.com/api/v3 Configured private home"]),
        ] {
            assert_eq!(configured(provider, sources, variables), wanted, "{provider}: {sources} {variables:?}");
        }
    }

    #[test]
    fn whose_token_it_is() {
        let public = [issuer("https://api.github.com", None, Word::Public, false)];
        let ci = [issuer("https://api.github.com", None, Word::Ci, true)];
        let said = [issuer("https://ghe.example.com/api/v3", None, Word::Configured, false)];
        let source = [issuer("https://ghe.example.com/api/v3", None, Word::Source, true)];
        let two = [
            issuer("https://api.github.com", Some("com"), Word::Source, true),
            issuer("https://ghe.example.com/api/v3", Some("ghe"), Word::Source, false),
        ];
        let away = [
            issuer("https://a.example.com", Some("a"), Word::Configured, false),
            issuer("https://b.example.com", Some("b"), Word::Configured, false),
        ];
        let pat = ["github:pat:acme:1"];
        let slot = ["github:actions-secret:acme/shop:X", "env:X"];
        let other = ["gitlab:variable:acme/shop:X", "env:X"];
        let at = |tenant: &str| Inventory {
            credentials: vec![Credential {
                tenant: Some(tenant.into()),
                ..Credential::bare(Id::new("github:pat:acme:1"))
            }],
            ..Inventory::default()
        };
        let none = Inventory::default();
        let (com, ghe) = ("github.com", "ghe.example.com");
        type Case<'c> = (&'c str, &'c [Issuer], &'c [&'c str], &'c [&'c str], Inventory, Option<(&'c str, bool)>);
        let cases: Vec<Case<'_>> = vec![
            ("nothing is known", &public, &[], &slot, none.clone(), Some((com, false))),
            ("nothing but an id", &public, &pat, &slot, none.clone(), Some((com, false))),
            ("an organization is no host", &public, &pat, &slot, at("github:acme"), Some((com, false))),
            ("recorded as the public one's", &public, &pat, &[], at("github:github.com"), Some((com, true))),
            ("recorded as another's", &ci, &pat, &slot, at("github:ghe.example.com"), None),
            ("the CI's own, for its own slot", &ci, &[], &slot, none.clone(), Some((com, false))),
            ("the CI's own, for an id that is recorded", &ci, &pat, &slot, none.clone(), Some((com, true))),
            ("the only source", &source, &[], &slot, none.clone(), Some((ghe, false))),
            ("the only source, for an id that is recorded", &source, &pat, &slot, none.clone(), Some((ghe, true))),
            ("the CI's own, for another's slot", &ci, &[], &other, none.clone(), Some((com, false))),
            ("an endpoint that is configured", &said, &[], &other, none.clone(), Some((ghe, true))),
            ("of two, the recorded one", &two, &["github@ghe:pat:acme:1"], &slot, none.clone(), Some((ghe, true))),
            ("of two, by tenant", &two, &pat, &slot, at("github:ghe.example.com"), Some((ghe, true))),
            ("of two, an unknown one", &two, &["github@old:pat:acme:1"], &slot, none.clone(), None),
            ("of two, the CI's own", &two, &[], &slot, none.clone(), Some((com, false))),
            ("of two, the slot's", &two, &[], &["github@ghe:actions-secret:a/b:X"], none.clone(), Some((ghe, false))),
            ("of two, for another's slot", &two, &[], &other, none.clone(), None),
            ("of two, and none is the CI's", &away, &[], &slot, none.clone(), None),
            ("records disagree", &two, &["github@ghe:pat:acme:1", "github@com:pat:acme:1"], &slot, none.clone(), None),
        ];
        for (name, issuers, recorded, slots, known, wanted) in cases {
            let chosen = choose(&Github, issuers, &ids(recorded), &ids(slots), &known);
            let got = chosen.as_ref().ok().map(|chosen| (server(&chosen.place.base).unwrap(), chosen.own));
            assert_eq!(got, wanted.map(|(host, own)| (host.to_owned(), own)), "{name}: {chosen:?}");
        }
        // Only Slack makes Slack's tokens.
        let slack = [issuer("https://slack.com/api", None, Word::Public, false)];
        assert!(choose(&Slack, &slack, &BTreeSet::new(), &ids(&other), &none).is_ok_and(|chosen| chosen.own));
    }
}
