//! An index of lowest and highest prices over blocks of rows, blocks of blocks and so on: what no level can meet is skipped.

use crate::watch::Quiet;

/// Rows in a block, and blocks in a block of the next level.
pub const FAN: usize = 64;

/// Lowest and highest price of every aligned block of 64, 64², 64³ … rows.
#[derive(Clone, Debug, Default)]
pub struct Extents {
    levels: Vec<Vec<(i64, i64)>>,
}

impl Extents {
    /// Builds the index from the extents of the blocks of [`FAN`] rows.
    #[must_use]
    pub fn over(blocks: Vec<(i64, i64)>) -> Self {
        let mut levels = vec![blocks];
        while levels[levels.len() - 1].len() > 1 {
            let below = &levels[levels.len() - 1];
            levels.push(below.chunks(FAN).map(|part| part.iter().copied().fold(EMPTY, merged)).collect());
        }
        Self { levels }
    }

    /// The first row in `from..to` whose extents cross, `extent` giving those of a row.
    pub fn first(&self, from: usize, to: usize, quiet: &Quiet, extent: impl Fn(usize) -> (i64, i64)) -> Option<usize> {
        let mut row = from;
        while row < to {
            let skipped = self.widest(row, usize::MAX, |low, high| !quiet.crossed_within(low, high));
            if let Some((size, _)) = skipped {
                row += size;
                continue;
            }
            let (low, high) = extent(row);
            if quiet.crossed_within(low, high) {
                return Some(row);
            }
            row += 1;
        }
        None
    }

    /// The lowest and highest price of the rows `from..to`; `None` if there are none.
    pub fn within(&self, from: usize, to: usize, extent: impl Fn(usize) -> (i64, i64)) -> Option<(i64, i64)> {
        let mut row = from;
        let mut found = EMPTY;
        while row < to {
            let (size, part) = self.widest(row, to - row, |_, _| true).unwrap_or_else(|| (1, extent(row)));
            found = merged(found, part);
            row += size;
        }
        (from < to).then_some(found)
    }

    /// The largest block that starts at `row`, has at most `limit` rows and is accepted together with all smaller ones.
    #[inline]
    fn widest(&self, row: usize, limit: usize, accept: impl Fn(i64, i64) -> bool) -> Option<(usize, (i64, i64))> {
        let mut size = FAN;
        let mut found = None;
        for level in &self.levels {
            if row % size != 0 || size > limit {
                break;
            }
            let (low, high) = level[row / size];
            if !accept(low, high) {
                break;
            }
            found = Some((size, (low, high)));
            size *= FAN;
        }
        found
    }
}

const EMPTY: (i64, i64) = (i64::MAX, -i64::MAX);

/// The extents of two parts together.
#[must_use]
pub fn merged(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_finds_what_a_walk_finds() {
        let prices: Vec<i64> = (0..10_000_i64).map(|i| (i * 7919) % 5_003 + i / 10).collect();
        let blocks =
            prices.chunks(FAN).map(|part| part.iter().fold(EMPTY, |found, &p| merged(found, (p, p)))).collect();
        let index = Extents::over(blocks);
        let extent = |row: usize| (prices[row], prices[row]);
        for (from, to, down, up) in
            [(0, 10_000, -1, 5_990), (3, 9_000, 0, 9_999), (4_097, 10_000, 420, 9_999), (70, 64, 9, 9)]
        {
            let quiet = Quiet { down, up };
            let walked = (from..to).find(|&row| quiet.crossed_by(prices[row]));
            assert_eq!(index.first(from, to, &quiet, extent), walked);
            let range = (from..to).map(extent).reduce(merged);
            assert_eq!(index.within(from, to, extent), range);
        }
    }
}
