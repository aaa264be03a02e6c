//! The button and the light: what counts as a touch, what the light shows, and keepalives that come in time.

use brasskey_conformance::host::ctap2::{SELECTION, make_discoverable, status};
use brasskey_conformance::host::u2f::{self, word};
use brasskey_conformance::host::verify::sha256;
use brasskey_conformance::host::{Host, command};
use brasskey_tests::chip::{Until, Workbench};

use super::attempt::RP_ID;

crate::checks! {
    keepalives_come_in_time_while_the_key_waits_and_computes,
    a_button_that_was_held_at_power_up_is_not_consent,
    a_press_shorter_than_bouncing_is_none,
    the_light_is_dark_while_nothing_happens,
    the_light_blinks_twice_a_second_while_the_key_waits,
    the_light_blinks_between_the_polls_of_u2f,
    a_wink_flickers_for_a_second,
}

/// The most milliseconds between two keepalives: 100 (CTAP 2.3 §11.2.9.1.7), and a frame until the host asks.
pub(super) const CADENCE: f64 = 101.0;

/// The longest silence of the key during a request that is touched after a second, in milliseconds.
#[track_caller]
pub(super) fn longest_silence(bench: &Workbench, host: &mut Host, request: impl Into<Vec<u8>>) -> f64 {
    host.asked(request);
    let (begun, heard) = (bench.millis() * 1000.0, bench.heard().len());
    bench.run(Until::Time, 1001);
    host.key.press();
    assert!(bench.run(Until::Rest, 40_000), "an answer");
    host.key.release();
    assert_eq!(host.answer().status, status::OK);
    let mut times = vec![begun];
    times.extend(bench.heard()[heard..].iter().map(|heard| heard.micros));
    let silences = times.windows(2).map(|pair| pair[1] - pair[0]);
    silences.fold(0.0, f64::max) / 1000.0
}

fn keepalives_come_in_time_while_the_key_waits_and_computes() {
    let bench = Workbench::new();
    let request = make_discoverable(RP_ID, b"ada");
    assert!(longest_silence(&bench, &mut bench.host(), &request) <= CADENCE);
}

/// The key goes on to wait for a touch.
#[track_caller]
fn still_waits(bench: &Workbench) {
    assert!(bench.is_asked());
    let heard = bench.heard();
    let (_, answers) = heard.split_at(1); // The channel.
    assert!(answers.iter().all(|heard| heard.report[4] == command::KEEPALIVE));
}

fn a_button_that_was_held_at_power_up_is_not_consent() {
    let bench = Workbench::new();
    bench.power("off");
    bench.key().press();
    bench.power("on");
    bench.host().asked(SELECTION);
    bench.run(Until::Time, 2000);
    still_waits(&bench);
    bench.key().release();
}

fn a_press_shorter_than_bouncing_is_none() {
    let bench = Workbench::new();
    bench.host().asked(SELECTION);
    bench.bounce();
    still_waits(&bench);
}

/// How long the light stays lit or dark each time during so many milliseconds.
fn spans(bench: &Workbench, milliseconds: u64) -> Vec<f64> {
    let begun = bench.millis() * 1000.0;
    bench.run(Until::Time, milliseconds);
    let (_, mut changes) = bench.light();
    changes.retain(|micros| *micros >= begun);
    let spans = changes.windows(2).map(|pair| (pair[1] - pair[0]) / 1000.0);
    spans.collect()
}

fn the_light_is_dark_while_nothing_happens() {
    let bench = Workbench::new();
    bench.run(Until::Time, 100);
    assert!(spans(&bench, 3000).is_empty());
    assert!(!bench.light().0);
}

fn the_light_blinks_twice_a_second_while_the_key_waits() {
    let bench = Workbench::new();
    bench.host().asked(SELECTION);
    let spans = spans(&bench, 3000);
    let (_, whole) = spans.split_first().expect("the light blinks");
    let is_a_quarter = |span: &f64| (span - 250.0).abs() <= 20.0;
    assert!(whole.len() >= 8 && whole.iter().all(is_a_quarter), "{spans:?}");
}

fn the_light_blinks_between_the_polls_of_u2f() {
    let bench = Workbench::new();
    let register = u2f::register(&sha256(RP_ID.as_bytes()));
    bench.host().u2f_denied(&register, word::CONDITIONS_NOT_SATISFIED);
    assert!(!spans(&bench, 600).is_empty());
}

fn a_wink_flickers_for_a_second() {
    let bench = Workbench::new();
    assert!(bench.host().exchange(command::WINK, &[]).is_empty());
    let spans = spans(&bench, 3000);
    assert!(spans.len() >= 15 && spans.iter().all(|span| *span <= 70.0), "{spans:?}");
    assert!(!bench.light().0);
}
