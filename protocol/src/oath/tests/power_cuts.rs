//! A power cut at each storage operation of each command, just before the operation takes effect or just after. And
//! the same with a storage that fails once and goes on.

use std::string::String;
use std::vec::Vec;

use crate::ctap2::tests::power_cuts::at_every_cut;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{AccessCode, Account, HOTP, ONLY_INCREASING, SHA1, SHA256, TOTP};
use crate::testing::request::{RP, get_assertion};

const OLD: AccessCode = AccessCode(SHA1, b"old code");
const NEW: AccessCode = AccessCode(SHA256, b"new code");

fn account(name: &str, secret: &str) -> Account {
    Account::new(name, TOTP | SHA1, secret.as_bytes())
}

/// A key with accounts of every kind.
fn prepared() -> Key {
    let mut key = Key::new();
    key.put(&account("alice", "first")).unwrap();
    key.put(&account("bob", "second")).unwrap();
    key.put(&Account::new("hotp", HOTP | SHA1, b"12345678901234567890"))
        .unwrap();
    key.put(&account("increasing", "third").with(ONLY_INCREASING)).unwrap();
    key
}

fn names(key: &mut Key) -> Vec<String> {
    key.accounts().unwrap().into_iter().map(|(name, _)| name).collect()
}

/// Runs `act` with a failure at each of its storage operations in turn, after which the storage works again; and shows
/// `check` the key, then the same key after a power cycle.
fn at_every_failure<T: Clone>(prepared: &Key, act: impl Fn(&mut Key) -> T, check: impl Fn(&mut Key, T, bool)) {
    for operation in 0.. {
        let mut failures = 0;
        for happens in [false, true] {
            let mut key = prepared.fork();
            key.storage_mut().fail_at(operation, happens);
            let answer = act(&mut key);
            failures += usize::from(key.storage().has_failed());
            key.storage_mut().power_up();
            check(&mut key, answer.clone(), false);
            check(&mut key.restarted(), answer, true);
        }
        if failures == 0 {
            assert!(operation > 0);
            return;
        }
    }
}

#[test]
fn a_new_account_is_there_whole_or_not_at_all() {
    let mut before = prepared();
    let alice = before.totp("alice", 1);
    at_every_cut(
        &before,
        |key| key.put(&account("carol", "new")),
        |mut key, answer| {
            let is_there = names(&mut key).contains(&"carol".into());
            assert!(is_there || answer == Err(0x6581));
            assert_eq!(key.totp("carol", 1).is_ok(), is_there);
            assert_eq!(names(&mut key).len(), 4 + usize::from(is_there));
            assert_eq!(key.totp("alice", 1), alice);
        },
    );
}

#[test]
fn a_replaced_account_has_its_old_secret_or_its_new_one() {
    let mut before = prepared();
    let old = before.totp("alice", 1);
    let mut after = before.fork();
    after.put(&account("alice", "new")).unwrap();
    let new = after.totp("alice", 1);
    at_every_cut(
        &before,
        |key| key.put(&account("alice", "new")),
        |mut key, answer| {
            let code = key.totp("alice", 1);
            assert!(code == new || code == old && answer == Err(0x6581));
            assert_eq!(names(&mut key).len(), 4);
        },
    );
}

#[test]
fn a_deleted_account_is_there_whole_or_not_at_all() {
    let mut before = prepared();
    let code = before.totp("alice", 1);
    at_every_cut(
        &before,
        |key| key.delete("alice"),
        |mut key, answer| {
            let now = key.totp("alice", 1);
            assert!(now == Err(0x6984) || now == code && answer == Err(0x6581));
            assert_eq!(names(&mut key).len(), 3 + usize::from(now.is_ok()));
        },
    );
}

