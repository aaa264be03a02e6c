//! Sessions of two hosts, with PINs, tokens, power cuts, and records damaged between power-ups, held to the invariants
//! of every short history: see [`histories`](brasskey_fuzz::histories).
#![no_main]

use brasskey_fuzz::histories::session;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(broken) = session::play(bytes) {
        panic!("{broken}");
    }
});
