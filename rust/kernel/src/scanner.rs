//! The scanner: at the close of every candle, do the last hours of a symbol look like the beginning of a move?
//!
//! Hours are closed frames built from the candles; older ones may be given. Within an hour only the price of the scan
//! changes, so everything else is decided when an hour closes. Source: strategies §4; R004-32 for the older filter.

use crate::candles::{Aggregator, Candle, Fault, Kind, View};
use crate::crossing::below;
use crate::units::moved;

/// One hour.
pub const HOUR_NS: i64 = 3_600_000_000_000;

/// Hours that a verdict looks at: the window and its volume baseline, one day.
const HOURS: usize = 24;
/// The last hours, whose rises and bodies count.
const WINDOW: usize = 4;
/// More than so many hours without a trade among the last `QUIET_WINDOW` are no market to read (strategies §1.5).
const MOST_QUIET: usize = 5;
const QUIET_WINDOW: usize = 20;

/// The bit of the condition on the price of the scan; the others are 0 (a rise), 2 (volume) and 3 (bodies).
const PRICE: u8 = 1 << 1;

/// Which conditions make a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A rise within an hour, a higher price than four hours ago, more volume than before, bullish hours.
    OptionB,
    /// A rise within an hour and a change over the day.
    Old,
}

/// The filter with its numbers; shares are in 1e-8 of the whole.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The conditions.
    pub filter: Filter,
    /// How far the price goes from the open within one hour.
    pub rise: i64,
    /// How far it has gone in a day.
    pub change: i64,
    /// How many times the mean volume of the baseline that of the window is.
    pub surge: f64,
    /// How many hours of the window close beyond their open.
    pub bodies: usize,
    /// Falls instead of rises.
    pub short: bool,
}

impl Rules {
    /// The mask in which every condition holds.
    #[must_use]
    pub fn all(&self) -> u8 {
        match self.filter {
            Filter::OptionB => 0b1111,
            Filter::Old => 0b0011,
        }
    }

    fn side(&self, share: i64) -> i64 {
        if self.short { -share } else { share }
    }

    /// Whether a price lies at or beyond a level.
    fn reaches(&self, price: f64, level: f64) -> bool {
        if self.short { price <= level } else { price >= level }
    }

    /// Whether a price lies beyond a level.
    fn beyond(&self, price: f64, level: f64) -> bool {
        if self.short { price < level } else { price > level }
    }

    fn rises(&self, hour: &Candle) -> bool {
        let extreme = if self.short { hour.low } else { hour.high };
        self.reaches(extreme, moved(hour.open, self.side(self.rise)))
    }

    /// The conditions that hold for the whole hour to come, and the level of the one on the price.
    fn judge(&self, hours: &[Candle; HOURS]) -> (u8, f64) {
        let (earlier, window) = hours.split_at(HOURS - WINDOW);
        let rise = u8::from(window.iter().any(|hour| self.rises(hour)));
        if self.filter == Filter::Old {
            return (rise, moved(hours[0].open, self.side(self.change)));
        }
        let mean = |hours: &[Candle]| hours.iter().map(|hour| hour.quote_volume).sum::<f64>() / hours.len() as f64;
        let baseline = mean(earlier);
        let surges = baseline > 0.0 && !below(mean(window), self.surge * baseline);
        let bodies = window.iter().filter(|hour| self.beyond(hour.close, hour.open)).count();
        (rise | u8::from(surges) << 2 | u8::from(bodies >= self.bodies) << 3, window[0].open)
    }

    fn price_holds(&self, price: f64, level: f64) -> bool {
        match self.filter {
            Filter::OptionB => self.beyond(price, level),
            Filter::Old => self.reaches(price, level),
        }
    }
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There are fewer than 24 closed hours without a hole up to now.
    Short,
    /// Too many of the last hours had no trade.
    Quiet,
    /// The conditions that hold, a bit each.
    Ready(u8),
}

/// All candles; a quote volume that is not known is close times volume (D-41).
fn quoted<'a>(view: &'a View<'_>) -> impl Iterator<Item = Candle> + 'a {
    let known = view.quote_volume.is_some();
    view.candles().map(move |candle| if known { candle } else { valued(candle) })
}

/// The candle with close times volume as its quote volume.
#[must_use]
pub fn valued(candle: Candle) -> Candle {
    Candle { quote_volume: candle.close * candle.volume, ..candle }
}

/// One symbol's scanner.
#[derive(Clone, Debug)]
pub struct Scanner {
    rules: Rules,
    interval_ns: i64,
    frames: Aggregator,
    begun: bool,
    /// Hours from longer history that are still to be taken, the next one last.
    older: Vec<Candle>,
    hours: [Candle; HOURS],
    /// How many of them follow one another up to the last.
    count: usize,
    /// When the last hour closed.
    end_ns: i64,
    /// What the hours up to it say; a ready verdict lacks the condition on the price.
    verdict: Verdict,
    level: f64,
}

impl Scanner {
    /// Over candles of an interval that divides one hour.
    #[must_use]
    pub fn new(rules: Rules, interval_ns: i64) -> Self {
        Self {
            rules,
            interval_ns,
            frames: Aggregator::new(interval_ns, HOUR_NS),
            begun: false,
            older: Vec::new(),
            hours: [Candle::flat(0, 0.0); HOURS],
            count: 0,
            end_ns: i64::MIN,
            verdict: Verdict::Short,
            level: 0.0,
        }
    }

