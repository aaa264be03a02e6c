//! What the files say of whom, put together.

use std::collections::{BTreeMap, HashMap};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::arn::Arn;
use super::inputs::{From, Inputs, ListedKey};
use super::{Evidence, Source, Subject};

/// A kind of MFA device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A passkey or security key.
    SecurityKey,
    /// An authenticator app.
    Virtual,
    /// A hardware token that shows codes.
    Hardware,
}

impl Kind {
    /// The kind that a serial number shows.
    #[must_use]
    pub fn of_serial(serial: &str) -> Self {
        match Arn::parse(serial) {
            Some(arn) if arn.resource.starts_with("u2f/") => Self::SecurityKey,
            Some(arn) if arn.resource.starts_with("mfa/") => Self::Virtual,
            _ => Self::Hardware,
        }
    }

    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SecurityKey => "security key",
            Self::Virtual => "authenticator app",
            Self::Hardware => "hardware token",
        }
    }
}

/// An MFA device that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Its serial number or ARN.
    pub serial: String,
    /// Its kind, by its serial number.
    pub kind: Kind,
    /// What get-mfa-device says of a security key: the FIDO certification, such as `L1`.
    pub certification: Option<String>,
    /// Where it is listed.
    #[serde(skip)]
    pub(super) file: String,
}

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Its ID; `None` where only the credential report is there.
    pub id: Option<String>,
    /// Its place in the credential report, 1 or 2.
    pub number: Option<u8>,
    /// Whether it works.
    pub active: bool,
    /// When it was made or replaced.
    #[serde(serialize_with = "maybe_seconds")]
    pub created: Option<OffsetDateTime>,
    /// When it was used last; `None` where it never was, or nothing says so.
    #[serde(serialize_with = "maybe_seconds")]
    pub used: Option<OffsetDateTime>,
}

impl Key {
    /// For people.
    pub(super) fn label(&self) -> String {
        match (&self.id, self.number) {
            (Some(id), _) => format!("access key {id}"),
            (None, Some(number)) => format!("access key {number}"),
            (None, None) => "access key".to_owned(),
        }
    }
}

/// An IAM user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's name.
    pub name: String,
    /// Whether there is a console password; `None` where nothing says so.
    pub console_password: Option<bool>,
    /// Whether the credential report says that there is an MFA device.
    pub reported_mfa: Option<bool>,
    /// The devices that are known.
    pub devices: Vec<Device>,
    /// Whether these are all.
    pub devices_complete: bool,
    /// The access keys that work or worked.
    pub access_keys: Vec<Key>,
    /// The line of the report.
    #[serde(skip)]
    pub(super) line: Option<u64>,
}

impl User {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            console_password: None,
            reported_mfa: None,
            devices: Vec::new(),
            devices_complete: false,
            access_keys: Vec::new(),
            line: None,
        }
    }

    /// Whether the report and the lists contradict each other.
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        match self.reported_mfa {
            Some(true) => self.devices_complete && self.devices.is_empty(),
            Some(false) => !self.devices.is_empty(),
            None => false,
        }
    }
}

/// What the files say, by user.
#[derive(Debug)]
pub struct Facts<'a> {
    pub(super) inputs: &'a Inputs,
    /// The users, by name.
    pub users: Vec<User>,
    /// The devices of the root user that are known.
    pub root_devices: Vec<Device>,
    /// Whether these are all.
    pub root_devices_complete: bool,
}

impl<'a> Facts<'a> {
    /// Puts together what was read.
    #[must_use]
    pub fn new(inputs: &'a Inputs) -> Self {
        let mut users: BTreeMap<String, User> = BTreeMap::new();
        let mut names: Vec<&str> = Vec::new();
        names.extend(
            inputs
                .users
                .iter()
                .flat_map(|users| &users.value)
                .map(|user| user.user_name.as_str()),
        );
        let detailed = inputs.details.iter().flat_map(|details| &details.value.users);
        names.extend(detailed.map(|user| user.user_name.as_str()));
        for name in names {
            users.entry(name.to_owned()).or_insert_with(|| User::new(name));
        }
        for row in inputs.report.iter().flat_map(|report| &report.value.rows) {
            let Subject::User(name) = &row.subject else { continue };
            let user = users.entry(name.clone()).or_insert_with(|| User::new(name));
            user.line = Some(row.line);
            user.console_password = row.password;
            user.reported_mfa = Some(row.mfa);
            for (key, number) in row.keys.iter().zip(1..) {
                // A key that was deleted leaves a row without any date.
                if key.active || key.rotated.is_some() {
                    user.access_keys.push(Key {
                        id: None,
                        number: Some(number),
                        active: key.active,
                        created: key.rotated.map(|moment| moment.0),
                        used: key.used.map(|moment| moment.0),
                    });
                }
            }
        }
        for (name, keys) in &inputs.keys {
            let user = users.entry(name.clone()).or_insert_with(|| User::new(name));
            listed_keys(user, &keys.value);
        }
        let mut facts = Self {
            inputs,
            users: Vec::new(),
            root_devices: Vec::new(),
            root_devices_complete: false,
        };
        facts.devices(&mut users);
        facts.users = users.into_values().collect();
        facts
    }

