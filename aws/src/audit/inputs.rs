//! What is read: the answers of the AWS CLI, as somebody saved them.

mod document;
mod error;
mod moment;
mod report;
mod sign_in;
mod source;
#[cfg(test)]
mod tests;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::OffsetDateTime;

pub use error::ReadError;
pub use source::Source;

pub(super) use document::{
    Attached, GroupDetail, InlinePolicy, ListedDevice, ListedKey, ListedUser, ManagedPolicy, Summary, UserDetail,
    VirtualDevice,
};
pub(super) use moment::Moment;
pub(super) use report::{Report, Row};
pub(super) use sign_in::{SignIn, What, Who};

use self::document::{Document, Event, Shape};
use self::error::{EMPTY, reason};
use self::report::decoded;
use super::Subject;
use super::arn::{Arn, account_number, is_serial_number, is_user_name};

/// The most bytes of one file. Details of 5,000 users are some ten megabytes.
pub const MAX_INPUT: usize = 1 << 30;

/// Something, and the file that it is from.
#[derive(Debug, Clone)]
pub(super) struct From<T> {
    pub(super) file: Arc<str>,
    pub(super) value: T,
}

/// The parts of get-account-authorization-details that are judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Details {
    pub(super) users: Vec<UserDetail>,
    pub(super) groups: Vec<GroupDetail>,
    pub(super) policies: Vec<ManagedPolicy>,
}

/// Everything that was read, not yet put together.
#[derive(Debug, Default)]
pub struct Inputs {
    pub(super) files: Vec<Arc<str>>,
    /// The account, and the file that said so first.
    pub(super) account: Option<From<u64>>,
    pub(super) summary: Option<From<Summary>>,
    pub(super) report: Option<From<Report>>,
    pub(super) users: Option<From<Vec<ListedUser>>>,
    /// By user: `None` in the devices of root.
    pub(super) devices: BTreeMap<Subject, From<Vec<ListedDevice>>>,
    pub(super) virtual_devices: Option<From<Vec<VirtualDevice>>>,
    pub(super) keys: BTreeMap<String, From<Vec<ListedKey>>>,
    pub(super) details: Option<From<Details>>,
    /// By their ID: files of several regions and times may overlap.
    pub(super) sign_ins: BTreeMap<String, From<SignIn>>,
    pub(super) has_events: bool,
    pub(super) regions: BTreeSet<String>,
    pub(super) features: Option<From<Vec<String>>>,
    /// The FIDO certifications of security keys, by serial number.
    pub(super) certifications: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) missing: BTreeMap<Source, String>,
    /// The actions that AWS did not allow.
    pub(super) denied: BTreeMap<Source, String>,
    pub(super) live: bool,
}

