//! The key behind the traits of `ctap-types`, as a runner of that ecosystem drives it: decode, call, encode.
//!
//! ```text
//! cargo run -p brasskey-protocol --features ctap-types --example ctap_types
//! ```
//!
//! Such runners are apps of `ctaphid-dispatch`: version 0.4 fits, since its messages are those of `heapless-bytes` 0.5,
//! as in `ctap-types`. What it asks of an app is `App::call`, and [`call`] is the whole of that. It is no dependency
//! here, because `trussed-core` comes with it, and with that an old `heapless` on a crate that nobody maintains.

#[expect(unreachable_pub, reason = "the fuzz targets have them in a library")]
mod platform;

use std::time::Instant;

use brasskey_protocol::authenticator::{Authenticator, Backup, Config};
use brasskey_protocol::cbor::Writer;
use brasskey_protocol::ctap2::{Status, command};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{Clock, Platform, Seams};
use brasskey_protocol::request::RequestKind;
use brasskey_protocol::rng::HealthyRng;
use ctap_types::ctap1;
use ctap_types::ctap2;
use getrandom::SysRng;
use iso7816::command::CommandView;

use platform::{Dark, Memory, Touched};

type Answer = ctap_types::Vec<u8, MAX_MESSAGE>;

/// Any authenticator of that ecosystem, with a message of CTAPHID_CBOR or CTAPHID_MSG.
fn call(authenticator: &mut impl ctap_types::Authenticator, kind: RequestKind, message: &[u8]) -> Answer {
    match kind {
        RequestKind::Cbor => cbor(authenticator, message),
        _ => msg(authenticator, message),
    }
}

fn cbor(authenticator: &mut impl ctap2::Authenticator, message: &[u8]) -> Answer {
    let mut answer = Answer::new();
    let mut response = ctap2::Response::Reset;
    let request = ctap2::Request::deserialize(message);
    match request.and_then(|request| authenticator.call_ctap2(&request, &mut response)) {
        Ok(()) => response.serialize(&mut answer),
        Err(error) => answer.push(error.into()).expect("room for a status"),
    }
    answer
}

fn msg(authenticator: &mut impl ctap1::Authenticator, message: &[u8]) -> Answer {
    let mut answer = Answer::new();
    let called = CommandView::try_from(message)
        .map_err(|_| ctap1::Error::WrongLength)
        .and_then(ctap1::Request::try_from)
        .and_then(|request| authenticator.call_ctap1(&request));
    let word = match called {
        Ok(response) => {
            response.serialize(&mut answer).expect("room for a response");
            ctap1::NO_ERROR
        }
        Err(error) => error.to_u16(),
    };
    answer.extend_from_slice(&word.to_be_bytes()).expect("room for a word");
    answer
}

fn main() {
    let mut key = key();
    let info = call(&mut key, RequestKind::Cbor, &[command::GET_INFO]);
    println!("authenticatorGetInfo: {}, {} bytes", status(&info), info.len());
    let made = call(&mut key, RequestKind::Cbor, &make_credential());
    println!("authenticatorMakeCredential: {}, {} bytes", status(&made), made.len());
    let version = call(&mut key, RequestKind::Msg, &[0, 3, 0, 0]);
    println!("U2F_VERSION: {}", version[..version.len() - 2].escape_ascii());
}

fn status(answer: &[u8]) -> Status {
    Status::from(answer[0])
}

/// authenticatorMakeCredential (CTAP 2.3 §6.1).
fn make_credential() -> Vec<u8> {
    let mut message = [0; 256];
    message[0] = command::MAKE_CREDENTIAL;
    let mut writer = Writer::new(&mut message[1..]);
    writer.map(4);
    writer.uint(1).bytes(&[7; 32]);
    writer.uint(2).map(1).text("id").text("example.com");
    writer.uint(3).map(2).text("id").bytes(b"1").text("name").text("alice");
    writer
        .uint(4)
        .array(1)
        .map(2)
        .text("alg")
        .int(-7)
        .text("type")
        .text("public-key");
    let length = writer.finish().expect("it is short");
    message[..=length].to_vec()
}

fn key() -> Authenticator<Desk> {
    let seams = Seams {
        presence: Touched,
        storage: Memory::default(),
        rng: HealthyRng::new(SysRng),
        clock: Uptime(Instant::now()),
        indicator: Dark,
    };
    let config = Config {
        aaguid: [0; 16],
        firmware_version: 1,
        lists_recent_algorithms: false,
        backup: Backup::Never,
    };
    Authenticator::new(seams, config).unwrap_or_else(|(_, error)| panic!("the key does not start: {error}"))
}

/// The place that this key runs in.
struct Desk;

impl Platform for Desk {
    type UserPresence = Touched;
    type Storage = Memory;
    type Rng = SysRng;
    type Clock = Uptime;
    type Indicator = Dark;
}

/// Milliseconds since the program began.
struct Uptime(Instant);

impl Clock for Uptime {
    fn now(&self) -> u64 {
        self.0.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }
}
