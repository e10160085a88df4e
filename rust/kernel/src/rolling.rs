//! Lines over a sliding window: mean, highest, lowest.
//!
//! **Two-part windows.** Candle numbers divisible by `n` cut the series into blocks of `n`. A window of `n` candles then
//! covers the end of one block and the beginning of the next, so its value is `join(end, beginning)`: ends are computed
//! when a block is complete, beginnings grow candle by candle. Nothing is ever subtracted. Hence a line's value
//!
//! * depends on the window's candles and their numbers alone: batch and streaming, and slices that start anywhere, agree
//!   bit for bit from the first valid row on;
//! * carries a relative error of a few units in the last place whatever prices passed before, without drift;
//! * is NaN for exactly those windows that contain a NaN.

use std::marker::PhantomData;
use std::ops::Range;

/// A running value is folded into its base after this many values, so that a processor can work on several groups at
/// once. Part of the definition of every line: another number gives other last bits.
const GROUP: usize = 4;

/// An associative operation, up to rounding.
pub trait Join: Copy {
    /// What changes nothing when joined.
    const EMPTY: f64;
    /// The value of two neighbouring stretches together.
    fn join(a: f64, b: f64) -> f64;
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
    const EMPTY: f64 = 0.0;
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        a + b
    }
}

impl Join for Highest {
    const EMPTY: f64 = f64::NEG_INFINITY;
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        if a > b { a } else { b }
    }
}

impl Join for Lowest {
    const EMPTY: f64 = f64::INFINITY;
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        if a < b { a } else { b }
    }
}

/// The value of everything pushed so far, one value at a time.
#[derive(Clone, Debug)]
pub struct Running<J> {
    base: f64,
    part: f64,
    filled: usize,
    join: PhantomData<J>,
}

impl<J: Join> Default for Running<J> {
    fn default() -> Self {
        Self { base: J::EMPTY, part: J::EMPTY, filled: 0, join: PhantomData }
    }
}

