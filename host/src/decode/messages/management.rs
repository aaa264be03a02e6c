//! PINs, fingerprints, passkeys, large blobs and settings (CTAP 2.3 §6.5, §6.7, §6.8, §6.10, §6.11).

use super::{CRED_PROTECT, DESCRIPTOR, RP, USER};
use crate::decode::shape::{Member, Shape, member};
use crate::decode::words;

pub(super) const CLIENT_PIN: &[Member] = &[
    member(0x01, "pinUvAuthProtocol", Shape::Number),
    member(
        0x02,
        "subCommand",
        Shape::Named(&[
            (0x01, "getPINRetries", ""),
            (0x02, "getKeyAgreement", ""),
            (0x03, "setPIN", ""),
            (0x04, "changePIN", ""),
            (0x05, "getPinToken", "superseded"),
            (0x06, "getPinUvAuthTokenUsingUvWithPermissions", ""),
            (0x07, "getUVRetries", ""),
            (0x09, "getPinUvAuthTokenUsingPinWithPermissions", ""),
        ]),
    ),
    member(0x03, "keyAgreement", Shape::CoseKey).fresh(),
    member(0x04, "pinUvAuthParam", Shape::Bytes).secret(),
    member(0x05, "newPinEnc", Shape::Bytes).secret(),
    member(0x06, "pinHashEnc", Shape::Bytes).secret(),
    member(0x09, "permissions", Shape::Bits(PERMISSIONS)),
    member(0x0A, "rpId", Shape::Text),
];

const PERMISSIONS: &[(u64, &str)] = &[
    (0x01, "mc"),
    (0x02, "ga"),
    (0x04, "cm"),
    (0x08, "be"),
    (0x10, "lbw"),
    (0x20, "acfg"),
    (0x40, "pcmr"),
];

pub(super) const CLIENT_PIN_ANSWER: &[Member] = &[
    member(0x01, "keyAgreement", Shape::CoseKey),
    member(0x02, "pinUvAuthToken", Shape::Bytes).secret(),
    member(0x03, "pinRetries", Shape::Number),
    member(0x04, "powerCycleState", Shape::Bool),
    member(0x05, "uvRetries", Shape::Number),
];

pub(super) const BIO_ENROLLMENT: &[Member] = &[
    member(0x01, "modality", Shape::Named(&[(1, "fingerprint", "")])),
    member(
        0x02,
        "subCommand",
        Shape::Named(&[
            (0x01, "enrollBegin", ""),
            (0x02, "enrollCaptureNextSample", ""),
            (0x03, "cancelCurrentEnrollment", ""),
            (0x04, "enumerateEnrollments", ""),
            (0x05, "setFriendlyName", ""),
            (0x06, "removeEnrollment", ""),
            (0x07, "getFingerprintSensorInfo", ""),
        ]),
    ),
    member(
        0x03,
        "subCommandParams",
        Shape::Map(&[
            member(0x01, "templateId", Shape::Bytes),
            member(0x02, "templateFriendlyName", Shape::Text),
            member(0x03, "timeoutMilliseconds", Shape::Number),
        ]),
    ),
    member(0x04, "pinUvAuthProtocol", Shape::Number),
    member(0x05, "pinUvAuthParam", Shape::Bytes).secret(),
    member(0x06, "getModality", Shape::Bool),
];

pub(super) const BIO_ENROLLMENT_ANSWER: &[Member] = &[
    member(0x01, "modality", Shape::Named(&[(1, "fingerprint", "")])),
    member(
        0x02,
        "fingerprintKind",
        Shape::Named(&[(1, "touch", ""), (2, "swipe", "")]),
    ),
    member(0x03, "maxCaptureSamplesRequiredForEnroll", Shape::Number),
    member(0x04, "templateId", Shape::Bytes),
    member(0x05, "lastEnrollSampleStatus", Shape::Number),
    member(0x06, "remainingSamples", Shape::Number),
    member(0x07, "templateInfos", Shape::Any),
    member(0x08, "maxTemplateFriendlyName", Shape::Number),
];

pub(super) const CREDENTIAL_MANAGEMENT: &[Member] = &[
    member(
        0x01,
        "subCommand",
        Shape::Named(&[
            (0x01, "getCredsMetadata", ""),
            (0x02, "enumerateRPsBegin", ""),
            (0x03, "enumerateRPsGetNextRP", ""),
            (0x04, "enumerateCredentialsBegin", ""),
            (0x05, "enumerateCredentialsGetNextCredential", ""),
            (0x06, "deleteCredential", ""),
            (0x07, "updateUserInformation", ""),
        ]),
    ),
    member(
        0x02,
        "subCommandParams",
        Shape::Map(&[
            member(0x01, "rpIDHash", Shape::Hash),
            member(0x02, "credentialID", DESCRIPTOR),
            member(0x03, "user", USER),
        ]),
    ),
    member(0x03, "pinUvAuthProtocol", Shape::Number),
    member(0x04, "pinUvAuthParam", Shape::Bytes).secret(),
];

pub(super) const CREDENTIAL_MANAGEMENT_ANSWER: &[Member] = &[
    member(0x01, "existingResidentCredentialsCount", Shape::Number),
    member(0x02, "maxPossibleRemainingResidentCredentialsCount", Shape::Number),
    member(0x03, "rp", RP),
    member(0x04, "rpIDHash", Shape::Hash),
    member(0x05, "totalRPs", Shape::Number),
    member(0x06, "user", USER),
    member(0x07, "credentialID", DESCRIPTOR),
    member(0x08, "publicKey", Shape::CoseKey),
    member(0x09, "totalCredentials", Shape::Number),
    member(0x0A, "credProtect", CRED_PROTECT),
    member(0x0B, "largeBlobKey", Shape::Bytes).secret(),
    member(0x0C, "thirdPartyPayment", Shape::Bool),
];

pub(super) const LARGE_BLOBS: &[Member] = &[
    member(0x01, "get", Shape::Number),
    member(0x02, "set", Shape::Bytes),
    member(0x03, "offset", Shape::Number),
    member(0x04, "length", Shape::Number),
    member(0x05, "pinUvAuthParam", Shape::Bytes).secret(),
    member(0x06, "pinUvAuthProtocol", Shape::Number),
];

pub(super) const LARGE_BLOBS_ANSWER: &[Member] = &[member(0x01, "config", Shape::Bytes)];

pub(super) const CONFIG: &[Member] = &[
    member(0x01, "subCommand", Shape::Named(words::CONFIG_COMMANDS)),
    member(
        0x02,
        "subCommandParams",
        Shape::Map(&[
            member(0x01, "newMinPINLength", Shape::Number),
            member(0x02, "minPinLengthRPIDs", Shape::List(&Shape::Text)),
            member(0x03, "forceChangePin", Shape::Bool),
            member(0x04, "pinComplexityPolicy", Shape::Bool),
        ]),
    ),
    member(0x03, "pinUvAuthProtocol", Shape::Number),
    member(0x04, "pinUvAuthParam", Shape::Bytes).secret(),
];
