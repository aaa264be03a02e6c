//! What the self-test tries, by what the key says that it can do.

use super::Once;
use super::site::RP_ID;
use super::step::Needs;
use crate::client::ceremony::{Protocol, insists_at_registration};
use crate::client::ctap2::{Info, Permissions};
use crate::client::{Error, Key, UserInteraction};
use crate::webauthn::Algorithm;

/// Whether the user can be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserVerification {
    /// It was tried, and worked.
    Works,
    /// The key has a PIN, and nobody gave it.
    PinNotGiven,
    /// The key could have a PIN, but has none.
    NoPin,
    /// The key knows no PINs.
    Unknown,
}

/// Whether test passkeys can be made, and be deleted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passkeys {
    /// They can.
    Tried,
    /// They could be deleted only with user verification.
    Unverified,
    /// Only a reset would delete them.
    Undeletable,
    /// The key has no room for two.
    NoRoom,
    /// The key keeps none.
    Unsupported,
}

/// What is tried on one key.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The protocol, unless a group tries another.
    pub(super) protocol: Protocol,
    /// Whether the key also takes U2F messages.
    pub(super) u2f: bool,
    /// The algorithms that credentials are made with.
    pub(super) algorithms: Vec<Algorithm>,
    /// Whether the user can be verified.
    pub verification: UserVerification,
    /// Whether passkeys are made.
    pub passkeys: Passkeys,
    pub(super) cred_protect: bool,
    pub(super) large_blobs: bool,
    pub(super) prf: bool,
}

impl Plan {
    /// Plans what the key says that it can do. If the key can verify its user, it does so once, now. So a wrong PIN is
    /// found before anything else happens, and it is not tried again.
    ///
    /// # Errors
    /// Where nothing can be found out about the key: [`Error::WrongPin`], [`Error::Status`] with `PIN_BLOCKED` or
    /// `PIN_AUTH_BLOCKED`; [`Error::PinNeeded`] and [`Error::NoPin`] where the key does nothing without a PIN; as
    /// [`Key::token`].
    pub fn of(key: &mut Key, user: &mut dyn UserInteraction) -> Result<Self, Error> {
        let u2f = key.speaks_u2f();
        let Some(info) = key.info().cloned() else {
            return Ok(Self {
                protocol: Protocol::U2f,
                u2f,
                algorithms: vec![Algorithm::Es256],
                verification: UserVerification::Unknown,
                passkeys: Passkeys::Unsupported,
                cred_protect: false,
                large_blobs: false,
                prf: false,
            });
        };
        let verification = verify(key, &info, &mut Once(user))?;
        Ok(Self {
            protocol: Protocol::Ctap2,
            u2f,
            algorithms: algorithms(&info),
            verification,
            passkeys: passkeys(&info, verification),
            cred_protect: info.has_extension("credProtect"),
            large_blobs: info.has_extension("largeBlobKey") && info.has("largeBlobs"),
            prf: info.has_extension("hmac-secret"),
        })
    }

    /// What it takes to verify the user.
    pub(super) fn needs_for_verification(&self) -> Needs {
        match self.verification {
            UserVerification::PinNotGiven => Needs::Pin,
            _ => Needs::PinSet,
        }
    }

    /// How often the user will touch the key.
    #[must_use]
    pub fn touches(&self) -> usize {
        // A registration and a sign-in.
        const ROUND: usize = 2;
        let sign_in = ROUND * self.algorithms.len();
        // The refused second registration.
        let protection = 1;
        // Two registrations, two sign-ins, and one that writes the large blob.
        let passkeys = match self.passkeys {
            Passkeys::Tried => 2 * ROUND + usize::from(self.large_blobs),
            _ => 0,
        };
        let pin = usize::from(self.verification == UserVerification::Works);
        // One more sign-in, for the same secret again.
        let prf = if self.prf { ROUND + 1 } else { 0 };
        let u2f = if self.u2f && self.protocol == Protocol::Ctap2 {
            ROUND
        } else {
            0
        };
        let aws = if self.u2f { 2 * ROUND } else { ROUND };
        sign_in + protection + passkeys + pin + prf + u2f + aws
    }
}

fn verify(key: &mut Key, info: &Info, user: &mut dyn UserInteraction) -> Result<UserVerification, Error> {
    let nothing_without = insists_at_registration(info, false);
    if info.has("uv") || info.has("clientPin") {
        return match key.token(Permissions::GET_ASSERTION, Some(RP_ID), user) {
            Ok(_) => Ok(UserVerification::Works),
            Err(Error::PinNeeded) if !nothing_without => Ok(UserVerification::PinNotGiven),
            // It failed to verify its user by itself, and has no other way.
            Err(Error::NoPin | Error::NotVerified | Error::VerificationBlocked) if !nothing_without => {
                Ok(UserVerification::NoPin)
            }
            Err(error) => Err(error),
        };
    }
    match info.options.contains_key("clientPin") {
        true if nothing_without => Err(Error::NoPin),
        true => Ok(UserVerification::NoPin),
        false => Ok(UserVerification::Unknown),
    }
}

/// Keys before CTAP 2.1 do not list their algorithms; ES256 is the one that all have.
fn algorithms(info: &Info) -> Vec<Algorithm> {
    let offered = |algorithm: &Algorithm| match &info.algorithms {
        Some(offered) => offered.iter().any(|offered| offered.alg == algorithm.cose()),
        None => *algorithm == Algorithm::Es256,
    };
    Algorithm::ALL.into_iter().filter(offered).collect()
}

fn passkeys(info: &Info, verification: UserVerification) -> Passkeys {
    if !info.has("rk") {
        Passkeys::Unsupported
    } else if !info.has("credMgmt") && !info.has("credentialMgmtPreview") {
        Passkeys::Undeletable
    } else if verification != UserVerification::Works {
        Passkeys::Unverified
    } else if info
        .remaining_discoverable_credentials
        .is_some_and(|remaining| remaining < 2)
    {
        Passkeys::NoRoom
    } else {
        Passkeys::Tried
    }
}
