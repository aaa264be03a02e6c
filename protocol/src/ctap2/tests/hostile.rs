//! Whatever a host sends, the key does not panic, answers a defined status, and changes nothing unless it succeeds.

use std::vec::Vec;

use ciborium::Value;
use proptest::prelude::*;

use crate::ctap2::{Status, command};
use crate::testing::key::{CHANNEL, Key};
use crate::testing::pin::{ACFG, PIN, Protocol};
use crate::testing::request::{
    GET_INFO, GET_NEXT_ASSERTION, RESET, RP, Request, SELECTION, array, descriptor, encode, get_assertion_by,
    make_discoverable, map, option, set_min_pin_length,
};

/// The statuses that this key has reason to answer.
const DEFINED: [Status; 28] = [
    Status::InvalidCommand,
    Status::InvalidParameter,
    Status::InvalidLength,
    Status::InvalidSeq,
    Status::CborUnexpectedType,
    Status::InvalidCbor,
    Status::MissingParameter,
    Status::LimitExceeded,
    Status::LargeBlobStorageFull,
    Status::CredentialExcluded,
    Status::UnsupportedAlgorithm,
    Status::KeyStoreFull,
    Status::UnsupportedOption,
    Status::InvalidOption,
    Status::NoCredentials,
    Status::NotAllowed,
    Status::OperationDenied,
    Status::IntegrityFailure,
    Status::PinAuthInvalid,
    Status::PuatRequired,
    Status::InvalidSubcommand,
    Status::PinInvalid,
    Status::PinBlocked,
    Status::PinAuthBlocked,
    Status::PinNotSet,
    Status::PinPolicyViolation,
    Status::UnauthorizedPermission,
    Status::Other,
];

/// Those with parameters.
const COMMANDS: [u8; 4] = [
    command::MAKE_CREDENTIAL,
    command::GET_ASSERTION,
    command::CLIENT_PIN,
    command::CONFIG,
];

fn key() -> Key {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    key
}

/// Sends the message to a key with an account; `respond` itself holds every success to the canonical form.
fn survives(mut key: Key, message: &[u8]) -> Result<(), TestCaseError> {
    let before = key.storage().records.clone();
    if let Err(status) = key.respond(CHANNEL, message) {
        prop_assert!(DEFINED.contains(&status), "{status:?}");
        prop_assert_eq!(&key.storage().records, &before);
    }
    prop_assert!(key.send(GET_INFO).is_ok(), "the key is alive");
    Ok(())
}

/// Requests with every parameter that the key knows.
fn valid(id: &[u8]) -> [Request; 3] {
    let extensions = map([
        ("foo", Value::Null),
        ("credBlob", b"blob"[..].into()),
        ("credProtect", 2.into()),
        ("hmac-secret", true.into()),
        ("largeBlobKey", true.into()),
        ("minPinLength", true.into()),
        ("thirdPartyPayment", true.into()),
        ("pinComplexityPolicy", true.into()),
    ]);
    let asked = map([
        ("foo", Value::Null),
        ("credBlob", true.into()),
        ("largeBlobKey", true.into()),
        ("thirdPartyPayment", true.into()),
    ]);
    [
        make_discoverable(RP, b"bob")
            .with(5, array([descriptor(b"foreign")]))
            .with(6, extensions)
            .with(9, 1)
            .with(11, array(["none".into()])),
        get_assertion_by(RP, &[b"foreign", id])
            .with(4, asked)
            .with(5, option("up", true))
            .with(7, 1),
        Request::new(command::LARGE_BLOBS)
            .with(2, &[0; 17][..])
            .with(3, 0)
            .with(4, 40),
    ]
}

