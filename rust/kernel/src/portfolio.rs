//! Equity, margin and the distance of every position from trouble, kept up to date one mark price at a time.
//!
//! Money is summed as whole 1e-8 of the quote currency, so the running sums are what a fresh sum would give, to the last
//! unit. Thresholds are compared in f64: they wake the engine, which decides in decimals.

use std::collections::BTreeMap;

use crate::units::PRICE_SCALE;

/// What a threshold is about; comparisons are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Wallet balance and unrealized profit, at or below.
    Equity,
    /// Maintenance margin by equity, at or above.
    MarginRatio,
    /// Distance of the mark price from the liquidation price of a symbol's position, by the mark price, at or below.
    LiquidationNear(usize),
    /// Loss of a symbol's position by its average price, unlevered, at or above.
    PositionLoss(usize),
}

/// One symbol's position.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    /// Signed quantity; 0 is flat.
    pub qty: f64,
    /// Average entry price.
    pub avg: f64,
    /// Maintenance margin rate of its bracket.
    pub maint_margin_rate: f64,
    /// What its bracket deducts from the maintenance margin.
    pub maint_amount: f64,
    /// Liquidation price, if there is one.
    pub liquidation_price: Option<f64>,
}

impl Position {
    fn unrealized(&self, mark: f64) -> i128 {
        (self.qty * (mark - self.avg) * PRICE_SCALE as f64) as i128
    }

    fn maint_margin(&self, mark: f64) -> i128 {
        ((self.qty.abs() * mark * self.maint_margin_rate - self.maint_amount).max(0.0) * PRICE_SCALE as f64) as i128
    }
}

#[derive(Clone, Copy, Debug)]
struct Threshold {
    measure: Measure,
    value: f64,
    sticky: bool,
}

/// Account sums over all symbols.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    equity: i128,
    maint_margin: i128,
}

/// Positions, their marks and the armed thresholds of one account.
#[derive(Clone, Debug, Default)]
pub struct Portfolio {
    positions: Vec<(Position, f64)>,
    sums: Sums,
    wallet: i128,
    thresholds: BTreeMap<i64, Threshold>,
}

impl Portfolio {
    /// A flat account over a number of symbols.
    #[must_use]
    pub fn new(symbols: usize) -> Self {
        Self { positions: vec![(Position::default(), f64::NAN); symbols], ..Self::default() }
    }

    /// How many symbols it covers.
    #[must_use]
    pub fn symbols(&self) -> usize {
        self.positions.len()
    }

    /// Sets the wallet balance.
    pub fn set_wallet(&mut self, balance: f64) {
        let wallet = (balance * PRICE_SCALE as f64).round() as i128;
        self.sums.equity += wallet - self.wallet;
        self.wallet = wallet;
    }

    /// Replaces a symbol's position; until its first mark it is valued at its average price.
    pub fn set(&mut self, symbol: usize, position: Position) {
        let mark = self.positions[symbol].1;
        self.replace(symbol, position, mark);
    }

    /// Takes a mark price; the ids of the thresholds met, ascending, or `None`. Those not sticky are disarmed.
    pub fn mark(&mut self, symbol: usize, price: f64) -> Option<Vec<i64>> {
        self.replace(symbol, self.positions[symbol].0, price);
        let met = self.take_met(|measure| match measure {
            Measure::Equity | Measure::MarginRatio => true,
            Measure::LiquidationNear(of) | Measure::PositionLoss(of) => of == symbol,
        });
        (!met.is_empty()).then_some(met)
    }

    /// Arms a threshold, replacing the one under this id; true if it is met already.
    pub fn arm(&mut self, id: i64, measure: Measure, value: f64, sticky: bool) -> bool {
        let threshold = Threshold { measure, value, sticky };
        self.thresholds.insert(id, threshold);
        self.is_met(&threshold)
    }

    /// Disarms an id; false if nothing was armed under it.
    pub fn disarm(&mut self, id: i64) -> bool {
        self.thresholds.remove(&id).is_some()
    }

    /// The thresholds met as things stand, ascending; those not sticky are disarmed.
    pub fn pending(&mut self) -> Vec<i64> {
        self.take_met(|_| true)
    }

