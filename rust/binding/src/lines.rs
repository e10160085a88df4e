//! Lines over columns, and the same lines moved candle by candle.

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use sadari_kernel::lines::{LineSet as Lines, Spec};
use sadari_kernel::{bollinger as bands, crossing, recursive, rolling};

use crate::buffer::{Column, Input, refuse, same_length, spare};

/// The greatest window: bounds what a misplaced argument can allocate.
const LONGEST: i64 = 1_000_000;

pub fn window(name: &str, n: i64) -> PyResult<usize> {
    if (1..=LONGEST).contains(&n) { Ok(n as usize) } else { Err(refuse(name, n, "from 1 to 1000000")) }
}

fn multiple(k: f64) -> PyResult<f64> {
    if k.is_finite() && k >= 0.0 { Ok(k) } else { Err(refuse("k", k, "finite and not negative")) }
}

/// Borrow one column, compute another without holding the interpreter.
fn map(py: Python<'_>, x: &Bound<'_, PyAny>, line: impl Fn(&[f64], &mut [f64]) + Sync) -> PyResult<Column> {
    let x = Input::<f64>::read("the column", x)?;
    let values = x.values();
    Ok(py.detach(|| filled(values.len(), |out| line(values, out))).into())
}

/// A column of so many rows, written by `line`.
fn filled(rows: usize, line: impl FnOnce(&mut [f64])) -> Vec<f64> {
    let mut out = spare(rows);
    line(&mut out);
    out
}

#[pyfunction]
#[pyo3(signature = (close, n, *, first=0))]
pub fn sma(py: Python<'_>, close: &Bound<'_, PyAny>, n: i64, first: i64) -> PyResult<Column> {
    let n = window("n", n)?;
    map(py, close, |x, out| rolling::sma(x, n, first, out))
}

#[pyfunction]
#[pyo3(signature = (close, n, k, *, first=0))]
pub fn bollinger(
    py: Python<'_>,
    close: &Bound<'_, PyAny>,
    n: i64,
    k: f64,
    first: i64,
) -> PyResult<(Column, Column, Column)> {
    let (n, k) = (window("n", n)?, multiple(k)?);
    let close = Input::<f64>::read("close", close)?;
    let x = close.values();
    let [middle, upper, lower] = py.detach(|| {
        let mut out = [spare(x.len()), spare(x.len()), spare(x.len())];
        bands::bollinger(x, n, k, first, out.each_mut().map(Vec::as_mut_slice));
        out
    });
    Ok((middle.into(), upper.into(), lower.into()))
}

#[pyfunction]
pub fn ema(py: Python<'_>, close: &Bound<'_, PyAny>, n: i64) -> PyResult<Column> {
    let n = window("n", n)?;
    map(py, close, |x, out| recursive::ema(x, n, out))
}

#[pyfunction]
pub fn rsi(py: Python<'_>, close: &Bound<'_, PyAny>, n: i64) -> PyResult<Column> {
    let n = window("n", n)?;
    map(py, close, |x, out| recursive::rsi(x, n, out))
}

#[pyfunction]
pub fn rolling_max(py: Python<'_>, x: &Bound<'_, PyAny>, n: i64) -> PyResult<Column> {
    let n = window("n", n)?;
    map(py, x, |x, out| rolling::rolling_max(x, n, out))
}

#[pyfunction]
pub fn rolling_min(py: Python<'_>, x: &Bound<'_, PyAny>, n: i64) -> PyResult<Column> {
    let n = window("n", n)?;
    map(py, x, |x, out| rolling::rolling_min(x, n, out))
}

#[pyfunction]
pub fn percentile(py: Python<'_>, x: &Bound<'_, PyAny>, w: i64) -> PyResult<Column> {
    let w = window("w", w)?;
    map(py, x, |x, out| crossing::percentile(x, w, out))
}

type RangeLine = fn(&[f64], &[f64], &[f64], usize, &mut [f64]);

fn range_line(py: Python<'_>, [high, low, close]: [&Bound<'_, PyAny>; 3], n: i64, line: RangeLine) -> PyResult<Column> {
    let n = window("n", n)?;
    let high = Input::<f64>::read("high", high)?;
    let low = Input::<f64>::read("low", low)?;
    let close = Input::<f64>::read("close", close)?;
    let (h, l, c) = (high.values(), low.values(), close.values());
    same_length(&[("close", c.len()), ("high", h.len()), ("low", l.len())])?;
    Ok(py.detach(|| filled(c.len(), |out| line(h, l, c, n, out))).into())
}

