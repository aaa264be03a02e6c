//! The soft token.

use std::time::Duration;

use brasskey::client::{self, Channel, Pin, SystemTime, Timeouts, Unwatched};
use brasskey::soft::{Answer, Backup, ImportedKey, NewCredential, SoftKey, Touch, UserVerification};
use brasskey::webauthn::json::Attachment;
use brasskey::webauthn::{CeremonyType, Origin};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Serialize;

use crate::cable;
use crate::ceremony::{self, Account, Cancel, Page};
use crate::device::Device;
use crate::errors;

/// A soft token in memory, with handles for a test.
#[pyclass(frozen)]
pub(crate) struct Key {
    soft: SoftKey,
    scripted_clock: bool,
}

#[pymethods]
impl Key {
    #[new]
    #[pyo3(signature = (*, touch, script, user_verification, backup, aaguid, seed, scripted_clock, recent_algorithms))]
    #[expect(clippy::too_many_arguments, reason = "Python gives each of them a name")]
    fn new(
        py: Python<'_>,
        touch: &str,
        script: Option<Vec<String>>,
        user_verification: &str,
        backup: &str,
        aaguid: Option<[u8; 16]>,
        seed: Option<[u8; 32]>,
        scripted_clock: bool,
        recent_algorithms: bool,
    ) -> PyResult<Self> {
        let mut builder = SoftKey::builder()
            .touch(read_touch(touch, script)?)
            .user_verification(read_verification(user_verification)?)
            .backup(read_backup(backup)?)
            .list_recent_algorithms(recent_algorithms);
        if let Some(aaguid) = aaguid {
            builder = builder.aaguid(aaguid);
        }
        if let Some(seed) = seed {
            builder = builder.seed(seed);
        }
        if scripted_clock {
            builder = builder.scripted_clock();
        }
        let soft = py.detach(|| builder.build());
        Ok(Self {
            soft: soft.map_err(|error| errors::of_key(py, &error))?,
            scripted_clock,
        })
    }

    fn press(&self) {
        self.soft.press();
    }

    fn release(&self) {
        self.soft.release();
    }

    fn pulse(&self) {
        self.soft.pulse();
    }

    fn decline(&self) {
        self.soft.decline();
    }

    fn power_off(&self, py: Python<'_>) {
        py.detach(|| self.soft.power_off());
    }

