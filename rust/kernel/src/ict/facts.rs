//! Everything that the concepts say, in one list: what became known at the close of which candle.

use super::Bar;
use super::alternation::{Alternation, Step};
use super::blocks::{self, Block, Blocks, Select};
use super::gaps::{self, Gap, Gaps};
use super::liquidity::{How, Side, Taken};
use super::settings::ATR;
use crate::recursive::Range;
use crate::structure::{Break, Structure, Swing};

/// What became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A swing, the next one of the alternating list.
    SwingAdded,
    /// A swing that stands for the last one of that list.
    SwingReplaced,
    /// A swing that the list leaves out.
    SwingDropped,
    /// A break of structure.
    Bos,
    /// A change of character.
    Choch,
    /// A fair value gap is there.
    GapFound,
    /// It was touched.
    GapTouched,
    /// It was filled.
    GapFilled,
    /// An order block is there.
    BlockCreated,
    /// It was mitigated.
    BlockMitigated,
    /// Liquidity was swept.
    Swept,
    /// It was broken by a close.
    Broken,
    /// It was traded beyond, with a close at its level.
    Met,
}

/// A fact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fact {
    /// Row of the candle at whose close it is known.
    pub row: i64,
    /// What.
    pub what: What,
    /// A high, a break upwards, bullish, buy-side; else the other one.
    pub up: bool,
    /// Row of the swing, of the gap's middle candle, of the block.
    pub at: i64,
    /// Lower edge of what it is about.
    pub bottom: f64,
    /// Upper edge; of a swing and a break it is the level too.
    pub top: f64,
}

impl Fact {
    /// What and which way in one number: the place of `what` among its kinds, doubled, and one more if it goes up.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.what as i64 * 2 + i64::from(self.up)
    }
}

/// The numbers of the concepts.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Candles before a swing that do not exceed it.
    pub left: usize,
    /// Candles after it.
    pub right: usize,
    /// Levels no further apart than this many average true ranges are one pool.
    pub eq_tol: f64,
    /// Gaps smaller than this many average true ranges do not count.
    pub min_fvg_atr: f64,
    /// Which candle is an order block.
    pub select: Select,
}

/// All concepts over a symbol's candles, which follow one another without a hole.
#[derive(Clone, Debug)]
pub struct Facts {
    rules: Rules,
    structure: Structure,
    alternation: Alternation,
    gaps: Gaps,
    blocks: Blocks,
    highs: Side,
    lows: Side,
    line: Range,
    range: f64,
    row: i64,
}

impl Facts {
    /// Before the first candle.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            structure: Structure::new(rules.left, rules.right),
            alternation: Alternation::default(),
            gaps: Gaps::default(),
            blocks: Blocks::new(rules.select),
            highs: Side::new(false),
            lows: Side::new(true),
            line: Range::new(ATR),
            range: f64::NAN,
            row: 0,
        }
    }

    /// The dealing range: the last alternating swing low and swing high.
    #[must_use]
    pub fn dealing_range(&self) -> Option<[f64; 2]> {
        self.alternation.range()
    }

    /// Take the next closed candle: liquidity, structure, blocks, gaps.
    #[inline]
    pub fn push(&mut self, bar: Bar, mut tell: impl FnMut(Fact)) {
        let row = self.row;
        let pooled = if self.range.is_nan() { 0.0 } else { self.rules.eq_tol * self.range };
        self.highs.meet(row, bar, pooled, |taken| tell(of_liquidity(taken)));
        self.lows.meet(row, bar, pooled, |taken| tell(of_liquidity(taken)));
        let (broken, confirmed) = self.structure.push(bar.high, bar.low, bar.close);
        if let Some(broken) = broken {
            tell(of_break(broken));
        }
        self.blocks.push(bar, broken, confirmed, |block, turn| tell(of_block(row, block, turn)));
        if let Some(swing) = confirmed {
            tell(of_swing(swing, self.alternation.push(swing)));
            if swing.high { self.highs.add(swing) } else { self.lows.add(swing) }
        }
        self.range = self.line.push(bar.high, bar.low, bar.close);
        let least = if self.rules.min_fvg_atr > 0.0 { self.rules.min_fvg_atr * self.range } else { 0.0 };
        self.gaps.push(bar, least, |gap, turn| tell(of_gap(row, gap, turn)));
        self.row += 1;
    }
}

fn of_liquidity(Taken { row, high: up, swing: at, level, inner, how }: Taken) -> Fact {
    let what = match how {
        How::Swept => What::Swept,
        How::Broken => What::Broken,
        How::Met => What::Met,
    };
    Fact { row, what, up, at, bottom: level.min(inner), top: level.max(inner) }
}

fn of_break(Break { row, up, turned, swing: at, level }: Break) -> Fact {
    Fact { row, what: if turned { What::Choch } else { What::Bos }, up, at, bottom: level, top: level }
}

fn of_swing(Swing { confirmed: row, row: at, high: up, level }: Swing, step: Step) -> Fact {
    let what = match step {
        Step::Added => What::SwingAdded,
        Step::Replaced => What::SwingReplaced,
        Step::Dropped => What::SwingDropped,
    };
    Fact { row, what, up, at, bottom: level, top: level }
}

fn of_block(row: i64, Block { bullish: up, row: at, bottom, top, .. }: Block, turn: blocks::Turn) -> Fact {
    let what = match turn {
        blocks::Turn::Created => What::BlockCreated,
        blocks::Turn::Mitigated => What::BlockMitigated,
    };
    Fact { row, what, up, at, bottom, top }
}

fn of_gap(row: i64, Gap { row: at, bullish: up, bottom, top }: Gap, turn: gaps::Turn) -> Fact {
    let what = match turn {
        gaps::Turn::Found => What::GapFound,
        gaps::Turn::Touched => What::GapTouched,
        gaps::Turn::Filled => What::GapFilled,
    };
    Fact { row, what, up, at, bottom, top }
}

/// Facts in columns.
#[derive(Clone, Debug, Default)]
pub struct FactColumns {
    /// [`Fact::row`].
    pub row: Vec<i64>,
    /// [`Fact::code`].
    pub code: Vec<i64>,
    /// [`Fact::at`].
    pub at: Vec<i64>,
    /// [`Fact::bottom`].
    pub bottom: Vec<f64>,
    /// [`Fact::top`].
    pub top: Vec<f64>,
}

impl FactColumns {
    fn push(&mut self, fact: &Fact) {
        self.row.push(fact.row);
        self.code.push(fact.code());
        self.at.push(fact.at);
        self.bottom.push(fact.bottom);
        self.top.push(fact.top);
    }
}

/// The facts over columns of candles, in the order in which they became known.
#[must_use]
pub fn facts(open: &[f64], high: &[f64], low: &[f64], close: &[f64], rules: Rules) -> FactColumns {
    let mut facts = Facts::new(rules);
    let mut out = FactColumns::default();
    for (((open, high), low), close) in open.iter().zip(high).zip(low).zip(close) {
        facts.push(Bar { open: *open, high: *high, low: *low, close: *close }, |fact| out.push(&fact));
    }
    out
}
