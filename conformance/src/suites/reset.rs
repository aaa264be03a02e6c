//! authenticatorReset (CTAP 2.3 §6.6).

use crate::host::client_pin::{Token, configure, permission};
use crate::host::ctap2::{
    GET_NEXT_ASSERTION, RESET, get_assertion, get_assertion_by, make_credential, make_discoverable, status,
};
use crate::host::hid::UP_NEEDED;
use crate::host::read::Read as _;
use crate::host::response::{Made, Response};
use crate::host::u2f::{authenticate, control, word};
use crate::host::verify::{decrypt_info, sha256};
use crate::host::{Host, command};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.6":
        a_touch_just_after_power_up_forgets_everything,
        a_key_that_was_reset_works_as_before,
        reset_ends_a_walk_through_assertions needs Rk,
        ten_seconds_after_power_up_it_is_too_late needs Clock,
        a_power_cycle_opens_the_window_again needs Clock,
        a_user_who_declines_keeps_everything needs Decline,
        a_user_who_does_not_come_keeps_everything needs Clock,
        cancel_keeps_everything,
        everything_of_a_pin_is_forgotten needs Tokens and CredMgmt and Pcmr and StoreState,
        everything_that_get_info_tells_is_as_at_first needs Rk and Pin,
        a_cancelled_reset_keeps_the_pin_and_its_tokens needs Tokens and CredMgmt,
        a_long_touch_resets_and_a_short_one_does_not needs Clock and Config and LongTouch;
}

/// What a key holds: a credential, and a discoverable one before it where it has those.
struct Holdings {
    made: Vec<Made>,
    is_discoverable: bool,
}

impl Holdings {
    /// On a key just powered up, so that a reset is allowed.
    fn new(key: &Key) -> (Self, Host) {
        let mut host = key.host();
        let is_discoverable = host.option("rk") == Some(true);
        let discoverable = is_discoverable.then(|| make_discoverable("example.com", b"1"));
        let requests = discoverable.into_iter().chain([make_credential("example.com", b"2")]);
        let made = requests.map(|request| host.make(&request)).collect();
        key.power_cycle();
        let holdings = Self { made, is_discoverable };
        (holdings, key.host())
    }

    #[track_caller]
    fn are_there(&self, host: &mut Host) {
        if self.is_discoverable {
            same!(host.assert(&get_assertion("example.com")).id, self.made[0].id);
        }
        for made in &self.made {
            host.assert(&get_assertion_by("example.com", &[&made.id]));
        }
    }

    #[track_caller]
    fn are_gone(&self, host: &mut Host) {
        host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
        let has_u2f = host.has_version("U2F_V2");
        for made in &self.made {
            host.denied(get_assertion_by("example.com", &[&made.id]), status::NO_CREDENTIALS);
            if !has_u2f {
                continue;
            }
            let check = authenticate(control::CHECK_ONLY, &sha256(b"example.com"), &made.id);
            host.u2f_denied(&check, word::WRONG_DATA);
        }
    }
}

/// Asks for a reset, and waits until the key wants its touch; `false` where there is none. A key has to have it only
/// where nothing else brings it back (§6.6).
#[track_caller]
fn begins(key: &Key, host: &mut Host) -> bool {
    host.begin(RESET);
    loop {
        let message = host.message();
        match (message.command, &message.payload[..]) {
            (command::KEEPALIVE, [UP_NEEDED]) => {
                key.wait_until_asked();
                return true;
            }
            (command::KEEPALIVE, _) => {}
            (command::CBOR, [status::INVALID_COMMAND]) => {
                key.note("expected authenticatorReset, the key answered 0x01 INVALID_COMMAND");
                return false;
            }
            _ => panic!("expected that a reset waits for a touch, the key answered {message:?}"),
        }
    }
}

/// Resets the key with a touch, where it can be.
#[track_caller]
fn resets(key: &Key, host: &mut Host) -> bool {
    let begins = begins(key, host);
    if begins {
        key.touch();
        same!(host.answer(), Response::bare(status::OK));
    }
    begins
}

fn a_touch_just_after_power_up_forgets_everything(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    if !resets(key, &mut host) {
        return;
    }
    holdings.are_gone(&mut host);
    key.power_cycle();
    holdings.are_gone(&mut key.host());
}

fn a_key_that_was_reset_works_as_before(key: &Key) {
    let (old, mut host) = Holdings::new(key);
    if !resets(key, &mut host) {
        return;
    }
    let (new, mut host) = Holdings::new(key);
    new.are_there(&mut host);
    differ!(old.made[0].public_key, new.made[0].public_key);
}

fn reset_ends_a_walk_through_assertions(key: &Key) {
    let (_, mut host) = Holdings::new(key);
    host.make(&make_discoverable("example.com", b"3"));
    same!(
        host.assert(&get_assertion("example.com")).number_of_credentials,
        Some(2)
    );
    if resets(key, &mut host) {
        host.denied(GET_NEXT_ASSERTION, status::NOT_ALLOWED);
    }
}

