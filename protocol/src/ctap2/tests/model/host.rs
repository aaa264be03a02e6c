//! Sends what happens to a key, and compares each answer with what the model says.

mod credentials;

use std::vec;
use std::vec::Vec;

use ciborium::Value;

use super::standard::Standard;
use super::step::{Action, Blobs, Guess, PINS, PinPolicy, Proof, RPS, Step};
use crate::ctap2::Status;
use crate::ctap2::command::CREDENTIAL_MANAGEMENT_PREVIEW;
use crate::ctap2::tests::large_blobs::{array, stored, writing};
use crate::platform::Gesture;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::manager::by_protocol_two;
use crate::testing::pin::{Protocol, Token, proof_members};
use crate::testing::request::{
    GET_INFO, RESET, Request, SELECTION, configure, descriptor, integer, manage, member, toggle_always_uv,
};

/// A token that no key gave.
fn forged() -> Token {
    by_protocol_two(&[0xee; 32])
}

/// A key with a host that remembers what the key gave it, and the model of both.
pub(super) struct Host {
    key: Key,
    standard: Standard,
    /// The last of each kind.
    token: Token,
    persistent: Token,
}

impl Host {
    pub(super) fn new() -> Self {
        Self {
            key: Key::new(),
            standard: Standard::new(),
            token: forged(),
            persistent: forged(),
        }
    }

    /// Checks the state after an action.
    pub(super) fn after(mut self, action: &Action) -> Self {
        self.standard.begin(&action.step);
        if matches!(action.step, Step::Unplug) {
            self.standard.power_up();
            self.key = self.key.restarted();
        } else {
            self.standard.presence = action.presence;
            self.key.user().answers = [action.presence].into();
            self.perform(action);
            self.key.user().answers.clear();
        }
        self.check();
        self
    }

    fn perform(&mut self, action: &Action) {
        let proof = action.proof;
        let protocol = if action.protocol_one {
            Protocol::One
        } else {
            Protocol::Two
        };
        match &action.step {
            Step::Make(make) => self.make(make, proof),
            Step::Assert(assert) => self.assert(assert, proof),
            Step::NextAssertion => self.next_assertion(),
            Step::SetPin(pin) => {
                let request = self.key.agree(protocol).set_pin(PINS[*pin]);
                let expected = self.standard.set_pin(*pin);
                self.sends(request, expected);
            }
            Step::ChangePin(guess, new) => {
                let old = self.standard.guessed(*guess);
                let request = self.key.agree(protocol).change_pin(old, PINS[*new]);
                let expected = self.standard.change_pin(*guess, *new);
                self.sends(request, expected);
            }
            Step::PinToken(guess) => self.get_token(protocol, *guess, None),
            Step::Token { guess, permissions, rp } => self.get_token(protocol, *guess, Some((*permissions, *rp))),
            Step::ToggleAlwaysUv => {
                let request = self.proving(toggle_always_uv(), proof);
                let expected = self.standard.toggle_always_uv(proof);
                self.sends(request, expected);
            }
            Step::SetMinPinLength(policy) => {
                let request = self.proving(policy_request(policy), proof);
                let expected = self.standard.set_min_pin_length(policy, proof);
                self.sends(request, expected);
            }
            Step::EnableLongTouch => {
                let request = self.proving(configure(0x04, None), proof);
                let expected = self.standard.enable_long_touch(proof);
                self.sends(request, expected);
            }
            Step::Metadata(preview) => {
                let request = self.proving(managing(0x01, *preview), proof);
                let expected = self
                    .standard
                    .list(*preview, proof)
                    .map(|()| self.standard.discoverable().count());
                let count = self.key.answer(request).map(|answer| integer(&answer[&1]));
                assert_eq!(count, expected.map(|count| count.try_into().unwrap()));
            }
            Step::List => self.list(proof),
            Step::Delete(named, preview) => {
                let id = self.standard.id(*named);
                let params = Value::Map(vec![(2.into(), descriptor(&id))]);
                let request = self.proving(managing(0x06, *preview).with(2, params), proof);
                let expected = self.standard.delete(&id, *preview, proof);
                self.sends(request, expected);
            }
            Step::Rename(account, name) => self.rename(*account, name.as_deref(), proof),
            Step::WriteBlobs(blobs) => self.write_blobs(blobs, proof),
            Step::ReadBlobs => assert_eq!(stored(&mut self.key), self.standard.blobs),
            Step::Select => {
                let expected = self.standard.ask();
                self.sends(SELECTION, expected);
            }
            Step::Reset => self.reset(),
            Step::Unplug => {}
            Step::Wait(time) => {
                self.standard.now += time;
                self.key.at(self.standard.now);
            }
        }
    }

    /// A request whose answer has no members.
    #[track_caller]
    fn sends(&mut self, request: impl Into<Vec<u8>>, expected: Result<(), Status>) {
        assert_eq!(self.key.send(request), expected.map(|()| None));
    }

