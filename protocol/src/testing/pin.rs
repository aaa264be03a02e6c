//! A platform that knows a PIN.

use brasskey_conformance::host::cbor::integer;
pub(crate) use brasskey_conformance::host::client_pin::permission::{ACFG, BE, CM, GA, LBW, MC, PCMR};
pub(crate) use brasskey_conformance::host::client_pin::{
    Agreement, PROTOCOLS, Protocol, Token, client_pin, cp, proof_members,
};

use super::key::{CHANNEL, Key};
use crate::ctap2::Status;

/// The PIN of the key under test.
pub(crate) const PIN: &str = "1234";

impl Key {
    /// A new key with [`PIN`].
    pub(crate) fn with_pin() -> Self {
        let mut key = Self::new();
        key.set_pin(PIN);
        key
    }

    pub(crate) fn agree(&mut self, protocol: Protocol) -> Agreement {
        let request = client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8);
        Agreement::new(protocol, &self.answer(request).expect("a key agreement")[&1])
    }

    #[track_caller]
    pub(crate) fn set_pin(&mut self, pin: &str) {
        let request = self.agree(Protocol::Two).set_pin(pin);
        assert_eq!(self.send(request), Ok(None));
    }

    /// A token with permissions, under protocol two.
    pub(crate) fn try_token(&mut self, pin: &str, permissions: u8, rp_id: Option<&str>) -> Result<Token, Status> {
        let agreement = self.agree(Protocol::Two);
        let response = self.respond(CHANNEL, agreement.get_token(pin, permissions, rp_id))?;
        Ok(agreement.token(&response))
    }

    /// A token for [`PIN`].
    #[track_caller]
    pub(crate) fn token(&mut self, permissions: u8, rp_id: Option<&str>) -> Token {
        self.try_token(PIN, permissions, rp_id).expect("a token")
    }

    /// The answer to a PIN that is tried.
    pub(crate) fn try_pin(&mut self, pin: &str) -> Result<(), Status> {
        self.try_token(pin, ACFG, None).map(drop)
    }

    /// `pinRetries`.
    pub(crate) fn retries(&mut self) -> i64 {
        integer(&self.answer(client_pin(0x01)).expect("retries")[&3])
    }

    /// `powerCycleState`.
    pub(crate) fn wants_power_cycle(&mut self) -> bool {
        self.answer(client_pin(0x01)).expect("retries").get(&4) == Some(&true.into())
    }
}
