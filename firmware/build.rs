//! Gives the board's memory map to the linker.

use std::path::PathBuf;
use std::{env, fs};

/// The boards: the feature of each, and its memory map.
const BOARDS: [(&str, &str); 3] = [
    ("CARGO_FEATURE_BOARD_NRF52840", "memory/nrf52840.x"),
    ("CARGO_FEATURE_BOARD_PICO", "memory/pico.x"),
    ("CARGO_FEATURE_BOARD_PICO2", "memory/pico2.x"),
];

fn main() {
    println!("cargo:rerun-if-changed=memory");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let Some((_, memory)) = BOARDS.iter().find(|(feature, _)| env::var_os(feature).is_some()) else {
        return;
    };
    fs::copy(memory, out.join("memory.x")).expect("the memory map is there");
    println!("cargo:rustc-link-search={}", out.display());
    for argument in ["--nmagic", "-Tlink.x"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}
