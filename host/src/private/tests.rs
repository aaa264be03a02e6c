use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use nix::unistd::geteuid;
use tempfile::TempDir;

use super::*;

fn refusal(path: &Path, others: Others) -> Option<Unfit> {
    unfit(&open(options().read(true), path, others).unwrap_err())
}

/// A file with a mode.
fn file(directory: &TempDir, name: &str, mode: u32) -> std::path::PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, name).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn make_pipe(path: &Path) {
    assert!(
        Command::new("mkfifo")
            .arg("-m600")
            .arg(path)
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn others_get_at_neither_files_nor_directories() {
    let base = tempfile::tempdir().unwrap();
    let directory = base.path().join("one/two");
    make_directory(&directory).unwrap();
    make_directory(&directory).unwrap();
    let file = directory.join("file");
    open(options().write(true).create_new(true), &file, Others::Nothing).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&file), mode(&directory), mode(&base.path().join("one"))),
        (0o600, 0o700, 0o700)
    );
}

#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let target = file(&directory, "target", 0o600);
    symlink(&target, at("link")).unwrap();
    symlink(at("nothing"), at("dangling")).unwrap();
    // A pipe that nobody writes to would be waited for.
    make_pipe(&at("pipe"));
    let _listener = UnixListener::bind(at("socket")).unwrap();
    for (path, what) in [
        (at("link"), "a symbolic link"),
        (at("dangling"), "a symbolic link"),
        (directory.path().to_owned(), "a directory"),
        (at("pipe"), "a device, a pipe or a socket"),
        (at("socket"), "a device, a pipe or a socket"),
        ("/dev/null".into(), "a device, a pipe or a socket"),
    ] {
        for options in [
            options().read(true),
            options().write(true).create(true).truncate(false),
            options().append(true).create(true),
        ] {
            let error = open(options, &path, Others::Read).unwrap_err();
            assert_eq!(unfit(&error), Some(Unfit::NotAFile(what)), "{path:?}");
        }
    }
    assert!(!at("nothing").exists());
}

/// What another one puts there between the look and the opening is found by the options alone.
#[test]
fn the_options_alone_follow_no_link_and_wait_for_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    symlink(file(&directory, "target", 0o600), at("link")).unwrap();
    make_pipe(&at("pipe"));
    options().read(true).open(at("link")).unwrap_err();
    let pipe = options().read(true).open(at("pipe")).unwrap();
    assert!(!pipe.metadata().unwrap().is_file());
}

#[test]
fn a_file_of_another_user_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, "file", 0o600);
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(check(&metadata, Others::Nothing), Ok(()));
    // Root alone can give files away; for everybody else there is one that root has.
    let theirs = match geteuid().is_root() {
        true => {
            std::os::unix::fs::chown(&path, Some(1), None).unwrap();
            path
        }
        false => "/etc/passwd".into(),
    };
    let owner = if geteuid().is_root() { 1 } else { 0 };
    for others in [Others::Nothing, Others::Read] {
        assert_eq!(refusal(&theirs, others), Some(Unfit::Foreign { owner }));
    }
}

#[test]
fn a_mode_that_lets_others_in_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (mode, secret, public) in [
        (0o600, true, true),
        (0o400, true, true),
        (0o644, false, true),
        (0o640, false, true),
        (0o660, false, false),
        (0o602, false, false),
    ] {
        let path = file(&directory, "file", mode);
        let metadata = fs::metadata(&path).unwrap();
        let refused = Err(Unfit::Exposed { mode });
        assert_eq!(check(&metadata, Others::Nothing), if secret { Ok(()) } else { refused });
        assert_eq!(check(&metadata, Others::Read), if public { Ok(()) } else { refused });
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn each_error_says_what_helps() {
    for (kind, helps) in [
        (ErrorKind::StorageFull, "make room"),
        (ErrorKind::QuotaExceeded, "make room"),
        (ErrorKind::FileTooLarge, "make room"),
        (ErrorKind::NotFound, "check the path"),
        (ErrorKind::PermissionDenied, "of your own"),
        (ErrorKind::ReadOnlyFilesystem, "elsewhere"),
    ] {
        assert!(hint(&kind.into()).contains(helps), "{kind}");
    }
    let foreign = io::Error::from(Unfit::Foreign { owner: 7 });
    assert!(foreign.to_string().contains("number 7") && hint(&foreign).contains("its owner"));
}
