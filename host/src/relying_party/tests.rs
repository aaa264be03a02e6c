//! Verification against a small key made of other crypto crates, and against everything that can be wrong.

mod authentication;
mod key;
mod refusals;
mod registration;

pub(super) use key::Key;

use super::*;
use crate::webauthn::{
    AttestationConveyancePreference, Challenge, CreationOptions, CredentialDescriptor, Origin, RequestOptions,
    Requirement,
};

const ORIGIN: &str = "https://login.example.com";
const USER: &[u8] = b"handle";

fn creation_options() -> CreationOptions {
    CreationOptions {
        rp: crate::webauthn::RelyingPartyEntity {
            id: "example.com".to_owned(),
            name: Some("Example".to_owned()),
        },
        user: crate::webauthn::UserEntity {
            id: USER.to_vec(),
            name: Some("alice".to_owned()),
            display_name: Some("Alice".to_owned()),
        },
        challenge: Challenge::issue().unwrap(),
        algorithms: vec![-7, -8],
        exclude: vec![],
        attestation: AttestationConveyancePreference::Direct,
        user_verification: Requirement::Preferred,
        attachment: None,
        resident_key: Requirement::Discouraged,
        app_id_exclude: None,
        legacy_app_id: None,
        extensions: Default::default(),
        timeout: Challenge::LIFETIME,
    }
}

fn request_options(allow: &[&[u8]]) -> RequestOptions {
    RequestOptions {
        rp_id: "example.com".to_owned(),
        challenge: Challenge::issue().unwrap(),
        allow: allow.iter().map(|id| CredentialDescriptor::new(id.to_vec())).collect(),
        user_verification: Requirement::Preferred,
        app_id: None,
        extensions: Default::default(),
        timeout: Challenge::LIFETIME,
    }
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).unwrap()
}

/// The names of the checks that failed.
fn failures(report: &Report) -> Vec<&'static str> {
    report.failures().map(|check| check.name).collect()
}

fn same_challenge(challenge: &Challenge) -> Challenge {
    Challenge::issued_at(challenge.bytes(), challenge.issued())
}
