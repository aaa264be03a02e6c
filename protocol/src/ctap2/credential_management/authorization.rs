//! Which tokens authorize which subcommands (CTAP 2.3 §6.8.2 to §6.8.6).

use super::Request;
use super::subcommand::UPDATE_USER_INFORMATION;
use crate::authenticator::Authenticator;
use crate::ctap2::token::{Permissions, TokenId};
use crate::ctap2::user_verification::Authorized;
use crate::platform::Platform;
use crate::status::Status;

/// Either of these allows to list credentials: the persistent token may do that too.
const LISTING: Permissions =
    Permissions::CREDENTIAL_MANAGEMENT.and(Permissions::PERSISTENT_CREDENTIAL_MANAGEMENT_READ_ONLY);

impl<P: Platform> Authenticator<P> {
    /// For subcommands that tell of all relying parties. A token that is bound to one is not enough.
    pub(super) fn authorize_listing(&mut self, request: &Request<'_>) -> Result<Option<TokenId>, Status> {
        match self.authorize_by(request, LISTING)? {
            Authorized {
                token,
                rp_id_hash: None,
            } => Ok(token),
            _ => Err(Status::PinAuthInvalid),
        }
    }

    /// For subcommands that tell of one relying party. A token that is bound to another is not enough. One that is
    /// bound to this one is, as with other keys: platforms ask for such a token where they need no more.
    pub(super) fn authorize_listing_of(
        &mut self,
        request: &Request<'_>,
        rp_id_hash: &[u8; 32],
    ) -> Result<Option<TokenId>, Status> {
        match self.authorize_by(request, LISTING)? {
            Authorized {
                rp_id_hash: Some(bound),
                ..
            } if bound != *rp_id_hash => Err(Status::PinAuthInvalid),
            Authorized { token, .. } => Ok(token),
        }
    }

    /// For subcommands that change a credential. Returns the relying party that the token is bound to, if any: then the
    /// credential must belong to it.
    pub(super) fn authorize_change(&mut self, request: &Request<'_>) -> Result<Option<[u8; 32]>, Status> {
        let authorized = self.authorize_by(request, Permissions::CREDENTIAL_MANAGEMENT)?;
        Ok(authorized.rp_id_hash)
    }

    fn authorize_by(&mut self, request: &Request<'_>, permissions: Permissions) -> Result<Authorized, Status> {
        let permissions = if request.preview && request.sub_command != UPDATE_USER_INFORMATION {
            permissions.and(Permissions::CREDENTIAL_MANAGEMENT_PREVIEW)
        } else {
            permissions
        };
        let params = request.params.map_or(&[][..], |params| params.encoded());
        self.authorize(request.pin_uv_auth, &[&[request.sub_command], params], permissions)
    }
}
