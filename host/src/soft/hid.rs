//! The key as its hosts meet it: CTAPHID, whose channel is whose, smart cards, and what falls due. It does not know the
//! authenticator, so that it can answer while a request runs: keepalives, time extensions, busy, cancel.

mod indicator;
mod listener;

use std::sync::Arc;
use std::time::Duration;

use brasskey_protocol::ctaphid::{self, Device, Event, Report, command};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{Abort, Clock as _};
use brasskey_protocol::request::Request;

use super::about::DEVICE_INFO;
use super::cards::{CardHost, Cards, Carrier, Demand, Incoming, Kind};
use super::clock::SoftClock;
use super::host::{Host, HostId};
use super::log::{Command, Log, LogEntry, Record};
use super::presence::button::Button;
use super::routes::{Routes, Verdict};
use super::sync::{Condvar, Mutex, MutexGuard};
use super::{lock, unpoison};
pub use indicator::SoftIndicator;
pub use listener::Direction;
pub(super) use listener::Listener;

pub(super) struct Hid {
    state: Mutex<State>,
    /// A request waits for the worker, or the worker is to end.
    work: Condvar,
    /// The timer is to look again.
    timer: Condvar,
    pub(super) clock: SoftClock,
    pub(super) button: Arc<Button>,
    abort: Arc<Abort>,
    /// Whether a request may have to wait for somebody.
    waits: bool,
}

struct State {
    device: Device,
    routes: Routes,
    cards: Cards,
    listener: Option<Listener>,
    /// Where the request came from that runs, or that ran last where none does.
    source: Source,
    log: Log,
    is_on: bool,
    is_ending: bool,
    /// Counts power cuts: a request that was running at one is not answered.
    power_cuts: u64,
    /// When the timer looks next; `None` while it sleeps until it is woken.
    timer_wakes: Option<u64>,
    has_work: bool,
    is_running: bool,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Hid,
    /// The card in this reader.
    Card(HostId),
}

/// What is left to do for a report.
#[must_use]
pub(super) enum Next {
    Nothing,
    /// Run the request on this thread.
    Run,
    /// Tell the observer.
    Observe(Record),
}

/// A request that runs.
pub(super) struct Running {
    pub(super) request: Request,
    /// When it began.
    pub(super) begun: u64,
    source: Source,
    power_cuts: u64,
}

impl Hid {
    /// A key that is switched off. `waits` says whether a request may have to wait for somebody.
    pub(super) fn new(waits: bool, clock: SoftClock, button: Arc<Button>, abort: Arc<Abort>) -> Self {
        Self {
            state: Mutex::new(State {
                device: Device::new(DEVICE_INFO),
                routes: Routes::new(),
                cards: Cards::default(),
                listener: None,
                source: Source::Hid,
                log: Log::default(),
                is_on: false,
                is_ending: false,
                power_cuts: 0,
                timer_wakes: None,
                has_work: false,
                is_running: false,
            }),
            work: Condvar::new(),
            timer: Condvar::new(),
            clock,
            button,
            abort,
            waits,
        }
    }

    /// Has `listener` hear each report from now on.
    pub(super) fn listen(&self, listener: Listener) {
        lock(&self.state).listener = Some(listener);
    }

    /// Takes in a report that `from` sent.
    pub(super) fn receive(&self, from: &Arc<dyn Host>, report: &Report) -> Next {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        if !state.is_on {
            return Next::Nothing;
        }
        state.hear(Direction::ToKey, report);
        match state.routes.judge(from.id(), report, &state.device) {
            Verdict::Pass => {}
            Verdict::Refuse(refusal) => {
                state.hear(Direction::FromKey, &refusal);
                from.send(&refusal);
                return Next::Nothing;
            }
            Verdict::Ignore => return Next::Nothing,
        }
        let now = self.clock.now();
        let channel = ctaphid::channel(report);
        let event = state.device.receive(report, now);
        state.transmit(Some((from, channel)));
        self.wake_timer(state);
        match event {
            Event::None => Next::Nothing,
            Event::Request if !self.waits && from.may_take_time() => Next::Run,
            Event::Request => {
                self.wake_worker(state);
                Next::Nothing
            }
            Event::Abort => {
                self.abort(guard, Source::Hid);
                Next::Nothing
            }
            Event::Wink => {
                let record = Record {
                    time: now,
                    channel,
                    command: Command::Wink,
                    status: None,
                    duration: Duration::ZERO,
                    waited: Duration::ZERO,
                };
                state.log.push(record);
                Next::Observe(record)
            }
        }
    }

