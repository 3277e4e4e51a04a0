//! Tables: which column holds what is acted on, and what a row's verdict ("REMOVE", "keep", "done 03.09.") says of the row. The words
//! of a row that is no verdict are judged like any others, in `stance`.

use std::ops::Range;

use super::columns::{Column, column};
use super::mention::Mention;
use super::stance::{Act, Clause, Judged, Stance};
use super::text::{Shape, Unit};
use super::tokens::{Word, words};
use super::verbs::{Force, Form};

/// Nobody reads a table of more columns.
const WIDEST: usize = 16;

/// What one cell says of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It asks for something, or says that something is still to be done.
    Act,
    /// The row stays as it is.
    Keep,
    /// It was done.
    Done,
}

/// Gives the mentions of each table's rows what the table says of them, and those of list items what stands behind them.
pub(super) fn apply(units: &[Unit], judged: &mut [Judged], mentions: &mut [Mention]) {
    for mention in mentions.iter_mut() {
        match item(&units[mention.unit], mention) {
            Some(Verdict::Act) => mention.stance = Stance::Act,
            Some(Verdict::Keep) => mention.stance = Stance::Keep,
            Some(Verdict::Done) | None => {}
        }
    }
    let mut from = 0;
    while from < units.len() {
        let length = table(&units[from..]);
        if length > 1 {
            judge(&units[from..from + length], from, judged, mentions);
        }
        from += length.max(1);
    }
}

/// `AKIA…: delete`, `AKIA… – ok`: the word behind a list item's name.
fn item(unit: &Unit, mention: &Mention) -> Option<Verdict> {
    let border = |c: char| matches!(c, '`' | '*' | '"' | ' ');
    let front = unit.text[..mention.start].trim_end_matches(border);
    let tail = unit.text[mention.end..].trim_start_matches(border);
    let said = [": ", "– ", "— ", "- ", "-> ", "→ ", "=> ", "= "].iter().find_map(|sign| tail.strip_prefix(sign))?;
    (unit.shape == Shape::Item && front.is_empty() && words(said).len() <= 2).then(|| of_cell(said)).flatten()
}

/// What a ticked item tells ("[x] X rotated") was done before, where its list leaves something else to do; like a table's "done".
pub(super) fn ticks(units: &[Unit], judged: &mut [Judged], mentions: &mut [Mention]) {
    let mut from = 0;
    while from < units.len() {
        let same = |unit: &&Unit| unit.ticked.is_some() && unit.origin == units[from].origin;
        let length = units[from..].iter().take_while(same).count();
        let list = from..from + length;
        let first = mentions.partition_point(|mention| mention.unit < list.start);
        let last = mentions.partition_point(|mention| mention.unit < list.end);
        let own = &mut mentions[first..last];
        if own.iter().any(|m| units[m.unit].ticked == Some(true)) && to_tick(&units[..from], units[from].origin) {
            for mention in own {
                let ticked = units[mention.unit].ticked == Some(true);
                mention.stance = if ticked { Stance::Act } else { Stance::Keep };
            }
            from += length;
            continue;
        }
        if own.iter().any(|m| units[m.unit].ticked == Some(false) && m.stance == Stance::Act && !m.instrument) {
            let tells = |clause: &Clause| {
                clause.stance == Stance::Act && clause.acts.iter().all(|act| act.form == Form::Participle && !act.modal)
            };
            for number in list.filter(|number| units[*number].ticked == Some(true)) {
                for clause in judged[number].clauses.iter_mut().filter(|clause| tells(clause)) {
                    clause.stance = Stance::Past;
                    clause.acts.clear();
                }
            }
            for mention in own {
                let clause = mention.clause.and_then(|clause| judged[mention.unit].clauses.get(clause));
                if units[mention.unit].ticked == Some(true) && clause.is_some_and(|c| c.stance == Stance::Past) {
                    mention.stance = Stance::Past;
                }
            }
        }
        from += length.max(1);
    }
}

