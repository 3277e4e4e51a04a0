//! AWS keys at hand: which STS is asked, and whether its "no" counts.

use crate::model::Id;
use crate::model::inventory::{Credential, Inventory, LivenessState};
use crate::probe::{account, aws, observed};
use crate::sources::{Batch, observe};

use super::{EnvSource, Value};

/// Where STS answers, as one source of the configuration says, or the environment.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The source's name; none where only the environment speaks of AWS.
    pub source: Option<String>,
    /// Endpoint and region.
    pub place: aws::Place,
    /// The authority that ids carry.
    pub authority: Option<String>,
    /// Accounts that the user says this endpoint serves.
    pub accounts: Vec<String>,
}

/// The issuer of a key: the one whose accounts have it; else the first, whose "no" then does not count unless its auditor is of
/// the key's account.
pub(super) fn issuer<'i>(issuers: &'i [Issuer], key_id: &str) -> Option<&'i Issuer> {
    let own = account::of_key(key_id);
    let of = |issuer: &&Issuer| own.as_ref().is_some_and(|own| issuer.accounts.contains(own));
    issuers.iter().find(of).or(issuers.first())
}

impl EnvSource {
    pub(super) async fn probe_aws(&self, value: &Value, known: &Inventory, into: &mut Batch) {
        let Some(id) = &value.id else { return };
        let key_id = value.secret.expose().trim();
        let Some(issuer) = issuer(&self.issuers.aws, key_id) else { return };
        let Some((secret, session)) = &value.parts else {
            let reason = format!("the secret that belongs to {} is not at hand", value.variable);
            observe(into, id, observed(LivenessState::NotChecked, aws::METHOD, Some(&reason)));
            return;
        };
        if let Err(reason) = self.guard.turn().await {
            observe(into, id, observed(LivenessState::NotChecked, aws::METHOD, Some(reason)));
            return;
        }
        let key = aws::Key { id: key_id, secret, session: session.as_ref() };
        let (mut seen, account) = aws::probe(&issuer.place, &key).await;
        if seen.state != LivenessState::NotChecked {
            into.account.requests += 1;
        }
        if seen.state == LivenessState::Dead && !speaks_for(issuer, self.issuers.aws.len() == 1, id, known) {
            let reason = "this endpoint is not known to serve the key's account";
            seen = observed(LivenessState::Unknown, aws::METHOD, Some(reason));
        }
        let mut credential =
            Credential { tenant: account.map(|account| format!("aws:{account}")), ..Credential::bare(id.clone()) };
        credential.observe(seen);
        into.inventory.credentials.push(credential);
    }
}

/// Whether a negative answer comes from the key's own issuer. What accounts an endpoint serves is known from its auditor and the
/// settings; a key of another account is never dead by its word. Where neither tells, AWS' own commercial STS speaks for every
/// account of that partition, and another endpoint, where it is the only one, for a key that an inventory records in the very account
/// that its id names.
fn speaks_for(issuer: &Issuer, only: bool, id: &Id, known: &Inventory) -> bool {
    let own = account::of_key(id.rest());
    let audited = known.coverage.iter().filter(|extent| extent.kind == "account");
    let audited = audited.filter(|extent| Some(&extent.source) == issuer.source.as_ref());
    let mut served = audited.map(|extent| extent.place.as_str()).chain(issuer.accounts.iter().map(String::as_str));
    let mut any = false;
    let serves = served.any(|account| {
        any = true;
        own.as_deref() == Some(account)
    });
    if serves {
        return true;
    }
    // An id of before 2019 names no account: only the whole partition's STS can deny it.
    if issuer.place.is_commercial() {
        return own.is_none() || !any;
    }
    let tenant = known.credential(id).and_then(|credential| credential.tenant.as_deref());
    let recorded = tenant.and_then(|tenant| tenant.strip_prefix("aws:"));
    !any && only && issuer.source.is_some() && own.is_some() && own.as_deref() == recorded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::Extent;

    /// Of account 609629065308 (see `probe::account`).
    const KEY: &str = "AKIAY34FZKBOKMUTVV7A";
    const OLD: &str = "AKIAIOSFODNN7EXAMPLE";

    fn issuer(endpoint: Option<&str>, region: &str, accounts: &[&str]) -> Issuer {
        Issuer {
            source: Some("aws".into()),
            place: aws::Place { endpoint: endpoint.map(str::to_owned), region: region.into() },
            authority: None,
            accounts: accounts.iter().map(|a| (*a).to_owned()).collect(),
        }
    }

    fn audited(source: &str, account: &str) -> Inventory {
        let extent = Extent {
            source: source.into(),
            kind: "account".into(),
            place: account.into(),
            complete: true,
            asked_as: None,
            at: None,
        };
        Inventory { coverage: vec![extent], ..Inventory::default() }
    }

    fn recorded(tenant: &str) -> Inventory {
        let credential = Credential { tenant: Some(tenant.into()), ..Credential::bare(Id::aws_access_key(None, KEY)) };
        Inventory { credentials: vec![credential], ..Inventory::default() }
    }

    #[test]
    fn whose_no_counts() {
        let nothing = Inventory::default();
        let aws_itself = issuer(None, "eu-central-1", &[]);
        let other = issuer(Some("http://127.0.0.1:1"), "us-east-1", &[]);
        let said = issuer(Some("http://127.0.0.1:1"), "us-east-1", &["609629065308"]);
        let wrong = issuer(Some("http://127.0.0.1:1"), "us-east-1", &["111111111111"]);
        let china = issuer(None, "cn-north-1", &[]);
        let ours = audited("aws", "609629065308");
        let theirs = audited("aws", "111111111111");
        for (name, issuer, key, known, counts) in [
            ("AWS' own", &aws_itself, KEY, &nothing, true),
            ("AWS' own, an old id", &aws_itself, OLD, &nothing, true),
            ("AWS' own, the auditor is of the account", &aws_itself, KEY, &ours, true),
            ("AWS' own, the auditor is of another account", &aws_itself, KEY, &theirs, false),
            ("an endpoint of which nothing is known", &other, KEY, &nothing, false),
            ("an endpoint, an old id", &other, OLD, &ours, false),
            ("an endpoint, the auditor is of the account", &other, KEY, &ours, true),
            ("an endpoint, the auditor is of another account", &other, KEY, &theirs, false),
            ("an endpoint, the auditor is another source's", &other, KEY, &audited("gov", "609629065308"), false),
            ("an endpoint that the user says serves the account", &said, KEY, &nothing, true),
            ("an endpoint that the user says serves another account", &wrong, KEY, &nothing, false),
            (
                "an endpoint, and an inventory has the key in its account",
                &other,
                KEY,
                &recorded("aws:609629065308"),
                true,
            ),
            ("an endpoint, and an inventory has it in another", &other, KEY, &recorded("aws:111111111111"), false),
            ("another partition", &china, KEY, &nothing, false),
            ("another partition, the auditor is of the account", &china, KEY, &ours, true),
        ] {
            assert_eq!(speaks_for(issuer, true, &Id::aws_access_key(None, key), known), counts, "{name}");
        }
        let several = speaks_for(&other, false, &Id::aws_access_key(None, KEY), &recorded("aws:609629065308"));
        assert!(!several, "with two endpoints, a record does not tell which");
    }
}
