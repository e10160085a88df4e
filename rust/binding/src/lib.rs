//! `sadari._kernel`: check arguments, detach from the interpreter, call the kernel, wrap the answer. Nothing else.

use pyo3::prelude::*;

mod buffer;
pub mod history;
mod lines;
pub mod watch;

#[pymodule]
mod _kernel {
    #[pymodule_export]
    use crate::buffer::Column;
    #[pymodule_export]
    use crate::history::{History, expand};
    #[pymodule_export]
    use crate::lines::{
        LineSet, above, atr, below, bollinger, crosses, ema, falling, natr, percentile, rising, rolling_max, rolling_min, rsi,
        sma,
    };
    #[pymodule_export]
    use crate::watch::Watch;
}
