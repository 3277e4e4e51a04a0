//! From parser events to the arena. Nothing here recurses, so depth costs no stack.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::{Broken, Content, NodeId, Outline, Place, Raw, Style, Tree, is_null};

/// A collection that is not closed yet, with its last child.
struct Open {
    id: NodeId,
    last: Option<NodeId>,
}

struct Builder<'a> {
    nodes: Vec<Raw<'a>>,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    documents: Vec<NodeId>,
}

pub(super) fn parse(text: &str) -> Result<Tree<'_>, Broken> {
    let mut builder = Builder {
        nodes: Vec::with_capacity((text.len() / 24).next_power_of_two().max(256)),
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
    };
    each(text, |event, span| builder.event(event, span))?;
    let Builder { nodes, documents, .. } = builder;
    Ok(Tree { text, nodes, documents, lines: OnceCell::new() })
}

pub(super) fn check(text: &str) -> Result<Outline, Broken> {
    let mut outline = None;
    each(text, |event, span| {
        let seen = match &event {
            Event::MappingStart(..) => Outline::Mapping,
            Event::Scalar(text, ScalarStyle::Plain, ..) if span.is_empty() || is_null(text) => Outline::Empty,
            Event::SequenceStart(..) | Event::Scalar(..) | Event::Alias(_) => Outline::Other,
            _ => return,
        };
        outline.get_or_insert(seen);
    })?;
    Ok(outline.unwrap_or(Outline::Empty))
}

fn each<'a>(text: &'a str, mut see: impl FnMut(Event<'a>, &Span)) -> Result<(), Broken> {
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            event.map_err(|error| Broken { place: place(*error.marker()), reason: error.kind().to_string() })?;
        see(event, &span);
    }
    Ok(())
}

fn place(marker: Marker) -> Place {
    Place { line: marker.line() as u32, column: marker.col() as u32 + 1 }
}

impl<'a> Builder<'a> {
    fn event(&mut self, event: Event<'a>, span: &Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let (start, end) = bounds(span);
                // An empty place comes as the text `~` that nobody wrote.
                let absent = start == end;
                let content = Content::Scalar {
                    text: if absent { Cow::Borrowed("") } else { text },
                    style: style_of(style),
                    // A block scalar's span starts at its content, behind the indentation that every line loses.
                    indent: span.start.col() as u32,
                };
                self.add(content, tag.map(|tag| tag_text(&tag)), anchor, absent, span);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let id = self.add(Content::Sequence, tag.map(|tag| tag_text(&tag)), anchor, false, span);
                self.open.push(Open { id, last: None });
            }
            Event::MappingStart(_, anchor, tag) => {
                let id = self.add(Content::Mapping, tag.map(|tag| tag_text(&tag)), anchor, false, span);
                self.open.push(Open { id, last: None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
            }
            Event::Alias(anchor) => {
                // The parser has already refused an alias without an anchor.
                if let Some(&target) = self.anchors.get(&anchor) {
                    self.add(Content::Alias(target), None, 0, false, span);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, content: Content<'a>, tag: Option<Box<str>>, anchor: usize, absent: bool, span: &Span) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let (start, end) = bounds(span);
        self.nodes.push(Raw {
            content,
            tag,
            anchored: anchor != 0,
            absent,
            start,
            end,
            place: place(span.start),
            first: None,
            next: None,
        });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last_mut() {
            None => self.documents.push(id),
            Some(parent) => {
                match parent.last {
                    None => self.nodes[parent.id.0 as usize].first = Some(id),
                    Some(last) => self.nodes[last.0 as usize].next = Some(id),
                }
                parent.last = Some(id);
            }
        }
        id
    }
}

fn bounds(span: &Span) -> (u32, u32) {
    let range = span.byte_range().unwrap_or(0..0);
    (range.start as u32, range.end as u32)
}

fn tag_text(tag: &granit_parser::Tag) -> Box<str> {
    format!("{}{}", tag.handle(), tag.suffix()).into_boxed_str()
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    }
}
