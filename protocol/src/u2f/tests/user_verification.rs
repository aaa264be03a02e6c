//! U2F on a key with a PIN (CTAP 2.3 §7.2): it works as before, unless the key demands user verification for every use.

use super::{CHECK_ONLY, DONT_ENFORCE, ENFORCE, authenticate_apdu, register, register_apdu, verified};
use crate::testing::key::Key;
use crate::testing::request::toggle_always_uv;

#[test]
fn always_uv_switches_u2f_off() {
    let mut key = Key::new();
    let made = register(&mut key);
    assert_eq!(key.send(&toggle_always_uv()), Ok(None));
    key.user().prompts.clear();
    key.user().touches = 1;
    for apdu in [
        register_apdu(),
        authenticate_apdu(ENFORCE, &made.key_handle),
        authenticate_apdu(CHECK_ONLY, &made.key_handle),
        authenticate_apdu(DONT_ENFORCE, &made.key_handle),
        authenticate_apdu(CHECK_ONLY, &[0; 43]),
    ] {
        assert_eq!(key.apdu(&apdu), Err(0x6986));
    }
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.apdu(&[0, 3, 0, 0]), Ok(b"U2F_V2".to_vec()));
    assert_eq!(key.send(&toggle_always_uv()), Ok(None));
    assert_eq!(key.apdu(&authenticate_apdu(CHECK_ONLY, &made.key_handle)), Err(0x6985));
}

#[test]
fn a_pin_alone_leaves_u2f_as_it_is() {
    let mut key = Key::with_pin();
    let made = register(&mut key);
    key.user().touches = 1;
    verified(
        &made,
        &key.apdu(&authenticate_apdu(ENFORCE, &made.key_handle)).unwrap(),
        1,
    );
}
