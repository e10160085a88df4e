//! The lines of a time frame and its conditions, over columns in pieces that fit a cache, and candle by candle.

use super::conditions::{Memory, Part, Row};
use super::settings::Settings;
use super::word::Quiet;
use crate::bollinger::{middle_and_upper, upper};
use crate::lines::{LineSet, Spec};
use crate::rolling::sma;

/// Rows worked on together.
const PIECE: usize = 2048;

/// What a candle without conditions to read is marked with.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Too few candles since the last hole.
    pub cold: u32,
    /// Too few of the last candles had a trade.
    pub quiet: u32,
}

/// Contiguous candles of a time frame.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The candle number (open time divided by the interval) of the first.
    pub first: i64,
    /// First prices, mirrored for SHORT.
    pub open: &'a [f64],
    /// Last prices, mirrored for SHORT.
    pub close: &'a [f64],
    /// Traded quantities.
    pub volume: &'a [f64],
}

/// Room for the lines of a piece.
#[derive(Clone, Debug)]
pub struct Scratch {
    ma: [Vec<f64>; 4],
    fast: Vec<f64>,
    slow: Vec<f64>,
    flags: Vec<u32>,
}

impl Scratch {
    /// Room for pieces of these lines.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let room = |n: usize| vec![0.0; PIECE + n];
        Self {
            ma: settings.ma.map(room),
            fast: room(settings.bb_fast.0),
            slow: room(settings.bb_slow.0.max(settings.ma[3])),
            flags: vec![0; PIECE],
        }
    }
}

/// Where the windows of `n` begin that end in a piece, and the column from there on.
fn reach(close: &[f64], from: usize, until: usize, n: usize) -> (usize, &[f64]) {
    let start = from.saturating_sub(n - 1);
    (start, &close[start..until])
}

/// The conditions of a time frame, candle after candle.
#[derive(Clone, Debug)]
pub struct FrameWords<P: Part> {
    settings: Settings,
    part: P,
    marks: Marks,
    memory: Memory,
    quiet: Quiet,
    ma_20_before: f64,
}

impl<P: Part> FrameWords<P> {
    /// Before the first candle.
    #[must_use]
    pub fn new(settings: &Settings, part: P, marks: Marks) -> Self {
        let memory = Memory::new(part.windows(), settings.look_back());
        Self { settings: *settings, part, marks, memory, quiet: Quiet::default(), ma_20_before: f64::NAN }
    }

    /// After a hole everything but the trades is forgotten.
    pub fn restart(&mut self) {
        self.memory = Memory::new(self.part.windows(), self.settings.look_back());
        self.ma_20_before = f64::NAN;
    }

    #[inline]
    fn flags(&mut self, mut row: Row) -> u32 {
        row.ma_20_before = self.ma_20_before;
        self.ma_20_before = row.ma[1];
        self.part.flags(&row)
    }

    #[inline]
    fn word(&mut self, flags: u32, volume: f64) -> u32 {
        let (conditions, warm) = self.memory.step(&self.part, flags);
        let cold = if warm { 0 } else { self.marks.cold };
        let quiet = if self.quiet.push(volume) { self.marks.quiet } else { 0 };
        conditions | cold | quiet
    }

    /// The next candle's word.
    pub fn push(&mut self, row: Row, volume: f64) -> u32 {
        let flags = self.flags(row);
        self.word(flags, volume)
    }

    /// The words of a run of candles, in order; `take` gets the row and its word.
    pub fn run(&mut self, run: &Run<'_>, scratch: &mut Scratch, mut take: impl FnMut(usize, u32)) {
        self.restart();
        let rows = run.close.len();
        for from in (0..rows).step_by(PIECE) {
            let until = (from + PIECE).min(rows);
            self.compare(run, from, until, scratch);
            for ((row, flags), volume) in (from..until).zip(&scratch.flags).zip(&run.volume[from..until]) {
                take(row, self.word(*flags, *volume));
            }
        }
    }

