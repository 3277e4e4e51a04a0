//! Where each part of a YAML file stands: a walk over the parser's events that keeps places and throws values away.

use std::collections::HashMap;

use granit_parser::{Event, Parser, Span};

/// One step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// A key of a mapping.
    Key(String),
    /// An index of a sequence.
    Index(usize),
}

/// A 1-based place; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Line.
    pub(crate) line: usize,
    /// Column.
    pub(crate) column: usize,
}

#[derive(Debug)]
enum Content {
    Leaf,
    Sequence(Vec<usize>),
    Mapping(Vec<(String, Place, usize)>),
    Alias(usize),
}

#[derive(Debug)]
struct Node {
    place: Place,
    content: Content,
}

/// The places of a document's first value.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    nodes: Vec<Node>,
}

/// A collection that is not closed yet; of a mapping, the key that waits for its value.
struct Open {
    id: usize,
    key: Option<(String, Place)>,
}

/// Aliases to aliases do not exist, so a chain longer than this is none of ours.
const MOST_ALIASES: usize = 8;

impl Positions {
    /// Reads the places. What the parser refuses simply has none: the values' own parser reports the error.
    pub(crate) fn read(text: &str) -> Self {
        let mut positions = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut anchors: HashMap<usize, usize> = HashMap::new();
        for event in Parser::new_from_str(text) {
            let Ok((event, span)) = event else { break };
            let (content, anchor, text) = match event {
                Event::Scalar(text, _, anchor, _) => (Content::Leaf, anchor, text.into_owned()),
                Event::SequenceStart(_, anchor, _) => (Content::Sequence(Vec::new()), anchor, String::new()),
                Event::MappingStart(_, anchor, _) => (Content::Mapping(Vec::new()), anchor, String::new()),
                Event::Alias(anchor) => match anchors.get(&anchor) {
                    Some(&target) => (Content::Alias(target), 0, String::new()),
                    None => continue,
                },
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::DocumentEnd => break,
                _ => continue,
            };
            let collection = matches!(content, Content::Sequence(_) | Content::Mapping(_));
            let id = positions.nodes.len();
            let place = place(&span);
            positions.nodes.push(Node { place, content });
            if anchor != 0 {
                anchors.insert(anchor, id);
            }
            if let Some(parent) = open.last_mut() {
                match &mut positions.nodes[parent.id].content {
                    Content::Sequence(items) => items.push(id),
                    Content::Mapping(entries) => match parent.key.take() {
                        None => parent.key = Some((text, place)),
                        Some((key, at)) => entries.push((key, at, id)),
                    },
                    Content::Leaf | Content::Alias(_) => {}
                }
            }
            if collection {
                open.push(Open { id, key: None });
            }
        }
        positions
    }

    /// The place of what a path names: a key's own place for a key, the value's for an index. Where the last steps do not exist
    /// (a missing setting, something merged in), the place of what encloses them.
    pub(crate) fn find(&self, path: &[Step]) -> Option<Place> {
        let mut at = 0;
        let mut found = self.nodes.first()?.place;
        for step in path {
            for _ in 0..MOST_ALIASES {
                match self.nodes[at].content {
                    Content::Alias(target) => at = target,
                    _ => break,
                }
            }
            match (&self.nodes[at].content, step) {
                (Content::Sequence(items), Step::Index(index)) => match items.get(*index) {
                    Some(&item) => {
                        at = item;
                        found = self.nodes[item].place;
                    }
                    None => break,
                },
                (Content::Mapping(entries), Step::Key(key)) => match entries.iter().find(|entry| entry.0 == *key) {
                    Some((_, place, value)) => {
                        at = *value;
                        found = *place;
                    }
                    None => break,
                },
                _ => break,
            }
        }
        Some(found)
    }
}

fn place(span: &Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Step {
        Step::Key(text.into())
    }

    #[test]
    fn keys_items_aliases_and_what_is_missing() {
        let text = "version: 1\nsources:\n  - &a {kind: file, path: x}\n  - *a\n";
        let positions = Positions::read(text);
        let at = |path: &[Step]| positions.find(path).map(|p| (p.line, p.column));
        assert_eq!(at(&[]), Some((1, 1)));
        assert_eq!(at(&[key("sources")]), Some((2, 1)));
        assert_eq!(at(&[key("sources"), Step::Index(0), key("path")]), Some((3, 21)));
        assert_eq!(at(&[key("sources"), Step::Index(1), key("path")]), Some((3, 21)));
        assert_eq!(at(&[key("sources"), Step::Index(1)]), Some((4, 5)));
        assert_eq!(at(&[key("version"), key("nothing")]), Some((1, 1)));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[-a-z&*:{}\\[\\], \n\"'|>#!?%]{0,80}") {
            let positions = Positions::read(&text);
            positions.find(&[key("a"), Step::Index(0), key("b")]);
        }
    }
}
