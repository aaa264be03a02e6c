//! Two hosts: what they send, and what they learn from the answers.

use std::sync::LazyLock;

use brasskey_conformance::host::cbor::map;
use brasskey_conformance::host::client_pin::{self, Agreement, Protocol, client_pin, cose_key, cp, permission};
use brasskey_conformance::host::ctap2::{
    GET_INFO, GET_NEXT_ASSERTION, RESET, Request, ga, get_assertion, get_assertion_by, make_credential,
    make_discoverable,
};
use brasskey_conformance::host::verify::sha256;
use brasskey_conformance::host::{status, u2f};
use brasskey_protocol::crypto::p256;

use super::action::Grant;
use super::answer::{Answer, member};
use super::invariants::Invariant;
use super::key::Message;
use super::ledger::{Credential, Event, Pin, Proof, Rp, Token};
use super::state::State;
use super::world::{Hand, Records};

/// The channel of the host that knows the PIN.
pub(super) const OWNER: u32 = 1;
/// The channel of the one that does not.
pub(super) const STRANGER: u32 = 2;

/// The hosts' private key. Always the same: the key's changes.
const SCALAR: [u8; 32] = [0x51; 32];

static PUBLIC: LazyLock<[u8; 65]> = LazyLock::new(|| p256::public_key(&SCALAR).expect("a private key"));

type Broken = &'static Invariant;

/// How a sign-in is asked for.
pub(super) struct SignIn {
    pub(super) host: u32,
    pub(super) rp: Rp,
    /// By this credential, or by the newest account.
    pub(super) id: Option<Vec<u8>>,
    pub(super) up: bool,
    pub(super) uv: bool,
    pub(super) proof: Option<Proof>,
}

impl State {
    fn ctap2(&mut self, channel: u32, message: impl Into<Vec<u8>>) -> Answer {
        let bytes = message.into();
        // This key ends a walk with every command but the next step and getInfo, as CTAP 2.3 §6 allows.
        if bytes != GET_NEXT_ASSERTION && bytes != GET_INFO {
            self.ledger.walk = None;
        }
        Answer(self.key.answer(&Message {
            channel,
            is_u2f: false,
            bytes: &bytes,
        }))
    }

    /// Sends what is no try of a PIN: where it is refused, the records are as they were.
    fn ask(&mut self, channel: u32, message: impl Into<Vec<u8>>) -> Result<Answer, Broken> {
        let before = self.key.world.records.clone();
        let answer = self.ctap2(channel, message);
        if !answer.is_ok() {
            let left_trace = self.key.world.records != before;
            self.happens(Event::Refused { left_trace })?;
        }
        Ok(answer)
    }

    /// Sends a try of a PIN: where it is refused, nothing but the PIN's record has changed.
    fn try_pin(&mut self, channel: u32, message: Request, right: bool) -> Result<Answer, Broken> {
        self.may_be_cut_as_a_guess();
        let before = self.key.world.records.clone();
        let answer = self.ctap2(channel, message);
        if self.ledger.pin.is_some() {
            let accepted = answer.is_ok();
            self.happens(Event::Tried { right, accepted })?;
        } else if answer.status() != status::PIN_NOT_SET && !self.ledger.is_damaged {
            self.happens(Event::PinFromNowhere)?;
        }
        if !answer.is_ok() {
            let left_trace = differ_beyond_pin(&before, &self.key.world.records);
            self.happens(Event::Refused { left_trace })?;
        }
        Ok(answer)
    }

