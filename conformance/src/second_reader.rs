//! The second reader: every answer of a key is decoded with `ctap-types` too, and has to say the same there.
//!
//! What `ctap-types` reads is encoded again and compared with the key's own bytes, which are canonical. Where the two
//! disagree, [`DISAGREEMENTS`] says why, and which section of the standard decides: that part is taken out, and the
//! rest has to be the same.

mod disagreements;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};

use ctap_types::ctap2::{client_pin, credential_management, get_assertion, get_info, large_blobs, make_credential};
use serde::{Deserialize, Serialize};

use crate::host::cbor::{decode_canonical, encode};
pub use disagreements::{DISAGREEMENTS, Disagreement};

/// Whether it has to say the same.
static INSISTS: AtomicBool = AtomicBool::new(true);

/// Answers that `ctap-types` reads in another way are none of its business from now on, in this process: a key of
/// another maker may have members that it does not know.
pub fn relent() {
    INSISTS.store(false, Ordering::Relaxed);
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The answer to this CTAP2 command.
    Answer(u8),
    /// The extension outputs in a registration's authenticator data.
    RegistrationOutputs,
    /// The extension outputs in an assertion's authenticator data.
    AssertionOutputs,
}

/// This part says the same to `ctap-types`, unless it had to [relent].
///
/// # Panics
/// Where it does not, and no disagreement is known.
#[track_caller]
pub fn agrees(part: Part, body: &[u8]) {
    if INSISTS.load(Ordering::Relaxed) {
        must_agree(part, body);
    }
}

#[track_caller]
fn must_agree(part: Part, body: &[u8]) {
    let again = read_again(part, body);
    if again.as_deref() == Some(body) {
        return;
    }
    let mut answer = decode_canonical(body);
    let known: Vec<_> = DISAGREEMENTS
        .iter()
        .filter(|known| (known.take_out)(part, &mut answer))
        .map(|known| known.what)
        .collect();
    let rest = encode(&answer);
    assert_eq!(
        read_again(part, &rest),
        Some(rest),
        "ctap-types does not read this {part:02x?} as it is, beside what is known: {known:?}"
    );
}

/// What `ctap-types` makes of it; `None` where it cannot read it.
fn read_again(part: Part, body: &[u8]) -> Option<Vec<u8>> {
    match part {
        Part::Answer(0x01) => again::<make_credential::Response>(body),
        Part::Answer(0x02 | 0x08) => again::<get_assertion::Response>(body),
        Part::Answer(0x04) => again::<get_info::Response>(body),
        Part::Answer(0x06) => again::<client_pin::Response>(body),
        Part::Answer(0x0A | 0x41) => again::<credential_management::Response>(body),
        Part::Answer(0x0C) => again::<large_blobs::Response>(body),
        Part::Answer(other) => panic!("{other:#04x} has no answer but a status"),
        Part::RegistrationOutputs => again::<make_credential::ExtensionsOutput>(body),
        Part::AssertionOutputs => again::<get_assertion::ExtensionsOutput>(body),
    }
}

fn again<'a, T: Deserialize<'a> + Serialize>(body: &'a [u8]) -> Option<Vec<u8>> {
    let answer: T = cbor_smol::cbor_deserialize(body).ok()?;
    let mut buffer = vec![0; body.len() + 1024];
    let written = cbor_smol::cbor_serialize(&answer, &mut buffer).ok()?;
    Some(written.to_vec())
}
