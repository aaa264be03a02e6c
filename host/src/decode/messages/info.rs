//! What a key says of itself (CTAP 2.3 §6.4).

use super::{FORMATS, PARAMETERS};
use crate::decode::shape::{Member, Shape, member};
use crate::decode::words;

pub(in crate::decode) const INFO: &[Member] = &[
    member(0x01, "versions", Shape::List(&Shape::Words(words::VERSIONS))),
    member(0x02, "extensions", Shape::List(&Shape::Words(words::EXTENSIONS))),
    member(0x03, "aaguid", Shape::Aaguid),
    member(0x04, "options", Shape::Options),
    member(0x05, "maxMsgSize", Shape::Number),
    member(0x06, "pinUvAuthProtocols", Shape::List(&Shape::Number)),
    member(0x07, "maxCredentialCountInList", Shape::Number),
    member(0x08, "maxCredentialIdLength", Shape::Number),
    member(0x09, "transports", Shape::List(&Shape::Words(words::TRANSPORTS))),
    member(0x0A, "algorithms", Shape::List(&PARAMETERS)),
    member(0x0B, "maxSerializedLargeBlobArray", Shape::Number),
    member(0x0C, "forcePINChange", Shape::Bool),
    member(0x0D, "minPINLength", Shape::Number),
    member(0x0E, "firmwareVersion", Shape::Number),
    member(0x0F, "maxCredBlobLength", Shape::Number),
    member(0x10, "maxRPIDsForSetMinPINLength", Shape::Number),
    member(0x11, "preferredPlatformUvAttempts", Shape::Number),
    member(0x12, "uvModality", Shape::Bits(words::UV_MODALITIES)),
    member(0x13, "certifications", Shape::Certifications),
    member(0x14, "remainingDiscoverableCredentials", Shape::Number),
    member(0x15, "vendorPrototypeConfigCommands", Shape::List(&Shape::Number)),
    member(0x16, "attestationFormats", FORMATS),
    member(0x17, "uvCountSinceLastPinEntry", Shape::Number),
    member(0x18, "longTouchForReset", Shape::Bool),
    member(0x19, "encIdentifier", Shape::Bytes),
    member(
        0x1A,
        "transportsForReset",
        Shape::List(&Shape::Words(words::TRANSPORTS)),
    ),
    member(0x1B, "pinComplexityPolicy", Shape::Bool),
    member(0x1C, "pinComplexityPolicyURL", Shape::Utf8),
    member(0x1D, "maxPINLength", Shape::Number),
    member(0x1E, "encCredStoreState", Shape::Bytes),
    member(
        0x1F,
        "authenticatorConfigCommands",
        Shape::List(&Shape::Named(words::CONFIG_COMMANDS)),
    ),
];
