//! The surge strategy v3.3 as verdicts over one-minute candles. Source: strategies §3.
//!
//! [`batch::verdicts`] reads columns, [`stream::Stream`] one candle at a time; both give the same verdicts bit for bit.

pub mod attribution;
pub mod batch;
pub mod conditions;
pub mod days;
pub mod entry;
pub mod frames;
pub mod settings;
pub mod sources;
pub mod stream;
pub mod word;

/// The candles that verdicts are made of.
pub const MINUTE_NS: i64 = 60_000_000_000;
/// The first of the longer frames.
pub const THREE_NS: i64 = 3 * MINUTE_NS;
/// The second of the longer frames.
pub const FIFTEEN_NS: i64 = 15 * MINUTE_NS;

use frames::Marks;

/// What marks minutes, three minutes and fifteen minutes that cannot be read.
pub(crate) const MARKS: [Marks; 3] = [
    Marks { cold: word::COLD_1M, quiet: word::QUIET_1M },
    Marks { cold: word::COLD_3M, quiet: word::QUIET_3M },
    Marks { cold: word::COLD_15M, quiet: word::QUIET_15M },
];