fn ten_seconds_after_power_up_it_is_too_late(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    key.advance(10_001);
    host.denied(RESET, status::NOT_ALLOWED);
    holdings.are_there(&mut host);
}

fn a_power_cycle_opens_the_window_again(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    key.advance(10_001);
    host.denied(RESET, status::NOT_ALLOWED);
    key.power_cycle();
    // A chip needs some of the ten seconds to be found by its host.
    key.advance(9_000);
    let mut host = key.host();
    status::is(host.touched(RESET).status, status::OK);
    holdings.are_gone(&mut host);
}

fn a_user_who_declines_keeps_everything(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    host.asked(RESET);
    key.decline();
    same!(host.answer(), Response::bare(status::OPERATION_DENIED));
    holdings.are_there(&mut host);
}

fn a_user_who_does_not_come_keeps_everything(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    host.asked(RESET);
    key.advance(key.profile.user_action_timeout + 100);
    let answer = host.answer();
    host.is_refusal("a user who does not come", &answer, status::USER_ACTION_TIMEOUT);
    holdings.are_there(&mut host);
}

fn cancel_keeps_everything(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    if !begins(key, &mut host) {
        return;
    }
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
    holdings.are_there(&mut host);
}

fn everything_of_a_pin_is_forgotten(key: &Key) {
    let mut host = key.host();
    let (all, _) = host.pin_retries();
    host.set_pin(key.pin());
    let persistent = host.token(permission::PCMR, None);
    let before = identifiers(&mut host, &persistent);
    let agreement = host.agree_by_best();
    key.power_cycle();
    let mut host = key.host();
    status::is(host.touched(RESET).status, status::OK);
    same!(host.option("clientPin"), Some(false));
    same!(host.pin_retries(), (all, false));
    // What was agreed on before the reset is nobody's secret now, and the old persistent token opens nothing.
    host.denied(agreement.set_pin(key.pin()), status::PIN_AUTH_INVALID);
    host.set_pin(key.pin());
    host.denied(persistent.manage(0x01, None), status::PIN_AUTH_INVALID);
    // To whoever holds the new one this is another key, with another store.
    let renewed = host.token(permission::PCMR, None);
    differ!(renewed.token, persistent.token);
    let after = identifiers(&mut host, &renewed);
    for (before, after) in before.iter().zip(&after) {
        differ!(before, after);
    }
    same!(identifiers(&mut host, &renewed), after);
}

fn everything_that_get_info_tells_is_as_at_first(key: &Key) {
    let info = |host: &mut Host| {
        let mut info = host.info();
        // These two differ each time.
        info.retain(|member, _| !matches!(member, 0x19 | 0x1E));
        // An estimate (§6.4): what a file system has left of a reset counts.
        (info.remove(&0x14), info)
    };
    let mut host = key.host();
    let first = info(&mut host);
    host.make(&make_discoverable("example.com", b"1"));
    host.set_pin(key.pin());
    differ!(info(&mut host), first);
    key.power_cycle();
    let mut host = key.host();
    status::is(host.touched(RESET).status, status::OK);
    let (room, told) = info(&mut host);
    same!(told, first.1);
    if room != first.0 {
        key.other_choice("another number of remaining credentials");
    }
}

fn a_cancelled_reset_keeps_the_pin_and_its_tokens(key: &Key) {
    let mut host = key.host();
    host.set_pin(key.pin());
    key.power_cycle();
    let mut host = key.host();
    let token = host.token(permission::CM, None);
    host.asked(RESET);
    host.send(command::CANCEL, &[]);
    status::is(host.answer().status, status::KEEPALIVE_CANCEL);
    status::is(host.ctap2(token.manage(0x01, None)).status, status::OK);
    status::is(host.try_pin(key.pin()), status::OK);
}

/// The device's identifier and the state of its credential store, decrypted (§6.4).
fn identifiers(host: &mut Host, persistent: &Token) -> [Vec<u8>; 2] {
    let info = host.info();
    [(0x19, "encIdentifier"), (0x1E, "encCredStoreState")].map(|(member, name): (u8, _)| {
        let value = info[&member].bytes();
        decrypt_info(&persistent.token, name, value)
    })
}

fn a_long_touch_resets_and_a_short_one_does_not(key: &Key) {
    let (holdings, mut host) = Holdings::new(key);
    status::is(host.ctap2(configure(0x04, None)).status, status::OK);
    host.asked(RESET);
    for held in [100, 4_000] {
        key.press();
        key.advance(held);
        key.release();
    }
    key.wait_until_asked();
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
    holdings.are_there(&mut host);

    key.power_cycle();
    let mut host = key.host();
    host.asked(RESET);
    key.press();
    key.advance(5_100);
    same!(host.answer(), Response::bare(status::OK));
    key.release();
    holdings.are_gone(&mut host);
}
