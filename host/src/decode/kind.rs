//! What an input is, by its form.

use std::fmt;
use std::str::FromStr;

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;
use serde::Serialize;
use serde_json::Value as Json;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ctaphid::{Side, is_report};
use super::encoding::Encoding;
use super::item::{self, Item, Kind as ItemKind};
use super::{capture, log, messages, u2f};
use crate::webauthn::authenticator_data::AuthenticatorData;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $words:literal;)*) => {
        /// What can be decoded. `Display` and `FromStr` have its name, as `--as` takes it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// What it is, for people, with an article.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$kind => $words),* }
            }
        }
    };
}

kinds! {
    /// WebAuthn Level 3 §6.5.4.
    AttestationObject = "attestation-object", "an attestation object (WebAuthn §6.5.4)";
    /// §5.8.1.
    ClientData = "client-data", "client data (WebAuthn §5.8.1)";
    /// §6.1.
    AuthenticatorData = "authenticator-data", "authenticator data (WebAuthn §6.1)";
    /// RFC 9052 §7.
    CoseKey = "cose-key", "a public key in COSE (RFC 9052 §7)";
    /// The answer of authenticatorGetInfo without its status byte.
    GetInfo = "get-info", "what authenticatorGetInfo answers (CTAP 2.3 §6.4)";
    /// Command byte and parameters.
    Ctap2Request = "ctap2-request", "a request of CTAP2 (CTAP 2.3 §8.1)";
    /// Status byte and members, of the command that these tell.
    Ctap2Answer = "ctap2-answer", "an answer of CTAP2 (CTAP 2.3 §8.2)";
    /// The same, of this command.
    MakeCredentialAnswer = "make-credential-answer", "an answer of authenticatorMakeCredential (CTAP 2.3 §6.1)";
    /// The same.
    GetAssertionAnswer = "get-assertion-answer", "an answer of authenticatorGetAssertion (CTAP 2.3 §6.2)";
    /// The same.
    ClientPinAnswer = "client-pin-answer", "an answer of authenticatorClientPIN (CTAP 2.3 §6.5)";
    /// The same.
    CredentialManagementAnswer = "credential-management-answer",
        "an answer of authenticatorCredentialManagement (CTAP 2.3 §6.8)";
    /// The same.
    LargeBlobsAnswer = "large-blobs-answer", "an answer of authenticatorLargeBlobs (CTAP 2.3 §6.10)";
    /// The same.
    BioEnrollmentAnswer = "bio-enrollment-answer", "an answer of authenticatorBioEnrollment (CTAP 2.3 §6.7)";
    /// U2F Raw Message Formats.
    U2fRequest = "u2f-request", "a request of U2F (U2F Raw Message Formats §3)";
    /// The same.
    U2fAnswer = "u2f-answer", "an answer of U2F (U2F Raw Message Formats §3)";
    /// Reports of 64 bytes, or of 65 with a report number.
    Ctaphid = "ctaphid", "reports of CTAPHID (CTAP 2.3 §11.2)";
    /// pcap or pcapng.
    Capture = "capture", "a capture of USB (pcap)";
    /// Lines of `brasskey token --log`, or of libfido2 with `FIDO_DEBUG`.
    Log = "log", "the log of a soft token or of libfido2";
    /// What `brasskey record` writes.
    Recording = "recording", "a recording of a key";
    /// `RegistrationResponseJSON`.
    RegistrationJson = "registration-json", "a browser's answer to a registration (WebAuthn §5.1)";
    /// `AuthenticationResponseJSON`.
    AuthenticationJson = "authentication-json", "a browser's answer to a sign-in (WebAuthn §5.1)";
    /// X.509.
    Certificate = "certificate", "a certificate (X.509)";
    /// Anything else in CBOR.
    Cbor = "cbor", "CBOR (RFC 8949)";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut kinds = Self::ALL.iter().copied();
        kinds
            .find(|kind| kind.name() == name)
            .ok_or("this is no kind that can be decoded")
    }
}

impl Kind {
    /// Whether it is text, and not bytes that somebody wrote as text.
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Log | Self::Recording | Self::ClientData | Self::RegistrationJson | Self::AuthenticationJson
        )
    }

    /// The command that is answered, where the kind says it.
    pub(super) fn command(self) -> Option<u8> {
        Some(match self {
            Self::MakeCredentialAnswer => 0x01,
            Self::GetAssertionAnswer => 0x02,
            Self::ClientPinAnswer => 0x06,
            Self::BioEnrollmentAnswer => 0x09,
            Self::CredentialManagementAnswer => 0x0A,
            Self::LargeBlobsAnswer => 0x0C,
            _ => return None,
        })
    }
}

