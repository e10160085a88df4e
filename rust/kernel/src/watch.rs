//! Armed price levels of one symbol: which of them does a price cross?
//!
//! A DOWN level is crossed by a price at or below it, an UP level by a price at or above it. A price that crosses nothing
//! costs two comparisons, whatever the number of levels.

use std::collections::{BTreeMap, BTreeSet};

use crate::units::{ceil_units, checked_units, to_units};

/// The prices that cross nothing: those strictly between two levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The highest DOWN level; `-i64::MAX` where there is none.
    pub down: i64,
    /// The lowest UP level; `i64::MAX` where there is none.
    pub up: i64,
}

impl Quiet {
    /// No level at all: every price is quiet.
    pub const ALL: Self = Self { down: -i64::MAX, up: i64::MAX };

    /// Whether a price is at or beyond one of the two levels.
    #[must_use]
    #[inline]
    pub const fn crossed_by(&self, price: i64) -> bool {
        price <= self.down || price >= self.up
    }

    /// Whether any price between `low` and `high` is at or beyond one of the two levels.
    #[must_use]
    #[inline]
    pub const fn crossed_within(&self, low: i64, high: i64) -> bool {
        low <= self.down || high >= self.up
    }

    /// The prices that are quiet for both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { down: self.down.max(other.down), up: self.up.min(other.up) }
    }

    /// The same levels with every price negated, so that DOWN and UP change places.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        Self { down: -self.up, up: -self.down }
    }
}

#[derive(Clone, Copy, Debug)]
struct Armed {
    up: bool,
    level: i64,
    sticky: bool,
}

/// A level that follows the best price seen since it was armed, at `k` times a line.
#[derive(Clone, Copy, Debug)]
struct Trail {
    up: bool,
    k: f64,
    best: i64,
    floor: Option<i64>,
    /// The first frame after arming began before it: of that one only the prices seen since count.
    whole_frame: bool,
}

/// The armed levels of one symbol.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Prices in this inclusive range need nothing but to be remembered as the last one.
    calm: (i64, i64),
    last: Option<i64>,
    dropped: u64,
    armed: BTreeMap<i64, Armed>,
    // Both sides are kept in the order in which a price meets them, nearest first: UP as (level, id), DOWN as (-level, id).
    up: BTreeSet<(i64, i64)>,
    down: BTreeSet<(i64, i64)>,
    trails: BTreeMap<i64, Trail>,
    /// Lowest and highest price since the trails' best prices were last brought up to date.
    seen: Option<(i64, i64)>,
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

