use std::fs;

use super::*;

fn credential(id: &[u8]) -> Credential {
    Credential {
        id: id.to_vec(),
        public_key: b"\xa0".to_vec(),
        algorithm: -7,
        counter: 5,
        aaguid: [7; 16],
        scope: "example.com".to_owned(),
        scope_is_app_id: false,
        backup_eligible: false,
        transports: vec!["usb".to_owned()],
        attestation: "none".to_owned(),
    }
}

fn add(accounts: &mut Accounts, account: &str, name: &str, id: &[u8]) -> Result<(), Unchanged> {
    accounts
        .add("example.com", account, b"handle", name, credential(id), Some(2))
        .map(|_| ())
}

fn file() -> (tempfile::TempDir, RegistrationsFile) {
    let directory = tempfile::tempdir().unwrap();
    let file = RegistrationsFile::at(directory.path().join("new").join("registrations.json"));
    (directory, file)
}

#[test]
fn what_is_stored_is_found_by_the_next_process() {
    let (_directory, file) = file();
    assert_eq!(file.load().unwrap(), Accounts::default());
    file.update(|accounts| add(accounts, "alice", "key", b"id")).unwrap();

    let accounts = RegistrationsFile::at(&file.path).load().unwrap();
    let account = accounts.account("example.com", "alice").unwrap();
    assert_eq!(account.user_handle, b"handle");
    let registration = account.registration(b"id").unwrap();
    assert_eq!(
        (registration.name.as_str(), &registration.credential),
        ("key", &credential(b"id"))
    );
    assert!(registration.created > 1_600_000_000);
    assert_eq!(accounts.account("example.com", "bob"), None);
    assert_eq!(accounts.account("example.org", "alice"), None);
}

#[test]
fn the_counter_is_never_lowered() {
    let mut accounts = Accounts::default();
    add(&mut accounts, "alice", "key", b"id").unwrap();
    let counter = |accounts: &Accounts| accounts.iter().next().unwrap().registrations[0].credential.counter;
    for (received, stored) in [(9, 9), (3, 9), (0, 9), (10, 10)] {
        accounts
            .record(
                b"id",
                &Authentication {
                    counter: received,
                    user_verified: false,
                },
            )
            .unwrap();
        assert_eq!(counter(&accounts), stored);
    }
    let unknown = accounts.record(
        b"other",
        &Authentication {
            counter: 1,
            user_verified: false,
        },
    );
    assert_eq!(unknown, Err(Unchanged::Unknown));
}

#[test]
fn names_and_credentials_are_unique_and_an_account_can_be_full() {
    let mut accounts = Accounts::default();
    add(&mut accounts, "alice", "one", b"1").unwrap();
    assert_eq!(add(&mut accounts, "alice", "one", b"2"), Err(Unchanged::NameTaken));
    assert_eq!(
        add(&mut accounts, "alice", "two", b"1"),
        Err(Unchanged::AlreadyRegistered)
    );
    assert_eq!(
        add(&mut accounts, "bob", "two", b"1"),
        Err(Unchanged::AlreadyRegistered)
    );
    add(&mut accounts, "alice", "two", b"2").unwrap();
    assert_eq!(add(&mut accounts, "alice", "three", b"3"), Err(Unchanged::Full));
    add(&mut accounts, "bob", "one", b"3").unwrap();
}

#[test]
fn registrations_are_renamed_and_removed() {
    let mut accounts = Accounts::default();
    add(&mut accounts, "alice", "one", b"1").unwrap();
    add(&mut accounts, "alice", "two", b"2").unwrap();
    let rename = |accounts: &mut Accounts, from, to| accounts.rename("example.com", "alice", from, to);
    assert_eq!(rename(&mut accounts, "one", "two"), Err(Unchanged::NameTaken));
    assert_eq!(rename(&mut accounts, "three", "four"), Err(Unchanged::Unknown));
    assert_eq!(rename(&mut accounts, "one", "one"), Ok(()));
    assert_eq!(rename(&mut accounts, "one", "three"), Ok(()));
    assert_eq!(accounts.remove("example.com", "alice", "one"), Err(Unchanged::Unknown));
    assert_eq!(
        accounts.remove("example.com", "alice", "three").unwrap().credential.id,
        b"1"
    );
    assert_eq!(accounts.remove("example.com", "bob", "two"), Err(Unchanged::Unknown));
    assert_eq!(accounts.iter().next().unwrap().registrations.len(), 1);
}

