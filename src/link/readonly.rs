//! "Make it read-only", "read-only is all it needs", "it only ever fetches": that reading is what shall be left, however the access is
//! called otherwise. Levels in general are told in `level`.

use super::stance::{Judged, Stance};
use super::text::{Origin, Unit};
use super::tokens::{Word, words};

/// How far a word that makes it the target may stand, in words.
const BEFORE: usize = 5;
const BEHIND: usize = 4;

/// The sentence by which read-only is what shall be.
pub(super) fn target<'u>(units: &'u [Unit], judged: &[Judged<'_>]) -> Option<&'u str> {
    own(units, judged)
        .find(|(unit, judged)| {
            let all = words(&unit.text);
            (0..all.len()).any(|at| {
                let Some(end) = read_only(&all, at) else { return false };
                let clause = judged.at(all[at].start).and_then(|clause| judged.clauses.get(clause));
                let past = clause.is_some_and(|clause| clause.stance == Stance::Past || !clause.told.is_empty());
                let before = all[at.saturating_sub(BEFORE)..at].iter().rev().map(|w| w.text.as_str());
                let from = before.clone().take(2).any(|w| matches!(w, "from" | "not" | "no" | "never" | "von" | "de"));
                let makes = before.clone().any(|w| {
                    matches!(
                        w,
                        "make"
                            | "made"
                            | "making"
                            | "be"
                            | "become"
                            | "becomes"
                            | "to"
                            | "into"
                            | "as"
                            | "set"
                            | "switch"
                            | "turn"
                            | "wanted"
                            | "only"
                            | "back"
                            | "down"
                            | "restrict"
                            | "limit"
                            | "reduce"
                            | "leave"
                            | "en"
                            | "auf"
                            | "lassen"
                            | "solo"
                            | "zu"
                            | "darf"
                            | "d\u{fc}rfen"
                            | "k\u{fc}nftig"
                    )
                });
                let enough = all[end..].iter().take(BEHIND).any(|w| {
                    matches!(
                        w.text.as_str(),
                        "all"
                            | "d\u{fc}rfen"
                            | "k\u{f6}nnen"
                            | "enough"
                            | "suffices"
                            | "sufficient"
                            | "plenty"
                            | "please"
                            | "wanted"
                            | "instead"
                            | "reicht"
                            | "suffit"
                            | "basta"
                    )
                });
                !past && !from && (makes || enough)
            })
        })
        .map(|(unit, _)| unit.text.as_str())
}

/// The sentence by which nothing but reading is done, or shall be.
pub(super) fn only<'u>(units: &'u [Unit], judged: &[Judged<'_>]) -> Option<&'u str> {
    own(units, judged)
        .find(|(unit, _)| {
            let all = words(&unit.text);
            let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
            (0..all.len()).any(|at| {
                let only =
                    matches!(word(at), "only" | "just" | "solely" | "merely" | "nur" | "ne" | "solamente" | "solo")
                        && (at + 1..at + 4).any(|at| reads(word(at)));
                let beyond = matches!(word(at), "beyond" | "but" | "than")
                    && word(at.wrapping_sub(1)) != "rather"
                    && (at.saturating_sub(3)..at).any(|at| matches!(word(at), "nothing" | "more"))
                    && reads(word(at + 1));
                only || beyond
                    || (word(at) == "read" && word(at + 1) == "is" && matches!(word(at + 2), "plenty" | "enough"))
            })
        })
        .map(|(unit, _)| unit.text.as_str())
}

fn own<'u, 'j>(units: &'u [Unit], judged: &'j [Judged<'j>]) -> impl Iterator<Item = (&'u Unit, &'j Judged<'j>)> {
    units.iter().zip(judged).filter(|(unit, _)| matches!(unit.origin, Origin::Title | Origin::Body(_)))
}

/// Where "read-only" ends that begins here.
fn read_only(all: &[Word], at: usize) -> Option<usize> {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    match (word(at), word(at + 1)) {
        ("read-only" | "readonly" | "view-only" | "nur-lesen", _) => Some(at + 1),
        ("read" | "view" | "reading", "only")
        | ("lecture", "seule")
        | ("solo", "lectura")
        | ("nur", "lesen" | "lesend") => Some(at + 2),
        ("nur", "noch") if matches!(word(at + 2), "lesen" | "lesend") => Some(at + 3),
        _ => None,
    }
}

fn reads(word: &str) -> bool {
    matches!(
        word,
        "read"
            | "reads"
            | "reading"
            | "pull"
            | "pulls"
            | "pulling"
            | "fetch"
            | "fetches"
            | "fetching"
            | "list"
            | "lists"
            | "view"
            | "views"
            | "clone"
            | "clones"
            | "look"
            | "looks"
            | "gelesen"
            | "lesen"
            | "liest"
            | "lire"
            | "leer"
            | "lee"
    )
}
