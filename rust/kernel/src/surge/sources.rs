//! The longer frames that minutes make, with no more of them than the rules read; and those from elsewhere beside them.

use std::ops::Range;

use super::days::DAY_NS;
use super::{FIFTEEN_NS, MINUTE_NS, THREE_NS};
use crate::candles::{Candle, Fault, Kind, View, fault_of_time};

/// Candles of 3 minutes, 15 minutes and a day that do not come from the one-minute candles: used where these have none.
pub type Longer<'a> = [Option<View<'a>>; 3];

/// What is read of the frames of one length.
#[derive(Clone, Debug, Default)]
pub struct Closes {
    /// Opening times.
    pub open_time_ns: Vec<i64>,
    /// Last prices.
    pub close: Vec<f64>,
    /// Traded quantities.
    pub volume: Vec<f64>,
}

/// All longer frames of a table of minutes.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Three minutes.
    pub three: Closes,
    /// Fifteen minutes.
    pub fifteen: Closes,
    /// Days.
    pub days: Vec<Candle>,
}

impl Sources {
    /// The frames of some minutes, and others where there are none.
    ///
    /// # Errors
    /// The first row whose time is off the grid, out of order or a duplicate.
    pub fn new(minutes: View<'_>, [three, fifteen, days]: Longer<'_>) -> Result<Self, Fault> {
        let mut before = None;
        for rows in runs(minutes.open_time_ns, MINUTE_NS) {
            match fault_of_time(before, minutes.open_time_ns[rows.start], MINUTE_NS) {
                None | Some(Kind::Gap(_)) => before = Some(minutes.open_time_ns[rows.end - 1]),
                Some(kind) => return Err(Fault { row: rows.start, kind }),
            }
        }
        let of_three = Closes::framed(minutes.open_time_ns, minutes.close, minutes.volume, MINUTE_NS, THREE_NS);
        let Closes { open_time_ns, close, volume } = &of_three;
        let of_fifteen = Closes::framed(open_time_ns, close, volume, THREE_NS, FIFTEEN_NS);
        Ok(Self {
            three: of_three.beside(three),
            fifteen: of_fifteen.beside(fifteen),
            days: merged(whole_days(minutes), days.iter().flat_map(View::candles), |day| day.open_time_ns),
        })
    }
}

impl Closes {
    /// The whole frames of contiguous candles.
    fn framed(times: &[i64], close: &[f64], volume: &[f64], interval_ns: i64, frame_ns: i64) -> Self {
        let per_frame = (frame_ns / interval_ns) as usize;
        let room = times.len() / per_frame;
        let mut out = Self {
            open_time_ns: Vec::with_capacity(room),
            close: Vec::with_capacity(room),
            volume: Vec::with_capacity(room),
        };
        for rows in runs(times, interval_ns) {
            let rows = from_first_frame(times, rows, interval_ns, frame_ns);
            out.open_time_ns.extend(times[rows.clone()].chunks_exact(per_frame).map(|frame| frame[0]));
            out.close.extend(close[rows.clone()].chunks_exact(per_frame).map(|frame| frame[per_frame - 1]));
            out.volume.extend(volume[rows].chunks_exact(per_frame).map(|frame| frame.iter().sum::<f64>()));
        }
        out
    }

    /// These, and others where there are none.
    fn beside(self, others: Option<View<'_>>) -> Self {
        let Some(others) = others else { return self };
        let own = self.open_time_ns.iter().zip(&self.close).zip(&self.volume);
        let own = own.map(|((time, close), volume)| (*time, *close, *volume));
        let others = others.candles().map(|candle| (candle.open_time_ns, candle.close, candle.volume));
        let mut out = Self::default();
        for (open_time_ns, close, volume) in merged(own, others, |frame| frame.0) {
            out.open_time_ns.push(open_time_ns);
            out.close.push(close);
            out.volume.push(volume);
        }
        out
    }
}

/// The days that minutes make, whole ones only.
fn whole_days(minutes: View<'_>) -> impl Iterator<Item = Candle> {
    let View { open_time_ns: times, open, high, low, close, .. } = minutes;
    let per_day = (DAY_NS / MINUTE_NS) as usize;
    runs(times, MINUTE_NS).flat_map(move |rows| {
        let rows = from_first_frame(times, rows, MINUTE_NS, DAY_NS);
        let until = rows.end;
        rows.step_by(per_day).filter(move |start| start + per_day <= until).map(move |start| {
            let end = start + per_day;
            Candle {
                open_time_ns: times[start],
                open: open[start],
                high: extreme(&high[start..end], f64::max),
                low: extreme(&low[start..end], f64::min),
                close: close[end - 1],
                volume: 0.0,
                quote_volume: 0.0,
            }
        })
    })
}

/// The greatest or smallest of a day's prices, found in several places at once.
fn extreme(prices: &[f64], further: impl Fn(f64, f64) -> f64 + Copy) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [prices[0]; LANES];
    for prices in prices.chunks(LANES) {
        for (lane, price) in lanes.iter_mut().zip(prices) {
            *lane = further(*lane, *price);
        }
    }
    lanes.into_iter().fold(prices[0], further)
}

/// A run from the first row on that begins a frame.
fn from_first_frame(times: &[i64], rows: Range<usize>, interval_ns: i64, frame_ns: i64) -> Range<usize> {
    let into = times[rows.start].rem_euclid(frame_ns);
    let missing = if into == 0 { 0 } else { ((frame_ns - into) / interval_ns) as usize };
    (rows.start + missing).min(rows.end)..rows.end
}

/// The stretches of rows whose times follow one another.
pub fn runs(times: &[i64], step_ns: i64) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        (start < times.len()).then(|| {
            let follows = |pair: &&[i64]| pair[1].wrapping_sub(pair[0]) == step_ns;
            let end = start + 1 + times[start..].windows(2).take_while(follows).count();
            std::mem::replace(&mut start, end)..end
        })
    })
}

/// Two series in time order as one; where both have a frame, the first one's.
fn merged<T: Copy>(
    own: impl IntoIterator<Item = T>,
    others: impl IntoIterator<Item = T>,
    time: impl Fn(&T) -> i64,
) -> Vec<T> {
    let mut others = others.into_iter().peekable();
    let mut out = Vec::new();
    for frame in own {
        while let Some(other) = others.next_if(|other| time(other) <= time(&frame)) {
            if time(&other) < time(&frame) {
                out.push(other);
            }
        }
        out.push(frame);
    }
    out.extend(others);
    out
}
