//! How much a word says about what a ticket asks for: a table, and the sum of its rows. Which words a ticket has is told in `weighed`; the
//! table is learnt by `benches/intents.rs`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::ticket::Intent;

#[cfg(test)]
use super::intent::name;

/// The intents in the order of the table's columns.
pub(super) const INTENTS: [Intent; 7] = [
    Intent::Revoke,
    Intent::Rotate,
    Intent::Offboard,
    Intent::Provision,
    Intent::Elevate,
    Intent::Modify,
    Intent::None,
];

/// One row: a weight for each intent, in hundredths.
type Row = [i16; INTENTS.len()];

static TABLE: LazyLock<HashMap<&'static str, Row>> = LazyLock::new(|| {
    let rows = include_str!("weights.txt").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let (feature, weights) = line.split_once('\t')?;
        let mut row = Row::default();
        for (own, weight) in row.iter_mut().zip(weights.split(' ')) {
            *own = weight.parse().ok()?;
        }
        Some((feature, row))
    })
    .collect()
});

/// What the weights of a ticket's words come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weight {
    /// What they say most.
    pub(super) intent: Intent,
    /// How sure each intent is, in the table's order; they add up to one.
    pub(super) shares: [f64; INTENTS.len()],
}

impl Weight {
    /// Adds up the rows of all features, each once.
    pub(super) fn of<'f>(features: impl Iterator<Item = &'f str>) -> Self {
        let mut sums = [0.0; INTENTS.len()];
        for row in features.filter_map(|feature| TABLE.get(feature)) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += f64::from(*weight) / 100.0);
        }
        let most = sums.iter().copied().fold(f64::MIN, f64::max);
        let powers = sums.map(|sum| (sum - most).exp());
        let all: f64 = powers.iter().sum();
        let shares = powers.map(|power| power / all);
        let best = (0..INTENTS.len()).fold(0, |best, at| if shares[at] > shares[best] { at } else { best });
        Self { intent: INTENTS[best], shares }
    }

    /// How sure an intent is.
    pub(super) fn share(&self, intent: Intent) -> f64 {
        INTENTS.iter().position(|of| *of == intent).map_or(0.0, |at| self.shares[at])
    }
}

/// The words that speak most for an intent, against another.
pub(super) fn telling<'f>(features: impl Iterator<Item = &'f str>, intent: Intent, other: Intent) -> Vec<&'f str> {
    let column = |of: Intent| INTENTS.iter().position(|intent| *intent == of).unwrap_or_default();
    let (own, other) = (column(intent), column(other));
    let mut all: Vec<(i16, &str)> = features
        .filter_map(|feature| TABLE.get(feature).map(|row| (row[own] - row[other], feature)))
        .filter(|(weight, _)| *weight > 0)
        .collect();
    all.sort_by_key(|(weight, feature)| (std::cmp::Reverse(*weight), *feature));
    all.into_iter().map(|(_, feature)| feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_weight_for_every_intent() {
        let lines: Vec<&str> = include_str!("weights.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(TABLE.len(), lines.len(), "a row was not understood, or stands twice");
        assert!(lines.is_sorted(), "a table that is read by people is sorted");
    }

    #[test]
    fn a_word_speaks_for_its_intent() {
        for intent in INTENTS.into_iter().filter(|intent| *intent != Intent::None) {
            let rule = format!("r:{}", name(intent));
            let weight = Weight::of([rule.as_str()].into_iter());
            assert_eq!(weight.intent, intent);
            assert!((weight.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
