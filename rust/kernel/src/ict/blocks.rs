//! Order blocks: the candle from which a break of structure set out. Source: strategies §7.4.

use std::collections::VecDeque;

use super::{Bar, seen};
use crate::structure::{Break, Swing};

/// Which candle between the swing and the break is the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// The one with the extreme against the break, the latest if several have it.
    Extreme,
    /// The last one that goes against the break; there may be none.
    LastOpposite,
}

/// The candle before a break.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Row of the close that broke the swing: from then on the block is known.
    pub created: i64,
    /// The break went up.
    pub bullish: bool,
    /// Its own row.
    pub row: i64,
    /// Its low.
    pub bottom: f64,
    /// Its high.
    pub top: f64,
}

/// What has become of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is there.
    Created,
    /// Price traded beyond it.
    Mitigated,
}

/// Candles since a swing, and blocks of one side, in its own view: breaks go up.
#[derive(Clone, Debug, Default)]
struct Side {
    mirrored: bool,
    /// Rows and candles of which no later one is lower.
    lows: VecDeque<(i64, Bar)>,
    /// The last candle that closed below its open.
    opposite: Option<(i64, Bar)>,
    last: Option<(i64, Bar)>,
    /// In ascending order of the edge beyond which they are mitigated.
    standing: Vec<Block>,
}

impl Side {
    fn edge(&self, block: &Block) -> f64 {
        if self.mirrored { -block.top } else { block.bottom }
    }

    #[inline]
    fn meet(&mut self, bar: Bar, tell: &mut impl FnMut(Block, Turn)) {
        let low = seen(bar, self.mirrored).low;
        while let Some(block) = self.standing.last().copied().filter(|block| low < self.edge(block)) {
            self.standing.pop();
            tell(block, Turn::Mitigated);
        }
    }

    fn broken(&mut self, broken: &Break, select: Select) -> Option<Block> {
        let after = |found: &&(i64, Bar)| found.0 > broken.swing;
        let (row, bar) = match select {
            _ if broken.row - broken.swing == 1 => self.last?,
            Select::Extreme => *self.lows.iter().find(after)?,
            Select::LastOpposite => *self.opposite.as_ref().filter(after)?,
        };
        // Seen twice, a candle is what it was.
        let bar = seen(bar, self.mirrored);
        let block = Block { created: broken.row, bullish: broken.up, row, bottom: bar.low, top: bar.high };
        let below = self.standing.partition_point(|other| self.edge(other) <= self.edge(&block));
        self.standing.insert(below, block);
        Some(block)
    }

    #[inline]
    fn note(&mut self, row: i64, bar: Bar) {
        let bar = seen(bar, self.mirrored);
        while self.lows.back().is_some_and(|(_, last)| last.low >= bar.low) {
            self.lows.pop_back();
        }
        self.lows.push_back((row, bar));
        if bar.close < bar.open {
            self.opposite = Some((row, bar));
        }
        self.last = Some((row, bar));
    }

    /// Swings are broken no more once there is a later one: what lies before it is not asked for again.
    fn forget(&mut self, swing: &Swing) {
        while self.lows.front().is_some_and(|(row, _)| *row <= swing.row) {
            self.lows.pop_front();
        }
    }
}

/// All blocks of a symbol's candles, which follow one another without a hole.
#[derive(Clone, Debug)]
pub struct Blocks {
    select: Select,
    bullish: Side,
    bearish: Side,
    row: i64,
}

impl Blocks {
    /// Before the first candle.
    #[must_use]
    pub fn new(select: Select) -> Self {
        let side = |mirrored| Side { mirrored, ..Side::default() };
        Self { select, bullish: side(false), bearish: side(true), row: 0 }
    }

    /// Take the next closed candle, the break by its close and the swing that it confirms.
    #[inline]
    pub fn push(
        &mut self,
        bar: Bar,
        broken: Option<Break>,
        confirmed: Option<Swing>,
        mut tell: impl FnMut(Block, Turn),
    ) {
        self.bullish.meet(bar, &mut tell);
        self.bearish.meet(bar, &mut tell);
        if let Some(broken) = broken {
            let side = if broken.up { &mut self.bullish } else { &mut self.bearish };
            if let Some(block) = side.broken(&broken, self.select) {
                tell(block, Turn::Created);
            }
        }
        self.bullish.note(self.row, bar);
        self.bearish.note(self.row, bar);
        if let Some(swing) = confirmed {
            if swing.high { self.bullish.forget(&swing) } else { self.bearish.forget(&swing) }
        }
        self.row += 1;
    }
}

/// The blocks of breaks that are given, in the order of their rows.
#[must_use]
pub fn of_breaks(bars: impl Iterator<Item = Bar>, breaks: &[Break], select: Select) -> Vec<Block> {
    let mut blocks = Blocks::new(select);
    let mut breaks = breaks.iter().copied().peekable();
    let mut out = Vec::new();
    for (row, bar) in (0..).zip(bars) {
        let broken = breaks.next_if(|broken| broken.row == row);
        blocks.push(bar, broken, None, |block, turn| {
            if turn == Turn::Created {
                out.push(block);
            }
        });
    }
    out
}
