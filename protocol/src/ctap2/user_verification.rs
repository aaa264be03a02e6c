//! How a request proves that its user was verified (CTAP 2.3 §6.1.2, §6.2.2, §6.5.5.7).
//!
//! It does so with a pinUvAuthToken, or the key verifies by itself where the platform's seam can: see
//! [`built_in_uv`](super::built_in_uv).

use super::parameters::Options;
use super::token::{Permissions, TokenId};
use crate::authenticator::Authenticator;
use crate::cbor::Item;
use crate::crypto::MacKey;
use crate::ctap2::pin_protocol::Protocol;
use crate::platform::{Clock as _, Gesture, Operation, Platform, PresenceRequest, RelyingParty, UserPresence as _};
use crate::status::Status;
use crate::store::Pin;
use crate::store::Settings;

/// `pinUvAuthParam` and `pinUvAuthProtocol` of a request.
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

/// What protects the key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protection {
    /// The key is protected by some form of user verification: by a PIN, or by itself.
    pub(super) protected: bool,
    /// The setting `alwaysUv`.
    pub(super) always_uv: bool,
}

impl Protection {
    /// Whether anything needs a token.
    pub(super) fn is_any(self) -> bool {
        self.protected || self.always_uv
    }
}

/// How the user of a ceremony was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verified {
    /// Not at all.
    No,
    /// By the token.
    ByToken(TokenId),
    /// By the key itself.
    ByKey,
}

impl Verified {
    /// The flag UV.
    pub(super) fn flag(self) -> bool {
        self != Self::No
    }

    pub(super) fn token(self) -> Option<TokenId> {
        match self {
            Self::ByToken(token) => Some(token),
            Self::No | Self::ByKey => None,
        }
    }
}

/// What authorized a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authorized {
    /// The token, for a sequence of commands that this one begins. `None` for the persistent token, which does not
    /// expire.
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

    /// §6.1.2 and §6.2.2 step 2. Without a param the protocol does not matter.
    pub(super) fn check(self) -> Result<(), Status> {
        self.proof().map(drop)
    }

    fn proof(self) -> Result<Option<Proof<'a>>, Status> {
        let Some(param) = self.param else { return Ok(None) };
        let number = self.protocol.ok_or(Status::MissingParameter)?;
        let protocol = Protocol::from_number(number).ok_or(Status::InvalidParameter)?;
        Ok(Some(Proof { param, protocol }))
    }

    /// Whether the key is asked to verify the user by itself: the option `uv` says so, and a pinUvAuthParam does not
    /// override it (§6.1.2 step 5, §6.2.2 step 4).
    fn asks_for_uv(self, options: Options) -> bool {
        options.uv == Some(true) && !self.is_given()
    }
}

impl<P: Platform> Authenticator<P> {
    /// The key's settings.
    pub(crate) fn settings(&mut self) -> Result<Settings, Status> {
        Ok(self.store.settings()?)
    }

    /// The PIN's record.
    pub(super) fn pin(&mut self) -> Result<Pin, Status> {
        Ok(self.store.pin()?)
    }

    /// Whether the key is protected by some form of user verification: by a PIN, or by itself.
    pub(super) fn is_protected(&mut self) -> Result<bool, Status> {
        Ok(self.presence.verifies_user() || self.pin()?.is_set())
    }

    /// What protects the key.
    pub(super) fn protection(&mut self) -> Result<Protection, Status> {
        Ok(Protection {
            protected: self.is_protected()?,
            always_uv: self.settings()?.always_uv,
        })
    }

    /// §6.1.2 and §6.2.2 step 1: with an empty pinUvAuthParam a platform lets the user pick one of several keys, and
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
        // In step 1 the answer is the same whether the user refuses or does nothing.
        .map_err(|status| match status {
            Status::UserActionTimeout => Status::OperationDenied,
            status => status,
        })?;
        Err(if self.pin()?.is_set() {
            Status::PinInvalid
        } else {
            Status::PinNotSet
        })
    }

    /// The option `uv`, of a key that cannot verify its user by itself (§6.1.2 step 5, §6.2.2 step 4).
    pub(super) fn check_uv_option(&self, auth: PinUvAuth<'_>, options: Options) -> Result<(), Status> {
        if auth.asks_for_uv(options) && !self.presence.verifies_user() {
            return Err(Status::InvalidOption);
        }
        Ok(())
    }

    /// §6.1.2 steps 6 to 8, §6.2.2 step 5: where a ceremony needs user verification, it must come with a param, or the
    /// key verifies by itself. `demanded` says whether it does, from what protects the key. Returns whether the key
    /// must verify its user by itself.
    pub(super) fn demand_user_verification(
        &mut self,
        auth: PinUvAuth<'_>,
        options: Options,
        demanded: impl FnOnce(Protection) -> bool,
    ) -> Result<bool, Status> {
        let protection = self.protection()?;
        let demanded = demanded(protection);
        // With alwaysUv the key verifies although the platform did not ask for it.
        let by_default = demanded && protection.always_uv && !auth.is_given();
        let by_key = auth.asks_for_uv(options) || by_default && self.presence.verifies_user();
        if demanded && !(protection.protected && (auth.is_given() || by_key)) {
            return Err(Status::PuatRequired);
        }
        Ok(by_key)
    }

    /// §6.1.2 step 11, §6.2.2 step 6: verifies the user for a ceremony, `by_key` or by the param. Whether this is
    /// needed was decided before: a key that nothing protects ignores the param.
    pub(super) fn verify_user(
        &mut self,
        by_key: bool,
        auth: PinUvAuth<'_>,
        client_data_hash: &[u8; 32],
        permission: Permissions,
        rp_id_hash: &[u8; 32],
    ) -> Result<Verified, Status> {
        if by_key {
            self.verify_user_by_key()?;
            return Ok(Verified::ByKey);
        }
        let Some(Proof { param, protocol }) = auth.proof()? else {
            return Ok(Verified::No);
        };
        if !self.is_protected()? {
            return Ok(Verified::No);
        }
        let now = self.clock.now();
        let token = self.tokens.verify(protocol, &[client_data_hash], param, now);
        let token = token.ok_or(Status::PinAuthInvalid)?;
        if !token.verifies_user_for(permission, rp_id_hash) {
            return Err(Status::PinAuthInvalid);
        }
        Ok(Verified::ByToken(token.id()))
    }

    /// Authorizes a command that is not a ceremony by a token with one of these permissions, and by the persistent
    /// token where `pcmr` is among them. Each command decides whether it needs this.
    ///
    /// # Errors
    /// [`Status::PuatRequired`] without a param, [`Status::MissingParameter`] without a protocol,
    /// [`Status::InvalidParameter`] for an unknown protocol, [`Status::PinAuthInvalid`] otherwise.
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
        let now = self.clock.now();
        let token = self.tokens.verify(protocol, message, param, now);
        let token = token.filter(|token| token.permissions().has_any(permissions));
        let token = token.ok_or(Status::PinAuthInvalid)?;
        Ok(Authorized {
            token: Some(token.id()),
            rp_id_hash: token.rp_id_hash(),
        })
    }
}
