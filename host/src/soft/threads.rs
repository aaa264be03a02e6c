//! The key's threads under shuttle: each test runs many times, each time in another order of who goes on at a lock, a
//! wait or a wake-up. A thread that is never woken, as after a lost wake-up, is found as a deadlock: waits do not time
//! out here, and the clock moves by hand.
//!
//! `cargo test -p brasskey --lib --features shuttle -- soft::threads`. `BRASSKEY_SCHEDULES` is how many orders each
//! test tries.

use std::sync::Arc;
use std::time::Duration;

use brasskey_protocol::ctaphid::{self, Progress, command, init_report};
use brasskey_protocol::limits::{MAX_MESSAGE, USER_ACTION_TIMEOUT};
use brasskey_protocol::platform::{Abort, Indication};
use brasskey_protocol::request::{CARD, Request, RequestKind};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};
use zeroize::Zeroizing;

use super::cards::{CardHost, Carrier, Demand, Incoming, Kind};
use super::clock::SoftClock;
use super::hid::Hid;
use super::host::{Host, HostId, Queue};
use super::presence::Touch;
use super::presence::button::Button;
use super::sync::{AtomicU64, Mutex, lock, thread};
use super::testing::{Client, GET_INFO, LONG, SELECTION, VERSION, u2f_register};
use super::{Connection, SoftKey};

/// How often a schedule of [`PctScheduler`] changes its mind about who goes first: most races need fewer.
const CHANGES: usize = 4;

const OK: u8 = 0x00;
/// CTAP2_ERR_KEEPALIVE_CANCEL.
const CANCELLED: u8 = 0x2D;
/// CTAP2_ERR_USER_ACTION_TIMEOUT.
const TIMED_OUT: u8 = 0x2F;
/// CTAPHID_ERROR with ERR_CHANNEL_BUSY, which shows where the answer would be.
const BUSY: u8 = 0x06;

/// Runs `scenario` in many orders: in half of them anybody may go on at each step, in the other half somebody always
/// goes first, but for a few changes.
fn explore(scenario: fn()) {
    let orders = match std::env::var("BRASSKEY_SCHEDULES") {
        Ok(orders) => orders.parse().expect("BRASSKEY_SCHEDULES is a number"),
        Err(_) => 1_000,
    };
    run(RandomScheduler::new(orders / 2), scenario);
    run(PctScheduler::new(CHANGES, orders / 2), scenario);
}

fn run(scheduler: impl Scheduler + 'static, scenario: fn()) {
    let mut config = Config::new();
    // A request needs a deeper stack than shuttle's threads have.
    config.stack_size = 1 << 20;
    Runner::new(scheduler, config).run(scenario);
}

fn key(touch: Touch) -> SoftKey {
    SoftKey::builder()
        .touch(touch)
        .seed([1; 32])
        .scripted_clock()
        .build()
        .expect("a key")
}

/// A thread that touches the key when it asks.
fn user(key: &SoftKey) -> thread::JoinHandle<()> {
    let key = key.clone();
    thread::spawn(move || {
        key.wait_until_asked(LONG).expect("a question");
        key.pulse();
    })
}

/// The status of a command for a host that asks again while another one is served.
fn patient_status(host: &Client<Connection>, request: &[u8]) -> u8 {
    loop {
        match host.exchange(command::CBOR, request) {
            Ok(answer) => return answer[0],
            Err(error) => assert_eq!(error, BUSY),
        }
        thread::yield_now();
    }
}

/// What has arrived for the host on its channel besides keepalives: the command and the first byte of each message.
fn arrived(host: &Client<Connection>) -> Vec<(u8, u8)> {
    std::iter::from_fn(|| host.link.receive(Duration::ZERO))
        .inspect(|report| assert_eq!(ctaphid::channel(report), host.channel))
        .map(|report| (report[4] & 0x7F, report[7]))
        .filter(|(command, _)| *command != command::KEEPALIVE)
        .collect()
}

/// The answer to a U2F message, where all of it is there.
fn whole_answer(host: &Client<Connection>) -> Option<Vec<u8>> {
    let mut reader = ctaphid::Host::new(host.channel);
    reader.expect(command::MSG);
    while let Some(report) = host.link.receive(Duration::ZERO) {
        if let Progress::Complete(answer) = reader.receive(&report) {
            return Some(answer.to_vec());
        }
    }
    None
}