    /// Forgets a host that is gone; what it asked for ends as if it had cancelled.
    pub(super) fn disconnect(&self, host: HostId) {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let mut is_aborted = false;
        for channel in state.routes.forget(host) {
            let mut cancel = ctaphid::init_report(channel, &[0; 8]);
            cancel[4] = 0x80 | command::CANCEL;
            if state.device.receive(&cancel, self.clock.now()) == Event::Abort {
                is_aborted = true;
            }
        }
        self.wake_timer(state);
        if is_aborted {
            self.abort(guard, Source::Hid);
        }
    }

    /// Puts a card into a reader. While the key is off there is none.
    pub(super) fn insert_card(&self, kind: Kind, host: Arc<dyn CardHost>, carrier: Box<dyn Carrier>) {
        let mut state = lock(&self.state);
        if state.is_on {
            state.cards.insert(kind, host, carrier);
        }
    }

    /// Takes the card out of a reader; what it was asked for ends.
    pub(super) fn remove_card(&self, reader: HostId) {
        let mut state = lock(&self.state);
        state.cards.remove(reader);
        self.abort(state, Source::Card(reader));
    }

    /// Takes in what a reader sent to its card. The worker runs what it asks for: the reader may take the card out
    /// meanwhile.
    pub(super) fn receive_from_reader(&self, reader: HostId, incoming: Incoming<'_>) {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let demand = state.cards.receive(reader, incoming, self.clock.now());
        self.wake_timer(state);
        match demand {
            Demand::Nothing => {}
            Demand::Run => self.wake_worker(state),
            Demand::Abort => self.abort(guard, Source::Card(reader)),
        }
    }

    fn wake_worker(&self, state: &mut State) {
        state.has_work = true;
        self.work.notify_one();
    }

    /// Tells the request that runs to end, where it came from `source`.
    fn abort(&self, state: MutexGuard<'_, State>, source: Source) {
        let is_its = state.is_running && state.source == source;
        if is_its {
            self.abort.set(true);
        }
        drop(state);
        if is_its {
            self.button.wake();
        }
    }

    /// Moves the request that waits to `message`, for the thread that has the authenticator. HID and cards take turns
    /// where both have one.
    pub(super) fn take_request(&self, message: &mut [u8; MAX_MESSAGE]) -> Option<Running> {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let begun = self.clock.now();
        let (source, request) = match state.source {
            Source::Hid => state.of_card(message, begun).or_else(|| state.of_hid(message, begun)),
            Source::Card(_) => state.of_hid(message, begun).or_else(|| state.of_card(message, begun)),
        }?;
        self.abort.set(request.aborted);
        state.source = source;
        state.is_running = true;
        self.wake_timer(state);
        Some(Running {
            request,
            begun,
            source,
            power_cuts: state.power_cuts,
        })
    }

    /// Answers a request and logs it, unless the power was cut meanwhile, and says whether it did.
    pub(super) fn respond(&self, running: &Running, response: &[u8], record: Record) -> bool {
        let mut state = lock(&self.state);
        if state.power_cuts != running.power_cuts {
            return false;
        }
        state.log.push(record);
        state.is_running = false;
        let now = self.clock.now();
        match running.source {
            Source::Card(reader) => state.cards.respond(reader, response, now),
            Source::Hid => {
                state.device.respond(response, now);
                state.transmit(None);
            }
        }
        true
    }

    /// Sleeps until a request waits for the worker, and says whether one does: otherwise the worker is to end.
    pub(super) fn wait_for_work(&self) -> bool {
        let is_idle = |state: &mut State| !state.has_work && !state.is_ending;
        let mut state = unpoison(self.work.wait_while(lock(&self.state), is_idle));
        state.has_work = false;
        !state.is_ending
    }

