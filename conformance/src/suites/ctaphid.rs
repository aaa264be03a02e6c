//! CTAPHID (CTAP 2.3 §11.2).

use std::collections::BTreeSet;

use crate::host::ctap2::{GET_INFO, SELECTION, get_assertion, make_credential, make_discoverable, status};
use crate::host::response::Response;
use crate::host::u2f::VERSION;
use crate::host::{BROADCAST, command, error, packets};
use crate::key::Key;

checks! {
    "CTAP 2.3 §11.2":
        an_idle_key_says_nothing;
    "CTAP 2.3 §11.2.5.4":
        a_lone_continuation_is_ignored,
        a_skipped_packet_ends_the_message,
        a_new_message_within_a_message_ends_it;
    "CTAP 2.3 §11.2.9.1.3":
        init_allocates_a_channel_and_says_what_the_key_can_do needs Ctap2,
        every_init_allocates_another_channel,
        init_on_a_channel_keeps_it,
        init_takes_eight_bytes,
        capabilities_are_kept;
    "CTAP 2.3 §11.2.9.1.4":
        ping_returns_every_length,
        ping_returns_the_longest_message [Should],
        ping_keeps_leading_zeros;
    "CTAP 2.3 §11.2.4":
        a_message_too_long_is_refused,
        empty_requests_are_refused needs Ctap2;
    "CTAP 2.3 §11.2.5.3":
        init_resynchronizes_a_channel_within_a_message,
        a_broadcast_init_does_not_disturb_a_message,
        init_aborts_the_request_of_its_channel needs Ctap2 and Rk;
    "CTAP 2.3 §11.2.5.1":
        another_channel_is_told_to_wait_for_a_message,
        anothers_continuation_does_not_disturb_a_message;
    "CTAP 2.3 §11.2.5.2":
        a_message_that_stalls_times_out_once needs Ctap2;
    "CTAP 2.3 §11.2.3":
        channels_never_allocated_are_refused needs Ctap2,
        the_broadcast_channel_carries_nothing_but_init needs Ctap2;
    "CTAP 2.3 §11.2.9.1.6":
        unknown_commands_are_refused;
    "CTAP 2.3 §11.2.9.2.1":
        wink_is_answered needs Wink;
    "CTAP 2.3 §11.2.9.2.2":
        wink_and_lock_check_their_parameters needs Wink and Lock,
        a_lock_keeps_other_channels_away needs Lock,
        a_lock_ends_by_itself needs Clock and Lock;
    "CTAP 2.3 §11.2.9.1.7":
        a_waiting_key_says_so_in_time needs Ctap2 and Rk;
    "CTAP 2.3 §11.2.9.1.5":
        cancel_ends_a_registration_once needs Ctap2 and Rk,
        cancel_ends_a_selection_once needs Ctap2 and Fido21,
        another_channel_is_told_to_wait_and_cannot_cancel needs Ctap2 and Rk,
        cancel_with_nothing_to_cancel_is_not_answered,
        a_cancelled_registration_leaves_nothing needs Ctap2 and Rk;
}

fn an_idle_key_says_nothing(key: &Key) {
    let mut host = key.host();
    host.quiet(if key.advance(0) { 3000 } else { 150 });
    host.nothing_more();
}

fn a_lone_continuation_is_ignored(key: &Key) {
    key.in_time(|| {
        let mut host = key.host();
        for channel in [host.channel, host.channel.wrapping_add(1), 0, BROADCAST] {
            for packet in &packets(channel, command::PING, &[0; 200])[1..] {
                host.send_report(packet);
            }
        }
        host.nothing_more();
    });
}

fn init_allocates_a_channel_and_says_what_the_key_can_do(key: &Key) {
    let mut host = key.host();
    let (nonce, payload) = host.init(BROADCAST);
    same!(payload[..8], nonce);
    assert!(![[0; 4], [0xFF; 4]].contains(payload[8..12].try_into().expect("four bytes")));
    same!(payload[12], 2, "the protocol's version");
    same!(payload[16] & 0x04, 0x04, "CBOR among the capabilities");
}

