//! The kernel of Sadari: it sees every candle and every tick, and decides nothing.
//!
//! Pure Rust: no Python, no unsafe code, no I/O, no clock, no randomness that is not a seed.

pub mod bollinger;
pub mod candles;
pub mod correlation;
pub mod crossing;
pub mod expand;
pub mod extents;
pub mod history;
pub mod ict;
pub mod lines;
pub mod portfolio;
pub mod quality;
pub mod recursive;
pub mod rolling;
pub mod scanner;
pub mod structure;
pub mod surge;
pub mod synthetic;
pub mod ticks;
pub mod trail;
pub mod units;
pub mod watch;
