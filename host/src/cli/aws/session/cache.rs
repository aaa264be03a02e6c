//! Sessions that are kept, the codes that were used, and the lock between processes.
//!
//! All of it is in one directory beside the soft token's state, and every file has mode 0600. A session's file is
//! sealed by the desktop's keyring. Where there is none it holds the credentials as they are, as the AWS CLI keeps its
//! own below ~/.aws/cli/cache: until their end.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Args;
use super::credentials::Credentials;
use super::keyring::Seal;
use super::voice::Voice;
use crate::cli::failure::Failure;
use crate::cli::interrupt::interrupt;
use crate::client::{self, Watch as _};
use crate::private::{self, Others};
use crate::soft::paths;

/// A session is renewed when it has less than this left, in seconds: what begins with it should also end with it.
const MARGIN: u64 = 300;
/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 << 10;
/// How often the lock is tried.
const GLANCE: Duration = Duration::from_millis(50);

/// What is kept for one device.
pub(in crate::cli::aws) struct Cache {
    directory: PathBuf,
    /// Stands for the serial number in the names of files.
    device: String,
    seal: Seal,
}

/// The name of a session's file: it depends on everything that the session depends on. A session of one region is
/// good in all.
pub(super) fn key(args: &Args, serial: &str, profile: Option<&str>) -> String {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let duration = args.duration.map(|duration| duration.to_string());
    let parts = [
        serial.to_owned(),
        profile.unwrap_or_default().to_owned(),
        args.role.clone().unwrap_or_default(),
        args.role_session_name.clone().unwrap_or_default(),
        args.external_id.clone().unwrap_or_default(),
        duration.unwrap_or_default(),
        args.endpoint.clone().unwrap_or_default(),
        variable("AWS_ENDPOINT_URL"),
        variable("AWS_ENDPOINT_URL_STS"),
        variable("AWS_CONFIG_FILE"),
        variable("AWS_SHARED_CREDENTIALS_FILE"),
        // With a profile these are not asked.
        profile.map_or_else(|| variable("AWS_ACCESS_KEY_ID"), |_| String::new()),
    ];
    hash(&parts)
}

fn hash(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    HEXLOWER.encode(digest.get(..16).unwrap_or_default())
}

fn system(what: &str) -> impl FnOnce(io::Error) -> Failure + '_ {
    move |source| Failure::System {
        what: what.to_owned(),
        source,
    }
}

impl Cache {
    /// That of a device. Makes the directory.
    pub(in crate::cli::aws) fn open(serial: &str) -> Result<Self, Failure> {
        Self::at(paths::default_aws_sessions()?, serial).map(|cache| cache.sealed(Seal::usual()))
    }

    fn sealed(self, seal: Seal) -> Self {
        Self { seal, ..self }
    }

    pub(in crate::cli::aws) fn at(directory: PathBuf, serial: &str) -> Result<Self, Failure> {
        private::make_directory(&directory).map_err(system("cannot make the directory of sessions"))?;
        Ok(Self {
            directory,
            device: hash(&[serial.to_owned()]),
            seal: Seal::None,
        })
    }

    fn path(&self, end: &str) -> PathBuf {
        self.directory.join(format!("{}{end}", self.device))
    }

    fn session(&self, key: &str) -> PathBuf {
        self.path(&format!("-{key}.json"))
    }

    /// The session that is kept, where it lasts long enough. What cannot be read is none.
    pub(super) fn load(&self, key: &str, now: u64) -> Option<Credentials> {
        let mut kept = read(&self.session(key)).ok()??;
        if Seal::is_on(&kept) {
            kept = self.seal.open(key.as_bytes(), kept)?;
        }
        let credentials = Credentials::of_kept(&kept)?;
        (credentials.end()? > now + MARGIN).then_some(credentials)
    }

    /// Keeps a session.
    pub(super) fn store(&self, key: &str, credentials: &Credentials) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(&credentials.json())?);
        // One key of the keyring for all sessions: this file says which.
        let note = self.directory.join("seal");
        let known = read(&note).ok().flatten();
        let known = known.as_ref().map(|kept| kept.as_slice());
        let Some(sealed) = self.seal.seal(&self.directory, known, key.as_bytes(), &text) else {
            return self.replace(&self.session(key), &text);
        };
        let head = Seal::head(&sealed);
        if head != known {
            self.replace(&note, head.unwrap_or_default())?;
        }
        self.replace(&self.session(key), &sealed)
    }

    /// Replaces a file at once: whoever reads it has the old one or the new one. A new file has mode 0600.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// Waits until no other process takes a code of this device. The lock ends with the file.
    pub(in crate::cli::aws) fn lock(&self, voice: &Voice) -> Result<File, Failure> {
        const WHAT: &str = "cannot lock the sessions";
        let interrupt = interrupt();
        let path = self.path(".lock");
        let file = private::open(private::options().create(true).write(true), &path, Others::Nothing);
        let file = file.map_err(system(WHAT))?;
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(system(WHAT)(source)),
            }
            if interrupt.is_cancelled() {
                return Err(client::Error::Cancelled.into());
            }
            if !std::mem::replace(&mut said, true) {
                voice.say("another process is using the codes of this device: waiting for it");
            }
            thread::sleep(GLANCE);
        }
    }

    /// The time step of the last code that was used, if it is known.
    pub(in crate::cli::aws) fn last_step(&self) -> Result<Option<u64>, Failure> {
        let kept = read(&self.path(".step")).map_err(system("cannot read which code was used last"))?;
        // A file that is damaged says nothing, and AWS itself refuses a code that was used.
        Ok(kept.and_then(|text| str::from_utf8(&text).ok()?.trim().parse().ok()))
    }

    /// Notes that the code of a time step is being used. It is on the disk when this returns.
    pub(in crate::cli::aws) fn use_step(&self, step: u64) -> Result<(), Failure> {
        self.replace(&self.path(".step"), format!("{step}\n").as_bytes())
            .map_err(system("cannot note which code is used"))
    }

    /// Whether the hint that is given once was not given yet.
    pub(super) fn is_first_hint(&self) -> bool {
        let path = self.directory.join("login-hint");
        let made = private::open(private::options().create_new(true).write(true), &path, Others::Nothing);
        made.is_ok()
    }
}