fn every_init_allocates_another_channel(key: &Key) {
    let mut host = key.host();
    let channels: BTreeSet<u32> = (0..100).map(|_| host.allocate()).collect();
    same!(channels.len(), 100);
    assert!(!channels.contains(&host.channel));
}

fn init_on_a_channel_keeps_it(key: &Key) {
    let mut host = key.host();
    let (nonce, payload) = host.init(host.channel);
    same!(payload[..8], nonce);
    same!(payload[8..12], host.channel.to_be_bytes());
}

fn init_takes_eight_bytes(key: &Key) {
    let mut host = key.host();
    for length in [0, 7, 9] {
        host.refused(command::INIT, &vec![0; length], error::INVALID_LEN);
    }
}

fn capabilities_are_kept(key: &Key) {
    let mut host = key.host();
    let (_, init) = host.init(host.channel);
    // Nothing announces LOCK.
    for (what, command, payload, promised) in [
        ("WINK", command::WINK, &[][..], Some(init[16] & 0x01 != 0)),
        ("LOCK", command::LOCK, &[0], None),
        ("CBOR", command::CBOR, GET_INFO, Some(init[16] & 0x04 != 0)),
        ("MSG", command::MSG, VERSION, Some(init[16] & 0x08 == 0)),
    ] {
        host.send(command, payload);
        let answer = host.final_message();
        let is_unknown = (answer.command, &answer.payload[..]) == (command::ERROR, &[error::INVALID_CMD]);
        assert!(
            is_unknown || answer.command == command,
            "{what}: expected an answer or INVALID_CMD, the key answered {answer:?}"
        );
        match promised {
            Some(true) => assert!(
                !is_unknown,
                "{what}: expected what INIT promises, the key answered {answer:?}"
            ),
            Some(false) if !is_unknown => key.note(&format!("{what}: INIT says that the key has none, and it has")),
            _ => {}
        }
    }
}

fn ping_returns_every_length(key: &Key) {
    let mut host = key.host();
    for length in [0, 1, 56, 57, 58, 116, 117, 512, 1024] {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        same!(host.exchange(command::PING, &payload), payload);
    }
}

/// What 128 packets behind the first one carry (§11.2.4). A key with less room says so in getInfo, of CTAP2 only.
fn ping_returns_the_longest_message(key: &Key) {
    let mut host = key.host();
    for length in [7608, 7609] {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        same!(host.exchange(command::PING, &payload), payload);
    }
}

fn ping_keeps_leading_zeros(key: &Key) {
    let mut host = key.host();
    same!(host.exchange(command::PING, &[0, 0, 7]), [0, 0, 7]);
}

fn a_message_too_long_is_refused(key: &Key) {
    key.in_time(|| {
        let mut host = key.host();
        for length in [7610_u16, 0xFFFF] {
            let mut packet = packets(host.channel, command::PING, &[0; 57])[0];
            packet[5..7].copy_from_slice(&length.to_be_bytes());
            host.send_report(&packet);
            host.expect_error(error::INVALID_LEN);
        }
        host.ping();
    });
}

fn init_resynchronizes_a_channel_within_a_message(key: &Key) {
    key.in_time(|| {
        let mut host = key.host();
        let message = packets(host.channel, command::PING, &[1; 512]);
        let (last, begun) = message.split_last().expect("packets");
        begun.iter().for_each(|packet| host.send_report(packet));
        host.init(host.channel);
        host.send_report(last);
        host.nothing_more();
        host.ping();
    });
}

