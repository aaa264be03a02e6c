//! The token: one CTAPHID engine, one authenticator, and the threads between them.
//!
//! Reports come in on any thread by [`Token::receive`] and leave through their channel's [`Peer`]. A request runs on
//! the thread that brought it where nobody can be waited for and that thread may take its time, and otherwise on a worker,
//! so that the engine goes on answering: keepalives, busy, cancel. Locks are taken in the order runner, engine, log; none is held while the key
//! waits for its user but the runner's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, TryLockError, Weak};
use std::time::{Duration, Instant};

use brasskey_protocol::authenticator::Config;
use brasskey_protocol::ctaphid::{self, Device, Event, Report, RequestKind, command};
use brasskey_protocol::platform::{Abort, Clock, Indication, Seams, Status};
use brasskey_protocol::store::StartError;

use super::clock::SoftClock;
use super::log::{Command, Log, LogEntry, Record, Status as LoggedStatus};
use super::peer::Peer;
use super::platform::{DEVICE_INFO, SoftPlatform};
use super::presence::button::Button;
use super::routes::{Routes, Verdict};
use super::runner::Runner;
use super::{lock, unpoison};

/// Hears of each command.
pub(super) type Observer = Box<dyn Fn(LogEntry) + Send + Sync>;

/// Everything that the key's threads share.
pub(super) struct Token {
    runner: Mutex<Runner>,
    engine: Mutex<Engine>,
    log: Mutex<Log>,
    observer: Option<Observer>,
    /// A request waits for the worker, or the worker shall end.
    work: Condvar,
    /// The timer shall look again.
    timer: Condvar,
    pub(super) button: Arc<Button>,
    pub(super) clock: SoftClock,
    abort: Arc<Abort>,
    /// Requests run on the thread that brings them, where that may take its time.
    inline: bool,
    ending: AtomicBool,
}

/// CTAPHID, and what a power cut clears with it.
struct Engine {
    device: Device,
    routes: Routes,
    powered: bool,
    /// Counts power cuts: a request that was running at one is not answered.
    epoch: u64,
    /// When the timer looks next, in its own view; `None` while it sleeps until it is woken.
    timer_wakes: Option<u64>,
    has_work: bool,
}

impl Token {
    /// A key that is switched off.
    pub(super) fn new(
        inline: bool,
        clock: SoftClock,
        button: Arc<Button>,
        abort: Arc<Abort>,
        observer: Option<Observer>,
    ) -> Self {
        Self {
            runner: Mutex::new(Runner::new()),
            engine: Mutex::new(Engine {
                device: Device::new(DEVICE_INFO),
                routes: Routes::new(),
                powered: false,
                epoch: 0,
                timer_wakes: None,
                has_work: false,
            }),
            log: Mutex::default(),
            observer,
            work: Condvar::new(),
            timer: Condvar::new(),
            button,
            clock,
            abort,
            inline,
            ending: AtomicBool::new(false),
        }
    }

    /// Hands the key what it runs on. It stays off until [`Self::power_on`].
    pub(super) fn equip(&self, seams: Seams<SoftPlatform>, config: Config) {
        lock(&self.runner).equip(seams, config);
    }

    /// Takes in a report that `from` sent.
    pub(super) fn receive(&self, from: &Peer, report: &Report) {
        let mut engine = lock(&self.engine);
        if !engine.powered {
            return;
        }
        match engine.judge(from, report) {
            Verdict::Pass => {}
            Verdict::Refuse(refusal) => return from.send(&refusal),
            Verdict::Ignore => return,
        }
        let event = engine.device.receive(report, self.clock.now());
        engine.transmit(Some((from, ctaphid::channel(report))));
        self.act(engine, event, report, from);
    }

    /// Forgets a host that is gone; what it asked for ends as if it had cancelled.
    pub(super) fn disconnect(&self, peer: &Peer) {
        let mut engine = lock(&self.engine);
        for channel in engine.routes.forget(peer) {
            let mut cancel = ctaphid::init_report(channel, &[0; 8]);
            cancel[4] = 0x80 | command::CANCEL;
            let event = engine.device.receive(&cancel, self.clock.now());
            self.act(engine, event, &cancel, peer);
            engine = lock(&self.engine);
        }
    }

    /// Does what follows from the `report` that `from` sent.
    fn act(&self, mut engine: MutexGuard<'_, Engine>, event: Event, report: &Report, from: &Peer) {
        self.wake_timer(&mut engine);
        match event {
            Event::None => {}
            Event::Request if self.inline && from.may_take_time() => {
                drop(engine);
                self.run();
            }
            Event::Request => {
                engine.has_work = true;
                self.work.notify_one();
            }
            Event::Abort => {
                self.abort.set(true);
                drop(engine);
                self.button.wake();
            }
            Event::Wink => {
                drop(engine);
                let record = Record {
                    time: self.clock.now(),
                    channel: ctaphid::channel(report),
                    command: Command::Wink,
                    status: None,
                    duration: Duration::ZERO,
                    waited: Duration::ZERO,
                };
                lock(&self.log).push(record);
                self.observe(&record);
            }
        }
    }

