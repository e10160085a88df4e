//! Candles and recorded trades as searchable tapes.

use pyo3::prelude::*;
use sadari_kernel::expand::{Candle, Path, expand as expand_candle};
use sadari_kernel::history::{History as Candles, Tape, next_crossing};
use sadari_kernel::ticks::Ticks as Trades;
use sadari_kernel::trail::Frames;
use sadari_kernel::watch::Watch as KernelWatch;

use crate::buffer::{Input, refuse, same_length};
use crate::watch::Watch;

/// A trade of an expanded candle: time in ns, price in units, share of the volume.
type Share = (i64, i64, f64);

/// The tape of one candle: at most 16 trades as (time in ns, price in units, share of the volume).
#[pyfunction]
#[pyo3(signature = (seed, open_time_ns, interval_ns, open, high, low, close, volume, tick_units, path = "tape"))]
pub fn expand(
    seed: u64,
    open_time_ns: i64,
    interval_ns: i64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    volume: f64,
    tick_units: i64,
    path: &str,
) -> PyResult<Vec<Share>> {
    check_grid(interval_ns, tick_units)?;
    let candle = Candle { open, high, low, close };
    if low < 1 || low > open.min(close) || high < open.max(close) || high > MAX_UNITS {
        let shown = format!("open {open}, high {high}, low {low}, close {close}");
        return Err(refuse("the candle", shown, "positive prices below 2e15 units, all between low and high"));
    }
    let trades = expand_candle(seed, candle, open_time_ns, interval_ns, tick_units, path_named(path)?);
    let shares = trades.shares(volume);
    Ok(trades.visits().iter().zip(shares).map(|(visit, share)| (visit.time_ns, visit.price, share)).collect())
}

/// One symbol's candles, each standing for the tape it expands to.
#[pyclass(module = "sadari._kernel")]
pub struct History {
    inner: Candles,
    frames: Frames,
}

#[pymethods]
impl History {
    #[new]
    #[pyo3(signature = (open_time_ns, open, high, low, close, *, interval_ns, tick_units, seed, path = "tape"))]
    fn new(
        py: Python<'_>,
        open_time_ns: &Bound<'_, PyAny>,
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
        interval_ns: i64,
        tick_units: i64,
        seed: u64,
        path: &str,
    ) -> PyResult<Self> {
        check_grid(interval_ns, tick_units)?;
        let path = path_named(path)?;
        let times = Input::<i64>::read("open_time_ns", open_time_ns)?;
        let (open, high) = (Input::read("open", open)?, Input::read("high", high)?);
        let (low, close) = (Input::read("low", low)?, Input::read("close", close)?);
        let (t, o, h, l, c) = (times.values(), open.values(), high.values(), low.values(), close.values());
        let lengths = [("open", o.len()), ("high", h.len()), ("low", l.len()), ("close", c.len())];
        same_length(&[&[("open_time_ns", t.len())], &lengths[..]].concat())?;
        let inner = py.detach(|| Candles::new(t, o, h, l, c, interval_ns, tick_units, seed, path));
        Ok(Self { inner, frames: Frames::default() })
    }

    /// How many candles there are.
    #[getter]
    fn rows(&self) -> usize {
        self.inner.len()
    }

    /// The open time of the first candle; None without candles.
    #[getter]
    fn start_ns(&self) -> Option<i64> {
        self.inner.span_ns().map(|span| span.0)
    }

    /// The close time of the last candle; None without candles.
    #[getter]
    fn end_ns(&self) -> Option<i64> {
        self.inner.span_ns().map(|span| span.1)
    }

    /// The first instant after `after_ns` and up to `until_ns` at which a level of any watch is met, as (time, price, by a frame's close).
    #[pyo3(signature = (after_ns, until_ns, *watches))]
    fn next_crossing(&self, after_ns: i64, until_ns: i64, watches: Vec<PyRef<'_, Watch>>) -> Option<(i64, i64, bool)> {
        crossing(&self.inner, &self.frames, after_ns, until_ns, watches)
    }

    /// Let the watches' trails follow up to a time; a frame that closes then is taken only if it is `closed`.
    #[pyo3(signature = (until_ns, *watches, closed = false))]
    fn advance(&self, until_ns: i64, watches: Vec<PyRefMut<'_, Watch>>, closed: bool) {
        advance(&self.inner, &self.frames, until_ns, watches, closed);
    }

    /// The price of the last tick of the path at or before a time.
    fn price_at(&self, time_ns: i64) -> PyResult<i64> {
        standing(&self.inner, time_ns)
    }

    /// The row of the last candle closed at a time, or -1.
    fn candle_at(&self, time_ns: i64) -> i64 {
        self.inner.closed_at(time_ns).map_or(-1, |row| row as i64)
    }

    /// The lowest and highest price after `after_ns` and up to `until_ns`; without a tick there, the price standing.
    fn extremes(&self, after_ns: i64, until_ns: i64) -> PyResult<(i64, i64)> {
        extremes(&self.inner, after_ns, until_ns)
    }

    /// Let candles that open after a time take another path; those before keep theirs.
    fn set_path(&mut self, path: &str, from_ns: i64) -> PyResult<()> {
        self.inner.set_path(path_named(path)?, from_ns);
        Ok(())
    }

    /// Give the closed longer frames that move trailing levels; a NaN line moves none.
    fn attach_frames(
        &mut self,
        frame_ns: i64,
        open_time_ns: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        line: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.frames = frames(frame_ns, open_time_ns, high, low, line)?;
        Ok(())
    }
}

/// One symbol's recorded trades, searched as History is.
#[pyclass(module = "sadari._kernel")]
pub struct Ticks {
    inner: Trades,
    frames: Frames,
}

