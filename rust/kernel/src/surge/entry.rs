//! From conditions to an entry, from entries to signals and episodes. Source: strategies §3, D-40; R004-27.

use super::conditions::{FIFTEEN_BITS, FIFTEEN_SHIFT, GAP_BB_BIT, MINUTE_BITS, STATE_80_480_BIT, THREE_BITS, V32_BIT};
use super::settings::{Preset, Settings};

/// How many of the thirteen have to hold in the older entry.
const NINE: u32 = 9;
const THIRTEEN_BITS: u32 = MINUTE_BITS | STATE_80_480_BIT | GAP_BB_BIT | FIFTEEN_BITS;

/// Which part of the rule raised a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The one-minute conditions only.
    OneMinute,
    /// The three-minute conditions only.
    ThreeMinute,
    /// Both.
    Both,
    /// The older entry, which has no parts.
    NineOfThirteen,
}

/// The entry as a function of the conditions.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    preset: Preset,
    minute: u32,
    fifteen: u32,
    /// Three-minute bits that all have to hold whichever part raises the entry.
    filter: u32,
}

impl Entry {
    /// The entry of a preset.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            preset: settings.preset,
            minute: settings.minute.min_true,
            fifteen: settings.fifteen.min_true,
            filter: if settings.preset == Preset::V32 { V32_BIT } else { 0 },
        }
    }

    /// S1, S3 and S15; all false for the older entry, which has no parts.
    #[inline]
    #[must_use]
    pub fn parts(&self, mask: u32) -> [bool; 3] {
        if self.preset == Preset::NineOfThirteen {
            return [false; 3];
        }
        [(mask & MINUTE_BITS).count_ones() >= self.minute, mask & THREE_BITS == THREE_BITS, self.fifteen_minutes(mask)]
    }

    #[inline]
    fn fifteen_minutes(&self, mask: u32) -> bool {
        /// How many bits are set, for each value of four of them.
        const ONES: u64 = 0x4332_3221_3221_2110;
        (ONES >> ((mask >> FIFTEEN_SHIFT & 0xF) * 4) & 0xF) as u32 >= self.fifteen
    }

    /// What raises an entry, if anything does.
    #[inline]
    #[must_use]
    pub fn tag(&self, mask: u32) -> Option<Tag> {
        if self.preset == Preset::NineOfThirteen {
            return ((mask & THIRTEEN_BITS).count_ones() >= NINE).then_some(Tag::NineOfThirteen);
        }
        if !self.fifteen_minutes(mask) || mask & self.filter != self.filter {
            return None;
        }
        match self.parts(mask) {
            [true, true, _] => Some(Tag::Both),
            [true, false, _] => Some(Tag::OneMinute),
            [false, true, _] => Some(Tag::ThreeMinute),
            [false, false, _] => None,
        }
    }
}

/// A verdict to enter, at the close of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// When the minute closed.
    pub close_ns: i64,
    /// What raised it.
    pub tag: Tag,
    /// Which spell of consecutive minutes with an entry it belongs to, from 1.
    pub episode: u32,
}

/// Makes signals of the entries of consecutive minutes.
#[derive(Clone, Copy, Debug)]
pub struct Emitter {
    /// The last minute with an entry.
    last_ns: Option<i64>,
    /// The last three-minute candle that raised a signal.
    spent_ns: Option<i64>,
    minute_ns: i64,
    three_ns: i64,
    /// Spells so far.
    pub episodes: u32,
    /// Minutes with an entry so far.
    pub minutes: u64,
}

impl Emitter {
    /// Nothing emitted.
    #[must_use]
    pub fn new(minute_ns: i64, three_ns: i64) -> Self {
        Self { last_ns: None, spent_ns: None, minute_ns, three_ns, episodes: 0, minutes: 0 }
    }

    /// Take the entry of a minute; its signal, if its three-minute candle has not raised one already.
    pub fn take(&mut self, close_ns: i64, tag: Tag) -> Option<Signal> {
        if self.last_ns != Some(close_ns - self.minute_ns) {
            self.episodes += 1;
        }
        self.last_ns = Some(close_ns);
        self.minutes += 1;
        if matches!(tag, Tag::ThreeMinute | Tag::Both) {
            let bar = close_ns - close_ns.rem_euclid(self.three_ns);
            if self.spent_ns == Some(bar) {
                return None;
            }
            self.spent_ns = Some(bar);
        }
        Some(Signal { close_ns, tag, episode: self.episodes })
    }
}
