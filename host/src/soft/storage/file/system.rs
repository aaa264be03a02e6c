//! What differs between systems: the identity of files, durable names, and room that is taken before it is used.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
pub(super) use self::other::*;
#[cfg(unix)]
pub(super) use self::unix::*;

/// `path` with `suffix` after its file name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

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

/// Takes the disk's room for the first `length` bytes of `file`, however long it is. A disk that knows no such thing,
/// or that writes each change to another place (as btrfs and ZFS do), promises nothing.
#[cfg(target_os = "linux")]
pub(super) fn allocate(file: &File, length: u64) -> io::Result<()> {
    use nix::errno::Errno;
    use nix::fcntl::{FallocateFlags, fallocate};

    let length = length.try_into().map_err(|_| io::ErrorKind::FileTooLarge)?;
    if length == 0 {
        return Ok(());
    }
    loop {
        match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
            Err(Errno::EINTR) => {}
            Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn allocate(_: &File, _: u64) -> io::Result<()> {
    Ok(())
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
