//! The control token: the secret that the control endpoint's users share.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

use crate::private::{self, Others};
use crate::soft::Error;

/// Random bytes in a control token that is made here.
const TOKEN_BYTES: usize = 32;
/// Characters in a control token that somebody else made.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=1024;

/// Reads the control token, or makes one where there is no file.
pub(super) fn read_or_create(path: &Path) -> Result<Zeroizing<String>, Error> {
    let failed = |source| Error::TokenFile {
        path: path.to_owned(),
        source,
    };
    if let Some(directory) = path.parent() {
        private::make_directory(directory).map_err(failed)?;
    }
    match create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        created => return created.map_err(failed),
    }
    let file = private::open(private::options().read(true), path, Others::Nothing).map_err(failed)?;
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(4096).read_to_string(&mut text).map_err(failed)?;
    let token = text.trim();
    if LENGTHS.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Zeroizing::new(token.to_owned()))
    } else {
        Err(Error::WeakToken(path.to_owned()))
    }
}

/// Makes the file. Neither follows a link nor replaces a file.
fn create(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut file = private::options().write(true).create_new(true).open(path)?;
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the system has no randomness"))?;
    let mut token = Zeroizing::new(String::with_capacity(2 * TOKEN_BYTES + 1));
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]) {
        token.extend(char::from_digit(nibble.into(), 16));
    }
    bytes.zeroize();
    token.push('\n');
    let written = file.write_all(token.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        // Half a token cannot be used. Where it stays, the next reader says what to do.
        let _ = fs::remove_file(path);
    })?;
    token.pop();
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("new/token");
        let made = read_or_create(&path).expect("a token");
        assert_eq!(made.len(), 2 * TOKEN_BYTES);
        assert_eq!(read_or_create(&path).expect("the same token"), made);
        let other = read_or_create(&directory.path().join("other")).expect("a token");
        assert_ne!(other, made);
    }

    #[cfg(unix)]
    #[test]
    fn a_token_is_for_its_user_only() {
        use std::fs::{Permissions, metadata, set_permissions};
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("token");
        read_or_create(&path).expect("a token");
        assert_eq!(metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        set_permissions(&path, Permissions::from_mode(0o640)).expect("chmod");
        let refused = read_or_create(&path).expect_err("others can read it");
        assert!(refused.to_string().contains("mode 640") && refused.hint().contains("chmod 600"));
    }

    #[cfg(unix)]
    #[test]
    fn what_somebody_else_put_there_is_not_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        read_or_create(&at("token")).expect("a token");
        std::os::unix::fs::symlink(at("token"), at("link")).expect("a link");
        std::os::unix::fs::symlink(at("missing"), at("dangling")).expect("a link");
        for name in ["link", "dangling"] {
            let refused = read_or_create(&at(name)).expect_err("a link");
            assert!(refused.to_string().contains("a symbolic link"), "{refused}");
        }
        assert!(!at("missing").exists());
    }

    #[test]
    fn a_token_that_could_be_guessed_or_sent_wrong_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in [
            ("empty", ""),
            ("short", "0123456789abcde"),
            ("spaced", "0123456789 abcdef"),
            ("line", "0123456789\nabcdef"),
        ] {
            let path = directory.path().join(name);
            read_or_create(&path).expect("a private file");
            fs::write(&path, text).expect("write");
            assert!(matches!(read_or_create(&path), Err(Error::WeakToken(_))), "{name}");
        }
    }
}