    /// The flags of a piece.
    fn compare(&mut self, run: &Run<'_>, from: usize, until: usize, scratch: &mut Scratch) {
        let Settings { ma, bb_fast, bb_slow, .. } = self.settings;
        let close = run.close;
        let rows = until - from;
        let shared = bb_slow.0 == ma[3];
        let mut at = [0; 6];
        for (line, n) in ma.into_iter().enumerate().filter(|(line, _)| *line < 3 || !shared) {
            let (start, x) = reach(close, from, until, n);
            sma(x, n, run.first + start as i64, &mut scratch.ma[line][..x.len()]);
            at[line] = from - start;
        }
        let (start, x) = reach(close, from, until, bb_fast.0);
        upper(x, bb_fast.0, bb_fast.1, run.first + start as i64, &mut scratch.fast[..x.len()]);
        at[4] = from - start;
        let (start, x) = reach(close, from, until, bb_slow.0);
        at[5] = from - start;
        let number = run.first + start as i64;
        if shared {
            at[3] = at[5];
            let out = [&mut scratch.ma[3][..x.len()], &mut scratch.slow[..x.len()]];
            middle_and_upper(x, bb_slow.0, bb_slow.1, number, out);
        } else {
            upper(x, bb_slow.0, bb_slow.1, number, &mut scratch.slow[..x.len()]);
        }
        let Scratch { ma, fast, slow, flags } = scratch;
        let lines = [&ma[0], &ma[1], &ma[2], &ma[3], &*fast, &*slow];
        let lines: [&[f64]; 6] = std::array::from_fn(|line| &lines[line][at[line]..at[line] + rows]);
        let (open, close) = (&run.open[from..until], &close[from..until]);
        for (row, flags) in flags[..rows].iter_mut().enumerate() {
            *flags = self.flags(Row {
                ma: [lines[0][row], lines[1][row], lines[2][row], lines[3][row]],
                fast: lines[4][row],
                slow: lines[5][row],
                open: open[row],
                close: close[row],
                ma_20_before: f64::NAN,
            });
        }
    }
}

/// A time frame candle by candle: bit for bit [`FrameWords::run`] over the same candles.
#[derive(Clone, Debug)]
pub struct FrameStream<P: Part> {
    words: FrameWords<P>,
    lines: LineSet,
    interval_ns: i64,
    sign: f64,
    next_open_ns: Option<i64>,
}

impl<P: Part> FrameStream<P> {
    /// Before the first candle; `sign` is -1 where prices are mirrored.
    #[must_use]
    pub fn new(settings: &Settings, part: P, marks: Marks, interval_ns: i64, sign: f64) -> Self {
        let words = FrameWords::new(settings, part, marks);
        Self { words, lines: line_set(settings, 0), interval_ns, sign, next_open_ns: None }
    }

    /// Take the next closed candle; its word.
    pub fn push(&mut self, open_time_ns: i64, open: f64, close: f64, volume: f64) -> u32 {
        if self.next_open_ns != Some(open_time_ns) {
            self.words.restart();
            self.lines = line_set(&self.words.settings, open_time_ns.div_euclid(self.interval_ns));
        }
        self.next_open_ns = Some(open_time_ns + self.interval_ns);
        let (open, close) = (self.sign * open, self.sign * close);
        self.lines.update(close, close, close);
        let x = self.lines.values();
        let row = Row { ma: [x[0], x[1], x[2], x[3]], fast: x[5], slow: x[8], open, close, ma_20_before: f64::NAN };
        self.words.push(row, volume)
    }

    /// When the last candle closed.
    #[must_use]
    pub fn closed_ns(&self) -> Option<i64> {
        self.next_open_ns
    }
}

fn line_set(settings: &Settings, first: i64) -> LineSet {
    let Settings { ma, bb_fast, bb_slow, .. } = *settings;
    let mut specs: Vec<_> = ma.into_iter().map(Spec::Sma).collect();
    specs.extend([Spec::Bollinger(bb_fast.0, bb_fast.1), Spec::Bollinger(bb_slow.0, bb_slow.1)]);
    LineSet::new(&specs, first)
}
