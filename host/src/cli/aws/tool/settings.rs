//! Settings of a profile, by `aws configure`.

use std::process::Command;

use super::consent::Consent;
use super::error::AwsError;
use super::process::{Interrupts, run};
use super::{Aws, START, quoted};

impl Aws {
    /// A setting of the profile, where it has one.
    pub(in crate::cli) fn configured(&self, name: &str) -> Option<String> {
        let mut command = Command::new(&self.program);
        command.args(["configure", "get", name]).args(self.of_profile());
        self.prepare(&mut command);
        // A setting, or a profile, that is not there is a failure without a word, or with one of its own.
        let ended = run(command, START, Interrupts::End)
            .ok()
            .filter(|ended| ended.success)?;
        let value = str::from_utf8(&ended.stdout).ok()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Writes a setting to the profile, which it makes where there is none.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn configure(&self, _: &Consent, name: &str, value: &str) -> Result<(), AwsError> {
        let mut command = Command::new(&self.program);
        command.args(["configure", "set", name, value]).args(self.of_profile());
        self.prepare(&mut command);
        let ended = run(command, START, Interrupts::End)?;
        match ended.success {
            true => Ok(()),
            false => Err(AwsError::read(&ended.stderr, "configure", "set", self.profile())),
        }
    }

    /// The call of [`configure`](Self::configure), for people.
    pub(in crate::cli) fn shown_setting(&self, name: &str, value: &str) -> String {
        let mut line = format!("aws configure set {name} {}", quoted(value));
        for word in self.of_profile() {
            line.push_str(&format!(" {}", quoted(&word)));
        }
        line
    }

    fn of_profile(&self) -> Vec<String> {
        let profile = self.args.profile.iter();
        profile
            .flat_map(|profile| ["--profile".to_owned(), profile.clone()])
            .collect()
    }
}
