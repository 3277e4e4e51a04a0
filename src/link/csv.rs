//! Lines of separated values that somebody pasted into a text: they are a table, whatever its signs. Tables in markup stand in `text`, what
//! rows say in `table`.

use std::collections::HashMap;

/// How many lines make a table.
const LEAST: usize = 3;

/// Nobody's row is longer.
const LONGEST: usize = 400;

/// The lines of a text that are rows of separated values, by their number, as rows of a table.
pub(super) fn rows(text: &str) -> HashMap<usize, String> {
    let mut out = HashMap::new();
    if !text.contains([';', '\t', ',']) {
        return out;
    }
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut by = None;
    for (number, line) in text.lines().map(Some).chain([None]).enumerate() {
        let kind = line.and_then(separated);
        if kind.is_none() || kind != by {
            if let Some((sign, _)) = by.filter(|_| open.len() >= LEAST) {
                let row =
                    |line: &str| format!("| {} |", line.split(sign).map(str::trim).collect::<Vec<_>>().join(" | "));
                out.extend(open.iter().map(|(number, line)| (*number, row(line))));
            }
            open.clear();
            by = kind;
        }
        if let Some(line) = line.filter(|_| kind.is_some()) {
            open.push((number, line));
        }
    }
    out
}

/// The sign that separates a line's values, and how many there are.
pub(super) fn separated(line: &str) -> Option<(char, usize)> {
    let bytes = line.as_bytes();
    if line.len() > LONGEST || memchr::memchr(b'|', bytes).is_some() {
        return None;
    }
    let of = |sign: u8| {
        let values = memchr::memchr_iter(sign, bytes).count() + 1;
        (values > 2).then_some((char::from(sign), values))
    };
    // A comma separates values where no blank stands behind any.
    let close = || memchr::memchr_iter(b',', bytes).all(|at| bytes.get(at + 1) != Some(&b' '));
    of(b';').or_else(|| of(b'\t')).or_else(|| of(b',').filter(|_| close()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_of_the_same_shape_are_a_table() {
        let found = rows(
            "Leavers:\n\nname;login;action\nA B;a.b;terminate\nC D;c.d;none - later; no\nE;e;x\nF;f;y\nG;g;z\nBye",
        );
        assert_eq!(found.get(&5).map(String::as_str), Some("| E | e | x |"));
        assert_eq!(found.len(), 3);
        assert!(rows("One, two, three\nfour, five, six\nseven, eight, nine").is_empty());
        assert!(rows("a;b\nc;d\ne;f").is_empty());
    }
}
