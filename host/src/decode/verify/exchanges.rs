//! What can be verified where requests stand beside their answers: each has the hash of its client data, and names what
//! it is for.

use std::collections::HashMap;

use brasskey_protocol::ctaphid::command;
use brasskey_protocol::u2f::instruction;

use super::{attestation, sha256, signed_in_over_u2f};
use crate::client::u2f::{Authentication, Registration};
use crate::decode::item::{self, Item, Kind};
use crate::decode::u2f::{Apdu, bare};
use crate::decode::webauthn::{Exchange, Parts};
use crate::relying_party::{Check, judge_signature};
use crate::text::escape;
use crate::webauthn::authenticator_data::AuthenticatorData;
use crate::webauthn::{AttestationConveyancePreference, AttestationResponse};

/// Public keys in COSE, by the credentials' IDs.
type Keys = HashMap<Vec<u8>, Vec<u8>>;

/// Why a signature is not verified.
const LEFT_OUT: &str = "the recording leaves out a part of what was signed";

/// The checks of these, in their order. `public_key` is that of credentials that were not made in one of them.
pub(super) fn checks(exchanges: &[Exchange], public_key: Option<&[u8]>) -> Vec<Check> {
    let (mut keys, mut checks) = (Keys::new(), Vec::new());
    for (exchange, number) in exchanges.iter().zip(1..) {
        let found = match exchange.command {
            command::CBOR => ctap2(exchange, number, public_key, &mut keys),
            _ => u2f(exchange, number, public_key, &mut keys),
        };
        checks.extend(found.unwrap_or_else(|| unread(exchange, number)));
    }
    checks
}

/// What takes a part of the messages that is not there.
fn unread(exchange: &Exchange, number: u32) -> Vec<Check> {
    let code = match exchange.command {
        command::CBOR => exchange.request.first(),
        _ => exchange.request.get(1),
    };
    // authenticatorMakeCredential and U2F_REGISTER.
    let what = if code == Some(&1) { "registration" } else { "sign-in" };
    labelled(
        what,
        number,
        vec![Check::skipped("signature", "not all of it can be read")],
    )
}

/// Says of which exchange a check is.
fn labelled(what: &str, number: u32, checks: Vec<Check>) -> Vec<Check> {
    let label = |check: Check| Check {
        detail: format!("{what} {number}: {}", check.detail),
        ..check
    };
    checks.into_iter().map(label).collect()
}

fn text<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    match &item.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// The ID in a descriptor.
fn id<'a>(descriptor: &'a Item<'_>) -> Option<&'a [u8]> {
    descriptor.named("id").and_then(Item::as_bytes)
}

fn ctap2(exchange: &Exchange, number: u32, public_key: Option<&[u8]>, keys: &mut Keys) -> Option<Vec<Check>> {
    let (code, request) = exchange.request.split_first()?;
    let (_, answer) = exchange.answer.split_first()?;
    let (asked, answered) = (item::read(request, 0).item?, item::read(answer, 0).item?);
    let mut parts = Parts::default();
    super::answer(&exchange.answer, &mut parts);
    // The status byte comes before the members.
    let signed = answered.numbered(2).map(|data| data.start + 1..data.end + 1);
    let is_left_out = signed
        .and_then(|place| exchange.hidden.get(place))
        .is_some_and(|hidden| hidden.contains(&true));
    if let (0x01, Some(object)) = (code, &parts.attestation_object) {
        let hash = asked.numbered(1)?.as_bytes()?.try_into().ok()?;
        let hash = if is_left_out { Err(LEFT_OUT) } else { Ok(hash) };
        let mut checks = attestation(object, hash);
        let data = answered.numbered(2)?.as_bytes()?;
        checks.push(rp_id(data, text(asked.numbered(2)?.named("id")?)?));
        learn(data, keys);
        return Some(labelled("registration", number, checks));
    }
    let (data, signature) = (parts.authenticator_data?, parts.signature?);
    let hash = asked.numbered(2)?.as_bytes()?;
    // §6.2.2: the answer may leave the credential out where only one was named.
    let named = asked.numbered(3).and_then(|list| match &list.kind {
        Kind::Array(list) => list.first(),
        _ => None,
    });
    let id = answered.numbered(1).or(named).and_then(id)?;
    let message = [&data[..], hash].concat();
    let key = keys.get(id).map(Vec::as_slice).or(public_key);
    let checks = vec![
        match is_left_out {
            true => Check::skipped("signature", LEFT_OUT),
            false => signature_of(key, &message, &signature),
        },
        rp_id(&data, text(asked.numbered(1)?)?),
    ];
    Some(labelled("sign-in", number, checks))
}

