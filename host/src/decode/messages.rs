//! The members of CTAP2's requests and answers, as CTAP 2.3 §6 and §12 list them.

mod info;
mod management;

use super::shape::{Member, Shape, member, named};
use super::words;
pub(super) use info::INFO;
use management::{
    BIO_ENROLLMENT, BIO_ENROLLMENT_ANSWER, CLIENT_PIN, CLIENT_PIN_ANSWER, CONFIG, CREDENTIAL_MANAGEMENT,
    CREDENTIAL_MANAGEMENT_ANSWER, LARGE_BLOBS, LARGE_BLOBS_ANSWER,
};

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
