//! `sadari._kernel`: check arguments, detach from the interpreter, call the kernel, wrap the answer. Nothing else.

use pyo3::prelude::*;

mod buffer;
mod candles;
mod history;
mod ict;
mod lines;
mod portfolio;
mod readings;
mod scanner;
mod surge;
mod watch;

#[pymodule]
mod _kernel {
    #[pymodule_export]
    use crate::buffer::Column;
    #[pymodule_export]
    use crate::candles::{
        Aggregator, Candles, Frame, aggregate, check_candles, fill_gaps, from_trades, not_ready, synthetic,
    };
    #[pymodule_export]
    use crate::history::{History, Ticks, expand};
    #[pymodule_export]
    use crate::ict::{IctFacts, IctReader, IctStream, ict_batch, ict_facts, order_blocks};
    #[pymodule_export]
    use crate::lines::{
        LineSet, above, atr, below, bollinger, crosses, ema, falling, natr, percentile, rising, rolling_max,
        rolling_min, rsi, sma,
    };
    #[pymodule_export]
    use crate::portfolio::Portfolio;
    #[pymodule_export]
    use crate::readings::{Structure, correlation, outcomes, structure};
    #[pymodule_export]
    use crate::scanner::{Scanner, Scans};
    #[pymodule_export]
    use crate::surge::{SurgeStream, SurgeVerdicts, surge_batch, surge_conditions, surge_entry};
    #[pymodule_export]
    use crate::watch::Watch;
}