#[test]
fn a_renamed_account_has_one_of_its_names() {
    let mut before = prepared();
    let code = before.totp("alice", 1);
    let records = before.storage().records.len();
    at_every_cut(
        &before,
        |key| key.rename("alice", "carol"),
        |mut key, answer| {
            let (old, new) = (key.totp("alice", 1), key.totp("carol", 1));
            assert!(new == code && old == Err(0x6984) || new == Err(0x6984) && old == code);
            assert!(new == code || answer == Err(0x6581));
            assert_eq!(names(&mut key).len(), 4);
            assert_eq!(key.storage().records.len(), records);
            // Nothing is left to do: whatever comes now stays.
            let free = if new.is_ok() { "alice" } else { "carol" };
            key.put(&account(free, "another")).unwrap();
            let mut key = key.restarted();
            assert_eq!(names(&mut key).len(), 5);
            assert_eq!([old, new].iter().filter(|code| code.is_ok()).count(), 1);
        },
    );
}

#[test]
fn finishing_a_renaming_can_be_cut_too() {
    let mut before = prepared();
    let code = before.totp("alice", 1);
    // The cuts that leave something to do.
    for first in 0..16 {
        for happens in [false, true] {
            let mut key = before.fork();
            key.storage_mut().cut_power_at(first, happens);
            let _ = key.rename("alice", "carol");
            let mut left = key.storage().clone();
            left.power_up();
            for second in 0..16 {
                let mut storage = left.clone();
                storage.cut_power_at(second, happens);
                let mut key = Key::recover(storage).restarted();
                let codes = [key.totp("alice", 1), key.totp("carol", 1)];
                assert_eq!(codes.iter().filter(|found| **found == code).count(), 1);
                assert_eq!(names(&mut key).len(), 4);
            }
        }
    }
}

#[test]
fn a_storage_that_fails_in_a_renaming_neither_loses_nor_doubles_the_account() {
    let mut before = prepared();
    let code = before.totp("alice", 1);
    at_every_failure(
        &before,
        |key| key.rename("alice", "carol"),
        |key, answer, is_restarted| match key.accounts() {
            // Until the next power-up nobody knows what was written.
            Err(word) => assert_eq!((word, answer, is_restarted), (0x6581, Err(0x6581), false)),
            Ok(accounts) => {
                assert_eq!(accounts.len(), 4);
                let codes = [key.totp("alice", 1), key.totp("carol", 1)];
                assert_eq!(codes.iter().filter(|found| **found == code).count(), 1);
                assert!(codes[1] == code || answer.is_err());
            }
        },
    );
}

#[test]
fn a_counter_value_is_never_given_out_twice() {
    let codes: Vec<_> = {
        let mut key = prepared();
        (0..4).map(|_| key.hotp("hotp").unwrap()).collect()
    };
    let place = |code: &String| codes.iter().position(|other| other == code).unwrap();
    let mut before = prepared();
    assert_eq!(place(&before.hotp("hotp").unwrap()), 0);
    at_every_cut(
        &before,
        |key| key.hotp("hotp"),
        |mut key, answer| {
            let given = answer.map_or_else(
                |word| {
                    assert_eq!(word, 0x6581);
                    0
                },
                |code| place(&code),
            );
            let next = place(&key.hotp("hotp").unwrap());
            assert!(given < next && next <= 2, "{given} {next}");
        },
    );
    at_every_failure(
        &before,
        |key| key.hotp("hotp"),
        |key, answer, is_restarted| {
            let next = place(&key.hotp("hotp").unwrap());
            let given = answer.map_or(0, |code| place(&code));
            assert!(given < next && next <= 2 + usize::from(is_restarted));
        },
    );
}

#[test]
fn a_time_step_is_never_used_twice() {
    at_every_cut(
        &prepared(),
        |key| key.totp("increasing", 9),
        |mut key, answer| {
            let again = key.totp("increasing", 9);
            assert!(again == Err(0x6a80) || answer == Err(0x6581));
            assert!(key.totp("increasing", 10).is_ok());
        },
    );
}

