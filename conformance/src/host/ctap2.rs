//! CTAP2 requests (CTAP 2.3 §6) as a host makes them, and as none should.

use std::collections::BTreeMap;
use std::ops::Index;
use std::time::Duration;

use ciborium::Value;

use super::cbor::{array, encode, map};
use super::hid::{Host, UP_NEEDED, command};
use super::read::{Members, Read as _};
use super::response::{Assertion, Made, Response, flags};
pub use super::status;
use super::verify::sha256;
pub use super::verify::{CLIENT_DATA_HASH, algorithm};
use crate::key::LONG;
use crate::second_reader::{self, Part};

/// authenticatorGetInfo.
pub const GET_INFO: &[u8] = &[0x04];
/// authenticatorReset.
pub const RESET: &[u8] = &[0x07];
/// authenticatorGetNextAssertion.
pub const GET_NEXT_ASSERTION: &[u8] = &[0x08];
/// authenticatorSelection.
pub const SELECTION: &[u8] = &[0x0B];

/// Members of authenticatorMakeCredential's parameters (§6.1.1).
#[expect(missing_docs, reason = "the standard's names")]
pub mod mc {
    pub const CLIENT_DATA_HASH: u8 = 0x01;
    pub const RP: u8 = 0x02;
    pub const USER: u8 = 0x03;
    pub const PUB_KEY_CRED_PARAMS: u8 = 0x04;
    pub const EXCLUDE_LIST: u8 = 0x05;
    pub const EXTENSIONS: u8 = 0x06;
    pub const OPTIONS: u8 = 0x07;
    pub const PIN_UV_AUTH_PARAM: u8 = 0x08;
    pub const PIN_UV_AUTH_PROTOCOL: u8 = 0x09;
    pub const ENTERPRISE_ATTESTATION: u8 = 0x0A;
    pub const ATTESTATION_FORMATS_PREFERENCE: u8 = 0x0B;
}

/// Members of authenticatorGetAssertion's parameters (§6.2.1).
#[expect(missing_docs, reason = "the standard's names")]
pub mod ga {
    pub const RP_ID: u8 = 0x01;
    pub const CLIENT_DATA_HASH: u8 = 0x02;
    pub const ALLOW_LIST: u8 = 0x03;
    pub const EXTENSIONS: u8 = 0x04;
    pub const OPTIONS: u8 = 0x05;
    pub const PIN_UV_AUTH_PARAM: u8 = 0x06;
    pub const PIN_UV_AUTH_PROTOCOL: u8 = 0x07;
}

/// A command and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The command byte.
    pub command: u8,
    /// The parameters.
    pub members: BTreeMap<u8, Value>,
}

impl Request {
    /// A command without parameters yet.
    #[must_use]
    pub fn new(command: u8) -> Self {
        Self {
            command,
            members: BTreeMap::new(),
        }
    }

    /// Sets a parameter.
    #[must_use]
    pub fn with(mut self, member: u8, value: impl Into<Value>) -> Self {
        self.members.insert(member, value.into());
        self
    }

    /// Leaves a parameter out.
    #[must_use]
    pub fn without(mut self, member: u8) -> Self {
        self.members.remove(&member);
        self
    }

    /// The bytes on the wire: the command and a canonical map.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let members = self.members.iter().map(|(key, value)| ((*key).into(), value.clone()));
        let mut bytes = vec![self.command];
        bytes.extend(encode(&Value::Map(members.collect())));
        bytes
    }
}

impl Index<u8> for Request {
    type Output = Value;

    /// A parameter that is there.
    fn index(&self, member: u8) -> &Value {
        &self.members[&member]
    }
}

impl From<Request> for Vec<u8> {
    fn from(request: Request) -> Self {
        request.encode()
    }
}

impl From<&Request> for Vec<u8> {
    fn from(request: &Request) -> Self {
        request.encode()
    }
}

/// authenticatorMakeCredential: ES256, not discoverable, nothing else.
#[must_use]
pub fn make_credential(rp_id: &str, user_id: &[u8]) -> Request {
    Request::new(0x01)
        .with(mc::CLIENT_DATA_HASH, &CLIENT_DATA_HASH[..])
        .with(mc::RP, map([("id", rp_id.into()), ("name", "Example".into())]))
        .with(mc::USER, map([("id", user_id.into()), ("name", "alice".into())]))
        .with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm::ES256)]))
}

