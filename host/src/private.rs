//! Files and directories that are made for their user only, from their first moment on.
//!
//! Elsewhere than on Unix they inherit the permissions of the user's data directory, which is private.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Options that make a file with mode 0600.
pub(crate) fn options() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "files have no mode"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a directory with mode 0700, and those above it, where they are missing.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn others_get_at_neither_files_nor_directories() {
        let base = tempfile::tempdir().unwrap();
        let directory = base.path().join("one/two");
        make_directory(&directory).unwrap();
        make_directory(&directory).unwrap();
        let file = directory.join("file");
        options().write(true).create_new(true).open(&file).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&file), mode(&directory), mode(&base.path().join("one"))),
            (0o600, 0o700, 0o700)
        );
    }
}
