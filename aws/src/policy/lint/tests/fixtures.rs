//! Policies of the kind that guides print, in words of our own.

/// What AWS advises now: everything but enrolling is denied without MFA, and users manage their own devices.
pub(super) const GOOD: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "See",
      "Effect": "Allow",
      "Action": ["iam:ListVirtualMFADevices", "iam:GetAccountPasswordPolicy", "iam:GetAccountSummary"],
      "Resource": "*"
    },
    {
      "Sid": "Own",
      "Effect": "Allow",
      "Action": ["iam:ChangePassword", "iam:GetUser", "iam:GetMFADevice", "iam:EnableMFADevice",
          "iam:ListMFADevices", "iam:ResyncMFADevice"],
      "Resource": "arn:aws:iam::*:user/${aws:username}"
    },
    {
      "Sid": "Make",
      "Effect": "Allow",
      "Action": "iam:CreateVirtualMFADevice",
      "Resource": "arn:aws:iam::*:mfa/*"
    },
    {
      "Sid": "RemoveWithMfa",
      "Effect": "Allow",
      "Action": "iam:DeactivateMFADevice",
      "Resource": "arn:aws:iam::*:user/${aws:username}",
      "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    },
    {
      "Sid": "Enforce",
      "Effect": "Deny",
      "NotAction": [
        "iam:ChangePassword", "iam:GetAccountPasswordPolicy", "iam:CreateVirtualMFADevice", "iam:EnableMFADevice",
        "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice",
        "sts:GetSessionToken"
      ],
      "Resource": "*",
      "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    }
  ]
}"#;

/// A guide's: users who must change their password are locked out, and nobody may remove a device.
pub(super) const NO_PASSWORD_CHANGE: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyUnlessMFA",
      "Effect": "Deny",
      "NotAction": [
        "iam:CreateVirtualMFADevice",
        "iam:EnableMFADevice",
        "iam:ListMFADevices",
        "iam:ListVirtualMFADevices",
        "iam:ResyncMFADevice",
        "sts:GetSessionToken"
      ],
      "Resource": "*",
      "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    }
  ]
}"#;

/// A guide's: `Bool` in the Deny, so that access keys are not asked.
pub(super) const BOOL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "RequireMFA",
    "Effect": "Deny",
    "NotAction": ["iam:*MFA*", "iam:ChangePassword", "iam:GetAccountPasswordPolicy", "iam:GetUser",
        "sts:GetSessionToken"],
    "Resource": "*",
    "Condition": {"Bool": {"aws:MultiFactorAuthPresent": false}}
  }
}"#;

/// An older one: devices have the user's name.
pub(super) const NAMED_DEVICES: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "List",
      "Effect": "Allow",
      "Action": ["iam:ListVirtualMFADevices"],
      "Resource": "*"
    },
    {
      "Sid": "ManageOwnMFA",
      "Effect": "Allow",
      "Action": ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice", "iam:EnableMFADevice",
          "iam:ListMFADevices", "iam:ResyncMFADevice"],
      "Resource": ["arn:aws:iam::*:mfa/${aws:username}", "arn:aws:iam::*:user/${aws:username}"]
    }
  ]
}"#;

/// One that asks for the age of MFA alone.
pub(super) const AGE: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "RecentMFA",
      "Effect": "Deny",
      "Action": "ec2:*",
      "Resource": "*",
      "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}
    }
  ]
}"#;
