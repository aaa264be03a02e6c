//! One-time codes: those of the standards, with a touch and in lists (RFC 4226, RFC 6238, YKOATH).

use crate::host::command;
use crate::host::oath::{
    Account, HASHES, all_codes, apdu, calculate, code_of, instruction, kind, object, objects, property, refusal, shown,
    tag,
};
use crate::host::u2f::word;
use crate::key::Key;

checks! {
    "RFC 4226 Appendix D":
        counters_give_the_codes_of_the_standard needs Oath;
    "RFC 6238 Appendix B":
        time_steps_give_the_codes_of_the_standard needs Oath,
        codes_have_six_to_eight_digits needs Oath;
    "RFC 4226 §7.2":
        a_counter_outlives_a_power_cycle needs Oath;
    "YKOATH, PUT":
        time_steps_only_increase_where_the_account_says_so needs Oath;
    "YKOATH, CALCULATE":
        whole_hmacs_are_those_of_the_secret needs Oath,
        a_touch_gives_the_code needs Oath,
        a_user_who_declines_gets_no_code needs Oath and Decline,
        a_user_who_does_not_come_gets_no_code needs Oath and Clock,
        cancel_ends_the_wait needs Oath;
    "YKOATH, CALCULATE ALL":
        each_account_says_what_it_has needs Oath;
    "YKOATH, SEND REMAINING":
        sixty_four_accounts_come_in_messages_of_whole_entries needs Oath,
        what_is_not_gone_on_with_is_over needs Oath;
}

fn counters_give_the_codes_of_the_standard(key: &Key) {
    let mut host = key.host();
    host.put(&Account::hotp("hotp"));
    for code in [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
    ] {
        same!(host.code("hotp", &[]), code);
    }
    host.put(&Account::hotp("from 7").starting_at(7));
    same!(host.code("from 7", &[]), "162583");
}

fn time_steps_give_the_codes_of_the_standard(key: &Key) {
    let mut host = key.host();
    // As long as the hash, by the standard's reference implementation.
    let secret = b"1234567890123456789012345678901234567890123456789012345678901234";
    for (hash, length) in [(1, 20), (2, 32), (3, 64)] {
        host.put(&Account::new(&format!("SHA {hash}"), kind::TOTP | hash, &secret[..length]).digits(8));
    }
    for (time, codes) in [
        (59, ["94287082", "46119246", "90693936"]),
        (1_111_111_109, ["07081804", "68084774", "25091201"]),
        (1_111_111_111, ["14050471", "67062674", "99943326"]),
        (1_234_567_890, ["89005924", "91819424", "93441116"]),
        (2_000_000_000, ["69279037", "90698825", "38618901"]),
        (20_000_000_000, ["65353130", "77737706", "47863826"]),
    ] {
        let step = u64::to_be_bytes(time / 30);
        for (hash, code) in (1..).zip(codes) {
            same!(host.code(&format!("SHA {hash}"), &step), code, "{time}");
        }
        let all = host.walk(&all_codes(time / 30));
        let mut all: Vec<_> = all.chunks(2).map(|pair| (&pair[0].1, shown(&pair[1].1))).collect();
        all.sort();
        assert!(all.iter().map(|(_, code)| code).eq(&codes), "{time}: {all:?}");
    }
}

fn a_counter_outlives_a_power_cycle(key: &Key) {
    let account = Account::hotp("hotp");
    key.host().put(&account);
    for counter in 0..3 {
        same!(key.host().code("hotp", &[]), account.code(counter));
        key.power_cycle();
    }
}

fn time_steps_only_increase_where_the_account_says_so(key: &Key) {
    let mut host = key.host();
    let account = Account::totp("alice").with(property::ONLY_INCREASING);
    host.put(&account);
    same!(host.code("alice", &7_u64.to_be_bytes()), account.code(7));
    key.power_cycle();
    let mut host = key.host();
    for step in [7, 6] {
        host.oath_denied(&code_of("alice", step), word::WRONG_DATA);
    }
    same!(host.code("alice", &8_u64.to_be_bytes()), account.code(8));
}

