//! CTAPHID reports with pauses between them, at both ends of the wire: the key's engine with a key behind it answers
//! whole packets only, and whatever the key or anyone else sends, the host's end survives it.
#![no_main]

use brasskey_protocol::ctaphid::{Device, DeviceInfo, Event, Host, Report, channel, command};
use brasskey_protocol::limits::MAX_MESSAGE;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut key = brasskey_fuzz::key();
    let mut device = Device::new(DeviceInfo {
        version: [0, 1, 0],
        wink: true,
    });
    let mut host: Option<Host> = None;
    let (mut message, mut response) = ([0; MAX_MESSAGE], [0; MAX_MESSAGE]);
    let mut now = 0;

    // A byte for the pause, in hundredths of a second, and a report; one cut short is filled up with zeros.
    for step in input.chunks(65).take(256) {
        let Some((&pause, bytes)) = step.split_first() else {
            return;
        };
        let mut report: Report = [0; 64];
        report[..bytes.len()].copy_from_slice(bytes);
        now += 10 * u64::from(pause);
        device.tick(now);
        let event = device.receive(&report, now);

        let host = host.get_or_insert_with(|| {
            let mut host = Host::new(channel(&report));
            host.expect(command::CBOR);
            host
        });
        host.receive(&report);
        if matches!(event, Event::Request)
            && let Some(request) = device.take_request(&mut message, now)
        {
            let length = key.answer(&request, &message, &mut response);
            device.respond(&response[..length], now);
        }
        let mut sent = 0;
        while let Some(report) = device.transmit() {
            host.receive(&report);
            sent += 1;
            assert!(sent <= 1024, "an answer has an end");
        }
    }
});
