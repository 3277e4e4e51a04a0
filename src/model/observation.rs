//! Several observations of one credential's liveness: which of them decides. What an answer proves is said where it is asked for.

use crate::model::inventory::{Liveness, LivenessState};

/// How far apart two observations may be and still count as made together.
const TOGETHER: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// The observation that decides: the newest definite one; where definite ones made together disagree, the one that says live
/// (SEMANTICS: "the issuer says inactive and a probe succeeds: live, both cited"). What was seen in one way is outdated by what was seen
/// in the same way later. Unknown only where nothing is definite.
pub(super) fn best(observations: &[Liveness]) -> Option<&Liveness> {
    let definite =
        |l: &&Liveness| matches!(l.state, LivenessState::Live | LivenessState::Dead | LivenessState::NotFound);
    let Some(newest) = observations.iter().filter(definite).filter_map(|l| l.at).max() else {
        let rank = |l: &&Liveness| match l.state {
            LivenessState::Live => 4,
            LivenessState::Dead => 3,
            LivenessState::NotFound => 2,
            LivenessState::Unknown => 1,
            LivenessState::NotChecked => 0,
        };
        return observations.iter().rev().max_by_key(rank);
    };
    let recent = |l: &&Liveness| l.at.is_some_and(|at| newest.duration_since(at) <= TOGETHER);
    // Of two made in the same second, the one that came later.
    let outdated = |(index, l): (usize, &Liveness)| {
        let later = |(other_index, other): (usize, &Liveness)| (other.at, other_index) > (l.at, index);
        let same = |other: &&Liveness| definite(other) && other.method == l.method;
        observations.iter().enumerate().any(|(index, other)| same(&other) && later((index, other)))
    };
    let together = || {
        let current = observations.iter().enumerate().filter(|(_, l)| definite(l) && recent(l));
        current.filter(|(index, l)| !outdated((*index, *l))).map(|(_, l)| l)
    };
    together().find(|l| l.state == LivenessState::Live).or_else(|| together().max_by_key(|l| l.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: LivenessState, method: &str, at: Option<&str>) -> Liveness {
        Liveness { state, method: method.to_owned(), at: at.map(|at| at.parse().unwrap()), reason: None }
    }

    #[test]
    fn which_one_decides() {
        use LivenessState::{Dead, Live, NotFound, Unknown};
        let (noon, later, evening) =
            (Some("2026-06-01T12:00:00Z"), Some("2026-06-01T12:10:00Z"), Some("2026-06-01T18:00:00Z"));
        let state = |all: &[Liveness]| best(all).map(|seen| seen.state);
        // The issuer's list and a probe disagree: it works.
        assert_eq!(state(&[seen(Dead, "list", noon), seen(Live, "probe", later)]), Some(Live));
        assert_eq!(state(&[seen(Live, "probe", noon), seen(Dead, "list", later)]), Some(Live));
        // The same list, a little later.
        assert_eq!(state(&[seen(Live, "list", noon), seen(Dead, "list", later)]), Some(Dead));
        assert_eq!(state(&[seen(Live, "list", noon), seen(NotFound, "list", later)]), Some(NotFound));
        assert_eq!(state(&[seen(Dead, "list", noon), seen(Live, "list", later)]), Some(Live));
        assert_eq!(state(&[seen(Live, "list", noon), seen(Dead, "list", noon)]), Some(Dead));
        // Long ago.
        assert_eq!(state(&[seen(Live, "probe", noon), seen(Dead, "list", evening)]), Some(Dead));
        // What proves nothing outdates nothing.
        assert_eq!(state(&[seen(Live, "list", noon), seen(Unknown, "list", later)]), Some(Live));
        assert_eq!(state(&[seen(Unknown, "list", noon)]), Some(Unknown));
        assert_eq!(state(&[]), None);
    }
}
