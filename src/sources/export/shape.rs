//! What a tracker's items look like, as far as they are looked through without being built: which place holds what. The trackers' own
//! shapes stand beside what reads their items; they are walked in `skim`.

use crate::model::sieve::Part;

/// What is expected at a place of an item, and what it is for. Null is as good as absence everywhere but at `Key`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Anything; nobody reads it.
    Any,
    /// Anything; all its texts may tell what was there before.
    Told,
    /// An object with these fields.
    Object(&'static [(&'static str, Shape)]),
    /// A list of these.
    Each(&'static Shape),
    /// A text or number that is read as it is.
    Text(Part),
    /// A text or number that has no words to read.
    Plain,
    /// A text in a tracker's markup.
    Rich(Part, Markup),
    /// A text, or an object with the text under `name`.
    Named(Part),
    /// A time that counts as the ticket's last change.
    Time,
    /// A time that may count as it: it must not be later than those that do.
    Earlier,
    /// How many comments there are.
    Total,
    /// The ticket's id.
    Key,
    /// The number at the end of its id.
    Number,
    /// A text that the ticket's id is made of, with what it must look like.
    Checked(fn(&str) -> bool),
    /// Only null: with it, the item is another thing.
    Nothing,
    /// Lists in which the word `approved` says so.
    Approvals,
    /// A configured field of any type.
    Field,
}

/// What a tracker's items look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// An item.
    pub(crate) item: Shape,
    /// How many `Checked` texts it has at least.
    pub(crate) checks: usize,
}

/// A tracker's markup.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Markup {
    /// Jira's notation, or a document.
    Wiki,
    /// GitHub's and GitLab's.
    Markdown,
}
