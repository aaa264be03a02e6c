//! The members of CTAP2's requests and answers, as CTAP 2.3 §6 and §12 list them.

use super::shape::{Member, Shape, member, named};
use super::words;

/// A command: what is asked, and what is answered.
pub(super) struct Command {
    pub(super) code: u8,
    pub(super) section: &'static str,
    /// `None` where the command has no parameters.
    pub(super) request: Option<&'static [Member]>,
    /// `None` where the answer is a status alone.
    pub(super) answer: Option<&'static [Member]>,
}

pub(super) const COMMANDS: &[Command] = &[
    command(0x01, "CTAP 2.3 §6.1", Some(MAKE_CREDENTIAL), Some(MADE_CREDENTIAL)),
    command(0x02, "CTAP 2.3 §6.2", Some(GET_ASSERTION), Some(ASSERTION)),
    command(0x04, "CTAP 2.3 §6.4", None, Some(INFO)),
    command(0x06, "CTAP 2.3 §6.5", Some(CLIENT_PIN), Some(CLIENT_PIN_ANSWER)),
    command(0x07, "CTAP 2.3 §6.6", None, None),
    command(0x08, "CTAP 2.3 §6.3", None, Some(ASSERTION)),
    command(0x09, "CTAP 2.3 §6.7", Some(BIO_ENROLLMENT), Some(BIO_ENROLLMENT_ANSWER)),
    command(
        0x0A,
        "CTAP 2.3 §6.8",
        Some(CREDENTIAL_MANAGEMENT),
        Some(CREDENTIAL_MANAGEMENT_ANSWER),
    ),
    command(0x0B, "CTAP 2.3 §6.9", None, None),
    command(0x0C, "CTAP 2.3 §6.10", Some(LARGE_BLOBS), Some(LARGE_BLOBS_ANSWER)),
    command(0x0D, "CTAP 2.3 §6.11", Some(CONFIG), None),
    // The previews of CTAP 2.1, which keys in the field still have.
    command(
        0x40,
        "CTAP 2.1 preview",
        Some(BIO_ENROLLMENT),
        Some(BIO_ENROLLMENT_ANSWER),
    ),
    command(
        0x41,
        "CTAP 2.1 preview",
        Some(CREDENTIAL_MANAGEMENT),
        Some(CREDENTIAL_MANAGEMENT_ANSWER),
    ),
];

const fn command(
    code: u8,
    section: &'static str,
    request: Option<&'static [Member]>,
    answer: Option<&'static [Member]>,
) -> Command {
    Command {
        code,
        section,
        request,
        answer,
    }
}

/// The command of this number.
pub(super) fn by_code(code: u8) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.code == code)
}

/// Its name.
pub(super) fn name(code: u8) -> String {
    let known = brasskey_protocol::ctap2::command::name(code);
    match (known, code) {
        (Some(name), _) => name.to_owned(),
        (None, 0x40) => "authenticatorBioEnrollment (preview)".to_owned(),
        (None, 0x41) => "authenticatorCredentialManagement (preview)".to_owned(),
        (None, 0x42..=0xBF) => format!("a vendor's command 0x{code:02x}"),
        (None, _) => format!("a command that the standard does not have, 0x{code:02x}"),
    }
}

const RP: Shape = Shape::Map(&[
    named("id", Shape::Text),
    named("name", Shape::Text),
    named("icon", Shape::Text),
]);

const USER: Shape = Shape::Map(&[
    // A website makes it when it makes the account.
    named("id", Shape::Bytes).fresh(),
    named("name", Shape::Text),
    named("displayName", Shape::Text),
    named("icon", Shape::Text),
]);

const DESCRIPTOR: Shape = Shape::Map(&[
    named("id", Shape::Bytes),
    named("type", Shape::Text),
    named("transports", Shape::List(&Shape::Words(words::TRANSPORTS))),
]);

const PARAMETERS: Shape = Shape::Map(&[named("alg", ALGORITHM), named("type", Shape::Text)]);

const ALGORITHM: Shape = Shape::Named(words::ALGORITHMS);

const OPTIONS: Shape = Shape::Map(&[
    named("rk", Shape::Bool),
    named("up", Shape::Bool),
    named("uv", Shape::Bool),
]);

const FORMATS: Shape = Shape::List(&Shape::Words(words::ATTESTATION_FORMATS));

const HMAC_SECRET: Shape = Shape::Map(&[
    member(0x01, "keyAgreement", Shape::CoseKey).fresh(),
    member(0x02, "saltEnc", Shape::Bytes).secret(),
    member(0x03, "saltAuth", Shape::Bytes).secret(),
    member(0x04, "pinUvAuthProtocol", Shape::Number),
]);

/// §12: inputs at registration. `hmac-secret` is yes or no here, and a map at sign-in.
const CREATION_EXTENSIONS: Shape = Shape::Map(&[
    named("credBlob", Shape::Bytes).secret(),
    named("credProtect", CRED_PROTECT),
    named("hmac-secret", Shape::Bool),
    named("hmac-secret-mc", HMAC_SECRET),
    named("largeBlob", Shape::Any).secret(),
    named("largeBlobKey", Shape::Bool),
    named("minPinLength", Shape::Bool),
    named("pinComplexityPolicy", Shape::Bool),
    named("thirdPartyPayment", Shape::Bool),
    named("uvm", Shape::Bool),
]);

