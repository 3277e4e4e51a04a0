//! The age of exports. How old is too old is a setting.

use jiff::Timestamp;

use crate::model::inventory::Gap;
use crate::model::settings::Settings;

use super::collect::Export;

/// The gap of an export that is older than `max_age` allows; none where it is fresh, or does not say how old it is.
pub(super) fn stale(export: &Export, settings: &Settings, now: Timestamp) -> Option<Gap> {
    let at = export.at?;
    let (age, setting, what) = match export.snapshot {
        true => (settings.max_age_snapshot, "max_age.snapshot", "snapshot"),
        false => (settings.max_age_export, "max_age.export", "export"),
    };
    let oldest = now.checked_sub(age).ok()?;
    (at < oldest).then(|| Gap {
        source: export.about.name.clone(),
        lacks: "freshness".to_owned(),
        scope: "*".to_owned(),
        reason: format!("the {what} is from {at}, older than {setting} allows"),
    })
}
