//! One-time codes through the chip's smart card reader. `tests/chip/suite/card.test.mjs` has the reader's own messages.

use std::collections::BTreeMap;

use brasskey_conformance::host::oath::{
    Account, all_codes, apdu, calculate, code_of, instruction, kind, named, objects, put, refusal, select, shown, tag,
};
use brasskey_tests::chip::{Card, Workbench};

crate::checks! {
    the_codes_of_rfc_4226_and_rfc_6238,
    a_full_key_lists_and_computes_all_its_accounts,
    the_same_accounts_are_behind_reports,
    a_code_outlives_a_loss_of_power_and_so_does_a_counter,
}

const STEP: u64 = 59 / 30;
/// As many accounts as a chip holds.
const MANY: u8 = 64;

/// The applet of a card that is in its reader.
fn selected(bench: &Workbench) -> Card<'_> {
    let card = Card(bench);
    assert!(!card.done(&select()).is_empty());
    card
}

fn add(card: &Card<'_>, account: &Account) {
    assert!(card.done(&put(account)).is_empty());
}

#[track_caller]
fn code(card: &Card<'_>, request: &[u8]) -> String {
    let [(tag::TRUNCATED, code)] = &objects(&card.done(request))[..] else {
        panic!("one code");
    };
    shown(code)
}

/// The next code of an account with a counter.
#[track_caller]
fn next(card: &Card<'_>, name: &str) -> String {
    code(card, &apdu(instruction::CALCULATE, 0, 1, &calculate(name, &[])))
}

/// The names of all accounts, sorted.
fn names(card: &Card<'_>) -> Vec<String> {
    let listed = objects(&card.done(&apdu(instruction::LIST, 0, 0, &[])));
    let name = |(_, entry): (u8, Vec<u8>)| String::from_utf8(entry[1..].to_vec()).expect("text");
    let mut names: Vec<_> = listed.into_iter().map(name).collect();
    names.sort();
    names
}

fn the_codes_of_rfc_4226_and_rfc_6238() {
    let bench = Workbench::new();
    let card = selected(&bench);
    add(&card, &Account::totp("totp"));
    add(&card, &Account::hotp("hotp"));
    // RFC 6238 Appendix B has eight digits; these are the last six.
    assert_eq!(code(&card, &code_of("totp", 59 / 30)), "287082");
    assert_eq!(code(&card, &code_of("totp", 1_111_111_109 / 30)), "081804");
    for expected in ["755224", "287082", "359152"] {
        assert_eq!(next(&card, "hotp"), expected);
    }
    assert_eq!(names(&card), ["hotp", "totp"]);
    let delete = named(instruction::DELETE, "totp");
    assert!(card.done(&delete).is_empty());
    assert_eq!(card.exchange(&delete).1, refusal::NO_SUCH_OBJECT);
}

fn a_full_key_lists_and_computes_all_its_accounts() {
    let bench = Workbench::new();
    let card = selected(&bench);
    let accounts: Vec<_> = (0..MANY)
        .map(|number| {
            let padding = ".".repeat((13 + number % 30).into());
            let name = format!("issuer {number}:account{padding}");
            Account::new(&name, kind::TOTP | 1, &[number + 1; 20])
        })
        .collect();
    accounts.iter().for_each(|account| add(&card, account));
    let expected: BTreeMap<_, _> = accounts
        .iter()
        .map(|account| (account.name.clone(), account.code(STEP)))
        .collect();
    assert!(names(&card).iter().eq(expected.keys()));
    let all = objects(&card.done(&all_codes(STEP)));
    let codes: BTreeMap<_, _> = all
        .chunks(2)
        .map(|pair| (String::from_utf8(pair[0].1.clone()).expect("text"), shown(&pair[1].1)))
        .collect();
    assert_eq!(codes, expected);
    assert_eq!(
        card.exchange(&code_of("no such account", STEP)).1,
        refusal::NO_SUCH_OBJECT
    );
}

fn the_same_accounts_are_behind_reports() {
    let bench = Workbench::new();
    let card = selected(&bench);
    add(&card, &Account::totp("put by card"));
    let mut host = bench.host();
    assert_eq!(host.accounts(), [("put by card".to_owned(), kind::TOTP | 1)]);
    let added = Account::totp("put by report");
    host.put(&added);
    assert_eq!(code(&card, &code_of("put by report", STEP)), added.code(STEP));
}

fn a_code_outlives_a_loss_of_power_and_so_does_a_counter() {
    let bench = Workbench::new();
    let account = Account::hotp("hotp").starting_at(3);
    let card = selected(&bench);
    add(&card, &account);
    assert_eq!(next(&card, "hotp"), account.code(3));
    bench.power("cycle");
    assert_eq!(next(&selected(&bench), "hotp"), account.code(4));
}