#[pymethods]
impl Ticks {
    #[new]
    fn new(py: Python<'_>, time_ns: &Bound<'_, PyAny>, price: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (times, prices) = (Input::<i64>::read("time_ns", time_ns)?, Input::read("price", price)?);
        let (times, prices) = (times.values(), prices.values());
        same_length(&[("time_ns", times.len()), ("price", prices.len())])?;
        Ok(Self { inner: py.detach(|| Trades::new(times, prices)), frames: Frames::default() })
    }

    /// How many trades there are.
    #[getter]
    fn rows(&self) -> usize {
        self.inner.len()
    }

    /// The time of the first trade; None without trades.
    #[getter]
    fn start_ns(&self) -> Option<i64> {
        self.inner.span_ns().map(|span| span.0)
    }

    /// The time of the last trade; None without trades.
    #[getter]
    fn end_ns(&self) -> Option<i64> {
        self.inner.span_ns().map(|span| span.1)
    }

    /// The first instant after `after_ns` and up to `until_ns` at which a level of any watch is met, as (time, price, by a frame's close).
    #[pyo3(signature = (after_ns, until_ns, *watches))]
    fn next_crossing(&self, after_ns: i64, until_ns: i64, watches: Vec<PyRef<'_, Watch>>) -> Option<(i64, i64, bool)> {
        crossing(&self.inner, &self.frames, after_ns, until_ns, watches)
    }

    /// Let the watches' trails follow up to a time; a frame that closes then is taken only if it is `closed`.
    #[pyo3(signature = (until_ns, *watches, closed = false))]
    fn advance(&self, until_ns: i64, watches: Vec<PyRefMut<'_, Watch>>, closed: bool) {
        advance(&self.inner, &self.frames, until_ns, watches, closed);
    }

    /// The price of the last trade at or before a time.
    fn price_at(&self, time_ns: i64) -> PyResult<i64> {
        standing(&self.inner, time_ns)
    }

    /// The lowest and highest price after `after_ns` and up to `until_ns`; without a trade there, the price standing.
    fn extremes(&self, after_ns: i64, until_ns: i64) -> PyResult<(i64, i64)> {
        extremes(&self.inner, after_ns, until_ns)
    }

    /// Give the closed longer frames that move trailing levels; a NaN line moves none.
    fn attach_frames(
        &mut self,
        frame_ns: i64,
        open_time_ns: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        line: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.frames = frames(frame_ns, open_time_ns, high, low, line)?;
        Ok(())
    }
}

#[allow(clippy::needless_pass_by_value)] // arguments are extracted as an owned vector
fn crossing(
    tape: &impl Tape,
    frames: &Frames,
    after_ns: i64,
    until_ns: i64,
    watches: Vec<PyRef<'_, Watch>>,
) -> Option<(i64, i64, bool)> {
    let watches: Vec<&KernelWatch> = watches.iter().map(|watch| &watch.inner).collect();
    let hit = next_crossing(tape, frames, after_ns, until_ns, &watches)?;
    Some((hit.visit.time_ns, hit.visit.price, hit.by_frame))
}

fn advance(tape: &impl Tape, frames: &Frames, until_ns: i64, watches: Vec<PyRefMut<'_, Watch>>, closed: bool) {
    for mut watch in watches {
        watch.inner.advance(tape, frames, until_ns, closed);
    }
}

fn standing(tape: &impl Tape, time_ns: i64) -> PyResult<i64> {
    tape.price_at(time_ns).ok_or_else(|| refuse("time_ns", time_ns, "at or after the first price"))
}

fn extremes(tape: &impl Tape, after_ns: i64, until_ns: i64) -> PyResult<(i64, i64)> {
    match tape.extents(after_ns, until_ns) {
        Some(found) => Ok(found),
        None => standing(tape, until_ns).map(|price| (price, price)),
    }
}

fn frames(
    frame_ns: i64,
    open_time_ns: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    line: &Bound<'_, PyAny>,
) -> PyResult<Frames> {
    let opens = Input::<i64>::read("open_time_ns", open_time_ns)?;
    let (high, low, line) = (Input::read("high", high)?, Input::read("low", low)?, Input::read("line", line)?);
    let (opens, high, low, line) = (opens.values(), high.values(), low.values(), line.values());
    same_length(&[("open_time_ns", opens.len()), ("high", high.len()), ("low", low.len()), ("line", line.len())])?;
    if frame_ns < 1 {
        return Err(refuse("frame_ns", frame_ns, "a positive number of nanoseconds"));
    }
    if let Some(open) = opens.iter().find(|&open| open % frame_ns != 0) {
        return Err(refuse("open_time_ns", open, &format!("a multiple of the frame, {frame_ns}")));
    }
    Ok(Frames::new(frame_ns, opens, high, low, line))
}

/// Prices from here on are not exact as f64 on the wire.
const MAX_UNITS: i64 = 2_000_000_000_000_000;

fn check_grid(interval_ns: i64, tick_units: i64) -> PyResult<()> {
    if interval_ns < 1_000_000 {
        return Err(refuse("interval_ns", interval_ns, "at least a millisecond, 1000000"));
    }
    if tick_units < 1 {
        return Err(refuse("tick_units", tick_units, "a positive number of 1e-8 units"));
    }
    Ok(())
}

fn path_named(name: &str) -> PyResult<Path> {
    match name {
        "tape" => Ok(Path::Tape),
        "low_first" => Ok(Path::LowFirst),
        "high_first" => Ok(Path::HighFirst),
        _ => Err(refuse("path", format!("'{name}'"), "'tape', 'low_first' or 'high_first'")),
    }
}
