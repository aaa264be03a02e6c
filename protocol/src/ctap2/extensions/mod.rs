//! Extensions (CTAP 2.3 §12): what makeCredential and getAssertion do with each.
//!
//! Inputs are decoded with a request's other parameters, each with its exact error; a request that an extension refuses
//! costs the user no touch. Unknown extensions are ignored. An extension answers only where the request names it, in
//! authenticator data, which the signature covers; largeBlobKey alone answers beside it.

mod get_assertion;
pub(super) mod hmac_secret;
mod make_credential;
pub(super) mod names;
pub(super) mod outputs;

pub(super) use get_assertion::AssertionInputs;
pub(super) use make_credential::RegistrationInputs;
