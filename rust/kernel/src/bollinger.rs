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
    share: f64,
    /// `count[j-1]` is j.
    count: Vec<f64>,
    /// `growth[j-1]` is 1 / (j·(j-1)), 0 for j = 1: turns (j·x - sum)² into the increase of the squared deviations.
    growth: Vec<f64>,
    /// `joining[j-1]` is 1 / (j·(n-j)·n), 0 for j = n: the same for two parts of j and n - j values.
    joining: Vec<f64>,
}

impl Weights {
    fn new(n: usize, k: f64) -> Self {
        let inverse = |x: f64| if x == 0.0 { 0.0 } else { 1.0 / x };
        let all = n as f64;
        let count: Vec<f64> = (1..=n).map(|j| j as f64).collect();
        let growth = count.iter().map(|j| inverse(j * (j - 1.0))).collect();
        let joining = count.iter().map(|j| inverse(j * (all - j) * all)).collect();
        Self { n, k, share: 1.0 / all, count, growth, joining }
    }

    /// What value number `at` (from 0) of a part adds to the part's squared deviations, `sum` including it.
    #[inline]
    fn increase(&self, at: usize, x: f64, sum: f64) -> f64 {
        increase(x, sum, self.count[at], self.growth[at])
    }

    /// Middle, upper and lower band at position `at` of a block: its beginning so far joined with the end before it.
    #[inline]
    fn bands(&self, at: usize, beginning: Part, end: Part) -> [f64; 3] {
        let count = self.count[at];
        let lead = end.sum * count - beginning.sum * (self.n as f64 - count);
        let squares = (end.squares + beginning.squares) + lead * lead * self.joining[at];
        let middle = (end.sum + beginning.sum) * self.share;
        let width = self.k * (squares * self.share).sqrt();
        [middle, middle + width, middle - width]
    }
}

/// What a value adds to its part's squared deviations: the part has `count` values with this one, and `sum` is theirs.
#[inline]
fn increase(x: f64, sum: f64, count: f64, growth: f64) -> f64 {
    let lead = count * x - sum;
    lead * lead * growth
}

/// A stretch of candles: the sum of its values and of their squared deviations from their mean.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    sum: f64,
    squares: f64,
}

/// The parts of all lengths of a block, as columns.
struct Parts {
    sums: Vec<f64>,
    squares: Vec<f64>,
    increases: Vec<f64>,
}

impl Parts {
    fn new(n: usize) -> Self {
        Self { sums: vec![0.0; n], squares: vec![0.0; n], increases: vec![0.0; n] }
    }

    fn at(&self, at: usize) -> Part {
        Part { sum: self.sums[at], squares: self.squares[at] }
    }

    /// Beginnings: row `i` is the part `x[..=i]`.
    fn fill_forward(&mut self, x: &[f64], weights: &Weights) {
        running::<Sum>(x, &mut self.sums);
        let places = self.increases.iter_mut().zip(x).zip(&self.sums).zip(&weights.count).zip(&weights.growth);
        for ((((place, x), sum), count), growth) in places {
            *place = increase(*x, *sum, *count, *growth);
        }
        running::<Sum>(&self.increases[..x.len()], &mut self.squares);
    }

    /// Ends: row `from + i` is the part `x[i..]`.
    fn fill_backward(&mut self, x: &[f64], from: usize, weights: &Weights) {
        let sums = &mut self.sums[from..];
        running_back::<Sum>(x, sums);
        let (count, growth) = (&weights.count[..x.len()], &weights.growth[..x.len()]);
        let places = self.increases.iter_mut().zip(x).zip(sums).zip(count.iter().rev()).zip(growth.iter().rev());
        for ((((place, x), sum), count), growth) in places {
            *place = increase(*x, *sum, *count, *growth);
        }
        running_back::<Sum>(&self.increases[..x.len()], &mut self.squares[from..]);
    }
}

/// Bands of the last `n` values: middle, upper and lower, NaN before row `n - 1`.
///
/// `first` is the candle number (open time divided by the interval) of row 0.
pub fn bollinger(x: &[f64], n: usize, k: f64, first: i64, out: [&mut [f64]; 3]) {
    let weights = Weights::new(n, k);
    let [mut beginnings, mut ends] = [Parts::new(n), Parts::new(n)];
    let [middle, upper, lower] = out;
    for block in blocks(x.len(), n, first) {
        let x = &x[block.clone()];
        beginnings.fill_forward(x, &weights);
        let middle = &mut middle[block.clone()];
        let (upper, lower) = (&mut upper[block.clone()][..x.len()], &mut lower[block][..x.len()]);
        for (at, middle) in middle.iter_mut().enumerate() {
            [*middle, upper[at], lower[at]] = weights.bands(at, beginnings.at(at), ends.at(at));
        }
        let tail = &x[x.len().saturating_sub(n - 1)..];
        ends.fill_backward(tail, n - 1 - tail.len(), &weights);
    }
    let cold = (n - 1).min(x.len());
    for column in [middle, upper, lower] {
        column[..cold].fill(f64::NAN);
    }
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
