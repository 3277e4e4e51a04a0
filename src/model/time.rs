//! Arithmetic on times that come from outside: it stops at the ends of time instead of failing, since a tracker may well say 9999-12-31.

use jiff::{SignedDuration, Timestamp};

/// Clock skew allowed between a ticket's times and a store's (SEMANTICS, Slots).
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// That much later, at most the end of time.
#[must_use]
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// That much earlier, at least the beginning of time.
#[must_use]
pub fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_time_are_ends() {
        assert_eq!(later(Timestamp::MAX, SKEW), Timestamp::MAX);
        assert_eq!(earlier(Timestamp::MIN, SKEW), Timestamp::MIN);
        assert_eq!(later(Timestamp::UNIX_EPOCH, SKEW).as_second(), 300);
        assert_eq!(earlier(Timestamp::UNIX_EPOCH, SKEW).as_second(), -300);
    }
}
