//! A computer in a temporary directory.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::machine::Machine;

/// The files of a computer, as a test makes them.
pub(super) struct Fake(TempDir);

impl Fake {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        let path = self.0.path().join(path.strip_prefix('/').unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub(super) fn bytes(&self, path: &str, content: &[u8]) {
        fs::write(self.at(path), content).unwrap();
    }

    pub(super) fn file(&self, path: &str, content: &str) {
        self.bytes(path, content.as_bytes());
    }

    pub(super) fn link(&self, path: &str, target: &str) {
        std::os::unix::fs::symlink(target, self.at(path)).unwrap();
    }

    pub(super) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    /// Plugs a security key in, as the kernel shows it: node number 244:3, product, and `HID_ID`.
    pub(super) fn key(&self, name: &str, product: &str, id: &str) {
        let directory = format!("/sys/class/hidraw/{name}");
        let descriptor = [0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01, 0xC0];
        self.bytes(&format!("{directory}/device/report_descriptor"), &descriptor);
        self.file(
            &format!("{directory}/device/uevent"),
            &format!("HID_ID={id}\nHID_NAME={product}\n"),
        );
        self.file(&format!("{directory}/dev"), "244:3\n");
        self.file(&format!("/dev/{name}"), "");
    }

    /// The computer, with a user who may use every device.
    pub(super) fn machine(&self) -> Machine {
        self.with_access(|path| fs::metadata(path).map(drop))
    }

    /// The computer, with a user who may use no device.
    pub(super) fn forbidden(&self) -> Machine {
        self.with_access(|_| Err(io::ErrorKind::PermissionDenied.into()))
    }

    /// The computer, with devices that fail.
    pub(super) fn broken(&self) -> Machine {
        self.with_access(|_| Err(io::Error::other("broken")))
    }

    fn with_access(&self, access: fn(&Path) -> io::Result<()>) -> Machine {
        Machine::below(self.0.path().to_owned(), Some("/home/alice".into()), 1000, access)
    }
}
