//! Where a unit's clauses part, and which of its words say nothing by themselves: those in quotation marks, in addresses and in paths. What a
//! clause does is judged in `stance`.

use std::ops::Range;

use super::stance::Found;
use super::text::Shape;
use super::tokens::Word;
use super::verbs::Cue;

/// A part and what it continues, or what continues it, around a parenthesis.
pub(super) fn around(text: &str, parts: &[(usize, usize, bool)], index: usize) -> Vec<(usize, usize, bool)> {
    let goes_on = |part: usize| {
        let Some((start, end, aside)) = parts.get(part).copied() else { return false };
        let rest = text[start..end].trim_start();
        let first = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        part >= 2
            && !aside
            && parts[part - 1].2
            && !parts[part - 2].2
            && text[..start].ends_with(')')
            && rest.starts_with(char::is_lowercase)
            && conjunction(first).is_none()
    };
    let mut whole = vec![parts[index]];
    if goes_on(index) {
        whole.push(parts[index - 2]);
    }
    if goes_on(index + 2) {
        whole.push(parts[index + 2]);
    }
    whole
}

/// Nobody cites more.
const LONGEST: usize = 120;

/// What stands between quotation marks and names nothing: `crashes on "REVOKE"` cites a word and does not say it; and what a text is
/// called, whatever that names: `the page "Rotating X"`.
pub(super) fn quoted(text: &str) -> Vec<Range<usize>> {
    let named = |inside: &str| {
        super::tokens::tokens(inside).iter().any(|token| {
            token.text.contains(['_', '/', '@', ':']) || token.text.chars().filter(char::is_ascii_digit).count() > 3
        })
    };
    let called = |before: &str| {
        let last = before.trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap_or_default();
        // What is run is done: `run the playbook "Revoke X"`.
        let last = last.to_lowercase();
        before.ends_with(' ')
            && super::topics::text_noun(&last)
            && !matches!(last.as_str(), "runbook" | "playbook" | "how-to" | "howto" | "guide" | "changelog")
    };
    let cites = |range: &Range<usize>| {
        let (before, inside) = (&text[..range.start], &text[range.clone()]);
        let before = before.trim_end_matches(['"', '\'', '\u{201c}', '\u{201e}', '\u{ab}']);
        // `I get "X has expired, rotate now"`: what something else says.
        let near = before.char_indices().rev().nth(40).map_or(before, |(at, _)| &before[at..]);
        let prints = super::tokens::words(near).last().is_some_and(|w| {
            matches!(
                w.text.as_str(),
                "get"
                    | "gets"
                    | "prints"
                    | "logs"
                    | "shows"
                    | "announced"
                    | "announces"
                    | "displays"
                    | "error"
                    | "warning"
                    | "message"
                    | "alert"
                    | "banner"
            )
        });
        // `every "please rotate X" mail`: what something else says.
        let behind = text[range.end..].trim_start_matches(['"', '\'', '\u{201d}', '\u{201c}', '\u{bb}']);
        let near = &behind[..behind.floor_char_boundary(24)];
        let prints = prints
            || super::tokens::words(near).first().is_some_and(|w| {
                matches!(
                    w.text.as_str(),
                    "mail"
                        | "mails"
                        | "message"
                        | "messages"
                        | "reminder"
                        | "reminders"
                        | "alert"
                        | "alerts"
                        | "notification"
                        | "warning"
                        | "error"
                        | "banner"
                )
            });
        if prints && inside.len() <= LONGEST {
            return true;
        }
        // `Action: "revoke"` answers, and a title in quotes is a title.
        // `text: "rotate it"` is what is to be printed.
        let printed = before.trim_end().strip_suffix(':').is_some_and(|key| {
            super::tokens::words(key).last().is_some_and(|w| {
                matches!(
                    &*w.text,
                    "text" | "wording" | "slogan" | "caption" | "headline" | "motto" | "aufschrift" | "texte"
                )
            })
        });
        // `Revert "rotate X"`: a commit's title.
        let commit = super::tokens::words(before)
            .last()
            .is_some_and(|w| matches!(&*w.text, "revert" | "reverts" | "reverted" | "commit" | "undo"));
        if printed || commit {
            return true;
        }
        let answers = before.trim_end().ends_with([':', '=']) || inside.len() * 5 > text.len() * 4;
        inside.len() <= LONGEST && !answers && (called(before) || !named(inside))
    };
    // What stands between two marks side by side is nothing.
    quotations(text).into_iter().filter(|range| !range.is_empty() && cites(range)).collect()
}

