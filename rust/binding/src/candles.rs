//! Candles in columns: frames, holes, trades, faults, and a made-up market.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sadari_kernel::candles::{self, Candle, Columns, Fault, Kind, View};
use sadari_kernel::synthetic::{self as made_up, Outline};

use crate::buffer::{Column, Input, refuse, same_length};

pub fn positive(name: &str, value: i64) -> PyResult<i64> {
    if value > 0 { Ok(value) } else { Err(refuse(name, value, "above 0")) }
}

pub fn frame(interval_ns: i64, frame_ns: i64) -> PyResult<()> {
    positive("interval_ns", interval_ns)?;
    if frame_ns >= interval_ns && frame_ns % interval_ns == 0 {
        Ok(())
    } else {
        Err(refuse("frame_ns", frame_ns, &format!("a multiple of interval_ns, {interval_ns}")))
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Price => "price",
        Kind::Volume => "volume",
        Kind::Range => "range",
        Kind::Outside => "outside",
        Kind::Grid => "grid",
        Kind::Order => "order",
        Kind::Duplicate => "duplicate",
        Kind::Gap(_) => "gap",
    }
}

pub fn sentence(kind: Kind) -> &'static str {
    match kind {
        Kind::Price => "a price that is not finite and above 0",
        Kind::Volume => "a volume that is not finite and at least 0",
        Kind::Range => "a high below its low",
        Kind::Outside => "an open or close outside low and high",
        Kind::Grid => "a time that the interval does not divide",
        Kind::Order => "a time before that of the row above",
        Kind::Duplicate => "the time of the row above",
        Kind::Gap(_) => "missing candles before it",
    }
}

pub fn raise(fault: Fault) -> PyErr {
    PyValueError::new_err(format!("row {} has {}", fault.row, sentence(fault.kind)))
}

/// Columns of candles, one row for each, in time order.
#[pyclass(frozen, get_all, module = "sadari._kernel")]
pub struct Candles {
    open_time_ns: Py<Column>,
    open: Py<Column>,
    high: Py<Column>,
    low: Py<Column>,
    close: Py<Column>,
    volume: Py<Column>,
    quote_volume: Option<Py<Column>>,
    synthetic: Py<Column>,
}

#[pymethods]
impl Candles {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.close.bind(py).len()
    }
}

fn wrap(py: Python<'_>, columns: Columns, with_quote_volume: bool) -> PyResult<Candles> {
    let quote_volume = with_quote_volume.then_some(columns.quote_volume);
    Ok(Candles {
        open_time_ns: Py::new(py, Column::from(columns.open_time_ns))?,
        open: Py::new(py, Column::from(columns.open))?,
        high: Py::new(py, Column::from(columns.high))?,
        low: Py::new(py, Column::from(columns.low))?,
        close: Py::new(py, Column::from(columns.close))?,
        volume: Py::new(py, Column::from(columns.volume))?,
        quote_volume: quote_volume.map(|column| Py::new(py, Column::from(column))).transpose()?,
        synthetic: Py::new(py, Column::from(columns.synthetic))?,
    })
}

/// The borrowed columns of a table of candles.
pub struct Table {
    open_time_ns: Input<i64>,
    prices: [Input<f64>; 4],
    volume: Input<f64>,
    quote_volume: Option<Input<f64>>,
}

impl Table {
    pub fn read(
        open_time_ns: &Bound<'_, PyAny>,
        [open, high, low, close]: [&Bound<'_, PyAny>; 4],
        volume: &Bound<'_, PyAny>,
        quote_volume: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let table = Self {
            open_time_ns: Input::read("open_time_ns", open_time_ns)?,
            prices: [
                Input::read("open", open)?,
                Input::read("high", high)?,
                Input::read("low", low)?,
                Input::read("close", close)?,
            ],
            volume: Input::read("volume", volume)?,
            quote_volume: quote_volume.map(|column| Input::read("quote_volume", column)).transpose()?,
        };
        let view = table.view();
        same_length(&[
            ("open_time_ns", view.open_time_ns.len()),
            ("open", view.open.len()),
            ("high", view.high.len()),
            ("low", view.low.len()),
            ("close", view.close.len()),
            ("volume", view.volume.len()),
            ("quote_volume", view.quote_volume.map_or(view.close.len(), <[f64]>::len)),
        ])?;
        Ok(table)
    }

    pub fn view(&self) -> View<'_> {
        let [open, high, low, close] = self.prices.each_ref().map(Input::values);
        View {
            open_time_ns: self.open_time_ns.values(),
            open,
            high,
            low,
            close,
            volume: self.volume.values(),
            quote_volume: self.quote_volume.as_ref().map(Input::values),
        }
    }
}

#[pyfunction]
pub fn aggregate(
    py: Python<'_>,
    open_time_ns: &Bound<'_, PyAny>,
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    volume: &Bound<'_, PyAny>,
    quote_volume: Option<&Bound<'_, PyAny>>,
    interval_ns: i64,
    frame_ns: i64,
) -> PyResult<Candles> {
    frame(interval_ns, frame_ns)?;
    let table = Table::read(open_time_ns, [open, high, low, close], volume, quote_volume)?;
    let view = table.view();
    let columns = py.detach(|| candles::aggregate(view, interval_ns, frame_ns)).map_err(raise)?;
    wrap(py, columns, quote_volume.is_some())
}