    /// Runs requests until none waits.
    fn run(&self) {
        let mut runner = lock(&self.runner);
        loop {
            let mut engine = lock(&self.engine);
            let begun = self.clock.now();
            let Some(request) = engine.device.take_request(runner.message(), begun) else {
                return;
            };
            self.abort.set(request.aborted);
            let epoch = engine.epoch;
            self.wake_timer(&mut engine);
            drop(engine);

            let start = Instant::now();
            let command = Command::of(request.kind, runner.request(request.length));
            let response = match request.kind {
                RequestKind::Cbor => runner.ctap2(request.channel, request.length),
                RequestKind::Msg => runner.u2f(request.channel, request.length),
            };
            let waited = self.button.take_waited();
            let record = Record {
                time: begun,
                channel: request.channel,
                command,
                status: LoggedStatus::of(request.kind, response),
                duration: start.elapsed().saturating_sub(waited),
                waited,
            };

            let mut engine = lock(&self.engine);
            if engine.epoch != epoch {
                return;
            }
            lock(&self.log).push(record);
            engine.device.respond(response, self.clock.now());
            engine.transmit(None);
            drop(engine);
            self.observe(&record);
        }
    }

    fn observe(&self, record: &Record) {
        if let Some(observer) = &self.observer {
            observer(record.into());
        }
    }

    /// The worker: runs requests until the key goes.
    pub(super) fn work(&self) {
        let mut engine = lock(&self.engine);
        while !self.is_ending() {
            if std::mem::take(&mut engine.has_work) {
                drop(engine);
                self.run();
                engine = lock(&self.engine);
            } else {
                engine = unpoison(self.work.wait(engine));
            }
        }
    }

    /// The timer: ticks the engine when it is due, and sleeps while nothing can fall due.
    pub(super) fn keep_time(&self) {
        let mut engine = lock(&self.engine);
        while !self.is_ending() {
            self.tick(&mut engine);
            engine.timer_wakes = engine.device.deadline();
            engine = match engine.timer_wakes.map(|deadline| self.clock.sleep_until(deadline)) {
                Some(Some(timeout)) => unpoison(self.timer.wait_timeout(engine, timeout)).0,
                _ => unpoison(self.timer.wait(engine)),
            };
        }
    }

    /// Does what has fallen due.
    fn tick(&self, engine: &mut Engine) {
        let now = self.clock.now();
        if engine.device.deadline().is_some_and(|deadline| deadline <= now) {
            engine.device.tick(now);
            engine.transmit(None);
        }
    }

    /// Wakes the timer where something falls due before it would look. One that wakes too early sleeps again: that is
    /// cheaper than to wake it for every change.
    fn wake_timer(&self, engine: &mut Engine) {
        if let Some(deadline) = engine.device.deadline()
            && engine.timer_wakes.is_none_or(|wakes| deadline < wakes)
        {
            engine.timer_wakes = Some(deadline);
            self.timer.notify_one();
        }
    }

    /// Moves a scripted clock, and does at once what falls due.
    pub(super) fn advance(&self, milliseconds: u64) {
        self.clock.advance(milliseconds);
        self.tick(&mut lock(&self.engine));
        self.button.wake();
    }

    /// Cuts the power: channels, locks, prompts and whatever the authenticator remembers are gone, and a running
    /// request ends without an answer.
    pub(super) fn power_off(&self) {
        let mut engine = lock(&self.engine);
        engine.powered = false;
        engine.epoch = engine.epoch.wrapping_add(1);
        engine.device = Device::new(DEVICE_INFO);
        engine.routes = Routes::new();
        engine.has_work = false;
        self.abort.set(true);
        drop(engine);
        self.button.wake();
        lock(&self.runner).power_off();
    }

    /// Switches the key on, where it is off.
    pub(super) fn power_on(&self) -> Result<(), StartError> {
        let mut runner = lock(&self.runner);
        if !runner.is_on() {
            self.clock.restart();
            runner.power_on()?;
            lock(&self.engine).powered = true;
        }
        Ok(())
    }

    /// What runs the key's requests, unless one runs.
    pub(super) fn try_runner(&self) -> Option<MutexGuard<'_, Runner>> {
        match self.runner.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Ok(runner) => Some(runner),
            Err(TryLockError::Poisoned(runner)) => Some(runner.into_inner()),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        lock(&self.engine).powered
    }

    pub(super) fn log(&self) -> Vec<LogEntry> {
        lock(&self.log).entries()
    }

    /// Ends the key's threads.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.power_off();
        let _engine = lock(&self.engine);
        self.work.notify_all();
        self.timer.notify_all();
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }
}

impl Engine {
    /// Decides about a report.
    fn judge(&mut self, from: &Peer, report: &Report) -> Verdict {
        self.routes.judge(from, report, &self.device)
    }

    /// Sends what the engine has to say; `asked` is the host whose report it answers, and the channel of that.
    fn transmit(&mut self, asked: Option<(&Peer, u32)>) {
        while let Some(report) = self.device.transmit() {
            if let Some(peer) = self.routes.destination(asked, &report) {
                peer.send(&report);
            }
        }
    }
}

/// Feeds what the authenticator shows into the keepalives. A key that never waits for anybody has nothing to show.
pub struct SoftStatus(pub(super) Weak<Token>);

impl Status for SoftStatus {
    fn show(&mut self, indication: Indication) {
        if let Some(token) = self.0.upgrade().filter(|token| !token.inline) {
            let mut engine = lock(&token.engine);
            engine.device.show(indication, token.clock.now());
            engine.transmit(None);
            token.wake_timer(&mut engine);
        }
    }
}
