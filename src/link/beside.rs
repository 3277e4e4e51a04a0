//! What the words right beside a name say of it: that it is a user's key and not the user, that it takes another's place, that it is only
//! told of.

use super::index::Names;
use super::mention::Target;
use super::text::{Shape, Unit};
use super::tokens::Word;

/// A workload's token that carries its name: the token, unless something of somebody called so is spoken of.
pub(super) fn itself(words: &[Word], start: usize, target: &Target, names: &Names) -> bool {
    let at = words.partition_point(|word| word.start < start);
    let last = at.checked_sub(1).map(|i| words[i].text.as_str()).unwrap_or_default();
    let Target::Known(of) = target else { return false };
    let user = |of: &usize| names.entities[*of].kind == "access-key";
    !of.iter().any(user)
        && !matches!(
            last,
            "of" | "for"
                | "by"
                | "from"
                | "to"
                | "user"
                | "account"
                | "owner"
                | "with"
                | "as"
                | "von"
                | "für"
                | "de"
                | "del"
                | "par"
                | "por"
        )
}

/// A list's whole item is what the list is about; so is a cell, unless it may be a column of users.
pub(super) fn alone(unit: &Unit, start: usize, end: usize, target: &Target, names: &Names) -> bool {
    let trim = |c: char| matches!(c, '`' | '*' | '"' | ' ' | '.' | ',' | ';');
    let (before, after) = (unit.text[..start].trim_end_matches(trim), unit.text[end..].trim_start_matches(trim));
    match unit.shape {
        Shape::Item => before.is_empty() && after.is_empty(),
        Shape::Row => {
            let user = |of: &usize| names.entities[*of].kind == "access-key";
            before.ends_with('|')
                && (after.starts_with('|') || after.is_empty())
                && matches!(target, Target::Known(of) if !of.iter().any(user))
        }
        _ => false,
    }
}

/// What a user's name stands for: "the key of svc-x", "svc-x's access keys", "key 2 of svc-x".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owned {
    /// The user itself.
    User,
    /// One key.
    Key,
    /// All keys.
    Keys,
    /// The key of this number.
    Numbered(String),
    /// Something else of the user's: a token, a password.
    Other,
}

pub(super) fn owned(words: &[Word], start: usize, end: usize) -> Owned {
    let at = words.partition_point(|word| word.start < start);
    let after = words.partition_point(|word| word.start < end);
    let back = |n: usize| at.checked_sub(n).map(|i| words[i].text.as_str()).unwrap_or_default();
    let next = |n: usize| words.get(after + n).map(|word| word.text.as_str()).unwrap_or_default();
    let skip =
        usize::from(matches!(back(1), "user" | "iam" | "account" | "benutzer" | "usuario" | "utilisateur" | "the"))
            + usize::from(matches!(back(2), "iam" | "the" | "service") && matches!(back(1), "user" | "account"));
    let one = |word: &str| matches!(word, "key" | "credential" | "clé" | "clave") || word.ends_with("-key");
    let many = |word: &str| matches!(word, "keys" | "credentials" | "clés" | "claves") || word.ends_with("-keys");
    if matches!(back(1 + skip), "of" | "for" | "from" | "von" | "für" | "de" | "du" | "del" | "belonging") {
        let noun = 2 + skip + usize::from(back(2 + skip) == "id");
        let ordinal = match back(noun + 1) {
            "first" | "1st" => "1",
            "second" | "2nd" => "2",
            "access" if back(noun + 2) == "first" => "1",
            "access" if back(noun + 2) == "second" => "2",
            _ => "",
        };
        if one(back(noun)) && !ordinal.is_empty() {
            return Owned::Numbered(ordinal.to_owned());
        }
        if one(back(noun + 1)) && back(noun).len() == 1 && back(noun).bytes().all(|b| b.is_ascii_digit()) {
            return Owned::Numbered(back(noun).to_owned());
        }
        let mut described = noun + 1;
        while matches!(back(described), "access" | "aws" | "iam" | "api" | "static") {
            described += 1;
        }
        let whole = matches!(
            back(described),
            "" | "the"
                | "all"
                | "both"
                | "any"
                | "every"
                | "two"
                | "revoke"
                | "delete"
                | "remove"
                | "rotate"
                | "disable"
                | "deactivate"
                | "renew"
                | "and"
                | "their"
                | "alle"
                | "beide"
                | "die"
        );
        return match back(noun) {
            word if one(word) || word.ends_with("schlüssel") => Owned::Key,
            word if many(word) && whole && back(described + 1) != "of" => Owned::Keys,
            word if many(word) => Owned::Key,
            "token" | "tokens" | "pat" | "pats" | "password" | "passwords" | "secret" | "secrets" | "secret-id" => {
                Owned::Other
            }
            _ => Owned::User,
        };
    }
    let noun = usize::from(matches!(next(0), "access" | "aws" | "iam" | "static"));
    match next(noun) {
        word if one(word) => Owned::Key,
        word if many(word) => Owned::Keys,
        _ => Owned::User,
    }
}

