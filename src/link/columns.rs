//! What a table's column holds, by its heading. What its cells say of their rows is told in `table`.

use super::tokens::words;

/// What a column holds, by its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// The verdict on each row.
    Verdict,
    /// Yes or no to the action that heads it.
    Asked,
    /// Yes or no to staying as it is.
    Kept,
    /// What takes the place of what the row names, or somebody's words about it.
    Aside,
    /// When it was used last.
    Usage,
    /// Anything else.
    Plain,
}

/// What a column holds.
pub(super) fn column(heading: &str) -> Column {
    let all = words(heading);
    let has = |options: &[&str]| all.iter().any(|word| options.contains(&word.text.as_str()));
    if all.len() > 5 {
        Column::Plain
    } else if !heading.contains('?')
        && has(&["use", "used", "usage", "seen", "activity", "login", "fetched", "read", "access", "hits"])
        && has(&["last", "use", "usage", "activity", "fetched", "hits"])
    {
        Column::Usage
    } else if has(&[
        "replacement",
        "successor",
        "instead",
        "replaced",
        "comment",
        "comments",
        "remark",
        "remarks",
        "note",
        "notes",
        "reason",
        "owner",
        "contact",
        "ersatz",
        "nachfolger",
        "bemerkung",
        "kommentar",
        "grund",
        "remplacement",
        "commentaire",
        "remarque",
        "motif",
        "sustituto",
        "comentario",
        "motivo",
    ]) || (has(&["new", "neuer", "neues", "nouveau", "nuevo"])
        && !has(&["status", "state", "owner", "action"]))
    {
        Column::Aside
    } else if has(&[
        "decision",
        "verdict",
        "action",
        "actions",
        "status",
        "state",
        "result",
        "outcome",
        "todo",
        "disposition",
        "measure",
        "wish",
        "treatment",
        "entscheidung",
        "aktion",
        "maßnahme",
        "stand",
        "statut",
        "état",
        "acción",
        "accion",
        "estado",
        "decisión",
        "décision",
    ]) || (has(&["to"]) && has(&["do"]))
    {
        Column::Verdict
    } else if has(&["keep", "keep?", "stays", "behalten", "garder", "mantener"])
        || (heading.contains('?')
            && has(&["used", "needed", "use", "required", "active", "benutzt", "gebraucht", "benötigt"]))
    {
        Column::Kept
    } else if (heading.contains('?')
        && has(&[
            "affected",
            "exposed",
            "leaked",
            "compromised",
            "visible",
            "read",
            "seen",
            "reachable",
            "betroffen",
            "touché",
            "afectado",
        ]))
        || (has(&["to"]) && has(&["be"]))
        // "This quarter?"
        || (heading.contains('?')
            && all.len() <= 3
            && has(&["this", "now", "due", "todo", "do", "go", "change", "quarter", "month", "year", "round", "time"]))
        || (heading.contains('?') && has(&["included", "include", "concerned", "in"]) && all.len() <= 3)
        || has(&[
            "revoke",
            "delete",
            "remove",
            "rotate",
            "disable",
            "renew",
            "revoke?",
            "löschen",
            "sperren",
            "rotieren",
            "révoquer",
            "supprimer",
            "revocar",
            "borrar",
            "rotar",
        ])
    {
        Column::Asked
    } else {
        Column::Plain
    }
}
