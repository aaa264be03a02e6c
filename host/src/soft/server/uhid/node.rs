//! The device as hosts open it, `/dev/hidrawN`: found by the place where it claims to be attached.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// How long the kernel may take to make the device, and udev to let this user in.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before looking again.
const INTERVAL: Duration = Duration::from_millis(10);

/// Looks for the device of one key.
#[derive(Debug)]
pub(super) struct Finder {
    /// `/sys/class/hidraw`.
    pub(super) class: PathBuf,
    /// `/dev`.
    pub(super) dev: PathBuf,
    /// Where the device claims to be attached.
    pub(super) place: String,
    /// How long to look for it.
    pub(super) patience: Duration,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Node {
    /// `/dev/hidrawN`.
    pub(super) path: PathBuf,
    /// Why this user cannot open it.
    pub(super) refusal: Option<io::Error>,
}

impl Finder {
    pub(super) fn of_system(place: String) -> Self {
        Self {
            class: "/sys/class/hidraw".into(),
            dev: "/dev".into(),
            place,
            patience: PATIENCE,
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Waits until the device is there and can be opened. After that time, returns also one that cannot be opened.
    pub(super) fn wait(&self) -> Option<Node> {
        let end = Instant::now() + self.patience;
        loop {
            let found = self.find();
            if found.as_ref().is_some_and(|node| node.refusal.is_none()) || Instant::now() >= end {
                return found;
            }
            thread::sleep(INTERVAL);
        }
    }

    fn find(&self) -> Option<Node> {
        let claim = format!("HID_PHYS={}", self.place);
        let is_ours = |device: &fs::DirEntry| {
            fs::read_to_string(device.path().join("device/uevent"))
                .is_ok_and(|properties| properties.lines().any(|line| line == claim))
        };
        let device = fs::read_dir(&self.class).ok()?.flatten().find(is_ours)?;
        let path = self.dev.join(device.file_name());
        let refusal = OpenOptions::new().read(true).write(true).open(&path).err();
        Some(Node { path, refusal })
    }
}
