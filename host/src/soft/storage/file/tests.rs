//! What a file promises beyond any storage: it survives, it is private, and no other file is harmed.

mod damage;
mod disk;
mod loss;
mod power_cuts;
mod reset;
mod sealed;

use std::fs;
use std::path::{Path, PathBuf};

use brasskey_protocol::platform::{Storage, StorageError};
use redb::{Database, ReadableDatabase, TableDefinition};
use tempfile::TempDir;

use super::place::new_file;
#[cfg(unix)]
use super::system::{Identity, beside};
use super::{FileStorage, StorageOpenProblem};
use crate::private;
#[cfg(unix)]
use crate::private::Unfit;
use crate::soft::storage::tests::{get, keys};

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.redb");
    (directory, path)
}

fn open(path: &Path) -> FileStorage {
    FileStorage::open(path).unwrap()
}

fn problem(path: &Path) -> StorageOpenProblem {
    let error = FileStorage::open(path).unwrap_err();
    assert!(!error.hint().is_empty());
    assert!(error.to_string().contains("token.redb"), "{error}");
    error.problem
}

#[test]
fn records_survive_the_process() {
    let (_directory, path) = place();
    open(&path).write(b"key", b"value").unwrap();
    assert_eq!(get(&mut open(&path), b"key").unwrap(), b"value");
}

#[test]
fn a_file_is_full_at_its_capacity() {
    let (_directory, path) = place();
    let mut storage = open(&path);
    storage.capacity = 1;
    storage.write(b"key", b"old").unwrap();
    assert_eq!(storage.room(0), Ok(0));
    assert_eq!(storage.write(b"other", b""), Err(StorageError::Full));
    storage.write(b"key", b"longer than the old one").unwrap();
    storage.remove(b"key").unwrap();
    storage.write(b"other", b"").unwrap();
}

/// A file with this content that nobody else can read.
fn put(path: &Path, content: &[u8]) {
    drop(
        private::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .unwrap(),
    );
    fs::write(path, content).unwrap();
}

#[test]
fn an_empty_file_is_no_new_token() {
    let (_directory, path) = place();
    put(&path, b"");
    assert!(matches!(problem(&path), StorageOpenProblem::Empty));
    let made = FileStorage::make(&path, super::NewSeal::none()).unwrap_err();
    assert!(matches!(made.problem, StorageOpenProblem::Empty), "{made}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    fs::remove_file(&path).unwrap();
    assert!(open(&path).is_new());
    assert!(!open(&path).is_new());
}

/// A process can be killed at each step of the making of a file, which has another name until it is whole.
#[test]
fn what_a_killed_maker_left_is_in_nobodys_way() {
    let (directory, path) = place();
    put(&beside(&path, ".brasskey-new-kIlLed"), b"half a file");
    open(&path).write(b"key", b"value").unwrap();
    let names = fs::read_dir(directory.path()).unwrap();
    assert_eq!(names.count(), 2, "one was left, and one was made");
    assert_eq!(get(&mut open(&path), b"key").unwrap(), b"value");
}

#[test]
fn of_many_who_make_a_file_at_once_one_does() {
    let (directory, path) = place();
    let makers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || FileStorage::open(path))
        })
        .collect();
    let made: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
    let (held, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!(held.iter().flatten().filter(|storage| storage.is_new()).count(), 1);
    for error in refused.into_iter().filter_map(Result::err) {
        assert!(matches!(error.problem, StorageOpenProblem::Locked { .. }), "{error}");
    }
    drop(held);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let (directory, _) = place();
    let parent = directory.path().join("a/b");
    let path = parent.join("token.redb");
    let mut storage = open(&path);
    storage.announcer().announce("udp:127.0.0.1:8111").unwrap();
    assert_eq!(mode(&directory.path().join("a")), 0o700);
    assert_eq!(mode(&parent), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&beside(&path, ".owner")), 0o600);
    storage.scrub().unwrap();
    assert_eq!(mode(&path), 0o600);
    drop(storage);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let exposed = Unfit::Exposed { mode: 0o640 };
    assert!(matches!(problem(&path), StorageOpenProblem::Unfit(unfit) if unfit == exposed));
}

