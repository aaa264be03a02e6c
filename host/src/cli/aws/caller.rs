//! Whose credentials the AWS CLI uses, and whose MFA device is meant.

use serde_json::Value;

use super::tool::{Aws, AwsError};
use crate::cli::failure::Failure;
use brasskey_aws::names::{AwsUser, DeviceName, DeviceNameError};

/// Who calls, by `aws sts get-caller-identity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The ARN. From outside.
    pub(super) arn: String,
    /// `aws`, or that of China or of the government's regions.
    pub(super) partition: String,
    /// Twelve digits.
    pub(super) account: String,
    /// The user, where it is one; roles have no MFA devices.
    pub(super) user: Option<AwsUser>,
}

impl Caller {
    /// Asks AWS.
    pub(super) fn ask(aws: &Aws) -> Result<Self, Failure> {
        let identity = aws.call("sts", "get-caller-identity", &[])?;
        let caller = identity["Arn"].as_str().and_then(Self::parse);
        Ok(caller.ok_or(AwsError::Answer)?)
    }

    /// Reads the caller's ARN.
    fn parse(arn: &str) -> Option<Self> {
        let [prefix, partition, _, _, account, whom] = arn.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
        let is_number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if prefix != "arn" || !is_number || !partition.starts_with("aws") {
            return None;
        }
        let user = match whom {
            "root" => Some(AwsUser::Root),
            // A user may have a path: user/division/alice.
            whom => whom
                .strip_prefix("user/")
                .and_then(|path| path.rsplit('/').next())
                .and_then(|name| name.parse().ok()),
        };
        Some(Self {
            arn: arn.to_owned(),
            partition: partition.to_owned(),
            account: account.to_owned(),
            user,
        })
    }

    /// The user who is meant: the one that was named, else the caller.
    pub(super) fn whom(&self, named: Option<&AwsUser>) -> Result<AwsUser, Failure> {
        named.or(self.user.as_ref()).cloned().ok_or_else(|| {
            Failure::usage(
                format!("{} is no user, and only users have MFA devices", self.arn),
                "name the user with --user",
            )
        })
    }

    /// The serial number of a virtual device.
    pub(super) fn serial(&self, device: &DeviceName) -> String {
        format!("arn:{}:iam::{}:mfa/{}", self.partition, self.account, device.as_str())
    }
}

/// The name of an account on a key for a virtual device: `AWS:work@123456789012`. AWS's own QR codes have the same
/// without the issuer, which tells people what it is for.
pub(super) fn key_account(device: &str, account: &str) -> String {
    format!("AWS:{device}@{account}")
}

/// What [`key_account`] is for a serial number (`arn:aws:iam::ACCOUNT:mfa/NAME`); hardware tokens have none.
pub(super) fn key_account_of(serial: &str) -> Option<String> {
    let mut parts = serial.splitn(6, ':').skip(4);
    let (account, device) = (parts.next()?, parts.next()?.strip_prefix("mfa/")?);
    // A device may have a path, too.
    Some(key_account(device.rsplit('/').next()?, account))
}

/// The serial numbers of a user's devices, of all kinds.
pub(super) fn serials(aws: &Aws, user: &str) -> Result<Vec<String>, AwsError> {
    let answer = aws.call("iam", "list-mfa-devices", &[("user-name", user)])?;
    let serial = |device: &Value| device["SerialNumber"].as_str().map(str::to_owned);
    let devices = answer["MFADevices"].as_array().ok_or(AwsError::Answer)?;
    Ok(devices.iter().filter_map(serial).collect())
}

/// Reads `--user`.
pub(super) fn user(name: &str) -> Result<AwsUser, String> {
    name.parse().map_err(with_hint)
}

/// Reads the name of a device.
pub(super) fn device_name(name: &str) -> Result<DeviceName, String> {
    name.parse().map_err(with_hint)
}

fn with_hint(error: DeviceNameError) -> String {
    format!("{error}\nhint: {}", error.hint())
}

/// Reads a serial number: 9 to 256 of `[\w+=/:,.@-]` (IAM API Reference, `EnableMFADevice`).
pub(super) fn serial_number(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=/:,.@-".contains(&byte);
    match (9..=256).contains(&text.len()) && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err(
            "this is no serial number of an MFA device\nhint: `aws iam list-mfa-devices` shows those of a user: \
                      arn:aws:iam::ACCOUNT:mfa/NAME, or what stands on a hardware token"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_a_user_root_or_neither() {
        let user = |arn| Caller::parse(arn).unwrap().whom(None).ok();
        let iam = |name: &str| Some(AwsUser::Iam(name.to_owned()));
        assert_eq!(user("arn:aws:iam::123456789012:user/alice"), iam("alice"));
        assert_eq!(user("arn:aws-cn:iam::123456789012:user/a/b/alice"), iam("alice"));
        assert_eq!(user("arn:aws:iam::123456789012:root"), Some(AwsUser::Root));
        assert_eq!(user("arn:aws:sts::123456789012:assumed-role/admin/alice"), None);
        for wrong in [
            "",
            "arn:aws:iam::1:user/alice",
            "arn:aws:iam",
            "x:aws:iam::123456789012:user/alice",
        ] {
            assert_eq!(Caller::parse(wrong), None, "{wrong}");
        }
        let caller = Caller::parse("arn:aws-us-gov:sts::123456789012:assumed-role/admin/alice").unwrap();
        assert_eq!(
            caller.serial(&"work".parse().unwrap()),
            "arn:aws-us-gov:iam::123456789012:mfa/work"
        );
        assert_eq!(caller.whom(Some(&AwsUser::Root)).unwrap(), AwsUser::Root);
    }

    #[test]
    fn an_account_on_the_key_is_found_by_the_serial_number() {
        let of = |serial| key_account_of(serial);
        assert_eq!(
            of("arn:aws:iam::123456789012:mfa/work").as_deref(),
            Some("AWS:work@123456789012")
        );
        assert_eq!(
            of("arn:aws:iam::123456789012:mfa/path/work").as_deref(),
            Some("AWS:work@123456789012")
        );
        assert_eq!(
            (of("GAHT12345678"), of("arn:aws:iam::123456789012:u2f/user/a/k-X")),
            (None, None)
        );
    }

    #[test]
    fn serial_numbers_are_those_of_iam() {
        assert!(serial_number("GAHT12345678").is_ok());
        assert!(serial_number(&"a".repeat(256)).is_ok());
        for wrong in ["GAHT1234", "GAHT 12345678", "", &"a".repeat(257), "--serial-number"] {
            assert_eq!(serial_number(wrong).is_err(), wrong != "--serial-number", "{wrong}");
        }
    }
}
