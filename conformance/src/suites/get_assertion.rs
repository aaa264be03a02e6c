//! authenticatorGetAssertion (CTAP 2.3 §6.2).

use ciborium::Value;

use crate::host::cbor::{array, map};
use crate::host::client_pin::permission;
use crate::host::ctap2::{
    GET_NEXT_ASSERTION, algorithm, descriptor, descriptors, ga, get_assertion, get_assertion_by, make_credential,
    make_discoverable, mc, parameters, status,
};
use crate::host::read::Read as _;
use crate::host::response::{Response, flags, member};
use crate::host::verify::grew;
use crate::host::{Host, command};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.2.2":
        a_listed_credential_signs_in,
        a_discoverable_credential_signs_in needs Rk and EdDsa,
        a_descriptor_of_another_type_is_skipped,
        the_first_own_credential_of_a_list_is_used needs Rk,
        an_allow_list_is_as_long_as_get_info_says,
        an_empty_allow_list_is_none [Should] needs Rk and CredProtect,
        unknown_options_are_ignored,
        without_user_presence_nobody_is_asked needs Rk,
        the_rk_option_is_refused,
        built_in_user_verification_is_not_there needs Rk and NoBuiltInUv,
        foreign_credentials_are_refused_without_a_touch needs Rk,
        no_credentials_are_refused_without_a_touch needs Rk,
        an_altered_credential_id_is_refused needs Rk,
        a_truncated_credential_id_is_refused,
        a_user_who_declines_gets_nothing needs Decline and Rk,
        a_user_who_does_not_come_gets_nothing needs Clock and Rk;
    "CTAP 2.3 §6.2.3":
        a_listed_discoverable_credential_names_its_user_too needs Rk and Tokens,
        several_accounts_are_counted_and_the_newest_comes_first needs Rk;
    "CTAP 2.3 §6.2.1":
        missing_parameters_are_named_so,
        wrong_types_are_named_so,
        the_client_data_hash_has_32_bytes [Should],
        descriptors_need_both_members;
    "WebAuthn Level 3 §6.1.1":
        the_counter_grows needs Rk,
        a_power_cycle_keeps_credentials_and_counters needs Rk;
    "CTAP 2.3 §11.2.9.1.5":
        cancel_ends_it needs Rk;
}

fn a_listed_credential_signs_in(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
    assertion.verify(&made.public_key, "example.com", flags::UP);
    same!(assertion.id, made.id);
    same!(assertion.user, None);
    same!(assertion.number_of_credentials, None);
}

fn a_discoverable_credential_signs_in(key: &Key) {
    let mut host = key.host();
    for algorithm in [algorithm::ES256, algorithm::EDDSA] {
        let request = make_discoverable("example.com", b"1");
        let made = host.make(&request.with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm)])));
        let assertion = host.assert(&get_assertion("example.com"));
        assertion.verify(&made.public_key, "example.com", flags::UP);
        same!(assertion.id, made.id);
        // Without user verification nothing that names a person.
        same!(assertion.user, Some(map([("id", vec![b'1'].into())])));
        same!(assertion.number_of_credentials, None);
    }
}

fn a_listed_discoverable_credential_names_its_user_too(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    let request = get_assertion_by("example.com", &[&made.id]);
    let user = Some(map([("id", vec![b'1'].into())]));
    for assertion in [host.assert(&request), host.assert_silently(&request)] {
        match assertion.user {
            None => key.other_choice("whoever names the credential is not told its user"),
            told => same!(told, user, "without user verification nothing that names a person"),
        }
    }
    // One account is nothing to choose from by names.
    host.set_pin(key.pin());
    let token = host.token(permission::GA, Some("example.com"));
    let assertion = host.assert(&token.on(request));
    assertion.verify(&made.public_key, "example.com", flags::UP | flags::UV);
    if assertion.user != user {
        key.other_choice("a verified user's names, or no user");
        let told = assertion.user.as_ref();
        same!(
            told.is_none_or(|told| member(told, "id").bytes() == b"1"),
            true,
            "the user's ID"
        );
    }
}

fn several_accounts_are_counted_and_the_newest_comes_first(key: &Key) {
    let mut host = key.host();
    for user in [b"1", b"2", b"3"] {
        host.make(&make_discoverable("example.com", user));
    }
    host.make(&make_discoverable("example.org", b"4"));
    let assertion = host.assert(&get_assertion("example.com"));
    same!(assertion.number_of_credentials, Some(3));
    same!(assertion.user, Some(map([("id", vec![b'3'].into())])));
}

fn missing_parameters_are_named_so(key: &Key) {
    let mut host = key.host();
    for member in [ga::RP_ID, ga::CLIENT_DATA_HASH] {
        host.denied(get_assertion("example.com").without(member), status::MISSING_PARAMETER);
    }
}

