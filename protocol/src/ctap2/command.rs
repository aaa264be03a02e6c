//! Command bytes (CTAP 2.3 §6).
#![cfg_attr(
    feature = "ctap-types",
    doc = "\n\nIn `ctap-types`: [`Operation`](ctap_types::ctap2::Operation)."
)]

/// authenticatorMakeCredential.
pub const MAKE_CREDENTIAL: u8 = 0x01;
/// authenticatorGetAssertion.
pub const GET_ASSERTION: u8 = 0x02;
/// authenticatorGetInfo.
pub const GET_INFO: u8 = 0x04;
/// authenticatorClientPIN.
pub const CLIENT_PIN: u8 = 0x06;
/// authenticatorReset.
pub const RESET: u8 = 0x07;
/// authenticatorGetNextAssertion.
pub const GET_NEXT_ASSERTION: u8 = 0x08;
/// authenticatorBioEnrollment, which this key does not have.
pub const BIO_ENROLLMENT: u8 = 0x09;
/// authenticatorCredentialManagement.
pub const CREDENTIAL_MANAGEMENT: u8 = 0x0a;
/// authenticatorSelection.
pub const SELECTION: u8 = 0x0b;
/// authenticatorLargeBlobs.
pub const LARGE_BLOBS: u8 = 0x0c;
/// authenticatorConfig.
pub const CONFIG: u8 = 0x0d;
/// authenticatorCredentialManagement, where the preview of CTAP 2.1 had it (CTAP 2.3 §6.4, `credentialMgmtPreview`).
pub const CREDENTIAL_MANAGEMENT_PREVIEW: u8 = 0x41;

/// The standard's name for a command, for logs; `None` for one that it does not have.
#[must_use]
pub fn name(command: u8) -> Option<&'static str> {
    Some(match command {
        MAKE_CREDENTIAL => "authenticatorMakeCredential",
        GET_ASSERTION => "authenticatorGetAssertion",
        GET_INFO => "authenticatorGetInfo",
        CLIENT_PIN => "authenticatorClientPIN",
        RESET => "authenticatorReset",
        GET_NEXT_ASSERTION => "authenticatorGetNextAssertion",
        BIO_ENROLLMENT => "authenticatorBioEnrollment",
        CREDENTIAL_MANAGEMENT => "authenticatorCredentialManagement",
        SELECTION => "authenticatorSelection",
        LARGE_BLOBS => "authenticatorLargeBlobs",
        CONFIG => "authenticatorConfig",
        CREDENTIAL_MANAGEMENT_PREVIEW => "authenticatorCredentialManagement (preview)",
        _ => return None,
    })
}
