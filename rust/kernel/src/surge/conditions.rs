//! The conditions: what the lines of one candle say, what was said before, and what follows. Source: strategies §3.2, D-28.
//!
//! Everything is written for LONG. SHORT is the same over negated prices: every line, cross and inequality then mirrors.
//!
//! A candle's comparisons are **flags**; the lowest of them feed a memory of when each last rose (a cross) or last stood.
//! What is "within N candles" is a comparison with that memory, and a condition is logic over flags and memory.

use super::settings::{Fifteen, Minute, Preset, Settings, Three};
use crate::crossing::{TOLERANCE, above, below};

/// Flag: every line has a value.
pub const VALID: u32 = 1 << 15;

/// The one-minute conditions, M1-1 first.
pub const MINUTE_BITS: u32 = 0x7F;
/// M1-6, which days decide.
pub const DAILY_BIT: u32 = 1 << 5;
/// The second alternatives of M1-1 and M1-3 where they count apart (the first ones take the places of the whole).
pub const STATE_80_480_BIT: u32 = 1 << 7;
/// See [`STATE_80_480_BIT`].
pub const GAP_BB_BIT: u32 = 1 << 8;
/// Where the three-minute conditions begin.
pub const THREE_SHIFT: u32 = 7;
/// The three-minute conditions.
pub const THREE_BITS: u32 = 0x1F << THREE_SHIFT;
/// Where the fifteen-minute conditions begin.
pub const FIFTEEN_SHIFT: u32 = 12;
/// The fifteen-minute conditions.
pub const FIFTEEN_BITS: u32 = 0xF << FIFTEEN_SHIFT;
/// The v3.2 filter.
pub const V32_BIT: u32 = 1 << 16;
/// How many different sets of conditions there are.
pub const MASKS: usize = 1 << 17;

/// The lines of one candle and its own prices.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The averages, shortest first.
    pub ma: [f64; 4],
    /// The faster band.
    pub fast: f64,
    /// The slower band.
    pub slow: f64,
    /// First price.
    pub open: f64,
    /// Last price.
    pub close: f64,
    /// The second average one candle earlier.
    pub ma_20_before: f64,
}

/// `gap(a, b) <= g`, within the tolerance; false where it is undefined.
#[inline]
fn near(a: f64, b: f64, g: f64) -> bool {
    b != 0.0 && (a - b).abs() <= g * (1.0 + TOLERANCE) * b.abs()
}

/// `gap(a, b) >= g`, within the tolerance; false where it is undefined.
#[inline]
fn apart(a: f64, b: f64, g: f64) -> bool {
    b != 0.0 && (a - b).abs() >= g * (1.0 - TOLERANCE) * b.abs()
}

#[inline]
fn flag(holds: bool, at: u32) -> u32 {
    u32::from(holds) << at
}

#[inline]
fn valid(row: &Row) -> u32 {
    // Lines are finite or unknown, so the sum is unknown exactly where one of them is.
    let [ma_5, ma_20, ma_80, ma_480] = row.ma;
    if (ma_5 + ma_20 + (ma_80 + ma_480) + (row.fast + row.slow)).is_nan() { 0 } else { VALID }
}

/// The conditions of one time frame.
pub trait Part {
    /// How many flags the memory follows: the lowest ones.
    const FOLLOWED: usize;
    /// Those of them that count while they stand, not only when they rise.
    const STANDING: u32 = 0;

    /// For how many candles each followed flag is remembered.
    fn windows(&self) -> [usize; 5];
    /// What the lines say.
    fn flags(&self, row: &Row) -> u32;
    /// The conditions, at their places in the whole set; `recent` has a bit for each followed flag.
    fn conditions(&self, flags: u32, recent: u32) -> u32;
}

/// One minute.
#[derive(Clone, Copy, Debug)]
pub struct OnMinutes {
    rules: Minute,
    counted_apart: bool,
}

impl OnMinutes {
    /// The conditions as the preset counts them.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { rules: settings.minute, counted_apart: settings.preset == Preset::NineOfThirteen }
    }
}

impl Part for OnMinutes {
    const FOLLOWED: usize = 5;

    fn windows(&self) -> [usize; 5] {
        let Minute { n_gc_80_480, n_gc_bb, n_dc_20_80, buy_point, composite, .. } = self.rules;
        [n_gc_80_480, n_gc_bb, n_dc_20_80, buy_point.n, composite.n]
    }

    #[inline]
    fn flags(&self, row: &Row) -> u32 {
        let Minute { min_gap_80_480, signed_gap, gap_bb, buy_point, composite, .. } = self.rules;
        let [ma_5, ma_20, ma_80, ma_480] = row.ma;
        let is_above = above(ma_80, ma_480);
        flag(is_above, 0)
            | flag(above(row.fast, row.slow), 1)
            | flag(below(ma_20, ma_80), 2)
            | flag(above(row.ma[buy_point.fast], row.ma[buy_point.slow]), 3)
            | flag(above(row.ma[composite.fast], row.ma[composite.slow]), 4)
            | flag(apart(ma_80, ma_480, min_gap_80_480), 5) & flag(is_above || !signed_gap, 5)
            | flag(near(row.fast, row.slow, gap_bb), 6)
            | flag(below(ma_5, ma_80), 7) & flag(row.close < row.open, 7)
            | valid(row)
    }

