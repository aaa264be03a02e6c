//! What differs between systems: permissions, identity of files, durable names.

#[cfg(not(unix))]
pub(super) use self::other::*;
#[cfg(unix)]
pub(super) use self::unix::*;

#[cfg(unix)]
mod unix {
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use crate::soft::storage::StorageOpenProblem;

    /// Only its owner may read or write the file. Who gets past this and can open it is its owner, or root.
    pub(in super::super) fn check_mode(metadata: &Metadata) -> Result<(), StorageOpenProblem> {
        match metadata.mode() & 0o7777 {
            mode if mode & 0o077 == 0 => Ok(()),
            mode => Err(StorageOpenProblem::Exposed { mode }),
        }
    }

    /// Whether `path` itself, not what a link there points to, is the file of `metadata`.
    pub(in super::super) fn is_at(path: &Path, metadata: &Metadata) -> io::Result<bool> {
        match fs::symlink_metadata(path) {
            Ok(found) => Ok((found.dev(), found.ino()) == (metadata.dev(), metadata.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a rename in the directory at `path` durable.
    pub(in super::super) fn sync_directory(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// Elsewhere files are private by inheritance, links need privileges, and a directory cannot be
/// synced.
#[cfg(not(unix))]
mod other {
    use std::fs::Metadata;
    use std::io;
    use std::path::Path;

    use crate::soft::storage::StorageOpenProblem;

    pub(in super::super) fn check_mode(_: &Metadata) -> Result<(), StorageOpenProblem> {
        Ok(())
    }

    pub(in super::super) fn is_at(path: &Path, _: &Metadata) -> io::Result<bool> {
        path.try_exists()
    }

    pub(in super::super) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }
}
