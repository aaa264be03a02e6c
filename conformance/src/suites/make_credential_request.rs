//! What authenticatorMakeCredential refuses, and what it ignores (CTAP 2.3 §6.1.1, §6.1.2). No refusal asks for a
//! touch.

use ciborium::Value;

use crate::host::cbor::{array, map};
use crate::host::ctap2::{
    Request, algorithm, descriptor, get_assertion, make_credential, make_discoverable, mc, parameters, status,
};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.1.1":
        the_plain_request_is_accepted,
        missing_parameters_are_named_so,
        wrong_types_are_named_so,
        the_relying_party_needs_an_id_of_text,
        the_user_needs_an_id_of_bytes,
        parameters_need_both_members,
        the_client_data_hash_has_32_bytes [Should],
        the_user_id_has_1_to_64_bytes needs Rk,
        long_names_are_accepted needs Rk,
        descriptors_need_both_members,
        an_exclude_list_is_as_long_as_get_info_says,
        format_preferences_are_texts needs NoneFormat,
        a_pin_protocol_alone_means_nothing;
    "CTAP 2.3 §6.1.2 step 3":
        no_supported_algorithm_is_refused,
        the_first_supported_algorithm_is_chosen needs EdDsa,
        an_entry_behind_the_chosen_one_is_checked_too needs EdDsa;
    "CTAP 2.3 §6.1.2 steps 2 to 9":
        the_earliest_mistake_is_named [Should];
    "CTAP 2.3 §6.1.2 step 5":
        unknown_options_are_ignored,
        options_are_boolean,
        user_presence_cannot_be_switched_off,
        the_rk_option_does_what_get_info_says,
        built_in_user_verification_is_not_there needs NoBuiltInUv;
    "CTAP 2.3 §6.1.2 step 9":
        enterprise_attestation_is_not_there needs NoEnterprise;
}

fn plain() -> Request {
    make_credential("example.com", b"1")
}

fn the_plain_request_is_accepted(key: &Key) {
    key.host().make(&plain());
}

fn missing_parameters_are_named_so(key: &Key) {
    let mut host = key.host();
    for member in [mc::CLIENT_DATA_HASH, mc::RP, mc::USER, mc::PUB_KEY_CRED_PARAMS] {
        host.denied(plain().without(member), status::MISSING_PARAMETER);
    }
}

fn wrong_types_are_named_so(key: &Key) {
    let mut host = key.host();
    for (member, name) in (0x01..).zip([
        "clientDataHash",
        "rp",
        "user",
        "pubKeyCredParams",
        "excludeList",
        "extensions",
        "options",
        "pinUvAuthParam",
    ]) {
        for wrong in [Value::from(1), "text".into(), true.into()] {
            host.denied_as(name, plain().with(member, wrong), status::CBOR_UNEXPECTED_TYPE);
        }
    }
    for (members, wrong) in [
        ([mc::PUB_KEY_CRED_PARAMS, mc::EXCLUDE_LIST].as_slice(), map([])),
        (&[mc::RP, mc::USER, mc::EXTENSIONS, mc::OPTIONS], array([])),
        (&[mc::PIN_UV_AUTH_PROTOCOL], "2".into()),
    ] {
        for member in members {
            host.denied(plain().with(*member, wrong.clone()), status::CBOR_UNEXPECTED_TYPE);
        }
    }
}

fn the_relying_party_needs_an_id_of_text(key: &Key) {
    let mut host = key.host();
    let with_rp = |rp: Value| plain().with(mc::RP, rp);
    host.denied(with_rp(map([("name", "x".into())])), status::MISSING_PARAMETER);
    host.denied(with_rp(map([("id", vec![1_u8].into())])), status::CBOR_UNEXPECTED_TYPE);
    host.denied(
        with_rp(map([("id", "example.com".into()), ("name", 1.into())])),
        status::CBOR_UNEXPECTED_TYPE,
    );
    // A member that is not used any more.
    let icon = |icon: Value| with_rp(map([("id", "example.com".into()), ("icon", icon)]));
    host.make(&icon("https://example.com/icon.png".into()));
    if host.touched_if_asked(icon(1.into())).status != status::OK {
        key.note("expected that rp.icon is not looked at, the key refuses one that is no text");
    }
}

