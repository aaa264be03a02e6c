//! The standard's rules about a PIN, tokens, settings and time, over plain values. There is no cryptography here: a
//! token is what the standard says of it, and whether a host holds it.

mod credentials;

use std::vec::Vec;

pub(super) use credentials::{Credential, Found};

use super::step::{Assert, Blobs, Guess, Make, PINS, PinPolicy, Proof, Step};
use crate::ctap2::Status;
use crate::ctap2::tests::large_blobs::{INITIAL, array};
use crate::platform::Presence;
use crate::testing::pin::{ACFG, BE, GA, LBW, MC, PCMR};

/// What a token of CTAP 2.0 manages credentials by, under the number that the preview of CTAP 2.1 had for it.
const PREVIEW: u8 = 0x80;

/// The pinUvAuthToken in use (CTAP 2.3 §6.5.2.1).
struct Token {
    /// Which of those issued it is.
    number: u32,
    permissions: u8,
    rp: Option<usize>,
    user_verified: bool,
    since: u64,
    used: bool,
}

/// What getNextAssertion continues with (§6.3).
struct Walk {
    /// IDs, the next one last.
    left: Vec<Vec<u8>>,
    user_verified: bool,
    since: u64,
    token: Option<u32>,
}

/// A key according to the standard.
pub(super) struct Standard {
    pub(super) credentials: Vec<Credential>,
    /// IDs of credentials that were deleted or replaced.
    pub(super) gone: Vec<Vec<u8>>,
    pub(super) pin: Option<&'static str>,
    pub(super) retries: i64,
    /// Wrong PINs in a row since power-up.
    pub(super) mismatches: u8,
    pub(super) force_change: bool,
    pub(super) min_pin_length: u8,
    pub(super) complexity: bool,
    pub(super) always_uv: bool,
    pub(super) long_touch: bool,
    /// Relying parties that may know the PIN's policy.
    pub(super) rp_ids: Vec<usize>,
    pub(super) blobs: Vec<u8>,
    token: Option<Token>,
    issued: u32,
    /// Whether the persistent token that the host got last is the key's.
    holds_persistent: bool,
    walk: Option<Walk>,
    pub(super) now: u64,
    /// What the user does in this step.
    pub(super) presence: Presence,
    /// How often the user was asked since power-up.
    pub(super) asked: usize,
}

impl Standard {
    pub(super) fn new() -> Self {
        Self {
            credentials: Vec::new(),
            gone: Vec::new(),
            pin: None,
            retries: 8,
            mismatches: 0,
            force_change: false,
            min_pin_length: 4,
            complexity: false,
            always_uv: false,
            long_touch: false,
            rp_ids: Vec::new(),
            blobs: INITIAL.to_vec(),
            token: None,
            issued: 0,
            holds_persistent: false,
            walk: None,
            now: 0,
            presence: Presence::Confirmed,
            asked: 0,
        }
    }

    /// A command comes: it ends a sequence that it does not go on with (§6).
    pub(super) fn begin(&mut self, step: &Step) {
        if !matches!(step, Step::NextAssertion | Step::Wait(_)) {
            self.walk = None;
        }
    }

    /// Whether getNextAssertion may go on: then the host sends nothing that could end it.
    pub(super) fn is_walking(&self) -> bool {
        self.walk.is_some()
    }

    /// Asks the user.
    pub(super) fn ask(&mut self) -> Result<(), Status> {
        self.asked += 1;
        match self.presence {
            Presence::Confirmed => Ok(()),
            Presence::Declined => Err(Status::OperationDenied),
            Presence::TimedOut => Err(Status::UserActionTimeout),
            Presence::Aborted => Err(Status::KeepaliveCancel),
        }
    }

    /// Power-up (§6.5.2).
    pub(super) fn power_up(&mut self) {
        self.now = 0;
        self.asked = 0;
        self.mismatches = 0;
        self.token = None;
        self.walk = None;
    }

