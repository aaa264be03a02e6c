//! Code as somebody might write it who does not think of secrets. Memcheck must find what is wrong with each.

use std::hint::black_box;

use crate::memcheck::secret;
use crate::random;

/// Goes one of two ways, as a bit says.
pub(crate) fn a_branch() {
    #[inline(never)]
    fn odd(byte: u8) -> u8 {
        black_box(byte)
    }
    let [byte] = secret(random::<1>());
    if byte & 1 == 1 {
        black_box(odd(byte));
    }
}

/// Reads a table at a place that a byte says.
pub(crate) fn an_index() {
    let table = black_box([7_u8; 256]);
    let [byte] = secret(random::<1>());
    black_box(table[usize::from(byte)]);
}

/// Compares until the first difference.
pub(crate) fn an_early_return() {
    let (expected, guess) = (secret(random::<32>()), black_box(random::<32>()));
    black_box(
        expected
            .iter()
            .zip(&guess)
            .position(|(expected, guess)| expected != guess),
    );
}

/// Compares as Rust does where nobody asks for more: by the C library's memcmp.
pub(crate) fn a_comparison_of_slices() {
    let (expected, guess) = (secret(random::<32>()), random::<32>());
    let length = black_box(32);
    black_box(expected[..length] == guess[..length]);
}
