use std::collections::BTreeSet;
use std::vec::Vec;

use super::credential_id::MasterSecret;
use super::*;
use crate::crypto::{Algorithm, sha256};
use crate::limits::{COUNTER_BLOCK, COUNTER_HALF, SHARED_COUNTER_BLOCK, SHARED_COUNTER_STEP_MASK};
use crate::platform::StorageError;
use crate::testing::hex;
use crate::testing::key::Key;
use crate::testing::platform::{Dice, Memory};
use crate::testing::request::{RP, get_assertion, get_assertion_by, option};

mod records;

const HASH: [u8; 32] = [7; 32];

fn kinds() -> [Kind; 2] {
    [Kind::NonDiscoverable, Kind::discoverable(b"alice")]
}

#[test]
fn an_id_opens_to_what_was_sealed_in_it() {
    let secret = MasterSecret::new(&[1; 32]);
    let levels = [
        CredProtect::Optional,
        CredProtect::OptionalWithList,
        CredProtect::Required,
    ];
    let traits = levels.into_iter().flat_map(|protection| {
        (0..8).map(move |flags| Traits {
            protection,
            third_party_payment: flags & 1 != 0,
            large_blob_key: flags & 2 != 0,
            backup_eligible: flags & 4 != 0,
        })
    });
    for &algorithm in Algorithm::SUPPORTED {
        for kind in kinds() {
            for traits in traits.clone() {
                let (credential, id) = secret
                    .seal(&mut Dice::default(), &HASH, algorithm, kind, traits)
                    .unwrap();
                assert_eq!(
                    (credential.algorithm, credential.kind, credential.traits),
                    (algorithm, kind, traits)
                );
                assert_eq!(secret.open(&id, &HASH), Some(credential));
                assert_eq!(secret.open(&id, &[8; 32]), None, "for its own relying party alone");
                assert_eq!(
                    MasterSecret::new(&[2; 32]).open(&id, &HASH),
                    None,
                    "by its own key alone"
                );
            }
        }
    }
}

#[test]
fn a_private_key_belongs_to_one_credential_relying_party_and_secret() {
    let mut rng = Dice::default();
    let secret = MasterSecret::new(&[1; 32]);
    let mut make = || {
        let made = secret.seal(
            &mut rng,
            &HASH,
            Algorithm::Es256,
            Kind::NonDiscoverable,
            Traits::default(),
        );
        made.unwrap().0
    };
    let (one, other) = (make(), make());
    let points = [
        secret.private_key(&one, &HASH),
        secret.private_key(&other, &HASH),
        secret.private_key(&one, &[8; 32]),
        MasterSecret::new(&[2; 32]).private_key(&one, &HASH),
    ];
    let points: BTreeSet<_> = points.map(|key| key.unwrap().point().unwrap()).into();
    assert_eq!(points.len(), 4);
}

#[test]
fn each_secret_belongs_to_one_credential_and_one_purpose() {
    let mut rng = Dice::default();
    let secret = MasterSecret::new(&[1; 32]);
    let mut secrets = BTreeSet::new();
    for _ in 0..2 {
        let made = secret.seal(
            &mut rng,
            &HASH,
            Algorithm::EdDsa,
            Kind::NonDiscoverable,
            Traits::default(),
        );
        let (credential, _) = made.unwrap();
        for hash in [HASH, [8; 32]] {
            secrets.insert(*secret.large_blob_key(&credential, &hash));
            secrets.insert(*secret.cred_random(&credential, &hash, false));
            secrets.insert(*secret.cred_random(&credential, &hash, true));
        }
    }
    assert_eq!(secrets.len(), 12);
}

/// Sealed by the first version of this key, before credentials had other traits than their level.
#[test]
fn an_id_without_the_newer_traits_still_opens() {
    let id: [u8; 43] = hex("012ae1c19c0cbd378e46c927a9f3611923ec07cc1ae357502a830398db9415f57c55f35b1e77e95104e1e3");
    let credential = MasterSecret::new(&[1; 32]).open(&id, &HASH).unwrap();
    let traits = Traits {
        protection: CredProtect::OptionalWithList,
        ..Traits::default()
    };
    assert_eq!((credential.kind, credential.traits), (Kind::NonDiscoverable, traits));
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let mut rng = Dice::default();
    rng.broken = true;
    for kind in kinds() {
        let sealed = MasterSecret::new(&[1; 32]).seal(&mut rng, &HASH, Algorithm::EdDsa, kind, Traits::default());
        assert!(sealed.is_err());
    }
}

/// Why a key with this root record does not start. The storage stays as it was.
fn refused(root: &[u8]) -> StartError {
    let mut storage = Key::new().storage().clone();
    storage.records.insert(b"R".to_vec(), root.to_vec());
    let (after, error) = Key::start(storage.clone(), Dice::default()).map(drop).unwrap_err();
    assert_eq!(after.records, storage.records);
    error
}

