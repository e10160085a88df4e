//! Market structure: confirmed swings, and the closes that break them.
//!
//! A swing is known only when the candles after it have closed, so nothing here looks ahead. Source: strategies §7.1
//! (raw confirmed view) and §7.2.

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
    right: usize,
    /// High and low of the last `left + 1 + right` candles, each in the place of the one that it follows as the next.
    near: Vec<[f64; 2]>,
    /// The place of the next candle.
    head: usize,
    row: i64,
    trend: Trend,
    /// The latest swing high and swing low; gone once broken.
    unbroken: [Option<Swing>; 2],
}

impl Structure {
    /// A swing is one of `left` candles before it and `right` candles after it.
    #[must_use]
    pub fn new(left: usize, right: usize) -> Self {
        let near = vec![[f64::INFINITY, f64::NEG_INFINITY]; left + 1 + right];
        Self { right, near, head: 0, row: 0, trend: Trend::Neutral, unbroken: [None; 2] }
    }

    /// Take the next closed candle; the break by its close, then the swing that it confirms.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> (Option<Break>, Option<Swing>) {
        let broken = self.broken_by(close);
        self.near[self.head] = [high, low];
        self.head = if self.head + 1 == self.near.len() { 0 } else { self.head + 1 };
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
        // So many candles at once are compared without asking after each: which way one goes cannot be guessed.
        const AT_ONCE: usize = 8;
        if self.row + 1 < self.near.len() as i64 {
            return None;
        }
        let behind = self.right + 1;
        let place = if self.head >= behind { self.head - behind } else { self.head + self.near.len() - behind };
        let [high, low] = self.near[place];
        let [mut top, mut bottom] = [true; 2];
        for some in self.near.chunks(AT_ONCE) {
            for near in some {
                top &= near[0] <= high;
                bottom &= near[1] >= low;
            }
            if !(top || bottom) {
                return None;
            }
        }
        let level = if top { high } else { low };
        Some(Swing { confirmed: self.row, row: self.row - self.right as i64, high: top, level })
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
