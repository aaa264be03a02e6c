//! The key's core with nothing around it: the CTAPHID engine and, on a thread of its own as waiting for the user takes
//! one, the authenticator.

mod button;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use brasskey::soft::storage::MemoryStorage;
use brasskey_conformance::key::{Hand, LONG, Link, Report};
use brasskey_protocol::authenticator::{Authenticator, Backup, Config};
use brasskey_protocol::ctaphid::{self, Device, DeviceInfo, Event};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{
    Abort, Clock, Indication, Indicator, Platform, Presence, PresenceRequest, Seams, UserPresence,
};
use brasskey_protocol::rng::HealthyRng;
use getrandom::SysRng;

use button::Button;

const INFO: DeviceInfo = DeviceInfo {
    version: [1, 0, 0],
    wink: true,
};

const CONFIG: Config = Config {
    aaguid: *b"the core in test",
    firmware_version: 1,
    lists_recent_algorithms: false,
    backup: Backup::Never,
};

/// What the authenticator's thread, the test and its hosts share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    abort: Abort,
}

struct State {
    device: Device,
    /// Which host has which channel.
    owners: BTreeMap<u32, usize>,
    /// Those that are plugged in, by numbers that no other ever has.
    hosts: BTreeMap<usize, Sender<Report>>,
    last_host: usize,
    button: Button,
    now: u64,
    power: Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    /// Unplugged, and plugged in again once the authenticator has noticed.
    Cycling,
    /// The test is over.
    Off,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no check has failed inside the key")
    }

    /// Waits until `found` finds something: the key does, for as long as it takes.
    fn wait_for<T>(&self, mut found: impl FnMut(&mut State) -> Option<T>) -> (MutexGuard<'_, State>, T) {
        let mut state = self.lock();
        loop {
            if let Some(found) = found(&mut state) {
                return (state, found);
            }
            state = self.changed.wait(state).expect("the key's state");
        }
    }

    /// Waits until it is so: the test does, and not for ever.
    fn wait_until(&self, patience: Duration, mut is_so: impl FnMut(&State) -> bool) {
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, patience, |state| !is_so(state));
        let (state, waited) = waited.expect("the key's state");
        // Whoever fails here leaves the state to others.
        drop(state);
        assert!(!waited.timed_out(), "the key was to be ready");
    }

    /// Changes the state, and has whoever waits look again.
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn cut_power(&self, power: Power) {
        self.change(|state| {
            state.power = power;
            state.device = Device::new(INFO);
            state.owners.clear();
            state.hosts.clear();
            state.button.forget();
            self.abort.set(true);
        });
    }

    /// The authenticator's thread: one power-up after the other, until the test is over.
    fn run(self: &Arc<Self>, mut storage: MemoryStorage) {
        loop {
            self.change(|state| state.now = 0);
            let seams = Seams {
                presence: User(Arc::clone(self)),
                storage,
                rng: HealthyRng::new(SysRng),
                clock: Time(Arc::clone(self)),
                indicator: Light(Arc::clone(self)),
            };
            let started = Authenticator::<Core>::new(seams, CONFIG).map_err(|(_, error)| error);
            let mut authenticator = started.expect("the key starts");
            self.change(|state| {
                if state.power == Power::Cycling {
                    state.power = Power::On;
                }
            });
            self.serve(&mut authenticator);
            if self.lock().power == Power::Off {
                return;
            }
            storage = authenticator.into_seams().storage;
        }
    }

    /// Runs requests until the power goes.
    fn serve(&self, authenticator: &mut Authenticator<Core>) {
        let (mut message, mut response) = ([0; MAX_MESSAGE], [0; MAX_MESSAGE]);
        loop {
            let (state, request) = self.wait_for(|state| match state.power {
                Power::On => state.device.take_request(&mut message, state.now).map(Some),
                Power::Cycling | Power::Off => Some(None),
            });
            let Some(request) = request else { return };
            self.abort.set(request.aborted);
            drop(state);
            let length = authenticator.answer(&request, &message, &mut response);
            let mut state = self.lock();
            if state.power != Power::On {
                return;
            }
            let now = state.now;
            state.device.respond(&response[..length], now);
            state.transmit(None);
        }
    }
}

