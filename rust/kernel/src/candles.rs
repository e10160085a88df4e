//! Candles: longer frames from closed candles, candles from trades, holes, and what can be wrong with a column of them.
//!
//! A candle opened at T with interval F covers [T, T+F) and T is divisible by F. A frame is closed by its last candle, and
//! only if none of its candles is missing: a frame that begins before the data, ends after them or has a hole never is.

use std::ops::{Add, Range};

/// One closed candle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candle {
    /// Opening time, nanoseconds since the epoch.
    pub open_time_ns: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded quantity in the base asset.
    pub volume: f64,
    /// Traded amount in the quote asset.
    pub quote_volume: f64,
}

impl Candle {
    /// What stands for a time without a trade: flat at the previous close.
    fn flat(open_time_ns: i64, price: f64) -> Self {
        Self { open_time_ns, open: price, high: price, low: price, close: price, volume: 0.0, quote_volume: 0.0 }
    }

    /// The candle of this one and one that follows it.
    fn extended(self, next: Self) -> Self {
        Self {
            high: self.high.max(next.high),
            low: self.low.min(next.low),
            close: next.close,
            volume: self.volume + next.volume,
            quote_volume: self.quote_volume + next.quote_volume,
            ..self
        }
    }
}

/// Columns of candles, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Opening times.
    pub open_time_ns: &'a [i64],
    /// First prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Last prices.
    pub close: &'a [f64],
    /// Traded quantities.
    pub volume: &'a [f64],
    /// Traded amounts, where known.
    pub quote_volume: Option<&'a [f64]>,
}

impl View<'_> {
    /// All candles; an unknown quote volume is 0.
    pub fn candles(&self) -> impl Iterator<Item = Candle> {
        (0..self.open_time_ns.len()).map(|row| Candle {
            open_time_ns: self.open_time_ns[row],
            open: self.open[row],
            high: self.high[row],
            low: self.low[row],
            close: self.close[row],
            volume: self.volume[row],
            quote_volume: self.quote_volume.map_or(0.0, |column| column[row]),
        })
    }
}

/// Columns of candles, owned.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Opening times.
    pub open_time_ns: Vec<i64>,
    /// First prices.
    pub open: Vec<f64>,
    /// Highest prices.
    pub high: Vec<f64>,
    /// Lowest prices.
    pub low: Vec<f64>,
    /// Last prices.
    pub close: Vec<f64>,
    /// Traded quantities.
    pub volume: Vec<f64>,
    /// Traded amounts.
    pub quote_volume: Vec<f64>,
    /// 1 where the candle was filled in for a time without a trade, else 0.
    pub synthetic: Vec<i64>,
}

impl Columns {
    /// Empty columns with room for so many candles.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        let floats = || Vec::with_capacity(rows);
        Self {
            open_time_ns: Vec::with_capacity(rows),
            open: floats(),
            high: floats(),
            low: floats(),
            close: floats(),
            volume: floats(),
            quote_volume: floats(),
            synthetic: Vec::with_capacity(rows),
        }
    }

    /// Append a candle.
    pub fn push(&mut self, candle: Candle, synthetic: bool) {
        self.open_time_ns.push(candle.open_time_ns);
        self.open.push(candle.open);
        self.high.push(candle.high);
        self.low.push(candle.low);
        self.close.push(candle.close);
        self.volume.push(candle.volume);
        self.quote_volume.push(candle.quote_volume);
        self.synthetic.push(i64::from(synthetic));
    }

    /// Append every `per_frame` of some rows as one candle, column by column; what is left over is left out.
    fn extend_framed(&mut self, view: View<'_>, rows: &Range<usize>, per_frame: usize) {
        self.open_time_ns.extend(view.open_time_ns[rows.clone()].chunks_exact(per_frame).map(|frame| frame[0]));
        self.open.extend(view.open[rows.clone()].chunks_exact(per_frame).map(|frame| frame[0]));
        self.high.extend(folded(view.high, rows, per_frame, f64::max));
        self.low.extend(folded(view.low, rows, per_frame, f64::min));
        self.close.extend(view.close[rows.clone()].chunks_exact(per_frame).map(|frame| frame[per_frame - 1]));
        self.volume.extend(folded(view.volume, rows, per_frame, f64::add));
        if let Some(column) = view.quote_volume {
            self.quote_volume.extend(folded(column, rows, per_frame, f64::add));
        }
    }
}

fn folded<'a>(
    column: &'a [f64],
    rows: &Range<usize>,
    per_frame: usize,
    fold: impl Fn(f64, f64) -> f64 + Copy + 'a,
) -> impl ExactSizeIterator<Item = f64> + 'a {
    let whole = move |frame: &[f64]| frame[1..].iter().fold(frame[0], |all, &one| fold(all, one));
    column[rows.clone()].chunks_exact(per_frame).map(whole)
}

