//! authenticatorCredentialManagement (CTAP 2.3 §6.8): who may do what, and getCredsMetadata.

use cbor4ii::core::Value;

use crate::crypto::sha256;
use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::ctap2::token::Permissions;
use crate::limits::RESERVED_RECORDS;
use crate::testing::cbor::{Tree, bytes, int, map, text};
use crate::testing::key::Key;
use crate::testing::manager::next;
use crate::testing::pin::{CM, GA, MC, PCMR, PIN, Token};
use crate::testing::request::{RP, Request, descriptor, make_credential, make_discoverable, reset, user};

/// A request of each subcommand that needs a token, for this credential of [`RP`].
fn requests(manager: &Token, id: &[u8]) -> [Request; 5] {
    [
        manager.metadata(),
        manager.relying_parties(),
        manager.credentials_of(RP),
        manager.delete(id),
        manager.update(id, user(b"alice")),
    ]
}

/// The subcommands that only read, and those that change something.
const READING: usize = 3;

/// The outcome of each request, on a new key for each, with the token that `issue` gives out.
fn outcomes(issue: impl Fn(&mut Key) -> Token) -> [Result<(), Status>; 5] {
    let mut prepared = Key::new();
    let made = prepared.register_discoverable(RP, b"alice");
    core::array::from_fn(|index| {
        let mut key = prepared.fork();
        let manager = issue(&mut key);
        key.send(&requests(&manager, &made.id)[index]).map(drop)
    })
}

const REFUSED: Result<(), Status> = Err(Status::PinAuthInvalid);

#[test]
fn nothing_is_done_without_a_token_not_even_on_an_empty_key() {
    let mut key = Key::new();
    let manager = key.manager();
    for request in requests(&manager, &[7; 59]) {
        assert_eq!(key.refusal(&request.clone().without(4)), Status::PuatRequired);
        // This error comes before that of any other missing parameter.
        let nothing_else = request.without(4).without(3).without(2);
        assert_eq!(key.refusal(&nothing_else), Status::PuatRequired);
    }
}

#[test]
fn a_param_without_a_protocol_misses_it() {
    let mut key = Key::new();
    let manager = key.manager();
    for request in requests(&manager, &[7; 59]) {
        assert_eq!(key.refusal(&request.without(3)), Status::MissingParameter);
    }
}

#[test]
fn an_unknown_protocol_is_an_invalid_parameter() {
    let mut key = Key::new();
    let manager = key.manager();
    for protocol in [0, 3] {
        for request in requests(&manager, &[7; 59]) {
            assert_eq!(key.refusal(&request.with(3, int(protocol))), Status::InvalidParameter);
        }
    }
}

#[test]
fn a_wrong_param_is_refused() {
    let mut key = Key::new();
    let manager = key.manager();
    for request in requests(&manager, &[7; 59]) {
        for param in [&[][..], &[7; 16], &[7; 32], &[7; 33]] {
            assert_eq!(
                key.refusal(&request.clone().with(4, bytes(param))),
                Status::PinAuthInvalid
            );
        }
    }
}

#[test]
fn a_param_proves_one_subcommand_with_its_own_parameters() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    let (delete, update) = (manager.delete(&made.id), manager.update(&made.id, user(b"alice")));
    let other = |request: &Request, from: &Request| request.clone().with(4, from.members[&4].clone());
    for request in [
        other(&manager.metadata(), &manager.relying_parties()),
        other(&delete, &manager.delete(&[7; 59])),
        other(&update, &delete),
        other(&manager.credentials(&[0; 32]), &manager.credentials(&[1; 32])),
    ] {
        assert_eq!(key.refusal(&request), Status::PinAuthInvalid, "{request:?}");
    }
    // Unknown members are authenticated too, as received.
    let params = |unknown| Value::Map(std::vec![(int(2), descriptor(&made.id)), (int(9), int(unknown))]);
    let forged = manager.request(0x06, Some(params(1))).with(2, params(2));
    assert_eq!(key.refusal(&forged), Status::PinAuthInvalid);
    key.send(&manager.request(0x06, Some(params(1)))).unwrap();
}

#[test]
fn a_subcommand_must_be_there_and_be_known() {
    let mut key = Key::new();
    let manager = key.manager();
    assert_eq!(key.refusal(&manager.metadata().without(1)), Status::MissingParameter);
    assert_eq!(
        key.refusal(&manager.metadata().with(1, text("1"))),
        Status::CborUnexpectedType
    );
    for sub_command in [0, 8, 9, 255, 256, 1 << 40] {
        assert_eq!(
            key.refusal(&next(sub_command)),
            Status::InvalidSubcommand,
            "{sub_command}"
        );
    }
}

