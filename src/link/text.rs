//! A ticket's text, cut into clauses, each with what it says of the things that it names: act on them, keep them, or neither. Which
//! things those are is `terms`', what the ticket asks for as a whole is `intent`'s.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::ticket::Record;

/// What a clause says of what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// It asks for an action.
    Act,
    /// It names.
    Neutral,
    /// It exempts, narrates, illustrates or asks.
    Keep,
}

/// A clause.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// `title`, `description`, `comment 2`.
    pub(super) field: String,
    /// The clause's own words.
    pub(super) text: String,
    /// The line that it stands in, for quotes and for context.
    pub(super) line: String,
    /// What it says.
    pub(super) stance: Stance,
    /// The heading above it, or the words that lead the list in.
    pub(super) heading: Option<String>,
}

#[allow(clippy::expect_used, reason = "a pattern of ours that does not compile is a bug of ours, and a test shows it")]
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours")
}

/// Words that ask for an action, in English, German, French and Spanish.
static ACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(revok\w*|delet\w*|remov\w*|disabl\w*|deactivat\w*|decommission\w*|retir\w+|kill\w*|drop\w*|invalidat\w*|destroy\w*|uninstall\w*|clean (?:out|up)|cut|block\w*|take\b.{0,60}\b(?:off|out|away)|must be invalid|switch off|shut down|rotat\w*|renew\w*|re-?roll\w*|re-?generat\w*|re-?issu\w*|roll\w*|replac\w*|refresh\w*|fresh|new one|chang\w*|grant\w*|giv\w+|allow\w*|provision\w*|attach\w*|add\w*|needs?|wants?|must be able|request\w*|restrict\w*|limit\w*|reduc\w*|downgrad\w*|bring\b.{0,30}\bdown|mov\w+|update-access-key|entzieh\w*|sperr\w*|lösch\w*|widerruf\w*|erneuer\w*|supprim\w*|révoqu\w*|renouvel\w*|rotar|renovar|revocar|eliminar|borrar|offboard\w*|not needed any ?more|no longer needed|is stale|unused)\b",
    )
});

/// Words that exempt.
static KEEP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(keep\w*|kept|stays?|stayed|remains?|leave (?:it|them|that|this|the)\b|leav\w+ it alone|untouched|unchanged|(?:is|are|was|were) (?:not|nbsp;not) (?:affected|concerned|touched|part of|included|mine|readable)|not (?:be )?(?:affected|concerned|touched|part of this)|not readable|(?:do|does|did|must|should|may|will) not (?:touch|revoke|rotate|delete|remove|disable|change)|don't (?:touch|revoke|rotate|delete|remove|disable|change)|never (?:touch|revoke|rotate|delete)|ignore (?:it|them|that)|(?:is|are) in use|still (?:needed|used|works|needs?)|out of scope|is fine|that one is ours|frozen|except for|other than|no se toca|bleib\w*|serves? others|object to|gone already|for example|e\.g\.|such as|but no secrets|do not touch)\b",
    )
});

/// Words that tell what was, not what shall be.
static PAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(was (?:done|rotated|revoked|deleted|renewed) (?:in|on|last|yesterday)|were done|has a ticket of its own|is done by|was last)\b",
    )
});

/// A verb that is itself denied: `not to be revoked` is no action, `is not needed any more` is one.
static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:not|never|don't|doesn't|without)\s+(?:\w+\s+){0,2}(?:revok|delet|remov|disabl|deactivat|rotat|renew|replac)\w*",
    )
});

impl Stance {
    /// What some words say.
    pub(super) fn of(text: &str) -> Self {
        if KEEP.is_match(text) || PAST.is_match(text) || DENIED.is_match(text) || text.trim_end().ends_with('?') {
            Self::Keep
        } else if ACT.is_match(text) {
            Self::Act
        } else {
            Self::Neutral
        }
    }
}

/// The clauses of title, description and form answers; comments apart.
pub(super) fn clauses(record: &Record) -> Vec<Clause> {
    let mut out = of_text("title", &record.title);
    for text in &record.texts {
        out.extend(of_text(&text.field, &text.text));
    }
    out
}

/// The clauses of the comments that people wrote, each with its author's index.
pub(super) fn comments(record: &Record) -> Vec<(usize, Clause)> {
    let people = record.comments.iter().enumerate().filter(|(_, comment)| !comment.system);
    people
        .flat_map(|(number, comment)| {
            of_text(&format!("comment {}", number + 1), &comment.text).into_iter().map(move |clause| (number, clause))
        })
        .collect()
}

