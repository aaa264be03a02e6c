//! How a request proves that its user was verified (CTAP 2.3 §6.1.2, §6.2.2, §6.5.5.7).
//!
//! By a pinUvAuthToken alone: this key has no user verification of its own. One that gets a fingerprint reader or a
//! screen adds that to the platform's seams, runs it in [`Authenticator::verify_user`] for requests with the option
//! `uv` and in the clientPIN subcommands 06 and 07, and gives what it issues there the user presence that it tested.

use super::Status;
use super::parameters::Options;
use super::token::{Permissions, TokenId};
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::crypto::MacKey;
use crate::pin::Pin;
use crate::pin_protocol::Protocol;
use crate::platform::{Clock as _, Gesture, Operation, Platform, PresenceRequest, RelyingParty};
use crate::settings::Settings;

/// `pinUvAuthParam` and `pinUvAuthProtocol` as a request has them.
#[derive(Clone, Copy)]
pub(super) struct PinUvAuth<'a> {
    param: Option<&'a [u8]>,
    protocol: Option<u64>,
}

/// A pinUvAuthParam under a protocol that this key knows.
#[derive(Clone, Copy)]
struct Proof<'a> {
    param: &'a [u8],
    protocol: Protocol,
}

/// What stands between a request and the key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protection {
    /// The key is protected by some form of user verification: this one, by a PIN.
    pub(super) by_pin: bool,
    /// The setting `alwaysUv`.
    pub(super) always_uv: bool,
}

impl Protection {
    /// Whether anything needs a token.
    pub(super) fn is_any(self) -> bool {
        self.by_pin || self.always_uv
    }
}

/// What authorized a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authorized {
    /// The token, for what the command begins and another goes on with. The persistent one does not expire.
    pub(super) token: Option<TokenId>,
    /// The relying party that the token is bound to.
    pub(super) rp_id_hash: Option<[u8; 32]>,
}

impl<'a> PinUvAuth<'a> {
    pub(super) fn decode(param: Option<Item<'a>>, protocol: Option<Item<'a>>) -> Result<Self, Status> {
        Ok(Self {
            param: param.map(Item::bytes).transpose()?,
            protocol: protocol.map(Item::uint).transpose()?,
        })
    }

    /// Whether the request has a pinUvAuthParam.
    pub(super) fn is_given(self) -> bool {
        self.param.is_some()
    }

    /// §6.1.2 and §6.2.2 step 2. The protocol is looked at only where there is a param.
    pub(super) fn check(self) -> Result<(), Status> {
        self.proof().map(drop)
    }

    fn proof(self) -> Result<Option<Proof<'a>>, Status> {
        let Some(param) = self.param else { return Ok(None) };
        let number = self.protocol.ok_or(Status::MissingParameter)?;
        let protocol = Protocol::from_number(number).ok_or(Status::InvalidParameter)?;
        Ok(Some(Proof { param, protocol }))
    }

    /// The option `uv` (§6.1.2 step 5, §6.2.2 step 4), which a pinUvAuthParam overrides. This key has no user
    /// verification of its own.
    pub(super) fn check_option(self, options: Options) -> Result<(), Status> {
        if options.uv == Some(true) && !self.is_given() {
            return Err(Status::InvalidOption);
        }
        Ok(())
    }
}

impl<P: Platform> Authenticator<P> {
    /// The key's settings.
    pub(crate) fn settings(&mut self) -> Result<Settings, Status> {
        Ok(Settings::read(&mut self.seams.storage, self.store.epoch)?)
    }

    /// The PIN's record.
    pub(super) fn pin(&mut self) -> Result<Pin, Status> {
        Ok(Pin::read(&mut self.seams.storage, self.store.epoch)?)
    }

    /// Whether the key is protected by some form of user verification: this one, by a PIN.
    pub(super) fn is_protected(&mut self) -> Result<bool, Status> {
        Ok(self.pin()?.is_set())
    }

    /// What stands between a request and the key.
    pub(super) fn protection(&mut self) -> Result<Protection, Status> {
        Ok(Protection {
            by_pin: self.is_protected()?,
            always_uv: self.settings()?.always_uv,
        })
    }

