//! Which of the listed credentials a key holds. Browsers ask for that, without a touch, before the real request.

use std::collections::VecDeque;

use super::CeremonyError;
use super::verification::Verification;
use crate::client::ctap2::{GetAssertion, Options, Status};
use crate::client::key::EMPTY_HASH;
use crate::client::u2f::{self, StatusWord};
use crate::client::{Error, Key, Watch};
use crate::webauthn::CredentialDescriptor;

/// What a key says of listed credentials before anybody touches it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It holds this one.
    One(CredentialDescriptor),
    /// It holds none of them.
    None,
    /// It did not say, and only the real request shows it: the lists to try.
    Unknown(Vec<Vec<CredentialDescriptor>>),
}

impl Held {
    /// The lists to try in the real request, one after the other.
    pub(super) fn lists(self) -> Vec<Vec<CredentialDescriptor>> {
        match self {
            Self::One(credential) => vec![vec![credential]],
            Self::None => Vec::new(),
            Self::Unknown(lists) => lists,
        }
    }
}

/// The first of the listed credentials that the key holds for an RP ID or AppID (CTAP 2.3 §6.2: `up` false).
///
/// The list is cut into pieces that are short enough for the key. IDs that are too long for the key are left out. Some
/// credentials show only after user verification (credProtect). A token is not used up by this.
///
/// Keys refuse a request without a touch for many reasons: they do not know the option, always verify their user, or
/// fail at the IDs of other keys. Browsers go on then, and so does this.
pub(super) fn held(
    key: &mut Key,
    scope: &str,
    listed: &[CredentialDescriptor],
    verification: &Verification,
    watch: &mut dyn Watch,
) -> Result<Held, CeremonyError> {
    let info = key.info();
    let limit = |limit: Option<u64>| {
        limit
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|&limit| limit > 0)
    };
    let longest = info
        .and_then(|info| limit(info.max_credential_id_length))
        .unwrap_or(usize::MAX);
    // A key that does not say how many it accepts gets one.
    let count = info
        .and_then(|info| limit(info.max_credential_count_in_list))
        .unwrap_or(1);

    let possible: Vec<CredentialDescriptor> = listed
        .iter()
        .filter(|listed| listed.id.len() <= longest)
        .cloned()
        .collect();
    let mut pieces: VecDeque<_> = possible.chunks(count).collect();
    let mut unknown = Vec::new();
    while let Some(piece) = pieces.pop_front() {
        let request = GetAssertion {
            options: Options {
                up: Some(false),
                ..Options::default()
            },
            pin_uv_auth: verification.authorize(&EMPTY_HASH),
            ..GetAssertion::new(scope.to_owned(), EMPTY_HASH, piece.to_vec())
        };
        match key.send(&request, watch) {
            // A key may leave the credential out if the list had only this one.
            Ok(answer) => match answer.credential.or_else(|| piece.first().cloned()) {
                Some(credential) => return Ok(Held::One(credential)),
                None => return Ok(Held::None),
            },
            Err(Error::Status {
                status: Status::NoCredentials,
                ..
            }) => {}
            Err(Error::TooLong { .. }) if piece.len() > 1 => {
                let (front, back) = piece.split_at(piece.len() / 2);
                pieces.push_front(back);
                pieces.push_front(front);
            }
            Err(Error::Status { .. } | Error::TooLong { .. } | Error::Malformed { .. }) => unknown.push(piece.to_vec()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(match unknown.is_empty() {
        true => Held::None,
        false => Held::Unknown(unknown),
    })
}

/// The same over U2F. A key that fails at an ID does not hold it.
pub(super) fn first_held_u2f(
    key: &mut Key,
    application: &[u8; 32],
    listed: &[CredentialDescriptor],
) -> Result<Option<Vec<u8>>, CeremonyError> {
    for CredentialDescriptor { id, .. } in listed {
        match u2f::holds(key.channel(), application, id) {
            Ok(true) => return Ok(Some(id.clone())),
            Ok(false)
            | Err(
                Error::StatusWord {
                    status_word: StatusWord::Other(_),
                    ..
                }
                | Error::Malformed { .. },
            ) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
