//! What keeps one-time codes from those who do not know the access code, and what erases them (YKOATH).

use crate::host::ctap2::{RESET, get_assertion, make_discoverable, status};
use crate::host::oath::{
    AccessCode, Account, apdu, code_of, instruction, named, object, put, refusal, rename, reset, tag,
};
use crate::host::response::flags;
use crate::host::u2f::word;
use crate::key::Key;

checks! {
    "YKOATH, VALIDATE":
        a_locked_key_gives_nothing needs Oath,
        host_and_key_prove_the_code_to_each_other needs Oath,
        a_session_belongs_to_its_host needs Oath;
    "YKOATH, SET CODE":
        a_change_of_the_code_cuts_no_account_off needs Oath,
        a_code_that_the_host_does_not_have_is_not_set needs Oath;
    "YKOATH, RESET":
        a_reset_forgets_accounts_and_code needs Oath,
        each_reset_leaves_what_the_other_erases needs Oath;
}

const CODE: AccessCode = AccessCode(1, b"sixteen bytes of");
const OTHER: AccessCode = AccessCode(2, b"another");

fn set_code(code: AccessCode) -> Vec<u8> {
    apdu(instruction::SET_CODE, 0, 0, &code.encode())
}

fn remove_code() -> Vec<u8> {
    apdu(instruction::SET_CODE, 0, 0, &object(tag::KEY, &[]))
}

fn a_locked_key_gives_nothing(key: &Key) {
    let mut host = key.host();
    host.put(&Account::totp("alice"));
    host.oath_done(&set_code(CODE));
    key.power_cycle();
    let mut host = key.host();
    let all = apdu(instruction::CALCULATE_ALL, 0, 1, &object(tag::CHALLENGE, &[0; 8]));
    let list = apdu(instruction::LIST, 0, 0, &[]);
    let remaining = apdu(instruction::SEND_REMAINING, 0, 0, &[]);
    for request in [
        put(&Account::totp("bob")),
        named(instruction::DELETE, "alice"),
        set_code(OTHER),
        remove_code(),
        rename("alice", "bob"),
        list,
        code_of("alice", 0),
        all,
        remaining,
    ] {
        host.oath_denied(&request, refusal::NOT_ALLOWED);
    }
    same!(host.validate(OTHER), word::WRONG_DATA);
    host.oath_denied(&code_of("alice", 0), refusal::NOT_ALLOWED);
    same!(host.validate(CODE), word::NO_ERROR);
    same!(host.code("alice", &[0; 8]), Account::totp("alice").code(0));
}

fn host_and_key_prove_the_code_to_each_other(key: &Key) {
    for code in [CODE, OTHER, AccessCode(3, &[9; 64])] {
        let mut host = key.host();
        host.oath_done(&set_code(code));
        let selected = host.select_oath();
        let [.., (tag::CHALLENGE, first), (tag::ALGORITHM, hash)] = &selected[..] else {
            panic!("{selected:02x?}");
        };
        same!((first.len(), &hash[..]), (8, &[code.0][..]));
        // SELECT has ended what SET CODE proved, and the next one asks something else.
        host.oath_denied(&apdu(instruction::LIST, 0, 0, &[]), refusal::NOT_ALLOWED);
        differ!(host.select_oath(), selected);
        same!(host.validate(code), word::NO_ERROR);
        host.oath_done(&remove_code());
    }
    let nothing = [object(tag::RESPONSE, &[0; 20]), object(tag::CHALLENGE, b"a nonce.")].concat();
    let validate = apdu(instruction::VALIDATE, 0, 0, &nothing);
    key.host().oath_denied(&validate, refusal::NO_SUCH_OBJECT);
}

fn a_session_belongs_to_its_host(key: &Key) {
    let mut host = key.host();
    host.oath_done(&set_code(CODE));
    let list = apdu(instruction::LIST, 0, 0, &[]);
    let mut other = key.host();
    other.oath_denied(&list, refusal::NOT_ALLOWED);
    same!(other.validate(CODE), word::NO_ERROR);
    host.oath_done(&set_code(OTHER));
    host.oath_done(&list);
    other.oath_denied(&list, refusal::NOT_ALLOWED);
}

fn a_change_of_the_code_cuts_no_account_off(key: &Key) {
    let account = Account::totp("alice");
    key.host().put(&account);
    let identifier = key.host().select_oath()[1].clone();
    let mut last = None;
    for code in [CODE, OTHER] {
        let mut host = key.host();
        if let Some(last) = last {
            same!(host.validate(last), word::NO_ERROR);
        }
        host.oath_done(&set_code(code));
        key.power_cycle();
        let mut host = key.host();
        same!(host.select_oath()[1], identifier, "which salts the next code, too");
        same!(host.validate(code), word::NO_ERROR);
        same!(host.code("alice", &[0; 8]), account.code(0));
        last = Some(code);
    }
}

fn a_code_that_the_host_does_not_have_is_not_set(key: &Key) {
    let mut host = key.host();
    let mut wrong = CODE.encode();
    *wrong.last_mut().expect("a response") ^= 1;
    for data in [&wrong[..], &wrong[..18], &[tag::KEY, 1, 0x21], &[]] {
        host.oath_denied(&apdu(instruction::SET_CODE, 0, 0, data), word::WRONG_DATA);
    }
    same!(host.select_oath().len(), 2, "no challenge");
}

fn a_reset_forgets_accounts_and_code(key: &Key) {
    let mut host = key.host();
    host.put(&Account::totp("alice"));
    let identifier = host.select_oath()[1].clone();
    host.oath_done(&set_code(CODE));
    key.power_cycle();
    let mut host = key.host();
    host.oath_done(&reset());
    key.power_cycle();
    let mut host = key.host();
    same!(host.accounts(), []);
    let selected = host.select_oath();
    same!(selected.len(), 2, "no challenge");
    differ!(selected[1], identifier);
    host.put(&Account::totp("alice"));
    same!(host.code("alice", &[0; 8]), Account::totp("alice").code(0));
}

fn each_reset_leaves_what_the_other_erases(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_discoverable("example.com", b"1"));
    let account = Account::hotp("hotp");
    host.put(&account);
    host.put(&Account::totp("alice"));
    host.oath_done(&reset());
    let assertion = host.assert(&get_assertion("example.com"));
    assertion.verify(&made.public_key, "example.com", flags::UP);

    host.put(&account);
    same!(host.code("hotp", &[]), account.code(0));
    key.power_cycle();
    let mut host = key.host();
    status::is(host.touched(RESET).status, status::OK);
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
    same!(host.code("hotp", &[]), account.code(1));
}