fn u2f(exchange: &Exchange, number: u32, public_key: Option<&[u8]>, keys: &mut Keys) -> Option<Vec<Check>> {
    let apdu = Apdu::parse(&exchange.request)?;
    let (challenge, rest) = apdu.data.split_first_chunk::<32>()?;
    let (application, handle) = rest.split_first_chunk::<32>()?;
    let answer = bare(&exchange.answer);
    if apdu.instruction == instruction::REGISTER {
        let registration = Registration::parse(answer).ok()?;
        let direct = AttestationConveyancePreference::Direct;
        let (json, transports) = (Vec::new(), Vec::new());
        let response = AttestationResponse::from_u2f(json, application, &registration, direct, transports).ok()?;
        let checks = attestation(&response.attestation_object, Ok(*challenge));
        let object = item::read(&response.attestation_object, 0).item;
        learn(object?.named("authData")?.as_bytes()?, keys);
        return Some(labelled("registration", number, checks));
    }
    let authentication = Authentication::parse(answer).ok()?;
    let message = signed_in_over_u2f(application, &authentication, challenge);
    let (_, handle) = handle.split_first()?;
    let key = keys.get(handle).map(Vec::as_slice).or(public_key);
    let check = signature_of(key, &message, &authentication.signature);
    Some(labelled("sign-in", number, vec![check]))
}

fn signature_of(key: Option<&[u8]>, message: &[u8], signature: &[u8]) -> Check {
    const NAME: &str = "signature";
    match key {
        Some(key) => Check::of(NAME, judge_signature(key, message, signature)),
        None => Check::skipped(NAME, "it takes the credential's public key"),
    }
}

fn rp_id(data: &[u8], rp_id: &str) -> Check {
    let verdict = match data.get(..32) == Some(&sha256(rp_id.as_bytes())) {
        true => Ok(format!("is the SHA-256 of {}", escape(rp_id))),
        false => Err(format!("is not the SHA-256 of {}", escape(rp_id))),
    };
    Check::of("RP ID hash", verdict)
}

/// Remembers the public key of the credential that was made.
fn learn(data: &[u8], keys: &mut Keys) {
    let made = AuthenticatorData::parse(data).ok().and_then(|data| data.attested);
    keys.extend(made.map(|made| (made.id.to_vec(), made.public_key.to_vec())));
}

#[cfg(test)]
mod tests {
    use crate::decode::{Kind as Pasted, Options, decode};
    use crate::relying_party::Outcome;

    /// What Linux's usbmon saw of `brasskey register` with a soft token by USB/IP.
    const CAPTURE: &[u8] = include_bytes!("usbmon.pcap");

    fn outcomes(input: &[u8]) -> Vec<(&'static str, Outcome)> {
        let decoded = decode(input, &Options::default()).unwrap();
        assert_eq!((decoded.kind, &decoded.faults[..]), (Pasted::Capture, &[][..]));
        decoded.checks.iter().map(|check| (check.name, check.outcome)).collect()
    }

    #[test]
    fn a_registration_in_a_capture_is_verified_by_its_own_request() {
        let expected = ["attestation", "attestation signature", "RP ID hash"].map(|name| (name, Outcome::Passed));
        assert_eq!(outcomes(CAPTURE), expected);
        let mut forged = CAPTURE.to_vec();
        let at = forged.windows(11).position(|word| word == b"example.com").unwrap();
        forged[at] = b'E';
        assert_eq!(outcomes(&forged)[2], ("RP ID hash", Outcome::Failed));
    }
}
