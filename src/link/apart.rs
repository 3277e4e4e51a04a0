//! Wording that no table of phrases can hold: verbs whose parts stand apart ("switch X off"), requests in the form of a question, and
//! verbs that only say what somebody shall be able to do, or when.

use crate::model::ticket::Intent;

use super::calendar::{month, weekday};
use super::clauses::in_a_path;
use super::nouns::{access_noun, credential_noun};
use super::tokens::Word;
use super::verbs::{Cue, Force, Form};

/// The cue of a verb whose second part stands later in the sentence: "take X off", "leave X alone", "no X any more".
pub(super) fn apart(words: &[Word], at: usize) -> Option<Cue> {
    let position = |options: &[&str], reach: usize| {
        words[at + 1..].iter().take(reach).position(|word| options.contains(&word.text.as_str()))
    };
    let has = |options: &[&str], reach: usize| position(options, reach).is_some();
    let act = |intent, force| Some(Cue::Act(intent, force, Form::Base));
    match words[at].text.as_str() {
        "take" | "takes" | "taking" | "taken" if has(&["away"], 14) => act(Intent::Modify, Force::Strong),
        "take" | "takes" | "taking"
            if has(&["down"], 8) && has(&["reporter", "read", "read-only", "guest", "viewer", "developer"], 10) =>
        {
            act(Intent::Modify, Force::Strong)
        }
        "take" | "takes" | "taking" | "taken" if has(&["off", "out"], 14) => act(Intent::Revoke, Force::Weak),
        "switch" | "switching" | "turn" | "turning" if has(&["off"], 8) => act(Intent::Revoke, Force::Weak),
        "shut" | "shutting" | "close" | "closing" if has(&["off", "down"], 8) => act(Intent::Revoke, Force::Weak),
        "throw" | "throwing" | "kick" if has(&["out", "away"], 8) => act(Intent::Revoke, Force::Weak),
        "set" | "setting" | "make" | "making" | "mark" | "put" | "flag" if has(&["inactive", "invalid"], 8) => {
            act(Intent::Revoke, Force::Weak)
        }
        "make" | "making" if has(&["available", "accessible"], 5) => act(Intent::Provision, Force::Weak),
        "set" | "setting" if has(&["up"], 5) => act(Intent::Provision, Force::Weak),
        "put" if has(&["policy", "policies", "allowlist"], 8) => act(Intent::Provision, Force::Weak),
        // "AKIA…: leave", "X - leave": behind a sign, and nothing behind it.
        // "X stays, Y goes."
        "goes" if at > 0 && goes_on_a_day(words, at) => act(Intent::Revoke, Force::Weak),
        "goes" if at > 0 && words.get(at + 1).is_none_or(|next| next.start > words[at].end + 1) => {
            act(Intent::Revoke, Force::Weak)
        }
        "leave" if at > 0 && at + 1 == words.len() && words[at].start > words[at - 1].end + 1 => Some(Cue::Keep),
        "leave" | "leaving"
            if has(
                &[
                    "alone",
                    "untouched",
                    "unchanged",
                    "place",
                    "active",
                    "enabled",
                    "intact",
                    "running",
                    "working",
                    "be",
                    "alive",
                ],
                10,
            ) =>
        {
            Some(Cue::Keep)
        }
        // "Leave X where it is for now."
        "leave" | "leaving"
            if position(&["where"], 10)
                .and_then(|place| words.get(at + 2 + place))
                .is_some_and(|word| matches!(word.text.as_str(), "it" | "they" | "is" | "are" | "he" | "she")) =>
        {
            Some(Cue::Keep)
        }
        "no" | "not" => {
            let any = position(&["any"], 6)?;
            words.get(at + 2 + any).filter(|word| matches!(word.text.as_str(), "more" | "longer"))?;
            act(Intent::Revoke, Force::Weak)
        }
        // "Nobody should be able to use X any more."
        "nobody"
            if words.get(at + 1).is_some_and(|w| matches!(&*w.text, "should" | "must" | "shall" | "may" | "can")) =>
        {
            let any = position(&["any"], 12)?;
            words.get(at + 2 + any).filter(|word| matches!(&*word.text, "more" | "longer"))?;
            act(Intent::Revoke, Force::Weak)
        }
        "set" if has(&["anew"], 6) => act(Intent::Rotate, Force::Weak),
        // "Cluster B still syncs with it"; "it still works" tells of a key that should not.
        "still" if words.get(at + 1).is_some_and(|word| depends(&word.text)) => Some(Cue::Keep),
        "bring" | "cut" | "scale" | "take" if has(&["down"], 4) => act(Intent::Modify, Force::Strong),
        "cut" if has(&["back"], 3) => act(Intent::Modify, Force::Strong),
        _ => None,
    }
}

