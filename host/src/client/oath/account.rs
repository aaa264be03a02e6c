//! An account: its name as the applet keeps it, and what makes its codes.

use std::fmt;

use data_encoding::Specification;
use ring::digest;
use zeroize::Zeroizing;

use super::super::error::Error;
use super::tlv::Values;

/// The longest name, in bytes, with issuer and period.
pub const MAX_NAME: usize = 64;
/// How long a code is valid, in seconds, where nothing else is said.
pub const DEFAULT_PERIOD: u32 = 30;
/// The applet takes no shorter secret; zeros at the end do not change an HMAC.
const MIN_SECRET: usize = 14;

/// What makes the codes of an account differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A counter (RFC 4226).
    Hotp = 0x10,
    /// The time (RFC 6238).
    Totp = 0x20,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hotp => "HOTP",
            Self::Totp => "TOTP",
        })
    }
}

/// The hash function of the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1, which nearly every website means.
    Sha1 = 1,
    /// SHA-256.
    Sha256 = 2,
    /// SHA-512.
    Sha512 = 3,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// Reads the byte that has both.
pub(super) fn kind_and_algorithm(values: &Values<'_>, byte: u8) -> Result<(Kind, Algorithm), Error> {
    let kind = match byte & 0xF0 {
        0x10 => Kind::Hotp,
        0x20 => Kind::Totp,
        _ => return Err(values.wrong("the type of an account")),
    };
    let algorithm = match byte & 0x0F {
        1 => Algorithm::Sha1,
        2 => Algorithm::Sha256,
        3 => Algorithm::Sha512,
        _ => return Err(values.wrong("the algorithm of an account")),
    };
    Ok((kind, algorithm))
}

/// What an account is called: `[PERIOD/][ISSUER:]ACCOUNT` for the applet. From outside: escape it before you show it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Who gave the secret: the website.
    pub issuer: Option<String>,
    /// The account there.
    pub account: String,
    /// How long a code of a [`Kind::Totp`] account is valid, in seconds. Others have none, and keep the default here.
    pub period: u32,
}

impl Name {
    /// The name with its period where that is not 30 seconds.
    #[must_use]
    pub fn id(&self) -> String {
        match self.period {
            DEFAULT_PERIOD => self.to_string(),
            period => format!("{period}/{self}"),
        }
    }

    /// Reads a name as the applet keeps it. Every text is one; where it has no account, all of it is the account.
    #[must_use]
    pub fn parse(id: &str, kind: Kind) -> Self {
        let (period, rest) = match (kind, id.split_once('/')) {
            (Kind::Totp, Some((period, rest))) if is_number(period) && !rest.is_empty() => match period.parse() {
                Ok(period @ 1..) => (period, rest),
                _ => (DEFAULT_PERIOD, id),
            },
            _ => (DEFAULT_PERIOD, id),
        };
        let (issuer, account) = match rest.split_once(':') {
            Some((issuer, account)) if !issuer.is_empty() && !account.is_empty() => (Some(issuer.to_owned()), account),
            _ => (None, rest),
        };
        Self {
            issuer,
            account: account.to_owned(),
            period,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Without the period, as people say it.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) => write!(f, "{issuer}:{}", self.account),
            None => f.write_str(&self.account),
        }
    }
}

/// An account that a key has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The bytes by which the key knows it.
    pub id: Vec<u8>,
    /// The same as text, with what is no UTF-8 replaced.
    pub name: Name,
    /// What makes its codes differ.
    pub kind: Kind,
    /// The hash function.
    pub algorithm: Algorithm,
}

impl Listed {
    pub(super) fn parse(values: &Values<'_>, value: &[u8]) -> Result<Self, Error> {
        let (&byte, id) = value
            .split_first()
            .ok_or_else(|| values.missing("the name of an account"))?;
        let (kind, algorithm) = kind_and_algorithm(values, byte)?;
        check_id(values, id)?;
        Ok(Self {
            id: id.to_owned(),
            name: Name::parse(&String::from_utf8_lossy(id), kind),
            kind,
            algorithm,
        })
    }
}

/// Names are not empty, and no longer than the applet takes.
pub(super) fn check_id(values: &Values<'_>, id: &[u8]) -> Result<(), Error> {
    match id.len() {
        1..=MAX_NAME => Ok(()),
        _ => Err(values.wrong("the name of an account")),
    }
}

/// An account to be put on a key.
pub struct NewAccount {
    /// What it is called.
    pub name: Name,
    /// What makes its codes differ.
    pub kind: Kind,
    /// The hash function.
    pub algorithm: Algorithm,
    /// How many digits a code has: 6 to 8.
    pub digits: u8,
    /// The secret, as the website gave it.
    pub secret: Zeroizing<Vec<u8>>,
    /// Whether each code takes a touch.
    pub touch: bool,
    /// Where a [`Kind::Hotp`] account begins to count.
    pub counter: u32,
}

