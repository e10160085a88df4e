//! Which conditions held, and which one alone was missing: read off how often each set of conditions occurred.

use super::conditions::MASKS;
use super::entry::Entry;

/// How many conditions a set has room for.
pub const CONDITIONS: usize = MASKS.trailing_zeros() as usize;

/// How often each set of conditions occurred in the minutes that could be read.
#[derive(Clone, Debug)]
pub struct Histogram(Vec<u32>);

impl Default for Histogram {
    fn default() -> Self {
        Self(vec![0; MASKS])
    }
}

impl Histogram {
    /// Count a minute.
    #[inline]
    pub fn count(&mut self, mask: u32) {
        self.0[mask as usize % MASKS] += 1;
    }

    /// Each set that occurred, and how often.
    pub fn sets(&self) -> impl Iterator<Item = (u32, u64)> {
        (0..).zip(&self.0).filter(|(_, count)| **count > 0).map(|(mask, count)| (mask, u64::from(*count)))
    }
}

/// Minutes counted by what held in them.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// Minutes in which a condition held.
    pub held: [u64; CONDITIONS],
    /// Minutes by S1 (1), S3 (2) and S15 (4) added up.
    pub combinations: [u64; 8],
    /// Minutes in which S1, S3, S15 or the entry failed, and would have held with this condition too.
    pub missing: [[u64; CONDITIONS]; 4],
}

impl Attribution {
    /// Count the minutes of a histogram.
    #[must_use]
    pub fn new(histogram: &Histogram, entry: &Entry) -> Self {
        let mut counted = Self::default();
        let judge = |mask: u32| {
            let [one, three, fifteen] = entry.parts(mask);
            [one, three, fifteen, entry.tag(mask).is_some()]
        };
        for (mask, count) in histogram.sets() {
            let now = judge(mask);
            let place = (0..3).map(|part| usize::from(now[part]) << part).sum::<usize>();
            counted.combinations[place] += count;
            for at in 0..CONDITIONS {
                if mask >> at & 1 == 1 {
                    counted.held[at] += count;
                    continue;
                }
                let then = judge(mask | 1 << at);
                for part in 0..4 {
                    if then[part] && !now[part] {
                        counted.missing[part][at] += count;
                    }
                }
            }
        }
        counted
    }
}
