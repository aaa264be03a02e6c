//! pinUvAuthTokens: what they may do, for whom, and for how long (CTAP 2.3 §6.5.2.1, §6.5.5.7).

use rand_core::TryRng;
use zeroize::Zeroizing;

use crate::crypto::MacKey;
use crate::ctap2::pin_protocol::Protocol;
use crate::limits::{TOKEN_INITIAL_USAGE, TOKEN_MAX_USAGE, TOKEN_USER_PRESENT};
use crate::rng::RngFailed;

/// A set of permissions (§6.5.5.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permissions(u8);

impl Permissions {
    pub(crate) const MAKE_CREDENTIAL: Self = Self(0x01);
    pub(crate) const GET_ASSERTION: Self = Self(0x02);
    pub(crate) const CREDENTIAL_MANAGEMENT: Self = Self(0x04);
    pub(crate) const BIO_ENROLLMENT: Self = Self(0x08);
    pub(crate) const LARGE_BLOB_WRITE: Self = Self(0x10);
    pub(crate) const AUTHENTICATOR_CONFIG: Self = Self(0x20);
    pub(crate) const PERSISTENT_CREDENTIAL_MANAGEMENT_READ_ONLY: Self = Self(0x40);

    /// Permissions that are for one relying party.
    pub(crate) const OF_RELYING_PARTY: Self = Self::MAKE_CREDENTIAL.and(Self::GET_ASSERTION);

    /// Authorizes credential management under the preview's number, as `cm` does. No request can ask for it. Only the
    /// tokens of getPinToken have it, beside their two permissions for ceremonies and for as long as those.
    ///
    /// The hosts that know no other number know no permissions either: in CTAP 2.0 a pinToken could do all that its PIN
    /// could (§6.5.5.7 there), and the preview took it as `pinUvAuthParam`. Nothing is lost. Whoever gets such a token
    /// knows the PIN, and could get `cm` for it. A token that was spent in a ceremony manages nothing, and one that is
    /// bound to a relying party nothing of the others. What the preview did not have, the permission does not allow:
    /// updateUserInformation, and authenticatorCredentialManagement by its own number, take
    /// [`Self::CREDENTIAL_MANAGEMENT`].
    pub(crate) const CREDENTIAL_MANAGEMENT_PREVIEW: Self = Self(0x80);

    /// All that the standard defines.
    const DEFINED: u8 = 0x7f;

    /// What a request asks for. Bits that the standard does not define are ignored.
    pub(crate) fn requested(bits: u64) -> Self {
        let [.., low] = bits.to_be_bytes();
        Self(low & Self::DEFINED)
    }

    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has one of the others.
    pub(crate) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// Names one of the tokens issued since power-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenId(u32);

/// What a new token may do, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) permissions: Permissions,
    /// The relying party that it is bound to from the beginning.
    pub(crate) rp_id_hash: Option<[u8; 32]>,
    /// Whether the user verified themselves by touching the key. A PIN is no touch.
    pub(crate) user_is_present: bool,
}

/// The token in use.
#[derive(Clone)]
pub(crate) struct PinUvAuthToken {
    id: TokenId,
    protocol: Protocol,
    key: MacKey,
    grant: Grant,
    /// The user-verified flag.
    user_verified: bool,
    /// The time of `beginUsingPinUvAuthToken`.
    since: u64,
    /// The platform has used it.
    used: bool,
}

impl PinUvAuthToken {
    pub(crate) fn id(&self) -> TokenId {
        self.id
    }

    pub(crate) fn permissions(&self) -> Permissions {
        self.grant.permissions
    }

    /// The relying party that it is bound to.
    pub(crate) fn rp_id_hash(&self) -> Option<[u8; 32]> {
        self.grant.rp_id_hash
    }

    /// Whether it verifies the user for a ceremony of the relying party. A token that was not bound is then bound to
    /// it.
    pub(crate) fn verifies_user_for(&mut self, permission: Permissions, rp_id_hash: &[u8; 32]) -> bool {
        let verifies = self.user_verified
            && self.grant.permissions.has_any(permission)
            && self.grant.rp_id_hash.is_none_or(|bound| bound == *rp_id_hash);
        if verifies {
            self.grant.rp_id_hash = Some(*rp_id_hash);
        }
        verifies
    }

    /// `pinUvAuthTokenUsageTimerObserver`: the limits for a token that was never used, and for all.
    fn has_expired(&self, now: u64) -> bool {
        let age = now.saturating_sub(self.since);
        age > TOKEN_MAX_USAGE || !self.used && age > TOKEN_INITIAL_USAGE
    }
}

/// The tokens of both protocols. Issuing one resets all, so that at most one is in use.
#[derive(Clone, Default)]
pub(crate) struct PinUvAuthTokens {
    in_use: Option<PinUvAuthToken>,
    issued: u32,
}

impl PinUvAuthTokens {
    /// `resetPinUvAuthToken` for all protocols: no token issued until now is accepted again.
    pub(crate) fn reset(&mut self) {
        self.in_use = None;
    }

    /// `resetPinUvAuthToken` for all protocols and `beginUsingPinUvAuthToken` for one. Returns the token's secret.
    pub(crate) fn issue(
        &mut self,
        protocol: Protocol,
        grant: Grant,
        now: u64,
        rng: &mut impl TryRng,
    ) -> Result<Zeroizing<[u8; 32]>, RngFailed> {
        self.reset();
        let mut secret = Zeroizing::new([0; 32]);
        rng.try_fill_bytes(&mut *secret).map_err(|_| RngFailed)?;
        self.issued = self.issued.wrapping_add(1);
        self.in_use = Some(PinUvAuthToken {
            id: TokenId(self.issued),
            protocol,
            key: MacKey::new(&secret),
            grant,
            user_verified: true,
            since: now,
            used: false,
        });
        Ok(secret)
    }

    fn in_use(&mut self, now: u64) -> Option<&mut PinUvAuthToken> {
        if self.in_use.as_ref().is_some_and(|token| token.has_expired(now)) {
            self.in_use = None;
        }
        self.in_use.as_mut()
    }

    /// `verify` with the token of a protocol. `None` also where no token of that protocol is in use.
    pub(crate) fn verify(
        &mut self,
        protocol: Protocol,
        message: &[&[u8]],
        param: &[u8],
        now: u64,
    ) -> Option<&mut PinUvAuthToken> {
        let token = self.in_use(now)?;
        if token.protocol != protocol || !protocol.verify(&token.key, message, param) {
            return None;
        }
        token.used = true;
        Some(token)
    }

    /// Whether this token is still in use: what it authorized may continue.
    pub(crate) fn is_in_use(&mut self, id: TokenId, now: u64) -> bool {
        self.in_use(now).is_some_and(|token| token.id == id)
    }

    /// `getUserPresentFlagValue`: whether the user touched the key when this token was issued, and not long ago.
    pub(crate) fn user_is_present(&mut self, id: TokenId, now: u64) -> bool {
        self.in_use(now).is_some_and(|token| {
            token.id == id && token.grant.user_is_present && now.saturating_sub(token.since) <= TOKEN_USER_PRESENT
        })
    }

    /// `clearUserPresentFlag`, `clearUserVerifiedFlag` and `clearPinUvAuthTokenPermissionsExceptLbw`: one entry of the
    /// PIN allows one test of user presence.
    pub(crate) fn spend(&mut self) {
        if let Some(token) = &mut self.in_use {
            token.user_verified = false;
            token.grant.user_is_present = false;
            token.grant.permissions = Permissions(token.grant.permissions.0 & Permissions::LARGE_BLOB_WRITE.0);
        }
    }
}
