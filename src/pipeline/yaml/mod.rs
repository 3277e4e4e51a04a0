//! YAML as CI systems write it: an arena tree with exact source positions. Aliases stay ids and are never expanded, so a
//! billion-laughs file costs what its text costs. Reading files lives in `source`, merge keys in `merge`, the way from a
//! character of a scalar back to the file in `scalar`. What keys mean lives with the provider that defines them.

mod merge;
mod parse;
mod scalar;
mod source;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::OnceCell;

pub use merge::{Budget, merged_get, merged_pairs};
pub use scalar::PositionMap;
pub use source::{MAX_BYTES, Source, read};

/// A place in a file, as editors count: both from 1, the column in Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in Unicode characters.
    pub column: u32,
}

/// Why a text is no YAML, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where the parser gave up.
    pub place: Place,
    /// The parser's words.
    pub reason: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.place.line, self.place.column, self.reason)
    }
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No quotes.
    Plain,
    /// `'…'`.
    Single,
    /// `"…"`.
    Double,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// Index of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Its index among the tree's nodes.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is, aliases included.
#[derive(Debug)]
enum Content<'a> {
    /// Text without its quotes, its style, and the indentation of a block scalar's content.
    Scalar { text: Cow<'a, str>, style: Style, indent: u32 },
    /// Children in order.
    Sequence,
    /// Children are key, value, key, value, …
    Mapping,
    /// The node that it stands for.
    Alias(NodeId),
}

#[derive(Debug)]
struct Raw<'a> {
    content: Content<'a>,
    tag: Option<Box<str>>,
    anchored: bool,
    /// An empty place where YAML wants a value.
    absent: bool,
    start: u32,
    end: u32,
    place: Place,
    first: Option<NodeId>,
    next: Option<NodeId>,
}

/// What is known of a text that was only checked, not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outline {
    /// No node at all.
    Empty,
    /// The first document is a mapping.
    Mapping,
    /// It is something else.
    Other,
}

/// Checks that a text is YAML without keeping a tree: what [`Tree::parse`] refuses, this refuses with the same words.
///
/// # Errors
/// As [`Tree::parse`].
pub fn check(text: &str) -> Result<Outline, Broken> {
    parse::check(text)
}

/// A parsed file. Borrows the file's text.
#[derive(Debug)]
pub struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Raw<'a>>,
    documents: Vec<NodeId>,
    lines: OnceCell<Vec<u32>>,
}

/// A node of a tree. Everything about its content looks through an alias; [`Node::place`] and [`Node::id`] do not.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree<'t>,
    id: NodeId,
}

impl<'a> Tree<'a> {
    /// Parses a text (a byte order mark already taken off; [`Source`] does that).
    ///
    /// # Errors
    /// Where the text is no YAML, or nested deeper than 255 levels.
    pub fn parse(text: &'a str) -> Result<Self, Broken> {
        parse::parse(text)
    }

    /// The documents' roots, in order. An empty document has none.
    pub fn documents(&self) -> impl Iterator<Item = Node<'_>> {
        self.documents.iter().map(|&id| Node { tree: self, id })
    }

    /// The first document's root: the only one that GitHub reads.
    #[must_use]
    pub fn root(&self) -> Option<Node<'_>> {
        self.documents().next()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, in the order of the text; aliases among them.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.nodes.len()).filter_map(|at| Some(self.node(NodeId(u32::try_from(at).ok()?))))
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    /// Whether any node is an alias.
    #[must_use]
    pub fn has_aliases(&self) -> bool {
        self.nodes.iter().any(|raw| matches!(raw.content, Content::Alias(_)))
    }

    /// For each node, by [`NodeId::index`], whether a scalar with this property is at or below it, aliases looked through. Costs one
    /// look at each node, however often aliases multiply it.
    #[must_use]
    pub fn fertile(&self, property: impl Fn(&str) -> bool) -> Vec<bool> {
        let mut fertile = vec![false; self.nodes.len()];
        let mut parents: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut aliases: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        let mut todo = Vec::new();
        for (index, raw) in self.nodes.iter().enumerate() {
            let mut child = raw.first;
            while let Some(id) = child {
                parents[id.index()] = Some(index);
                child = self.raw(id).next;
            }
            match &raw.content {
                Content::Scalar { text, .. } if property(text) => todo.push(index),
                Content::Alias(target) => aliases[target.index()].push(index),
                _ => {}
            }
        }
        while let Some(index) = todo.pop() {
            if !std::mem::replace(&mut fertile[index], true) {
                todo.extend(parents[index]);
                todo.append(&mut aliases[index]);
            }
        }
        fertile
    }

    /// The place of a byte of the text.
    #[must_use]
    pub fn place(&self, byte: usize) -> Place {
        place(self.text, self.lines.get_or_init(|| line_starts(self.text)), byte)
    }

    fn raw(&self, id: NodeId) -> &Raw<'a> {
        &self.nodes[id.0 as usize]
    }
}

/// YAML's null, written without quotes.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Byte offsets at which lines start. CR LF, LF and a lone CR end a line, as YAML 1.2 has it (5.4).
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
            starts.push(at as u32 + 1);
        }
    }
    starts
}

fn place(text: &str, lines: &[u32], byte: usize) -> Place {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let line = lines.partition_point(|&start| start as usize <= byte).max(1);
    let start = lines.get(line - 1).map_or(0, |&start| start as usize);
    let column = text.get(start..byte).map_or(0, |part| part.chars().count()) + 1;
    Place { line: line as u32, column: column as u32 }
}

