use super::*;
use crate::client::fake::{FakeKey, Reply};

const INFO: &[u8] = b"\x00\xA2\x01\x81\x68FIDO_2_1\x03\x50AAAAAAAAAAAAAAAA";

/// A key that answers a selection with `status` after a touch, `wait` milliseconds of its own time later.
fn key(wait: u64, status: u8) -> Key {
    FakeKey::key(move |_, request| {
        if request == [0x04] {
            Reply::Now(INFO.to_vec())
        } else {
            Reply::AfterTouch(wait, vec![status])
        }
    })
}

#[test]
fn the_touched_key_is_chosen_and_all_stay_usable() {
    let mut keys = [key(u64::MAX / 2, 0), key(1000, 0), key(u64::MAX / 2, 0)];
    assert_eq!(choose(&mut keys, &CancelHandle::default()).unwrap(), 1);
    for key in &mut keys {
        key.refresh().unwrap();
    }
}

#[test]
fn one_key_needs_no_touch_and_none_is_an_error() {
    assert_eq!(
        choose(&mut [key(u64::MAX / 2, 0)], &CancelHandle::default()).unwrap(),
        0
    );
    assert!(matches!(
        choose(&mut [], &CancelHandle::default()),
        Err(Error::NoDevice)
    ));
}

#[test]
fn a_key_that_fails_drops_out() {
    let mut keys = [key(0, 0x7F), key(1000, 0)];
    assert_eq!(choose(&mut keys, &CancelHandle::default()).unwrap(), 1);
}

#[test]
fn where_all_fail_the_user_is_named_first() {
    for statuses in [[0x7F, 0x2F], [0x2F, 0x7F]] {
        let mut keys = statuses.map(|status| key(100, status));
        let error = choose(&mut keys, &CancelHandle::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::User);
    }
}

#[test]
fn a_caller_may_give_up() {
    let cancel = CancelHandle::default();
    cancel.cancel();
    let mut keys = [key(u64::MAX / 2, 0), key(u64::MAX / 2, 0)];
    assert!(matches!(choose(&mut keys, &cancel), Err(Error::Cancelled)));
}
