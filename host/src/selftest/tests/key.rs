//! A soft key whose answers a test may change.

use std::sync::{Arc, Mutex};

use brasskey_protocol::ctaphid::RequestKind;
pub(super) use cbor4ii::core::Value;
use sha2::{Digest as _, Sha256};

use crate::cbor;
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Channel, Error, Key, Pin, PinRequest, Unwatched, UserInteraction, Watch};
use crate::relying_party::Outcome;
use crate::selftest::{Plan, Results, run};
use crate::soft::{SoftKey, Touch};

pub(super) const PIN: &str = "2468";

/// Somebody who knows a PIN, and how often they were asked.
pub(super) struct Owner {
    pin: &'static str,
    pub(super) asked: u32,
}

impl Owner {
    pub(super) fn of(pin: &'static str) -> Self {
        Self { pin, asked: 0 }
    }
}

impl Watch for Owner {}

impl UserInteraction for Owner {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        self.asked += 1;
        Ok(Pin::new(self.pin)?)
    }

    fn can_try_again(&self) -> bool {
        true
    }
}

/// A message to a key.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) is_cbor: bool,
    pub(super) bytes: Vec<u8>,
}

impl Request {
    /// The command byte of CTAP2.
    pub(super) fn command(&self) -> Option<u8> {
        self.bytes.first().copied().filter(|_| self.is_cbor)
    }

    pub(super) fn is_get_info(&self) -> bool {
        self.command() == Some(0x04)
    }

    /// A member of the parameters.
    pub(super) fn member(&self, label: i128) -> Option<Value> {
        let Ok(Value::Map(members)) = cbor::decode_canonical(self.bytes.get(1..)?) else {
            return None;
        };
        let found = members.into_iter().find(|(known, _)| *known == Value::Integer(label));
        found.map(|(_, value)| value)
    }

    /// Whether an option is there, and this.
    pub(super) fn has_option(&self, label: i128, name: &str, value: bool) -> bool {
        matches!(self.member(label), Some(Value::Map(options))
            if cbor::member(&options, name) == Some(&Value::Bool(value)))
    }

    /// A question whether the key holds a credential.
    pub(super) fn is_silent(&self) -> bool {
        self.command() == Some(0x02) && self.has_option(5, "up", false)
    }

    pub(super) fn keeps_passkey(&self) -> bool {
        self.command() == Some(0x01) && self.has_option(7, "rk", true)
    }

    /// A subcommand of clientPIN (0x06) or of credential management (0x0A).
    pub(super) fn is(&self, command: u8, subcommand: i128) -> bool {
        let label = if command == 0x06 { 2 } else { 1 };
        self.command() == Some(command) && self.member(label) == Some(Value::Integer(subcommand))
    }

    pub(super) fn wants_touch(&self) -> bool {
        match self.command() {
            // A passkey without a proof is refused before.
            Some(0x01) => !self.keeps_passkey() || self.member(8).is_some(),
            Some(0x02) => !self.is_silent(),
            // U2F_REGISTER, and U2F_AUTHENTICATE with a touch.
            None => self.bytes[1] == 0x01 || self.bytes[1] == 0x02 && self.bytes[2] == 0x03,
            Some(_) => false,
        }
    }
}

/// The soft key itself.
pub(super) type Forward<'a> = &'a mut dyn FnMut(&Request) -> Vec<u8>;

/// A soft key behind `tamper`, which sees each request and may forward it.
pub(super) fn key(pin: Option<&str>, mut tamper: impl FnMut(&Request, Forward<'_>) -> Vec<u8> + Send + 'static) -> Key {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    if let Some(pin) = pin {
        let mut key = Key::open(Box::new(soft.connect())).unwrap();
        key.set_pin(&Pin::new(pin).unwrap(), &mut Unwatched).unwrap();
    }
    let mut channel = Channel::open(Box::new(soft.connect())).unwrap();
    let mut forward = move |request: &Request| match request.is_cbor {
        true => channel.cbor(&request.bytes, &mut Unwatched).unwrap(),
        false => channel.message(&request.bytes).unwrap(),
    };
    FakeKey::key(move |kind, message| {
        let request = Request {
            is_cbor: kind == RequestKind::Cbor,
            bytes: message.to_vec(),
        };
        Reply::Now(tamper(&request, &mut forward))
    })
}

/// A key as it should be, and what it was asked.
pub(super) fn whole(pin: Option<&str>) -> (Key, Arc<Mutex<Vec<Request>>>) {
    let requests = Arc::<Mutex<Vec<Request>>>::default();
    let seen = Arc::clone(&requests);
    let key = key(pin, move |request, forward| {
        seen.lock().unwrap().push(request.clone());
        forward(request)
    });
    (key, requests)
}

pub(super) fn test(key: &mut Key, user: &mut dyn UserInteraction) -> Results {
    let plan = Plan::of(key, user).unwrap();
    run(key, &plan, user, &mut |_| {})
}

/// What did not pass, in words.
pub(super) fn not_passed(results: &Results) -> Vec<String> {
    let steps = results.steps.iter().filter(|step| step.outcome != Outcome::Passed);
    steps
        .map(|step| format!("{:?}: {}: {}", step.group, step.name, step.detail))
        .collect()
}

/// Changes the members of a successful answer.
pub(super) fn edit(answer: &mut Vec<u8>, change: impl FnOnce(&mut Vec<(Value, Value)>)) {
    let Ok(Value::Map(mut members)) = cbor::decode_canonical(&answer[1..]) else {
        panic!("no map")
    };
    change(&mut members);
    *answer = [&[0][..], &cbor::encode(&Value::Map(members))].concat();
}

/// A member of a map.
pub(super) fn member_mut(members: &mut [(Value, Value)], label: i128) -> &mut Value {
    let found = members.iter_mut().find(|(known, _)| *known == Value::Integer(label));
    &mut found.unwrap().1
}

/// What a key answers that signs whatever it is asked to, without a touch.
pub(super) fn assertion(request: &Request) -> Vec<u8> {
    let (Some(Value::Text(rp_id)), Some(Value::Array(mut allowed))) = (request.member(1), request.member(3)) else {
        panic!("no list")
    };
    let auth_data = [&Sha256::digest(rp_id)[..], &[0; 5]].concat();
    let members = vec![
        (Value::Integer(1), allowed.remove(0)),
        (Value::Integer(2), Value::Bytes(auth_data)),
        (Value::Integer(3), Value::Bytes(vec![0; 70])),
    ];
    [&[0][..], &cbor::encode(&Value::Map(members))].concat()
}