fn wrong_types_are_named_so(key: &Key) {
    let mut host = key.host();
    let names = [
        "rpId",
        "clientDataHash",
        "allowList",
        "extensions",
        "options",
        "pinUvAuthParam",
    ];
    for (member, name) in (0x01..).zip(names) {
        for wrong in [Value::from(1), true.into()] {
            let request = get_assertion("example.com").with(member, wrong);
            host.denied_as(name, request, status::CBOR_UNEXPECTED_TYPE);
        }
    }
    for (members, wrong) in [
        ([ga::ALLOW_LIST].as_slice(), map([])),
        (&[ga::EXTENSIONS, ga::OPTIONS], array([])),
        (
            &[ga::CLIENT_DATA_HASH, ga::PIN_UV_AUTH_PARAM, ga::PIN_UV_AUTH_PROTOCOL],
            "2".into(),
        ),
    ] {
        for member in members {
            let request = get_assertion("example.com").with(*member, wrong.clone());
            host.denied(request, status::CBOR_UNEXPECTED_TYPE);
        }
    }
    let request = get_assertion("example.com").with(ga::RP_ID, vec![1_u8]);
    host.denied(request, status::CBOR_UNEXPECTED_TYPE);
    let request = get_assertion("example.com").with(ga::OPTIONS, map([("up", 1.into())]));
    host.denied(request, status::CBOR_UNEXPECTED_TYPE);
}

fn the_client_data_hash_has_32_bytes(key: &Key) {
    let mut host = key.host();
    for length in [0, 31, 33] {
        let request = get_assertion("example.com").with(ga::CLIENT_DATA_HASH, vec![0; length]);
        host.denied(request, status::INVALID_LENGTH);
    }
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
        let list = array([descriptor(&[1]), entry]);
        let request = get_assertion("example.com").with(ga::ALLOW_LIST, list);
        host.denied(request, status::CBOR_UNEXPECTED_TYPE);
    }
}

fn a_descriptor_of_another_type_is_skipped(key: &Key) {
    let mut host = key.host();
    let one = host.make(&make_credential("example.com", b"1"));
    let two = host.make(&make_credential("example.com", b"2"));
    let unknown = map([("id", one.id.into()), ("type", "zzz".into())]);
    let request = get_assertion("example.com");
    host.denied(
        request.clone().with(ga::ALLOW_LIST, array([unknown.clone()])),
        status::NO_CREDENTIALS,
    );
    let assertion = host.assert(&request.with(ga::ALLOW_LIST, array([unknown, descriptor(&two.id)])));
    same!(assertion.id, two.id);
}

