//! IAM users, their passwords and devices.

use super::{Against, Judge};
use crate::audit::{Check, Kind, Source, Subject, User};

impl Judge<'_> {
    pub(super) fn users(&mut self) {
        let facts = self.facts;
        if let Some(why) = facts.unknown_users() {
            for check in [Check::UserMfa, Check::OneDevice, Check::PhishingResistant] {
                self.cannot_tell(check, Subject::Account, Against::new(&why, facts.counted()));
            }
        } else if facts.users.is_empty() {
            // Not that all is well: people may be elsewhere.
            let why = "there are no IAM users: people may sign in by IAM Identity Center, whose MFA is set there, and \
                       which no file of this kind shows";
            self.cannot_tell(Check::UserMfa, Subject::Account, Against::new(why, Vec::new()));
        }
        for user in &facts.users {
            self.user(user);
        }
    }

    fn user(&mut self, user: &User) {
        let facts = self.facts;
        let subject = || Subject::User(user.name.clone());
        if user.console_password == Some(false) {
            // Without a password nobody is asked for MFA at the console.
            return self.pass(Check::UserMfa);
        }
        let mut says = facts.reported(user.line, &format!("mfa_active: {}", user.reported_mfa == Some(true)));
        says.extend(facts.listed(&subject(), &user.devices));
        if user.is_contradicted() && !facts.inputs.live {
            let why = "the credential report and the lists of devices contradict each other, and nothing says which \
                       is newer";
            return self.cannot_tell(Check::UserMfa, subject(), Against::new(why, says));
        }
        let has_mfa = match (user.devices.is_empty(), user.devices_complete) {
            (false, _) => Some(true),
            (true, true) => Some(false),
            (true, false) => user.reported_mfa,
        };
        match (has_mfa, user.console_password) {
            (Some(true), _) => {
                self.pass(Check::UserMfa);
                self.one_device(user);
                self.phishing(user);
            }
            (Some(false), Some(true)) => {
                let detail = "signs in to the console with a password alone";
                self.against(Check::UserMfa, subject(), Against::new(detail, says));
            }
            (Some(false), _) => {
                let why = format!("has no MFA, and whether there is a password: {}", self.no_row(user));
                self.cannot_tell(Check::UserMfa, subject(), Against::new(&why, says));
            }
            (None, _) => {
                let why = format!("whether there is MFA: {}", self.no_row(user));
                self.cannot_tell(Check::UserMfa, subject(), Against::new(&why, says));
            }
        }
    }

    /// Why the credential report says nothing of a user.
    fn no_row(&self, user: &User) -> String {
        match (&self.facts.inputs.report, user.line) {
            (None, _) => self.facts.missing(Source::Report),
            (Some(_), None) => "the credential report is older than the user".to_owned(),
            (Some(_), Some(_)) => "the credential report does not say".to_owned(),
        }
    }

    fn one_device(&mut self, user: &User) {
        let subject = || Subject::User(user.name.clone());
        let listed = self.facts.listed(&subject(), &user.devices);
        match (user.devices.len(), user.devices_complete) {
            (2.., _) => self.pass(Check::OneDevice),
            (_, true) => {
                let detail = "has one device only: with it goes the way in";
                self.against(Check::OneDevice, subject(), Against::new(detail, listed));
            }
            (_, false) => {
                let why = self.unlisted(user);
                self.cannot_tell(Check::OneDevice, subject(), Against::new(&why, listed));
            }
        }
    }

    fn phishing(&mut self, user: &User) {
        let subject = || Subject::User(user.name.clone());
        let listed = self.facts.listed(&subject(), &user.devices);
        if user.devices.iter().any(|device| device.kind == Kind::SecurityKey) {
            return self.pass(Check::PhishingResistant);
        }
        if user.devices_complete {
            let detail = "has codes only, which a false website can pass on";
            return self.against(Check::PhishingResistant, subject(), Against::new(detail, listed));
        }
        let why = self.unlisted(user);
        self.cannot_tell(Check::PhishingResistant, subject(), Against::new(&why, listed));
    }

    /// Why not all devices of a user are known.
    fn unlisted(&self, user: &User) -> String {
        let listed = self.facts.missing(Source::Devices);
        match (user.devices.is_empty(), &self.facts.inputs.virtual_devices) {
            (false, _) => {
                format!("has an authenticator app, and the list that shows it holds no security keys: {listed}")
            }
            (true, Some(_)) => {
                format!("has a device that is not in the list of virtual ones, a security key or a token: {listed}")
            }
            (true, None) => format!("the credential report says that there is a device, and not which: {listed}"),
        }
    }
}
