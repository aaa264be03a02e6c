//! SET CODE, VALIDATE, and whose session is open.

use crate::crypto::hmac::HmacHash;
use crate::limits::OATH_SESSIONS;
use crate::request::CARD;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{AccessCode, Account, SHA1, SHA256, SHA512, TOTP, apdu, object, objects};

const CODE: AccessCode = AccessCode(SHA1, b"sixteen bytes of");
const OTHER: AccessCode = AccessCode(SHA256, b"another");

/// A key with an account and an access code, just plugged in.
fn locked() -> Key {
    let mut key = Key::new();
    key.put(&Account::new("alice", TOTP | SHA1, b"secret")).unwrap();
    key.set_code(Some(CODE)).unwrap();
    key.restarted()
}

#[test]
fn without_the_access_code_a_host_gets_nothing() {
    let mut key = locked();
    let before = key.storage().records.clone();
    for select in [false, true] {
        if select {
            key.oath_select(CHANNEL);
        }
        assert_eq!(key.totp("alice", 1), Err(0x6982));
        assert_eq!(key.codes(1), Err(0x6982));
        assert_eq!(key.accounts(), Err(0x6982));
        assert_eq!(key.delete("alice"), Err(0x6982));
        assert_eq!(key.rename("alice", "bob"), Err(0x6982));
        assert_eq!(key.put(&Account::new("bob", TOTP | SHA1, b"x")), Err(0x6982));
        assert_eq!(key.set_code(None), Err(0x6982));
        assert_eq!(key.oath(0xa5, &[]), Err(0x6982));
    }
    assert_eq!(key.storage().records, before);
}

#[test]
fn host_and_key_prove_the_code_to_each_other() {
    for code in [CODE, OTHER, AccessCode(SHA512, &[7; 64])] {
        let mut key = locked();
        key.unlock(CHANNEL, CODE).unwrap();
        key.set_code(Some(code)).unwrap();
        let mut key = key.restarted();
        let selected = key.oath_select(CHANNEL);
        assert_eq!((selected[2].0, selected[2].1.len()), (0x74, 8));
        assert_eq!(selected[3], (0x7b, [code.0].into()));
        key.unlock(CHANNEL, code).unwrap();
        assert!(key.totp("alice", 1).is_ok());
    }
}

#[test]
fn a_wrong_code_is_refused() {
    let mut key = locked();
    assert_eq!(key.unlock(CHANNEL, OTHER), Err(0x6a80));
    assert_eq!(key.totp("alice", 1), Err(0x6982));
    // The beginning of the right answer is not the answer, nor is nothing.
    let (_, challenge) = &key.oath_select(CHANNEL)[2];
    let answer = CODE.answer(challenge);
    for answer in [&[][..], &answer[..19], &[&answer[..], &[0]].concat()] {
        let data = [object(0x75, answer), object(0x74, b"mutual")].concat();
        assert_eq!(key.oath(0xa3, &data), Err(0x6a80));
    }
    assert_eq!(key.totp("alice", 1), Err(0x6982));
    key.unlock(CHANNEL, CODE).unwrap();
    // A failure later ends what was proven before.
    let data = [object(0x75, &[0; 20]), object(0x74, b"mutual")].concat();
    assert_eq!(key.oath(0xa3, &data), Err(0x6a80));
    assert_eq!(key.totp("alice", 1), Err(0x6982));
}

#[test]
fn every_select_asks_something_else_and_ends_what_was_proven() {
    let mut key = locked();
    key.unlock(CHANNEL, CODE).unwrap();
    let (_, old) = key.oath_select(CHANNEL)[2].clone();
    assert_eq!(key.totp("alice", 1), Err(0x6982));
    key.oath_select(CHANNEL);
    let data = [object(0x75, &CODE.answer(&old)), object(0x74, b"mutual")].concat();
    assert_eq!(key.oath(0xa3, &data), Err(0x6a80), "an old answer");
}

#[test]
fn validate_needs_a_code_and_a_select() {
    let mut key = Key::new();
    let data = [object(0x75, &[0; 20]), object(0x74, b"mutual")].concat();
    assert_eq!(key.oath(0xa3, &data), Err(0x6984), "no access code");
    let mut key = locked();
    assert_eq!(key.oath(0xa3, &data), Err(0x6985), "nothing was asked");
    key.oath_select(CHANNEL);
    assert_eq!(key.oath(0xa3, &data[..22]), Err(0x6a80), "no challenge of the host's");
}

