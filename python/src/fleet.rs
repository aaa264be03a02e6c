//! Many keys from one seed.

use std::sync::Mutex;

use brasskey::soft;
use brasskey::webauthn::CeremonyType;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::ceremony::{self, Page};
use crate::errors;
use crate::key::{read_attachment, read_backup, read_verification};

/// Keys that are numbers.
#[pyclass(frozen)]
pub(crate) struct Fleet {
    fleet: Mutex<soft::Fleet>,
}

#[pymethods]
impl Fleet {
    #[new]
    fn new(py: Python<'_>, seed: [u8; 32], user_verification: &str, backup: &str) -> PyResult<Self> {
        let fleet = soft::Fleet::new(seed, read_verification(user_verification)?, read_backup(backup)?);
        Ok(Self {
            fleet: Mutex::new(fleet.map_err(|error| errors::of_key(py, &error))?),
        })
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.fleet.try_lock().map_err(|_| in_use())?.len())
    }

    fn create(&self, py: Python<'_>, number: u64, options: String, origin: &str, attachment: &str) -> PyResult<String> {
        let page = Page::new(
            CeremonyType::Create,
            options,
            origin,
            read_attachment(attachment)?,
            None,
            None,
            None,
        )?;
        self.run(py, number, page)
    }

    fn get(&self, py: Python<'_>, number: u64, options: String, origin: &str, attachment: &str) -> PyResult<String> {
        let page = Page::new(
            CeremonyType::Get,
            options,
            origin,
            read_attachment(attachment)?,
            None,
            None,
            None,
        )?;
        self.run(py, number, page)
    }
}

impl Fleet {
    fn run(&self, py: Python<'_>, number: u64, mut page: Page) -> PyResult<String> {
        let mut fleet = self.fleet.try_lock().map_err(|_| in_use())?;
        let fleet = &mut *fleet;
        let answer = py.detach(|| fleet.with(number, |key| page.run(key)));
        let answer = answer.map_err(|error| errors::of_key(py, &error))?;
        ceremony::answer(py, &mut page, answer)
    }
}

/// Not to be waited for with Python's lock.
fn in_use() -> PyErr {
    PyRuntimeError::new_err("another thread uses this fleet: have one for each")
}