/// A file, where it is there.
fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match private::open(private::options().read(true), path, Others::Nothing) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 << 10));
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Deletes the sessions of a device, or all. How many there were.
pub(in crate::cli::aws) fn forget(serial: Option<&str>) -> Result<usize, Failure> {
    const WHAT: &str = "cannot delete the sessions";
    let directory = paths::default_aws_sessions()?;
    let device = serial.map(|serial| hash(&[serial.to_owned()])).unwrap_or_default();
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(system(WHAT))?,
    };
    let mut forgotten = 0;
    for entry in entries {
        let entry = entry.map_err(system(WHAT))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&device) && name.ends_with(".json") {
            fs::remove_file(entry.path()).map_err(system(WHAT))?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

#[cfg(test)]
mod tests {
    use super::super::credentials::tests::until;
    use super::*;

    const SERIAL: &str = "arn:aws:iam::123456789012:mfa/work";
    /// 2026-11-29T01:00:00Z.
    const END: u64 = 1_795_914_000;

    #[test]
    fn a_session_is_kept_until_five_minutes_before_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("sessions"), SERIAL).unwrap();
        assert!(cache.load("a", 0).is_none());
        cache.store("a", &until("2026-11-29T01:00:00Z")).unwrap();
        assert_eq!(cache.load("a", END - MARGIN - 1).unwrap().access_key_id, "ASIAEXAMPLE");
        assert!(cache.load("a", END - MARGIN).is_none());
        assert!(cache.load("b", 0).is_none());
        fs::write(cache.session("a"), "damaged").unwrap();
        assert!(cache.load("a", 0).is_none());
    }

    #[test]
    fn a_keyring_seals_what_is_kept() {
        use crate::soft::storage::Keyring;
        let directory = tempfile::tempdir().unwrap();
        let cache = |seal| Cache::at(directory.path().to_owned(), SERIAL).unwrap().sealed(seal);
        let keyring = Seal::Of(Keyring::in_memory());
        let sealed = cache(keyring.clone());
        for _ in 0..2 {
            sealed.store("a", &until("2026-11-29T01:00:00Z")).unwrap();
            let kept = fs::read(sealed.session("a")).unwrap();
            assert!(!kept.windows(6).any(|six| six == b"secret"));
            assert_eq!(
                cache(keyring.clone()).load("a", 0).unwrap().access_key_id,
                "ASIAEXAMPLE"
            );
        }
        // Another keyring has no key for it, and then makes its own.
        let other = cache(Seal::Of(Keyring::in_memory()));
        assert!(other.load("a", 0).is_none() && cache(Seal::None).load("a", 0).is_none());
        other.store("a", &until("2026-11-29T01:00:00Z")).unwrap();
        assert!(other.load("a", 0).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_those_of_others_are_not_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("sessions"), SERIAL).unwrap();
        cache.store("a", &until("2026-11-29T01:00:00Z")).unwrap();
        cache.use_step(7).unwrap();
        drop(cache.lock(&Voice::Nobody).unwrap());
        for entry in fs::read_dir(&cache.directory).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::set_permissions(cache.session("a"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(cache.load("a", 0).is_none());
    }

    #[test]
    fn a_step_is_remembered_and_a_damaged_note_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().to_owned(), SERIAL).unwrap();
        assert_eq!(cache.last_step().unwrap(), None);
        cache.use_step(59_863_800).unwrap();
        assert_eq!(cache.last_step().unwrap(), Some(59_863_800));
        cache.replace(&cache.path(".step"), b"x").unwrap();
        assert_eq!(cache.last_step().unwrap(), None);
    }

    #[test]
    fn one_process_at_a_time_has_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().to_owned(), SERIAL).unwrap();
        let lock = cache.lock(&Voice::Nobody).unwrap();
        let other = Cache::at(directory.path().to_owned(), SERIAL).unwrap();
        let waiting = thread::spawn(move || other.lock(&Voice::Nobody).map(drop).is_ok());
        cache.use_step(1).unwrap();
        drop(lock);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn parts_of_a_key_do_not_run_into_each_other() {
        let of = |parts: &[&str]| hash(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&["ab", "c"]).len(), 32);
    }
}
