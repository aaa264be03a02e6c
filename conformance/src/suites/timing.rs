//! Times, as a statistic of this run: what a busy computer or a slow hub adds is in them, so none of it fails a key.

use std::time::{Duration, Instant};

use crate::host::cbor::map;
use crate::host::ctap2::{Request, ga, get_assertion_by, make_credential, make_discoverable, status};
use crate::host::{Host, command, packets};
use crate::key::Key;

checks! {
    "CTAP 2.3 §11.2.9.1.7":
        a_waiting_key_speaks_ten_times_a_second [Should] needs Ctap2;
    "WebAuthn Level 3 §14.5":
        a_foreign_id_takes_as_long_as_an_unknown_one [Should] needs RealTime,
        a_plain_account_takes_as_long_as_none [Should] needs Rk and RealTime;
    "CTAP 2.3 §6.5.2.2":
        a_pin_that_is_almost_right_takes_as_long_as_any [Should] needs Pin and RealTime;
}

/// Differences below this are those of the cable and the computer.
const NOISE: Duration = Duration::from_millis(8);

/// The middle one.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Measures both in turn, so that whatever else the computer does meets both alike, and compares the medians. Those of
/// a computer that just had much else to do are measured once more, twice as often.
#[track_caller]
fn take_as_long(what: [&str; 2], rounds: usize, mut measure: impl FnMut(bool) -> Duration) {
    let mut medians = |rounds: usize| {
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..rounds * 2 {
            times[round % 2].push(measure(round % 2 == 0));
        }
        times.map(median)
    };
    let are_alike = |[one, other]: [Duration; 2]| {
        let difference = one.abs_diff(other);
        difference <= NOISE || difference <= one.max(other) / 4
    };
    if are_alike(medians(rounds)) {
        return;
    }
    let rounds = rounds * 2;
    let [one, other] = medians(rounds);
    assert!(
        are_alike([one, other]),
        "{} takes {} µs, {} takes {} µs (medians of {rounds}, as measured in this run): expected no difference that \
         tells them apart",
        what[0],
        one.as_micros(),
        what[1],
        other.as_micros()
    );
}

fn a_waiting_key_speaks_ten_times_a_second(key: &Key) {
    let mut host = key.host();
    host.asked(make_credential("example.com", b"1"));
    let keepalive = packets(host.channel, command::KEEPALIVE, &[2])[0];
    let mut gaps = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        same!(host.due(0..100), keepalive);
        gaps.push(begun.elapsed());
    }
    host.send(command::CANCEL, &[]);
    status::is(host.answer().status, status::KEEPALIVE_CANCEL);
    let (count, usual) = (gaps.len(), median(gaps));
    // Twice the standard's time: what a computer with much else to do adds is not the key's fault.
    assert!(
        usual <= Duration::from_millis(200),
        "expected a keepalive every 100 ms, {} ms are usual (the median of {count}, as measured in this run)",
        usual.as_millis()
    );
}

/// How long the answer to a silent request takes.
#[track_caller]
fn answered(host: &mut Host, id: &[u8], expected: u8) -> Duration {
    let request = get_assertion_by("example.com", &[id]).with(ga::OPTIONS, map([("up", false.into())]));
    let begun = Instant::now();
    status::is(host.ctap2(request).status, expected);
    begun.elapsed()
}

/// What the request makes is another relying party's, and takes as long as what nobody has.
#[track_caller]
fn foreign_takes_as_long_as_unknown(key: &Key, request: &Request, what: &str) {
    let mut host = key.host();
    let theirs = host.make(request).id;
    let unknown: Vec<u8> = theirs.iter().map(|byte| byte ^ 0x5A).collect();
    take_as_long([what, "an ID that nobody has"], 25, |foreign| {
        let id = if foreign { &theirs } else { &unknown };
        answered(&mut host, id, status::NO_CREDENTIALS)
    });
}

fn a_foreign_id_takes_as_long_as_an_unknown_one(key: &Key) {
    let request = make_credential("example.org", b"1");
    foreign_takes_as_long_as_unknown(key, &request, "an ID of another relying party");
}

fn a_plain_account_takes_as_long_as_none(key: &Key) {
    let request = make_discoverable("example.org", b"1");
    foreign_takes_as_long_as_unknown(key, &request, "a passkey of another relying party");
}

fn a_pin_that_is_almost_right_takes_as_long_as_any(key: &Key) {
    let mut host = key.host();
    let right = key.pin();
    host.set_pin(right);
    // What is compared is half a hash: these two differ in the first byte, or do not.
    let hash = |pin: &str| crate::host::verify::sha256(pin.as_bytes())[0];
    let guess = |alike: bool| {
        let mut guesses = (0..).map(|n: u32| format!("{}{n}", key.pins().wrong));
        guesses
            .find(|guess| (hash(guess) == hash(right)) == alike)
            .expect("a PIN of some length")
    };
    let guesses = [guess(false), guess(true)];
    take_as_long(
        ["a PIN whose hash begins as the right one's", "another wrong PIN"],
        7,
        |alike| {
            let agreement = host.agree_by_best();
            let request = agreement.get_pin_token(&guesses[usize::from(alike)]);
            let begun = Instant::now();
            let answer = host.ctap2(request);
            let took = begun.elapsed();
            status::is(answer.status, status::PIN_INVALID);
            // So that no retries run out.
            status::is(host.try_pin(right), status::OK);
            took
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::caught;

    #[test]
    fn what_tells_two_things_apart_is_found_among_outliers() {
        let times = |slow: u64| {
            let mut round = 0;
            move |first: bool| {
                round += 1;
                // A computer that stops now and then tells nothing.
                let outlier = if round % 7 == 0 { 500 } else { 0 };
                Duration::from_millis(outlier + if first { slow } else { 20 })
            }
        };
        take_as_long(["one", "another"], 25, times(22));
        let words = caught(|| take_as_long(["one", "another"], 25, times(60))).unwrap_err();
        assert!(words.contains("one takes 60000 µs, another takes 20000 µs"), "{words}");
    }

    #[test]
    fn a_computer_that_was_busy_for_a_while_is_no_difference() {
        let mut calls = 0;
        let busy = |first: bool| {
            calls += 1;
            Duration::from_micros(if first && calls <= 14 { 11_010 } else { 481 })
        };
        take_as_long(["one", "another"], 7, busy);
        assert_eq!(calls, 14 + 28);
    }
}
