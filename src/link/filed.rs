//! Tickets that are filed after what they are about was done: the words that say so. What such a ticket tells is what it asks for, see
//! `intent` and `links`.

use super::mention::Mention;
use super::stance::Stance;
use super::text::{Origin, Unit};
use super::tokens::{Word, says, words};

/// Words that say by themselves that a ticket is filed after the fact, in a title or before "ticket" and the like.
pub(super) const AFTERWARDS: [&str; 13] = [
    "after-the-fact",
    "retroactive",
    "retroactively",
    "retrospective",
    "retrospectively",
    "nachtrag",
    "nachträglich",
    "nachträgliche",
    "nachdokumentiert",
    "rétroactif",
    "rétroactivement",
    "retroactivo",
    "retroactivamente",
];

/// What stands behind them in a text.
pub(super) const FILED: [&str; 6] = ["ticket", "change", "record", "entry", "erfasst", "angelegt"];

/// Phrases that say it.
pub(super) const FILED_AFTERWARDS: [&[&str]; 75] = [
    &["forgot", "to", "open", "an", "issue"],
    &["forgot", "to", "file"],
    &["so", "here", "it", "is"],
    &["log", "entry"],
    &["ticket", "comes", "late"],
    &["ticket", "is", "late"],
    &["ticket", "nur", "damit"],
    &["f\u{fc}rs", "audit"],
    &["ticket", "kommt", "sp\u{e4}t"],
    &["record", "for", "audit"],
    &["paperwork", "only", "follows"],
    &["paperwork", "follows"],
    &["without", "a", "ticket", "sorry"],
    &["only", "the", "paperwork"],
    &["f\u{fc}rs", "protokoll"],
    &["for", "the", "log"],
    &["written", "down", "for"],
    &["write", "it", "down"],
    &["written", "up", "for"],
    &["audit", "trail"],
    &["registering", "a"],
    &["registered", "afterwards"],
    &["entry", "after", "the"],
    &["for", "the", "books"],
    &["so", "that", "there", "is", "a", "record"],
    &["shows", "up", "in", "the", "log"],
    &["filed", "late"],
    &["filing", "late"],
    &["late", "paperwork"],
    &["late", "ticket"],
    &["written", "down", "later"],
    &["writing", "it", "down"],
    &["nobody", "had", "recorded"],
    &["that", "there", "is", "no", "ticket"],
    &["queda", "constancia"],
    &["con", "retraso"],
    &["filing", "it", "afterwards"],
    &["entered", "subsequently"],
    &["documented", "subsequently"],
    &["subsequent", "documentation"],
    &["forgot", "to", "open", "a", "ticket"],
    &["opened", "a", "ticket", "at", "the", "time"],
    &["had", "a", "ticket", "at", "hand"],
    &["ticket", "that", "should", "have", "existed"],
    &["filing", "this", "afterwards"],
    &["entered", "afterwards"],
    &["documented", "afterwards"],
    &["noted", "afterwards"],
    &["for", "the", "file"],
    &["for", "the", "files"],
    &["for", "our", "records"],
    &["filed", "afterwards"],
    &["filed", "after"],
    &["filed", "retroactively"],
    &["created", "afterwards"],
    &["opened", "afterwards"],
    &["raised", "afterwards"],
    &["logged", "afterwards"],
    &["recorded", "afterwards"],
    &["written", "afterwards"],
    &["ticket", "afterwards"],
    &["after", "the", "fact"],
    &["after", "the", "event"],
    &["for", "the", "record"],
    &["record", "for", "the", "audit"],
    &["for", "the", "audit", "trail"],
    &["record", "only"],
    &["ex", "post"],
    &["post", "factum"],
    &["im", "nachhinein"],
    &["zur", "dokumentation"],
    &["après", "coup"],
    &["a", "posteriori"],
    &["pour", "la", "traçabilité"],
    &["a", "efectos", "de", "registro"],
];

/// Whether a ticket says that it is filed after the fact.
pub(super) fn filed_afterwards(units: &[Unit]) -> bool {
    units
        .iter()
        .filter(|unit| !matches!(unit.origin, Origin::Comment(_)))
        .take(40)
        .any(|unit| afterwards(&words(&unit.text), unit.origin == Origin::Title))
}

/// "TEST_TOKEN was not rotated", in a ticket that is filed afterwards: what was not done is not what it is about.
pub(super) fn spare_untouched(units: &[Unit], mentions: &mut [Mention]) {
    if !filed_afterwards(units) {
        return;
    }
    let own = |mention: &&mut Mention| {
        matches!(mention.stance, Stance::Neutral | Stance::Act)
            && !matches!(units[mention.unit].origin, Origin::Comment(_))
    };
    for mention in mentions.iter_mut().filter(own) {
        let rest = units[mention.unit].text.get(mention.end..).unwrap_or_default();
        // Of a long line, the next few words.
        let near = rest.char_indices().nth(80).map_or(rest, |(end, _)| &rest[..end]);
        let behind = words(near);
        let word = |at: usize| behind.get(at).map(|w| w.text.as_str()).unwrap_or_default();
        let not = (0..3).find(|at| word(*at) == "not" || word(*at).ends_with("n't"));
        let done = |word: &str| {
            ["rotated", "revoked", "changed", "replaced", "renewed", "deleted", "removed", "touched"].contains(&word)
        };
        if matches!(word(0), "was" | "were" | "has" | "have" | "wasn't" | "hasn't")
            && not.is_some_and(|not| (not + 1..not + 3).any(|at| done(word(at))))
            // "Was not rotated until May": it was.
            && !behind.iter().any(|w| matches!(&*w.text, "until" | "before" | "when" | "yet"))
        {
            mention.stance = Stance::Keep;
        }
    }
}

/// Whether words say that a ticket is filed after the fact; a title says it in one word.
fn afterwards(all: &[Word], title: bool) -> bool {
    let one = |w: &Word| AFTERWARDS.contains(&w.text.as_str());
    // "Nachtrag f\u{fc}rs Notfallbuch."
    if all.len() <= 6 && all.first().is_some_and(one) {
        return true;
    }
    (title && all.iter().any(|w| one(w) || matches!(w.text.as_str(), "record" | "recorded")))
        || all.windows(2).any(|pair| one(&pair[0]) && FILED.contains(&pair[1].text.as_str()))
        || says(all, &FILED_AFTERWARDS)
}
