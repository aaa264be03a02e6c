//! A chip on the bench: its time passes only where a test says so, so that a test sees and does everything at the exact
//! time, and the power can go at any operation of the flash.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use brasskey_conformance::host::Host;
use brasskey_conformance::host::oath::{apdu, instruction, short};
use brasskey_conformance::host::u2f::word;
use brasskey_conformance::key::{Hand, Key, LONG, Link, Need, Profile, Report};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::emulator::{Emulator, Time};

static PROFILE: Profile = Profile {
    has: &[Need::Clock, Need::Oath],
    only: None,
    user_action_timeout: 30_000,
};

/// Until when the chip runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The time has passed.
    Time,
    /// The key has nothing more to do before somebody asks, or touches it.
    Rest,
    /// The key sends a report.
    Report,
    /// The key suspends an erase of its flash.
    Erase,
    /// The chip resets itself.
    Reset,
}

/// A report of the key.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// When it came, in microseconds since the chip's start.
    pub micros: f64,
    /// The core's cycles until the key had it ready, without those in which it slept.
    pub active: f64,
    /// The report.
    pub report: Report,
}

/// A chip on the bench. Clones are the same one.
#[derive(Clone)]
pub struct Workbench(Arc<Bench>);

struct Bench {
    emulator: Emulator,
    wire: Mutex<Wire>,
}

#[derive(Default)]
struct Wire {
    /// Reports that the key gets as soon as time passes.
    outgoing: Vec<String>,
    /// Those that came, and that nobody has read.
    incoming: VecDeque<Report>,
    /// All that came since the host was plugged in.
    heard: Vec<Heard>,
    has_power: bool,
    is_asked: bool,
}

impl Workbench {
    /// A key fresh from the factory, with power.
    #[must_use]
    pub fn new() -> Self {
        Self::with_noise(None)
    }

    /// A key whose source of randomness says nothing but this bit from its first start on.
    #[must_use]
    pub fn with_noise(stuck_at: Option<u8>) -> Self {
        let emulator = Emulator::new(Time::Manual);
        emulator.act("/v1/power", "off");
        emulator.ask("POST", "/v1/fault", &json!({ "kind": "noise", "at": stuck_at }));
        let wire = Mutex::default();
        let bench = Self(Arc::new(Bench { emulator, wire }));
        bench.renew();
        bench
    }

    /// A key whose flash holds this image. It has no power yet.
    #[must_use]
    pub fn with_flash(image: &Value) -> Self {
        let bench = Self::new();
        bench.power("off");
        bench
            .emulator()
            .ask("PUT", "/v1/flash", &json!({ "image": image["image"] }));
        bench.emulator().act("/v1/flash", "keep");
        bench
    }

    /// Makes it a new key.
    pub fn renew(&self) {
        self.emulator().ask("DELETE", "/v1/flash", &Value::Null);
    }

    /// Switches the power off, and makes it a new key.
    pub fn erase(&self) {
        self.emulator().act("/v1/flash", "erase");
    }

    /// The flash, for [`Self::with_flash`].
    #[must_use]
    pub fn flash(&self) -> Value {
        self.flush();
        self.emulator().ask("GET", "/v1/flash", &Value::Null)
    }

    /// Switches the power off, and makes the flash again what it was at first.
    pub fn restore(&self) {
        self.emulator().act("/v1/flash", "restore");
    }

    /// Makes the flash another one: members of `PATCH /v1/flash`. The power is off.
    pub fn change_flash(&self, properties: &Value) {
        self.emulator().ask("PATCH", "/v1/flash", properties);
    }

    /// Plugs it in, or unplugs it.
    pub fn power(&self, action: &str) {
        self.flush();
        self.emulator().act("/v1/power", action);
    }

    /// Lets the power go after so many more operations of the flash.
    pub fn cut_after(&self, operations: u32) {
        self.flush();
        let cut = json!({ "action": "cut", "operations": operations });
        self.emulator().ask("POST", "/v1/power", &cut);
    }