impl Watch {
    /// A watch with nothing armed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            calm: (-i64::MAX, i64::MAX),
            last: None,
            dropped: 0,
            armed: BTreeMap::new(),
            up: BTreeSet::new(),
            down: BTreeSet::new(),
            trails: BTreeMap::new(),
            seen: None,
        }
    }

    /// Arms a level, replacing the one armed under this id; true if the last price is already at or beyond it.
    pub fn arm(&mut self, id: i64, up: bool, level: i64, sticky: bool) -> bool {
        self.remove(id);
        self.place(id, Armed { up, level, sticky });
        self.settle();
        self.last.is_some_and(|last| beyond(up, level, last))
    }

    /// Arms a level that [`Watch::frame`] moves, replacing what is armed under this id.
    ///
    /// `best` is the best price so far (highest for DOWN, lowest for UP), `floor` the loosest level allowed; a `level` of
    /// `None` is placed by the first frame.
    pub fn arm_trail(&mut self, id: i64, up: bool, k: f64, best: i64, floor: Option<i64>, level: Option<i64>) {
        self.remove(id);
        self.fold_seen();
        self.trails.insert(id, Trail { up, k, best, floor, whole_frame: false });
        if let Some(level) = level {
            self.place(id, Armed { up, level, sticky: false });
        }
        self.settle();
    }

    /// Disarms an id; false if nothing was armed under it.
    pub fn disarm(&mut self, id: i64) -> bool {
        let was_armed = self.remove(id);
        self.settle();
        was_armed
    }

    /// Disarms everything; the last price stays known.
    pub fn clear(&mut self) {
        *self = Self { last: self.last, dropped: self.dropped, ..Self::new() };
    }

    /// Takes a price from the wire; the ids it crosses, nearest first, or `None` if it crosses nothing.
    #[inline]
    pub fn tick(&mut self, price: f64) -> Option<Vec<i64>> {
        let Some(units) = checked_units(price) else {
            self.dropped += 1;
            return None;
        };
        if units >= self.calm.0 && units <= self.calm.1 {
            self.last = Some(units);
            return None;
        }
        let crossed = self.touch(units);
        (!crossed.is_empty()).then_some(crossed)
    }

    /// Feeds prices from row `start` until one crosses; its row and the ids, exactly as one [`Watch::tick`] per row would.
    pub fn scan(&mut self, prices: &[f64], start: usize) -> Option<(usize, Vec<i64>)> {
        let mut row = start;
        loop {
            let (low, high) = self.calm;
            let rest = prices.get(row..)?;
            let calm = |&price: &f64| checked_units(price).is_some_and(|units| units >= low && units <= high);
            let skipped = rest.iter().position(|price| !calm(price)).unwrap_or(rest.len());
            if let Some(&price) = rest[..skipped].last() {
                self.last = Some(to_units(price));
            }
            row += skipped;
            if let Some(crossed) = self.tick(*prices.get(row)?) {
                return Some((row, crossed));
            }
            row += 1;
        }
    }

    /// Takes an exact price in units; the ids it crosses: DOWN levels from the highest, then UP levels from the lowest,
    /// equal levels by id. The crossed levels that are not sticky are disarmed.
    pub fn touch(&mut self, price: i64) -> Vec<i64> {
        self.last = Some(price);
        self.see(price, price);
        let down = self.down.range(..=(-price, i64::MAX));
        let up = self.up.range(..=(price, i64::MAX));
        let crossed: Vec<i64> = down.chain(up).map(|&(_, id)| id).collect();
        for &id in &crossed {
            if !self.armed[&id].sticky {
                self.remove(id);
            }
        }
        self.settle();
        crossed
    }

    /// The ids at or beyond which the last price stands, as if it had come again.
    pub fn pending(&mut self) -> Vec<i64> {
        self.last.map_or_else(Vec::new, |last| self.touch(last))
    }

    /// Moves the trailing levels at the close of a frame; true if one now lies at or beyond the last price.
    ///
    /// DOWN: `level = max(level, floor, best − k·line)`, UP mirrored, compared unrounded: the offset is rounded away from
    /// the market by less than a unit, which no price can tell. A line that is NaN moves nothing. A level is never loosened.
    ///
    /// Source: strategies §5.5 (`ATR_TRAIL`): the best price counts from arming, so the frame in which a trail was armed
    /// counts only by the prices seen since.
    pub fn frame(&mut self, high: i64, low: i64, line: f64) -> bool {
        self.fold_seen();
        let mut moved = Vec::with_capacity(self.trails.len());
        for (&id, trail) in &mut self.trails {
            if trail.whole_frame {
                trail.meet(low, high);
            }
            trail.whole_frame = true;
            let offset = trail.k * line;
            if !offset.is_finite() {
                continue;
            }
            let now = self.armed.get(&id).map(|armed| armed.level);
            let level = trail.level(ceil_units(offset), now);
            if now != Some(level) {
                moved.push((id, Armed { up: trail.up, level, sticky: false }));
            }
        }
        let mut met = false;
        for (id, armed) in moved {
            self.displace(id);
            self.place(id, armed);
            met |= self.last.is_some_and(|last| beyond(armed.up, armed.level, last));
        }
        self.settle();
        met
    }

    /// Tells the trails of prices that crossed nothing and were not fed one by one.
    pub fn see(&mut self, low: i64, high: i64) {
        if !self.trails.is_empty() {
            let (lowest, highest) = self.seen.unwrap_or((low, high));
            self.seen = Some((lowest.min(low), highest.max(high)));
        }
    }

    /// Sets the last price without comparing it with anything.
    pub fn stand_at(&mut self, price: i64) {
        self.last = Some(price);
    }

    /// The prices that cross nothing.
    #[must_use]
    pub fn quiet(&self) -> Quiet {
        Quiet {
            down: self.down.first().map_or(Quiet::ALL.down, |&(key, _)| -key),
            up: self.up.first().map_or(Quiet::ALL.up, |&(key, _)| key),
        }
    }

    /// Whether a level here moves with closed frames.
    #[must_use]
    pub fn has_trails(&self) -> bool {
        !self.trails.is_empty()
    }

    /// The highest DOWN level and the lowest UP level.
    #[must_use]
    pub fn nearest(&self) -> (Option<i64>, Option<i64>) {
        (self.down.first().map(|&(key, _)| -key), self.up.first().map(|&(key, _)| key))
    }

    /// Every placed level as (id, up, level), by id.
    #[must_use]
    pub fn levels(&self) -> Vec<(i64, bool, i64)> {
        self.armed.iter().map(|(&id, armed)| (id, armed.up, armed.level)).collect()
    }

    /// The last price taken.
    #[must_use]
    pub const fn last(&self) -> Option<i64> {
        self.last
    }

    /// How many impossible prices were ignored.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn place(&mut self, id: i64, armed: Armed) {
        self.side(armed.up).insert(key(id, armed));
        self.armed.insert(id, armed);
    }

    fn displace(&mut self, id: i64) -> bool {
        let Some(armed) = self.armed.remove(&id) else { return false };
        self.side(armed.up).remove(&key(id, armed))
    }

    fn remove(&mut self, id: i64) -> bool {
        let placed = self.displace(id);
        self.trails.remove(&id).is_some() || placed
    }

    fn side(&mut self, up: bool) -> &mut BTreeSet<(i64, i64)> {
        if up { &mut self.up } else { &mut self.down }
    }

    fn fold_seen(&mut self) {
        if let Some((low, high)) = self.seen.take() {
            for trail in self.trails.values_mut() {
                trail.meet(low, high);
            }
        }
    }

    /// Brings the calm range up to date; with a trail armed a new extreme is not calm.
    fn settle(&mut self) {
        let quiet = self.quiet();
        self.calm = (quiet.down.saturating_add(1), quiet.up.saturating_sub(1));
        if self.has_trails() {
            let (low, high) = self.seen.unwrap_or((i64::MAX, -i64::MAX));
            self.calm = (self.calm.0.max(low), self.calm.1.min(high));
        }
    }
}

impl Trail {
    fn meet(&mut self, low: i64, high: i64) {
        self.best = if self.up { self.best.min(low) } else { self.best.max(high) };
    }

    fn level(&self, offset: i64, now: Option<i64>) -> i64 {
        // Mirrored for UP, so that tighter is always higher.
        let sign = if self.up { -1 } else { 1 };
        let trailing = (sign * self.best).saturating_sub(offset);
        let tightest = [self.floor, now].into_iter().flatten().map(|level| sign * level).fold(trailing, i64::max);
        sign * tightest
    }
}

const fn beyond(up: bool, level: i64, price: i64) -> bool {
    if up { price >= level } else { price <= level }
}

const fn key(id: i64, armed: Armed) -> (i64, i64) {
    (if armed.up { armed.level } else { -armed.level }, id)
}
