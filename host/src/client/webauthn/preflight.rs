//! Which of the listed credentials a key holds, asked without a touch, as browsers do before the real request.

use super::verification::Verification;
use super::{CeremonyError, CredentialDescriptor as Listed};
use crate::client::ctap2::{CredentialDescriptor, GetAssertion, Options, Status};
use crate::client::key::EMPTY_HASH;
use crate::client::{Error, Key, Watch, u2f};

/// The first of the listed credentials that the key holds for an RP ID or AppID (CTAP 2.3 §6.2: `up` false).
///
/// The list is cut into pieces that the key takes, and IDs that are too long to be the key's are left out. With the
/// user verified, credentials show that are hidden otherwise (credProtect); a token is none the worse for it.
pub(super) fn first_held(
    key: &mut Key,
    scope: &str,
    listed: &[Listed],
    verification: &Verification,
    watch: &mut dyn Watch,
) -> Result<Option<CredentialDescriptor>, CeremonyError> {
    let info = key.info();
    let limit = |limit: Option<u64>| {
        limit
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|&limit| limit > 0)
    };
    let longest = info
        .and_then(|info| limit(info.max_credential_id_length))
        .unwrap_or(usize::MAX);
    // A key that does not say how many it takes, takes one.
    let count = info
        .and_then(|info| limit(info.max_credential_count_in_list))
        .unwrap_or(1);

    let possible: Vec<CredentialDescriptor> = listed
        .iter()
        .filter(|listed| listed.id.len() <= longest)
        .map(|listed| CredentialDescriptor { id: listed.id.clone() })
        .collect();
    for piece in possible.chunks(count) {
        let request = GetAssertion {
            options: Options {
                up: Some(false),
                ..Options::default()
            },
            pin_uv_auth: verification.authorize(&EMPTY_HASH),
            ..GetAssertion::new(scope.to_owned(), EMPTY_HASH, piece.to_vec())
        };
        match key.send(&request, watch) {
            // A key may leave the credential out where there was one to choose from.
            Ok(answer) => return Ok(answer.credential.or_else(|| piece.first().cloned())),
            Err(Error::Status {
                status: Status::NoCredentials,
                ..
            }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// The same over U2F.
pub(super) fn first_held_u2f(
    key: &mut Key,
    application: &[u8; 32],
    listed: &[Listed],
) -> Result<Option<Vec<u8>>, CeremonyError> {
    for Listed { id, .. } in listed {
        if u2f::holds(key.channel(), application, id)? {
            return Ok(Some(id.clone()));
        }
    }
    Ok(None)
}
