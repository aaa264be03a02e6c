//! The flags of `register` and `authenticate` for extensions, and how the outputs are shown.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::layout::hex;
use crate::webauthn::{
    CreationExtensions, CredProtect, CredentialProtection, ExtensionOutputs, LargeBlobRequest, PrfValues,
    RequestExtensions, Requirement,
};

/// Extensions of a registration.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Extensions")]
pub(super) struct CreationArgs {
    /// Make a credential that can compute secrets (hmac-secret); with a text, also compute its secret now, if the key
    /// can
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "", conflicts_with = "u2f")]
    prf: Option<String>,

    /// Protect the credential: 1 not at all, 2 show it only to those who know its ID or give the PIN, 3 never use it
    /// without the PIN
    #[arg(long, value_name = "LEVEL", conflicts_with = "u2f", value_parser = clap::value_parser!(u8).range(1..=3))]
    cred_protect: Option<u8>,

    /// Make a credential that can have a large blob; needs --resident
    #[arg(long, conflicts_with = "u2f", requires = "resident")]
    large_blob: bool,

    /// Ask for the key's minimum PIN length, which it tells only to chosen websites
    #[arg(long, conflicts_with = "u2f")]
    min_pin_length: bool,
}

/// Extensions of a sign-in.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Extensions")]
pub(super) struct RequestArgs {
    /// Compute the secret for this text (hmac-secret), and show it
    #[arg(long, value_name = "TEXT", conflicts_with = "u2f")]
    prf: Option<String>,

    /// Compute a second secret, for this text
    #[arg(long, value_name = "TEXT", requires = "prf")]
    prf_second: Option<String>,

    /// Read the credential's large blob
    #[arg(long, conflicts_with_all = ["u2f", "write_large_blob"])]
    large_blob: bool,

    /// Write this file as the credential's large blob
    #[arg(long, value_name = "FILE", conflicts_with = "u2f")]
    write_large_blob: Option<PathBuf>,
}

impl CreationArgs {
    /// Whether the credential is of no use without user verification.
    pub(super) fn needs_verification(&self) -> bool {
        self.cred_protect == Some(3)
    }

    pub(super) fn extensions(&self) -> CreationExtensions {
        let policy = self.cred_protect.map(|level| match level {
            1 => CredentialProtection::UserVerificationOptional,
            2 => CredentialProtection::UserVerificationOptionalWithCredentialIdList,
            _ => CredentialProtection::UserVerificationRequired,
        });
        CreationExtensions {
            // Someone who gives the flag wants no credential without the protection.
            cred_protect: policy.map(|policy| CredProtect { policy, enforce: true }),
            prf: self
                .prf
                .as_ref()
                .map(|text| (!text.is_empty()).then(|| values(text, None))),
            large_blob: self.large_blob.then_some(Requirement::Required),
            min_pin_length: self.min_pin_length,
            cred_props: false,
        }
    }
}

impl RequestArgs {
    pub(super) fn extensions(&self) -> Result<RequestExtensions, Failure> {
        let large_blob = match &self.write_large_blob {
            Some(path) => Some(LargeBlobRequest::Write(fs::read(path).map_err(|source| {
                Failure::System {
                    what: format!("cannot read {}", path.display()),
                    source,
                }
            })?)),
            None => self.large_blob.then_some(LargeBlobRequest::Read),
        };
        Ok(RequestExtensions {
            prf: self.prf.as_ref().map(|first| values(first, self.prf_second.as_ref())),
            large_blob,
            ..RequestExtensions::default()
        })
    }

    /// Whether a large blob is written, which is for exactly one credential.
    pub(super) fn writes(&self) -> bool {
        self.write_large_blob.is_some()
    }
}

fn values(first: &str, second: Option<&String>) -> PrfValues {
    PrfValues {
        first: first.as_bytes().to_vec(),
        second: second.map(|text| text.as_bytes().to_vec()),
    }
}

/// The outputs as names and values. A user who asks for a secret sees it.
pub(super) fn rows(outputs: &ExtensionOutputs) -> Vec<(&'static str, String)> {
    let results = outputs.prf.as_ref().and_then(|prf| prf.results.as_ref());
    let secret = |result: &crate::webauthn::PrfResult| hex(result.0.as_ref());
    let blob = outputs.large_blob.as_ref().and_then(|blob| blob.blob.as_ref());
    let lines = [
        ("secret", results.map(|(first, _)| secret(first))),
        (
            "second secret",
            results.and_then(|(_, second)| second.as_ref().map(secret)),
        ),
        ("large blob", blob.map(|blob| hex(blob))),
    ];
    lines
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// As JSON: the names of WebAuthn's `clientExtensionResults`, bytes in hexadecimal.
pub(super) fn value(outputs: &ExtensionOutputs) -> Value {
    let mut value = json!({});
    if let Some(prf) = &outputs.prf {
        value["prf"] = json!({
            "enabled": prf.enabled,
            "first": prf.results.as_ref().map(|(first, _)| hex(first.0.as_ref())),
            "second": prf.results.as_ref().and_then(|(_, second)| Some(hex(second.as_ref()?.0.as_ref()))),
        });
    }
    if let Some(blob) = &outputs.large_blob {
        value["largeBlob"] = json!({
            "supported": blob.supported,
            "blob": blob.blob.as_ref().map(|blob| hex(blob)),
            "written": blob.written,
        });
    }
    value
}
