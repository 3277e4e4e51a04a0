//! Words by which a comment says that another thing is meant than the ticket names. What becomes of the targets is told in `corrections`.

use super::tokens::{Word, says, words};

/// "I mean X": right before a name, whatever else the sentence says.
pub(super) fn meant(text: &str, start: usize) -> bool {
    let before = words(text.get(..start).unwrap_or_default());
    before.iter().rev().take(3).any(|w| matches!(w.text.as_str(), "mean" | "meant" | "gemeint" | "meinte"))
        // "It has to be X", "please do X of staging".
        || matches!(
            before.iter().rev().take(2).map(|w| w.text.as_str()).collect::<Vec<_>>()[..],
            ["be", "to" | "must" | "should"] | ["do", "please" | "pls"]
        )
        // "Correct id is X", "correction: the name is X", "the dead one is X"
        || (before.last().is_some_and(|w| w.text == "is")
            && before.iter().rev().take(4).any(|w| {
                matches!(
                    w.text.as_str(),
                    "correct" | "right" | "proper" | "name" | "number" | "id" | "path" | "accessor" | "dead" | "unused" | "old"
                )
            }))
}

pub(super) fn corrects(text: &str) -> bool {
    let all = words(text);
    // "Deleted rather than replaced" corrects nothing.
    let than = |at: usize| all.get(at + 1).is_some_and(|w| w.text == "than" || w.text == "of");
    wrong(text)
        || all.iter().enumerate().filter(|(at, _)| !than(*at)).map(|(_, w)| w).any(|w| {
            matches!(
                w.text.as_str(),
                "instead"
                    | "correction"
                    | "correct"
                    | "rather"
                    | "actually"
                    | "meant"
                    | "mean"
                    | "scratch"
                    | "struck"
                    | "strike"
                    | "drops"
                    | "stattdessen"
                    | "gemeint"
            )
        })
}

/// "I mean X", "I must have meant X".
pub(super) fn means(text: &str) -> bool {
    let all = words(text);
    all.iter().enumerate().any(|(at, w)| {
        let before = || all[at.saturating_sub(3)..at].iter();
        w.text == "gemeint"
            || (matches!(w.text.as_str(), "mean" | "meant")
                && before().any(|w| w.text == "i")
                && !before().any(|w| matches!(w.text.as_str(), "not" | "don't" | "didn't" | "never")))
    })
}

/// "I had changed staging. Wrong line, sorry.": what was done wrongly is not what is meant.
pub(super) fn was_wrong(text: &str) -> bool {
    words(text).windows(3).any(|w| {
        matches!(w[0].text.as_str(), "i" | "we" | "ich" | "wir")
            && (w[1].text == "had" && w[2].text.ends_with("ed"))
            && !matches!(w[2].text.as_str(), "copied" | "pasted" | "confused" | "mixed" | "named" | "listed")
    })
}

/// "Forget what the form says", "ignore the description".
pub(super) fn takes_back(text: &str) -> bool {
    let all = words(text);
    all.iter().enumerate().any(|(at, w)| {
        matches!(w.text.as_str(), "forget" | "ignore" | "disregard")
            && all.iter().skip(at + 1).take(4).any(|w| {
                matches!(
                    w.text.as_str(),
                    "form" | "description" | "title" | "above" | "wrote" | "text" | "field" | "ticket"
                )
            })
    })
}

pub(super) fn wrong(text: &str) -> bool {
    let all = words(text);
    all.windows(3).any(|w| {
        matches!(
            (w[0].text.as_str(), w[1].text.as_str(), w[2].text.as_str()),
            ("off", "by", "one" | "a") | ("not", "at", "all")
        )
    }) || all.iter().any(|w| {
        matches!(
            w.text.as_str(),
            "wrong"
                | "typo"
                | "correction"
                | "mistake"
                | "mistaken"
                | "mistyped"
                | "mixed"
                | "mix-up"
                | "sorry"
                | "oops"
                | "apologise"
                | "apologize"
                | "apologies"
                | "incorrect"
                | "misread"
                | "stop"
                | "falsch"
                | "falsche"
                | "falsches"
                | "falscher"
                | "falschen"
                | "equivocado"
        )
    })
}

/// "Opening again", "reopened", "back to the queue".
pub(super) fn reopens(all: &[Word]) -> bool {
    const PHRASES: [&[&str]; 9] = [
        &["opening", "again"],
        &["opened", "again"],
        &["open", "again"],
        &["back", "to", "the", "queue"],
        &["back", "to", "you"],
        &["back", "at", "the", "start"],
        &["wieder", "auf"],
        &["wieder", "offen"],
        &["lo", "reabro"],
    ];
    all.iter().any(|w| ["reopen", "re-open", "rouvr"].iter().any(|stem| w.text.starts_with(stem)))
        || says(all, &PHRASES)
}
