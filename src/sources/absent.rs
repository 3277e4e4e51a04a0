//! A connector that this build was made without. Its source stays configured, and what it would have read is a gap.

use async_trait::async_trait;

use crate::model::inventory::Gap;

use super::{About, Account, Batch, Source, Wanted};

/// The source in whose place nothing was built.
pub struct Absent {
    about: About,
}

impl Absent {
    /// For any entry of that kind, whatever its settings.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self { about }
    }
}

#[async_trait]
impl Source for Absent {
    fn about(&self) -> &About {
        &self.about
    }

    async fn collect(&self, _want: &Wanted, into: &mut Batch) {
        into.inventory.gaps.push(Gap {
            source: self.about.name.clone(),
            lacks: "liveness".to_owned(),
            scope: "*".to_owned(),
            reason: format!("this driftgate was built without the cargo feature `{}`", self.about.kind),
        });
    }
}

/// Of a tracker that nothing was built for.
#[must_use]
pub fn tickets(about: &About) -> Account {
    let gap = Gap {
        source: about.name.clone(),
        lacks: "tickets".to_owned(),
        scope: "*".to_owned(),
        reason: format!(
            "this driftgate was built without the cargo feature `{}`: only `export` can be read",
            about.kind.trim_end_matches("-issues")
        ),
    };
    Account { gaps: vec![gap], ..Account::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_a_gap_and_nothing_else() {
        let about = About { name: "production".into(), kind: "aws".into(), required: true, authority: None };
        let mut batch = Batch::default();
        Absent::new(about).collect(&Wanted::default(), &mut batch).await;
        let gaps = &batch.inventory.gaps;
        assert_eq!((gaps.len(), gaps[0].source.as_str(), batch.account.requests), (1, "production", 0));
        assert!(gaps[0].reason.contains("`aws`"));
        let about = About { name: "issues".into(), kind: "github-issues".into(), required: true, authority: None };
        let gaps = tickets(&about).gaps;
        assert!(gaps.len() == 1 && gaps[0].reason.contains("`github`"), "{gaps:?}");
    }
}
