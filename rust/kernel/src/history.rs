//! Recorded prices, and the jump to the next of them that crosses a level.

use crate::expand::{Candle, Path, Trades, Visit, expand};
use crate::extents::{Extents, FAN, merged};
use crate::trail::Frames;
use crate::units::to_units;
use crate::watch::{Quiet, Watch};

/// Prices in time order that can be searched without being walked.
pub trait Tape {
    /// The first visit in `after_ns < time <= until_ns` whose price is not quiet.
    fn first_visit(&self, after_ns: i64, until_ns: i64, quiet: &Quiet) -> Option<Visit>;
    /// The lowest and highest price visited in `after_ns < time <= until_ns`; `None` without a visit.
    fn extents(&self, after_ns: i64, until_ns: i64) -> Option<(i64, i64)>;
    /// The price of the last visit at or before a time; `None` before the first.
    fn price_at(&self, time_ns: i64) -> Option<i64>;
}

/// Where a level of a watch is met, and whether by the close of a frame that moved it to the price standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The time and price.
    pub visit: Visit,
    /// By the close of a frame, which comes after the trades of its instant.
    pub by_frame: bool,
}

/// The first instant in `after_ns < time <= until_ns` at which a level of any watch is met (at `after_ns` itself only by the
/// close of a frame that a trail has not taken yet).
///
/// A level is met at the first visit of the tape later than `after_ns` whose price is at or beyond it; one the price already
/// stands beyond is therefore met by the next visit that is still beyond it. A trailing level moved by the close of a frame
/// to or past the price standing is met at that close. Nothing changes: the caller lets the trails follow up to the answer
/// ([`Watch::advance`]) and touches each watch with the price.
pub fn next_crossing(
    tape: &impl Tape,
    frames: &Frames,
    after_ns: i64,
    until_ns: i64,
    watches: &[&Watch],
) -> Option<Crossing> {
    let (moving, still): (Vec<&Watch>, Vec<&Watch>) = watches.iter().partition(|watch| watch.is_moving());
    let still = still.iter().fold(Quiet::ALL, |quiet, watch| quiet.and(watch.quiet()));
    let mut moving: Vec<Watch> = moving.into_iter().cloned().collect();
    for watch in &mut moving {
        watch.advance(tape, frames, after_ns, false);
    }
    let closed_ns = moving.iter().filter_map(Watch::closed_ns).min();
    let mut rows = closed_ns.map_or(0..0, |closed_ns| frames.between(closed_ns, until_ns, true));
    let mut from_ns = after_ns;
    loop {
        let quiet = moving.iter().fold(still, |quiet, watch| quiet.and(watch.quiet()));
        let row = rows.next();
        let to_ns = row.map_or(until_ns, |row| frames.close_ns(row));
        if let Some(visit) = tape.first_visit(from_ns, to_ns, &quiet) {
            return Some(Crossing { visit, by_frame: false });
        }
        let row = row?;
        let met =
            moving.iter_mut().fold(false, |met, watch| watch.advance_over(tape, frames, row..row + 1, to_ns) | met);
        if let (true, Some(price)) = (met, tape.price_at(to_ns)) {
            return Some(Crossing { visit: Visit { time_ns: to_ns, price }, by_frame: true });
        }
        from_ns = to_ns;
    }
}

/// One symbol's candles, each standing for the tape it expands to.
#[derive(Clone, Debug)]
pub struct History {
    rows: Vec<Candle>,
    index: Extents,
    /// Stretches of candles without a hole, as (first row, its open time).
    runs: Vec<(usize, i64)>,
    interval_ns: i64,
    tick: i64,
    seed: u64,
    /// Which path holds from which row on.
    paths: Vec<(usize, Path)>,
}

impl History {
    /// Takes candles in time order, prices in quote currency; whole minutes may be missing, nothing else is checked here.
    #[must_use]
    pub fn new(
        open_time_ns: &[i64],
        open: &[f64],
        high: &[f64],
        low: &[f64],
        close: &[f64],
        interval_ns: i64,
        tick: i64,
        seed: u64,
        path: Path,
    ) -> Self {
        let mut rows = Vec::with_capacity(open.len());
        let mut blocks = Vec::with_capacity(open.len().div_ceil(FAN));
        let columns = open.chunks(FAN).zip(high.chunks(FAN)).zip(low.chunks(FAN)).zip(close.chunks(FAN));
        for (((open, high), low), close) in columns {
            let start = rows.len();
            rows.extend(open.iter().zip(high).zip(low).zip(close).map(|(((&open, &high), &low), &close)| Candle {
                open: to_units(open),
                high: to_units(high),
                low: to_units(low),
                close: to_units(close),
            }));
            blocks.push(
                rows[start..].iter().fold((i64::MAX, -i64::MAX), |found, row| merged(found, (row.low, row.high))),
            );
        }
        let holes = open_time_ns.windows(2).enumerate().filter(|(_, pair)| pair[1] - pair[0] != interval_ns);
        let runs = open_time_ns.first().map(|&first| (0, first)).into_iter();
        let runs = runs.chain(holes.map(|(row, pair)| (row + 1, pair[1]))).collect();
        Self { rows, index: Extents::over(blocks), runs, interval_ns, tick, seed, paths: vec![(0, path)] }
    }

