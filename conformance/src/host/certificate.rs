//! What WebAuthn asks of an attestation certificate (Level 3 §8.2.1), read from its DER.

/// The AAGUID of the model (WebAuthn Level 3 §8.2.1).
const AAGUID: &[u8] = b"\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04";
/// basicConstraints (RFC 5280 §4.2.1.9).
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
/// Attributes of a name (RFC 5280 appendix A.1).
const COUNTRY: &[u8] = b"\x55\x04\x06";
const ORGANIZATION: &[u8] = b"\x55\x04\x0a";
const UNIT: &[u8] = b"\x55\x04\x0b";
const COMMON_NAME: &[u8] = b"\x55\x04\x03";

/// An element: its tag, and what is in it.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    value: &'a [u8],
}

impl<'a> Element<'a> {
    /// The element at the begin, and what is behind it.
    #[track_caller]
    fn first(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let read = || {
            let (&[tag, length], rest) = bytes.split_first_chunk()?;
            let (length, rest) = match length {
                0..=0x7F => (usize::from(length), rest),
                0x81 => (usize::from(*rest.first()?), &rest[1..]),
                0x82 => {
                    let (long, rest) = rest.split_first_chunk()?;
                    (usize::from(u16::from_be_bytes(*long)), rest)
                }
                _ => return None,
            };
            let (value, rest) = rest.split_at_checked(length)?;
            Some((Self { tag, value }, rest))
        };
        read().unwrap_or_else(|| panic!("expected a certificate in DER, the key answered {bytes:02x?}"))
    }

    /// The elements in this one.
    #[track_caller]
    fn elements(self) -> Vec<Self> {
        let mut elements = Vec::new();
        let mut rest = self.value;
        while !rest.is_empty() {
            let (element, after) = Self::first(rest);
            elements.push(element);
            rest = after;
        }
        elements
    }
}

/// A leaf certificate is one of a packed attestation by a key of this model.
///
/// # Panics
/// Where it is not.
#[track_caller]
pub fn is_of_a_packed_attestation(certificate: &[u8], aaguid: &[u8; 16]) {
    let (whole, behind) = Element::first(certificate);
    same!(behind, b"", "nothing behind the certificate");
    let to_be_signed = whole.elements()[0].elements();
    // version [0] { INTEGER 2 }, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, …
    assert!(
        to_be_signed[0].tag == 0xA0 && to_be_signed[0].value == [0x02, 0x01, 0x02],
        "expected a certificate of version 3"
    );
    assert!(to_be_signed.len() > 7, "expected a certificate with extensions");
    let subject = attributes(to_be_signed[5]);
    let attribute = |wanted: &[u8], name: &str| {
        let found = subject.iter().find(|(attribute, _)| *attribute == wanted);
        let value = found.map(|(_, value)| *value).unwrap_or_default();
        assert!(!value.is_empty(), "expected a subject with {name}");
        value
    };
    same!(
        attribute(COUNTRY, "a country").len(),
        2,
        "the subject's country (ISO 3166)"
    );
    attribute(ORGANIZATION, "an organization");
    attribute(COMMON_NAME, "a common name");
    same!(
        String::from_utf8_lossy(attribute(UNIT, "an organizational unit")),
        "Authenticator Attestation",
        "the subject's unit"
    );
    let extensions = extensions(&to_be_signed);
    let constraints = extensions
        .iter()
        .find(|(extension, ..)| *extension == BASIC_CONSTRAINTS);
    let (_, _, constraints) = constraints.unwrap_or_else(|| panic!("expected an extension basicConstraints"));
    // An empty sequence: cA is false.
    let is_authority = Element::first(constraints)
        .0
        .elements()
        .iter()
        .any(|element| element.tag == 0x01);
    assert!(!is_authority, "expected a certificate that certifies nothing");
    if let Some((_, critical, value)) = extensions.iter().find(|(extension, ..)| *extension == AAGUID) {
        assert!(!critical, "expected the extension with the AAGUID not to be critical");
        let (inner, _) = Element::first(value);
        same!(
            (inner.tag, inner.value),
            (0x04, &aaguid[..]),
            "the extension with the AAGUID"
        );
    }
}

/// The attributes of a name: their object identifiers, and their values.
#[track_caller]
fn attributes(name: Element<'_>) -> Vec<(&[u8], &[u8])> {
    let sets = name.elements().into_iter();
    sets.flat_map(Element::elements)
        .map(|pair| match &pair.elements()[..] {
            [attribute, value] => (attribute.value, value.value),
            _ => panic!("expected attributes with a value each in the subject"),
        })
        .collect()
}

/// The extensions: their object identifiers, whether they are critical, and their values.
#[track_caller]
fn extensions<'a>(to_be_signed: &[Element<'a>]) -> Vec<(&'a [u8], bool, &'a [u8])> {
    let all = to_be_signed.iter().find(|element| element.tag == 0xA3);
    let all = all.unwrap_or_else(|| panic!("expected a certificate with extensions"));
    let listed = Element::first(all.value).0.elements().into_iter();
    listed
        .map(|extension| match extension.elements()[..] {
            [extension, value] => (extension.value, false, value.value),
            [extension, critical, value] => (extension.value, critical.value == [0xFF], value.value),
            _ => panic!("expected extensions of two or three parts"),
        })
        .collect()
}