    fn devices(&mut self, users: &mut BTreeMap<String, User>) {
        for (subject, listed) in &self.inputs.devices {
            let serials = listed.value.iter().map(|device| device.serial_number.as_str());
            let devices = serials.map(|serial| self.device(serial, &listed.file)).collect();
            match subject {
                Subject::User(name) => {
                    let user = users.entry(name.clone()).or_insert_with(|| User::new(name));
                    (user.devices, user.devices_complete) = (devices, true);
                }
                _ => (self.root_devices, self.root_devices_complete) = (devices, true),
            }
        }
        let Some(listed) = &self.inputs.virtual_devices else {
            return;
        };
        for device in &listed.value {
            let Some(owner) = &device.user else { continue };
            let device = self.device(&device.serial_number, &listed.file);
            let is_root = owner.arn.as_deref().and_then(Arn::parse).is_some_and(Arn::is_root);
            let devices = match &owner.user_name {
                _ if is_root => &mut self.root_devices,
                Some(name) => &mut users.entry(name.clone()).or_insert_with(|| User::new(name)).devices,
                None => continue,
            };
            if devices.iter().all(|known| known.serial != device.serial) {
                devices.push(device);
            }
        }
    }

    fn device(&self, serial: &str, file: &str) -> Device {
        let certifications = self.inputs.certifications.get(serial);
        Device {
            serial: serial.to_owned(),
            kind: Kind::of_serial(serial),
            certification: certifications.and_then(|all| all.get("FIDO").cloned()),
            file: file.to_owned(),
        }
    }

    /// How many IAM users there are, by the account summary.
    pub(super) fn user_count(&self) -> Option<usize> {
        let count = self.inputs.summary.as_ref()?.value.users?;
        usize::try_from(count).ok()
    }

    /// Why not all users are known; `None` where they are.
    pub(super) fn unknown_users(&self) -> Option<String> {
        let has_list = self.inputs.report.is_some() || self.inputs.users.is_some() || self.inputs.details.is_some();
        let why = match has_list {
            true => "each list of users is older than the summary, or not whole".to_owned(),
            false => format!("{}, and no list of users", self.missing(Source::Report)),
        };
        let known = self.users.len();
        match self.user_count() {
            Some(all) if all > known => {
                let are = if known == 1 { "is" } else { "are" };
                Some(format!("{known} of {all} users {are} known: {why}"))
            }
            None if !has_list => Some(why),
            _ => None,
        }
    }

    /// Why an answer is not there.
    pub(super) fn missing(&self, source: Source) -> String {
        match self.inputs.missing.get(&source) {
            Some(why) => why.clone(),
            None if self.inputs.live => format!("AWS had no answer to `aws {}`", source.operation()),
            None => format!("there is no answer of `aws {}`", source.operation()),
        }
    }

    /// Where the summary counts users.
    pub(super) fn counted(&self) -> Vec<Evidence> {
        let counted = self.inputs.summary.as_ref().zip(self.user_count());
        let counted = counted.map(|(summary, count)| evidence(summary, format!("Users: {count}")));
        counted.into_iter().collect()
    }

    /// A line of the report, with one of its columns.
    pub(super) fn reported(&self, line: Option<u64>, says: &str) -> Vec<Evidence> {
        let (Some(report), Some(line)) = (&self.inputs.report, line) else {
            return Vec::new();
        };
        vec![evidence(report, format!("line {line}: {says}"))]
    }

    /// The lists of a user's devices.
    pub(super) fn listed(&self, subject: &Subject, devices: &[Device]) -> Vec<Evidence> {
        if devices.is_empty()
            && let Some(list) = self.inputs.devices.get(subject)
        {
            return vec![evidence(list, "MFADevices: []".to_owned())];
        }
        let listed = devices.iter().map(|device| Evidence {
            file: device.file.clone(),
            says: format!("SerialNumber: {}", device.serial),
        });
        listed.collect()
    }
}

/// A place in a file.
pub(super) fn evidence<T>(from: &From<T>, says: String) -> Evidence {
    let file = from.file.to_string();
    Evidence { file, says }
}

/// Keys of list-access-keys: they have an ID, and no last use. The report names none, but both say when it was made.
fn listed_keys(user: &mut User, listed: &[ListedKey]) {
    let mut by_day: HashMap<Option<OffsetDateTime>, &ListedKey> = HashMap::new();
    for key in listed {
        by_day.insert(key.create_date.map(|moment| moment.0), key);
    }
    if user.line.is_some() {
        for key in &mut user.access_keys {
            key.id = by_day.get(&key.created).map(|listed| listed.access_key_id.clone());
        }
        return;
    }
    for key in listed {
        user.access_keys.push(Key {
            id: Some(key.access_key_id.clone()),
            number: None,
            active: key.status == "Active",
            created: key.create_date.map(|moment| moment.0),
            used: None,
        });
    }
}

/// Seconds since 1970, or `null`.
pub(super) fn maybe_seconds<S: Serializer>(moment: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(OffsetDateTime::unix_timestamp).serialize(serializer)
}
