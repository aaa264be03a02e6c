//! Measures the firmware on an emulated chip, prints a table, and fails if the firmware has grown beyond its limits or
//! its recorded budget. Of a firmware with ES256K it measures the size only: its speed is that of the other one.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use brasskey_conformance::host::client_pin::{Protocol, Token, permission};
use brasskey_conformance::host::ctap2::{
    GET_NEXT_ASSERTION, RESET, Request, blob_array, extending, get_assertion, get_assertion_by, make_discoverable, mc,
    parameters, set_fragment, status,
};
use brasskey_conformance::host::oath::{Account, all_codes, kind, objects, put, select};
use brasskey_conformance::host::response::{Response, member};
use brasskey_conformance::host::u2f::{self, Registered, control, word};
use brasskey_conformance::host::verify::{algorithm, sha256};
use brasskey_conformance::host::{Host, cbor, command};
use brasskey_tests::chip::{Card, Workbench};
use ciborium::Value;
use serde_json::Map;

const BUDGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/chip/budget.json");
/// How much more than was recorded is allowed.
const TOLERANCE: f64 = 1.05;

const RP_ID: &str = "example.com";
const PIN: &str = "2580";
const ACCOUNTS: u8 = 64;

const KB: f64 = 1024.0;
/// The core's cycles in a millisecond, at 125 MHz.
const CYCLES: f64 = 125_000.0;
/// What the key may take of a Pico, in KB.
const FLASH: f64 = 384.0;
const RAM: f64 = 96.0;

/// What a figure counts.
#[derive(Clone, Copy)]
enum Unit {
    Bytes,
    Cycles,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Bytes => format!("{:.1} KB", value / KB),
            Self::Cycles => format!("{:.1} ms", value / CYCLES),
        }
    }
}

struct Figure {
    name: String,
    unit: Unit,
    value: f64,
    limit: Option<f64>,
}

impl Figure {
    fn bytes(name: &str, value: f64, limit: f64) -> Self {
        let (name, limit) = (name.to_owned(), Some(limit * KB));
        let unit = Unit::Bytes;
        Self {
            name,
            unit,
            value,
            limit,
        }
    }

    fn cycles(name: &str, value: f64, limit: Option<f64>) -> Self {
        let (name, limit) = (name.to_owned(), limit.map(|limit| limit * CYCLES));
        let unit = Unit::Cycles;
        Self {
            name,
            unit,
            value,
            limit,
        }
    }
}

/// A key that is measured.
struct Measured {
    bench: Workbench,
    host: Host,
}

impl Measured {
    /// The cycles from the last report in to the first report of the answer, without those in which the core slept: it
    /// does while it waits for a touch.
    fn cycles<T>(&mut self, run: impl FnOnce(&mut Host) -> T) -> (f64, T) {
        let begun = self.bench.heard().len();
        let answer = run(&mut self.host);
        let told = self.figure("active_when_told");
        let heard = self.bench.heard();
        let is_answer = |command: u8| [command::CBOR, command::MSG].contains(&command);
        let done = heard[begun..].iter().find(|heard| is_answer(heard.report[4]));
        (done.expect("an answer").active - told, answer)
    }

    fn figure(&self, name: &str) -> f64 {
        self.bench.measure()[name].as_f64().expect("a figure")
    }

    /// A U2F message with the touch given: the answer to the second poll.
    fn u2f(&mut self, apdu: &[u8]) -> (f64, Vec<u8>) {
        self.host.u2f_denied(apdu, word::CONDITIONS_NOT_SATISFIED);
        self.host.key.touch();
        self.cycles(|host| {
            let (data, word) = host.u2f(apdu);
            assert_eq!(word, word::NO_ERROR);
            data
        })
    }

    fn done(&mut self, request: Request) {
        assert_eq!(self.host.ctap2(request).status, status::OK);
    }

    fn token(&mut self, permissions: u8, rp_id: Option<&str>) -> Token {
        self.host.token_by(Protocol::Two, PIN, permissions, rp_id)
    }

