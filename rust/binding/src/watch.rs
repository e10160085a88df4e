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

    #[pyo3(signature = (id, up, level, sticky = false))]
    fn arm(&mut self, id: i64, up: bool, level: i64, sticky: bool) -> bool {
        self.inner.arm(id, up, level, sticky)
    }

    fn arm_trail(&mut self, id: i64, up: bool, k: f64, best: i64, floor: Option<i64>, level: Option<i64>) {
        self.inner.arm_trail(id, up, k, best, floor, level);
    }

    fn disarm(&mut self, id: i64) -> bool {
        self.inner.disarm(id)
    }

    fn clear(&mut self) {
        self.inner.clear();
    }

    fn tick(&mut self, price: f64) -> Option<Vec<i64>> {
        self.inner.tick(price)
    }

    fn touch(&mut self, price: i64) -> Vec<i64> {
        self.inner.touch(price)
    }

    #[pyo3(signature = (prices, start = 0))]
    fn scan(&mut self, prices: &Bound<'_, PyAny>, start: usize) -> PyResult<Option<(usize, Vec<i64>)>> {
        Ok(self.inner.scan(Input::read("prices", prices)?.values(), start))
    }

    fn pending(&mut self) -> Vec<i64> {
        self.inner.pending()
    }

    fn frame(&mut self, high: i64, low: i64, line: f64) -> bool {
        self.inner.frame(high, low, line)
    }

    fn nearest(&self) -> (Option<i64>, Option<i64>) {
        self.inner.nearest()
    }

    fn levels(&self) -> Vec<(i64, bool, i64)> {
        self.inner.levels()
    }

    #[getter]
    const fn last(&self) -> Option<i64> {
        self.inner.last()
    }

    #[getter]
    const fn dropped(&self) -> u64 {
        self.inner.dropped()
    }
}
