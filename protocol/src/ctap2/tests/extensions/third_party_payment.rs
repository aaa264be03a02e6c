use super::*;
use crate::testing::request::{discover, next_assertion, option};

/// What the key answers.
#[track_caller]
fn enabled(key: &mut Key, request: Request) -> Value {
    let assertion = key.asserted(&getting(request, [("thirdPartyPayment", TRUE)])).unwrap();
    output(&assertion.auth_data, "thirdPartyPayment").clone()
}

#[test]
fn a_credential_made_for_payments_says_so_whoever_finds_it() {
    for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
        for input in [TRUE, FALSE] {
            let mut key = Key::new();
            let request = making(request.clone(), [("thirdPartyPayment", input.clone())]);
            let made = key.made(&request).unwrap();
            is_silent(&made.auth_data);
            let mut key = key.restarted();
            let by_id = get_assertion(RP, &[&made.id]);
            assert_eq!(enabled(&mut key, by_id.clone()), input);
            assert_eq!(enabled(&mut key, by_id.with(5, option("up", false))), input);
        }
    }
}

#[test]
fn a_credential_made_without_it_is_not_for_payments() {
    let mut key = Key::new();
    let made = key.register(RP);
    assert_eq!(enabled(&mut key, get_assertion(RP, &[&made.id])), FALSE);
}

#[test]
fn it_is_told_only_where_it_is_asked_for() {
    let mut key = Key::new();
    let request = making(make_credential(RP, b"alice"), [("thirdPartyPayment", TRUE)]);
    let made = key.made(&request).unwrap();
    let by_id = get_assertion(RP, &[&made.id]);
    is_silent(&key.asserted(&by_id).unwrap().auth_data);
    let request = getting(by_id, [("thirdPartyPayment", FALSE)]);
    is_silent(&key.asserted(&request).unwrap().auth_data);
}

#[test]
fn each_account_of_a_walk_answers_for_itself() {
    let mut key = Key::new();
    let request = making(make_discoverable(RP, b"alice"), [("thirdPartyPayment", TRUE)]);
    key.made(&request).unwrap();
    key.register_discoverable(RP, b"bob");
    assert_eq!(enabled(&mut key, discover(RP)), FALSE);
    let second = key.asserted(&next_assertion()).unwrap();
    assert_eq!(output(&second.auth_data, "thirdPartyPayment"), &TRUE);
}
