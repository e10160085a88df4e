//! Lines that remember everything since their first candle: exponential and Wilder means, ATR, RSI.
//!
//! A mean `p ← c·p + y` is computed in groups of four: `c^j·p + (y_j + c·y_(j-1) + …)`, so that a processor can work on
//! several groups at once. The grouping, counted from the line's first value, is part of the definition of every such
//! line. All terms are positive for positive prices: nothing cancels, errors fade with `c`.

/// As in [`crate::rolling`]: values in a group.
const GROUP: usize = 4;

/// `L` decaying sums side by side, `p ← c·p + y`, one value of each at a time.
#[derive(Clone, Debug)]
struct Decay<const L: usize> {
    /// c, c², c³, c⁴.
    powers: [f64; GROUP],
    base: [f64; L],
    part: [f64; L],
    filled: usize,
}

impl<const L: usize> Decay<L> {
    fn new(c: f64) -> Self {
        Self { powers: [c, c * c, c * c * c, (c * c) * (c * c)], base: [0.0; L], part: [0.0; L], filled: 0 }
    }

    #[inline]
    fn push(&mut self, y: [f64; L]) -> [f64; L] {
        let mut value = [0.0; L];
        for lane in 0..L {
            self.part[lane] = if self.filled == 0 { y[lane] } else { self.powers[0] * self.part[lane] + y[lane] };
            value[lane] = self.powers[self.filled] * self.base[lane] + self.part[lane];
        }
        self.filled += 1;
        if self.filled == GROUP {
            self.base = value;
            self.filled = 0;
        }
        value
    }

    /// [`Decay::push`] for a whole group, at the start of one.
    #[inline]
    fn group(&mut self, y: [[f64; L]; GROUP]) -> [[f64; L]; GROUP] {
        let [c, c2, c3, c4] = self.powers;
        let mut values = [[0.0; L]; GROUP];
        for lane in 0..L {
            let base = self.base[lane];
            let p1 = c * y[0][lane] + y[1][lane];
            let p2 = c * p1 + y[2][lane];
            let p3 = c * p2 + y[3][lane];
            values[0][lane] = c * base + y[0][lane];
            values[1][lane] = c2 * base + p1;
            values[2][lane] = c3 * base + p2;
            values[3][lane] = c4 * base + p3;
        }
        self.base = values[GROUP - 1];
        values
    }
}

/// `L` means side by side, of the first `n` values and then decaying, one value of each at a time.
#[derive(Clone, Debug)]
struct SeededMean<const L: usize> {
    n: usize,
    weight: f64,
    seen: usize,
    sum: [f64; L],
    decay: Decay<L>,
}

impl<const L: usize> SeededMean<L> {
    fn new(n: usize, weight: f64) -> Self {
        Self { n, weight, seen: 0, sum: [0.0; L], decay: Decay::new(1.0 - weight) }
    }

    /// Wilder's smoothing: `((n-1)·mean + x) / n`.
    fn wilder(n: usize) -> Self {
        Self::new(n, 1.0 / n as f64)
    }

    /// The mean with one more value; NaN for the first `n - 1`.
    #[inline]
    fn push(&mut self, x: [f64; L]) -> [f64; L] {
        if self.seen >= self.n {
            return self.decay.push(x.map(|x| self.weight * x));
        }
        self.seen += 1;
        for (sum, x) in self.sum.iter_mut().zip(x) {
            *sum += x;
        }
        if self.seen < self.n {
            return [f64::NAN; L];
        }
        self.decay.base = self.sum.map(|sum| sum / self.n as f64);
        self.decay.base
    }

    /// A whole column: `finish` makes a row of the means up to it.
    #[inline]
    fn column(mut self, x: impl Iterator<Item = [f64; L]>, out: &mut [f64], finish: impl Fn([f64; L]) -> f64) {
        let mut x = x;
        let (head, tail) = out.split_at_mut(self.n.min(out.len()));
        for (out, x) in head.iter_mut().zip(&mut x) {
            *out = finish(self.push(x));
        }
        let mut groups = tail.chunks_exact_mut(GROUP);
        for out in &mut groups {
            let y = std::array::from_fn(|_| x.next().unwrap_or([f64::NAN; L]).map(|x| self.weight * x));
            for (out, means) in out.iter_mut().zip(self.decay.group(y)) {
                *out = finish(means);
            }
        }
        for (out, x) in groups.into_remainder().iter_mut().zip(x) {
            *out = finish(self.push(x));
        }
    }
}

