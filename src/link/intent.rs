//! What a ticket finally asks for: structured fields first, then the title, then the text. Negation and questions ask for nothing.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::settings::Settings;
use crate::model::ticket::{Field, Intent, Record};

use super::text::{Clause, Stance, pattern};

/// Wording by intent, the strongest first. Adding one is one line; a site adds its own under `words`.
static WORDS: LazyLock<Vec<(Intent, Regex)>> = LazyLock::new(|| {
    [
        (Intent::Offboard, r"off-?board\w*|leaver\w*|last (?:working )?day|has left (?:us|the)|leaves the company|vendor exit|contract ended|départ d'un|quitte l'entreprise|decommission (?:the )?(?:workload|service account|svc-)\w*|take the workload"),
        (Intent::Elevate, r"temporar\w*|emergency|break-glass|elevat\w*|for (?:the )?(?:weekend|\d+ hours?|two hours|an hour)|during the migration|\d+ hours? of"),
        (Intent::Revoke, r"replac\w+ .{0,60} (?:by|with) (?:an? )?(?:app|oidc|workload identity)|through oidc|trusted publishing|workload identity instead"),
        (Intent::Rotate, r"rotat\w*|renew\w*|re-?roll\w*|re-?generat\w*|re-?issu\w*|fresh value|new one|replace the secret|new value|change it|renewal|rotar|renovar|erneuer\w*|renouvel\w*"),
        (Intent::Revoke, r"revok\w*|revocation|delet\w*|remov\w*|disabl\w*|deactivat\w*|decommission\w*|retir\w+|kill\w*|drop\w*|invalid\w*|destroy\w*|uninstall\w*|clean (?:out|up)|cut|take .{0,60}(?:off|out) |entzieh\w*|sperr\w*|lösch\w*|widerruf\w*|révoqu\w*|supprim\w*|revocar|eliminar"),
        (Intent::Modify, r"role change|chang\w* teams|more than it needs|restrict\w*|limit \w+|reduc\w*|downgrad\w*|bring .{0,30}down|must not read|take .{0,60}away|leaves (?:production|staging)"),
        (Intent::Provision, r"access (?:for|to)|grant\w*|giv\w+|allow\w*|provision\w*|must be able|attach\w*|needs? .{0,40}access|permissions? for|new starter|read access|write access"),
    ]
    .into_iter()
    .map(|(intent, words)| (intent, pattern(&format!(r"(?i)\b(?:{words})"))))
    .collect()
});

/// Words of tickets that only talk.
static TALK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(write down|document\w*|docs?:|book the|wiki page|how (?:do|does|to)|does a|typo)\b|^\s*(?:do|please do) not\b|\bdo not (?:revoke|rotate|delete|remove)",
    )
});

/// The intent.
pub(super) fn of(record: &Record, clauses: &[Clause], settings: &Settings, why: &mut Vec<String>) -> Intent {
    let structured = [record.fields.get(&Field::RequestType), record.kind.as_ref()].into_iter().flatten();
    for text in structured {
        if let Some(intent) = structured_word(text) {
            why.push(format!("its kind is {text}"));
            return refine(intent, record, clauses, settings, why);
        }
    }
    if TALK.is_match(&record.title) || record.title.trim_end().ends_with('?') {
        why.push(format!("the title asks for nothing: {}", record.title));
        return Intent::None;
    }
    if let Some(intent) = wording(&record.title, settings) {
        why.push(format!("the title says so: {}", record.title));
        return intent;
    }
    for clause in clauses.iter().filter(|clause| clause.stance == Stance::Act && clause.field != "title") {
        if let Some(intent) = wording(&clause.text, settings) {
            why.push(format!("{} says so: {}", clause.field, clause.text));
            return intent;
        }
    }
    Intent::None
}

/// Request types that decide by themselves.
fn structured_word(text: &str) -> Option<Intent> {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["offboard", "leaver", "départ", "exit", "termination"]) {
        Some(Intent::Offboard)
    } else if has(&["temporary", "elevat", "emergency", "break-glass"]) {
        Some(Intent::Elevate)
    } else if has(&["access request", "new access"]) {
        Some(Intent::Provision)
    } else if has(&["revo", "deprovision"]) {
        Some(Intent::Revoke)
    } else if has(&["rotation"]) {
        Some(Intent::Rotate)
    } else {
        None
    }
}

/// An access request may be any change of access: its words tell which.
fn refine(intent: Intent, record: &Record, clauses: &[Clause], settings: &Settings, why: &mut Vec<String>) -> Intent {
    if intent != Intent::Provision {
        return intent;
    }
    let texts = std::iter::once(record.title.as_str())
        .chain(clauses.iter().filter(|c| c.stance == Stance::Act).map(|c| c.text.as_str()));
    for text in texts {
        match wording(text, settings) {
            Some(found) if found != Intent::Provision => {
                why.push(format!("the words tell more: {text}"));
                return found;
            }
            _ => {}
        }
    }
    intent
}

fn wording(text: &str, settings: &Settings) -> Option<Intent> {
    let lower = text.to_lowercase();
    let own = settings.words.intents.iter().find(|(word, _)| super::resolve::mentions(&lower, word));
    own.map(|(_, intent)| *intent)
        .or_else(|| WORDS.iter().find(|(_, words)| words.is_match(text)).map(|(intent, _)| *intent))
}
