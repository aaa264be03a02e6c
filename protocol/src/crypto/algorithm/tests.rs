use std::collections::BTreeSet;
use std::vec::Vec;

use brasskey_conformance::host::cbor::decode_canonical;
use brasskey_conformance::host::verify::PublicKey;

use super::*;
use crate::crypto::sha256;
use crate::testing::hex;

fn key(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::new(algorithm, Zeroizing::new([7; 32])).unwrap()
}

fn cose(algorithms: &[Algorithm]) -> Vec<i64> {
    algorithms.iter().map(|algorithm| algorithm.cose()).collect()
}

#[test]
fn the_bytes_in_credential_ids_never_change() {
    let codes: Vec<_> = Algorithm::SUPPORTED
        .iter()
        .map(|one| (one.cose(), one.code()))
        .collect();
    let all = [
        (-7, 1),
        (-8, 2),
        (-9, 3),
        (-19, 4),
        (-35, 5),
        (-51, 6),
        (-47, 7),
        (-48, 8),
        (-49, 9),
        (-36, 10),
        (-52, 11),
    ];
    assert!(codes.iter().all(|code| all.contains(code)), "{codes:?}");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    for &algorithm in Algorithm::SUPPORTED {
        assert_eq!(Algorithm::from_code(algorithm.code()), Some(algorithm));
    }
    assert_eq!((Algorithm::from_code(0), Algorithm::from_code(12)), (None, None));
}

#[test]
fn identifiers_that_older_browsers_do_not_know_are_listed_only_on_request() {
    let listed = cose(Algorithm::listed(false));
    assert!(listed.starts_with(&[-7, -8]));
    assert!(
        listed
            .iter()
            .all(|identifier| [-7, -8, -35, -36, -47].contains(identifier))
    );
    assert_eq!(cose(Algorithm::listed(true)), cose(Algorithm::SUPPORTED));
}

#[test]
fn the_identifier_in_the_key_is_the_one_that_was_asked_for() {
    for &algorithm in Algorithm::SUPPORTED {
        assert_eq!(Algorithm::from_cose(algorithm.cose().into()), Some(algorithm));
        let encoded = key(algorithm).cose_key().unwrap();
        assert_eq!(PublicKey::of(&decode_canonical(&encoded)).algorithm, algorithm.cose());
    }
}

#[test]
fn keys_and_signatures_have_room() {
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap();
    let keys = Algorithm::SUPPORTED.iter().map(|&one| key(one));
    assert!(longest(&mut keys.clone().map(|key| key.cose_key().unwrap().len())) <= COSE_KEY_MAX);
    assert!(longest(&mut keys.map(|key| key.sign(&[b"message"]).unwrap().len())) <= SIGNATURE_MAX);
}

#[test]
fn u2f_has_keys_of_es256_alone() {
    for &algorithm in Algorithm::SUPPORTED {
        assert_eq!(key(algorithm).point().is_ok(), algorithm == Algorithm::Es256);
    }
}

/// Of one seed: what relying parties have registered stays usable.
#[test]
fn public_keys_of_a_seed_never_change() {
    for &algorithm in Algorithm::SUPPORTED {
        let digest = sha256(&[&key(algorithm).cose_key().unwrap()]);
        let expected: [u8; 8] = match algorithm.cose() {
            -7 => hex("dd203ff59ec071b6"),
            -8 => hex("4beb1501392c1ead"),
            -9 => hex("35ce083d46fb6d7e"),
            -19 => hex("1a18646a2039cbba"),
            -35 => hex("fbe681a645336d8c"),
            -36 => hex("66e49a2b66e77632"),
            -47 => hex("48595428323eb58d"),
            -48 => hex("216d01196ec5c857"),
            -49 => hex("b99292452330703f"),
            -51 => hex("f72236f7a48b370b"),
            -52 => hex("a80309ded70655a2"),
            other => panic!("algorithm {other}"),
        };
        assert_eq!(digest[..8], expected, "{algorithm:?}");
    }
}
