//! All lines of one symbol, moved by one closed candle at a time.
//!
//! Bit for bit the batch functions of [`crate::rolling`], [`crate::bollinger`] and [`crate::recursive`] over the same
//! candles: window lines whatever the start, recursive lines when both begin at the same candle.

use crate::bollinger::Bands;
use crate::recursive::{Exponential, Range, Strength, percent};
use crate::rolling::Mean;

/// Which line: window length, and for bands their width in standard deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spec {
    /// Simple moving average of closes.
    Sma(usize),
    /// Bollinger bands of closes: middle, upper, lower.
    Bollinger(usize, f64),
    /// Exponential moving average of closes.
    Ema(usize),
    /// Wilder's average true range.
    Atr(usize),
    /// The average true range in percent of the close.
    Natr(usize),
    /// Wilder's relative strength index of closes.
    Rsi(usize),
}

impl Spec {
    /// How many values the line has.
    #[must_use]
    pub fn width(self) -> usize {
        if matches!(self, Self::Bollinger(..)) { 3 } else { 1 }
    }

    /// How many candles it takes to its first value.
    #[must_use]
    pub fn warm_up(self) -> usize {
        match self {
            Self::Sma(n) | Self::Bollinger(n, _) | Self::Ema(n) => n,
            Self::Atr(n) | Self::Natr(n) | Self::Rsi(n) => n + 1,
        }
    }

    /// How many past closes it needs at hand.
    fn reach(self) -> usize {
        match self {
            Self::Sma(n) | Self::Bollinger(n, _) => n,
            Self::Ema(_) | Self::Atr(_) | Self::Natr(_) | Self::Rsi(_) => 0,
        }
    }
}

#[derive(Clone, Debug)]
enum Line {
    Sma(Mean),
    Bollinger(Bands),
    Ema(Exponential),
    Atr(Range),
    Natr(Range),
    Rsi(Strength),
}

impl Line {
    fn new(spec: Spec, first: i64) -> Self {
        match spec {
            Spec::Sma(n) => Self::Sma(Mean::new(n, first)),
            Spec::Bollinger(n, k) => Self::Bollinger(Bands::new(n, k, first)),
            Spec::Ema(n) => Self::Ema(Exponential::new(n)),
            Spec::Atr(n) => Self::Atr(Range::new(n)),
            Spec::Natr(n) => Self::Natr(Range::new(n)),
            Spec::Rsi(n) => Self::Rsi(Strength::new(n)),
        }
    }
}

/// The last closes, shared by all window lines.
#[derive(Clone, Debug)]
struct Ring {
    values: Vec<f64>,
    /// Where the next value goes.
    head: usize,
}

impl Ring {
    fn push(&mut self, x: f64) {
        if let Some(slot) = self.values.get_mut(self.head) {
            *slot = x;
            self.head = if self.head + 1 == self.values.len() { 0 } else { self.head + 1 };
        }
    }

    #[inline]
    fn newest_first(&self) -> impl Iterator<Item = f64> {
        let (newer, older) = self.values.split_at(self.head);
        newer.iter().rev().chain(older.iter().rev()).copied()
    }
}

/// The lines of one symbol and interval.
#[derive(Clone, Debug)]
pub struct LineSet {
    lines: Vec<(Spec, Line)>,
    values: Vec<f64>,
    ring: Ring,
    candles: usize,
    warm_up: usize,
}

impl LineSet {
    /// `first` is the candle number (open time divided by the interval) of the first candle to come.
    #[must_use]
    pub fn new(specs: &[Spec], first: i64) -> Self {
        let reach = specs.iter().map(|spec| spec.reach()).max().unwrap_or(0);
        Self {
            lines: specs.iter().map(|spec| (*spec, Line::new(*spec, first))).collect(),
            values: vec![f64::NAN; specs.iter().map(|spec| spec.width()).sum()],
            ring: Ring { values: vec![f64::NAN; reach], head: 0 },
            candles: 0,
            warm_up: specs.iter().map(|spec| spec.warm_up()).max().unwrap_or(0),
        }
    }

    /// Take one closed candle; true once every line has a value.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> bool {
        self.ring.push(close);
        self.candles += 1;
        let mut slot = 0;
        for (spec, line) in &mut self.lines {
            let value = match line {
                Line::Sma(line) => line.push(close, self.ring.newest_first()),
                Line::Bollinger(line) => {
                    let bands = line.push(close, self.ring.newest_first());
                    let warm = self.candles >= spec.warm_up();
                    self.values[slot..slot + 3].copy_from_slice(if warm { &bands } else { &[f64::NAN; 3] });
                    slot += 3;
                    continue;
                }
                Line::Ema(line) => line.push(close),
                Line::Atr(line) => line.push(high, low, close),
                Line::Natr(line) => percent(line.push(high, low, close), close),
                Line::Rsi(line) => line.push(close),
            };
            self.values[slot] = if self.candles >= spec.warm_up() { value } else { f64::NAN };
            slot += 1;
        }
        self.candles >= self.warm_up
    }

    /// The present values in the order of the specs; bands as middle, upper, lower. NaN where not warm.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// What each value is.
    pub fn specs(&self) -> impl Iterator<Item = Spec> {
        self.lines.iter().map(|(spec, _)| *spec)
    }
}
