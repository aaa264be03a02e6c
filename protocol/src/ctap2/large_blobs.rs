//! authenticatorLargeBlobs (CTAP 2.3 §6.10): an array of blobs that platforms keep here, each encrypted under the
//! largeBlobKey of a credential.
//!
//! The key reads nothing of it but the hash at the end. Whoever can speak to the key can read the array; writing it
//! takes a token where there is a PIN.

use super::command;
use super::parameters::numbered;
use super::pending::Sequence;
use super::token::{Permissions, TokenId};
use super::user_verification::PinUvAuth;
use crate::authenticator::Authenticator;
use crate::cbor::{Item, Writer};
use crate::crypto::sha256;
use crate::limits::{LARGE_BLOB_ARRAY_MAX, MAX_FRAGMENT};
use crate::platform::{Platform, StorageError};
use crate::status::Status;
use crate::store::{TRAILER, Upload};

/// A request with all its parameters, and no others (§6.10.2 steps 1 to 3).
enum Request<'a> {
    /// Read `count` bytes from `offset` on.
    Get { count: u64, offset: u64 },
    /// Write a fragment. The first one, at offset 0, tells the length of the array.
    Set {
        fragment: &'a [u8],
        offset: u64,
        length: Option<u64>,
        pin_uv_auth: PinUvAuth<'a>,
    },
}

impl<'a> Request<'a> {
    fn decode(parameters: Item<'a>) -> Result<Self, Status> {
        let [get, set, offset, length, param, protocol] = numbered(parameters)?;
        let get = get.map(Item::uint).transpose()?;
        let set = set.map(Item::bytes).transpose()?;
        let offset = offset.map(Item::uint).transpose()?;
        let length = length.map(Item::uint).transpose()?;
        let pin_uv_auth = PinUvAuth::decode(param, protocol)?;

        let offset = offset.ok_or(Status::InvalidParameter)?;
        match (get, set) {
            (Some(count), None) if length.is_none() && param.is_none() && protocol.is_none() => {
                Ok(Self::Get { count, offset })
            }
            (None, Some(fragment)) => Ok(Self::Set {
                fragment,
                offset,
                length,
                pin_uv_auth,
            }),
            _ => Err(Status::InvalidParameter),
        }
    }
}

/// Where a fragment belongs.
enum Place {
    /// It begins an array of this length.
    First { length: usize },
    /// It continues the array that an earlier fragment began.
    Next(Upload),
}

impl<P: Platform> Authenticator<P> {
    /// Reads a part of the array, or writes a new one in fragments.
    pub(super) fn large_blobs(
        &mut self,
        channel: u32,
        parameters: Item<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        match Request::decode(parameters)? {
            Request::Get { count, offset } => {
                if count > MAX_FRAGMENT as u64 {
                    return Err(Status::InvalidLength);
                }
                // 01 config
                response.map(1).uint(0x01);
                let found = self.store.read_large_blobs(offset, count, response)?;
                found.ok_or(Status::InvalidParameter)
            }
            Request::Set {
                fragment,
                offset,
                length,
                pin_uv_auth,
            } => {
                if fragment.len() > MAX_FRAGMENT {
                    return Err(Status::InvalidLength);
                }
                let place = match (offset, length) {
                    (0, length) => Place::First {
                        length: array_length(length)?,
                    },
                    (_, None) => Place::Next(self.begun_upload(channel, offset)?),
                    (_, Some(_)) => return Err(Status::InvalidParameter),
                };
                let token = self.authorize_fragment(pin_uv_auth, offset, fragment)?;
                let upload = match place {
                    Place::First { length } => self.begin_upload(length)?,
                    Place::Next(upload) => upload,
                };
                self.take_fragment(channel, token, upload, fragment)
            }
        }
    }

    /// Begins a new array. One that was not finished ends, because both would be written to the same place.
    fn begin_upload(&mut self, length: usize) -> Result<Upload, Status> {
        self.pending = None;
        Ok(self.store.begin_upload(length)?)
    }

    /// The array whose next fragment has this offset.
    fn begun_upload(&mut self, channel: u32, offset: u64) -> Result<Upload, Status> {
        match self.resume(channel) {
            Ok((_, Sequence::LargeBlobs(upload))) if upload.received() as u64 == offset => Ok(upload),
            _ => Err(Status::InvalidSeq),
        }
    }

    /// Every fragment has its own pinUvAuthParam. One token authorizes all of them.
    fn authorize_fragment(
        &mut self,
        pin_uv_auth: PinUvAuth<'_>,
        offset: u64,
        fragment: &[u8],
    ) -> Result<Option<TokenId>, Status> {
        if !self.protection()?.is_any() {
            return Ok(None);
        }
        // It is 0, or a place in an array that is far shorter than 2³² bytes.
        let offset = u32::try_from(offset).map_err(|_| Status::InvalidSeq)?;
        let hash = sha256(&[fragment]);
        let message = [
            &[0xff; 32][..],
            &[command::LARGE_BLOBS, 0],
            &offset.to_le_bytes(),
            &hash,
        ];
        let authorized = self.authorize(pin_uv_auth, &message, Permissions::LARGE_BLOB_WRITE)?;
        Ok(authorized.token)
    }

    /// Keeps a fragment. After the last one, the fragments become the array.
    fn take_fragment(
        &mut self,
        channel: u32,
        token: Option<TokenId>,
        mut upload: Upload,
        fragment: &[u8],
    ) -> Result<(), Status> {
        let outcome = self.store_fragment(&mut upload, fragment);
        if outcome.is_ok() && upload.missing() > 0 {
            self.suspend(channel, token, Sequence::LargeBlobs(upload));
        } else {
            // Removes the old array, or the new one that failed. What cannot be removed now goes at the next start.
            let _ = self.store.collect_large_blobs();
        }
        outcome
    }

    fn store_fragment(&mut self, upload: &mut Upload, fragment: &[u8]) -> Result<(), Status> {
        if fragment.len() > upload.missing() {
            return Err(Status::InvalidParameter);
        }
        self.store.append_to_upload(upload, fragment).map_err(storage_full)?;
        if upload.missing() > 0 {
            return Ok(());
        }
        if !upload.is_intact() {
            return Err(Status::IntegrityFailure);
        }
        self.store.commit_upload(upload).map_err(storage_full)
    }
}

/// The length of the whole array, from the request with its first fragment.
fn array_length(length: Option<u64>) -> Result<usize, Status> {
    let length = length.ok_or(Status::InvalidParameter)?;
    match usize::try_from(length) {
        Ok(length) if length <= TRAILER => Err(Status::InvalidParameter),
        Ok(length) if length <= LARGE_BLOB_ARRAY_MAX => Ok(length),
        _ => Err(Status::LargeBlobStorageFull),
    }
}

fn storage_full(error: StorageError) -> Status {
    match error {
        StorageError::Full => Status::LargeBlobStorageFull,
        StorageError::Failed => Status::Other,
    }
}
