//! Which tokens authorize which subcommands (CTAP 2.3 §6.8.2 to §6.8.6).

use super::Request;
use super::subcommand::UPDATE_USER_INFORMATION;
use crate::authenticator::Authenticator;
use crate::ctap2::token::{Permissions, TokenId};
use crate::ctap2::user_verification::Authorized;
use crate::platform::Platform;
use crate::status::Status;

/// What lists credentials: the persistent token may too.
const LISTING: Permissions =
    Permissions::CREDENTIAL_MANAGEMENT.and(Permissions::PERSISTENT_CREDENTIAL_MANAGEMENT_READ_ONLY);

impl<P: Platform> Authenticator<P> {
    /// For what tells of all relying parties: a token that is bound to one does not do.
    pub(super) fn authorize_listing(&mut self, request: &Request<'_>) -> Result<Option<TokenId>, Status> {
        match self.authorize_by(request, LISTING)? {
            Authorized {
                token,
                rp_id_hash: None,
            } => Ok(token),
            _ => Err(Status::PinAuthInvalid),
        }
    }

    /// For what tells of one relying party: a token that is bound to another does not do. One that is bound to this one
    /// does, as with other keys: platforms ask for such a token where one is enough.
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

    /// For what changes a credential: where the token is bound to a relying party, only one of that one.
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
