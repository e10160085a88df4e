//! The watch of one symbol's price levels.

use pyo3::prelude::*;
use sadari_kernel::watch::Watch as Kernel;

use crate::buffer::Input;

/// One symbol's armed levels.
#[pyclass(module = "sadari._kernel")]
pub struct Watch {
    pub(crate) inner: Kernel,
}

#[pymethods]
impl Watch {
    #[new]
    const fn new() -> Self {
        Self { inner: Kernel::new() }
    }

    /// Arm a level, or replace one; True if the last price is already at or beyond it: then call `pending`.
    #[pyo3(signature = (id, up, level, sticky = false))]
    fn arm(&mut self, id: i64, up: bool, level: i64, sticky: bool) -> bool {
        self.inner.arm(id, up, level, sticky)
    }

    /// Arm a level that `frame` moves and never loosens; a level of None is placed by the first frame. Over a tape, which
    /// moves it by `advance`, what comes after `since_ns` counts; nothing does where it is None.
    fn arm_trail(
        &mut self,
        id: i64,
        up: bool,
        k: f64,
        best: i64,
        floor: Option<i64>,
        level: Option<i64>,
        since_ns: Option<i64>,
    ) {
        self.inner.arm_trail(id, up, k, best, floor, level, since_ns.unwrap_or(i64::MAX));
    }

    /// Arm a trail again where it is, with another floor from its next frame on; False if there is none.
    fn rearm_trail(&mut self, id: i64, floor: Option<i64>) -> bool {
        self.inner.rearm_trail(id, floor)
    }

    /// Disarm a level; False if there was none.
    fn disarm(&mut self, id: i64) -> bool {
        self.inner.disarm(id)
    }

    /// Take a price from the wire; the ids it crosses, nearest first, or None.
    fn tick(&mut self, price: f64) -> Option<Vec<i64>> {
        self.inner.tick(price)
    }

    /// Take a price in units; the ids it crosses, nearest first.
    fn touch(&mut self, price: i64) -> Vec<i64> {
        self.inner.touch(price)
    }

    /// Feed prices from a row on until one crosses; that row and the ids, or None.
    #[pyo3(signature = (prices, start = 0))]
    fn scan(&mut self, prices: &Bound<'_, PyAny>, start: usize) -> PyResult<Option<(usize, Vec<i64>)>> {
        Ok(self.inner.scan(Input::read("prices", prices)?.values(), start))
    }

    /// The ids the last price is at or beyond, as if it came again.
    fn pending(&mut self) -> Vec<i64> {
        self.inner.pending()
    }

    /// Move the trailing levels at the close of a frame; True if one now is at or beyond the last price: then call `pending`.
    fn frame(&mut self, high: i64, low: i64, line: f64) -> bool {
        self.inner.frame(high, low, line)
    }

    /// The highest DOWN level and the lowest UP level.
    fn nearest(&self) -> (Option<i64>, Option<i64>) {
        self.inner.nearest()
    }

    /// Every placed level as (id, up, level), by id.
    fn levels(&self) -> Vec<(i64, bool, i64)> {
        self.inner.levels()
    }

    /// The last price in units; None before the first.
    #[getter]
    const fn last(&self) -> Option<i64> {
        self.inner.last()
    }

    /// How many impossible prices were ignored.
    #[getter]
    const fn dropped(&self) -> u64 {
        self.inner.dropped()
    }
}
