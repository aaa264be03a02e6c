//! Whether and how the user is verified in a ceremony, as browsers decide it (WebAuthn Level 3 §5.1.3, §5.1.4).

use super::error::CeremonyError;
use crate::client::ctap2::{Info, Permissions};
use crate::client::{Error, Key, PinUvAuth, PinUvAuthToken, UserInteraction};
use crate::webauthn::Requirement;

/// How the user is verified.
pub(super) enum Verification {
    /// Not at all.
    None,
    /// By the key itself, because the request says so: keys before CTAP 2.1.
    Option,
    /// By a token, for which the user was verified.
    Token(PinUvAuthToken),
}

impl Verification {
    /// Verifies the user where `requirement` or the key asks for it.
    ///
    /// `insists`: the key refuses the request otherwise.
    pub(super) fn of(
        key: &mut Key,
        requirement: Requirement,
        insists: bool,
        permissions: Permissions,
        rp_id: &str,
        user: &mut dyn UserInteraction,
    ) -> Result<Self, CeremonyError> {
        let info = key.ctap2_info()?;
        let required = requirement == Requirement::Required || insists;
        if !required && requirement == Requirement::Discouraged {
            return Ok(Self::None);
        }
        if !can_verify(info) {
            return match (required, info.options.contains_key("clientPin")) {
                (false, _) => Ok(Self::None),
                (true, true) => Err(Error::NoPin.into()),
                (true, false) => Err(CeremonyError::Unsupported("user verification")),
            };
        }
        if info.has("uv") && !info.has("pinUvAuthToken") {
            return Ok(Self::Option);
        }
        let refused = key.refused_pins().len();
        match key.token(permissions, Some(rp_id), user) {
            Ok(token) => Ok(Self::Token(token)),
            // Nobody gives the PIN, and it is not required.
            Err(Error::PinNeeded) if !required => Ok(Self::None),
            // It was blocked before, and no PIN was sent: credentials that need none work as before.
            Err(Error::PinBlocked | Error::PinAuthBlocked) if !required && key.refused_pins().len() == refused => {
                Ok(Self::None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The option `uv` of the request.
    pub(super) fn option(&self) -> Option<bool> {
        matches!(self, Self::Option).then_some(true)
    }

    /// `pinUvAuthParam` over a client data hash.
    pub(super) fn authorize(&self, client_data_hash: &[u8; 32]) -> Option<PinUvAuth> {
        self.token().map(|token| token.authorize(&[client_data_hash]))
    }

    pub(super) fn token(&self) -> Option<&PinUvAuthToken> {
        match self {
            Self::Token(token) => Some(token),
            Self::None | Self::Option => None,
        }
    }
}

/// Whether the key can verify its user now, for a registration or a sign-in.
fn can_verify(info: &Info) -> bool {
    info.has("uv") || info.has("clientPin") && !info.has("noMcGaPermissionsWithClientPin")
}

/// Whether a key refuses a registration without user verification (CTAP 2.3 §6.1.2 steps 6 to 8).
pub(crate) fn insists_at_registration(info: &Info, resident_key: bool) -> bool {
    let is_protected = info.has("clientPin") || info.has("uv");
    info.has("alwaysUv") || is_protected && (resident_key || !info.has("makeCredUvNotRqd"))
}
