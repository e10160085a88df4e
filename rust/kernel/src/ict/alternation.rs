//! Swings of which no two of a kind follow one another. Source: strategies §7.1 (alternating view), §7.6.

use crate::structure::{Structure, Swing};

/// What a confirmed swing does to the alternating list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is the next one.
    Added,
    /// It stands for the last one, which was of its kind and less extreme.
    Replaced,
    /// The last one is of its kind and not less extreme.
    Dropped,
}

/// The end of the alternating list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alternation {
    last: Option<Swing>,
    before: Option<Swing>,
}

impl Alternation {
    /// Take the next confirmed swing.
    pub fn push(&mut self, swing: Swing) -> Step {
        let Some(last) = self.last.filter(|last| last.high == swing.high) else {
            self.before = self.last.replace(swing);
            return Step::Added;
        };
        if if swing.high { swing.level <= last.level } else { swing.level >= last.level } {
            return Step::Dropped;
        }
        self.last = Some(swing);
        Step::Replaced
    }

    /// The dealing range: the last swing low and the last swing high, once there are both.
    #[must_use]
    pub fn range(&self) -> Option<[f64; 2]> {
        let (last, before) = (self.last?.level, self.before?.level);
        Some(if self.last?.high { [before, last] } else { [last, before] })
    }
}

/// The alternating swings of a column of candles.
#[must_use]
pub fn alternating(high: &[f64], low: &[f64], left: usize, right: usize) -> Vec<Swing> {
    let mut structure = Structure::new(left, right);
    let mut alternation = Alternation::default();
    let mut kept: Vec<Swing> = Vec::new();
    for (high, low) in high.iter().zip(low) {
        let (_, Some(swing)) = structure.push(*high, *low, f64::NAN) else { continue };
        match alternation.push(swing) {
            Step::Added => kept.push(swing),
            Step::Replaced => kept.splice(kept.len() - 1.., [swing]).for_each(drop),
            Step::Dropped => {}
        }
    }
    kept
}