#[pyfunction]
pub fn atr(
    py: Python<'_>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    n: i64,
) -> PyResult<Column> {
    range_line(py, [high, low, close], n, recursive::atr)
}

#[pyfunction]
pub fn natr(
    py: Python<'_>,
    high: &Bound<'_, PyAny>,
    low: &Bound<'_, PyAny>,
    close: &Bound<'_, PyAny>,
    n: i64,
) -> PyResult<Column> {
    range_line(py, [high, low, close], n, recursive::natr)
}

#[pyfunction]
pub fn crosses(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<(Column, Column)> {
    let a = Input::<f64>::read("a", a)?;
    let b = Input::<f64>::read("b", b)?;
    let (a, b) = (a.values(), b.values());
    same_length(&[("a", a.len()), ("b", b.len())])?;
    let [golden, dead] = py.detach(|| crossing::crosses(a, b));
    Ok((golden.into(), dead.into()))
}

fn runs(py: Python<'_>, x: &Bound<'_, PyAny>, m: i64, rows: fn(&[f64], usize) -> Vec<i64>) -> PyResult<Column> {
    let m = window("m", m)?;
    let x = Input::<f64>::read("x", x)?;
    let values = x.values();
    Ok(py.detach(|| rows(values, m)).into())
}

#[pyfunction]
pub fn falling(py: Python<'_>, x: &Bound<'_, PyAny>, m: i64) -> PyResult<Column> {
    runs(py, x, m, crossing::falling)
}

#[pyfunction]
pub fn rising(py: Python<'_>, x: &Bound<'_, PyAny>, m: i64) -> PyResult<Column> {
    runs(py, x, m, crossing::rising)
}

#[pyfunction]
pub fn above(a: f64, b: f64) -> bool {
    crossing::above(a, b)
}

#[pyfunction]
pub fn below(a: f64, b: f64) -> bool {
    crossing::below(a, b)
}

/// Read ("sma", 20) or ("bollinger", 200, 2.0).
fn spec(given: &Bound<'_, PyAny>) -> PyResult<Spec> {
    const ALLOWED: &str = "('bollinger', n, k) or (line, n) with line one of sma, ema, atr, natr, rsi";
    match given.extract::<(String, i64, f64)>() {
        Ok((name, n, k)) if name == "bollinger" => return Ok(Spec::Bollinger(window("n", n)?, multiple(k)?)),
        _ => {}
    }
    let Ok((name, n)) = given.extract::<(String, i64)>() else {
        return Err(refuse("a line", given.repr()?, ALLOWED));
    };
    let line = match name.as_str() {
        "sma" => Spec::Sma,
        "ema" => Spec::Ema,
        "atr" => Spec::Atr,
        "natr" => Spec::Natr,
        "rsi" => Spec::Rsi,
        _ => return Err(refuse("a line", given.repr()?, ALLOWED)),
    };
    Ok(line(window("n", n)?))
}

fn names(spec: Spec) -> Vec<String> {
    match spec {
        Spec::Sma(n) => vec![format!("sma({n})")],
        Spec::Ema(n) => vec![format!("ema({n})")],
        Spec::Atr(n) => vec![format!("atr({n})")],
        Spec::Natr(n) => vec![format!("natr({n})")],
        Spec::Rsi(n) => vec![format!("rsi({n})")],
        Spec::Bollinger(n, k) => {
            ["middle", "upper", "lower"].iter().map(|band| format!("bollinger({n},{k}).{band}")).collect()
        }
    }
}

/// The lines of one symbol and interval, moved by one closed candle at a time.
#[pyclass(module = "sadari._kernel")]
pub struct LineSet(Lines);

#[pymethods]
impl LineSet {
    #[new]
    #[pyo3(signature = (specs, *, first=0))]
    #[allow(clippy::needless_pass_by_value)] // an argument is extracted as an owned vector
    fn new(specs: Vec<Bound<'_, PyAny>>, first: i64) -> PyResult<Self> {
        let specs = specs.iter().map(spec).collect::<PyResult<Vec<_>>>()?;
        Ok(Self(Lines::new(&specs, first)))
    }

    fn update(&mut self, high: f64, low: f64, close: f64) -> bool {
        self.0.update(high, low, close)
    }

    fn __getitem__(&self, index: usize) -> PyResult<f64> {
        let values = self.0.values();
        values.get(index).copied().ok_or_else(|| PyIndexError::new_err(format!("value {index} of {}", values.len())))
    }

    fn __len__(&self) -> usize {
        self.0.values().len()
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.specs().flat_map(names).collect()
    }

    fn tolist(&self) -> Vec<f64> {
        self.0.values().to_vec()
    }
}