impl<'t> Node<'t> {
    /// This node's id; for an alias its own, not its target's.
    #[must_use]
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The node itself, or what it is an alias of.
    #[must_use]
    pub fn resolved(self) -> Node<'t> {
        match self.tree.raw(self.id).content {
            Content::Alias(target) => Node { tree: self.tree, id: target },
            _ => self,
        }
    }

    /// Whether this is an alias (`*name`).
    #[must_use]
    pub fn is_alias(self) -> bool {
        matches!(self.tree.raw(self.id).content, Content::Alias(_))
    }

    /// Whether an anchor stands on it (`&name`).
    #[must_use]
    pub fn is_anchored(self) -> bool {
        self.tree.raw(self.id).anchored
    }

    /// Where the node starts; for an alias the place of `*name`; for a block scalar that of its first content character.
    #[must_use]
    pub fn place(self) -> Place {
        self.tree.raw(self.id).place
    }

    /// Byte offsets in the text: start and end. Collections end where they start.
    #[must_use]
    pub fn span(self) -> (usize, usize) {
        let raw = self.tree.raw(self.id);
        (raw.start as usize, raw.end as usize)
    }

    /// The tag as resolved: `!reference`, `tag:yaml.org,2002:str`.
    #[must_use]
    pub fn tag(self) -> Option<&'t str> {
        self.tree.raw(self.resolved().id).tag.as_deref()
    }

    /// A scalar's text, quotes and escapes undone, lines folded. Empty for an empty value.
    #[must_use]
    pub fn str(self) -> Option<&'t str> {
        match &self.tree.raw(self.resolved().id).content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A scalar's style.
    #[must_use]
    pub fn style(self) -> Option<Style> {
        match &self.tree.raw(self.resolved().id).content {
            Content::Scalar { style, .. } => Some(*style),
            _ => None,
        }
    }

    /// Whether it is YAML's null: nothing, `~` or `null`, without quotes.
    #[must_use]
    pub fn is_null(self) -> bool {
        let raw = self.tree.raw(self.resolved().id);
        raw.absent || matches!(&raw.content, Content::Scalar { text, style: Style::Plain, .. } if is_null(text))
    }

    /// Whether it is a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        matches!(self.tree.raw(self.resolved().id).content, Content::Mapping)
    }

    /// Whether it is a sequence.
    #[must_use]
    pub fn is_sequence(self) -> bool {
        matches!(self.tree.raw(self.resolved().id).content, Content::Sequence)
    }

    /// A mapping's value for a key; the last one where the key stands twice. Merge keys are not followed.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'t>> {
        self.pairs().filter(|(k, _)| k.str() == Some(key)).last().map(|(_, value)| value)
    }

    /// A value by several keys in turn.
    #[must_use]
    pub fn path(self, keys: &[&str]) -> Option<Node<'t>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// A mapping's pairs as written: duplicates and `<<` included; none for another node.
    pub fn pairs(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> {
        let mut children = self.children(Content::is_mapping);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// A sequence's items; none for another node.
    pub fn items(self) -> impl Iterator<Item = Node<'t>> {
        self.children(Content::is_sequence)
    }

    /// A sequence's items, or the node itself where it is none: `needs: a` and `needs: [a]`.
    pub fn one_or_many(self) -> impl Iterator<Item = Node<'t>> {
        let alone = (!self.is_sequence()).then_some(self);
        alone.into_iter().chain(self.items())
    }

    /// Keys of a mapping that stand there more than once, where they stand again.
    #[must_use]
    pub fn duplicates(self) -> Vec<Node<'t>> {
        let keys: Vec<Node<'t>> = self.pairs().map(|(key, _)| key).filter(|key| key.str().is_some()).collect();
        if keys.len() <= 16 {
            // Most mappings are small, and are looked at in every file.
            let again = |&(at, key): &(usize, &Node<'t>)| keys[..at].iter().any(|other| other.str() == key.str());
            return keys.iter().enumerate().filter(again).map(|(_, key)| *key).collect();
        }
        let mut seen = std::collections::HashSet::new();
        keys.into_iter().filter(|key| key.str().is_some_and(|text| !seen.insert(text))).collect()
    }

    /// The way from a scalar's text back to the file. `None` for a collection.
    #[must_use]
    pub fn positions(self) -> Option<PositionMap<'t>> {
        let raw = self.tree.raw(self.resolved().id);
        match &raw.content {
            Content::Scalar { text, style, indent } => {
                let source = self.tree.text.get(raw.start as usize..raw.end as usize).unwrap_or_default();
                Some(PositionMap::new(self.tree, source, raw.start, text, *style, *indent))
            }
            _ => None,
        }
    }

    /// The place of one byte of a scalar's text; the node's own place for a collection. For several, keep [`Node::positions`].
    #[must_use]
    pub fn position(self, byte: usize) -> Place {
        self.positions().map_or_else(|| self.place(), |map| map.place(byte))
    }

    /// The tree that it belongs to.
    #[must_use]
    pub fn tree(self) -> &'t Tree<'t> {
        self.tree
    }

    fn children(self, wanted: fn(&Content<'t>) -> bool) -> impl Iterator<Item = Node<'t>> {
        let tree = self.tree;
        let raw = tree.raw(self.resolved().id);
        let mut next = if wanted(&raw.content) { raw.first } else { None };
        std::iter::from_fn(move || {
            let id = next?;
            next = tree.raw(id).next;
            Some(Node { tree, id })
        })
    }
}

impl Content<'_> {
    fn is_mapping(&self) -> bool {
        matches!(self, Self::Mapping)
    }

    fn is_sequence(&self) -> bool {
        matches!(self, Self::Sequence)
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.tree.raw(self.id).content {
            Content::Scalar { .. } => "scalar",
            Content::Sequence => "sequence",
            Content::Mapping => "mapping",
            Content::Alias(_) => "alias",
        };
        // A scalar may hold a credential: its text is not shown.
        write!(f, "{kind} at {}:{}", self.place().line, self.place().column)
    }
}