/// What can be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A price that is not finite or not above 0.
    Price,
    /// A volume that is not finite or below 0.
    Volume,
    /// The high is below the low.
    Range,
    /// Open or close lie outside low and high.
    Outside,
    /// The opening time is not divisible by the interval.
    Grid,
    /// The opening time lies before that of the row above.
    Order,
    /// The opening time is that of the row above.
    Duplicate,
    /// So many candles are missing before the row.
    Gap(i64),
}

/// The first thing wrong with a table, and the row where it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Row number.
    pub row: usize,
    /// What is wrong.
    pub kind: Kind,
}

fn fault_of_values(candle: &Candle) -> Option<Kind> {
    let Candle { open, high, low, close, volume, .. } = *candle;
    if ![open, high, low, close].iter().all(|price| price.is_finite() && *price > 0.0) {
        Some(Kind::Price)
    } else if !(volume.is_finite() && volume >= 0.0) {
        Some(Kind::Volume)
    } else if high < low {
        Some(Kind::Range)
    } else if open.max(close) > high || open.min(close) < low {
        Some(Kind::Outside)
    } else {
        None
    }
}

/// `previous` was without fault, so its successor is on the grid: dividing costs more than all other checks together.
pub(crate) fn fault_of_time(previous: Option<i64>, now: i64, interval_ns: i64) -> Option<Kind> {
    if previous.is_some_and(|previous| now.saturating_sub(previous) == interval_ns) {
        return None;
    }
    if now.rem_euclid(interval_ns) != 0 {
        return Some(Kind::Grid);
    }
    match now.saturating_sub(previous?) {
        ..0 => Some(Kind::Order),
        0 => Some(Kind::Duplicate),
        step if step > interval_ns => Some(Kind::Gap(step / interval_ns - 1)),
        _ => None,
    }
}

/// The first fault of a table, if it has one; holes count only where they are not allowed.
#[must_use]
pub fn check(view: View<'_>, interval_ns: i64, gaps_allowed: bool) -> Option<Fault> {
    let mut previous = None;
    for (row, candle) in view.candles().enumerate() {
        let of_time = fault_of_time(previous, candle.open_time_ns, interval_ns)
            .filter(|kind| !(gaps_allowed && matches!(kind, Kind::Gap(_))));
        if let Some(kind) = fault_of_values(&candle).or(of_time) {
            return Some(Fault { row, kind });
        }
        previous = Some(candle.open_time_ns);
    }
    None
}

/// Builds frames of one symbol from its closed candles.
#[derive(Clone, Debug)]
pub struct Aggregator {
    interval_ns: i64,
    frame_ns: i64,
    last_ns: Option<i64>,
    /// How far into its frame the last candle opened.
    into_frame: i64,
    /// The frame being built; its `open_time_ns` is that of its first candle.
    forming: Option<Candle>,
}

impl Aggregator {
    /// `frame_ns` is a multiple of `interval_ns`.
    #[must_use]
    pub fn new(interval_ns: i64, frame_ns: i64) -> Self {
        Self { interval_ns, frame_ns, last_ns: None, into_frame: 0, forming: None }
    }

    /// Take the next closed candle; the frame that it closes, if it closes a whole one.
    ///
    /// # Errors
    /// The candle is off the grid, or not later than the one before; the state is unchanged.
    #[inline]
    pub fn push(&mut self, candle: Candle) -> Result<Option<Candle>, Kind> {
        let now = candle.open_time_ns;
        // After a candle on the grid the next one is on it too, and its place is known without a division.
        if self.last_ns.is_some_and(|last_ns| last_ns.saturating_add(self.interval_ns) == now) {
            self.into_frame += self.interval_ns;
            if self.into_frame == self.frame_ns {
                self.into_frame = 0;
            }
        } else {
            match fault_of_time(self.last_ns, now, self.interval_ns) {
                Some(Kind::Gap(_)) => self.forming = None,
                Some(kind) => return Err(kind),
                None => {}
            }
            self.into_frame = now.rem_euclid(self.frame_ns);
        }
        self.last_ns = Some(now);
        self.forming =
            if self.into_frame == 0 { Some(candle) } else { self.forming.map(|frame| frame.extended(candle)) };
        Ok(if self.into_frame + self.interval_ns == self.frame_ns { self.forming.take() } else { None })
    }
}

