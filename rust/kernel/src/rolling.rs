//! Lines over a sliding window: how windows move, and the mean, the highest, the lowest.
//!
//! **Two-part windows.** Candle numbers divisible by `n` cut the series into blocks of `n`. A window of `n` candles then
//! covers the end of one block and the beginning of the next, so its value is `join(end, beginning)`: ends are computed
//! when the next block begins, beginnings grow candle by candle. No candle is ever taken out again. Hence a line's value
//!
//! * depends on the window's candles and their numbers alone: batch and streaming, and slices that start anywhere, agree
//!   bit for bit from the first valid row on;
//! * carries a relative error of a few units in the last place whatever prices passed before, without drift;
//! * is NaN for exactly those windows that contain a NaN.

use std::ops::Range;

/// A running value is folded into its base after this many values, so that a processor can work on several groups at
/// once. Part of the definition of every line: another number gives other last bits.
const GROUP: usize = 4;

/// An associative operation, up to rounding, over what candles stand for.
pub trait Join: Copy {
    /// What a stretch of candles is reduced to.
    type Value: Copy + std::fmt::Debug;
    /// What changes nothing when joined.
    const EMPTY: Self::Value;
    /// What one candle stands for, in a block that begins with `base`.
    fn lift(x: f64, base: f64) -> Self::Value;
    /// The value of two neighbouring stretches together.
    fn join(a: Self::Value, b: Self::Value) -> Self::Value;
}

/// Joining by addition.
#[derive(Clone, Copy, Debug)]
pub struct Sum;
/// Joining by the greater value.
#[derive(Clone, Copy, Debug)]
pub struct Highest;
/// Joining by the smaller value.
#[derive(Clone, Copy, Debug)]
pub struct Lowest;

impl Join for Sum {
    type Value = f64;
    const EMPTY: f64 = 0.0;
    #[inline]
    fn lift(x: f64, _: f64) -> f64 {
        x
    }
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        a + b
    }
}

impl Join for Highest {
    type Value = f64;
    const EMPTY: f64 = f64::NEG_INFINITY;
    #[inline]
    fn lift(x: f64, _: f64) -> f64 {
        x
    }
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        if a > b { a } else { b }
    }
}

impl Join for Lowest {
    type Value = f64;
    const EMPTY: f64 = f64::INFINITY;
    #[inline]
    fn lift(x: f64, _: f64) -> f64 {
        x
    }
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        if a < b { a } else { b }
    }
}

/// The value of everything pushed so far, one value at a time.
#[derive(Clone, Debug)]
struct Running<J: Join> {
    base: J::Value,
    part: J::Value,
    filled: usize,
}

impl<J: Join> Running<J> {
    /// Everything before is worth `base`; a group begins.
    #[inline]
    fn after(base: J::Value) -> Self {
        Self { base, part: J::EMPTY, filled: 0 }
    }

    /// Add a value and return the value of all.
    #[inline]
    fn push(&mut self, x: J::Value) -> J::Value {
        self.part = if self.filled == 0 { x } else { J::join(self.part, x) };
        let value = J::join(self.base, self.part);
        self.filled += 1;
        if self.filled == GROUP {
            self.base = value;
            self.filled = 0;
        }
        value
    }
}

/// [`Running::push`] for a whole group, at the start of one.
#[inline]
fn group<J: Join>(base: J::Value, x: [J::Value; GROUP]) -> [J::Value; GROUP] {
    let p1 = J::join(x[0], x[1]);
    let p2 = J::join(p1, x[2]);
    let p3 = J::join(p2, x[3]);
    [J::join(base, x[0]), J::join(base, p1), J::join(base, p2), J::join(base, p3)]
}

