//! A made-up market: seeded, on a tick grid, with calm and violent times, gaps and crashes.
//!
//! For demonstrations, tests and benches; nothing is concluded from it. Integers and the four basic operations only, so a
//! seed gives the same candles on every machine; a longer series begins with the shorter one.

use crate::candles::{Candle, Columns};
use crate::units::PRICE_SCALE;

/// Price changes inside a candle.
const STEPS: usize = 4;
/// Every so many regimes one is a crash.
const CRASH_EVERY: u64 = 16;
/// How strongly a price far from where it began is drawn back, each candle.
const PULL: f64 = 4e-5;

/// `SplitMix64`. Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014).
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Bell-shaped around 0 with deviation 1: the sum of four uniform numbers.
    fn bell(&mut self) -> f64 {
        const MASK: u64 = 0xFFFF;
        /// The square root of three, over the half range of one number: four of them then vary by 1.
        const SCALE: f64 = 1.732_050_807_568_877_2 / 65_536.0;
        let roll = self.roll();
        let sum = (roll & MASK) + (roll >> 16 & MASK) + (roll >> 32 & MASK) + (roll >> 48);
        (sum as i64 - 2 * MASK as i64) as f64 * SCALE
    }
}

/// A stretch of market: drift and deviation of a candle, as fractions of price, and how long it lasts.
#[derive(Clone, Copy, Debug)]
struct Regime {
    drift: f64,
    deviation: f64,
    shortest: u64,
    longest: u64,
}

const REGIMES: [Regime; 4] = [
    Regime { drift: 0.0, deviation: 0.000_3, shortest: 300, longest: 1_500 },
    Regime { drift: 0.000_04, deviation: 0.000_5, shortest: 600, longest: 4_000 },
    Regime { drift: -0.000_04, deviation: 0.000_5, shortest: 600, longest: 4_000 },
    Regime { drift: 0.0, deviation: 0.001_5, shortest: 60, longest: 300 },
];
const CRASH: Regime = Regime { drift: -0.006, deviation: 0.004, shortest: 10, longest: 25 };
/// What follows a crash.
const RECOVERY: Regime = Regime { drift: 0.000_2, deviation: 0.000_8, shortest: 200, longest: 500 };

/// What to make up.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// Number of candles.
    pub rows: usize,
    /// Opening time of the first, divisible by the interval.
    pub start_ns: i64,
    /// Interval of a candle.
    pub interval_ns: i64,
    /// Price at the start, and where it is drawn back to.
    pub price: f64,
    /// Tick in units of 1e-8.
    pub tick_units: i64,
}

struct Market {
    dice: Dice,
    outline: Outline,
    ticks_per_price: f64,
    price: f64,
    regime: Regime,
    left: u64,
    regimes: u64,
}

impl Market {
    fn turn(&mut self) {
        self.regimes += 1;
        self.regime = match self.regimes % CRASH_EVERY {
            0 => CRASH,
            1 if self.regimes > 1 => RECOVERY,
            _ => REGIMES[(self.dice.roll() >> 62) as usize],
        };
        let Regime { shortest, longest, .. } = self.regime;
        self.left = shortest + self.dice.roll() % (longest - shortest + 1);
    }

    /// The tick nearest to a price, never the zeroth.
    fn ticks(&self, price: f64) -> i64 {
        ((price * self.ticks_per_price + 0.5) as i64).max(1)
    }

    fn price_of(&self, ticks: i64) -> f64 {
        (ticks * self.outline.tick_units) as f64 / PRICE_SCALE as f64
    }

    /// Move the price by a drift and so many deviations, and return its tick.
    fn step(&mut self, drift: f64, deviations: f64) -> i64 {
        self.price *= 1.0 + drift + self.regime.deviation * deviations * self.dice.bell();
        self.ticks(self.price)
    }

    fn candle(&mut self, open_time_ns: i64) -> Candle {
        if self.left == 0 {
            self.turn();
        }
        self.left -= 1;
        let anchor = self.outline.price;
        let drift = self.regime.drift + PULL * (anchor - self.price) / (anchor + self.price);
        // One open in sixteen is away from the last close, by as much as a whole candle moves.
        let open = if self.dice.roll() >> 60 == 0 { self.step(0.0, 1.0) } else { self.ticks(self.price) };
        let [mut high, mut low, mut close] = [open; 3];
        for _ in 0..STEPS {
            close = self.step(drift / STEPS as f64, 0.5);
            high = high.max(close);
            low = low.min(close);
        }
        let [open, high, low, close] = [open, high, low, close].map(|ticks| self.price_of(ticks));
        let middle = (open + high + low + close) / 4.0;
        let mood = self.dice.share();
        let turnover = 20_000.0 * (0.1 + mood * mood) * (1.0 + 2_000.0 * (high - low) / middle);
        // Quantities have three decimals where one unit is dear, and are whole numbers where it is cheap.
        let decimals = if middle >= 1.0 { 1_000.0 } else { 1.0 };
        let volume = (turnover / middle * decimals).ceil() / decimals;
        Candle { open_time_ns, open, high, low, close, volume, quote_volume: volume * middle }
    }
}

/// Candles of a made-up market.
#[must_use]
pub fn synthetic(seed: u64, outline: Outline) -> Columns {
    let mut out = Columns::with_capacity(outline.rows);
    let ticks_per_price = PRICE_SCALE as f64 / outline.tick_units as f64;
    let mut market = Market {
        dice: Dice(seed),
        outline,
        ticks_per_price,
        price: outline.price,
        regime: REGIMES[0],
        left: 0,
        regimes: 0,
    };
    for row in 0..outline.rows as i64 {
        let candle = market.candle(outline.start_ns + row * outline.interval_ns);
        out.push(candle, false);
    }
    out
}
