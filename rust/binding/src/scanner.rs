//! The scanner of one symbol.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sadari_kernel::candles::Candle;
use sadari_kernel::scanner::{self, Filter, HOUR_NS, Rules, Scanner as Kernel, Verdict, valued};

use crate::buffer::{Column, refuse};
use crate::candles::{Table, positive, raise, sentence};
use crate::readings::share;

/// What stands for a scan without a verdict.
const SHORT: i64 = -1;
const QUIET: i64 = -2;

fn part_of_an_hour(interval_ns: i64) -> PyResult<i64> {
    positive("interval_ns", interval_ns)?;
    if HOUR_NS % interval_ns == 0 {
        Ok(interval_ns)
    } else {
        Err(refuse("interval_ns", interval_ns, "a part of one hour"))
    }
}

/// What the scans over a column of candles found.
#[pyclass(frozen, get_all, module = "sadari._kernel")]
pub struct Scans {
    first_ns: Py<Column>,
    last_ns: Py<Column>,
    masks: Vec<u64>,
    short: u64,
    quiet: u64,
    hour_ns: Py<Column>,
    quote_volume: Py<Column>,
}

/// One symbol's scanner.
#[pyclass(module = "sadari._kernel")]
pub struct Scanner(Kernel);

#[pymethods]
impl Scanner {
    #[new]
    #[pyo3(signature = (interval_ns, filter, *, rise, change, surge, bodies, short=false))]
    fn new(
        interval_ns: i64,
        filter: &str,
        rise: f64,
        change: f64,
        surge: f64,
        bodies: usize,
        short: bool,
    ) -> PyResult<Self> {
        let filter = match filter {
            "option_b" => Filter::OptionB,
            "old" => Filter::Old,
            _ => return Err(refuse("filter", filter, "option_b or old")),
        };
        if !(surge.is_finite() && surge > 0.0) {
            return Err(refuse("surge", surge, "above 0 and finite"));
        }
        let rules =
            Rules { filter, rise: share("rise", rise)?, change: share("change", change)?, surge, bodies, short };
        Ok(Self(Kernel::new(rules, part_of_an_hour(interval_ns)?)))
    }

    #[getter]
    fn day(&self) -> Option<(i64, f64)> {
        self.0.day()
    }

    fn warm(
        &mut self,
        open_time_ns: &Bound<'_, PyAny>,
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        quote_volume: Option<&Bound<'_, PyAny>>,
        interval_ns: i64,
    ) -> PyResult<()> {
        let interval_ns = part_of_an_hour(interval_ns)?;
        let table = Table::read(open_time_ns, [open, high, low, close], volume, quote_volume)?;
        self.0.warm(table.view(), interval_ns).map_err(raise)
    }

    fn scan(
        &mut self,
        py: Python<'_>,
        open_time_ns: &Bound<'_, PyAny>,
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        quote_volume: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Scans> {
        let table = Table::read(open_time_ns, [open, high, low, close], volume, quote_volume)?;
        let view = table.view();
        let kernel = &mut self.0;
        let found = py.detach(|| scanner::scan(kernel, view)).map_err(raise)?;
        Ok(Scans {
            first_ns: Py::new(py, Column::from(found.first_ns))?,
            last_ns: Py::new(py, Column::from(found.last_ns))?,
            masks: found.masks.to_vec(),
            short: found.short,
            quiet: found.quiet,
            hour_ns: Py::new(py, Column::from(found.hour_ns))?,
            quote_volume: Py::new(py, Column::from(found.quote_volume))?,
        })
    }

    fn push(
        &mut self,
        open_time_ns: i64,
        open: f64,
        high: f64,
        low: f64,
        close: f64,
        volume: f64,
        quote_volume: Option<f64>,
    ) -> PyResult<i64> {
        let known = quote_volume.is_some();
        let quote_volume = quote_volume.unwrap_or_default();
        let candle = Candle { open_time_ns, open, high, low, close, volume, quote_volume };
        let verdict = self.0.push(if known { candle } else { valued(candle) }).map_err(|kind| {
            PyValueError::new_err(format!("the candle opened at {open_time_ns} has {}", sentence(kind)))
        })?;
        Ok(match verdict {
            Verdict::Short => SHORT,
            Verdict::Quiet => QUIET,
            Verdict::Ready(mask) => i64::from(mask),
        })
    }
}
