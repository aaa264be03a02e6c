//! The key under memcheck, valgrind's tool: memory that it takes for undefined is a secret. It complains where a branch
//! or an address depends on one. `docs/constant-time.md` tells more.
//!
//! An operation draws secrets, marks them, has the key work with them, marks as public what everybody may see of the
//! result, and checks that a secret had a part in it, and that it is right.

mod commands;
mod key;
mod leaks;
pub mod memcheck;
mod one_time_codes;
mod primitives;

use brasskey_conformance::host::client_pin::Protocol;
use brasskey_protocol::crypto::p256::{comb, rustcrypto};

/// Something that the key does with secrets.
pub struct Operation {
    /// Its name.
    pub name: &'static str,
    /// Does it.
    pub run: fn(),
    /// The exceptions that it needs, by their names in `tests/memcheck/exceptions.rs`.
    pub exceptions: &'static [&'static str],
}

const fn operation(name: &'static str, run: fn(), exceptions: &'static [&'static str]) -> Operation {
    Operation { name, run, exceptions }
}

/// All that must not leak.
pub const OPERATIONS: &[Operation] = &[
    operation(
        "public-key",
        || primitives::p256_public_key(rustcrypto::public_key),
        &["a-number"],
    ),
    operation(
        "public-key-of-a-chip",
        || primitives::p256_public_key(comb::public_key),
        &["a-number"],
    ),
    operation(
        "signature",
        || primitives::p256_sign(rustcrypto::sign),
        &["a-number", "a-signature-in-der"],
    ),
    operation(
        "signature-of-a-chip",
        || primitives::p256_sign(comb::sign),
        &["a-number", "a-signature-in-der"],
    ),
    operation("key-agreement", primitives::p256_key_agreement, &["a-number"]),
    operation("ed25519", primitives::ed25519_sign, &[]),
    operation("hkdf", primitives::hkdf, &[]),
    operation("aes-cbc", primitives::aes_cbc, &[]),
    operation("hmac", primitives::hmacs, &[]),
    operation("pin-protocol-one", || primitives::pin_protocol(Protocol::One), &[]),
    operation("pin-protocol-two", || primitives::pin_protocol(Protocol::Two), &[]),
    operation("token-of-protocol-one", || primitives::token(Protocol::One), &[]),
    operation("token-of-protocol-two", || primitives::token(Protocol::Two), &[]),
    operation(
        "command-credential",
        commands::credential,
        &["a-number", "opened-or-not", "what-an-id-says"],
    ),
    operation(
        "command-discoverable-credential",
        commands::discoverable_credential,
        &["a-number", "opened-or-not", "what-an-id-says"],
    ),
    operation(
        "command-wrong-credential-ids",
        commands::wrong_credential_ids,
        &["a-number", "opened-or-not"],
    ),
    operation(
        "command-pin-by-protocol-one",
        || commands::pin(Protocol::One),
        &[
            "a-number",
            "a-record-read-back",
            "pin-right-or-wrong",
            "proof-right-or-wrong",
        ],
    ),
    operation(
        "command-pin-by-protocol-two",
        || commands::pin(Protocol::Two),
        &[
            "a-number",
            "a-record-read-back",
            "pin-right-or-wrong",
            "proof-right-or-wrong",
        ],
    ),
    operation(
        "command-wrong-pin-by-protocol-one",
        || commands::wrong_pin(Protocol::One),
        &["a-number", "a-record-read-back", "pin-right-or-wrong"],
    ),
    operation(
        "command-wrong-pin-by-protocol-two",
        || commands::wrong_pin(Protocol::Two),
        &["a-number", "a-record-read-back", "pin-right-or-wrong"],
    ),
    operation(
        "command-wrong-token-of-protocol-one",
        || commands::wrong_token(Protocol::One),
        &[
            "a-number",
            "a-record-read-back",
            "pin-right-or-wrong",
            "proof-right-or-wrong",
        ],
    ),
    operation(
        "command-wrong-token-of-protocol-two",
        || commands::wrong_token(Protocol::Two),
        &[
            "a-number",
            "a-record-read-back",
            "pin-right-or-wrong",
            "proof-right-or-wrong",
        ],
    ),
    operation(
        "command-hmac-secret-by-protocol-one",
        || commands::hmac_secret(Protocol::One),
        &["a-number", "opened-or-not", "proof-right-or-wrong", "what-an-id-says"],
    ),
    operation(
        "command-hmac-secret-by-protocol-two",
        || commands::hmac_secret(Protocol::Two),
        &["a-number", "opened-or-not", "proof-right-or-wrong", "what-an-id-says"],
    ),
    operation(
        "command-codes-by-sha-1",
        || one_time_codes::codes(1),
        &["a-number", "opened-or-not"],
    ),
    operation(
        "command-codes-by-sha-256",
        || one_time_codes::codes(2),
        &["a-number", "opened-or-not"],
    ),
    operation(
        "command-codes-by-sha-512",
        || one_time_codes::codes(3),
        &["a-number", "opened-or-not"],
    ),
    operation(
        "command-access-code-by-sha-1",
        || one_time_codes::access_code(1),
        &["a-number", "access-code-right-or-wrong"],
    ),
    operation(
        "command-access-code-by-sha-256",
        || one_time_codes::access_code(2),
        &["a-number", "access-code-right-or-wrong"],
    ),
];

/// What leaks on purpose.
pub const LEAKS: &[Operation] = &[
    operation("a-branch", leaks::a_branch, &[]),
    operation("an-index", leaks::an_index, &[]),
    operation("an-early-return", leaks::an_early_return, &[]),
    operation("a-comparison-of-slices", leaks::a_comparison_of_slices, &[]),
];

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}

/// Guesses that are right, wrong in the first byte, and wrong in the last; and whether each is right.
fn guesses(expected: &[u8]) -> [(Vec<u8>, bool); 3] {
    let wrong_at = |place: usize| {
        let mut guess = expected.to_vec();
        guess[place] ^= 1;
        guess
    };
    [
        (expected.to_vec(), true),
        (wrong_at(0), false),
        (wrong_at(expected.len() - 1), false),
    ]
}
