//! Words by which somebody says that nothing was or will be done about a ticket. The phrases stand in `states`; who may withdraw a ticket
//! is decided in `state`.

use crate::model::ticket::Comment;

use super::states::REFUSALS;
use super::tokens::{Word, words};

/// The sentence of a comment that says that nothing was or will be done.
fn refuses(text: &str, system: bool) -> Option<String> {
    let sentences: Vec<&str> = text.split_inclusive(['.', '\n', '!']).collect();
    sentences.into_iter().find_map(|sentence| {
        let all = words(sentence);
        let hit = REFUSALS.iter().any(|phrase| {
            let phrase = words(phrase);
            let at = all.windows(phrase.len()).position(|w| w.iter().zip(&phrase).all(|(a, b)| a.text == b.text));
            // One word alone may be about something else ("the subscription was cancelled").
            let about =
                || all.iter().any(|w| matches!(w.text.as_str(), "ticket" | "request" | "issue" | "closing" | "this"));
            at.is_some_and(|at| phrase.len() > 1 || at == 0 || about())
        });
        // "The old token is not needed any more" tells of the token; "not needed any more, closing" of the ticket.
        let thing = all.iter().any(|w| super::nouns::credential_noun(&w.text)) && !all.iter().any(|w| closes(&w.text));
        let needless = thing
            && all.windows(2).any(|pair| {
                matches!(
                    (pair[0].text.as_str(), pair[1].text.as_str()),
                    ("not", "needed" | "required")
                        | ("longer", "needed" | "required" | "necessary")
                        | ("nicht", "mehr")
                        | ("plus", "nécessaire")
                        | ("ya", "no")
                )
            });
        // "Not removed. It is in use."; "the key is gone, backups were not removed" refuses nothing.
        let first: Vec<&str> = all.iter().take(2).map(|w| w.text.as_str()).collect();
        let left = matches!(first[..], ["not", "removed" | "revoked" | "deleted" | "rotated"]);
        let marked = (system && sentence.contains("duplicate of")) || left;
        // "in favour of", "moved to" refuse only where the sentence closes.
        let soft =
            all.iter().any(|w| matches!(w.text.as_str(), "favour" | "favor" | "moved" | "continued" | "tracked"))
                && !all.iter().any(|w| closes(&w.text) || w.text.starts_with("supersed"));
        ((hit && !soft && !needless) || marked).then(|| sentence.trim().to_owned())
    })
}

/// What one of a closing's comments says of that; `last`: the last word, which is taken in whatever words it comes, since what was not
/// done before the closing may have been done at it.
pub(super) fn gives_up(comment: &Comment, last: bool) -> Option<String> {
    let said = refuses(&comment.text, comment.system);
    said.or_else(|| if last { leaves_all(&comment.text) } else { None })
}

/// The last comment that is not the tracker's own.
pub(super) fn newest(comments: &[Comment]) -> Option<usize> {
    comments.iter().rposition(|comment| !comment.system)
}

/// A word that closes a ticket.
fn closes(word: &str) -> bool {
    word.starts_with("clos")
        || matches!(
            word,
            "ticket"
                | "request"
                | "issue"
                | "schließe"
                | "schließen"
                | "geschlossen"
                | "ferme"
                | "fermer"
                | "cierro"
                | "cerramos"
                | "cerrar"
        )
}

/// How far behind its "no" a change may stand, in words.
const REACH: usize = 6;

