//! While the flash erases, the key still answers, and loses nothing.

use std::sync::LazyLock;

use brasskey_conformance::host::ctap2::{RESET, make_discoverable, status};
use brasskey_conformance::host::response::Response;
use brasskey_conformance::host::{BROADCAST, Host, command, packets};
use brasskey_tests::chip::{Until, Workbench};
use serde_json::{Value, json};

use super::attempt::{RP_ID, assert_signs, register, silent, touched};
use super::touch::{CADENCE, longest_silence};

crate::checks! {
    keepalives_come_in_time_while_a_slow_flash_is_erased_for_a_reset,
    keepalives_come_in_time_while_a_slow_flash_is_erased_for_a_registration,
    other_channels_are_answered_while_the_flash_is_erased,
    what_has_begun_to_erase_is_not_cancelled,
    a_flash_that_cannot_suspend_is_erased_all_the_same,
    a_flash_of_another_maker_is_erased_all_the_same,
    a_chip_that_is_reset_while_an_erase_is_suspended_ends_it,
    the_power_goes_while_an_erase_for_a_reset_is_suspended,
    the_power_goes_while_an_erase_for_a_registration_is_suspended,
}

/// Makes the erase of a sector as slow as the data sheet allows: 400 ms instead of 45 ms.
const WORST: f64 = 400.0 / 45.0;
/// The longest time with interrupts off, in milliseconds: a slice of an erase, tSUS, and the change of mode.
const SLICE: f64 = 5.2;
/// So many registrations that at least one of them moves the log to a page that must be erased.
const MANY: u32 = 30;

/// A key whose log has used all pages, so that each next page must be erased.
static WORN: LazyLock<Value> = LazyLock::new(|| {
    let bench = Workbench::new();
    let made = bench.host().make(&make_discoverable(RP_ID, b"ada"));
    bench.power("cycle");
    let mut host = bench.host();
    assert_eq!(host.touched(RESET), Response::bare(status::OK));
    host.denied(silent(&made), status::NO_CREDENTIALS);
    bench.flash()
});

/// A worn key that was plugged in just now. Its flash has these properties.
fn plugged_in(properties: &Value) -> (Workbench, Host) {
    let bench = Workbench::with_flash(&WORN);
    bench.change_flash(properties);
    bench.power("on");
    let host = bench.host();
    (bench, host)
}

fn slow() -> Value {
    json!({ "slowness": WORST })
}

/// A registration of its own.
fn account(number: usize) -> Vec<u8> {
    make_discoverable(RP_ID, format!("user {number}").as_bytes()).encode()
}

#[track_caller]
fn assert_flash_was_there(bench: &Workbench) {
    let absence = bench.measure()["longest_without_flash_ms"].as_f64().expect("a time");
    assert!(absence <= SLICE, "without its flash for {absence} ms");
}

#[track_caller]
fn assert_in_time(silence: f64) {
    assert!(silence <= CADENCE, "silent for {silence} ms");
}

fn keepalives_come_in_time_while_a_slow_flash_is_erased_for_a_reset() {
    let (bench, mut host) = plugged_in(&slow());
    let suspensions = bench.count("suspensions");
    assert_in_time(longest_silence(&bench, &mut host, RESET));
    assert_flash_was_there(&bench);
    assert!(bench.count("suspensions") > suspensions);
}

fn keepalives_come_in_time_while_a_slow_flash_is_erased_for_a_registration() {
    let (bench, mut host) = plugged_in(&slow());
    let suspensions = bench.count("suspensions");
    for made in 0.. {
        assert!(made < MANY, "the flash is erased");
        let request = account(made.try_into().expect("a number"));
        assert_in_time(longest_silence(&bench, &mut host, request));
        if bench.count("suspensions") > suspensions {
            break;
        }
    }
    assert_flash_was_there(&bench);
}

/// Runs a reset until it has begun to erase.
#[track_caller]
fn erasing(bench: &Workbench, host: &mut Host) {
    host.asked(RESET);
    host.key.touch();
    assert!(bench.run(Until::Erase, 10_000), "the flash erases");
}

