//! What U2F messages answer (FIDO U2F Raw Message Formats v1.2 §4.3, §5.4), without the status word.

use crate::client::error::Malformed;
use crate::client::oddity::Oddity;

/// A new U2F credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The public key: a point on P-256, uncompressed.
    pub public_key: [u8; 65],
    /// The key handle.
    pub key_handle: Vec<u8>,
    /// The attestation certificate, in DER. Only its outermost length has been looked at.
    pub certificate: Vec<u8>,
    /// The attestation signature, in DER.
    pub signature: Vec<u8>,
}

/// A proof of possession of a U2F credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The user presence byte as it was signed; bit 0: the user touched the key.
    pub user_presence: u8,
    /// The signature counter.
    pub counter: u32,
    /// The signature, in DER.
    pub signature: Vec<u8>,
}

impl Registration {
    /// Reads the answer to U2F_REGISTER.
    pub(crate) fn parse(answer: &[u8]) -> Result<Self, Malformed> {
        let ([reserved], rest) = answer.split_first_chunk().ok_or(Malformed::Truncated)?;
        if *reserved != 0x05 {
            return Err(Malformed::Value("the reserved byte"));
        }
        let (public_key, rest) = rest.split_first_chunk::<65>().ok_or(Malformed::Truncated)?;
        // SEC 1 §2.3.3: 0x04 begins an uncompressed point.
        if public_key.first() != Some(&0x04) {
            return Err(Malformed::Value("the public key"));
        }
        let ([length], rest) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        let (key_handle, rest) = rest.split_at_checked((*length).into()).ok_or(Malformed::Truncated)?;
        let length = der_length(rest).ok_or(Malformed::Value("the certificate"))?;
        let (certificate, signature) = rest.split_at_checked(length).ok_or(Malformed::Truncated)?;
        if signature.is_empty() {
            return Err(Malformed::Truncated);
        }
        Ok(Self {
            public_key: *public_key,
            key_handle: key_handle.to_vec(),
            certificate: certificate.to_vec(),
            signature: signature.to_vec(),
        })
    }
}

impl Registration {
    /// What is odd about it by `section` of the standard.
    pub(super) fn judge(&self, section: &'static str) -> Vec<Oddity> {
        let mut found = trailing(section, &self.signature);
        if self.key_handle.is_empty() {
            found.push(Oddity::must(section, "the key handle is empty"));
        }
        found
    }
}

impl Authentication {
    /// What is odd about it by `section` of the standard, after a touch or without.
    pub(super) fn judge(&self, section: &'static str, touched: bool) -> Vec<Oddity> {
        let mut found = trailing(section, &self.signature);
        if touched && self.user_presence & 1 == 0 {
            found.push(Oddity::must(section, "it does not say that a user was there"));
        }
        let reserved = self.user_presence & !1;
        if reserved != 0 {
            found.push(Oddity::should(
                section,
                format!("the user presence byte has bits that are reserved: 0x{reserved:02x}"),
            ));
        }
        found
    }

    /// Reads the answer to U2F_AUTHENTICATE.
    pub(crate) fn parse(answer: &[u8]) -> Result<Self, Malformed> {
        let ([user_presence], rest) = answer.split_first_chunk().ok_or(Malformed::Truncated)?;
        let (counter, signature) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        if signature.is_empty() {
            return Err(Malformed::Truncated);
        }
        Ok(Self {
            user_presence: *user_presence,
            counter: u32::from_be_bytes(*counter),
            signature: signature.to_vec(),
        })
    }
}

/// The signature, which is the rest of an answer, is one DER SEQUENCE and nothing more.
fn trailing(section: &'static str, signature: &[u8]) -> Vec<Oddity> {
    match der_length(signature) {
        Some(length) if length == signature.len() => Vec::new(),
        Some(length) if length < signature.len() => {
            let more = signature.len() - length;
            let what = match more {
                1 => "1 byte too many follows the signature".to_owned(),
                more => format!("{more} bytes too many follow the signature"),
            };
            vec![Oddity::must(section, what)]
        }
        _ => vec![Oddity::must(section, "the signature is not encoded in DER")],
    }
}

