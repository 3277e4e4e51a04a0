//! Announcements that ask for objections ("these go in ten days, veto by comment"), and the comments that object: which words announce,
//! invite, object and agree. What becomes of the targets is told in `corrections`.

use super::stance::Judged;
use super::text::{Origin, Unit};
use super::tokens::{Word, says, words};

/// "They will be deleted unless somebody objects here."
pub(super) fn invites(text: &str) -> bool {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    let objects = all.iter().any(|w| objection(&w.text))
        || has(&["shout", "shouts", "complain", "complains", "speak", "speaks", "einw\u{e4}nde"]);
    let if_so = has(&[
        "unless", "if", "until", "no", "nobody", "without", "sofern", "falls", "wenn", "please", "any", "si", "nadie",
        "sauf", "by",
    ]);
    // "No objection from our side" invites none.
    let none = all.windows(2).any(|pair| matches!(pair[0].text.as_str(), "no" | "any") && objection(&pair[1].text))
        && !has(&["if", "unless", "until", "within", "falls", "wenn", "si"]);
    let answers =
        has(&["reply", "answer", "comment", "respond", "react", "tell", "say", "write", "ping", "antwortet", "melden"]);
    let keeps = has(&["stop", "keep", "prevent", "spare", "save", "protest", "behalten", "garder", "conservar"]);
    let us = has(&["me", "us", "here", "this", "one", "it", "them", "if"]);
    (objects && if_so && !none)
        // "Object below."
        || (all.len() <= 4
            && all.first().is_some_and(|w| objection(&w.text))
            && all.get(1).is_none_or(|w| matches!(w.text.as_str(), "below" | "here" | "by" | "until" | "in" | "now" | "to")))
        // "Answer here to keep one", "reply to stop me".
        || (answers && keeps && us && all.len() <= 12)
        || (has(&["unless"])
            && has(&["somebody", "someone", "anybody", "anyone", "you"])
            && has(&["needs", "need", "uses", "use", "speaks", "says", "replies", "claims"]))
}

/// A word for an objection.
fn objection(word: &str) -> bool {
    ["object", "veto", "einspruch", "widersp", "opon", "oppos", "opposition"].iter().any(|stem| word.starts_with(stem))
}

/// Whether a ticket announces an end and asks for objections.
pub(super) fn announces(units: &[Unit], judged: &[Judged<'_>]) -> bool {
    const STEMS: [&str; 10] =
        ["delet", "remov", "purg", "dropped", "cleaned", "revok", "l\u{f6}sch", "borr", "elimin", "supprim"];
    let own = || units.iter().zip(judged).filter(|(unit, _)| !matches!(unit.origin, Origin::Comment(_)));
    own().any(|(unit, _)| invites(&unit.text))
        && own().any(|(_, judged)| {
            judged
                .words
                .iter()
                .any(|w| STEMS.iter().any(|stem| w.text.starts_with(stem)) || matches!(w.text.as_str(), "go" | "goes"))
        })
}

/// Whether a comment may object to what was announced.
pub(super) fn objects(all: &[Word]) -> bool {
    all.iter().any(|w| {
        objection(&w.text)
            || matches!(
                w.text.as_str(),
                "disagree"
                    | "shout"
                    | "speaking"
                    | "speak"
                    | "leave"
                    | "stay"
                    | "stays"
                    | "remain"
                    | "remains"
                    | "keep"
                    | "need"
                    | "needs"
                    | "needed"
                    | "still"
                    | "use"
                    | "uses"
                    | "used"
                    | "read"
                    | "reads"
                    | "stop"
                    | "hold"
                    | "wait"
                    | "not"
                    | "don't"
                    | "no"
                    | "braucht"
                    | "brauchen"
                    | "bleibt"
                    | "usa"
            )
    })
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
            assert!(text.split_inclusive('.').any(invites), "{text}");
        }
        for text in
            ["Please delete X.", "The comment says to keep going.", "No objection from our side.", "Stop the job."]
        {
            assert!(!invites(text), "{text}");
        }
    }
}
