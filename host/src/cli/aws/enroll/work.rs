//! What is done at AWS and on the key, and how it is undone.

use std::thread;
use std::time::Duration;

use super::seed;
use crate::cli::aws::caller::serials;
use crate::cli::aws::session::{Cache, two};
use crate::cli::aws::tool::{Aws, Consent};
use crate::cli::failure::Failure;
use crate::cli::oath::{Clock, Session};
use crate::cli::output::Output;
use crate::client::oath::{Algorithm, Kind, Listed, Name, NewAccount};
use crate::text::escape;
use brasskey_aws::names::DeviceName;

/// How often AWS is asked whether the device is listed: what IAM was told reaches all of it after a moment.
const LOOKS: u32 = 3;
/// How long it is waited between two looks.
const MOMENT: Duration = Duration::from_secs(2);

/// One enrolment.
pub(super) struct Work<'a> {
    pub(super) aws: &'a Aws,
    pub(super) consent: &'a Consent,
    pub(super) user: &'a str,
    pub(super) device: &'a DeviceName,
    pub(super) serial: &'a str,
    /// The account on the key.
    pub(super) name: &'a Name,
    /// Whether its codes take a touch.
    pub(super) touch: bool,
    /// Whether it is known that nothing of the name was there before.
    pub(super) is_new: bool,
    /// Learns which codes are used, so that a session that follows takes a new one.
    pub(super) cache: &'a Cache,
    pub(super) clock: &'a dyn Clock,
    pub(super) output: &'a Output,
}

/// What was done so far, or may have been.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// The virtual device was made.
    device: bool,
    /// It was enabled.
    enabled: bool,
    /// The account is on the key.
    first: bool,
    /// The account is on the spare.
    spare: bool,
}

impl Work<'_> {
    /// Does it all, and notes what was done. Whether AWS lists the device.
    pub(super) fn run(
        &mut self,
        session: &mut Session,
        spare: Option<&mut Session>,
        done: &mut Done,
    ) -> Result<bool, Failure> {
        let seed = seed::create(self.aws, self.consent, self.device);
        done.device = happened(&seed);
        if seed.is_err() && done.device && !self.is_new {
            // It may be another user's, from before.
            done.device = false;
            self.output.notice(&format!(
                "warning: {} may have been made now: look with `aws iam list-virtual-mfa-devices`, and delete it if so",
                escape(self.serial)
            ));
        }
        let mut new = NewAccount::new(self.name.clone(), seed?);
        new.touch = self.touch;
        // Before each: a key that took it and failed to say so has it all the same.
        done.first = true;
        session.oath.put(&new)?;
        if let Some(spare) = spare {
            done.spare = true;
            spare.oath.put(&new)?;
        }
        // The seed is wiped.
        drop(new);
        let listed = Listed {
            id: self.name.id().into_bytes(),
            name: self.name.clone(),
            kind: Kind::Totp,
            algorithm: Algorithm::Sha1,
        };
        self.output
            .notice("two codes in a row enable the device: this takes up to half a minute");
        let [one, two] = two(session, &listed, self.cache, self.clock, self.output)?;
        let enabled = self.aws.change(
            self.consent,
            "iam",
            "enable-mfa-device",
            &[
                ("user-name", self.user),
                ("serial-number", self.serial),
                ("authentication-code1", &one.to_string()),
                ("authentication-code2", &two.to_string()),
            ],
        );
        done.enabled = enabled.as_ref().map_or_else(|error| !error.is_refusal(), |_| true);
        enabled?;
        // From here on the user has the device: whatever fails, it is not taken back.
        *done = Done::default();
        Ok(self.is_listed())
    }

    fn is_listed(&self) -> bool {
        for look in 1..=LOOKS {
            match serials(self.aws, self.user) {
                Ok(devices) if devices.iter().any(|device| device == self.serial) => return true,
                Ok(_) if look < LOOKS => thread::sleep(MOMENT),
                _ => break,
            }
        }
        false
    }

    /// Undoes what was done, and says what could not be undone. Nothing here is cut short by Ctrl-C.
    pub(super) fn clean_up(&self, session: &mut Session, spare: Option<&mut Session>, done: &Done) {
        if *done == Done::default() {
            return;
        }
        self.output.notice("this did not work: what was made is deleted again");
        if done.device {
            self.delete_device(done.enabled);
        }
        let keys = [(done.first, Some(session)), (done.spare, spare)];
        for (_, key) in keys.into_iter().filter(|(has_it, _)| *has_it) {
            if let Some(key) = key {
                self.delete_account(key);
            }
        }
    }

    fn delete_device(&self, enabled: bool) {
        let serial = [("serial-number", self.serial)];
        let of_user = [("user-name", self.user), ("serial-number", self.serial)];
        if enabled {
            // Whether it was enabled is not known: if not, this is refused, and the next call tells the rest.
            let _ = self.aws.undo(self.consent, "iam", "deactivate-mfa-device", &of_user);
        }
        match self.aws.undo(self.consent, "iam", "delete-virtual-mfa-device", &serial) {
            Ok(_) => self.output.notice(&format!("{} is deleted", escape(self.serial))),
            // It was not made after all.
            Err(error) if error.code() == Some("NoSuchEntity") => {}
            Err(error) => self.output.notice(&format!(
                "error: {} is still there: {}\nhint: delete it: {}",
                escape(self.serial),
                escape(&error.to_string()),
                escape(&self.aws.shown("iam", "delete-virtual-mfa-device", &serial)),
            )),
        }
    }

    fn delete_account(&self, key: &mut Session) {
        use crate::client::Error;
        use crate::client::oath::OathError;
        let name = escape(&self.name.to_string()).into_owned();
        match key.oath.delete(self.name.id().as_bytes()) {
            Ok(()) => self.output.notice(&format!("{name} on {} is deleted", key.label)),
            // It was not put there after all.
            Err(Error::Oath(OathError::NoAccount)) => {}
            Err(error) => self.output.notice(&format!(
                "error: {name} is still on {}: {}\nhint: delete it: brasskey oath delete '{name}'",
                key.label,
                escape(&error.to_string()),
            )),
        }
    }
}

/// Whether the device was made, or may have been: AWS did not refuse.
fn happened<T>(result: &Result<T, Failure>) -> bool {
    match result {
        Err(Failure::Aws(error)) => !error.is_refusal(),
        // Nothing was called.
        Err(Failure::System { .. }) => false,
        _ => true,
    }
}

#[cfg(all(test, unix))]
mod tests;
