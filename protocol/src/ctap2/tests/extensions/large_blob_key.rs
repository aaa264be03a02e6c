use super::*;
use crate::testing::request::{discover, next_assertion, option};

fn with_key(user_id: &[u8]) -> Request {
    making(make_discoverable(RP, user_id), [("largeBlobKey", TRUE)])
}

fn asking(request: Request) -> Request {
    getting(request, [("largeBlobKey", TRUE)])
}

#[test]
fn each_credential_has_a_key_of_its_own_beside_authenticator_data() {
    let mut key = Key::new();
    let made = [b"alice", b"alice", b"bobby"].map(|user| key.made(&with_key(user)).unwrap());
    for made in &made {
        assert_eq!(made.answer.keys(), [1, 2, 3, 5].map(int));
        assert_eq!(made.answer.number(5).as_bytes().len(), 32);
        is_silent(&made.auth_data);
    }
    let [first, renewed, other] = made.map(|made| made.answer.number(5).clone());
    assert!(first != renewed && renewed != other);
}

#[test]
fn an_assertion_tells_the_same_key() {
    let mut key = Key::new();
    let made = key.made(&with_key(b"alice")).unwrap();
    let mut key = key.restarted();
    let silent = discover(RP).with(5, option("up", false));
    for request in [get_assertion(RP, &[&made.id]), discover(RP), silent] {
        let assertion = key.asserted(&asking(request.clone())).unwrap();
        assert_eq!(assertion.answer.number(7), made.answer.number(5));
        is_silent(&assertion.auth_data);
        let assertion = key.asserted(&request).unwrap();
        assert_eq!(assertion.answer.find(&int(7)), None, "not asked for");
    }
}

#[test]
fn a_credential_made_without_one_has_none() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    assert_eq!(made.answer.find(&int(5)), None);
    let assertion = key.asserted(&asking(discover(RP))).unwrap();
    assert_eq!(assertion.answer.find(&int(7)), None);
}

#[test]
fn each_account_of_a_walk_has_its_own() {
    let mut key = Key::new();
    let alice = key.made(&with_key(b"alice")).unwrap();
    key.register_discoverable(RP, b"bob");
    let carol = key.made(&with_key(b"carol")).unwrap();
    let first = key.asserted(&asking(discover(RP))).unwrap();
    assert_eq!(first.answer.keys(), [1, 2, 3, 4, 5, 7].map(int));
    assert_eq!(first.answer.number(7), carol.answer.number(5));
    assert_eq!(key.asserted(&next_assertion()).unwrap().answer.find(&int(7)), None);
    let last = key.asserted(&next_assertion()).unwrap();
    assert_eq!(last.answer.number(7), alice.answer.number(5));
}

#[test]
fn it_is_asked_for_with_true_and_for_a_discoverable_credential() {
    let mut key = Key::new();
    let made = key.register(RP);
    for request in [
        making(make_discoverable(RP, b"alice"), [("largeBlobKey", FALSE)]),
        making(make_credential(RP, b"alice"), [("largeBlobKey", FALSE)]),
        making(make_credential(RP, b"alice"), [("largeBlobKey", TRUE)]),
        getting(get_assertion(RP, &[&made.id]), [("largeBlobKey", FALSE)]),
    ] {
        refused(&mut key, &request, Status::InvalidOption);
    }
}
