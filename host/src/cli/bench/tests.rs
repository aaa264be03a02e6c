use std::time::Duration;

use serde_json::json;

use super::*;

fn bench() -> Bench<'static> {
    let latency = |times: &[u64]| {
        times
            .iter()
            .copied()
            .map(Duration::from_micros)
            .collect::<Vec<_>>()
            .into()
    };
    Bench {
        device: "a key",
        protocol: Protocol::U2f,
        rp_id: rounds::RP_ID,
        rounds: 2,
        may_include_touch: true,
        commands: vec![
            Measured {
                command: Command::Info,
                nanoseconds: latency(&[900, 1_100]),
            },
            Measured {
                command: Command::Register,
                nanoseconds: latency(&[250_000, 250_000]),
            },
        ],
    }
}

#[test]
fn people_see_a_table_and_how_the_times_are_spread() {
    let mut text = Vec::new();
    bench().show(&mut text).unwrap();
    let text = anstream::adapter::strip_str(std::str::from_utf8(&text).unwrap()).to_string();
    let expected = "\
a key over U2F, 2 rounds of each command

            min  median     p95     max
info      900µs   900µs  1.10ms  1.10ms
register  250ms   250ms   250ms   250ms

info
";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.ends_with(&format!("register\n  up to   250ms  {}  2\n", "█".repeat(24))),
        "{text}"
    );
}

#[test]
fn programs_see_every_time() {
    assert_eq!(
        json!(bench()),
        json!({
            "device": "a key",
            "protocol": "U2F",
            "rpId": "bench.brasskey.invalid",
            "rounds": 2,
            "mayIncludeTouch": true,
            "commands": [
                { "command": "info", "nanoseconds": {
                    "min": 900_000, "median": 900_000, "p95": 1_100_000, "max": 1_100_000,
                    "samples": [900_000, 1_100_000],
                } },
                { "command": "register", "nanoseconds": {
                    "min": 250_000_000, "median": 250_000_000, "p95": 250_000_000, "max": 250_000_000,
                    "samples": [250_000_000, 250_000_000],
                } },
            ],
        })
    );
}

#[test]
fn the_user_is_told_of_every_touch() {
    use Command::{Authenticate, Info, Register};
    assert_eq!(touches(&[Info], 100), 0);
    assert_eq!(touches(&[Info, Register], 5), 5);
    assert_eq!(touches(&[Info, Register, Authenticate], 5), 10);
    assert_eq!(touches(&[Authenticate], 5), 6, "one registers the credential");
}

#[test]
fn commands_are_sent_in_their_order_and_once() {
    use Command::{Authenticate, Info, Register};
    let args = |commands| Args {
        rounds: None,
        commands,
        u2f: false,
        device: DeviceArgs::default(),
    };
    assert_eq!(args(vec![]).commands(), [Info, Register, Authenticate]);
    assert_eq!(args(vec![Authenticate, Info, Info]).commands(), [Info, Authenticate]);
}

#[test]
fn the_soft_token_is_measured_by_both_protocols() {
    for protocol in [Protocol::Ctap2, Protocol::U2f] {
        let soft = crate::soft::SoftKey::builder()
            .touch(crate::soft::Touch::Auto)
            .build()
            .unwrap();
        let mut key = crate::client::Key::open(Box::new(soft.connect())).unwrap();
        let mut unwatched = crate::client::Unwatched;
        let mut rounds = Rounds::new(&mut key, protocol, &mut unwatched);
        for command in [Command::Authenticate, Command::Info, Command::Register] {
            assert!(!rounds.once(command).unwrap().is_zero());
        }
    }
}