    /// The rest of CTAP 2.3, for its stack. Returns the cycles of a PIN's verification.
    fn work(&mut self, algorithms: &[i64]) -> f64 {
        self.host.set_pin("0852");
        let agreement = self.host.agree(Protocol::Two);
        self.done(agreement.change_pin("0852", PIN));
        let agreement = self.host.agree(Protocol::Two);
        let request = agreement.get_token(PIN, permission::MC, Some(RP_ID));
        let (verified, answer) = self.cycles(|host| host.ctap2(request));
        assert_eq!(answer.status, status::OK);
        let salts = [7; 64];
        let minimum = Value::Map(vec![(2.into(), cbor::array([RP_ID.into()]))]);
        let token = self.token(permission::ACFG, None);
        self.done(token.configure(0x03, Some(minimum)));
        for algorithm in algorithms {
            self.register(*algorithm, &salts);
        }
        let salts = self.host.agree(Protocol::Two).salts(&salts);
        let inputs = [
            ("credBlob", true.into()),
            ("hmac-secret", salts),
            ("largeBlobKey", true.into()),
            ("thirdPartyPayment", true.into()),
        ];
        let request = extending(get_assertion(RP_ID), inputs);
        let request = self.token(permission::GA, Some(RP_ID)).on(request);
        assert_eq!(self.host.touched(request).status, status::OK);
        assert_eq!(self.host.ctap2(GET_NEXT_ASSERTION).status, status::OK);
        let manager = self.token(permission::CM, None);
        self.done(manager.manage(0x01, None));
        self.done(manager.manage(0x02, None));
        let hash = Value::Map(vec![(1.into(), sha256(RP_ID.as_bytes()).to_vec().into())]);
        self.done(manager.manage(0x04, Some(hash)));
        let blob = cbor::encode(&cbor::array([vec![1_u8; 4000].into()]));
        let array = blob_array(&blob);
        let token = self.token(permission::LBW, None);
        let request = token.set_blob(set_fragment(0, &array, Some(array.len())), 0, &array);
        self.done(request);
        let _ = self.host.info();
        verified
    }

    /// A credential with every extension.
    fn register(&mut self, algorithm: i64, salts: &[u8]) {
        let salts = self.host.agree(Protocol::Two).salts(salts);
        let inputs = [
            ("credBlob", vec![1_u8; 32].into()),
            ("credProtect", 3.into()),
            ("hmac-secret", true.into()),
            ("largeBlobKey", true.into()),
            ("minPinLength", true.into()),
            ("hmac-secret-mc", salts),
            ("thirdPartyPayment", true.into()),
            ("pinComplexityPolicy", true.into()),
        ];
        let request = make_discoverable(RP_ID, format!("{algorithm:<64}").as_bytes())
            .with(mc::PUB_KEY_CRED_PARAMS, cbor::array([parameters(algorithm)]));
        let token = self.token(permission::MC, Some(RP_ID));
        let request = token.on(extending(request, inputs));
        assert_eq!(self.host.touched(request).status, status::OK);
    }

    /// The milliseconds until a full key has said all its codes, with the bus: nobody touches it.
    fn all_codes(&self) -> f64 {
        let card = Card(&self.bench);
        let _ = card.done(&select());
        for account in 0..ACCOUNTS {
            let name = format!("issuer:account {account}");
            let _ = card.done(&put(&Account::new(&name, kind::TOTP | 1, &[account; 20])));
        }
        let (data, word, micros) = card.exchange(&all_codes(1));
        assert_eq!(word, word::NO_ERROR);
        assert_eq!(objects(&data).len(), 2 * usize::from(ACCOUNTS));
        micros / 1000.0
    }
}

