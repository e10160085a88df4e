//! Armed price levels of one symbol: which of them does a price cross?
//!
//! A DOWN level is crossed by a price at or below it, an UP level by a price at or above it. A price that crosses nothing
//! costs two comparisons, whatever the number of levels.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::history::Tape;
use crate::trail::{Frames, Trail};
use crate::units::{checked_units, to_units};

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

    /// Arms a level that closed frames move, replacing what is armed under this id.
    ///
    /// `best` is the best price so far (highest for DOWN, lowest for UP), `floor` the loosest level allowed; a `level` of
    /// `None` is placed by the first frame. Over a tape, prices and frames later than `since_ns` count.
    pub fn arm_trail(
        &mut self,
        id: i64,
        up: bool,
        k: f64,
        best: i64,
        floor: Option<i64>,
        level: Option<i64>,
        since_ns: i64,
    ) {
        self.remove(id);
        self.fold_seen();
        self.trails.insert(id, Trail::new(up, k, best, floor, level, since_ns));
        if let Some(level) = level {
            self.place(id, Armed { up, level, sticky: false });
        }
        self.settle();
    }

    /// Arms a trail again where it is, with another floor from its next frame on; false if there is none under this id.
    pub fn rearm_trail(&mut self, id: i64, floor: Option<i64>) -> bool {
        let Some(trail) = self.trails.get_mut(&id) else { return false };
        trail.floor = floor;
        let again = std::mem::take(&mut trail.met).then_some(trail.level).flatten();
        if let Some(level) = again {
            let up = trail.up;
            self.place(id, Armed { up, level, sticky: false });
            self.settle();
        }
        true
    }

    /// Disarms an id; false if nothing was armed under it.
    pub fn disarm(&mut self, id: i64) -> bool {
        let was_armed = self.remove(id);
        self.settle();
        was_armed
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
    /// equal levels by id. The crossed levels that are not sticky are disarmed; a trail goes on following, to be armed again.
    pub fn touch(&mut self, price: i64) -> Vec<i64> {
        self.last = Some(price);
        self.see(price);
        let down = self.down.range(..=(-price, i64::MAX));
        let up = self.up.range(..=(price, i64::MAX));
        let crossed: Vec<i64> = down.chain(up).map(|&(_, id)| id).collect();
        for &id in &crossed {
            if !self.armed[&id].sticky {
                self.displace(id);
            }
            if let Some(trail) = self.trails.get_mut(&id) {
                trail.met = true;
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
    pub fn frame(&mut self, high: i64, low: i64, line: f64) -> bool {
        self.move_trails(|trail| trail.close(high, low, line))
    }

    /// Takes what a tape holds up to a time without meeting any level: the trailing ones follow its prices and the frames
    /// that close until then, and the last price is the one standing; true if a level that moved is at or beyond it.
    ///
    /// A price comes before the close of a frame at its own instant, so a frame that closes at `until_ns` itself is taken
    /// only with `closed`. What a trail has taken once it does not take again.
    pub fn advance(&mut self, tape: &impl Tape, frames: &Frames, until_ns: i64, closed: bool) -> bool {
        let rows = self.closed_ns().map_or(0..0, |after_ns| frames.between(after_ns, until_ns, closed));
        self.advance_over(tape, frames, rows, until_ns)
    }

    /// [`Watch::advance`] where the rows of the frames are known.
    pub(crate) fn advance_over(
        &mut self,
        tape: &impl Tape,
        frames: &Frames,
        rows: Range<usize>,
        until_ns: i64,
    ) -> bool {
        self.last = tape.price_at(until_ns).or(self.last);
        self.move_trails(|trail| trail.follow(tape, frames, rows.clone(), until_ns))
    }

    /// The prices that cross nothing.
    #[must_use]
    pub fn quiet(&self) -> Quiet {
        Quiet {
            down: self.down.first().map_or(Quiet::ALL.down, |&(key, _)| -key),
            up: self.up.first().map_or(Quiet::ALL.up, |&(key, _)| key),
        }
    }

    /// Whether a level that a price can meet moves with closed frames.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.trails.values().any(|trail| !trail.met)
    }

    /// The close of the last frame that every trail has taken off a tape; `None` without a trail.
    pub(crate) fn closed_ns(&self) -> Option<i64> {
        self.trails.values().map(Trail::closed_ns).min()
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

    /// Lets the trails follow, and places those that have moved; true if one now lies at or beyond the last price.
    fn move_trails(&mut self, follow: impl Fn(&mut Trail)) -> bool {
        self.fold_seen();
        let mut moved = Vec::new();
        for (&id, trail) in &mut self.trails {
            let before = trail.level;
            follow(trail);
            if let Some(level) = trail.level.filter(|_| !trail.met && trail.level != before) {
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

    fn side(&mut self, up: bool) -> &mut BTreeSet<(i64, i64)> {
        if up { &mut self.up } else { &mut self.down }
    }

    fn see(&mut self, price: i64) {
        if !self.trails.is_empty() {
            let (lowest, highest) = self.seen.unwrap_or((price, price));
            self.seen = Some((lowest.min(price), highest.max(price)));
        }
    }

    fn fold_seen(&mut self) {
        if let Some((low, high)) = self.seen.take() {
            for trail in self.trails.values_mut() {
                trail.see(low, high);
            }
        }
    }

    /// Brings the calm range up to date; with a trail armed a new extreme is not calm.
    fn settle(&mut self) {
        let quiet = self.quiet();
        self.calm = (quiet.down.saturating_add(1), quiet.up.saturating_sub(1));
        if !self.trails.is_empty() {
            let (low, high) = self.seen.unwrap_or((i64::MAX, -i64::MAX));
            self.calm = (self.calm.0.max(low), self.calm.1.min(high));
        }
    }
}

const fn beyond(up: bool, level: i64, price: i64) -> bool {
    if up { price >= level } else { price <= level }
}

const fn key(id: i64, armed: Armed) -> (i64, i64) {
    (if armed.up { armed.level } else { -armed.level }, id)
}