/// No key of a line is longer, and so far behind a name its sentence is read, in bytes.
const KEY: usize = 40;
const SENTENCE: usize = 160;

/// What it is done with or replaced by, or what something else waits for: "replace A by X", "from A to X", "the job assumes X".
pub(super) fn instrument(text: &str, words: &[Word], start: usize) -> bool {
    let at = words.partition_point(|word| word.start < start);
    let back = |n: usize| at.checked_sub(n).map(|i| words[i].text.as_str()).unwrap_or_default();
    let before = |reach: usize, stems: &[&str]| {
        words[at.saturating_sub(reach)..at].iter().any(|word| stems.iter().any(|stem| word.text.starts_with(stem)))
    };
    let article = usize::from(matches!(
        back(1),
        "the"
            | "a"
            | "an"
            | "its"
            | "our"
            | "role"
            | "app"
            | "key"
            | "secret"
            | "token"
            | "den"
            | "die"
            | "das"
            | "le"
            | "la"
            | "el"
    ));
    let article = article + usize::from(article == 0 && back(1).ends_with("'s") && back(2) == "the") * 2;
    let (one, two) = (back(1 + article), back(2 + article));
    // "Role X is assumed by the workflow".
    let end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
    let behind = words.partition_point(|word| word.start < end);
    let next = |n: usize| words.get(behind + n).map(|w| w.text.as_str()).unwrap_or_default();
    if (next(0) == "is" && next(1) == "assumed") || (next(0) == "can" && next(1) == "be" && next(2) == "assumed") {
        return true;
    }
    // "PatchPilot takes over, the token goes".
    if words.get(behind..behind + 2).is_some_and(|pair| {
        matches!(pair[0].text.as_str(), "takes" | "took" | "will")
            && matches!(pair[1].text.as_str(), "over" | "replace")
    }) {
        return true;
    }
    // "The job reads X since sprint 14", where another one is to go.
    if matches!(one, "reads" | "uses" | "pulls" | "fetches" | "consumes")
        && words.get(behind).is_some_and(|w| matches!(w.text.as_str(), "since" | "now" | "already" | "instead"))
    {
        return true;
    }
    // "The workflow reads X.", where another one is to go.
    let program = |word: &str| {
        matches!(word, "workflow" | "workflows" | "job" | "jobs" | "pipeline" | "everything" | "build" | "release")
    };
    if matches!(one, "reads" | "uses" | "read" | "use") && program(two) && words.get(behind).is_none() {
        return true;
    }
    // "The engine has read X since release 26".
    if one == "read" && matches!(two, "has" | "have") && next(0) == "since" {
        return true;
    }
    // "(X is SEC-1239)": another ticket's.
    if next(0) == "is" && keyed(next(1)) {
        return true;
    }
    // `KEY=***` in a line of a log: its value was masked.
    if text[start..end].trim_end_matches(['*', ')', ',', ';', '\'', '"', '`']).ends_with('=') {
        return true;
    }
    // "There is still X_OLD next to X".
    if (one == "to" && two == "next") || matches!(one, "beside" | "alongside") {
        return true;
    }
    // "Related: X", "masked: X".
    let near = &text[text.floor_char_boundary(start.saturating_sub(KEY))..start];
    let line = near.rsplit(['\n', '.', ';']).next().unwrap_or_default();
    let key = line
        .trim_end_matches(['`', '*', '"', ' '])
        .strip_suffix(':')
        .unwrap_or_default()
        .trim_matches(['*', '_', ' ', '-']);
    if matches!(
        &*key.to_lowercase(),
        "related"
            | "see"
            | "see also"
            | "cc"
            | "compare"
            | "similar"
            | "reference"
            | "references"
            | "masked"
            | "not affected"
            | "unaffected"
            | "for comparison"
            | "siehe"
            | "siehe auch"
            | "verwandt"
            | "voir"
            | "voir aussi"
            | "v\u{e9}ase"
    ) {
        return true;
    }
    // "It got its second key on Monday (B) and everything runs with that one."
    let ahead = &text[end..text.floor_char_boundary((end + SENTENCE).min(text.len()))];
    let sentence = ahead.find(". ").map_or(end + ahead.len(), |dot| end + dot);
    let rest = words.get(behind..).unwrap_or_default().iter().take_while(|w| w.start < sentence).take(8);
    let rest: Vec<&str> = rest.map(|w| w.text.as_str()).collect();
    if rest.windows(3).any(|w| matches!(w, ["with", "that", "one"] | ["on", "that", "one"] | ["uses", "that", "one"])) {
        return true;
    }
    // "Unlike B, A must be removed."
    let compared = words[at.saturating_sub(6)..at]
        .iter()
        .rfind(|w| matches!(&*w.text, "unlike" | "besides"))
        .is_some_and(|w| !text[w.end..start].contains(','));
    // "A was rotated to B last week."
    let taken = one == "to"
        && before(6 + article, &["rotated", "switched", "migrated", "swapped", "replaced", "renewed", "moved"])
        && before(8 + article, &["was", "were", "has", "have", "we", "i"]);
    // "Change it after X has been changed", "with X in place", "the job that holds X", "who leaked X in 2024".
    let taken = taken
        || matches!(one, "after" | "once" | "when" | "while" | "since" | "because")
        || (one == "with" && next(0) == "in" && matches!(next(1), "place" | "use"))
        || (matches!(two, "who" | "that" | "which")
            && matches!(
                one,
                "holds" | "has" | "contains" | "loads" | "caches" | "leaked" | "made" | "created" | "wrote"
            ));
    if compared || taken || before(6, &["blocked", "blocks", "blocking", "waits", "waiting"]) {
        return true;
    }
    // "The feed is published with X".
    if one == "with"
        && (before(
            3 + article,
            &["published", "publishes", "pushed", "pushes", "signed", "signs", "pulled", "pulls", "built"],
        ))
        && before(6 + article, &["is", "are", "gets", "runs"])
    {
        return true;
    }
    // "Exchanges its token for X".
    if one == "for" && before(8, &["exchang"]) {
        return true;
    }
    // "Workload X has to fetch Y".
    let subject = || {
        words[at + 1..].first().is_some_and(|w| {
            matches!(w.text.as_str(), "has" | "needs" | "must" | "shall" | "should" | "wants" | "reads" | "fetches")
        })
    };
    if matches!(one, "workload" | "principal") && at < words.len() && subject() {
        return true;
    }
    // "They log on with X now".
    if one == "with" && matches!(two, "on" | "in") && before(5, &["log", "sign"]) {
        return true;
    }
    // "It reads its key from X now".
    if one == "from" && before(6, &["reads", "fetches", "loads", "takes its", "gets its"]) {
        return true;
    }
    // "Written by X, read by Y".
    if one == "by"
        && matches!(
            two,
            "written"
                | "read"
                | "consumed"
                | "called"
                | "triggered"
                | "deployed"
                | "maintained"
                | "filled"
                | "populated"
                | "synced"
                | "fetched"
                | "pulled"
                | "pushed"
                | "mounted"
                | "needed"
        )
    {
        return true;
    }
    let reads = (1..5).any(|n| {
        let (command, word) = (back(n + 1), back(n));
        (matches!(command, "kv" | "vault" | "secret" | "variable") && matches!(word, "get" | "list" | "read" | "view"))
            || ["get-", "list-", "describe-"].iter().any(|verb| word.starts_with(verb))
    });
    if reads {
        return true;
    }
    // "The new key X is deployed" takes the place of the one that goes.
    let next = words[at..].iter().find(|word| {
        !text[start..word.start].trim_end_matches(['`', '*', '"', ' ']).is_empty()
            && text[start..word.start].contains(' ')
    });
    if matches!(one, "new" | "neue" | "neuer" | "nouvelle" | "nouveau" | "nueva" | "nuevo")
        && next.is_some_and(|word| matches!(word.text.as_str(), "is" | "works" | "ist" | "est" | "está"))
    {
        return true;
    }
    match one {
        // "Tags through X".
        "through" => true,
        "by" | "with" | "durch" | "mit" | "par" | "por" => {
            matches!(
                two,
                "start"
                    | "starts"
                    | "begin"
                    | "begins"
                    | "superseded"
                    | "substituted"
                    | "covered"
                    | "publish"
                    | "publishes"
                    | "deploys"
                    | "deploy"
                    | "works"
                    | "signs"
                    | "sign"
                    | "authenticates"
                    | "connects"
                    | "pulls"
                    | "pushes"
                    | "builds"
                    | "uploads"
                    | "send"
                    | "sends"
                    | "done"
                    | "go"
                    | "goes"
                    | "went"
                    | "run"
                    | "runs"
            ) || before(
                12,
                &[
                    "replac",
                    "swap",
                    "exchang",
                    "substitut",
                    "supersed",
                    "ersetz",
                    "ersetzt",
                    "tausch",
                    "remplac",
                    "reemplaz",
                    "sustitu",
                ],
            )
        }
        "to" | "auf" | "vers" | "a" => {
            before(
                8,
                &[
                    "switch",
                    "move to",
                    "moved",
                    "migrat",
                    "cutover",
                    "repoint",
                    "points",
                    "pointing",
                    "umstell",
                    "umgestellt",
                    "bascul",
                    "migr",
                ],
            ) || two == "over"
        }
        "of" => matches!(two, "favour" | "favor"),
        "is" | "ist" | "est" | "es" => (2..6).any(|n| new(back(n + article))),
        "read" | "reads" if matches!(two, "should" | "must" | "shall" | "will") => true,
        "uses" | "use" | "using" | "assumes" | "assume" | "via" | "successor" | "replacement" => true,
        // "Traffic moved over to key 2 (X)".
        _ if text[..start].trim_end_matches(['`', '*', '"']).ends_with('(') && {
            let named = words[..at].iter().rev().take(4).take_while(|w| {
                w.text.bytes().all(|b| b.is_ascii_digit())
                    || w.text.ends_with("'s")
                    || matches!(w.text.as_str(), "key" | "token" | "secret" | "the" | "one" | "second" | "new")
            });
            let from = at - named.count();
            words[from.saturating_sub(1)..from].iter().any(|w| w.text == "to")
                && words[..from]
                    .iter()
                    .rev()
                    .take(5)
                    .any(|w| matches!(w.text.as_str(), "moved" | "switched" | "migrated"))
        } =>
        {
            true
        }
        _ => {
            let label = text[..start].trim_end_matches(['`', '*', '"', ' ']);
            label.ends_with(':')
                && new(back(1))
                && matches!(label[..label.len() - 1].rsplit([' ', '(']).next(), Some(word) if new(&word.to_lowercase()))
        }
    }
}

fn new(word: &str) -> bool {
    matches!(
        word,
        "new"
            | "newer"
            | "current"
            | "successor"
            | "replacement"
            | "neue"
            | "neuer"
            | "neues"
            | "nachfolger"
            | "ersatz"
            | "nouveau"
            | "nouvelle"
            | "nuevo"
            | "nueva"
            | "sustituto"
    )
}

/// `sec-1239`: the key of a ticket.
fn keyed(word: &str) -> bool {
    word.split_once('-').is_some_and(|(project, number)| {
        (2..=10).contains(&project.len())
            && project.bytes().all(|b| b.is_ascii_lowercase())
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}
