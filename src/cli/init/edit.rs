//! Insertions into a text that stays as it is, byte for byte, everywhere else: lines, their ends and their indentation, and where an
//! item of a block sequence ends. What is inserted, and whether it means what it should, is decided elsewhere.

use std::ops::Range;

use crate::pipeline::yaml::Node;

/// A text in lines. Line ends are LF or CR LF.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Each line with its end.
    spans: Vec<Range<usize>>,
}

/// Something to be inserted before a byte of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Insertion {
    pub(super) at: usize,
    pub(super) text: String,
}

/// Where an item of a block sequence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Blanks before its dash.
    pub(super) dash: usize,
    /// Blanks before its keys.
    pub(super) keys: usize,
    /// The line of its dash.
    pub(super) first: usize,
    /// The last line that belongs to it.
    pub(super) last: usize,
}

impl<'t> Lines<'t> {
    /// The lines; none where the text has a lone CR, which YAML takes for a line's end and editors do not.
    pub(super) fn new(text: &'t str) -> Option<Self> {
        let bytes = text.as_bytes();
        let lone = memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
        if lone {
            return None;
        }
        let mut spans = Vec::new();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            spans.push(start..end + 1);
            start = end + 1;
        }
        if start < text.len() || spans.is_empty() {
            spans.push(start..text.len());
        }
        Some(Self { text, spans })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// A line without its end.
    pub(super) fn line(&self, number: usize) -> &'t str {
        let span = self.spans.get(number).cloned().unwrap_or_default();
        self.text.get(span).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    /// The end of a line as the file writes it there; of a last line without one, as the file's first.
    pub(super) fn end(&self, number: usize) -> &'static str {
        let ends = |span: &Range<usize>| match self.text.get(span.clone()) {
            Some(line) if line.ends_with("\r\n") => Some("\r\n"),
            Some(line) if line.ends_with('\n') => Some("\n"),
            _ => None,
        };
        self.spans.get(number).and_then(ends).or_else(|| self.spans.first().and_then(ends)).unwrap_or("\n")
    }

    /// Whether nothing stands in it.
    pub(super) fn is_blank(&self, number: usize) -> bool {
        self.line(number).trim().is_empty()
    }

    /// Blanks before a line's first character.
    pub(super) fn indent(&self, number: usize) -> usize {
        let line = self.line(number);
        line.len() - line.trim_start_matches(' ').len()
    }

    /// An insertion of whole lines behind a line: without line ends, those of the place are written.
    pub(super) fn after(&self, number: usize, lines: &[String]) -> Insertion {
        let end = self.end(number);
        let at = self.spans.get(number).map_or(self.text.len(), |span| span.end);
        let complete = self.text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with('\n'));
        let joined = lines.join(end);
        let text = if complete { format!("{joined}{end}") } else { format!("{end}{joined}") };
        Insertion { at, text }
    }

    /// An insertion of whole lines before a line.
    pub(super) fn before(&self, number: usize, lines: &[String]) -> Insertion {
        let at = self.spans.get(number).map_or(self.text.len(), |span| span.start);
        let end = self.end(number);
        Insertion { at, text: lines.iter().map(|line| format!("{line}{end}")).collect() }
    }

    /// Where an item of a block sequence stands; none where its dash is not the first thing on its line, or nothing but the dash is
    /// (a tag, an anchor, a comment behind the dash).
    pub(super) fn item(&self, node: Node<'_>) -> Option<Item> {
        let place = node.place();
        let first = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let line = self.line(first);
        let before: String = line.chars().take(column).collect();
        let dash = self.indent(first);
        let between = before.get(dash..)?.strip_prefix('-')?;
        if between.is_empty() || between.chars().any(|c| c != ' ') {
            return None;
        }
        let keys = before.len();
        let mut last = first;
        for number in first + 1..self.len() {
            if self.is_blank(number) {
                continue;
            }
            if self.indent(number) <= dash {
                // A comment that stands no deeper than the dash speaks of what follows; the item may go on behind it.
                if self.line(number).trim_start().starts_with('#') {
                    continue;
                }
                break;
            }
            last = number;
        }
        Some(Item { dash, keys, first, last })
    }
}

/// The text with the insertions, and where those stand in it; `insertions` in any order, no two at one place in a different order.
pub(super) fn apply(text: &str, mut insertions: Vec<Insertion>) -> (String, Vec<Range<usize>>) {
    insertions.sort_by_key(|insertion| insertion.at);
    let mut out = String::with_capacity(text.len() + 1024);
    let mut spans = Vec::with_capacity(insertions.len());
    let mut from = 0;
    for insertion in &insertions {
        out.push_str(text.get(from..insertion.at).unwrap_or_default());
        let start = out.len();
        out.push_str(&insertion.text);
        spans.push(start..out.len());
        from = insertion.at;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    (out, spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::yaml::Tree;

    #[test]
    fn an_item_ends_where_its_content_does() {
        let text = "steps:\n  - uses: a\n    with: |\n      # text\n\n    # still the item's\n\n  # of the next\n  - run: b\nend: c\n";
        let tree = Tree::parse(text).unwrap();
        let lines = Lines::new(text).unwrap();
        let items: Vec<_> = tree.root().unwrap().get("steps").unwrap().items().collect();
        assert_eq!(lines.item(items[0]), Some(Item { dash: 2, keys: 4, first: 1, last: 5 }));
        assert_eq!(lines.item(items[1]), Some(Item { dash: 2, keys: 4, first: 8, last: 8 }));
        for odd in ["a: [{b: c}]", "a:\n- &x\n  b: c", "a:\n- # x\n  b: c", "a:\n- - b"] {
            let tree = Tree::parse(odd).unwrap();
            let node = tree.root().unwrap().get("a").unwrap().items().next().unwrap();
            let node = node.items().next().unwrap_or(node);
            assert_eq!(Lines::new(odd).unwrap().item(node), None, "{odd}");
        }
    }

    #[test]
    fn line_ends_are_those_of_the_place() {
        let text = "a\r\nb\nc";
        let lines = Lines::new(text).unwrap();
        let new = |number| apply(text, vec![lines.after(number, &["x".to_owned(), "y".to_owned()])]).0;
        assert_eq!(new(0), "a\r\nx\r\ny\r\nb\nc");
        assert_eq!(new(1), "a\r\nb\nx\ny\nc");
        assert_eq!(new(2), "a\r\nb\nc\r\nx\r\ny");
        assert_eq!(apply(text, vec![lines.before(1, &["x".to_owned()])]).0, "a\r\nx\nb\nc");
        assert!(Lines::new("a\rb").is_none());
    }
}
