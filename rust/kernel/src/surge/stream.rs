//! Surge verdicts one closed one-minute candle at a time.

use super::conditions::{OnFifteen, OnMinutes, OnThree};
use super::days::{DAY_NS, Days};
use super::entry::{Emitter, Entry, Signal};
use super::frames::FrameStream;
use super::settings::{Preset, Settings};
use super::word::{CAUSES, COLD_3M, COLD_15M};
use super::{FIFTEEN_NS, MARKS, MINUTE_NS, THREE_NS};
use crate::candles::{Aggregator, Candle, Kind};

/// Frames of one length: built from minutes, and others where there are none.
#[derive(Clone, Debug)]
struct Source {
    frame_ns: i64,
    own: Aggregator,
    /// The others, the next one last.
    others: Vec<Candle>,
}

impl Source {
    fn new(frame_ns: i64, mut others: Vec<Candle>) -> Self {
        others.reverse();
        Self { frame_ns, own: Aggregator::new(MINUTE_NS, frame_ns), others }
    }

    /// Take the next minute; `take` gets the frames that have closed by its close.
    fn push(&mut self, minute: Candle, mut take: impl FnMut(Candle)) -> Result<(), Kind> {
        let own = self.own.push(minute)?;
        let newest_ns = minute.open_time_ns + MINUTE_NS - self.frame_ns;
        while let Some(other) = self.others.last().copied().filter(|other| other.open_time_ns <= newest_ns) {
            self.others.pop();
            if own.is_none_or(|own| own.open_time_ns != other.open_time_ns) {
                take(other);
            }
        }
        own.into_iter().for_each(take);
        Ok(())
    }
}

/// The verdicts of one symbol and direction.
#[derive(Clone, Debug)]
pub struct Stream {
    minute: FrameStream<OnMinutes>,
    three: Option<FrameStream<OnThree>>,
    fifteen: FrameStream<OnFifteen>,
    days: Days,
    sources: [Source; 3],
    words: [u32; 2],
    day: (i64, u32),
    entry: Entry,
    emitter: Emitter,
    word: u32,
}

impl Stream {
    /// Before the first minute; `longer` are candles of 3 minutes, 15 minutes and a day from elsewhere, in time order,
    /// used where the minutes have none.
    #[must_use]
    pub fn new(settings: &Settings, short: bool, longer: [Vec<Candle>; 3]) -> Self {
        let sign = if short { -1.0 } else { 1.0 };
        let [three, fifteen, days] = longer;
        let on_three = || FrameStream::new(settings, OnThree(settings.three), MARKS[1], THREE_NS, sign);
        Self {
            minute: FrameStream::new(settings, OnMinutes::new(settings), MARKS[0], MINUTE_NS, sign),
            three: (settings.preset != Preset::NineOfThirteen).then(on_three),
            fifteen: FrameStream::new(settings, OnFifteen(settings.fifteen), MARKS[2], FIFTEEN_NS, sign),
            days: Days::new(settings.daily, short),
            sources: [Source::new(THREE_NS, three), Source::new(FIFTEEN_NS, fifteen), Source::new(DAY_NS, days)],
            words: [0; 2],
            day: (i64::MIN, 0),
            entry: Entry::new(settings),
            emitter: Emitter::new(MINUTE_NS, THREE_NS),
            word: CAUSES,
        }
    }

    /// Take the next closed minute; its signal, if it raises one.
    ///
    /// # Errors
    /// The candle is off the grid, or not later than the one before; the state is unchanged.
    pub fn push(&mut self, candle: Candle) -> Result<Option<Signal>, Kind> {
        let Self { minute, three, fifteen, days, sources, words, .. } = self;
        sources[0].push(candle, |frame| {
            if let Some(three) = three {
                words[0] = three.push(frame.open_time_ns, frame.open, frame.close, frame.volume);
            }
        })?;
        sources[1].push(candle, |frame| {
            words[1] = fifteen.push(frame.open_time_ns, frame.open, frame.close, frame.volume);
        })?;
        sources[2].push(candle, |day| days.push(day))?;
        let close_ns = candle.open_time_ns + MINUTE_NS;
        let day = close_ns.div_euclid(DAY_NS);
        if self.day.0 != day {
            self.day = (day, days.word(close_ns));
        }
        let of_minute = minute.push(candle.open_time_ns, candle.open, candle.close, candle.volume);
        let of_three =
            three.as_ref().map_or(0, |three| current(three.closed_ns(), close_ns, THREE_NS, words[0], COLD_3M));
        let of_fifteen = current(fifteen.closed_ns(), close_ns, FIFTEEN_NS, words[1], COLD_15M);
        self.word = of_minute | of_three | of_fifteen | self.day.1;
        let tag = if self.word & CAUSES == 0 { self.entry.tag(self.word) } else { None };
        Ok(tag.and_then(|tag| self.emitter.take(close_ns, tag)))
    }

    /// The last minute's conditions, and in the high bits the causes for which it cannot be read.
    #[must_use]
    pub fn word(&self) -> u32 {
        self.word
    }
}

/// The word of the frame that closed last, if that is the one before the frame now forming.
fn current(closed_ns: Option<i64>, now_ns: i64, frame_ns: i64, word: u32, cold: u32) -> u32 {
    if closed_ns == Some(now_ns - now_ns.rem_euclid(frame_ns)) { word } else { cold }
}
