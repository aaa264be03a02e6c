//! The native half of the Python package `brasskey`. What Python programs see is in `brasskey/*.py`: there are the
//! types and the texts. Here is what takes the library: the key, its messages, and the ceremonies.
//!
//! Each call gives Python's lock back while the key works. Values cross as bytes and JSON.

mod cable;
mod ceremony;
mod device;
mod errors;
mod fleet;
mod interrupts;
mod key;

use pyo3::prelude::*;

#[pymodule]
mod _brasskey {
    #[pymodule_export]
    use super::ceremony::Cancel;
    #[pymodule_export]
    use super::device::Device;
    #[pymodule_export]
    use super::fleet::Fleet;
    #[pymodule_export]
    use super::key::Key;
}
