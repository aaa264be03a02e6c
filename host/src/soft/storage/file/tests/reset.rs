//! A reset on a disk that is full from one of its changes on, and a kill then: whole, or not at all.

use std::sync::Arc;

use brasskey_protocol::ctaphid::command;
use brasskey_protocol::limits::STORAGE_KEY_MAX;
use brasskey_protocol::platform::{Storage, StorageError};

use super::disk::{Disk, Fault};
use super::power_cuts::choices;
use crate::soft::storage::file::records::Records;
use crate::soft::sync::Mutex;
use crate::soft::testing::{Client, RESET, u2f_register};
use crate::soft::{SoftKey, Touch, lock};

/// The relying parties at which the key has a passkey.
const SITES: [u8; 3] = [b'a', b'b', b'c'];
const NO_CREDENTIALS: u8 = 0x2E;

/// The records of a key in a file of a disk: the first of the files, until a scrub puts another in its place.
struct OnDisk {
    files: Arc<Mutex<Vec<Disk>>>,
    records: Records,
}

impl OnDisk {
    fn open(disk: Disk) -> Option<(Self, Arc<Mutex<Vec<Disk>>>)> {
        let records = Records::open(disk.clone()).ok()?;
        let files = Arc::new(Mutex::new(vec![disk]));
        let storage = Self {
            files: Arc::clone(&files),
            records,
        };
        Some((storage, files))
    }
}

impl Storage for OnDisk {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        self.records.read(key, value)
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.records.set(key, Some(value))
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.records.set(key, None)
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        self.records.next_key(prefix, after, key)
    }

    fn room(&mut self, _: usize) -> Result<u32, StorageError> {
        Ok(100)
    }

    /// As that of a real file: a copy beside it, which takes its place once it is whole.
    fn scrub(&mut self) -> Result<(), StorageError> {
        let mut files = lock(&self.files);
        let place = files.last().expect("a file").beside();
        let mut fresh = Records::open(place.clone()).map_err(|_| StorageError::Failed)?;
        self.records.copy_to(&mut fresh).map_err(|_| StorageError::Failed)?;
        self.records = fresh;
        files.push(place);
        Ok(())
    }
}

fn key(storage: impl Storage + Send + 'static) -> Option<SoftKey> {
    SoftKey::builder().touch(Touch::Auto).storage(storage).build().ok()
}

fn register(site: u8) -> Vec<u8> {
    let mut request = b"\x01\xa5\x01\x58\x20".to_vec();
    request.extend([7; 32]);
    request.extend([0x02, 0xa1, 0x62, b'i', b'd', 0x61, site]);
    request.extend(b"\x03\xa2\x62id\x41u\x64name\x65alice");
    request.extend(b"\x04\x81\xa2\x63alg\x26\x64type\x6apublic-key\x07\xa1\x62rk\xf5");
    request
}

fn sign_in(site: u8) -> Vec<u8> {
    let mut request = vec![0x02, 0xa2, 0x01, 0x61, site, 0x02, 0x58, 0x20];
    request.extend([7; 32]);
    request
}

/// U2F_AUTHENTICATE, check-only, by what U2F_REGISTER answered.
fn check_only(registered: &[u8]) -> Vec<u8> {
    let handle = &registered[67..67 + usize::from(registered[66])];
    let mut apdu = vec![0, 2, 7, 0, 0, 0, u8::try_from(65 + handle.len()).unwrap()];
    apdu.extend([0; 32]);
    apdu.extend([9; 32]);
    apdu.push(u8::try_from(handle.len()).unwrap());
    apdu.extend(handle);
    apdu.extend([0, 0]);
    apdu
}

/// A key with passkeys and a U2F registration: its file, and the request that asks for the latter.
fn used() -> (Vec<u8>, Vec<u8>) {
    let (storage, files) = OnDisk::open(Disk::new(Vec::new(), Fault::None)).unwrap();
    let key = key(storage).unwrap();
    let host = Client::new(key.connect());
    for site in SITES {
        assert_eq!(host.status(&register(site)), 0x00);
    }
    let registered = host.exchange(command::MSG, &u2f_register(9)).unwrap();
    let file = lock(&files)[0].after_cut(|| true);
    (file, check_only(&registered))
}

/// Whether the key in the file was reset, on a disk that has room again: wholly, or not at all.
fn is_reset(file: Vec<u8>, check_only: &[u8], context: &str) -> bool {
    let opened = OnDisk::open(Disk::new(file, Fault::None));
    let (storage, _) = opened.unwrap_or_else(|| panic!("{context}: the file is damaged"));
    let key = key(storage).unwrap_or_else(|| panic!("{context}: the key does not start"));
    let host = Client::new(key.connect());
    let is_reset = match host.status_word(check_only) {
        0x6985 => false,
        0x6A80 => true,
        other => panic!("{context}: {other:04x}"),
    };
    for site in SITES {
        let expected = if is_reset { NO_CREDENTIALS } else { 0x00 };
        assert_eq!(host.status(&sign_in(site)), expected, "{context}: site {site}");
    }
    assert_eq!(host.status(&register(b'd')), 0x00, "{context}: it works on");
    is_reset
}

#[test]
fn a_reset_on_a_full_disk_is_whole_or_not_at_all() {
    let (file, check_only) = used();
    assert!(!is_reset(file.clone(), &check_only, "before"));
    let mut outcomes = [0; 2];
    for at in 0.. {
        let disk = Disk::new(file.clone(), Fault::FullFrom(at));
        let mut acknowledged = false;
        let mut files = vec![disk.clone()];
        if let Some((storage, kept)) = OnDisk::open(disk)
            && let Some(key) = key(storage)
        {
            let host = Client::new(key.connect());
            acknowledged = host.status(RESET) == 0x00;
            files = lock(&kept).clone();
        }
        for (n, disk) in files.iter().enumerate() {
            let random = disk.after_cut(choices(at as u64 * 2 + n as u64));
            for image in [disk.after_cut(|| false), disk.after_cut(|| true), random] {
                let context = format!("full from change {at}, file {n}");
                // A start on the disk that is still full finishes a reset that was begun, or leaves it to the next one.
                let again = Disk::new(image.clone(), Fault::FullFrom(0));
                if let Some((storage, _)) = OnDisk::open(again.clone()) {
                    drop(key(storage));
                }
                let is_reset_now = is_reset(image, &check_only, &context);
                let is_reset_later = is_reset(again.after_cut(|| true), &check_only, &context);
                assert_eq!(is_reset_now, is_reset_later, "{context}");
                assert!(is_reset_now || !acknowledged, "{context}: an acknowledged reset is one");
                outcomes[usize::from(is_reset_now)] += 1;
            }
        }
        if acknowledged && !files.iter().any(Disk::is_full) {
            break;
        }
    }
    assert!(outcomes.iter().all(|&count| count > 10), "both happen: {outcomes:?}");
}
