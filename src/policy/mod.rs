//! Policy: what a deploy can reach, which findings count, which waivers hold, and the one verdict. No rule is judged here.

pub mod decide;
pub mod emergency;
pub mod reach;
pub mod resolve;
pub mod scope;
pub mod weakened;