    fn agree(&mut self, channel: u32, protocol: Protocol) -> Option<Agreement> {
        let answer = self.ctap2(channel, client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8));
        let key = answer.member(1)?.encoded();
        let coordinate = |number| member(key, number)?.bytes().ok();
        let point = [&[4], coordinate(-2)?, coordinate(-3)?].concat();
        let point = point.try_into().ok()?;
        // Most histories keep the key's key pair for a while.
        if let Some((known, agreement)) = &self.agreement
            && (*known, agreement.protocol) == (point, protocol)
        {
            return Some(agreement.clone());
        }
        let z = p256::diffie_hellman(&SCALAR, &point).ok()?;
        let (x, y) = PUBLIC[1..].split_at(32);
        let agreement = Agreement::of(protocol, cose_key(x, y), &z[..]);
        self.agreement = Some((point, agreement.clone()));
        Some(agreement)
    }

    /// A PIN that is not the key's.
    fn wrong_pin(&self) -> &'static str {
        self.ledger.pin.map_or("0000", |pin| pin.other().text())
    }

    pub(super) fn set_pin(&mut self, protocol: Protocol) -> Result<(), Broken> {
        let Some(agreement) = self.agree(OWNER, protocol) else {
            return Ok(());
        };
        if self.ask(OWNER, agreement.set_pin(Pin::First.text()))?.is_ok() {
            self.happens(Event::PinSet(Pin::First))?;
        }
        Ok(())
    }

    pub(super) fn change_pin(&mut self, right: bool) -> Result<(), Broken> {
        let Some(agreement) = self.agree(OWNER, Protocol::Two) else {
            return Ok(());
        };
        let old = self.ledger.pin.unwrap_or(Pin::First);
        let said = if right { old.text() } else { "0000" };
        let request = agreement.change_pin(said, old.other().text());
        if self.try_pin(OWNER, request, right)?.is_ok() {
            self.happens(Event::PinSet(old.other()))?;
        }
        Ok(())
    }

    pub(super) fn guess(&mut self, host: u32, protocol: Protocol) -> Result<(), Broken> {
        let Some(agreement) = self.agree(host, protocol) else {
            return Ok(());
        };
        let request = match protocol {
            Protocol::One => agreement.get_pin_token(self.wrong_pin()),
            Protocol::Two => agreement.get_token(self.wrong_pin(), permission::CM, None),
        };
        self.try_pin(host, request, false).map(drop)
    }

    /// Gets a token with the right PIN.
    pub(super) fn token(&mut self, grant: Grant) -> Result<(), Broken> {
        let (protocol, permissions, rp) = grant.terms();
        let Some(agreement) = self.agree(OWNER, protocol) else {
            return Ok(());
        };
        let pin = self.ledger.pin.unwrap_or(Pin::First).text();
        let request = match grant {
            Grant::Legacy => agreement.get_pin_token(pin),
            _ => agreement.get_token(pin, permissions, rp.map(Rp::id)),
        };
        self.grant(&agreement, request, permissions, rp).map(drop)
    }

    fn grant(
        &mut self,
        agreement: &Agreement,
        request: Request,
        permissions: u8,
        rp: Option<Rp>,
    ) -> Result<Option<Token>, Broken> {
        let answer = self.try_pin(OWNER, request, true)?;
        let Some(secret) = answer.member(2).and_then(|secret| secret.bytes().ok()) else {
            return Ok(None);
        };
        let token = Token {
            token: client_pin::Token {
                protocol: agreement.protocol,
                token: agreement.decrypt(secret),
            },
            permissions,
            rp,
            since: self.ledger.now,
            used: false,
            spent: false,
        };
        self.happens(Event::Granted(token.clone()))?;
        Ok(Some(token))
    }

    pub(super) fn register(&mut self, rp: Rp, user: Option<u8>, proof: Option<Proof>) -> Result<(), Broken> {
        let request = match user {
            Some(user) => make_discoverable(rp.id(), &[user]),
            None => make_credential(rp.id(), b"plain"),
        };
        let answer = self.ask(OWNER, proven(request, proof.as_ref()))?;
        self.used(proof.as_ref());
        let Some(data) = answer.auth_data() else {
            return Ok(());
        };
        let credential = Credential {
            id: data.id.to_vec(),
            rp,
            user,
            count: data.count,
            has_signed: false,
        };
        self.happens(Event::Registered {
            credential,
            verified: data.verified,
            proof,
        })
    }

    /// Returns whether it succeeded.
    pub(super) fn sign_in(&mut self, ask: SignIn) -> Result<bool, Broken> {
        let request = match &ask.id {
            Some(id) => get_assertion_by(ask.rp.id(), &[id]),
            None => get_assertion(ask.rp.id()),
        };
        let options = match (ask.up, ask.uv) {
            (true, false) => None,
            (up, false) => Some(map([("up", up.into())])),
            (up, true) => Some(map([("up", up.into()), ("uv", true.into())])),
        };
        let request = match options {
            Some(options) => request.with(ga::OPTIONS, options),
            None => request,
        };
        let answer = self.ask(ask.host, proven(request, ask.proof.as_ref()))?;
        self.used(ask.proof.as_ref());
        let (Some(data), Some(id)) = (answer.auth_data(), answer.signer()) else {
            return Ok(false);
        };
        let accounts = answer.member(5).and_then(|number| number.uint().ok());
        self.happens(Event::SignedIn {
            host: ask.host,
            id,
            rp: ask.rp,
            count: data.count,
            touched: ask.up,
            verified: data.verified,
            proof: ask.proof,
            left: accounts.map_or(0, |accounts| accounts - 1),
        })?;
        Ok(true)
    }

    pub(super) fn sign_in_by_u2f(&mut self, id: &[u8]) -> Result<(), Broken> {
        let application = sha256(Rp::Example.id().as_bytes());
        let bytes = u2f::authenticate(u2f::control::ENFORCE, &application, id);
        let answer = self.key.answer(&Message {
            channel: OWNER,
            is_u2f: true,
            bytes: &bytes,
        });
        // A presence byte, the counter and a signature, or the status word alone (Raw Message Formats §5.4).
        if let &[1, a, b, c, d, ..] = &answer[..] {
            self.happens(Event::SignedIn {
                host: OWNER,
                id: id.to_vec(),
                rp: Rp::Example,
                count: u32::from_be_bytes([a, b, c, d]),
                touched: true,
                verified: false,
                proof: None,
                left: 0,
            })?;
        }
        Ok(())
    }

    pub(super) fn go_on(&mut self, host: u32) -> Result<(), Broken> {
        let answer = self.ask(host, GET_NEXT_ASSERTION)?;
        let (Some(data), Some(id)) = (answer.auth_data(), answer.signer()) else {
            return Ok(());
        };
        self.happens(Event::WentOn {
            host,
            id,
            count: data.count,
            verified: data.verified,
        })
    }

    /// A subcommand of credential management. Returns whether the token was taken.
    pub(super) fn manage(
        &mut self,
        proof: Proof,
        permission: u8,
        request: impl FnOnce(&client_pin::Token) -> Request,
    ) -> Result<bool, Broken> {
        let answer = self.ask(OWNER, request(&proof.token.token))?;
        self.used(Some(&proof));
        if answer.is_ok() {
            self.happens(Event::Proved {
                proof,
                permission,
                rp: None,
            })?;
        }
        Ok(answer.is_ok())
    }

    /// Makes the setting for a long touch, with a token of its own.
    pub(super) fn want_long_touch(&mut self) -> Result<(), Broken> {
        let Some(agreement) = self.agree(OWNER, Protocol::Two) else {
            return Ok(());
        };
        let pin = self.ledger.pin.unwrap_or(Pin::First).text();
        let request = agreement.get_token(pin, permission::ACFG, None);
        let Some(token) = self.grant(&agreement, request, permission::ACFG, None)? else {
            return Ok(());
        };
        if self.ask(OWNER, token.token.configure(0x04, None))?.is_ok() {
            self.happens(Event::LongTouchSet)?;
        }
        Ok(())
    }

    pub(super) fn reset(&mut self, hand: Hand) -> Result<(), Broken> {
        let before: Vec<_> = self.key.world.records.clone().into_keys().collect();
        self.key.world.hand = hand;
        let answer = self.ask(OWNER, RESET);
        self.key.world.hand = Hand::Holds;
        if answer?.is_ok() {
            // Records of an epoch begin with it; the others are not the reset's (`store/epoch.rs`). One whose key says
            // a later epoch than the key's damaged root stays.
            let is_left = |key: &Vec<u8>| key.first() == Some(&b'E') && self.key.world.records.contains_key(key);
            let left_trace = !self.ledger.is_damaged && before.iter().any(is_left);
            let held = hand == Hand::Holds;
            self.happens(Event::Reset { held, left_trace })?;
        }
        Ok(())
    }

    /// The retries that the key tells.
    pub(super) fn retries(&mut self) -> Option<u64> {
        self.ctap2(OWNER, client_pin(0x01)).member(3)?.uint().ok()
    }

    /// Whether the key says that it wants a long touch for a reset (`longTouchForReset`).
    pub(super) fn wants_long_touch(&mut self) -> Option<bool> {
        self.ctap2(OWNER, GET_INFO).member(0x18)?.bool().ok()
    }

    /// Whether a token verifies the user for a relying party. The credential that is asked for does not exist: where
    /// the token is taken, that is the next thing that the key sees.
    pub(super) fn takes_for_ceremony(&mut self, proof: &Proof, rp: Rp) -> bool {
        let request = get_assertion_by(rp.id(), &[&[7; 59]]).with(ga::OPTIONS, map([("up", false.into())]));
        self.ctap2(OWNER, proven(request, Some(proof))).status() == status::NO_CREDENTIALS
    }

    /// The key has seen the token, whatever it answered: from then on it may take it for one that is in use.
    fn used(&mut self, proof: Option<&Proof>) {
        if let (Some(Proof { dead: None, .. }), Some(token)) = (proof, &mut self.ledger.token) {
            token.used = true;
        }
    }
}

fn proven(request: Request, proof: Option<&Proof>) -> Request {
    match proof {
        Some(proof) => proof.token.token.on(request),
        None => request,
    }
}

/// Whether two storages differ in more than the PIN's record (`store/pin.rs`).
fn differ_beyond_pin(one: &Records, other: &Records) -> bool {
    let is_other = |(key, _): &(&Vec<u8>, &Vec<u8>)| !is_pin(key);
    !one.iter().filter(is_other).eq(other.iter().filter(is_other))
}

/// Whether it is the key of the PIN's record, `E ‖ epoch ‖ P`.
pub(super) fn is_pin(key: &[u8]) -> bool {
    matches!(key, [b'E', _, _, _, _, b'P'])
}