    /// Lets the power go at a suspension of an erase.
    pub fn cut_at_suspension(&self, suspensions: u32) {
        self.flush();
        let cut = json!({ "action": "cut", "suspensions": suspensions });
        self.emulator().ask("POST", "/v1/power", &cut);
    }

    /// Whether the power has not gone.
    #[must_use]
    pub fn has_power(&self) -> bool {
        let state = self.emulator().ask("GET", "/v1/state", &Value::Null);
        state["powered"] == true
    }

    /// What goes wrong in the chip.
    pub fn fault(&self, kind: &str) {
        self.flush();
        self.emulator().ask("POST", "/v1/fault", &json!({ "kind": kind }));
    }

    /// What the computer does on the bus.
    pub fn usb(&self, action: &str) {
        self.flush();
        self.emulator().act("/v1/usb", action);
    }

    /// The serial number that the key shows on USB.
    #[must_use]
    pub fn serial_number(&self) -> Value {
        self.emulator().ask("GET", "/v1/usb", &Value::Null)["serial"].clone()
    }

    /// Presses the button and lets it bounce, again and again, for three milliseconds each.
    pub fn bounce(&self) {
        self.flush();
        self.emulator().act("/v1/button", "bounce");
    }

    /// Whether the light is on, and when it changed, in microseconds.
    #[must_use]
    pub fn light(&self) -> (bool, Vec<f64>) {
        let light = self.emulator().ask("GET", "/v1/light", &Value::Null);
        let changes = light["changes"].as_array().expect("changes").iter();
        (
            light["on"] == true,
            changes
                .map(|change| change["micros"].as_f64().expect("a time"))
                .collect(),
        )
    }

    /// What can be measured: `GET /v1/measure`.
    #[must_use]
    pub fn measure(&self) -> Value {
        self.flush();
        self.emulator().ask("GET", "/v1/measure", &Value::Null)
    }

    /// A count of `GET /v1/measure`.
    #[must_use]
    #[track_caller]
    pub fn count(&self, name: &str) -> u64 {
        self.measure()[name].as_u64().expect("a count")
    }

    /// The chip's time since its start, in milliseconds.
    #[must_use]
    pub fn millis(&self) -> f64 {
        self.flush();
        let clock = self.emulator().ask("GET", "/v1/clock", &Value::Null);
        clock["millis"].as_f64().expect("a time")
    }

    /// Lets time pass, in milliseconds at most: whether it ended as was said. It ends early where the power goes.
    pub fn run(&self, until: Until, milliseconds: u64) -> bool {
        self.run_wire(&mut self.wire(), until, milliseconds)
    }

    /// Lets the key do what it has to: whether it waits for a touch then.
    pub fn is_asked(&self) -> bool {
        let mut wire = self.wire();
        self.run_wire(&mut wire, Until::Rest, MOST);
        wire.is_asked
    }

    /// All reports since the host was plugged in.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.wire().heard.clone()
    }

    /// This key for the suites' host.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(&PROFILE, Box::new(self.clone()))
    }

    /// Plugs in a host.
    #[must_use]
    pub fn host(&self) -> Host {
        self.key().host()
    }

    fn run_wire(&self, wire: &mut Wire, until: Until, milliseconds: u64) -> bool {
        let reports = mem::take(&mut wire.outgoing);
        let until = match until {
            Until::Time => "time",
            Until::Rest => "rest",
            Until::Report => "report",
            Until::Erase => "erase",
            Until::Reset => "reset",
        };
        let run = json!({ "reports": reports, "until": until, "milliseconds": milliseconds });
        let ran = self.emulator().ask("POST", "/v1/run", &run);
        for heard in ran["reports"].as_array().expect("reports") {
            let report = heard["report"].as_str().expect("a report");
            let report = HEXLOWER.decode(report.as_bytes()).expect("a report");
            let report = report.try_into().expect("64 bytes");
            wire.incoming.push_back(report);
            wire.heard.push(Heard {
                micros: heard["micros"].as_f64().expect("a time"),
                active: heard["active"].as_f64().expect("cycles"),
                report,
            });
        }
        wire.has_power = ran["powered"] == true;
        wire.is_asked = !ran["waiting"].is_null();
        ran["holds"] == true
    }

    /// Gives the key the reports that are on their way.
    pub(super) fn flush(&self) {
        let mut wire = self.wire();
        if !wire.outgoing.is_empty() {
            self.run_wire(&mut wire, Until::Time, 0);
        }
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.wire.lock().expect("no check has failed here")
    }

    pub(super) fn emulator(&self) -> &Emulator {
        &self.0.emulator
    }
}

