//! The entry model of one side: a sweep, a shift of structure, the return into a gap. Source: strategies §7.7.
//!
//! Written for SHORT; LONG sees the market in the mirror, where prices and their integers are negative.

use super::gaps::Gap;
use super::settings::{Settings, Stop, Target};
use super::{Bar, seen, turned};
use crate::structure::Break;
use crate::units::{PRICE_SCALE, ceil_grid, to_units};

const WHOLE: i128 = PRICE_SCALE as i128;

/// An entry, in prices of the market; rows are those of the candles at whose close something was known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The row of the shift.
    pub row: i64,
    /// The side.
    pub short: bool,
    /// The row of the sweep.
    pub sweep: i64,
    /// The level that it swept.
    pub swept: f64,
    /// The most extreme price from the sweep to the shift, beyond which the stop lies.
    pub extreme: f64,
    /// The level that the shift broke.
    pub broken: f64,
    /// The shift turned the trend.
    pub turned: bool,
    /// The gap.
    pub gap: Gap,
    /// The limit price, on the grid.
    pub price: f64,
    /// The nearest liquidity on the other side of the set-up's candles.
    pub liquidity: Option<f64>,
}

/// How a set-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A candle closed beyond the extreme before the shift came.
    Invalidated,
    /// The shift did not come in time.
    Expired,
    /// There is no open gap.
    NoGap,
    /// The entry lies on the wrong half of the range.
    NotInPremium,
    /// The market cannot be read.
    NotReady,
    /// Price has reached the entry.
    Reached,
    /// Price was at the first target before.
    TargetFirst,
    /// A candle closed beyond the gap.
    GapFilled,
    /// Structure was broken the other way.
    OppositeEvent,
    /// Price did not come in time.
    TimedOut,
}

/// What a set-up has to say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// Enter.
    Entry(Entry),
    /// It is over; with the row of its sweep.
    Ended(End, i64),
}

/// What a candle brings to both sides.
#[derive(Clone, Copy, Debug)]
pub struct Brought {
    /// Its row.
    pub row: i64,
    /// Its prices.
    pub bar: Bar,
    /// The gap that it completes.
    pub gap: Option<Gap>,
    /// The break by its close.
    pub broken: Option<Break>,
    /// The average true range with it.
    pub range: f64,
    /// The market can be read.
    pub ready: bool,
}

/// A sweep that waits for a shift, in the side's own view.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: i64,
    swept: f64,
    highest: f64,
    lowest: f64,
}

/// An entry that waits for price, in the side's own view.
#[derive(Clone, Copy, Debug)]
struct Order {
    since: i64,
    price: i64,
    /// The first target: the greatest number of units that is not above it.
    target: i64,
    top: f64,
    until: i64,
    reached: bool,
    /// Price has been on the entry's side of the target.
    before_target: bool,
}

/// The set-ups of one side.
#[derive(Clone, Debug)]
pub struct Setup {
    short: bool,
    waiting: Option<Waiting>,
    /// Open gaps since the sweep: bottom and top in the side's own view, and as it is.
    gaps: Vec<(f64, f64, Gap)>,
    orders: Vec<Order>,
}

impl Setup {
    /// Before the first candle.
    #[must_use]
    pub fn new(short: bool) -> Self {
        Self { short, waiting: None, gaps: Vec::new(), orders: Vec::new() }
    }

    /// Whether something waits, so that candles matter.
    #[inline]
    #[must_use]
    pub fn idle(&self) -> bool {
        self.waiting.is_none() && self.orders.is_empty()
    }

    /// Take the next closed candle; `liquidity` gives the nearest level on the other side beyond a price.
    #[inline]
    pub fn meet(
        &mut self,
        settings: &Settings,
        brought: &Brought,
        liquidity: impl Fn(f64) -> Option<f64>,
        out: &mut Vec<(bool, Told)>,
    ) {
        let short = self.short;
        let mut tell = |told| out.push((short, told));
        self.orders.retain_mut(|order| follow(order, short, brought, &mut tell));
        if let Some(waiting) = self.waiting {
            self.waiting = self.wait(settings, waiting, brought, liquidity, &mut tell);
        }
    }

