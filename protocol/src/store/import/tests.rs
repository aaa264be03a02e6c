use std::string::{String, ToString};
use std::vec::Vec;

use brasskey_conformance::host::cbor::decode_canonical;
use brasskey_conformance::host::verify::PublicKey;

use super::*;
use crate::ctap2::tests::power_cuts::at_every_cut;
use crate::limits::SEALED_CREDENTIAL_ID;
use crate::testing::key::{Assertion, Key};
use crate::testing::platform::Dice;
use crate::testing::request::{
    RESET, RP, array, descriptor, get_assertion, get_assertion_by, make_credential, member, option,
};

mod records;

const SECRET: [u8; 32] = [0x42; 32];

fn new(id: &[u8]) -> Import<'_> {
    Import {
        id,
        rp_id: RP,
        algorithm: Algorithm::Es256,
        private_key: &SECRET,
        user_id: None,
        user_name: None,
        user_display_name: None,
        sign_count: 0,
        traits: Traits::default(),
    }
}

fn passkey<'a>(id: &'a [u8], user_id: &'a [u8]) -> Import<'a> {
    Import {
        user_id: Some(user_id),
        user_name: Some("ada"),
        ..new(id)
    }
}

/// The key with which a relying party that knows the private key verifies.
fn public_key(algorithm: Algorithm) -> PublicKey {
    let key = PrivateKey::new(algorithm, Zeroizing::new(SECRET)).unwrap();
    PublicKey::of(&decode_canonical(&key.cose_key().unwrap()))
}

#[track_caller]
fn verify(assertion: &Assertion, algorithm: Algorithm) {
    assertion.verify(&public_key(algorithm), RP, assertion.auth_data.flags);
}

fn recorded(key: &mut Key) -> Vec<(String, Vec<u8>, u32)> {
    let mut found = Vec::new();
    key.0
        .each_recorded(|key, account| {
            let record = account.record;
            found.push((record.rp_id.to_string(), record.id.to_vec(), key.sign_count_of(account)));
        })
        .unwrap();
    found
}

#[test]
fn an_imported_credential_signs_with_the_key_that_came_with_it() {
    for &algorithm in Algorithm::SUPPORTED {
        let import = Import {
            algorithm,
            ..new(b"an id")
        };
        let mut key = Key::new();
        // ES384, ES512, ESP384 and ESP512: their keys are longer.
        if [-35, -36, -51, -52].contains(&algorithm.cose()) {
            assert_eq!(key.0.import(&import), Err(ImportError::PrivateKey), "{algorithm:?}");
            continue;
        }
        assert_eq!(key.0.import(&import), Ok(()), "{algorithm:?}");
        let mut key = key.restarted();
        let assertion = key.asserted(get_assertion_by(RP, &[b"an id"])).unwrap();
        assert_eq!(assertion.id, b"an id");
        assert_eq!(assertion.user, None);
        verify(&assertion, algorithm);
    }
}

#[test]
fn one_that_is_not_discoverable_is_found_by_its_id_alone() {
    let mut key = Key::new();
    key.0.import(&new(b"hidden")).unwrap();
    assert_eq!(key.refusal(get_assertion(RP)), Status::NoCredentials);
    for (rp_id, id) in [("other.example", &b"hidden"[..]), (RP, b"hidde"), (RP, b"hidden.")] {
        assert_eq!(key.refusal(get_assertion_by(rp_id, &[id])), Status::NoCredentials);
    }
    let exclude = make_credential(RP, b"ada").with(5, array([descriptor(b"hidden")]));
    assert_eq!(key.refusal(&exclude), Status::CredentialExcluded);
}

#[test]
fn a_discoverable_one_is_an_account_like_any() {
    let mut key = Key::new();
    let own = key.register_discoverable(RP, b"bob");
    key.0.import(&passkey(b"imported", b"ada")).unwrap();
    let assertion = key.asserted(get_assertion(RP)).unwrap();
    assert_eq!(
        (&assertion.id[..], assertion.user_id()),
        (&b"imported"[..], &b"ada"[..])
    );
    assert_eq!(assertion.number_of_credentials, Some(2));
    verify(&assertion, Algorithm::Es256);
    verify(
        &key.asserted(get_assertion_by(RP, &[b"imported"])).unwrap(),
        Algorithm::Es256,
    );

    let manager = key.manager();
    let listed = key.listed(&manager);
    let ids: Vec<_> = listed[0]
        .1
        .iter()
        .map(|one| &member(&one[&7], "id").as_bytes().unwrap()[..])
        .collect();
    assert!(ids.contains(&&b"imported"[..]) && ids.contains(&&own.id[..]));
    assert_eq!(
        listed[0]
            .1
            .iter()
            .filter(|one| PublicKey::of(&one[&8]) == public_key(Algorithm::Es256))
            .count(),
        1
    );
    assert!(key.send(manager.delete(b"imported")).is_ok());
    assert_eq!(key.refusal(get_assertion_by(RP, &[b"imported"])), Status::NoCredentials);
    // A credential that the key makes replaces it, and the reverse.
    key.0.import(&passkey(b"imported", b"bob")).unwrap();
    assert_eq!(key.refusal(get_assertion_by(RP, &[&own.id])), Status::NoCredentials);
    key.register_discoverable(RP, b"bob");
    assert_eq!(key.refusal(get_assertion_by(RP, &[b"imported"])), Status::NoCredentials);
}

