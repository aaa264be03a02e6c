//! How bytes are written where people paste them: hexadecimal in many dresses, dumps of tools, PEM, base64 and
//! base64url.

pub(super) mod dump;

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Serialize;
use x509_parser::pem::Pem;

/// How the input was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// The bytes themselves.
    Raw,
    /// The text itself.
    Text,
    /// Hexadecimal digits, perhaps with spaces, colons, commas or `0x`.
    Hex,
    /// The output of xxd, hexdump, od or libfido2.
    Dump,
    /// Certificates in PEM.
    Pem,
    /// Base64.
    Base64,
    /// Base64url.
    Base64Url,
}

impl Encoding {
    /// Its name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw bytes",
            Self::Text => "text",
            Self::Hex => "hexadecimal",
            Self::Dump => "a dump",
            Self::Pem => "PEM",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }
}

/// What the input may stand for, the likeliest first. Never empty.
pub(super) fn readings(input: &[u8]) -> Vec<(Encoding, Cow<'_, [u8]>)> {
    let text = std::str::from_utf8(input).ok().filter(|text| is_text(text));
    let Some(text) = text else {
        return vec![(Encoding::Raw, Cow::Borrowed(input))];
    };
    let plain = unquoted(text);
    let mut readings = Vec::new();
    // Digits of hexadecimal are letters of base64, too; somebody who means base64 has others among them.
    readings.extend(pem(text).map(|bytes| (Encoding::Pem, bytes)));
    readings.extend(dump::read(text).map(|bytes| (Encoding::Dump, bytes)));
    readings.extend(hex(plain).map(|bytes| (Encoding::Hex, bytes)));
    readings.extend(base64(plain));
    let mut readings: Vec<_> = readings
        .into_iter()
        .map(|(how, bytes)| (how, Cow::Owned(bytes)))
        .collect();
    readings.push((Encoding::Text, Cow::Borrowed(text.trim().as_bytes())));
    readings
}

fn is_text(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Without what surrounds a value in a program or a chat.
fn unquoted(text: &str) -> &str {
    let mut text = text.trim();
    for (open, close) in [('"', '"'), ('\'', '\''), ('`', '`'), ('[', ']'), ('{', '}'), ('<', '>')] {
        let inner = text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        text = inner.map_or(text, str::trim);
    }
    text
}

/// Digits of hexadecimal, in pairs: `a4b5`, `a4 b5`, `a4:b5`, `0xa4, 0xb5`, `\xa4\xb5`.
fn hex(text: &str) -> Option<Vec<u8>> {
    let separated = text.replace("0x", " ").replace("0X", " ").replace("\\x", " ");
    let mut digits = String::with_capacity(separated.len());
    for word in separated.split(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '-' | ';')) {
        match word.len() {
            // `0x4, 0x5` of a program's array.
            1 => digits.push('0'),
            length if length % 2 == 1 => return None,
            _ => {}
        }
        digits.push_str(word);
    }
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// The certificates in PEM (RFC 7468), one behind the other.
fn pem(text: &str) -> Option<Vec<u8>> {
    let blocks = Pem::iter_from_buffer(text.as_bytes()).flatten();
    let certificates = blocks.filter(|block| block.label == "CERTIFICATE");
    let bytes: Vec<u8> = certificates.flat_map(|block| block.contents).collect();
    (!bytes.is_empty()).then_some(bytes)
}

fn base64(text: &str) -> Option<(Encoding, Vec<u8>)> {
    let letters: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let (encoding, alphabet) = match letters.contains(['+', '/']) {
        true => (Encoding::Base64, STANDARD),
        // Where neither alphabet's own letters are there, both mean the same, and WebAuthn has this one.
        false if letters.contains('=') && !letters.contains(['-', '_']) => (Encoding::Base64, STANDARD),
        false => (Encoding::Base64Url, URL_SAFE),
    };
    let bytes = GeneralPurpose::new(&alphabet, lenient).decode(&letters).ok()?;
    (!bytes.is_empty()).then_some((encoding, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> (Encoding, Vec<u8>) {
        let (encoding, bytes) = readings(text.as_bytes()).swap_remove(0);
        (encoding, bytes.into_owned())
    }

    #[test]
    fn every_way_to_write_bytes_is_read() {
        let bytes = b"\xA1\x01\x02";
        for text in [
            "a10102",
            "A1 01 02",
            "a1:01:02\n",
            "0xa1, 0x01, 0x02",
            "\\xa1\\x01\\x02",
            "\"a10102\"",
            "0xA10102",
            "[0xa1, 0x1, 0x2]",
            "a1 01\n02",
        ] {
            assert_eq!(first(text), (Encoding::Hex, bytes.to_vec()), "{text}");
        }
        for text in [
            "00000000: a101 02                                  ...",
            "00000000  a1 01 02                                          |...|\n00000003\n",
            "0000000 01a1 0002\n0000004\n",
            "000000 a1 01 02\n000003\n",
        ] {
            let (encoding, read) = first(text);
            assert_eq!((encoding, read.get(..3)), (Encoding::Dump, Some(&bytes[..])), "{text}");
        }
        assert_eq!(first("oQEC"), (Encoding::Base64Url, bytes.to_vec()));
        assert_eq!(first("+/8="), (Encoding::Base64, vec![0xFB, 0xFF]));
        assert_eq!(first("-_8"), (Encoding::Base64Url, vec![0xFB, 0xFF]));
        assert_eq!(first("{\"a\": 1}").0, Encoding::Text);
        assert_eq!(readings(b"\xA1\x01\x02"), [(Encoding::Raw, Cow::Borrowed(&bytes[..]))]);
    }
}