#[test]
fn parameters_of_a_subcommand_that_are_missing_are_told_before_the_token_is_looked_at() {
    let mut key = Key::new();
    let manager = key.manager();
    let without_user = manager.update(&[7; 59], user(b"alice"));
    let without_user = without_user.with(2, Value::Map(std::vec![(int(2), descriptor(&[7; 59]))]));
    for request in [
        manager.request(0x04, None),
        manager.request(0x04, Some(Value::Map(std::vec![]))),
        manager.request(0x06, None),
        manager.request(0x06, Some(Value::Map(std::vec![(int(1), bytes([0; 32]))]))),
        manager.request(0x07, Some(Value::Map(std::vec![(int(3), user(b"alice"))]))),
        without_user,
    ] {
        assert_eq!(key.refusal(&request), Status::MissingParameter, "{request:?}");
        let forged = request.with(4, bytes([7; 32]));
        assert_eq!(key.refusal(&forged), Status::MissingParameter);
    }
}

#[test]
fn parameters_of_a_wrong_type_or_length_are_told() {
    let mut key = Key::new();
    let manager = key.manager();
    for length in [0, 31, 33] {
        let params = Value::Map(std::vec![(int(1), bytes(std::vec![0; length]))]);
        assert_eq!(
            key.refusal(&manager.request(0x04, Some(params))),
            Status::InvalidParameter
        );
    }
    for params in [
        text("params"),
        Value::Map(std::vec![(int(2), bytes([7; 59]))]),
        Value::Map(std::vec![(int(2), map([("id", bytes([7; 59]))]))]),
        Value::Map(std::vec![(
            int(2),
            map([("id", text("id")), ("type", text("public-key"))])
        )]),
    ] {
        assert_eq!(
            key.refusal(&manager.request(0x06, Some(params))),
            Status::CborUnexpectedType
        );
    }
}

#[test]
fn a_token_for_credential_management_may_do_everything_by_either_protocol() {
    for protocol in [Protocol::One, Protocol::Two] {
        let outcomes = outcomes(|key| key.issue(protocol, Permissions::CREDENTIAL_MANAGEMENT, None));
        assert_eq!(outcomes, [Ok(()); 5]);
    }
}

#[test]
fn a_token_for_ceremonies_may_do_nothing() {
    let ceremonies = Permissions::MAKE_CREDENTIAL.and(Permissions::GET_ASSERTION);
    assert_eq!(outcomes(|key| key.issue(Protocol::Two, ceremonies, None)), [REFUSED; 5]);
}

#[test]
fn a_token_bound_to_a_relying_party_is_for_that_one_alone() {
    let cm = Permissions::CREDENTIAL_MANAGEMENT;
    let same = outcomes(|key| key.issue(Protocol::Two, cm, Some(RP)));
    assert_eq!(same, [REFUSED, REFUSED, Ok(()), Ok(()), Ok(())]);
    let other = outcomes(|key| key.issue(Protocol::Two, cm, Some("other.example")));
    assert_eq!(other, [REFUSED; 5]);
}

#[test]
fn a_token_bound_to_a_relying_party_learns_nothing_of_what_is_not_there() {
    let mut key = Key::new();
    let manager = key.issue(Protocol::Two, Permissions::CREDENTIAL_MANAGEMENT, Some(RP));
    let listed = key.register(RP);
    for id in [&[7; 59][..], &[], &listed.id] {
        for request in [manager.delete(id), manager.update(id, user(b"alice"))] {
            assert_eq!(key.refusal(&request), Status::PinAuthInvalid);
        }
    }
}

#[test]
fn the_persistent_token_may_read_once_it_was_granted() {
    let granted = outcomes(|key| key.persistent_manager(true));
    assert_eq!(
        granted,
        core::array::from_fn(|index| if index < READING { Ok(()) } else { REFUSED })
    );
    assert_eq!(outcomes(|key| key.persistent_manager(false)), [REFUSED; 5]);
}

#[test]
fn the_persistent_token_outlives_the_power_and_not_a_reset() {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    let manager = key.persistent_manager(true);
    let mut key = key.restarted();
    assert_eq!(key.listed(&manager).len(), 1);
    key.send(&reset()).unwrap();
    assert_eq!(key.refusal(&manager.metadata()), Status::PinAuthInvalid);
}