#[test]
fn a_refused_change_writes_nothing() {
    let (_directory, file) = file();
    file.update(|accounts| add(accounts, "alice", "one", b"1")).unwrap();
    let before = fs::read(&file.path).unwrap();
    let refused = file.update(|accounts| {
        add(accounts, "alice", "two", b"2")?;
        add(accounts, "alice", "one", b"3")
    });
    assert!(matches!(refused, Err(RegistrationsError::Unchanged(Unchanged::Full))));
    assert_eq!(fs::read(&file.path).unwrap(), before);
}

#[test]
fn a_newer_a_damaged_and_another_programs_file_is_refused_untouched() {
    let (_directory, file) = file();
    file.update(|accounts| add(accounts, "alice", "one", b"1")).unwrap();
    let good = String::from_utf8(fs::read(&file.path).unwrap()).unwrap();
    let newer = r#"{"version": 2, "accounts": "of another kind"}"#;
    let half = &good[..good.len() / 2];
    let bad_aaguid = good.replace("BwcHBwcHBwcHBwcHBwcHBw", "Bwc");
    for (content, expected) in [
        (newer, "has format 2, which is newer"),
        (half, "is damaged: EOF"),
        ("", "is not a relying-party file"),
        ("[]", "is not a relying-party file"),
        ("root:x:0:0:root:/root:/bin/bash\n", "is not a relying-party file"),
        (&bad_aaguid, "is damaged: "),
    ] {
        fs::write(&file.path, content).unwrap();
        let refused = file.update(|accounts| add(accounts, "alice", "two", b"2")).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
        assert!(refused.to_string().contains("registrations.json") && !refused.hint().is_empty());
        assert_eq!(fs::read_to_string(&file.path).unwrap(), content);
    }
}

#[test]
fn beside_another_programs_file_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("passwd");
    let file = RegistrationsFile::at(&path);
    for make in [
        |path: &Path| fs::write(path, "root:x:0:0:root:/root:/bin/bash\n").unwrap(),
        |path: &Path| fs::write(path, "").unwrap(),
        |path: &Path| fs::create_dir(path).unwrap(),
    ] {
        make(&path);
        file.update(|accounts| add(accounts, "alice", "one", b"1")).unwrap_err();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "no lock either");
        let _ = fs::remove_file(&path);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, file) = file();
    file.update(|accounts| add(accounts, "alice", "one", b"1")).unwrap();
    for entry in fs::read_dir(file.path.parent().unwrap()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn processes_that_update_at_once_lose_nothing() {
    let (_directory, file) = file();
    std::thread::scope(|scope| {
        for writer in 0..4u8 {
            let file = &file;
            scope.spawn(move || {
                for round in 0..5u8 {
                    let account = format!("{writer}-{round}");
                    file.update(|accounts| add(accounts, &account, "key", &[writer, round]))
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(file.load().unwrap().iter().count(), 20);
}

/// Whoever chooses which file it is decides who signs in, and what is written where.
#[cfg(unix)]
#[test]
fn a_file_or_a_lock_that_somebody_planted_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let (directory, file) = file();
    let stored = |file: &RegistrationsFile| file.update(|accounts| add(accounts, "alice", "key", b"id"));
    stored(&file).unwrap();
    let lock = file.path.with_extension("json.lock");
    let victim = directory.path().join("victim");
    for planted in [&file.path, &lock] {
        fs::rename(planted, &victim).unwrap();
        symlink(&victim, planted).unwrap();
        let content = fs::read(&victim).unwrap();
        let error = stored(&file).unwrap_err();
        assert!(error.to_string().contains("it is a symbolic link"), "{error}");
        assert_eq!(fs::read(&victim).unwrap(), content);
        fs::rename(&victim, planted).unwrap();
    }
    fs::set_permissions(&file.path, fs::Permissions::from_mode(0o620)).unwrap();
    let error = file.load().unwrap_err();
    assert!(
        error.to_string().contains("mode 620") && error.hint().contains("chmod"),
        "{error}"
    );
}

#[test]
fn a_full_disk_is_told_from_a_directory_that_is_not_there() {
    for (kind, helps) in [
        (io::ErrorKind::StorageFull, "make room"),
        (io::ErrorKind::NotADirectory, "check the path"),
    ] {
        let error = RegistrationsError::io(Path::new("file"), kind.into());
        assert!(error.hint().contains(helps), "{}", error.hint());
    }
}