impl State {
    /// Sends what the engine has to say: to the host that has the channel, or else to the one that asks just now.
    fn transmit(&mut self, asking: Option<usize>) {
        while let Some(report) = self.device.transmit() {
            if let (Some(channel), Some(asking)) = (ctaphid::allocated_channel(&report), asking) {
                self.owners.insert(channel, asking);
            }
            let owner = self.owners.get(&ctaphid::channel(&report)).copied().or(asking);
            if let Some(host) = owner.and_then(|owner| self.hosts.get(&owner)) {
                // Nobody listens any more where the host is gone.
                let _ = host.send(report);
            }
        }
    }
}

/// The core as a platform, and the hand on it.
pub(super) struct Core {
    shared: Arc<Shared>,
    /// How long the hand waits for a key that is to ask for a touch.
    patience: Duration,
}

impl Core {
    pub(super) fn new(storage: MemoryStorage) -> Self {
        Self::with_patience(storage, LONG)
    }

    pub(super) fn with_patience(storage: MemoryStorage, patience: Duration) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                device: Device::new(INFO),
                owners: BTreeMap::new(),
                hosts: BTreeMap::new(),
                last_host: 0,
                button: Button::default(),
                now: 0,
                power: Power::Cycling,
            }),
            changed: Condvar::new(),
            abort: Abort::new(),
        });
        let running = Arc::clone(&shared);
        thread::Builder::new()
            .stack_size(8 << 20)
            .spawn(move || running.run(storage))
            .expect("a thread");
        let core = Self { shared, patience };
        core.wait_for_power();
        core
    }

    fn wait_for_power(&self) {
        self.shared.wait_until(LONG, |state| state.power == Power::On);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // A check that has failed may have left the state locked for good.
        if !thread::panicking() {
            self.shared.cut_power(Power::Off);
        }
    }
}

impl Hand for Core {
    fn connect(&self) -> Box<dyn Link> {
        let (sender, reports) = channel();
        let mut state = self.shared.lock();
        state.last_host += 1;
        let number = state.last_host;
        state.hosts.insert(number, sender);
        Box::new(Wire {
            shared: Arc::clone(&self.shared),
            number,
            reports,
        })
    }

    fn wait_until_asked(&self) {
        self.shared
            .wait_until(self.patience, |state| state.button.is_asked(state.now));
    }

    fn press(&self) {
        self.shared.change(|state| state.button.press(state.now));
    }

    fn release(&self) {
        self.shared.change(|state| state.button.release(state.now));
    }

    fn decline(&self) {
        self.shared
            .change(|state| state.button.answer(Presence::Declined, state.now));
    }

    fn power_cycle(&self) {
        self.shared.cut_power(Power::Cycling);
        self.wait_for_power();
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.shared.change(|state| {
            state.now += milliseconds;
            state.device.tick(state.now);
            state.transmit(None);
        });
        true
    }
}

/// A host's end. One that outlives a power cut is connected to nothing.
struct Wire {
    shared: Arc<Shared>,
    number: usize,
    reports: Receiver<Report>,
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        self.shared.change(|state| {
            if state.hosts.contains_key(&self.number) {
                let event = state.device.receive(report, state.now);
                if event == Event::Abort {
                    self.shared.abort.set(true);
                }
                state.transmit(Some(self.number));
            }
        });
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        self.reports.recv_timeout(timeout).ok()
    }
}

impl Platform for Core {
    type UserPresence = User;
    type Storage = MemoryStorage;
    type Rng = SysRng;
    type Clock = Time;
    type Indicator = Light;
}

pub(super) struct User(Arc<Shared>);

impl UserPresence for User {
    fn wait(&mut self, request: &PresenceRequest<'_>, deadline: u64) -> Presence {
        self.0.change(|state| state.button.ask(request.gesture));
        let (mut state, presence) = self.0.wait_for(|state| match state.power {
            Power::On if !self.0.abort.is_set() => state.button.answered(state.now, deadline),
            _ => Some(Presence::Aborted),
        });
        state.button.forget();
        presence
    }

    fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>) -> Option<Presence> {
        let mut state = self.0.lock();
        let now = state.now;
        let presence = state.button.poll(channel, request, now);
        self.0.changed.notify_all();
        presence
    }

    fn forget(&mut self) {
        self.0.change(|state| state.button.forget());
    }
}

pub(super) struct Time(Arc<Shared>);

impl Clock for Time {
    fn now(&self) -> u64 {
        self.0.lock().now
    }
}

pub(super) struct Light(Arc<Shared>);

impl Indicator for Light {
    fn show(&mut self, indication: Indication) {
        self.0.change(|state| {
            state.device.show(indication, state.now);
            state.transmit(None);
        });
    }
}