/// So many sentences before a list of boxes may say what a tick is for.
const NEAR: usize = 40;

/// "Tick what is to be deleted": what a tick in the list below asks for. "Tick each one as you revoke it" asks for the list.
fn to_tick(before: &[Unit], origin: super::text::Origin) -> bool {
    const STEMS: [&str; 7] = ["delet", "remov", "revok", "rotat", "renew", "retir", "disabl"];
    before.iter().rev().take(NEAR).filter(|unit| unit.origin == origin).any(|unit| {
        let all = words(&unit.text);
        let ticks = all.windows(2).position(|pair| {
            matches!(pair[0].text.as_str(), "tick" | "check" | "mark" | "select" | "cross")
                && matches!(pair[1].text.as_str(), "what" | "which" | "those" | "whatever" | "everything")
        });
        let behind = ticks.map(|at| &all[at + 2..all.len().min(at + 9)]).unwrap_or_default();
        let ends = behind.iter().position(|w| STEMS.iter().any(|stem| w.text.starts_with(stem)) || w.text == "go");
        ends.is_some_and(|ends| {
            let said = |words: &[&str]| behind[..ends].iter().any(|w| words.contains(&w.text.as_str()));
            said(&["be", "to", "should", "can", "may", "shall"]) && !said(&["and", "as", "you", "who", "when", "was"])
        })
    })
}

/// The heading of the column in which a byte of a row stands.
pub(super) fn heading(units: &[Unit], number: usize, byte: usize) -> Option<&str> {
    let row = &units.get(number)?.text;
    let own = cells(row);
    let cell = own.iter().position(|cell| cell.contains(&byte)).filter(|_| own.len() <= WIDEST)?;
    let head = &head(units, number)?.text;
    cells(head).get(cell).map(|cell| head[cell.clone()].trim())
}

/// The headings of a table with the cells of one of its rows.
pub(super) fn headed(units: &[Unit], number: usize) -> Vec<(&str, &str)> {
    let (Some(row), Some(head)) = (units.get(number), head(units, number)) else { return Vec::new() };
    let (own, columns) = (cells(&row.text), cells(&head.text));
    if own.len() > WIDEST {
        return Vec::new();
    }
    let pairs = own.into_iter().zip(columns);
    pairs.map(|(cell, column)| (head.text[column].trim(), row.text[cell].trim())).collect()
}

/// The first row of the table in which a row stands, if that is another one.
fn head(units: &[Unit], number: usize) -> Option<&Unit> {
    // A table that is longer has its answers in its first rows.
    const LONGEST: usize = 400;
    units.get(number).filter(|unit| unit.shape == Shape::Row)?;
    let follows = |at: &usize| {
        let (above, below) = (&units[*at - 1], &units[*at]);
        above.shape == Shape::Row && above.origin == below.origin && below.line <= above.line + 2
    };
    let length = (1..=number).rev().take(LONGEST).take_while(follows).count();
    units.get(number - length).filter(|_| length > 0)
}

/// Whether a table says that a row stays as it is.
pub(super) fn stays(units: &[Unit], number: usize) -> bool {
    let (Some(row), Some(head)) = (units.get(number), head(units, number)) else { return false };
    let columns = cells(&head.text);
    if columns.len() > WIDEST {
        return false;
    }
    let columns: Vec<Column> = columns.into_iter().map(|cell| column(&head.text[cell])).collect();
    verdict(&row.text, &columns) == Some(Verdict::Keep)
}

/// How many of the first units are the rows of one table.
fn table(units: &[Unit]) -> usize {
    let rows = units.iter().zip(units.iter().skip(1)).take_while(|(row, next)| {
        row.shape == Shape::Row && next.shape == Shape::Row && row.origin == next.origin && next.line <= row.line + 2
    });
    usize::from(units.first().is_some_and(|unit| unit.shape == Shape::Row)) * (rows.count() + 1)
}

