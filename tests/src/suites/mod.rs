//! What only this key does, or only a key that was prepared for it.

mod attestation;
mod certificates;
mod client_pin;
mod config;
mod credential_management;
mod ctaphid;
mod extensions;
mod get_assertion;
mod get_info;
mod large_blobs;
mod make_credential;
mod make_credential_request;

use brasskey_conformance::suites::Suite;

/// Every suite of them, by the names of the suites that they add to.
pub const OWN: &[Suite] = &[
    ("ctaphid", ctaphid::CHECKS),
    ("get_info", get_info::CHECKS),
    ("make_credential", make_credential::CHECKS),
    ("make_credential_request", make_credential_request::CHECKS),
    ("get_assertion", get_assertion::CHECKS),
    ("config", config::CHECKS),
    ("attestation", attestation::CHECKS),
    ("client_pin", client_pin::CHECKS),
    ("credential_management", credential_management::CHECKS),
    ("large_blobs", large_blobs::CHECKS),
    ("extensions", extensions::CHECKS),
    ("certificates", certificates::CHECKS),
];