/// What `bytes` are, whole and from their form alone; the likeliest first. Text that stands for no bytes is text.
pub(super) fn kinds(encoding: Encoding, bytes: &[u8]) -> Vec<Kind> {
    if encoding == Encoding::Text {
        return text(bytes).into_iter().collect();
    }
    if capture::is_capture(bytes) {
        return vec![Kind::Capture];
    }
    if let Some(kind) = text(bytes) {
        return vec![kind];
    }
    let mut kinds: Vec<Kind> = cbor(bytes, true).into_iter().collect();
    let is = |kind, fits: bool| fits.then_some(kind);
    let reports = reports(bytes);
    let is_reports = bytes.len() >= reports.step && bytes.len().is_multiple_of(reports.step);
    kinds.extend(is(
        Kind::Ctaphid,
        is_reports && reports.iter().next().is_some_and(|(.., report)| is_report(report)),
    ));
    kinds.extend(is(
        Kind::U2fRequest,
        u2f::Apdu::parse(bytes).is_some_and(|apdu| is_u2f(&apdu)),
    ));
    let bare = bytes.strip_suffix(&[0x90, 0x00]).unwrap_or(bytes);
    kinds.extend(is(Kind::U2fAnswer, u2f::instruction_of(bare).is_some()));
    kinds.extend(is(Kind::Ctap2Request, is_request(bytes, true)));
    kinds.extend(is(Kind::Ctap2Answer, is_answer(bytes, true)));
    kinds.extend(is(Kind::Certificate, is_certificates(bytes)));
    kinds.extend(is(Kind::AuthenticatorData, AuthenticatorData::parse(bytes).is_ok()));
    kinds.extend(is(
        Kind::U2fAnswer,
        matches!(bytes, [0x90, 0x00] | [0x67 | 0x69 | 0x6A | 0x6D | 0x6E, _]),
    ));
    // Nearly every short input is CBOR: only a map or an array says that somebody meant it.
    let is_item = || {
        let found = item::read_all(bytes, 0);
        let is_structure = matches!(
            found.item,
            Some(Item {
                kind: ItemKind::Map(_) | ItemKind::Array(_),
                ..
            })
        );
        let is_too_deep = found.faults.iter().any(|fault| fault.what.contains("nested too deep"));
        is_structure
            && (found.whole || is_too_deep)
            && !found
                .faults
                .iter()
                .any(|fault| fault.what.contains("belong to nothing"))
    };
    // 37 bytes of any kind may be authenticator data; that they are an item of CBOR to the end is no accident.
    if kinds.iter().all(|kind| *kind == Kind::AuthenticatorData) && is_item() {
        kinds.insert(0, Kind::Cbor);
    }
    kinds.dedup();
    kinds
}

/// Whether these are certificates, one behind the other.
fn is_certificates(mut bytes: &[u8]) -> bool {
    let is_empty = bytes.is_empty();
    while let Ok((rest, _)) = X509Certificate::from_der(bytes) {
        bytes = rest;
    }
    bytes.is_empty() && !is_empty
}

/// What `bytes` may be the beginning of.
pub(super) fn beginning(encoding: Encoding, bytes: &[u8]) -> Option<Kind> {
    let is_json = bytes.first() == Some(&b'{');
    let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    Some(match bytes {
        _ if is_json && has("attestationObject") => Kind::RegistrationJson,
        _ if is_json && has("authenticatorData") => Kind::AuthenticationJson,
        _ if is_json && has("webauthn.") => Kind::ClientData,
        _ if encoding == Encoding::Text => return None,
        _ if cbor(bytes, false).is_some() => cbor(bytes, false)?,
        [0x05, 0x04, _, ..] => Kind::U2fAnswer,
        _ if reports(bytes)
            .iter()
            .next()
            .is_some_and(|(.., report)| is_report(report)) =>
        {
            Kind::Ctaphid
        }
        _ if is_request(bytes, false) => Kind::Ctap2Request,
        _ if is_answer(bytes, false) => Kind::Ctap2Answer,
        [0xA0..=0xBF, _, ..] => Kind::Cbor,
        _ if is_data(bytes) => Kind::AuthenticatorData,
        _ => return None,
    })
}

/// Whether this may be the beginning of authenticator data (WebAuthn Level 3 §6.1): a hash, flags that can be, and what
/// they announce behind the counter. Any bytes that are long enough have a hash and flags.
fn is_data(bytes: &[u8]) -> bool {
    let Some((head, rest)) = bytes.split_first_chunk::<37>() else {
        return false;
    };
    let [.., flags, _, _, _, _] = *head;
    let has = |bit| flags & bit != 0;
    // UP or AT; none that is reserved; BS only with BE.
    let is_possible = has(0x41) && !has(0x22) && (has(0x08) || !has(0x10));
    is_possible
        && match (has(0x40), has(0x80), rest) {
            // After the AAGUID, the length of a credential ID (§6.5.1).
            (true, ..) => rest.get(16).is_none_or(|high| *high < 4),
            (false, true, [first, ..]) => matches!(first, 0xA0..=0xBF),
            (false, true, []) => true,
            (false, false, rest) => rest.is_empty(),
        }
}

