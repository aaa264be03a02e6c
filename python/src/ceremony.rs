//! The two ceremonies, with a user who gives a PIN and can press Ctrl-C.

use brasskey::client::ceremony::{create_json, get_json};
use brasskey::client::{CancelHandle, Error, Key, PasskeyAccount, Pin, PinRequest, UserInteraction, Watch};
use brasskey::webauthn::json::{Attachment, Exception};
use brasskey::webauthn::{CeremonyType, Origin};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors;
use crate::interrupts::Interrupts;

/// An account that its user chooses.
#[derive(FromPyObject)]
pub(crate) enum Account {
    Name(String),
    UserHandle(Vec<u8>),
}

/// Ends what several keys were asked, once one of them has answered.
#[pyclass(frozen)]
pub(crate) struct Cancel(CancelHandle);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Self(CancelHandle::default())
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}

/// What a page asks.
pub(crate) struct Page {
    ceremony: CeremonyType,
    options: String,
    origin: Origin,
    attachment: Attachment,
    user: User,
}

impl Page {
    pub(crate) fn new(
        ceremony: CeremonyType,
        options: String,
        origin: &str,
        attachment: Attachment,
        pin: Option<&str>,
        account: Option<Account>,
        cancel: Option<&Cancel>,
    ) -> PyResult<Self> {
        let value = |error: &dyn std::fmt::Display| PyValueError::new_err(error.to_string());
        Ok(Self {
            ceremony,
            options,
            origin: Origin::parse(origin).map_err(|error| value(&error))?,
            attachment,
            user: User {
                pin: pin.map(Pin::new).transpose().map_err(|error| value(&error))?,
                account,
                cancel: cancel.map(|cancel| cancel.0.clone()).unwrap_or_default(),
                interrupts: Interrupts::default(),
            },
        })
    }

    /// Carries it out. Call this without Python's lock.
    pub(crate) fn run(&mut self, key: &mut Key) -> Result<String, Exception> {
        let ceremony = match self.ceremony {
            CeremonyType::Create => create_json,
            CeremonyType::Get => get_json,
        };
        ceremony(key, &self.options, &self.origin, self.attachment, &mut self.user)
    }
}

/// The answer, or what Python gets instead: a Ctrl-C comes before what the ceremony made of it.
pub(crate) fn answer(py: Python<'_>, page: &mut Page, answer: Result<String, Exception>) -> PyResult<String> {
    match page.user.interrupts.take_error() {
        Some(error) => Err(error),
        None => answer.map_err(|exception| errors::of_page(py, &exception)),
    }
}

/// Somebody who knows the PIN or does not.
struct User {
    pin: Option<Pin>,
    /// The account that is chosen where there are several. Without one it is the newest.
    account: Option<Account>,
    cancel: CancelHandle,
    interrupts: Interrupts,
}

impl Watch for User {
    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.interrupts.came()
    }
}

impl UserInteraction for User {
    fn pin(&mut self, _request: &PinRequest) -> Result<Pin, Error> {
        self.pin.clone().ok_or(Error::PinNeeded)
    }

    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        let Some(chosen) = &self.account else {
            return Ok(Some(0));
        };
        let is_chosen = |account: &PasskeyAccount| {
            account.user.as_ref().is_some_and(|user| match chosen {
                Account::Name(name) => user.name.as_ref() == Some(name),
                Account::UserHandle(handle) => user.id == *handle,
            })
        };
        Ok(accounts.iter().position(is_chosen))
    }
}
