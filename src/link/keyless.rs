//! Ways to do without a static credential: in a title, OIDC instead of keys retires the keys; in a text, what a job takes on instead.

use crate::model::ticket::Intent;

use super::intent::{Reading, Scores};
use super::nouns::keyless;
use super::tokens::{Word, words};

impl Reading<'_> {
    /// OIDC and the like in the title retire the static credential.
    pub(super) fn keyless(&self, scores: &mut Scores) {
        let title = words(&self.record.title);
        let removes = scores.0.contains_key(&Intent::Revoke);
        let text = &title;
        let of = text.windows(2).position(|pair| pair[0].text == "instead" && pair[1].text == "of");
        let plain = |w: &Word| matches!(w.text.as_str(), "app" | "role" | "installation");
        // "An app instead of the token"; "X app: one repository instead of all" says nothing of one.
        let replaces = |at: usize| {
            of.is_some_and(|of| of.saturating_sub(at) <= 3 && at < of)
                && !self.record.title[title[at].end..].starts_with(':')
        };
        // "No more static keys", "deploys without static keys".
        let without = text.iter().any(|w| w.text == "static")
            && (text.iter().any(|w| w.text == "without")
                || text.windows(2).any(|pair| pair[0].text == "no" && pair[1].text == "more"));
        let Some((_, word)) = title.iter().enumerate().find(|(at, w)| {
            (without && w.text == "static")
                || (keyless(&w.text) && w.text != "workload" && (!plain(w) || replaces(*at)))
        }) else {
            return;
        };
        let instead = of.is_some()
            || text.iter().any(|w| matches!(w.text.as_str(), "replace" | "replaces" | "static" | "statt" | "anstelle"));
        if removes || instead {
            scores.add(Intent::Revoke, 8.0, &format!("\"{}\" in the title", word.text));
        }
    }
}

/// "The release workflow takes on role X", "gets short-lived credentials for X": what takes a key's place does not go with it.
pub(super) fn takes_on(text: &str) -> bool {
    super::tokens::words(text).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "assume"
                | "assumes"
                | "assumed"
                | "assuming"
                | "takes"
                | "short-lived"
                | "federated"
                | "oidc"
                | "identity"
                | "exchanges"
        )
    })
}
