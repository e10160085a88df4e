//! Recorded trades as a tape: where there are some they replace the candle's.

use crate::expand::Visit;
use crate::extents::{Extents, FAN, merged};
use crate::history::Tape;
use crate::units::to_units;
use crate::watch::Quiet;

/// One symbol's trades in the order of their ids.
#[derive(Clone, Debug)]
pub struct Ticks {
    time_ns: Vec<i64>,
    prices: Vec<i64>,
    index: Extents,
}

impl Ticks {
    /// Takes trades with valid prices in quote currency, in time order.
    ///
    /// Trades of one instant keep their order by being told apart by a nanosecond each, which the exchange's milliseconds
    /// leave room for.
    #[must_use]
    pub fn new(time_ns: &[i64], price: &[f64]) -> Self {
        let mut last = i64::MIN;
        let apart = |&time: &i64| {
            last = time.max(last.saturating_add(1));
            last
        };
        let time_ns = time_ns.iter().map(apart).collect();
        let prices: Vec<i64> = price.iter().map(|&price| to_units(price)).collect();
        let extents = |block: &[i64]| block.iter().fold((i64::MAX, -i64::MAX), |found, &p| merged(found, (p, p)));
        let index = Extents::over(prices.chunks(FAN).map(extents).collect());
        Self { time_ns, prices, index }
    }

    /// How many trades there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prices.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }

    /// The times of the first and the last trade.
    #[must_use]
    pub fn span_ns(&self) -> Option<(i64, i64)> {
        Some((*self.time_ns.first()?, *self.time_ns.last()?))
    }

    /// The first row later than a time.
    fn row_after(&self, time_ns: i64) -> usize {
        self.time_ns.partition_point(|&time| time <= time_ns)
    }

    fn range(&self, row: usize) -> (i64, i64) {
        (self.prices[row], self.prices[row])
    }
}

impl Tape for Ticks {
    fn first_visit(&self, after_ns: i64, until_ns: i64, quiet: &Quiet) -> Option<Visit> {
        let (from, to) = (self.row_after(after_ns), self.row_after(until_ns));
        let row = self.index.first(from, to, quiet, |row| self.range(row))?;
        Some(Visit { time_ns: self.time_ns[row], price: self.prices[row] })
    }

    fn extents(&self, after_ns: i64, until_ns: i64) -> Option<(i64, i64)> {
        self.index.within(self.row_after(after_ns), self.row_after(until_ns), |row| self.range(row))
    }

    fn price_at(&self, time_ns: i64) -> Option<i64> {
        Some(self.prices[self.row_after(time_ns).checked_sub(1)?])
    }
}
