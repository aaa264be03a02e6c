//! Files that are deleted, moved or replaced while they are open.

use super::*;
use crate::soft::storage::NewSeal;
#[cfg(unix)]
use crate::soft::storage::Trouble;
#[cfg(unix)]
use crate::soft::testing::{Client, GET_INFO, u2f_register};
#[cfg(unix)]
use crate::soft::{SoftKey, Touch};
#[cfg(unix)]
use brasskey_protocol::ctaphid::command;

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
        assert_eq!(storage.check(), Err(StorageError::Failed));
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

/// authenticatorMakeCredential of a credential that has no record.
#[cfg(unix)]
fn register() -> Vec<u8> {
    let mut request = b"\x01\xa4\x01\x58\x20".to_vec();
    request.extend([7; 32]);
    request.extend(b"\x02\xa1\x62id\x61a\x03\xa2\x62id\x41u\x64name\x65alice");
    request.extend(b"\x04\x81\xa2\x63alg\x26\x64type\x6apublic-key");
    request
}

/// authenticatorGetAssertion with the credential that was made.
#[cfg(unix)]
fn sign_in(made: &[u8]) -> Vec<u8> {
    let data = made
        .windows(37)
        .position(|bytes| bytes[32] & 0x40 != 0 && bytes[33..] == [0; 4]);
    let at = data.expect("authenticator data with a credential") + 37 + 16;
    let length = usize::from(made[at + 1]);
    let mut request = b"\x02\xa3\x01\x61a\x02\x58\x20".to_vec();
    request.extend([7; 32]);
    request.extend(b"\x03\x81\xa2\x62id\x58");
    request.push(u8::try_from(length).unwrap());
    request.extend(&made[at + 2..at + 2 + length]);
    request.extend(b"\x64type\x6apublic-key");
    request
}

#[cfg(unix)]
#[test]
fn a_key_whose_file_is_gone_makes_and_uses_no_credential() {
    let (directory, path) = place();
    let away = directory.path().join("away");
    let key = SoftKey::builder()
        .touch(Touch::Auto)
        .storage(open(&path))
        .build()
        .unwrap();
    let host = Client::new(key.connect());
    let made = host.exchange(command::CBOR, &register()).unwrap();
    let sign_in = sign_in(&made);
    let statuses = || [register(), sign_in.clone()].map(|request| host.status(&request));
    assert_eq!(statuses(), [0x00; 2]);
    assert_eq!(host.status_word(&u2f_register(9)), 0x9000);

    fs::rename(&path, &away).unwrap();
    // CTAP1_ERR_OTHER, and SW_UNKNOWN.
    assert_eq!(statuses(), [0x7F; 2]);
    assert_eq!(host.status_word(&u2f_register(9)), 0x6F00);
    assert_eq!(host.status(GET_INFO), 0x00, "it still says what it is");

    fs::rename(&away, &path).unwrap();
    assert_eq!(statuses(), [0x00; 2]);
    assert_eq!(host.status_word(&u2f_register(9)), 0x9000);
}
