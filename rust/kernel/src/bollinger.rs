//! Bollinger bands: mean and population standard deviation over two-part windows.
//!
//! Each part carries its sum and its sum of squared deviations from its own mean; both, and what joining two parts adds,
//! are sums of squares: the variance can neither be negative nor lose its digits to a distant price level.
//!
//! Source: Youngs and Cramer (1971) for the running form, Chan, Golub and `LeVeque` (1979) for the joining.

use crate::rolling::{Running, Sum, blocks, running, running_back};

/// What a window of `n` multiplies with, by position in it.
#[derive(Clone, Debug)]
struct Weights {
    n: usize,
    k: f64,
    /// `growth[j-1]` is 1 / (j·(j-1)), 0 for j = 1: turns (j·x - sum)² into the increase of the squared deviations.
    growth: Vec<f64>,
    /// `joining[j-1]` is 1 / (j·(n-j)·n), 0 for j = n: the same for two parts of j and n - j values.
    joining: Vec<f64>,
}

impl Weights {
    fn new(n: usize, k: f64) -> Self {
        let inverse = |x: f64| if x == 0.0 { 0.0 } else { 1.0 / x };
        let all = n as f64;
        let position = |at: usize| at as f64 + 1.0;
        Self {
            n,
            k,
            growth: (0..n).map(position).map(|j| inverse(j * (j - 1.0))).collect(),
            joining: (0..n).map(position).map(|j| inverse(j * (all - j) * all)).collect(),
        }
    }

    /// What value number `at` (from 0) of a part adds to the part's squared deviations, `sum` including it.
    #[inline]
    fn increase(&self, at: usize, x: f64, sum: f64) -> f64 {
        let lead = (at as f64 + 1.0) * x - sum;
        lead * lead * self.growth[at]
    }

    /// Middle, upper and lower band at position `at` of a block: its beginning so far joined with the end before it.
    #[inline]
    fn bands(&self, at: usize, beginning: Part, end: Part) -> [f64; 3] {
        let all = self.n as f64;
        let count = at as f64 + 1.0;
        let lead = end.sum * count - beginning.sum * (all - count);
        let squares = (end.squares + beginning.squares) + lead * lead * self.joining[at];
        let middle = (end.sum + beginning.sum) / all;
        let width = self.k * (squares / all).sqrt();
        [middle, middle + width, middle - width]
    }
}

/// A stretch of candles: the sum of its values and of their squared deviations from their mean.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    sum: f64,
    squares: f64,
}

/// Bands of the last `n` values: middle, upper and lower, NaN before row `n - 1`.
///
/// `first` is the candle number (open time divided by the interval) of row 0.
#[must_use]
pub fn bollinger(x: &[f64], n: usize, k: f64, first: i64) -> [Vec<f64>; 3] {
    let weights = Weights::new(n, k);
    let mut out = [vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]];
    let [mut sums, mut squares, mut increases, mut end_sums, mut end_squares] = [const { Vec::new() }; 5];
    for scratch in [&mut sums, &mut squares, &mut increases, &mut end_sums, &mut end_squares] {
        scratch.resize(n, 0.0);
    }
    let [middle, upper, lower] = &mut out;
    for block in blocks(x.len(), n, first) {
        let x = &x[block.clone()];
        let rows = x.len();
        running::<Sum>(x, &mut sums);
        for at in 0..rows {
            increases[at] = weights.increase(at, x[at], sums[at]);
        }
        running::<Sum>(&increases[..rows], &mut squares);
        let (middle, upper, lower) = (&mut middle[block.clone()], &mut upper[block.clone()], &mut lower[block.clone()]);
        for at in 0..rows {
            let beginning = Part { sum: sums[at], squares: squares[at] };
            let end = Part { sum: end_sums[at], squares: end_squares[at] };
            [middle[at], upper[at], lower[at]] = weights.bands(at, beginning, end);
        }
        let tail = &x[rows.saturating_sub(n - 1)..];
        let ends = n - 1 - tail.len()..n - 1;
        running_back::<Sum>(tail, &mut end_sums[ends.clone()]);
        let increases = &mut increases[..tail.len()];
        for at in 0..tail.len() {
            increases[at] = weights.increase(tail.len() - 1 - at, tail[at], end_sums[ends.start + at]);
        }
        running_back::<Sum>(increases, &mut end_squares[ends]);
    }
    let cold = (n - 1).min(x.len());
    for column in [middle, upper, lower] {
        column[..cold].fill(f64::NAN);
    }
    out
}

/// [`bollinger`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Bands {
    weights: Weights,
    ends: Vec<Part>,
    sum: Running<Sum>,
    squares: Running<Sum>,
    at: usize,
}

impl Bands {
    /// `first` is the candle number of the first value to come.
    #[must_use]
    pub fn new(n: usize, k: f64, first: i64) -> Self {
        Self {
            weights: Weights::new(n, k),
            ends: vec![Part::default(); n],
            sum: Running::default(),
            squares: Running::default(),
            at: first.rem_euclid(n as i64) as usize,
        }
    }

    /// Middle, upper and lower band with one more value; `newest_first` yields it and those before it.
    #[inline]
    pub fn push(&mut self, x: f64, newest_first: impl Iterator<Item = f64>) -> [f64; 3] {
        let sum = self.sum.push(x);
        let squares = self.squares.push(self.weights.increase(self.at, x, sum));
        let bands = self.weights.bands(self.at, Part { sum, squares }, self.ends[self.at]);
        self.at += 1;
        if self.at == self.weights.n {
            self.turn(newest_first);
        }
        bands
    }

    /// Begin the next block.
    fn turn(&mut self, newest_first: impl Iterator<Item = f64>) {
        (self.sum, self.squares, self.at) = (Running::default(), Running::default(), 0);
        let (mut sum, mut squares) = (Running::<Sum>::default(), Running::<Sum>::default());
        let ends = self.ends[..self.weights.n - 1].iter_mut().rev();
        for (at, (end, x)) in ends.zip(newest_first).enumerate() {
            end.sum = sum.push(x);
            end.squares = squares.push(self.weights.increase(at, x, end.sum));
        }
    }
}