    /// How many candles there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The open of the first candle and the close of the last.
    #[must_use]
    pub fn span_ns(&self) -> Option<(i64, i64)> {
        Some((self.runs.first()?.1, self.open_ns(self.rows.len() - 1) + self.interval_ns))
    }

    /// Lets candles that open after a time take another path; those before keep theirs.
    pub fn set_path(&mut self, path: Path, from_ns: i64) {
        let from = self.row_at(from_ns).map_or(0, |row| row + 1);
        self.paths.truncate(self.paths.partition_point(|&(first, _)| first < from));
        self.paths.push((from, path));
    }

    /// The last candle that has closed at a time.
    #[must_use]
    pub fn closed_at(&self, time_ns: i64) -> Option<usize> {
        self.row_at(time_ns.saturating_sub(self.interval_ns))
    }

    /// The last candle that has opened at a time.
    fn row_at(&self, time_ns: i64) -> Option<usize> {
        let run = self.runs.partition_point(|&(_, open_ns)| open_ns <= time_ns).checked_sub(1)?;
        let (first, open_ns) = self.runs[run];
        let end = self.runs.get(run + 1).map_or(self.rows.len(), |next| next.0);
        Some((first + (time_ns.saturating_sub(open_ns) / self.interval_ns) as usize).min(end - 1))
    }

    fn open_ns(&self, row: usize) -> i64 {
        let run = self.runs.partition_point(|&(first, _)| first <= row) - 1;
        let (first, open_ns) = self.runs[run];
        open_ns + (row - first) as i64 * self.interval_ns
    }

    fn path_of(&self, row: usize) -> Path {
        self.paths[self.paths.partition_point(|&(first, _)| first <= row) - 1].1
    }

    fn trades(&self, row: usize) -> Trades {
        expand(self.seed, self.rows[row], self.open_ns(row), self.interval_ns, self.tick, self.path_of(row))
    }

    /// The extents of what a candle visits after a time.
    fn rest_of(&self, row: usize, after_ns: i64) -> Option<(i64, i64)> {
        let Candle { open, high, low, .. } = self.rows[row];
        // Only its first price is left out: where that is no extreme, both extremes are still to come.
        if after_ns == self.open_ns(row) && open != low && open != high {
            return Some((low, high));
        }
        self.trades(row).extents(after_ns, i64::MAX)
    }

    fn range(&self, row: usize) -> (i64, i64) {
        (self.rows[row].low, self.rows[row].high)
    }
}

impl Tape for History {
    fn first_visit(&self, after_ns: i64, until_ns: i64, quiet: &Quiet) -> Option<Visit> {
        let end = self.row_at(until_ns)? + 1;
        let mut row = self.row_at(after_ns).unwrap_or(0);
        // The first candle may have gone past its crossing already; any later one has not.
        for _ in 0..2 {
            row = self.index.first(row, end, quiet, |row| self.range(row))?;
            if let Some(hit) = self.trades(row).first_visit(after_ns, until_ns, quiet) {
                return Some(hit);
            }
            row += 1;
        }
        None
    }

    fn extents(&self, after_ns: i64, until_ns: i64) -> Option<(i64, i64)> {
        let last = self.row_at(until_ns)?;
        let first = self.row_at(after_ns);
        if first == Some(last) {
            return self.trades(last).extents(after_ns, until_ns);
        }
        let head = first.and_then(|row| self.rest_of(row, after_ns));
        let whole = self.index.within(first.map_or(0, |row| row + 1), last, |row| self.range(row));
        let tail = if self.open_ns(last) == until_ns {
            Some((self.rows[last].open, self.rows[last].open))
        } else {
            self.trades(last).extents(after_ns, until_ns)
        };
        [head, whole, tail].into_iter().flatten().reduce(merged)
    }

    fn price_at(&self, time_ns: i64) -> Option<i64> {
        let row = self.row_at(time_ns)?;
        let opening = self.open_ns(row) == time_ns;
        Some(if opening { self.rows[row].open } else { self.trades(row).price_at(time_ns) })
    }
}
