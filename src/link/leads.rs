//! Titles that lead with a level, or name one behind what it is for: "admin on X", "upgrade of Y, write on its entry". What a title's verbs ask
//! is told in `intent`.

use super::level;
use super::tokens::{Word, words};

/// "Admin on the redis secret", "Write on kv/x for Bob", "Developer for svc-x on project y": a title that leads with a level.
pub(super) fn leads_with_level(title: &str) -> bool {
    leads(title) || asks_for_level(title)
}

/// "Upgrade of the MES, admin on the entry", "Ruben: booking-db-operator, write": a part behind the first that leads with a level, or is one.
pub(super) fn asks_for_level(title: &str) -> bool {
    // "Vault policy: svc-batch must be able to update X"
    let able = words(title);
    if able.windows(4).any(|w| {
        matches!(w[0].text.as_str(), "must" | "should" | "to" | "shall")
            && w[1].text == "be"
            && w[2].text == "able"
            && w[3].text == "to"
    }) {
        return true;
    }
    let mut rest = title;
    // Nobody's title has more parts.
    for _ in 0..8 {
        let Some((at, sign)) = [": ", ", ", " - ", " \u{2013} ", " \u{2014} "]
            .iter()
            .filter_map(|sign| rest.find(sign).map(|at| (at, sign)))
            .min()
        else {
            return false;
        };
        rest = &rest[at + sign.len()..];
        let all = words(rest);
        let only =
            |at: usize| level::in_place(&all, at).is_some() || matches!(all[at].text.as_str(), "access" | "only");
        // "Policy for svc-batch: read secret/x"
        let path = |w: &Word| {
            rest[w.end..].starts_with('/') || rest[w.start..].split(' ').next().is_some_and(|t| t.contains(['/', '_']))
        };
        if leads(rest)
            || (level::in_place(&all, 0).is_some() && all.get(1).is_some_and(path))
            || ((1..=2).contains(&all.len()) && level::in_place(&all, 0).is_some() && (0..all.len()).all(only))
        {
            return true;
        }
    }
    false
}

fn leads(title: &str) -> bool {
    let all = words(title);
    (0..all.len().min(4)).any(|at| {
        let next = all.get(at + 1).map(|w| w.text.as_str()).unwrap_or_default();
        // "Full control over X", "r/w to X".
        let next = match next {
            "control" | "w" => all.get(at + 2).map(|w| w.text.as_str()).unwrap_or_default(),
            next => next,
        };
        // "X is Maintainer for no reason"
        let is = at
            .checked_sub(1)
            .is_some_and(|at| matches!(all[at].text.as_str(), "is" | "are" | "has" | "as" | "can" | "could"))
            || all[at].text == "read" && at > 0 && all[at - 1].text == "be";
        level::in_place(&all, at).is_some()
            && !is
            && !title[..all[at].start].ends_with('`')
            && (matches!(
                next,
                "over"
                    | "on"
                    | "for"
                    | "to"
                    | "via"
                    | "through"
                    | "über"
                    | "in"
                    | "rights"
                    | "permission"
                    | "permissions"
                    | "role"
                    | "auf"
                    | "für"
                    | "sur"
                    | "pour"
                    | "en"
                    | "sobre"
                    | "para"
            ) || (at == 0 && title[all[at].end..].starts_with(':')))
    })
}
