//! The entry model over the closed candles of a symbol: frames are built from them, and a hole begins everything anew.

use super::Bar;
use super::reader::Reader;
use super::settings::Settings;
use super::setup::{End, Entry, Told};
use crate::candles::{Aggregator, Candle, Fault, Kind, View};

/// Something that a set-up says at the close of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// The close of the frame.
    pub close_ns: i64,
    /// The side.
    pub short: bool,
    /// The close of the frame that swept.
    pub sweep_ns: i64,
    /// What.
    pub what: What,
}

/// Which of the things that a set-up can say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Enter.
    Entry {
        /// On which terms.
        terms: Terms,
        /// The close of the gap's middle frame.
        gap_ns: i64,
    },
    /// It is over.
    Ended(End),
    /// What it waited for cannot be seen any more: a candle is missing.
    Lost,
}

/// An entry, and what was known with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// The entry.
    pub entry: Entry,
    /// The average true range, if it is known.
    pub range: Option<f64>,
    /// The percentile of volatility, if it is known.
    pub volatility: Option<f64>,
}

/// One symbol's entry model.
#[derive(Clone, Debug)]
pub struct Stream {
    settings: Settings,
    frame_ns: i64,
    frames: Aggregator,
    reader: Reader,
    /// When the last frame closed.
    closed_ns: Option<i64>,
    told: Vec<(bool, Told)>,
}

impl Stream {
    /// Over candles of an interval that divides the frame.
    #[must_use]
    pub fn new(settings: Settings, interval_ns: i64, frame_ns: i64) -> Self {
        let frames = Aggregator::new(interval_ns, frame_ns);
        Self { settings, frame_ns, frames, reader: Reader::new(settings), closed_ns: None, told: Vec::new() }
    }

    /// Take the next closed candle; what the frame that it closes makes known is added to `out`.
    ///
    /// # Errors
    /// The candle is off the grid, or not later than the one before; the state is unchanged.
    #[inline]
    pub fn push(&mut self, candle: Candle, out: &mut Vec<Said>) -> Result<(), Kind> {
        if let Some(frame) = self.frames.push(candle)? {
            self.take(&frame, out);
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, frame: &Candle, out: &mut Vec<Said>) {
        if self.closed_ns.is_some_and(|closed_ns| closed_ns != frame.open_time_ns) {
            self.begin_anew(frame.open_time_ns + self.frame_ns, out);
        }
        let close_ns = frame.open_time_ns + self.frame_ns;
        self.closed_ns = Some(close_ns);
        let bar = Bar { open: frame.open, high: frame.high, low: frame.low, close: frame.close };
        let row = self.reader.row();
        self.reader.push(bar, frame.volume, &mut self.told);
        let (frame_ns, reader) = (self.frame_ns, &self.reader);
        let earlier = |then: i64| close_ns - (row - then) * frame_ns;
        out.extend(self.told.drain(..).map(|(short, told)| match told {
            Told::Ended(end, sweep) => Said { close_ns, short, sweep_ns: earlier(sweep), what: What::Ended(end) },
            Told::Entry(entry) => {
                let terms = Terms { entry, range: reader.range(), volatility: reader.volatility() };
                let gap_ns = earlier(entry.gap.row);
                Said { close_ns, short, sweep_ns: earlier(entry.sweep), what: What::Entry { terms, gap_ns } }
            }
        }));
    }

    fn begin_anew(&mut self, close_ns: i64, out: &mut Vec<Said>) {
        let last = self.reader.row() - 1;
        let ended_ns = self.closed_ns.unwrap_or(close_ns);
        out.extend(self.reader.give_up().map(|(short, row)| Said {
            close_ns,
            short,
            sweep_ns: ended_ns - (last - row) * self.frame_ns,
            what: What::Lost,
        }));
        self.reader = Reader::new(self.settings);
    }
}

/// All that is said over a column of candles.
///
/// # Errors
/// The first row whose time is off the grid, out of order or a duplicate.
pub fn said(view: View<'_>, settings: Settings, interval_ns: i64, frame_ns: i64) -> Result<Vec<Said>, Fault> {
    let mut stream = Stream::new(settings, interval_ns, frame_ns);
    let mut out = Vec::new();
    for (row, candle) in view.candles().enumerate() {
        stream.push(candle, &mut out).map_err(|kind| Fault { row, kind })?;
    }
    Ok(out)
}