/// U2F_AUTHENTICATE that only asks whether the key knows the key handle.
fn check_only(application: u8, handle: &[u8]) -> Vec<u8> {
    let length = u8::try_from(handle.len()).expect("a key handle");
    let mut apdu = vec![0, 2, 7, 0, 0, 0, 65 + length];
    apdu.extend([0; 32]);
    apdu.extend([application; 32]);
    apdu.push(length);
    apdu.extend(handle);
    apdu.extend([0, 0]);
    apdu
}

#[test]
fn a_question_is_answered_and_another_host_hears_its_own_answer() {
    explore(|| {
        let key = key(Touch::Control);
        let (one, other) = (Client::new(key.connect()), Client::new(key.connect()));
        let user = user(&key);
        let other = thread::spawn(move || {
            assert_eq!(patient_status(&other, GET_INFO), OK);
            assert_eq!(arrived(&other), []);
        });
        assert_eq!(patient_status(&one, SELECTION), OK);
        assert_eq!(arrived(&one), []);
        user.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn a_host_that_runs_its_own_request_has_its_answer_at_once() {
    explore(|| {
        let key = key(Touch::Auto);
        let hosts = [VERSION.to_vec(), u2f_register(1)].map(|request| {
            let host = Client::new(key.connect());
            thread::spawn(move || {
                host.send(command::MSG, &request);
                let answers = arrived(&host);
                assert!(matches!(answers[0].0, command::MSG | command::ERROR), "{answers:?}");
            })
        });
        hosts.into_iter().for_each(|host| host.join().unwrap());
    });
}

#[test]
fn a_cancel_ends_its_own_request_and_no_other() {
    explore(|| {
        let key = key(Touch::Control);
        let host = Client::new(key.connect());
        let presses = key.clone();
        let somebody = thread::spawn(move || presses.pulse());
        host.send(command::CBOR, SELECTION);
        host.send(command::CANCEL, &[]);
        let status = host.answer(command::CBOR).expect("an answer")[0];
        assert!(matches!(status, OK | CANCELLED), "{status:#04x}");
        somebody.join().unwrap();
        assert_eq!(arrived(&host), [], "a cancel has no answer of its own");

        let user = user(&key);
        assert_eq!(host.status(SELECTION), OK, "the cancel is spent");
        user.join().unwrap();
    });
}

#[test]
fn a_power_cut_ends_what_runs_without_an_answer() {
    explore(|| {
        let key = key(Touch::Control);
        let host = Client::new(key.connect());
        let switch = key.clone();
        let cut = thread::spawn(move || switch.power_cycle().expect("it starts again"));
        host.send(command::CBOR, SELECTION);
        cut.join().unwrap();
        for answer in arrived(&host) {
            // The channel of before is unknown (CTAP 2.3 §11.2.9.1.6: ERR_INVALID_CHANNEL).
            assert_eq!(answer, (command::ERROR, 0x0B));
        }
        assert_eq!(key.state().waiting, None);
        assert_eq!(key.log(), [], "nothing was answered");

        let user = user(&key);
        assert_eq!(Client::new(key.connect()).status(SELECTION), OK);
        user.join().unwrap();
    });
}

#[test]
fn a_registration_that_was_acknowledged_survives_a_power_cut() {
    explore(|| {
        let key = key(Touch::Auto);
        let host = Client::new(key.connect());
        let switch = key.clone();
        let cut = thread::spawn(move || switch.power_cycle().expect("it starts again"));
        host.send(command::MSG, &u2f_register(1));
        let registration = whole_answer(&host);
        cut.join().unwrap();
        let host = Client::new(key.connect());
        if let Some(registration) = registration {
            // FIDO U2F Raw Message Formats §4.3: 0x05, the public key, and the key handle behind its length.
            let handle = &registration[67..67 + usize::from(registration[66])];
            assert_eq!(host.status_word(&check_only(1, handle)), 0x6985);
        } else {
            assert_eq!(host.status_word(VERSION), 0x9000);
        }
    });
}

#[test]
fn what_a_host_that_goes_has_asked_for_ends() {
    explore(|| {
        let key = key(Touch::Control);
        let (one, other) = (Client::new(key.connect()), Client::new(key.connect()));
        let goes = thread::spawn(move || one.send(command::CBOR, SELECTION));
        assert_eq!(patient_status(&other, GET_INFO), OK);
        goes.join().unwrap();
        // The key is free again, so that the user is asked for nothing but what comes next.
        assert_eq!(patient_status(&other, GET_INFO), OK);
        let user = user(&key);
        assert_eq!(patient_status(&other, SELECTION), OK);
        user.join().unwrap();
    });
}

#[test]
fn a_touch_counts_in_time_and_not_later() {
    explore(|| {
        let key = key(Touch::Control);
        let host = Client::new(key.connect());
        host.send(command::CBOR, SELECTION);
        key.wait_until_asked(LONG).expect("a question");
        let presses = key.clone();
        let user = thread::spawn(move || presses.pulse());
        key.advance(USER_ACTION_TIMEOUT);
        let status = host.answer(command::CBOR).expect("an answer")[0];
        assert!(matches!(status, OK | TIMED_OUT), "{status:#04x}");
        user.join().unwrap();
        assert_eq!(key.state().waiting, None);
    });
}

#[test]
fn the_threads_end_with_the_last_handle() {
    explore(|| {
        let key = key(Touch::Control);
        let host = Client::new(key.connect());
        let holder = thread::spawn(move || host.send(command::CBOR, SELECTION));
        drop(key);
        holder.join().unwrap();
    });
}

/// Whatever comes in, the timer looks no later than something falls due.
#[test]
fn the_timer_is_woken_for_what_falls_due_before_it_would_look() {
    explore(|| {
        let clock = SoftClock::scripted();
        let button = Arc::new(Button::new(clock.clone()));
        let hid = Arc::new(Hid::new(true, clock, button, Arc::new(Abort::new())));
        hid.power_on();
        let timer = {
            let hid = Arc::clone(&hid);
            thread::spawn(move || hid.keep_time())
        };
        let hosts = [1, 2].map(|number| {
            let hid = Arc::clone(&hid);
            thread::spawn(move || {
                let host: Arc<dyn Host> = Queue::new();
                // The first packet of a message of two: the rest has to come in time.
                let mut report = init_report(number, &[0; 8]);
                let _ = hid.receive(&host, &report);
                report[4] = 0x80 | command::PING;
                report[6] = 100;
                let _ = hid.receive(&host, &report);
                assert!(hid.is_timer_in_time());
                hid.disconnect(host.id());
            })
        });
        hosts.into_iter().for_each(|host| host.join().unwrap());
        assert!(hid.is_timer_in_time());
        hid.end();
        timer.join().unwrap();
    });
}

/// A reader whose card asks for something that no user is needed for.
#[derive(Debug)]
struct Reader(HostId, Arc<AtomicU64>);

impl CardHost for Reader {
    fn id(&self) -> HostId {
        self.0
    }

    fn send(&self, _: &[u8]) {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Carries one message at a time, as it is.
#[derive(Default)]
struct Plain {
    request: Option<Vec<u8>>,
    response: Option<Vec<u8>>,
}

impl Carrier for Plain {
    fn receive(&mut self, incoming: Incoming<'_>, _: u64) -> Demand {
        match incoming {
            Incoming::Bytes(bytes) => {
                self.request = Some(bytes.to_vec());
                Demand::Run
            }
            Incoming::Abort { .. } => Demand::Abort,
        }
    }

    fn transmit(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.response.take().map(Zeroizing::new)
    }

    fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], _: u64) -> Option<Request> {
        let request = self.request.take()?;
        message[..request.len()].copy_from_slice(&request);
        Some(Request {
            channel: CARD,
            kind: RequestKind::Msg,
            length: request.len(),
            aborted: false,
        })
    }

    fn respond(&mut self, response: &[u8], _: u64) {
        self.response = Some(response.to_vec());
    }

    fn show(&mut self, _: Indication, _: u64) {}

    fn tick(&mut self, _: u64) {}

    fn deadline(&self) -> Option<u64> {
        None
    }
}

#[test]
fn a_card_is_answered_once_beside_a_host_and_may_be_taken_out_at_any_time() {
    explore(|| {
        let key = key(Touch::Control);
        let host = Client::new(key.connect());
        let answers = Arc::new(AtomicU64::new(0));
        let reader = Arc::new(Reader(HostId::unique(), Arc::clone(&answers)));
        key.insert_card(Kind::Virtual, Arc::clone(&reader) as _, Box::<Plain>::default());
        let user = user(&key);
        let is_out = Arc::new(Mutex::new(false));
        let takes_out = {
            let (key, reader, is_out) = (key.clone(), reader.id(), Arc::clone(&is_out));
            thread::spawn(move || {
                let mut is_out = lock(&is_out);
                key.remove_card(reader);
                *is_out = true;
            })
        };
        {
            let is_out = lock(&is_out);
            if !*is_out {
                key.receive_from_reader(reader.id(), Incoming::Bytes(VERSION));
            }
        }
        assert_eq!(host.status(SELECTION), OK);
        user.join().unwrap();
        takes_out.join().unwrap();
        assert!(answers.load(std::sync::atomic::Ordering::Relaxed) <= 1);
    });
}
