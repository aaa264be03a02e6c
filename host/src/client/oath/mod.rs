//! One-time codes on a key: a client of the OATH applet (YKOATH), as YubiKeys, Nitrokeys and this project's keys have
//! it.
//!
//! [`Oath::select`] takes a [`Card`]: a key over CTAPHID, where it has the applet in a vendor's command, or a card in a
//! reader ([`pcsc`](crate::transport::pcsc)). Answers are read leniently and judged strictly, and everything in them is
//! bounded. Secrets are zeroized; what an account is called comes from outside: escape it before you show it.
//!
//! ```
//! use brasskey::client::oath::{Algorithm, Kind};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use brasskey::client::oath::NewAccount;
//! let account = NewAccount::from_uri("otpauth://totp/AWS:alice@123456789012?secret=JBSWY3DPEHPK3PXP")?;
//! assert_eq!(account.name.issuer.as_deref(), Some("AWS"));
//! assert_eq!((account.kind, account.algorithm), (Kind::Totp, Algorithm::Sha1));
//! # Ok(())
//! # }
//! ```

mod account;
mod applet;
mod card;
mod code;
mod error;
mod password;
mod tlv;
mod uri;

#[cfg(test)]
mod tests;

pub use account::{Algorithm, DEFAULT_PERIOD, Kind, Listed, MAX_NAME, Name, NewAccount, decode_secret};
pub use applet::Oath;
pub use card::Card;
pub use code::{Calculated, Code};
pub use error::OathError;
pub use password::AccessKey;
pub use uri::UriError;
