//! The processor's time that a thread has used: what other programs on a busy machine do not lengthen. Elsewhere than on Linux it is the
//! clock's.

#![allow(unreachable_pub)]

use std::time::{Duration, Instant};

/// Since when a thread is watched.
#[derive(Debug, Clone, Copy)]
pub struct Processor {
    clock: Instant,
    started: Option<Duration>,
}

impl Processor {
    /// Begins now, in this thread.
    pub fn start() -> Self {
        Self { clock: Instant::now(), started: used() }
    }

    /// How much this thread has used since then.
    pub fn used(&self) -> Duration {
        match (self.started, used()) {
            (Some(started), Some(now)) => now.saturating_sub(started),
            _ => self.clock.elapsed(),
        }
    }
}

fn used() -> Option<Duration> {
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    own.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