    #[inline]
    fn conditions(&self, flags: u32, recent: u32) -> u32 {
        let falling = flags >> 7 & 1;
        let bits = (flags >> 5 & 1) << 1
            | (recent >> 2 & 1) << 3
            | (recent >> 3 & falling) << 4
            | (recent >> 4 & falling) << 6;
        let (crossed, state) = (recent & 1, flags & 1);
        let (bands, gap) = (recent >> 1 & 1, flags >> 6 & 1);
        if self.counted_apart {
            bits | crossed | bands << 2 | state << 7 | gap << 8
        } else {
            bits | crossed | state | (bands | gap) << 2
        }
    }
}

/// Three minutes.
#[derive(Clone, Copy, Debug)]
pub struct OnThree(pub Three);

impl Part for OnThree {
    const FOLLOWED: usize = 5;
    const STANDING: u32 = 1 << 4;

    fn windows(&self) -> [usize; 5] {
        let Three { n_gc_80_480, n_gc_bb, n_dc_20_80, n_gc_5_20, n_v32, .. } = self.0;
        [n_gc_80_480, n_gc_bb, n_dc_20_80, n_gc_5_20, n_v32]
    }

    #[inline]
    fn flags(&self, row: &Row) -> u32 {
        let Three { gap_bb, gap_5_480, gap_v32, .. } = self.0;
        let [ma_5, ma_20, ma_80, ma_480] = row.ma;
        let is_above = above(ma_80, ma_480);
        flag(is_above, 0)
            | flag(above(row.fast, row.slow), 1)
            | flag(below(ma_20, ma_80), 2)
            | flag(above(ma_5, ma_20), 3)
            | flag(is_above | (below(ma_80, ma_480) & near(ma_80, ma_480, gap_v32)), 4)
            | flag(near(row.fast, row.slow, gap_bb), 5)
            | flag(above(ma_5, ma_480) | near(ma_5, ma_480, gap_5_480), 6)
            | valid(row)
    }

    #[inline]
    fn conditions(&self, flags: u32, recent: u32) -> u32 {
        let five = recent & 1
            | ((recent >> 1 | flags >> 5) & 1) << 1
            | (recent >> 2 & 1) << 2
            | (flags >> 6 & 1) << 3
            | (recent >> 3 & 1) << 4;
        five << THREE_SHIFT | (recent >> 4 & 1) << V32_BIT.trailing_zeros()
    }
}

/// Fifteen minutes.
#[derive(Clone, Copy, Debug)]
pub struct OnFifteen(pub Fifteen);

impl Part for OnFifteen {
    const FOLLOWED: usize = 3;
    const STANDING: u32 = 1 << 2;

    fn windows(&self) -> [usize; 5] {
        let Fifteen { n_gc_80_480, n_gc_bb, fall_20, .. } = self.0;
        [n_gc_80_480, n_gc_bb, fall_20, 0, 0]
    }

    #[inline]
    fn flags(&self, row: &Row) -> u32 {
        let Fifteen { gap_80_480, gap_5_480, .. } = self.0;
        let [ma_5, ma_20, ma_80, ma_480] = row.ma;
        flag(above(ma_80, ma_480), 0)
            | flag(above(row.fast, row.slow), 1)
            | flag(!below(ma_20, row.ma_20_before), 2)
            | flag(below(ma_80, ma_480) & near(ma_80, ma_480, gap_80_480), 3)
            | flag(above(ma_5, ma_480) | near(ma_5, ma_480, gap_5_480), 4)
            | valid(row)
    }

    #[inline]
    fn conditions(&self, flags: u32, recent: u32) -> u32 {
        // So many declines in a row end here if within as many candles none failed to decline.
        let four = (recent | flags >> 3) & 1 | (flags >> 4 & 1) << 1 | (recent >> 1 & 1) << 2 | (!recent >> 2 & 1) << 3;
        four << FIFTEEN_SHIFT
    }
}

/// When each followed flag of a time frame last rose or stood, over contiguous candles.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    windows: [u64; 5],
    /// The candle from which on a flag is forgotten.
    until: [u64; 5],
    /// Which flags are remembered, and before which candle none of them is forgotten.
    recent: u32,
    stands_until: u64,
    before: u32,
    candles: u64,
    valid: u64,
    look_back: u64,
}

impl Memory {
    /// Nothing seen; ready after `look_back` candles more than the lines need.
    #[must_use]
    pub fn new(windows: [usize; 5], look_back: usize) -> Self {
        Self {
            windows: windows.map(|n| n as u64),
            until: [0; 5],
            recent: 0,
            stands_until: u64::MAX,
            before: u32::MAX,
            candles: 0,
            valid: 0,
            look_back: look_back as u64,
        }
    }

    /// Take the flags of the next candle; the conditions, and whether all they look back on was defined.
    #[inline]
    pub fn step<P: Part>(&mut self, part: &P, flags: u32) -> (u32, bool) {
        let followed = (1 << P::FOLLOWED) - 1;
        let rising = flags & (!self.before | P::STANDING) & followed;
        if rising != 0 || self.candles >= self.stands_until {
            self.recall::<P>(rising);
        }
        self.candles += 1;
        // After a candle without lines nothing can cross.
        let is_valid = flags & VALID != 0;
        self.before = if is_valid { flags } else { u32::MAX };
        self.valid = if is_valid { self.valid + 1 } else { 0 };
        (part.conditions(flags, self.recent), self.valid > self.look_back)
    }

    /// Remember what rises now; what has not been forgotten, and until when that stands.
    fn recall<P: Part>(&mut self, rising: u32) {
        (self.recent, self.stands_until) = (0, u64::MAX);
        for at in 0..P::FOLLOWED {
            if rising >> at & 1 == 1 {
                self.until[at] = self.candles + self.windows[at];
            }
            if self.candles < self.until[at] {
                self.recent |= 1 << at;
                self.stands_until = self.stands_until.min(self.until[at]);
            }
        }
    }
}