const REQUEST_EXTENSIONS: Shape = Shape::Map(&[
    named("credBlob", Shape::Bool),
    named("hmac-secret", HMAC_SECRET),
    named("largeBlob", Shape::Any).secret(),
    named("largeBlobKey", Shape::Bool),
    named("thirdPartyPayment", Shape::Bool),
    named("uvm", Shape::Bool),
]);

/// §12: outputs in authenticator data, at registration and at sign-in.
pub(super) const EXTENSION_OUTPUTS: &[Member] = &[
    // Whether it was stored, or what was stored.
    named("credBlob", Shape::Any).secret(),
    named("credProtect", CRED_PROTECT),
    // Whether there is a secret, or the secret, encrypted for the client.
    named("hmac-secret", Shape::Any).secret(),
    named("hmac-secret-mc", Shape::Bytes).secret(),
    named("minPinLength", Shape::Number),
    named("pinComplexityPolicy", Shape::Bool),
    named("thirdPartyPayment", Shape::Bool),
    named("uvm", Shape::Any),
];

const CRED_PROTECT: Shape = Shape::Named(&[
    (1, "userVerificationOptional", ""),
    (2, "userVerificationOptionalWithCredentialIDList", ""),
    (3, "userVerificationRequired", ""),
]);

const MAKE_CREDENTIAL: &[Member] = &[
    member(0x01, "clientDataHash", Shape::Hash).fresh(),
    member(0x02, "rp", RP),
    member(0x03, "user", USER),
    member(0x04, "pubKeyCredParams", Shape::List(&PARAMETERS)),
    member(0x05, "excludeList", Shape::List(&DESCRIPTOR)),
    member(0x06, "extensions", CREATION_EXTENSIONS),
    member(0x07, "options", OPTIONS),
    member(0x08, "pinUvAuthParam", Shape::Bytes).secret(),
    member(0x09, "pinUvAuthProtocol", Shape::Number),
    member(
        0x0A,
        "enterpriseAttestation",
        Shape::Named(&[(1, "vendor-facilitated", ""), (2, "platform-managed", "")]),
    ),
    member(0x0B, "attestationFormatsPreference", FORMATS),
];

const MADE_CREDENTIAL: &[Member] = &[
    member(0x01, "fmt", Shape::Words(words::ATTESTATION_FORMATS)),
    member(0x02, "authData", Shape::AuthenticatorData),
    member(0x03, "attStmt", STATEMENT),
    member(0x04, "epAtt", Shape::Bool),
    member(0x05, "largeBlobKey", Shape::Bytes).secret(),
    member(0x06, "unsignedExtensionOutputs", Shape::Any).secret(),
];

/// WebAuthn Level 3 §8.2 and §8.6.
const STATEMENT: Shape = Shape::Map(&[
    named("alg", ALGORITHM),
    named("sig", Shape::Signature),
    named("x5c", Shape::List(&Shape::Certificate)),
]);

/// WebAuthn Level 3 §6.5.4.
pub(super) const ATTESTATION_OBJECT: &[Member] = &[
    named("fmt", Shape::Words(words::ATTESTATION_FORMATS)),
    named("attStmt", STATEMENT),
    named("authData", Shape::AuthenticatorData),
];

const GET_ASSERTION: &[Member] = &[
    member(0x01, "rpId", Shape::Text),
    member(0x02, "clientDataHash", Shape::Hash).fresh(),
    member(0x03, "allowList", Shape::List(&DESCRIPTOR)),
    member(0x04, "extensions", REQUEST_EXTENSIONS),
    member(0x05, "options", OPTIONS),
    member(0x06, "pinUvAuthParam", Shape::Bytes).secret(),
    member(0x07, "pinUvAuthProtocol", Shape::Number),
];

const ASSERTION: &[Member] = &[
    member(0x01, "credential", DESCRIPTOR),
    member(0x02, "authData", Shape::AuthenticatorData),
    member(0x03, "signature", Shape::Signature),
    member(0x04, "user", USER),
    member(0x05, "numberOfCredentials", Shape::Number),
    member(0x06, "userSelected", Shape::Bool),
    member(0x07, "largeBlobKey", Shape::Bytes).secret(),
    member(0x08, "unsignedExtensionOutputs", Shape::Any).secret(),
    member(0x09, "epAtt", Shape::Bool),
    member(0x0A, "attStmt", STATEMENT),
];

pub(super) const INFO: &[Member] = &[
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

const CLIENT_PIN: &[Member] = &[
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

const CLIENT_PIN_ANSWER: &[Member] = &[
    member(0x01, "keyAgreement", Shape::CoseKey),
    member(0x02, "pinUvAuthToken", Shape::Bytes).secret(),
    member(0x03, "pinRetries", Shape::Number),
    member(0x04, "powerCycleState", Shape::Bool),
    member(0x05, "uvRetries", Shape::Number),
];

const BIO_ENROLLMENT: &[Member] = &[
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

const BIO_ENROLLMENT_ANSWER: &[Member] = &[
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

const CREDENTIAL_MANAGEMENT: &[Member] = &[
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

const CREDENTIAL_MANAGEMENT_ANSWER: &[Member] = &[
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

const LARGE_BLOBS: &[Member] = &[
    member(0x01, "get", Shape::Number),
    member(0x02, "set", Shape::Bytes),
    member(0x03, "offset", Shape::Number),
    member(0x04, "length", Shape::Number),
    member(0x05, "pinUvAuthParam", Shape::Bytes).secret(),
    member(0x06, "pinUvAuthProtocol", Shape::Number),
];

const LARGE_BLOBS_ANSWER: &[Member] = &[member(0x01, "config", Shape::Bytes)];

const CONFIG: &[Member] = &[
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
