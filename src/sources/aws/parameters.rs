//! Systems Manager's Parameter Store: descriptions, never values (`values` has those). `DescribeParameters` takes up to fifty names
//! (Systems Manager API reference, `ParameterStringFilter`).

use std::collections::BTreeSet;

use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter};

use crate::model::inventory::{Slot, Version};
use crate::sources::Wanted;

use super::names::Name;
use super::read::Shelf;
use super::secrets::cut;
use super::{Sink, reason, time};

/// How many values a filter may have.
const MOST_NAMES: usize = 50;

/// The most pages that are read: a region has at most 100,000 advanced parameters (Systems Manager quotas), 50 a page; a filtered
/// page may be empty.
const MOST_PAGES: usize = 4_000;

impl Shelf<'_> {
    /// Reads all encrypted parameters, or those with these names; false where the list broke off.
    pub(super) async fn parameters(&self, names: Option<&[Name]>, want: &Wanted, sink: &Sink<'_>) -> bool {
        // Whose ARNs are not told are built, which needs the account.
        let account = match &self.number {
            Some(number) => number.clone(),
            None => match self.session.identity(self.source).await {
                Ok(identity) => identity.account.clone(),
                Err(reason) => {
                    sink.gap("slots", &self.scope(), reason);
                    return false;
                }
            },
        };
        let mut complete = true;
        let mut seen = BTreeSet::new();
        for filter in filters(names) {
            complete &= self.describe(filter, &account, names, want, &mut seen, sink).await;
        }
        complete
    }

    async fn describe(
        &self,
        filter: Option<ParameterStringFilter>,
        account: &str,
        names: Option<&[Name]>,
        want: &Wanted,
        seen: &mut BTreeSet<String>,
        sink: &Sink<'_>,
    ) -> bool {
        let client = self.session.parameters(self.source, &self.region);
        let mut next: Option<String> = None;
        let mut pages: BTreeSet<String> = BTreeSet::new();
        let mut foreign = 0usize;
        let mut whole = false;
        while pages.len() < MOST_PAGES {
            let call = client
                .describe_parameters()
                .max_results(50)
                .set_parameter_filters(filter.clone().map(|filter| vec![filter]))
                .set_next_token(next.take());
            let page = match call.send().await {
                Ok(page) => page,
                Err(error) => {
                    sink.gap("slots", &self.scope(), format!("DescribeParameters: {}", reason(&error)));
                    return false;
                }
            };
            let mut slots = Vec::new();
            for entry in page.parameters() {
                let Some(name) = entry.name().filter(|name| !name.is_empty()) else {
                    foreign += 1;
                    continue;
                };
                let arn = self.arn(entry, name, account);
                if !self.has(&arn) {
                    foreign += 1;
                    continue;
                }
                let meant = names.is_none_or(|names| names.iter().any(|own| own.means(self.store, name, &arn)));
                if meant && seen.insert(arn.clone()) {
                    let at = entry.last_modified_date().and_then(time);
                    slots.push(Slot {
                        name: Some(cut(name)),
                        updated_at: at,
                        versions: vec![Version { at, stage: None, holds: None, fingerprint: None }],
                        ..Slot::bare(self.id(&arn, want))
                    });
                }
            }
            self.look_into(&mut slots, names.is_some(), sink).await;
            sink.slots(slots);
            match page.next_token() {
                None | Some("") => {
                    whole = true;
                    break;
                }
                Some(token) if !pages.insert(token.to_owned()) => break,
                Some(token) => next = Some(token.to_owned()),
            }
        }
        if !whole {
            sink.gap("slots", &self.scope(), "DescribeParameters: its pages do not end");
        }
        if foreign > 0 {
            let reason = format!("{foreign} entries are not of this account and region; they were not taken");
            sink.gap("slots", &self.scope(), reason);
        }
        whole && foreign == 0
    }

    fn arn(&self, entry: &ParameterMetadata, name: &str, account: &str) -> String {
        let partition = match &self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let slash = if name.starts_with('/') { "" } else { "/" };
        entry.arn().map_or_else(
            || format!("arn:{partition}:ssm:{}:{account}:parameter{slash}{name}", self.region),
            str::to_owned,
        )
    }
}

/// The filters of the calls to make.
fn filters(names: Option<&[Name]>) -> Vec<Option<ParameterStringFilter>> {
    let filter = |key: &str, option: &str, values: &[String]| {
        let filter = ParameterStringFilter::builder().key(key).option(option).set_values(Some(values.to_vec()));
        filter.build().ok()
    };
    let Some(names) = names else { return vec![filter("Type", "Equals", &["SecureString".to_owned()])] };
    let of = |prefix: bool| -> Vec<String> {
        let own = names.iter().filter(|name| name.prefix == prefix).flat_map(Name::filters);
        own.collect::<BTreeSet<String>>().into_iter().collect()
    };
    let equal = of(false);
    let equal = equal.chunks(MOST_NAMES).map(|values| filter("Name", "Equals", values));
    let begun = of(true);
    let begun = begun.chunks(MOST_NAMES).map(|values| filter("Name", "BeginsWith", values));
    equal.chain(begun).collect()
}
