//! `secrets OPERATION`, under valgrind: see the library.

use std::env;
use std::process::ExitCode;

use brasskey_secrets::{LEAKS, OPERATIONS, memcheck};

fn main() -> ExitCode {
    if !memcheck::is_watching() {
        eprintln!("secrets: error: nobody watches, so nothing would be found");
        eprintln!("hint: on an x86-64 processor: cargo test --profile secrets -p brasskey-secrets");
        return ExitCode::FAILURE;
    }
    let name = env::args().nth(1).unwrap_or_default();
    let Some(operation) = OPERATIONS.iter().chain(LEAKS).find(|operation| operation.name == name) else {
        eprintln!("secrets: error: there is no operation {name:?}");
        return ExitCode::FAILURE;
    };
    (operation.run)();
    ExitCode::SUCCESS
}
