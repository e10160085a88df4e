//! What the entry model is set by. Source: strategies §7.1, §7.3, §7.5 to §7.7, D-18.

/// A number for each side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    /// For a LONG.
    pub long: f64,
    /// For a SHORT.
    pub short: f64,
}

impl Sides {
    /// That of one side.
    #[must_use]
    pub fn of(self, short: bool) -> f64 {
        if short { self.short } else { self.long }
    }
}

/// Where the stop of an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Beyond the extreme of the set-up.
    Reversal,
    /// So many average true ranges from the entry.
    Range,
    /// The one of both that is further away.
    Wider,
    /// The nearer one.
    Tighter,
}

/// Where the first target of an entry lies: when price is there first, the entry is not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// So many times the distance to the stop, in 1e-8.
    Risk(i64),
    /// So many times the average true range.
    Range(Sides),
    /// The nearest liquidity beyond the candles of the set-up; as `Risk` where there is none.
    Structure(i64),
}

/// The numbers of the rule; shares are in 1e-8 of the whole.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Candles before a swing that do not exceed it.
    pub left: usize,
    /// Candles after it, which confirm it.
    pub right: usize,
    /// Levels no further apart than this many average true ranges are one pool.
    pub eq_tol: f64,
    /// Gaps smaller than this many average true ranges do not count.
    pub min_fvg_atr: f64,
    /// Candles after the sweep in which the shift has to come.
    pub shift_within: i64,
    /// Where in the gap the entry lies: 0 the edge that price meets first, the whole the other one.
    pub entry_level: i64,
    /// Candles after the shift in which the entry stays.
    pub entry_ttl: i64,
    /// How far beyond the extreme of the set-up the stop lies.
    pub stop_buffer: i64,
    /// Where the stop lies.
    pub stop: Stop,
    /// How many average true ranges from the entry, where they say so.
    pub stop_ranges: Sides,
    /// The first target.
    pub target: Target,
    /// The grid of prices, in units.
    pub tick: i64,
}

impl Settings {
    /// Whether stop or target cannot be told without the average true range.
    #[must_use]
    pub fn needs_range(&self) -> bool {
        self.stop != Stop::Reversal || matches!(self.target, Target::Range(_))
    }
}

/// Candles of the average true range.
pub const ATR: usize = 14;
/// Values of the percentile of volatility.
pub const RANKED: usize = 500;
