//! Many hosts at once (CTAP 2.3 §11.2.3, §11.2.5.1).

use crate::host::ctap2::{GET_INFO, get_assertion, make_credential, status};
use crate::host::{BROADCAST, Host, command, error, packets};
use crate::key::Key;

checks! {
    "CTAP 2.3 §11.2.3":
        every_host_gets_the_answers_to_its_own_questions,
        a_channel_outlives_those_of_other_hosts [Should];
    "CTAP 2.3 §11.2.5.1":
        packets_of_two_messages_do_not_mix,
        a_waiting_key_tells_every_other_host_to_wait needs Ctap2,
        a_waiting_key_gives_a_new_host_its_channel [Should] needs Ctap2,
        a_host_that_gave_up_keeps_nobody_waiting needs Ctap2 and Rk;
}

fn every_host_gets_the_answers_to_its_own_questions(key: &Key) {
    let mut hosts: Vec<Host> = (0..8).map(|_| key.host()).collect();
    for round in 0..3_u8 {
        for (host, n) in hosts.iter_mut().zip(0_u8..) {
            let question = [round, n, n, n];
            same!(
                host.exchange(command::PING, &question),
                question,
                "the answer to host {n}"
            );
        }
    }
    let channels: Vec<u32> = hosts.iter().map(|host| host.channel).collect();
    for (n, channel) in channels.iter().enumerate() {
        assert!(
            !channels[..n].contains(channel),
            "expected a channel for each host, two have {channel:08x}"
        );
    }
}

fn a_channel_outlives_those_of_other_hosts(key: &Key) {
    let mut host = key.host();
    let mut other = key.host();
    for _ in 0..40 {
        other.allocate();
    }
    host.ping();
}

fn packets_of_two_messages_do_not_mix(key: &Key) {
    key.in_time(|| {
        let (mut a, mut b) = (key.host(), key.host());
        let (one, two) = ([0xAA; 400], [0xBB; 400]);
        let [ours, theirs] = [
            packets(a.channel, command::PING, &one),
            packets(b.channel, command::PING, &two),
        ];
        for (our, their) in ours.iter().zip(&theirs) {
            a.send_report(our);
            b.send_report(their);
        }
        // The first message has the key, and the second is told so once, whatever followed.
        same!(a.message().payload, one);
        b.expect_error(error::CHANNEL_BUSY);
        b.nothing_more_than_busy();
        same!(b.exchange(command::PING, &two), two);
    });
}

fn a_waiting_key_tells_every_other_host_to_wait(key: &Key) {
    let (mut a, mut others) = (key.host(), [key.host(), key.host(), key.host()]);
    a.asked(make_credential("example.com", b"1"));
    for b in &mut others {
        b.refused(command::CBOR, GET_INFO, error::CHANNEL_BUSY);
        b.refused(command::PING, b"x", error::CHANNEL_BUSY);
    }
    a.send(command::CANCEL, &[]);
    status::is(a.answer().status, status::KEEPALIVE_CANCEL);
    for b in &mut others {
        status::is(b.ctap2(GET_INFO).status, status::OK);
    }
}

fn a_waiting_key_gives_a_new_host_its_channel(key: &Key) {
    let mut a = key.host();
    a.asked(make_credential("example.com", b"1"));
    let mut b = key.host();
    differ!(b.channel, a.channel, "the channel of a new host");
    b.refused(command::PING, b"x", error::CHANNEL_BUSY);
    key.touch();
    status::is(a.answer().status, status::OK);
    b.ping();
}

fn a_host_that_gave_up_keeps_nobody_waiting(key: &Key) {
    let (mut a, mut b) = (key.host(), key.host());
    a.asked(make_credential("example.com", b"1"));
    // What a browser does that lost its page: it begins anew.
    a.init(a.channel);
    b.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
    b.init(BROADCAST);
    a.ping();
}
