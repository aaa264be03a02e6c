//! What this program tells memcheck, and asks it: the client requests of valgrind's `valgrind.h` and `memcheck.h`.
//!
//! The crate for them, `crabgrind`, needs valgrind's headers, a C compiler and libclang. These are five instructions.

use std::mem::size_of_val;
use std::ptr::from_mut;

const RUNNING_ON_VALGRIND: usize = 0x1001;
/// Memcheck's own requests begin with the letters MC.
const MAKE_UNDEFINED: usize = 0x4d43_0001;
const MAKE_DEFINED: usize = 0x4d43_0002;
const GET_VALIDITY: usize = 0x4d43_0008;

/// Makes a request. Without valgrind the instructions do nothing, and the answer is zero.
#[cfg(target_arch = "x86_64")]
fn request(number: usize, place: usize, second: usize, third: usize) -> usize {
    let arguments = [number, place, second, third, 0, 0];
    let answer: usize;
    // SAFETY: rdi turns by 128 bits, so by none. rbx changes places with itself. Valgrind reads the arguments, sets
    // rdx, and at most writes to what the arguments name, which the callers have whole and for themselves.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") 0_usize => answer,
            options(nostack),
        );
    }
    answer
}

/// Other processors have other instructions for it.
#[cfg(not(target_arch = "x86_64"))]
fn request(_number: usize, _place: usize, _second: usize, _third: usize) -> usize {
    0
}

/// Whether valgrind runs this program.
#[must_use]
pub fn is_watching() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0, 0) > 0
}

/// Nothing may depend on these bytes from now on.
pub fn mark_secret(bytes: &mut [u8]) {
    request(MAKE_UNDEFINED, from_mut(bytes).addr(), bytes.len(), 0);
}

/// The value, which is a secret from now on.
#[must_use]
pub fn secret<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    mark_secret(&mut bytes);
    bytes
}

/// The value, on which everything may depend from now on.
#[must_use]
pub fn public<T>(mut value: T) -> T {
    request(MAKE_DEFINED, from_mut(&mut value).addr(), size_of_val(&value), 0);
    value
}

/// Everything may depend on these bytes from now on.
pub fn mark_public(bytes: &mut [u8]) {
    request(MAKE_DEFINED, from_mut(bytes).addr(), bytes.len(), 0);
}

/// Whether a secret has a part in these bytes.
#[must_use]
pub fn depends_on_a_secret(bytes: &mut [u8]) -> bool {
    is_undefined(from_mut(bytes).addr(), bytes.len())
}

/// Whether memcheck does not know a bit of what is there.
fn is_undefined(place: usize, length: usize) -> bool {
    let mut unknown = vec![0_u8; length];
    request(GET_VALIDITY, place, from_mut(unknown.as_mut_slice()).addr(), length);
    unknown.iter().any(|&bits| bits != 0)
}

/// The value, in which a secret must have a part. It is public from now on. Only for types without padding.
///
/// # Panics
/// Where no secret has.
#[must_use]
#[track_caller]
pub fn told<T>(mut value: T) -> T {
    let is_secret = is_undefined(from_mut(&mut value).addr(), size_of_val(&value));
    assert!(is_secret, "no secret has a part in this");
    public(value)
}