/// "There won't be a new key", "did not renew anything", "nobody has granted anything yet", "I leave it alone": whatever the words are,
/// that nothing is done, in a comment in which nobody says that something was. These words say other things elsewhere: only the last
/// comment of a closing is asked, see `state`.
fn leaves_all(text: &str) -> Option<String> {
    if says_done(text) {
        return None;
    }
    let sentences = || parts(text).map(|said| (said, words(said)));
    sentences().find_map(|(said, all)| {
        let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
        let near = |at: usize, is: &dyn Fn(usize) -> bool| (at + 1..=at + REACH).any(is);
        let denied = (0..all.len()).any(|at| {
            let (first, second) = (word(at), word(at + 1));
            // "Did not renew", "have deleted nothing", "nobody has granted", "not changing it".
            let no_deed = match first {
                "did" | "have" | "has" | "was" | "were" | "will" | "am" | "are" | "is" => {
                    matches!(second, "not" | "nothing")
                }
                "didn't" | "haven't" | "hasn't" | "wasn't" | "weren't" | "won't" => true,
                "nobody" | "nothing" => matches!(second, "has" | "was" | "is" | "were" | "will"),
                "not" => changes(second) && second.ends_with("ing"),
                _ => false,
            };
            let deed = |at: usize| changed(word(at)) || (changes(word(at)) && !is_noun(word(at)));
            let ours = |at: usize| matches!(word(at.wrapping_sub(1)), "i" | "we" | "have" | "has");
            let thing = |at: usize| super::nouns::credential_noun(word(at)) || matches!(word(at), "one" | "value");
            (no_deed && (first == "not" || near(at, &deed)))
                || (changed(first) && second == "nothing" && ours(at))
                || (first == "without" && near(at, &|at| changed(word(at))))
                || (matches!(first, "no" | "won't")
                    && near(at, &|at| word(at) == "new" && (thing(at + 1) || thing(at + 2))))
                || (first == "no"
                    && matches!(second, "replacement" | "rotation" | "renewal" | "removal")
                    && at + 2 < all.len())
        });
        let left = (0..all.len()).any(|at| {
            let leaves = matches!(
                word(at),
                "leave" | "leaving" | "left" | "lasse" | "lassen" | "laisse" | "laissons" | "dejo" | "dejamos"
            );
            // "I am leaving the other key alone" speaks of another one.
            let all_of_it = matches!(
                word(at + 1),
                "it" | "this" | "that" | "them" | "everything" | "es" | "alles" | "tout" | "todo"
            );
            // "The deny policy left it in place": somebody says of themselves what they leave.
            let self_said = word(at) != "left"
                || matches!(word(at.wrapping_sub(1)), "i" | "we" | "so" | "and" | "have" | "")
                || at == 0;
            // "I left the variable in place."
            let named = matches!(word(at + 1), "the" | "your" | "this" | "that" | "die" | "das" | "den" | "la" | "le")
                && (super::nouns::credential_noun(word(at + 2)) || word(at + 2) == "variable");
            leaves
                && self_said
                && (all_of_it || named)
                && (at + 2..at + 5).any(|next| {
                    matches!(
                        (word(next), word(next + 1)),
                        ("alone" | "untouched" | "unchanged", _)
                            | ("as" | "where", "it" | "is" | "they")
                            | ("in", "place")
                    )
                })
        });
        let given_up = (0..all.len()).any(|at| {
            let denied = all[at.saturating_sub(3)..at].iter().any(|w| denies(&w.text));
            !denied
                && matches!(
                    (word(at), word(at + 1), word(at + 2), word(at + 3)),
                    ("overtaken", "by", ..)
                        | ("false", "positive", ..)
                        | ("forget", "about" | "this", ..)
                        | ("called", "off", ..)
                        | ("i" | "we", "no", "longer", "need")
                        | ("i" | "we", "don't", "need", "it" | "this")
                        | ("of", "the", "question", _)
                        | ("not", "to", "be", "done")
                        | ("abandoned" | "dropped", "the", "idea", _)
                        | ("gave", "up", "on", _)
                        | ("without", "doing", "it" | "this", _)
                )
        });
        // "Replaced by SEC-12", "tracked as SEC-12 instead".
        let elsewhere = (0..all.len()).any(|at| {
            matches!(
                (word(at), word(at + 1)),
                ("replaced" | "covered", "by") | ("tracked" | "handled" | "continued", "as" | "in" | "under" | "by")
            ) && is_ticket(said, &all, at + 2)
        });
        // "You are right, I was wrong", and "it stays".
        let stays = all.len() <= 4
            && matches!(word(0), "it" | "this" | "that")
            && matches!(word(1), "stays" | "remains")
            && !matches!(word(2), "open" | "closed" | "disabled" | "revoked");
        (denied || left || given_up || elsewhere || stays).then(|| said.trim().to_owned())
    })
}