/// How long the DER SEQUENCE at the start of `der` is, header included (X.690 §8.1.3). A message has less than 64 KiB,
/// so lengths of more than two bytes are wrong.
pub(crate) fn der_length(der: &[u8]) -> Option<usize> {
    match *der {
        [0x30, short @ 0..=0x7F, ..] => Some(2 + usize::from(short)),
        [0x30, 0x81, length, ..] => Some(3 + usize::from(length)),
        [0x30, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn registration(certificate: &[u8]) -> Vec<u8> {
        let mut answer = vec![0x05, 0x04];
        answer.extend([0xAA; 64]);
        answer.extend([3, 1, 2, 3]);
        answer.extend(certificate);
        answer.extend([0x30, 0x01, 0x00]);
        answer
    }

    #[test]
    fn the_certificate_ends_where_its_header_says() {
        let short = [&[0x30, 0x05][..], &[7; 5]].concat();
        let one = [&[0x30, 0x81, 0x80][..], &[7; 0x80]].concat();
        let two = [&[0x30, 0x82, 0x01, 0x02][..], &[7; 0x102]].concat();
        for certificate in [short, one, two] {
            let parsed = Registration::parse(&registration(&certificate)).unwrap();
            assert_eq!(parsed.key_handle, [1, 2, 3]);
            assert_eq!(parsed.certificate, certificate);
            assert_eq!(parsed.signature, [0x30, 0x01, 0x00]);
        }
    }

    #[test]
    fn a_registration_cut_anywhere_is_malformed() {
        let whole = registration(&[0x30, 0x02, 7, 7]);
        // The signature may be shorter than it should: whether it is one, its verification shows.
        for length in 0..whole.len() - 2 {
            assert!(Registration::parse(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn impossible_registrations_are_told_apart() {
        let mut wrong = registration(&[0x30, 0x02, 7, 7]);
        wrong[0] = 0x04;
        assert_eq!(Registration::parse(&wrong), Err(Malformed::Value("the reserved byte")));
        wrong[..2].copy_from_slice(&[0x05, 0x02]);
        assert_eq!(Registration::parse(&wrong), Err(Malformed::Value("the public key")));
        for header in [[0x31, 0x02], [0x30, 0x80], [0x30, 0x84]] {
            assert_eq!(
                Registration::parse(&registration(&header)),
                Err(Malformed::Value("the certificate"))
            );
        }
        assert_eq!(
            Registration::parse(&registration(&[0x30, 0x82, 0xFF, 0xFF])),
            Err(Malformed::Truncated)
        );
    }

    #[test]
    fn an_authentication_is_read_as_it_was_signed() {
        let parsed = Authentication::parse(&[0xFF, 0, 1, 0, 2, 0x30, 0]).unwrap();
        assert_eq!(
            parsed,
            Authentication {
                user_presence: 0xFF,
                counter: 0x1_0002,
                signature: vec![0x30, 0]
            }
        );
        for length in 0..=5 {
            assert_eq!(Authentication::parse(&[1; 5][..length]), Err(Malformed::Truncated));
        }
    }

    #[test]
    fn what_is_odd_breaks_nothing_and_is_told() {
        let words = |found: Vec<Oddity>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut answer = registration(&[0x30, 0x02, 7, 7]);
        assert_eq!(Registration::parse(&answer).unwrap().judge("§4"), []);
        answer.extend([0, 0]);
        assert_eq!(
            words(Registration::parse(&answer).unwrap().judge("§4")),
            ["2 bytes too many follow the signature"]
        );
        let good = Authentication::parse(&[0x01, 0, 0, 0, 2, 0x30, 0]).unwrap();
        assert_eq!(good.judge("§5", true), []);
        let silent = Authentication::parse(&[0x00, 0, 0, 0, 2, 0x30, 0]).unwrap();
        assert_eq!(silent.judge("§5", false), []);
        assert_eq!(
            words(silent.judge("§5", true)),
            ["it does not say that a user was there"]
        );
        let odd = Authentication::parse(&[0x81, 0, 0, 0, 2, 0x31, 0]).unwrap();
        assert_eq!(
            words(odd.judge("§5", true)),
            [
                "the signature is not encoded in DER",
                "the user presence byte has bits that are reserved: 0x80"
            ]
        );
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic_and_lose_no_byte(
            answer in proptest::collection::vec(any::<u8>(), 0..200),
            certificate in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            for answer in [answer, registration(&certificate)] {
                if let Ok(read) = Registration::parse(&answer) {
                    let length = 1 + 65 + 1 + read.key_handle.len() + read.certificate.len() + read.signature.len();
                    prop_assert_eq!(length, answer.len());
                }
                if let Ok(read) = Authentication::parse(&answer) {
                    prop_assert_eq!(5 + read.signature.len(), answer.len());
                }
            }
        }
    }
}