#[test]
fn a_storage_of_a_newer_version_is_refused_untouched() {
    for length in [1, 38, 39, 1024] {
        let mut root = std::vec![0; length];
        root[0] = 2;
        assert_eq!(refused(&root), StartError::NewerSchema(2));
    }
}

#[test]
fn a_root_record_that_no_version_wrote_is_refused_untouched() {
    let valid = Key::new().storage().records[&b"R"[..]].clone();
    let mut older = valid.clone();
    older[0] = 0;
    let mut flag = valid.clone();
    flag[1] = 2;
    let longer = [&valid[..], &[0]].concat();
    for root in [&[][..], &valid[..1], &valid[..valid.len() - 1], &longer, &older, &flag] {
        assert_eq!(refused(root), StartError::Storage(StorageError::Failed));
    }
}

#[test]
fn a_shared_counter_that_no_version_wrote_is_refused_untouched() {
    for value in [&[][..], &[0; 3], &[0; 5]] {
        let mut storage = Key::new().storage().clone();
        storage.records.insert(b"N".to_vec(), value.to_vec());
        let (after, error) = Key::start(storage.clone(), Dice::default()).map(drop).unwrap_err();
        assert_eq!(error, StartError::Storage(StorageError::Failed));
        assert_eq!(after.records, storage.records);
    }
}

#[test]
fn a_new_key_needs_randomness_and_storage() {
    let mut rng = Dice::default();
    rng.broken = true;
    let (storage, error) = Key::start(Memory::default(), rng).map(drop).unwrap_err();
    assert_eq!(error, StartError::Rng);
    assert!(storage.records.is_empty());

    for (broken, room, expected) in [(true, None, StorageError::Failed), (false, Some(0), StorageError::Full)] {
        let mut storage = Memory::default();
        (storage.broken, storage.room) = (broken, room);
        let (_, error) = Key::start(storage, Dice::default()).map(drop).unwrap_err();
        assert_eq!(error, StartError::Storage(expected));
    }
}

#[test]
fn a_new_key_is_whole_after_a_cut_at_any_operation_of_its_first_start() {
    for operation in 0..6 {
        for happens in [false, true] {
            let mut storage = Memory::default();
            storage.cut_power_at(operation, happens);
            let mut key = Key::recover(storage);
            let made = key.register_discoverable(RP, b"alice");
            key.restarted().asserted(get_assertion(RP)).unwrap().is_by(&made, RP);
        }
    }
}

fn count(key: &mut Key, id: &[u8]) -> u32 {
    let assertion = key.asserted(get_assertion_by(RP, &[id])).unwrap();
    assertion.auth_data.sign_count
}

#[test]
fn a_discoverable_credential_counts_for_itself_by_one() {
    let mut key = Key::new();
    let (alice, bob) = (
        key.register_discoverable(RP, b"alice"),
        key.register_discoverable(RP, b"bob"),
    );
    assert_eq!((alice.auth_data.sign_count, bob.auth_data.sign_count), (0, 0));
    for expected in 1..=2 * COUNTER_BLOCK {
        assert_eq!(count(&mut key, &alice.id), expected);
    }
    assert_eq!(count(&mut key, &bob.id), 1);
}

#[test]
fn other_credentials_share_a_counter_that_takes_random_steps() {
    let mut key = Key::new();
    let made = ["one", "two"].map(|user| {
        let request = crate::testing::request::make_credential(RP, user.as_bytes());
        key.made(&request).unwrap()
    });
    let mut last = made[1].auth_data.sign_count;
    let mut steps = BTreeSet::new();
    let mut writes = BTreeSet::new();
    for round in 0..300 {
        let next = count(&mut key, &made[round % 2].id);
        assert!(next > last && next - last <= 1 + SHARED_COUNTER_STEP_MASK);
        steps.insert(next - last);
        last = next;
        writes.insert(key.storage().records[&b"N"[..]].clone());
    }
    assert_eq!(steps.len(), 16, "every step occurs");
    let blocks = usize::try_from(last / SHARED_COUNTER_BLOCK).unwrap() + 1;
    assert_eq!(writes.len(), blocks, "storage is written once a block");
    // A new credential has the current value of the counter.
    assert_eq!(key.register(RP).auth_data.sign_count, last);
}

#[test]
fn counters_go_up_across_power_cycles() {
    let mut key = Key::new();
    let made = [key.register(RP), key.register_discoverable(RP, b"alice")];
    let mut last = [0, 0];
    for _ in 0..5 {
        for (made, last) in made.iter().zip(&mut last) {
            for _ in 0..3 {
                let next = count(&mut key, &made.id);
                assert!(next > *last);
                *last = next;
            }
        }
        key = key.restarted();
    }
}

