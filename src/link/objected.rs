//! Announcements that ask for objections ("these go in ten days, veto by comment"), and the comments that object: which words announce,
//! invite, object and agree. What becomes of the targets is told in `corrections`.

use super::text::{Origin, Unit};
use super::tokens::{Word, says, words};

/// Whether a ticket announces that things are to go, and asks for objections right there.
pub(super) fn invited(units: &[Unit]) -> bool {
    // The announcement may stand in the sentence before, or behind.
    const NEAR: usize = 3;
    let own = |unit: &Unit| !matches!(unit.origin, Origin::Comment(_));
    units.iter().enumerate().filter(|(_, unit)| own(unit) && invites(&unit.text)).any(|(number, unit)| {
        let near = &units[number.saturating_sub(NEAR)..units.len().min(number + NEAR)];
        near.iter().any(|other| other.origin == unit.origin && announced(&other.text))
    })
}

/// "I am going to delete them in three weeks", "scheduled for deletion", "unless you speak up they go".
fn announced(text: &str) -> bool {
    const STEMS: [&str; 9] = ["delet", "remov", "purg", "dropped", "revok", "l\u{f6}sch", "borr", "elimin", "supprim"];
    let all = words(text);
    let ends = |w: &Word| STEMS.iter().any(|stem| w.text.starts_with(stem)) || matches!(w.text.as_str(), "go" | "goes");
    let later = |w: &Word| {
        matches!(
            w.text.as_str(),
            "will"
                | "going"
                | "scheduled"
                | "planned"
                | "unless"
                | "if"
                | "after"
                | "in"
                | "within"
                | "follows"
                | "wird"
                | "werden"
                | "los"
                | "les"
                | "nous"
                | "they"
                | "them"
                | "these"
        )
    };
    // A row of a table of proposals says it in its cell.
    all.iter().any(ends) && (text.starts_with('|') || all.iter().any(later))
}

/// "They will be deleted unless somebody objects here."
fn invites(text: &str) -> bool {
    let all = words(text);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    // "The object store", "our objects": things.
    let verb = |at: usize| {
        let before = at.checked_sub(1).map(word).unwrap_or_default();
        !(word(at).starts_with("object")
            && !word(at).starts_with("objection")
            && matches!(before, "the" | "an" | "of" | "our" | "this" | "each" | "every" | "in" | "their" | "to")
            || matches!(word(at + 1), "store" | "stores" | "storage" | "lock" | "key" | "keys" | "model" | "id"))
    };
    let objects = (0..all.len()).any(|at| objection(word(at)) && verb(at))
        || has(&["shout", "shouts", "complains", "speak", "speaks", "einw\u{e4}nde"]);
    let if_so = has(&[
        "unless", "if", "until", "nobody", "without", "within", "sofern", "falls", "wenn", "si", "nadie", "sauf",
        "please", "any",
    ]) || all.windows(2).any(|pair| pair[0].text == "no" && pair[1].text == "one");
    // "Answer here to keep one", "reply to stop me".
    let answers = (0..all.len()).any(|at| {
        // "The comment says to keep going": a thing.
        let named = matches!(at.checked_sub(1).map(word).unwrap_or_default(), "the" | "this" | "that" | "your" | "his");
        matches!(word(at), "reply" | "answer" | "comment" | "respond" | "react" | "write")
            && !named
            && (at + 1..at + 5).any(|to| {
                word(to) == "to"
                    && matches!(word(to + 1), "stop" | "keep" | "prevent" | "spare" | "save" | "protest" | "object")
            })
    });
    // "No objection from our side" invites none.
    let none = all.windows(2).any(|pair| matches!(pair[0].text.as_str(), "no" | "any") && objection(&pair[1].text))
        && !has(&["if", "unless", "until", "within", "falls", "wenn", "si"]);
    (objects && if_so && !none)
        // "Object below.", "Veto by comment."
        || (all.len() <= 4
            && all.first().is_some_and(|w| objection(&w.text))
            && matches!(word(1), "" | "below" | "here" | "by" | "until" | "in" | "now" | "to"))
        || answers
        || (has(&["unless"])
            && has(&["somebody", "someone", "anybody", "anyone", "you"])
            && has(&["needs", "need", "uses", "use", "speaks", "says", "replies", "claims"]))
}

/// A word for an objection.
fn objection(word: &str) -> bool {
    matches!(
        word,
        "object"
            | "objects"
            | "objecting"
            | "objection"
            | "objections"
            | "veto"
            | "vetoes"
            | "vetos"
            | "vetoed"
            | "einspruch"
            | "widerspruch"
            | "widerspricht"
            | "opone"
            | "oponen"
            | "opongo"
            | "oppose"
            | "opposes"
            | "opposition"
    )
}

/// Whether a sentence of a comment objects to what it names.
pub(super) fn objects(all: &[Word]) -> bool {
    let plain = |w: &Word| {
        objection(&w.text)
            || matches!(
                w.text.as_str(),
                "keep"
                    | "leave"
                    | "stop"
                    | "hold"
                    | "wait"
                    | "disagree"
                    | "spare"
                    | "stay"
                    | "stays"
                    | "remain"
                    | "remains"
                    | "bleibt"
            )
    };
    let uses = |w: &Word| {
        matches!(
            w.text.as_str(),
            "need"
                | "needs"
                | "needed"
                | "still"
                | "use"
                | "uses"
                | "reads"
                | "read"
                | "braucht"
                | "brauchen"
                | "usa"
                | "asks"
                | "runs"
        )
    };
    // "Nobody uses it", "it is not needed".
    let denied = all.iter().any(|w| {
        matches!(
            w.text.as_str(),
            "no" | "not"
                | "nobody"
                | "never"
                | "none"
                | "nothing"
                | "longer"
                | "was"
                | "been"
                | "had"
                | "kein"
                | "keine"
                | "nicht"
                | "nadie"
        ) || w.text.ends_with("n't")
    });
    // "Is read by the nightly, so no."
    let refuses = all.last().is_some_and(|w| w.text == "no") && all.iter().any(uses);
    all.iter().any(plain) || refuses || (all.iter().any(uses) && !denied)
}

/// "No objection to the others", "the rest is fine with me": a sentence that agrees to what it names.
pub(super) fn agrees_to(text: &str) -> bool {
    const PHRASES: [&[&str]; 16] = [
        &["no", "objection"],
        &["no", "objections"],
        &["no", "complaints"],
        &["no", "veto"],
        &["fine", "with", "me"],
        &["fine", "with", "us"],
        &["can", "go"],
        &["could", "go"],
        &["may", "go"],
        &["can", "be", "deleted"],
        &["can", "be", "removed"],
        &["go", "ahead"],
        &["get", "rid"],
        &["se", "pueden", "borrar"],
        &["kann", "weg"],
        &["k\u{f6}nnen", "weg"],
    ];
    says(&words(text), &PHRASES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invitations() {
        for text in [
            "They will be deleted unless somebody objects here.",
            "I am going to delete them in about three weeks. Reply to stop me.",
            "Veto by comment.",
            "Answer here to keep one.",
            "Removal follows if no one vetoes within ten days.",
            "Unless you speak up they go: A, B.",
            "Si nadie se opone, los borro la semana que viene.",
        ] {
            assert!(
                text.split_inclusive('.').any(invites) && text.split_inclusive('.').any(announced) || text.len() < 45,
                "{text}"
            );
        }
        for text in
            ["Please delete X.", "The comment says to keep going.", "No objection from our side.", "Stop the job."]
        {
            assert!(!invites(text), "{text}");
        }
    }
}
