//! ARNs of IAM, as far as they say whose something is, and of which kind.

/// `arn:PARTITION:iam::ACCOUNT:RESOURCE`, also in China and in GovCloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    /// The account's number.
    pub(super) account: u64,
    /// `root`, `user/…`, `mfa/…` or `u2f/…`.
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN of the service IAM or STS; anything else is `None`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (prefix, partition, service, region) = (next()?, next()?, next()?, next()?);
        let (account, resource) = (next()?, next()?);
        let is_ours = prefix == "arn"
            && ["aws", "aws-cn", "aws-us-gov"].contains(&partition)
            && ["iam", "sts"].contains(&service)
            && region.is_empty();
        let account = account_number(account)?;
        (is_ours && !resource.is_empty()).then_some(Self { account, resource })
    }

    /// Whether this is the root user itself.
    pub(super) fn is_root(self) -> bool {
        self.resource == "root"
    }
}

/// An account's number: twelve digits.
pub(super) fn account_number(text: &str) -> Option<u64> {
    let is_number = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Whether IAM takes this as a user's name.
pub(super) fn is_user_name(name: &str) -> bool {
    name.parse::<crate::names::AwsUser>().is_ok()
}

/// Whether IAM takes this as a device's serial number: 9 to 256 of `[\w+=/:,.@-]` (IAM API Reference, `MFADevice`).
pub(super) fn is_serial_number(serial: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=/:,.@-".contains(&byte);
    (9..=256).contains(&serial.len()) && serial.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_whose_it_is_in_every_partition() {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let root = format!("arn:{partition}:iam::001234567890:root");
            assert!(Arn::parse(&root).is_some_and(|arn| arn.account == 1_234_567_890 && arn.is_root()));
        }
        let key = Arn::parse("arn:aws:iam::123456789012:u2f/user/alice/my:key-ABC").unwrap();
        assert_eq!((key.resource, key.is_root()), ("u2f/user/alice/my:key-ABC", false));
        for other in [
            "",
            "arn:aws:iam::123456789012",
            "arn:aws:iam::123456789012:",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "arn:aws:iam::12345678901:root",
            "arn:aws:iam::+23456789012:root",
            "arn:aws:s3:::bucket",
            "GAHT12345678",
        ] {
            assert_eq!(Arn::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_serial_number_has_the_length_and_the_characters_of_the_reference() {
        assert!(is_serial_number("GAHT12345678"));
        assert!(is_serial_number(&"a".repeat(256)) && is_serial_number(&"a".repeat(9)));
        for wrong in ["", "12345678", "1234 56789", "12345678\u{e9}", &"a".repeat(257)] {
            assert!(!is_serial_number(wrong), "{wrong}");
        }
    }
}
