//! A candle as the compressed tape it is: a seeded, continuous path through its open, both extremes and its close.
//!
//! Source: strategies §1.7 (D-27), D-42; design §1 "Inside a candle".

use crate::units::{ceil_grid, floor_grid};
use crate::watch::Quiet;

/// The most trades a candle is expanded into.
pub const MAX_TRADES: usize = 16;

/// Which extreme of a candle comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The seed decides.
    Tape,
    /// The low: against a long position, for a short one.
    LowFirst,
    /// The high: against a short position, for a long one.
    HighFirst,
}

/// Prices of one candle, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// First price.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Last price.
    pub close: i64,
}

/// A price at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// Nanoseconds since the epoch.
    pub time_ns: i64,
    /// Units.
    pub price: i64,
}

/// The trades of one candle, and the path between them on the tick grid.
///
/// The path *visits* the first trade, and on every leg between two trades each multiple of the tick up to the second, and
/// the second itself, each at the interpolated time rounded up to the nanosecond.
#[derive(Clone, Copy, Debug)]
pub struct Trades {
    visits: [Visit; MAX_TRADES],
    len: usize,
    tick: i64,
    random: Random,
}

/// Expands a candle; the same arguments give the same trades on every machine.
///
/// The first trade is at `open_time_ns` and the open, the last at the close and before `open_time_ns + interval_ns`, which
/// is at least 16 ns later. No two consecutive trades have one price: a flat candle is one trade.
#[must_use]
pub fn expand(seed: u64, candle: Candle, open_time_ns: i64, interval_ns: i64, tick: i64, path: Path) -> Trades {
    let mut random = Random(mix(seed, open_time_ns));
    let high_first = match path {
        Path::Tape => random.below(2) == 1,
        Path::LowFirst => false,
        Path::HighFirst => true,
    };
    let (first, second) = if high_first { (candle.high, candle.low) } else { (candle.low, candle.high) };
    let start = Visit { time_ns: open_time_ns, price: candle.open };
    let mut trades = Trades { visits: [start; MAX_TRADES], len: 1, tick, random };
    for goal in [first, second, candle.close] {
        trades.travel(goal);
    }
    trades.spread(open_time_ns, interval_ns);
    trades
}

impl Trades {
    /// The trades themselves, in order.
    #[must_use]
    pub fn visits(&self) -> &[Visit] {
        &self.visits[..self.len]
    }

    /// Shares of a volume, one per trade; added in order they give the volume exactly.
    #[must_use]
    pub fn shares(&self, volume: f64) -> Vec<f64> {
        let mut random = self.random;
        // The last weight is the least: what is left for it is then at most half, and the subtraction is exact.
        let mut weights: Vec<u64> = (1..self.len).map(|_| 1 + random.below(8)).collect();
        weights.push(1);
        let total = weights.iter().sum::<u64>() as f64;
        let mut spent = 0.0;
        let mut shares = Vec::with_capacity(self.len);
        for &weight in &weights[..self.len - 1] {
            let share = volume * weight as f64 / total;
            spent += share;
            shares.push(share);
        }
        shares.push(volume - spent);
        shares
    }

    /// The first visit after `after_ns` and not after `until_ns` whose price is not quiet.
    #[must_use]
    pub fn first_visit(&self, after_ns: i64, until_ns: i64, quiet: &Quiet) -> Option<Visit> {
        let start = self.visits[0];
        if start.time_ns > until_ns {
            return None;
        }
        if start.time_ns > after_ns && quiet.crossed_by(start.price) {
            return Some(start);
        }
        self.legs(after_ns).find_map(|leg| leg.first_visit(after_ns, quiet)).filter(|hit| hit.time_ns <= until_ns)
    }

    /// The price of the last visit at or before `time_ns`, which is not before the first.
    #[must_use]
    pub fn price_at(&self, time_ns: i64) -> i64 {
        self.legs(time_ns).next().map_or(self.visits[self.len - 1].price, |leg| leg.price_at(time_ns))
    }

    /// The lowest and highest price visited after `after_ns` and not after `until_ns`; `None` without a visit.
    #[must_use]
    pub fn extents(&self, after_ns: i64, until_ns: i64) -> Option<(i64, i64)> {
        let start = self.visits[0];
        let opening = (start.time_ns > after_ns && start.time_ns <= until_ns).then_some((start.price, start.price));
        let legs = self.legs(after_ns).filter_map(|leg| leg.extents(after_ns, until_ns));
        opening.into_iter().chain(legs).reduce(crate::extents::merged)
    }

    /// The legs that end after a time.
    fn legs(&self, after_ns: i64) -> impl Iterator<Item = Leg> {
        let tick = self.tick;
        self.visits()
            .windows(2)
            .filter(move |pair| pair[1].time_ns > after_ns)
            .map(move |pair| Leg::between(pair[0], pair[1], tick))
    }

