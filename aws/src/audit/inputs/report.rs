//! The credential report, as IAM writes it: comma-separated values.

use csv::StringRecord;
use data_encoding::BASE64;

use super::moment::Moment;
use crate::audit::Subject;
use crate::audit::arn::{Arn, is_user_name};

/// What the report calls the root user.
const ROOT: &str = "<root_account>";

/// The columns that hold a time, or that there is none. Each is read, though not each is used: so a report that was cut
/// off inside a field is noticed.
const TIMES: [&str; 8] = [
    "user_creation_time",
    "password_last_changed",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "cert_1_last_rotated",
    "cert_2_last_rotated",
];

/// The report, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::audit) struct Report {
    /// When it was made; the CSV itself does not say so.
    pub(in crate::audit) generated: Option<Moment>,
    /// One row a user, the root user's first.
    pub(in crate::audit) rows: Vec<Row>,
}

/// What the report says of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::audit) struct Row {
    /// The line, from 1.
    pub(in crate::audit) line: u64,
    /// Of whom.
    pub(in crate::audit) subject: Subject,
    /// The account of the ARN.
    pub(in crate::audit) account: u64,
    /// Whether there is a console password; `None` where the report does not say, as for root.
    pub(in crate::audit) password: Option<bool>,
    /// Whether there is an MFA device, of any kind.
    pub(in crate::audit) mfa: bool,
    /// Both access keys.
    pub(in crate::audit) keys: [KeyRow; 2],
}

/// What the report says of an access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audit) struct KeyRow {
    /// Whether it works.
    pub(in crate::audit) active: bool,
    /// When it was made or replaced.
    pub(in crate::audit) rotated: Option<Moment>,
    /// When it was used last.
    pub(in crate::audit) used: Option<Moment>,
}

/// What is wrong with a report, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: Option<u64>,
    pub(super) problem: String,
}

impl Wrong {
    fn at(line: u64, problem: String) -> Self {
        Self {
            line: Some(line),
            problem,
        }
    }
}

/// The header, and where a column is.
struct Columns(StringRecord);

impl Columns {
    fn get<'a>(&self, row: &'a StringRecord, name: &str) -> Option<&'a str> {
        row.get(self.0.iter().position(|column| column == name)?)
    }

    fn needed<'a>(&self, row: &'a StringRecord, name: &str) -> Result<&'a str, String> {
        self.get(row, name).ok_or_else(|| format!("there is no column {name}"))
    }
}

/// Whether this is the beginning of a report.
pub(super) fn is_report(text: &str) -> bool {
    text.starts_with("user,arn,")
}

/// A report in base64, as the CLI writes bytes.
pub(super) fn decoded(text: &str) -> Option<String> {
    let joined: String = text.split_ascii_whitespace().collect();
    let csv = String::from_utf8(BASE64.decode(joined.as_bytes()).ok()?).ok()?;
    is_report(&csv).then_some(csv)
}

impl Report {
    /// Reads a whole report.
    pub(super) fn parse(text: &str, generated: Option<Moment>) -> Result<Self, Wrong> {
        // With CRLF the reader counts each line one too late.
        let text = text.replace("\r\n", "\n");
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
        for (index, column) in header.iter().enumerate() {
            if header.iter().take(index).any(|earlier| earlier == column) {
                return Err(Wrong::at(1, format!("there are two columns {column:?}")));
            }
        }
        let columns = Columns(header);
        let mut rows = Vec::new();
        let mut names = std::collections::HashSet::new();
        for record in reader.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let row = row(&columns, &record, line).map_err(|problem| Wrong::at(line, problem))?;
            if !names.insert(row.subject.clone()) {
                return Err(Wrong::at(line, "this user was there before".to_owned()));
            }
            rows.push(row);
        }
        Ok(Self { generated, rows })
    }
}

fn unreadable(error: &csv::Error) -> Wrong {
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} fields, and the header {expected_len}: the report was cut off or changed")
        }
        _ => error.to_string(),
    };
    let line = error.position().map(csv::Position::line);
    Wrong { line, problem }
}

fn row(columns: &Columns, record: &StringRecord, line: u64) -> Result<Row, String> {
    let text = |name: &str| columns.needed(record, name);
    let user = text("user")?;
    let arn = Arn::parse(text("arn")?).ok_or("the column arn holds no ARN")?;
    let subject = match user {
        ROOT if arn.is_root() => Subject::Root,
        name if is_user_name(name) && arn.resource.rsplit('/').next() == Some(name) => Subject::User(name.to_owned()),
        _ => return Err("user and arn do not name the same user".to_owned()),
    };
    for column in TIMES {
        moment(columns, record, column)?;
    }
    for column in ["cert_1_active", "cert_2_active"] {
        if columns.get(record, column).is_some() {
            flag(columns, record, column)?;
        }
    }
    let key = |number: u8| -> Result<KeyRow, String> {
        let column = |what: &str| format!("access_key_{number}_{what}");
        Ok(KeyRow {
            active: flag(columns, record, &column("active"))? == Some(true),
            rotated: moment(columns, record, &column("last_rotated"))?,
            used: moment(columns, record, &column("last_used_date"))?,
        })
    };
    Ok(Row {
        line,
        subject,
        account: arn.account,
        password: flag(columns, record, "password_enabled")?,
        mfa: flag(columns, record, "mfa_active")?.ok_or("mfa_active is neither true nor false")?,
        keys: [key(1)?, key(2)?],
    })
}

/// Yes, no, or that the report does not say.
fn flag(columns: &Columns, record: &StringRecord, name: &str) -> Result<Option<bool>, String> {
    let text = columns.needed(record, name)?;
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        "n/a" | "not_supported" | "no_information" => Ok(None),
        _ => Err(format!("{name} is {text:?}, and neither true nor false")),
    }
}

/// A time, or that there is none. Columns that older reports lack may be missing.
fn moment(columns: &Columns, record: &StringRecord, name: &str) -> Result<Option<Moment>, String> {
    match columns.get(record, name) {
        None if name.starts_with("access_key") => Err(format!("there is no column {name}")),
        None => Ok(None),
        Some(text) if ["n/a", "not_supported", "no_information"].contains(&text.to_ascii_lowercase().as_str()) => {
            Ok(None)
        }
        Some(text) => match Moment::parse(text) {
            Some(moment) => Ok(Some(moment)),
            None => Err(format!("{name} is {text:?}, and no time")),
        },
    }
}
