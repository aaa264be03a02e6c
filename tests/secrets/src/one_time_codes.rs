//! Commands of the OATH applet, from the APDU to its answer.

use brasskey_conformance::host::oath::{
    AccessCode, Account, all_codes, apdu, calculate, code_of, instruction, kind, object, objects, put, select, shown,
    tag,
};
use brasskey_conformance::host::u2f::word;

use crate::key::Key;
use crate::{guesses, random};

const STEP: u64 = 0x0123_4567;

fn done((data, found): (Vec<u8>, u16)) -> Vec<u8> {
    assert_eq!(found, word::NO_ERROR);
    data
}

/// A key with an account, whose secret came in a message.
fn with_account(hash: u8) -> (Key, Account) {
    let account = Account::new("account", kind::TOTP | hash, &random::<20>());
    let mut key = Key::new().with_secrets();
    done(key.oath(select(), &[]));
    done(key.oath(put(&account), &account.secret));
    (key, account)
}

/// An account's secret is sealed and opened, and codes are made of it: alone, in a list, and whole.
pub(crate) fn codes(hash: u8) {
    let (mut key, account) = with_account(hash);
    let alone = objects(&done(key.oath(code_of(&account.name, STEP), &[])));
    key.has_told();
    assert_eq!(shown(&alone[0].1), account.code(STEP));

    let list = objects(&done(key.oath(all_codes(STEP), &[])));
    key.has_told();
    assert_eq!(list[1], alone[0]);

    let request = apdu(
        instruction::CALCULATE,
        0,
        0,
        &calculate(&account.name, &STEP.to_be_bytes()),
    );
    let whole = objects(&done(key.oath(request, &[])));
    key.has_told();
    assert_eq!(whole[0].1[1..], account.hmac(STEP));
}

/// The key's own proof that it knows the access code, and a host's.
pub(crate) fn access_code(hash: u8) {
    let code = AccessCode(hash, b"a code for access 01");
    let mut key = Key::new().with_secrets();
    done(key.oath(select(), &[]));
    done(key.oath(apdu(instruction::SET_CODE, 0, 0, &code.encode()), code.1));
    // From the record, too.
    let mut key = key.with_secrets();
    for which in 0..3 {
        let selected = objects(&done(key.oath(select(), &[])));
        let challenge = selected.iter().find(|(tag, _)| *tag == tag::CHALLENGE);
        let (guess, is_right) = &guesses(&code.answer(&challenge.expect("a challenge").1))[which];
        let data = [object(tag::RESPONSE, guess), object(tag::CHALLENGE, b"mutually")].concat();
        let (data, found) = key.oath(apdu(instruction::VALIDATE, 0, 0, &data), &[]);
        if *is_right {
            key.has_told();
            assert_eq!(found, word::NO_ERROR);
            assert_eq!(objects(&data), [(tag::RESPONSE, code.answer(b"mutually"))]);
        } else {
            assert_eq!(found, word::WRONG_DATA);
        }
    }
}
