//! authenticatorSelection (CTAP 2.3 §6.9).

use crate::host::ctap2::{SELECTION, status};
use crate::host::response::Response;
use crate::host::{command, packets};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.9":
        a_touch_selects_the_key,
        a_user_who_declines_does_not_select_it needs Decline,
        a_user_who_does_not_come_does_not_select_it needs Clock,
        cancel_ends_it;
    "CTAP 2.3 §11.2.9.1.7":
        the_key_says_that_it_waits;
}

fn a_touch_selects_the_key(key: &Key) {
    same!(key.host().touched(SELECTION), Response::bare(status::OK));
}

fn a_user_who_declines_does_not_select_it(key: &Key) {
    let mut host = key.host();
    host.asked(SELECTION);
    key.decline();
    same!(host.answer(), Response::bare(status::OPERATION_DENIED));
}

fn a_user_who_does_not_come_does_not_select_it(key: &Key) {
    let mut host = key.host();
    host.asked(SELECTION);
    key.advance(key.profile.user_action_timeout - 100);
    key.wait_until_asked();
    key.advance(100);
    let answer = host.answer();
    host.is_refusal("a user who does not come", &answer, status::USER_ACTION_TIMEOUT);
}

fn cancel_ends_it(key: &Key) {
    let mut host = key.host();
    host.asked(SELECTION);
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
}

fn the_key_says_that_it_waits(key: &Key) {
    let mut host = key.host();
    host.asked(SELECTION);
    let keepalive = packets(host.channel, command::KEEPALIVE, &[2])[0];
    same!(host.due(0..100), keepalive);
    key.touch();
    status::is(host.answer().status, status::OK);
}
