//! Boxes of forms that are typed by hand, "( ) grant  (x) remove": which was chosen. What a chosen word asks for is told in `request`.

use std::collections::HashMap;

/// Lines of a form's boxes, "( ) grant" over "(x) revoke", by their number, with whether they were chosen. Where none was, or all were,
/// nothing was chosen; lists of steps have bullets and are none.
pub(super) fn choices(text: &str) -> HashMap<usize, bool> {
    let mut out = HashMap::new();
    let mut group: Vec<(usize, bool)> = Vec::new();
    for (number, line) in text.lines().map(Some).chain([None]).enumerate() {
        let line = line.map(str::trim).unwrap_or_default();
        match ["( )", "[ ]", "(x)", "(X)", "[x]", "[X]"].iter().position(|open| line.starts_with(open)) {
            Some(sign) => group.push((number, sign > 1)),
            None => {
                let chosen = group.iter().filter(|(_, chosen)| *chosen).count();
                if (1..group.len()).contains(&chosen) {
                    out.extend(group.iter().copied());
                }
                group.clear();
            }
        }
    }
    out
}

/// A line with boxes, without what was not chosen. Where none was, or all were, nothing was chosen.
pub(super) fn chosen(line: &str) -> String {
    if let Some(said) = answered_yes(line) {
        return said;
    }
    let boxes: Vec<(usize, usize, bool)> = option_boxes(line);
    if boxes.len() < 2 || !boxes.iter().any(|(_, _, ticked)| *ticked) || boxes.iter().all(|(_, _, ticked)| *ticked) {
        return line.to_owned();
    }
    let behind = behind(line, &boxes);
    let key = if behind { line[..boxes[0].0].rfind(':').map_or(0, |at| at + 1) } else { boxes[0].0 };
    let mut out = line[..key].to_owned();
    for (index, (start, end, ticked)) in boxes.iter().enumerate() {
        let own = match index.checked_sub(1) {
            _ if !behind => *end..boxes.get(index + 1).map_or(line.len(), |next| next.0),
            Some(before) => boxes[before].1..*start,
            None => key..*start,
        };
        if *ticked {
            out.push_str(&line[own]);
        }
    }
    out
}

/// "Grant [ ]   Withdraw [X]": boxes that stand behind what they are for.
fn behind(line: &str, boxes: &[(usize, usize, bool)]) -> bool {
    boxes.first().zip(boxes.last()).is_some_and(|(first, last)| {
        let before = line[..first.0].rsplit(':').next().unwrap_or_default();
        let labels = boxes.windows(2).map(|pair| &line[pair[0].1..pair[1].0]).chain([before]);
        before.contains(char::is_alphabetic)
            && line[last.1..].trim().is_empty()
            && labels.into_iter().all(|label| (1..=4).contains(&label.split_whitespace().count()))
    })
}

/// Whether a line offers several things, one of which is chosen.
pub(super) fn offers(line: &str) -> bool {
    let boxes = option_boxes(line);
    boxes.len() > 1 && (line.starts_with(['[', '(']) || behind(line, &boxes)) || answered_yes(line).is_some()
}

/// "Give access -> no; take access away -> yes": what was said yes to.
fn answered_yes(line: &str) -> Option<String> {
    let (key, rest) = line.split_once(':').unwrap_or(("", line));
    let parts: Vec<(&str, &str)> = rest
        .split([';', ','])
        .map(|part| part.split_once("->").or_else(|| part.split_once('\u{2192}')))
        .collect::<Option<_>>()?;
    let said = |value: &str| {
        matches!(value.trim().to_lowercase().as_str(), "yes" | "ja" | "oui" | "s\u{ed}" | "no" | "nein" | "non")
    };
    let yes: Vec<&str> = parts
        .iter()
        .filter(|(_, value)| matches!(value.trim().to_lowercase().as_str(), "yes" | "ja" | "oui" | "s\u{ed}"))
        .map(|(what, _)| what.trim())
        .collect();
    (parts.len() > 1 && yes.len() == 1 && parts.iter().all(|(_, value)| said(value)))
        .then(|| format!("{key}: {}", yes[0]))
}

fn option_boxes(line: &str) -> Vec<(usize, usize, bool)> {
    let mut out = Vec::new();
    for (at, open) in line.char_indices().filter(|(_, c)| matches!(c, '(' | '[')) {
        // "f(x)" is a call.
        if line[..at].chars().next_back().is_some_and(|before| !before.is_whitespace() && before != '|') {
            continue;
        }
        let close = if open == '(' { ')' } else { ']' };
        let Some(end) = line[at + 1..].char_indices().take(4).find(|(_, c)| *c == close).map(|(end, _)| at + 1 + end)
        else {
            continue;
        };
        let inside = line[at + 1..end].trim();
        if inside.is_empty() || inside == "_" || inside.eq_ignore_ascii_case("x") || inside == "✓" || inside == "✔"
        {
            out.push((at, end + 1, !inside.is_empty() && inside != "_"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen() {
        for (line, said) in [
            ("( ) grant  (x ) remove", " remove"),
            ("Grant [ ]   Withdraw [X]", "   Withdraw "),
            ("Type: new [_] more [_] none any more [x]", "Type: none any more "),
            ("What: give access -> no; take access away -> yes", "What: take access away"),
            ("( ) alta   ( ) cambio   (x) baja", " baja"),
        ] {
            assert_eq!(chosen(line), said);
            assert!(offers(line), "{line}");
        }
        for line in ["[x] done", "a (x) b", "see [1] and [2]", "X -> Y", "( ) a ( ) b"] {
            assert_eq!(chosen(line), line);
        }
    }
}