#[test]
fn what_hosts_see_of_the_record_is_its_id_and_not_what_seals_it() {
    let mut key = Key::new();
    key.0.import(&new(b"hidden")).unwrap();
    let record = key
        .storage()
        .records
        .iter()
        .find(|(key, _)| key.get(5) == Some(&b'I'))
        .unwrap();
    let record = Record::decode(record.1).unwrap();
    let sealed = record.imported.unwrap().to_vec();
    assert!(!record.imported.unwrap().windows(8).any(|window| window == &SECRET[..8]));
    assert_eq!(key.refusal(get_assertion_by(RP, &[&sealed])), Status::NoCredentials);
    let hash = sha256(&[RP.as_bytes()]);
    let opened = key.0.store.secret.open_imported(&sealed, &hash).unwrap();
    // Not even what was opened has the private key as it came, nor as that of another credential.
    assert!(opened.imported.is_some_and(|masked| masked != SECRET));
    let mut other = Dice::seeded(7);
    let other = key
        .0
        .store
        .secret
        .seal_imported(&mut other, &hash, &new(b"hidden"))
        .unwrap();
    let other = key.0.store.secret.open_imported(&other, &hash).unwrap();
    assert_ne!(opened.imported, other.imported);
    assert_eq!(key.0.store.secret.open_imported(&sealed, &[0; 32]), None);
    for index in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[index] ^= 1;
        assert_eq!(key.0.store.secret.open_imported(&damaged, &hash), None);
        assert_eq!(key.0.store.secret.open_imported(&sealed[..index], &hash), None);
    }
}

#[test]
fn its_traits_are_kept() {
    let traits = Traits {
        third_party_payment: true,
        large_blob_key: true,
        backup_eligible: true,
        ..Traits::default()
    };
    let mut key = Key::new();
    let import = Import {
        traits,
        ..passkey(b"an id", b"ada")
    };
    key.0.import(&import).unwrap();
    let mut found = Vec::new();
    key.0
        .each_recorded(|_, account| found.push(account.credential.traits))
        .unwrap();
    assert_eq!(found, [traits]);
}

#[test]
fn it_counts_for_itself_from_where_it_was_set() {
    let mut key = Key::new();
    for (id, import) in [
        (&b"hidden"[..], new(b"hidden")),
        (b"passkey", passkey(b"passkey", b"ada")),
    ] {
        key.0
            .import(&Import {
                sign_count: 40,
                ..import
            })
            .unwrap();
        let mut count = |up| {
            let request = get_assertion_by(RP, &[id]).with(5, option("up", up));
            key.asserted(&request).unwrap().auth_data.sign_count
        };
        assert_eq!([count(false), count(true), count(true)], [40, 41, 42]);
        assert_eq!(key.0.set_sign_count_of(id, 7), Ok(true));
        let mut count = || key.asserted(get_assertion_by(RP, &[id])).unwrap().auth_data.sign_count;
        assert_eq!([count(), count()], [8, 9]);
    }
    assert_eq!(key.0.set_sign_count_of(b"other", 7), Ok(false));
}

