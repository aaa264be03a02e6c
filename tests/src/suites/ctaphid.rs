//! What this key does beyond CTAPHID (CTAP 2.3 §11.2), or where CTAPHID leaves it a choice.

use brasskey_conformance::host::{BROADCAST, command, error, packets};
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};

checks! {
    "CTAP 2.3 §11.2.9.1.3":
        it_winks_and_knows_both_protocols;
    "CTAP 2.3 §11.2.4":
        no_request_is_empty;
    "CTAP 2.3 §11.2.5.2":
        a_message_that_stalls_times_out_as_test_tools_expect;
    "CTAP 2.3 §11.2.3":
        no_command_is_heard_on_a_channel_never_allocated,
        init_on_a_channel_never_allocated_allocates_it,
        a_channel_that_a_host_brought_is_not_handed_out;
    "CTAP 2.3 §11.2.9.1.6":
        commands_of_other_vendors_are_unknown;
}

fn it_winks_and_knows_both_protocols(key: &Key) {
    let (_, payload) = key.host().init(BROADCAST);
    same!(
        payload[16],
        0x01 | 0x04,
        "WINK and CBOR; U2F is there, so NMSG is not set"
    );
}

fn no_request_is_empty(key: &Key) {
    let mut host = key.host();
    host.refused(command::MSG, &[], error::INVALID_LEN);
}

fn a_message_that_stalls_times_out_as_test_tools_expect(key: &Key) {
    let mut host = key.host();
    let message = packets(host.channel, command::PING, &[1; 300]);
    host.send_report(&message[0]);
    host.send_report(&message[1]);
    // §11.2.5.2 leaves the time to the key; test tools look between 0.4 and 1 s.
    let report = host.due(400..1000);
    same!(report, packets(host.channel, command::ERROR, &[error::MSG_TIMEOUT])[0]);
}

fn no_command_is_heard_on_a_channel_never_allocated(key: &Key) {
    let mut host = key.host();
    let unknown = host.channel.wrapping_add(1000);
    for channel in [0, unknown, 0xFFFF_FFFE, BROADCAST] {
        host.channel = channel;
        for command in [command::MSG, command::WINK, command::LOCK] {
            host.refused(command, &[0; 8], error::INVALID_CHANNEL);
        }
    }
    host.channel = unknown;
    host.refused(command::INIT, &[0; 7], error::INVALID_LEN);
    host.refused(command::PING, b"x", error::INVALID_CHANNEL);
}

fn init_on_a_channel_never_allocated_allocates_it(key: &Key) {
    let mut host = key.host();
    let first = host.channel;
    for channel in [0x0102_0304, 0xFFFF_FFFE] {
        let (nonce, payload) = host.init(channel);
        same!(payload[..8], nonce);
        same!(payload[8..12], channel.to_be_bytes());
        host.channel = channel;
        host.ping();
    }
    host.channel = first;
    host.ping();
}

fn a_channel_that_a_host_brought_is_not_handed_out(key: &Key) {
    let (mut a, mut b) = (key.host(), key.host());
    let brought = b.channel.wrapping_add(1);
    a.init(brought);
    let handed_out: Vec<u32> = (0..3).map(|_| b.allocate()).collect();
    assert!(!handed_out.contains(&brought), "{brought:08x} is in use");
    a.channel = brought;
    a.ping();
}

fn commands_of_other_vendors_are_unknown(key: &Key) {
    let mut host = key.host();
    for command in [0xC0, 0xE6, 0xFF] {
        host.refused(command, b"x", error::INVALID_CMD);
    }
}
