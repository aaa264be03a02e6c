//! Files and directories that only their user can use, from the moment when they are made.
//!
//! Anybody who can write to the directory of such a file can replace it: by a link to a file that the user did not
//! mean, by a file that others can read and change, or by a pipe that never answers. So this module opens each file
//! that is kept: it does not follow a link, it does not wait, and it takes only a regular file of the effective user.
//!
//! On systems other than Unix, files inherit the permissions of the user's data directory, which is private, and making
//! a link needs privileges.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Why nothing can be kept in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A symbolic link, a directory or a device.
    #[error("it is {0}, not a regular file")]
    NotAFile(&'static str),
    /// Somebody else owns it, and can change it at any time.
    #[error("it belongs to another user (number {owner})")]
    Foreign {
        /// The user ID of its owner.
        owner: u32,
    },
    /// Its mode permits others what only its owner may do.
    #[error("its mode {mode:03o} lets other users at it")]
    Exposed {
        /// The permission bits.
        mode: u32,
    },
}

impl Unfit {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotAFile(_) => "name a file, not what leads to one",
            Self::Foreign { .. } => "run this as its owner, or choose a file of your own",
            Self::Exposed { .. } => {
                "take their permissions away (chmod 600), and do not rely on what they may have read or changed"
            }
        }
    }
}

impl From<Unfit> for io::Error {
    fn from(unfit: Unfit) -> Self {
        Self::other(unfit)
    }
}

/// What others may do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// Nothing: it holds secrets.
    Nothing,
    /// Read it: it holds nothing secret, but must not be changed.
    Read,
}

/// What to do about an error with such a file.
pub(crate) fn hint(error: &io::Error) -> &'static str {
    if let Some(unfit) = unfit(error) {
        return unfit.hint();
    }
    if is_full(error) {
        return "make room there, or choose a file elsewhere";
    }
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem => "choose a file elsewhere: nothing can be written there",
        ErrorKind::PermissionDenied => "choose a file of your own, in a directory where you may write",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "check the path, or choose another file",
        _ => "check the disk and the path, or choose another file",
    }
}

/// Whether there is no room on the disk.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Why the file is unfit, where that is what the error says.
pub(crate) fn unfit(error: &io::Error) -> Option<Unfit> {
    error.get_ref()?.downcast_ref().copied()
}

/// Options that make a file with mode 0600, follow no link and do not wait.
pub(crate) fn options() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "files have no mode"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(O_NOFOLLOW | O_NONBLOCK);
    }
    options
}

/// Opens a file that is kept, with [`options`].
///
/// # Errors
/// The system's, or one with [`Unfit`] inside.
pub(crate) fn open(options: &OpenOptions, path: &Path, others: Others) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        // Check it before it is opened: opening a device can have effects.
        Ok(metadata) => check(&metadata, others)?,
        // The options may make it.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = options.open(path)?;
    // Another file may have replaced it since.
    check(&file.metadata()?, others)?;
    Ok(file)
}

fn check(metadata: &Metadata, others: Others) -> Result<(), Unfit> {
    check_kind(metadata)?;
    check_permissions(metadata, others)
}

fn check_kind(metadata: &Metadata) -> Result<(), Unfit> {
    let file_type = metadata.file_type();
    if file_type.is_symlink() {
        return Err(Unfit::NotAFile("a symbolic link"));
    }
    if file_type.is_dir() {
        return Err(Unfit::NotAFile("a directory"));
    }
    if !file_type.is_file() {
        return Err(Unfit::NotAFile("a device, a pipe or a socket"));
    }
    Ok(())
}

#[cfg(unix)]
fn check_permissions(metadata: &Metadata, others: Others) -> Result<(), Unfit> {
    use std::os::unix::fs::MetadataExt as _;

    let owner = metadata.uid();
    if owner != nix::unistd::geteuid().as_raw() {
        return Err(Unfit::Foreign { owner });
    }
    let taboo = match others {
        Others::Nothing => 0o077,
        Others::Read => 0o022,
    };
    match metadata.mode() & 0o7777 {
        mode if mode & taboo == 0 => Ok(()),
        mode => Err(Unfit::Exposed { mode }),
    }
}

#[cfg(not(unix))]
fn check_permissions(_: &Metadata, _: Others) -> Result<(), Unfit> {
    Ok(())
}

/// Replaces a file as a whole, or makes it with mode 0600: after a failure or a power cut it is what it was before.
///
/// # Errors
/// The system's; one with [`Unfit`] inside where it is no regular file, because renaming would take its place.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => check_kind(&metadata)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // Opened and written here: tempfile itself would name the temporary file in its errors, which nobody knows.
    let create = |path: &Path| options().write(true).create_new(true).open(path);
    let mut next = tempfile::Builder::new().make_in(directory, create)?;
    next.as_file_mut().write_all(bytes)?;
    next.as_file().sync_all()?;
    next.persist(path).map_err(|error| error.error)?;
    // The rename itself lasts once the directory is on disk; only Unix lets a directory be synced.
    match cfg!(unix) {
        true => File::open(directory)?.sync_all(),
        false => Ok(()),
    }
}

/// Makes a directory and those above it with mode 0700, where they are missing.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(all(test, unix))]
mod tests;
