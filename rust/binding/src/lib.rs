//! `sadari._kernel`: check arguments, detach from the interpreter, call the kernel, wrap the answer. Nothing else.

use pyo3::prelude::*;

#[pymodule]
mod _kernel {
    use super::{Bound, PyModule, PyResult};

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        Ok(())
    }
}
