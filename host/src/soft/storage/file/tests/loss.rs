//! Files that are deleted, moved or replaced while they are open.

use super::*;
#[cfg(unix)]
use crate::soft::storage::Trouble;
use crate::soft::storage::NewSeal;

/// A storage, and how often it said that its file is lost.
#[cfg(unix)]
fn listened(path: &Path) -> (FileStorage, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let said = std::sync::Arc::new(AtomicUsize::new(0));
    let mut storage = open(path);
    let heard = said.clone();
    storage.on_trouble(move |trouble| {
        assert!(matches!(trouble, Trouble::Lost), "{trouble:?}");
        heard.fetch_add(1, Ordering::Relaxed);
    });
    (storage, said)
}

#[cfg(unix)]
#[test]
fn nothing_is_kept_in_a_file_that_is_not_there_any_more() {
    use std::sync::atomic::Ordering;
    let (directory, path) = place();
    let other = directory.path().join("other");
    for lose in [
        |path: &Path, _: &Path| fs::remove_file(path).unwrap(),
        |path: &Path, other: &Path| fs::rename(path, other).unwrap(),
        |path: &Path, other: &Path| {
            fs::copy(path, other).unwrap();
            fs::rename(other, path).unwrap();
        },
        |path: &Path, other: &Path| {
            fs::rename(path, other).unwrap();
            std::os::unix::fs::symlink(other, path).unwrap();
        },
    ] {
        let (mut storage, said) = listened(&path);
        storage.write(b"key", b"old").unwrap();
        lose(&path, &other);
        let found = fs::read(&path).ok();
        assert_eq!(storage.write(b"key", b"new"), Err(StorageError::Failed));
        assert_eq!(storage.remove(b"key"), Err(StorageError::Failed));
        assert_eq!(storage.scrub(), Err(StorageError::Failed));
        let resealed = storage.reseal(NewSeal::none()).unwrap_err();
        assert!(matches!(resealed.problem, StorageOpenProblem::Lost), "{resealed}");
        assert_eq!(said.load(Ordering::Relaxed), 1, "it is said once");
        assert_eq!(get(&mut storage, b"key").unwrap(), b"old");
        assert_eq!(fs::read(&path).ok(), found, "what is there now is left alone");
        drop(storage);
        let _ = (fs::remove_file(&path), fs::remove_file(&other));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_is_put_back_is_the_tokens_again() {
    let (directory, path) = place();
    let other = directory.path().join("other");
    let (mut storage, _) = listened(&path);
    fs::rename(&path, &other).unwrap();
    assert_eq!(storage.write(b"key", b"lost"), Err(StorageError::Failed));
    fs::rename(&other, &path).unwrap();
    storage.write(b"key", b"kept").unwrap();
    drop(storage);
    assert_eq!(get(&mut open(&path), b"key").unwrap(), b"kept");
}

/// A new file takes the old one's place here too, and it is the token's own.
#[test]
fn a_file_that_the_token_replaces_itself_is_not_lost() {
    let (_directory, path) = place();
    let mut storage = open(&path);
    storage.scrub().unwrap();
    storage.write(b"key", b"scrubbed").unwrap();
    storage.reseal(NewSeal::none()).unwrap();
    storage.write(b"key", b"sealed anew").unwrap();
}
