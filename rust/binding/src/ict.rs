//! The ICT concepts and the entry model made of them: over columns, and candle by candle.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sadari_kernel::candles::Candle;
use sadari_kernel::ict::Bar;
use sadari_kernel::ict::blocks::{Select, of_breaks};
use sadari_kernel::ict::facts::{self, Facts, Rules};
use sadari_kernel::ict::settings::{Settings, Sides, Stop, Target};
use sadari_kernel::ict::setup::End;
use sadari_kernel::ict::stream::{self, Said, Stream};
use sadari_kernel::structure::Break;
use sadari_kernel::units::{PRICE_SCALE, to_units};

use crate::buffer::{Column, Input, refuse, same_length};
use crate::candles::{frame, raise, sentence};
use crate::lines::window;
use crate::readings::{BreakRow, side};
use crate::surge::{Given, table};

/// The parameters, read off the attributes of an object.
#[derive(FromPyObject)]
pub struct IctRules {
    swing_left: i64,
    swing_right: i64,
    eq_tol: f64,
    min_fvg_atr: f64,
    ob_select: String,
    shift_within: i64,
    entry_level: f64,
    entry_ttl: i64,
    stop_buffer: f64,
    stop: String,
    stop_atr_long: f64,
    stop_atr_short: f64,
    target: String,
    target_r: Vec<f64>,
    target_atr_long: f64,
    target_atr_short: f64,
}

fn not_negative(name: &str, value: f64) -> PyResult<f64> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(refuse(name, value, "at least 0 and finite")) }
}

/// A number in 1e-8, from 0 to so many wholes.
fn parts(name: &str, value: f64, most: f64) -> PyResult<i64> {
    if (0.0..=most).contains(&value) {
        Ok((value * PRICE_SCALE as f64).round() as i64)
    } else {
        Err(refuse(name, value, &format!("from 0 to {most}")))
    }
}

fn selected(name: &str) -> PyResult<Select> {
    match name {
        "EXTREME" => Ok(Select::Extreme),
        "LAST_OPPOSITE" => Ok(Select::LastOpposite),
        other => Err(refuse("ob_select", other, "EXTREME or LAST_OPPOSITE")),
    }
}

impl IctRules {
    fn concepts(&self) -> PyResult<Rules> {
        Ok(Rules {
            left: side("swing_left", self.swing_left)?,
            right: side("swing_right", self.swing_right)?,
            eq_tol: not_negative("eq_tol", self.eq_tol)?,
            min_fvg_atr: not_negative("min_fvg_atr", self.min_fvg_atr)?,
            select: selected(&self.ob_select)?,
        })
    }

    fn settings(&self, tick_size: f64) -> PyResult<Settings> {
        let Rules { left, right, eq_tol, min_fvg_atr, .. } = self.concepts()?;
        let tick = to_units(tick_size);
        if !(tick_size.is_finite() && tick_size < 1e7 && tick > 0) {
            return Err(refuse("tick_size", tick_size, "at least 0.00000001"));
        }
        let nearest = self.target_r.first().copied().unwrap_or(f64::NAN);
        let target = match self.target.as_str() {
            "MULTI_R" => Target::Risk(parts("target_r", nearest, 1000.0)?),
            "ATR" => Target::Range(Sides {
                long: not_negative("target_atr_long", self.target_atr_long)?,
                short: not_negative("target_atr_short", self.target_atr_short)?,
            }),
            "STRUCTURE" => Target::Structure(parts("target_r", nearest, 1000.0)?),
            other => return Err(refuse("target", other, "MULTI_R, ATR or STRUCTURE")),
        };
        let stop = match self.stop.as_str() {
            "REVERSAL" => Stop::Reversal,
            "ATR" => Stop::Range,
            "WIDER" => Stop::Wider,
            "TIGHTER" => Stop::Tighter,
            other => return Err(refuse("stop", other, "REVERSAL, ATR, WIDER or TIGHTER")),
        };
        Ok(Settings {
            left,
            right,
            eq_tol,
            min_fvg_atr,
            shift_within: window("shift_within", self.shift_within)? as i64,
            entry_level: parts("entry_level", self.entry_level, 1.0)?,
            entry_ttl: window("entry_ttl", self.entry_ttl)? as i64,
            stop_buffer: parts("stop_buffer", self.stop_buffer, 0.99)?,
            stop,
            stop_ranges: Sides {
                long: not_negative("stop_atr_long", self.stop_atr_long)?,
                short: not_negative("stop_atr_short", self.stop_atr_short)?,
            },
            target,
            tick,
        })
    }
}

/// Facts in columns, in the order in which they became known.
#[pyclass(frozen, get_all, module = "sadari._kernel")]
pub struct IctFacts {
    row: Py<Column>,
    code: Py<Column>,
    at: Py<Column>,
    bottom: Py<Column>,
    top: Py<Column>,
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
pub fn ict_facts(
    py: Python<'_>,
    rules: IctRules,
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
) -> PyResult<IctFacts> {
    let rules = rules.concepts()?;
    let prices = Prices::read(open, high, low, close)?;
    let [o, h, l, c] = prices.values();
    let found = py.detach(|| facts::facts(o, h, l, c, rules));
    Ok(IctFacts {
        row: Py::new(py, Column::from(found.row))?,
        code: Py::new(py, Column::from(found.code))?,
        at: Py::new(py, Column::from(found.at))?,
        bottom: Py::new(py, Column::from(found.bottom))?,
        top: Py::new(py, Column::from(found.top))?,
    })
}

/// Borrowed columns of prices.
struct Prices([Input<f64>; 4]);

impl Prices {
    fn read(
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let prices = Self([
            Input::read("open", open)?,
            Input::read("high", high)?,
            Input::read("low", low)?,
            Input::read("close", close)?,
        ]);
        let [o, h, l, c] = prices.values();
        same_length(&[("close", c.len()), ("open", o.len()), ("high", h.len()), ("low", l.len())])?;
        Ok(prices)
    }