fn other_channels_are_answered_while_the_flash_is_erased() {
    let (bench, mut host) = plugged_in(&slow());
    erasing(&bench, &mut host);
    let begun = bench.millis();
    let [init] = packets(BROADCAST, command::INIT, b"87654321")[..] else {
        panic!("one report");
    };
    host.send_report(&init);
    bench.run(Until::Time, 20);
    let heard = bench.heard();
    let answer = heard.iter().rfind(|heard| heard.report[4] == command::INIT);
    assert!(answer.expect("an answer").micros >= begun * 1000.0, "it is the answer");
}

fn what_has_begun_to_erase_is_not_cancelled() {
    let (bench, mut host) = plugged_in(&slow());
    erasing(&bench, &mut host);
    host.send(command::CANCEL, &[]);
    assert_eq!(host.answer(), Response::bare(status::OK));
    host.ping();
    host.make(&make_discoverable(RP_ID, b"ada"));
}

/// A flash that does not suspend its erases.
#[track_caller]
fn is_erased(properties: &Value) {
    let (bench, mut host) = plugged_in(properties);
    let [operations, suspensions] = ["operations", "suspensions"].map(|name| bench.count(name));
    assert_eq!(host.touched(RESET), Response::bare(status::OK));
    assert!(bench.count("operations") > operations);
    assert_eq!(bench.count("suspensions"), suspensions);
    host.make(&make_discoverable(RP_ID, b"ada"));
}

fn a_flash_that_cannot_suspend_is_erased_all_the_same() {
    is_erased(&json!({ "suspends": false }));
}

fn a_flash_of_another_maker_is_erased_all_the_same() {
    is_erased(&json!({ "jedec_id": [0xC8, 0x40, 0x15] }));
}

fn a_chip_that_is_reset_while_an_erase_is_suspended_ends_it() {
    let (bench, mut host) = plugged_in(&json!({}));
    erasing(&bench, &mut host);
    bench.fault("suspended");
    assert!(bench.run(Until::Reset, 1000));
    assert_eq!(bench.measure()["is_suspended"], false);
    bench.host().make(&make_discoverable(RP_ID, b"ada"));
}

fn the_power_goes_while_an_erase_for_a_reset_is_suspended() {
    let bench = Workbench::with_flash(&WORN);
    let mut suspensions: u32 = 1;
    while suspensions < 400 {
        bench.restore();
        bench.power("on");
        let made = bench.host().make(&make_discoverable(RP_ID, b"ada"));
        bench.power("cycle");
        let mut host = bench.host();
        bench.cut_at_suspension(suspensions);
        let _ = touched(&bench, &mut host, RESET);
        let was_cut = !bench.has_power();
        bench.power("keep");
        bench.power("cycle");
        let mut host = bench.host();
        let status = host.ctap2(silent(&made)).status;
        assert!(
            [status::OK, status::NO_CREDENTIALS].contains(&status),
            "status {status:#x} after {suspensions}"
        );
        let made = host.make(&make_discoverable(RP_ID, b"ada"));
        assert_signs(&mut host, &made);
        if !was_cut {
            break;
        }
        suspensions = (suspensions * 3).div_ceil(2);
    }
}

fn the_power_goes_while_an_erase_for_a_registration_is_suspended() {
    let bench = Workbench::with_flash(&WORN);
    for suspensions in [1, 4, 7] {
        bench.restore();
        bench.power("on");
        let mut host = bench.host();
        bench.cut_at_suspension(suspensions);
        let mut credentials = Vec::new();
        loop {
            assert!(credentials.len() < 30, "the power is cut");
            let request = make_discoverable(RP_ID, format!("user {}", credentials.len()).as_bytes());
            match register(&bench, &mut host, &request) {
                Some(made) => credentials.push(made),
                None => break,
            }
        }
        bench.power("cycle");
        let mut host = bench.host();
        for made in &credentials {
            assert_signs(&mut host, made);
        }
        host.make(&make_discoverable(RP_ID, b"another"));
    }
}
