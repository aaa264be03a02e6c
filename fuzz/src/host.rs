//! A host that knows PINs, agrees on secrets and keeps tokens, and what it holds the key to:
//!
//! * every answer is a defined status, and with success canonical;
//! * a wrong PIN is never accepted, and retries go up by a right PIN and a reset alone;
//! * the rules for PINs only get stricter, but for a reset.

mod messages;

use brasskey_conformance::host::client_pin::{Agreement, Protocol, client_pin, cose_key, cp, permission};
use brasskey_conformance::host::ctap2::GET_INFO;
use brasskey_protocol::authenticator::Authenticator;
use brasskey_protocol::cbor::Item;
use brasskey_protocol::crypto::p256;
use brasskey_protocol::ctap2::command;
use brasskey_protocol::limits::MAX_MESSAGE;

use crate::request::{Command, Pin, Step};
use crate::{Time, World, answer, seams, start};

const CHANNEL: u32 = 1;

/// The host's private key. Always the same: the key's changes.
const SCALAR: [u8; 32] = [0x51; 32];

/// Subcommands of clientPIN (CTAP 2.3 §6.5.5).
const SET_PIN: u64 = 3;
const CHANGE_PIN: u64 = 4;
const GET_PIN_TOKEN: u64 = 5;
const GET_TOKEN_WITH_PERMISSIONS: u64 = 9;

/// The rules for PINs as getInfo tells them.
#[derive(Clone, Copy)]
struct Rules {
    min_pin_length: u64,
    complexity: bool,
}

/// A key and who talks to it.
pub struct Host {
    key: Authenticator<World>,
    time: Time,
    pin: Option<Pin>,
    retries: u64,
    rules: Rules,
    token: Vec<u8>,
    persistent: Vec<u8>,
    /// IDs of credentials, whatever became of them.
    ids: Vec<Vec<u8>>,
}

impl Host {
    pub fn new() -> Self {
        let time = Time::default();
        let mut host = Self {
            key: start(seams(time.clone())),
            time,
            pin: None,
            retries: 0,
            rules: Rules {
                min_pin_length: 0,
                complexity: false,
            },
            token: vec![0; 32],
            persistent: vec![0; 32],
            ids: Vec::new(),
        };
        (host.retries, host.rules) = (host.pin_retries(), host.pin_rules());
        host
    }

    /// What is, after a step.
    pub fn after(mut self, step: &Step) -> Self {
        match step.command {
            Command::Unplug => {
                self.time.0.set(0);
                self.key = start(self.key.into_seams());
            }
            Command::Wait(time) => self.time.0.set(self.time.0.get() + u64::from(time)),
            _ => self.perform(step),
        }
        self
    }

    fn perform(&mut self, step: &Step) {
        let protocol = if step.protocol_one {
            Protocol::One
        } else {
            Protocol::Two
        };
        let guess = match step.command {
            Command::ChangePin { old: pin, .. } | Command::PinToken(pin) | Command::Token { pin, .. } => Some(pin),
            _ => None,
        };
        // To agree on a secret ends what the step before began: only where the step needs one.
        let agreement = needs_secret(&step.command).then(|| self.agree(protocol));
        let mut messages = self.messages(step, agreement.as_ref(), protocol);
        if let (Some(damage), Some(message)) = (&step.damage, messages.last_mut())
            && let place = usize::from(damage.place) % message.len()
            && let Some(byte) = message.get_mut(place)
        {
            *byte ^= damage.bits;
        }
        for message in messages {
            self.exchange(&message, step, guess, agreement.as_ref());
        }
    }

    /// Sends a message, and holds the key to the rules.
    fn exchange(&mut self, message: &[u8], step: &Step, guess: Option<Pin>, agreement: Option<&Agreement>) {
        let is_right = guess.is_some() && guess == self.pin;
        let response = self.send(message);
        let outcome = answer(&response);
        let done = if outcome.is_ok() {
            Done::by(message)
        } else {
            Done::Nothing
        };
        if let (Ok(Some(item)), Some(agreement)) = (outcome, agreement) {
            self.keep_token(item, step, agreement);
        }
        if let (Ok(Some(item)), [command::MAKE_CREDENTIAL, ..]) = (outcome, message) {
            self.ids.extend(credential_id(item));
        }
        match done {
            Done::Reset => self.pin = None,
            Done::PinSet => {
                assert!(self.pin.is_none() || is_right, "a wrong PIN was accepted");
                self.pin = new_pin(&step.command);
            }
            Done::PinTried => assert!(is_right, "a wrong PIN was accepted"),
            Done::Nothing => {}
        }
        let rules = self.pin_rules();
        let was_reset = done == Done::Reset;
        assert!(was_reset || self.stricter(rules), "a rule was taken back");
        self.rules = rules;
        // To ask for this ends a sequence, as the key agreement of such a step did.
        if agreement.is_some() || was_reset {
            let retries = self.pin_retries();
            assert!(retries <= self.retries || is_right || was_reset, "retries came back");
            self.retries = retries;
        }
    }