fn text(bytes: &[u8]) -> Option<Kind> {
    let text = std::str::from_utf8(bytes).ok()?;
    if let Ok(Json::Object(members)) = serde_json::from_str(text) {
        let response = members.get("response").and_then(Json::as_object);
        let has = |name| response.is_some_and(|response| response.contains_key(name));
        return match (has("attestationObject"), has("signature") || has("authenticatorData")) {
            (true, _) => Some(Kind::RegistrationJson),
            (_, true) => Some(Kind::AuthenticationJson),
            _ if members.contains_key("challenge") && members.contains_key("type") => Some(Kind::ClientData),
            _ => None,
        };
    }
    if text.starts_with("brasskey recording ") {
        return Some(Kind::Recording);
    }
    log::is_log(text).then_some(Kind::Log)
}

/// What a map is by its keys.
fn cbor(bytes: &[u8], whole: bool) -> Option<Kind> {
    let found = item::read(bytes, 0);
    let item = found.item?;
    if whole && (!found.whole || item.end != bytes.len()) {
        return None;
    }
    let is_number = |key| item.numbered(key).is_some_and(|item| item.as_integer().is_some());
    let is_object = ["fmt", "attStmt", "authData"]
        .iter()
        .any(|name| item.named(name).is_some());
    let versions = item
        .numbered(1)
        .is_some_and(|item| matches!(item.kind, ItemKind::Array(_)));
    let model = item
        .numbered(3)
        .and_then(Item::as_bytes)
        .is_some_and(|model| model.len() == 16);
    match item.kind {
        ItemKind::Map(_) if is_object => Some(Kind::AttestationObject),
        ItemKind::Map(_) if is_number(1) && is_number(3) && item.numbered(-1).is_some() => Some(Kind::CoseKey),
        ItemKind::Map(_) if versions && (model || !whole) => Some(Kind::GetInfo),
        _ => None,
    }
}

fn is_u2f(apdu: &u2f::Apdu<'_>) -> bool {
    match apdu.instruction {
        0x01 => apdu.data.len() == 64,
        0x02 => matches!(apdu.p1, 0x03 | 0x07 | 0x08) && apdu.data.len() >= 65,
        0x03 => apdu.data.is_empty(),
        _ => false,
    }
}

fn is_request(bytes: &[u8], whole: bool) -> bool {
    match bytes {
        [code] => messages::by_code(*code).is_some_and(|command| command.request.is_none()),
        [code, parameters @ ..] => messages::by_code(*code).is_some() && is_map(parameters, whole),
        [] => false,
    }
}

fn is_answer(bytes: &[u8], whole: bool) -> bool {
    match bytes {
        [_] => true,
        [0, members @ ..] => is_map(members, whole),
        _ => false,
    }
}

fn is_map(bytes: &[u8], whole: bool) -> bool {
    let found = item::read(bytes, 0);
    let Some(item) = found.item else {
        return false;
    };
    matches!(item.kind, ItemKind::Map(_)) && (!whole || found.whole && item.end == bytes.len())
}

/// Reports that follow each other.
pub(super) struct Reports<'a> {
    bytes: &'a [u8],
    /// From one to the next: a report number may stand before each.
    pub(super) step: usize,
}

impl<'a> Reports<'a> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Option<Side>, &'a Report)> + use<'a> {
        let number = self.step - REPORT_SIZE;
        let step = self.step;
        let whole = self.bytes.chunks_exact(step).enumerate();
        whole.filter_map(move |(index, chunk)| {
            Some((index * step + number, None, chunk.get(number..)?.try_into().ok()?))
        })
    }
}

/// The reports in `bytes`: of 64 bytes, or of 65 where a zero stands before each.
pub(super) fn reports(bytes: &[u8]) -> Reports<'_> {
    let numbered = bytes.len().is_multiple_of(REPORT_SIZE + 1)
        && bytes.chunks(REPORT_SIZE + 1).all(|chunk| chunk.starts_with(&[0]));
    Reports {
        bytes,
        step: REPORT_SIZE + usize::from(numbered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_its_flags_announce_is_the_beginning_of_authenticator_data() {
        let data =
            |flags: u8, rest: &[u8]| beginning(Encoding::Raw, &[&[0xFF; 32][..], &[flags, 0, 0, 0, 1], rest].concat());
        let attested = [&[0xAB; 16][..], &[0, 32, 1, 2, 3]].concat();
        for (flags, rest) in [(0x41, &attested[..]), (0x41, &[1]), (0x81, b"\xA1\x6B"), (0x81, b"")] {
            assert_eq!(
                data(flags, rest),
                Some(Kind::AuthenticatorData),
                "{flags:02x} {rest:02x?}"
            );
        }
        for (flags, rest) in [
            (0x01, &[1][..]),
            (0x11, b""),
            (0x03, b""),
            (0x81, b"\x01"),
            (0x41, &[0xFF; 20]),
        ] {
            assert_eq!(data(flags, rest), None, "{flags:02x} {rest:02x?}");
        }
    }
}