#[test]
fn a_changed_code_is_the_old_one_or_the_new_one_and_cuts_no_account_off() {
    let mut before = prepared();
    let code = before.totp("alice", 1);
    before.set_code(Some(OLD)).unwrap();
    for new in [Some(NEW), None] {
        at_every_cut(
            &before,
            |key| {
                let _ = key.unlock(CHANNEL, OLD);
                key.set_code(new)
            },
            |mut key, answer| {
                let is_locked = key.oath_select(CHANNEL).len() == 4;
                let is_old = is_locked && key.unlock(CHANNEL, OLD).is_ok();
                if let Some(new) = new {
                    assert_eq!(key.unlock(CHANNEL, new).is_ok(), !is_old, "one of them, never both");
                    assert!(is_locked, "never neither");
                    key.unlock(CHANNEL, if is_old { OLD } else { new }).unwrap();
                } else {
                    assert_eq!(is_locked, is_old);
                }
                assert!(!is_old || answer.is_err());
                assert_eq!(key.totp("alice", 1), code);
            },
        );
    }
}

#[test]
fn after_a_failed_change_of_the_code_nobody_is_in() {
    let mut before = prepared();
    before.set_code(Some(OLD)).unwrap();
    at_every_failure(
        &before,
        |key| {
            let _ = key.unlock(CHANNEL, OLD);
            key.set_code(None)
        },
        |key, answer, is_restarted| {
            if answer.is_err() && !is_restarted {
                assert!(key.accounts().is_err());
            }
        },
    );
}

#[test]
fn a_reset_erases_everything_or_nothing() {
    let mut before = Key::new();
    let empty = before.storage().records.len();
    let passkey = before.register_discoverable(RP, b"alice");
    let with_passkey = before.storage().records.len();
    assert!(with_passkey > empty);
    for name in ["alice", "bob", "carol"] {
        before.put(&account(name, name)).unwrap();
    }
    before.set_code(Some(OLD)).unwrap();
    at_every_cut(&before, Key::oath_reset, |mut key, answer| {
        let is_gone = key.oath_select(CHANNEL).len() == 2;
        if is_gone {
            assert_eq!(names(&mut key), [""; 0]);
            assert_eq!(key.storage().records.len(), with_passkey, "nothing is left behind");
            assert!(key.storage().scrubbed > 0, "nor can be read");
        } else {
            assert_eq!(answer, Err(0x6581));
            key.unlock(CHANNEL, OLD).unwrap();
            assert_eq!(names(&mut key), ["alice", "bob", "carol"]);
        }
        key.asserted(get_assertion(RP)).unwrap().is_by(&passkey, RP);
    });
}

#[test]
fn finishing_a_reset_can_be_cut_too() {
    let mut before = Key::new();
    let empty = before.storage().records.len();
    for name in ["alice", "bob", "carol"] {
        before.put(&account(name, name)).unwrap();
    }
    // The new root is written, nothing is removed.
    before.storage_mut().cut_power_at(1, false);
    assert_eq!(before.oath_reset(), Err(0x6581));
    let mut left = before.storage().clone();
    left.power_up();
    assert_eq!(left.records.len(), empty + 3);
    for operation in 0..16 {
        for happens in [false, true] {
            let mut storage = left.clone();
            storage.cut_power_at(operation, happens);
            let mut key = Key::recover(storage);
            assert_eq!(names(&mut key), [""; 0]);
            assert_eq!(key.storage().records.len(), empty);
            assert!(key.storage().scrubbed > 0);
        }
    }
}

#[test]
fn a_reset_that_failed_can_be_repeated_at_once() {
    at_every_failure(&prepared(), Key::oath_reset, |key, answer, _| {
        if answer.is_err() {
            key.oath_reset().unwrap();
        }
        assert_eq!(names(key), [""; 0]);
        key.put(&account("alice", "new")).unwrap();
        assert!(key.totp("alice", 1).is_ok());
        key.delete("alice").unwrap();
    });
}

#[test]
fn a_first_start_that_is_cut_is_made_good() {
    for operation in 0..32 {
        for happens in [false, true] {
            let mut storage = crate::testing::platform::Memory::default();
            storage.cut_power_at(operation, happens);
            let mut key = Key::recover(storage).restarted();
            key.put(&account("alice", "first")).unwrap();
            let mut key = key.restarted();
            assert_eq!(names(&mut key), ["alice"]);
        }
    }
}