#[test]
fn counters_stay_where_they_are_without_user_presence() {
    let mut key = Key::new();
    for made in [key.register(RP), key.register_discoverable(RP, b"alice")] {
        let silent = get_assertion_by(RP, &[&made.id]).with(5, option("up", false));
        let before = count(&mut key, &made.id);
        for _ in 0..3 {
            assert_eq!(key.asserted(&silent).unwrap().auth_data.sign_count, before);
        }
        let mut key = key.fork();
        let resumed = key.asserted(&silent).unwrap().auth_data.sign_count;
        assert!(resumed >= before && count(&mut key, &made.id) > resumed);
    }
}

#[test]
fn more_credentials_than_are_remembered_keep_counting_up() {
    let mut key = Key::new();
    let users: Vec<[u8; 1]> = (0..20).map(|user| [user]).collect();
    let made: Vec<_> = users.iter().map(|user| key.register_discoverable(RP, user)).collect();
    let mut last = std::vec![0; made.len()];
    for _ in 0..3 {
        for (made, last) in made.iter().zip(&mut last) {
            let next = count(&mut key, &made.id);
            assert!(next > *last);
            *last = next;
        }
    }
}

/// A key with two counters at this value, the shared one and that of a discoverable credential; and the credentials'
/// IDs.
fn key_with_counters_at(value: u32) -> (Key, [Vec<u8>; 2]) {
    let mut key = Key::new();
    let ids = [key.register(RP).id, key.register_discoverable(RP, b"alice").id];
    let mut storage = key.storage().clone();
    for (name, record) in &mut storage.records {
        if name == b"N" {
            *record = value.to_be_bytes().to_vec();
        } else if name.starts_with(b"E\0\0\0\0C") {
            // counter_reserved: member 7, four bytes.
            let place = record.windows(2).rposition(|bytes| bytes == [7, 0x44]).unwrap() + 2;
            record[place..place + 4].copy_from_slice(&value.to_be_bytes());
        }
    }
    (Key::start(storage, Dice::default()).map_err(drop).unwrap(), ids)
}

/// The counter of a U2F signature without a touch.
fn count_untouched(key: &mut Key, id: &[u8]) -> u32 {
    let application = sha256(&[RP.as_bytes()]);
    let length = u8::try_from(id.len()).unwrap();
    let data = [&[0; 32], &application[..], &[length], id].concat();
    let apdu = [
        &[0, 0x02, 0x08, 0, 0, 0, u8::try_from(data.len()).unwrap()],
        &data[..],
        &[0, 0],
    ]
    .concat();
    let answer = key.apdu(&apdu).unwrap();
    assert_eq!(answer[0], 0, "nobody was there");
    u32::from_be_bytes(answer[1..5].try_into().unwrap())
}

#[test]
fn a_signature_without_a_touch_takes_the_smallest_step() {
    let (mut key, ids) = key_with_counters_at(1_000_000);
    for id in ids {
        let mut last = count(&mut key, &id);
        for _ in 0..100 {
            let next = count_untouched(&mut key, &id);
            assert_eq!(next, last + 1);
            last = next;
        }
    }
}

#[test]
fn without_a_touch_no_counter_goes_past_its_half() {
    let (mut key, ids) = key_with_counters_at(COUNTER_HALF - 5);
    for id in &ids {
        let counts: Vec<u32> = (0..8).map(|_| count_untouched(&mut key, id)).collect();
        assert_eq!(counts[..5], [4, 3, 2, 1, 0].map(|left| COUNTER_HALF - left));
        assert_eq!(counts[5..], [COUNTER_HALF; 3]);
    }
    // A power cycle does not bring it past, either.
    let mut key = key.restarted();
    for id in &ids {
        assert_eq!(count_untouched(&mut key, id), COUNTER_HALF);
        // A touch still counts, and what it counts stays.
        assert_eq!(count(&mut key, id), COUNTER_HALF + 1);
        assert_eq!(count_untouched(&mut key, id), COUNTER_HALF + 1);
    }
}

#[test]
fn above_its_half_the_shared_counter_takes_the_smallest_step_too() {
    let (mut key, [id, _]) = key_with_counters_at(COUNTER_HALF);
    for expected in 1..=100 {
        assert_eq!(count(&mut key, &id), COUNTER_HALF + expected);
    }
}

#[test]
fn at_the_end_of_its_counter_a_key_signs_on() {
    for steps in [0, 1, 20] {
        let (mut key, ids) = key_with_counters_at(u32::MAX - steps);
        for id in &ids {
            for step in 1..=steps {
                assert_eq!(count(&mut key, id), u32::MAX - steps + step);
            }
            for _ in 0..3 {
                assert_eq!(count(&mut key, id), u32::MAX);
                assert_eq!(count_untouched(&mut key, id), u32::MAX);
            }
        }
        let mut key = key.restarted();
        for id in &ids {
            assert_eq!(count(&mut key, id), u32::MAX);
        }
        assert_eq!(key.register(RP).auth_data.sign_count, u32::MAX);
        assert_eq!(key.register_discoverable(RP, b"bobby").auth_data.sign_count, 0);
    }
}