/// The ends of a block in the eyes of a block that begins with `base`: `out[i]` is the value of `x[i..]`.
#[inline(always)]
#[allow(clippy::inline_always)] // a call would hide a known length
fn fill_ends<J: Join>(x: &[f64], base: f64, out: &mut [J::Value]) {
    let mut value = J::EMPTY;
    let rest = x.len() % GROUP;
    for (x, out) in x[rest..].rchunks_exact(GROUP).zip(out[rest..].rchunks_exact_mut(GROUP)) {
        let values = group::<J>(value, [x[3], x[2], x[1], x[0]].map(|x| J::lift(x, base)));
        value = values[3];
        for i in 0..GROUP {
            out[GROUP - 1 - i] = values[i];
        }
    }
    let mut head = Running::<J>::after(value);
    for at in (0..rest).rev() {
        out[at] = head.push(J::lift(x[at], base));
    }
}

/// The rows of a block: its beginnings, each joined to the end that completes the window.
#[inline(always)]
#[allow(clippy::inline_always)] // a call would hide a known length
fn fill_rows<J: Join, const W: usize>(
    x: &[f64],
    ends: &[J::Value],
    finish: impl Fn(J::Value, f64) -> [f64; W],
    mut out: [&mut [f64]; W],
) {
    let base = x[0];
    let mut value = J::EMPTY;
    let whole = x.len() / GROUP * GROUP;
    for (at, (x, ends)) in (0..).step_by(GROUP).zip(x.chunks_exact(GROUP).zip(ends.chunks_exact(GROUP))) {
        let values = group::<J>(value, [x[0], x[1], x[2], x[3]].map(|x| J::lift(x, base)));
        value = values[3];
        let rows: [_; GROUP] = std::array::from_fn(|i| finish(J::join(ends[i], values[i]), base));
        for (line, out) in out.iter_mut().enumerate() {
            out[at..at + GROUP].copy_from_slice(&rows.map(|row| row[line]));
        }
    }
    let mut last = Running::<J>::after(value);
    for at in whole..x.len() {
        let row = finish(J::join(ends[at], last.push(J::lift(x[at], base))), base);
        for (out, value) in out.iter_mut().zip(row) {
            out[at] = value;
        }
    }
}

/// A window so short that its loops cost more than its sums: with the length known to the compiler they unroll.
const SHORT: usize = 5;

/// The rows of a block, with the ends that complete their windows; `past` is what the first of them needs of the block
/// before.
#[inline(always)]
#[allow(clippy::inline_always)] // a call would hide a known length
fn fill<J: Join, const W: usize>(
    past: &[f64],
    x: &[f64],
    ends: &mut [J::Value],
    finish: impl Fn(J::Value, f64) -> [f64; W],
    out: [&mut [f64]; W],
) {
    let last = ends.len() - 1;
    fill_ends::<J>(past, x[0], &mut ends[last - past.len()..last]);
    fill_rows::<J, W>(x, &ends[..x.len()], finish, out);
}

/// The blocks of `n` candles that a series of `rows` falls into; the first and the last may be incomplete.
fn blocks(rows: usize, n: usize, first: i64) -> impl Iterator<Item = Range<usize>> {
    let missing = first.rem_euclid(n as i64) as usize;
    let lead = if missing == 0 { 0 } else { (n - missing).min(rows) };
    let head = (lead > 0).then_some(0..lead);
    head.into_iter().chain((lead..rows).step_by(n).map(move |start| start..(start + n).min(rows)))
}

/// `W` lines over the same windows: `finish` makes a row of a window's value and the base of its newest candle's block.
#[inline]
pub fn windows<J: Join, const W: usize>(
    x: &[f64],
    n: usize,
    first: i64,
    mut out: [&mut [f64]; W],
    finish: impl Fn(J::Value, f64) -> [f64; W],
) {
    // ends[i] is the value of the block before, from its position i + 1 on.
    let mut ends = vec![J::EMPTY; n];
    let mut past: &[f64] = &[];
    for block in blocks(x.len(), n, first) {
        let values = &x[block.clone()];
        let mut out = out.each_mut().map(|out| &mut out[block.clone()][..values.len()]);
        if n == SHORT && values.len() == SHORT && past.len() == SHORT - 1 {
            let out = out.each_mut().map(|out| &mut out[..SHORT]);
            fill::<J, W>(&past[..SHORT - 1], &values[..SHORT], &mut ends[..SHORT], &finish, out);
        } else {
            fill::<J, W>(past, values, &mut ends, &finish, out);
        }
        past = &values[values.len().saturating_sub(n - 1)..];
    }
    let cold = (n - 1).min(x.len());
    for out in out {
        out[..cold].fill(f64::NAN);
    }
}