fn the_user_needs_an_id_of_bytes(key: &Key) {
    let mut host = key.host();
    let with_user = |user: Value| plain().with(mc::USER, user);
    let id = || Value::from(vec![1_u8]);
    host.denied(with_user(map([("name", "x".into())])), status::MISSING_PARAMETER);
    host.denied(with_user(map([("id", "x".into())])), status::CBOR_UNEXPECTED_TYPE);
    for name in ["name", "displayName"] {
        host.denied(
            with_user(map([("id", id()), (name, 1.into())])),
            status::CBOR_UNEXPECTED_TYPE,
        );
    }
    host.make(&with_user(map([("id", id())])));
}

fn parameters_need_both_members(key: &Key) {
    let mut host = key.host();
    let with_entry = |entry: Value| plain().with(mc::PUB_KEY_CRED_PARAMS, array([entry]));
    let (alg, kind) = (Value::from(algorithm::ES256), Value::from("public-key"));
    host.denied(with_entry(1.into()), status::CBOR_UNEXPECTED_TYPE);
    host.denied(with_entry(map([("alg", alg.clone())])), status::INVALID_CBOR);
    host.denied(with_entry(map([("type", kind.clone())])), status::INVALID_CBOR);
    host.denied(
        with_entry(map([("alg", alg), ("type", 1.into())])),
        status::CBOR_UNEXPECTED_TYPE,
    );
    host.denied(
        with_entry(map([("alg", "-7".into()), ("type", kind)])),
        status::CBOR_UNEXPECTED_TYPE,
    );
}

fn no_supported_algorithm_is_refused(key: &Key) {
    let mut host = key.host();
    let other_type = map([("alg", algorithm::ES256.into()), ("type", "private-key".into())]);
    for entries in [
        array([]),
        array([parameters(-65535), parameters(-257)]),
        array([other_type]),
    ] {
        host.denied(
            plain().with(mc::PUB_KEY_CRED_PARAMS, entries),
            status::UNSUPPORTED_ALGORITHM,
        );
    }
}

fn the_first_supported_algorithm_is_chosen(key: &Key) {
    let mut host = key.host();
    for (offered, chosen) in [
        ([-65535, algorithm::ES256], algorithm::ES256),
        ([algorithm::EDDSA, algorithm::ES256], algorithm::EDDSA),
        ([algorithm::ES256, algorithm::EDDSA], algorithm::ES256),
    ] {
        let made = host.make(&plain().with(mc::PUB_KEY_CRED_PARAMS, array(offered.map(parameters))));
        same!(made.public_key.algorithm, chosen);
    }
}

fn an_entry_behind_the_chosen_one_is_checked_too(key: &Key) {
    let entries = array([parameters(algorithm::ES256), map([("alg", algorithm::EDDSA.into())])]);
    key.host()
        .denied(plain().with(mc::PUB_KEY_CRED_PARAMS, entries), status::INVALID_CBOR);
}

fn the_earliest_mistake_is_named(key: &Key) {
    let mut host = key.host();
    let request = plain()
        .with(mc::PUB_KEY_CRED_PARAMS, array([parameters(0)]))
        .with(mc::OPTIONS, map([("uv", true.into())]))
        .with(mc::ENTERPRISE_ATTESTATION, 1);
    let with_param = request.clone().with(mc::PIN_UV_AUTH_PARAM, vec![0; 16]);
    host.denied(with_param.with(mc::PIN_UV_AUTH_PROTOCOL, 3), status::INVALID_PARAMETER);
    host.denied(request.clone(), status::UNSUPPORTED_ALGORITHM);
    let request = request.with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm::ES256)]));
    host.denied(request.clone(), status::INVALID_OPTION);
    host.denied(request.without(mc::OPTIONS), status::INVALID_PARAMETER);
}

fn the_client_data_hash_has_32_bytes(key: &Key) {
    let mut host = key.host();
    for length in [0, 31, 33] {
        host.denied(
            plain().with(mc::CLIENT_DATA_HASH, vec![0; length]),
            status::INVALID_LENGTH,
        );
    }
}

fn the_user_id_has_1_to_64_bytes(key: &Key) {
    let mut host = key.host();
    for length in [0, 65] {
        let request = make_credential("example.com", &vec![1; length]);
        let found = host.touched_if_asked(&request);
        // WebAuthn Level 3 §5.4.3 forbids it to relying parties. What a key makes of it is nowhere written.
        if found.status == status::OK {
            key.note(&format!(
                "expected that a user.id of {length} bytes is refused, the key takes it"
            ));
        } else {
            host.is_refusal("", &found, status::INVALID_LENGTH);
        }
    }
    for length in [1, 64] {
        host.make(&make_discoverable("example.com", &vec![1; length]));
        let user = host.assert(&get_assertion("example.com")).user;
        same!(user, Some(map([("id", vec![1; length].into())])));
    }
}