/// The same, discoverable.
#[must_use]
pub fn make_discoverable(rp_id: &str, user_id: &[u8]) -> Request {
    make_credential(rp_id, user_id).with(mc::OPTIONS, map([("rk", true.into())]))
}

/// authenticatorGetAssertion without an allow list.
#[must_use]
pub fn get_assertion(rp_id: &str) -> Request {
    Request::new(0x02)
        .with(ga::RP_ID, rp_id)
        .with(ga::CLIENT_DATA_HASH, &CLIENT_DATA_HASH[..])
}

/// The same with an allow list of these IDs.
#[must_use]
pub fn get_assertion_by(rp_id: &str, ids: &[&[u8]]) -> Request {
    get_assertion(rp_id).with(ga::ALLOW_LIST, descriptors(ids))
}

/// A serialized large-blob array: these bytes and the start of their hash (§6.10.2).
#[must_use]
pub fn blob_array(bytes: &[u8]) -> Vec<u8> {
    [bytes, &sha256(bytes)[..16]].concat()
}

/// authenticatorLargeBlobs with one fragment to write. `length` is the whole array's, with the first fragment only.
#[must_use]
pub fn set_fragment(offset: usize, fragment: &[u8], length: Option<usize>) -> Request {
    let request = Request::new(0x0C).with(0x02, fragment).with(0x03, offset as u64);
    match length {
        Some(length) => request.with(0x04, length as u64),
        None => request,
    }
}

/// The extensions of a makeCredential or getAssertion.
#[must_use]
pub fn extending<const N: usize>(request: Request, inputs: [(&str, Value); N]) -> Request {
    let member = match request.command {
        0x01 => mc::EXTENSIONS,
        _ => ga::EXTENSIONS,
    };
    request.with(member, map(inputs))
}

/// An entry of pubKeyCredParams.
#[must_use]
pub fn parameters(algorithm: i64) -> Value {
    map([("alg", algorithm.into()), ("type", "public-key".into())])
}

/// A PublicKeyCredentialDescriptor.
#[must_use]
pub fn descriptor(id: &[u8]) -> Value {
    map([("id", id.into()), ("type", "public-key".into())])
}

/// A list of descriptors.
#[must_use]
pub fn descriptors(ids: &[&[u8]]) -> Value {
    Value::Array(ids.iter().copied().map(descriptor).collect())
}

impl Host {
    /// Sends a request.
    pub fn begin(&mut self, request: impl Into<Vec<u8>>) {
        self.send(command::CBOR, &request.into());
    }

    /// Sends a request and returns once the key waits for its user and has said so.
    #[track_caller]
    pub fn asked(&mut self, request: impl Into<Vec<u8>>) {
        self.begin(request);
        loop {
            let message = self.message();
            self.is_answer(&message, command::KEEPALIVE);
            if message.payload == [UP_NEEDED] {
                break;
            }
        }
        self.key.wait_until_asked();
    }

    /// The answer to the request that runs. Keepalives on the way are well-formed.
    #[track_caller]
    pub fn answer(&mut self) -> Response {
        self.answer_within(LONG).expect("an answer from the key")
    }

    /// The same, or `None` where the key says nothing for `timeout`.
    #[track_caller]
    pub fn answer_within(&mut self, timeout: Duration) -> Option<Response> {
        loop {
            let message = self.message_within(timeout)?;
            self.is_answer(&message, message.command);
            match message.command {
                command::KEEPALIVE => assert!(
                    matches!(message.payload[..], [1 | 2]),
                    "expected the status 1 or 2 of a keepalive, the key sends {message:?}"
                ),
                command::CBOR => return Some(self.read(&message.payload)),
                _ => panic!("expected a keepalive or an answer, the key sends {message:?}"),
            }
        }
    }

    /// Reads the answer to the request that was sent last; it says the same to the second reader.
    #[must_use]
    #[track_caller]
    pub fn read(&self, payload: &[u8]) -> Response {
        let response = Response::decode(payload);
        if let [0x00, body @ ..] = payload
            && !body.is_empty()
        {
            second_reader::agrees(Part::Answer(self.command), body);
        }
        response
    }

    /// Sends a request that needs no touch, and returns the answer.
    #[track_caller]
    pub fn ctap2(&mut self, request: impl Into<Vec<u8>>) -> Response {
        let answer = self.untouched(request);
        answer.unwrap_or_else(|| panic!("expected an answer without a touch, the key asks for one"))
    }