/// Whether a phrase that was found says what it usually does: nothing in a path tells or asks, and what "goes on 1 June" does not go on.
pub(super) fn taken((cue, length): (Cue, usize), text: &str, words: &[Word], at: usize) -> bool {
    let word = |at: usize| words.get(at).map(|word| word.text.as_str()).unwrap_or_default();
    match cue {
        Cue::Talk => !in_a_path(text, &words[at]),
        // "Unlike B, A must be removed": the comma ends it.
        Cue::Except => !(word(at) == "unlike" && at == 0 && text.contains(',')),
        Cue::Not => word(at) != "nobody" || apart(words, at).is_none(),
        // "It serves nothing", "needed by nobody"; "X is mine; please take it off".
        Cue::Keep => {
            let nothing = matches!(word(at + length), "nothing" | "nobody" | "none");
            let mine = matches!((word(at), word(at + 1)), ("is" | "are", "mine" | "ours"))
                && words[at..].windows(2).take(REACH).any(|pair| {
                    (pair[0].text == "please" && TAKES.contains(&&*pair[1].text))
                        || (matches!(&*pair[0].text, "must" | "can" | "should" | "may") && pair[1].text == "go")
                        || (TAKES.contains(&&*pair[0].text) && matches!(&*pair[1].text, "it" | "them" | "both"))
                });
            // "Neither of these is read by a workflow."
            let unused = matches!(word(at), "neither" | "nor")
                && words[at..].iter().take(9).any(|w| matches!(&*w.text, "used" | "read" | "needed" | "referenced"));
            // "I plan to delete them unless someone needs them."
            let unless = words[at.saturating_sub(2)..at].iter().any(|w| w.text == "unless");
            // "Yara says that she does not need it."
            let idle = matches!(word(at), "need" | "needs" | "use" | "uses")
                && words[at.saturating_sub(3)..at].iter().any(|w| {
                    matches!(&*w.text, "not" | "nobody" | "never" | "none" | "longer") || w.text.ends_with("n't")
                });
            !(goes_on_a_day(words, at) || nothing || mine || unused || unless || idle)
        }
        _ => true,
    }
}

/// How far behind what is said of a thing somebody orders something, in words.
const REACH: usize = 24;

/// What somebody has taken away who says that it is theirs.
const TAKES: [&str; 8] = ["take", "remove", "delete", "revoke", "rotate", "disable", "deactivate", "drop"];

/// "The key goes on 1 June": what it does is to go.
fn goes_on_a_day(words: &[Word], at: usize) -> bool {
    let word = |at: usize| words.get(at).map(|word| word.text.as_str()).unwrap_or_default();
    let day =
        |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || weekday(word).is_some() || month(word).is_some();
    word(at) == "goes" && word(at + 1) == "on" && day(word(at + 2))
}

/// A verb that tells that something works with what is named: "syncs", "pulls", "authenticates".
pub(super) fn depends(word: &str) -> bool {
    matches!(
        word,
        "syncs"
            | "pulls"
            | "pushes"
            | "deploys"
            | "runs"
            | "builds"
            | "publishes"
            | "authenticates"
            | "connects"
            | "signs"
            | "calls"
            | "polls"
            | "fetches"
            | "imports"
            | "exports"
            | "relies"
            | "points"
            | "depends"
            | "sends"
            | "mirrors"
    )
}

