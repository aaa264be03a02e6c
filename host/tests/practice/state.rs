//! Where the account is kept, and where it is served.

use std::fs;

use brasskey::practice::{Console, Error, Options};

use super::browser::{Browser, Practice};
#[cfg(unix)]
use super::policies::call;

#[test]
fn a_file_keeps_the_account() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state").join("account.json");
    let options = || Options::default().state(&file);
    let console = Console::start(options()).unwrap();
    let (number, first) = (console.account_number(), console.first_credentials());
    let serial = console
        .with_account(|account| account.create_virtual_device(&"phone".parse().unwrap()).unwrap().serial)
        .unwrap();
    assert!(matches!(Console::start(options()), Err(Error::InUse(path)) if path == file));
    drop(console);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        // Missing directories are made, as those of soft tokens are.
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    let console = Console::start(options()).unwrap();
    assert_eq!(console.account_number(), number);
    let password =
        |first: &brasskey::practice::FirstCredentials| first.root.password.as_ref().unwrap().expose().to_owned();
    assert_eq!(password(&console.first_credentials()), password(&first));
    assert!(
        console
            .with_account(|account| account.device(&serial).is_some())
            .unwrap()
    );
}

#[test]
fn a_file_that_is_no_account_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("account.json");
    let start = || Console::start(Options::default().state(&file));
    drop(start().unwrap());
    let good = fs::read_to_string(&file).unwrap();
    for damaged in [
        "",
        "{}",
        "not JSON",
        &good[..good.len() / 2],
        &good.replacen("\"version\": 1", "\"version\": 99", 1),
    ] {
        fs::write(&file, damaged).unwrap();
        let error = start().unwrap_err();
        assert!(
            matches!(&error, Error::Damaged { path, .. } if *path == file),
            "{error}"
        );
        assert!(error.hint().contains("move this one away"));
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("account.json");
    drop(Console::start(Options::default().state(&file)).unwrap());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Console::start(Options::default().state(&file)).unwrap_err();
    assert!(error.to_string().contains("its mode 644"), "{error}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let link = directory.path().join("link.json");
    symlink(&file, &link).unwrap();
    assert!(matches!(
        Console::start(Options::default().state(&link)),
        Err(Error::State { .. })
    ));
}

#[cfg(unix)]
#[test]
fn what_changes_nothing_writes_nothing() {
    use std::os::unix::fs::MetadataExt as _;

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("account.json");
    let practice = Practice::start_with(Options::default().state(&file));
    // Each time that it is written it is another file.
    let written = || fs::metadata(&file).unwrap().ino();
    let bob = [("UserName", "bob")];
    let mut before = written();
    let mut writes = |action: &str, parameters: &[(&str, &str)]| {
        practice.pass(60);
        call(&practice, "admin", action, parameters);
        std::mem::replace(&mut before, written()) != written()
    };
    assert!(!writes("ListUsers", &[]));
    assert!(!writes("GetUser", &bob), "there is none yet");
    assert!(writes("CreateUser", &bob));
    assert!(!writes("CreateUser", &bob), "it was refused");
    assert!(writes("DeleteUser", &bob));
    assert!(!writes("ListUsers", &[]));
    let mut browser = practice.browser();
    let before = written();
    browser.get("/signin");
    assert_eq!(written(), before);
    browser.sign_in(&practice, "alice");
    assert_ne!(written(), before, "the history has it");
    let before = written();
    browser.get("/security-credentials");
    browser.get("/password");
    browser.post(
        "/password",
        &[("old", "x"), ("new", "Practice-1"), ("again", "Practice-1")],
    );
    assert_eq!(browser.told(), "The old password was incorrect.");
    assert_eq!(written(), before);
    // When an access key was last used is kept in the end.
    let last = practice.now();
    let text = || fs::read_to_string(&file).unwrap();
    call(&practice, "admin", "ListUsers", &[]);
    assert_eq!(written(), before);
    practice.pass(60);
    call(&practice, "admin", "ListUsers", &[]);
    assert!(!text().contains(&(last + 60).to_string()));
    drop(practice);
    assert!(text().contains(&(last + 60).to_string()));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_kept_did_not_happen() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("kept");
    let file = kept.join("account.json");
    let console = Console::start(Options::default().state(&file)).unwrap();
    let mut browser = Browser::at(&console);
    browser.get("/signin");
    fs::rename(&kept, directory.path().join("gone")).unwrap();
    let number = format!("{:012}", console.account_number());
    browser.post(
        "/signin",
        &[("account", &number), ("username", "alice"), ("password", "wrong")],
    );
    assert!(
        browser.page.contains("The practice account could not be kept"),
        "{}",
        browser.page
    );
    let error = console.with_account(|account| account.create_virtual_device(&"phone".parse().unwrap()).is_ok());
    assert!(matches!(error, Err(Error::State { .. })));
    fs::rename(directory.path().join("gone"), &kept).unwrap();
    let left = console.with_account(|account| (account.virtual_devices().count(), account.history().count()));
    assert_eq!(left.unwrap(), (0, 0));
}

#[test]
fn other_computers_are_never_let_in() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let error = Console::start(Options::default().listen(address.parse().unwrap())).unwrap_err();
        assert!(matches!(error, Error::NotLoopback(_)), "{address}");
        assert!(error.hint().contains("use 127.0.0.1:"));
    }
    let practice = Practice::start();
    let taken = practice
        .console
        .endpoint()
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    let error = Console::start(Options::default().listen(taken)).unwrap_err();
    assert!(matches!(error, Error::Bind { .. }));
    assert!(error.hint().contains("choose another port"));
}