impl Default for Workbench {
    fn default() -> Self {
        Self::new()
    }
}

/// Longer than the key does anything by itself, in milliseconds.
const MOST: u64 = 40_000;

impl Link for Workbench {
    fn send(&mut self, report: &Report) {
        self.wire().outgoing.push(HEXLOWER.encode(report));
    }

    /// What the key says before it rests, or else what it says while the time passes.
    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        let mut wire = self.wire();
        if wire.incoming.is_empty() {
            self.run_wire(&mut wire, Until::Rest, MOST);
        }
        if wire.incoming.is_empty() && wire.has_power {
            let most = timeout.min(LONG).as_millis().try_into().expect("a short time");
            self.run_wire(&mut wire, Until::Report, most);
        }
        wire.incoming.pop_front()
    }
}

impl Hand for Workbench {
    fn connect(&self) -> Box<dyn Link> {
        *self.wire() = Wire::default();
        Box::new(self.clone())
    }

    fn wait_until_asked(&self) {
        assert!(self.is_asked(), "the key was to ask for a touch");
    }

    fn press(&self) {
        self.flush();
        self.emulator().act("/v1/button", "press");
    }

    fn release(&self) {
        self.flush();
        self.emulator().act("/v1/button", "release");
    }

    fn touch(&self) {
        self.flush();
        self.emulator().act("/v1/button", "pulse");
    }

    fn decline(&self) {
        unreachable!("a button cannot say no")
    }

    fn power_cycle(&self) {
        self.power("cycle");
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.run(Until::Time, milliseconds);
        true
    }
}

/// The applet of one-time codes in the chip's smart card reader.
pub struct Card<'a>(pub &'a Workbench);

impl Card<'_> {
    /// The answer to an APDU, its status word, and how long it took with the bus, in microseconds. What has more to say
    /// is asked for the rest.
    #[must_use]
    pub fn exchange(&self, request: &[u8]) -> (Vec<u8>, u16, f64) {
        let (mut whole, mut took) = (Vec::new(), 0.0);
        let mut request = request.to_vec();
        loop {
            let body = json!({ "apdu": HEXLOWER.encode(&short(&request)) });
            let answer = self.0.emulator().ask("POST", "/v1/card", &body);
            let bytes = answer["answer"].as_str().expect("an answer").as_bytes();
            let bytes = HEXLOWER.decode(bytes).expect("an answer");
            let (data, word) = bytes.split_last_chunk().expect("a status word");
            whole.extend(data);
            took += answer["micros"].as_f64().expect("a time");
            match u16::from_be_bytes(*word) {
                more if more >> 8 == 0x61 => request = apdu(instruction::SEND_REMAINING, 0, 0, &[]),
                word => return (whole, word, took),
            }
        }
    }

    /// The data of an answer without an error.
    #[must_use]
    #[track_caller]
    pub fn done(&self, request: &[u8]) -> Vec<u8> {
        let (data, word, _) = self.exchange(request);
        assert_eq!(word, word::NO_ERROR);
        data
    }
}