    fn power_on(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.soft.power_on())
            .map_err(|error| errors::of_key(py, &error))
    }

    fn advance(&self, py: Python<'_>, milliseconds: u64) {
        py.detach(|| self.soft.advance(milliseconds));
    }

    fn set_user_verified(&self, verified: bool) {
        self.soft.set_user_verified(verified);
    }

    fn state(&self) -> PyResult<String> {
        json(&self.soft.state())
    }

    fn log(&self) -> PyResult<String> {
        json(&self.soft.log())
    }

    fn wait_until_asked(&self, py: Python<'_>, seconds: f64) -> PyResult<String> {
        let timeout = Duration::try_from_secs_f64(seconds).map_err(|error| PyValueError::new_err(error.to_string()))?;
        json(&py.detach(|| self.soft.wait_until_asked(timeout)))
    }

    fn set_pin(&self, py: Python<'_>, pin: &str) -> PyResult<()> {
        let pin = Pin::new(pin).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let set = || cable::open(&self.soft, self.scripted_clock)?.set_pin(&pin, &mut Unwatched);
        py.detach(set).map_err(|error| errors::of_key(py, &error))
    }

    /// Whether a key may have this PIN.
    #[staticmethod]
    fn check_pin(pin: &str) -> PyResult<()> {
        let checked = Pin::new(pin);
        checked
            .map(drop)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Whether WebAuthn works at this origin.
    #[staticmethod]
    fn check_origin(origin: &str) -> PyResult<()> {
        let checked = Origin::parse(origin);
        checked
            .map(drop)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Whether the key has a PIN; `None` where it cannot say, because it is off or at work.
    fn has_pin(&self, py: Python<'_>) -> Option<bool> {
        let impatient = Timeouts {
            busy: Duration::ZERO,
            ..Timeouts::default()
        };
        let ask = || {
            let cable = Box::new(self.soft.connect());
            let channel = Channel::open_with(cable, Box::new(SystemTime::start()), impatient).ok()?;
            let key = client::Key::over(channel).ok()?;
            Some(key.info()?.has("clientPin"))
        };
        match self.soft.state().powered {
            true => py.detach(ask),
            false => None,
        }
    }

    /// How many wrong PINs the key still takes.
    fn pin_retries(&self, py: Python<'_>) -> PyResult<u64> {
        let ask = || cable::open(&self.soft, self.scripted_clock)?.pin_retries(&mut Unwatched);
        let retries = py.detach(ask).map_err(|error| errors::of_key(py, &error))?;
        Ok(retries.left)
    }

    fn credentials(&self, py: Python<'_>) -> PyResult<String> {
        let all = py.detach(|| self.soft.credentials());
        json(&all.map_err(|error| errors::of_key(py, &error))?)
    }

    #[pyo3(signature = (
        rp_id, private_key, *, id, algorithm, user_handle, user_name, user_display_name, sign_count, backup_eligible,
        large_blob
    ))]
    #[expect(clippy::too_many_arguments, reason = "Python gives each of them a name")]
    fn inject(
        &self,
        py: Python<'_>,
        rp_id: String,
        private_key: &[u8],
        id: Option<Vec<u8>>,
        algorithm: Option<i64>,
        user_handle: Option<Vec<u8>>,
        user_name: Option<String>,
        user_display_name: Option<String>,
        sign_count: u32,
        backup_eligible: bool,
        large_blob: Option<Vec<u8>>,
    ) -> PyResult<String> {
        let key =
            ImportedKey::read(private_key, algorithm).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let mut new = NewCredential {
            user_handle,
            user_name,
            user_display_name,
            sign_count,
            backup_eligible,
            large_blob,
            ..NewCredential::new(rp_id, key).map_err(|error| errors::of_key(py, &error))?
        };
        if let Some(id) = id {
            new.id = id;
        }
        let injected = py.detach(|| self.soft.inject(&new));
        json(&injected.map_err(|error| errors::of_key(py, &error))?)
    }

    fn delete_credential(&self, py: Python<'_>, id: &[u8]) -> PyResult<()> {
        py.detach(|| self.soft.delete_credential(id))
            .map_err(|error| errors::of_key(py, &error))
    }

    fn delete_credentials(&self, py: Python<'_>) -> PyResult<usize> {
        py.detach(|| self.soft.delete_credentials())
            .map_err(|error| errors::of_key(py, &error))
    }

    #[pyo3(signature = (id, sign_count))]
    fn set_sign_count(&self, py: Python<'_>, id: Option<&[u8]>, sign_count: u32) -> PyResult<()> {
        py.detach(|| self.soft.set_sign_count(id, sign_count))
            .map_err(|error| errors::of_key(py, &error))
    }

    fn connect(&self, py: Python<'_>) -> PyResult<Device> {
        Device::open(py, &self.soft)
    }

    #[pyo3(signature = (options, origin, attachment, pin, account, cancel))]
    #[expect(clippy::too_many_arguments, reason = "a page has as many")]
    fn create(
        &self,
        py: Python<'_>,
        options: String,
        origin: &str,
        attachment: &str,
        pin: Option<&str>,
        account: Option<Account>,
        cancel: Option<&Cancel>,
    ) -> PyResult<String> {
        self.run(
            py,
            Page::new(
                CeremonyType::Create,
                options,
                origin,
                read_attachment(attachment)?,
                pin,
                account,
                cancel,
            )?,
        )
    }

    #[pyo3(signature = (options, origin, attachment, pin, account, cancel))]
    #[expect(clippy::too_many_arguments, reason = "a page has as many")]
    fn get(
        &self,
        py: Python<'_>,
        options: String,
        origin: &str,
        attachment: &str,
        pin: Option<&str>,
        account: Option<Account>,
        cancel: Option<&Cancel>,
    ) -> PyResult<String> {
        self.run(
            py,
            Page::new(
                CeremonyType::Get,
                options,
                origin,
                read_attachment(attachment)?,
                pin,
                account,
                cancel,
            )?,
        )
    }
}

impl Key {
    fn run(&self, py: Python<'_>, mut page: Page) -> PyResult<String> {
        if !self.soft.state().powered {
            // What a browser says when its time is up.
            let message = "no security key is plugged in: this one is switched off";
            return Err(errors::of_page_without_key(py, &message));
        }
        let answer = py.detach(|| {
            let mut key = cable::open(&self.soft, self.scripted_clock)?;
            Ok(page.run(&mut key))
        });
        let answer = answer.map_err(|error: client::Error| errors::of_page_without_key(py, &error))?;
        ceremony::answer(py, &mut page, answer)
    }
}

fn json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn read_touch(touch: &str, script: Option<Vec<String>>) -> PyResult<Touch> {
    let Some(script) = script else {
        return match touch.parse() {
            Ok(touch @ (Touch::Auto | Touch::Deny | Touch::Control)) => Ok(touch),
            _ => Err(unknown("touch", "auto, deny, control, or a list of touch and decline")),
        };
    };
    let answers = script.iter().map(|answer| match answer.as_str() {
        "touch" => Ok(Answer::Touch),
        "decline" => Ok(Answer::Decline),
        _ => Err(unknown("an answer in touch", "touch or decline")),
    });
    Ok(Touch::Script(answers.collect::<PyResult<_>>()?))
}

pub(crate) fn read_verification(name: &str) -> PyResult<UserVerification> {
    name.parse()
        .map_err(|_| unknown("user_verification", "pin, always, never or control"))
}

pub(crate) fn read_backup(name: &str) -> PyResult<Backup> {
    Ok(match name {
        "never" => Backup::Never,
        "eligible" => Backup::Eligible,
        "backed-up" => Backup::BackedUp,
        _ => return Err(unknown("backup", "never, eligible or backed-up")),
    })
}

pub(crate) fn read_attachment(name: &str) -> PyResult<Attachment> {
    Attachment::from_name(name).ok_or_else(|| unknown("attachment", "platform or cross-platform"))
}

fn unknown(what: &str, known: &str) -> PyErr {
    PyValueError::new_err(format!("{what} must be {known}"))
}
