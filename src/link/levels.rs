//! The words that mean a level of access, and when they do: by themselves, or with the word beside them. Which of a ticket's levels is the
//! one that is asked for is told in `level`.

use crate::model::inventory::Level;

use super::tokens::{Word, words};

/// Words and the level that each means, as a function and as a list.
macro_rules! levels {
    ($($($word:literal)|+ => $level:expr,)+) => {
        /// The level that one word means (SEMANTICS, Levels).
        pub(super) fn word(word: &str) -> Option<Level> {
            match word {
                $($($word)|+ => Some($level),)+
                _ => None,
            }
        }

        /// All of those words.
        const WORDS: &[&str] = &[$($($word,)+)+];
    };
}

levels! {
    "read" | "read-only" | "readonly" | "reader" | "reading" | "view" | "viewer" | "view-only" | "reporter"
        | "guest" | "pull" | "list" | "read-access" | "leserechte" | "leserecht" | "lesen" | "lesend"
        | "lesezugriff" | "lesezugang" | "leseberechtigung" | "lesende" | "lesenden" | "lesender"
        | "leseberechtigt" | "nur-lese" | "lire" | "consulter" | "readonly-access" | "auditor" | "observer"
        | "lecture" | "lectura" | "read_api" | "read_repository" | "read_registry" | "read_package_registry"
        | "readonlyaccess" | "look" | "looking" | "query" => Level::Read,
    "write" | "read-write" | "readwrite" | "write_repository" | "write_registry" | "write_package_registry"
        | "rw" | "push" | "writer" | "developer" | "maintainer" | "edit" | "editor" | "contributor" | "deploy"
        | "publish" | "poweruser" | "poweruseraccess" | "schreibrechte" | "schreibrecht" | "schreiben"
        | "schreibzugriff" | "schreibzugang" | "schreibberechtigung" | "schreibend" | "schreibende"
        | "schreibenden" | "écrire" | "escribir" | "modify" | "contribute" | "écriture" | "escritura" => Level::Write,
    "admin" | "administrator" | "administratoraccess" | "administration" | "cluster-admin" | "root"
        | "superuser" | "sudo" | "full-access" | "vollzugriff" | "owner" | "admins" | "administrateur"
        | "administrador" | "adminrechte" | "adminzugriff" | "administratorrechte" | "admin-rechte"
        | "superadmin" | "administer" => Level::Admin,
}

/// Words without which no text states a level: those that mean one, and those that do with the word beside them.
pub(super) fn stating() -> impl Iterator<Item = &'static str> {
    WORDS.iter().chain(BESIDE).chain(&["level"]).copied()
}

/// Words that mean a level only with the word beside them, see `of`.
const BESIDE: &[&str] = &["full", "power", "leer", "r", "ro", "readers"];

/// The level that a word means where it stands.
pub(super) fn in_place(all: &[Word], at: usize) -> Option<Level> {
    let text = |at: Option<usize>| at.and_then(|at| all.get(at)).map(|w| w.text.as_str()).unwrap_or_default();
    of(all.get(at)?, text(Some(at + 1)), text(at.checked_sub(1)))
}

/// A word in its place: "deploy key" is a noun, "reads" tells, "owner" needs "as" or "role".
pub(super) fn of(w: &Word, next: &str, before: &str) -> Option<Level> {
    match w.text.as_str() {
        // "r/w", "RO on X"
        "r" if next == "w" => return Some(Level::Write),
        "readers" if before == "the" && next == "of" => return Some(Level::Read),
        "ro" if matches!(next, "on" | "access" | "to" | "for" | "rights" | "permission" | "permissions") => {
            return Some(Level::Read);
        }
        "full" if matches!(next, "access" | "rights" | "control" | "admin") => return Some(Level::Admin),
        "power" if matches!(next, "user" | "users") => return Some(Level::Write),
        "owner"
            if !matches!(before, "as" | "to" | "the" | "be" | "it" | "him" | "her" | "them" | "grant" | "give")
                && !matches!(next, "role" | "access" | "rights" | "permission") =>
        {
            return None;
        }
        "owner" if before == "the" && next != "role" => return None,
        "deploy" | "publish" | "push"
            if matches!(
                next,
                "key"
                    | "keys"
                    | "token"
                    | "tokens"
                    | "job"
                    | "jobs"
                    | "secret"
                    | "workflow"
                    | "pipeline"
                    | "step"
                    | "webhook"
                    | "certificate"
                    | "certificates"
                    | "cert"
                    | "notification"
                    | "notifications"
                    | "message"
                    | "messages"
                    | "service"
                    | "gateway"
            ) =>
        {
            return None;
        }
        "read" | "look" if matches!(next, "the" | "this" | "more" | "at" | "into" | "before") && before != "to" => {
            return None;
        }
        "pull" if matches!(next, "request" | "requests") => return None,
        "list"
            if !matches!(before, "to" | "and" | "or" | "only" | "can" | "may" | "must" | "read" | "" | "just")
                && !matches!(next, "access" | "rights" | "permission" | "permissions" | "only") =>
        {
            return None;
        }
        "list" if matches!(next, "of" | "is" | "in") => return None,
        "look" | "looking" if !matches!(next, "only" | "up") => return None,
        "query" if before != "to" => return None,
        // Spanish reads where German is empty.
        "leer" => {
            return matches!(
                before,
                "necesita"
                    | "necesitan"
                    | "puede"
                    | "pueda"
                    | "pueden"
                    | "a"
                    | "de"
                    | "para"
                    | "sólo"
                    | "solo"
                    | "debe"
            )
            .then_some(Level::Read);
        }
        "modify" | "contribute" | "auditor" | "observer"
            if !matches!(next, "access" | "rights" | "permission" | "permissions" | "role") =>
        {
            return None;
        }
        // "The live lecture is down".
        "lecture"
            if !matches!(before, "en" | "de" | "acc\u{e8}s" | "droits" | "d'acc\u{e8}s" | "droit")
                && !matches!(next, "seule" | "\u{e9}criture" | "de" | "du" | "des" | "sur") =>
        {
            return None;
        }
        "root"
            if matches!(
                next,
                "cause" | "folder" | "ceremony" | "certificate" | "ca" | "key" | "directory" | "path"
            ) =>
        {
            return None;
        }
        // "The admin password" is what is asked for, and no extent.
        "admin" | "administrator"
            if matches!(
                next,
                "password"
                    | "account"
                    | "user"
                    | "token"
                    | "key"
                    | "login"
                    | "console"
                    | "panel"
                    | "portal"
                    | "page"
                    | "ui"
                    | "team"
                    | "guide"
            ) =>
        {
            return None;
        }
        _ => {}
    }
    word(w.text.strip_prefix("l'").unwrap_or(&w.text))
}

