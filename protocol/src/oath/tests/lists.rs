//! LIST and CALCULATE ALL, also where they are longer than a message.

use std::collections::BTreeSet;
use std::format;
use std::string::String;
use std::vec::Vec;

use crate::limits::MAX_MESSAGE;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{Account, HOTP, ONLY_INCREASING, SHA1, SHA256, SHA512, TOTP, TOUCH, apdu, object, objects};

/// As many accounts as a PC has to hold, with names of 64 bytes: longer than one message in every form.
fn many() -> (Key, BTreeSet<String>) {
    let mut key = Key::new();
    let names: BTreeSet<_> = (0..1000).map(|number| format!("{number:064}")).collect();
    for name in &names {
        key.put(&Account::new(name, TOTP | SHA512, name.as_bytes())).unwrap();
    }
    (key, names)
}

#[test]
fn calculate_all_says_of_each_account_what_it_has() {
    let mut key = Key::new();
    let secret = b"12345678901234567890";
    key.put(&Account::new("a", TOTP | SHA1, secret).digits(8)).unwrap();
    key.put(&Account::new("b", HOTP | SHA1, secret).digits(7)).unwrap();
    key.put(&Account::new("c", TOTP | SHA256, secret).with(TOUCH)).unwrap();
    key.put(&Account::new("d", TOTP | SHA1, secret).with(ONLY_INCREASING))
        .unwrap();
    key.put(&Account::new("e", HOTP | SHA1, secret).with(TOUCH)).unwrap();
    let before = key.storage().records.clone();
    let codes = key.codes(1).unwrap();
    assert_eq!(
        codes,
        [
            ("a".into(), 0x76, [&[8][..], &94_287_082_u32.to_be_bytes()].concat()),
            ("b".into(), 0x77, [7].into()),
            ("c".into(), 0x7c, [6].into()),
            ("d".into(), 0x7c, [6].into()),
            ("e".into(), 0x77, [6].into()),
        ]
        .map(|(name, tag, value): (String, u8, Vec<u8>)| {
            let value = if tag == 0x76 {
                truncated(&codes[0].2, &value)
            } else {
                value
            };
            (name, tag, value)
        })
    );
    assert_eq!(key.storage().records, before, "a list uses nothing up");
}

/// The truncated code itself, if it shows the digits of `expected`.
fn truncated(code: &[u8], expected: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[1..].try_into().unwrap()) % 100_000_000;
    assert_eq!((code[0], number(code)), (expected[0], number(expected)));
    code.to_vec()
}

#[test]
fn whole_hmacs_are_as_long_as_their_hash() {
    let mut key = Key::new();
    for (name, hash, length) in [("a", SHA1, 20), ("b", SHA256, 32), ("c", SHA512, 64)] {
        key.put(&Account::new(name, TOTP | hash, b"secret")).unwrap();
        let one = [object(0x71, name.as_bytes()), object(0x74, &[0; 8])].concat();
        let one = objects(&key.oath_with(0xa2, 0, &one).unwrap());
        assert_eq!((one[0].0, one[0].1.len()), (0x75, 1 + length));
        let all = key.walked(&apdu(0xa4, 0, 0, &object(0x74, &[0; 8]))).unwrap();
        let at = all.iter().position(|(_, value)| value == name.as_bytes()).unwrap();
        assert_eq!(all[at + 1], one[0]);
    }
}

#[test]
fn a_long_list_comes_in_messages_of_whole_entries() {
    let (mut key, names) = many();
    let list = apdu(0xa1, 0, 0, &[]);
    let truncated = apdu(0xa4, 0, 1, &object(0x74, &[0; 8]));
    let whole = apdu(0xa4, 0, 0, &object(0x74, &[0; 8]));
    for (first, objects_each, size) in [(list, 1, 67), (truncated, 2, 73), (whole, 2, 133)] {
        let (data, word) = key.oath_on(CHANNEL, &first);
        assert_eq!(word, 0x6100);
        let longest = MAX_MESSAGE - 2;
        assert!(data.len() <= longest && data.len() + size > longest, "as much as fits");
        let all = key.walked(&first).unwrap();
        let found: Vec<_> = all
            .iter()
            .step_by(objects_each)
            .map(|(_, value)| String::from_utf8(value[usize::from(objects_each == 1)..].to_vec()).unwrap())
            .collect();
        assert_eq!(found.len(), names.len(), "none twice");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), names);
        assert_eq!(key.oath(0xa5, &[]), Err(0x6985), "and then nothing remains");
    }
}

#[test]
fn entries_stay_whole_wherever_a_message_ends() {
    let mut key = Key::new();
    // More than a message in each form. The name that moves them all has more lengths than a short entry has bytes.
    let names: Vec<_> = (0..150).map(|number| format!("{number:050}")).collect();
    for name in &names {
        key.put(&Account::new(name, TOTP | SHA512, b"secret")).unwrap();
    }
    for length in 1..=64 {
        let first = "!".repeat(length);
        key.put(&Account::new(&first, TOTP | SHA512, b"secret")).unwrap();
        for (apdu, count) in [
            (apdu(0xa1, 0, 0, &[]), 151),
            (apdu(0xa4, 0, 1, &object(0x74, &[0; 8])), 302),
            (apdu(0xa4, 0, 0, &object(0x74, &[0; 8])), 302),
        ] {
            assert_eq!(key.walked(&apdu).map(|objects| objects.len()), Ok(count), "{length}");
        }
        key.oath_with(0x02, 0, &object(0x71, first.as_bytes())).unwrap();
    }
}

#[test]
fn a_list_that_is_not_gone_on_with_is_over() {
    let (mut key, _) = many();
    let list = apdu(0xa1, 0, 0, &[]);
    assert_eq!(key.oath_on(CHANNEL, &list).1, 0x6100);
    assert_eq!(
        key.oath_on(1, &apdu(0xa5, 0, 0, &[])).1,
        0x6985,
        "nor is it another host's"
    );
    assert_eq!(key.totp("nobody", 1), Err(0x6984));
    assert_eq!(key.oath(0xa5, &[]), Err(0x6985));
    assert_eq!(key.oath_on(CHANNEL, &list).1, 0x6100);
    key.oath_select(CHANNEL);
    assert_eq!(key.oath(0xa5, &[]), Err(0x6985));
}

#[test]
fn a_list_goes_on_behind_an_account_that_was_deleted_meanwhile() {
    let (mut key, names) = many();
    let (data, _) = key.oath_on(CHANNEL, &apdu(0xa1, 0, 0, &[]));
    let (_, last) = objects(&data).pop().unwrap();
    let last = String::from_utf8(last[1..].to_vec()).unwrap();
    let delete = apdu(0x02, 0, 0, &object(0x71, last.as_bytes()));
    assert_eq!(key.oath_on(1, &delete).1, 0x9000);
    let listed = objects(&data).len();
    let rest = key.walked(&apdu(0xa5, 0, 0, &[])).unwrap();
    assert_eq!(listed + rest.len(), names.len());
}
