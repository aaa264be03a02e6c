//! The program `brasskey`.

use std::env;
use std::path::{Path, PathBuf};

/// The program, where somebody has built it already, as `tests/run` has; otherwise it is built now.
pub(crate) fn program() -> PathBuf {
    if let Some(built) = env::var_os("BRASSKEY_PROGRAM") {
        // Tests run in their package's directory.
        return Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(built);
    }
    let build = escargot::CargoBuild::new().package("brasskey-cli").bin("brasskey");
    build.run().expect("the program is built").path().to_owned()
}
