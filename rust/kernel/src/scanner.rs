//! The scanner: at the close of every candle, do the last hours of a symbol look like the beginning of a move?
//!
//! Hours are closed frames built from the candles; older ones may be given. Within an hour only the price of the scan
//! changes, so everything else is decided when an hour closes. Source: strategies §4; R004-32 for the older filter.

use std::ops::Range;

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

/// What stands where no hour has been taken yet.
const NOTHING: Candle =
    Candle { open_time_ns: 0, open: 0.0, high: 0.0, low: 0.0, close: 0.0, volume: 0.0, quote_volume: 0.0 };

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

/// One candle; a quote volume that is not known is close times volume (D-41).
fn candle(view: View<'_>, row: usize) -> Candle {
    let candle = Candle {
        open_time_ns: view.open_time_ns[row],
        open: view.open[row],
        high: view.high[row],
        low: view.low[row],
        close: view.close[row],
        volume: view.volume[row],
        quote_volume: view.quote_volume.map_or(0.0, |column| column[row]),
    };
    if view.quote_volume.is_some() { candle } else { valued(candle) }
}

/// Some of the rows.
fn rows(view: View<'_>, part: Range<usize>) -> View<'_> {
    View {
        open_time_ns: &view.open_time_ns[part.clone()],
        open: &view.open[part.clone()],
        high: &view.high[part.clone()],
        low: &view.low[part.clone()],
        close: &view.close[part.clone()],
        volume: &view.volume[part.clone()],
        quote_volume: view.quote_volume.map(|column| &column[part]),
    }
}

/// Whether some candles are all the candles of one hour.
fn is_whole_hour(view: View<'_>, interval_ns: i64) -> bool {
    let times = view.open_time_ns;
    times.len() as i64 * interval_ns == HOUR_NS
        && times[0].rem_euclid(HOUR_NS) == 0
        && times.windows(2).fold(true, |all, pair| all & (pair[1].wrapping_sub(pair[0]) == interval_ns))
}

/// The hour that some candles make up.
fn hour_of(view: View<'_>) -> Candle {
    let sum = |column: &[f64]| column[1..].iter().fold(column[0], |all, one| all + one);
    let last = view.close.len() - 1;
    Candle {
        open_time_ns: view.open_time_ns[0],
        open: view.open[0],
        high: view.high.iter().fold(view.high[0], |all, one| all.max(*one)),
        low: view.low.iter().fold(view.low[0], |all, one| all.min(*one)),
        close: view.close[last],
        volume: sum(view.volume),
        quote_volume: if let Some(column) = view.quote_volume {
            sum(column)
        } else {
            let amounts = view.close.iter().zip(view.volume).map(|(close, volume)| close * volume);
            amounts.reduce(|all, one| all + one).unwrap_or_default()
        },
    }
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
            hours: [NOTHING; HOURS],
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
        for row in 0..view.open_time_ns.len() {
            self.older.extend(frames.push(candle(view, row)).map_err(|kind| Fault { row, kind })?);
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
        Ok(self.at(close_ns, candle.close))
    }

    /// What a scan at a time and price says, all hours up to it taken.
    fn at(&self, close_ns: i64, price: f64) -> Verdict {
        match self.verdict {
            _ if close_ns.saturating_sub(self.end_ns) >= HOUR_NS => Verdict::Short,
            Verdict::Ready(held) if self.rules.price_holds(price, self.level) => Verdict::Ready(held | PRICE),
            verdict => verdict,
        }
    }

    /// Take all candles of an hour and scan at each close.
    fn scan_hour(&mut self, view: View<'_>, out: &mut Scans) -> Result<(), Kind> {
        let (all, interval_ns) = (self.rules.all(), self.interval_ns);
        let last = view.close.len() - 1;
        let (inside, end) = (&view.close[..last], view.open_time_ns[last]);
        match self.verdict {
            Verdict::Ready(held) if held | PRICE != all && view.open_time_ns[0] == self.end_ns => {
                let holding = inside.iter().filter(|price| self.rules.price_holds(**price, self.level)).count() as u64;
                out.masks[usize::from(held | PRICE)] += holding;
                out.masks[usize::from(held)] += inside.len() as u64 - holding;
            }
            _ => {
                for (price, open_time_ns) in inside.iter().zip(view.open_time_ns) {
                    out.note(self.at(open_time_ns + interval_ns, *price), all, *open_time_ns, interval_ns);
                }
            }
        }
        // What is built candle by candle has not seen this hour, and goes on behind it.
        self.frames.push(candle(view, last))?;
        self.take(hour_of(view));
        out.note(self.at(end + interval_ns, view.close[last]), all, end, interval_ns);
        Ok(())
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

impl Scans {
    fn note(&mut self, verdict: Verdict, all: u8, open_time_ns: i64, interval_ns: i64) {
        match verdict {
            Verdict::Short => self.short += 1,
            Verdict::Quiet => self.quiet += 1,
            Verdict::Ready(mask) => {
                self.masks[usize::from(mask)] += 1;
                if mask == all {
                    let close_ns = open_time_ns + interval_ns;
                    match self.last_ns.last_mut() {
                        Some(last) if *last == open_time_ns => *last = close_ns,
                        _ => {
                            self.first_ns.push(close_ns);
                            self.last_ns.push(close_ns);
                        }
                    }
                }
            }
        }
    }

    fn note_day(&mut self, day: Option<(i64, f64)>) {
        if let Some((hour_ns, volume)) = day.filter(|(hour_ns, _)| self.hour_ns.last() != Some(hour_ns)) {
            self.hour_ns.push(hour_ns);
            self.quote_volume.push(volume);
        }
    }
}

/// All scans over a column of candles; a quote volume that is not known is close times volume.
///
/// Whole hours are built and scanned at one go, the candles between them one at a time.
///
/// # Errors
/// The first row whose time is off the grid, out of order or a duplicate.
pub fn scan(scanner: &mut Scanner, view: View<'_>) -> Result<Scans, Fault> {
    let mut out = Scans::default();
    let per_hour = (HOUR_NS / scanner.interval_ns) as usize;
    let (all, times) = (scanner.rules.all(), view.open_time_ns);
    let before = scanner.day();
    let mut row = 0;
    while row < times.len() {
        let next = rows(view, row..times.len().min(row + per_hour));
        if row > 0
            && times[row - 1] < times[row]
            && scanner.older.is_empty()
            && is_whole_hour(next, scanner.interval_ns)
        {
            scanner.scan_hour(next, &mut out).map_err(|kind| Fault { row, kind })?;
            row += per_hour;
        } else {
            let candle = candle(view, row);
            let verdict = scanner.push(candle).map_err(|kind| Fault { row, kind })?;
            out.note(verdict, all, candle.open_time_ns, scanner.interval_ns);
            row += 1;
        }
        out.note_day(scanner.day().filter(|day| before.is_none_or(|(hour_ns, _)| hour_ns != day.0)));
    }
    Ok(out)
}