impl Inputs {
    /// Reads a file: one answer, or several after one another. What it holds decides what it is, not its name.
    ///
    /// # Errors
    /// [`ReadError`], where it is damaged or incomplete, is something else, or contradicts what was read before.
    pub fn read(&mut self, file: &str, bytes: &[u8]) -> Result<(), ReadError> {
        let file: Arc<str> = file.into();
        let fail = |line: Option<u64>, problem: String| ReadError {
            file: file.to_string(),
            line,
            problem,
        };
        if bytes.len() > MAX_INPUT {
            return Err(fail(None, format!("it is larger than {MAX_INPUT} bytes")));
        }
        // Windows PowerShell writes UTF-16 where it redirects.
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(fail(Some(1), "it is UTF-16: save it as UTF-8".to_owned()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let breaks = before.iter().filter(|byte| **byte == b'\n').count();
            fail(Some(breaks as u64 + 1), "it is not UTF-8".to_owned())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        self.files.push(Arc::clone(&file));
        if report::is_report(text) {
            return self.report(&file, text, None);
        }
        match text.trim_start().bytes().next() {
            None => Err(fail(None, EMPTY.to_owned())),
            Some(b'{') => self.json(&file, text),
            Some(_) => match decoded(text) {
                // `--query Content --output text`.
                Some(csv) => self.report(&file, &csv, None),
                None => Err(fail(
                    Some(1),
                    "it is neither a JSON object nor a credential report".to_owned(),
                )),
            },
        }
    }

    /// An answer that could not be had, and why: verdicts that need it say so.
    pub fn set_missing(&mut self, source: Source, why: impl Into<String>) {
        self.missing.insert(source, why.into());
    }

    /// The action that is not allowed, where [`Inputs::set_missing`] says so: verdicts say what to ask for.
    pub fn set_denied(&mut self, source: Source, action: impl Into<String>) {
        self.denied.insert(source, action.into());
    }

    /// A region whose sign-ins were read, though there may be none.
    pub fn set_region(&mut self, region: impl Into<String>) {
        self.has_events = true;
        self.regions.insert(region.into());
    }

    /// That lists of devices were asked for just now, and are newer than any credential report.
    pub fn set_live(&mut self) {
        self.live = true;
    }

    fn json(&mut self, file: &Arc<str>, text: &str) -> Result<(), ReadError> {
        let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Document>();
        let mut begin = 0;
        while let Some(document) = documents.next() {
            let skipped = |at: usize| {
                text.get(..at)
                    .unwrap_or_default()
                    .bytes()
                    .filter(|byte| *byte == b'\n')
                    .count()
            };
            let document = document.map_err(|error| ReadError {
                file: file.to_string(),
                line: Some(error.line() as u64),
                problem: reason(&error),
            })?;
            let blanks = text.get(begin..).map_or(0, |rest| rest.len() - rest.trim_start().len());
            let line = skipped(begin + blanks) as u64 + 1;
            begin = documents.byte_offset();
            self.answer(file, document).map_err(|problem| ReadError {
                file: file.to_string(),
                line: Some(line),
                problem,
            })?;
        }
        Ok(())
    }

    fn answer(&mut self, file: &Arc<str>, document: Document) -> Result<(), String> {
        let shape = document.shape()?;
        match shape {
            Shape::Summary => once(&mut self.summary, file, document.summary_map),
            Shape::Report => {
                let content = document.content.unwrap_or_default();
                let csv = decoded(&content).ok_or("Content is no credential report in base64")?;
                let at = |error: ReadError| match error.line {
                    Some(line) => format!("the report in Content, line {line}: {}", error.problem),
                    None => error.problem,
                };
                self.report(file, &csv, document.generated_time).map_err(at)
            }
            Shape::Users => {
                let users = document.users.unwrap_or_default();
                for user in &users {
                    self.user(file, &user.user_name, &user.arn)?;
                }
                once(&mut self.users, file, Some(users))
            }
            Shape::Devices => self.listed_devices(file, document),
            Shape::VirtualDevices => {
                let devices = document.virtual_devices.unwrap_or_default();
                for device in &devices {
                    self.serial(file, &device.serial_number)?;
                }
                once(&mut self.virtual_devices, file, Some(devices))
            }
            Shape::Keys => {
                for key in document.access_key_metadata.unwrap_or_default() {
                    named(&key.user_name)?;
                    let keys = self.keys.entry(key.user_name.clone()).or_insert_with(|| From {
                        file: Arc::clone(file),
                        value: Vec::new(),
                    });
                    if !keys.value.iter().any(|known| known.access_key_id == key.access_key_id) {
                        keys.value.push(key);
                    }
                }
                Ok(())
            }
            Shape::Details => {
                let users = document.user_detail_list.unwrap_or_default();
                for user in &users {
                    self.user(file, &user.user_name, &user.arn)?;
                }
                let groups = document.group_detail_list.unwrap_or_default();
                let policies = document.policies.unwrap_or_default();
                let details = Details {
                    users,
                    groups,
                    policies,
                };
                once(&mut self.details, file, Some(details))
            }
            Shape::Events => self.events(file, &document.events.unwrap_or_default()),
            Shape::Features => once(&mut self.features, file, document.enabled_features),
            Shape::Identity => {
                let account = document.account.as_deref().and_then(account_number);
                self.of_account(file, account.ok_or("Account is no account's number")?)
            }
            Shape::Device => {
                let serial = document.serial_number.unwrap_or_default();
                self.serial(file, &serial)?;
                self.certifications
                    .insert(serial, document.certifications.unwrap_or_default());
                Ok(())
            }
        }
    }

    fn report(&mut self, file: &Arc<str>, text: &str, generated: Option<Moment>) -> Result<(), ReadError> {
        let fail = |line, problem| ReadError {
            file: file.to_string(),
            line,
            problem,
        };
        let mut report = Report::parse(text, generated).map_err(|wrong| fail(wrong.line, wrong.problem))?;
        for row in &report.rows {
            self.of_account(file, row.account)
                .map_err(|problem| fail(Some(row.line), problem))?;
        }
        // The same report as a file and in JSON is one report, and JSON says when it was made.
        if let Some(known) = &self.report
            && known.value.rows == report.rows
        {
            report.generated = known.value.generated.or(report.generated);
            self.report = None;
        }
        once(&mut self.report, file, Some(report)).map_err(|problem| fail(None, problem))
    }

    /// An empty list names nobody, unless `UserName` beside it does, as somebody adds it who exports many.
    fn listed_devices(&mut self, file: &Arc<str>, document: Document) -> Result<(), String> {
        let mut owned: BTreeMap<Subject, Vec<ListedDevice>> = BTreeMap::new();
        if let Some(name) = &document.user_name {
            named(name)?;
            owned.insert(Subject::User(name.clone()), Vec::new());
        }
        for device in document.devices.unwrap_or_default() {
            self.serial(file, &device.serial_number)?;
            let owner = match (Arn::parse(&device.serial_number), &device.user_name) {
                (Some(arn), _) if arn.resource.starts_with("u2f/root/") => Subject::Root,
                (_, None) => document.user_name.clone().map_or(Subject::Root, Subject::User),
                (_, Some(name)) => {
                    named(name)?;
                    Subject::User(name.clone())
                }
            };
            owned.entry(owner).or_default().push(device);
        }
        for (owner, devices) in owned {
            if self.devices.get(&owner).is_some_and(|known| known.value != devices) {
                let earlier = self.devices.get(&owner).map(|known| known.file.to_string());
                let whose = match &owner {
                    Subject::User(name) => name.as_str(),
                    _ => "root",
                };
                return Err(format!(
                    "it lists other devices of {whose} than {}",
                    earlier.unwrap_or_default()
                ));
            }
            let file = Arc::clone(file);
            self.devices.insert(owner, From { file, value: devices });
        }
        Ok(())
    }

    fn events(&mut self, file: &Arc<str>, events: &[Event]) -> Result<(), String> {
        self.has_events = true;
        for (index, event) in events.iter().enumerate() {
            if !sign_in::is_sign_in(&event.event_name) {
                continue;
            }
            let value = SignIn::parse(&event.cloud_trail_event)
                .map_err(|problem| format!("Events[{index}].CloudTrailEvent: {problem}"))?;
            if let Some(account) = value.account {
                self.of_account(file, account)?;
            }
            self.regions.insert(value.region.clone());
            let file = Arc::clone(file);
            self.sign_ins.insert(value.id.clone(), From { file, value });
        }
        Ok(())
    }

    fn user(&mut self, file: &Arc<str>, name: &str, arn: &str) -> Result<(), String> {
        named(name)?;
        let arn = Arn::parse(arn).ok_or_else(|| format!("the ARN of {name} is none"))?;
        self.of_account(file, arn.account)
    }

    fn serial(&mut self, file: &Arc<str>, serial: &str) -> Result<(), String> {
        if !is_serial_number(serial) {
            return Err(format!("{serial:?} is no serial number of an MFA device"));
        }
        match Arn::parse(serial) {
            Some(arn) => self.of_account(file, arn.account),
            None => Ok(()),
        }
    }

    /// All files must be of one account.
    fn of_account(&mut self, file: &Arc<str>, account: u64) -> Result<(), String> {
        match &self.account {
            Some(known) if known.value != account => Err(format!(
                "it is of account {account:012}, and {} of account {:012}",
                known.file, known.value
            )),
            Some(_) => Ok(()),
            None => {
                let file = Arc::clone(file);
                self.account = Some(From { file, value: account });
                Ok(())
            }
        }
    }

    /// When the credential report was made.
    pub(super) fn report_generated(&self) -> Option<OffsetDateTime> {
        Some(self.report.as_ref()?.value.generated?.0)
    }
}

/// Keeps an answer that there is one of in an account. The same once more is fine.
fn once<T: PartialEq>(place: &mut Option<From<T>>, file: &Arc<str>, value: Option<T>) -> Result<(), String> {
    let Some(value) = value else { return Ok(()) };
    match place {
        Some(known) if known.value != value => Err(format!(
            "it contradicts {}, which is the same of another time: keep the newer one",
            known.file
        )),
        Some(_) => Ok(()),
        None => {
            let file = Arc::clone(file);
            *place = Some(From { file, value });
            Ok(())
        }
    }
}

fn named(name: &str) -> Result<(), String> {
    match is_user_name(name) {
        true => Ok(()),
        false => Err(format!("{name:?} is no name of an IAM user")),
    }
}
