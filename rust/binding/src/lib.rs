//! `sadari._kernel`: check arguments, detach from the interpreter, call the kernel, wrap the answer. Nothing else.

use pyo3::prelude::*;

pub mod buffer;
pub mod history;
pub mod watch;

#[pymodule]
mod _kernel {
    #[pymodule_export]
    use crate::buffer::Column;
    #[pymodule_export]
    use crate::history::{History, expand};
    #[pymodule_export]
    use crate::watch::Watch;
}