/// The clauses of one text in the plain form that sources make.
pub(super) fn of_text(field: &str, text: &str) -> Vec<Clause> {
    let mut out = Vec::new();
    let mut heading: Option<String> = None;
    let mut lead: Option<String> = None;
    let mut fenced = false;
    for raw in text.lines() {
        let line = raw.trim();
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if line.is_empty() {
            continue;
        }
        // Quoted words are somebody else's.
        if line.starts_with('>') && !fenced {
            continue;
        }
        if let Some(title) = line.strip_prefix('#').filter(|_| !fenced) {
            heading = Some(title.trim_start_matches('#').trim().to_owned());
            lead = None;
            continue;
        }
        let item =
            line.starts_with("- ") || line.starts_with("* ") || line.starts_with('|') || numbered(line) || fenced;
        if !item {
            lead = None;
        }
        let plain = plain(line);
        let above = lead.clone().or_else(|| heading.clone());
        let inherited = above.as_deref().map(Stance::of);
        if fenced {
            let stance = if line.starts_with('#') { Stance::Keep } else { Stance::of(&plain) };
            out.push(Clause { field: field.to_owned(), text: plain.clone(), line: plain, stance, heading: above });
            continue;
        }
        for sentence in sentences(&plain) {
            let whole = Stance::of(sentence);
            for part in parts(sentence) {
                let own = Stance::of(part);
                let stance = match (own, whole, inherited) {
                    (Stance::Keep, _, _) => Stance::Keep,
                    (Stance::Neutral, Stance::Keep, _) => Stance::Keep,
                    (_, _, Some(Stance::Keep)) if item => Stance::Keep,
                    (Stance::Neutral, Stance::Act, _) if part.len() * 2 > sentence.len() || item => Stance::Act,
                    (Stance::Neutral, _, Some(Stance::Act)) if item => Stance::Act,
                    (own, _, _) => own,
                };
                out.push(Clause {
                    field: field.to_owned(),
                    text: part.to_owned(),
                    line: plain.clone(),
                    stance,
                    heading: above.clone(),
                });
            }
        }
        if line.ends_with(':') {
            lead = Some(plain);
        }
    }
    out
}

fn numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && line[digits..].starts_with(['.', ')'])
}

/// Without marks: bullets, ticks, emphasis, code; struck text is gone.
fn plain(line: &str) -> String {
    let line = line.trim_start_matches(['-', '*', '|', ' ']).trim_start();
    let line = ["[x] ", "[X] ", "[ ] "].iter().find_map(|tick| line.strip_prefix(tick)).unwrap_or(line);
    let mut out = String::with_capacity(line.len());
    for (number, piece) in line.split("~~").enumerate() {
        if number % 2 == 0 {
            out.push_str(piece);
        }
    }
    unticked(&out.replace("**", "").replace(['{', '}'], " "))
}

/// Without the ticks of code: quotes show the words as people wrote them, and words that only ticks part stay apart.
fn unticked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        out.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches('`');
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if word(out.chars().next_back()) && word(rest.chars().next()) {
            out.push(' ');
        }
    }
    out.push_str(rest);
    out
}

/// Sentences: a mark followed by white space ends one, but not behind an abbreviation or a single letter.
fn sentences(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let bytes = line.as_bytes();
    for (at, c) in line.char_indices() {
        let ends = matches!(c, '.' | '!' | '?') && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let word = line[start..at].rsplit(' ').next().unwrap_or_default();
        if ends && !(c == '.' && (word.len() < 2 || word.contains('.'))) {
            out.push(line[start..=at].trim());
            start = at + 1;
        }
    }
    out.push(line[start..].trim());
    out.retain(|sentence| !sentence.is_empty());
    out
}

/// Parts of a sentence that may say different things.
fn parts(sentence: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = sentence;
    while let Some((at, len)) = [", ", "; ", " but ", ": it ", " (", ") "]
        .iter()
        .filter_map(|sep| rest.find(sep).map(|at| (at, sep.len())))
        .min()
    {
        out.push(&rest[..at]);
        rest = &rest[at + len..];
    }
    out.push(rest);
    out.retain(|part| !part.trim().is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stances(text: &str) -> Vec<(String, Stance)> {
        of_text("description", text).into_iter().map(|clause| (clause.text.trim().to_owned(), clause.stance)).collect()
    }

    #[test]
    fn keep_and_act_in_one_sentence() {
        let found = stances("Remove DEPLOY_KEY_OLD, keep DEPLOY_KEY.");
        assert_eq!(found[0].1, Stance::Act);
        assert_eq!(found[1].1, Stance::Keep);
    }

    #[test]
    fn ticks_go_without_gluing_words() {
        assert_eq!(plain("- revoke `A_KEY`, not `B_KEY``C_KEY`."), "revoke A_KEY, not B_KEY C_KEY.");
        assert_eq!(plain("``A_KEY`` `"), "A_KEY ");
    }

    #[test]
    fn headings_speak_for_their_lists() {
        let found = stances("# Revoke\n- AAA_KEY\n# Do not touch\n- BBB_KEY\n");
        assert_eq!(found, [("AAA_KEY".to_owned(), Stance::Act), ("BBB_KEY".to_owned(), Stance::Keep)]);
    }

    #[test]
    fn questions_quotes_and_struck_words_ask_for_nothing() {
        assert_eq!(stances("Should I revoke AAA_KEY?")[0].1, Stance::Keep);
        assert!(stances("> revoke AAA_KEY").is_empty());
        assert_eq!(stances("~~revoke AAA_KEY~~ nothing")[0].0, "nothing");
    }
}
