//! Lines that remember everything since their first candle: exponential and Wilder means, ATR, RSI.
//!
//! A mean `p ← c·p + y` is computed in groups of four: `c^j·p + (y_j + c·y_(j-1) + …)`, so that a processor can work on
//! several groups at once. The grouping, counted from the line's first value, is part of the definition of every such
//! line. All terms are positive for positive prices: nothing cancels, errors fade with `c`.

/// As in [`crate::rolling`]: values in a group.
const GROUP: usize = 4;

/// A decaying sum, `p ← c·p + y`, one value at a time.
#[derive(Clone, Debug)]
pub struct Decay {
    /// c, c², c³, c⁴.
    powers: [f64; GROUP],
    base: f64,
    part: f64,
    filled: usize,
}

impl Decay {
    /// Start at `seed`.
    #[must_use]
    pub fn new(c: f64, seed: f64) -> Self {
        Self { powers: [c, c * c, c * c * c, (c * c) * (c * c)], base: seed, part: 0.0, filled: 0 }
    }

    /// Add a value and return the sum.
    #[inline]
    pub fn push(&mut self, y: f64) -> f64 {
        self.part = if self.filled == 0 { y } else { self.powers[0] * self.part + y };
        let value = self.powers[self.filled] * self.base + self.part;
        self.filled += 1;
        if self.filled == GROUP {
            self.base = value;
            self.filled = 0;
        }
        value
    }

    /// [`Decay::push`] for each value, replacing it by the sum up to it.
    #[inline]
    fn run(&mut self, values: &mut [f64]) {
        let begun = if self.filled == 0 { 0 } else { (GROUP - self.filled).min(values.len()) };
        let (head, tail) = values.split_at_mut(begun);
        for y in head {
            *y = self.push(*y);
        }
        let [c, c2, c3, c4] = self.powers;
        let mut base = self.base;
        let mut groups = tail.chunks_exact_mut(GROUP);
        for y in &mut groups {
            let p1 = c * y[0] + y[1];
            let p2 = c * p1 + y[2];
            let p3 = c * p2 + y[3];
            y.copy_from_slice(&[c * base + y[0], c2 * base + p1, c3 * base + p2, c4 * base + p3]);
            base = y[3];
        }
        self.base = base;
        for y in groups.into_remainder() {
            *y = self.push(*y);
        }
    }
}

/// A mean of the first `n` values, then a decaying one, one value at a time.
#[derive(Clone, Debug)]
pub struct SeededMean {
    n: usize,
    weight: f64,
    seen: usize,
    sum: f64,
    decay: Decay,
}

impl SeededMean {
    fn new(n: usize, weight: f64) -> Self {
        Self { n, weight, seen: 0, sum: 0.0, decay: Decay::new(1.0 - weight, 0.0) }
    }

    /// Wilder's smoothing: `((n-1)·mean + x) / n`.
    #[must_use]
    pub fn wilder(n: usize) -> Self {
        Self::new(n, 1.0 / n as f64)
    }

    /// The usual exponential mean of span `n`: weight `2 / (n+1)`.
    #[must_use]
    pub fn exponential(n: usize) -> Self {
        Self::new(n, 2.0 / (n as f64 + 1.0))
    }

    /// The mean with one more value; NaN for the first `n - 1`.
    #[inline]
    pub fn push(&mut self, x: f64) -> f64 {
        if self.seen >= self.n {
            return self.decay.push(self.weight * x);
        }
        self.seen += 1;
        self.sum += x;
        if self.seen < self.n {
            return f64::NAN;
        }
        self.decay.base = self.sum / self.n as f64;
        self.decay.base
    }

    /// Replace each value by the mean up to it.
    fn run(&mut self, values: &mut [f64]) {
        let (head, tail) = values.split_at_mut((self.n - self.seen).min(values.len()));
        for x in head {
            *x = self.push(*x);
        }
        for block in tail.chunks_mut(BLOCK) {
            for x in block.iter_mut() {
                *x *= self.weight;
            }
            self.decay.run(block);
        }
    }
}

/// Rows worked on at a time: small enough for the first-level cache.
const BLOCK: usize = 512;

/// Rows before a line's first value, where the line is computed from another that is NaN until it is warm.
fn cold(x: &[f64]) -> usize {
    x.iter().position(|x| !x.is_nan()).unwrap_or(x.len())
}

/// Exponential mean of span `n`, seeded with the mean of the first `n` values; NaN before.
///
/// Leading NaNs are skipped: the line starts at the first number.
pub fn ema(x: &[f64], n: usize, out: &mut [f64]) {
    out.copy_from_slice(x);
    SeededMean::exponential(n).run(&mut out[cold(x)..]);
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
    let mut mean = SeededMean::wilder(n);
    let blocks = rest.chunks_mut(BLOCK).zip(high[1..].chunks(BLOCK)).zip(low[1..].chunks(BLOCK));
    for (((out, high), low), previous) in blocks.zip(close.chunks(BLOCK)) {
        for (((out, high), low), previous) in out.iter_mut().zip(high).zip(low).zip(previous) {
            *out = true_range(*high, *low, *previous);
        }
        mean.run(out);
    }
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
fn strength(gain: f64, loss: f64) -> f64 {
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
    let [mut gain, mut loss] = [SeededMean::wilder(n), SeededMean::wilder(n)];
    let [mut gains, mut losses] = [[0.0; BLOCK]; 2];
    let blocks = out[start..].chunks_mut(BLOCK).zip(x[start..].chunks(BLOCK)).zip(x[start - 1..].chunks(BLOCK));
    for ((out, x), previous) in blocks {
        let (gains, losses) = (&mut gains[..out.len()], &mut losses[..out.len()]);
        for (((gain, loss), previous), x) in gains.iter_mut().zip(losses.iter_mut()).zip(previous).zip(x) {
            [*gain, *loss] = step(*previous, *x);
        }
        gain.run(gains);
        loss.run(losses);
        for ((out, gain), loss) in out.iter_mut().zip(gains.iter()).zip(losses.iter()) {
            *out = strength(*gain, *loss);
        }
    }
}

/// [`atr`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Range {
    mean: SeededMean,
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
        if previous.is_nan() { f64::NAN } else { self.mean.push(true_range(high, low, previous)) }
    }
}

/// [`rsi`] one closed candle at a time.
#[derive(Clone, Debug)]
pub struct Strength {
    gain: SeededMean,
    loss: SeededMean,
    previous: f64,
}

impl Strength {
    /// A line over `n` candles.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { gain: SeededMean::wilder(n), loss: SeededMean::wilder(n), previous: f64::NAN }
    }

    /// The index with one more value.
    #[inline]
    pub fn push(&mut self, x: f64) -> f64 {
        let previous = std::mem::replace(&mut self.previous, x);
        if previous.is_nan() {
            return f64::NAN;
        }
        let [gain, loss] = step(previous, x);
        strength(self.gain.push(gain), self.loss.push(loss))
    }
}
