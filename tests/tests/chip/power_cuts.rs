//! The power is cut after each operation of the flash, during each command that writes. Every acknowledged credential
//! still signs, and no counter goes back.

use std::sync::LazyLock;

use brasskey_conformance::host::ctap2::{RESET, get_assertion, make_credential, make_discoverable, status};
use brasskey_conformance::host::u2f::{self, Registered, control};
use brasskey_conformance::host::verify::sha256;
use brasskey_tests::chip::Workbench;

use super::attempt::{self, RP_ID, assert_signs, register, silent, touched};
use super::used_key::{Cut, UsedKey};

crate::checks! {
    a_credential_that_is_not_discoverable_is_made_without_a_write,
    while_a_discoverable_credential_is_made,
    while_a_discoverable_credential_takes_the_place_of_another,
    while_the_key_signs_in,
    while_u2f_registers_and_signs_in,
    while_the_key_forgets_everything,
    while_the_key_starts_for_the_first_time,
}

static USED: LazyLock<UsedKey> = LazyLock::new(|| UsedKey::new(|_| ()));

fn a_credential_that_is_not_discoverable_is_made_without_a_write() {
    let command = |cut: &mut Cut<'_>| {
        let made = register(cut.bench, &mut cut.host, &make_credential(RP_ID, b"new"))?;
        cut.relying_party.saw(made);
        Some(())
    };
    assert_eq!(USED.cut_everywhere(command, |cut, _| cut.sign_in()), 0);
}

fn while_a_discoverable_credential_is_made() {
    let command = |cut: &mut Cut<'_>| {
        let made = register(cut.bench, &mut cut.host, &make_discoverable(RP_ID, b"new"))?;
        cut.relying_party.saw(made);
        Some(())
    };
    assert!(USED.cut_everywhere(command, |cut, _| cut.sign_in()) > 0);
}

fn while_a_discoverable_credential_takes_the_place_of_another() {
    let [old, other] = &USED.credentials;
    let command = |cut: &mut Cut<'_>| {
        let response = touched(cut.bench, &mut cut.host, make_discoverable(RP_ID, b"ada"))?;
        assert_eq!(response.status, status::OK);
        Some(())
    };
    let cuts = USED.cut_everywhere(command, |Cut { host, .. }, _| {
        // Without an allow list the key offers the account's one credential, the old or the new.
        host.assert(&get_assertion(RP_ID));
        assert_signs(host, other);
        let status = host.ctap2(silent(old)).status;
        assert!([status::OK, status::NO_CREDENTIALS].contains(&status), "{status:#x}");
    });
    assert!(cuts > 0);
}

fn while_the_key_signs_in() {
    let command = |cut: &mut Cut<'_>| {
        let Cut {
            bench,
            host,
            relying_party,
        } = cut;
        relying_party.try_sign_in(bench, host)?;
        relying_party.try_sign_in(bench, host)
    };
    assert!(USED.cut_everywhere(command, |cut, _| cut.sign_in()) > 0);
}

fn while_u2f_registers_and_signs_in() {
    let application = sha256(RP_ID.as_bytes());
    let command = |Cut { host, .. }: &mut Cut<'_>| {
        let data = attempt::u2f(host, &u2f::register(&application))?;
        let handle = Registered::of(&data, &application).key_handle;
        let authenticate = u2f::authenticate(control::ENFORCE, &application, &handle);
        attempt::u2f(host, &authenticate).map(drop)
    };
    assert!(USED.cut_everywhere(command, |cut, _| cut.sign_in()) > 0);
}

fn while_the_key_forgets_everything() {
    let [first, second] = &USED.credentials;
    let command = |Cut { bench, host, .. }: &mut Cut<'_>| {
        bench.power("cycle");
        attempt::open(host)?;
        assert_eq!(touched(bench, host, RESET)?.status, status::OK);
        Some(())
    };
    let cuts = USED.cut_everywhere(command, |cut, _| {
        let statuses = [first, second].map(|credential| cut.host.ctap2(silent(credential)).status);
        // All of it is there, or nothing.
        if statuses[0] == status::OK {
            cut.sign_in();
        } else {
            assert_eq!(statuses, [status::NO_CREDENTIALS; 2]);
        }
        cut.host.make(&make_credential(RP_ID, b"ada"));
    });
    assert!(cuts > 0);
}

fn while_the_key_starts_for_the_first_time() {
    let bench = Workbench::new();
    let mut operations = 1;
    loop {
        bench.erase();
        bench.cut_after(operations);
        bench.power("on");
        let is_done = bench.has_power();
        bench.power("keep");
        bench.power("on");
        let mut host = bench.host();
        let made = host.make(&make_credential(RP_ID, b"ada"));
        bench.power("cycle");
        assert_signs(&mut bench.host(), &made);
        if is_done {
            break;
        }
        operations += 1;
    }
    assert!(operations > 1, "the first start wrote something");
}
