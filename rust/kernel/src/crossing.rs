//! Comparing lines: two computed values that differ by at most 1e-9 of the second are equal.
//!
//! Otherwise rounding noise decides on flat series. A comparison with NaN is false. Rows are returned as row numbers.

/// The greatest relative difference that is no difference.
pub const TOLERANCE: f64 = 1e-9;

/// `a > b`, by more than the tolerance.
#[inline]
#[must_use]
pub fn above(a: f64, b: f64) -> bool {
    a - b > TOLERANCE * b.abs()
}

/// `a < b`, by more than the tolerance.
#[inline]
#[must_use]
pub fn below(a: f64, b: f64) -> bool {
    b - a > TOLERANCE * b.abs()
}

/// Rows where `a` crosses above `b` (golden), and where it crosses below (dead).
///
/// Golden: not above one row earlier, above now; both lines valid at both rows. Dead mirrors it.
#[must_use]
pub fn crosses(a: &[f64], b: &[f64]) -> [Vec<i64>; 2] {
    let [mut golden, mut dead] = [Vec::new(), Vec::new()];
    let (mut was_above, mut was_below, mut was_valid) = (false, false, false);
    for (row, (a, b)) in (0..).zip(a.iter().zip(b)) {
        let (is_above, is_below) = (above(*a, *b), below(*a, *b));
        if was_valid && is_above && !was_above {
            golden.push(row);
        }
        if was_valid && is_below && !was_below {
            dead.push(row);
        }
        (was_above, was_below, was_valid) = (is_above, is_below, !(a.is_nan() || b.is_nan()));
    }
    [golden, dead]
}

/// Rows that end a run of at least `m` steps which all satisfy `moves(now, before)`.
fn runs(x: &[f64], m: usize, moves: impl Fn(f64, f64) -> bool) -> Vec<i64> {
    let mut rows = Vec::new();
    let mut steps = 0;
    for (row, pair) in (1..).zip(x.windows(2)) {
        steps = if moves(pair[1], pair[0]) { steps + 1 } else { 0 };
        if steps >= m {
            rows.push(row);
        }
    }
    rows
}

/// Rows that end `m` strict declines in a row.
#[must_use]
pub fn falling(x: &[f64], m: usize) -> Vec<i64> {
    runs(x, m, below)
}

/// Rows that end `m` strict rises in a row.
#[must_use]
pub fn rising(x: &[f64], m: usize) -> Vec<i64> {
    runs(x, m, above)
}

/// Share of the last `w` values, in percent, that are not above the present one; NaN where the window has a NaN.
pub fn percentile(x: &[f64], w: usize, out: &mut [f64]) {
    let mut valid = 0;
    for (row, out) in out.iter_mut().enumerate() {
        valid = if x[row].is_nan() { 0 } else { valid + 1 };
        *out = if valid < w { f64::NAN } else { share_not_above(x[row + 1 - w..=row].iter(), x[row]) };
    }
}

/// Share of some values, in percent, that are not above one of them.
#[inline]
pub fn share_not_above<'a>(window: impl ExactSizeIterator<Item = &'a f64>, now: f64) -> f64 {
    let (slack, length) = (TOLERANCE * now.abs(), window.len());
    let count = window.map(|past| u32::from(past - now <= slack)).sum::<u32>();
    100.0 * f64::from(count) / length as f64
}
