//! Was an entry signal right? The price went its way before it went as far against it, or the other way round.
//!
//! Source: strategies §4, D-07.

use crate::candles::View;
use crate::units::moved;

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The price went its way first.
    Right,
    /// The price went against it first, or both ways in one candle.
    Wrong,
    /// Neither within the window.
    Undecided,
    /// The data ended before it was decided.
    Ended,
    /// A candle was missing before it was decided.
    Hole,
    /// No candle closes at the time of the signal.
    Absent,
}

/// The outcome of a signal at each close time: `share` (in 1e-8) of its close one way or the other within `window_ns`.
pub fn outcomes(
    view: View<'_>,
    interval_ns: i64,
    close_ns: &[i64],
    short: bool,
    share: i64,
    window_ns: i64,
) -> impl Iterator<Item = Outcome> {
    close_ns.iter().map(move |close_ns| outcome(view, interval_ns, *close_ns, short, share, window_ns))
}

fn outcome(view: View<'_>, interval_ns: i64, close_ns: i64, short: bool, share: i64, window_ns: i64) -> Outcome {
    let Ok(signal) = view.open_time_ns.binary_search(&close_ns.saturating_sub(interval_ns)) else {
        return Outcome::Absent;
    };
    let price = view.close[signal];
    let (above, below) = (moved(price, share), moved(price, -share));
    let mut next_ns = close_ns;
    for row in signal + 1..view.open_time_ns.len() {
        if next_ns + interval_ns > close_ns.saturating_add(window_ns) {
            return Outcome::Undecided;
        }
        if view.open_time_ns[row] != next_ns {
            return Outcome::Hole;
        }
        let (rose, fell) = (view.high[row] >= above, view.low[row] <= below);
        let (with, against) = if short { (fell, rose) } else { (rose, fell) };
        if against {
            return Outcome::Wrong;
        }
        if with {
            return Outcome::Right;
        }
        next_ns += interval_ns;
    }
    if next_ns + interval_ns > close_ns.saturating_add(window_ns) { Outcome::Undecided } else { Outcome::Ended }
}