    /// The sweeps of what waits, which is given up.
    pub fn give_up(&mut self) -> impl Iterator<Item = i64> + '_ {
        let waiting = self.waiting.take().map(|waiting| waiting.since);
        self.orders.drain(..).map(|order| order.since).chain(waiting)
    }

    /// Take the sweep of a level by a candle; it begins a set-up if none is live.
    pub fn sweep(&mut self, row: i64, bar: Bar, level: f64) {
        if self.waiting.is_some() || self.orders.iter().any(|order| !order.reached) {
            return;
        }
        let bar = seen(bar, !self.short);
        self.gaps.clear();
        self.waiting = Some(Waiting { since: row, swept: level, highest: bar.high, lowest: bar.low });
    }

    fn wait(
        &mut self,
        settings: &Settings,
        waiting: Waiting,
        brought: &Brought,
        liquidity: impl Fn(f64) -> Option<f64>,
        tell: &mut impl FnMut(Told),
    ) -> Option<Waiting> {
        let mirrored = !self.short;
        let bar = seen(brought.bar, mirrored);
        if bar.close > waiting.highest {
            tell(Told::Ended(End::Invalidated, waiting.since));
            return None;
        }
        let waiting =
            Waiting { highest: waiting.highest.max(bar.high), lowest: waiting.lowest.min(bar.low), ..waiting };
        self.gaps.retain(|(_, top, _)| bar.close <= *top);
        if let Some(gap) = brought.gap.filter(|gap| gap.bullish != self.short) {
            let [bottom, top] = if mirrored { [-gap.top, -gap.bottom] } else { [gap.bottom, gap.top] };
            self.gaps.push((bottom, top, gap));
        }
        let Some(broken) = brought.broken.filter(|broken| broken.up != self.short) else {
            if brought.row < waiting.since + settings.shift_within {
                return Some(waiting);
            }
            tell(Told::Ended(End::Expired, waiting.since));
            return None;
        };
        let told =
            if brought.ready { self.shift(settings, waiting, brought, &broken, liquidity) } else { Err(End::NotReady) };
        tell(told.map_or_else(|end| Told::Ended(end, waiting.since), Told::Entry));
        None
    }

    /// The entry that a shift gives, or why it gives none.
    fn shift(
        &mut self,
        settings: &Settings,
        waiting: Waiting,
        brought: &Brought,
        broken: &Break,
        liquidity: impl Fn(f64) -> Option<f64>,
    ) -> Result<Entry, End> {
        let mirrored = !self.short;
        let further = |a: &&(f64, f64, Gap), b: &&(f64, f64, Gap)| a.0.total_cmp(&b.0);
        let (bottom, top, gap) = *self.gaps.iter().max_by(further).ok_or(End::NoGap)?;
        let price = limit(settings, bottom, top);
        let [low, high] = [turned(broken.level, mirrored), waiting.highest].map(to_units);
        if 2 * price < low + high {
            return Err(End::NotInPremium);
        }
        let liquidity = liquidity(turned(waiting.lowest, mirrored));
        let target = self.target(settings, price, high, liquidity, brought.range);
        let until = brought.row + settings.entry_ttl;
        let before_target = to_units(seen(brought.bar, mirrored).close) > target;
        let since = waiting.since;
        self.orders.push(Order { since, price, target, top, until, reached: false, before_target });
        Ok(Entry {
            row: brought.row,
            short: self.short,
            sweep: waiting.since,
            swept: waiting.swept,
            extreme: turned(waiting.highest, mirrored),
            broken: broken.level,
            turned: broken.turned,
            gap,
            price: turned(price as f64 / PRICE_SCALE as f64, mirrored),
            liquidity,
        })
    }

    fn target(&self, settings: &Settings, price: i64, extreme: i64, liquidity: Option<f64>, range: f64) -> i64 {
        let risk = self.risk(settings, price, extreme, range);
        match (settings.target, liquidity) {
            (Target::Structure(_), Some(level)) => to_units(turned(level, !self.short)),
            (Target::Risk(times) | Target::Structure(times), _) => {
                price + (-risk * i128::from(times)).div_euclid(WHOLE * WHOLE) as i64
            }
            (Target::Range(times), _) => price - (times.of(self.short) * range * PRICE_SCALE as f64).ceil() as i64,
        }
    }

    /// The distance to the stop, in 1e-8 of a unit.
    fn risk(&self, settings: &Settings, price: i64, extreme: i64, range: f64) -> i128 {
        let buffer = i128::from(if self.short { settings.stop_buffer } else { -settings.stop_buffer });
        let reversal = i128::from(extreme) * (WHOLE + buffer) - i128::from(price) * WHOLE;
        let by_range = (settings.stop_ranges.of(self.short) * range * PRICE_SCALE as f64) as i128 * WHOLE;
        match settings.stop {
            Stop::Reversal => reversal,
            Stop::Range => by_range,
            Stop::Wider => reversal.max(by_range),
            Stop::Tighter => reversal.min(by_range),
        }
    }
}

impl Order {
    /// Whether price comes to the target in a candle; where it already lay beyond at the shift, it has to come back first.
    ///
    /// Where it does so within the candle, only its close tells that it has gone again.
    fn meets_target(&mut self, bar: Bar) -> bool {
        let meets = if self.before_target {
            to_units(bar.low) <= self.target
        } else {
            to_units(bar.high) > self.target && to_units(bar.close) <= self.target
        };
        self.before_target |= to_units(bar.close) > self.target;
        meets
    }
}

/// Let a candle go by an entry that waits; false once it is over.
fn follow(order: &mut Order, short: bool, brought: &Brought, tell: &mut impl FnMut(Told)) -> bool {
    let (bar, since) = (seen(brought.bar, !short), order.since);
    let mut over = |end| {
        tell(Told::Ended(end, since));
        false
    };
    if !order.reached {
        if to_units(bar.high) >= order.price {
            order.reached = true;
            over(End::Reached);
        } else if order.meets_target(bar) {
            return over(End::TargetFirst);
        }
    }
    if bar.close > order.top {
        return over(End::GapFilled);
    }
    if brought.broken.is_some_and(|broken| broken.up == short) {
        return over(End::OppositeEvent);
    }
    if brought.row < order.until {
        return true;
    }
    if order.reached { false } else { over(End::TimedOut) }
}

/// The limit price of a gap: so deep in it, then to the grid, away from the market.
fn limit(settings: &Settings, bottom: f64, top: f64) -> i64 {
    let (bottom, top) = (to_units(bottom), to_units(top));
    let deep = i128::from(top - bottom) * i128::from(settings.entry_level);
    // The whole number of units that is not below the exact price: the grid is coarser, so nothing is lost.
    let units = bottom + (-((-deep).div_euclid(WHOLE))) as i64;
    ceil_grid(units, settings.tick)
}