#[pyfunction]
#[pyo3(signature = (open_time_ns, open, high, low, close, volume, quote_volume, interval_ns, confirmed=None))]
pub fn fill_gaps(
    py: Python<'_>,
    open_time_ns: &Bound<'_, PyAny>,
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    volume: &Bound<'_, PyAny>,
    quote_volume: Option<&Bound<'_, PyAny>>,
    interval_ns: i64,
    confirmed: Option<&Bound<'_, PyAny>>,
) -> PyResult<Candles> {
    positive("interval_ns", interval_ns)?;
    let table = Table::read(open_time_ns, [open, high, low, close], volume, quote_volume)?;
    let view = table.view();
    let confirmed = confirmed.map(|times| Input::<i64>::read("confirmed", times)).transpose()?;
    let times = confirmed.as_ref().map(Input::values);
    let columns = py.detach(|| candles::fill_gaps(view, interval_ns, times)).map_err(raise)?;
    wrap(py, columns, quote_volume.is_some())
}

#[pyfunction]
#[pyo3(signature = (open_time_ns, open, high, low, close, volume, interval_ns, *, gaps_allowed=false))]
pub fn check_candles(
    py: Python<'_>,
    open_time_ns: &Bound<'_, PyAny>,
    open: &Bound<'_, PyAny>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    volume: &Bound<'_, PyAny>,
    interval_ns: i64,
    gaps_allowed: bool,
) -> PyResult<Option<(usize, &'static str, i64)>> {
    positive("interval_ns", interval_ns)?;
    let table = Table::read(open_time_ns, [open, high, low, close], volume, None)?;
    let view = table.view();
    let fault = py.detach(|| candles::check(view, interval_ns, gaps_allowed));
    Ok(fault.map(|fault| {
        let missing = if let Kind::Gap(missing) = fault.kind { missing } else { 0 };
        (fault.row, name(fault.kind), missing)
    }))
}

#[pyfunction]
#[pyo3(signature = (volume, *, window=20, most=5))]
pub fn not_ready(py: Python<'_>, volume: &Bound<'_, PyAny>, window: i64, most: i64) -> PyResult<Column> {
    positive("window", window)?;
    if most < 0 {
        return Err(refuse("most", most, "at least 0"));
    }
    let volume = Input::<f64>::read("volume", volume)?;
    let volumes = volume.values();
    Ok(py.detach(|| candles::not_ready(volumes, window as usize, most as usize)).into())
}

#[pyfunction]
#[pyo3(signature = (time_ns, price, qty, interval_ns, *, span=None))]
pub fn from_trades(
    py: Python<'_>,
    time_ns: &Bound<'_, PyAny>,
    price: &Bound<'_, PyAny>,
    qty: &Bound<'_, PyAny>,
    interval_ns: i64,
    span: Option<(i64, i64)>,
) -> PyResult<Candles> {
    positive("interval_ns", interval_ns)?;
    let time_ns = Input::<i64>::read("time_ns", time_ns)?;
    let price = Input::<f64>::read("price", price)?;
    let qty = Input::<f64>::read("qty", qty)?;
    let (times, prices, quantities) = (time_ns.values(), price.values(), qty.values());
    same_length(&[("time_ns", times.len()), ("price", prices.len()), ("qty", quantities.len())])?;
    let columns = py.detach(|| candles::from_trades(times, prices, quantities, interval_ns, span)).map_err(raise)?;
    wrap(py, columns, true)
}

/// A closed frame.
#[pyclass(frozen, get_all, module = "sadari._kernel")]
pub struct Frame {
    open_time_ns: i64,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: f64,
    quote_volume: f64,
}

impl From<Candle> for Frame {
    fn from(candle: Candle) -> Self {
        let Candle { open_time_ns, open, high, low, close, volume, quote_volume } = candle;
        Self { open_time_ns, open, high, low, close, volume, quote_volume }
    }
}

/// Builds the frames of one symbol from its closed candles.
#[pyclass(module = "sadari._kernel")]
pub struct Aggregator(candles::Aggregator);

#[pymethods]
impl Aggregator {
    #[new]
    fn new(interval_ns: i64, frame_ns: i64) -> PyResult<Self> {
        frame(interval_ns, frame_ns)?;
        Ok(Self(candles::Aggregator::new(interval_ns, frame_ns)))
    }

    fn push(
        &mut self,
        open_time_ns: i64,
        open: f64,
        high: f64,
        low: f64,
        close: f64,
        volume: f64,
        quote_volume: f64,
    ) -> PyResult<Option<Frame>> {
        let candle = Candle { open_time_ns, open, high, low, close, volume, quote_volume };
        let frame = self.0.push(candle).map_err(|kind| {
            PyValueError::new_err(format!("the candle opened at {open_time_ns} has {}", sentence(kind)))
        })?;
        Ok(frame.map(Frame::from))
    }
}

/// The most rows of a made-up market: thirty years of minutes.
const MOST_ROWS: usize = 16_000_000;

#[pyfunction]
pub fn synthetic(
    py: Python<'_>,
    seed: u64,
    rows: usize,
    start_ns: i64,
    interval_ns: i64,
    price: f64,
    tick_units: i64,
) -> PyResult<Candles> {
    positive("interval_ns", interval_ns)?;
    positive("tick_units", tick_units)?;
    if rows > MOST_ROWS {
        return Err(refuse("rows", rows, &format!("at most {MOST_ROWS}")));
    }
    let span = interval_ns.checked_mul(rows as i64).and_then(|span| span.checked_add(start_ns));
    if span.is_none() || start_ns.rem_euclid(interval_ns) != 0 {
        return Err(refuse("start_ns", start_ns, "a multiple of interval_ns that keeps all times in 64 bits"));
    }
    let ticks = price * 1e8 / tick_units as f64;
    if !(ticks >= 100.0 && price < 1e7) {
        return Err(refuse("price", price, "from 100 ticks to 10 million"));
    }
    let outline = Outline { rows, start_ns, interval_ns, price, tick_units };
    wrap(py, py.detach(|| made_up::synthetic(seed, outline)), true)
}
