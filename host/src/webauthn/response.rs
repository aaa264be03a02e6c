//! What a browser answers a website with.

use super::extensions::ExtensionOutputs;
use super::fault::Fault;

/// `AuthenticatorAttestationResponse` (WebAuthn Level 3 §5.2.1) with the credential's `rawId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationResponse {
    /// The credential ID as the client names it.
    pub credential_id: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data_json: Vec<u8>,
    /// The attestation object: CBOR.
    pub attestation_object: Vec<u8>,
    /// How the key was reached, such as `usb`.
    pub transports: Vec<String>,
    /// `clientExtensionResults`.
    pub extensions: ExtensionOutputs,
    /// Where the key's answers depart from the standard. A browser does not pass this on; this client does.
    pub faults: Vec<Fault>,
}

/// `AuthenticatorAssertionResponse` (§5.2.2) with the credential's `rawId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionResponse {
    /// The credential ID as the client names it.
    pub credential_id: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data_json: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// The signature over authenticator data and client data hash.
    pub signature: Vec<u8>,
    /// The user handle, for discoverable credentials.
    pub user_handle: Option<Vec<u8>>,
    /// The `appid` extension's output (§10.1.1): the AppID was used in place of the RP ID.
    pub app_id_used: bool,
    /// The other `clientExtensionResults`.
    pub extensions: ExtensionOutputs,
    /// Where the key's answers depart from the standard. A browser does not pass this on; this client does.
    pub faults: Vec<Fault>,
}