#[test]
fn a_session_belongs_to_its_channel() {
    let mut key = locked();
    key.unlock(CARD, CODE).unwrap();
    let list = apdu(0xa1, 0, 0, &[]);
    assert_eq!(key.oath_on(CARD, &list).1, 0x9000);
    assert_eq!(key.oath_on(CHANNEL, &list).1, 0x6982);
    // Another host's session pushes none out that is in use.
    for other in 1..=2 * OATH_SESSIONS {
        key.oath_select(u32::try_from(other).unwrap());
        assert_eq!(key.oath_on(CARD, &list).1, 0x9000);
    }
    // One that is idle longest makes way.
    for other in 1..=OATH_SESSIONS {
        key.oath_select(u32::try_from(other).unwrap());
    }
    assert_eq!(key.oath_on(CARD, &list).1, 0x6982);
    key.unlock(CARD, CODE).unwrap();
    assert_eq!(
        key.restarted().oath_on(CARD, &list).1,
        0x6982,
        "nor does it outlive a power cycle"
    );
}

#[test]
fn a_new_code_ends_the_sessions_of_others() {
    let mut key = locked();
    let list = apdu(0xa1, 0, 0, &[]);
    key.unlock(CARD, CODE).unwrap();
    key.unlock(CHANNEL, CODE).unwrap();
    key.set_code(Some(OTHER)).unwrap();
    assert!(key.accounts().is_ok(), "whoever set it knows it");
    assert_eq!(key.oath_on(CARD, &list).1, 0x6982);
    assert_eq!(key.unlock(CARD, CODE), Err(0x6a80));
    key.unlock(CARD, OTHER).unwrap();
}

#[test]
fn a_change_of_the_code_leaves_the_accounts() {
    let mut key = locked();
    key.unlock(CHANNEL, CODE).unwrap();
    let code = key.totp("alice", 1);
    let identifier = key.oath_select(CHANNEL)[1].clone();
    key.unlock(CHANNEL, CODE).unwrap();
    key.set_code(None).unwrap();
    let mut key = key.restarted();
    assert_eq!(key.totp("alice", 1), code);
    assert_eq!(
        key.oath_select(CHANNEL)[1..],
        [identifier],
        "which salts the next code, too"
    );
    key.set_code(Some(OTHER)).unwrap();
    assert_eq!(key.totp("alice", 1), code);
}

#[test]
fn a_code_that_the_host_does_not_have_is_not_set() {
    let mut key = Key::new();
    let before = key.storage().records.clone();
    let good = CODE.encode();
    for length in 1..good.len() {
        assert!(key.oath(0x03, &good[..length]).is_err());
    }
    let mut wrong = good.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let empty = [object(0x73, &[0x21]), object(0x74, b"c"), object(0x75, &[0; 20])].concat();
    let hash = [object(0x73, b"\x24key"), object(0x74, b"c"), object(0x75, &[0; 20])].concat();
    let nothing_asked = [
        object(0x73, &[&[0x21], CODE.1].concat()),
        object(0x74, &[]),
        object(0x75, &CODE.answer(&[])),
    ]
    .concat();
    let removed_and_more = [object(0x73, &[]), object(0x74, b"c")].concat();
    for data in [wrong, empty, hash, nothing_asked, removed_and_more] {
        assert_eq!(key.oath(0x03, &data), Err(0x6a80), "{data:02x?}");
    }
    assert_eq!(key.storage().records, before);
    // The upper half of the byte is a type in some clients, and nothing in others.
    let plain = [&[0x73, 17, 1], &good[3..]].concat();
    key.oath(0x03, &plain).unwrap();
    key.unlock(CHANNEL, CODE).unwrap();
}

#[test]
fn a_full_storage_keeps_nobody_from_a_code() {
    let mut key = Key::new();
    key.storage_mut().room = Some(key.storage().records.len());
    key.set_code(Some(CODE)).unwrap();
    key.set_code(None).unwrap();
    key.oath_reset().unwrap();
}

#[test]
fn what_proves_the_code_is_shown_by_no_debug_output() {
    let code = crate::store::oath::AccessCode {
        hash: HmacHash::Sha1,
        key: crate::crypto::hmac::HmacKey::new(b"\xab\xab").unwrap(),
    };
    let shown = std::format!("{code:?}");
    assert!(!shown.contains("171") && !shown.contains("ab"), "{shown}");
    assert!(objects(&object(0x73, b"k")).len() == 1);
}