/// What stands between quotation marks.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut rest = 0;
    while let Some((open, mark)) = text[rest..].char_indices().find(|(at, c)| {
        // `says 'token revoked'`: no apostrophe stands behind a blank.
        let opens =
            *c == '\'' && text[..rest + at].ends_with(' ') && text[rest + at + 1..].starts_with(char::is_alphabetic);
        opens || matches!(c, '"' | '\u{201c}' | '\u{201e}' | '\u{ab}')
    }) {
        let from = rest + open + mark.len_utf8();
        let closes: &[char] = match mark {
            '"' => &['"'],
            '\'' => &['\''],
            '\u{ab}' => &['\u{bb}'],
            _ => &['\u{201d}', '\u{201c}'],
        };
        // A sign behind which a word goes on is an apostrophe.
        let ends = |at: &usize| mark != '\'' || !text[from + at + 1..].starts_with(char::is_alphanumeric);
        let within = if mark == '\'' { LONGEST } else { text.len() };
        let mut signs = text[from..].match_indices(closes).map(|(at, _)| at).take_while(|at| *at <= within);
        let Some(length) = signs.find(ends) else {
            // One that nothing closes quotes nothing; of double ones nothing that follows does.
            if mark == '\'' {
                rest = from;
                continue;
            }
            break;
        };
        out.push(from..from + length);
        rest = from + length + text[from + length..].chars().next().map_or(1, char::len_utf8);
    }
    out
}

/// A part of an address, a host or a file's name: `example` of `bob@example.com` illustrates nothing.
pub(super) fn embedded(text: &str, word: &Word) -> bool {
    let (before, after) = (&text[..word.start], &text[word.end..]);
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    before.ends_with('@')
        || after.starts_with('@')
        // `limit=365d` of a log.
        || (after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>"))
        || before.strip_suffix('.').is_some_and(|b| letter(b.chars().next_back()))
        || after.strip_prefix('.').is_some_and(|a| letter(a.chars().next()))
        || before.ends_with("//")
}

/// `acme/docs` is a repository, and nothing that is to be written.
pub(super) fn in_a_path(text: &str, word: &Word) -> bool {
    let (before, after) = (&text[..word.start], &text[word.end..]);
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    before.strip_suffix('/').is_some_and(|b| letter(b.chars().next_back()))
        || after.strip_prefix('/').is_some_and(|a| letter(a.chars().next()))
}

/// Where clauses may part: byte ranges, with whether they stand in parentheses.
pub(super) fn segments(text: &str, words: &[Word], found: &[Found], shape: Shape) -> Vec<(usize, usize, bool)> {
    if matches!(shape, Shape::Row | Shape::Code) {
        return vec![(0, text.len(), false)];
    }
    let telling = |from: usize, to: usize| {
        found.iter().any(|f| {
            let start = words[f.from].start;
            start >= from && start < to && !matches!(f.cue, Cue::Talk | Cue::Nothing | Cue::Not | Cue::Except)
        })
    };
    let mut out: Vec<(usize, usize, bool)> = Vec::new();
    // The pieces between all separators; a hard one always parts.
    let mut pieces: Vec<(usize, usize, bool, bool)> = Vec::new();
    let (mut from, mut aside, mut hard_before) = (0, false, true);
    for (at, length, hard, next_aside) in separators(text, words) {
        pieces.push((from, at, aside, hard_before));
        from = at + length;
        (aside, hard_before) = (next_aside, hard);
    }
    pieces.push((from, text.len(), aside, hard_before));
    for (from, to, aside, hard) in pieces {
        if text[from..to].trim().is_empty() {
            continue;
        }
        match out.last_mut() {
            Some(last) if !hard && last.2 == aside && !(telling(last.0, last.1) && telling(from, to)) => last.1 = to,
            _ => out.push((from, to, aside)),
        }
    }
    out
}

/// Separators: byte, length, whether hard, and whether what follows stands in parentheses.
fn separators(text: &str, words: &[Word]) -> Vec<(usize, usize, bool, bool)> {
    let mut out = Vec::new();
    let mut depth = 0_usize;
    let mut word = words.iter().peekable();
    for (at, c) in text.char_indices() {
        while let Some(next) = word.next_if(|next| next.start <= at) {
            if next.start == at
                && let Some(hard) = conjunction(&next.text)
                // "but not X" is an exception inside its clause.
                && !(hard && words.iter().any(|w| w.text == "not" && w.start > next.end && w.start <= next.end + 2))
            {
                out.push((at, 0, hard, depth > 0));
            }
        }
        match c {
            '(' => {
                depth += 1;
                out.push((at, 1, true, true));
            }
            ')' if depth > 0 => {
                depth -= 1;
                out.push((at, 1, depth == 0, depth > 0));
            }
            ';' => out.push((at, 1, true, depth > 0)),
            ',' | ':' if text[at + 1..].starts_with(char::is_whitespace) => out.push((at, 1, false, depth > 0)),
            '–' | '—' | '…' => out.push((at, c.len_utf8(), false, depth > 0)),
            '-' | '/' if text[..at].ends_with(' ') && text[at + 1..].starts_with(' ') => {
                out.push((at, 1, false, depth > 0));
            }
            _ => {}
        }
    }
    out
}

/// Whether a word joins clauses, and whether it always parts them.
fn conjunction(word: &str) -> Option<bool> {
    match word {
        "but" | "while" | "whereas" | "although" | "however" | "aber" | "während" | "mais" | "pero" | "sondern" => {
            Some(true)
        }
        "and" | "then" | "und" | "et" | "y" | "because" | "since" | "as" | "so" | "weil" | "denn" | "car"
        | "porque" | "which" | "until" => Some(false),
        _ => None,
    }
}
