//! Codes that people were shown, and most likely give to AWS: a session does not send them once more.

use std::path::PathBuf;

use super::cache::Cache;
use crate::cli::failure::Failure;
use crate::client::oath::{DEFAULT_PERIOD, Name};
use crate::soft::paths;

/// The parts of AWS that have accounts of their own.
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

/// Notes that somebody saw the code of a time, in seconds since 1970, of an account that has the name of a virtual
/// device: `work@123456789012`, as AWS's QR codes have it. At worst, a session waits for the next code without need.
/// Where it cannot be noted, AWS refuses a code that was used, and says so.
pub(in crate::cli) fn note_shown(name: &Name, time: u64) {
    if let Ok(directory) = paths::default_aws_sessions() {
        let _ = note(directory, name, time);
    }
}

fn note(directory: PathBuf, name: &Name, time: u64) -> Result<(), Failure> {
    let Some((device, account)) = name.account.rsplit_once('@') else {
        return Ok(());
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if !is_account || device.is_empty() || name.period != DEFAULT_PERIOD {
        return Ok(());
    }
    let step = time / u64::from(DEFAULT_PERIOD);
    for partition in PARTITIONS {
        let serial = format!("arn:{partition}:iam::{account}:mfa/{device}");
        let cache = Cache::at(directory.clone(), &serial)?;
        // The next one may be taken already. One far ahead is of a time when the clock was wrong.
        if cache.last_step()? != Some(step + 1) {
            cache.use_step(step)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::oath::Kind;

    #[test]
    fn a_code_that_was_shown_counts_as_used_at_aws_and_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let at = |serial: &str| Cache::at(directory.path().to_owned(), serial).unwrap();
        let show = |name: &str, time| note(directory.path().to_owned(), &Name::parse(name, Kind::Totp), time).unwrap();
        let last = |serial: &str| at(serial).last_step().unwrap();
        show("AWS:work@123456789012", 3000);
        for partition in PARTITIONS {
            assert_eq!(last(&format!("arn:{partition}:iam::123456789012:mfa/work")), Some(100));
        }
        let serial = "arn:aws:iam::123456789012:mfa/work";
        assert_eq!(last("arn:aws:iam::123456789012:mfa/home"), None);
        // Another command has the next one already.
        at(serial).use_step(101).unwrap();
        show("work@123456789012", 3029);
        assert_eq!(last(serial), Some(101));
        show("work@123456789012", 3090);
        assert_eq!(last(serial), Some(103));
        let files = || std::fs::read_dir(directory.path()).unwrap().count();
        let before = files();
        for other in [
            "GitHub:alice",
            "alice@example.com",
            "@123456789012",
            "work@12345678901",
            "60/AWS:home@123456789012",
        ] {
            show(other, 3000);
        }
        assert_eq!(files(), before);
    }
}