#[test]
fn the_counter_of_all_others_is_set_too() {
    let mut key = Key::new();
    let made = key.register(RP);
    key.0.set_shared_sign_count(5000).unwrap();
    let mut count = || {
        key.asserted(get_assertion_by(RP, &[&made.id]))
            .unwrap()
            .auth_data
            .sign_count
    };
    assert!((5001..5017).contains(&count()));
    key.0.set_shared_sign_count(3).unwrap();
    let mut count = || {
        key.asserted(get_assertion_by(RP, &[&made.id]))
            .unwrap()
            .auth_data
            .sign_count
    };
    assert!((4..20).contains(&count()), "back, as a clone's would be");
    let passkey = key.register_discoverable(RP, b"ada");
    assert_eq!(key.0.set_sign_count_of(&passkey.id, 100), Ok(true));
    assert_eq!(key.asserted(get_assertion(RP)).unwrap().auth_data.sign_count, 101);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut key = Key::new();
    key.0.import(&new(b"hidden")).unwrap();
    let own = key.register(RP);
    let passkey_id = key.register_discoverable(RP, b"bob").id;
    let before = key.storage().records.clone();
    for (import, error) in [
        (new(b""), ImportError::Id),
        (new(&[1; 256]), ImportError::Id),
        (passkey(b"new", b""), ImportError::UserId),
        (passkey(b"new", &[1; 65]), ImportError::UserId),
        (
            Import {
                private_key: &[0; 32],
                ..new(b"new")
            },
            ImportError::PrivateKey,
        ),
        (
            Import {
                private_key: &[0xff; 32],
                ..new(b"new")
            },
            ImportError::PrivateKey,
        ),
        (
            Import {
                algorithm: Algorithm::Es256k,
                private_key: &[0; 32],
                ..new(b"new")
            },
            ImportError::PrivateKey,
        ),
        (new(b"hidden"), ImportError::Exists),
        (
            Import {
                rp_id: "other.example",
                ..new(b"hidden")
            },
            ImportError::Exists,
        ),
        (passkey(b"hidden", b"ada"), ImportError::Exists),
        (new(&own.id), ImportError::Exists),
        (new(&passkey_id), ImportError::Exists),
    ] {
        assert_eq!(key.0.import(&import), Err(error));
        assert_eq!(key.storage().records, before);
    }
    for id in [&[1; 255][..], &[2; SEALED_CREDENTIAL_ID]] {
        let long = "x".repeat(300);
        let import = Import {
            rp_id: &long,
            user_name: Some(&long),
            user_display_name: Some(&long),
            ..passkey(id, &[3; 64])
        };
        assert_eq!(key.0.import(&import), Ok(()));
        assert_eq!(key.asserted(get_assertion_by(&long, &[id])).unwrap().id, id);
    }
}

#[test]
fn what_is_recorded_is_listed_and_deleted() {
    let mut key = Key::new();
    key.0
        .import(&Import {
            sign_count: 5,
            ..new(b"hidden")
        })
        .unwrap();
    key.0.import(&passkey(b"passkey", b"ada")).unwrap();
    let made = key.register_discoverable("other.example", b"ada");
    key.register(RP);
    let mut found = recorded(&mut key);
    found.sort();
    let mut expected = [
        (RP.to_string(), b"hidden".to_vec(), 5),
        (RP.to_string(), b"passkey".to_vec(), 0),
        ("other.example".to_string(), made.id.clone(), 0),
    ];
    expected.sort();
    assert_eq!(found, expected);
    for (_, id, _) in &expected {
        assert_eq!(key.0.delete_recorded(id), Ok(true));
        assert_eq!(key.0.delete_recorded(id), Ok(false));
    }
    assert!(recorded(&mut key).is_empty());
    assert_eq!(
        key.refusal(get_assertion_by(RP, &[b"hidden", b"passkey"])),
        Status::NoCredentials
    );
}

#[test]
fn a_reset_takes_imported_credentials_with_all_others() {
    let mut key = Key::new();
    key.0.import(&new(b"hidden")).unwrap();
    key.0.import(&passkey(b"passkey", b"ada")).unwrap();
    let old = key.storage().records.clone();
    assert_eq!(key.send(RESET), Ok(None));
    assert!(recorded(&mut key).is_empty());
    assert_eq!(
        key.refusal(get_assertion_by(RP, &[b"hidden", b"passkey"])),
        Status::NoCredentials
    );
    // Its records do not come back with those of the old epoch, either.
    let mut storage = key.storage().clone();
    storage
        .records
        .extend(old.into_iter().filter(|(key, _)| key[0] == b'E'));
    let mut key = Key::start(storage, Dice::default()).map_err(drop).unwrap();
    assert!(recorded(&mut key).is_empty());
}

#[test]
fn a_power_cut_keeps_it_whole_or_not_at_all() {
    let mut prepared = Key::new();
    prepared.register_discoverable(RP, b"ada");
    for import in [
        new(b"imported"),
        passkey(b"imported", b"ada"),
        passkey(b"imported", b"bob"),
    ] {
        at_every_cut(
            &prepared,
            |key| key.0.import(&import),
            |mut key, answer| match key.asserted(get_assertion_by(RP, &[b"imported"])) {
                Ok(assertion) => verify(&assertion, Algorithm::Es256),
                Err(status) => assert_eq!((status, answer.is_ok()), (Status::NoCredentials, false)),
            },
        );
    }
}

#[test]
fn a_full_storage_takes_no_more() {
    let mut key = Key::new();
    key.storage_mut().room = Some(10);
    let full = Err(ImportError::Storage(StorageError::Full));
    assert_eq!(key.0.import(&new(b"hidden")), full);
    assert_eq!(key.0.import(&passkey(b"passkey", b"ada")), full);
}
