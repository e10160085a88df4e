//! The daily surge, M1-6: whether one of the closed days that are known rose enough. Source: strategies §3.2, D-04, D-38.

use super::conditions::DAILY_BIT;
use super::settings::{Basis, Daily};
use super::word::TOO_FEW_DAYS;
use crate::candles::Candle;
use crate::units::checked_units;

/// One day.
pub const DAY_NS: i64 = 86_400_000_000_000;
/// What a rise is a whole number of, to be compared exactly.
const PARTS: f64 = 1e9;

#[derive(Clone, Copy, Debug)]
struct Day {
    open_time_ns: i64,
    close: f64,
    surged: bool,
}

/// The last closed days of a symbol.
#[derive(Clone, Debug)]
pub struct Days {
    rules: Daily,
    short: bool,
    known: Vec<Day>,
}

impl Days {
    /// No day known.
    #[must_use]
    pub fn new(rules: Daily, short: bool) -> Self {
        Self { rules, short, known: Vec::new() }
    }

    /// Take the next closed day; it counts from the midnight that ends it.
    pub fn push(&mut self, day: Candle) {
        let before = self.known.last().filter(|before| before.open_time_ns + DAY_NS == day.open_time_ns);
        let surged = self.surged(&day, before.map(|before| before.close));
        self.known.push(Day { open_time_ns: day.open_time_ns, close: day.close, surged });
    }

    fn surged(&self, day: &Candle, close_before: Option<f64>) -> bool {
        let far = if self.short { day.low } else { day.high };
        let (from, to) = match (self.rules.basis, close_before) {
            (Basis::HighOverOpen, _) => (day.open, far),
            (Basis::CloseOverPrevClose, Some(before)) => (before, day.close),
            (Basis::HighOverPrevClose, Some(before)) => (before, far),
            (_, None) => return false,
        };
        rose(from, to, self.rules.pct, self.short)
    }

    /// How many of the days that count at a moment are known: closed ones that opened at most so many days before.
    #[must_use]
    pub fn count(&self, time_ns: i64) -> usize {
        self.counted(time_ns).len()
    }

    /// What the days say at a moment: M1-6 and whether too few are known.
    #[must_use]
    pub fn word(&self, time_ns: i64) -> u32 {
        let surged = self.counted(time_ns).iter().any(|day| day.surged);
        let word = if surged { DAILY_BIT } else { 0 };
        if self.count(time_ns) < self.rules.require { word | TOO_FEW_DAYS } else { word }
    }

    fn counted(&self, time_ns: i64) -> &[Day] {
        let midnight = time_ns - time_ns.rem_euclid(DAY_NS);
        let first = midnight.saturating_sub(DAY_NS.saturating_mul(self.rules.days as i64));
        let place = |moment: i64| self.known.partition_point(|day| day.open_time_ns < moment);
        &self.known[place(first)..place(midnight)]
    }
}

/// Whether a price lies so far beyond another; exact for prices of at most eight decimals.
fn rose(from: f64, to: f64, pct: f64, short: bool) -> bool {
    let (Some(from), Some(to)) = (checked_units(from), checked_units(to)) else { return false };
    let way = i128::from(if short { from - to } else { to - from });
    way * PARTS as i128 >= (pct * PARTS).round() as i128 * i128::from(from)
}