fn a_broadcast_init_does_not_disturb_a_message(key: &Key) {
    key.in_time(|| {
        let mut host = key.host();
        let message = packets(host.channel, command::PING, &[1; 100]);
        host.send_report(&message[0]);
        // §11.2.5.1 can be read so that a key busy with a message tells newcomers so, too.
        let newcomer = packets(BROADCAST, command::INIT, &[7; 8])[0];
        host.send_report(&newcomer);
        let answer = host.message();
        if (answer.channel, answer.command, &answer.payload[..])
            == (BROADCAST, command::ERROR, &[error::CHANNEL_BUSY][..])
        {
            key.note("expected a channel during a message of another, the key answered ERR_CHANNEL_BUSY");
        } else {
            assert!(
                (answer.channel, answer.command, answer.payload.len()) == (BROADCAST, command::INIT, 17),
                "expected {} with 17 bytes on channel {BROADCAST:08x}, the key answered {answer:?}",
                command::named(command::INIT)
            );
        }
        host.send_report(&message[1]);
        same!(host.message().payload, [1; 100]);
    });
}

fn another_channel_is_told_to_wait_for_a_message(key: &Key) {
    key.in_time(|| {
        let (mut a, mut b) = (key.host(), key.host());
        let message = packets(a.channel, command::PING, &[1; 100]);
        a.send_report(&message[0]);
        b.refused(command::PING, b"x", error::CHANNEL_BUSY);
        a.send_report(&message[1]);
        same!(a.message().payload, [1; 100]);
        b.ping();
    });
}

fn anothers_continuation_does_not_disturb_a_message(key: &Key) {
    key.in_time(|| {
        let (mut a, mut b) = (key.host(), key.host());
        let message = packets(a.channel, command::PING, &[1; 100]);
        a.send_report(&message[0]);
        b.send_report(&packets(b.channel, command::PING, &[2; 100])[1]);
        a.send_report(&message[1]);
        same!(a.message().payload, [1; 100]);
        b.nothing_more_than_busy();
    });
}

fn a_skipped_packet_ends_the_message(key: &Key) {
    key.in_time(|| {
        let mut host = key.host();
        let message = packets(host.channel, command::PING, &[1; 300]);
        host.send_report(&message[0]);
        host.send_report(&message[2]);
        host.expect_error(error::INVALID_SEQ);
        host.send_report(&message[1]);
        host.nothing_more();
        host.ping();
    });
}

fn a_new_message_within_a_message_ends_it(key: &Key) {
    key.in_time(|| {
        let mut host = key.host();
        let message = packets(host.channel, command::PING, &[1; 100]);
        host.send_report(&message[0]);
        host.refused(command::PING, b"x", error::INVALID_SEQ);
        host.send_report(&message[1]);
        host.nothing_more();
        host.ping();
    });
}

fn a_message_that_stalls_times_out_once(key: &Key) {
    let mut host = key.host();
    let message = packets(host.channel, command::PING, &[1; 300]);
    host.send_report(&message[0]);
    host.send_report(&message[1]);
    // §11.2.5.2 leaves the time to the key, and asks for no more than that others get through again.
    let Some(report) = host.due_or_nothing(0..1000) else {
        key.note("expected ERR_MSG_TIMEOUT on the channel, the key says nothing");
        key.host().ping();
        return;
    };
    same!(report, packets(host.channel, command::ERROR, &[error::MSG_TIMEOUT])[0]);
    host.send_report(&message[2]);
    host.nothing_more();
    host.ping();
}

fn channels_never_allocated_are_refused(key: &Key) {
    let mut host = key.host();
    let unknown = host.channel.wrapping_add(1000);
    for channel in [0, unknown, 0xFFFF_FFFE] {
        host.channel = channel;
        for command in [command::PING, command::CBOR] {
            host.refused(command, &[0; 8], error::INVALID_CHANNEL);
        }
    }
    host.channel = 0;
    host.refused(command::INIT, &[0; 8], error::INVALID_CHANNEL);
}

fn the_broadcast_channel_carries_nothing_but_init(key: &Key) {
    let mut host = key.host();
    host.channel = BROADCAST;
    for command in [command::PING, command::CBOR] {
        host.refused(command, &[0], error::INVALID_CHANNEL);
    }
}

