//! What is read off whole columns: market structure, outcomes of signals, correlation.

use pyo3::prelude::*;
use sadari_kernel::correlation::{self as alike, Closes};
use sadari_kernel::quality::{self, Outcome};
use sadari_kernel::structure::{self as swings, Break, Structure as Kernel, Swing, Trend};

use crate::buffer::{Column, Input, refuse, same_length};
use crate::candles::{Table, positive};

/// A share of a price in 1e-8 of the whole.
pub fn share(name: &str, value: f64) -> PyResult<i64> {
    if value > 0.0 && value < 1.0 {
        Ok((value * 1e8).round() as i64)
    } else {
        Err(refuse(name, value, "above 0 and below 1"))
    }
}

pub fn side(name: &str, candles: i64) -> PyResult<usize> {
    if (1..=1000).contains(&candles) { Ok(candles as usize) } else { Err(refuse(name, candles, "from 1 to 1000")) }
}

pub type BreakRow = (i64, bool, bool, i64, f64);
type SwingRow = (i64, i64, bool, f64);

fn break_row(found: Break) -> BreakRow {
    (found.row, found.up, found.turned, found.swing, found.level)
}

fn swing_row(found: Swing) -> SwingRow {
    (found.confirmed, found.row, found.high, found.level)
}

/// Swings and breaks, one closed candle at a time.
#[pyclass(module = "sadari._kernel")]
pub struct Structure(Kernel);

#[pymethods]
impl Structure {
    #[new]
    #[pyo3(signature = (left=2, right=2))]
    fn new(left: i64, right: i64) -> PyResult<Self> {
        Ok(Self(Kernel::new(side("left", left)?, side("right", right)?)))
    }

    fn push(&mut self, high: f64, low: f64, close: f64) -> (Option<BreakRow>, Option<SwingRow>) {
        let (broken, confirmed) = self.0.push(high, low, close);
        (broken.map(break_row), confirmed.map(swing_row))
    }

    #[getter]
    fn trend(&self) -> &'static str {
        match self.0.trend() {
            Trend::Neutral => "NEUTRAL",
            Trend::Bullish => "BULLISH",
            Trend::Bearish => "BEARISH",
        }
    }
}

#[pyfunction]
#[pyo3(signature = (high, low, close, left=2, right=2))]
pub fn structure(
    py: Python<'_>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    left: i64,
    right: i64,
) -> PyResult<(Vec<BreakRow>, Vec<SwingRow>)> {
    let (left, right) = (side("left", left)?, side("right", right)?);
    let high = Input::<f64>::read("high", high)?;
    let low = Input::<f64>::read("low", low)?;
    let close = Input::<f64>::read("close", close)?;
    let (h, l, c) = (high.values(), low.values(), close.values());
    same_length(&[("close", c.len()), ("high", h.len()), ("low", l.len())])?;
    let (breaks, swings) = py.detach(|| swings::structure(h, l, c, left, right));
    Ok((breaks.into_iter().map(break_row).collect(), swings.into_iter().map(swing_row).collect()))
}

#[pyfunction]
#[pyo3(signature = (
    open_time_ns, open, high, low, close, volume, interval_ns, close_ns, *, short=false, share, window_ns
))]
pub fn outcomes(
    py: Python<'_>,
    open_time_ns: &Bound<'_, PyAny>,
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    volume: &Bound<'_, PyAny>,
    interval_ns: i64,
    close_ns: &Bound<'_, PyAny>,
    short: bool,
    share: f64,
    window_ns: i64,
) -> PyResult<Column> {
    positive("interval_ns", interval_ns)?;
    positive("window_ns", window_ns)?;
    let share = self::share("share", share)?;
    let table = Table::read(open_time_ns, [open, high, low, close], volume, None)?;
    let close_ns = Input::<i64>::read("close_ns", close_ns)?;
    let (view, times) = (table.view(), close_ns.values());
    let code = |outcome| match outcome {
        Outcome::Right => 0,
        Outcome::Wrong => 1,
        Outcome::Undecided => 2,
        Outcome::Ended => 3,
        Outcome::Hole => 4,
        Outcome::Absent => 5,
    };
    let found: Vec<i64> =
        py.detach(|| quality::outcomes(view, interval_ns, times, short, share, window_ns).map(code).collect());
    Ok(found.into())
}

#[pyfunction]
#[pyo3(signature = (open_time_a_ns, close_a, open_time_b_ns, close_b, *, frame_ns, n, least, time_ns))]
pub fn correlation(
    open_time_a_ns: &Bound<'_, PyAny>,
    close_a: &Bound<'_, PyAny>,
    open_time_b_ns: &Bound<'_, PyAny>,
    close_b: &Bound<'_, PyAny>,
    frame_ns: i64,
    n: i64,
    least: i64,
    time_ns: i64,
) -> PyResult<Option<f64>> {
    positive("frame_ns", frame_ns)?;
    if !(2..=1_000_000).contains(&n) {
        return Err(refuse("n", n, "from 2 to 1000000"));
    }
    if least > n {
        return Err(refuse("least", least, &format!("at most n, {n}")));
    }
    let time_a = Input::<i64>::read("open_time_a_ns", open_time_a_ns)?;
    let values_a = Input::<f64>::read("close_a", close_a)?;
    let time_b = Input::<i64>::read("open_time_b_ns", open_time_b_ns)?;
    let values_b = Input::<f64>::read("close_b", close_b)?;
    let a = Closes { open_time_ns: time_a.values(), close: values_a.values() };
    let b = Closes { open_time_ns: time_b.values(), close: values_b.values() };
    same_length(&[("open_time_a_ns", a.open_time_ns.len()), ("close_a", a.close.len())])?;
    same_length(&[("open_time_b_ns", b.open_time_ns.len()), ("close_b", b.close.len())])?;
    Ok(alike::correlation(a, b, frame_ns, n as usize, least.max(0) as usize, time_ns))
}