/// Whether a level, at its word, is left for another one: "extend read to write", "read-write today, wants read-only", "back to view".
pub(super) fn moves(all: &[Word], at: usize) -> bool {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let own = in_place(all, at);
    let other = |at: usize| in_place(all, at).is_some_and(|level| Some(level) != own);
    let now = matches!(word(at + 1), "today" | "now" | "currently" | "heute" | "actuellement");
    let shall = |at: usize| matches!(word(at), "wants" | "should" | "needs" | "shall" | "must");
    at > 0 && matches!(word(at + 1), "to" | "auf") && other(at + 2)
        || now && (at + 2..at + 4).any(shall) && (at + 3..at + 6).any(other)
        || at == 2 && word(0) == "back" && word(1) == "to"
}

/// "View DB_PASSWORD for debugging": a level among the first words, and right behind it what stands at a byte.
pub(super) fn level_before(title: &str, byte: usize) -> bool {
    let all = super::tokens::words(title);
    let at = all.partition_point(|w| w.start < byte);
    // "Report: who read X" tells of readers.
    (1..4).contains(&at)
        && !all[..at].iter().any(|w| w.text == "who")
        && all.get(at - 1).is_some_and(|w| {
            w.end + 3 > byte
                && (matches!(w.text.as_str(), "read" | "view" | "write" | "admin")
                    || (w.text == "at" && at > 1 && all[at - 2].text == "look"))
        })
}

/// What somebody shall be able to do, where no level is named: "must be able to update the value" is write.
pub(super) fn able(text: &str) -> Option<Level> {
    let all = words(text);
    // "It only fetches the value at start-up."
    let only = all.windows(2).find(|pair| matches!(pair[0].text.as_str(), "only" | "just" | "merely"));
    if only.is_some_and(|pair| {
        matches!(
            pair[1].text.as_str(),
            "reads" | "fetches" | "pulls" | "looks" | "downloads" | "consumes" | "retrieves" | "queries"
        )
    }) {
        return Some(Level::Read);
    }
    let allows = |at: usize| {
        all[at.saturating_sub(3)..at + 1].iter().any(|w| matches!(w.text.as_str(), "allow" | "permit" | "enable"))
    };
    let from = (0..all.len().saturating_sub(1)).position(|at| {
        let pair = &all[at..at + 2];
        pair[1].text == "to"
            && (allows(at)
                || matches!(
                    pair[0].text.as_str(),
                    "able"
                        | "allowed"
                        | "permitted"
                        | "permission"
                        | "permissions"
                        | "rights"
                        | "has"
                        | "needs"
                        | "need"
                        | "have"
                ))
    })?;
    let near = all.iter().skip(from + 2).take(6);
    let mut found = near.filter_map(|w| match w.text.as_str() {
        "update" | "replace" | "delete" | "create" | "modify" | "set" | "upload" | "overwrite" | "trigger"
        | "rotate" | "store" | "merge" => Some(Level::Write),
        "see" | "fetch" | "download" | "inspect" | "browse" | "consult" => Some(Level::Read),
        _ => None,
    });
    let first = found.next()?;
    Some(found.fold(first, |most, level| if level == Level::Write { level } else { most }))
}
/// Verbs that mean a level where nothing else can be meant: a form's answer.
/// "Needs more than read", "can only read today".
pub(super) fn falls_short(text: &str) -> bool {
    let all = words(text);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    (0..all.len()).any(|at| {
        let denied =
            (at.saturating_sub(3)..at).any(|at| matches!(word(at), "no" | "not" | "nothing" | "never" | "nicht"));
        let more = !denied
            && word(at) == "more"
            && word(at + 1) == "than"
            && (at + 2..at + 4).any(|at| in_place(&all, at).is_some());
        let only = matches!(word(at), "may" | "can" | "could" | "kann" | "darf" | "peut")
            && (at + 1..at + 3).any(|at| matches!(word(at), "only" | "just" | "nur"))
            && (at + 2..at + 5).any(|at| in_place(&all, at) == Some(Level::Read));
        more || only
    })
}

/// What a field's words mean that no table of levels has.
pub(super) fn in_field(field: &str) -> Option<Level> {
    let all = words(field);
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    match () {
        () if has(&["\u{e4}ndern", "bearbeiten", "eintragen", "modifier", "modificar", "editar"]) => Some(Level::Write),
        () if has(&["\u{e9}criture", "ecriture", "escritura"]) => Some(Level::Write),
        () if has(&["ansehen", "einsehen", "anschauen", "sehen", "voir", "ver", "lecture", "lectura"]) => {
            Some(Level::Read)
        }
        () => None,
    }
}
