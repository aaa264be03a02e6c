//! What differs between systems: the identity of files, and durable names.

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

    /// Which file it is, under any name. No other file has the same while somebody has this one open.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in super::super) struct Identity {
        device: u64,
        inode: u64,
    }

    impl Identity {
        pub(in super::super) fn of(metadata: &Metadata) -> Self {
            Self {
                device: metadata.dev(),
                inode: metadata.ino(),
            }
        }

        /// Whether this file is at `path` itself. A link there is not followed.
        pub(in super::super) fn is_at(self, path: &Path) -> io::Result<bool> {
            match fs::symlink_metadata(path) {
                Ok(found) => Ok(Self::of(&found) == self),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        }
    }

    /// Makes a new name in the directory at `path` durable.
    pub(in super::super) fn sync_directory(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// Elsewhere a file has no number that std knows, and a directory cannot be synced.
#[cfg(not(unix))]
mod other {
    use std::fs::Metadata;
    use std::io;
    use std::path::Path;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in super::super) struct Identity;

    impl Identity {
        pub(in super::super) fn of(_: &Metadata) -> Self {
            Self
        }

        pub(in super::super) fn is_at(self, path: &Path) -> io::Result<bool> {
            path.try_exists()
        }
    }

    pub(in super::super) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }
}
