//! Accounts of one-time codes: how they come, change and go (YKOATH).

use crate::host::oath::{
    AID, Account, HASHES, SECRET, apdu, code_of, instruction, kind, named, object, put, refusal, rename, select, tag,
};
use crate::host::u2f::word;
use crate::key::Key;

checks! {
    "YKOATH, SELECT":
        select_says_version_and_identifier needs Oath,
        select_takes_the_applets_name_only needs Oath;
    "YKOATH":
        other_classes_instructions_and_parameters_are_refused needs Oath;
    "YKOATH, PUT":
        an_account_replaces_the_one_of_its_name needs Oath,
        names_and_secrets_have_1_to_64_bytes needs Oath,
        what_no_account_can_have_is_refused needs Oath;
    "YKOATH, DELETE":
        what_is_deleted_is_gone needs Oath;
    "YKOATH, RENAME":
        a_renamed_account_is_the_same needs Oath;
}

fn select_says_version_and_identifier(key: &Key) {
    let selected = key.host().select_oath();
    let [(tag::VERSION, version), (tag::NAME, identifier)] = &selected[..] else {
        panic!("{selected:02x?}");
    };
    assert!(version[..] >= [5, 3, 1][..], "from this version on clients rename");
    same!(identifier.len(), 8);
    key.power_cycle();
    same!(key.host().select_oath(), selected);
}

fn select_takes_the_applets_name_only(key: &Key) {
    let mut host = key.host();
    for name in [&AID[..6], &[0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1]] {
        host.oath_denied(&apdu(0xA4, 4, 0, name), 0x6A82);
    }
    same!(host.oath(&select()).1, word::NO_ERROR);
}

fn other_classes_instructions_and_parameters_are_refused(key: &Key) {
    let mut host = key.host();
    host.oath_denied(&[0x80, instruction::LIST, 0, 0], word::CLA_NOT_SUPPORTED);
    for other in [0x00, 0x06, 0xA0, 0xA6, 0xFF] {
        host.oath_denied(&[0, other, 0, 0], word::INS_NOT_SUPPORTED);
    }
    for parameters in [
        [instruction::PUT, 1, 0],
        [instruction::RESET, 0, 0],
        [instruction::LIST, 0, 1],
        [instruction::CALCULATE, 0, 2],
        [instruction::CALCULATE_ALL, 1, 0],
    ] {
        host.oath_denied(&[&[0], &parameters[..]].concat(), word::INCORRECT_P1P2);
    }
    host.oath_denied(&apdu(instruction::LIST, 0, 0, b"x"), word::WRONG_DATA);
    host.oath_denied(&named(instruction::CALCULATE, "no challenge"), word::WRONG_DATA);
    host.oath_denied(&[0, instruction::LIST, 0], word::WRONG_LENGTH);
}

fn an_account_replaces_the_one_of_its_name(key: &Key) {
    let mut host = key.host();
    host.put(&Account::totp("alice"));
    let other = Account::new("alice", kind::TOTP | 2, b"another secret");
    host.put(&other);
    same!(host.code("alice", &[0; 8]), other.code(0));
    same!(host.accounts(), [("alice".into(), kind::TOTP | 2)]);
}

fn names_and_secrets_have_1_to_64_bytes(key: &Key) {
    let mut host = key.host();
    let long = "n".repeat(64);
    for (name, secret) in [("n", &[1; 1][..]), (&long, &[1; 64])] {
        for (hash, _) in HASHES {
            let account = Account::new(name, kind::TOTP | hash, secret);
            host.put(&account);
            same!(host.code(name, &[0; 8]), account.code(0));
        }
    }
    let too_long = "n".repeat(65);
    for (name, secret) in [("", &[1; 1][..]), (&too_long, &[1; 1]), ("m", &[]), ("m", &[1; 65])] {
        host.oath_denied(&put(&Account::new(name, kind::TOTP | 1, secret)), word::WRONG_DATA);
    }
    same!(host.accounts().len(), 2);
}

fn what_no_account_can_have_is_refused(key: &Key) {
    let mut host = key.host();
    for kind in [0x00, 0x01, 0x20, 0x24, 0x31] {
        host.oath_denied(&put(&Account::new("alice", kind, SECRET)), word::WRONG_DATA);
    }
    for digits in [0, 5, 9] {
        host.oath_denied(&put(&Account::totp("alice").digits(digits)), word::WRONG_DATA);
    }
    host.oath_denied(&put(&Account::totp("alice").with(4)), word::WRONG_DATA);
    let more = [Account::totp("alice").encode(), object(0x99, b"x")].concat();
    host.oath_denied(&apdu(instruction::PUT, 0, 0, &more), word::WRONG_DATA);
    same!(host.accounts(), []);
}

fn what_is_deleted_is_gone(key: &Key) {
    let mut host = key.host();
    host.put(&Account::totp("alice"));
    host.put(&Account::totp("bob"));
    host.oath_done(&named(instruction::DELETE, "alice"));
    key.power_cycle();
    let mut host = key.host();
    host.oath_denied(&named(instruction::DELETE, "alice"), refusal::NO_SUCH_OBJECT);
    host.oath_denied(&code_of("alice", 1), refusal::NO_SUCH_OBJECT);
    same!(host.accounts(), [("bob".into(), kind::TOTP | 1)]);
}

fn a_renamed_account_is_the_same(key: &Key) {
    let mut host = key.host();
    let account = Account::hotp("old");
    host.put(&account);
    host.put(&Account::totp("taken"));
    same!(host.code("old", &[]), account.code(0));
    host.oath_denied(&rename("old", "taken"), word::WRONG_DATA);
    host.oath_denied(&rename("nobody", "new"), refusal::NO_SUCH_OBJECT);
    host.oath_done(&rename("old", "new"));
    key.power_cycle();
    let mut host = key.host();
    same!(host.code("new", &[]), account.code(1));
    host.oath_denied(&code_of("old", 0), refusal::NO_SUCH_OBJECT);
    same!(host.accounts().len(), 2);
}
