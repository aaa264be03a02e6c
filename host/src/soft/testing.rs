//! A host for tests: speaks CTAPHID over anything that carries reports.

use std::sync::Arc;
use std::time::Duration;

use brasskey_protocol::ctaphid::{
    self, BROADCAST, Host, Progress, Report, allocated_channel, command, fragment, init_report,
};
use brasskey_protocol::limits::STORAGE_KEY_MAX;
use brasskey_protocol::platform::{Storage, StorageError};

use super::storage::MemoryStorage;
use super::sync::{Condvar, Mutex};
use super::{Connection, lock, unpoison};

/// Longer than any test waits when it passes.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Stops a storage for a while. Dropping this lets the storage go on.
pub(super) struct SlowDisk(Arc<Valve>);

#[derive(Default)]
struct Valve {
    state: Mutex<Flow>,
    changed: Condvar,
}

#[derive(Default)]
struct Flow {
    is_shut: bool,
    is_waited_for: bool,
}

impl SlowDisk {
    /// The storage, which works as usual until it is stopped, and what stops it.
    pub(super) fn new() -> (impl Storage + Send, Self) {
        let valve = Arc::<Valve>::default();
        let storage = SlowStorage {
            records: MemoryStorage::new(),
            valve: Arc::clone(&valve),
        };
        (storage, Self(valve))
    }

    /// From now on every access waits for [`Self::open`].
    pub(super) fn shut(&self) {
        lock(&self.0.state).is_shut = true;
    }

    /// Waits until the key waits for the disk.
    pub(super) fn wait_until_needed(&self) {
        let is_idle = |flow: &mut Flow| !flow.is_waited_for;
        let (_flow, waited) = unpoison(self.0.changed.wait_timeout_while(lock(&self.0.state), LONG, is_idle));
        assert!(!waited.timed_out(), "the key needs no disk");
    }

    pub(super) fn open(&self) {
        lock(&self.0.state).is_shut = false;
        self.0.changed.notify_all();
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        self.open();
    }
}

struct SlowStorage {
    records: MemoryStorage,
    valve: Arc<Valve>,
}

impl SlowStorage {
    fn records(&mut self) -> &mut MemoryStorage {
        let mut flow = lock(&self.valve.state);
        flow.is_waited_for = flow.is_shut;
        self.valve.changed.notify_all();
        // Not for ever, so that a test that fails ends.
        let shut = |flow: &mut Flow| flow.is_shut;
        drop(unpoison(self.valve.changed.wait_timeout_while(flow, 2 * LONG, shut)));
        &mut self.records
    }
}

impl Storage for SlowStorage {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        self.records().read(key, value)
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.records().write(key, value)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.records().remove(key)
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        self.records().next_key(prefix, after, key)
    }

    fn room(&mut self, length: usize) -> Result<u32, StorageError> {
        self.records().room(length)
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        self.records().scrub()
    }
}

/// authenticatorReset.
pub(super) const RESET: &[u8] = &[0x07];
/// authenticatorGetInfo.
pub(super) const GET_INFO: &[u8] = &[0x04];
/// authenticatorSelection: nothing but a touch.
pub(super) const SELECTION: &[u8] = &[0x0B];
/// U2F_VERSION.
pub(super) const VERSION: &[u8] = &[0, 3, 0, 0, 0, 0, 0];

/// U2F_REGISTER for the application of 32 bytes `application`.
pub(super) fn u2f_register(application: u8) -> Vec<u8> {
    let mut apdu = vec![0, 1, 0, 0, 0, 0, 64];
    apdu.extend([0; 32]);
    apdu.extend([application; 32]);
    apdu.extend([0, 0]);
    apdu
}

/// What carries reports.
pub(super) trait Link {
    fn send(&self, report: &Report);
    fn receive(&self, timeout: Duration) -> Option<Report>;
}

impl Link for Connection {
    fn send(&self, report: &Report) {
        self.send(report);
    }

    fn receive(&self, timeout: Duration) -> Option<Report> {
        self.receive(timeout)
    }
}

/// A host with one channel.
pub(super) struct Client<L: Link> {
    pub(super) link: L,
    pub(super) channel: u32,
}

impl<L: Link> Client<L> {
    /// Allocates a channel.
    pub(super) fn new(link: L) -> Self {
        link.send(&init_report(BROADCAST, b"a nonce."));
        let reply = link.receive(LONG).expect("an INIT reply");
        let channel = allocated_channel(&reply).expect("a channel");
        Self { link, channel }
    }

    pub(super) fn send(&self, command: u8, payload: &[u8]) {
        for report in fragment(self.channel, command, payload).expect("a message") {
            self.link.send(&report);
        }
    }

    /// The whole answer to `command`, or the error's code.
    pub(super) fn answer(&self, command: u8) -> Result<Vec<u8>, u8> {
        let mut host = Host::new(self.channel);
        host.expect(command);
        loop {
            let report = self.link.receive(LONG).expect("an answer");
            match host.receive(&report) {
                Progress::Nothing | Progress::Keepalive(_) => {}
                Progress::Complete(payload) => return Ok(payload.to_vec()),
                Progress::Error(code) => return Err(code),
                Progress::Broken => panic!("the key broke the protocol: {report:?}"),
            }
        }
    }

    pub(super) fn exchange(&self, command: u8, payload: &[u8]) -> Result<Vec<u8>, u8> {
        self.send(command, payload);
        self.answer(command)
    }

    /// The CTAP2 status of a command.
    pub(super) fn status(&self, request: &[u8]) -> u8 {
        self.exchange(command::CBOR, request).expect("an answer")[0]
    }

    /// The status word of a U2F message.
    pub(super) fn status_word(&self, apdu: &[u8]) -> u16 {
        let answer = self.exchange(command::MSG, apdu).expect("an answer");
        u16::from_be_bytes(*answer.last_chunk().expect("a status word"))
    }

    /// The next report, where the test knows that one comes.
    pub(super) fn next(&self) -> Report {
        let report = self.link.receive(LONG).expect("a report");
        assert_eq!(ctaphid::channel(&report), self.channel);
        report
    }
}