/// The leaves of a tree, each of which a mutation may hit.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Map(members) => members.iter_mut().flat_map(|(_, value)| leaves(value)).collect(),
        Value::Array(items) => items.iter_mut().flat_map(leaves).collect(),
        leaf => [leaf].into(),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..24).prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..80).prop_map(Value::from),
        "\\PC{0,80}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            inner.prop_map(|value| map([("id", value)])),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_behind_every_command_byte(
        command: u8,
        known: bool,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let command = if known { command % 14 } else { command };
        survives(key(), &[&[command], &body[..]].concat())?;
    }

    #[test]
    fn valid_requests_with_bytes_flipped(
        which in 0_usize..2,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut key = key();
        let id = key.register(RP).id;
        let mut message = valid(&id)[which].encode();
        for (index, flip) in flips {
            *index.get_mut(&mut message) ^= flip;
        }
        survives(key, &message)?;
    }

    #[test]
    fn valid_requests_cut_short_or_continued(
        which in 0_usize..7,
        length: prop::sample::Index,
        tail in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut messages: Vec<_> = valid(b"id").iter().map(Request::encode).collect();
        messages.extend([GET_NEXT_ASSERTION, GET_INFO, SELECTION, RESET].map(<[u8]>::to_vec));
        let mut message = messages.swap_remove(which);
        message.truncate(length.index(message.len() + 1));
        message.extend(tail);
        survives(key(), &message)?;
    }

    #[test]
    fn valid_requests_without_a_member_or_with_another_in_its_place(
        which in 0_usize..2,
        member in 1_u8..12,
        replacement in proptest::option::of(any_value()),
    ) {
        let mut key = key();
        let id = key.register(RP).id;
        let request = valid(&id)[which].clone();
        let request = match replacement {
            Some(value) => request.with(member, value),
            None => request.without(member),
        };
        survives(key, &request.encode())?;
    }

    #[test]
    fn valid_requests_with_a_leaf_of_another_type(
        which in 0_usize..2,
        leaf: prop::sample::Index,
        replacement in any_value(),
    ) {
        let mut key = key();
        let id = key.register(RP).id;
        let request = &valid(&id)[which];
        let members = request.members.iter().map(|(&key, value)| (key.into(), value.clone()));
        let mut tree = Value::Map(members.collect());
        let mut leaves = leaves(&mut tree);
        let index = leaf.index(leaves.len());
        *leaves[index] = replacement;
        survives(key, &[&[request.command], &encode(&tree)[..]].concat())?;
    }

    /// Whatever is sent of a PIN, it costs a retry at most, and the PIN stays unless it was changed.
    #[test]
    fn pin_requests_without_a_member_or_with_another_in_its_place(
        which in 0_usize..4,
        member in 1_u8..12,
        replacement in proptest::option::of(any_value()),
    ) {
        let mut key = Key::with_pin();
        let token = key.token(ACFG, None);
        let platform = key.agree(Protocol::Two);
        let request = match which {
            0 => platform.change_pin(PIN, "5678"),
            1 => platform.get_pin_token(PIN),
            2 => platform.get_token(PIN, ACFG, Some(RP)),
            _ => token.on(set_min_pin_length([(1, 4.into()), (2, array([RP.into()])), (4, false.into())])),
        };
        let request = match replacement {
            Some(value) => request.with(member, value),
            None => request.without(member),
        };
        // Another subcommand in its place may well succeed, and change no PIN.
        let changes = which == 0 && request.members.get(&2) == Some(&4.into());
        match key.send(&request) {
            Ok(_) if changes => prop_assert_eq!(key.try_pin("5678"), Ok(())),
            answer => {
                if let Err(status) = answer {
                    prop_assert!(DEFINED.contains(&status), "{:?}", status);
                }
                prop_assert!(key.retries() >= 7);
                prop_assert_eq!(key.try_pin(PIN), Ok(()));
            }
        }
        prop_assert!(key.send(GET_INFO).is_ok(), "the key is alive");
    }

    #[test]
    fn parameters_of_any_kind_under_a_token_to_manage_credentials(
        sub_command in 0_u8..9,
        members in proptest::collection::btree_map(0_i64..5, any_value(), 0..4),
    ) {
        let mut key = key();
        let token = key.manager();
        let params = members.into_iter().map(|(member, value)| (member.into(), value));
        survives(key, &token.manage(sub_command, Some(Value::Map(params.collect()))).encode())?;
    }

    #[test]
    fn requests_made_of_arbitrary_members(
        command in prop::sample::select(&COMMANDS[..]),
        members in proptest::collection::btree_map(0_u8..14, any_value(), 0..8),
    ) {
        survives(key(), &Request { command, members }.encode())?;
    }
}
