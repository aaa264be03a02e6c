use proptest::prelude::*;

use super::*;

/// What a host does with the array.
#[derive(Clone, Debug)]
enum Step {
    Write {
        length: usize,
        seed: u8,
        size: usize,
    },
    /// Writes only the first fragments.
    Abandon {
        length: usize,
        size: usize,
        fragments: usize,
    },
    Read {
        count: usize,
        offset: usize,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let length = 17..=LARGE_BLOB_ARRAY_MAX;
    let size = prop_oneof![1..64_usize, 64..=LARGE_BLOB_ARRAY_MAX];
    prop_oneof![
        (length.clone(), any::<u8>(), size.clone()).prop_map(|(length, seed, size)| Step::Write { length, seed, size }),
        (length, size, 0..4_usize).prop_map(|(length, size, fragments)| Step::Abandon {
            length,
            size,
            fragments
        }),
        (0..=MAX_FRAGMENT, 0..2 * LARGE_BLOB_ARRAY_MAX).prop_map(|(count, offset)| Step::Read { count, offset }),
        (0..200_usize, 0..LARGE_BLOB_ARRAY_MAX).prop_map(|(count, offset)| Step::Read { count, offset }),
        Just(Step::Restart),
    ]
}

proptest! {
    /// The key against a model: a vector of bytes.
    #[test]
    fn every_window_is_that_of_the_array_written_last(steps in prop::collection::vec(step(), 1..16)) {
        let mut key = Key::new();
        let mut model = INITIAL.to_vec();
        for step in steps {
            match step {
                Step::Write { length, seed, size } => {
                    model = array(length, seed);
                    prop_assert_eq!(write(&mut key, &model, size), Ok(()));
                }
                Step::Abandon { length, size, fragments } => {
                    let requests = writing(&array(length, 0xff), size);
                    // All but the last: that one would make it the array.
                    let incomplete = &requests[..fragments.min(requests.len() - 1)];
                    for request in incomplete {
                        prop_assert_eq!(key.send(request), Ok(None));
                    }
                }
                Step::Read { count, offset } if offset > model.len() => {
                    prop_assert_eq!(key.refusal(get(count, offset)), Status::InvalidParameter);
                }
                Step::Read { count, offset } => {
                    let end = model.len().min(offset + count);
                    prop_assert_eq!(&window(&mut key, count, offset)[..], &model[offset..end]);
                }
                Step::Restart => key = key.restarted(),
            }
        }
        prop_assert_eq!(stored(&mut key), model);
    }

    /// Whatever a host sends as an array, the valid one ends with its hash.
    #[test]
    fn only_an_array_with_its_hash_stands(
        fragments in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..1200), 0..3000_usize), 1..6),
        length in 0..3000_usize,
    ) {
        let mut key = Key::new();
        for (i, (fragment, offset)) in fragments.iter().enumerate() {
            let request = if i == 0 { first(fragment, length) } else { next(fragment, *offset) };
            let _ = key.send(&request);
        }
        let stored = stored(&mut key);
        let (content, trailer) = stored.split_at(stored.len() - 16);
        prop_assert_eq!(trailer, &sha256(&[content])[..16]);
    }
}