impl NewAccount {
    /// As nearly every website means it: TOTP with SHA-1, 6 digits and 30 seconds.
    #[must_use]
    pub fn new(name: Name, secret: Zeroizing<Vec<u8>>) -> Self {
        Self {
            name,
            kind: Kind::Totp,
            algorithm: Algorithm::Sha1,
            digits: 6,
            secret,
            touch: false,
            counter: 0,
        }
    }

    /// The HMAC key as the applet takes it: hashed where it is longer than a block, as HMAC would do itself
    /// (RFC 2104 §2), and padded with zeros where it is short.
    pub(super) fn hmac_key(&self) -> Zeroizing<Vec<u8>> {
        let (hash, block) = match self.algorithm {
            Algorithm::Sha1 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, 64),
            Algorithm::Sha256 => (&digest::SHA256, 64),
            Algorithm::Sha512 => (&digest::SHA512, 128),
        };
        let mut key = Zeroizing::new(Vec::with_capacity(block));
        match self.secret.len() > block {
            true => key.extend_from_slice(digest::digest(hash, &self.secret).as_ref()),
            false => key.extend_from_slice(&self.secret),
        }
        if key.len() < MIN_SECRET {
            key.resize(MIN_SECRET, 0);
        }
        key
    }
}

/// The bytes of a secret in base 32 (RFC 4648 §6), as people copy it: in any case, with spaces, dashes and padding or
/// without. `None` where it is none, or empty.
#[must_use]
pub fn decode_secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification.translate.from.push_str("abcdefghijklmnopqrstuvwxyz");
    specification.translate.to.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    specification.ignore.push_str(" \t-=");
    // Some websites cut their secrets anywhere.
    specification.check_trailing_bits = false;
    let encoding = specification.encoding().ok()?;
    let mut secret = Zeroizing::new(vec![0; encoding.decode_len(text.len()).ok()?]);
    let length = encoding.decode_mut(text.as_bytes(), &mut secret).ok()?;
    secret.truncate(length);
    (!secret.is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_has_a_period_and_an_issuer_where_it_says_so() {
        let name = |issuer: Option<&str>, account: &str, period| Name {
            issuer: issuer.map(str::to_owned),
            account: account.to_owned(),
            period,
        };
        for (id, expected) in [
            ("AWS:alice", name(Some("AWS"), "alice", 30)),
            ("alice", name(None, "alice", 30)),
            ("60/AWS:alice", name(Some("AWS"), "alice", 60)),
            ("60/alice:x:y", name(Some("alice"), "x:y", 60)),
            ("a/b", name(None, "a/b", 30)),
            ("0/b", name(None, "0/b", 30)),
            ("60/", name(None, "60/", 30)),
            (":b", name(None, ":b", 30)),
            ("99999999999/b", name(None, "99999999999/b", 30)),
        ] {
            let read = Name::parse(id, Kind::Totp);
            assert_eq!(read, expected);
            assert_eq!(read.id(), id);
        }
        assert_eq!(Name::parse("60/alice", Kind::Hotp), name(None, "60/alice", 30));
    }

    #[test]
    fn a_secret_is_read_as_people_copy_it() {
        let secret = |text| decode_secret(text).map(|secret| secret.to_vec());
        assert_eq!(secret("JBSW Y3DP-ehpk3pxp"), secret("JBSWY3DPEHPK3PXP"));
        // RFC 4648 §10.
        assert_eq!(secret("MZXW6YTBOI======").unwrap(), b"foobar");
        assert_eq!(secret("mzxw6").unwrap(), b"foo");
        for no_secret in [
            "",
            "=",
            "JBSW1",
            "A",
            "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
            "ümlaut",
        ] {
            assert_eq!(secret(no_secret), None, "{no_secret}");
        }
    }

    #[test]
    fn a_key_fits_hmac_and_the_applet() {
        let name = Name::parse("a", Kind::Totp);
        let key = |secret: &[u8], algorithm| {
            let mut account = NewAccount::new(name.clone(), Zeroizing::new(secret.to_vec()));
            account.algorithm = algorithm;
            account.hmac_key().to_vec()
        };
        assert_eq!(key(b"12345", Algorithm::Sha1), b"12345\0\0\0\0\0\0\0\0\0");
        assert_eq!(key(&[1; 64], Algorithm::Sha1), [1; 64]);
        assert_eq!(key(&[1; 65], Algorithm::Sha1).len(), 20);
        assert_eq!(key(&[1; 65], Algorithm::Sha256).len(), 32);
        assert_eq!(key(&[1; 128], Algorithm::Sha512), [1; 128]);
        assert_eq!(key(&[1; 129], Algorithm::Sha512).len(), 64);
    }

    proptest! {
        #[test]
        fn every_name_is_printed_back(id in ".{1,64}") {
            for kind in [Kind::Hotp, Kind::Totp] {
                let read = Name::parse(&id, kind);
                // A period with leading zeros, or the usual one, is the same without them.
                prop_assert!(read.id() == id || id.starts_with('0') || id.starts_with("30/"));
                prop_assert_eq!(Name::parse(&read.id(), kind), read);
            }
        }
    }
}