    /// Whether any threshold could be met while each mark stays between its `low` and `high` (NaN: stays as it is).
    ///
    /// False is certain; true is a reason to look closer, because the extremes need not coincide.
    #[must_use]
    pub fn could_cross(&self, low: &[f64], high: &[f64]) -> bool {
        let ranges: Vec<(Position, f64, f64)> = self
            .positions
            .iter()
            .zip(low.iter().zip(high))
            .map(|(&(position, mark), (&low, &high))| {
                let mark = if mark.is_nan() { position.avg } else { mark };
                (position, if low.is_nan() { mark } else { low }, if high.is_nan() { mark } else { high })
            })
            .collect();
        let worst =
            ranges.iter().fold(Sums { equity: self.wallet, maint_margin: 0 }, |sums, (position, low, high)| Sums {
                equity: sums.equity + position.unrealized(*low).min(position.unrealized(*high)),
                maint_margin: sums.maint_margin + position.maint_margin(*high),
            });
        self.thresholds.values().any(|threshold| match threshold.measure {
            Measure::Equity | Measure::MarginRatio => met_by_account(threshold, worst),
            Measure::LiquidationNear(symbol) | Measure::PositionLoss(symbol) => {
                let (position, low, high) = ranges[symbol];
                let nearest = position.liquidation_price.map_or(low, |price| price.max(low).min(high));
                [low, nearest, high].into_iter().any(|mark| met_by_position(threshold, &position, mark))
            }
        })
    }

    /// Equity in quote currency.
    #[must_use]
    pub fn equity(&self) -> f64 {
        self.sums.equity as f64 / PRICE_SCALE as f64
    }

    /// Maintenance margin in quote currency.
    #[must_use]
    pub fn maint_margin(&self) -> f64 {
        self.sums.maint_margin as f64 / PRICE_SCALE as f64
    }

    fn replace(&mut self, symbol: usize, position: Position, mark: f64) {
        let value = |(position, mark): (Position, f64)| {
            let mark = if mark.is_nan() { position.avg } else { mark };
            (position.unrealized(mark), position.maint_margin(mark))
        };
        let (old_profit, old_margin) = value(self.positions[symbol]);
        let (new_profit, new_margin) = value((position, mark));
        self.sums.equity += new_profit - old_profit;
        self.sums.maint_margin += new_margin - old_margin;
        self.positions[symbol] = (position, mark);
    }

    fn is_met(&self, threshold: &Threshold) -> bool {
        match threshold.measure {
            Measure::Equity | Measure::MarginRatio => met_by_account(threshold, self.sums),
            Measure::LiquidationNear(symbol) | Measure::PositionLoss(symbol) => {
                let (position, mark) = &self.positions[symbol];
                met_by_position(threshold, position, *mark)
            }
        }
    }

    fn take_met(&mut self, concerned: impl Fn(Measure) -> bool) -> Vec<i64> {
        let met = |threshold: &Threshold| concerned(threshold.measure) && self.is_met(threshold);
        let ids: Vec<i64> = self.thresholds.iter().filter(|(_, threshold)| met(threshold)).map(|(&id, _)| id).collect();
        for id in &ids {
            if !self.thresholds[id].sticky {
                self.thresholds.remove(id);
            }
        }
        ids
    }
}

fn met_by_account(threshold: &Threshold, sums: Sums) -> bool {
    let equity = sums.equity as f64 / PRICE_SCALE as f64;
    let maint_margin = sums.maint_margin as f64 / PRICE_SCALE as f64;
    match threshold.measure {
        Measure::Equity => equity <= threshold.value,
        // Without positions there is nothing to maintain, whatever the equity.
        _ => sums.maint_margin > 0 && maint_margin >= threshold.value * equity,
    }
}

fn met_by_position(threshold: &Threshold, position: &Position, mark: f64) -> bool {
    match threshold.measure {
        Measure::LiquidationNear(_) => {
            position.liquidation_price.is_some_and(|price| (mark - price).abs() <= threshold.value * mark)
        }
        _ => position.qty != 0.0 && position.qty.signum() * (mark - position.avg) <= -threshold.value * position.avg,
    }
}
