//! `otpauth://`: the address in the QR code that a website shows.

use thiserror::Error;
use zeroize::Zeroizing;

use super::account::{Algorithm, DEFAULT_PERIOD, Kind, Name, NewAccount, decode_secret};

/// Why a text is no address of an account. Nothing of the text is repeated: it has a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UriError {
    /// It does not begin with `otpauth://`.
    #[error("this is no otpauth:// address")]
    Scheme,
    /// Several accounts in one, as an app exports them.
    #[error("this is an app's export of several accounts, in a form of its own")]
    Migration,
    /// Neither TOTP nor HOTP.
    #[error("this address is neither of TOTP nor of HOTP")]
    Kind,
    /// No name.
    #[error("this address names no account")]
    Name,
    /// Its percent signs are not followed by two digits, or it is no UTF-8.
    #[error("this address is not encoded as it must be")]
    Encoding,
    /// No secret, or none in base 32.
    #[error("this address has no secret in base 32")]
    Secret,
    /// An algorithm that the applet does not know.
    #[error("this address asks for an algorithm other than SHA-1, SHA-256 and SHA-512")]
    Algorithm,
    /// Fewer than 6 or more than 8 digits.
    #[error("this address asks for codes that have not 6, 7 or 8 digits")]
    Digits,
    /// No whole number of seconds, or none.
    #[error("this address has a period that is no number of seconds")]
    Period,
    /// HOTP without a number to begin with, or with one that the applet does not take.
    #[error("this address counts, and has no counter from 0 to 4294967295")]
    Counter,
    /// Twice the same, with another value.
    #[error("this address says the same thing twice")]
    Twice,
}

impl UriError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Migration => "have each website show its QR code anew, or export the accounts one by one",
            Self::Algorithm | Self::Digits => "no key has such codes: choose another way of signing in",
            _ => "copy all of the address, or the secret alone, from the website",
        }
    }
}

impl NewAccount {
    /// Reads an address: `otpauth://TYPE/[ISSUER:]ACCOUNT?secret=…`, with `issuer`, `algorithm`, `digits`, `period` and
    /// `counter` where the website has other than the usual ones. Parameters that nobody knows are ignored.
    ///
    /// # Errors
    /// [`UriError`], which repeats nothing of the text.
    pub fn from_uri(text: &str) -> Result<Self, UriError> {
        let text = text.trim();
        if strip_scheme(text, "otpauth-migration://").is_some() {
            return Err(UriError::Migration);
        }
        let rest = strip_scheme(text, "otpauth://").ok_or(UriError::Scheme)?;
        let (kind, rest) = rest.split_once('/').ok_or(UriError::Kind)?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "totp" => Kind::Totp,
            "hotp" => Kind::Hotp,
            _ => return Err(UriError::Kind),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (label, query) = rest.split_once('?').ok_or(UriError::Secret)?;
        let parameters = Parameters::read(query)?;
        let label = decode(label, false)?;
        let (issuer, account) = match label.split_once(':') {
            Some((issuer, account)) => (Some(issuer.trim()), account.trim()),
            None => (None, label.trim()),
        };
        let issuer = parameters.issuer.as_deref().map(|issuer| issuer.trim()).or(issuer);
        if account.is_empty() {
            return Err(UriError::Name);
        }
        let number = |text: &Option<Zeroizing<String>>, wrong| match text {
            Some(text) => text.parse::<u32>().map(Some).map_err(|_| wrong),
            None => Ok(None),
        };
        let period = match number(&parameters.period, UriError::Period)? {
            Some(0) => return Err(UriError::Period),
            period if kind == Kind::Totp => period.unwrap_or(DEFAULT_PERIOD),
            _ => DEFAULT_PERIOD,
        };
        let name = Name {
            issuer: issuer.filter(|issuer| !issuer.is_empty()).map(str::to_owned),
            account: account.to_owned(),
            period,
        };
        let secret = parameters.secret.as_deref().and_then(|secret| decode_secret(secret));
        let mut new = Self::new(name, secret.ok_or(UriError::Secret)?);
        new.kind = kind;
        new.algorithm = match parameters.algorithm.as_deref().map(|name| name.to_ascii_uppercase()) {
            None => Algorithm::Sha1,
            Some(name) => match name.as_str() {
                "SHA1" | "SHA-1" | "HMACSHA1" => Algorithm::Sha1,
                "SHA256" | "SHA-256" | "HMACSHA256" => Algorithm::Sha256,
                "SHA512" | "SHA-512" | "HMACSHA512" => Algorithm::Sha512,
                _ => return Err(UriError::Algorithm),
            },
        };
        new.digits = match number(&parameters.digits, UriError::Digits)? {
            None => 6,
            Some(digits @ 6..=8) => u8::try_from(digits).map_err(|_| UriError::Digits)?,
            Some(_) => return Err(UriError::Digits),
        };
        if kind == Kind::Hotp {
            new.counter = number(&parameters.counter, UriError::Counter)?.ok_or(UriError::Counter)?;
        }
        Ok(new)
    }
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// What is known of the query. One of them is secret, so all are zeroized.
#[derive(Default)]
struct Parameters {
    secret: Option<Zeroizing<String>>,
    issuer: Option<Zeroizing<String>>,
    algorithm: Option<Zeroizing<String>>,
    digits: Option<Zeroizing<String>>,
    period: Option<Zeroizing<String>>,
    counter: Option<Zeroizing<String>>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, UriError> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name.to_ascii_lowercase().as_str() {
                "secret" => &mut parameters.secret,
                "issuer" => &mut parameters.issuer,
                "algorithm" => &mut parameters.algorithm,
                "digits" => &mut parameters.digits,
                "period" => &mut parameters.period,
                "counter" => &mut parameters.counter,
                _ => continue,
            };
            let value = decode(value, true)?;
            if place.as_ref().is_some_and(|before| *before != value) {
                return Err(UriError::Twice);
            }
            *place = Some(value);
        }
        Ok(parameters)
    }
}

