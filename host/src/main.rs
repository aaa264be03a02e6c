//! The `brasskey` command.

fn main() {}
