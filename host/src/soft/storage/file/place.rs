//! How a state file is found, made and replaced.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use redb::StorageBackend;
use redb::backends::FileBackend;
use tempfile::Builder;

use super::records::Records;
use super::shared::Medium;
use super::system::{Identity, allocate, beside, sync_directory};
use super::{StorageOpenProblem, owner};
use crate::private::{self, Others};

/// How many times the file may be replaced while it is being opened. After that it counts as in use.
const ATTEMPTS: usize = 8;

/// A state file that is open and locked.
pub(super) struct Held {
    pub(super) records: Records,
    pub(super) identity: Identity,
    /// Whether it was made just now.
    pub(super) is_new: bool,
}

/// A file, and the same one again for what `redb` does not ask for.
#[derive(Debug)]
struct OnDisk {
    backend: FileBackend,
    file: File,
}

impl OnDisk {
    fn new(file: File) -> Result<Self, StorageOpenProblem> {
        Ok(Self {
            file: file.try_clone()?,
            backend: FileBackend::new(file)?,
        })
    }
}

impl Medium for OnDisk {
    fn backend(&self) -> &dyn StorageBackend {
        &self.backend
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        allocate(&self.file, length)
    }
}

/// Opens the state file at `path`. Where there is nothing, makes a file whose values will be sealed as `header` says.
pub(super) fn open(path: &Path, header: Option<&[u8]>) -> Result<Held, StorageOpenProblem> {
    private::make_directory(directory(path))?;
    for _ in 0..ATTEMPTS {
        let held = match private::open(private::options().read(true).write(true), path, Others::Nothing) {
            Ok(file) => take(path, file)?,
            Err(error) if error.kind() == ErrorKind::NotFound => make(path, header)?,
            Err(error) => return Err(error.into()),
        };
        if let Some(held) = held {
            return Ok(held);
        }
    }
    Err(StorageOpenProblem::Locked { holder: None })
}

/// Locks `file`, found at `path`, and opens the database in it. None where another process put a new file in its place
/// before we had the lock.
fn take(path: &Path, file: File) -> Result<Option<Held>, StorageOpenProblem> {
    let metadata = file.metadata()?;
    if metadata.len() == 0 {
        // Our files are never empty once they have their name: something removed the content, or we did not make the
        // file.
        return Err(StorageOpenProblem::Empty);
    }
    let identity = Identity::of(&metadata);
    let records = Records::open(OnDisk::new(file)?)?;
    if !identity.is_at(path)? {
        return Ok(None);
    }
    owner::withdraw(path);
    // A copy that a killed process was making. Where this fails, the next scrub says so.
    let _ = fs::remove_file(new_file(path));
    Ok(Some(Held {
        records,
        identity,
        is_new: false,
    }))
}

/// Makes a whole state file under another name, and then renames it to `path`: a power cut at any moment leaves a
/// whole file there or nothing. The file is locked before it gets its name, so that no other process can open it in
/// between. None where another process was faster.
fn make(path: &Path, header: Option<&[u8]>) -> Result<Option<Held>, StorageOpenProblem> {
    let mut prefix = OsString::from(path.file_name().unwrap_or_default());
    prefix.push(".brasskey-new-");
    // Only its user can read it, and it is removed where anything fails. A killed process leaves it, without secrets.
    let made = Builder::new().prefix(&prefix).tempfile_in(directory(path))?;
    let (file, name) = made.into_parts();
    let identity = Identity::of(&file.metadata()?);
    let mut records = Records::open(OnDisk::new(file)?)?;
    if let Some(header) = header {
        records.begin(header)?;
    }
    match name.persist_noclobber(path) {
        Ok(()) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error.error.into()),
    }
    sync_directory(directory(path)).inspect_err(|_| {
        // It holds nothing yet that a host relies on.
        let _ = fs::remove_file(path);
    })?;
    owner::withdraw(path);
    Ok(Some(Held {
        records,
        identity,
        is_new: true,
    }))
}

/// Makes a whole state file beside `path`, with what `fill` puts there, and renames it to `path`: a power cut at any
/// moment leaves the old file or the new one. The caller holds the lock of the old file until the new one has its name,
/// and makes the rename durable. The new file is locked before it gets its name, so that no other process can open it
/// in between.
pub(super) fn replace(
    path: &Path,
    fill: impl FnOnce(&mut Records) -> Result<(), StorageOpenProblem>,
) -> Result<(Records, Identity), StorageOpenProblem> {
    let new = new_file(path);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = private::options().read(true).write(true).create_new(true).open(&new)?;
    let fill_and_name = || {
        let identity = Identity::of(&file.metadata()?);
        let mut records = Records::open(OnDisk::new(file)?)?;
        fill(&mut records)?;
        fs::rename(&new, path)?;
        Ok((records, identity))
    };
    fill_and_name().inspect_err(|_| {
        // It may hold secrets. Where it stays, the next process that opens the state file tries again.
        let _ = fs::remove_file(&new);
    })
}

/// Makes a new name for `path` durable.
pub(super) fn make_durable(path: &Path) -> io::Result<()> {
    sync_directory(directory(path))
}

pub(super) fn new_file(path: &Path) -> PathBuf {
    beside(path, ".brasskey-new")
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
