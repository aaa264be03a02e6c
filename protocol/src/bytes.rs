//! Arrays put together and taken apart, for sizes that the compiler knows.

/// The parts, one after the other. Together they have `N` bytes.
pub(crate) fn concat<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut whole = [0; N];
    fill(&mut whole, parts);
    whole
}

/// Writes the parts, one after the other, to a place that they fill. For secrets, which must leave no copy behind.
pub(crate) fn fill(place: &mut [u8], parts: &[&[u8]]) {
    debug_assert_eq!(place.len(), parts.iter().map(|part| part.len()).sum::<usize>());
    let bytes = parts.iter().copied().flatten();
    place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}

/// The first `N` bytes of a longer array.
#[allow(
    clippy::indexing_slicing,
    reason = "compared when it is compiled: the array is long enough"
)]
pub(crate) fn first<const N: usize, const M: usize>(array: &[u8; M]) -> [u8; N] {
    const { assert!(N <= M) };
    let mut first = [0; N];
    first.copy_from_slice(&array[..N]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other() {
        assert_eq!(concat(&[&[1], &[], &[2, 3]]), [1, 2, 3]);
    }

    #[test]
    #[should_panic = "left == right"]
    fn parts_that_do_not_fill_the_array_are_found_by_the_tests() {
        let _: [u8; 3] = concat(&[&[1, 2]]);
    }

    #[test]
    fn the_first_bytes_are_those_of_the_array() {
        assert_eq!(first(&[1, 2, 3]), [1, 2]);
    }
}
