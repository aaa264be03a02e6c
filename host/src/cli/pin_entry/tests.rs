use std::cell::RefCell;

use super::*;
use crate::client::PinRetries;

thread_local! {
    /// What is typed at the terminal, line by line.
    static TYPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Somebody at a terminal who types these lines.
fn interaction(typed: &[&'static str]) -> Interaction {
    TYPED.set(typed.iter().rev().copied().collect());
    Interaction {
        cancel: CancelHandle::default(),
        output: Output::new(false),
        tells_touch: false,
        on_terminal: true,
        given: None,
        gave_pin: false,
        wrong: Vec::new(),
        ask: |_| match TYPED.with_borrow_mut(Vec::pop) {
            Some(line) => Ok(Zeroizing::new(line.to_owned())),
            None => Err(Unanswered::Nobody),
        },
    }
}

fn request(left: u64, again: bool) -> PinRequest {
    let retries = PinRetries {
        left,
        power_cycle: false,
    };
    PinRequest { retries, again }
}

fn pin(text: &str) -> Pin {
    Pin::new(text).unwrap()
}

#[test]
fn a_pin_that_was_right_is_used_again() {
    let mut interaction = interaction(&["1234"]);
    for _ in 0..3 {
        assert_eq!(interaction.pin(&request(8, false)).unwrap(), pin("1234"));
    }
}

#[test]
fn no_wrong_pin_is_tried_twice() {
    let mut interaction = interaction(&["1111", "2222", "1111", "2222", "", "n", "333", "3333"]);
    assert_eq!(interaction.pin(&request(8, false)).unwrap(), pin("1111"));
    assert_eq!(interaction.pin(&request(7, true)).unwrap(), pin("2222"));
    assert_eq!(interaction.pin(&request(6, true)).unwrap(), pin("3333"));
    assert!(matches!(
        interaction.pin(&request(5, true)),
        Err(client::Error::PinNeeded)
    ));
}

#[test]
fn a_pin_from_elsewhere_is_tried_once() {
    let mut interaction = Interaction {
        given: Some(pin("1111")),
        on_terminal: false,
        ..interaction(&["2222"])
    };
    assert!(!interaction.can_try_again());
    assert_eq!(interaction.pin(&request(8, false)).unwrap(), pin("1111"));
    assert!(matches!(
        interaction.pin(&request(7, true)),
        Err(client::Error::PinNeeded)
    ));
}

#[test]
fn a_new_pin_is_typed_twice_and_checked() {
    let args = NewPinArgs::default();
    let four = |pin: &Pin| pin.check(&client::ctap2::Info::default());
    let mut person = interaction(&["123", "1234", "4321", "1234", "1234"]);
    assert_eq!(person.new_pin(&args, four).unwrap(), pin("1234"));
    let failure = person.new_pin(&args, four).unwrap_err();
    assert!(failure.hint().contains("--new-pin-env"), "nobody types any more");
    person.ask = |_| Err(Unanswered::Interrupted);
    let failure = person.new_pin(&args, four).unwrap_err();
    assert!(matches!(failure, Failure::Key(client::Error::Cancelled)));
}
