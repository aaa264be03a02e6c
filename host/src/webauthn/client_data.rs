//! Client data: what the client says about the ceremony. The key signs its hash.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Which ceremony the client data belongs to (WebAuthn Level 3 §5.8.1 `type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CeremonyType {
    /// A registration.
    Create,
    /// An authentication.
    Get,
}

impl CeremonyType {
    /// The value of `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The serialized client data and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientData {
    /// `clientDataJSON`: UTF-8 JSON.
    pub json: Vec<u8>,
    /// `clientDataHash`: the SHA-256 of `json`, which the key receives.
    pub hash: [u8; 32],
}

impl ClientData {
    /// Serializes the client data of a same-origin ceremony, byte for byte as WebAuthn Level 3 §5.8.1.1 demands, so
    /// that verifiers without a JSON parser can read it too.
    pub fn new(ceremony: CeremonyType, challenge: &[u8], origin: &str) -> Self {
        let mut json = String::from(r#"{"type":"#);
        push_string(&mut json, ceremony.as_str());
        json.push_str(r#","challenge":"#);
        push_string(&mut json, &URL_SAFE_NO_PAD.encode(challenge));
        json.push_str(r#","origin":"#);
        push_string(&mut json, origin);
        json.push_str(r#","crossOrigin":false}"#);
        let hash = Sha256::digest(&json).into();
        Self {
            json: json.into_bytes(),
            hash,
        }
    }
}

/// CCDToString (§5.8.1.2): only quotation marks, backslashes and control characters are escaped.
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\0'..='\x1f' => {
                // Writing to a String cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_serialized_as_the_standard_writes_it() {
        let data = ClientData::new(CeremonyType::Create, &[0xfb; 4], "https://example.com");
        let expected =
            br#"{"type":"webauthn.create","challenge":"-_v7-w","origin":"https://example.com","crossOrigin":false}"#;
        assert_eq!(data.json, expected);
        assert_eq!(data.hash, <[u8; 32]>::from(Sha256::digest(expected)));
    }

    #[test]
    fn text_is_escaped_as_the_standard_escapes_it() {
        let mut json = String::new();
        push_string(&mut json, "a\"b\\c\n\u{7f}é");
        assert_eq!(json, "\"a\\\"b\\\\c\\u000a\u{7f}é\"");
    }
}
