//! A level that follows the best price at a distance, moved by closed frames.

use std::ops::Range;

use crate::history::Tape;
use crate::units::{ceil_units, to_units};

/// Closed frames that move trailing levels.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    close_ns: Vec<i64>,
    high: Vec<i64>,
    low: Vec<i64>,
    line: Vec<f64>,
}

impl Frames {
    /// Frames in time order by their opening times, prices in quote currency; one whose line is NaN moves no level.
    #[must_use]
    pub fn new(frame_ns: i64, open_time_ns: &[i64], high: &[f64], low: &[f64], line: &[f64]) -> Self {
        let units = |prices: &[f64]| prices.iter().map(|&price| to_units(price)).collect();
        let close_ns = open_time_ns.iter().map(|open| open.saturating_add(frame_ns)).collect();
        Self { close_ns, high: units(high), low: units(low), line: line.to_vec() }
    }

    /// The rows that close later than one time and before another, or also at it.
    pub(crate) fn between(&self, after_ns: i64, until_ns: i64, at_until: bool) -> Range<usize> {
        let first = self.close_ns.partition_point(|&close| close <= after_ns);
        let rest = &self.close_ns[first..];
        first..first + rest.partition_point(|&close| close < until_ns || (at_until && close == until_ns))
    }

    /// When a frame closed.
    pub(crate) fn close_ns(&self, row: usize) -> i64 {
        self.close_ns[row]
    }
}

/// What follows the best price seen since it was armed, at `k` times a line.
///
/// It knows up to which time of a tape it has met the prices and taken the frames, so that none counts twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trail {
    pub(crate) up: bool,
    /// Where it is; `None` until a frame has placed it.
    pub(crate) level: Option<i64>,
    /// A price has met it: it goes on following, and is not met again until it is armed again.
    pub(crate) met: bool,
    pub(crate) floor: Option<i64>,
    k: f64,
    best: i64,
    /// The first frame after arming began before it: of that one only the prices seen since count.
    whole_frame: bool,
    seen_ns: i64,
    closed_ns: i64,
}

impl Trail {
    pub(crate) const fn new(
        up: bool,
        k: f64,
        best: i64,
        floor: Option<i64>,
        level: Option<i64>,
        since_ns: i64,
    ) -> Self {
        Self { up, level, met: false, floor, k, best, whole_frame: false, seen_ns: since_ns, closed_ns: since_ns }
    }

    /// The close of the last frame taken off a tape, or when it was armed.
    pub(crate) const fn closed_ns(&self) -> i64 {
        self.closed_ns
    }

    /// Takes the extremes of some prices.
    pub(crate) fn see(&mut self, low: i64, high: i64) {
        self.best = if self.up { self.best.min(low) } else { self.best.max(high) };
    }

    /// Takes the close of a frame.
    ///
    /// DOWN: `level = max(level, floor, best − k·line)`, UP mirrored, compared unrounded: the offset is rounded away from
    /// the market by less than a unit, which no price can tell. A line that is NaN moves nothing. A level is never loosened.
    ///
    /// Source: strategies §5.5 (`ATR_TRAIL`): the best price counts from arming, so the frame in which a trail was armed
    /// counts only by the prices seen since.
    pub(crate) fn close(&mut self, high: i64, low: i64, line: f64) {
        if self.whole_frame {
            self.see(low, high);
        }
        self.whole_frame = true;
        let offset = self.k * line;
        if offset.is_finite() {
            self.level = Some(self.tightest(ceil_units(offset)));
        }
    }

    /// Takes what a tape holds up to a time, and those of some frames that it has not taken, which close by then.
    pub(crate) fn follow(&mut self, tape: &impl Tape, frames: &Frames, rows: Range<usize>, until_ns: i64) {
        for row in rows {
            if frames.close_ns[row] > self.closed_ns {
                self.closed_ns = frames.close_ns[row];
                self.see_until(tape, self.closed_ns);
                self.close(frames.high[row], frames.low[row], frames.line[row]);
            }
        }
        self.see_until(tape, until_ns);
    }

    fn see_until(&mut self, tape: &impl Tape, until_ns: i64) {
        if until_ns > self.seen_ns {
            if let Some((low, high)) = tape.extents(self.seen_ns, until_ns) {
                self.see(low, high);
            }
            self.seen_ns = until_ns;
        }
    }

    fn tightest(&self, offset: i64) -> i64 {
        // Mirrored for UP, so that tighter is always higher.
        let sign = if self.up { -1 } else { 1 };
        let trailing = (sign * self.best).saturating_sub(offset);
        let tightest = [self.floor, self.level].into_iter().flatten().map(|level| sign * level);
        sign * tightest.fold(trailing, i64::max)
    }
}