#[test]
fn a_refused_permission_is_said_plainly() {
    let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert!(matches!(
        StorageOpenProblem::from(refused),
        StorageOpenProblem::NoPermission
    ));
}

#[cfg(unix)]
#[test]
fn a_file_put_in_place_of_another_is_noticed() {
    let (directory, path) = place();
    let other = directory.path().join("other");
    fs::write(&path, "").unwrap();
    fs::write(&other, "").unwrap();
    let identity = Identity::of(&fs::metadata(&path).unwrap());
    assert!(identity.is_at(&path).unwrap());
    fs::rename(&other, &path).unwrap();
    assert!(!identity.is_at(&path).unwrap());
    fs::remove_file(&path).unwrap();
    assert!(!identity.is_at(&path).unwrap());
}

#[test]
fn a_file_in_use_is_refused_with_the_device_that_reaches_its_token() {
    let (_directory, path) = place();
    let mut storage = open(&path);
    assert!(matches!(problem(&path), StorageOpenProblem::Locked { holder: None }));

    storage.announcer().announce("unix:/run/key").unwrap();
    storage.announcer().announce("udp:127.0.0.1:8111").unwrap();
    storage.scrub().unwrap();
    let error = FileStorage::open(&path).unwrap_err();
    assert!(error.hint().contains("udp:127.0.0.1:8111"), "{}", error.hint());

    drop(storage);
    assert!(!beside(&path, ".owner").exists());
    drop(open(&path));
}

#[test]
fn a_note_left_by_a_killed_process_does_no_harm() {
    let (_directory, path) = place();
    drop(open(&path));
    fs::write(beside(&path, ".owner"), "udp:127.0.0.1:1\n").unwrap();
    let storage = open(&path);
    assert!(matches!(problem(&path), StorageOpenProblem::Locked { holder: None }));
    drop(storage);
}

#[test]
fn a_hostile_note_is_not_shown() {
    let (_directory, path) = place();
    let _storage = open(&path);
    for text in ["", "\n", "\u{1b}[2J\n", "udp:\u{202e}1118\n", "\u{200b}\n"] {
        fs::write(beside(&path, ".owner"), text).unwrap();
        assert!(
            matches!(problem(&path), StorageOpenProblem::Locked { holder: None }),
            "{text:?}"
        );
    }
    fs::write(beside(&path, ".owner"), [0xff, 0xfe]).unwrap();
    assert!(matches!(problem(&path), StorageOpenProblem::Locked { holder: None }));
}

/// Every kind of it is shown where files are opened; that nobody is asked for anything before is shown here.
#[cfg(unix)]
#[test]
fn what_is_not_a_regular_file_is_refused() {
    let (directory, path) = place();
    let refused = |what| matches!(problem(&path), StorageOpenProblem::Unfit(unfit) if unfit == Unfit::NotAFile(what));
    fs::create_dir(&path).unwrap();
    assert!(refused("a directory"));
    fs::remove_dir(&path).unwrap();

    // A link may point to a state file, to another file or nowhere.
    let target = directory.path().join("target");
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert!(refused("a symbolic link"));
    assert!(!target.exists());
    drop(open(&target));
    assert!(refused("a symbolic link"));
}

/// What somebody else planted beside the state file is neither read nor written.
#[cfg(unix)]
#[test]
fn planted_notes_and_copies_lead_nowhere() {
    let (directory, path) = place();
    let victim = directory.path().join("victim");
    put(&victim, b"udp:127.0.0.1:1\n");
    let mut storage = open(&path);
    let note = beside(&path, ".owner");
    std::os::unix::fs::symlink(&victim, &note).unwrap();
    assert!(matches!(problem(&path), StorageOpenProblem::Locked { holder: None }));
    storage.announcer().announce("udp:127.0.0.1:8111").unwrap();
    assert!(fs::symlink_metadata(&note).unwrap().is_file());
    std::os::unix::fs::symlink(&victim, new_file(&path)).unwrap();
    storage.scrub().unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"udp:127.0.0.1:1\n");
    // One that cannot be taken away is not written to either.
    fs::remove_file(&note).unwrap();
    fs::create_dir(&note).unwrap();
    storage.announcer().announce("udp:127.0.0.1:8111").unwrap_err();
}

