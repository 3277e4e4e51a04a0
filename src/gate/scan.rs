//! `driftgate scan`: everything that the live sources show, a section a source; and a snapshot read back. What a source shows is its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::model::inventory::Gap;
use crate::model::report::Coverage;
use crate::sources::journal::FileJournal;
use crate::sources::snapshot::{self, Keys, Section};
use crate::sources::{Sources, Wanted, Watch};

use super::Options;
use super::collect::Collected;

/// What a scan has read.
#[derive(Debug)]
pub struct Scanned {
    /// A section a source, in the order of the configuration.
    pub sections: Vec<Section>,
    /// The account of each source.
    pub coverage: Vec<Coverage>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// The keys that authenticate what is kept: the configured one, else those that the sources' tokens give.
#[must_use]
pub fn keys(config: &Config, sources: &Sources) -> Keys {
    let own = sources.issuers.iter().filter_map(|source| Some((source.about().name.clone(), source.key()?)));
    Keys { configured: config.snapshot_key.clone(), own: own.collect::<BTreeMap<_, _>>() }
}

/// Reads all that the live sources show, side by side; of tickets, only that and whether they could be read is told.
pub async fn scan(
    options: &Options,
    config: &Config,
    sources: &Sources,
    journal: &Arc<FileJournal>,
    watch: Watch,
) -> Scanned {
    let now = options.now();
    let want = Wanted {
        everything: true,
        wide: true,
        journal: Some(Arc::clone(journal) as _),
        watch,
        ..options.wanted(config, now)
    };
    let runs = sources.issuers.iter().map(|source| {
        let want = &want;
        async move {
            let mut collected = Collected::new(now);
            collected.whole(source.as_ref(), want).await;
            collected
        }
    });
    // Trackers are read so that they keep what they gave, and the next gate asks only for what has changed.
    let trackers = sources.tickets.iter().filter(|source| source.live()).map(|source| {
        let want = &want;
        async move {
            let mut collected = Collected::new(now);
            collected.refresh(source.as_ref(), want).await;
            collected
        }
    });
    let (all, trackers) =
        futures::future::join(futures::future::join_all(runs), futures::future::join_all(trackers)).await;
    let mut scanned = Scanned { sections: Vec::new(), coverage: Vec::new(), gaps: Vec::new() };
    for (source, collected) in sources.issuers.iter().zip(all) {
        let about = source.about();
        let asked_as = collected.coverage.iter().find_map(|entry| entry.asked_as.clone());
        scanned.coverage.extend(collected.coverage.iter().cloned());
        let at: Timestamp = journal.oldest(&about.name).min(now);
        let mut inventory = collected.into_inventory();
        inventory.exported_at = Some(at);
        scanned.gaps.extend(inventory.gaps.iter().cloned());
        scanned.sections.push(Section {
            source: about.name.clone(),
            kind: about.kind.clone(),
            at,
            asked_as,
            inventory,
        });
    }
    for collected in trackers {
        scanned.coverage.extend(collected.coverage.iter().cloned());
        scanned.gaps.extend(collected.into_inventory().gaps);
    }
    scanned
}

/// The sections of a snapshot; where it cannot be had at all, the gap of that.
pub(super) async fn read(
    place: &str,
    options: &Options,
    config: &Config,
    sources: &Sources,
) -> Result<(Vec<Section>, Vec<Gap>), Gap> {
    let shown = snapshot::shown(place);
    match snapshot::fetch(place, options.offline, options.max_wait).await {
        Ok(bytes) => Ok(snapshot::read(&shown, &bytes, &keys(config, sources))),
        Err(reason) => Err(Gap {
            source: "snapshot".to_owned(),
            lacks: "snapshot".to_owned(),
            scope: "*".to_owned(),
            reason: format!("{shown}: {reason}"),
        }),
    }
}