/// All closed frames of a column of candles.
///
/// # Errors
/// The first row whose time is off the grid, out of order or a duplicate.
pub fn aggregate(view: View<'_>, interval_ns: i64, frame_ns: i64) -> Result<Columns, Fault> {
    let times = view.open_time_ns;
    let per_frame = (frame_ns / interval_ns) as usize;
    let mut out = Columns::with_capacity(times.len() / per_frame);
    let (mut row, mut previous) = (0, None);
    while let Some(&first) = times.get(row) {
        match fault_of_time(previous, first, interval_ns) {
            None | Some(Kind::Gap(_)) => {}
            Some(kind) => return Err(Fault { row, kind }),
        }
        let follows = |pair: &&[i64]| pair[1].saturating_sub(pair[0]) == interval_ns;
        let end = row + 1 + times[row..].windows(2).take_while(follows).count();
        // Of candles that follow one another, those from the first one that begins a frame on are cut into whole frames.
        let into_frame = (first.rem_euclid(frame_ns) / interval_ns) as usize;
        let begin = row + (per_frame - into_frame) % per_frame;
        out.extend_framed(view, &(begin.min(end)..end), per_frame);
        (row, previous) = (end, Some(times[end - 1]));
    }
    // Zeros that nobody has written cost nothing.
    out.synthetic = vec![0; out.open.len()];
    if view.quote_volume.is_none() {
        out.quote_volume = vec![0.0; out.open.len()];
    }
    Ok(out)
}

/// The table with candles for times without a trade, flat at the previous close.
///
/// `confirmed` lists, in ascending order, the opening times that are known to have had no trade; None: every hole is.
///
/// # Errors
/// The first row whose time is off the grid, out of order or a duplicate.
pub fn fill_gaps(view: View<'_>, interval_ns: i64, confirmed: Option<&[i64]>) -> Result<Columns, Fault> {
    let mut out = Columns::with_capacity(view.open_time_ns.len());
    let mut previous: Option<Candle> = None;
    for (row, candle) in view.candles().enumerate() {
        let fault = fault_of_time(previous.map(|before| before.open_time_ns), candle.open_time_ns, interval_ns);
        match (fault, previous) {
            (Some(Kind::Gap(missing)), Some(before)) => {
                for open_time_ns in (1..=missing).map(|step| before.open_time_ns + step * interval_ns) {
                    if confirmed.is_none_or(|times| times.binary_search(&open_time_ns).is_ok()) {
                        out.push(Candle::flat(open_time_ns, before.close), true);
                    }
                }
            }
            (Some(kind), _) => return Err(Fault { row, kind }),
            (None, _) => {}
        }
        out.push(candle, false);
        previous = Some(candle);
    }
    Ok(out)
}

/// The rows where more than `most` of the last `window` had no trade.
#[must_use]
pub fn not_ready(volume: &[f64], window: usize, most: usize) -> Vec<i64> {
    let mut still = 0;
    let mut out = Vec::new();
    for (row, now) in volume.iter().enumerate() {
        still += usize::from(*now == 0.0);
        if row >= window {
            still -= usize::from(volume[row - window] == 0.0);
        }
        if still > most {
            out.push(row as i64);
        }
    }
    out
}

/// Candles from trades in the order of their times, for every interval with a trade that lies wholly in the trades' span.
///
/// `span` is the time [from, until) that the trades cover; None: from the first trade to the last, so that the first and
/// last candle, of which part may be missing, are left out.
///
/// # Errors
/// The first row with a bad price or quantity, or a time before that of the row above.
pub fn from_trades(
    time_ns: &[i64],
    price: &[f64],
    qty: &[f64],
    interval_ns: i64,
    span: Option<(i64, i64)>,
) -> Result<Columns, Fault> {
    let mut out = Columns::default();
    let (Some(first), Some(last)) = (time_ns.first(), time_ns.last()) else { return Ok(out) };
    let (from, until) = span.unwrap_or((*first, *last));
    let mut forming: Option<Candle> = None;
    let mut emit = |candle: Candle| {
        if candle.open_time_ns >= from && candle.open_time_ns + interval_ns <= until {
            out.push(candle, false);
        }
    };
    let mut previous = i64::MIN;
    for (row, ((time, price), qty)) in time_ns.iter().zip(price).zip(qty).enumerate() {
        let open_time_ns = time - time.rem_euclid(interval_ns);
        let trade = Candle { volume: *qty, quote_volume: price * qty, ..Candle::flat(open_time_ns, *price) };
        let disorder = (*time < previous).then_some(Kind::Order);
        if let Some(kind) = fault_of_values(&trade).or(disorder) {
            return Err(Fault { row, kind });
        }
        previous = *time;
        forming = Some(match forming {
            Some(candle) if candle.open_time_ns == open_time_ns => candle.extended(trade),
            before => {
                before.into_iter().for_each(&mut emit);
                trade
            }
        });
    }
    forming.into_iter().for_each(emit);
    Ok(out)
}
