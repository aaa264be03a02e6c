//! Messages of CTAPHID, for clients that have their own idea of the commands (CTAP 2.3 §11.2).

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use brasskey::soft::{Connection, SoftKey};
use brasskey_protocol::ctaphid::{
    BROADCAST, Host, InitResponse, Progress, cancel_report, command, fragment, init_report,
};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::cable::Plug;
use crate::errors;

/// How long to wait before looking at Python's events again.
const INTERVAL: Duration = Duration::from_millis(20);
/// A key in the same process answers at once.
const PATIENCE: Duration = Duration::from_secs(1);
/// The nonce of CTAPHID_INIT: nobody else is on this connection.
const NONCE: [u8; 8] = *b"in here.";
/// What python-fido2's own devices raise as an `OSError` where the key was unplugged, and where they were closed.
const ENODEV: i32 = 19;
const EBADF: i32 = 9;

/// A channel of a soft token.
#[pyclass(frozen)]
pub(crate) struct Device {
    link: Mutex<Link>,
    init: InitResponse,
    plug: Plug,
    is_closed: AtomicBool,
}

struct Link {
    connection: Connection,
    host: Box<Host>,
}

/// What a report changed.
enum Step {
    Nothing,
    Keepalive(u8),
    Complete(Vec<u8>),
    Error(u8),
}

impl Device {
    pub(crate) fn open(py: Python<'_>, soft: &SoftKey) -> PyResult<Self> {
        let silent = || errors::of_key(py, &"the key does not answer: is it switched on?");
        if !soft.state().powered {
            return Err(silent());
        }
        let plug = Plug::new(soft);
        let connection = soft.connect();
        let init = py.detach(|| {
            let mut host = Host::new(BROADCAST);
            host.expect(command::INIT);
            connection.send(&init_report(BROADCAST, &NONCE));
            let report = connection.receive(PATIENCE)?;
            match host.receive(&report) {
                Progress::Complete(payload) => InitResponse::parse(payload),
                _ => None,
            }
        });
        let init = init.ok_or_else(silent)?;
        let host = Box::new(Host::new(init.channel));
        Ok(Self {
            link: Mutex::new(Link { connection, host }),
            init,
            plug,
            is_closed: AtomicBool::new(false),
        })
    }

    /// Whether this still leads to the key.
    fn check(&self) -> PyResult<()> {
        if self.is_closed.load(Ordering::Acquire) {
            Err(PyOSError::new_err((EBADF, "the device was closed")))
        } else if self.plug.is_pulled() {
            Err(PyOSError::new_err((ENODEV, "the security key was unplugged")))
        } else {
            Ok(())
        }
    }
}

#[pymethods]
impl Device {
    #[getter]
    fn capabilities(&self) -> u8 {
        self.init.capabilities
    }

    /// Sends a message and returns the answer. `is_cancelled` is asked while the key waits; a key that waits for a
    /// touch is then told so once. `on_keepalive` gets each new status.
    fn call<'py>(
        &self,
        py: Python<'py>,
        command: u8,
        payload: &[u8],
        is_cancelled: &Bound<'py, PyAny>,
        on_keepalive: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        // Not to be waited for with Python's lock: the thread that has it may wait for that lock.
        let Ok(mut guard) = self.link.try_lock() else {
            return Err(PyRuntimeError::new_err(
                "another thread uses this device: open one for each",
            ));
        };
        let (link, channel) = (&mut *guard, self.init.channel);
        self.check()?;
        py.detach(|| link.send(channel, command, payload))
            .map_err(PyValueError::new_err)?;
        let (mut told, mut last) = (false, None);
        loop {
            match py.detach(|| link.receive()) {
                Step::Complete(answer) => return Ok(PyBytes::new(py, &answer)),
                Step::Error(code) => return Err(errors::of_code(py, code)),
                Step::Keepalive(status) => {
                    if let (true, Some(on_keepalive)) = (last.replace(status) != Some(status), on_keepalive) {
                        on_keepalive.call1((status,))?;
                    }
                }
                Step::Nothing => self.check().inspect_err(|_| link.cancel(channel))?,
            }
            let interrupted = py.check_signals();
            if !told && (interrupted.is_err() || is_cancelled.call0()?.is_truthy()?) {
                py.detach(|| link.cancel(channel));
                told = true;
            }
            interrupted?;
        }
    }

    /// Gives the channel up. A call that waits ends within [`INTERVAL`].
    fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }
}

impl Link {
    fn send(&mut self, channel: u32, command: u8, payload: &[u8]) -> Result<(), &'static str> {
        let reports = fragment(channel, command, payload).map_err(|_| "the message is longer than CTAPHID carries")?;
        // What an earlier call left: it was interrupted.
        while self.connection.receive(Duration::ZERO).is_some() {}
        self.host.expect(command);
        for report in reports {
            self.connection.send(&report);
        }
        Ok(())
    }

    fn cancel(&self, channel: u32) {
        self.connection.send(&cancel_report(channel));
    }

    fn receive(&mut self) -> Step {
        let Some(report) = self.connection.receive(INTERVAL) else {
            return Step::Nothing;
        };
        match self.host.receive(&report) {
            Progress::Nothing => Step::Nothing,
            Progress::Keepalive(status) => Step::Keepalive(status),
            Progress::Complete(answer) => Step::Complete(answer.to_vec()),
            Progress::Error(code) => Step::Error(code),
            // CTAPHID's ERR_OTHER: python-fido2 has no better word, either.
            Progress::Broken => Step::Error(0x7F),
        }
    }
}
