//! The account-wide sensor.

use pyo3::prelude::*;
use sadari_kernel::portfolio::{Measure, Portfolio as Kernel, Position};

use crate::buffer::{Input, refuse, same_length};

/// Equity, margin and position thresholds of one account.
#[pyclass(module = "sadari._kernel")]
pub struct Portfolio {
    inner: Kernel,
}

#[pymethods]
impl Portfolio {
    #[new]
    fn new(symbols: usize) -> Self {
        Self { inner: Kernel::new(symbols) }
    }

    /// Set the wallet balance.
    fn set_wallet(&mut self, balance: f64) -> PyResult<()> {
        self.inner.set_wallet(finite("balance", balance)?);
        Ok(())
    }

    /// Replace a symbol's position; until its first mark it is valued at its average price.
    #[pyo3(signature = (symbol, qty, avg, maint_margin_rate = 0.0, maint_amount = 0.0, liquidation_price = None))]
    fn set(
        &mut self,
        symbol: usize,
        qty: f64,
        avg: f64,
        maint_margin_rate: f64,
        maint_amount: f64,
        liquidation_price: Option<f64>,
    ) -> PyResult<()> {
        self.check_symbol(symbol)?;
        let position = Position {
            qty: finite("qty", qty)?,
            avg: finite("avg", avg)?,
            maint_margin_rate: finite("maint_margin_rate", maint_margin_rate)?,
            maint_amount: finite("maint_amount", maint_amount)?,
            liquidation_price: liquidation_price.map(|price| finite("liquidation_price", price)).transpose()?,
        };
        self.inner.set(symbol, position);
        Ok(())
    }

    /// Take a mark price; the ids of the thresholds met, or None. A price that is not finite or not positive is ignored.
    fn mark(&mut self, symbol: usize, price: f64) -> PyResult<Option<Vec<i64>>> {
        self.check_symbol(symbol)?;
        Ok(if price.is_finite() && price > 0.0 { self.inner.mark(symbol, price) } else { None })
    }

    /// Arm a threshold; True if it is met already: then call `pending`.
    #[pyo3(signature = (id, kind, threshold, symbol = None, sticky = false))]
    fn arm(&mut self, id: i64, kind: &str, threshold: f64, symbol: Option<usize>, sticky: bool) -> PyResult<bool> {
        let measure = match (kind, symbol) {
            ("equity", None) => Measure::Equity,
            ("margin_ratio", None) => Measure::MarginRatio,
            ("liquidation_near", Some(symbol)) => Measure::LiquidationNear(symbol),
            ("position_loss", Some(symbol)) => Measure::PositionLoss(symbol),
            ("equity" | "margin_ratio", Some(symbol)) => return Err(refuse("symbol", symbol, "absent for an account")),
            ("liquidation_near" | "position_loss", None) => {
                return Err(refuse("symbol", "absent", "given for a position"));
            }
            _ => {
                let allowed = "'equity', 'margin_ratio', 'liquidation_near' or 'position_loss'";
                return Err(refuse("kind", format!("'{kind}'"), allowed));
            }
        };
        symbol.map_or(Ok(()), |symbol| self.check_symbol(symbol))?;
        Ok(self.inner.arm(id, measure, finite("threshold", threshold)?, sticky))
    }

    /// Disarm a threshold; False if there was none.
    fn disarm(&mut self, id: i64) -> bool {
        self.inner.disarm(id)
    }

    /// The ids of the thresholds met as things stand; those not sticky are disarmed.
    fn pending(&mut self) -> Vec<i64> {
        self.inner.pending()
    }

    /// Whether any threshold could be met while each symbol's mark stays between its low and high (NaN: does not move).
    fn could_cross(&self, low: &Bound<'_, PyAny>, high: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (low, high) = (Input::read("low", low)?, Input::read("high", high)?);
        let (low, high) = (low.values(), high.values());
        same_length(&[("the symbols", self.inner.symbols()), ("low", low.len()), ("high", high.len())])?;
        Ok(self.inner.could_cross(low, high))
    }

    /// Wallet balance and unrealized profit.
    #[getter]
    fn equity(&self) -> f64 {
        self.inner.equity()
    }

    /// Maintenance margin of all positions.
    #[getter]
    fn maint_margin(&self) -> f64 {
        self.inner.maint_margin()
    }
}

impl Portfolio {
    fn check_symbol(&self, symbol: usize) -> PyResult<()> {
        if symbol < self.inner.symbols() {
            return Ok(());
        }
        Err(refuse("symbol", symbol, &format!("below the number of symbols, {}", self.inner.symbols())))
    }
}

fn finite(name: &str, value: f64) -> PyResult<f64> {
    if value.is_finite() { Ok(value) } else { Err(refuse(name, value, "a finite number")) }
}
