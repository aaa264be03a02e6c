//! What can be verified of an input, with what is known beside it.

mod exchanges;
mod u2f;

use ring::digest::{SHA256, digest};

use super::item::{self, Item};
use super::webauthn::Parts;
use super::{Kind, Options, cose};
use crate::client::u2f::Authentication;
use crate::relying_party::{Check, judge_attestation, judge_signature};
use crate::text::escape;

/// The checks that apply.
pub(super) fn checks(kind: Kind, bytes: &[u8], mut parts: Parts, options: &Options) -> Vec<Check> {
    match kind {
        Kind::AttestationObject => parts.attestation_object = Some(bytes.to_vec()),
        Kind::AuthenticatorData => parts.authenticator_data = Some(bytes.to_vec()),
        Kind::CoseKey => return vec![Check::of("public key", cose::verdict(bytes))],
        Kind::Ctap2Answer | Kind::MakeCredentialAnswer | Kind::GetAssertionAnswer => answer(bytes, &mut parts),
        _ => {}
    }
    if parts.client_data.is_none() {
        parts.client_data.clone_from(&options.client_data);
    }
    let mut checks = exchanges::checks(&parts.exchanges, options.public_key.as_deref());
    if kind == Kind::U2fAnswer {
        let known = (parts.client_data.as_deref(), options.rp_id.as_deref());
        checks.extend(u2f::check(
            super::u2f::bare(bytes),
            known.0,
            known.1,
            options.public_key.as_deref(),
        ));
    }
    if let Some(object) = &parts.attestation_object {
        let hash = parts.client_data.as_deref().map(sha256);
        checks.extend(attestation(object, hash.ok_or("it takes the client data")));
        let found = item::read(object, 0).item;
        let data = found
            .as_ref()
            .and_then(|item| item.named("authData"))
            .and_then(Item::as_bytes);
        parts.authenticator_data = data.map(<[u8]>::to_vec);
    }
    if let Some(data) = &parts.authenticator_data {
        checks.extend(rp_id(data, parts.client_data.as_deref(), options.rp_id.as_deref()));
    }
    if let (Some(data), Some(signature)) = (&parts.authenticator_data, &parts.signature) {
        checks.push(assertion(
            data,
            signature,
            parts.client_data.as_deref(),
            options.public_key.as_deref(),
        ));
    }
    checks
}

/// The parts of a CTAP2 answer, as a browser would pass them on.
fn answer(bytes: &[u8], parts: &mut Parts) {
    let Some(([0], members)) = bytes.split_first_chunk() else {
        return;
    };
    let Some(item) = item::read(members, 0).item else {
        return;
    };
    let encoded = |number| {
        let item: Option<&Item<'_>> = item.numbered(number);
        item.and_then(|item| members.get(item.start..item.end))
    };
    let data = item.numbered(2).and_then(Item::as_bytes);
    match (super::ctap2::command_of(members), encoded(1), encoded(2), encoded(3)) {
        (Some(0x01), Some(format), Some(data), Some(statement)) => {
            // §6.5.4 of WebAuthn: the same three in the order of their names.
            let object = [b"\xA3\x63fmt", format, b"\x67attStmt", statement, b"\x68authData", data];
            parts.attestation_object = Some(object.concat());
        }
        (Some(0x02), ..) => {
            parts.authenticator_data = data.map(<[u8]>::to_vec);
            parts.signature = item.numbered(3).and_then(Item::as_bytes).map(<[u8]>::to_vec);
        }
        _ => {}
    }
}

/// By the hash of the client data, or without the signature, and why.
fn attestation(object: &[u8], hash: Result<[u8; 32], &'static str>) -> Vec<Check> {
    match judge_attestation(object, &hash.unwrap_or_default()) {
        Err(why) => vec![Check::failed("attestation", why)],
        Ok((meaning, verdict)) => {
            let signature = match (verdict, hash) {
                (None, _) => Check::skipped("attestation signature", "the format has none"),
                (Some(_), Err(why)) => Check::skipped("attestation signature", why),
                (Some(verdict), Ok(_)) => Check::of("attestation signature", verdict),
            };
            vec![Check::passed("attestation", meaning), signature]
        }
    }
}

fn rp_id(data: &[u8], client_data: Option<&[u8]>, rp_id: Option<&str>) -> Option<Check> {
    const NAME: &str = "RP ID hash";
    let hash = data.get(..32)?;
    let is_of = |id: &str| sha256(id.as_bytes()) == hash;
    if let Some(id) = rp_id {
        return Some(match is_of(id) {
            true => Check::passed(NAME, format!("is the SHA-256 of {}", escape(id))),
            false => Check::failed(NAME, format!("is not the SHA-256 of {}", escape(id))),
        });
    }
    // §5.1.3 of WebAuthn: the RP ID is the origin's domain, or the end of it.
    let Some((_, host)) = client_data.and_then(origin) else {
        return Some(Check::skipped(NAME, "the RP ID is not known"));
    };
    let ends = host
        .match_indices('.')
        .map(|(dot, _)| host.get(dot + 1..).unwrap_or_default());
    let found = std::iter::once(host.as_str()).chain(ends).find(|end| is_of(end));
    Some(match found {
        Some(id) => Check::passed(NAME, format!("is the SHA-256 of {}", escape(id))),
        None => Check::failed(
            NAME,
            format!("is the SHA-256 of no RP ID that {} may use", escape(&host)),
        ),
    })
}

/// The origin in client data, and its domain.
fn origin(client_data: &[u8]) -> Option<(String, String)> {
    let json: serde_json::Value = serde_json::from_slice(client_data).ok()?;
    let origin = json.get("origin")?.as_str()?;
    let host = url::Url::parse(origin).ok()?.host_str()?.to_owned();
    Some((origin.to_owned(), host))
}

fn assertion(data: &[u8], signature: &[u8], client_data: Option<&[u8]>, key: Option<&[u8]>) -> Check {
    const NAME: &str = "signature";
    match (client_data, key) {
        (None, _) => Check::skipped(NAME, "it takes the client data"),
        (_, None) => Check::skipped(NAME, "it takes the credential's public key"),
        (Some(json), Some(key)) => {
            let message = [data, &sha256(json)].concat();
            Check::of(NAME, judge_signature(key, &message, signature))
        }
    }
}

/// What a key signs for a sign-in over U2F (U2F Raw Message Formats §5.4): the parts of authenticator data in their
/// order, and the hash of the client data.
fn signed_in_over_u2f(application: &[u8; 32], said: &Authentication, hash: &[u8; 32]) -> Vec<u8> {
    let counter = said.counter.to_be_bytes();
    [&application[..], &[said.user_presence], &counter, hash].concat()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