/// "Can you revoke X?" asks for it; "how can you revoke X?" does not.
pub(super) fn polite(words: &[Word]) -> bool {
    let word = |at: usize| words.get(at).map(|word| word.text.as_str()).unwrap_or_default();
    if words.iter().any(|w| {
        matches!(w.text.as_str(), "please" | "pls" | "plz" | "kindly" | "bitte" | "merci" | "svp" | "stp" | "favor")
    }) {
        return true;
    }
    // "Hey, could …"
    let greets = |w: &Word| {
        matches!(
            w.text.as_str(),
            "hey"
                | "hi"
                | "hello"
                | "so"
                | "and"
                | "also"
                | "hallo"
                | "hola"
                | "salut"
                | "bonjour"
                | "team"
                | "folks"
                | "all"
        )
    };
    let head = words.iter().take(3).take_while(|w| greets(w)).count();
    (0..words.len()).any(|at| {
        let asked = matches!(
            at.checked_sub(1).map(word).unwrap_or_default(),
            "how"
                | "where"
                | "when"
                | "why"
                | "what"
                | "which"
                | "if"
                | "wie"
                | "wann"
                | "comment"
                | "quand"
                | "cómo"
                | "cuándo"
        );
        let somebody = matches!(
            word(at + 1),
            "you"
                | "u"
                | "someone"
                | "somebody"
                | "anyone"
                | "anybody"
                | "one"
                | "jemand"
                | "mir"
                | "du"
                | "ihr"
                | "sie"
                | "bitte"
        );
        let first =
            at == head && !matches!(word(at + 1), "i" | "we" | "it" | "this" | "that" | "wir" | "ich" | "they" | "man");
        // "Can Omar get X?", "may I have X for an hour?"
        let gets = matches!(word(at + 2), "get" | "have" | "receive") && !matches!(word(at + 4), "look" | "list");
        let suggests = matches!(word(at + 1), "we" | "it")
            && matches!(word(at + 2), "not" | "also" | "get" | "have" | "lend" | "give" | "grant");
        let base = word(at).split('-').next().unwrap_or_default();
        // "Would the old one be revoked?", "can both be active?" ask what happens.
        let be = (at + 1..at + 9).find(|n| word(*n) == "be");
        let happens = at == head
            && be.is_some_and(|be| match base {
                "would" | "will" => {
                    !matches!(word(be + 1), "so" | "possible" | "able" | "great" | "good" | "nice" | "kind")
                }
                _ => matches!(word(be + 1), "active" | "valid" | "used" | "true" | "live" | "both" | "in"),
            });
        // "Could this repository be added to …?"
        let done = at == head && base == "could" && be.is_some_and(|be| word(be + 1).ends_with("ed"));
        !asked
            && !happens
            && match base {
                "may" => gets && at == head,
                "can" | "could" | "would" | "will" => {
                    somebody
                        || done
                        || (gets && at == head)
                        || first
                        || suggests
                        || (word(at) == "could" && at == head && matches!(word(at + 1), "it" | "we" | "i"))
                }
                "can't" | "couldn't" => word(at + 1) == "we",
                "kannst" | "könnt" | "könntest" | "könntet" | "könnten" | "pouvez" | "pourriez" | "peux"
                | "pourrais" | "puedes" | "podéis" | "pueden" | "podrías" | "podríais" | "podrían" | "podría"
                | "puede" => true,
                "kann" | "könnte" | "können" => somebody,
                _ => false,
            }
    })
}

/// "X can go, right?", "must be disabled, I guess?": no question.
pub(super) fn tagged(text: &str) -> bool {
    const TAGS: [&str; 10] = [
        ", right?",
        ", ok?",
        ", okay?",
        ", correct?",
        ", agreed?",
        ", oder?",
        ", non?",
        " i guess?",
        " i suppose?",
        " i think?",
    ];
    let end = &text[text.floor_char_boundary(text.len().saturating_sub(16))..];
    TAGS.iter().any(|tag| text.len() > tag.len() && end.to_lowercase().ends_with(tag))
}

/// A verb behind "able to", "allowed to", "permission to" says what an access is for: nobody is asked to do it.
pub(super) fn ability(words: &[Word], at: usize) -> bool {
    let from = at.saturating_sub(8);
    let word = |back: usize| at.checked_sub(back).and_then(|at| words.get(at)).map_or("", |w| w.text.as_str());
    // "It must create and update versions": what the job shall do.
    if matches!(words.first().map(|w| w.text.as_str()), Some("it"))
        && at < 6
        // "It must not be usable."
        && !words.get(at).is_some_and(|w| w.text == "not")
        && words[1..at].iter().any(|w| matches!(w.text.as_str(), "must" | "has" | "needs"))
        && !words[..at].iter().any(|w| matches!(w.text.as_str(), "be" | "been" | "we" | "you"))
        && !matches!(word(1), "a" | "an" | "the")
    {
        return true;
    }
    words[from..at].windows(2).any(|pair| {
        pair[1].text == "to"
            && matches!(
                pair[0].text.as_str(),
                "able"
                    | "allowed"
                    | "permitted"
                    | "entitled"
                    | "permission"
                    | "permissions"
                    | "rights"
                    | "right"
                    | "ability"
            )
    })
}