/// Whether a comment says that something was done: "Key killed in IAM", "revoked: nothing else used it".
fn says_done(text: &str) -> bool {
    parts(text).map(|said| (said, words(said))).any(|(said, all)| {
        let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
        // "Did not change it", "without having revoked anything", "I deleted nothing".
        let no = |at: usize| {
            all[at.saturating_sub(2)..at].iter().any(|w| denies(&w.text))
                || (word(at + 1) == "nothing" && at > 0 && matches!(word(at - 1), "i" | "we" | "have" | "has"))
        };
        // "Where the token behind it gets killed", "replaced by SEC-12".
        let not_yet = |at: usize| {
            at > 0 && matches!(word(at - 1), "gets" | "be" | "being" | "getting")
                // "They have changed their mind."
                || word(at + 2) == "mind"
                || (word(at) == "rolled" && word(at + 1) == "back")
                || (word(at) == "replaced" && word(at + 1) == "by" && is_ticket(said, &all, at + 2))
        };
        (0..all.len()).any(|at| (changed(word(at)) || ended(word(at))) && !no(at) && !not_yet(at))
            || (0..all.len()).any(|at| matches!(word(at), "took" | "taken" | "went") && !no(at) && !not_yet(at))
            || matches!(word(0), "done" | "erledigt" | "fait" | "hecho" | "fixed")
    })
}

/// `SEC-12`; no algorithm, and no key by its number.
fn is_ticket(said: &str, all: &[Word], at: usize) -> bool {
    let Some(name) = all.get(at).and_then(|w| said.get(w.start..w.end)) else { return false };
    name.rsplit_once('-').is_some_and(|(project, number)| {
        project.len() > 1
            && project.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && project.starts_with(|c: char| c.is_ascii_uppercase())
            && !matches!(
                project,
                "RSA"
                    | "AES"
                    | "SHA"
                    | "ISO"
                    | "UTF"
                    | "TLS"
                    | "CVE"
                    | "ECDSA"
                    | "ED"
                    | "HTTP"
                    | "KEY"
                    | "TOKEN"
                    | "V"
                    | "MD"
                    | "PKCS"
                    | "RFC"
            )
            && (1..=6).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// What parts of a comment say, each by itself.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '\n', '!', ';', ',', ':', '(', ')', '\u{2013}', '\u{2014}']).flat_map(|part| part.split(" - "))
}

/// Words for what is over.
fn ended(word: &str) -> bool {
    const STEMS: [&str; 16] = [
        "kill",
        "retired",
        "invalidated",
        "gone",
        "dead",
        "wiped",
        "purged",
        "dropped",
        "decommissioned",
        "expired",
        "disconnected",
        "blocked",
        "terminated",
        "inactive",
        "unset",
        "shut",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem)) || matches!(word, "off" | "down")
}

fn is_noun(word: &str) -> bool {
    matches!(word, "removal" | "rotation" | "renewal" | "deletion" | "replacement" | "action" | "change")
}

fn denies(word: &str) -> bool {
    matches!(
        word,
        "no" | "not"
            | "nothing"
            | "nobody"
            | "none"
            | "never"
            | "without"
            | "neither"
            | "nor"
            | "cannot"
            | "nicht"
            | "nichts"
            | "kein"
            | "keine"
            | "keinen"
            | "niemand"
            | "rien"
            | "aucun"
            | "aucune"
            | "nada"
            | "ning\u{fa}n"
            | "ninguna"
    ) || word.ends_with("n't")
}

/// A change of access or of a value, as it was done.
fn changed(word: &str) -> bool {
    const STEMS: [&str; 27] = [
        "revoked",
        "rotated",
        "removed",
        "deleted",
        "disabled",
        "deactivated",
        "renewed",
        "replaced",
        "changed",
        "granted",
        "swapped",
        "exchanged",
        "issued",
        "reissued",
        "re-issued",
        "destroyed",
        "unticked",
        "touched",
        "uninstalled",
        "rolled",
        "added",
        "withdrawn",
        "gel\u{f6}scht",
        "erneuert",
        "ersetzt",
        "supprim\u{e9}",
        "eliminado",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem))
}

