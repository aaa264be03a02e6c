//! What is left where the power goes in the middle. The hand cuts it as soon as the request is sent; the key may have
//! done nothing of it, or all, and never a part.

use crate::host::cbor::map;
use crate::host::client_pin::configure;
use crate::host::ctap2::{
    RESET, blob_array, ga, get_assertion, get_assertion_by, make_discoverable, set_fragment, status,
};
use crate::host::read::Read as _;
use crate::host::response::{Assertion, flags};
use crate::host::verify::grew;
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.5.2.2":
        a_power_cut_gives_no_retry_back needs Pin;
    "CTAP 2.3 §6.6":
        a_power_cut_leaves_a_reset_whole_or_undone needs Rk and Pin;
    "CTAP 2.3 §6.10.2":
        a_power_cut_leaves_one_array_or_the_other needs LargeBlobs;
    "CTAP 2.3 §6.1.2 step 17":
        a_power_cut_leaves_one_credential_of_an_account needs Rk;
    "CTAP 2.3 §6.5.5.6":
        a_power_cut_leaves_one_pin_or_the_other needs Pin;
    "CTAP 2.3 §6.11":
        a_power_cut_leaves_a_setting_or_none needs Config and SetMinPinLength;
    "WebAuthn Level 3 §6.1.1":
        a_power_cut_turns_no_counter_back needs Rk;
}

fn a_power_cut_gives_no_retry_back(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    let (right, wrong) = (key.pin(), key.pins().wrong);
    host.set_pin(right);
    // Whoever saw that it was wrong has paid for it.
    status::is(host.try_pin(wrong), status::PIN_INVALID);
    key.power_cycle();
    let mut host = key.host();
    same!(host.pin_retries(), (all - 1, false));
    // Nor is there a way to guess and not to pay by cutting the power before the answer comes.
    let request = host.agree_by_best().get_pin_token(wrong);
    host.begin(request);
    key.power_cycle();
    let mut host = key.host();
    let (left, _) = host.pin_retries();
    assert!(
        (all - 2..all).contains(&left),
        "expected {} or {} retries, the key answered {left}",
        all - 1,
        all - 2
    );
    status::is(host.try_pin(right), status::OK);
    same!(host.pin_retries(), (all, false));
}

fn a_power_cut_leaves_a_reset_whole_or_undone(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    host.set_pin(key.pin());
    key.power_cycle();
    let mut host = key.host();
    host.asked(RESET);
    key.touch();
    key.power_cycle();
    let mut host = key.host();
    let answer = host.ctap2(get_assertion("example.com").with(ga::OPTIONS, map([("up", false.into())])));
    if host.option("clientPin") == Some(true) {
        Assertion::of(&answer).verify(&made.public_key, "example.com", 0);
        status::is(host.try_pin(key.pin()), status::OK);
    } else {
        status::of("a key without its PIN", answer.status, status::NO_CREDENTIALS);
        let by_id = get_assertion_by("example.com", &[&made.id]);
        host.denied_as("a key without its PIN", by_id, status::NO_CREDENTIALS);
    }
}

fn a_power_cut_leaves_one_array_or_the_other(key: &Key) {
    let mut host = key.host();
    // Every key takes so many, in one fragment.
    let arrays = [[0x11; 800], [0x22; 800]].map(|bytes| blob_array(&bytes));
    let write = |array: &[u8]| set_fragment(0, array, Some(array.len()));
    status::is(host.ctap2(write(&arrays[0])).status, status::OK);
    host.begin(write(&arrays[1]));
    key.power_cycle();
    let mut host = key.host();
    let get = crate::host::ctap2::Request::new(0x0C).with(0x01, 900).with(0x03, 0);
    let found = host.ctap2(get).ok()[&1].bytes().clone();
    assert!(
        arrays.contains(&found),
        "expected the array of before or the new one, the key answered {}",
        crate::words::shown(&found)
    );
}

fn a_power_cut_leaves_one_credential_of_an_account(key: &Key) {
    let mut host = key.host();
    let old = host.make(&make_discoverable("example.com", b"1"));
    host.asked(make_discoverable("example.com", b"1"));
    key.touch();
    key.power_cycle();
    let mut host = key.host();
    let found = host.assert(&get_assertion("example.com"));
    same!(found.number_of_credentials, None, "one account");
    same!(found.user_id(), b"1");
    if found.id == old.id {
        found.verify(&old.public_key, "example.com", flags::UP);
    } else {
        host.denied_as(
            "the credential that was replaced",
            get_assertion_by("example.com", &[&old.id]),
            status::NO_CREDENTIALS,
        );
    }
}

fn a_power_cut_leaves_one_pin_or_the_other(key: &Key) {
    let mut host = key.host();
    let (old, new) = (key.pin(), key.pins().second);
    host.set_pin(old);
    let request = host.agree_by_best().change_pin(old, new);
    host.begin(request);
    key.power_cycle();
    let mut host = key.host();
    let works: Vec<_> = [old, new].iter().map(|pin| host.try_pin(pin) == status::OK).collect();
    same!(
        works.iter().filter(|works| **works).count(),
        1,
        "the old PIN works, or the new one, and not both: {works:?}"
    );
}

fn a_power_cut_leaves_a_setting_or_none(key: &Key) {
    let mut host = key.host();
    let before = host.shortest_pin();
    let longer = before as u64 + 2;
    host.begin(configure(
        0x03,
        Some(ciborium::Value::Map(vec![(1.into(), longer.into())])),
    ));
    key.power_cycle();
    let after = key.host().shortest_pin();
    assert!(
        [before, before + 2].contains(&after),
        "minPINLength: expected {before} or {longer}, the key answered {after}"
    );
}

fn a_power_cut_turns_no_counter_back(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    let request = get_assertion_by("example.com", &[&made.id]);
    let mut last = made.auth_data.sign_count;
    for _ in 0..3 {
        host.begin(request.clone().with(ga::OPTIONS, map([("up", false.into())])));
        key.power_cycle();
        host = key.host();
        let count = host.assert_silently(&request).auth_data.sign_count;
        grew(last, count);
        last = count;
    }
}