fn judge(rows: &[Unit], first: usize, judged: &mut [Judged], mentions: &mut [Mention]) {
    let mut columns: Vec<Column> = cells(&rows[0].text).into_iter().map(|cell| column(&rows[0].text[cell])).collect();
    // A column without a heading.
    let widest = rows.iter().take(20).map(|row| cells(&row.text).len()).max().unwrap_or_default();
    while columns.len() < widest.min(WIDEST) {
        columns.push(Column::Plain);
    }
    if !columns.iter().any(|column| matches!(column, Column::Verdict | Column::Asked | Column::Kept)) {
        // "Q3": a column is what stands in it, whatever heads it. Nobody reads a table of more columns.
        let mut says = vec![0_usize; columns.len().min(WIDEST)];
        for row in &rows[1..] {
            for (column, cell) in cells(&row.text).into_iter().take(WIDEST).enumerate().take(says.len()) {
                let text = &row.text[cell];
                // "Leave, publishes through OIDC"
                let said = text.split(',').next().unwrap_or_default();
                says[column] += usize::from(said.len() < 40 && words(said).len() <= 2 && of_cell(said).is_some());
            }
        }
        let plain =
            (0..says.len()).filter(|column| columns[*column] == Column::Plain && says[*column] * 2 >= rows.len());
        if let Some(column) =
            plain.max_by_key(|column| says[*column]).filter(|_| rows.len() > 2 && columns.len() <= WIDEST)
        {
            columns[column] = Column::Verdict;
        }
    }
    let later = afterwards(&rows[0].text);
    let mut verdicts: Vec<Option<Verdict>> =
        rows[1..].iter().map(|row| verdict(&row.text, &columns).or_else(|| left(&row.text, later?))).collect();
    // "To do: -", where other rows have something to do.
    if verdicts.contains(&Some(Verdict::Act)) {
        let to_do = |column: &Column| *column == Column::Verdict;
        for (row, verdict) in rows[1..].iter().zip(&mut verdicts).filter(|(_, verdict)| verdict.is_none()) {
            let empty = cells(&row.text).iter().zip(&columns).any(|(cell, column)| {
                to_do(column) && matches!(row.text[cell.clone()].trim(), "-" | "\u{2013}" | "\u{2014}")
            });
            *verdict = empty.then_some(Verdict::Keep);
        }
    }
    // "Done" tells of the past only beside rows that are not done: else it tells how far this ticket has come.
    let open = verdicts.contains(&Some(Verdict::Act));
    let mut at = mentions.partition_point(|mention| mention.unit <= first);
    for (index, row) in rows.iter().enumerate().skip(1) {
        let cells = cells(&row.text);
        if verdicts[index - 1] == Some(Verdict::Act)
            && let Some(clause) =
                judged[first + index].clauses.first_mut().filter(|clause| clause.stance == Stance::Keep)
            && let Some(act) = cells
                .iter()
                .zip(&columns)
                .filter(|(_, column)| **column == Column::Verdict)
                .find_map(|(cell, _)| order(&row.text, cell))
        {
            // What another cell says of how it is used keeps nothing.
            clause.stance = Stance::Act;
            clause.acts = vec![act];
        }
        // "Last read: never" keeps nothing, "210 days ago" tells nothing of the past.
        let idle = cells.iter().zip(&columns).any(|(cell, column)| {
            *column == Column::Usage
                && words(&row.text[cell.clone()]).iter().any(|w| {
                    matches!(w.text.as_str(), "never" | "nie" | "jamais" | "nunca" | "no" | "none" | "ago" | "vor")
                })
        });
        let spares = |stance: Stance| matches!(stance, Stance::Keep | Stance::Past);
        for clause in judged[first + index].clauses.iter_mut().filter(|clause| idle && spares(clause.stance)) {
            clause.stance = Stance::Neutral;
        }
        while let Some(mention) = mentions.get_mut(at).filter(|mention| mention.unit == first + index) {
            at += 1;
            if idle && spares(mention.stance) {
                mention.stance = Stance::Neutral;
            }
            match verdicts[index - 1] {
                Some(Verdict::Act) => mention.stance = Stance::Act,
                Some(Verdict::Keep) => mention.stance = Stance::Keep,
                Some(Verdict::Done) if open => mention.stance = Stance::Past,
                _ => {}
            }
            let cell = cells.partition_point(|cell| cell.end <= mention.start);
            mention.instrument |= columns.get(cell) == Some(&Column::Aside);
            // "Superseded by the second key of X", in another cell than what the row is about.
            let before = cells.get(cell).and_then(|cell| row.text.get(cell.start..mention.start)).unwrap_or_default();
            mention.instrument |= cell > 0
                && words(before).iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "by" | "with" | "than" | "like" | "see" | "unlike" | "instead" | "durch" | "wie"
                    )
                });
        }
    }
}