fn unknown_commands_are_refused(key: &Key) {
    let mut host = key.host();
    for command in [0x80, 0x82, 0x85, 0xA0, 0xBB, 0xBF] {
        host.refused(command, b"x", error::INVALID_CMD);
    }
}

fn empty_requests_are_refused(key: &Key) {
    let mut host = key.host();
    host.refused(command::CBOR, &[], error::INVALID_LEN);
}

fn wink_is_answered(key: &Key) {
    same!(key.host().exchange(command::WINK, &[]), b"");
}

fn wink_and_lock_check_their_parameters(key: &Key) {
    let mut host = key.host();
    host.refused(command::WINK, &[0], error::INVALID_LEN);
    host.refused(command::LOCK, &[], error::INVALID_LEN);
    host.refused(command::LOCK, &[1, 1], error::INVALID_LEN);
    host.refused(command::LOCK, &[11], error::INVALID_PAR);
    same!(host.exchange(command::LOCK, &[0]), b"");
}

fn a_lock_keeps_other_channels_away(key: &Key) {
    let (mut a, mut b) = (key.host(), key.host());
    same!(a.exchange(command::LOCK, &[10]), b"");
    b.refused(command::PING, b"x", error::CHANNEL_BUSY);
    b.refused(command::INIT, &[0; 8], error::CHANNEL_BUSY);
    b.refused(command::LOCK, &[0], error::CHANNEL_BUSY);
    a.ping();
    same!(a.exchange(command::LOCK, &[0]), b"");
    b.init(b.channel);
    b.ping();
}

fn a_lock_ends_by_itself(key: &Key) {
    let (mut a, mut b) = (key.host(), key.host());
    same!(a.exchange(command::LOCK, &[8]), b"");
    // What a chip does takes some milliseconds.
    key.advance(7900);
    b.refused(command::PING, b"x", error::CHANNEL_BUSY);
    key.advance(100);
    b.ping();
}

fn a_waiting_key_says_so_in_time(key: &Key) {
    let mut host = key.host();
    host.asked(make_credential("example.com", b"1"));
    let keepalive = packets(host.channel, command::KEEPALIVE, &[2])[0];
    for _ in 0..3 {
        // §11.2.9.1.7: at most 100 ms apart.
        same!(host.due(0..100), keepalive);
    }
    key.touch();
    status::is(host.answer().status, status::OK);
}

fn cancel_ends_a_registration_once(key: &Key) {
    let mut host = key.host();
    host.asked(make_credential("example.com", b"1"));
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
    host.send(command::CANCEL, &[]);
    host.nothing_more();
}

fn cancel_ends_a_selection_once(key: &Key) {
    let mut host = key.host();
    host.asked(SELECTION);
    host.send(command::CANCEL, &[]);
    same!(host.answer(), Response::bare(status::KEEPALIVE_CANCEL));
    host.send(command::CANCEL, &[]);
    host.nothing_more();
}

fn another_channel_is_told_to_wait_and_cannot_cancel(key: &Key) {
    let (mut a, mut b) = (key.host(), key.host());
    a.asked(make_credential("example.com", b"1"));
    b.refused(command::PING, b"x", error::CHANNEL_BUSY);
    b.send(command::CANCEL, &[]);
    b.nothing_more();
    key.touch();
    status::is(a.answer().status, status::OK);
}

fn init_aborts_the_request_of_its_channel(key: &Key) {
    let mut host = key.host();
    host.asked(make_credential("example.com", b"1"));
    host.init(host.channel);
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}

fn cancel_with_nothing_to_cancel_is_not_answered(key: &Key) {
    let mut host = key.host();
    host.send(command::CANCEL, &[]);
    host.nothing_more();
    host.ping();
}

fn a_cancelled_registration_leaves_nothing(key: &Key) {
    let mut host = key.host();
    host.asked(make_discoverable("example.com", b"1"));
    host.send(command::CANCEL, &[]);
    status::is(host.answer().status, status::KEEPALIVE_CANCEL);
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}
