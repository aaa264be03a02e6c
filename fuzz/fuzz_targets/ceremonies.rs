//! CTAP2 requests that a host would send, with PINs, tokens and shared secrets as they must be or bent: what
//! [`Host`](brasskey_fuzz::host::Host) holds the key to. Input that is random never gets past the first proof.
#![no_main]

use brasskey_fuzz::host::Host;
use brasskey_fuzz::request::Step;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<Step>| {
    let mut host = Host::new();
    for step in steps.iter().take(24) {
        host = host.after(step);
    }
});
