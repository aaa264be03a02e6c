//! The root user.

use super::{Against, Judge, day};
use crate::audit::facts::evidence;
use crate::audit::inputs::{Row, What, Who};
use crate::audit::{Check, Evidence, Kind, Source, Subject};

/// A name that proves nothing: older consoles gave it to root's device, and anybody may give it to any.
const OLD_NAME: &str = "mfa/root-account-mfa-device";

impl Judge<'_> {
    pub(super) fn root(&mut self) {
        let has_mfa = self.root_mfa();
        self.root_access_keys();
        if has_mfa == Some(true) {
            self.root_device();
            self.root_one_device();
        }
    }

    /// What the credential report says of root.
    fn root_row(&self) -> Option<&Row> {
        let report = self.facts.inputs.report.as_ref()?;
        report.value.rows.iter().find(|row| row.subject == Subject::Root)
    }

    fn root_mfa(&mut self) -> Option<bool> {
        let inputs = self.facts.inputs;
        let mut says = Vec::new();
        let (mut mfa, mut password) = (None, None);
        if let Some(row) = self.root_row() {
            says = self.facts.reported(Some(row.line), &format!("mfa_active: {}", row.mfa));
            (mfa, password) = (Some(row.mfa), row.password);
        }
        // The summary is of the moment when it was asked for, and the report is hours old: the summary decides.
        if let Some(summary) = &inputs.summary {
            says = vec![evidence(summary, format!("AccountMFAEnabled: {}", summary.value.mfa))];
            mfa = Some(summary.value.mfa > 0);
            if let Some(present) = summary.value.password {
                password = Some(present > 0);
                says.push(evidence(summary, format!("AccountPasswordPresent: {present}")));
            }
        }
        let mut features = inputs.features.iter();
        let central = features.find(|features| features.value.iter().any(|name| name == "RootCredentialsManagement"));
        match (mfa, password, central) {
            (Some(true), ..) => self.pass(Check::RootMfa),
            (Some(false), Some(false), _) => {
                let why = "root has no password, as in member accounts whose root credentials were removed: MFA has \
                           nothing to guard there, unless the password can be recovered by e-mail";
                self.cannot_tell(Check::RootMfa, Subject::Root, Against::new(why, says));
            }
            (Some(false), None, Some(central)) => {
                says.push(evidence(
                    central,
                    "EnabledFeatures: RootCredentialsManagement".to_owned(),
                ));
                let why = "the organization manages root credentials centrally, and no file says whether root of this \
                           account has a password: without one it cannot have MFA either";
                self.cannot_tell(Check::RootMfa, Subject::Root, Against::new(why, says));
            }
            (Some(false), ..) => {
                let detail = "the root user has no MFA: its password alone opens the whole account";
                self.against(Check::RootMfa, Subject::Root, Against::new(detail, says));
            }
            (None, ..) => {
                let mut why = self.nothing_of_root();
                if self.has_old_name() {
                    why.push_str("; a virtual device called root-account-mfa-device proves nothing");
                }
                self.cannot_tell(Check::RootMfa, Subject::Root, Against::new(&why, Vec::new()));
            }
        }
        mfa
    }

    fn nothing_of_root(&self) -> String {
        let missing = self.facts.missing(Source::Summary);
        format!("{missing}, and no credential report with the root user")
    }

    /// Whether there is a device with root's old name that is not known to be root's.
    fn has_old_name(&self) -> bool {
        let listed = self
            .facts
            .inputs
            .virtual_devices
            .iter()
            .flat_map(|devices| &devices.value);
        let mut named = listed.filter(|device| device.serial_number.ends_with(OLD_NAME));
        let known = &self.facts.root_devices;
        named.any(|device| known.iter().all(|known| known.serial != device.serial_number))
    }

    fn root_access_keys(&mut self) {
        let summary = self.facts.inputs.summary.as_ref();
        let present = summary.and_then(|summary| Some((summary, summary.value.access_keys?)));
        let (has_key, says) = match (present, self.root_row()) {
            (Some((summary, count)), _) => {
                let says = format!("AccountAccessKeysPresent: {count}");
                (count > 0, vec![evidence(summary, says)])
            }
            (None, Some(row)) => {
                let [first, second] = row.keys.map(|key| key.active);
                let says = format!("access_key_1_active: {first}, access_key_2_active: {second}");
                (first || second, self.facts.reported(Some(row.line), &says))
            }
            (None, None) => {
                let why = self.nothing_of_root();
                return self.cannot_tell(Check::RootAccessKey, Subject::Root, Against::new(&why, Vec::new()));
            }
        };
        if !has_key {
            return self.pass(Check::RootAccessKey);
        }
        let detail = "the root user has an access key: no policy limits it, and nothing asks it for MFA";
        self.against(Check::RootAccessKey, Subject::Root, Against::new(detail, says));
    }

    fn root_device(&mut self) {
        let devices = &self.facts.root_devices;
        let listed = self.facts.listed(&Subject::Root, devices);
        let has = |kind: Kind| devices.iter().any(|device| device.kind == kind);
        if has(Kind::SecurityKey) {
            return self.pass(Check::RootDevice);
        }
        if has(Kind::Virtual) {
            let detail = "root can sign in with an authenticator app, whose codes a false website can pass on";
            return self.against(Check::RootDevice, Subject::Root, Against::new(detail, listed));
        }
        if has(Kind::Hardware) {
            let detail = "root can sign in with a hardware token, whose codes a false website can pass on";
            return self.against(Check::RootDevice, Subject::Root, Against::new(detail, listed));
        }
        let mut why = match &self.facts.inputs.virtual_devices {
            Some(_) => "no device in the list of virtual ones is root's, and that list holds no security keys and no \
                        hardware tokens: root has one of these"
                .to_owned(),
            None => {
                let missing = self.facts.missing(Source::VirtualDevices);
                format!("{missing}; and a security key of root is in no list but root's own")
            }
        };
        if self.has_old_name() {
            why.push_str(
                "; a virtual device called root-account-mfa-device proves nothing: it is not assigned to root",
            );
        }
        let mut against = Against::new(&why, Vec::new());
        if let Some((note, seen)) = self.root_device_seen() {
            against.evidence.push(seen);
            against = against.note(note);
        }
        self.cannot_tell(Check::RootDevice, Subject::Root, against);
    }

    /// With what root signed in last, by CloudTrail. The device may have gone since.
    fn root_device_seen(&self) -> Option<(String, Evidence)> {
        let events = self.facts.inputs.sign_ins.values();
        let of_root = events.filter(|event| event.value.who == Who::Root && event.value.success);
        let checks = of_root.filter_map(|event| match &event.value.what {
            What::CheckMfa(Some(kind)) => Some((event, kind)),
            _ => None,
        });
        let (event, kind) = checks.max_by_key(|(event, _)| event.value.when.0)?;
        let note = format!("on {} root was asked for: {kind}", day(event.value.when.0));
        let says = format!("CheckMfa {}: MfaType: {kind}", event.value.id);
        Some((note, evidence(event, says)))
    }

    fn root_one_device(&mut self) {
        let devices = &self.facts.root_devices;
        let listed = self.facts.listed(&Subject::Root, devices);
        match (devices.len(), self.facts.root_devices_complete) {
            (2.., _) => self.pass(Check::OneDevice),
            (1, true) => {
                let detail = "has one device only: with it goes the way in";
                self.against(Check::OneDevice, Subject::Root, Against::new(detail, listed));
            }
            _ => {
                let why = "only root itself can list all its devices: `aws iam list-mfa-devices`, or the console";
                self.cannot_tell(Check::OneDevice, Subject::Root, Against::new(why, listed));
            }
        }
    }
}
