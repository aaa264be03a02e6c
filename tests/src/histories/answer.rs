//! What hosts read in an answer.

use brasskey_conformance::host::response::flags;
use brasskey_conformance::host::status;
use brasskey_protocol::cbor::Item;

/// An answer of the key.
pub(super) struct Answer(pub(super) Vec<u8>);

impl Answer {
    pub(super) fn status(&self) -> u8 {
        self.0.first().copied().unwrap_or(status::OTHER)
    }

    pub(super) fn is_ok(&self) -> bool {
        self.status() == status::OK
    }

    /// A member of its map.
    pub(super) fn member(&self, number: i128) -> Option<Item<'_>> {
        member(self.0.get(1..)?, number)
    }

    /// The authenticator data (WebAuthn Level 3 §6.1).
    pub(super) fn auth_data(&self) -> Option<AuthData<'_>> {
        let data = self.member(2)?.bytes().ok()?;
        let (head, rest) = data.split_first_chunk::<37>()?;
        let attested = rest.get(18..).unwrap_or_default();
        let length = rest
            .get(16..18)
            .map(|bytes| usize::from(bytes[0]) << 8 | usize::from(bytes[1]));
        Some(AuthData {
            verified: head[32] & flags::UV != 0,
            count: u32::from_be_bytes([head[33], head[34], head[35], head[36]]),
            id: attested.get(..length.unwrap_or_default())?,
        })
    }

    /// The ID of the credential that signed.
    pub(super) fn signer(&self) -> Option<Vec<u8>> {
        let mut members = self.member(1)?.map().ok()?;
        let (_, id) = members.find(|(name, _)| name.text() == Ok("id"))?;
        Some(id.bytes().ok()?.to_vec())
    }
}

/// What a host reads in authenticator data.
pub(super) struct AuthData<'a> {
    pub(super) verified: bool,
    pub(super) count: u32,
    pub(super) id: &'a [u8],
}

/// A member of a map with numbers for keys.
pub(super) fn member(map: &[u8], number: i128) -> Option<Item<'_>> {
    let (map, _) = Item::split(map)?;
    let mut members = map.map().ok()?;
    members.find(|(key, _)| key.int() == Ok(number)).map(|(_, value)| value)
}
