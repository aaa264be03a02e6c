//! What is made up: numbers, identifiers, secrets and passwords.

use data_encoding::{BASE32_NOPAD, BASE64};
use thiserror::Error;
use zeroize::Zeroizing;

use super::error::IamError;
use super::secret::Secret;

/// The system has no randomness.
#[derive(Debug, Error)]
#[error("the system has no random numbers: {0}")]
pub struct NoRandomness(#[from] getrandom::Error);

impl From<NoRandomness> for IamError {
    fn from(error: NoRandomness) -> Self {
        Self::failure(&error)
    }
}

pub(super) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes)?;
    Ok(bytes)
}

/// Twelve digits, the first of which is not 0: people copy them into spreadsheets.
pub(super) fn account_number() -> Result<u64, NoRandomness> {
    let random = u64::from_le_bytes(*bytes::<8>()?);
    Ok(100_000_000_000 + random % 900_000_000_000)
}

/// An identifier with a prefix of four letters that says of what (IAM User Guide, "IAM identifiers"): 20 characters for
/// an access key, and 21 for all else.
pub(crate) fn id(prefix: &str) -> Result<String, NoRandomness> {
    let length = if matches!(prefix, "AKIA" | "ASIA") { 16 } else { 17 };
    let made_up = BASE32_NOPAD.encode(&*bytes::<11>()?);
    Ok(format!("{prefix}{}", made_up.get(..length).unwrap_or_default()))
}

/// The secret of an access key: 40 characters of base 64.
pub(crate) fn secret_key() -> Result<Secret, NoRandomness> {
    Ok(Secret::new(BASE64.encode(&*bytes::<30>()?)))
}

/// A password that every password policy takes: it has letters of both kinds, digits and a symbol.
pub(crate) fn password() -> Result<Secret, NoRandomness> {
    let made_up = Zeroizing::new(BASE32_NOPAD.encode(&*bytes::<10>()?));
    let (start, end) = made_up.split_at_checked(8).unwrap_or_default();
    Ok(Secret::new(format!("{}-{end}-a1", start.to_ascii_lowercase())))
}

/// A UUID of version 4 (RFC 9562 §5.4): request and event identifiers.
pub(crate) fn uuid() -> Result<String, NoRandomness> {
    let mut value = u128::from_le_bytes(*bytes::<16>()?);
    value = value & !(0xF << 76) | 0x4 << 76;
    value = value & !(0x3 << 62) | 0x2 << 62;
    let hex = format!("{value:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let (a, b, c, d, e) = (part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
    Ok(format!("{a}-{b}-{c}-{d}-{e}"))
}
