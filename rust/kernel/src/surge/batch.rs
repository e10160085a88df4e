//! Surge verdicts over columns of one-minute candles.

use std::borrow::Cow;

use super::attribution::Histogram;
use super::conditions::{OnFifteen, OnMinutes, OnThree, Part};
use super::days::{DAY_NS, Days};
use super::entry::{Emitter, Entry, Signal};
use super::frames::{FrameWords, Marks, Run, Scratch};
use super::settings::{Preset, Settings};
use super::sources::{Closes, Longer, Sources, runs};
use super::word::{CAUSES, CAUSES_SHIFT};
use super::{FIFTEEN_NS, MARKS, MINUTE_NS, THREE_NS};
use crate::candles::{Fault, View};

/// Minutes by the set of causes for which they could not be read, in the order of the bits in [`super::word`].
pub type Causes = [u64; 128];

/// What was found.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// All signals, in time order.
    pub signals: Vec<Signal>,
    /// The minutes that could be read, by what held in them.
    pub histogram: Histogram,
    /// All minutes.
    pub minutes: u64,
    /// Minutes that could not be read.
    pub not_ready: Causes,
    /// Minutes with an entry.
    pub entry_minutes: u64,
    /// Spells of consecutive minutes with an entry.
    pub episodes: u32,
    /// Days that counted and were known at the first close and at the last.
    pub days_known: [usize; 2],
}

impl Verdicts {
    /// Nothing found yet in so many minutes.
    fn of(minutes: usize) -> Self {
        Self {
            signals: Vec::new(),
            histogram: Histogram::default(),
            minutes: minutes as u64,
            not_ready: [0; 128],
            entry_minutes: 0,
            episodes: 0,
            days_known: [0; 2],
        }
    }
}

/// The verdict of every minute.
///
/// # Errors
/// The first row whose time is off the grid, out of order or a duplicate.
pub fn verdicts(view: View<'_>, longer: Longer<'_>, settings: &Settings, short: bool) -> Result<Verdicts, Fault> {
    let Sources { three, fifteen, days } = Sources::new(view, longer)?;
    let mut scratch = Scratch::new(settings);
    let mut longer = Frames {
        three: match settings.preset {
            // The older entry has no three-minute part: nothing of it is asked for.
            Preset::NineOfThirteen => None,
            _ => Some(Words::new(settings, OnThree(settings.three), MARKS[1], three, THREE_NS, short, &mut scratch)),
        },
        fifteen: Words::new(settings, OnFifteen(settings.fifteen), MARKS[2], fifteen, FIFTEEN_NS, short, &mut scratch),
        days: Days::new(settings.daily, short),
        day_word: 0,
        midnight_ns: i64::MIN,
        until_ns: i64::MIN,
        word: 0,
    };
    for day in days {
        longer.days.push(day);
    }
    let mut out = Verdicts::of(view.close.len());
    let entry = Entry::new(settings);
    let mut emitter = Emitter::new(MINUTE_NS, THREE_NS);
    let mut words = FrameWords::new(settings, OnMinutes::new(settings), MARKS[0]);
    let prices = [view.open, view.close].map(|column| mirrored(column, short));
    for rows in runs(view.open_time_ns, MINUTE_NS) {
        let first_ns = view.open_time_ns[rows.start];
        let run = Run {
            first: first_ns.div_euclid(MINUTE_NS),
            open: &prices[0].as_ref()[rows.clone()],
            close: &prices[1].as_ref()[rows.clone()],
            volume: &view.volume[rows],
        };
        let mut close_ns = first_ns;
        words.run(&run, &mut scratch, |_, word| {
            close_ns += MINUTE_NS;
            let word = word | longer.word(close_ns);
            if word & CAUSES != 0 {
                out.not_ready[(word >> CAUSES_SHIFT) as usize] += 1;
                return;
            }
            out.histogram.count(word);
            if let Some(tag) = entry.tag(word) {
                out.signals.extend(emitter.take(close_ns, tag));
            }
        });
    }
    if let (Some(first), Some(last)) = (view.open_time_ns.first(), view.open_time_ns.last()) {
        out.days_known = [first, last].map(|open_ns| longer.days.count(open_ns + MINUTE_NS));
    }
    (out.entry_minutes, out.episodes) = (emitter.minutes, emitter.episodes);
    Ok(out)
}

/// What the closed longer frames say of a minute.
struct Frames {
    three: Option<Words>,
    fifteen: Words,
    days: Days,
    day_word: u32,
    /// Until when the word of the days stands.
    midnight_ns: i64,
    /// Until when the word stands: all of these frames close at multiples of three minutes.
    until_ns: i64,
    word: u32,
}

impl Frames {
    #[inline]
    fn word(&mut self, close_ns: i64) -> u32 {
        if close_ns >= self.until_ns {
            // Without a hole the next moment is known without a division.
            self.until_ns = match self.until_ns.saturating_add(THREE_NS) {
                next if close_ns < next && self.until_ns != i64::MIN => next,
                _ => close_ns - close_ns.rem_euclid(THREE_NS) + THREE_NS,
            };
            if close_ns >= self.midnight_ns {
                self.midnight_ns = close_ns - close_ns.rem_euclid(DAY_NS) + DAY_NS;
                self.day_word = self.days.word(close_ns);
            }
            let three = self.three.as_mut().map_or(0, |three| three.word(close_ns));
            self.word = three | self.fifteen.word(close_ns) | self.day_word;
        }
        self.word
    }
}

/// The words of a longer frame.
struct Words {
    frame_ns: i64,
    cold: u32,
    open_time_ns: Vec<i64>,
    of_frames: Vec<u32>,
    /// How many have closed.
    closed: usize,
}

impl Words {
    fn new(
        settings: &Settings,
        part: impl Part,
        marks: Marks,
        frames: Closes,
        frame_ns: i64,
        short: bool,
        scratch: &mut Scratch,
    ) -> Self {
        let mut of_frames = Vec::with_capacity(frames.close.len());
        let mut words = FrameWords::new(settings, part, marks);
        let close = mirrored(&frames.close, short);
        for rows in runs(&frames.open_time_ns, frame_ns) {
            let close = &close[rows.clone()];
            let first = frames.open_time_ns[rows.start].div_euclid(frame_ns);
            let run = Run { first, open: close, close, volume: &frames.volume[rows] };
            words.run(&run, scratch, |_, word| of_frames.push(word));
        }
        Self { frame_ns, cold: marks.cold, open_time_ns: frames.open_time_ns, of_frames, closed: 0 }
    }

    /// The word of the frame that closed last, if that is the one before the frame now forming.
    fn word(&mut self, time_ns: i64) -> u32 {
        let closed = |open_ns: &&i64| time_ns - **open_ns >= self.frame_ns;
        self.closed += self.open_time_ns[self.closed..].iter().take_while(closed).count();
        match self.closed.checked_sub(1) {
            Some(row) if time_ns - self.open_time_ns[row] < 2 * self.frame_ns => self.of_frames[row],
            _ => self.cold,
        }
    }
}

/// Prices as the rules read them: turned over for SHORT.
fn mirrored(column: &[f64], short: bool) -> Cow<'_, [f64]> {
    if short { column.iter().map(|price| -price).collect() } else { column.into() }
}