    fn values(&self) -> [&[f64]; 4] {
        self.0.each_ref().map(Input::values)
    }
}

type FactRow = (i64, i64, i64, f64, f64);

/// The concepts, one closed candle at a time.
#[pyclass(module = "sadari._kernel")]
pub struct IctReader(Facts);

#[pymethods]
impl IctReader {
    #[new]
    #[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
    fn new(rules: IctRules) -> PyResult<Self> {
        Ok(Self(Facts::new(rules.concepts()?)))
    }

    fn push(&mut self, open: f64, high: f64, low: f64, close: f64) -> Vec<FactRow> {
        let mut out = Vec::new();
        self.0.push(Bar { open, high, low, close }, |fact| {
            out.push((fact.row, fact.code(), fact.at, fact.bottom, fact.top));
        });
        out
    }

    #[getter]
    fn dealing_range(&self) -> Option<(f64, f64)> {
        self.0.dealing_range().map(Into::into)
    }
}

type BlockRow = (i64, bool, i64, f64, f64);

#[pyfunction]
#[pyo3(signature = (open, high, low, close, breaks, select="EXTREME"))]
#[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
pub fn order_blocks(
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    breaks: Vec<BreakRow>,
    select: &str,
) -> PyResult<Vec<BlockRow>> {
    let prices = Prices::read(open, high, low, close)?;
    let [o, h, l, c] = prices.values();
    let bars = (0..c.len()).map(|row| Bar { open: o[row], high: h[row], low: l[row], close: c[row] });
    let of = |(row, up, turned, swing, level)| Break { row, up, turned, swing, level };
    let breaks: Vec<Break> = breaks.into_iter().map(of).collect();
    let blocks = of_breaks(bars, &breaks, selected(select)?);
    Ok(blocks.into_iter().map(|block| (block.created, block.bullish, block.row, block.bottom, block.top)).collect())
}

/// Price, extreme, swept and broken level, the gap's middle and edges, liquidity, range, volatility, change of character.
type TermsRow = (f64, f64, f64, f64, i64, f64, f64, Option<f64>, Option<f64>, Option<f64>, bool);
/// Close, SHORT, close of the sweep, what, terms.
type SaidRow = (i64, bool, i64, &'static str, Option<TermsRow>);

fn shown(said: Said) -> SaidRow {
    let (name, terms) = match said.what {
        stream::What::Entry { terms, gap_ns } => {
            let entry = terms.entry;
            let row = (
                entry.price,
                entry.extreme,
                entry.swept,
                entry.broken,
                gap_ns,
                entry.gap.bottom,
                entry.gap.top,
                entry.liquidity,
                terms.range,
                terms.volatility,
                entry.turned,
            );
            ("ENTRY", Some(row))
        }
        stream::What::Ended(end) => (ending(end, said.short), None),
        stream::What::Lost => ("DATA_LOST", None),
    };
    (said.close_ns, said.short, said.sweep_ns, name, terms)
}

fn ending(end: End, short: bool) -> &'static str {
    match end {
        End::Invalidated => "SETUP_INVALIDATED",
        End::Expired => "SETUP_EXPIRED",
        End::NoGap => "NO_GAP",
        End::NotInPremium if short => "NOT_IN_PREMIUM",
        End::NotInPremium => "NOT_IN_DISCOUNT",
        End::NotReady => "NOT_READY",
        End::Reached => "REACHED",
        End::TargetFirst => "TARGET_FIRST",
        End::GapFilled => "GAP_FILLED",
        End::OppositeEvent => "OPPOSITE_EVENT",
        End::TimedOut => "TIMED_OUT",
    }
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
pub fn ict_batch(
    py: Python<'_>,
    rules: IctRules,
    candles: Given<'_>,
    interval_ns: i64,
    frame_ns: i64,
    tick_size: f64,
) -> PyResult<Vec<SaidRow>> {
    frame(interval_ns, frame_ns)?;
    let settings = rules.settings(tick_size)?;
    let candles = table(&candles)?;
    let view = candles.view();
    let said = py.detach(|| stream::said(view, settings, interval_ns, frame_ns)).map_err(raise)?;
    Ok(said.into_iter().map(shown).collect())
}

/// The entry model of one symbol, one closed candle at a time.
#[pyclass(module = "sadari._kernel")]
pub struct IctStream {
    stream: Stream,
    said: Vec<Said>,
}

#[pymethods]
impl IctStream {
    #[new]
    #[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
    fn new(rules: IctRules, interval_ns: i64, frame_ns: i64, tick_size: f64) -> PyResult<Self> {
        frame(interval_ns, frame_ns)?;
        Ok(Self { stream: Stream::new(rules.settings(tick_size)?, interval_ns, frame_ns), said: Vec::new() })
    }

    fn push(
        &mut self,
        open_time_ns: i64,
        open: f64,
        high: f64,
        low: f64,
        close: f64,
        volume: f64,
    ) -> PyResult<Option<Vec<SaidRow>>> {
        let candle = Candle { open_time_ns, open, high, low, close, volume, quote_volume: 0.0 };
        self.stream.push(candle, &mut self.said).map_err(|kind| {
            PyValueError::new_err(format!("the candle opened at {open_time_ns} has {}", sentence(kind)))
        })?;
        Ok(if self.said.is_empty() { None } else { Some(self.said.drain(..).map(shown).collect()) })
    }
}
