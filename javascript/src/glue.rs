//! Writes the JavaScript through which a module is called: `brasskey-glue MODULE.wasm DIRECTORY`.
//!
//! It is wasm-bindgen's own library, at exactly the version of its crate: the program `wasm-bindgen` would have to be
//! installed at that version, and compiles three times as many crates.

#[cfg(not(target_family = "wasm"))]
fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(directory), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: brasskey-glue MODULE.wasm DIRECTORY");
    };
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(module)
        .out_name("brasskey")
        .web(true)?
        // index.d.ts says what users see.
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(directory)
}

#[cfg(target_family = "wasm")]
fn main() {}
