//! Market structure: confirmed swings, and the closes that break them.
//!
//! A swing is known only when the candles after it have closed, so nothing here looks ahead. Source: strategies §7.1
//! (raw confirmed view) and §7.2.

use std::collections::VecDeque;

/// The high or low of a candle that no candle nearby exceeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// Row at whose close it became known.
    pub confirmed: i64,
    /// Its own row.
    pub row: i64,
    /// A swing high, else a swing low.
    pub high: bool,
    /// The high or low.
    pub level: f64,
}

/// A close beyond the latest swing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Break {
    /// Row of the close.
    pub row: i64,
    /// A close above a swing high, else below a swing low.
    pub up: bool,
    /// It turned the trend (a change of character), else it went with it or was the first (a break of structure).
    pub turned: bool,
    /// Row of the swing.
    pub swing: i64,
    /// Level of the swing.
    pub level: f64,
}

/// Where the market is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Nothing has been broken yet.
    Neutral,
    /// The last break was up.
    Bullish,
    /// The last break was down.
    Bearish,
}

/// The structure of one symbol's candles, which follow one another without a hole.
#[derive(Clone, Debug)]
pub struct Structure {
    left: usize,
    right: usize,
    /// High and low of the last `left + 1 + right` candles.
    near: VecDeque<[f64; 2]>,
    row: i64,
    trend: Trend,
    /// The latest swing high and swing low; gone once broken.
    unbroken: [Option<Swing>; 2],
}

impl Structure {
    /// A swing is one of `left` candles before it and `right` candles after it.
    #[must_use]
    pub fn new(left: usize, right: usize) -> Self {
        let near = VecDeque::with_capacity(left + 2 + right);
        Self { left, right, near, row: 0, trend: Trend::Neutral, unbroken: [None; 2] }
    }

    /// Take the next closed candle; the break by its close, then the swing that it confirms.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> (Option<Break>, Option<Swing>) {
        let broken = self.broken_by(close);
        self.near.push_back([high, low]);
        if self.near.len() > self.left + 1 + self.right {
            self.near.pop_front();
        }
        let confirmed = self.confirmed();
        if let Some(swing) = confirmed {
            self.unbroken[usize::from(!swing.high)] = Some(swing);
        }
        self.row += 1;
        (broken, confirmed)
    }

    /// Where the market is going.
    #[must_use]
    pub fn trend(&self) -> Trend {
        self.trend
    }

    fn broken_by(&mut self, close: f64) -> Option<Break> {
        let beyond = |swing: &mut Swing| if swing.high { close > swing.level } else { close < swing.level };
        let [high, low] = &mut self.unbroken;
        let swing = high.take_if(beyond).or_else(|| low.take_if(beyond))?;
        let (trend, opposite) =
            if swing.high { (Trend::Bullish, Trend::Bearish) } else { (Trend::Bearish, Trend::Bullish) };
        let turned = self.trend == opposite;
        self.trend = trend;
        Some(Break { row: self.row, up: swing.high, turned, swing: swing.row, level: swing.level })
    }

    fn confirmed(&self) -> Option<Swing> {
        if self.near.len() < self.left + 1 + self.right {
            return None;
        }
        let [high, low] = self.near[self.left];
        let top = self.near.iter().all(|near| near[0] <= high);
        let bottom = self.near.iter().all(|near| near[1] >= low);
        let level = if top { high } else { low };
        let row = self.row - self.right as i64;
        (top || bottom).then_some(Swing { confirmed: self.row, row, high: top, level })
    }
}

/// All breaks and swings of a column of candles.
#[must_use]
pub fn structure(high: &[f64], low: &[f64], close: &[f64], left: usize, right: usize) -> (Vec<Break>, Vec<Swing>) {
    let mut structure = Structure::new(left, right);
    let (mut breaks, mut swings) = (Vec::new(), Vec::new());
    for ((high, low), close) in high.iter().zip(low).zip(close) {
        let (broken, confirmed) = structure.push(*high, *low, *close);
        breaks.extend(broken);
        swings.extend(confirmed);
    }
    (breaks, swings)
}
