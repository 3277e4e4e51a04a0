//! Parts of ids by which people tell one: "ending in 4F2A", `AKIA…4F2A`, `xxxx4F2A`. A part counts where only one id known has it.

use super::index::Names;
use super::text::Unit;
use super::tokens::{Token, Word};

/// "ending in 7EXAMPLE", "…7EXAMPLE", "AKIA…7EXAMPLE": what only one id ends (or starts) with.
pub(super) fn part_of(
    unit: &Unit,
    words: &[Word],
    tokens: &[Token<'_>],
    index: usize,
    names: &Names,
) -> Option<(usize, usize)> {
    let token = tokens[index];
    if !token.text.is_ascii() {
        return None;
    }
    if let Some((front, back)) = token.text.split_once("...") {
        let ends = if back.is_empty() { Vec::new() } else { names.part(back, true) };
        let starts = if front.is_empty() { Vec::new() } else { names.part(front, false) };
        let both: Vec<usize> = match (front.is_empty(), back.is_empty()) {
            (false, false) => ends.into_iter().filter(|of| starts.contains(of)).collect(),
            (true, _) => ends,
            (_, true) => starts,
        };
        return (both.len() == 1 && front.len().max(back.len()) >= 4).then(|| (both[0], token.end()));
    }
    if token.text.len() < 4 || !token.text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    // "Ends in a token".
    if super::nouns::credential_noun(&token.text.to_ascii_lowercase()) {
        return None;
    }
    // `xxxx4F2A`: hidden but for its end.
    let shown = token.text.trim_start_matches(['x', 'X']);
    if token.text.len() - shown.len() >= 3 && shown.len() >= 4 {
        let found = names.part(shown, true);
        return (found.len() == 1).then(|| (found[0], token.end()));
    }
    let before = unit.text[..token.start].trim_end_matches([' ', '`', '"', '\'']);
    let after = &unit.text[token.end()..];
    let at = words.partition_point(|word| word.start < token.start);
    let told = |options: &[&str]| {
        let near = &words[at.saturating_sub(5)..at];
        near.last().is_some_and(|last| {
            let last = last.text.as_str();
            options.contains(&last)
                // "Last 4 = 6FWM".
                || last.bytes().all(|b| b.is_ascii_digit())
                || matches!(
                    last,
                    "in" | "with"
                        | "on"
                        | "auf"
                        | "mit"
                        | "par"
                        | "en"
                        | "con"
                        | "por"
                        | "characters"
                        | "chars"
                        | "digits"
                        | "are"
                        | "is"
                        | "visible"
                        | "shown"
                )
        }) && near.iter().any(|word| options.contains(&word.text.as_str()))
    };
    let open_front = before.ends_with('…')
        || before.ends_with("..")
        || (unit.text[..token.start].ends_with("**")
            && !after.starts_with('*')
            && !token.text.bytes().any(|b| b.is_ascii_lowercase()));
    let ends = open_front
        || told(&[
            "ends",
            "ending",
            "end",
            "suffix",
            "last",
            "endet",
            "endend",
            "terminant",
            "termine",
            "endung",
            "finit",
            "finissant",
            "finissent",
            "termina",
            "terminado",
        ]);
    if ends {
        let found = names.part(token.text, true);
        return (found.len() == 1).then(|| (found[0], token.end()));
    }
    let hidden =
        after.starts_with('…') || after.starts_with("...") || (after.starts_with("**") && !before.ends_with('*'));
    let starts =
        hidden || told(&["starts", "starting", "begins", "beginning", "prefix", "beginnt", "commençant", "empieza"]);
    if starts {
        let found = names.part(token.text, false);
        return (found.len() == 1 && token.text.len() > 4).then(|| (found[0], token.end()));
    }
    None
}
