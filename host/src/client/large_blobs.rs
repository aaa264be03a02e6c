//! The large blobs that a key keeps beside its passkeys (CTAP 2.3 §6.10.3): read, decrypted, changed and written.

use std::io::{Read as _, Write as _};

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use cbor4ii::core::Value;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ctap2::{Command as _, LargeBlobKey, LargeBlobs};
use super::error::{Error, Malformed};
use super::key::Key;
use super::pin_protocol::PinUvAuthToken;
use super::watch::Watch;
use crate::cbor::{array_elements, decode, encode};

/// The checksum at the end: LEFT(SHA-256(array), 16).
const CHECKSUM: usize = 16;
/// What a message has besides a piece of the array (`maxFragmentLength`).
const OVERHEAD: usize = 64;
/// `maxMsgSize` where a key does not say.
const DEFAULT_MAX_MESSAGE: u64 = 1024;
/// The longest array that is read or written: sixteen times what known keys have room for. What a key says of itself
/// is not trusted.
const MAX_ARRAY: usize = 1 << 16;
/// The longest blob that is read or written, before compression. A few kilobytes could expand to gigabytes.
const MAX_BLOB: usize = 1 << 20;
/// The nonce of AES-GCM.
const NONCE: usize = 12;

/// The large-blob array. Entries that cannot be opened are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LargeBlobArray {
    /// Each in CBOR, as it was read.
    entries: Vec<Vec<u8>>,
}

impl LargeBlobArray {
    /// Reads the array in the form in which a key keeps it. `None` where the checksum is wrong or it is not an array:
    /// the standard says that it then counts as empty.
    #[must_use]
    pub fn parse(serialized: &[u8]) -> Option<Self> {
        let (array, checksum) = serialized.split_last_chunk::<CHECKSUM>()?;
        if Sha256::digest(array)[..CHECKSUM] != checksum[..] {
            return None;
        }
        let entries = array_elements(array)?;
        Some(Self {
            entries: entries.into_iter().map(<[u8]>::to_vec).collect(),
        })
    }

    /// The array in the form in which a key keeps it.
    #[must_use]
    pub fn serialize(&self) -> Vec<u8> {
        // An array begins like a number of the same size, with another major type.
        let mut array = encode(&Value::Integer(self.entries.len() as i128));
        array[0] |= 4 << 5;
        array.extend(self.entries.concat());
        let checksum = Sha256::digest(&array);
        array.extend_from_slice(&checksum[..CHECKSUM]);
        array
    }

    /// How many entries there are, of any passkey.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The blob that `key` opens.
    ///
    /// # Errors
    /// [`Error::BlobTooLarge`] where it has more than a mebibyte.
    pub fn get(&self, key: &LargeBlobKey) -> Result<Option<Vec<u8>>, Error> {
        let opened = self.entries.iter().filter_map(|entry| open(entry, key));
        opened.filter_map(Opened::expand).next().transpose()
    }

    /// Makes `data` the blob of `key`, in place of the old one.
    ///
    /// # Errors
    /// [`Error::BlobTooLarge`], and where this computer has no random numbers.
    pub fn set(&mut self, key: &LargeBlobKey, data: &[u8]) -> Result<(), Error> {
        if data.len() > MAX_BLOB {
            return Err(Error::BlobTooLarge { limit: MAX_BLOB });
        }
        self.remove(key);
        self.entries.push(seal(data, key)?);
        Ok(())
    }

    /// Removes the blob that `key` opens; `false` where there is none.
    pub fn remove(&mut self, key: &LargeBlobKey) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| open(entry, key).is_none());
        self.entries.len() < before
    }

    /// The lengths, in bytes, of the entries that none of `keys` opens. If `keys` are those of all passkeys on the key,
    /// nobody can read these entries (CTAP 2.3 §6.10.3).
    #[must_use]
    pub fn orphans(&self, keys: &[&LargeBlobKey]) -> Vec<usize> {
        let orphans = self.entries.iter().filter(|entry| is_orphan(entry, keys));
        orphans.map(Vec::len).collect()
    }

    /// Removes the entries that none of `keys` opens.
    pub fn retain(&mut self, keys: &[&LargeBlobKey]) {
        self.entries.retain(|entry| !is_orphan(entry, keys));
    }
}

fn is_orphan(entry: &[u8], keys: &[&LargeBlobKey]) -> bool {
    keys.iter().all(|key| open(entry, key).is_none())
}

/// What is authenticated with a blob: its size before it was compressed.
fn associated_data(original_size: u64) -> [u8; 12] {
    let mut data = *b"blob\0\0\0\0\0\0\0\0";
    data[4..].copy_from_slice(&original_size.to_le_bytes());
    data
}

/// An entry of the array: `{1: ciphertext, 2: nonce, 3: origSize}`.
fn seal(data: &[u8], key: &LargeBlobKey) -> Result<Vec<u8>, getrandom::Error> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).expect("memory for the data");
    let compressed = Zeroizing::new(encoder.finish().expect("memory for the data"));
    let original_size = data.len() as u64;
    let payload = Payload {
        msg: &compressed,
        aad: &associated_data(original_size),
    };
    let ciphertext = Aes256Gcm::new((&*key.0).into())
        .encrypt(&Nonce::from(nonce), payload)
        .expect("AES-GCM takes some 64 GiB");
    Ok(encode(&Value::Map(vec![
        (Value::Integer(1), Value::Bytes(ciphertext)),
        (Value::Integer(2), Value::Bytes(nonce.to_vec())),
        (Value::Integer(3), Value::Integer(original_size.into())),
    ])))
}