/// The order that begins a cell.
fn order(row: &str, cell: &Range<usize>) -> Option<Act> {
    let please = |word: &Word| !matches!(word.text.as_str(), "please" | "pls" | "bitte");
    let word = words(&row[cell.clone()]).into_iter().find(please)?;
    let intent = super::request::answered(&word.text)?;
    let (start, end) = (cell.start + word.start, cell.start + word.end);
    Some(Act { intent, force: Force::Strong, form: Form::Base, start, end, modal: true })
}

/// The places of a row's cells.
fn cells(row: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from = None;
    for (at, _) in row.match_indices('|').chain([(row.len(), "")]) {
        if let Some(from) = from.replace(at + 1)
            && from <= at
            && (at < row.len() || !row[from..at].trim().is_empty())
        {
            out.push(from..at);
        }
    }
    out
}

/// Whether a heading or a form's question is about what takes the place of something.
pub(super) fn about_another(heading: &str) -> bool {
    words(heading).iter().any(|word| {
        matches!(
            word.text.as_str(),
            "replaces" | "replacement" | "successor" | "ersatz" | "nachfolger" | "remplacement" | "sustituto"
        )
    })
}

/// What a row's verdict is: its column's, or else that of the only cell that is nothing but one.
fn verdict(row: &str, columns: &[Column]) -> Option<Verdict> {
    let cells = cells(row);
    let mut stated = None;
    for (cell, column) in cells.iter().zip(columns) {
        let text = &row[cell.clone()];
        let said = match column {
            Column::Verdict => of_cell(text).or_else(|| behind_arrow(text)).or_else(|| {
                let said = words(text);
                let first = said.first()?.text.as_str();
                // "Not in this ticket": whatever else a verdict denies.
                let no_longer = first == "no" && said.get(1).is_some_and(|word| word.text == "longer");
                let stays = said.windows(2).any(|pair| {
                    pair[0].text == "no" && matches!(pair[1].text.as_str(), "change" | "changes" | "action" | "impact")
                }) || said.iter().any(|word| {
                    matches!(
                        word.text.as_str(),
                        "stays"
                            | "unchanged"
                            | "bleibt"
                            | "reste"
                            | "extended"
                            | "verlängert"
                            | "leave"
                            | "keeps"
                            | "keep"
                            | "untouched"
                    )
                }) || said.windows(2).any(|pair| {
                    pair[0].text == "nothing" && (pair[1].text.starts_with("change") || pair[1].text == "to")
                        || pair[0].text == "hands" && pair[1].text == "off"
                });
                Some(if (denies(first) && !no_longer) || stays { Verdict::Keep } else { Verdict::Act })
            }),
            Column::Asked => yes(text).map(|yes| if yes { Verdict::Act } else { Verdict::Keep }),
            Column::Kept => yes(text).map(|yes| if yes { Verdict::Keep } else { Verdict::Act }),
            Column::Aside | Column::Usage | Column::Plain => continue,
        };
        // Of "decision" and "status", the decision to keep outweighs.
        stated = match (stated, said) {
            (Some(Verdict::Keep), _) | (_, None) => stated,
            (Some(Verdict::Done), Some(Verdict::Act)) => stated,
            (_, said) => said,
        };
    }
    if stated.is_some() {
        return stated;
    }
    let mut alone = cells
        .iter()
        .enumerate()
        .filter(|(at, _)| columns.get(*at) != Some(&Column::Usage))
        .map(|(_, cell)| cell)
        .filter(|cell| words(&row[(*cell).clone()]).len() <= 3);
    let mut found = alone.by_ref().filter_map(|cell| of_cell(&row[cell.clone()]));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// "No workflow refers to it -> delete": what follows from the reason before it.
fn behind_arrow(cell: &str) -> Option<Verdict> {
    let arrow = ["->", "=>", "\u{2192}"].into_iter().find_map(|arrow| Some(cell.rfind(arrow)? + arrow.len()))?;
    of_cell(&cell[arrow..])
}

/// The column that says what shall be afterwards.
fn afterwards(head: &str) -> Option<usize> {
    let later = |cell: &Range<usize>| {
        let heading = words(&head[cell.clone()]);
        let says = |w: &Word| {
            matches!(
                w.text.as_str(),
                "afterwards" | "after" | "future" | "danach" | "k\u{fc}nftig" | "apr\u{e8}s" | "despu\u{e9}s"
            )
        };
        heading.len() <= 3 && heading.iter().any(says)
    };
    cells(head).iter().take(WIDEST).position(later)
}

/// What a row says in that column: that nothing is left of an access, or all of it.
fn left(row: &str, column: usize) -> Option<Verdict> {
    let cell = cells(row).get(column).cloned()?;
    let text = row[cell].trim().trim_matches(['*', '`', '_']).to_lowercase();
    let said = text.split([',', ';', '(']).next().unwrap_or_default().trim();
    match said {
        "as it is" | "as is" | "unchanged" | "stays" | "as before" | "bleibt" | "unver\u{e4}ndert"
        | "inchang\u{e9}" | "igual" => Some(Verdict::Keep),
        "no access" | "no access any more" | "none" | "no longer" | "nothing" | "removed" | "revoked"
        | "kein zugriff" | "keiner" | "aucun acc\u{e8}s" | "ninguno" | "sin acceso" => Some(Verdict::Act),
        _ => None,
    }
}

/// What a cell says by its first words.
fn of_cell(cell: &str) -> Option<Verdict> {
    let mut all = words(cell);
    all.retain(|word| !matches!(word.text.as_str(), "please" | "pls" | "bitte"));
    // "Has its own ticket, SEC-216", "has a ticket of its own".
    let own = |pair: &[super::tokens::Word<'_>]| pair[0].text == "its" && pair[1].text == "own";
    if all.windows(2).any(own) && all.iter().any(|word| matches!(word.text.as_str(), "ticket" | "issue" | "task")) {
        return Some(Verdict::Keep);
    }
    let first = all.first().map(|word| word.text.as_str()).unwrap_or_default();
    let second = all.get(1).map(|word| word.text.as_str()).unwrap_or_default();
    if all.is_empty() {
        return if cell.contains(['✅', '✓', '✔', '☑']) || cell.contains("(/)") {
            Some(Verdict::Done)
        } else {
            (cell.contains(['❌', '✗', '✘', '☐']) || cell.contains("(x)")).then_some(Verdict::Act)
        };
    }
    let negated = denies(first);
    match (first, second) {
        ("not" | "nicht" | "pas", "yet" | "done" | "finished" | "started" | "erledigt" | "fertig" | "encore")
        | ("no", "hecho") => Some(Verdict::Act),
        (
            "keep" | "keeps" | "kept" | "stay" | "stays" | "remain" | "remains" | "leave" | "retain" | "ok" | "okay"
            | "fine" | "unchanged" | "unaffected" | "confirmed" | "certified" | "approved" | "none" | "nothing"
            | "nichts" | "rien" | "nada" | "skip" | "exempt" | "bleibt" | "behalten" | "garder" | "conserver" | "reste"
            | "mantener" | "conservar" | "queda" | "noted" | "info" | "informational" | "accepted" | "monitor"
            | "watch" | "observe" | "justified" | "intended" | "tolerated" | "exception" | "akzeptiert" | "anotado",
            _,
        )
        | ("no", "action" | "change" | "changes")
        | ("own" | "separate" | "another" | "different", "ticket" | "issue" | "task" | "change" | "request")
        | ("still", "needed" | "used" | "required")
        | ("in", "use") => Some(Verdict::Keep),
        (
            "was" | "were" | "has" | "have" | "is" | "wurde" | "ist",
            "done" | "rotated" | "removed" | "deleted" | "revoked" | "replaced" | "renewed" | "erledigt",
        ) => Some(Verdict::Done),
        _ if negated => None,
        (
            "done" | "finished" | "complete" | "completed" | "closed" | "rotated" | "removed" | "deleted" | "revoked"
            | "disabled" | "replaced" | "renewed" | "already" | "erledigt" | "fertig" | "gelöscht" | "rotiert"
            | "gesperrt" | "ersetzt" | "fait" | "terminé" | "supprimé" | "révoqué" | "hecho" | "hecha" | "listo"
            | "borrado" | "revocado" | "rotado",
            _,
        ) => Some(Verdict::Done),
        (
            "revoke" | "remove" | "delete" | "rotate" | "disable" | "deactivate" | "renew" | "replace" | "open"
            | "todo" | "pending" | "outstanding" | "missing" | "tbd" | "drop" | "kill" | "reduce" | "downgrade"
            | "offen" | "löschen" | "sperren" | "rotieren" | "entfernen" | "révoquer" | "supprimer" | "revocar"
            | "borrar" | "rotar" | "eliminar" | "pendiente",
            _,
        )
        | ("to", "do" | "be")
        | ("in", "progress")
        | ("à", "faire")
        | ("por", "hacer") => Some(Verdict::Act),
        _ => None,
    }
}

fn denies(word: &str) -> bool {
    matches!(word, "not" | "nicht" | "pas" | "no" | "non")
}

fn yes(cell: &str) -> Option<bool> {
    let lower = cell.trim().trim_matches(['*', '`']).to_lowercase();
    // "No, was not visible to them"
    let first = lower.split([',', ';', '.', '(']).next().unwrap_or_default().trim();
    match first {
        "yes" | "y" | "x" | "✓" | "✔" | "✅" | "ja" | "oui" | "sí" | "si" | "true" => Some(true),
        "no" | "n" | "-" | "–" | "—" | "" | "nein" | "non" | "false" | "❌" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_of_cells() {
        assert_eq!(of_cell(" done 03.09. "), Some(Verdict::Done));
        assert_eq!(of_cell("KEEP (contract runs until autumn)"), Some(Verdict::Keep));
        assert_eq!(of_cell("not yet"), Some(Verdict::Act));
        assert_eq!(of_cell("GitLab"), None);
    }

    #[test]
    fn verdicts_of_rows() {
        let columns: Vec<Column> = ["key", "used by", "status", "remarks"].map(column).to_vec();
        assert_eq!(verdict("| A | keep | open | - |", &columns), Some(Verdict::Act));
        assert_eq!(verdict("| A | x | done, see #3 | |", &columns), Some(Verdict::Done));
        let asked: Vec<Column> = ["key", "revoke?"].map(column).to_vec();
        assert_eq!(verdict("| A | no |", &asked), Some(Verdict::Keep));
        assert_eq!(cells("| a | b || c |").len(), 4);
    }
}