fn long_names_are_accepted(key: &Key) {
    let mut host = key.host();
    let name = Value::from("é".repeat(100));
    let user = map([("id", vec![1_u8].into()), ("name", name.clone()), ("displayName", name)]);
    host.make(&make_discoverable("example.com", b"1").with(mc::USER, user));
    // As long as a domain can be (RFC 1035 §3.1).
    let label = "a".repeat(60);
    host.make(&make_discoverable(
        &format!("{label}.{label}.{label}.{label}.com"),
        b"1",
    ));
}

fn unknown_options_are_ignored(key: &Key) {
    let options = map([("up", true.into()), ("xx", true.into()), ("makeTea", false.into())]);
    key.host().make(&plain().with(mc::OPTIONS, options));
}

fn options_are_boolean(key: &Key) {
    let mut host = key.host();
    for name in ["rk", "up", "uv"] {
        host.denied(
            plain().with(mc::OPTIONS, map([(name, 1.into())])),
            status::CBOR_UNEXPECTED_TYPE,
        );
    }
}

fn user_presence_cannot_be_switched_off(key: &Key) {
    let mut host = key.host();
    host.denied(
        plain().with(mc::OPTIONS, map([("up", false.into())])),
        status::INVALID_OPTION,
    );
    host.make(&plain().with(mc::OPTIONS, map([("up", true.into())])));
}

fn the_rk_option_does_what_get_info_says(key: &Key) {
    let mut host = key.host();
    if host.option("rk") == Some(true) {
        let made = host.make(&make_discoverable("example.com", b"1"));
        same!(host.assert(&get_assertion("example.com")).id, made.id);
    } else {
        host.denied(make_discoverable("example.com", b"1"), status::UNSUPPORTED_OPTION);
        host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
    }
}

fn built_in_user_verification_is_not_there(key: &Key) {
    let mut host = key.host();
    host.denied(
        plain().with(mc::OPTIONS, map([("uv", true.into())])),
        status::INVALID_OPTION,
    );
    host.make(&plain().with(mc::OPTIONS, map([("uv", false.into())])));
}

fn descriptors_need_both_members(key: &Key) {
    let mut host = key.host();
    let (id, kind) = (Value::from(vec![1_u8]), Value::from("public-key"));
    for entry in [
        1.into(),
        map([("id", id.clone())]),
        map([("type", kind.clone())]),
        map([("id", id), ("type", 1.into())]),
        map([("id", "x".into()), ("type", kind)]),
    ] {
        // Behind a good entry, which must not end the search.
        let list = array([descriptor(&[1]), entry]);
        host.denied(plain().with(mc::EXCLUDE_LIST, list), status::CBOR_UNEXPECTED_TYPE);
    }
}

fn an_exclude_list_is_as_long_as_get_info_says(key: &Key) {
    let mut host = key.host();
    let foreign = host.make(&make_credential("example.org", b"1")).id;
    let list = |length: usize| plain().with(mc::EXCLUDE_LIST, Value::Array(vec![descriptor(&foreign); length]));
    let length = host.longest_list_of(list);
    host.make(&list(length));
    host.make(&list(0));
}

fn format_preferences_are_texts(key: &Key) {
    let mut host = key.host();
    let with = |preference: Value| plain().with(mc::ATTESTATION_FORMATS_PREFERENCE, preference);
    host.denied(with("packed".into()), status::CBOR_UNEXPECTED_TYPE);
    host.denied(with(array([1.into()])), status::CBOR_UNEXPECTED_TYPE);
    host.denied(with(array(["none".into(), 1.into()])), status::CBOR_UNEXPECTED_TYPE);
}

fn a_pin_protocol_alone_means_nothing(key: &Key) {
    key.host().make(&plain().with(mc::PIN_UV_AUTH_PROTOCOL, 3));
}

fn enterprise_attestation_is_not_there(key: &Key) {
    let mut host = key.host();
    for value in [0, 1, 2, 3, u64::MAX] {
        host.denied(
            plain().with(mc::ENTERPRISE_ATTESTATION, value),
            status::INVALID_PARAMETER,
        );
    }
    for wrong in [Value::from("1"), (-1).into()] {
        host.denied(
            plain().with(mc::ENTERPRISE_ATTESTATION, wrong),
            status::CBOR_UNEXPECTED_TYPE,
        );
    }
}