    /// Longer history: candles of an interval that divides one hour.
    ///
    /// Those hours count that open before the first one that the scanned candles can fill. Has no effect afterwards.
    ///
    /// # Errors
    /// The first row whose time is off the grid, out of order or a duplicate.
    pub fn warm(&mut self, view: View<'_>, interval_ns: i64) -> Result<(), Fault> {
        let mut frames = Aggregator::new(interval_ns, HOUR_NS);
        self.older.clear();
        for (row, candle) in quoted(&view).enumerate() {
            self.older.extend(frames.push(candle).map_err(|kind| Fault { row, kind })?);
        }
        Ok(())
    }

    /// Take the next closed candle and scan at its close.
    ///
    /// # Errors
    /// The candle is off the grid, or not later than the one before; the state is unchanged.
    #[inline]
    pub fn push(&mut self, candle: Candle) -> Result<Verdict, Kind> {
        let closed = self.frames.push(candle)?;
        let close_ns = candle.open_time_ns + self.interval_ns;
        if !self.begun {
            self.begin(candle.open_time_ns);
        }
        while let Some(hour) = self.older.last().filter(|hour| hour.open_time_ns + HOUR_NS <= close_ns) {
            self.take(*hour);
            self.older.pop();
        }
        if let Some(hour) = closed {
            self.take(hour);
        }
        Ok(match self.verdict {
            _ if close_ns.saturating_sub(self.end_ns) >= HOUR_NS => Verdict::Short,
            Verdict::Ready(held) if self.rules.price_holds(candle.close, self.level) => Verdict::Ready(held | PRICE),
            verdict => verdict,
        })
    }

    /// When the last hour closed, and the quote volume of the day up to then, where the whole day is known.
    #[must_use]
    pub fn day(&self) -> Option<(i64, f64)> {
        let volume = || self.hours.iter().map(|hour| hour.quote_volume).sum();
        (self.count == HOURS).then(|| (self.end_ns, volume()))
    }

    /// Keep of the longer history what opens before the first hour to be built, and of that what can still matter.
    fn begin(&mut self, first_ns: i64) {
        self.begun = true;
        self.older.retain(|hour| hour.open_time_ns < first_ns);
        self.older.reverse();
        self.older.truncate(HOURS + 1);
    }

    fn take(&mut self, hour: Candle) {
        self.count = if hour.open_time_ns == self.end_ns { HOURS.min(self.count + 1) } else { 1 };
        self.end_ns = hour.open_time_ns + HOUR_NS;
        self.hours.rotate_left(1);
        self.hours[HOURS - 1] = hour;
        let without_trade = self.hours[HOURS - QUIET_WINDOW..].iter().filter(|hour| hour.volume == 0.0).count();
        self.verdict = if self.count < HOURS {
            Verdict::Short
        } else if without_trade > MOST_QUIET {
            Verdict::Quiet
        } else {
            let (held, level) = self.rules.judge(&self.hours);
            self.level = level;
            Verdict::Ready(held)
        };
    }
}

/// What the scans over a column of candles found.
#[derive(Clone, Debug, Default)]
pub struct Scans {
    /// Close of the first scan of each run of scans, candle after candle, in which the symbol is a candidate.
    pub first_ns: Vec<i64>,
    /// Close of the last scan of each run.
    pub last_ns: Vec<i64>,
    /// How many ready scans had each mask of conditions.
    pub masks: [u64; 16],
    /// Scans with fewer than 24 hours up to them.
    pub short: u64,
    /// Scans of no market to read.
    pub quiet: u64,
    /// Closes of the hours up to which a whole day is known.
    pub hour_ns: Vec<i64>,
    /// The quote volume of each such day.
    pub quote_volume: Vec<f64>,
}

/// All scans over a column of candles; a quote volume that is not known is close times volume.
///
/// # Errors
/// The first row whose time is off the grid, out of order or a duplicate.
pub fn scan(scanner: &mut Scanner, view: View<'_>) -> Result<Scans, Fault> {
    let mut out = Scans::default();
    let (all, interval_ns) = (scanner.rules.all(), scanner.interval_ns);
    let mut last_ns = scanner.day().map_or(i64::MIN, |(hour_ns, _)| hour_ns);
    for (row, candle) in quoted(&view).enumerate() {
        match scanner.push(candle).map_err(|kind| Fault { row, kind })? {
            Verdict::Short => out.short += 1,
            Verdict::Quiet => out.quiet += 1,
            Verdict::Ready(mask) => {
                out.masks[usize::from(mask)] += 1;
                if mask == all {
                    let close_ns = candle.open_time_ns + interval_ns;
                    match out.last_ns.last_mut() {
                        Some(last) if *last == candle.open_time_ns => *last = close_ns,
                        _ => {
                            out.first_ns.push(close_ns);
                            out.last_ns.push(close_ns);
                        }
                    }
                }
            }
        }
        if scanner.end_ns != last_ns {
            last_ns = scanner.end_ns;
            if let Some((hour_ns, volume)) = scanner.day() {
                out.hour_ns.push(hour_ns);
                out.quote_volume.push(volume);
            }
        }
    }
    Ok(out)
}