/// [`windows`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Window<J: Join> {
    ends: Vec<J::Value>,
    beginning: Running<J>,
    base: f64,
    at: usize,
}

impl<J: Join> Window<J> {
    /// `first` is the candle number of the first value to come.
    #[must_use]
    pub fn new(n: usize, first: i64) -> Self {
        Self {
            ends: vec![J::EMPTY; n],
            beginning: Running::after(J::EMPTY),
            base: 0.0,
            at: first.rem_euclid(n as i64) as usize,
        }
    }

    /// The window's value with one more candle, and its block's base; `newest_first` yields it and those before it.
    #[inline]
    pub fn push(&mut self, x: f64, newest_first: impl Iterator<Item = f64>) -> (J::Value, f64) {
        let n = self.ends.len();
        if self.at == 0 {
            (self.beginning, self.base) = (Running::after(J::EMPTY), x);
            let mut value = Running::<J>::after(J::EMPTY);
            for (end, x) in self.ends[..n - 1].iter_mut().rev().zip(newest_first.skip(1)) {
                *end = value.push(J::lift(x, self.base));
            }
        }
        let value = J::join(self.ends[self.at], self.beginning.push(J::lift(x, self.base)));
        self.at = if self.at + 1 == n { 0 } else { self.at + 1 };
        (value, self.base)
    }
}

/// Simple moving average: the mean of the last `n` values, NaN before row `n - 1`.
///
/// `first` is the candle number (open time divided by the interval) of row 0.
pub fn sma(x: &[f64], n: usize, first: i64, out: &mut [f64]) {
    let share = 1.0 / n as f64;
    windows::<Sum, 1>(x, n, first, [out], |sum, _| [sum * share]);
}

/// The greatest of the last `n` values, NaN before row `n - 1` and where one of them is NaN.
pub fn rolling_max(x: &[f64], n: usize, out: &mut [f64]) {
    windows::<Highest, 1>(x, n, 0, [&mut *out], |value, _| [value]);
    mark_unknown(x, n, out);
}

/// The smallest of the last `n` values, NaN before row `n - 1` and where one of them is NaN.
pub fn rolling_min(x: &[f64], n: usize, out: &mut [f64]) {
    windows::<Lowest, 1>(x, n, 0, [&mut *out], |value, _| [value]);
    mark_unknown(x, n, out);
}

/// Comparisons pass over a NaN, so windows that hold one are marked afterwards.
fn mark_unknown(x: &[f64], n: usize, out: &mut [f64]) {
    for (start, values) in (0..).step_by(BLOCK).zip(x.chunks(BLOCK)) {
        if values.iter().fold(false, |any, x| any | x.is_nan()) {
            for row in (start..).zip(values).filter_map(|(row, x)| x.is_nan().then_some(row)) {
                let end = (row + n).min(out.len());
                out[row..end].fill(f64::NAN);
            }
        }
    }
}

/// Rows looked at together.
const BLOCK: usize = 512;

/// [`sma`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Mean {
    share: f64,
    window: Window<Sum>,
}

impl Mean {
    /// `first` is the candle number of the first value to come.
    #[must_use]
    pub fn new(n: usize, first: i64) -> Self {
        Self { share: 1.0 / n as f64, window: Window::new(n, first) }
    }

    /// The mean with one more value; `newest_first` yields it and those before it.
    #[inline]
    pub fn push(&mut self, x: f64, newest_first: impl Iterator<Item = f64>) -> f64 {
        self.window.push(x, newest_first).0 * self.share
    }
}
