//! Credentials that may leave the key (WebAuthn Level 3 §6.1.3).

use std::vec::Vec;

use crate::authenticator::Backup;
use crate::crypto::sha256;
use crate::testing::key::Key;
use crate::testing::platform::Dice;
use crate::testing::request::{GET_NEXT_ASSERTION, RP, get_assertion, get_assertion_by, make_credential};

const BE: u8 = 0x08;
const BS: u8 = 0x10;

/// The flags of an assertion by this credential that are about backups, and its counter.
fn asserted(key: &mut Key, id: &[u8]) -> (u8, u32) {
    let data = key.asserted(get_assertion_by(RP, &[id])).unwrap().auth_data;
    (data.flags & (BE | BS), data.sign_count)
}

#[test]
fn the_flags_are_those_of_the_key_and_the_counter_stays_at_zero() {
    for (backup, flags) in [(Backup::Never, 0), (Backup::Eligible, BE), (Backup::BackedUp, BE | BS)] {
        let mut key = Key::new();
        // The counts of other credentials do not show.
        let counted = key.register(RP);
        assert!(asserted(&mut key, &counted.id).1 > 0);
        key.0.config.backup = backup;
        for made in [key.register(RP), key.register_discoverable(RP, b"alice")] {
            assert_eq!(made.auth_data.flags & (BE | BS), flags);
            let counters: Vec<_> = (0..3)
                .map(|_| {
                    let (found, counter) = asserted(&mut key, &made.id);
                    assert_eq!(found, flags);
                    counter
                })
                .collect();
            if backup == Backup::Never {
                assert!(counters.is_sorted_by(|one, next| one < next));
            } else {
                assert_eq!((made.auth_data.sign_count, &counters[..]), (0, &[0; 3][..]));
            }
        }
    }
}

#[test]
fn eligibility_is_the_credentials_own_and_never_changes() {
    let mut key = Key::new();
    let bound = key.register_discoverable(RP, b"bound");
    key.0.config.backup = Backup::BackedUp;
    let synced = key.register_discoverable(RP, b"synced");
    for (backup, flags) in [(Backup::BackedUp, BE | BS), (Backup::Eligible, BE), (Backup::Never, BE)] {
        key.0.config.backup = backup;
        assert_eq!(asserted(&mut key, &bound.id).0, 0);
        assert_eq!(asserted(&mut key, &synced.id), (flags, 0));
        // Each of a walk has its own.
        let walk =
            [get_assertion(RP).encode(), GET_NEXT_ASSERTION.to_vec()].map(|request| key.asserted(request).unwrap());
        assert_eq!(walk.map(|one| one.auth_data.flags & (BE | BS)), [flags, 0]);
    }
    let mut key = Key::start(key.storage().clone(), Dice::seeded(3))
        .map_err(drop)
        .unwrap();
    assert_eq!(asserted(&mut key, &synced.id), (BE, 0));
}

#[test]
fn what_may_leave_the_key_does_not_sign_over_u2f() {
    let mut key = Key::new();
    key.0.config.backup = Backup::Eligible;
    let made = key.made(make_credential(RP, b"alice")).unwrap();
    let mut apdu = std::vec![0, 2, 7, 0, 0, 0, 65 + 43];
    apdu.extend([[1; 32], sha256(&[RP.as_bytes()])].concat());
    apdu.push(43);
    apdu.extend(&made.id);
    assert_eq!(key.apdu(&apdu), Err(0x6a80));
    key.0.config.backup = Backup::Never;
    assert_eq!(key.apdu(&apdu), Err(0x6a80));
}