#[test]
fn one_right_pin_gives_a_token_for_it() {
    let mut key = Key::with_pin();
    let token = key.token(MC, Some(RP));
    let made = key.made(&token.sign(make_discoverable(RP, b"alice"))).unwrap();
    for (permissions, may_change) in [(CM, true), (PCMR, false)] {
        let token = key.token(permissions, None);
        assert_eq!(key.listed(&token).len(), 1);
        let update = key.send(&token.update(&made.id, user(b"alice")));
        assert_eq!(
            update,
            if may_change {
                Ok(None)
            } else {
                Err(Status::PinAuthInvalid)
            }
        );
    }
    let token = key.token(CM | GA, Some(RP));
    key.send(&token.credentials_of(RP)).unwrap();
    key.send(&token.delete(&made.id)).unwrap();
}

#[test]
fn a_changed_pin_ends_a_walk_and_the_persistent_token() {
    let mut key = Key::with_pin();
    for rp_id in [RP, "other.example"] {
        let token = key.token(MC, Some(rp_id));
        key.send(&token.sign(make_discoverable(rp_id, b"alice"))).unwrap();
    }
    let token = key.token(PCMR, None);
    key.send(&token.relying_parties()).unwrap();
    let change = key.platform(Protocol::Two).change_pin(PIN, "5678");
    key.send(&change).unwrap();
    assert_eq!(key.refusal(&next(0x03)), Status::NotAllowed);
    assert_eq!(key.refusal(&token.relying_parties()), Status::PinAuthInvalid);
}

#[test]
fn no_touch_is_asked_for() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    key.user().prompts.clear();
    for index in [0, 1, 2, 4, 3] {
        key.send(&requests(&manager, &made.id)[index]).unwrap();
    }
    assert!(key.user().prompts.is_empty());
}

/// existingResidentCredentialsCount and maxPossibleRemainingResidentCredentialsCount.
fn counts(key: &mut Key, manager: &Token) -> (i64, i64) {
    let answer = key.answer(&manager.metadata()).unwrap();
    assert_eq!(answer.keys(), [1, 2].map(int));
    (answer.number(1).as_int(), answer.number(2).as_int())
}

#[test]
fn the_metadata_count_discoverable_credentials_and_the_room_for_more() {
    let mut key = Key::new();
    let manager = key.manager();
    let (empty, room) = counts(&mut key, &manager);
    assert_eq!(empty, 0);
    for (index, (rp_id, user)) in [(RP, b"alice"), (RP, b"bobby"), ("other.example", b"alice")]
        .into_iter()
        .enumerate()
    {
        key.register_discoverable(rp_id, user);
        key.send(&make_credential(rp_id, user)).unwrap();
        let manager = key.manager();
        let taken = i64::try_from(index).unwrap() + 1;
        assert_eq!(counts(&mut key, &manager), (taken, room - taken));
    }
    let renewed = key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    assert_eq!(counts(&mut key, &manager), (3, room - 3));
    key.send(&manager.delete(&renewed.id)).unwrap();
    assert_eq!(counts(&mut key, &manager), (2, room - 2));
}

#[test]
fn as_many_credentials_fit_as_the_metadata_say_and_leave_room_for_the_rest() {
    let mut key = Key::new();
    let reserved = usize::try_from(RESERVED_RECORDS).unwrap();
    key.storage_mut().room = Some(key.storage().records.len() + reserved + 3);
    for user in 0..3_u8 {
        let manager = key.manager();
        assert_eq!(counts(&mut key, &manager), (user.into(), i64::from(3 - user)));
        key.register_discoverable(RP, &[user]);
    }
    let manager = key.manager();
    assert_eq!(counts(&mut key, &manager), (3, 0));
    let one_more = make_discoverable(RP, &[3]);
    assert_eq!(key.refusal(&one_more), Status::KeyStoreFull);
    // The account that is there already can be renewed, and one that goes makes room for another.
    let renewed = key.register_discoverable(RP, &[2]);
    let manager = key.manager();
    key.send(&manager.delete(&renewed.id)).unwrap();
    key.made(&one_more).unwrap();
}

#[test]
fn the_hash_of_a_relying_party_is_compared_in_full() {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    for byte in 0..32 {
        let mut hash = sha256(&[RP.as_bytes()]);
        hash[byte] ^= 1;
        assert_eq!(key.refusal(&manager.credentials(&hash)), Status::NoCredentials);
    }
}
