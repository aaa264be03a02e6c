//! The small extensions: credBlob, largeBlobKey, minPinLength, pinComplexityPolicy, thirdPartyPayment (CTAP 2.3 §12).

use ciborium::Value;

use crate::host::Host;
use crate::host::cbor::{Form, map, reading};
use crate::host::client_pin::configure;
use crate::host::ctap2::{
    GET_NEXT_ASSERTION, Request, extending, get_assertion, get_assertion_by, make_credential, make_discoverable, status,
};
use crate::host::read::Read as _;
use crate::host::response::{Assertion, Made, flags};
use crate::key::Key;

checks! {
    "CTAP 2.3 §12.2":
        a_blob_comes_back needs Rk and CredBlob,
        a_blob_comes_back_silently needs Rk and CredBlob,
        a_credential_without_a_blob_has_an_empty_one needs Rk and CredBlob,
        a_blob_too_long_is_not_kept needs Rk and CredBlob,
        every_account_has_its_blob needs Rk and CredBlob,
        a_blob_is_bytes needs Rk and CredBlob;
    "CTAP 2.3 §12.3":
        a_large_blob_key_is_given_at_creation_and_later needs Rk and LargeBlobKey,
        a_large_blob_key_is_not_given_unasked needs Rk and LargeBlobKey,
        a_large_blob_key_needs_a_discoverable_credential needs LargeBlobKey,
        a_large_blob_key_cannot_be_declined needs Rk and LargeBlobKey;
    "CTAP 2.3 §12.5":
        pin_rules_are_told_to_listed_relying_parties needs Config and SetMinPinLength and MinPinLength
            and PinComplexityPolicy;
    "CTAP 2.3 §12":
        a_payment_credential_says_so needs Rk and ThirdPartyPayment,
        unknown_extensions_are_ignored,
        extensions_of_the_other_command_are_ignored needs CredProtect and MinPinLength and HmacSecretMc
            and PinComplexityPolicy,
        an_empty_map_of_inputs_has_no_outputs,
        several_outputs_are_in_canonical_order needs Rk and Pin and Config and CredProtect
            and SetMinPinLength and CredBlob and LargeBlobKey and MinPinLength and HmacSecret and HmacSecretMc
            and PinComplexityPolicy and ThirdPartyPayment,
        a_power_cycle_changes_nothing needs Rk and CredBlob and LargeBlobKey and ThirdPartyPayment;
}

fn plain() -> Request {
    make_credential("example.com", b"1")
}

fn discoverable() -> Request {
    make_discoverable("example.com", b"1")
}

fn by(made: &Made) -> Request {
    get_assertion_by("example.com", &[&made.id])
}

fn blob(host: &mut Host, request: &Request) -> Option<Value> {
    let assertion = host.assert(&extending(request.clone(), [("credBlob", true.into())]));
    assertion.auth_data.extension("credBlob").cloned()
}

fn a_blob_comes_back(key: &Key) {
    let mut host = key.host();
    for length in [0, 1, 32] {
        let bytes = vec![0xB1_u8; length];
        let made = host.register(&extending(discoverable(), [("credBlob", bytes.clone().into())]));
        same!(made.auth_data.extensions, Some(map([("credBlob", true.into())])));
        for request in [by(&made), get_assertion("example.com")] {
            same!(blob(&mut host, &request), Some(bytes.clone().into()));
        }
        for request in [by(&made), extending(by(&made), [("credBlob", false.into())])] {
            same!(host.assert(&request).auth_data.extensions, None);
        }
    }
}

fn every_account_has_its_blob(key: &Key) {
    let mut host = key.host();
    let with =
        |user: &[u8], blob: &[u8]| extending(make_discoverable("example.com", user), [("credBlob", blob.into())]);
    host.register(&with(b"1", b"one"));
    host.register(&with(b"2", b"two"));
    same!(
        blob(&mut host, &get_assertion("example.com")),
        Some(b"two".to_vec().into())
    );
    let next = Assertion::of(&host.ctap2(GET_NEXT_ASSERTION));
    same!(next.auth_data.extension("credBlob"), Some(&b"one".to_vec().into()));
    // An account that is made anew has that of its new credential.
    host.make(&make_discoverable("example.com", b"2"));
    same!(
        blob(&mut host, &get_assertion("example.com")),
        Some(Value::Bytes(Vec::new()))
    );
}

fn a_blob_comes_back_silently(key: &Key) {
    let mut host = key.host();
    let made = host.register(&extending(discoverable(), [("credBlob", b"note".to_vec().into())]));
    let request = extending(by(&made), [("credBlob", true.into())]);
    let assertion = host.assert_silently(&request);
    assertion.verify(&made.public_key, "example.com", flags::ED);
    same!(
        assertion.auth_data.extension("credBlob"),
        Some(&b"note".to_vec().into())
    );
}