    /// Goes on to `goal`, with up to two retracements on the way, all on the grid between the two.
    fn travel(&mut self, goal: i64) {
        let from = self.visits[self.len - 1].price;
        let sign = if goal > from { 1 } else { -1 };
        let grid = ceil_grid(sign * from, self.tick);
        let ticks = (sign * goal - grid).div_euclid(self.tick);
        for part in 0..self.random.below(3) as i64 {
            let ahead = (part + 1) * QUARTER + self.random.below(QUARTER as u64) as i64;
            let back = ahead - 1 - self.random.below(QUARTER as u64) as i64;
            for place in [ahead, back] {
                if ticks > 0 {
                    self.visit(sign * (grid + ticks * place / (4 * QUARTER) * self.tick));
                }
            }
        }
        self.visit(goal);
    }

    fn visit(&mut self, price: i64) {
        if price != self.visits[self.len - 1].price {
            self.visits[self.len].price = price;
            self.len += 1;
        }
    }

    /// Gives every trade after the first a time in the first half of its slot: legs are never shorter than half a slot.
    fn spread(&mut self, open_time_ns: i64, interval_ns: i64) {
        let slot = interval_ns / self.len as i64;
        for number in 1..self.len {
            let late = self.random.below(slot as u64 / 2 + 1) as i64;
            self.visits[number].time_ns = open_time_ns + number as i64 * slot + late;
        }
    }
}

/// Places on a way are counted in quarters of this many parts.
const QUARTER: i64 = 1024;

/// The way between two trades, mirrored where necessary so that prices rise.
#[derive(Clone, Copy, Debug)]
struct Leg {
    sign: i64,
    start_ns: i64,
    span_ns: i64,
    from: i64,
    to: i64,
    tick: i64,
}

impl Leg {
    fn between(a: Visit, b: Visit, tick: i64) -> Self {
        let sign = if b.price > a.price { 1 } else { -1 };
        let span_ns = b.time_ns - a.time_ns;
        Self { sign, start_ns: a.time_ns, span_ns, from: sign * a.price, to: sign * b.price, tick }
    }

    fn first_visit(&self, after_ns: i64, quiet: &Quiet) -> Option<Visit> {
        let quiet = if self.sign > 0 { *quiet } else { quiet.mirrored() };
        if !quiet.crossed_within(self.from, self.to) {
            return None;
        }
        let next = self.stop_after(after_ns)?;
        if quiet.crossed_by(next) {
            return Some(self.visit(next));
        }
        (quiet.up <= self.to).then(|| self.visit(self.stop_at(quiet.up)))
    }

    fn extents(&self, after_ns: i64, until_ns: i64) -> Option<(i64, i64)> {
        let first = self.stop_after(after_ns)?;
        if self.visit(first).time_ns > until_ns {
            return None;
        }
        let (low, high) = (self.sign * first, self.price_at(until_ns));
        Some((low.min(high), low.max(high)))
    }

    fn price_at(&self, time_ns: i64) -> i64 {
        let reached = self.reached(time_ns);
        let stop = if reached >= self.to { self.to } else { floor_grid(reached, self.tick).max(self.from) };
        self.sign * stop
    }

    /// The first stop that is visited after a time.
    fn stop_after(&self, after_ns: i64) -> Option<i64> {
        let beyond = self.reached(after_ns) + 1;
        (beyond <= self.to).then(|| self.stop_at(beyond))
    }

    /// The first stop at or beyond a price on the way.
    fn stop_at(&self, price: i64) -> i64 {
        ceil_grid(price, self.tick).min(self.to)
    }

    /// The last whole unit reached at a time.
    fn reached(&self, time_ns: i64) -> i64 {
        let elapsed = time_ns.clamp(self.start_ns, self.start_ns + self.span_ns) - self.start_ns;
        self.from + (i128::from(elapsed) * i128::from(self.to - self.from) / i128::from(self.span_ns)) as i64
    }

    fn visit(&self, stop: i64) -> Visit {
        let way = i128::from(self.to - self.from);
        let elapsed = (i128::from(stop - self.from) * i128::from(self.span_ns) + way - 1) / way;
        Visit { time_ns: self.start_ns + elapsed as i64, price: self.sign * stop }
    }
}

/// `SplitMix64`: a few whole-number operations per draw, the same on every machine.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Copy, Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        scrambled(self.0)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

/// The seed of the candle that opens at a time.
#[must_use]
pub fn mix(seed: u64, open_time_ns: i64) -> u64 {
    scrambled(scrambled(seed) ^ open_time_ns as u64)
}

fn scrambled(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
