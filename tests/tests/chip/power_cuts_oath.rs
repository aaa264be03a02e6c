//! The power is cut after each operation of the flash, during each command of OATH that writes. What was acknowledged
//! is there, no counter of HOTP goes back, and the passkeys still sign.

use std::sync::LazyLock;

use brasskey_conformance::host::Host;
use brasskey_conformance::host::oath::{
    Account, apdu, calculate, code_of, instruction, kind, named, objects, put, refusal, rename, reset, shown,
};
use brasskey_conformance::host::u2f::word;

use super::attempt::oath;
use super::used_key::UsedKey;

crate::checks! {
    while_an_account_is_added,
    while_an_account_takes_the_place_of_another,
    while_an_account_is_renamed,
    while_an_account_is_deleted,
    while_a_counter_goes_on,
    while_the_codes_are_reset_the_passkeys_stay,
}

const STEP: u64 = 1;

static USED: LazyLock<UsedKey> = LazyLock::new(|| {
    UsedKey::new(|host| {
        host.put(&Account::totp("totp"));
        let hotp = Account::hotp("hotp");
        host.put(&hotp);
        assert_eq!(host.code("hotp", &[]), hotp.code(0));
    })
});

fn other(name: &str) -> Account {
    Account::new(name, kind::TOTP | 1, &[7; 20])
}

/// The account's code, or nothing where the key does not have it.
#[track_caller]
fn code(host: &mut Host, name: &str) -> Option<String> {
    let (data, word) = host.oath(&code_of(name, STEP));
    if word == refusal::NO_SUCH_OBJECT {
        return None;
    }
    assert_eq!(word, word::NO_ERROR);
    Some(shown(&objects(&data)[0].1))
}

fn kept() -> Option<String> {
    Some(Account::totp("totp").code(STEP))
}

/// Cuts the power everywhere in a command.
fn cut(command: &[u8], dense: u32, mut check: impl FnMut(&mut Host, bool)) {
    let cuts = USED.cut_prepared(
        dense,
        |host| drop(host.select_oath()),
        |cut, ()| oath(&mut cut.host, command),
        |cut, answered| {
            check(&mut cut.host, answered);
            cut.sign_in();
        },
    );
    assert!(cuts > 0);
}

fn while_an_account_is_added() {
    cut(&put(&other("new")), 12, |host, answered| {
        assert_eq!(code(host, "totp"), kept());
        let found = code(host, "new");
        assert!(found.is_some() || !answered);
        assert!(found.is_none_or(|code| code == other("new").code(STEP)));
    });
}

fn while_an_account_takes_the_place_of_another() {
    cut(&put(&other("totp")), 12, |host, answered| {
        let found = code(host, "totp");
        let is_new = found.as_ref() == Some(&other("totp").code(STEP));
        assert!(is_new || (!answered && found == kept()), "{found:?}");
    });
}

fn while_an_account_is_renamed() {
    cut(&rename("totp", "renamed"), 12, |host, answered| {
        let found = ["totp", "renamed"].map(|name| code(host, name));
        assert!(
            found == [kept(), None] || found == [None, kept()],
            "under one name: {found:?}"
        );
        assert!(!answered || found[0].is_none());
    });
}

fn while_an_account_is_deleted() {
    cut(&named(instruction::DELETE, "totp"), 12, |host, answered| {
        let found = code(host, "totp");
        assert!(found.is_none() || (!answered && found == kept()), "{found:?}");
    });
}

fn while_a_counter_goes_on() {
    let (mut least, hotp) = (1, Account::hotp("hotp"));
    let next = apdu(instruction::CALCULATE, 0, 1, &calculate("hotp", &[]));
    cut(&next, 12, |host, answered| {
        assert_eq!(code(host, "totp"), kept());
        let code = host.code("hotp", &[]);
        let counter = [1, 2].into_iter().find(|counter| hotp.code(*counter) == code);
        let counter = counter.unwrap_or_else(|| panic!("{code} is of no counter"));
        assert!(counter >= least && (!answered || counter == 2), "counter {counter}");
        least = counter;
    });
}

fn while_the_codes_are_reset_the_passkeys_stay() {
    let next = apdu(instruction::CALCULATE, 0, 1, &calculate("hotp", &[]));
    // It writes to all pages, so that each try takes long. FIDO's reset is cut more often, and writes in the same way.
    cut(&reset(), 4, |host, answered| {
        let is_there = code(host, "totp").is_some();
        let word = host.oath(&next).1;
        let expected = if is_there {
            word::NO_ERROR
        } else {
            refusal::NO_SUCH_OBJECT
        };
        assert_eq!(word, expected, "all of them or none");
        assert!(!answered || !is_there);
        host.put(&Account::totp("after"));
        assert_eq!(code(host, "after"), kept());
    });
}
