//! Columns crossing the border: PEP 3118 buffers in, kernel-owned `Column` objects out.

use std::ffi::{CStr, c_int, c_void};
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use pyo3::buffer::{Element, PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::{PyBufferError, PyIndexError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// A bad argument as one sentence: its name, its value, what is allowed.
pub fn refuse(name: &str, value: impl Display, allowed: &str) -> PyErr {
    PyValueError::new_err(format!("{name} is {value}, but must be {allowed}"))
}

/// A borrowed column: any C-contiguous one-dimensional buffer of f64 ('d') or i64 ('q').
///
/// The caller must not write to the object while the call that received it runs.
///
/// An empty one is `None`: what its pointer points at may not even be aligned.
pub struct Input<T: Element>(Option<PyBuffer<T>>);

impl<T: Element> Input<T> {
    /// Borrow the buffer of a Python object.
    ///
    /// # Errors
    /// `ValueError` when the object exports no buffer of this type and shape.
    pub fn read(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = PyUntypedBuffer::get(object)
            .ok()
            .filter(|buffer| buffer.dimensions() == 1 && buffer.is_c_contiguous())
            .filter(|buffer| buffer.item_size() == size_of::<T>() && T::is_compatible_format(buffer.format()));
        match buffer {
            Some(buffer) if buffer.item_count() == 0 => Ok(Self(None)),
            Some(buffer) => Ok(Self(Some(buffer.into_typed()?))),
            None => {
                let kind = if T::is_compatible_format(c"d") { "f64 ('d')" } else { "i64 ('q')" };
                let given = object.get_type().name()?;
                Err(PyValueError::new_err(format!(
                    "{name} is of type {given}, but must be a contiguous one-dimensional buffer of {kind}"
                )))
            }
        }
    }

    /// The values.
    #[allow(unsafe_code)]
    #[must_use]
    pub fn values(&self) -> &[T]
    where
        T: Sync,
    {
        let Some(buffer) = &self.0 else { return &[] };
        // SAFETY: `read` checked type, contiguity and dimension, PyBuffer checked alignment, and the view keeps the
        // exporter from moving or freeing the memory for as long as `self` lives. That nobody writes meanwhile is the
        // caller's part of the contract, stated on the type and in the Python docstrings.
        unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast::<T>(), buffer.item_count()) }
    }
}

/// Refuse columns that do not belong to one table.
///
/// # Errors
/// `ValueError` naming the first column of another length.
pub fn same_length(columns: &[(&str, usize)]) -> PyResult<()> {
    let (reference, rows) = columns[0];
    match columns.iter().find(|(_, length)| *length != rows) {
        Some((name, length)) => {
            Err(refuse(&format!("the length of {name}"), length, &format!("that of {reference}, {rows}")))
        }
        None => Ok(()),
    }
}

enum Values {
    Floats(Vec<f64>),
    Ints(Vec<i64>),
}

/// A read-only column of f64 or i64 that the kernel owns; `memoryview(column)` and numpy see it without a copy.
#[pyclass(frozen, module = "sadari._kernel")]
pub struct Column {
    values: Values,
    /// What `Py_buffer.shape` points at.
    rows: [ffi::Py_ssize_t; 1],
}

impl From<Vec<f64>> for Column {
    fn from(values: Vec<f64>) -> Self {
        Self { rows: [values.len() as ffi::Py_ssize_t], values: Values::Floats(values) }
    }
}

impl From<Vec<i64>> for Column {
    fn from(values: Vec<i64>) -> Self {
        Self { rows: [values.len() as ffi::Py_ssize_t], values: Values::Ints(values) }
    }
}

/// Long columns that nobody holds any more, kept to be written again.
///
/// The system hands out fresh memory page by page, which costs several times what computing a line into it costs.
static SPARE: Mutex<Vec<Vec<f64>>> = Mutex::new(Vec::new());
/// How many columns wait there, and how long they are: 64 MB at most.
const SPARE_COLUMNS: usize = 4;
const SPARE_ROWS: std::ops::RangeInclusive<usize> = 1 << 15..=1 << 21;

/// A column to be written from the first row to the last; what it holds is of no meaning.
#[must_use]
pub fn spare(rows: usize) -> Vec<f64> {
    let mut waiting = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    match waiting.iter().position(|column| column.len() >= rows && column.len() / 2 <= rows) {
        Some(at) => {
            let mut column = waiting.swap_remove(at);
            column.truncate(rows);
            column
        }
        None => vec![0.0; rows],
    }
}

impl Drop for Column {
    fn drop(&mut self) {
        let Values::Floats(values) = &mut self.values else { return };
        if SPARE_ROWS.contains(&values.len()) {
            let mut waiting = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() == SPARE_COLUMNS {
                waiting.remove(0);
            }
            waiting.push(std::mem::take(values));
        }
    }
}

/// What `Py_buffer.strides` points at: both element types take eight bytes.
static STRIDES: [ffi::Py_ssize_t; 1] = [8];

impl Column {
    fn parts(&self) -> (*const c_void, &'static CStr) {
        match &self.values {
            Values::Floats(values) => (values.as_ptr().cast(), c"d"),
            Values::Ints(values) => (values.as_ptr().cast(), c"q"),
        }
    }
}

#[pymethods]
impl Column {
    fn __len__(&self) -> usize {
        self.rows[0] as usize
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        let at = if index < 0 { index + self.rows[0] } else { index };
        if at < 0 || at >= self.rows[0] {
            return Err(PyIndexError::new_err(format!("row {index} of a column of {} rows", self.rows[0])));
        }
        match &self.values {
            Values::Floats(values) => Ok(values[at as usize].into_pyobject(py)?.into_any()),
            Values::Ints(values) => Ok(values[at as usize].into_pyobject(py)?.into_any()),
        }
    }

    /// All values as a list of float or int.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match &self.values {
            Values::Floats(values) => PyList::new(py, values),
            Values::Ints(values) => PyList::new(py, values),
        }
    }

    fn __repr__(&self) -> String {
        format!("Column({:?}, {} rows)", self.parts().1, self.rows[0])
    }

    /// Fill a view of the column's memory.
    ///
    /// # Safety
    /// `view` is the structure that the interpreter handed over to be filled.
    #[allow(unsafe_code)]
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill"));
        }
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("a kernel column is read-only"));
        }
        let column = slf.get();
        let (memory, format) = column.parts();
        let wants = |flag: c_int| flags & flag == flag;
        // SAFETY: `view` is valid by the protocol. The vector is never changed or moved after construction (the class
        // is frozen and Python objects do not move), and `obj` holds a reference to its owner until the view is
        // released. Shape lies in that owner; format and strides are static. Consumers may not write: `readonly` is set.
        unsafe {
            (*view).buf = memory.cast_mut();
            (*view).len = column.rows[0] * STRIDES[0];
            (*view).readonly = 1;
            (*view).itemsize = STRIDES[0];
            (*view).format = if wants(ffi::PyBUF_FORMAT) { format.as_ptr().cast_mut() } else { std::ptr::null_mut() };
            (*view).ndim = 1;
            (*view).shape = if wants(ffi::PyBUF_ND) { column.rows.as_ptr().cast_mut() } else { std::ptr::null_mut() };
            (*view).strides =
                if wants(ffi::PyBUF_STRIDES) { STRIDES.as_ptr().cast_mut() } else { std::ptr::null_mut() };
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_any().into_ptr();
        }
        Ok(())
    }
}