fn codes_have_six_to_eight_digits(key: &Key) {
    let mut host = key.host();
    for (digits, code) in [(6, "287082"), (7, "4287082"), (8, "94287082")] {
        host.put(&Account::totp("alice").digits(digits));
        same!(host.code("alice", &1_u64.to_be_bytes()), code);
    }
}

fn whole_hmacs_are_those_of_the_secret(key: &Key) {
    let mut host = key.host();
    host.put(&Account::hotp("hotp"));
    // RFC 4226 Appendix D: the HMACs of the counters 0 and 1.
    for hmac in [
        *b"\xcc\x93\xcf\x18\x50\x8d\x94\x93\x4c\x64\xb6\x5d\x8b\xa7\x66\x7f\xb7\xcd\xe4\xb0",
        *b"\x75\xa4\x8a\x19\xd4\xcb\xe1\x00\x64\x4e\x8a\xc1\x39\x7e\xea\x74\x7a\x2d\x33\xab",
    ] {
        let whole = apdu(instruction::CALCULATE, 0, 0, &calculate("hotp", &[]));
        let value = [&[6], &hmac[..]].concat();
        same!(objects(&host.oath_done(&whole)), [(tag::RESPONSE, value)]);
    }
    for (hash, _) in HASHES {
        let account = Account::new("alice", kind::TOTP | hash, b"any secret");
        host.put(&account);
        let whole = apdu(instruction::CALCULATE, 0, 0, &calculate("alice", &9_u64.to_be_bytes()));
        let value = [&[6], &account.hmac(9)[..]].concat();
        same!(objects(&host.oath_done(&whole)), [(tag::RESPONSE, value)]);
    }
}

fn a_touch_gives_the_code(key: &Key) {
    let mut host = key.host();
    let account = Account::totp("AWS:alice").with(property::TOUCH);
    host.put(&account);
    host.oath_asked(&code_of("AWS:alice", 5));
    key.touch();
    let (data, word) = host.oath_answer(true);
    word::is(word, word::NO_ERROR);
    same!(shown(&objects(&data)[0].1), account.code(5));
}

/// HOTP with a touch, which did not come: the counter has not moved.
fn nothing_was_used_up(key: &Key, account: &Account) {
    let mut host = key.host();
    host.oath_asked(&code_of(&account.name, 0));
    key.touch();
    let (data, word) = host.oath_answer(true);
    word::is(word, word::NO_ERROR);
    same!(shown(&objects(&data)[0].1), account.code(0));
}

fn a_user_who_declines_gets_no_code(key: &Key) {
    let mut host = key.host();
    let account = Account::hotp("hotp").with(property::TOUCH);
    host.put(&account);
    host.oath_asked(&code_of("hotp", 0));
    key.decline();
    same!(host.oath_answer(true), (vec![], refusal::NOT_ALLOWED));
    nothing_was_used_up(key, &account);
}

fn a_user_who_does_not_come_gets_no_code(key: &Key) {
    let mut host = key.host();
    let account = Account::hotp("hotp").with(property::TOUCH);
    host.put(&account);
    host.oath_asked(&code_of("hotp", 0));
    key.advance(key.profile.user_action_timeout - 100);
    key.wait_until_asked();
    // A key looks at its clock now and then.
    key.advance(200);
    same!(host.oath_answer(true), (vec![], refusal::NOT_ALLOWED));
    nothing_was_used_up(key, &account);
}

fn cancel_ends_the_wait(key: &Key) {
    let mut host = key.host();
    let account = Account::hotp("hotp").with(property::TOUCH);
    host.put(&account);
    host.oath_asked(&code_of("hotp", 0));
    host.send(command::CANCEL, &[]);
    same!(host.oath_answer(true), (vec![], refusal::NOT_ALLOWED));
    nothing_was_used_up(key, &account);
}