    /// Sends a request, and returns the answer; `None` where the key asked for a touch, and was told to forget it.
    #[track_caller]
    pub(crate) fn untouched(&mut self, request: impl Into<Vec<u8>>) -> Option<Response> {
        self.begin(request);
        loop {
            let message = self.message();
            self.is_answer(&message, message.command);
            match message.command {
                command::KEEPALIVE if message.payload == [UP_NEEDED] => {
                    // The next request finds a key that waits for nobody.
                    self.send(command::CANCEL, &[]);
                    self.answer();
                    return None;
                }
                command::KEEPALIVE => {}
                command::CBOR => return Some(self.read(&message.payload)),
                _ => panic!("expected a keepalive or an answer, the key sends {message:?}"),
            }
        }
    }

    /// Sends a request, touches the key when it asks, and returns the answer.
    #[track_caller]
    pub fn touched(&mut self, request: impl Into<Vec<u8>>) -> Response {
        self.asked(request);
        self.key.touch();
        self.answer()
    }

    /// Sends a request, touches the key if it asks, and returns the answer.
    #[track_caller]
    pub fn touched_if_asked(&mut self, request: impl Into<Vec<u8>>) -> Response {
        self.begin(request);
        let mut is_touched = false;
        loop {
            let message = self.message();
            match (message.command, &message.payload[..]) {
                // The key may say so once more before it sees the touch.
                (command::KEEPALIVE, [UP_NEEDED]) if is_touched => {}
                (command::KEEPALIVE, [UP_NEEDED]) => {
                    self.key.touch();
                    is_touched = true;
                }
                (command::KEEPALIVE, [1]) => {}
                (command::CBOR, payload) => return self.read(payload),
                _ => panic!("expected a keepalive or an answer, the key sends {message:?}"),
            }
        }
    }

    /// Makes a credential with a touch, and checks everything that a relying party checks where neither user
    /// verification nor an extension was asked for.
    #[track_caller]
    pub fn make(&mut self, request: &Request) -> Made {
        let made = self.register(request);
        same!(made.auth_data.flags & !flags::BACKUP, flags::UP | flags::AT, "flags");
        same!((made.enterprise, &made.large_blob_key), (false, &None));
        made
    }

    /// Makes a credential with a touch, and checks its attestation statement.
    #[track_caller]
    pub fn register(&mut self, request: &Request) -> Made {
        let made = Made::of(&self.touched(request));
        made.verify();
        made
    }

    /// getInfo's members.
    #[track_caller]
    pub fn info(&mut self) -> Members {
        self.ctap2(GET_INFO).ok().clone()
    }

    /// One of getInfo's options; `None` where it is absent.
    #[track_caller]
    pub fn option(&mut self, name: &str) -> Option<bool> {
        let info = self.info();
        let mut options = info.get(&0x04)?.entries().iter();
        let found = options.find(|(key, _)| key.as_text() == Some(name));
        found.map(|(_, value)| value.boolean())
    }

    /// Signs in with a touch.
    #[track_caller]
    pub fn assert(&mut self, request: &Request) -> Assertion {
        let response = self.touched(request);
        self.assertion(request, response)
    }

    /// Signs in without a touch: a request with `up` false.
    #[track_caller]
    pub fn assert_silently(&mut self, request: &Request) -> Assertion {
        let request = request.clone().with(ga::OPTIONS, map([("up", false.into())]));
        let response = self.ctap2(&request);
        self.assertion(&request, response)
    }

    /// Reads the answer to a request to sign in, in which something may be left out, or be there, that says nothing.
    #[track_caller]
    fn assertion(&mut self, request: &Request, mut response: Response) -> Assertion {
        let list = request.members.get(&ga::ALLOW_LIST).and_then(Value::as_array);
        let only = list.filter(|list| list.len() == 1).and_then(|list| list.first());
        if let (Some(members), Some(only)) = (&mut response.members, only)
            && !members.contains_key(&1)
            // Of a list of one CTAP 2.0 §5.2 needs no answer to which it was.
            && !["FIDO_2_1", "FIDO_2_3"].iter().any(|version| self.has_version(version))
        {
            self.key.other_choice("the credential of a list of one is not named");
            members.insert(1, only.clone());
        }
        if let Some(members) = &mut response.members
            && members.get(&5) == Some(&1.into())
        {
            // What it is taken for where it is absent (CTAP 2.3 §6.2.3).
            self.key.other_choice("a single credential is counted");
            members.remove(&5);
        }
        Assertion::of(&response)
    }
}
