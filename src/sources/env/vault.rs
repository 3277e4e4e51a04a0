//! Vault tokens at hand: which server is asked, and whether its "no" counts. A token is sent to its own server alone.

use crate::model::Id;
use crate::model::inventory::{Credential, Inventory, Liveness, LivenessState};
use crate::probe::observed;
use crate::probe::vault::{self, Place};
use crate::sources::{Batch, observe};

use super::{EnvSource, Value, hold};

/// Where Vault answers, as one source of the configuration says, or the environment.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The source's name; none where only the environment speaks of Vault.
    pub source: Option<String>,
    /// Server and namespace, or why there is none.
    pub place: Result<Place, String>,
    /// The authority that ids carry.
    pub authority: Option<String>,
}

impl EnvSource {
    pub(super) async fn probe_vault(&self, value: &Value, known: &Inventory, into: &mut Batch) {
        // The server may not say whose token this is: then it is the one that its slots are recorded to hold.
        let recorded: Vec<Id> = value.recorded(known).into_iter().collect();
        let (issuer, place) = match choose(&self.issuers.vault, &recorded, known) {
            Ok(chosen) => chosen,
            Err(reason) => {
                let seen = observed(LivenessState::Unknown, vault::METHOD, Some(reason));
                tell(into, value, &recorded, &seen);
                return;
            }
        };
        if let Err(reason) = self.guard.turn().await {
            let seen = observed(LivenessState::NotChecked, vault::METHOD, Some(reason));
            tell(into, value, &recorded, &seen);
            return;
        }
        into.account.requests += 1;
        let (mut seen, answer) = vault::probe(place, &value.secret).await;
        let Some(answer) = answer else {
            // Of several recorded tokens the value is one, and nothing tells which.
            if seen.state == LivenessState::Dead && recorded.len() != 1 {
                let reason = "this server is not known to have issued the token";
                seen = observed(LivenessState::Unknown, vault::METHOD, Some(reason));
            }
            tell(into, value, &recorded, &seen);
            return;
        };
        if answer.accessor.is_empty() {
            // A batch token has no accessor, so that nothing can name it.
            into.account.notes.push(format!("{}: a batch token, live; it has no id", value.variable));
            return;
        }
        let id = Id::vault_token(issuer.authority.as_deref(), &answer.accessor);
        let mut credential = Credential {
            name: Some(answer.display_name).filter(|name| !name.is_empty()),
            tenant: place.host().map(|host| format!("vault:{host}")),
            expires_at: answer.expire_time.and_then(|at| at.parse().ok()),
            created_at: i64::try_from(answer.creation_time).ok().and_then(|at| jiff::Timestamp::from_second(at).ok()),
            ..Credential::bare(id.clone())
        };
        credential.observe(seen);
        into.inventory.credentials.push(credential);
        hold(into, &value.slots, &id);
    }
}

/// An observation of a token that only records can name; where none does, it stays a note.
fn tell(into: &mut Batch, value: &Value, recorded: &[Id], seen: &Liveness) {
    for id in recorded {
        observe(into, id, seen.clone());
    }
    if recorded.is_empty() {
        let reason = seen.reason.as_deref().unwrap_or_default();
        into.account.notes.push(format!("{}: a Vault token of which nothing is known: {reason}", value.variable));
    }
}

/// The server to ask: that of the recorded token; where nothing is recorded, the only one.
fn choose<'i>(issuers: &'i [Issuer], recorded: &[Id], known: &Inventory) -> Result<(&'i Issuer, &'i Place), &'i str> {
    let of = |issuer: &&Issuer| recorded.iter().all(|id| id.authority() == issuer.authority.as_deref());
    let mut fitting = issuers.iter().filter(of);
    let issuer = match (fitting.next(), fitting.next()) {
        (Some(issuer), None) => issuer,
        (Some(_), Some(_)) => return Err("several servers are configured, and nothing tells which issued the token"),
        (None, _) if issuers.is_empty() => return Err("no server is configured"),
        (None, _) => return Err("no server is configured under the name that the token's id carries"),
    };
    let place = issuer.place.as_ref().map_err(String::as_str)?;
    let tenants = recorded.iter().filter_map(|id| known.credential(id)?.tenant.as_deref());
    for tenant in tenants {
        if !same_server(Some(tenant), place, issuer.source.as_deref()) {
            return Err("another server issued the token");
        }
    }
    Ok((issuer, place))
}

