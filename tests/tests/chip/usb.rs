//! What happens on the bus while the key works. `tests/chip/suite/usb.test.mjs` has its descriptors and requests.

use brasskey_conformance::host::ctap2::{make_credential, make_discoverable};
use brasskey_conformance::host::{command, packets};
use brasskey_tests::chip::{Until, Workbench};

use super::attempt::RP_ID;

crate::checks! {
    a_bus_reset_in_the_middle_of_a_message_leaves_nothing_of_it,
    a_bus_reset_ends_a_request_that_waits_for_a_touch_and_the_touch_is_for_nothing,
    a_key_that_was_suspended_goes_on,
    a_host_that_does_not_ask_for_reports_finds_them_later,
}

fn a_bus_reset_in_the_middle_of_a_message_leaves_nothing_of_it() {
    let bench = Workbench::new();
    let mut host = bench.host();
    let [first, second] = packets(host.channel, command::PING, &[0; 100])[..] else {
        panic!("two reports");
    };
    let heard = bench.heard().len();
    host.send_report(&first);
    bench.run(Until::Time, 10);
    bench.usb("reset");
    host.send_report(&second);
    bench.run(Until::Time, 1000);
    assert_eq!(bench.heard().len(), heard);
    bench.host().ping();
}

fn a_bus_reset_ends_a_request_that_waits_for_a_touch_and_the_touch_is_for_nothing() {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.asked(make_discoverable(RP_ID, b"ada"));
    bench.usb("reset");
    let (operations, heard) = (bench.count("operations"), bench.heard().len());
    bench.key().touch();
    bench.run(Until::Time, 1000);
    let after = &bench.heard()[heard..];
    assert!(after.iter().all(|heard| heard.report[4] == command::KEEPALIVE));
    assert_eq!(bench.count("operations"), operations, "nothing was stored");
    bench.host().make(&make_credential(RP_ID, b"ada"));
}

fn a_key_that_was_suspended_goes_on() {
    let bench = Workbench::new();
    let mut host = bench.host();
    bench.usb("suspend");
    bench.run(Until::Time, 5000);
    bench.usb("resume");
    host.ping();
}

fn a_host_that_does_not_ask_for_reports_finds_them_later() {
    let bench = Workbench::new();
    let mut host = bench.host();
    let heard = bench.heard().len();
    bench.usb("ignore");
    host.send(command::PING, &[7; 1000]);
    bench.run(Until::Time, 2000);
    assert_eq!(bench.heard().len(), heard);
    bench.usb("listen");
    assert_eq!(host.message().payload, [7; 1000]);
}
