//! The seed of a new virtual device: from AWS to the key, and never into a file that stays.

use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::aws::tool::{Aws, AwsError, Consent};
use crate::cli::failure::Failure;
use crate::client::oath::decode_secret;
use brasskey_aws::names::DeviceName;

/// Makes the virtual device, and returns its seed.
///
/// The AWS CLI wants to write the seed to a file, in a directory where it may write: it looks before it calls. On Unix
/// the file is a link to its stdout, which is a pipe to this process, so that the seed is in memory alone. Versions 1
/// and 2 both open the file for writing, write, and close it before they print the answer.
pub(super) fn create(aws: &Aws, consent: &Consent, device: &DeviceName) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let file = aws.scratch().join("seed");
    let target = target(&file).map_err(|source| Failure::System {
        what: format!("cannot make {}", file.display()),
        source,
    })?;
    let path = file.to_str().ok_or(AwsError::Answer)?;
    let answer = aws.change_secret(
        consent,
        "iam",
        "create-virtual-mfa-device",
        &[
            ("virtual-mfa-device-name", device.as_str()),
            ("bootstrap-method", "Base32StringSeed"),
            ("outfile", path),
        ],
    )?;
    let written = written(&file, target, answer).map_err(|_| AwsError::Answer)?;
    Ok(read(&written).ok_or(AwsError::Answer)?)
}

/// Where the CLI writes the seed.
#[derive(Clone, Copy)]
enum Target {
    #[cfg(unix)]
    Stdout,
    #[cfg(not(unix))]
    File,
}

#[cfg(unix)]
fn target(file: &Path) -> std::io::Result<Target> {
    std::os::unix::fs::symlink("/dev/stdout", file).map(|()| Target::Stdout)
}

#[cfg(not(unix))]
fn target(_: &Path) -> std::io::Result<Target> {
    Ok(Target::File)
}

/// What was written.
fn written(_file: &Path, target: Target, answer: Zeroizing<Vec<u8>>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    match target {
        #[cfg(unix)]
        Target::Stdout => Ok(answer),
        #[cfg(not(unix))]
        Target::File => {
            let seed = Zeroizing::new(std::fs::read(_file)?);
            std::fs::write(_file, vec![0; seed.len()])?;
            std::fs::remove_file(_file)?;
            Ok(seed)
        }
    }
}

/// The seed is in base 32; on stdout the answer, an object of JSON, follows.
fn read(written: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let seed = written.split(|byte| *byte == b'{').next()?;
    decode_secret(str::from_utf8(seed).ok()?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_read_with_what_follows_or_without() {
        let seed = |text: &str| read(text.as_bytes()).map(|seed| seed.to_vec());
        assert_eq!(seed("MZXW6YTB{\n    \"VirtualMFADevice\": {}\n}\n").unwrap(), b"fooba");
        assert_eq!(seed("MZXW6YTB\n").unwrap(), b"fooba");
        assert_eq!((seed(""), seed("{\"a\": 1}"), seed("\u{e9}1")), (None, None, None));
    }
}