impl<J: Join> Running<J> {
    /// Add a value and return the value of all.
    #[inline]
    pub fn push(&mut self, x: f64) -> f64 {
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

/// [`Running`] over a whole slice: `out[i]` is the value of `x[..=i]`.
#[inline]
pub fn running<J: Join>(x: &[f64], out: &mut [f64]) {
    let out = &mut out[..x.len()];
    let mut base = J::EMPTY;
    let (groups, rest) = x.split_at(x.len() / GROUP * GROUP);
    for (x, out) in groups.chunks_exact(GROUP).zip(out.chunks_exact_mut(GROUP)) {
        let values = group::<J>(base, [x[0], x[1], x[2], x[3]]);
        base = values[3];
        out.copy_from_slice(&values);
    }
    let mut last = Running::<J> { base, ..Running::default() };
    for (x, out) in rest.iter().zip(&mut out[groups.len()..]) {
        *out = last.push(*x);
    }
}

/// [`running`] with each value joined to what lies beside it, in the same pass over memory.
#[inline]
fn running_joined<J: Join>(x: &[f64], ends: &[f64], out: &mut [f64], finish: impl Fn(f64) -> f64) {
    let mut base = J::EMPTY;
    let (groups, rest) = x.split_at(x.len() / GROUP * GROUP);
    let whole = groups.len();
    for ((x, end), out) in groups.chunks_exact(GROUP).zip(ends.chunks_exact(GROUP)).zip(out.chunks_exact_mut(GROUP)) {
        let values = group::<J>(base, [x[0], x[1], x[2], x[3]]);
        base = values[3];
        let ends = [end[0], end[1], end[2], end[3]];
        out.copy_from_slice(&std::array::from_fn::<f64, GROUP, _>(|i| finish(J::join(ends[i], values[i]))));
    }
    let mut last = Running::<J> { base, ..Running::default() };
    for ((x, end), out) in rest.iter().zip(&ends[whole..]).zip(&mut out[whole..]) {
        *out = finish(J::join(*end, last.push(*x)));
    }
}

/// [`Running`] over a slice from its last value to its first: `out[i]` is the value of `x[i..]`.
#[inline]
pub fn running_back<J: Join>(x: &[f64], out: &mut [f64]) {
    let out = &mut out[..x.len()];
    let mut base = J::EMPTY;
    let rest = x.len() % GROUP;
    let groups = x[rest..].rchunks_exact(GROUP).zip(out[rest..].rchunks_exact_mut(GROUP));
    for (x, out) in groups {
        let values = group::<J>(base, [x[3], x[2], x[1], x[0]]);
        base = values[3];
        for i in 0..GROUP {
            out[GROUP - 1 - i] = values[i];
        }
    }
    let mut head = Running::<J> { base, ..Running::default() };
    for at in (0..rest).rev() {
        out[at] = head.push(x[at]);
    }
}

#[inline]
fn group<J: Join>(base: f64, x: [f64; GROUP]) -> [f64; GROUP] {
    let p1 = J::join(x[0], x[1]);
    let p2 = J::join(p1, x[2]);
    let p3 = J::join(p2, x[3]);
    [J::join(base, x[0]), J::join(base, p1), J::join(base, p2), J::join(base, p3)]
}

/// The blocks of `n` candles that a series of `rows` falls into; the first and the last may be incomplete.
pub fn blocks(rows: usize, n: usize, first: i64) -> impl Iterator<Item = Range<usize>> {
    let missing = first.rem_euclid(n as i64) as usize;
    let lead = if missing == 0 { 0 } else { (n - missing).min(rows) };
    let head = (lead > 0).then_some(0..lead);
    head.into_iter().chain((lead..rows).step_by(n).map(move |start| start..(start + n).min(rows)))
}

fn windows<J: Join>(x: &[f64], n: usize, first: i64, out: &mut [f64], finish: impl Fn(f64) -> f64) {
    // ends[i] is the value of the block before, from its position i + 1 on.
    let mut ends = vec![J::EMPTY; n];
    for block in blocks(x.len(), n, first) {
        let x = &x[block.clone()];
        running_joined::<J>(x, &ends, &mut out[block], &finish);
        let tail = &x[x.len().saturating_sub(n - 1)..];
        running_back::<J>(tail, &mut ends[n - 1 - tail.len()..n - 1]);
    }
    let cold = (n - 1).min(out.len());
    out[..cold].fill(f64::NAN);
}

/// Simple moving average: the mean of the last `n` values, NaN before row `n - 1`.
///
/// `first` is the candle number (open time divided by the interval) of row 0.
pub fn sma(x: &[f64], n: usize, first: i64, out: &mut [f64]) {
    let share = 1.0 / n as f64;
    windows::<Sum>(x, n, first, out, |sum| sum * share);
}

/// The greatest of the last `n` values, NaN before row `n - 1` and where one of them is NaN.
pub fn rolling_max(x: &[f64], n: usize, out: &mut [f64]) {
    windows::<Highest>(x, n, 0, out, |value| value);
    mark_unknown(x, n, out);
}

/// The smallest of the last `n` values, NaN before row `n - 1` and where one of them is NaN.
pub fn rolling_min(x: &[f64], n: usize, out: &mut [f64]) {
    windows::<Lowest>(x, n, 0, out, |value| value);
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
    ends: Vec<f64>,
    sum: Running<Sum>,
    at: usize,
}

impl Mean {
    /// `first` is the candle number of the first value to come.
    #[must_use]
    pub fn new(n: usize, first: i64) -> Self {
        Self {
            share: 1.0 / n as f64,
            ends: vec![0.0; n],
            sum: Running::default(),
            at: first.rem_euclid(n as i64) as usize,
        }
    }

    /// The mean with one more value; `newest_first` yields it and those before it.
    #[inline]
    pub fn push(&mut self, x: f64, newest_first: impl Iterator<Item = f64>) -> f64 {
        let n = self.ends.len();
        let mean = Sum::join(self.ends[self.at], self.sum.push(x)) * self.share;
        self.at += 1;
        if self.at == n {
            (self.sum, self.at) = (Running::default(), 0);
            let mut sum = Running::<Sum>::default();
            for (end, x) in self.ends[..n - 1].iter_mut().rev().zip(newest_first) {
                *end = sum.push(x);
            }
        }
        mean
    }
}
