//! Liquidity: the stops that wait beyond swings, and the candles that take them. Source: strategies §7.5.

use super::{Bar, seen, turned};
use crate::structure::Swing;

/// How a level was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Price traded beyond it and closed before it.
    Swept,
    /// Price closed beyond it.
    Broken,
    /// Price traded beyond it and closed at it.
    Met,
}

/// A pool of levels that a candle has taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// Row of the candle.
    pub row: i64,
    /// Buy-side liquidity, above swing highs; else sell-side, below swing lows.
    pub high: bool,
    /// The level of the pool: its most extreme one.
    pub level: f64,
    /// Row of the swing that has it.
    pub swing: i64,
    /// The least extreme level in it.
    pub inner: f64,
    /// How.
    pub how: How,
}

/// Levels of one side in its own view, above the price: a later one never lies above an earlier one, because the candle
/// that made it would have taken that.
///
/// A level that a candle trades beyond without taking its pool leaves with it or not at all: it can never be swept by
/// itself any more, so it is forgotten at once.
#[derive(Clone, Debug, Default)]
pub struct Side {
    mirrored: bool,
    levels: Vec<(i64, f64)>,
}

impl Side {
    /// Of swing highs, or in the mirror of swing lows.
    #[must_use]
    pub fn new(mirrored: bool) -> Self {
        Self { mirrored, levels: Vec::new() }
    }

    /// Take a confirmed swing.
    #[inline]
    pub fn add(&mut self, swing: Swing) {
        self.levels.push((swing.row, turned(swing.level, self.mirrored)));
    }

    /// Meet a candle; levels no further apart than the tolerance are one pool. The highest pool is told first.
    #[inline]
    pub fn meet(&mut self, row: i64, bar: Bar, tolerance: f64, mut tell: impl FnMut(Taken)) {
        let bar = seen(bar, self.mirrored);
        if self.levels.last().is_none_or(|(_, level)| *level >= bar.high) {
            return;
        }
        let kept = self.levels.partition_point(|(_, level)| *level >= bar.high);
        let mut pools = self.pools(kept, tolerance);
        while let Some((first, end)) = pools.next(&self.levels) {
            if first >= kept {
                let (swing, level) = self.levels[first];
                let how = if bar.close < level {
                    How::Swept
                } else if bar.close > level {
                    How::Broken
                } else {
                    How::Met
                };
                let [level, inner] = [level, self.levels[end - 1].1].map(|price| turned(price, self.mirrored));
                tell(Taken { row, high: !self.mirrored, level, swing, inner, how });
            }
        }
        self.levels.truncate(kept);
    }

    /// The nearest pool whose level lies beyond a price.
    #[must_use]
    pub fn nearest_beyond(&self, price: f64, tolerance: f64) -> Option<f64> {
        let price = turned(price, self.mirrored);
        let beyond = self.levels.partition_point(|(_, level)| *level > price);
        let mut pools = self.pools(beyond.checked_sub(1)?, tolerance);
        let mut nearest = None;
        while let Some((first, _)) = pools.next(&self.levels).filter(|(first, _)| *first < beyond) {
            nearest = Some(turned(self.levels[first].1, self.mirrored));
        }
        nearest
    }

    /// The pools from the one on in which a row may be.
    fn pools(&self, row: usize, tolerance: f64) -> Pools {
        let mut first = row;
        // Where two neighbours lie further apart than the tolerance, a pool begins whatever lies above.
        while first > 0 && self.levels.get(first).is_none_or(|(_, level)| self.levels[first - 1].1 - level <= tolerance)
        {
            first -= 1;
        }
        Pools { first, tolerance }
    }
}

/// Pools from the highest down.
#[derive(Clone, Copy, Debug)]
struct Pools {
    first: usize,
    tolerance: f64,
}

impl Pools {
    /// First row and end of the next pool.
    fn next(&mut self, levels: &[(i64, f64)]) -> Option<(usize, usize)> {
        let first = self.first;
        let highest = levels.get(first)?.1;
        let within = levels[first..].iter().take_while(|(_, level)| highest - level <= self.tolerance).count();
        self.first = first + within;
        Some((first, self.first))
    }
}
