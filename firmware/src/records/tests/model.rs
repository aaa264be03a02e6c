use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Write { key: u8, length: usize, fill: u8 },
    Remove { key: u8 },
    Scrub,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..24_u8, prop_oneof![0..60_usize, 0..=STORAGE_VALUE_MAX], any::<u8>())
            .prop_map(|(key, length, fill)| Step::Write { key, length, fill }),
        4 => (0..24_u8).prop_map(|key| Step::Remove { key }),
        1 => Just(Step::Scrub),
        2 => Just(Step::Restart),
    ]
}

/// Keys of different lengths, some of which begin with another.
fn name(key: u8) -> Vec<u8> {
    std::vec![key / 3; 1 + usize::from(key % 3) * 18]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_behaves_as_an_ordered_map(steps in prop::collection::vec(step(), 1..250)) {
        let mut bench = Bench::new();
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Write { key, length, fill } => {
                    let value = std::vec![fill; length];
                    prop_assert_eq!(bench.write(&name(key), &value), Ok(()));
                    model.insert(name(key), value);
                }
                Step::Remove { key } => {
                    prop_assert_eq!(bench.records().remove(&name(key)), Ok(()));
                    model.remove(&name(key));
                }
                Step::Scrub => prop_assert_eq!(bench.records().scrub(), Ok(())),
                Step::Restart => bench.restart(),
            }
            prop_assert_eq!(bench.keys(b""), model.keys().cloned().collect::<Vec<_>>());
        }
        for key in 0..24 {
            prop_assert_eq!(bench.read(&name(key)), model.get(&name(key)).cloned());
            let prefix = &name(key)[..1];
            let keys: Vec<_> = model.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
            prop_assert_eq!(bench.keys(prefix), keys);
        }
    }
}