    fn stricter(&self, rules: Rules) -> bool {
        rules.min_pin_length >= self.rules.min_pin_length && rules.complexity >= self.rules.complexity
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

/// What a message that was accepted did to the PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Reset,
    PinSet,
    PinTried,
    Nothing,
}

impl Done {
    /// By the message itself: damage may have made it another than was meant.
    fn by(message: &[u8]) -> Self {
        match message {
            [command::RESET, ..] => Self::Reset,
            [command::CLIENT_PIN, body @ ..] => match member(body, 2).and_then(|item| item.uint().ok()) {
                Some(SET_PIN | CHANGE_PIN) => Self::PinSet,
                Some(GET_PIN_TOKEN | GET_TOKEN_WITH_PERMISSIONS) => Self::PinTried,
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }
}

/// A member of a map with numbers for keys.
fn member(map: &[u8], number: i128) -> Option<Item<'_>> {
    let (map, _) = Item::split(map)?;
    let mut members = map.map().ok()?;
    members.find(|(key, _)| key.int() == Ok(number)).map(|(_, value)| value)
}

/// The new PIN that a command sends.
fn new_pin(command: &Command) -> Option<Pin> {
    match command {
        Command::SetPin(new) | Command::ChangePin { new, .. } => Some(*new),
        _ => None,
    }
}

/// Whether a command is encrypted under a secret shared with the key.
fn needs_secret(command: &Command) -> bool {
    match command {
        Command::SetPin(_) | Command::ChangePin { .. } | Command::PinToken(_) | Command::Token { .. } => true,
        Command::Make(make) => make.salts.is_some(),
        Command::Assert(assert) => assert.salts.is_some(),
        _ => false,
    }
}

/// The ID of a credential that was made (WebAuthn Level 3 §6.1).
fn credential_id(answer: Item<'_>) -> Option<Vec<u8>> {
    let data = member(answer.encoded(), 2)?.bytes().ok()?;
    let (length, id) = data.get(53..)?.split_first_chunk()?;
    Some(id.get(..u16::from_be_bytes(*length).into())?.to_vec())
}

impl Host {
    fn send(&mut self, message: &[u8]) -> Vec<u8> {
        let mut response = [0; MAX_MESSAGE];
        let length = self.key.ctap2(CHANNEL, message, &mut response);
        response[..length].to_vec()
    }

    /// The answer to a request that is always answered.
    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        let response = self.send(request);
        let item = answer(&response).expect("this is never refused").expect("a map");
        item.encoded().to_vec()
    }

    fn pin_retries(&mut self) -> u64 {
        let answer = self.ask(&client_pin(0x01).encode());
        member(&answer, 3).expect("pinRetries").uint().expect("a number")
    }

    fn pin_rules(&mut self) -> Rules {
        let answer = self.ask(GET_INFO);
        Rules {
            min_pin_length: member(&answer, 0x0d).expect("minPINLength").uint().expect("a number"),
            complexity: member(&answer, 0x1b)
                .expect("pinComplexityPolicy")
                .bool()
                .expect("true or false"),
        }
    }

    fn agree(&mut self, protocol: Protocol) -> Agreement {
        let answer = self.ask(&client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8).encode());
        let key = member(&answer, 1).expect("keyAgreement").encoded();
        let coordinate = |number| member(key, number).expect("a coordinate").bytes().expect("bytes");
        let point = [&[4], coordinate(-2), coordinate(-3)].concat();
        let point = point.try_into().expect("65 bytes");
        let z = p256::diffie_hellman(&SCALAR, &point).expect("a point of the curve");
        let ours = p256::public_key(&SCALAR).expect("a private key");
        let (x, y) = ours[1..].split_at(32);
        Agreement::of(protocol, cose_key(x, y), &z[..])
    }

    fn keep_token(&mut self, answer: Item<'_>, step: &Step, agreement: &Agreement) {
        let encrypted = member(answer.encoded(), 2).and_then(|item| item.bytes().ok());
        let length = match agreement.protocol {
            Protocol::One => 32,
            Protocol::Two => 48,
        };
        let Some(encrypted) = encrypted.filter(|encrypted| encrypted.len() == length) else {
            return;
        };
        match step.command {
            Command::Token {
                permissions: permission::PCMR,
                ..
            } => self.persistent = agreement.decrypt(encrypted),
            Command::Token { .. } | Command::PinToken(_) => self.token = agreement.decrypt(encrypted),
            _ => {}
        }
    }

    /// The n-th credential ID, or one that no key made.
    fn id(&self, number: u8) -> Vec<u8> {
        self.ids
            .get(usize::from(number))
            .map_or_else(|| vec![7; 59], Clone::clone)
    }
}
