//! Fair value gaps: what price has left out on its way, until it comes back. Source: strategies §7.3.

use super::{Bar, seen};

/// Three candles of which the outer two do not meet, around one that goes the way of the gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Row of the middle candle; the gap is known one row later.
    pub row: i64,
    /// Price went up.
    pub bullish: bool,
    /// Lower edge.
    pub bottom: f64,
    /// Upper edge.
    pub top: f64,
}

/// What has become of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is there.
    Found,
    /// Price came back to its edge.
    Touched,
    /// A candle closed beyond it.
    Filled,
}

/// The last two candles, of which a third one makes gaps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finder {
    last: [Bar; 2],
    row: i64,
}

impl Finder {
    /// Take the next candle; the gap that it completes, if it is of at least this size. NaN: there is none.
    #[inline]
    pub fn push(&mut self, bar: Bar, least: f64) -> Option<Gap> {
        let [first, middle] = self.last;
        self.last = [middle, bar];
        self.row += 1;
        let (bullish, bottom, top) = if first.high < bar.low && middle.close > middle.open {
            (true, first.high, bar.low)
        } else if first.low > bar.high && middle.close < middle.open {
            (false, bar.high, first.low)
        } else {
            return None;
        };
        (self.row > 2 && top - bottom >= least).then_some(Gap { row: self.row - 2, bullish, bottom, top })
    }
}

/// Gaps of one side that are still open, in its own view: price has gone up and may come back down.
#[derive(Clone, Debug, Default)]
struct Side {
    mirrored: bool,
    /// In ascending order of the edges that are met first: the next to be touched, and to be filled, is the last.
    untouched: Vec<Gap>,
    unfilled: Vec<Gap>,
}

/// Bottom and top in the side's own view.
fn edges(gap: &Gap, mirrored: bool) -> [f64; 2] {
    if mirrored { [-gap.top, -gap.bottom] } else { [gap.bottom, gap.top] }
}

impl Side {
    fn add(&mut self, gap: Gap) {
        self.untouched.push(gap);
        let bottom = edges(&gap, self.mirrored)[0];
        let above = self.unfilled.iter().rev().take_while(|other| edges(other, self.mirrored)[0] > bottom).count();
        self.unfilled.insert(self.unfilled.len() - above, gap);
    }

    #[inline]
    fn meet(&mut self, bar: Bar, tell: &mut impl FnMut(Gap, Turn)) {
        let bar = seen(bar, self.mirrored);
        while let Some(gap) = self.untouched.last().copied().filter(|gap| bar.low <= edges(gap, self.mirrored)[1]) {
            self.untouched.pop();
            tell(gap, Turn::Touched);
        }
        while let Some(gap) = self.unfilled.last().copied().filter(|gap| bar.close < edges(gap, self.mirrored)[0]) {
            self.unfilled.pop();
            tell(gap, Turn::Filled);
        }
    }
}

/// All gaps of a symbol's candles, which follow one another without a hole.
#[derive(Clone, Debug)]
pub struct Gaps {
    finder: Finder,
    bullish: Side,
    bearish: Side,
}

impl Default for Gaps {
    fn default() -> Self {
        let side = |mirrored| Side { mirrored, ..Side::default() };
        Self { finder: Finder::default(), bullish: side(false), bearish: side(true) }
    }
}

impl Gaps {
    /// Take the next closed candle. A gap is touched before it is filled, and older ones are met before one is found.
    #[inline]
    pub fn push(&mut self, bar: Bar, least: f64, mut tell: impl FnMut(Gap, Turn)) {
        self.bullish.meet(bar, &mut tell);
        self.bearish.meet(bar, &mut tell);
        if let Some(gap) = self.finder.push(bar, least) {
            tell(gap, Turn::Found);
            if gap.bullish { self.bullish.add(gap) } else { self.bearish.add(gap) }
        }
    }
}
