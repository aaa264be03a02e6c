//! Accounts of one-time codes, and the codes that this host computes itself (RFC 4226, RFC 6238).

use super::{authenticate, kind, object, tag};

/// The secret of RFC 4226 Appendix D, and of RFC 6238 Appendix B for SHA-1.
pub const SECRET: &[u8; 20] = b"12345678901234567890";

/// An account as a host puts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Type and hash.
    pub kind: u8,
    /// How many digits its codes have.
    pub digits: u8,
    /// The key of its HMACs.
    pub secret: Vec<u8>,
    /// Its properties, where the host says them.
    pub properties: Option<u8>,
    /// Its first moving factor, where the host says it.
    pub moving_factor: Option<u32>,
}

impl Account {
    /// An account with codes of six digits, and nothing special.
    #[must_use]
    pub fn new(name: &str, kind: u8, secret: &[u8]) -> Self {
        Self {
            name: name.into(),
            kind,
            digits: 6,
            secret: secret.into(),
            properties: None,
            moving_factor: None,
        }
    }

    /// Codes by time, of the standards' secret.
    #[must_use]
    pub fn totp(name: &str) -> Self {
        Self::new(name, kind::TOTP | 1, SECRET)
    }

    /// Codes by counter, of the standards' secret.
    #[must_use]
    pub fn hotp(name: &str) -> Self {
        Self::new(name, kind::HOTP | 1, SECRET)
    }

    /// The same with these properties.
    #[must_use]
    pub fn with(self, properties: u8) -> Self {
        let properties = Some(properties);
        Self { properties, ..self }
    }

    /// The same with so many digits.
    #[must_use]
    pub fn digits(self, digits: u8) -> Self {
        Self { digits, ..self }
    }

    /// The same with this first moving factor.
    #[must_use]
    pub fn starting_at(self, moving_factor: u32) -> Self {
        let moving_factor = Some(moving_factor);
        Self { moving_factor, ..self }
    }

    /// The data of PUT.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let key = [&[self.kind, self.digits], &self.secret[..]].concat();
        let mut data = [object(tag::NAME, self.name.as_bytes()), object(tag::KEY, &key)].concat();
        data.extend(self.properties.iter().flat_map(|bits| [tag::PROPERTY, *bits]));
        if let Some(factor) = self.moving_factor {
            data.extend(object(tag::MOVING_FACTOR, &factor.to_be_bytes()));
        }
        data
    }

    /// What the account's code has to be (RFC 4226 §5.3), computed by this host.
    #[must_use]
    pub fn code(&self, factor: u64) -> String {
        let hmac = self.hmac(factor);
        let offset = usize::from(hmac[hmac.len() - 1] & 0x0F);
        let bytes = hmac[offset..offset + 4].try_into().expect("four bytes");
        digits(self.digits, u32::from_be_bytes(bytes) & 0x7FFF_FFFF)
    }

    /// The HMAC that the code comes from.
    #[must_use]
    pub fn hmac(&self, factor: u64) -> Vec<u8> {
        authenticate(self.kind & 0x0F, &self.secret, &factor.to_be_bytes())
    }
}

/// The last digits of a number.
fn digits(count: u8, number: u32) -> String {
    let width = usize::from(count);
    format!("{:0width$}", number % 10_u32.pow(count.into()))
}

/// The digits that a truncated answer says.
#[must_use]
#[track_caller]
pub fn shown(value: &[u8]) -> String {
    let &[count, a, b, c, d] = value else {
        panic!("no truncated code: {value:02x?}");
    };
    let number = u32::from_be_bytes([a, b, c, d]);
    assert!(number < 1 << 31, "31 bits");
    digits(count, number)
}
