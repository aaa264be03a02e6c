//! What this key makes of extensions where the standard leaves it open.

use brasskey_conformance::host::cbor::map;
use brasskey_conformance::host::client_pin::Protocol;
use brasskey_conformance::host::ctap2::{extending, get_assertion_by, make_credential, mc, status};
use brasskey_conformance::host::read::Read as _;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};
use ciborium::Value;

checks! {
    "CTAP 2.3 §6.4":
        get_info_lists_every_extension;
    "CTAP 2.3 §12":
        names_that_are_no_text_are_ignored;
    "CTAP 2.3 §12.2":
        a_credential_that_is_not_discoverable_keeps_no_blob;
    "CTAP 2.3 §12.7":
        every_credential_has_secrets,
        wrong_salts_are_refused_before_the_touch;
}

fn get_info_lists_every_extension(key: &Key) {
    let info = key.host().info();
    let names: Vec<_> = info[&0x02].items().iter().map(|name| name.text()).collect();
    for name in [
        "credBlob",
        "credProtect",
        "hmac-secret",
        "hmac-secret-mc",
        "largeBlobKey",
        "minPinLength",
        "pinComplexityPolicy",
        "thirdPartyPayment",
    ] {
        same!(names.iter().filter(|listed| **listed == name).count(), 1, "{name}");
    }
    same!(names.len(), 8, "{names:?}");
    assert!(info[&0x0F].number::<u64>() >= 32, "maxCredBlobLength");
}

fn names_that_are_no_text_are_ignored(key: &Key) {
    let inputs = Value::Map(vec![(1.into(), true.into()), ("credProtect".into(), 2.into())]);
    let made = key
        .host()
        .register(&make_credential("example.com", b"1").with(mc::EXTENSIONS, inputs));
    same!(made.auth_data.extensions, Some(map([("credProtect", 2.into())])));
}

fn a_credential_that_is_not_discoverable_keeps_no_blob(key: &Key) {
    let mut host = key.host();
    let request = extending(make_credential("example.com", b"1"), [("credBlob", vec![7_u8].into())]);
    let made = host.register(&request);
    same!(made.auth_data.extensions, Some(map([("credBlob", false.into())])));
    let request = extending(
        get_assertion_by("example.com", &[&made.id]),
        [("credBlob", true.into())],
    );
    let blob = host.assert(&request).auth_data.extension("credBlob").cloned();
    same!(blob, Some(Value::Bytes(Vec::new())));
}

fn every_credential_has_secrets(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let agreement = host.agree(Protocol::Two);
    let input = agreement.salts(&[1; 32]);
    let request = extending(get_assertion_by("example.com", &[&made.id]), [("hmac-secret", input)]);
    let assertion = host.assert(&request);
    let output = assertion.auth_data.extension("hmac-secret").expect("an output");
    same!(agreement.decrypt(output.bytes()).len(), 32);
}

fn wrong_salts_are_refused_before_the_touch(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let agreement = host.agree(Protocol::Two);
    for request in [
        get_assertion_by("example.com", &[&made.id]),
        make_credential("example.com", b"1"),
    ] {
        let input = agreement.salts(&[1; 16]);
        let request = match request.command {
            0x01 => extending(request, [("hmac-secret", true.into()), ("hmac-secret-mc", input)]),
            _ => extending(request, [("hmac-secret", input)]),
        };
        host.denied(request, status::INVALID_PARAMETER);
    }
}
