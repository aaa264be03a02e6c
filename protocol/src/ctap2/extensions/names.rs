//! The names of the extensions that this key has.

/// A few bytes that a relying party leaves with a discoverable credential (CTAP 2.3 §12.2).
pub(super) const CRED_BLOB: &str = "credBlob";
/// To whom a credential shows itself (§12.1). The level is sealed in the credential ID; getAssertion and the exclude
/// list heed it.
pub(super) const CRED_PROTECT: &str = "credProtect";
/// A secret of the credential, salted by the platform and given to it encrypted (§12).
pub(super) const HMAC_SECRET: &str = "hmac-secret";
/// The same, answered when the credential is made: it saves the user a second touch (§12).
pub(super) const HMAC_SECRET_MC: &str = "hmac-secret-mc";
/// A key under which the platform encrypts a large blob (§12.3). It is derived like the credential's own key, and given
/// in the response beside authenticator data.
pub(super) const LARGE_BLOB_KEY: &str = "largeBlobKey";
/// Tells the relying parties that may know it how short a PIN can be (§12.5).
pub(super) const MIN_PIN_LENGTH: &str = "minPinLength";
/// Tells the same relying parties whether the key refuses simple PINs (§12).
pub(super) const PIN_COMPLEXITY_POLICY: &str = "pinComplexityPolicy";
/// Whether a credential may sign payments that other relying parties ask for (§12). The credential ID says so, sealed;
/// the answer of makeCredential does not.
pub(super) const THIRD_PARTY_PAYMENT: &str = "thirdPartyPayment";

/// `extensions` in getInfo.
pub(in crate::ctap2) const OFFERED: [&str; 8] = [
    CRED_BLOB,
    CRED_PROTECT,
    HMAC_SECRET,
    LARGE_BLOB_KEY,
    MIN_PIN_LENGTH,
    HMAC_SECRET_MC,
    THIRD_PARTY_PAYMENT,
    PIN_COMPLEXITY_POLICY,
];
