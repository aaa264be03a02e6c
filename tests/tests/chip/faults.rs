//! Faults, and what the key does then.

use brasskey_conformance::host::ctap2::{get_assertion_by, make_credential, status};
use brasskey_conformance::host::response::{Made, flags};
use brasskey_conformance::host::{Host, command};
use brasskey_tests::chip::{Until, Workbench};

use super::attempt::RP_ID;

crate::checks! {
    a_hard_fault_wipes_the_memory_and_starts_the_key_anew,
    a_stack_that_overflows_starts_the_key_anew,
    a_key_that_hangs_is_started_anew_by_its_watchdog,
    a_key_whose_noise_is_stuck_at_0_refuses_to_work,
    a_key_whose_noise_is_stuck_at_1_refuses_to_work,
    keys_have_different_secrets_and_serial_numbers_where_the_noise_differs,
}

/// Longer than the watchdog waits, in milliseconds.
const WATCHDOG: u64 = 9000;

fn register(host: &mut Host) -> Made {
    host.make(&make_credential(RP_ID, b"ada"))
}

/// What happens to a key that has a credential: it starts anew, once, and its credential signs.
#[track_caller]
fn starts_anew(kind: &str, within: u64) -> Workbench {
    let bench = Workbench::new();
    let made = register(&mut bench.host());
    let resets = bench.count("resets");
    bench.fault(kind);
    assert!(bench.run(Until::Reset, within));
    assert_eq!(bench.count("resets"), resets + 1);
    let assertion = bench.host().assert(&get_assertion_by(RP_ID, &[&made.id]));
    assertion.verify(&made.public_key, RP_ID, flags::UP);
    assert!(assertion.auth_data.sign_count > made.auth_data.sign_count);
    assert_eq!(bench.count("resets"), resets + 1);
    bench
}

fn a_hard_fault_wipes_the_memory_and_starts_the_key_anew() {
    let bench = starts_anew("jump", 1000);
    assert_eq!(bench.count("left_in_memory_bytes"), 0);
}

fn a_stack_that_overflows_starts_the_key_anew() {
    starts_anew("stack", WATCHDOG);
}

fn a_key_that_hangs_is_started_anew_by_its_watchdog() {
    starts_anew("hang", WATCHDOG);
}

#[track_caller]
fn refuses_to_work(stuck_at: u8) {
    let bench = Workbench::with_noise(Some(stuck_at));
    let mut host = bench.host();
    host.begin(make_credential(RP_ID, b"ada"));
    let answer = host.message();
    let is_refused = match answer.command {
        command::ERROR => true,
        command::CBOR => answer.payload[0] != status::OK,
        _ => false,
    };
    assert!(is_refused, "{answer:02x?}");
    bench.run(Until::Time, 100);
    let begun = bench.millis() * 1000.0;
    bench.run(Until::Time, 4000);
    let (_, changes) = bench.light();
    let flashes = changes.iter().filter(|micros| **micros > begun).count() / 2;
    assert!(flashes >= 5, "the light says so: {flashes} times");
}

fn a_key_whose_noise_is_stuck_at_0_refuses_to_work() {
    refuses_to_work(0);
}

fn a_key_whose_noise_is_stuck_at_1_refuses_to_work() {
    refuses_to_work(1);
}

fn keys_have_different_secrets_and_serial_numbers_where_the_noise_differs() {
    let bench = Workbench::new();
    let one = (bench.serial_number(), register(&mut bench.host()).id);
    // Each start has noise of its own.
    bench.renew();
    let other = (bench.serial_number(), register(&mut bench.host()).id);
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
    let _ = bench.host().info();
}