fn the_first_own_credential_of_a_list_is_used(key: &Key) {
    let mut host = key.host();
    let made: Vec<_> = [b"1", b"2"]
        .iter()
        .map(|user| host.make(&make_discoverable("example.com", *user)))
        .collect();
    let assertion = host.assert(&get_assertion_by("example.com", &[&[9; 59], &made[0].id, &made[1].id]));
    // Step 11: any of them. The first that is found is the key's to choose.
    if assertion.id == made[1].id {
        key.other_choice("another credential of the list than the first is used");
        assertion.verify(&made[1].public_key, "example.com", flags::UP);
    } else {
        same!(assertion.id, made[0].id);
        assertion.verify(&made[0].public_key, "example.com", flags::UP);
    }
    same!(assertion.number_of_credentials, None);
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn an_allow_list_is_as_long_as_get_info_says(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let foreign = vec![9; made.id.len()];
    let list = |length: usize| {
        let mut ids = vec![&foreign[..]; length - 1];
        ids.push(&made.id);
        get_assertion("example.com").with(ga::ALLOW_LIST, descriptors(&ids))
    };
    let length = host.longest_list_of(list);
    same!(host.assert(&list(length)).id, made.id, "{length} entries");
}

fn an_empty_allow_list_is_none(key: &Key) {
    let mut host = key.host();
    let empty = || get_assertion_by("example.com", &[]);
    host.denied(empty(), status::NO_CREDENTIALS);
    let made = host.make(&make_discoverable("example.com", b"1"));
    same!(host.assert(&empty()).id, made.id);
    same!(host.assert_silently(&empty()).id, made.id);
    // Level 2 is found by who names it, or is verified.
    let protect = map([("credProtect", 2.into())]);
    let hidden = host.register(&make_discoverable("example.com", b"1").with(mc::EXTENSIONS, protect));
    host.denied(empty(), status::NO_CREDENTIALS);
    same!(
        host.assert(&get_assertion_by("example.com", &[&hidden.id])).id,
        hidden.id
    );
    // Nor does an empty list exclude anything.
    let nothing = array([]);
    host.make(&make_discoverable("example.com", b"1").with(mc::EXCLUDE_LIST, nothing));
}

fn unknown_options_are_ignored(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let options = map([("xx", true.into()), ("makeTea", false.into())]);
    host.assert(&get_assertion_by("example.com", &[&made.id]).with(ga::OPTIONS, options));
}

fn without_user_presence_nobody_is_asked(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    for request in [
        get_assertion("example.com"),
        get_assertion_by("example.com", &[&made.id]),
    ] {
        let assertion = host.assert_silently(&request);
        assertion.verify(&made.public_key, "example.com", 0);
    }
    let plain = host.make(&make_credential("example.com", b"1"));
    let assertion = host.assert_silently(&get_assertion_by("example.com", &[&plain.id]));
    assertion.verify(&plain.public_key, "example.com", 0);
}

fn the_rk_option_is_refused(key: &Key) {
    let mut host = key.host();
    for rk in [true, false] {
        let options = map([("rk", rk.into())]);
        host.denied(
            get_assertion("example.com").with(ga::OPTIONS, options),
            status::UNSUPPORTED_OPTION,
        );
    }
}

fn built_in_user_verification_is_not_there(key: &Key) {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    let with_uv = |uv: bool| get_assertion("example.com").with(ga::OPTIONS, map([("uv", uv.into())]));
    host.denied(with_uv(true), status::INVALID_OPTION);
    host.assert(&with_uv(false));
}

fn the_counter_grows(key: &Key) {
    let mut host = key.host();
    for request in [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ] {
        let made = host.make(&request);
        let mut last = made.auth_data.sign_count;
        for _ in 0..3 {
            let count = host
                .assert(&get_assertion_by("example.com", &[&made.id]))
                .auth_data
                .sign_count;
            grew(last, count);
            last = count;
        }
    }
}

fn foreign_credentials_are_refused_without_a_touch(key: &Key) {
    let mut host = key.host();
    let other = host.make(&make_credential("example.org", b"1"));
    host.make(&make_discoverable("example.com", b"1"));
    // A list that names nothing of this key is not a question for what it could find.
    for ids in [&[&other.id[..]][..], &[&[7; 43]], &[&[7; 300]], &[&[]]] {
        host.denied(get_assertion_by("example.com", ids), status::NO_CREDENTIALS);
    }
}

fn no_credentials_are_refused_without_a_touch(key: &Key) {
    let mut host = key.host();
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
    host.make(&make_discoverable("example.com", b"1"));
    host.denied(get_assertion("example.org"), status::NO_CREDENTIALS);
}

fn an_altered_credential_id_is_refused(key: &Key) {
    let mut host = key.host();
    for request in [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ] {
        let made = host.make(&request);
        for at in 0..made.id.len() {
            let mut altered = made.id.clone();
            altered[at] ^= 1 << (at % 8);
            host.denied(get_assertion_by("example.com", &[&altered]), status::NO_CREDENTIALS);
        }
    }
}

fn a_truncated_credential_id_is_refused(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    for length in 0..made.id.len() {
        host.denied(
            get_assertion_by("example.com", &[&made.id[..length]]),
            status::NO_CREDENTIALS,
        );
    }
    let longer = [&made.id[..], &[0]].concat();
    let found = host.touched_if_asked(get_assertion_by("example.com", &[&longer]));
    // Nobody is named by the byte behind, so nothing is gained by it.
    if found.status == status::OK {
        key.note("expected that a credential ID with a byte behind it is nobody's, the key signs in with it");
    } else {
        host.is_refusal("a byte behind it", &found, status::NO_CREDENTIALS);
    }
}

/// A host whose request to sign in waits for the user; two accounts are there.
fn asked(key: &Key) -> Host {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    host.make(&make_discoverable("example.com", b"2"));
    host.asked(get_assertion("example.com"));
    host
}

fn a_user_who_declines_gets_nothing(key: &Key) {
    let mut host = asked(key);
    key.decline();
    same!(host.answer(), Response::bare(status::OPERATION_DENIED));
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn a_user_who_does_not_come_gets_nothing(key: &Key) {
    let mut host = asked(key);
    key.advance(key.profile.user_action_timeout + 100);
    let answer = host.answer();
    host.is_refusal("a user who does not come", &answer, status::USER_ACTION_TIMEOUT);
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn cancel_ends_it(key: &Key) {
    let mut host = asked(key);
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
    host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
}

fn a_power_cycle_keeps_credentials_and_counters(key: &Key) {
    let mut host = key.host();
    let made = [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ]
    .map(|r| host.make(&r));
    let mut last = [0, 0];
    for _ in 0..3 {
        for (made, last) in made.iter().zip(&mut last) {
            let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
            assertion.verify(&made.public_key, "example.com", flags::UP);
            grew(*last, assertion.auth_data.sign_count);
            *last = assertion.auth_data.sign_count;
        }
        key.power_cycle();
        host = key.host();
    }
}