    /// The token that a request proves itself by; `None` for no proof.
    fn proof(&self, proof: Proof) -> Option<Token> {
        match proof {
            Proof::None => None,
            Proof::Token => Some(self.token.clone()),
            Proof::OtherProtocol => Some(Token {
                protocol: match self.token.protocol {
                    Protocol::One => Protocol::Two,
                    Protocol::Two => Protocol::One,
                },
                token: self.token.token.clone(),
            }),
            Proof::Persistent => Some(self.persistent.clone()),
            Proof::Empty | Proof::Forged => Some(forged()),
        }
    }

    /// The request with its proof.
    fn proving(&self, request: Request, proof: Proof) -> Request {
        let request = match self.proof(proof) {
            Some(token) => token.on(request),
            None => request,
        };
        if proof == Proof::Empty {
            let (param, _) = proof_members(request.command);
            return request.with(param, Value::Bytes(Vec::new()));
        }
        request
    }

    /// Gets a token: with permissions and a relying party, or without both as platforms of CTAP 2.0 do.
    fn get_token(&mut self, protocol: Protocol, guess: Guess, wanted: Option<(u8, Option<usize>)>) {
        let pin = self.standard.guessed(guess);
        let agreement = self.key.agree(protocol);
        let (request, expected) = match wanted {
            Some((permissions, rp)) => (
                agreement.get_token(pin, permissions, rp.map(|rp| RPS[rp])),
                self.standard.token(guess, permissions, rp),
            ),
            None => (
                agreement.get_pin_token(pin),
                self.standard.pin_token(guess).map(|()| false),
            ),
        };
        let response = self.key.respond(CHANNEL, request);
        let token = response.map(|response| agreement.token(&response));
        assert_eq!(token.as_ref().map(drop), expected.as_ref().map(drop));
        match (token, expected) {
            (Ok(token), Ok(true)) => self.persistent = token,
            (Ok(token), _) => self.token = token,
            _ => {}
        }
    }

    /// Writes an array fragment by fragment, up to the first that is refused.
    fn write_blobs(&mut self, blobs: &Blobs, proof: Proof) {
        let mut array = array(blobs.length, blobs.seed);
        if blobs.damaged {
            array.rotate_left(1);
        }
        let mut outcome = Ok(None);
        for request in writing(&array, blobs.fragment) {
            outcome = outcome.and_then(|_| self.key.send(self.proving(request, proof)));
        }
        assert_eq!(outcome, self.standard.write_blobs(blobs, proof).map(|()| None));
    }

    fn reset(&mut self) {
        let gesture = if self.standard.long_touch {
            Gesture::LongTouch
        } else {
            Gesture::Touch
        };
        let asked = self.standard.asked;
        let expected = self.standard.reset();
        self.sends(RESET, expected);
        if self.standard.asked > asked {
            assert_eq!(self.key.user().prompts.last().unwrap().gesture, gesture);
        }
    }

    /// What a host can see at any time.
    #[track_caller]
    fn check(&mut self) {
        let info = self.key.answer(GET_INFO).unwrap();
        let standard = &self.standard;
        let option = |name| member(&info[&4], name) == &true.into();
        assert_eq!(option("clientPin"), standard.pin.is_some());
        assert_eq!(option("alwaysUv"), standard.always_uv);
        assert_eq!(option("makeCredUvNotRqd"), !standard.always_uv);
        let versions = info[&1].as_array().unwrap();
        assert_eq!(versions.contains(&"U2F_V2".into()), !standard.always_uv);
        // forcePINChange, minPINLength, longTouchForReset, pinComplexityPolicy
        assert_eq!(info[&0x0c], Value::Bool(standard.force_change));
        assert_eq!(info[&0x0d], standard.min_pin_length.into());
        assert_eq!(info[&0x18], Value::Bool(standard.long_touch));
        assert_eq!(info[&0x1b], Value::Bool(standard.complexity));
        assert_eq!(self.key.user().prompts.len(), standard.asked);
        // A request for these would end a walk.
        if !standard.is_walking() {
            assert_eq!(self.key.retries(), standard.retries);
            assert_eq!(self.key.wants_power_cycle(), standard.mismatches == 3);
        }
    }

    /// What a host can see only with a token, and the large blobs.
    pub(super) fn check_all(mut self) {
        let manager = self.key.manager();
        self.check_list(&manager);
        let count = integer(&self.key.answer(manager.metadata()).unwrap()[&1]);
        assert_eq!(usize::try_from(count).unwrap(), self.standard.discoverable().count());
        assert_eq!(stored(&mut self.key), self.standard.blobs);
    }
}

/// A subcommand of credential management, by one of its two numbers.
fn managing(sub_command: u8, preview: bool) -> Request {
    let mut request = manage(sub_command, None);
    if preview {
        request.command = CREDENTIAL_MANAGEMENT_PREVIEW;
    }
    request
}

fn policy_request(policy: &PinPolicy) -> Request {
    let rp_ids = policy.rp_ids.iter().map(|&rp| RPS[rp].into()).collect();
    let length = policy.length.map(|length| (1.into(), length.into()));
    let rest = [
        (2.into(), Value::Array(rp_ids)),
        (3.into(), Value::Bool(policy.force_change)),
        (4.into(), Value::Bool(policy.complexity)),
    ];
    configure(0x03, Some(Value::Map(length.into_iter().chain(rest).collect())))
}