#[test]
fn another_programs_file_is_left_as_it_is() {
    let (_directory, path) = place();
    for content in [&b"#"[..], b"a diary, not a key's state", &[0; 8192]] {
        put(&path, content);
        assert!(matches!(problem(&path), StorageOpenProblem::NotOurs));
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn another_programs_database_keeps_its_records() {
    const OTHER: TableDefinition<'_, u64, u64> = TableDefinition::new("other");
    let (_directory, path) = place();
    put(&path, b"");
    insert(&path, OTHER, 1, 2);
    assert!(matches!(problem(&path), StorageOpenProblem::NotOurs));
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    assert_eq!(transaction.list_tables().unwrap().count(), 1);
    assert_eq!(
        transaction.open_table(OTHER).unwrap().get(1).unwrap().unwrap().value(),
        2
    );
}

#[test]
fn a_newer_format_is_refused_and_kept() {
    const BRASSKEY: TableDefinition<'_, &str, u32> = TableDefinition::new("brasskey");
    let (_directory, path) = place();
    open(&path).write(b"key", b"value").unwrap();
    insert(&path, BRASSKEY, "format", 3);
    assert!(matches!(
        problem(&path),
        StorageOpenProblem::Newer { found: 3, supported: 2 }
    ));
    insert(&path, BRASSKEY, "format", 1);
    assert_eq!(get(&mut open(&path), b"key").unwrap(), b"value");
}

fn insert<'k, K: redb::Key + 'static, V: redb::Value + 'static>(
    path: &Path,
    table: TableDefinition<'_, K, V>,
    key: K::SelfType<'k>,
    value: V::SelfType<'k>,
) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn scrubbing_leaves_nothing_of_what_was_removed_or_replaced() {
    let contains = |path: &Path, text: &[u8]| fs::read(path).unwrap().windows(text.len()).any(|window| window == text);
    let (_directory, path) = place();
    let mut storage = open(&path);
    storage.write(b"kept", b"the secret that stays").unwrap();
    storage.write(b"gone", b"the removed secret").unwrap();
    storage.write(b"new", b"the replaced secret").unwrap();
    storage.write(b"new", b"the new secret").unwrap();
    storage.remove(b"gone").unwrap();
    assert!(contains(&path, b"the removed secret"));
    storage.scrub().unwrap();
    assert!(contains(&path, b"the secret that stays"));
    assert!(!contains(&path, b"the removed secret"));
    assert!(!contains(&path, b"the replaced secret"));
    drop(storage);
    assert_eq!(keys(&mut open(&path), b""), [&b"kept"[..], b"new"]);
}

/// A process can be killed at each step of a scrub: while it writes the new file, and before the rename.
#[test]
fn a_scrub_cut_short_leaves_the_old_file() {
    let (directory, path) = place();
    let new = new_file(&path);
    open(&path).write(b"key", b"value").unwrap();
    let whole = {
        let other = directory.path().join("other");
        open(&other).write(b"key", b"half a reset").unwrap();
        fs::read(other).unwrap()
    };
    for length in [0, 1, 4096, whole.len()] {
        fs::write(&new, &whole[..length]).unwrap();
        let mut storage = open(&path);
        assert!(!new.exists());
        assert_eq!(get(&mut storage, b"key").unwrap(), b"value");
        fs::write(&new, &whole[..length]).unwrap();
        storage.scrub().unwrap();
        assert!(!new.exists());
        assert_eq!(get(&mut storage, b"key").unwrap(), b"value");
    }
}
