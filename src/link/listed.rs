//! Lines that list and lines that only tell: which shapes of a line or heading make a name an entry. What becomes of it is decided in
//! `links`.

use crate::model::ticket::Strength;

use super::mention::Mention;
use super::text::{Shape, Unit};
use super::tokens::{Word, words};

/// Sections that tell and do not ask.
pub(super) fn aside_heading(text: &str) -> bool {
    const ASIDE: [&str; 17] = [
        "background",
        "context",
        "history",
        "why",
        "notes",
        "note",
        "references",
        "see",
        "related",
        "hintergrund",
        "contexte",
        "contexto",
        "timeline",
        "chronology",
        "chronologie",
        "cronología",
        "zeitleiste",
    ];
    words(text).iter().any(|word| ASIDE.contains(&word.text.as_str()))
}

/// A section of examples.
pub(super) fn examples(heading: &str) -> bool {
    !heading.contains('?')
        && words(heading).iter().take(2).any(|w| {
            matches!(
                w.text.as_str(),
                "example"
                    | "examples"
                    | "sample"
                    | "beispiel"
                    | "beispiele"
                    | "exemple"
                    | "exemples"
                    | "ejemplo"
                    | "ejemplos"
            )
        })
}

/// "Accepted when", "Definition of done": what must be true in the end.
pub(super) fn accepted(lead: &str) -> bool {
    let all = words(lead);
    let pair = |first: &[&str], second: &str| {
        all.windows(2).any(|pair| first.contains(&pair[0].text.as_str()) && pair[1].text == second)
    };
    all.iter().any(|w| w.text == "acceptance")
        || pair(&["accepted", "done", "finished", "complete", "closed"], "when")
        || pair(&["definition"], "of")
}

/// A line of code that lists: an id with what belongs to it, a name by itself; no reference to a variable, no line of a log.
pub(super) fn in_code(unit: &Unit, mention: &Mention) -> bool {
    let before = unit.text[..mention.start].trim_end();
    // `KEY=***`: that it was masked.
    if ["=***", "=[MASKED", "=[masked", "=<masked"].iter().any(|masked| unit.text[mention.end..].starts_with(masked)) {
        return false;
    }
    let refers =
        before.ends_with('$') || before.ends_with("${") || before.ends_with("secrets.") || before.ends_with("env.");
    let logged = words(&unit.text).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "error"
                | "warning"
                | "warn"
                | "fatal"
                | "failed"
                | "denied"
                | "missing"
                | "info"
                | "debug"
                | "exception"
                | "traceback"
        )
    });
    let others = words(&unit.text).len().saturating_sub(words(&unit.text[mention.start..mention.end]).len());
    let most = if mention.strength == Strength::Id { 11 } else { 2 };
    !refers && !logged && others <= most
}

/// Nothing but names, numbers and short labels: an entry of a list.
pub(super) fn only_names(unit: &Unit, mention: &Mention) -> bool {
    let rest = unit.text.len().saturating_sub(mention.end - mention.start);
    // A long text is no list's entry, whatever else it says; of an item that begins with a name it tells where that is.
    let front = unit.text[..mention.start].trim_matches(['`', '*', ' ']);
    let leads = unit.shape == Shape::Item && (front.is_empty() || front.ends_with(" and") || front.ends_with(','));
    // "GitLab pipeline trigger "rebuild hook", id 9, acme/ads": parts between commas, and no sentence.
    let parts = unit.shape == Shape::Item && !unit.text.ends_with('.') && unit.text.matches(", ").count() > 1;
    let (most, longest) = if leads {
        (120, 20)
    } else if parts {
        (90, 14)
    } else {
        (60, 12)
    };
    if rest > most || words(&unit.text).len() > longest {
        return false;
    }
    // "It was made together with X", "he can see X": told beside what is asked.
    let before = words(&unit.text[..mention.start]);
    let tells = |w: &Word| matches!(w.text.as_str(), "was" | "were" | "had" | "can" | "could");
    let narrated = unit.shape == Shape::Prose && before.iter().rev().skip(1).any(tells);
    // "Since release 26.5 the page reads X.": a whole sentence that says nothing of what X is.
    let sentence = unit.shape == Shape::Prose
        && unit.text.ends_with('.')
        && before.len() >= 4
        && !unit.text[..mention.start].contains([':', '(', '|'])
        && !before
            .iter()
            .any(|w| matches!(w.text.as_str(), "about" | "concerns" | "affects" | "means" | "needs" | "to"))
        // "That is X and Y", where "tags are pushed by X" tells.
        && (before.iter().any(|w| w.text == "by")
            || !before.iter().any(|w| matches!(w.text.as_str(), "is" | "are")));
    let told = narrated
        || sentence
        || (unit.shape == Shape::Prose && unit.text.ends_with('.') && words(&unit.text[mention.end..]).len() > 2)
        || before.iter().any(|w| {
            matches!(
                w.text.as_str(),
                "check"
                    | "whether"
                    | "verify"
                    | "investigate"
                    | "ask"
                    | "confirm"
                    | "test"
                    | "prüfen"
                    | "vérifier"
                    | "comprobar"
            )
        });
    !told
}

/// "The job logs in with X": a sentence of its own, that neither says what something is nor adds to what was said.
pub(super) fn sentence(unit: &Unit, mention: &Mention) -> bool {
    let before = words(&unit.text[..mention.start]);
    let adds = |w: &Word| {
        matches!(
            w.text.as_str(),
            "also"
                | "too"
                | "plus"
                | "same"
                | "both"
                | "additionally"
                | "likewise"
                | "well"
                | "auch"
                | "ebenso"
                | "aussi"
                | "también"
        )
    };
    let after = words(&unit.text[mention.end..]);
    // "X has been read-only from the start."
    let subject = before.len() < 2
        && after.len() > 2
        && after.first().is_some_and(|w| {
            matches!(
                w.text.as_str(),
                "has" | "was" | "had" | "does" | "will" | "uses" | "reads" | "works" | "belongs" | "took" | "takes"
            )
        })
        && unit.text.trim_end().ends_with(['.', ')']);
    let ours = |w: &Word| {
        matches!(w.text.as_str(), "leaked" | "exposed" | "expired" | "compromised" | "old" | "age" | "unused")
    };
    unit.shape == Shape::Prose
        && (before.len() >= 2 || (subject && !after.iter().any(ours)))
        && before.len() + after.len() >= 4
        && !unit.text[..mention.start].contains([':', '|'])
        && !before.last().is_some_and(|w| matches!(w.text.as_str(), "is" | "are" | "ist" | "sind" | "est" | "es"))
        && !words(&unit.text).iter().any(adds)
}

/// Nothing but other names between a line's key and a name: "Left: `A_KEY` and `B_KEY`".
fn also_named(word: &str) -> bool {
    word.is_empty()
        || matches!(word, "and" | "&" | "+" | "plus" | "und" | "et" | "y")
        || (word.contains(['_', '/']) && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.".contains(c)))
}

/// `accessor: ACC…`, `Path: secret/x`, the second of two behind a colon.
pub(super) fn is_pair(unit: &Unit, mention: &Mention) -> bool {
    unit.text[..mention.start].split_once(':').is_some_and(|(key, between)| {
        words(key).len() <= 4
            && !words(key).iter().any(|w| {
                matches!(
                    w.text.as_str(),
                    "grepped" | "looked" | "searched" | "checked" | "grep" | "unlike" | "compare" | "see"
                )
            })
            && between.split(|c: char| c.is_whitespace() || matches!(c, '`' | '*' | '"' | ',')).all(also_named)
    })
}
