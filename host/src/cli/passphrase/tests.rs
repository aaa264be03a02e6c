use std::cell::RefCell;

use super::*;

thread_local! {
    /// What is typed at the terminal, line by line.
    static TYPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Somebody at a terminal who types these lines.
fn opener(typed: &[&'static str]) -> StateOpener<'static> {
    TYPED.set(typed.iter().rev().copied().collect());
    StateOpener {
        path: Path::new("token.redb"),
        output: Output::new(false),
        given: None,
        new_flags: NEW_FLAGS,
        tries: TRIES,
        interrupted: false,
        ask: |_| match TYPED.with_borrow_mut(Vec::pop) {
            Some(line) => Ok(Zeroizing::new(line.to_owned())),
            None => Err(Unanswered::Nobody),
        },
    }
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// What is given, until nothing is.
fn answers(opener: &mut StateOpener<'_>) -> Vec<Passphrase> {
    let mut again = false;
    std::iter::from_fn(|| opener.passphrase(std::mem::replace(&mut again, true))).collect()
}

#[test]
fn a_person_may_try_three_times() {
    let given = answers(&mut opener(&["one", "two", "three", "four"]));
    assert!(given.len() == 3 && given[2].is(&passphrase("three")));
    assert_eq!(
        answers(&mut opener(&["", "two"])).len(),
        1,
        "an empty one is no passphrase"
    );
    assert_eq!(answers(&mut opener(&[])).len(), 0);
}

#[test]
fn a_passphrase_from_elsewhere_is_tried_once() {
    let mut opener = StateOpener {
        given: Some(passphrase("given")),
        tries: 0,
        ..opener(&["typed"])
    };
    let given = answers(&mut opener);
    assert!(given.len() == 1 && given[0].is(&passphrase("given")));
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let person = opener(&["", "one", "two", "caf\u{e9}", "cafe\u{301}"]);
    assert!(person.new_passphrase(None).unwrap().is(&passphrase("caf\u{e9}")));
    let failure = person.new_passphrase(None).unwrap_err();
    assert_eq!(
        failure.exit_code(),
        super::super::failure::USAGE,
        "nobody types any more"
    );
    assert!(failure.hint().contains("--new-passphrase-env"));
    assert!(person.new_passphrase(Some(passphrase("given"))).is_ok());
}
