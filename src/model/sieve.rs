//! What a reader of many tickets may leave out: the question, and the parts of a ticket that it is asked about. The answer is worked out
//! in `link`, which knows the words; `sources` ask it before they take a ticket apart.

use std::fmt;

/// A part of a ticket, as plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The title.
    Title,
    /// A description or form answer.
    Body,
    /// A comment.
    Comment,
    /// The type, a label, a component, a request type.
    Label,
    /// A configured field.
    Field,
    /// Something that says that the ticket was approved.
    Approval,
    /// What stood there before a change, or came with it; shown empty, it says that the ticket has a history or a relation.
    Past,
}

/// Tells tickets that can bear on a verdict from those that cannot. It may keep too many, never too few.
pub trait Sieve: Send + Sync + fmt::Debug {
    /// A reader of tickets, one after the other; a thread has its own.
    fn reader(&self) -> Box<dyn Reader + '_>;
}

/// Is shown one ticket's parts, and then says whether it can bear on anything.
pub trait Reader: Send {
    /// One part.
    fn part(&mut self, part: Part, text: &str);
    /// Whether the ticket with these parts is to be read wholly. `number` is its id, or the end of it behind a `#`. Afterwards the
    /// reader knows nothing of the ticket any more.
    fn keeps(&mut self, number: &str) -> bool;
}