    /// The timer: does what falls due, and sleeps while nothing can fall due.
    pub(super) fn keep_time(&self) {
        let mut state = lock(&self.state);
        while !state.is_ending {
            self.tick(&mut state);
            state.timer_wakes = state.deadline();
            state = match state.timer_wakes.map(|deadline| self.clock.sleep_until(deadline)) {
                Some(Some(timeout)) => unpoison(self.timer.wait_timeout(state, timeout)).0,
                _ => unpoison(self.timer.wait(state)),
            };
        }
    }

    /// Does what has fallen due.
    fn tick(&self, state: &mut State) {
        let now = self.clock.now();
        if state.device.deadline().is_some_and(|deadline| deadline <= now) {
            state.device.tick(now);
            state.transmit(None);
        }
        if state.cards.deadline().is_some_and(|deadline| deadline <= now) {
            state.cards.tick(now);
        }
    }

    /// Wakes the timer where something falls due before it would look. A timer that wakes too early sleeps again: that
    /// costs less than waking it for every change.
    fn wake_timer(&self, state: &mut State) {
        if let Some(deadline) = state.deadline()
            && state.timer_wakes.is_none_or(|wakes| deadline < wakes)
        {
            state.timer_wakes = Some(deadline);
            self.timer.notify_one();
        }
    }

    /// Moves a scripted clock, and does at once what falls due.
    pub(super) fn advance(&self, milliseconds: u64) {
        self.clock.advance(milliseconds);
        self.tick(&mut lock(&self.state));
        self.button.wake();
    }

    /// Forgets channels, locks and cards, and tells a running request to end; it will not be answered.
    pub(super) fn power_off(&self) {
        let mut state = lock(&self.state);
        state.is_on = false;
        state.power_cuts = state.power_cuts.wrapping_add(1);
        state.device = Device::new(DEVICE_INFO);
        state.routes = Routes::new();
        state.cards.clear();
        state.has_work = false;
        state.is_running = false;
        self.abort.set(true);
        drop(state);
        self.button.wake();
    }

    /// Listens to hosts from now on.
    pub(super) fn power_on(&self) {
        lock(&self.state).is_on = true;
    }

    pub(super) fn is_on(&self) -> bool {
        lock(&self.state).is_on
    }

    pub(super) fn log(&self) -> Vec<LogEntry> {
        lock(&self.state).log.entries()
    }

    /// Whether the timer looks no later than something falls due.
    #[cfg(all(test, feature = "shuttle"))]
    pub(super) fn is_timer_in_time(&self) -> bool {
        let state = lock(&self.state);
        let looks = |deadline| state.timer_wakes.is_some_and(|wakes| wakes <= deadline);
        state.deadline().is_none_or(looks)
    }

    /// Ends the key's threads.
    pub(super) fn end(&self) {
        self.power_off();
        lock(&self.state).is_ending = true;
        self.work.notify_all();
        self.timer.notify_all();
    }
}

impl State {
    fn of_hid(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<(Source, Request)> {
        Some((Source::Hid, self.device.take_request(message, now)?))
    }

    fn of_card(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<(Source, Request)> {
        let (reader, request) = self.cards.take_request(message, now)?;
        Some((Source::Card(reader), request))
    }

    /// When something falls due.
    fn deadline(&self) -> Option<u64> {
        self.device.deadline().into_iter().chain(self.cards.deadline()).min()
    }

    /// Sends what the key has to say; `asked` is the host whose report it answers, and the channel of that.
    fn transmit(&mut self, asked: Option<(&Arc<dyn Host>, u32)>) {
        while let Some(report) = self.device.transmit() {
            if let Some(host) = self.routes.destination(asked, &report) {
                host.send(&report);
                self.hear(Direction::FromKey, &report);
            }
        }
    }

    fn hear(&mut self, direction: Direction, report: &Report) {
        if let Some(listener) = &mut self.listener {
            listener(direction, report);
        }
    }
}