fn a_credential_without_a_blob_has_an_empty_one(key: &Key) {
    let mut host = key.host();
    let made = [host.make(&plain()), host.make(&discoverable())];
    for made in made {
        same!(blob(&mut host, &by(&made)), Some(Value::Bytes(Vec::new())));
    }
}

fn a_blob_too_long_is_not_kept(key: &Key) {
    let mut host = key.host();
    let maximum: usize = host.info()[&0x0F].number();
    let request = extending(discoverable(), [("credBlob", vec![7; maximum + 1].into())]);
    let made = host.register(&request);
    same!(made.auth_data.extensions, Some(map([("credBlob", false.into())])));
    same!(blob(&mut host, &by(&made)), Some(Value::Bytes(Vec::new())));
}

fn a_blob_is_bytes(key: &Key) {
    let mut host = key.host();
    for wrong in ["blob".into(), true.into()] {
        host.denied(
            extending(discoverable(), [("credBlob", wrong)]),
            status::CBOR_UNEXPECTED_TYPE,
        );
    }
    let made = host.make(&discoverable());
    host.denied(
        extending(by(&made), [("credBlob", 1.into())]),
        status::CBOR_UNEXPECTED_TYPE,
    );
}

fn large_blob_key(request: Request) -> Request {
    extending(request, [("largeBlobKey", true.into())])
}

fn a_large_blob_key_is_given_at_creation_and_later(key: &Key) {
    let mut host = key.host();
    let mut keys = Vec::new();
    for user in [b"1", b"1", b"2"] {
        let made = host.register(&large_blob_key(make_discoverable("example.com", user)));
        same!(made.auth_data.extensions, None, "nothing for the relying party");
        let secret = made.large_blob_key.clone().expect("a key");
        same!(secret.len(), 32);
        same!(
            host.assert(&large_blob_key(by(&made))).large_blob_key,
            Some(secret.clone())
        );
        let silent = host.assert_silently(&large_blob_key(by(&made)));
        same!(silent.large_blob_key, Some(secret.clone()));
        assert!(!keys.contains(&secret));
        keys.push(secret);
    }
    // The first was that of the same account, which was made anew.
    keys.remove(0);
    let first = host.assert(&large_blob_key(get_assertion("example.com")));
    let next = Assertion::of(&host.ctap2(GET_NEXT_ASSERTION));
    same!(
        [next, first].map(|assertion| assertion.large_blob_key.expect("a key")),
        keys[..]
    );
}

fn a_large_blob_key_is_not_given_unasked(key: &Key) {
    let mut host = key.host();
    let with = host.register(&large_blob_key(discoverable()));
    same!(host.assert(&by(&with)).large_blob_key, None);
    let without = host.make(&make_discoverable("example.com", b"2"));
    same!(host.assert(&large_blob_key(by(&without))).large_blob_key, None);
}

fn a_large_blob_key_needs_a_discoverable_credential(key: &Key) {
    let mut host = key.host();
    // §6.1.2 has the touch before the extensions.
    host.denied_in_the_end(&large_blob_key(plain()), status::INVALID_OPTION);
}

fn a_large_blob_key_cannot_be_declined(key: &Key) {
    let mut host = key.host();
    let made = host.register(&large_blob_key(discoverable()));
    for request in [discoverable(), by(&made)] {
        let with = |value: Value| extending(request.clone(), [("largeBlobKey", value)]);
        host.denied_in_the_end(&with(false.into()), status::INVALID_OPTION);
        host.denied(with("yes".into()), status::CBOR_UNEXPECTED_TYPE);
    }
}

fn pin_rules_are_told_to_listed_relying_parties(key: &Key) {
    let mut host = key.host();
    let inputs = || [("minPinLength", true.into()), ("pinComplexityPolicy", true.into())];
    same!(host.make(&extending(plain(), inputs())).auth_data.extensions, None);
    let shortest = host.shortest_pin() as u64;
    let listed = Value::Map(vec![
        (1.into(), (shortest + 3).into()),
        (2.into(), Value::Array(vec!["example.com".into()])),
    ]);
    status::is(host.ctap2(configure(0x03, Some(listed))).status, status::OK);
    let outputs = map([
        ("minPinLength", (shortest + 3).into()),
        ("pinComplexityPolicy", false.into()),
    ]);
    let made = host.register(&extending(plain(), inputs()));
    same!(made.auth_data.extensions, Some(outputs));
    let other = make_credential("example.org", b"1");
    same!(host.make(&extending(other, inputs())).auth_data.extensions, None);
    let declined = [("minPinLength", false.into()), ("pinComplexityPolicy", false.into())];
    same!(host.make(&extending(plain(), declined)).auth_data.extensions, None);
    for name in ["minPinLength", "pinComplexityPolicy"] {
        host.denied(extending(plain(), [(name, 1.into())]), status::CBOR_UNEXPECTED_TYPE);
    }
    let stricter = Value::Map(vec![(1.into(), (shortest + 5).into()), (4.into(), true.into())]);
    status::is(host.ctap2(configure(0x03, Some(stricter))).status, status::OK);
    let outputs = map([
        ("minPinLength", (shortest + 5).into()),
        ("pinComplexityPolicy", true.into()),
    ]);
    same!(
        host.register(&extending(plain(), inputs())).auth_data.extensions,
        Some(outputs)
    );
}