fn each_account_says_what_it_has(key: &Key) {
    let mut host = key.host();
    let free = Account::totp("free");
    host.put(&free);
    host.put(&Account::hotp("hotp"));
    host.put(&Account::totp("touch").with(property::TOUCH));
    host.put(&Account::totp("increasing").with(property::ONLY_INCREASING));
    let all = host.walk(&all_codes(3));
    let mut found: Vec<_> = all
        .chunks(2)
        .map(|pair| {
            same!(pair[0].0, tag::NAME);
            (
                String::from_utf8(pair[0].1.clone()).expect("text"),
                pair[1].0,
                pair[1].1.clone(),
            )
        })
        .collect();
    found.sort();
    same!(shown(&found[0].2), free.code(3));
    let found: Vec<_> = found
        .iter()
        .map(|(name, tag, value)| (&name[..], *tag, value[0]))
        .collect();
    same!(
        found,
        [
            ("free", tag::TRUNCATED, 6),
            ("hotp", tag::HOTP, 6),
            // Clients ask for such an account alone, and then use its time step up.
            ("increasing", tag::TOUCH, 6),
            ("touch", tag::TOUCH, 6),
        ]
    );
    same!(
        host.code("hotp", &[]),
        Account::hotp("hotp").code(0),
        "a list uses nothing up"
    );
}

/// Accounts whose lists are as long as they can be.
fn sixty_four(key: &Key) -> Vec<Account> {
    let mut host = key.host();
    let accounts: Vec<_> = (0..64)
        .map(|number| Account::new(&format!("{number:064}"), kind::TOTP | 3, &[number; 64]))
        .collect();
    for account in &accounts {
        host.put(account);
    }
    accounts
}

fn sixty_four_accounts_come_in_messages_of_whole_entries(key: &Key) {
    let accounts = sixty_four(key);
    let mut host = key.host();
    let step = object(tag::CHALLENGE, &8_u64.to_be_bytes());
    let whole = apdu(instruction::CALCULATE_ALL, 0, 0, &step);
    let (_, word) = host.oath(&whole);
    same!(word >> 8, 0x61, "more than one message");
    let mut all: Vec<_> = host.walk(&whole).chunks(2).map(<[_]>::to_vec).collect();
    all.sort();
    let expected: Vec<_> = accounts
        .iter()
        .map(|account| {
            let value = [&[6], &account.hmac(8)[..]].concat();
            vec![(tag::NAME, account.name.clone().into_bytes()), (tag::RESPONSE, value)]
        })
        .collect();
    same!(all, expected);
    let codes = host.walk(&all_codes(8));
    same!(codes.len(), 2 * accounts.len());
    let names: Vec<_> = accounts
        .iter()
        .map(|account| (account.name.clone(), account.kind))
        .collect();
    same!(host.accounts(), names);
}

fn what_is_not_gone_on_with_is_over(key: &Key) {
    sixty_four(key);
    let mut host = key.host();
    let remaining = apdu(instruction::SEND_REMAINING, 0, 0, &[]);
    host.oath_denied(&remaining, word::CONDITIONS_NOT_SATISFIED);
    let whole = apdu(instruction::CALCULATE_ALL, 0, 0, &object(tag::CHALLENGE, &[0; 8]));
    same!(host.oath(&whole).1 >> 8, 0x61);
    // It is nobody else's, and theirs to ask for changes nothing.
    key.host().oath_denied(&remaining, word::CONDITIONS_NOT_SATISFIED);
    same!(host.oath(&remaining).1, word::NO_ERROR);
    same!(host.oath(&whole).1 >> 8, 0x61);
    host.oath_denied(&code_of("nobody", 0), refusal::NO_SUCH_OBJECT);
    host.oath_denied(&remaining, word::CONDITIONS_NOT_SATISFIED);
}
