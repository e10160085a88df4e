//! The entry model over the candles of one frame, which follow one another without a hole.

use std::collections::VecDeque;

use super::Bar;
use super::gaps::Finder;
use super::liquidity::{How, Side, Taken};
use super::settings::{ATR, RANKED, Settings};
use super::setup::{Brought, Setup, Told};
use crate::crossing::share_not_above;
use crate::recursive::{Range, percent};
use crate::structure::Structure;

/// More than so many candles without a trade among the last `QUIET_WINDOW` are no market to read (strategies §1.5).
const MOST_QUIET: u32 = 5;
const QUIET_WINDOW: u32 = 20;
/// An average true range never forgets its first candle: it decides where so many came before (strategies §3.3, D-28).
const WARM: i64 = 150;

/// Both sides of the entry model.
#[derive(Clone, Debug)]
pub struct Reader {
    settings: Settings,
    structure: Structure,
    finder: Finder,
    line: Range,
    range: f64,
    /// The last true ranges in percent of the close.
    ranked: VecDeque<f64>,
    /// The last candles without a trade, a bit each.
    quiet: u32,
    highs: Side,
    lows: Side,
    short: Setup,
    long: Setup,
    row: i64,
}

impl Reader {
    /// Before the first candle.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            structure: Structure::new(settings.left, settings.right),
            finder: Finder::default(),
            line: Range::new(ATR),
            range: f64::NAN,
            ranked: VecDeque::with_capacity(RANKED),
            quiet: 0,
            highs: Side::new(false),
            lows: Side::new(true),
            short: Setup::new(true),
            long: Setup::new(false),
            row: 0,
        }
    }

    /// The row of the next candle.
    #[must_use]
    pub fn row(&self) -> i64 {
        self.row
    }

    /// The average true range of the last candle, once it may decide.
    #[must_use]
    pub fn range(&self) -> Option<f64> {
        (self.row > WARM).then_some(self.range)
    }

    /// Where the last candle's true range in percent of its close ranks among the last 500, once that may decide.
    #[must_use]
    pub fn volatility(&self) -> Option<f64> {
        let now = *self.ranked.back()?;
        (self.row > WARM + RANKED as i64).then(|| share_not_above(self.ranked.iter(), now))
    }

    /// Give up all set-ups: those that wait, by side and row of the sweep.
    pub fn give_up(&mut self) -> impl Iterator<Item = (bool, i64)> {
        self.short.give_up().map(|row| (true, row)).chain(self.long.give_up().map(|row| (false, row)))
    }

    /// Take the next closed candle. What ended is told before what begins, SHORT before LONG.
    #[inline]
    pub fn push(&mut self, bar: Bar, volume: f64, out: &mut Vec<(bool, Told)>) {
        let Settings { eq_tol, min_fvg_atr, .. } = self.settings;
        let pooled = if self.range.is_nan() { 0.0 } else { eq_tol * self.range };
        let mut swept: [Option<Taken>; 2] = [None; 2];
        let mut note = |taken: Taken| {
            // The pools come from the most extreme one on.
            let first = &mut swept[usize::from(taken.high)];
            *first = first.or(Some(taken).filter(|taken| taken.how == How::Swept));
        };
        self.highs.meet(self.row, bar, pooled, &mut note);
        self.lows.meet(self.row, bar, pooled, &mut note);
        let (broken, confirmed) = self.structure.push(bar.high, bar.low, bar.close);
        if let Some(swing) = confirmed {
            if swing.high { self.highs.add(swing) } else { self.lows.add(swing) }
        }
        self.measure(bar, volume);
        let least = if min_fvg_atr > 0.0 { min_fvg_atr * self.range } else { 0.0 };
        let gap = self.finder.push(bar, least);
        if !(self.short.idle() && self.long.idle()) {
            let unknown = self.row < WARM && self.settings.needs_range();
            let ready = self.quiet.count_ones() <= MOST_QUIET && !unknown;
            self.judge(&Brought { row: self.row, bar, gap, broken, range: self.range, ready }, out);
        }
        let [low, high] = swept;
        if let Some(taken) = high {
            self.short.sweep(self.row, bar, taken.level);
        }
        if let Some(taken) = low {
            self.long.sweep(self.row, bar, taken.level);
        }
        self.row += 1;
    }

    fn measure(&mut self, bar: Bar, volume: f64) {
        self.range = self.line.push(bar.high, bar.low, bar.close);
        if !self.range.is_nan() {
            if self.ranked.len() == RANKED {
                self.ranked.pop_front();
            }
            self.ranked.push_back(percent(self.range, bar.close));
        }
        self.quiet = (self.quiet << 1 | u32::from(volume == 0.0)) & ((1 << QUIET_WINDOW) - 1);
    }

    fn judge(&mut self, brought: &Brought, out: &mut Vec<(bool, Told)>) {
        let pooled = if self.range.is_nan() { 0.0 } else { self.settings.eq_tol * self.range };
        let Self { settings, highs, lows, short, long, .. } = self;
        short.meet(settings, brought, |price| lows.nearest_beyond(price, pooled), out);
        long.meet(settings, brought, |price| highs.nearest_beyond(price, pooled), out);
    }
}
