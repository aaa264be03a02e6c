//! Accounts whose codes take a touch.

use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{Gesture, Indication, Operation, Presence};
use crate::testing::key::Key;
use crate::testing::oath::{Account, HOTP, ONLY_INCREASING, SHA1, TOTP, TOUCH};
use crate::testing::platform::Prompt;

fn key() -> Key {
    let mut key = Key::new();
    key.put(&Account::new("free", TOTP | SHA1, b"secret")).unwrap();
    key.put(&Account::new("AWS:alice", TOTP | SHA1, b"secret").with(TOUCH))
        .unwrap();
    key.put(&Account::new("hotp", HOTP | SHA1, b"secret").with(TOUCH))
        .unwrap();
    key
}

#[test]
fn the_user_is_told_which_account_wants_a_code() {
    let mut key = key();
    key.at(5);
    let free = key.totp("free", 1).unwrap();
    assert_eq!(key.user().prompts, []);
    assert_eq!(key.totp("AWS:alice", 1).unwrap(), free);
    let asked = Prompt {
        operation: Operation::Code,
        gesture: Gesture::Touch,
        rp_id: None,
        application: None,
        user: Some("AWS:alice".into()),
        deadline: Some(5 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [asked]);
    let shown = &key.0.indicator.0;
    assert!(shown.ends_with(&[
        Indication::Processing,
        Indication::WaitingForTouch,
        Indication::Processing,
        Indication::Idle
    ]));
}

#[test]
fn without_a_touch_there_is_no_code_and_nothing_is_used_up() {
    for presence in [Presence::Declined, Presence::TimedOut, Presence::Aborted] {
        let mut key = key();
        let before = key.storage().records.clone();
        for name in ["AWS:alice", "hotp"] {
            key.user().answers.push_back(presence);
            assert_eq!(key.totp(name, 1), Err(0x6982));
        }
        assert_eq!(key.storage().records, before);
    }
}

#[test]
fn nobody_is_asked_for_what_cannot_be_given() {
    let mut key = key();
    key.put(&Account::new("both", TOTP | SHA1, b"secret").with(TOUCH | ONLY_INCREASING))
        .unwrap();
    key.totp("both", 4).unwrap();
    key.user().prompts.clear();
    assert_eq!(key.totp("both", 4), Err(0x6a80));
    assert_eq!(key.totp("nobody", 4), Err(0x6984));
    assert_eq!(key.code("AWS:alice", b"short"), Err(0x6a80));
    key.codes(1).unwrap();
    key.accounts().unwrap();
    assert_eq!(key.user().prompts, []);
}

#[test]
fn a_touch_given_for_u2f_is_not_one_for_a_code() {
    let mut key = key();
    key.user().touches = 1;
    key.user().answers.push_back(Presence::TimedOut);
    assert_eq!(key.totp("AWS:alice", 1), Err(0x6982));
    assert_eq!(key.user().touches, 0);
}