    /// §6.1.2 and §6.2.2 step 1: with an empty pinUvAuthParam a platform lets the user pick a key among several, and
    /// asks whether it has a PIN.
    pub(super) fn answer_probe(&mut self, auth: PinUvAuth<'_>) -> Result<(), Status> {
        if auth.param != Some(&[]) {
            return Ok(());
        }
        self.user_presence(&PresenceRequest {
            operation: Operation::Select,
            gesture: Gesture::Touch,
            relying_party: RelyingParty::None,
            user: None,
        })
        // Step 1 has one answer for a user who refuses and for one who does nothing.
        .map_err(|status| match status {
            Status::UserActionTimeout => Status::OperationDenied,
            status => status,
        })?;
        Err(if self.is_protected()? {
            Status::PinInvalid
        } else {
            Status::PinNotSet
        })
    }

    /// §6.1.2 steps 6 to 8, §6.2.2 step 5: a ceremony that takes user verification must come with a param, and the key
    /// must be able to verify it. `demanded` says whether the ceremony does, by what protects the key.
    pub(super) fn demand_user_verification(
        &mut self,
        auth: PinUvAuth<'_>,
        demanded: impl FnOnce(Protection) -> bool,
    ) -> Result<(), Status> {
        let protection = self.protection()?;
        if demanded(protection) && !(protection.by_pin && auth.is_given()) {
            return Err(Status::PuatRequired);
        }
        Ok(())
    }

    /// §6.1.2 step 11, §6.2.2 step 6: verifies the user for a ceremony. `None`: the user was not verified, which a key
    /// without a PIN does not mind whatever the request says.
    pub(super) fn verify_user(
        &mut self,
        auth: PinUvAuth<'_>,
        client_data_hash: &[u8; 32],
        permission: Permissions,
        rp_id_hash: &[u8; 32],
    ) -> Result<Option<TokenId>, Status> {
        let Some(Proof { param, protocol }) = auth.proof()? else {
            return Ok(None);
        };
        if !self.is_protected()? {
            return Ok(None);
        }
        let now = self.seams.clock.now();
        let token = self.tokens.verify(protocol, &[client_data_hash], param, now);
        let token = token.ok_or(Status::PinAuthInvalid)?;
        if !token.verifies_user_for(permission, rp_id_hash) {
            return Err(Status::PinAuthInvalid);
        }
        Ok(Some(token.id()))
    }

    /// Authorizes a command that is not a ceremony by a token with one of these permissions; by the persistent token
    /// too, where `pcmr` is among them. Whether it needs to be authorized at all is the command's own rule.
    ///
    /// # Errors
    /// [`Status::PuatRequired`], [`Status::MissingParameter`] and [`Status::InvalidParameter`] without a param, a
    /// protocol, and one that this key knows; [`Status::PinAuthInvalid`] otherwise.
    pub(super) fn authorize(
        &mut self,
        auth: PinUvAuth<'_>,
        message: &[&[u8]],
        permissions: Permissions,
    ) -> Result<Authorized, Status> {
        let Proof { param, protocol } = auth.proof()?.ok_or(Status::PuatRequired)?;
        if permissions.has_any(Permissions::PERSISTENT_CREDENTIAL_MANAGEMENT_READ_ONLY) {
            let pin = self.pin()?;
            let token = MacKey::new(&pin.persistent_token(&self.store.secret));
            if protocol.verify(&token, message, param) {
                return if pin.persistent_token_granted {
                    Ok(Authorized {
                        token: None,
                        rp_id_hash: None,
                    })
                } else {
                    Err(Status::PinAuthInvalid)
                };
            }
        }
        let now = self.seams.clock.now();
        let token = self.tokens.verify(protocol, message, param, now);
        let token = token.filter(|token| token.permissions().has_any(permissions));
        let token = token.ok_or(Status::PinAuthInvalid)?;
        Ok(Authorized {
            token: Some(token.id()),
            rp_id_hash: token.rp_id_hash(),
        })
    }

    /// Whether what a command began with this authorization may go on: its token is still in use, or it needed none.
    pub(super) fn still_authorized(&mut self, token: Option<TokenId>) -> bool {
        let now = self.seams.clock.now();
        token.is_none_or(|token| self.tokens.is_in_use(token, now))
    }
}