/// All figures of the firmware.
fn measure() -> Vec<Figure> {
    let bench = Workbench::new();
    let host = bench.host();
    let mut key = Measured { bench, host };
    let boot = key.figure("enumerated_ms") * CYCLES;
    let application = sha256(RP_ID.as_bytes());
    let (registered, data) = key.u2f(&u2f::register(&application));
    let handle = Registered::of(&data, &application).key_handle;
    let (authenticated, _) = key.u2f(&u2f::authenticate(control::ENFORCE, &application, &handle));
    let (made, _) = key.cycles(|host| host.make(&make_discoverable(RP_ID, b"ada")));
    let (asserted, _) = key.cycles(|host| host.assert(&get_assertion_by(RP_ID, &[&handle])));
    let info = key.host.info();
    let algorithms: Vec<i64> = info[&0x0A]
        .as_array()
        .expect("algorithms")
        .iter()
        .map(|entry| {
            let algorithm = member(entry, "alg").as_integer();
            algorithm.expect("a number").try_into().expect("a COSE algorithm")
        })
        .collect();
    let verified = key.work(&algorithms);
    let working = key.figure("stack_bytes");
    key.bench.power("cycle");
    key.host = key.bench.host();
    assert_eq!(key.host.touched(RESET), Response::bare(status::OK));
    let all_codes = key.all_codes() * CYCLES;
    let stack = working.max(key.figure("stack_bytes"));
    let (flash, ram) = (key.figure("flash_bytes"), key.figure("static_ram_bytes"));
    let sizes = |variant: &str| {
        [
            ("flash image", flash, FLASH),
            ("RAM, static", ram, RAM),
            ("RAM, deepest stack", stack, RAM),
            ("RAM, both", ram + stack, RAM),
        ]
        .map(|(name, value, limit)| Figure::bytes(&format!("{name}{variant}"), value, limit))
    };
    if algorithms.contains(&algorithm::ES256K) {
        return sizes(", with ES256K").into();
    }
    let mut figures = Vec::from(sizes(""));
    figures.extend([
        Figure::cycles("power-up to enumerated", boot, Some(300.0)),
        Figure::cycles("U2F register", registered, Some(250.0)),
        Figure::cycles("U2F authenticate", authenticated, Some(120.0)),
        Figure::cycles("authenticatorMakeCredential", made, Some(250.0)),
        Figure::cycles("authenticatorGetAssertion", asserted, Some(120.0)),
        Figure::cycles("PIN verification", verified, None),
        Figure::cycles("64 one-time codes", all_codes, Some(250.0)),
    ]);
    figures
}

fn row(cells: [&str; 5]) {
    let [name, now, limit, recorded, change] = cells;
    println!("{name:34}{now:>12}{limit:>12}{recorded:>12}{change:>12}");
}

fn main() -> ExitCode {
    let path = Path::new(BUDGET);
    let budget = fs::read_to_string(path).expect("the budget");
    let mut budget: Map<String, serde_json::Value> = serde_json::from_str(&budget).expect("the budget in JSON");
    let figures = measure();
    if env::args().any(|argument| argument == "--record") {
        for figure in &figures {
            let whole: u64 = format!("{:.0}", figure.value).parse().expect("a whole number");
            budget.insert(figure.name.clone(), whole.into());
        }
        let text = serde_json::to_string_pretty(&budget).expect("JSON");
        fs::write(path, format!("{text}\n")).expect("the budget written");
    }
    let mut failed = false;
    row(["measured", "now", "limit", "recorded", "change"]);
    for Figure {
        name,
        unit,
        value,
        limit,
    } in &figures
    {
        let recorded = budget.get(name).and_then(serde_json::Value::as_f64).unwrap_or_default();
        row([
            name,
            &unit.show(*value),
            &limit.map(|limit| unit.show(limit)).unwrap_or_default(),
            &unit.show(recorded),
            &format!("{:.1} %", 100.0 * (value / recorded - 1.0)),
        ]);
        if limit.is_some_and(|limit| *value > limit) {
            failed = true;
            eprintln!("chip-budget: error: {name} is beyond its limit\nhint: make it smaller or faster");
        }
        if *value > recorded * TOLERANCE {
            failed = true;
            eprintln!(
                "chip-budget: error: {name} has grown more than 5 % beyond tests/chip/budget.json\n\
                 hint: if that is meant, record it in the same commit, with --record"
            );
        }
    }
    if figures.len() > 4 {
        println!(
            "At 125 MHz, from the last report in to the first report out, the touch excluded. The emulator models no\n\
             wait states of the flash: a chip is slower where its code does not fit the 16 KB of its cache."
        );
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
