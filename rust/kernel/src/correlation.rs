//! How alike two symbols move: the correlation of their logarithmic returns over the same hours.

/// Closes of one symbol's frames, in time order.
#[derive(Clone, Copy, Debug)]
pub struct Closes<'a> {
    /// Opening times.
    pub open_time_ns: &'a [i64],
    /// Last prices.
    pub close: &'a [f64],
}

impl Closes<'_> {
    /// The returns of frames that open in [from, until), each with its time; one after a hole has none.
    fn returns(&self, frame_ns: i64, from_ns: i64, until_ns: i64) -> impl Iterator<Item = (i64, f64)> {
        let first = self.open_time_ns.partition_point(|open| *open < from_ns);
        let rows = first.max(1)..self.open_time_ns.partition_point(|open| *open < until_ns);
        rows.filter(move |row| self.open_time_ns[*row] - self.open_time_ns[*row - 1] == frame_ns)
            .map(|row| (self.open_time_ns[row], (self.close[row] / self.close[row - 1]).ln()))
    }
}

/// Pearson's correlation of the returns of the last `n` frames closed at a time, over those that both symbols have.
///
/// None with fewer than `least` of them, or where one symbol did not move. Sums are taken in two passes: of the values,
/// then of the products of their distances from the means.
#[must_use]
pub fn correlation(a: Closes<'_>, b: Closes<'_>, frame_ns: i64, n: usize, least: usize, time_ns: i64) -> Option<f64> {
    // Of the frames that open before this, all have closed.
    let until_ns = time_ns.saturating_sub(frame_ns).saturating_add(1);
    let from_ns = until_ns.saturating_sub(frame_ns.saturating_mul(n as i64));
    let mut of_b = b.returns(frame_ns, from_ns, until_ns).peekable();
    let mut pairs = Vec::with_capacity(n);
    for (time_ns, x) in a.returns(frame_ns, from_ns, until_ns) {
        while of_b.next_if(|(other_ns, _)| *other_ns < time_ns).is_some() {}
        pairs.extend(of_b.next_if(|(other_ns, _)| *other_ns == time_ns).map(|(_, y)| (x, y)));
    }
    (pairs.len() >= least.max(2)).then(|| pearson(&pairs)).flatten()
}

fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let rows = pairs.len() as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / rows;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / rows;
    let [mut xx, mut yy, mut xy] = [0.0; 3];
    for (x, y) in pairs {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    let size = xx.sqrt() * yy.sqrt();
    (size > 0.0).then(|| (xy / size).clamp(-1.0, 1.0))
}