    /// authenticatorReset (§6.6).
    pub(super) fn reset(&mut self) -> Result<(), Status> {
        if self.now > 10_000 {
            return Err(Status::NotAllowed);
        }
        self.ask()?;
        let ids = self.credentials.drain(..).map(|credential| credential.id);
        self.gone.extend(ids);
        *self = Self {
            gone: std::mem::take(&mut self.gone),
            now: self.now,
            asked: self.asked,
            ..Self::new()
        };
        Ok(())
    }

    /// The PIN that a guess is.
    pub(super) fn guessed(&self, guess: Guess) -> &'static str {
        match guess {
            Guess::Right => self.pin.unwrap_or(PINS[0]),
            Guess::Pin(pin) => PINS[pin],
        }
    }

    /// What a new PIN must be (§6.5.1).
    fn accepts(&self, pin: &str) -> bool {
        // Of those that are tried.
        let is_simple = pin == "1234";
        pin.chars().count() >= self.min_pin_length.into() && !(self.complexity && is_simple)
    }

    /// setPIN (§6.5.5.5).
    pub(super) fn set_pin(&mut self, pin: usize) -> Result<(), Status> {
        if self.pin.is_some() {
            return Err(Status::PinAuthInvalid);
        }
        if !self.accepts(PINS[pin]) {
            return Err(Status::PinPolicyViolation);
        }
        self.pin = Some(PINS[pin]);
        self.retries = 8;
        Ok(())
    }

    /// changePIN (§6.5.5.6).
    pub(super) fn change_pin(&mut self, guess: Guess, new: usize) -> Result<(), Status> {
        self.try_pin(guess)?;
        if !self.accepts(PINS[new]) || self.force_change && self.pin == Some(PINS[new]) {
            return Err(Status::PinPolicyViolation);
        }
        self.pin = Some(PINS[new]);
        self.force_change = false;
        self.token = None;
        self.holds_persistent = false;
        Ok(())
    }

    /// What each try of a PIN costs (§6.5.5.6 and §6.5.5.7).
    fn try_pin(&mut self, guess: Guess) -> Result<(), Status> {
        let Some(pin) = self.pin else {
            return Err(Status::PinNotSet);
        };
        if self.retries == 0 {
            return Err(Status::PinBlocked);
        }
        if self.mismatches == 3 {
            return Err(Status::PinAuthBlocked);
        }
        if self.guessed(guess) == pin {
            self.retries = 8;
            self.mismatches = 0;
            return Ok(());
        }
        self.retries -= 1;
        self.mismatches += 1;
        Err(match (self.retries, self.mismatches) {
            (0, _) => Status::PinBlocked,
            (_, 3) => Status::PinAuthBlocked,
            _ => Status::PinInvalid,
        })
    }

    /// getPinToken (§6.5.5.7.1).
    pub(super) fn pin_token(&mut self, guess: Guess) -> Result<(), Status> {
        self.try_pin(guess)?;
        if self.force_change {
            return Err(Status::PinInvalid);
        }
        self.issue(MC | GA | PREVIEW, None);
        Ok(())
    }

    /// getPinUvAuthTokenUsingPinWithPermissions (§6.5.5.7.2). Whether what it gave is the persistent token.
    pub(super) fn token(&mut self, guess: Guess, permissions: u8, rp: Option<usize>) -> Result<bool, Status> {
        if permissions == 0 {
            return Err(Status::InvalidParameter);
        }
        let persistent = permissions == PCMR;
        if permissions & BE != 0 || permissions & PCMR != 0 && !persistent {
            return Err(Status::UnauthorizedPermission);
        }
        self.try_pin(guess)?;
        if self.force_change {
            return Err(Status::PinPolicyViolation);
        }
        if persistent {
            self.holds_persistent = true;
        } else {
            self.issue(permissions, rp);
        }
        Ok(persistent)
    }

    fn issue(&mut self, permissions: u8, rp: Option<usize>) {
        self.issued += 1;
        self.token = Some(Token {
            number: self.issued,
            permissions,
            rp,
            user_verified: true,
            since: self.now,
            used: false,
        });
    }

    /// The token, where it is still in use (§6.5.2.1).
    fn in_use(&mut self) -> Option<&mut Token> {
        let now = self.now;
        self.token
            .take_if(|token| now - token.since > if token.used { 600_000 } else { 30_000 });
        self.token.as_mut()
    }

    /// The token that a request proves, where it is the one in use.
    fn proven(&mut self, proof: Proof) -> Option<&mut Token> {
        let token = self.in_use().filter(|_| proof == Proof::Token)?;
        token.used = true;
        Some(token)
    }

    /// User verification of a ceremony (§6.1.2 step 11, §6.2.2 step 6).
    fn verify_user(&mut self, proof: Proof, permission: u8, rp: usize) -> Result<bool, Status> {
        if proof == Proof::None || self.pin.is_none() {
            return Ok(false);
        }
        let token = self.proven(proof).ok_or(Status::PinAuthInvalid)?;
        let is_bound_to_another = token.rp.is_some_and(|bound| bound != rp);
        if !token.user_verified || token.permissions & permission == 0 || is_bound_to_another {
            return Err(Status::PinAuthInvalid);
        }
        token.rp = Some(rp);
        Ok(true)
    }

    /// A test of user presence ends what one PIN entry allows (§6.1.2 step 14, §6.2.2 step 9).
    fn spend(&mut self) {
        if let Some(token) = &mut self.token {
            token.user_verified = false;
            token.permissions &= LBW;
        }
    }

    /// A command that is not a ceremony. The relying party that the token is bound to.
    fn authorize(&mut self, proof: Proof, permission: u8) -> Result<Option<usize>, Status> {
        if proof == Proof::None {
            return Err(Status::PuatRequired);
        }
        let token = self.proven(proof).filter(|token| token.permissions & permission != 0);
        token.map(|token| token.rp).ok_or(Status::PinAuthInvalid)
    }

    /// Commands that need a token only where something protects the key.
    fn authorize_if_protected(&mut self, proof: Proof, permission: u8) -> Result<(), Status> {
        if self.pin.is_some() || self.always_uv {
            self.authorize(proof, permission)?;
        }
        Ok(())
    }

    /// toggleAlwaysUv (§6.11.2): a key without a PIN can switch it off again.
    pub(super) fn toggle_always_uv(&mut self, proof: Proof) -> Result<(), Status> {
        if self.pin.is_some() {
            self.authorize(proof, ACFG)?;
        }
        self.always_uv = !self.always_uv;
        Ok(())
    }

    /// setMinPINLength (§6.11.4).
    pub(super) fn set_min_pin_length(&mut self, policy: &PinPolicy, proof: Proof) -> Result<(), Status> {
        self.authorize_if_protected(proof, ACFG)?;
        let length = policy.length.unwrap_or(self.min_pin_length);
        if length < self.min_pin_length || length > 63 {
            return Err(Status::PinPolicyViolation);
        }
        if policy.force_change && self.pin.is_none() {
            return Err(Status::PinNotSet);
        }
        if policy.rp_ids.len() > 8 {
            return Err(Status::KeyStoreFull);
        }
        let has_new_policy = policy.complexity && !self.complexity;
        self.min_pin_length = length;
        self.complexity |= policy.complexity;
        if let Some(pin) = self.pin {
            let is_too_short = pin.chars().count() < length.into();
            self.force_change |= policy.force_change || has_new_policy || is_too_short;
        }
        if self.force_change {
            self.token = None;
        }
        if !policy.rp_ids.is_empty() {
            self.rp_ids.clone_from(&policy.rp_ids);
        }
        Ok(())
    }

    /// enableLongTouchForReset.
    pub(super) fn enable_long_touch(&mut self, proof: Proof) -> Result<(), Status> {
        self.authorize_if_protected(proof, ACFG)?;
        self.long_touch = true;
        Ok(())
    }

    /// A whole array, in fragments that are each authorized (§6.10.2).
    pub(super) fn write_blobs(&mut self, blobs: &Blobs, proof: Proof) -> Result<(), Status> {
        self.authorize_if_protected(proof, LBW)?;
        if blobs.damaged {
            return Err(Status::IntegrityFailure);
        }
        self.blobs = array(blobs.length, blobs.seed);
        Ok(())
    }
}