/// "Access that is no longer needed must be revoked within 24 hours, see policy AC-02": a rule, and nothing that is asked.
pub(super) fn rule(text: &str, words: &[Word]) -> bool {
    let word = |at: usize| words.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let noun =
        |at: usize| access_noun(word(at)) || credential_noun(word(at)) || matches!(word(at), "accounts" | "account");
    let names = words.iter().any(|w| {
        matches!(
            w.text.as_str(),
            "policy" | "policies" | "standard" | "guideline" | "guidelines" | "baseline" | "regulation" | "richtlinie"
        )
    });
    let any = usize::from(matches!(word(0), "any" | "every" | "each" | "all" | "unused" | "temporary" | "privileged"));
    names
        && noun(any)
        && matches!(word(any + 1), "that" | "which" | "who" | "older")
        && words.iter().any(|w| matches!(w.text.as_str(), "must" | "shall" | "has" | "have" | "are" | "should"))
        && !text.trim_end().ends_with(':')
        // What names something speaks of that; a policy's own number is in capitals.
        && !super::tokens::tokens(text).iter().any(|token| {
            token.text.contains(['_', '/', '@', '\u{2026}'])
                || token.text.len() > 12
                || (token.text.contains('-') && !token.text.contains(char::is_uppercase))
                || token.marked
        })
}

/// "Who may rotate X", "how to revoke it", "whether to delete it": what is to be told.
pub(super) fn indirect(text: &str, words: &[Word], at: usize) -> bool {
    // "Nobody knows how, we must rotate X": what stands behind a comma is a sentence of its own.
    let word = |back: usize| {
        let asks = at.checked_sub(back).and_then(|at| words.get(at));
        let joined = |w: &&Word| {
            !text
                .get(w.end..words[at].start)
                .is_none_or(|between| between.contains([',', ';', ':', '.', '\u{2013}', '\u{2014}']))
        };
        asks.filter(joined).map_or("", |w| w.text.as_str())
    };
    let asks = |word: &str| {
        matches!(
            word,
            "who" | "whoever" | "whom" | "how" | "whether" | "why" | "wer" | "wie" | "ob" | "qui" | "quién" | "cómo"
        )
    };
    let may = |word: &str| {
        matches!(
            word,
            "may" | "can" | "could" | "should" | "must" | "to" | "we" | "you" | "kann" | "darf" | "peut" | "puede"
        )
    };
    // "Decide how often we rotate".
    let measure = |word: &str| matches!(word, "often" | "soon" | "long" | "quickly" | "oft" | "lange");
    // "Thanks for rotating X", "gracias por rotar X": it was done.
    if matches!(word(1), "for" | "f\u{fc}r" | "por" | "d'avoir" | "de")
        && (2..4).any(|back| matches!(word(back), "thanks" | "thank" | "danke" | "gracias"))
        || word(1) == "d'avoir" && word(2) == "merci"
    {
        return true;
    }
    // "My last ticket asked to revoke X by mistake."
    if word(1) == "to"
        && matches!(word(2), "asked" | "said" | "wanted" | "told")
        && matches!(word(3), "ticket" | "request" | "mail" | "note" | "comment" | "colleague")
    {
        return true;
    }
    let asked = |back: usize| asks(word(back)) || (measure(word(back)) && asks(word(back + 1)));
    asked(1) || (may(word(1)) && asked(2)) || (may(word(1)) && may(word(2)) && asked(3))
}

/// "Before we revoke X", "after rotating it", "once revoked": when something else is done.
pub(super) fn subordinate(words: &[Word], at: usize, verb: &str, form: Form) -> bool {
    let word = |back: usize| at.checked_sub(back).and_then(|at| words.get(at)).map(|w| w.text.as_str());
    let when = |word: Option<&str>| {
        matches!(
            word,
            Some(
                "after"
                    | "before"
                    | "when"
                    | "once"
                    | "until"
                    | "whenever"
                    | "while"
                    | "if"
                    | "unless"
                    | "without"
                    | "nachdem"
                    | "bevor"
                    | "sobald"
                    | "wenn"
                    | "falls"
                    | "quand"
                    | "lorsque"
                    | "cuando"
            )
        )
    };
    let somebody = matches!(
        word(1),
        Some(
            "we" | "you"
                | "they"
                | "i"
                | "it"
                | "he"
                | "she"
                | "somebody"
                | "someone"
                | "wir"
                | "ihr"
                | "man"
                | "on"
                | "nous"
        )
    );
    // "While one is being replaced".
    let meanwhile = form == Form::Participle
        && word(1) == Some("being")
        && (2..5).any(|back| matches!(word(back), Some("while" | "whenever" | "as" | "when")));
    meanwhile || (somebody && when(word(2))) || ((form == Form::Participle || verb.ends_with("ing")) && when(word(1)))
}
