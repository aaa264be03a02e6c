//! The computer that is looked at: its files below a root directory, and what this user may do with them.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::AccessFlags;

use super::acl;
use crate::cli::clock::is_synchronised;
use crate::text::escape;

/// A computer. Paths are as it names them, from `/` on.
pub(super) struct Machine {
    root: PathBuf,
    /// The home directory of this user.
    pub(super) home: Option<PathBuf>,
    /// The number of this user.
    pub(super) uid: u32,
    /// Whether this user may read and write a file.
    access: fn(&Path) -> io::Result<()>,
    /// Whether something keeps its clock right, where the kernel says.
    pub(super) is_synchronised: Option<bool>,
}

/// Who may use a device node.
pub(super) struct Node {
    /// The permission bits.
    pub(super) mode: u32,
    owner: String,
    group: String,
    named: Vec<String>,
}

impl Machine {
    /// The computer this runs on.
    pub(super) fn this() -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        // Asks without opening: opening /dev/uhid would load its module.
        let access = |path: &Path| Ok(nix::unistd::access(path, AccessFlags::R_OK | AccessFlags::W_OK)?);
        let uid = nix::unistd::geteuid().as_raw();
        Self::below(PathBuf::from("/"), home, uid, access).with_clock(is_synchronised())
    }

    /// The computer whose files are below `root`.
    pub(super) fn below(root: PathBuf, home: Option<PathBuf>, uid: u32, access: fn(&Path) -> io::Result<()>) -> Self {
        Self {
            root,
            home,
            uid,
            access,
            is_synchronised: None,
        }
    }

    /// The same, with a clock of which the kernel says this.
    pub(super) fn with_clock(self, is_synchronised: Option<bool>) -> Self {
        Self {
            is_synchronised,
            ..self
        }
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// What a file holds, where it can be read.
    pub(super) fn bytes(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        std::fs::read(self.at(path)).ok()
    }

    /// The same as text, without white space around it.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = self.bytes(path)?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    pub(super) fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.at(path).exists()
    }

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// Those of reading it.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(self.at(path))?;
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Where a symbolic link leads.
    pub(super) fn link(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        std::fs::read_link(self.at(path)).ok()
    }

    /// Whether this user may read and write a file.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn access(&self, path: impl AsRef<Path>) -> io::Result<()> {
        (self.access)(&self.at(path))
    }

    /// Who may use a device node.
    pub(super) fn node(&self, path: impl AsRef<Path>) -> Option<Node> {
        let path = self.at(path);
        let metadata = std::fs::metadata(&path).ok()?;
        let named = acl::named(&path).into_iter().map(|(who, id, may)| {
            let name = self.account(who.file(), id);
            format!("{} {name} {may}", who.word())
        });
        Some(Node {
            mode: metadata.mode() & 0o7777,
            owner: self.account("/etc/passwd", metadata.uid()),
            group: self.account("/etc/group", metadata.gid()),
            named: named.collect(),
        })
    }

    /// The name of a user or group, or its number where the file has none: name, password, number, … (passwd(5)).
    fn account(&self, file: &str, id: u32) -> String {
        let id = id.to_string();
        let accounts = self.text(file).unwrap_or_default();
        let mut names = accounts.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == id).then(|| escape(name).into_owned())
        });
        names.next().unwrap_or(id)
    }

    /// The release of the kernel that runs, as `uname -r` prints it.
    pub(super) fn kernel(&self) -> Option<String> {
        self.text("/proc/sys/kernel/osrelease")
    }

    /// Whether the system is, or is made from, the distribution `name` (os-release(5)).
    pub(super) fn is_like(&self, name: &str) -> bool {
        let release = self.text("/etc/os-release").unwrap_or_default();
        release.lines().any(|line| match line.split_once('=') {
            Some(("ID" | "ID_LIKE", value)) => value.trim_matches('"').split(' ').any(|word| word == name),
            _ => false,
        })
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { mode, owner, group, .. } = self;
        write!(f, "mode {mode:04o}, owner {owner}, group {group}")?;
        self.named.iter().try_for_each(|entry| write!(f, ", ACL {entry}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;

    #[test]
    fn accounts_have_the_names_of_the_system_looked_at() {
        let fake = Fake::new();
        fake.file("/etc/group", "broken\nroot:x:0:\nkeys:x:991:alice\n\x1b[2J:x:992:\n");
        let machine = fake.machine();
        for (id, name) in [(991, "keys"), (0, "root"), (7, "7"), (992, "\\u{1b}[2J")] {
            assert_eq!(machine.account("/etc/group", id), name);
        }
    }

    #[test]
    fn a_distribution_is_known_by_its_name_and_its_parents() {
        let fake = Fake::new();
        fake.file(
            "/etc/os-release",
            "NAME=\"Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
        );
        let machine = fake.machine();
        assert!(
            ["linuxmint", "ubuntu", "debian"]
                .iter()
                .all(|name| machine.is_like(name))
        );
        assert!(!machine.is_like("Mint"));
    }

    #[test]
    fn a_node_says_who_may_use_it() {
        let fake = Fake::new();
        fake.file("/dev/hidraw0", "");
        fake.mode("/dev/hidraw0", 0o640);
        let node = fake.machine().node("/dev/hidraw0").unwrap();
        assert!(node.to_string().starts_with("mode 0640, owner "));
    }
}
