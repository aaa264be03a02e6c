//! The `brasskey` command: everything is in [`brasskey::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    brasskey::cli::main()
}
