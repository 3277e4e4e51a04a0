//! A ticket as read, without values of credentials. How one is found in words is told in `model::mask`.

use crate::model::mask::mask;
use crate::model::ticket::Ticket;

impl Ticket {
    /// Without values of credentials in any words that are printed: people paste them everywhere.
    pub(super) fn masked(mut self) -> Self {
        let words = [&mut self.url, &mut self.resolution, &mut self.subject, &mut self.access.holder];
        words.into_iter().flatten().for_each(mask);
        // What is unclear and why a ticket was understood so is made of ids, which stay, and of quotes, which are masked.
        self.distrusted.iter_mut().for_each(|refused| {
            mask(&mut refused.what);
            mask(&mut refused.quote);
        });
        self.remarks.iter_mut().for_each(mask);
        mask(&mut self.title);
        self
    }
}
