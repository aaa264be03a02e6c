//! Rust's errors as the exceptions of `brasskey/errors.py`.

use brasskey::webauthn::json::{Exception, ExceptionName};
use pyo3::prelude::*;

/// Something about the key itself.
pub(crate) fn of_key(py: Python<'_>, error: &dyn std::fmt::Display) -> PyErr {
    named(py, "Error", error.to_string())
}

/// The code of a CTAPHID error.
pub(crate) fn of_code(py: Python<'_>, code: u8) -> PyErr {
    named(py, "CtaphidError", code)
}

/// What a page gets instead of an answer of a key that is not there any more, or does not work.
pub(crate) fn of_page_without_key(py: Python<'_>, error: &dyn std::fmt::Display) -> PyErr {
    let name = ExceptionName::NotAllowed;
    let message = error.to_string();
    of_page(py, &Exception { name, message })
}

/// What a page gets instead of an answer.
pub(crate) fn of_page(py: Python<'_>, exception: &Exception) -> PyErr {
    let made = py
        .import("brasskey.errors")
        .and_then(|module| module.call_method1("exception", (exception.name.as_str(), &exception.message)));
    made.map_or_else(|error| error, PyErr::from_value)
}

fn named<'py>(py: Python<'py>, name: &str, argument: impl IntoPyObject<'py>) -> PyErr {
    let made = py
        .import("brasskey.errors")
        .and_then(|module| module.call_method1(name, (argument,)));
    made.map_or_else(|error| error, PyErr::from_value)
}