/// Whether a recorded tenant is that server: `vault:` and its host, with or without the port, or the name of its source. A tenant
/// that nothing records contradicts nothing: an id without an authority belongs to the only server (CONTRACT, Ids).
#[must_use]
pub fn same_server(tenant: Option<&str>, place: &Place, source: Option<&str>) -> bool {
    let Some(tenant) = tenant else { return true };
    let tenant = ["vault:", "openbao:"].iter().find_map(|prefix| tenant.strip_prefix(prefix)).unwrap_or(tenant);
    let tenant = ["https://", "http://"].iter().find_map(|scheme| tenant.strip_prefix(scheme)).unwrap_or(tenant);
    let tenant = tenant.trim_end_matches('/');
    if source.is_some_and(|source| source.eq_ignore_ascii_case(tenant)) {
        return true;
    }
    let Some(host) = place.host() else { return false };
    let Ok(url) = url::Url::parse(&place.address) else { return false };
    let name = url.host_str().unwrap_or_default();
    let full = format!("{name}:{}", url.port_or_known_default().unwrap_or_default());
    [host.as_str(), name, full.as_str()].iter().any(|own| own.eq_ignore_ascii_case(tenant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Place {
        Place { address: address.into(), namespace: None, ca: None }
    }

    fn issuer(source: &str, address: &str, authority: Option<&str>) -> Issuer {
        Issuer { source: Some(source.into()), place: Ok(place(address)), authority: authority.map(str::to_owned) }
    }

    #[test]
    fn tenants_and_servers() {
        let server = place("https://vault.example.com:8200");
        for (tenant, same) in [
            (None, true),
            (Some("vault:vault.example.com:8200"), true),
            (Some("vault:Vault.example.com"), true),
            (Some("https://vault.example.com:8200/"), true),
            (Some("vault:production"), true),
            (Some("vault:vault.example.com:8300"), false),
            (Some("vault:other.example.com"), false),
            (Some("staging"), false),
            (Some(""), false),
        ] {
            assert_eq!(same_server(tenant, &server, Some("production")), same, "{tenant:?}");
        }
        assert!(same_server(Some("vault:v.example.com:443"), &place("https://v.example.com"), None));
        assert!(same_server(Some("vault:v.example.com"), &place("https://v.example.com"), None));
    }

    #[test]
    fn a_token_goes_to_its_own_server_alone() {
        let known = Inventory::default();
        let eu = issuer("eu", "https://eu.example.com", Some("eu"));
        let us = issuer("us", "https://us.example.com", Some("us"));
        let both = [eu.clone(), us];
        let of = |authority: Option<&str>| vec![Id::vault_token(authority, "a")];
        assert!(choose(&both, &[], &known).is_err());
        assert!(choose(&both, &of(None), &known).is_err());
        assert_eq!(choose(&both, &of(Some("us")), &known).map(|(i, _)| i.source.clone()), Ok(Some("us".into())));
        let one = [issuer("vault", "https://eu.example.com", None)];
        assert!(choose(&one, &[], &known).is_ok());
        assert!(choose(&one, &of(None), &known).is_ok());
        assert!(choose(&one, &of(Some("us")), &known).is_err());
        let elsewhere =
            Credential { tenant: Some("vault:us.example.com".into()), ..Credential::bare(of(None)[0].clone()) };
        let known = Inventory { credentials: vec![elsewhere], ..Inventory::default() };
        assert_eq!(choose(&one, &of(None), &known).map(|_| ()), Err("another server issued the token"));
        assert!(choose(&[], &[], &known).is_err());
    }
}