fn a_payment_credential_says_so(key: &Key) {
    let mut host = key.host();
    let asking = |request: Request| extending(request, [("thirdPartyPayment", true.into())]);
    let declining = |request: Request| extending(request, [("thirdPartyPayment", false.into())]);
    for request in [plain(), discoverable()] {
        for (request, payment) in [
            (asking(request.clone()), true),
            (declining(request.clone()), false),
            (request.clone(), false),
        ] {
            let made = host.make(&request);
            let assertion = host.assert(&asking(by(&made)));
            let output = map([("thirdPartyPayment", payment.into())]);
            same!(assertion.auth_data.extensions, Some(output));
            for request in [by(&made), declining(by(&made))] {
                same!(host.assert(&request).auth_data.extensions, None);
            }
        }
        let wrong = extending(request, [("thirdPartyPayment", "yes".into())]);
        host.denied(wrong, status::CBOR_UNEXPECTED_TYPE);
    }
}

fn unknown_extensions_are_ignored(key: &Key) {
    let mut host = key.host();
    for input in [1.into(), map([]), Value::Null] {
        let inputs = || [("foo", input.clone()), ("uvm", true.into())];
        let made = host.make(&extending(plain(), inputs()));
        let assertion = host.assert(&extending(by(&made), inputs()));
        same!(assertion.auth_data.extensions, None);
    }
}

fn extensions_of_the_other_command_are_ignored(key: &Key) {
    let mut host = key.host();
    let made = host.make(&plain());
    for name in ["credProtect", "minPinLength", "hmac-secret-mc", "pinComplexityPolicy"] {
        let assertion = host.assert(&extending(by(&made), [(name, "x".into())]));
        assertion.verify(&made.public_key, "example.com", flags::UP);
    }
}

fn an_empty_map_of_inputs_has_no_outputs(key: &Key) {
    let mut host = key.host();
    let made = host.make(&extending(plain(), []));
    let assertion = host.assert(&extending(by(&made), []));
    assertion.verify(&made.public_key, "example.com", flags::UP);
}

fn several_outputs_are_in_canonical_order(key: &Key) {
    let mut host = key.host();
    let listed = Value::Map(vec![(2.into(), Value::Array(vec!["example.com".into()]))]);
    status::is(host.ctap2(configure(0x03, Some(listed))).status, status::OK);
    let agreement = host.agree_by_best();
    // The order itself is what a strict reader checks.
    let request = extending(
        discoverable(),
        [
            ("credBlob", b"note".to_vec().into()),
            ("credProtect", 2.into()),
            ("hmac-secret", true.into()),
            ("largeBlobKey", true.into()),
            ("minPinLength", true.into()),
            ("hmac-secret-mc", agreement.salts(&[1; 64])),
            ("thirdPartyPayment", true.into()),
            ("pinComplexityPolicy", true.into()),
        ],
    );
    let made = reading(Form::Strict, || host.register(&request));
    let outputs = made.auth_data.extensions.as_ref().and_then(Value::as_map);
    let names = outputs.expect("outputs").iter().map(|(name, _)| name.as_text());
    assert!(
        names.flatten().eq([
            "credBlob",
            "credProtect",
            "hmac-secret",
            "minPinLength",
            "hmac-secret-mc",
            "pinComplexityPolicy"
        ]),
        "{outputs:?}"
    );
    let request = extending(
        by(&made),
        [("credBlob", true.into()), ("thirdPartyPayment", true.into())],
    );
    let outputs = map([
        ("credBlob", b"note".to_vec().into()),
        ("thirdPartyPayment", true.into()),
    ]);
    same!(host.assert(&request).auth_data.extensions, Some(outputs));
}

fn a_power_cycle_changes_nothing(key: &Key) {
    let mut host = key.host();
    let request = extending(
        discoverable(),
        [
            ("credBlob", b"note".to_vec().into()),
            ("largeBlobKey", true.into()),
            ("thirdPartyPayment", true.into()),
        ],
    );
    let made = host.register(&request);
    let asking = extending(
        by(&made),
        [
            ("credBlob", true.into()),
            ("largeBlobKey", true.into()),
            ("thirdPartyPayment", true.into()),
        ],
    );
    let before = host.assert(&asking);
    key.power_cycle();
    let after = key.host().assert(&asking);
    same!(before.large_blob_key, made.large_blob_key);
    same!(after.large_blob_key, made.large_blob_key);
    same!(after.auth_data.extensions, before.auth_data.extensions);
}