/// Percent-encoding (RFC 3986 §2.1); in a query some websites write `+` for a space.
fn decode(text: &str, is_query: bool) -> Result<Zeroizing<String>, UriError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let value = digit().zip(digit()).map(|(high, low)| 16 * high + low);
                value
                    .and_then(|value| u8::try_from(value).ok())
                    .ok_or(UriError::Encoding)?
            }
            b'+' if is_query => b' ',
            byte => byte,
        });
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(UriError::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_website_shows_is_read() {
        let aws = NewAccount::from_uri(
            "otpauth://totp/Amazon%20Web%20Services:alice@123456789012\
             ?secret=JBSWY3DPEHPK3PXP&issuer=Amazon+Web+Services",
        )
        .unwrap();
        assert_eq!(aws.name.to_string(), "Amazon Web Services:alice@123456789012");
        assert_eq!(aws.secret.as_slice(), b"Hello!\xDE\xAD\xBE\xEF");
        assert_eq!((aws.kind, aws.algorithm, aws.digits), (Kind::Totp, Algorithm::Sha1, 6));
        assert_eq!((aws.name.period, aws.counter, aws.touch), (30, 0, false));

        let other = NewAccount::from_uri(
            " OTPAUTH://HOTP/bob?algorithm=sha256&digits=8&secret=mzxw6ytboi&counter=7&issuer=&image=x \n",
        )
        .unwrap();
        assert_eq!(
            (other.name.issuer.as_deref(), other.name.account.as_str()),
            (None, "bob")
        );
        assert_eq!(
            (other.kind, other.algorithm, other.digits),
            (Kind::Hotp, Algorithm::Sha256, 8)
        );
        assert_eq!(other.counter, 7);

        let minute = NewAccount::from_uri("otpauth://totp/A:b?secret=MZXW6YTBOI&period=60&algorithm=SHA512").unwrap();
        assert_eq!(minute.name.id(), "60/A:b");
        assert_eq!(minute.algorithm, Algorithm::Sha512);
        // The parameter counts: many websites have the label for people alone.
        let issuer = NewAccount::from_uri("otpauth://totp/old%3Ab?secret=MZXW6YTBOI&issuer=new").unwrap();
        assert_eq!(issuer.name.to_string(), "new:b");
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            ("", UriError::Scheme),
            ("https://example.com/?secret=MZXW6YTBOI", UriError::Scheme),
            ("otpauth-migration://offline?data=CjEKCkhlbGxv", UriError::Migration),
            ("otpauth://totp", UriError::Kind),
            ("otpauth://steam/a?secret=MZXW6YTBOI", UriError::Kind),
            ("otpauth://totp/?secret=MZXW6YTBOI", UriError::Name),
            ("otpauth://totp/A:?secret=MZXW6YTBOI", UriError::Name),
            ("otpauth://totp/a%2?secret=MZXW6YTBOI", UriError::Encoding),
            ("otpauth://totp/a%FF?secret=MZXW6YTBOI", UriError::Encoding),
            ("otpauth://totp/a", UriError::Secret),
            ("otpauth://totp/a?issuer=b", UriError::Secret),
            ("otpauth://totp/a?secret=1", UriError::Secret),
            ("otpauth://totp/a?secret=MZXW6YTBOI&secret=MZXW6", UriError::Twice),
            ("otpauth://totp/a?secret=MZXW6YTBOI&algorithm=MD5", UriError::Algorithm),
            ("otpauth://totp/a?secret=MZXW6YTBOI&digits=5", UriError::Digits),
            ("otpauth://totp/a?secret=MZXW6YTBOI&digits=six", UriError::Digits),
            ("otpauth://totp/a?secret=MZXW6YTBOI&period=0", UriError::Period),
            ("otpauth://hotp/a?secret=MZXW6YTBOI", UriError::Counter),
            (
                "otpauth://hotp/a?secret=MZXW6YTBOI&counter=4294967296",
                UriError::Counter,
            ),
        ] {
            assert_eq!(NewAccount::from_uri(text).err(), Some(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(otpauth://(totp|hotp)/)?[ -~é]{0,60}") {
            if let Ok(account) = NewAccount::from_uri(&text) {
                prop_assert!(!account.secret.is_empty() && !account.name.account.is_empty());
                prop_assert!((6..=8).contains(&account.digits) && account.name.period > 0);
            }
        }
    }
}