/// The same, as an order or a noun.
fn changes(word: &str) -> bool {
    const WORDS: [&str; 24] = [
        "revoke",
        "revoking",
        "rotate",
        "rotating",
        "rotation",
        "remove",
        "removing",
        "removal",
        "delete",
        "deleting",
        "deletion",
        "disable",
        "renew",
        "renewing",
        "renewal",
        "replace",
        "replacing",
        "replacement",
        "change",
        "changing",
        "grant",
        "granting",
        "touch",
        "action",
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_words() {
        assert!(refuses("marked this issue as a duplicate of #3", true).is_some());
        assert!(refuses("Superseded by SEC-109. I have not removed anything, closing.", false).is_some());
        assert!(refuses("Gone from the repository, only the live key is listed now. Closing.", false).is_none());
        for refused in [
            "ok my mistake, then I cancel this one",
            "Opened by mistake, sorry.",
            "On annule, je ferme.",
            "Hat sich geklärt, ziehe ich zurück.",
            "Al final lo anulo, gracias.",
            "Not needed any more, closing.",
            "We decided not to do it this quarter.",
        ] {
            assert!(refuses(refused, false).is_some(), "{refused}");
        }
        for done in [
            "The token is no longer needed, removed.",
            "Der alte Schlüssel wird nicht mehr gebraucht, ist gelöscht.",
            "La clé n'est plus nécessaire, supprimée.",
            "Their subscription was cancelled and the key deleted.",
        ] {
            assert!(refuses(done, false).is_none(), "{done}");
        }
        assert!(refuses("The image moved to our registry, key deleted.", false).is_none());
    }

    #[test]
    fn whatever_the_words_are() {
        for refused in [
            "The auditors gave up on the finding, so there won't be a new certificate; the sandbox goes in #34.",
            "Overtaken by #40, where all of it goes. Did not renew anything.",
            "We use the other account instead. Nobody has granted anything yet.",
            "Oh. Then I leave it alone, the merge request can take care of it.",
            "The job was on the wrong branch. Rebased and green, so no replacement necessary.",
            "An exception was given this morning. Not changing it.",
            "It is needed every night. I deleted nothing.",
            "We need it, so I am closing this without having revoked anything.",
        ] {
            assert!(leaves_all(refused).is_some(), "{refused}");
        }
        for done in [
            "Revoked. No new one was issued.",
            "Token rotated; nothing else had to be changed.",
            "Removed this morning, nobody noticed.",
            "New secret in, pull works.",
            "Unticked, the mirror has pulled twice since. No errors.",
            "Done, no complaints.",
            "AKIAIOSFODNN7EXAMPLE revoked - nothing broke.",
            "Revoked: nothing else used it.",
            "No issues: key revoked. Did not delete the service account.",
            "Key killed in IAM this morning. Anyone still using it won't have access after the removal.",
            "Not a false positive, the key is dead now.",
            "Retired in IAM. No new key will be made.",
            "Killed it. I am leaving the other key alone.",
        ] {
            assert!(leaves_all(done).is_none(), "{done}");
        }
    }
}