/// Rows before a line's first value, where the line is computed from another that is NaN until it is warm.
fn cold(x: &[f64]) -> usize {
    x.iter().position(|x| !x.is_nan()).unwrap_or(x.len())
}

/// Exponential mean of span `n`, seeded with the mean of the first `n` values; NaN before.
///
/// Leading NaNs are skipped: the line starts at the first number.
pub fn ema(x: &[f64], n: usize, out: &mut [f64]) {
    let start = cold(x);
    out[..start].fill(f64::NAN);
    Exponential::new(n).0.column(x[start..].iter().map(|x| [*x]), &mut out[start..], |[mean]| mean);
}

/// [`ema`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Exponential(SeededMean<1>);

impl Exponential {
    /// A line of span `n`: weight `2 / (n+1)`.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self(SeededMean::new(n, 2.0 / (n as f64 + 1.0)))
    }

    /// The mean with one more value.
    #[inline]
    pub fn push(&mut self, x: f64) -> f64 {
        self.0.push([x])[0]
    }
}

/// The true range: how far price moved within the candle and from the previous close.
///
/// The greatest of `h-l`, `|h-previous|`, `|l-previous|`, in one subtraction.
#[inline]
#[must_use]
pub fn true_range(high: f64, low: f64, previous: f64) -> f64 {
    (if high > previous { high } else { previous }) - (if low < previous { low } else { previous })
}

/// Wilder's average true range: the mean of `TR[1..=n]` at row `n`, then smoothed; NaN before.
///
/// Source: Wilder, New Concepts in Technical Trading Systems (1978).
pub fn atr(high: &[f64], low: &[f64], close: &[f64], n: usize, out: &mut [f64]) {
    let Some((first, rest)) = out.split_first_mut() else { return };
    *first = f64::NAN;
    let candles = high[1..].iter().zip(&low[1..]).zip(close);
    let ranges = candles.map(|((high, low), previous)| [true_range(*high, *low, *previous)]);
    SeededMean::wilder(n).column(ranges, rest, |[mean]| mean);
}

/// The average true range in percent of the close.
pub fn natr(high: &[f64], low: &[f64], close: &[f64], n: usize, out: &mut [f64]) {
    atr(high, low, close, n, out);
    for (atr, close) in out.iter_mut().zip(close) {
        *atr = percent(*atr, *close);
    }
}

/// A share in percent.
#[inline]
#[must_use]
pub fn percent(part: f64, whole: f64) -> f64 {
    100.0 * part / whole
}

/// Gain and loss of a step, both not negative; NaN goes into both.
#[inline]
fn step(previous: f64, x: f64) -> [f64; 2] {
    let change = x - previous;
    let gain = if change < 0.0 { 0.0 } else { change };
    [gain, gain - change]
}

/// The index of mean gain and mean loss; 50 where there was neither.
#[inline]
fn strength([gain, loss]: [f64; 2]) -> f64 {
    let both = gain + loss;
    if both == 0.0 { 50.0 } else { percent(gain, both) }
}

/// Wilder's relative strength index: 0 to 100, NaN before row `n`, 50 on a series that never moved.
///
/// Leading NaNs are skipped. Source: Wilder, New Concepts in Technical Trading Systems (1978).
pub fn rsi(x: &[f64], n: usize, out: &mut [f64]) {
    let start = cold(x) + 1;
    if start >= x.len() {
        return out.fill(f64::NAN);
    }
    out[..start].fill(f64::NAN);
    let steps = x[start - 1..].iter().zip(&x[start..]).map(|(previous, x)| step(*previous, *x));
    SeededMean::wilder(n).column(steps, &mut out[start..], strength);
}

/// [`atr`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Range {
    mean: SeededMean<1>,
    previous: f64,
}

impl Range {
    /// A line over `n` candles.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { mean: SeededMean::wilder(n), previous: f64::NAN }
    }

    /// The average true range with one more candle.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let previous = std::mem::replace(&mut self.previous, close);
        if previous.is_nan() { f64::NAN } else { self.mean.push([true_range(high, low, previous)])[0] }
    }
}

/// [`rsi`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Strength {
    means: SeededMean<2>,
    previous: f64,
}

impl Strength {
    /// A line over `n` candles.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { means: SeededMean::wilder(n), previous: f64::NAN }
    }

    /// The index with one more value.
    #[inline]
    pub fn push(&mut self, x: f64) -> f64 {
        let previous = std::mem::replace(&mut self.previous, x);
        if previous.is_nan() { f64::NAN } else { strength(self.means.push(step(previous, x))) }
    }
}
