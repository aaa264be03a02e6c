//! The JSON of the relying-party file.

use serde::{Deserialize, Serialize};

use super::Accounts;
use super::error::Unreadable;

/// The version that this program writes. A file of a higher one is refused untouched.
const VERSION: u32 = 1;

/// How each file that this program writes begins.
const BEGINNING: &[u8] = b"{\n  \"version\": ";

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Document<A> {
    version: u32,
    #[serde(flatten)]
    accounts: A,
}

pub(super) fn parse(json: &[u8]) -> Result<Accounts, Unreadable> {
    let corrupt = |error: serde_json::Error| Unreadable::Corrupt(error.to_string());
    // The version is read by itself first: the rest of a newer file may not be understood.
    let Versioned { version } = match serde_json::from_slice(json) {
        Ok(versioned) => versioned,
        // One that was cut off begins as this program's do.
        Err(error) if json.starts_with(BEGINNING) => return Err(corrupt(error)),
        Err(_) => return Err(Unreadable::NotOurs),
    };
    if version > VERSION {
        return Err(Unreadable::Newer(version));
    }
    let document: Document<Accounts> = serde_json::from_slice(json).map_err(corrupt)?;
    Ok(document.accounts)
}

pub(super) fn write(accounts: &Accounts) -> Vec<u8> {
    // Strings, numbers and lists only: there is nothing that JSON cannot say.
    let mut json = serde_json::to_vec_pretty(&Document {
        version: VERSION,
        accounts,
    })
    .unwrap_or_default();
    json.push(b'\n');
    json
}

/// Bytes as base64url without padding, as WebAuthn's own JSON has them.
pub(in crate::relying_party) mod base64url {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(in crate::relying_party) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(in crate::relying_party) fn deserialize<'de, B, D>(deserializer: D) -> Result<B, D::Error>
    where
        B: TryFrom<Vec<u8>>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        B::try_from(bytes).map_err(|_| D::Error::custom("a byte string of the wrong length"))
    }
}
