//! Bollinger bands: mean and population standard deviation over two-part windows.
//!
//! Squares are taken around the first candle of the block in which a window ends. The window contains that candle, so
//! their mean is at most `n` times the variance, and what the subtraction of the squared mean cancels is bounded whatever
//! the prices: the deviation's relative error stays below `n²/8` units in the last place, 3e-12 at n = 480; the rounding of
//! the sum adds at most `√n` times the error of the mean. On a flat window the bands meet exactly.

use crate::rolling::{Join, Window, windows};

/// Joining by addition: the sum of the values, and of their squares around the block's base.
#[derive(Clone, Copy, Debug)]
struct Moments;

impl Join for Moments {
    type Value = [f64; 2];
    const EMPTY: [f64; 2] = [0.0; 2];
    #[inline]
    fn lift(x: f64, base: f64) -> [f64; 2] {
        [x, (x - base) * (x - base)]
    }
    #[inline]
    fn join(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] + b[0], a[1] + b[1]]
    }
}

/// What the bands of a window of `n` multiply with.
#[derive(Clone, Copy, Debug)]
struct Width {
    n: f64,
    share: f64,
    /// Standard deviations, divided by `n`.
    k: f64,
}

impl Width {
    fn new(n: usize, k: f64) -> Self {
        let share = 1.0 / n as f64;
        Self { n: n as f64, share, k: k * share }
    }

    /// Middle, upper and lower band.
    #[inline]
    fn bands(&self, [sum, squares]: [f64; 2], base: f64) -> [f64; 3] {
        let lead = sum - self.n * base;
        let variance = self.n * squares - lead * lead;
        // Below zero by rounding only. NaN stays NaN.
        let width = self.k * (if variance < 0.0 { 0.0 } else { variance }).sqrt();
        let middle = sum * self.share;
        [middle, middle + width, middle - width]
    }
}

/// Bands of the last `n` values: middle, upper and lower, NaN before row `n - 1`.
///
/// `first` is the candle number (open time divided by the interval) of row 0.
pub fn bollinger(x: &[f64], n: usize, k: f64, first: i64, out: [&mut [f64]; 3]) {
    let width = Width::new(n, k);
    windows::<Moments, 3>(x, n, first, out, |moments, base| width.bands(moments, base));
}

/// The upper band of [`bollinger`] alone.
pub fn upper(x: &[f64], n: usize, k: f64, first: i64, out: &mut [f64]) {
    let width = Width::new(n, k);
    windows::<Moments, 1>(x, n, first, [out], |moments, base| [width.bands(moments, base)[1]]);
}

/// The middle and the upper band of [`bollinger`]; the middle is the moving average.
pub fn middle_and_upper(x: &[f64], n: usize, k: f64, first: i64, out: [&mut [f64]; 2]) {
    let width = Width::new(n, k);
    windows::<Moments, 2>(x, n, first, out, |moments, base| {
        let [middle, upper, _] = width.bands(moments, base);
        [middle, upper]
    });
}

/// [`bollinger`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Bands {
    width: Width,
    window: Window<Moments>,
}

impl Bands {
    /// `first` is the candle number of the first value to come.
    #[must_use]
    pub fn new(n: usize, k: f64, first: i64) -> Self {
        Self { width: Width::new(n, k), window: Window::new(n, first) }
    }

    /// Middle, upper and lower band with one more value; `newest_first` yields it and those before it.
    #[inline]
    pub fn push(&mut self, x: f64, newest_first: impl Iterator<Item = f64>) -> [f64; 3] {
        let (moments, base) = self.window.push(x, newest_first);
        self.width.bands(moments, base)
    }
}
