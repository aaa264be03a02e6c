//! getPinToken, getPinUvAuthTokenUsingPinWithPermissions and getPinUvAuthTokenUsingUvWithPermissions (CTAP 2.3
//! §6.5.5.7.1 to §6.5.5.7.3).

use super::{Parameters, supported};
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::crypto::sha256;
use crate::ctap2::parameters::required;
use crate::ctap2::pin_protocol::SharedSecret;
use crate::ctap2::token::{Grant, Permissions};
use crate::platform::{Clock as _, Platform, Verification};
use crate::status::Status;

/// The persistent token has one permission and no other.
fn check_grantable(permissions: Permissions) -> Result<(), Status> {
    let persistent = Permissions::PERSISTENT_CREDENTIAL_MANAGEMENT_READ_ONLY;
    if permissions.has_any(Permissions::BIO_ENROLLMENT) || permissions.has_any(persistent) && permissions != persistent
    {
        return Err(Status::UnauthorizedPermission);
    }
    Ok(())
}

/// An encrypted token: an initialization vector and 32 bytes.
const TOKEN_ENC_MAX: usize = 48;

impl<P: Platform> Authenticator<P> {
    /// getPinToken, of CTAP 2.0: a token for ceremonies, bound to the relying party of the first one.
    pub(super) fn get_pin_token(&mut self, request: &Parameters<'_>, response: &mut Writer<'_>) -> Result<(), Status> {
        // Steps 1 to 4: the parameters.
        let number = required(request.protocol)?;
        let platform_key = required(request.key_agreement)?;
        let pin_hash_enc = required(request.pin_hash_enc)?;
        let protocol = supported(number)?;
        if request.permissions.is_some() || request.rp_id.is_some() {
            return Err(Status::InvalidParameter);
        }
        // Blocked; the shared secret; the PIN.
        let mut pin = self.pin_to_try()?;
        let shared = self.key_agreement.shared_secret(protocol, platform_key)?;
        self.try_pin(&mut pin, &shared, pin_hash_enc)?;
        // A platform of CTAP 2.0 knows no other error for it.
        if pin.force_change {
            return Err(Status::PinInvalid);
        }
        let grant = Grant {
            permissions: Permissions::OF_RELYING_PARTY.and(Permissions::CREDENTIAL_MANAGEMENT_PREVIEW),
            rp_id_hash: None,
            user_is_present: false,
        };
        self.issue_token(&shared, grant, response)
    }

    /// getPinUvAuthTokenUsingPinWithPermissions.
    pub(super) fn get_token_with_permissions(
        &mut self,
        request: &Parameters<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        // Steps 1 to 3: the parameters.
        let number = required(request.protocol)?;
        let platform_key = required(request.key_agreement)?;
        let pin_hash_enc = required(request.pin_hash_enc)?;
        let permissions = Permissions::requested(required(request.permissions)?);
        let protocol = supported(number)?;
        if permissions.is_none() {
            return Err(Status::InvalidParameter);
        }
        // Step 4: what this key can grant.
        check_grantable(permissions)?;
        // Blocked; the shared secret; the PIN.
        let mut pin = self.pin_to_try()?;
        let shared = self.key_agreement.shared_secret(protocol, platform_key)?;
        self.try_pin(&mut pin, &shared, pin_hash_enc)?;
        if pin.force_change {
            return Err(Status::PinPolicyViolation);
        }
        self.grant_token(&shared, permissions, request.rp_id, response)
    }

    /// getPinUvAuthTokenUsingUvWithPermissions (§6.5.5.7.3): the key verifies the user by itself.
    pub(super) fn get_token_using_uv(
        &mut self,
        request: &Parameters<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        // Steps 1 to 3: the parameters.
        let number = required(request.protocol)?;
        let platform_key = required(request.key_agreement)?;
        let permissions = Permissions::requested(required(request.permissions)?);
        let protocol = supported(number)?;
        if permissions.is_none() {
            return Err(Status::InvalidParameter);
        }
        // Step 4: what this key can grant, `acfg` among it (uvAcfg).
        check_grantable(permissions)?;
        // Blocked; the shared secret; the user.
        if self.pin()?.uv_retries() == 0 {
            return Err(Status::UvBlocked);
        }
        let shared = self.key_agreement.shared_secret(protocol, platform_key)?;
        match self.perform_built_in_uv()? {
            Verification::Verified => self.grant_token(&shared, permissions, request.rp_id, response),
            Verification::TimedOut => Err(Status::UserActionTimeout),
            Verification::Aborted => Err(Status::KeepaliveCancel),
            Verification::Mismatch if self.pin()?.uv_retries() == 0 => Err(Status::UvBlocked),
            Verification::Mismatch => Err(Status::UvInvalid),
        }
    }

    /// Answers with the persistent token, or with a new one that has these permissions and is bound to this relying
    /// party.
    fn grant_token(
        &mut self,
        shared: &SharedSecret,
        permissions: Permissions,
        rp_id: Option<&str>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        if permissions == Permissions::PERSISTENT_CREDENTIAL_MANAGEMENT_READ_ONLY {
            let mut pin = self.pin()?;
            // The tokens in use stay valid.
            if !pin.persistent_token_granted {
                pin.persistent_token_granted = true;
                self.write_pin(&pin)?;
            }
            let token = pin.persistent_token(&self.store.secret);
            return self.respond_token(shared, &token, response);
        }
        // The standard demands that the platform names the relying party where it asks for permissions for ceremonies.
        // A token without one is bound to the relying party of its first ceremony, as the tokens of getPinToken are.
        // Any host can get those, with the same PIN and the same cost of a mistake. So a refusal would protect nobody.
        let grant = Grant {
            permissions,
            rp_id_hash: rp_id.map(|rp_id| sha256(&[rp_id.as_bytes()])),
            user_is_present: false,
        };
        self.issue_token(shared, grant, response)
    }

    /// The last steps of each subcommand: a new token, in place of all earlier ones.
    fn issue_token(&mut self, shared: &SharedSecret, grant: Grant, response: &mut Writer<'_>) -> Result<(), Status> {
        let now = self.clock.now();
        let rng = &mut self.rng;
        let token = self.tokens.issue(shared.protocol(), grant, now, rng);
        self.respond_token(shared, &*token.map_err(|_| Status::Other)?, response)
    }

    fn respond_token(
        &mut self,
        shared: &SharedSecret,
        token: &[u8; 32],
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let mut encrypted = [0; TOKEN_ENC_MAX];
        let length = shared.encrypt(&mut self.rng, token, &mut encrypted)?;
        // 02 pinUvAuthToken
        let encrypted = encrypted.get(..length).ok_or(Status::Other)?;
        response.map(1).uint(0x02).bytes(encrypted);
        Ok(())
    }
}