/// What is in an entry, still compressed.
struct Opened {
    compressed: Zeroizing<Vec<u8>>,
    original_size: u64,
}

/// What is in an entry; `None` where it belongs to another key or is not an entry.
fn open(entry: &[u8], key: &LargeBlobKey) -> Option<Opened> {
    let Value::Map(members) = decode(entry)? else {
        return None;
    };
    let member = |label: i128| {
        let found = members.iter().find(|(key, _)| *key == Value::Integer(label));
        found.map(|(_, value)| value)
    };
    let (Value::Bytes(ciphertext), Value::Bytes(nonce), Value::Integer(original_size)) =
        (member(1)?, member(2)?, member(3)?)
    else {
        return None;
    };
    let nonce: [u8; NONCE] = nonce.as_slice().try_into().ok()?;
    let original_size = u64::try_from(*original_size).ok()?;
    let payload = Payload {
        msg: ciphertext,
        aad: &associated_data(original_size),
    };
    let compressed = Aes256Gcm::new((&*key.0).into())
        .decrypt(&Nonce::from(nonce), payload)
        .ok()?;
    Some(Opened {
        compressed: Zeroizing::new(compressed),
        original_size,
    })
}

impl Opened {
    /// The data; `None` where it is not as the entry says.
    fn expand(self) -> Option<Result<Vec<u8>, Error>> {
        const TOO_LARGE: Error = Error::BlobTooLarge { limit: MAX_BLOB };
        let Some(size) = usize::try_from(self.original_size)
            .ok()
            .filter(|&size| size <= MAX_BLOB)
        else {
            return Some(Err(TOO_LARGE));
        };
        // One byte more than the limit shows that there is too much.
        let mut data = Vec::new();
        DeflateDecoder::new(self.compressed.as_slice())
            .take(size as u64 + 1)
            .read_to_end(&mut data)
            .ok()?;
        (data.len() == size).then_some(Ok(data))
    }
}

impl Key {
    /// Reads the array of large blobs. This needs no PIN.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key keeps none; [`Error::Malformed`] where what it sends does not
    /// end; as [`Key::send`].
    pub fn large_blobs(&mut self, watch: &mut dyn Watch) -> Result<LargeBlobArray, Error> {
        let piece = self.largest_piece()?;
        let capacity = self.large_blob_capacity()?;
        let deadline = self.channel().time().now() + self.channel().timeouts().whole;
        let malformed = |why| Error::Malformed {
            command: LargeBlobs::NAME,
            why,
        };
        let mut serialized = Vec::new();
        loop {
            let request = LargeBlobs::Get {
                length: number(piece)?,
                offset: number(serialized.len())?,
            };
            let read = self.send(&request, watch)?.config;
            let read = read.ok_or(malformed(Malformed::Missing("config")))?;
            serialized.extend_from_slice(&read);
            if serialized.len() > capacity || self.channel().time().now() >= deadline {
                return Err(malformed(Malformed::Endless));
            }
            if read.len() < piece {
                return Ok(LargeBlobArray::parse(&serialized).unwrap_or_default());
            }
        }
    }

    /// Writes the array of large blobs. A key with a PIN needs a token with
    /// [`LARGE_BLOB_WRITE`](super::ctap2::Permissions::LARGE_BLOB_WRITE).
    ///
    /// # Errors
    /// [`Error::NoRoom`] before anything is written; as [`Key::send`].
    pub fn write_large_blobs(
        &mut self,
        array: &LargeBlobArray,
        token: Option<&PinUvAuthToken>,
        watch: &mut dyn Watch,
    ) -> Result<(), Error> {
        let piece = self.largest_piece()?;
        let limit = self.large_blob_capacity()?;
        let serialized = array.serialize();
        let length = serialized.len();
        if length > limit {
            return Err(Error::NoRoom { length, limit });
        }
        let deadline = self.channel().time().now() + self.channel().timeouts().whole;
        let mut offset = 0;
        for fragment in serialized.chunks(piece) {
            if self.channel().time().now() >= deadline {
                return Err(Error::NoAnswer);
            }
            let request = LargeBlobs::set(fragment.to_vec(), number(offset)?, number(length)?, token);
            self.send(&request, watch)?;
            offset += fragment.len();
        }
        Ok(())
    }

    /// How long the array may be, in bytes.
    fn large_blob_capacity(&self) -> Result<usize, Error> {
        let info = self.ctap2_info()?;
        if !info.has("largeBlobs") {
            return Err(Error::Unsupported { what: "large blobs" });
        }
        // Every key that keeps any keeps 1024 bytes (CTAP 2.3 §6.4).
        let capacity = info.max_serialized_large_blob_array.unwrap_or(1024);
        Ok(usize::try_from(capacity).unwrap_or(usize::MAX).min(MAX_ARRAY))
    }

    /// `maxFragmentLength`.
    fn largest_piece(&self) -> Result<usize, Error> {
        let longest = self.ctap2_info()?.max_msg_size.unwrap_or(DEFAULT_MAX_MESSAGE);
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        Ok(longest
            .min(brasskey_protocol::limits::MAX_MESSAGE)
            .saturating_sub(OVERHEAD)
            .max(1))
    }
}

/// Offsets and lengths have 32 bits where they are authenticated.
fn number(size: usize) -> Result<u32, Error> {
    u32::try_from(size).map_err(|_| Error::NoRoom {
        length: size,
        limit: u32::MAX as usize,
    })
}

#[cfg(test)]
mod tests;
