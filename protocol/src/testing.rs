//! What the crate's own tests share: a world whose every seam is a script, and a host that speaks to the key in it.

pub(crate) mod attestation;
pub(crate) mod key;
pub(crate) mod manager;
pub(crate) mod oath;
pub(crate) mod pin;
pub(crate) mod platform;
pub(crate) mod request;

/// Bytes from hexadecimal digits, for vectors.
pub(crate) const fn hex<const N: usize>(text: &str) -> [u8; N] {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => panic!("not a hexadecimal digit"),
        }
    }
    let text = text.as_bytes();
    let mut bytes = [0; N];
    let mut i = 0;
    while i < N {
        bytes[i] = digit(text[2 * i]) << 4 | digit(text[2 * i + 1]);
        i += 1;
    }
    bytes
}
